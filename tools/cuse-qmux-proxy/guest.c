/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "frame.h"
#include "launcher.h"
#include "log.h"
#include "lookup.h"

#define READ_MS 5000  /* for the first frame */
#define LOOK_MS 4000  /* for a path: libqmi's clients wait 5 s for an answer, and try once */
#define OPEN_MS 500   /* for an instance, before the answer */
#define WAIT_MS 60000 /* and after it */

struct guest *guest_create(int fd)
{
	struct guest *guest = malloc(sizeof(*guest));

	if (!guest || peer_find(&guest->peer, fd) < 0) {
		free(guest);
		close(fd);
		return NULL;
	}
	guest->state = GUEST_HELD;
	guest->have = 0;
	guest->until = 0;
	guest->handover.fd = fd;
	guest->handover.answered = false;
	list_init(&guest->link);
	return guest;
}

void guest_hold(struct guest *guest, uint64_t until)
{
	guest->until = until;
}

void guest_destroy(struct guest *guest)
{
	if (guest->state == GUEST_LOOKING)
		lookup_finish(guest->lookup_fd, guest->lookup_pid, &guest->device);
	list_remove(&guest->link);
	close(guest->handover.fd);
	free(guest);
}

/* For messages. */
static const char *guest_name(const struct guest *guest)
{
	static char name[PEER_NAME_MAX];

	peer_describe(&guest->peer, name);
	return name;
}

static const char *guest_path(const struct guest *guest)
{
	static char path[PATH_MAX];

	return proxy_open_path(guest->handover.frame, path) < 0 ? "?" : path;
}

/* The caller has logged the reason. */
static void guest_refuse(struct guest *guest, uint16_t error)
{
	if (!guest->handover.answered)
		proxy_open_answer(guest->handover.fd, guest->handover.frame, error);
	guest->state = GUEST_ENDED;
}

static void guest_refuse_device(struct guest *guest)
{
	log_warning("%s asks for %s, which is not a QMI port of a modem", guest_name(guest),
		    guest_path(guest));
	guest_refuse(guest, QMI_ERROR_NOT_SUPPORTED);
}

/* There is no instance for its device. */
static void guest_lack_instance(struct guest *guest, uint64_t now)
{
	enum launcher_port port = launcher_find(guest->device);

	if (port == LAUNCHER_NO_PORT)
		guest_refuse_device(guest);
	else if (port == LAUNCHER_FREE)
		launcher_start(guest->device, now);
}

static void guest_refuse_for_now(struct guest *guest, int error)
{
	log_warning("%s: cannot pass its connection for %s on: %s", guest_name(guest),
		    guest_path(guest), strerror(error));
	guest_refuse(guest, QMI_ERROR_INTERNAL);
}

void guest_try(struct guest *guest, uint64_t now)
{
	int err = handover_send(guest->device, &guest->handover);

	if (err == 0)
		guest->state = GUEST_ENDED;
	else if (err == -ENOENT)
		guest_lack_instance(guest, now);
	else if (err != -EAGAIN)
		guest_refuse_for_now(guest, -err);
}

/* err: of the lookup. */
static void guest_look_done(struct guest *guest, int err, uint64_t now)
{
	if (err == -ENODEV) {
		guest_refuse_device(guest);
	} else if (err < 0) {
		log_warning("%s asks for %s: %s", guest_name(guest), guest_path(guest),
			    strerror(-err));
		guest_refuse(guest, QMI_ERROR_NOT_SUPPORTED);
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
		guest_refuse_for_now(guest, -guest->lookup_fd);
		return;
	}
	guest->state = GUEST_LOOKING;
	guest->until = now + LOOK_MS;
}

/*
 * A port's own name leads to a node (V27), to that of an instance that was killed, or for a
 * moment nowhere, so the kernel is asked.
 */
static bool guest_names_port(const char *path, dev_t *device)
{
	static const char directory[] = "/dev/";
	const char *name = path + sizeof(directory) - 1;

	return strncmp(path, directory, sizeof(directory) - 1) == 0 && !strchr(name, '/') &&
	       (device_number("usbmisc", name, device) == 0 ||
		device_number("wwan", name, device) == 0);
}

static void guest_take_path(struct guest *guest, const char *path, uint64_t now)
{
	if (guest_names_port(path, &guest->device)) {
		guest_look_done(guest, 0, now);
		return;
	}
	if (strncmp(path, "qrtr://", 7) != 0) {
		guest_look(guest, path, now);
		return;
	}
	log_warning("%s asks for %s: QRTR is not supported", guest_name(guest), path);
	guest_refuse(guest, QMI_ERROR_NOT_SUPPORTED);
}

static void guest_take_frame(struct guest *guest, uint64_t now)
{
	char path[PATH_MAX];
	int err = proxy_open_path(guest->handover.frame, path);

	if (!guest->peer.permitted) {
		log_warning("%s is denied access: it is neither root's nor in the group",
			    guest_name(guest));
		guest_refuse(guest, QMI_ERROR_ACCESS_DENIED);
	} else if (err == -ENODATA) {
		log_warning("%s does not say which port it wants", guest_name(guest));
		guest_refuse(guest, QMI_ERROR_MISSING_ARGUMENT);
	} else if (err < 0) {
		log_warning("%s does not begin with Internal Proxy Open", guest_name(guest));
		guest_refuse(guest, QMI_ERROR_NOT_SUPPORTED);
	} else {
		guest_take_path(guest, path, now);
	}
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
	if (scan == FRAME_WHOLE) {
		guest_take_frame(guest, now);
		return;
	}
	log_warning("%s sends what is not a QMI request", guest_name(guest));
	guest->state = GUEST_ENDED;
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
	if (guest->state == GUEST_HELD) {
		guest->state = GUEST_READING;
		guest->until = now + READ_MS;
		/* Most have sent their first frame already. */
		guest_go_on(guest, now);
	} else if (guest->state == GUEST_READING) {
		log_warning("%s has not sent anything for %d s", guest_name(guest), READ_MS / 1000);
		guest->state = GUEST_ENDED;
	} else if (guest->state == GUEST_LOOKING) {
		guest_go_on(guest, now);
	} else if (!guest->handover.answered && launcher_find(guest->device) != LAUNCHER_NO_PORT) {
		/* An early success keeps libqmi waiting for the modem, much longer. */
		proxy_open_answer(guest->handover.fd, guest->handover.frame, QMI_ERROR_NONE);
		guest->handover.answered = true;
		guest->until = now + WAIT_MS;
	} else {
		log_warning("%s asks for %s, and no instance of cuse-qmux takes its connection",
			    guest_name(guest), guest_path(guest));
		guest_refuse(guest, QMI_ERROR_INTERNAL);
	}
}

void guest_evict(struct guest *guest)
{
	log_warning("closing a connection of %s: too many of them do not say what they want",
		    guest_name(guest));
	if (guest->state == GUEST_LOOKING)
		lookup_finish(guest->lookup_fd, guest->lookup_pid, &guest->device);
	guest->state = GUEST_ENDED;
}
