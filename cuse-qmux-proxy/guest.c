/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "launcher.h"
#include "log.h"
#include "lookup.h"

#define READ_MS 5000  /* for the first frame */
#define OPEN_MS 4000  /* for an answer: libqmi's clients wait 5 s, and try once */
#define WAIT_MS 60000 /* for an instance that is expected, after the answer */

struct guest *guest_create(int fd, uint64_t now)
{
	struct guest *guest = malloc(sizeof(*guest));

	if (!guest || peer_find(&guest->peer, fd) < 0) {
		free(guest);
		close(fd);
		return NULL;
	}
	guest->state = GUEST_READING;
	guest->have = 0;
	guest->until = now + READ_MS;
	guest->handover.fd = fd;
	guest->handover.answered = false;
	list_init(&guest->link);
	return guest;
}

void guest_destroy(struct guest *guest)
{
	if (guest->state == GUEST_LOOKING)
		lookup_finish(guest->lookup_fd, guest->lookup_pid, &guest->device);
	list_remove(&guest->link);
	close(guest->handover.fd);
	free(guest);
}

static void guest_end(struct guest *guest, const char *what, const char *why)
{
	char name[PEER_NAME_MAX];

	peer_describe(&guest->peer, name);
	log_warning("%s: %s: %s", name, what, why);
	guest->state = GUEST_ENDED;
}

static void guest_refuse(struct guest *guest, uint16_t error, const char *what, const char *why)
{
	if (!guest->handover.answered)
		proxy_open_answer(guest->handover.fd, guest->handover.frame, error);
	guest_end(guest, what, why);
}

static void guest_refuse_device(struct guest *guest, const char *why)
{
	char path[PATH_MAX] = "?";

	proxy_open_path(guest->handover.frame, path);
	guest_refuse(guest, QMI_ERROR_NOT_SUPPORTED, path, why);
}

/* There is no instance for its device. */
static void guest_lack_instance(struct guest *guest, uint64_t now)
{
	enum launcher_port port = launcher_find(guest->device);

	if (port == LAUNCHER_NO_PORT)
		guest_refuse_device(guest, "this is not a QMI port that can be shared");
	else if (port == LAUNCHER_FREE)
		launcher_start(guest->device, now);
}

void guest_try(struct guest *guest, uint64_t now)
{
	int err = handover_send(guest->device, &guest->handover);

	if (err == 0)
		guest->state = GUEST_ENDED;
	else if (err == -ENOENT)
		guest_lack_instance(guest, now);
	else if (err != -EAGAIN)
		guest_refuse(guest, QMI_ERROR_INTERNAL, "cannot pass its connection on",
			     strerror(-err));
}

/* err: of the lookup. */
static void guest_look_done(struct guest *guest, int err, uint64_t now)
{
	if (err == -ENODEV) {
		guest_refuse_device(guest, "this is not a character device");
	} else if (err < 0) {
		guest_refuse_device(guest, strerror(-err));
	} else {
		guest->state = GUEST_WAITING;
		guest->until = now + OPEN_MS;
		guest_try(guest, now);
	}
}

static void guest_look(struct guest *guest, const char *path, uint64_t now)
{
	int err = lookup_now(path, &guest->device);

	if (err != -EAGAIN) {
		guest_look_done(guest, err, now);
		return;
	}
	guest->lookup_fd = lookup_start(path, &guest->lookup_pid);
	if (guest->lookup_fd < 0) {
		guest_refuse(guest, QMI_ERROR_INTERNAL, path, strerror(-guest->lookup_fd));
		return;
	}
	guest->state = GUEST_LOOKING;
	guest->until = now + OPEN_MS;
}

static void guest_take_path(struct guest *guest, const char *path, uint64_t now)
{
	if (strncmp(path, "qrtr://", 7) == 0)
		guest_refuse_device(guest, "QRTR is not supported");
	else
		guest_look(guest, path, now);
}

static void guest_take_frame(struct guest *guest, uint64_t now)
{
	char path[PATH_MAX];
	int err = proxy_open_path(guest->handover.frame, path);

	if (!guest->peer.permitted)
		guest_refuse(guest, QMI_ERROR_ACCESS_DENIED, "access denied",
			     "it is neither root nor in the group");
	else if (err == -ENODATA)
		guest_refuse(guest, QMI_ERROR_MISSING_ARGUMENT, "cannot serve it",
			     "its Internal Proxy Open names no port");
	else if (err < 0)
		guest_refuse(guest, QMI_ERROR_NOT_SUPPORTED, "cannot serve it",
			     "it began with another message than Internal Proxy Open");
	else
		guest_take_path(guest, path, now);
}

/* How many bytes to read next, so that nothing after the frame is read. */
static size_t guest_missing(const struct guest *guest, enum frame_scan *scan)
{
	size_t size;

	*scan = frame_scan(guest->handover.frame, guest->have, FRAME_FROM_APP, &size);
	if (size > sizeof(guest->handover.frame))
		*scan = FRAME_INVALID;
	if (size > guest->have)
		return size - guest->have;
	/* The shortest frame has more bytes than the part of it that says how long it is. */
	return guest->have < 3 ? 3 - guest->have : 1;
}

static void guest_read(struct guest *guest, uint64_t now)
{
	enum frame_scan scan = FRAME_PARTIAL;

	while (scan == FRAME_PARTIAL) {
		size_t missing = guest_missing(guest, &scan);
		ssize_t got;

		if (scan != FRAME_PARTIAL)
			break;
		got = recv(guest->handover.fd, guest->handover.frame + guest->have, missing,
			   MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* It has closed. That is common: such a connection is only a question. */
		if (got <= 0) {
			guest->state = GUEST_ENDED;
			return;
		}
		guest->have += (size_t)got;
	}
	if (scan == FRAME_WHOLE)
		guest_take_frame(guest, now);
	else
		guest_end(guest, "closing its connection", "it sent what is not a QMI request");
}

void guest_go_on(struct guest *guest, uint64_t now)
{
	int err;

	if (guest->state == GUEST_READING) {
		guest_read(guest, now);
	} else if (guest->state == GUEST_LOOKING) {
		guest->state = GUEST_WAITING;
		err = lookup_finish(guest->lookup_fd, guest->lookup_pid, &guest->device);
		guest_look_done(guest, err, now);
	}
}

void guest_time_out(struct guest *guest, uint64_t now)
{
	if (guest->state == GUEST_READING) {
		guest_end(guest, "closing its connection", "it did not say which port it wants");
	} else if (guest->state == GUEST_LOOKING) {
		guest_go_on(guest, now);
	} else if (!guest->handover.answered && launcher_find(guest->device) == LAUNCHER_EXPECTED) {
		/* An early success keeps libqmi waiting for the modem, much longer. */
		proxy_open_answer(guest->handover.fd, guest->handover.frame, QMI_ERROR_NONE);
		guest->handover.answered = true;
		guest->until = now + WAIT_MS;
	} else {
		guest_refuse(guest, QMI_ERROR_INTERNAL, "cannot serve it",
			     "no instance of cuse-qmux has taken its connection");
	}
}

void guest_evict(struct guest *guest)
{
	guest_end(guest, "closing its connection", "too many connections wait");
}
