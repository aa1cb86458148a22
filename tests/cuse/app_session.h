/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The application's side: sessions on nodes, and common exchanges with the modem. A
 * session is a descriptor, non-blocking unless opened otherwise, and is closed at the
 * end of the test if not earlier.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "rule_bench.h"

#define NODE_PREFIX "/dev/qmi-virt"

/* V28: CTL requests in flight, of a session and of a user other than root. */
#define CTL_PER_SESSION   8
#define CTL_PER_USER      32
#define CTL_USER_SESSIONS 4 /* that together reach CTL_PER_USER */

/* V28: how many unanswered requests the modem gets at first. */
#define WINDOW_FIRST 16

/* Users other than root. */
#define USER_A 1001
#define USER_B 1002
#define USER_C 1003

/* struct message is large enough for any frame in the tests. */
#define SESSION_READ_MAX MESSAGE_MAX

void sessions_open(struct bench *b, int fds[], size_t count); /* on node 0 */
int session_open(struct bench *b, unsigned int node);
int session_open_flags(struct bench *b, unsigned int node, int flags);
int session_open_path(struct bench *b, const char *path, int flags);
int session_open_as(struct bench *b, unsigned int node, uid_t uid);
void session_close(struct bench *b, int fd);

/* One write(), which must be accepted whole or fail with this errno. */
void session_write(int fd, const struct message *m);
void session_write_bytes(int fd, const void *data, size_t len);
void session_write_fails(int fd, const void *data, size_t len, int err);

/* Waits for the next frame and reads it with one read(). session_expect() also compares it. */
#define session_read(fd, got) session_read_at(fd, got, __FILE__, __LINE__)
void session_read_at(int fd, struct message *got, const char *file, int line);
#define session_expect(fd, want) session_expect_at(fd, want, __FILE__, __LINE__)
void session_expect_at(int fd, const struct message *want, const char *file, int line);

/* Expects the next two frames in either order. */
void session_expect_both(int fd, const struct message *one, const struct message *other);

/* Expects the next read() to fail with this errno. */
void session_read_fails(int fd, int err);

/* Expects the response with only a result to a request that the application sent. */
#define session_expect_outcome(fd, request, error)                                                 \
	session_expect_outcome_at(fd, request, error, __FILE__, __LINE__)
void session_expect_outcome_at(int fd, const struct message *request, uint16_t error,
			       const char *file, int line);

/* Returns the current poll() events: POLLIN, POLLOUT, POLLERR and POLLHUP. */
short session_events(int fd);

/*
 * A round trip of the session that must meet no other frame on either side. Proves that
 * nothing this session sent is still on its way to the modem, and that nothing the
 * modem has sent is still unread.
 */
#define fence(b, fd) fence_at(b, fd, __FILE__, __LINE__)
void fence_at(struct bench *b, int fd, const char *file, int line);

/* Allocate CID and Release CID, granted by the modem and compared on both sides. */
struct client client_allocate(struct bench *b, int fd, uint8_t service);
struct client client_allocate_from(struct instance *in, int fd, uint8_t service);
void client_release(struct bench *b, int fd, const struct client *c);

/* Expects a successful response to Allocate CID, and returns its CID. */
uint8_t session_expect_allocated(int fd, uint8_t tid, uint8_t service);

/* Makes a client of the node that no session holds. */
struct client orphan_create(struct bench *b, unsigned int node, uint8_t service);

/* Make a client's numbered request as the application and as the modem sees it. */
void client_request(struct message *m, const struct client *c, uint16_t tid, uint16_t id);
void client_request_at_modem(struct message *m, const struct client *c, uint16_t tid, uint16_t id);

/* client_ask() sends a request and expects it at the modem; client_answer() does the reverse. */
void client_ask(struct bench *b, int fd, const struct client *c, uint16_t tid, uint16_t id);
void client_answer(struct bench *b, int fd, const struct client *c, uint16_t tid, uint16_t id,
		   uint32_t number);
void client_round_trip(struct bench *b, int fd, const struct client *c);

/* The halves of client_answer(). */
void modem_answer_client(struct modem *m, const struct client *c, uint16_t tid, uint16_t id,
			 uint32_t number);
void session_expect_answer(int fd, const struct client *c, uint16_t tid, uint16_t id,
			   uint32_t number);

/* Expects InvalidClientId for a request of this client, which the modem must not see. */
void session_expect_foreign(struct bench *b, int fd, const struct client *c);

/* Expects an indication to this client, or to its service with CID 0xFF. */
void session_expect_indication(int fd, uint8_t service, uint8_t cid, uint32_t number);

#endif
