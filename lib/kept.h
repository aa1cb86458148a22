/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: what a crash must not lose, in memory that outlives the process. Each fact is one
 * word of 8 bytes, with a check: a crash has either stored it or not. A record of two
 * words is valid by its first, which is stored last and cleared first.
 *
 * What does not fit is safe all the same. A client without a record is released after
 * a crash; a holder without one holds its client again when it uses it.
 */
#ifndef KEPT_H
#define KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_CLIENTS  640
#define KEPT_SESSIONS 768
#define KEPT_HOLDERS  1280

#define KEPT_NODES 64
#define KEPT_PROXY UINT8_MAX /* the node of the proxy's connections, whatever its number is */

/* A slot of a record, counted from 1. */
#define KEPT_NOWHERE 0

struct kept_area;

/* Records of one kind. */
struct kept_slots {
	unsigned used; /* none above this one has been */
	unsigned free; /* the first of those below that are free, or KEPT_NOWHERE */
};

struct kept {
	struct kept_area *area; /* NULL: nothing is kept */
	unsigned proxy;         /* the proxy's node */
	struct kept_slots clients;
	struct kept_slots sessions;
	struct kept_slots holders;
};

struct kept_client {
	uint8_t service;
	uint8_t cid;
	uint8_t device_cid;
	unsigned node;
	uint32_t uid;
};

struct kept_session {
	uint64_t id;
	unsigned node;
	uint32_t uid;
	bool reads; /* it has something to read */
};

/* A CTL request that the modem may yet answer. */
struct kept_request {
	uint16_t message;
	uint8_t service; /* whose client is allocated or released */
	uint8_t device_cid;
};

size_t kept_size(void);

/* Keeps in this memory from now on, and nothing yet. */
void kept_begin(struct kept *kept, void *area, unsigned proxy);

/* What is wrong with what was kept there, in a few words, or NULL. */
const char *kept_fault(void *area);

/* How many nodes its clients and sessions need, and whether they need that of the proxy. */
unsigned kept_nodes(void *area, bool *proxy);

/* Goes on with what was kept there, which must be right. */
void kept_resume(struct kept *kept, void *area, unsigned proxy);
void kept_end(struct kept *kept);

/* The highest session number so far. */
void kept_set_seen(struct kept *kept, uint64_t id);
uint64_t kept_seen(const struct kept *kept);

/* kept may be NULL in these, and then keeps nothing. They return a slot, or KEPT_NOWHERE if there
 * is no room. */
unsigned kept_add_client(struct kept *kept, const struct kept_client *client);
unsigned kept_add_session(struct kept *kept, const struct kept_session *session);
unsigned kept_add_holder(struct kept *kept, unsigned session, unsigned client);

/* Those of slot KEPT_NOWHERE do nothing. A client's holders go after it. */
void kept_remove_client(struct kept *kept, unsigned client);
void kept_remove_session(struct kept *kept, unsigned session);
void kept_remove_holder(struct kept *kept, unsigned holder);

void kept_set_call(struct kept *kept, unsigned client, unsigned family, bool up, uint32_t handle);
void kept_set_reads(struct kept *kept, unsigned session, bool reads);

/* A CTL request of this device tid is in flight or expired; NULL: no more. */
void kept_set_request(struct kept *kept, uint8_t tid, const struct kept_request *request);

/* A client that is to be released, or is being released, whoever knows it. */
void kept_set_leaving(struct kept *kept, uint8_t service, uint8_t device_cid, bool leaving);
void kept_clear_leaving(struct kept *kept); /* of all */

/* What is in a slot; false if it is free. */
bool kept_client(const struct kept *kept, unsigned slot, struct kept_client *client);
bool kept_session(const struct kept *kept, unsigned slot, struct kept_session *session);
bool kept_holder(const struct kept *kept, unsigned slot, unsigned *session, unsigned *client);
bool kept_call(const struct kept *kept, unsigned client, unsigned family, uint32_t *handle);
bool kept_request(const struct kept *kept, uint8_t tid, struct kept_request *request);
bool kept_is_leaving(const struct kept *kept, uint8_t service, uint8_t device_cid);
uint8_t kept_last_tid(const struct kept *kept); /* the CTL device tid used last */

#endif
