/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/cdc-wdm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "by_id.h"
#include "list.h"
#include "log.h"
#include "lookout.h"
#include "takeover.h"

#define OPEN_PAUSE     20 /* ms before a stuck port is reopened; doubles each time */
#define OPEN_PAUSE_MAX 1000
#define READ_MAX       65536

#define PORT_NODE_PATH_MAX 32

#ifdef __GLIBC__
#define WDM_MAX_COMMAND IOCTL_WDM_MAX_COMMAND
#else /* ioctl() takes an int elsewhere, as POSIX has it */
#define WDM_MAX_COMMAND ((int)IOCTL_WDM_MAX_COMMAND)
#endif

static void port_drop_claims(struct port *port)
{
	claim_drop(&port->claim);
	claim_drop(&port->id_claim);
}

static void port_unplug(struct port *port)
{
	loop_remove(port->loop, &port->watch);
	/* The next device may get the same numbers, or be the same modem. */
	port_drop_claims(port);
	port->frame = NULL;
	port->events->unplugged(port->context);
}

/* What the driver, or a terminal, has done. */

static void port_warn_of_write(struct port *port, int error)
{
	if (!port->failing)
		log_warning("%s: cannot send a request: %s", port->path, strerror(error));
	port->failing = true;
}

static void port_take_lost(struct port *port, int error)
{
	port_warn_of_write(port, error);
	port->events->lost(port->context);
}

static void port_take_failed(struct port *port, int error, bool hung_up)
{
	port->frame = NULL;
	if (error == ENODEV || hung_up) {
		port_unplug(port);
		return;
	}
	port_warn_of_write(port, error);
	port->events->failed(port->context);
}

/*
 * Takes the result of writing the frame: the number of bytes, -EAGAIN if it will be
 * written once the port is ready, or another -errno. True if the rest, which may be all
 * of it, is to be written next.
 *
 * If a frame fails after cdc-wdm has accepted it, the next write returns the error, EIO,
 * and does nothing else. So try that write again. cdc-wdm accepts a whole frame or, while
 * another is in flight, nothing; a pty may accept part of one.
 */
static bool port_take_written(struct port *port, ssize_t written, bool hung_up)
{
	bool again = port->again;

	port->again = written == -EIO && !again;
	if (port->again)
		return true;
	if (again && (written >= 0 || written == -EAGAIN))
		port_take_lost(port, EIO);
	if (written == -EAGAIN) {
		port->waits++;
		return false;
	}
	if (written < 0) {
		port_take_failed(port, (int)-written, hung_up);
		return false;
	}
	port->frame += written;
	port->frame_left -= (size_t)written;
	if (port->frame_left > 0)
		return true;
	port->frame = NULL;
	port->events->sent(port->context);
	return false;
}

static void port_take_cut(struct port *port)
{
	port->events->cut(port->context);
	log_warning("%s: a USB transfer failed; a response may have been lost", port->path);
}

static void port_take_data(struct port *port, const uint8_t *data, size_t size)
{
	port->failing = false;
	port->open_pause = OPEN_PAUSE;
	port->events->received(port->context, data, size);
}

/*
 * Takes the result of a read: 0 or -errno. False if the port was unplugged. After a read
 * that fails with EIO, the next read of a cdc-wdm returns 0 once; otherwise 0 means the
 * end.
 */
static bool port_take_no_data(struct port *port, int result, bool was_empty, bool hung_up)
{
	if ((result == 0 && was_empty) || result == -ENODEV || hung_up) {
		port_unplug(port);
		return false;
	}
	if (result == -EIO && port->resets) {
		log_warning("%s: the modem is being reset", port->path);
		port->events->reset(port->context);
	} else if (result == -EIO) {
		port_take_cut(port);
	} else if (result == -ENOBUFS) {
		port->events->cut(port->context);
		log_warning("%s: the modem sent more than the driver could hold", port->path);
	} else if (result < 0 && result != -EAGAIN && result != -EINTR) {
		log_warning("%s: cannot read: %s", port->path, strerror(-result));
	}
	return true;
}

/* False if the port was unplugged. */
static bool port_take_read(struct port *port, ssize_t size, const uint8_t *data, bool hung_up)
{
	bool was_empty = port->empty;

	port->empty = size == 0;
	if (size <= 0)
		return port_take_no_data(port, (int)size, was_empty, hung_up);
	port_take_data(port, data, (size_t)size);
	return true;
}

/* The port's driver, which may block, by threads. */

