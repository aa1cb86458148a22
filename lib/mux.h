/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multiplexer: any number of sessions on the virtual nodes of one port.
 *
 * It does no I/O. The caller pushes in bytes from applications and from the
 * modem, pulls out the next frame for the port, and passes the time, in
 * milliseconds that never go back. After each step it asks mux_next_changed()
 * which sessions have become readable, writable or dead.
 *
 * What needs no modem is done in turns too, a bounded number of them in each call
 * of mux_write() and mux_tick(): while some are left, mux_deadline() is 0.
 *
 * qmi-virt(4) states the rules that the mux keeps, V1 to V29.
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
	MUX_TO_MODEM, /* a request, sent to the port */
	MUX_TAKEN,    /* a request that the mux deals with itself, when its turn comes */
	MUX_TO_APP,   /* a response or indication from the modem, given to a session */
	MUX_ANSWERED, /* a response that the mux made, given to a session */
	MUX_DROPPED,  /* a frame from the modem that no session gets */
};

/* One frame as a trace shows it, with the numbers on both sides. */
struct mux_trace {
	enum mux_path path;
	const struct session
		*session; /* whom it is from or for, or on whose behalf; NULL: nobody */
	const uint8_t *frame;
	uint8_t cid;        /* virtual */
	uint8_t device_cid; /* the modem's; so is device_tid */
	uint16_t tid;       /* 0 in the mux's own requests */
	uint16_t device_tid;
	bool own;        /* a request of the mux's own, maybe on a session's behalf */
	const char *why; /* for MUX_DROPPED: the reason in a few words */
};

struct mux_hooks {
	void *context;
	void (*log)(void *context, enum mux_level level, const char *format, va_list args)
		__attribute__((format(printf, 3, 0)));
	void (*trace)(void *context, const struct mux_trace *trace); /* NULL: no traces */
	/* Writes who has the session, for a log message; NULL: by its number. */
	void (*describe)(void *context, const struct session *session, char *text, size_t size);
};

struct mux_config {
	unsigned nodes;               /* up to MUX_NODES_MAX; 0 only with proxy */
	bool proxy;                   /* V26: there is one more, the last, for connections */
	size_t frame_max;             /* bytes of the longest frame that the port accepts */
	size_t queue_bytes;           /* V14: a session's inbound queue */
	size_t memory;                /* V28: bytes for all sessions and what they cause */
	uint64_t transaction_timeout; /* V15: ms, for requests to services */
	uint64_t ctl_timeout;         /* V15: ms, for CTL requests */
	uint64_t orphan_timeout;      /* V9: ms; 0: off */
	bool share_node;              /* V28: clients belong to all users of their node */
	bool message_port;            /* V19: the port delivers one message per read */
	bool sync;                    /* V16: Sync after a restart of the modem */
	struct mux_hooks hooks;
};

struct mux_counters {
	uint64_t requests;            /* sent to the port, including the mux's own */
	uint64_t delivered;           /* responses and indications of the modem given to sessions */
	uint64_t dropped_responses;   /* V6, V15: late, or for no session */
	uint64_t dropped_indications; /* V11: for an orphan, or for no client */
	uint64_t overflowed;          /* V14: frames dropped from full queues */
	uint64_t expired;             /* V15: requests that the modem did not answer in time */
	uint64_t reclaimed; /* V9: clients released for an Allocate CID, or for their age */
	uint64_t garbage;   /* V19: bytes from the modem that were not part of a frame */
	uint64_t restarts;  /* V16: of the modem */
};

/* NULL if out of memory. */
struct mux *mux_create(const struct mux_config *config);

/* Frees everything, including sessions still open. Sends nothing more. */
void mux_destroy(struct mux *mux);

const struct mux_counters *mux_counters(const struct mux *mux);
unsigned mux_session_count(const struct mux *mux); /* open ones */
unsigned mux_client_count(const struct mux *mux);
unsigned mux_orphan_count(const struct mux *mux);

/* What the modem owes, and what it has sent. */
unsigned mux_in_flight(const struct mux *mux);        /* requests; visits each */
uint64_t mux_oldest_in_flight(const struct mux *mux); /* ms, when it was sent, or MUX_NEVER */
uint64_t mux_responses(const struct mux *mux);        /* whatever became of them */
uint64_t mux_unasked(const struct mux *mux);          /* those to no request, not even expired */

/* Sessions. The owner is an opaque pointer of the caller's. */

/*
 * Opens a session on a node, 0 to nodes - 1, or nodes for the proxy's, for a user: uid 0
 * is root. NULL with
 * errno ENODEV (V17, V18), EMFILE (V28: too many sessions) or ENOMEM.
 */
struct session *mux_open(struct mux *mux, unsigned node, uint32_t uid, void *owner);

/* V28: true if the user has closed as many sessions with frames to send as it may. */
bool mux_user_lingers(const struct mux *mux, uint32_t uid);

/* Invalidates the pointer. Frames that the session has written are still sent: V6. */
void mux_close(struct session *session, uint64_t now);

void *mux_session_owner(const struct session *session);
unsigned mux_session_node(const struct session *session);
uint32_t mux_session_user(const struct session *session); /* uid */
uint64_t mux_session_id(const struct session *session);   /* never reused */

/*
 * V28: counts bytes that the caller keeps for a session against its user's memory.
 * False if that is over a limit; then nothing is counted. The mux takes back what
 * is left when the session closes.
 */
bool mux_charge(struct session *session, size_t bytes);
void mux_refund(struct session *session, size_t bytes);
size_t mux_memory(const struct mux *mux); /* bytes counted for all sessions */

