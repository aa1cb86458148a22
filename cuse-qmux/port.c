/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/cdc-wdm.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "list.h"
#include "log.h"
#include "lookout.h"

#define OPEN_FLAGS     (O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define OPEN_PAUSE     20 /* ms to wait for the command in flight; doubles each time */
#define OPEN_PAUSE_MAX 1000
#define READ_MAX       65536

#ifdef __GLIBC__
#define WDM_MAX_COMMAND IOCTL_WDM_MAX_COMMAND
#else /* ioctl() takes an int elsewhere, as POSIX has it */
#define WDM_MAX_COMMAND ((int)IOCTL_WDM_MAX_COMMAND)
#endif

static void port_unplug(struct port *port)
{
	loop_remove(port->loop, &port->watch);
	/* The next device may get the same numbers. */
	claim_drop(&port->claim);
	port->frame = NULL;
	port->events->unplugged(port->context);
}

static bool port_hung_up(const struct port *port)
{
	struct pollfd pollfd = {.fd = port->watch.fd};

	return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & POLLHUP);
}

static void port_warn_of_write(struct port *port, int error)
{
	if (!port->failing)
		log_warning("%s: cannot send a request: %s", port->path, strerror(error));
	port->failing = true;
}

static void port_write_failed(struct port *port, int error)
{
	port->frame = NULL;
	if (error == ENODEV || port_hung_up(port)) {
		port_unplug(port);
		return;
	}
	port_warn_of_write(port, error);
	port->events->failed(port->context);
}

/* Returns the number of bytes written, or -errno. */
static ssize_t port_write_once(const struct port *port)
{
	ssize_t written = write(port->watch.fd, port->frame, port->frame_left);

	return written < 0 ? -errno : written;
}

/*
 * If a frame fails after cdc-wdm has accepted it, the next write returns the error and
 * does nothing else. So try that write again.
 */
static ssize_t port_write_once_more(struct port *port)
{
	ssize_t written = port_write_once(port);

	if (written >= 0 || written == -EAGAIN) {
		port_warn_of_write(port, EIO);
		port->events->lost(port->context);
	}
	return written;
}

/*
 * cdc-wdm accepts a whole frame or, while another is in flight, nothing; a pty may
 * accept part of one.
 */
static void port_write_rest(struct port *port)
{
	ssize_t written = port_write_once(port);

	if (written == -EIO)
		written = port_write_once_more(port);
	if (written == -EAGAIN || written == -EINTR)
		return;
	if (written < 0) {
		port_write_failed(port, (int)-written);
		return;
	}
	port->frame += written;
	port->frame_left -= (size_t)written;
	if (port->frame_left > 0)
		return;
	port->frame = NULL;
	port->events->sent(port->context);
}

static void port_go_on_writing(struct port *port)
{
	port_write_rest(port);
	if (!port->frame)
		return;
	port->waits++;
	loop_await_writable(port->loop, &port->watch);
}

static void port_open_later(struct port *port)
{
	port->open_at = port->loop->now + port->open_pause;
	port->open_pause *= 2;
	if (port->open_pause > OPEN_PAUSE_MAX)
		port->open_pause = OPEN_PAUSE_MAX;
}

static void port_warn_of_transfer(const struct port *port)
{
	log_warning("%s: a USB transfer failed; a response may have been lost", port->path);
}

/*
 * Returns false if there was nothing to read. After a read that fails with EIO, the
 * next read of a cdc-wdm returns 0 once; otherwise 0 means the end.
 */
static bool port_read_some(struct port *port)
{
	ssize_t size = loop_read(port->loop, &port->watch);
	bool end = size == 0 && port->empty;

	port->empty = size == 0;
	if (size > 0) {
		port->failing = false;
		port->open_pause = OPEN_PAUSE;
		port->events->received(port->context, port->watch.buffer, (size_t)size);
	} else if (end || size == -ENODEV || port_hung_up(port)) {
		port_unplug(port);
	} else if (size == 0) {
		return true;
	} else if (size == -EIO && port->resets) {
		log_warning("%s: the modem is being reset", port->path);
		port->events->reset(port->context);
	} else if (size == -EIO) {
		port_warn_of_transfer(port);
	} else if (size == -ENOBUFS) {
		log_warning("%s: the modem sent more than the driver could hold", port->path);
	} else if (size == -EAGAIN) {
		return false;
	} else if (size != -EINTR) {
		log_warning("%s: cannot read: %s", port->path, strerror((int)-size));
	}
	return true;
}