static void port_reopen(struct port *port)
{
	port->reopening = true;
	driver_reopen(port->driver, port->open_pause);
	port->open_pause *= 2;
	if (port->open_pause > OPEN_PAUSE_MAX)
		port->open_pause = OPEN_PAUSE_MAX;
}

/*
 * cdc-wdm raises EPOLLERR until a write has returned the error of the previous one. If
 * there is no such error, another transfer failed. Then EPOLLERR stays raised, and the
 * driver loses count of the responses that it must fetch. Only reopening the port
 * repairs that, and only if nobody else has it open.
 */
static void port_repair(struct port *port)
{
	if (port->open_pause == OPEN_PAUSE)
		port_take_cut(port);
	port_reopen(port);
}

static void port_read_reported(struct port *port, const struct driver_report *report)
{
	if (!port_take_read(port, report->result, report->data, report->hung_up))
		return;
	if (report->late_error)
		port_take_lost(port, report->late_error);
	if (report->result == -EAGAIN && !report->late_error)
		port_repair(port);
	else
		driver_go_on(port->driver, report);
}

static void port_write_reported(struct port *port, const struct driver_report *report)
{
	if (port_take_written(port, report->result, report->hung_up))
		driver_write(port->driver, port->frame, port->frame_left);
}

static bool port_is_gone(const struct port *port, int error)
{
	struct stat st;

	return error == ENODEV || error == ENXIO || error == ENOENT ||
	       (fstat(port->node, &st) == 0 && st.st_nlink == 0);
}

static void port_reopen_reported(struct port *port, const struct driver_report *report)
{
	int error = -report->result;

	if (error && port_is_gone(port, error)) {
		port_unplug(port);
	} else if (error) {
		log_warning("%s: cannot reopen: %s", port->path, strerror(error));
		port_reopen(port);
	} else {
		port->reopening = false;
		driver_go_on(port->driver, report);
		if (port->frame)
			driver_write(port->driver, port->frame, port->frame_left);
	}
}

static void port_take_report(struct port *port, const struct driver_report *report)
{
	if (report->call == DRIVER_READ)
		port_read_reported(port, report);
	else if (report->call == DRIVER_WRITE)
		port_write_reported(port, report);
	else
		port_reopen_reported(port, report);
}

static void port_report_ready(struct watch *watch, uint32_t events)
{
	struct port *port = container_of(watch, struct port, watch);
	struct driver_report report;

	(void)events;
	if (loop_read(port->loop, watch) != sizeof(report))
		return;
	memcpy(&report, watch->buffer, sizeof(report));
	port_take_report(port, &report);
}

/* A terminal, which never blocks. */

static bool port_hung_up(const struct port *port)
{
	struct pollfd pollfd = {.fd = port->fd};

	return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & POLLHUP);
}

static void port_write_terminal(struct port *port)
{
	ssize_t written;

	do {
		written = write(port->fd, port->frame, port->frame_left);
		if (written < 0)
			written = -errno;
	} while (port_take_written(port, written, written < 0 && port_hung_up(port)));
	if (port->frame)
		loop_await_writable(port->loop, &port->watch);
}

static void port_terminal_ready(struct watch *watch, uint32_t events)
{
	struct port *port = container_of(watch, struct port, watch);
	ssize_t size;

	if ((events & EPOLLOUT) && port->frame) {
		port_write_terminal(port);
		return;
	}
	size = loop_read(port->loop, watch);
	port_take_read(port, size, watch->buffer, size <= 0 && port_hung_up(port));
}

bool port_idle(const struct port *port)
{
	return !port->frame && !port->reopening;
}

static void port_write_frame(struct port *port)
{
	if (port->driver)
		driver_write(port->driver, port->frame, port->frame_left);
	else
		port_write_terminal(port);
}

void port_write(struct port *port, const uint8_t *frame, size_t size)
{
	assert(port_idle(port));
	port->frame = frame;
	port->frame_left = size;
	port_write_frame(port);
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
	identity_find(modem, port->device);
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

bool port_find_limit(struct port *port, int fd)
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
	char name[CLAIM_PORT_MAX];
	pid_t owner;
	int err;

	claim_port_name(name, device);
	err = claim_take(&port->claim, name, &owner);
	if (err == -EBUSY)
		log_error("%s is already shared by another cuse-qmux (pid %d)", path, (int)owner);
	else if (err < 0)
		log_warning("%s: cannot keep another cuse-qmux away: %s", path, strerror(-err));
	return err != -EBUSY;
}

