/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "trace.h"

#define BACKLOG_MAX 262144 /* bytes; beyond them no request is read */
#define HOLD_MS     50     /* an answer held back behind the next, if there is none */
#define JOIN_MS     5
#define SPLIT_MS    5
#define RETRY_MS    20 /* a pty tells late, or not at all, that part of its buffer is free */

struct delivery {
	struct delivery *next;
	uint64_t serial;
	uint64_t ready; /* what latency and jitter make of it */
	uint64_t due;   /* ready, or later for one that is held back */
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

/* xorshift64: 0 to below - 1. */
static unsigned int roll(struct line *line, unsigned int below)
{
	line->random ^= line->random << 13;
	line->random ^= line->random >> 7;
	line->random ^= line->random << 17;
	return (unsigned int)((line->random >> 32) % below);
}

static bool happens(struct line *line, unsigned int percent)
{
	return percent > 0 && roll(line, 100) < percent;
}

static bool held(const struct delivery *delivery)
{
	return delivery->due > delivery->ready;
}

static bool same_client(const uint8_t *a, const uint8_t *b)
{
	return frame_service(a) == frame_service(b) && frame_cid(a) == frame_cid(b);
}

/* Only an answer takes time, but nothing overtakes what the same client is still to get. */
static uint64_t ready_at(struct line *line, const uint8_t *frame)
{
	uint64_t ready = clock_now();

	if (frame_kind(frame) == FRAME_RESPONSE)
		ready += line->settings->latency + roll(line, line->settings->jitter + 1);
	for (struct delivery *d = line->queue; d; d = d->next) {
		if (d->ready > ready && !held(d) && same_client(d->frame, frame))
			ready = d->ready;
	}
	return ready;
}

static void enqueue(struct line *line, struct delivery *delivery)
{
	struct delivery **at = &line->queue;

	while (*at && (*at)->due <= delivery->due)
		at = &(*at)->next;
	delivery->next = *at;
	*at = delivery;
	line->queued += delivery->size;
}

static struct delivery *dequeue(struct line *line, struct delivery **at)
{
	struct delivery *delivery = *at;