/*
 * cdc-wdm raises EPOLLERR until a write has returned the error of the previous one. If
 * there is no such error, another transfer failed. Then EPOLLERR stays raised, and the
 * driver loses count of the responses that it must fetch. Only reopening the port
 * repairs that, and only if nobody else has it open.
 */
static void port_take_late_error(struct port *port)
{
	if (write(port->watch.fd, "", 0) < 0 && errno != EAGAIN) {
		port_warn_of_write(port, errno);
		port->events->lost(port->context);
		return;
	}
	if (port->open_pause == OPEN_PAUSE)
		port_warn_of_transfer(port);
	loop_remove(port->loop, &port->watch);
	port_open_later(port);
}

static bool port_is_gone(int error)
{
	return error == ENODEV || error == ENXIO || error == ENOENT;
}

/* Returns 0 or -errno. */
static int port_open_and_watch(struct port *port)
{
	int err;

	port->watch.fd = open(port->path, OPEN_FLAGS);
	if (port->watch.fd < 0)
		return -errno;
	err = loop_add(port->loop, &port->watch);
	if (err < 0) {
		close(port->watch.fd);
		port->watch.fd = -1;
	}
	return err;
}

static void port_open_anew(struct port *port)
{
	int err;

	port->open_at = UINT64_MAX;
	if (port->watch.fd >= 0)
		close(port->watch.fd);
	err = port_open_and_watch(port);
	if (err == 0 && port->frame) {
		port_go_on_writing(port);
	} else if (port_is_gone(-err)) {
		port_unplug(port);
	} else if (err < 0) {
		log_warning("%s: cannot reopen: %s", port->path, strerror(-err));
		port_open_later(port);
	}
}

uint64_t port_deadline(const struct port *port)
{
	return port->open_at;
}

void port_tick(struct port *port)
{
	struct pollfd pollfd = {.fd = port->watch.fd, .events = POLLOUT};

	if (port->open_at > port->loop->now)
		return;
	/* While a command is in flight, close() would wait for it. */
	if (port->watch.fd < 0 ||
	    (poll(&pollfd, 1, 0) > 0 && (pollfd.revents & (POLLOUT | POLLHUP))))
		port_open_anew(port);
	else
		port->open_at = port->loop->now + OPEN_PAUSE;
}

static void port_ready(struct watch *watch, uint32_t events)
{
	struct port *port = container_of(watch, struct port, watch);

	assert(port->open_at == UINT64_MAX);
	if ((events & EPOLLOUT) && port->frame) {
		port_go_on_writing(port);
	} else if (!port_read_some(port) && (events & EPOLLERR)) {
		port_take_late_error(port);
	}
}

bool port_idle(const struct port *port)
{
	return !port->frame && port->open_at == UINT64_MAX;
}

void port_write(struct port *port, const uint8_t *frame, size_t size)
{
	assert(port_idle(port));
	port->frame = frame;
	port->frame_left = size;
	port_go_on_writing(port);
}

const char *port_basename(const struct port *port)
{
	return strrchr(port->path, '/') + 1;
}

