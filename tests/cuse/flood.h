/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that writes more than a modem takes which does not read: requests
 * of FLOOD_SIZE bytes with the tids 1, 2, 3 and so on, of a client of its own.
 */
#ifndef FLOOD_H
#define FLOOD_H

#include "session.h"

#define FLOOD_SIZE     4096  /* what the port accepts at most */
#define OUTBOUND_LIMIT 65536 /* of a session: at this many bytes its queue is full */

struct flood {
	int fd;
	struct client client;
	uint16_t sent; /* the last tid that write() took */
	uint16_t seen; /* the last that the modem has read */
};

void flood_init(struct bench *b, struct flood *f, unsigned int node);

void flood_request(struct message *m, const struct flood *f, uint16_t tid);
void flood_request_at_modem(struct message *m, const struct flood *f, uint16_t tid);

/* One write(), taken whole or refused with EAGAIN: false. */
bool flood_write(struct flood *f);

/*
 * Writes until the queue is full and stays full. A pty goes on to take some
 * bytes for a moment after it has said that it takes no more.
 */
void flood_fill(struct flood *f);

/* Up to this tid the requests reach the modem next, whole and in order. */
void flood_expect(struct bench *b, struct flood *f, uint16_t up_to);

#endif
