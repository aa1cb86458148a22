/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a QMI service is to the modem: a name and a table of messages. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "qmi.h"

#define SERVICES 7

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Besides a QMI error: the answer comes later, from a task. */
#define ANSWER_LATER (-1)

struct client;
struct modem;

struct request {
	const uint8_t *frame;
	const struct service *service;
	struct client *client; /* NULL for CTL */
	uint8_t cid;
	uint8_t *answer; /* a success so far; the handler adds its TLVs */
};

/* Returns a QMI error, QMI_ERROR_NONE for success, or ANSWER_LATER. */
typedef int request_handler(struct modem *modem, const struct request *request);

struct message {
	uint16_t id;
	request_handler *handle;
};

struct service {
	enum qmi_service id;
	const char *name;
	uint16_t major;
	uint16_t minor;
	const struct message *messages;
	size_t count;
};

extern const struct service service_ctl;
extern const struct service service_wds;
extern const struct service service_dms;
extern const struct service service_nas;
extern const struct service service_wms;
extern const struct service service_uim;
extern const struct service service_wda;

/* Every service by index, CTL first; NULL past the last. */
const struct service *service_at(size_t index);
const struct service *service_find(unsigned int id);
const struct service *service_named(const char *name);
size_t service_index(const struct service *service);

/* For several services' tables: Reset, Get Supported Messages, Abort, and "very well". */
request_handler service_reset;
request_handler service_list_messages;
request_handler service_abort;
request_handler service_accept;

/* Why a mandatory TLV cannot be had: not there, or too short. */
int service_missing(const struct request *request, uint8_t type);

/*
 * The switches of an event report or indication register: a TLV whose first
 * byte turns an event on (1) or off (0), where it is there at all.
 */
struct event_switch {
	uint8_t tlv;
	uint32_t event;
};

void service_switch_events(const struct request *request, const struct event_switch *switches,
			   size_t count);

#endif
