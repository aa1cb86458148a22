/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that these tests send to the simulated modem. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

#define DMS_GET_MODEL           0x0022
#define DMS_GET_IDS             0x0025
#define NAS_SET_EVENT_REPORT    0x0002
#define NAS_EVENT_REPORT        0x0002
#define NAS_REGISTER            0x0003
#define NAS_SIGNAL_INFO         0x0051
#define NAS_GET_SIGNAL_STRENGTH 0x0020
#define NAS_NETWORK_SCAN        0x0021

#define NODE_PREFIX "/dev/qmi-virt"
#define FRAME_ROOM  4096 /* enough for any frame from the simulated modem */

/* frame must have FRAME_ROOM bytes. */
void frames_ctl(uint8_t *frame, uint8_t tid, uint16_t message);
void frames_request(uint8_t *frame, uint8_t service, uint8_t cid, uint16_t tid, uint16_t message);

/* CTL: Allocate CID and Release CID. */
void frames_allocate(uint8_t *frame, uint8_t tid, uint8_t service);
void frames_release(uint8_t *frame, uint8_t tid, uint8_t service, uint8_t cid);

/* NAS: signal strength. Each bit of the mask asks for a TLV, 0x11 to 0x18. */
void frames_strength(uint8_t *frame, uint8_t cid, uint16_t tid, uint8_t mask);
bool frames_strength_fits(const uint8_t *answer, uint8_t mask);

/* NAS: subscribe to the two indications of a signal change. */
void frames_subscribe_report(uint8_t *frame, uint8_t cid, uint16_t tid);
void frames_subscribe_info(uint8_t *frame, uint8_t cid, uint16_t tid);

/* Returns the path of a node, valid until the next call. */
const char *node_path(unsigned int node);

#endif