/* True if the port is suitable; otherwise the reason has been logged. */
static bool port_check(struct port *port, const char *path, const struct stat *st)
{
	struct identity *modem = &port->modem;

	if (!S_ISCHR(st->st_mode)) {
		log_error("%s is not a character device: name the modem's QMI port, for instance "
			  "/dev/cdc-wdm0",
			  path);
		return false;
	}
	identity_find(modem, st->st_rdev);
	if (modem->kind == MODEM_MBIM) {
		log_error("%s speaks MBIM (%s), which is not supported", path, modem->name);
		return false;
	}
	/*
	 * A reset of the USB device unbinds a recognised modem's driver, so its port goes
	 * away. With cdc-wdm's own driver the port stays, and reads report the reset.
	 */
	port->resets = modem->kind == MODEM_UNKNOWN;
	if (modem->kind == MODEM_UNKNOWN)
		log_warning("%s is not recognised as a QMI port; continuing anyway", path);
	else
		log_info("%s: %s", path, modem->name);
	return true;
}

/* A terminal would edit and echo the data as if it were text. */
static void port_make_raw(int fd)
{
	struct termios termios;

	if (tcgetattr(fd, &termios) < 0)
		return;
	cfmakeraw(&termios);
	tcsetattr(fd, TCSANOW, &termios);
}

static void port_explain(const char *path, int error)
{
	if (error == ENOENT)
		log_error("no such port: %s; is the modem plugged in, and is its driver loaded?",
			  path);
	else if (error == EACCES || error == EPERM)
		log_error("not permitted to open %s: run as root", path);
	else if (error == EBUSY)
		log_error("%s is in use by another program, and allows only one", path);
	else
		log_error("cannot open %s: %s", path, strerror(error));
}

/* True if the limit is one to work with; otherwise the reason has been logged. */
static bool port_find_limit(struct port *port, int fd)
{
	__u16 limit;

	port->frame_max = PORT_FRAME_MAX;
	if (ioctl(fd, WDM_MAX_COMMAND, &limit) == 0)
		port->frame_max = limit;
	if (port->frame_max >= PORT_FRAME_MIN)
		return true;
	log_error("%s takes frames of at most %zu bytes, and QMI needs %d", port->path,
		  port->frame_max, PORT_FRAME_MIN);
	return false;
}

/* False if another instance has the port, which has been logged. */
static bool port_claim(struct port *port, const char *path, dev_t device)
{
	pid_t owner;
	int err = claim_take(&port->claim, device, &owner);

	if (err == -EBUSY)
		log_error("%s is already shared by another cuse-qmux (pid %d)", path, (int)owner);
	else if (err < 0)
		log_warning("%s: cannot keep another cuse-qmux away: %s", path, strerror(-err));
	return err != -EBUSY;
}

/* On false the reason has been logged. */
static bool port_open_device(struct port *port, const char *path)
{
	struct stat st;
	int fd;

	if (!realpath(path, port->path) || stat(port->path, &st) < 0) {
		port_explain(path, errno);
		return false;
	}
	port->unsuitable = !port_check(port, path, &st);
	if (port->unsuitable || !port_claim(port, path, st.st_rdev))
		return false;
	fd = open(port->path, OPEN_FLAGS);
	if (fd < 0) {
		port_explain(path, errno);
		return false;
	}
	port->unsuitable = !port_find_limit(port, fd);
	if (port->unsuitable) {
		close(fd);
		return false;
	}
	lookout_at(port->loop, port->path, st.st_rdev);
	port_make_raw(fd);
	port->watch.fd = fd;
	return true;
}

bool port_open(struct port *port, const char *path, struct loop *loop,
	       const struct port_events *events, void *context)
{
	int err;

	*port = (struct port){
		.loop = loop,
		.events = events,
		.context = context,
		.open_at = UINT64_MAX,
		.open_pause = OPEN_PAUSE,
		.claim = {.fd = -1},
	};
	port->watch.ready = port_ready;
	port->watch.read_max = READ_MAX;
	if (!port_open_device(port, path)) {
		claim_drop(&port->claim);
		return false;
	}
	err = loop_add(loop, &port->watch);
	if (err < 0) {
		log_error("cannot watch %s: %s", port->path, strerror(-err));
		close(port->watch.fd);
		claim_drop(&port->claim);
		return false;
	}
	return true;
}

void port_close(struct port *port)
{
	loop_remove(port->loop, &port->watch);
	close(port->watch.fd);
	claim_drop(&port->claim);
}
