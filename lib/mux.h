/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multiplexer: any number of sessions on the virtual nodes of one port.
 *
 * It does no I/O. Bytes from an application or from the modem are pushed in,
 * the next frame for the port is pulled out, and time is an argument: a count
 * of milliseconds that never goes back. Which sessions became readable,
 * writable or dead is asked for after each step with mux_next_changed().
 *
 * The rules that it keeps, V1 to V25, are those of qmi-virt(4).
 */
#ifndef MUX_H
#define MUX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mux;
struct session;

#define MUX_NODES_MAX 64
#define MUX_NEVER     UINT64_MAX

enum mux_level {
	MUX_WARNING, /* something is wrong with the modem or the port */
	MUX_INFO,    /* rare and worth knowing: the modem restarted */
	MUX_DEBUG,
};

/* What became of a frame. */
enum mux_path {
	MUX_TO_MODEM, /* a request went to the port */
	MUX_TO_APP,   /* an answer or indication of the modem went to a session */
	MUX_ANSWERED, /* an answer of the mux's own went to a session */
	MUX_DROPPED,  /* a frame of the modem went nowhere */
};

/* One frame on its way, as a trace shows it; both sides of the mapping. */
struct mux_trace {
	enum mux_path path;
	const struct session *session; /* NULL: nobody's, or the mux's own */
	const uint8_t *frame;
	uint8_t cid;        /* virtual */
	uint8_t device_cid; /* the modem's; so is device_tid */
	uint16_t tid;
	uint16_t device_tid;
	const char *why; /* of MUX_DROPPED, a few words */
};

struct mux_hooks {
	void *context;
	void (*log)(void *context, enum mux_level level, const char *format, va_list args)
		__attribute__((format(printf, 3, 0)));
	void (*trace)(void *context, const struct mux_trace *trace); /* NULL: no traces */
};

struct mux_config {
	unsigned nodes;               /* 1 to MUX_NODES_MAX */
	size_t frame_max;             /* bytes that the port takes at a time */
	size_t queue_bytes;           /* V14: a session's inbound queue */
	uint64_t transaction_timeout; /* V15: ms */
	uint64_t orphan_timeout;      /* V9: ms; 0: off */
	struct mux_hooks hooks;
};

struct mux_counters {
	uint64_t requests;          /* sent to the port, the mux's own too */
	uint64_t delivered;         /* responses and indications of the modem, given to sessions */
	uint64_t dropped_responses; /* late, or nobody's: V6, V15 */
	uint64_t dropped_indications; /* an orphan's, or nobody's: V11 */
	uint64_t overflowed;          /* frames that a full session lost: V14 */
	uint64_t expired;             /* requests that the modem did not answer: V15 */
	uint64_t reclaimed;           /* orphans given up for an Allocate CID, or too old: V9 */
	uint64_t garbage;             /* bytes of the modem that were no frame: V19 */
	uint64_t restarts;            /* of the modem: V16 */
};

/* NULL if there is no memory. */
struct mux *mux_create(const struct mux_config *config);

/* Ends everything without another frame; sessions still open die with it. */
void mux_destroy(struct mux *mux);

const struct mux_counters *mux_counters(const struct mux *mux);
unsigned mux_session_count(const struct mux *mux); /* open ones */
unsigned mux_client_count(const struct mux *mux);
unsigned mux_orphan_count(const struct mux *mux);

/*
 * Sessions. The owner is the caller's own pointer to whatever the session
 * belongs to.
 */

/* A session on a node, counted from 0. NULL with errno ENODEV (unplugged or stopping) or ENOMEM. */
struct session *mux_open(struct mux *mux, unsigned node, void *owner);

/* The pointer is dead then, though what the session has written still goes out: V6, V7. */
void mux_close(struct session *session, uint64_t now);

void *mux_session_owner(const struct session *session);
unsigned mux_session_node(const struct session *session);
uint64_t mux_session_id(const struct session *session); /* for people; never given twice */

/*
 * Takes what an application wrote, all of it. Returns size, or nothing taken and
 * -EAGAIN, -ENODEV, -ENOMEM, or V19's -EINVAL and -EMSGSIZE. Fewer bytes are
 * taken only where memory ran out behind them.
 */
ssize_t mux_write(struct session *session, const uint8_t *data, size_t size);

/*
 * What a read returns next: *data and its size, which is the front frame's or
 * the rest of it; or -EAGAIN, -ENODEV, or -ENOBUFS, which is then reported and
 * over. mux_consume() takes bytes that were read off; *data is valid until
 * the next call for this mux.
 */
ssize_t mux_peek(struct session *session, const uint8_t **data);
void mux_consume(struct session *session, size_t size);

enum session_state {
	SESSION_READABLE = 1, /* a read would not block */
	SESSION_WRITABLE = 2,
	SESSION_DEAD = 4, /* every call fails with ENODEV */
};

unsigned mux_session_state(const struct session *session);

/*
 * A session with something new: a frame to read, even behind others, room to
 * write, or its death. Each change is told once; NULL when all are told.
 */
struct session *mux_next_changed(struct mux *mux);
bool mux_has_changed(const struct mux *mux); /* whether it would name one */

/* The port. */

/*
 * The next frame for the port, or NULL if nothing can be sent now. It is valid
 * until mux_port_sent() or mux_port_failed(), one of which has to come before
 * the next one is asked for.
 */
const uint8_t *mux_port_next(struct mux *mux, uint64_t now, size_t *size);
void mux_port_sent(struct mux *mux);

/*
 * The port could not send it: V15, the asker is told, and what is the mux's own
 * is tried again. Or the port had taken the one before it, and finds only now
 * that it was lost on the way.
 */
void mux_port_failed(struct mux *mux, uint64_t now);
void mux_port_lost(struct mux *mux, uint64_t now);

void mux_port_received(struct mux *mux, const uint8_t *data, size_t size, uint64_t now);
void mux_port_reset(struct mux *mux);     /* V16: every client is gone */
void mux_port_unplugged(struct mux *mux); /* V17: every session is dead */

/* Life. */

/*
 * Asks the modem to clear what clients it has left over from others; there must
 * be none of any session's. 0 or -ENOMEM. Whether it has answered, or restarted.
 */
int mux_start_sync(struct mux *mux);
bool mux_sync_answered(const struct mux *mux);

/*
 * V18: nothing more is taken from any session, and every client is released.
 * mux_stopped() tells when the modem has answered for all of them.
 */
void mux_stop(struct mux *mux);
bool mux_stopped(const struct mux *mux);

/* When mux_tick() has to be called at the latest, or MUX_NEVER. */
uint64_t mux_deadline(const struct mux *mux);
void mux_tick(struct mux *mux, uint64_t now);

/*
 * For tests: NULL if the mux agrees with itself, or what does not hold. It
 * walks over everything. To be called between two other calls.
 */
const char *mux_check(const struct mux *mux);

#endif
