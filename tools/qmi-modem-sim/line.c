/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millis.h"
#include "names.h"

#define BACKLOG_MAX 262144 /* bytes; beyond this no requests are read */
#define HOLD_MS     50     /* how long an answer is held back if no other follows */
#define JOIN_MS     5
#define SPLIT_MS    5
#define FLOOD_BYTES 1024 /* of noise at once */
#define RETRY_MS    20   /* because a pty reports free buffer space late or never */

/* Offsets in a frame, and the bit of a compound message in the second. */
#define AT_FLAGS     3
#define AT_QMI_FLAGS 6
#define COMPOUND     0x01

struct delivery {
	struct delivery *next;
	uint64_t serial;
	uint64_t ready; /* ms, from latency and jitter */
	uint64_t due;   /* ms: ready, or later if held back */
	bool raw;       /* not a frame */
	size_t size;
	uint8_t frame[];
};

void line_open(struct line *line, struct port *port, const struct settings *settings,
	       line_taker *take, void *modem)
{
	*line = (struct line){
		.port = port,
		.settings = settings,
		.take = take,
		.modem = modem,
		.random = settings->seed * 0x9E3779B97F4A7C15u + 1,
	};
}

static void line_trace(const uint8_t *frame)
{
	static const char *const kinds[] = {"request", "response", "indication"};
	enum frame_kind kind = frame_kind(frame);
	const char *service = qmi_service_name(frame_service(frame));
	char number[8];

	snprintf(number, sizeof(number), "0x%02x", frame_service(frame));
	fprintf(stderr, "%-10s %s:%u tid %u message 0x%04X, %zu bytes", kinds[kind],
		service ? service : number, frame_cid(frame), frame_tid(frame),
		frame_message(frame), frame_size(frame));
	if (kind == FRAME_RESPONSE && frame_error(frame))
		fprintf(stderr, ", error %u", frame_error(frame));
	fputc('\n', stderr);
}

/* xorshift64. Returns 0 to below - 1. */
static unsigned int line_roll(struct line *line, unsigned int below)
{
	line->random ^= line->random << 13;
	line->random ^= line->random >> 7;
	line->random ^= line->random << 17;
	return (unsigned int)((line->random >> 32) % below);
}

static bool line_happens(struct line *line, unsigned int percent)
{
	return percent > 0 && line_roll(line, 100) < percent;
}

static bool line_held(const struct delivery *delivery)
{
	return delivery->due > delivery->ready;
}

static bool line_same_client(const uint8_t *a, const uint8_t *b)
{
	return frame_service(a) == frame_service(b) && frame_cid(a) == frame_cid(b);
}

/* Only answers are delayed, but no frame overtakes an earlier one to the same client. */
static uint64_t line_ready_at(struct line *line, const uint8_t *frame)
{
	uint64_t ready = millis_now();

	if (frame_kind(frame) == FRAME_RESPONSE)
		ready += line->settings->latency + line_roll(line, line->settings->jitter + 1);
	for (struct delivery *d = line->queue; d; d = d->next) {
		if (d->ready > ready && !line_held(d) && !d->raw &&
		    line_same_client(d->frame, frame))
			ready = d->ready;
	}
	return ready;
}

static void line_enqueue(struct line *line, struct delivery *delivery)
{
	struct delivery **at = &line->queue;

	while (*at && (*at)->due <= delivery->due)
		at = &(*at)->next;
	delivery->next = *at;
	*at = delivery;
	line->queued += delivery->size;
}

static struct delivery *line_dequeue(struct line *line, struct delivery **at)
{
	struct delivery *delivery = *at;

	*at = delivery->next;
	line->queued -= delivery->size;
	return delivery;
}

/* NULL if there is no memory for it, which is counted. */
static struct delivery *line_new_delivery(struct line *line, const uint8_t *bytes, size_t size)
{
	struct delivery *delivery = malloc(sizeof(*delivery) + size);

	assert(size <= LINE_FRAME_MAX);
	if (!delivery) {
		line->counters.lost++;
		return NULL;
	}
	*delivery = (struct delivery){.size = size, .serial = ++line->serial};
	memcpy(delivery->frame, bytes, size);
	return delivery;
}

static void line_queue_frame(struct line *line, const uint8_t *frame)
{
	bool answer = frame_kind(frame) == FRAME_RESPONSE;
	struct delivery *delivery;

	if (!answer && line->queued > BACKLOG_MAX) {
		line->counters.lost++;
		return;
	}
	delivery = line_new_delivery(line, frame, frame_size(frame));
	if (!delivery)
		return;
	delivery->ready = line_ready_at(line, frame);
	delivery->due = delivery->ready;
	line->holding = answer && !line->holding && line_happens(line, line->settings->reorder);
	if (line->holding)
		delivery->due += HOLD_MS;
	line_enqueue(line, delivery);
}