/* Finds the port, without opening it. Returns 0 or -errno. */
static int port_find(struct port *port, const char *path, struct stat *st)
{
	bool known;

	*st = (struct stat){0};
	if (!realpath(path, port->path))
		return -errno;
	known = takeover_resolve(port->path, &port->device);
	if (stat(port->path, st) < 0)
		return -errno;
	if (!known)
		port->device = st->st_rdev;
	return S_ISCHR(st->st_mode) && port->device == 0 ? -ENOENT : 0;
}

/* The path of the node itself, whatever name it has. */
static void port_node_path(const struct port *port, char path[PORT_NODE_PATH_MAX])
{
	snprintf(path, PORT_NODE_PATH_MAX, "/proc/self/fd/%d", port->node);
}

/* Returns a descriptor or -errno. */
static int port_open_node(struct port *port)
{
	char path[PORT_NODE_PATH_MAX];
	struct stat st;
	int fd;

	port->node = open(port->path, O_PATH | O_CLOEXEC);
	if (port->node < 0 || fstat(port->node, &st) < 0)
		return -errno;
	if (st.st_rdev != port->device)
		return -ENODEV;
	port_node_path(port, path);
	fd = open(path, PORT_OPEN_FLAGS);
	return fd < 0 ? -errno : fd;
}

/* On false the reason has been logged. */
static bool port_open_device(struct port *port, const char *path)
{
	struct stat st;
	int fd = port_find(port, path, &st);

	if (fd < 0) {
		port_explain(path, -fd);
		return false;
	}
	port->unsuitable = !port_check(port, path, &st);
	if (port->unsuitable || !port_claim(port, path, port->device))
		return false;
	fd = port_open_node(port);
	if (fd < 0) {
		port_explain(path, -fd);
		return false;
	}
	port->unsuitable = !port_find_limit(port, fd);
	if (port->unsuitable) {
		close(fd);
		return false;
	}
	by_id_take(&port->id_claim, &port->modem, port->path);
	port_make_raw(fd);
	port->fd = fd;
	return true;
}

void port_init(struct port *port)
{
	*port = (struct port){.fd = -1,
			      .node = -1,
			      .open_pause = OPEN_PAUSE,
			      .claim = {.fd = -1},
			      .id_claim = {.fd = -1}};
}

bool port_open(struct port *port, const char *path)
{
	port_init(port);
	if (port_open_device(port, path))
		return true;
	port_close(port);
	return false;
}

/* Returns 0 or -errno. */
static int port_watch_driver(struct port *port)
{
	char path[PORT_NODE_PATH_MAX];
	int err;

	port_node_path(port, path);
	err = driver_start(&port->driver, path, port->fd);
	if (err < 0)
		return err;
	port->watch.fd = driver_socket(port->driver);
	port->watch.ready = port_report_ready;
	port->watch.read_max = sizeof(struct driver_report);
	return loop_add(port->loop, &port->watch);
}

/* Returns 0 or -errno. */
static int port_watch_terminal(struct port *port)
{
	port->watch.fd = port->fd;
	port->watch.ready = port_terminal_ready;
	port->watch.read_max = READ_MAX;
	return loop_add(port->loop, &port->watch);
}

bool port_start(struct port *port, struct loop *loop, const struct port_events *events,
		void *context)
{
	int err;

	port->loop = loop;
	port->events = events;
	port->context = context;
	lookout_at(loop, port->path, port->device);
	err = port_gives_messages(port) ? port_watch_driver(port) : port_watch_terminal(port);
	if (err < 0)
		log_error("cannot watch %s: %s", port->path, strerror(-err));
	else if (port->frame)
		port_write_frame(port);
	return err == 0;
}

bool port_can_be_left(const struct port *port)
{
	return !port->reopening;
}

static void port_left_report(void *context, const struct driver_report *report)
{
	port_take_report(context, report);
}

int port_leave(struct port *port)
{
	int fd = port->fd;

	loop_drain(port->loop, &port->watch);
	/* The driver passes on what the loop has not. */
	if (port->driver)
		fd = driver_release(port->driver, port_left_report, port);
	port->driver = NULL;
	port->fd = -1;
	return fd;
}

bool port_gives_messages(const struct port *port)
{
	return !isatty(port->fd);
}

void port_close(struct port *port)
{
	if (port->loop)
		loop_remove(port->loop, &port->watch);
	if (port->driver && !driver_stop(port->driver))
		log_warning("%s: its driver does not return", port->path);
	if (!port->driver && port->fd >= 0)
		close(port->fd);
	if (port->node >= 0)
		close(port->node);
	port_drop_claims(port);
	free(port->rest);
	port->rest = NULL;
	port->loop = NULL;
	port->driver = NULL;
	port->fd = port->node = -1;
}
