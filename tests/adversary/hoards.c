/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hoards.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../faults/frames.h"
#include "moody_modem.h"
#include "requesters.h"

#define WRITE_SIZE    131072
#define FRAME_LONG    4096 /* the most that the port accepts */
#define FOREIGN_CID   200
#define BLOCKED_CALLS 72 /* more than the daemon lets block */
#define STACK_SIZE    32768
#define REQUESTS      1024
#define ANSWERS       80 /* more than fit in a queue of 256 KiB */

static const char *const names[] = {
	[HOARD_SESSIONS] = "sessions",
	[HOARD_PARTS] = "a partial byte each",
	[HOARD_REFUSALS] = "unread refusals",
	[HOARD_REQUESTS] = "1,024 unanswered requests each",
	[HOARD_WRITE] = "a waiting write of 128 KiB each",
	[HOARD_ANSWERS] = "unread answers",
	[HOARD_INDICATIONS] = "unread indications",
	[HOARD_BLOCKED_WRITES] = "64 blocked writes each",
	[HOARD_BLOCKED_READS] = "blocked reads",
	[HOARD_ALL] = "all of that",
};

struct hoarder {
	unsigned int node;
	uint8_t dms;
	uint8_t nas;
};

const char *hoard_name(enum hoard what)
{
	return names[what];
}

/* Many of the same request, with ascending tids. Returns their size. */
static size_t build(uint8_t *bytes, const uint8_t *request, unsigned int count, uint16_t tid)
{
	size_t size = frame_size(request);

	for (unsigned int i = 0; i < count; i++) {
		memcpy(bytes + i * size, request, size);
		frame_set_tid(bytes + i * size, (uint16_t)(tid + i));
	}
	return count * size;
}

/* As much as the daemon takes without blocking. */
static void push(int fd, const uint8_t *request, unsigned int count, uint16_t tid)
{
	/* The kernel would split a write that begins within a page. */
	static _Alignas(4096) uint8_t bytes[WRITE_SIZE];
	size_t size = build(bytes, request, count, tid);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	while (write(fd, bytes, size) < 0 && errno == EAGAIN && poll(&wait, 1, 100) > 0)
		;
}

static void push_some(int fd, uint8_t service, uint8_t cid, uint16_t message, unsigned int count,
		      uint16_t tid)
{
	uint8_t frame[FRAME_LONG];

	frames_request(frame, service, cid, tid, message);
	push(fd, frame, count, tid);
}

/* Requests of 4 KiB that the modem ignores. */
static void make_long(uint8_t *frame, const struct hoarder *h, uint16_t tid)
{
	static const uint8_t zeros[FRAME_LONG];

	frames_request(frame, QMI_SERVICE_DMS, h->dms, tid, MODEM_IGNORED);
	frame_add_tlv(frame, 0x10, zeros, (uint16_t)(FRAME_LONG - frame_size(frame) - 3));
}

static void push_long(const struct hoarder *h, int fd, uint16_t tid)
{
	uint8_t frame[FRAME_LONG];

	make_long(frame, h, tid);
	push(fd, frame, WRITE_SIZE / FRAME_LONG, tid);
}

/* --- blocked calls ---------------------------------------------------------------- */

static uint8_t blocked_frame[FRAME_LONG];

static void *write_blocked(void *arg)
{
	int fd = (int)(intptr_t)arg;

	while (write(fd, blocked_frame, sizeof(blocked_frame)) > 0)
		;
	return NULL;
}

static void *read_blocked(void *arg)
{
	int fd = (int)(intptr_t)arg;
	uint8_t byte;

	while (read(fd, &byte, 1) > 0)
		;
	return NULL;
}

static void block(int fd, void *(*call)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	fcntl(fd, F_SETFL, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (unsigned int i = 0; i < BLOCKED_CALLS; i++) {
		if (pthread_create(&thread, &attr, call, (void *)(intptr_t)fd) != 0)
			break;
	}
	pthread_attr_destroy(&attr);
}

/* --- the attack ------------------------------------------------------------------- */

static void fill(const struct hoarder *h, int fd, enum hoard what, unsigned int session)
{
	uint16_t tid = (uint16_t)(session * REQUESTS);

	switch (what) {
	case HOARD_PARTS:
		write(fd, "\x01", 1);
		break;
	case HOARD_REFUSALS:
		push_some(fd, QMI_SERVICE_DMS, FOREIGN_CID, DMS_GET_IDS, REQUESTS, 1);
		push_some(fd, QMI_SERVICE_DMS, FOREIGN_CID, DMS_GET_IDS, REQUESTS, 1);
		break;
	case HOARD_REQUESTS:
		push_some(fd, QMI_SERVICE_DMS, h->dms, MODEM_IGNORED, REQUESTS, tid);
		break;
	case HOARD_WRITE:
		push_long(h, fd, tid);
		break;
	case HOARD_ANSWERS:
		push_some(fd, QMI_SERVICE_DMS, h->dms, MODEM_LONG, ANSWERS, tid);
		break;
	case HOARD_INDICATIONS:
		push_some(fd, QMI_SERVICE_NAS, h->nas, MODEM_ASK, 1, (uint16_t)session);
		break;
	case HOARD_BLOCKED_WRITES:
		make_long(blocked_frame, h, 1);
		push_long(h, fd, tid);
		block(fd, write_blocked);
		break;
	case HOARD_BLOCKED_READS:
		block(fd, read_blocked);
		break;
	case HOARD_SESSIONS:
	case HOARD_ALL:
		break;
	}
}

/* Only the first ones have blocked calls, each of which takes a thread. */
static enum hoard choose(const struct hoarding *hoarding, unsigned int session)
{
	if (hoarding->what != HOARD_ALL)
		return hoarding->what;
	return session < hoarding->rounds * HOARDS ? session % HOARDS
						   : session % HOARD_BLOCKED_WRITES;
}

void hoard_attack(unsigned int index, const void *arg, struct crowd_board *board)
{
	const struct hoarding *hoarding = arg;
	struct hoarder h = {.node = hoarding->node};
	int fd = open(node_path(h.node), O_RDWR | O_NONBLOCK);

	(void)index;
	if (fd < 0)
		_exit(1);
	h.dms = requesters_try_allocate(fd, QMI_SERVICE_DMS);
	h.nas = requesters_try_allocate(fd, QMI_SERVICE_NAS);
	if (h.dms == QMI_CID_NONE || h.nas == QMI_CID_NONE)
		_exit(2);
	for (unsigned int i = 0; i < hoarding->sessions; i++) {
		enum hoard what = choose(hoarding, i);

		fd = open(node_path(h.node), O_RDWR | O_NONBLOCK);
		if (fd < 0)
			break;
		board->rounds++;
		fill(&h, fd, what, i);
	}
	board->ready++;
	for (;;)
		pause();
}