void line_send(struct line *line, const uint8_t *frame)
{
	bool answer = frame_kind(frame) == FRAME_RESPONSE;

	if (answer && line_happens(line, line->settings->drop)) {
		line->counters.dropped++;
		return;
	}
	if (!line->port->open)
		return;
	line_queue_frame(line, frame);
	if (answer && line_happens(line, line->settings->repeat))
		line_queue_frame(line, frame);
	if (answer && line_happens(line, line->settings->resync))
		line_indicate_sync(line);
}

void line_send_bytes(struct line *line, const uint8_t *bytes, size_t size)
{
	struct delivery *delivery = line->port->open ? line_new_delivery(line, bytes, size) : NULL;

	if (!delivery)
		return;
	delivery->raw = true;
	delivery->ready = delivery->due = millis_now();
	line_enqueue(line, delivery);
}

void line_indicate_sync(struct line *line)
{
	uint8_t frame[FRAME_HEADER_MAX];

	frame_begin(frame, FRAME_INDICATION, QMI_SERVICE_CTL, QMI_CID_NONE, 0, QMI_CTL_SYNC);
	line_send(line, frame);
}

void line_forget(struct line *line)
{
	while (line->queue)
		free(line_dequeue(line, &line->queue));
}

static void line_forget_all(struct line *line)
{
	line_forget(line);
	line->out_len = 0;
	line->rest_len = 0;
	line->join_until = 0;
}

void line_close(struct line *line)
{
	line_forget_all(line);
	line->port->kind->close(line->port);
}

/* Returns what to send now: a held-back frame that a later one has passed, or one that is due. */
static struct delivery *line_next_delivery(struct line *line, uint64_t now)
{
	for (struct delivery **at = &line->queue; *at; at = &(*at)->next) {
		if (line_held(*at) && (*at)->ready <= now && (*at)->serial < line->delivered)
			return line_dequeue(line, at);
	}
	if (line->queue && line->queue->due <= now)
		return line_dequeue(line, &line->queue);
	return NULL;
}

static void line_put(struct line *line, const uint8_t *bytes, size_t len)
{
	assert(len <= sizeof(line->out) - line->out_len);
	memcpy(line->out + line->out_len, bytes, len);
	line->out_len += len;
}

/*
 * The garbage contains frame markers, but none can pass for the start of a frame, which
 * would make the reader lose the next frame: no byte is 0x80, the flags, and no marker
 * is so close to the end that the next frame would supply them.
 */
static void line_put_garbage(struct line *line)
{
	uint8_t garbage[LINE_GARBAGE_MAX];
	size_t len = 1 + line_roll(line, sizeof(garbage));

	for (size_t i = 0; i < len; i++) {
		garbage[i] = (uint8_t)line_roll(line, QMUX_FLAGS_SERVICE);
		if (line_roll(line, 8) == 0)
			garbage[i] = QMUX_MARKER;
		if (len - i <= 3 && garbage[i] == QMUX_MARKER)
			garbage[i] = 0;
	}
	line_put(line, garbage, len);
}

static void line_bend_flags(struct line *line, uint8_t *frame)
{
	if (line_happens(line, line->settings->unflagged))
		frame[AT_FLAGS] = QMUX_FLAGS_APP;
	if (frame_service(frame) != QMI_SERVICE_CTL && line_happens(line, line->settings->compound))
		frame[AT_QMI_FLAGS] |= COMPOUND;
}

static void line_put_frame(struct line *line, uint8_t *frame, uint64_t now)
{
	size_t size = frame_size(frame);
	size_t first = size;
	bool second = line->join_until > 0;

	line->counters.sent++;
	line->join_until = 0;
	if (line->settings->verbose)
		line_trace(frame);
	line_bend_flags(line, frame);
	if (line_happens(line, line->settings->garbage))
		line_put_garbage(line);
	if (line_happens(line, line->settings->cut)) {
		first = size / 2;
	} else if (line_happens(line, line->settings->split)) {
		first = 1 + line_roll(line, (unsigned int)size - 1);
		line->rest_len = size - first;
		line->rest_at = now + SPLIT_MS;
		memcpy(line->rest, frame + first, line->rest_len);
	} else if (!second && line_happens(line, line->settings->join)) {
		line->join_until = now + JOIN_MS;
	}
	line_put(line, frame, first);
}

/* Writes as much as the port accepts. Returns false if some is left. */
static bool line_write_out(struct line *line)
{
	ssize_t n = line->port->kind->write(line->port, line->out, line->out_len);

	if (n > 0) {
		line->out_len -= (size_t)n;
		memmove(line->out, line->out + n, line->out_len);
	}
	return line->out_len == 0;
}

