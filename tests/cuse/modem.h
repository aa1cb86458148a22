/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem: the master of a pty whose slave is the daemon's port. It does
 * nothing by itself. A test takes each frame that reached it, in order, and
 * answers what and when it likes; the modem only keeps the books of which
 * clients it has granted, and fails the test at a release of one that it has not.
 */
#ifndef MODEM_H
#define MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct modem {
	int fd;
	char port[64];
	size_t in_len;
	uint8_t in[2 * MESSAGE_MAX];
	uint8_t granted[UINT8_MAX + 1]; /* per service: the device CID granted last */
	bool held[UINT8_MAX + 1][UINT8_MAX + 1];
};

/* A QMI client: its CID as the application has it, and as the modem does. */
struct client {
	uint8_t service;
	uint8_t cid;
	uint8_t device;
};

void modem_open(struct modem *m);
void modem_close(struct modem *m); /* unplugged, if a daemon has the port open */

/* The next frame that reached the modem; the test fails if none does. */
#define modem_read(m, got) modem_read_at(m, got, __FILE__, __LINE__)
void modem_read_at(struct modem *m, struct message *got, const char *file, int line);

/* The same, but false once the daemon has closed the port or the deadline is over. */
bool modem_try_read(struct modem *m, struct message *got, int64_t deadline);

/*
 * The next frame has to be this one. For CTL the tid of `want` means nothing,
 * as the daemon chooses it: what it chose, never 0, is returned.
 */
#define modem_expect(m, want) modem_expect_at(m, want, __FILE__, __LINE__)
uint8_t modem_expect_at(struct modem *m, const struct message *want, const char *file, int line);

/* The same for Allocate CID and Release CID, whose device tid is returned. */
uint8_t modem_expect_allocate(struct modem *m, uint8_t service);
uint8_t modem_expect_release(struct modem *m, uint8_t service, uint8_t device);

void modem_send(struct modem *m, const struct message *what);
void modem_send_bytes(struct modem *m, const void *data, size_t len);

/* The answer with nothing but the outcome to a request as it was read. */
void modem_answer(struct modem *m, const struct message *request, uint16_t error);

/* Answers to Allocate CID: a client of this device CID, the next one, or an error. */
void modem_grant_cid(struct modem *m, uint8_t tid, uint8_t service, uint8_t device);
uint8_t modem_grant(struct modem *m, uint8_t tid, uint8_t service);
void modem_refuse(struct modem *m, uint8_t tid, uint16_t error);

/* The answer of success to Release CID. */
void modem_confirm_release(struct modem *m, uint8_t tid, uint8_t service, uint8_t device);

/* The next frame releases this client; it is confirmed. */
void modem_take_release(struct modem *m, const struct client *c);

/* Forgets a client, or all of them, as a modem does that revoked it or restarts. */
void modem_forget(struct modem *m, const struct client *c);
void modem_forget_all(struct modem *m);
size_t modem_count_held(const struct modem *m);

/* Sync as it goes out when the modem has restarted. */
void modem_restart(struct modem *m);

/* An indication to a client, or with device CID 0xFF to all of the service, and its number. */
void modem_indicate(struct modem *m, uint8_t service, uint8_t device, uint32_t number);

/* At the daemon's stop: confirms this frame if it is a release, and leaves any other alone. */
void modem_settle(struct modem *m, const struct message *request);

#endif
