/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include <stdio.h>

void frames_request(uint8_t *frame, uint8_t service, uint8_t cid, uint16_t tid, uint16_t message)
{
	frame_begin(frame, FRAME_REQUEST, service, cid, tid, message);
}

void frames_ctl(uint8_t *frame, uint8_t tid, uint16_t message)
{
	frames_request(frame, QMI_SERVICE_CTL, QMI_CID_NONE, tid, message);
}

void frames_allocate(uint8_t *frame, uint8_t tid, uint8_t service)
{
	frames_ctl(frame, tid, QMI_CTL_ALLOCATE_CID);
	frame_add_tlv(frame, QMI_TLV_FIRST, &service, 1);
}

void frames_release(uint8_t *frame, uint8_t tid, uint8_t service, uint8_t cid)
{
	uint8_t client[2] = {service, cid};

	frames_ctl(frame, tid, QMI_CTL_RELEASE_CID);
	frame_add_tlv(frame, QMI_TLV_FIRST, client, sizeof(client));
}

void frames_strength(uint8_t *frame, uint8_t cid, uint16_t tid, uint8_t mask)
{
	uint8_t wire[2] = {mask, 0};

	frames_request(frame, QMI_SERVICE_NAS, cid, tid, NAS_GET_SIGNAL_STRENGTH);
	frame_add_tlv(frame, 0x10, wire, sizeof(wire));
}

bool frames_strength_fits(const uint8_t *answer, uint8_t mask)
{
	for (uint8_t bit = 0; bit < 8; bit++) {
		bool there = frame_tlv(answer, (uint8_t)(0x11 + bit), 1, NULL);

		if (there != (bool)(mask & 1U << bit))
			return false;
	}
	return frame_tlv(answer, 0x01, 2, NULL);
}

static void subscribe(uint8_t *frame, uint8_t cid, uint16_t tid, uint16_t message, uint8_t tlv)
{
	frames_request(frame, QMI_SERVICE_NAS, cid, tid, message);
	frame_add_tlv(frame, tlv, "\x01", 1);
}

void frames_subscribe_report(uint8_t *frame, uint8_t cid, uint16_t tid)
{
	subscribe(frame, cid, tid, NAS_SET_EVENT_REPORT, 0x13);
}

void frames_subscribe_info(uint8_t *frame, uint8_t cid, uint16_t tid)
{
	subscribe(frame, cid, tid, NAS_REGISTER, 0x19);
}

const char *node_path(unsigned int node)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s%u", NODE_PREFIX, node);
	return path;
}
