/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V14, V28: turns, one frame each. In one rotation sessions have their next frames
 * looked at, and dealt with if the mux can do that alone; in another they send to
 * the port, or the mux does on their behalf.
 */
#ifndef TURNS_H
#define TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mux;
struct session;

struct turns {
	uint8_t *frame; /* the frame at the port; frame_max bytes */
	bool port_busy;
};

int turns_init(struct turns *turns, size_t frame_max); /* 0, or -ENOMEM */
void turns_finish(struct turns *turns);

/*
 * Looks at the next frames of sessions, in turn: of as many as turns, or until this
 * session, unless it is NULL, has none to be looked at.
 */
void turns_work(struct mux *mux, const struct session *session, unsigned turns);

/* True if that would do something. */
bool turns_are_left(const struct mux *mux);

/* True if a session's next frame is held back by the window. */
bool turns_await_window(const struct mux *mux);

/* The session has written something. */
void turns_join(struct mux *mux, struct session *session);

/* V6: the session has closed: it lingers while it has frames to send, or is destroyed. */
void turns_linger(struct mux *mux, struct session *session);

/* V6: the time in ms at which turns_give_up() discards what closed sessions could not send. */
uint64_t turns_deadline(const struct mux *mux);
void turns_give_up(struct mux *mux);

/* V18: discards the requests that sessions have not sent. */
void turns_discard(struct mux *mux);

/* The same as mux_port_next() and so on in mux.h. */
const uint8_t *turns_next(struct mux *mux, size_t *size);
void turns_sent(struct mux *mux);
void turns_unplugged(struct mux *mux);
void turns_failed(struct mux *mux);
void turns_lost(struct mux *mux);

#endif
