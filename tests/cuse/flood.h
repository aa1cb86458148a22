/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that floods a modem that does not read, with requests of FLOOD_SIZE bytes
 * and tids 1, 2, 3 and so on, from its own client.
 */
#ifndef FLOOD_H
#define FLOOD_H

#include "app_session.h"

#define FLOOD_SIZE     4096  /* the largest frame that the port accepts */
#define OUTBOUND_LIMIT 65536 /* bytes at which a session's queue is full */

struct flood {
	int fd;
	struct client client;
	uint16_t sent; /* the last tid accepted by write() */
	uint16_t seen; /* the last tid read by the modem */
};

void flood_init(struct bench *b, struct flood *f, unsigned int node);

void flood_request(struct message *m, const struct flood *f, uint16_t tid);
void flood_request_at_modem(struct message *m, const struct flood *f, uint16_t tid);

/* One write(). Returns true if accepted whole, false if refused with EAGAIN. */
bool flood_write(struct flood *f);

/*
 * Writes until the queue is full and stays full. A pty may accept some bytes for a
 * moment after it has refused any, and when the window (V28) opens again, it accepts
 * what still fits.
 */
void flood_fill(struct flood *f);

/* Starts a flood and fills the queue. Writes block from then on. */
void flood_init_full(struct bench *b, struct flood *f, unsigned int node);

/* Expects the requests up to this tid at the modem next, whole and in order. */
void flood_expect(struct bench *b, struct flood *f, uint16_t up_to);

/* The same, and answers them, so that the window lets the next ones pass at once. */
void flood_expect_and_answer(struct bench *b, struct flood *f, uint16_t up_to);

#endif
