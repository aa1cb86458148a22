/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI messages as the tests build, send and compare them: a frame in a buffer of its own. */
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

/* Messages without a meaning of their own to the daemon: any service knows these ids. */
#define MESSAGE_ASK   0x0025
#define MESSAGE_OTHER 0x0026
#define MESSAGE_EVENT 0x0051

void message_request(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id);
void message_response(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id,
		      uint16_t error);
void message_indication(struct message *m, uint8_t service, uint8_t cid, uint16_t id);

/* CTL requests: without TLVs, and those that name a service, or a service and a CID. */
void message_ctl(struct message *m, uint8_t tid, uint16_t id);
void message_allocate(struct message *m, uint8_t tid, uint8_t service);
void message_release(struct message *m, uint8_t tid, uint8_t service, uint8_t cid);
/* An indication of CTL that names a client: Revoke or Invalid CID. */
void message_client_lost(struct message *m, uint16_t id, uint8_t service, uint8_t cid);

void message_add(struct message *m, uint8_t type, const void *value, uint16_t len);
void message_add_u8(struct message *m, uint8_t type, uint8_t value);
void message_add_u16(struct message *m, uint8_t type, uint16_t value);
void message_add_client(struct message *m, uint8_t service, uint8_t cid);

/* A number that tells messages of one kind apart, in TLV 0x10. */
void message_number(struct message *m, uint32_t number);
uint32_t message_get_number(const struct message *m);
bool message_has_number(const struct message *m, uint32_t number);

/* Fills the message with a last TLV until it has exactly this many bytes. */
void message_pad(struct message *m, size_t size);

/* Puts the bytes of one message behind another's, for one write of several. */
void message_append(struct message *m, const void *data, size_t len);

/* What a request is answered with if nothing but the outcome is said. */
void message_outcome_of(struct message *answer, const struct message *request, uint16_t error);

/* Both sides printed where they differ. */
#define assert_message(got, want) message_assert_equal(got, want, __FILE__, __LINE__)
void message_assert_equal(const struct message *got, const struct message *want, const char *file,
			  int line);

#endif