/*
 * Takes what an application writes. Returns size; or, having taken nothing,
 * -EAGAIN, -ENODEV, -ENOMEM, or V19's -EINVAL or -EMSGSIZE. Takes only part of
 * the data if memory runs out in the middle.
 */
ssize_t mux_write(struct session *session, const uint8_t *data, size_t size, uint64_t now);

/*
 * What the next read returns: *data and its size, the front frame or what is
 * left of it; or -EAGAIN, -ENODEV or -ENOBUFS, the last only once for each
 * overflow. mux_consume() removes bytes that were read. *data is valid until
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
 * The next session with something new: another frame to read, room to write,
 * or its death. Reports each change once; NULL if there are no more.
 */
struct session *mux_next_changed(struct mux *mux);
bool mux_has_changed(const struct mux *mux); /* true if that would return one */

/* The port. */

/*
 * The next frame for the port, or NULL if nothing can be sent now. It is valid
 * until mux_port_sent() or mux_port_failed(); call one of them before asking
 * for the next frame.
 */
const uint8_t *mux_port_next(struct mux *mux, uint64_t now, size_t *size);
void mux_port_sent(struct mux *mux);

/* V29: that frame, if neither was called before a planned restart; otherwise NULL. */
const uint8_t *mux_port_pending(const struct mux *mux, size_t *size);

/*
 * V15: the port could not send this frame (failed), or reports that the previous
 * one was lost after it had been sent (lost). A program gets an error for its
 * request; the mux retries its own.
 */
void mux_port_failed(struct mux *mux, uint64_t now);
void mux_port_lost(struct mux *mux, uint64_t now);

void mux_port_received(struct mux *mux, const uint8_t *data, size_t size, uint64_t now);
void mux_port_cut(struct mux *mux);       /* V19: the port has lost bytes that the modem sent */
void mux_port_reset(struct mux *mux);     /* V16: every client is gone */
void mux_port_unplugged(struct mux *mux); /* V17: every session is dead */

/* Life. */

#define MUX_SYNC_PATIENCE 10000 /* ms */

/*
 * V10: sends a Sync, so that the modem releases the clients that it still has from
 * before. It is repeated every 2 s for MUX_SYNC_PATIENCE, until the modem answers
 * or there is a client; a modem that has answered none gets one more with its first
 * sign of life. 0 or -ENOMEM. mux_sync_answered() is true once the modem has
 * answered one, or has restarted.
 */
int mux_start_sync(struct mux *mux, uint64_t now);
bool mux_sync_answered(const struct mux *mux);

/*
 * V18: stops taking requests from sessions, and releases every client.
 * mux_stopped() is true once the modem has answered all releases.
 */
void mux_stop(struct mux *mux);
bool mux_stopped(const struct mux *mux);

/* The latest time for the next mux_tick(): 0 if turns are left, MUX_NEVER if nothing is due. */
uint64_t mux_deadline(const struct mux *mux);
void mux_tick(struct mux *mux, uint64_t now);

/*
 * V29: restarts. A planned one loses nothing: mux_save() in the old process, mux_load()
 * in the new one. After a crash, mux_load() goes by what mux_keep() has kept. Times go
 * on across processes, as those of CLOCK_MONOTONIC do.
 */

/*
 * From now on the mux keeps in this memory of the caller's, of mux_kept_size() bytes and
 * aligned to 8, what a crash must not lose: clients, their holders, which CTL requests
 * are in flight, and the highest session number. Whatever was in it is lost, so this
 * is for a mux just created; one just loaded goes on with its own. At each moment the
 * memory can be loaded. mux_destroy() leaves it as it is.
 */
size_t mux_kept_size(void);
void mux_keep(struct mux *mux, void *kept);

/*
 * Saves everything. *saved, of *size bytes, is to be freed by the caller. Between this and
 * mux_destroy() the mux must not be used. 0 or -ENOMEM.
 */
int mux_save(struct mux *mux, uint8_t **saved, size_t *size);

/*
 * A mux as it was when it was saved; or, with saved NULL, as far as it was kept when the
 * process crashed. It goes on keeping in kept, which must be that of the one saved, NULL
 * if that kept nothing. NULL with errno ENOMEM, or EINVAL if the bytes are damaged
 * or of another version; then *why says so in a few words, and kept can be loaded again.
 *
 * The limits and nodes of config apply, but there are at least as many nodes as are in
 * use: mux_nodes() tells. The node of the proxy is always mux_nodes().
 */
struct mux *mux_load(const struct mux_config *config, void *kept, const uint8_t *saved, size_t size,
		     uint64_t now, const char **why);
unsigned mux_nodes(const struct mux *mux); /* without that of the proxy */

/*
 * Gives an owner to the session of this number, of a file that has been open since before
 * the restart. mux_session_node() and mux_session_user() may say something else than
 * node and uid: these are for sessions that nothing is known of after a crash. (After
 * it, a session that had frames to read fails with ENOBUFS once.)
 * NULL with errno ENOENT (no such session, or not any more), EEXIST (it has an owner),
 * ENODEV, EMFILE or ENOMEM.
 */
struct session *mux_reopen(struct mux *mux, uint64_t id, unsigned node, uint32_t uid, void *owner);

/*
 * The sessions without an owner since mux_load(), the one after this one, or the first
 * if it is NULL; NULL if there are no more. Those whose files are closed by now
 * are to be closed.
 */
struct session *mux_next_left(const struct mux *mux, const struct session *session);

/* Bytes charged with mux_charge() and not refunded yet; they are saved too. */
size_t mux_charged(const struct session *session);

/*
 * For tests: NULL if the state is consistent, or the condition that does not
 * hold. Visits everything. Call it between other calls, not from a hook.
 */
const char *mux_check(const struct mux *mux);

#endif
