/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line between the modem and its port: puts requests together from the
 * bytes that come, keeps what the modem says until it is due, and makes the
 * trouble that the settings ask for.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "port_kind.h"
#include "settings.h"

#define LINE_FRAME_MAX   4096 /* of what the modem says */
#define LINE_GARBAGE_MAX 32

typedef void line_taker(void *modem, const uint8_t *request);

struct line_counters {
	unsigned long received; /* requests */
	unsigned long sent;     /* answers and indications handed to the port */
	unsigned long garbage;  /* bytes received that were not a request */
	unsigned long dropped;  /* answers that the setting drop swallowed */
	unsigned long lost;     /* frames for which the port's reader left no room */
};

struct delivery;

struct line {
	struct port *port;
	const struct settings *settings;
	line_taker *take;
	void *modem;
	struct line_counters counters;
	uint64_t random;
	uint64_t stalled_until; /* 0: not stalled */

	struct delivery *queue; /* in the order of falling due */
	size_t queued;          /* bytes */
	uint64_t serial;
	uint64_t delivered; /* the highest serial that went out */
	bool holding;       /* the last answer is held back behind the next */

	uint64_t join_until; /* out waits for a second frame; 0: it does not */
	uint64_t rest_at;    /* when the rest of a split frame goes out */
	size_t in_len;
	size_t out_len;
	size_t rest_len;
	uint8_t in[QMUX_SIZE_MAX];
	uint8_t out[2 * (LINE_FRAME_MAX + LINE_GARBAGE_MAX)];
	uint8_t rest[LINE_FRAME_MAX];
};

/* A line to this port, which it closes at the end. Requests go to take(modem, request). */
void line_open(struct line *line, struct port *port, const struct settings *settings,
	       line_taker *take, void *modem);
void line_close(struct line *line);

/* Fills PORT_FDS entries for poll(), and takes them after it; then line_work(). */
void line_prepare(const struct line *line, struct pollfd *fds);
void line_handle(struct line *line, const struct pollfd *fds);
void line_work(struct line *line);
uint64_t line_due(const struct line *line); /* when to call line_work() at the latest */

/* A copy of the frame goes out when it is due; never if trouble strikes or nobody is there. */
void line_send(struct line *line, const uint8_t *frame);

/* Forgets what has not begun to go out: a frame is never cut short. */
void line_forget(struct line *line);

/* Reads nothing until then; 0 ends a stall. */
void line_stall(struct line *line, uint64_t until);

#endif