	*at = delivery->next;
	line->queued -= delivery->size;
	return delivery;
}

void line_send(struct line *line, const uint8_t *frame)
{
	size_t size = frame_size(frame);
	bool answer = frame_kind(frame) == FRAME_RESPONSE;
	struct delivery *delivery;

	assert(size <= LINE_FRAME_MAX);
	if (answer && happens(line, line->settings->drop)) {
		line->counters.dropped++;
		return;
	}
	if (!line->port->open)
		return;
	if (!answer && line->queued > BACKLOG_MAX) {
		line->counters.lost++;
		return;
	}
	delivery = malloc(sizeof(*delivery) + size);
	if (!delivery) {
		line->counters.lost++;
		return;
	}
	memcpy(delivery->frame, frame, size);
	delivery->size = size;
	delivery->serial = ++line->serial;
	delivery->ready = ready_at(line, frame);
	delivery->due = delivery->ready;
	line->holding = answer && !line->holding && happens(line, line->settings->reorder);
	if (line->holding)
		delivery->due += HOLD_MS;
	enqueue(line, delivery);
}

void line_forget(struct line *line)
{
	while (line->queue)
		free(dequeue(line, &line->queue));
}

static void forget_all(struct line *line)
{
	line_forget(line);
	line->out_len = 0;
	line->rest_len = 0;
	line->join_until = 0;
}

void line_close(struct line *line)
{
	forget_all(line);
	line->port->kind->close(line->port);
}

/* What goes out now: one held back that a later one has passed, else what is due. */
static struct delivery *next_delivery(struct line *line, uint64_t now)
{
	for (struct delivery **at = &line->queue; *at; at = &(*at)->next) {
		if (held(*at) && (*at)->ready <= now && (*at)->serial < line->delivered)
			return dequeue(line, at);
	}
	if (line->queue && line->queue->due <= now)
		return dequeue(line, &line->queue);
	return NULL;
}

static void put(struct line *line, const uint8_t *bytes, size_t len)
{
	assert(len <= sizeof(line->out) - line->out_len);
	memcpy(line->out + line->out_len, bytes, len);
	line->out_len += len;
}

/*
 * Markers among it make a reader think, but none can pass for the beginning of
 * a frame, which would cost the frame that follows: no byte is the flags 0x80,
 * and no marker is so near the end that the frame would supply them.
 */
static void put_garbage(struct line *line)
{
	uint8_t garbage[LINE_GARBAGE_MAX];
	size_t len = 1 + roll(line, sizeof(garbage));

	for (size_t i = 0; i < len; i++) {
		garbage[i] = (uint8_t)roll(line, QMUX_FLAGS_SERVICE);
		if (roll(line, 8) == 0)
			garbage[i] = QMUX_MARKER;
		if (len - i <= 3 && garbage[i] == QMUX_MARKER)
			garbage[i] = 0;
	}
	put(line, garbage, len);
}

static void put_frame(struct line *line, const uint8_t *frame, uint64_t now)
{
	size_t size = frame_size(frame);
	size_t first = size;
	bool second = line->join_until > 0;

	line->counters.sent++;
	line->join_until = 0;
	if (line->settings->verbose)
		trace_frame(frame);
	if (happens(line, line->settings->garbage))
		put_garbage(line);
	if (happens(line, line->settings->split)) {
		first = 1 + roll(line, (unsigned int)size - 1);
		line->rest_len = size - first;
		line->rest_at = now + SPLIT_MS;
		memcpy(line->rest, frame + first, line->rest_len);
	} else if (!second && happens(line, line->settings->join)) {
		line->join_until = now + JOIN_MS;
	}
	put(line, frame, first);
}

/* As much as the port takes; false if it did not take all. */
static bool write_out(struct line *line)
{
	ssize_t n = line->port->kind->write(line->port, line->out, line->out_len);

	if (n > 0) {
		line->out_len -= (size_t)n;
		memmove(line->out, line->out + n, line->out_len);
	}
	return line->out_len == 0;
}

static void deliver(struct line *line, uint64_t now)
{
	struct delivery *delivery;

	for (;;) {
		if (line->out_len && now >= line->join_until) {
			line->join_until = 0;
			if (!write_out(line))
				return;
		}
		if (line->rest_len && now < line->rest_at)
			return;
		if (line->rest_len) {
			put(line, line->rest, line->rest_len);
			line->rest_len = 0;
			continue;
		}
		delivery = next_delivery(line, now);
		if (!delivery)
			return;
		if (delivery->serial > line->delivered)
			line->delivered = delivery->serial;
		put_frame(line, delivery->frame, now);
		free(delivery);
	}
}

/* The last who had the port open has closed it. The modem keeps its state, as in life. */
static void hang_up(struct line *line)
{
	forget_all(line);
	line->port->kind->discard(line->port);
}

static void take_requests(struct line *line)
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
			trace_frame(request);
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

static bool wants_input(const struct line *line)
{
	return !line->stalled_until && line->queued <= BACKLOG_MAX;
}

/*
 * Reads until there is no more. What was written before a hangup still comes,
 * and then EIO; somebody may have opened the port anew meanwhile.
 */
static void read_in(struct line *line)
{
	while (wants_input(line)) {
		ssize_t n = line->port->kind->read(line->port, line->in + line->in_len,
						   sizeof(line->in) - line->in_len);

		if (n <= 0) {
			if (n < 0 && errno == EIO) {
				line->counters.garbage += line->in_len;
				line->in_len = 0;
				hang_up(line);
			}
			return;
		}
		if (!line->port->open)
			line->port->kind->take_openings(line->port);
		line->in_len += (size_t)n;
		take_requests(line);
	}
}

static short wanted_events(const struct line *line)
{
	short events = 0;

	if (wants_input(line))
		events |= POLLIN;
	if (line->out_len && !line->join_until)
		events |= POLLOUT;
	return events;
}

void line_prepare(const struct line *line, struct pollfd *fds)
{
	line->port->kind->prepare(line->port, wanted_events(line), fds);
}

void line_handle(struct line *line, const struct pollfd *fds)
{
	short revents = line->port->kind->handle(line->port, fds);

	if ((revents & POLLHUP) && !wants_input(line))
		hang_up(line);
	if (revents & (POLLIN | POLLHUP))
		read_in(line);
	line->port->kind->take_openings(line->port);
}

static uint64_t delivery_due(const struct line *line)
{
	uint64_t due = line->stalled_until ? line->stalled_until : CLOCK_NEVER;

	if (line->out_len && !line->join_until)
		return clock_earlier(due, clock_now() + RETRY_MS);
	if (line->rest_len)
		return clock_earlier(due, line->rest_at);
	if (line->join_until)
		due = clock_earlier(due, line->join_until);
	if (line->queue)
		due = clock_earlier(due, line->queue->due);
	return due;
}

uint64_t line_due(const struct line *line)
{
	uint64_t due = delivery_due(line);

	if (line->port->kind->due)
		due = clock_earlier(due, line->port->kind->due(line->port, wanted_events(line)));
	return due;
}

void line_work(struct line *line)
{
	uint64_t now = clock_now();

	if (line->port->kind->work)
		line->port->kind->work(line->port);
	if (line->stalled_until && now >= line->stalled_until)
		line_stall(line, 0);
	if (line->port->open)
		deliver(line, now);
}

void line_stall(struct line *line, uint64_t until)
{
	line->stalled_until = until;
	if (!until)
		line->port->kind->resume(line->port);
}
