/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usb/cdc-wdm.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "frames.h"
#include "proxied.h"

#define PATIENCE_MS 3000

struct self {
	unsigned int node;
	int fd;
	uint8_t dms;
	uint8_t nas;
	uint16_t tid;
	uint8_t frame[FRAME_ROOM];
};

static void send_bytes(int fd, const uint8_t *bytes, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	while (write(fd, bytes, size) != (ssize_t)size) {
		if ((errno != EAGAIN && errno != EINTR) || poll(&wait, 1, PATIENCE_MS) <= 0)
			_exit(1);
	}
}

static void send_frame(struct self *s)
{
	send_bytes(s->fd, s->frame, frame_size(s->frame));
}

/* Reads the next answer, skipping indications. */
static void receive(struct self *s)
{
	struct pollfd wait = {.fd = s->fd, .events = POLLIN};

	do {
		ssize_t n;

		if (poll(&wait, 1, PATIENCE_MS) <= 0)
			_exit(1);
		n = either_read(s->node, s->fd, s->frame, sizeof(s->frame));
		if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
			continue;
		if (n <= 0)
			_exit(1);
	} while (frame_kind(s->frame) != FRAME_RESPONSE);
}

static void ask(struct self *s)
{
	send_frame(s);
	receive(s);
}

static uint8_t allocate(struct self *s, uint8_t service)
{
	const uint8_t *named;

	frames_allocate(s->frame, (uint8_t)++s->tid, service);
	ask(s);
	named = frame_tlv(s->frame, QMI_TLV_FIRST, 2, NULL);
	if (!named)
		_exit(1);
	return named[1];
}

static void release(struct self *s, uint8_t service, uint8_t cid)
{
	frames_release(s->frame, (uint8_t)++s->tid, service, cid);
	ask(s);
}

static void meet(struct self *s)
{
	__u16 limit;

	if (s->node != NODE_PROXY && ioctl(s->fd, IOCTL_WDM_MAX_COMMAND, &limit) < 0)
		_exit(1);
	frames_ctl(s->frame, (uint8_t)++s->tid, QMI_CTL_GET_VERSION_INFO);
	ask(s);
	s->dms = allocate(s, QMI_SERVICE_DMS);
	s->nas = allocate(s, QMI_SERVICE_NAS);
	frames_subscribe_report(s->frame, s->nas, ++s->tid);
	ask(s);
	frames_subscribe_info(s->frame, s->nas, ++s->tid);
	ask(s);
}

static void ask_one_by_one(struct self *s, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		frames_request(s->frame, QMI_SERVICE_DMS, s->dms, ++s->tid, DMS_GET_IDS);
		ask(s);
	}
}

static void ask_at_once(struct self *s, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		frames_strength(s->frame, s->nas, ++s->tid, (uint8_t)i);
		send_frame(s);
	}
	for (unsigned int i = 0; i < count; i++)
		receive(s);
}

static void ask_in_pieces(struct self *s, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		size_t first = 1 + i % 12;

		frames_request(s->frame, QMI_SERVICE_DMS, s->dms, ++s->tid, DMS_GET_MODEL);
		send_bytes(s->fd, s->frame, first);
		send_bytes(s->fd, s->frame + first, frame_size(s->frame) - first);
		receive(s);
	}
}

/* Hands the clients over to a new session. */
static void move(struct self *s, const struct life *life)
{
	int old = s->fd;

	s->fd = either_open(life->node, life->flags);
	if (s->fd < 0)
		_exit(1);
	ask_one_by_one(s, 2);
	close(old);
	ask_at_once(s, 3);
}

/* Releases one client, leaves the other to a Sync, and ends in the middle of a frame. */
static void part(struct self *s)
{
	release(s, QMI_SERVICE_DMS, s->dms);
	frames_ctl(s->frame, (uint8_t)++s->tid, QMI_CTL_SYNC);
	ask(s);
	s->dms = allocate(s, QMI_SERVICE_DMS);
	ask_one_by_one(s, 5);
	s->nas = allocate(s, QMI_SERVICE_NAS);
	ask_at_once(s, 5);
	release(s, QMI_SERVICE_NAS, s->nas);
	frames_request(s->frame, QMI_SERVICE_DMS, s->dms, ++s->tid, DMS_GET_MODEL);
	send_frame(s);
	send_bytes(s->fd, s->frame, 5);
	close(s->fd);
}

void life_live(const void *arg)
{
	const struct life *life = arg;
	struct self self = {.node = life->node, .fd = either_open(life->node, life->flags)};

	if (self.fd < 0)
		_exit(1);
	meet(&self);
	ask_one_by_one(&self, 24);
	ask_at_once(&self, 8);
	ask_in_pieces(&self, 8);
	move(&self, life);
	part(&self);
}
