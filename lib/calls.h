/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V9: the data calls of a WDS client, at most one for each IP family. Their messages
 * and TLVs are those of libqmi's data/qmi-service-wds.json and qmi-service-dms.json.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stdint.h>

enum calls_family {
	CALLS_IPV4, /* or unknown */
	CALLS_IPV6,
	CALLS_FAMILIES,
};

struct calls {
	bool up[CALLS_FAMILIES];
	uint32_t handle[CALLS_FAMILIES]; /* of those that are up; 0: unknown */
};

/* What must be known of a request when its answer comes; 0: nothing. */
uint32_t calls_subject(const uint8_t *request);

/* Notes a WDS client's response to a request with this subject, 0 if that is unknown. */
void calls_note_response(struct calls *calls, const uint8_t *response, uint32_t subject);
void calls_note_indication(struct calls *calls, const uint8_t *indication);

/* True if the modem has gone offline with this response of DMS, which ends all calls. */
bool calls_end_with(const uint8_t *response, uint32_t subject);

static inline bool calls_are_up(const struct calls *calls)
{
	return calls->up[CALLS_IPV4] || calls->up[CALLS_IPV6];
}

#endif
