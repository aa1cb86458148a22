/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem: the master of a pty whose slave is the daemon's port. It does nothing by
 * itself: a test reads each frame in order, and decides what to answer and when. The
 * modem only tracks the clients it has granted, and fails the test if one that it has
 * not granted is released.
 */
#ifndef PTY_MODEM_H
#define PTY_MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct modem {
	int fd;
	char port[64];
	size_t in_len;
	uint8_t in[2 * MESSAGE_MAX];
	uint8_t granted[UINT8_MAX + 1]; /* the last device CID granted, per service */
	bool held[UINT8_MAX + 1][UINT8_MAX + 1];
};

/* A QMI client: the CID that the application uses, and the modem's. */
struct client {
	uint8_t service;
	uint8_t cid;
	uint8_t device;
};

void modem_open(struct modem *m);
void modem_close(struct modem *m); /* unplugs it, if a daemon has the port open */

/* Reads the next frame at the modem. Fails the test if none comes. */
#define modem_read(m, got) modem_read_at(m, got, __FILE__, __LINE__)
void modem_read_at(struct modem *m, struct message *got, const char *file, int line);

/* The same, but returns false if the daemon closes the port or the deadline passes. */
bool modem_try_read(struct modem *m, struct message *got, int64_t deadline);

/*
 * Expects this frame next. For CTL the tid of want is ignored, because the daemon
 * chooses it; the actual tid, which is never 0, is returned.
 */
#define modem_expect(m, want) modem_expect_at(m, want, __FILE__, __LINE__)
uint8_t modem_expect_at(struct modem *m, const struct message *want, const char *file, int line);

/* The same for Allocate CID and Release CID. They return the device tid. */
uint8_t modem_expect_allocate(struct modem *m, uint8_t service);
uint8_t modem_expect_release(struct modem *m, uint8_t service, uint8_t device);

void modem_send(struct modem *m, const struct message *what);
void modem_send_bytes(struct modem *m, const void *data, size_t len);

/* Sends the response with only a result to a request that was read. */
void modem_answer(struct modem *m, const struct message *request, uint16_t error);

/* Answer Allocate CID with this device CID, the next one (returned), or an error. */
void modem_grant_cid(struct modem *m, uint8_t tid, uint8_t service, uint8_t device);
uint8_t modem_grant(struct modem *m, uint8_t tid, uint8_t service);
void modem_refuse(struct modem *m, uint8_t tid, uint16_t error);

/* Answers Release CID with success. */
void modem_confirm_release(struct modem *m, uint8_t tid, uint8_t service, uint8_t device);

/* Expects the release of this client next, and confirms it. */
void modem_take_release(struct modem *m, const struct client *c);

/* Forget a client, or all of them, as a modem that revokes one or restarts does. */
void modem_forget(struct modem *m, const struct client *c);
void modem_forget_all(struct modem *m);
size_t modem_count_held(const struct modem *m);

/* Sends the Sync indication of a modem that has restarted, and answers the Sync that follows. */
void modem_restart(struct modem *m);
void modem_indicate_restart(struct modem *m); /* only the indication */

/* Sends a numbered indication to a client, or to all of the service with device CID 0xFF. */
void modem_indicate(struct modem *m, uint8_t service, uint8_t device, uint32_t number);

/* While the daemon stops: confirms the frame if it is a release, and ignores it otherwise. */
void modem_settle(struct modem *m, const struct message *request);

#endif
