/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QMI frame in its own buffer, which tests build, send and compare. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

#define MESSAGE_MAX 24576

struct message {
	size_t len;
	uint8_t data[MESSAGE_MAX];
};

/* Message ids that mean nothing to the daemon, for any service. */
#define MESSAGE_ASK   0x0025
#define MESSAGE_OTHER 0x0026
#define MESSAGE_EVENT 0x0051

void message_request(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id);
void message_response(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id,
		      uint16_t error);
void message_indication(struct message *m, uint8_t service, uint8_t cid, uint16_t id);

/* CTL requests: without TLVs, with a service, and with a service and a CID. */
void message_ctl(struct message *m, uint8_t tid, uint16_t id);
void message_allocate(struct message *m, uint8_t tid, uint8_t service);
void message_release(struct message *m, uint8_t tid, uint8_t service, uint8_t cid);
/* A CTL indication about a client: Revoke or Invalid CID. */
void message_client_lost(struct message *m, uint16_t id, uint8_t service, uint8_t cid);

void message_add(struct message *m, uint8_t type, const void *value, uint16_t len);
void message_add_u8(struct message *m, uint8_t type, uint8_t value);
void message_add_u16(struct message *m, uint8_t type, uint16_t value);
void message_add_client(struct message *m, uint8_t service, uint8_t cid);

/* A number in TLV 0x10, to tell similar messages apart. */
void message_number(struct message *m, uint32_t number);
uint32_t message_get_number(const struct message *m);
bool message_has_number(const struct message *m, uint32_t number);

/* Adds a TLV so that the message has exactly this many bytes. */
void message_pad(struct message *m, size_t size);

/* Appends bytes, to send several messages in one write. */
void message_append(struct message *m, const void *data, size_t len);

/* Makes the response to a request that contains only the result. */
void message_outcome_of(struct message *answer, const struct message *request, uint16_t error);

/* Prints both messages if they differ. */
#define assert_message(got, want) message_assert_equal(got, want, __FILE__, __LINE__)
void message_assert_equal(const struct message *got, const struct message *want, const char *file,
			  int line);

#endif
