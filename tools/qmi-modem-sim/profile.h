/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection profiles of WDS, which survive a restart. */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "service.h"

#define PROFILES_MAX 16
#define PROFILE_3GPP 0

struct profile {
	bool used;
	uint8_t pdp_type; /* 0: IPv4, 2: IPv6, 3: both */
	uint8_t auth;     /* bits: PAP, CHAP */
	char name[33];
	char apn[101];
	char user[128];
	char password[128];
};

/* The TLV types of a message's profile fields; 0: the message does not have the field. */
struct profile_tlvs {
	uint8_t name;
	uint8_t pdp_type;
	uint8_t apn;
	uint8_t user;
	uint8_t password;
	uint8_t auth;
};

void profile_init(struct modem *modem);
/* Returns the profile with this index, which starts at 1, or NULL. */
struct profile *profile_at(struct modem *modem, unsigned int index);
/* Copies the fields in the request to *profile. On a QMI error it changes nothing. */
int profile_take(const struct request *request, const struct profile_tlvs *tlvs,
		 struct profile *profile);

request_handler profile_create;
request_handler profile_modify;
request_handler profile_delete;
request_handler profile_list;
request_handler profile_settings;
request_handler profile_default_settings;
request_handler profile_default_number;
request_handler profile_set_default_number;

#endif
