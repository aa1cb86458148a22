/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line between the modem and its port: assembles requests from the bytes that
 * arrive, holds the modem's frames until they are due, and disturbs them as the
 * settings say.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "port_kind.h"
#include "settings.h"

#define LINE_FRAME_MAX   SETTINGS_FRAME_MAX
#define LINE_GARBAGE_MAX 32

/* Called for each request, which is valid during the call only. */
typedef void line_taker(void *modem, const uint8_t *request);

struct line_counters {
	unsigned long received; /* requests */
	unsigned long sent;     /* answers and indications handed to the port */
	unsigned long garbage;  /* bytes received that were not a request */
	unsigned long dropped;  /* answers discarded by the setting drop */
	unsigned long lost;     /* frames that the port had no room for */
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

	struct delivery *queue; /* earliest first */
	size_t queued;          /* bytes */
	uint64_t serial;
	uint64_t delivered; /* the highest serial sent */
	bool holding;       /* the last answer is held back behind the next */

	uint64_t join_until; /* until when out waits for a second frame; 0: it does not */
	uint64_t rest_at;    /* when to send the rest of a split frame */
	size_t in_len;
	size_t out_len;
	size_t rest_len;
	uint8_t in[QMUX_SIZE_MAX];
	uint8_t out[2 * (LINE_FRAME_MAX + LINE_GARBAGE_MAX)];
	uint8_t rest[LINE_FRAME_MAX];
};

/*
 * Opens a line on the port, which line_close() closes. Calls take(modem, request) for each
 * request.
 */
void line_open(struct line *line, struct port *port, const struct settings *settings,
	       line_taker *take, void *modem);
void line_close(struct line *line);

/* Fill PORT_FDS entries for poll(), and handle them after it. Then call line_work(). */
void line_prepare(const struct line *line, struct pollfd *fds);
void line_handle(struct line *line, const struct pollfd *fds);
void line_work(struct line *line);
uint64_t line_due(const struct line *line); /* ms, when to call line_work() next */

/*
 * Sends a copy of the frame when it is due, unless it is dropped or nobody has the port
 * open.
 */
void line_send(struct line *line, const uint8_t *frame);

/* Sends these bytes, at most LINE_FRAME_MAX, as they are. */
void line_send_bytes(struct line *line, const uint8_t *bytes, size_t size);

/* Says that the modem has forgotten every client. */
void line_indicate_sync(struct line *line);

/* Discards the frames that have not begun to go out; never truncates one. */
void line_forget(struct line *line);

/* Stops reading until then (ms); 0 ends a stall. */
void line_stall(struct line *line, uint64_t until);

#endif