static void line_deliver(struct line *line, uint64_t now)
{
	struct delivery *delivery;

	for (;;) {
		if (line->out_len && now >= line->join_until) {
			line->join_until = 0;
			if (!line_write_out(line))
				return;
		}
		if (line->rest_len && now < line->rest_at)
			return;
		if (line->rest_len) {
			line_put(line, line->rest, line->rest_len);
			line->rest_len = 0;
			continue;
		}
		delivery = line_next_delivery(line, now);
		if (!delivery)
			return;
		if (delivery->serial > line->delivered)
			line->delivered = delivery->serial;
		if (delivery->raw)
			line_put(line, delivery->frame, delivery->size);
		else
			line_put_frame(line, delivery->frame, now);
		free(delivery);
	}
}

/* The last program has closed the port. Like a real modem, this one keeps its state. */
static void line_hang_up(struct line *line)
{
	line_forget_all(line);
	line->port->kind->discard(line->port);
}

static void line_take_requests(struct line *line)
{
	size_t at = 0;
	size_t size;
	enum frame_scan scan;

	while (at < line->in_len) {
		const uint8_t *request = line->in + at;

		scan = frame_scan(request, line->in_len - at, FRAME_FROM_APP, &size);
		if (scan == FRAME_PARTIAL)
			break;
		if (scan == FRAME_INVALID) {
			line->counters.garbage++;
			at++;
			continue;
		}
		line->counters.received++;
		if (line->settings->verbose)
			line_trace(request);
		line->take(line->modem, request);
		at += size;
	}
	if (line->port->kind->messages) {
		line->counters.garbage += line->in_len - at;
		at = line->in_len;
	}
	line->in_len -= at;
	memmove(line->in, line->in + at, line->in_len);
}

static bool line_wants_input(const struct line *line)
{
	return !line->stalled_until && line->queued <= BACKLOG_MAX;
}

/*
 * Reads until there is nothing left. Data written before a hangup still arrives, then
 * EIO, even if somebody has opened the port again meanwhile.
 */
static void line_read_in(struct line *line)
{
	while (line_wants_input(line)) {
		ssize_t n = line->port->kind->read(line->port, line->in + line->in_len,
						   sizeof(line->in) - line->in_len);

		if (n <= 0) {
			if (n < 0 && errno == EIO) {
				line->counters.garbage += line->in_len;
				line->in_len = 0;
				line_hang_up(line);
			}
			return;
		}
		if (!line->port->open)
			line->port->kind->take_openings(line->port);
		line->in_len += (size_t)n;
		line_take_requests(line);
	}
}

static short line_wanted_events(const struct line *line)
{
	short events = 0;

	if (line_wants_input(line))
		events |= POLLIN;
	if (line->out_len && !line->join_until)
		events |= POLLOUT;
	return events;
}

void line_prepare(const struct line *line, struct pollfd *fds)
{
	line->port->kind->prepare(line->port, line_wanted_events(line), fds);
}

void line_handle(struct line *line, const struct pollfd *fds)
{
	short revents = line->port->kind->handle(line->port, fds);

	if ((revents & POLLHUP) && !line_wants_input(line))
		line_hang_up(line);
	if (revents & (POLLIN | POLLHUP))
		line_read_in(line);
	line->port->kind->take_openings(line->port);
}

static uint64_t line_delivery_due(const struct line *line)
{
	uint64_t due = line->stalled_until ? line->stalled_until : MILLIS_NEVER;

	if (line->out_len && !line->join_until)
		return millis_earlier(due, millis_now() + RETRY_MS);
	if (line->settings->flood && line->port->open)
		return millis_now();
	if (line->rest_len)
		return millis_earlier(due, line->rest_at);
	if (line->join_until)
		due = millis_earlier(due, line->join_until);
	if (line->queue)
		due = millis_earlier(due, line->queue->due);
	return due;
}

uint64_t line_due(const struct line *line)
{
	uint64_t due = line_delivery_due(line);

	if (line->port->kind->due)
		due = millis_earlier(due,
				     line->port->kind->due(line->port, line_wanted_events(line)));
	return due;
}

void line_work(struct line *line)
{
	uint64_t now = millis_now();

	if (line->port->kind->work)
		line->port->kind->work(line->port);
	if (line->stalled_until && now >= line->stalled_until)
		line_stall(line, 0);
	if (line->port->open)
		line_deliver(line, now);
	while (line->settings->flood && line->port->open && line->out_len < FLOOD_BYTES)
		line_put_garbage(line);
}

void line_stall(struct line *line, uint64_t until)
{
	line->stalled_until = until;
	if (!until)
		line->port->kind->resume(line->port);
}
