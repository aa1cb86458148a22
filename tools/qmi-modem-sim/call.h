/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data calls, one per IP family. A call belongs to the WDS client that started
 * it and ends with it.
 */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "profile.h"

#define CALLS 2 /* IPv4 and IPv6 */

enum ip_family {
	IP_FAMILY_IPV4 = 4,
	IP_FAMILY_IPV6 = 6,
	IP_FAMILY_UNSPECIFIED = 8,
};

/* The events that a client can enable with Set Event Report. */
enum wds_event {
	WDS_EVENT_DORMANCY = 1 << 0,
	WDS_EVENT_BEARER = 1 << 1,
	WDS_EVENT_CALL_STATUS = 1 << 2,
};

struct call {
	bool up;
	bool dormant;
	uint8_t cid;
	uint8_t profile_index;
	uint32_t handle;
	struct profile profile;
};

/* Returns the call of an IP family, up or not. */
struct call *call_of(struct modem *modem, unsigned int ip_family);
unsigned int call_family(const struct modem *modem, const struct call *call);
bool call_any(const struct modem *modem); /* true if a call is up */

void call_start(struct modem *modem, struct call *call, uint8_t cid, uint8_t profile_index,
		const struct profile *profile);
void call_end(struct modem *modem, struct call *call);
void call_end_of_client(struct modem *modem, uint8_t cid);
void call_end_all(struct modem *modem); /* the network was lost */
void call_forget(struct modem *modem);  /* ends all calls without an indication */
void call_set_dormant(struct modem *modem, struct call *call, bool dormant);

/*
 * Send Packet Service Status for each call that is up, or to say that none is: to every
 * client in turn, or as one broadcast.
 */
void call_indicate(struct modem *modem);
void call_broadcast(struct modem *modem);

#endif
