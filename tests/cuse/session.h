/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The application's side: sessions on the nodes, and the exchanges with the
 * modem that most tests are made of. A session is a descriptor, non-blocking
 * unless a test says otherwise, and closed with the test at the latest.
 */
#ifndef SESSION_H
#define SESSION_H

#include "bench.h"

#define NODE_PREFIX "/dev/qmi-virt"

/* What `struct message` holds is enough for any frame that the tests exchange. */
#define SESSION_READ_MAX MESSAGE_MAX

int session_open(struct bench *b, unsigned int node);
int session_open_flags(struct bench *b, unsigned int node, int flags);
int session_open_path(struct bench *b, const char *path, int flags);
void session_close(struct bench *b, int fd);

/* One write() that is taken whole, or that fails with this errno. */
void session_write(int fd, const struct message *m);
void session_write_bytes(int fd, const void *data, size_t len);
void session_write_fails(int fd, const void *data, size_t len, int err);

/* The next frame, awaited and read with one read(); or exactly this one. */
#define session_read(fd, got) session_read_at(fd, got, __FILE__, __LINE__)
void session_read_at(int fd, struct message *got, const char *file, int line);
#define session_expect(fd, want) session_expect_at(fd, want, __FILE__, __LINE__)
void session_expect_at(int fd, const struct message *want, const char *file, int line);

/* The next two frames in either order, where no rule gives one. */
void session_expect_both(int fd, const struct message *one, const struct message *other);

/* The next read() fails with this errno. */
void session_read_fails(int fd, int err);

/* The answer that has only an outcome, to a request as the application sent it. */
#define session_expect_outcome(fd, request, error)                                                 \
	session_expect_outcome_at(fd, request, error, __FILE__, __LINE__)
void session_expect_outcome_at(int fd, const struct message *request, uint16_t error,
			       const char *file, int line);

/* What poll() says now of POLLIN and POLLOUT (and POLLERR, POLLHUP). */
short session_events(int fd);

/*
 * A round trip of the session with nothing before it on either side: nothing
 * that this session sent is still to reach the modem, and nothing that the
 * modem has sent until now is still to be read.
 */
#define fence(b, fd) fence_at(b, fd, __FILE__, __LINE__)
void fence_at(struct bench *b, int fd, const char *file, int line);

/* Allocate CID, Release CID, each with the modem's consent and exact bytes on both sides. */
struct client client_allocate(struct bench *b, int fd, uint8_t service);
struct client client_allocate_from(struct instance *in, int fd, uint8_t service);
void client_release(struct bench *b, int fd, const struct client *c);

/* Allocate CID answered with success without the test seeing the modem's side. */
uint8_t session_expect_allocated(int fd, uint8_t tid, uint8_t service);

/* A client of the node that no session holds. */
struct client orphan_create(struct bench *b, unsigned int node, uint8_t service);

/* A numbered request of a client, as the application and as the modem sees it. */
void client_request(struct message *m, const struct client *c, uint16_t tid, uint16_t id);
void client_request_at_modem(struct message *m, const struct client *c, uint16_t tid, uint16_t id);

/* The request sent and seen at the modem; its answer sent by the modem and read. */
void client_ask(struct bench *b, int fd, const struct client *c, uint16_t tid, uint16_t id);
void client_answer(struct bench *b, int fd, const struct client *c, uint16_t tid, uint16_t id,
		   uint32_t number);
void client_round_trip(struct bench *b, int fd, const struct client *c);

/* The halves of client_answer(). */
void modem_answer_client(struct modem *m, const struct client *c, uint16_t tid, uint16_t id,
			 uint32_t number);
void session_expect_answer(int fd, const struct client *c, uint16_t tid, uint16_t id,
			   uint32_t number);

/* A request of this client is answered InvalidClientId, and the modem sees nothing of it. */
void session_expect_foreign(struct bench *b, int fd, const struct client *c);

/* An indication as the application sees it: of this client, or of its service with CID 0xFF. */
void session_expect_indication(int fd, uint8_t service, uint8_t cid, uint32_t number);

#endif
