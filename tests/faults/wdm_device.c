/* SPDX-License-Identifier: GPL-2.0-or-later */
#define FUSE_USE_VERSION 31

#include "wdm_device.h"

#include <cuse_lowlevel.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <linux/usb/cdc-wdm.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "frame.h"

#define IN_MAX 1048576

/* A call that blocks. Each kind comes from a single thread, so one of a kind is enough. */
struct held {
	fuse_req_t req; /* NULL: none */
	struct fuse_file_info info;
	size_t size;
	char data[WDM_LIMIT]; /* of a write */
};

struct device {
	struct fuse_session *fuse;
	struct fuse_pollhandle *poll;
	struct wdm_report *report;
	int line; /* the port behind it */
	int orders;
	unsigned char failing; /* number of writes that will fail */
	unsigned char losing;  /* number of writes that will be lost */
	bool has_lost;         /* the next write reports it */
	bool resetting;
	bool in_flight;
	bool error;           /* POLLERR */
	int gone;             /* unplugged: errno of every operation */
	int refusal;          /* errno of open() */
	unsigned char limit;  /* to report, if not WDM_LIMIT */
	int write_error;      /* errno of the next write, or 0 */
	bool busy_after;      /* the write after that gets EAGAIN */
	int reads_error;      /* errno of every read, or 0 */
	int read_error;       /* errno of the next read, or 0 */
	unsigned int nothing; /* number of reads that will return 0 */
	unsigned char holds;  /* enum wdm_call */
	struct held read;
	struct held write;
	struct held open;
	size_t in_len;
	size_t out_len;
	uint8_t in[IN_MAX]; /* from the modem */
	uint8_t out[WDM_LIMIT];
};

static struct device *device_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static void interrupted(fuse_req_t req, void *held)
{
	((struct held *)held)->req = NULL;
	fuse_reply_err(req, EINTR);
}

/* True if the call blocks. */
static bool hold(fuse_req_t req, enum wdm_call call, struct held *held,
		 const struct fuse_file_info *info)
{
	struct device *d = device_of(req);

	if (!(d->holds & call))
		return false;
	if (held->req)
		_exit(1);
	held->req = req;
	held->info = *info;
	d->report->held++;
	if (call != WDM_OPENS && !(d->holds & WDM_DEAF))
		fuse_req_interrupt_func(req, interrupted, held);
	return true;
}

static void serve_open(fuse_req_t req, struct fuse_file_info *info)
{
	struct device *d = device_of(req);

	if (hold(req, WDM_OPENS, &d->open, info))
		return;
	d->report->opened++;
	if (d->gone || d->refusal) {
		fuse_reply_err(req, d->gone ? d->gone : d->refusal);
		return;
	}
	d->error = false;
	info->nonseekable = 1;
	fuse_reply_open(req, info);
}

static void serve_release(fuse_req_t req, struct fuse_file_info *info)
{
	struct device *d = device_of(req);

	(void)info;
	d->report->closed++;
	d->report->hasty += d->in_flight || d->out_len > 0;
	fuse_reply_err(req, 0);
}

/* Replies with a pending read error or empty read. False if there is none. */
static bool fail_read(struct device *d, fuse_req_t req)
{
	int error = d->gone ? d->gone : d->read_error;

	if (!error && d->reads_error) {
		d->report->bad_reads++;
		fuse_reply_err(req, d->reads_error);
		return true;
	}
	if (!error && d->nothing == 0)
		return false;
	d->read_error = 0;
	if (error) {
		d->nothing = error == EIO;
		fuse_reply_err(req, error);
	} else {
		d->nothing--;
		fuse_reply_buf(req, NULL, 0);
	}
	return true;
}

static void serve_read(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct device *d = device_of(req);

	(void)offset;
	d->read.size = size;
	if (hold(req, WDM_READS, &d->read, info) || fail_read(d, req))
		return;
	if (d->in_len == 0) {
		fuse_reply_err(req, EAGAIN);
		return;
	}
	if (size > d->in_len)
		size = d->in_len;
	d->report->delivered += (unsigned int)size;
	fuse_reply_buf(req, (const char *)d->in, size);
	d->in_len -= size;
	memmove(d->in, d->in + size, d->in_len);
}

/* Bytes that the line does not accept yet hold up the next frame like one in flight. */
static void write_out(struct device *d)
{
	ssize_t n = d->out_len ? write(d->line, d->out, d->out_len) : 0;

	if (n <= 0)
		return;
	d->out_len -= (size_t)n;
	memmove(d->out, d->out + n, d->out_len);
}

static void wake(struct device *d)
{
	if (!d->poll)
		return;
	fuse_lowlevel_notify_poll(d->poll);
	fuse_pollhandle_destroy(d->poll);
	d->poll = NULL;
}

static bool is_one_frame(const char *data, size_t size)
{
	size_t frame;

	return size <= WDM_LIMIT &&
	       frame_scan((const uint8_t *)data, size, FRAME_FROM_APP, &frame) == FRAME_WHOLE &&
	       frame == size;
}

/* Replies with a pending write error. False if there is none. */
static bool fail_write(struct device *d, fuse_req_t req)
{
	int error = d->gone ? d->gone : d->write_error;

	if (!error)
		return false;
	d->report->failed++;
	d->write_error = 0;
	if (d->busy_after) {
		d->busy_after = false;
		d->write_error = EAGAIN;
		wake(d);
	}
	fuse_reply_err(req, error);
	return true;
}

static void serve_write(fuse_req_t req, const char *data, size_t size, off_t offset,
			struct fuse_file_info *info)
{
	struct device *d = device_of(req);

	(void)offset;
	if (hold(req, WDM_WRITES, &d->write, info)) {
		d->write.size = size < WDM_LIMIT ? size : WDM_LIMIT;
		memcpy(d->write.data, data, d->write.size);
		return;
	}
	if (fail_write(d, req))
		return;
	if (d->has_lost) {
		d->has_lost = false;
		d->report->failed++;
		fuse_reply_err(req, EIO);
	} else if (size == 0) {
		fuse_reply_write(req, 0);
	} else if (d->out_len > 0 || d->in_flight) {
		fuse_reply_err(req, EAGAIN);
	} else if (!is_one_frame(data, size)) {
		d->report->wrong++;
		fuse_reply_err(req, EINVAL);
	} else if (d->failing || d->resetting) {
		d->report->failed++;
		if (d->failing && d->failing != WDM_ALL)
			d->failing--;
		fuse_reply_err(req, EIO);
	} else if (d->losing) {
		d->losing--;
		d->has_lost = true;
		fuse_reply_write(req, size);
	} else {
		memcpy(d->out, data, size);
		d->out_len = size;
		write_out(d);
		fuse_reply_write(req, size);
	}
}

static void serve_poll(fuse_req_t req, struct fuse_file_info *info, struct fuse_pollhandle *handle)
{
	struct device *d = device_of(req);
	unsigned int events = 0;

	(void)info;
	if (handle && d->poll)
		fuse_pollhandle_destroy(d->poll);
	if (handle)
		d->poll = handle;
	d->report->polled++;
	if (d->in_len > 0 || d->read_error || d->reads_error || d->nothing > 0 || d->gone)
		events |= POLLIN;
	if (d->out_len == 0 && !d->in_flight)
		events |= POLLOUT;
	if (d->error || d->gone)
		events |= POLLERR;
	if (d->gone && d->gone != ENODEV)
		events |= POLLHUP;
	fuse_reply_poll(req, events);
}

static void serve_ioctl(fuse_req_t req, int command, void *arg, struct fuse_file_info *info,
			unsigned int flags, const void *in, size_t in_size, size_t out_size)
{
	unsigned char low = device_of(req)->limit;
	__u16 limit = low ? low : WDM_LIMIT;

	(void)arg;
	(void)info;
	(void)flags;
	(void)in;
	(void)in_size;
	(void)out_size;
	if ((unsigned int)command == IOCTL_WDM_MAX_COMMAND)
		fuse_reply_ioctl(req, 0, &limit, sizeof(limit));
	else
		fuse_reply_err(req, ENOTTY);
}

/* Confirms an order, or, before the first, that the device exists. */
static void confirm(const struct device *d)
{
	if (write(d->orders, "", 1) != 1)
		_exit(1);
}

static void serve_init_done(void *userdata)
{
	confirm(userdata);
}

static const struct cuse_lowlevel_ops operations = {
	.init_done = serve_init_done,
	.open = serve_open,
	.release = serve_release,
	.read = serve_read,
	.write = serve_write,
	.poll = serve_poll,
	.ioctl = serve_ioctl,
};

static fuse_req_t let_go_of(struct held *held)
{
	fuse_req_t req = held->req;

	held->req = NULL;
	if (req)
		fuse_req_interrupt_func(req, NULL, NULL);
	return req;
}

/* The calls that block go on once they are not to be held any more. */
static void hold_only(struct device *d, unsigned char calls)
{
	fuse_req_t req;

	d->holds = calls;
	if (!(calls & WDM_READS) && (req = let_go_of(&d->read)))
		serve_read(req, d->read.size, 0, &d->read.info);
	if (!(calls & WDM_WRITES) && (req = let_go_of(&d->write)))
		serve_write(req, d->write.data, d->write.size, 0, &d->write.info);
	if (!(calls & WDM_OPENS) && (req = let_go_of(&d->open)))
		serve_open(req, &d->open.info);
}

static void obey(struct device *d, enum order order, unsigned char value)
{
	switch (order) {
	case ORDER_FAIL_WRITES:
		d->failing = value;
		break;
	case ORDER_LOSE_WRITES:
		d->losing = value;
		break;
	case ORDER_FAIL_WRITE:
		d->write_error = value;
		break;
	case ORDER_FAIL_WRITE_TWICE:
		d->write_error = EIO;
		d->busy_after = true;
		break;
	case ORDER_FAIL_READ:
		d->read_error = value == WDM_END ? 0 : value;
		d->nothing = value == WDM_END ? 2 : 0;
		break;
	case ORDER_FAIL_READS:
		d->reads_error = value;
		break;
	case ORDER_BEGIN_COMMAND:
	case ORDER_END_COMMAND:
		d->in_flight = order == ORDER_BEGIN_COMMAND;
		break;
	case ORDER_RAISE_ERROR:
		d->error = true;
		break;
	case ORDER_REFUSE:
		d->refusal = value;
		break;
	case ORDER_LIMIT:
		d->limit = value;
		break;
	case ORDER_UNPLUG:
		d->gone = value;
		break;
	case ORDER_BEGIN_RESET:
		d->resetting = true;
		break;
	case ORDER_HOLD:
		hold_only(d, value);
		break;
	case ORDER_END_RESET:
		d->resetting = false;
		d->read_error = EIO;
		break;
	}
}

static void take_order(struct device *d)
{
	unsigned char order[2];

	if (read(d->orders, order, sizeof(order)) != sizeof(order))
		_exit(0);
	obey(d, order[0], order[1]);
	wake(d);
	confirm(d);
}

static void take_line(struct device *d)
{
	ssize_t n = read(d->line, d->in + d->in_len, IN_MAX - d->in_len);

	if (n > 0)
		d->in_len += (size_t)n;
	if (d->resetting && d->in_len + d->out_len > 0) {
		d->report->lost += (unsigned int)(d->in_len + d->out_len);
		d->in_len = 0;
		d->out_len = 0;
	}
	if (n > 0)
		wake(d);
}

static void serve_fuse(struct device *d, struct fuse_buf *buffer)
{
	int n = fuse_session_receive_buf(d->fuse, buffer);

	if (n > 0)
		fuse_session_process_buf(d->fuse, buffer);
	else if (n != -EAGAIN && n != -EINTR)
		_exit(0);
}

static void run(struct device *d)
{
	struct fuse_buf buffer = {0};

	for (;;) {
		struct pollfd wait[3] = {
			{.fd = fuse_session_fd(d->fuse), .events = POLLIN},
			{.fd = d->line, .events = POLLIN},
			{.fd = d->orders, .events = POLLIN},
		};
		bool was_full = d->out_len > 0;

		if (d->in_len > IN_MAX / 2)
			wait[1].events = 0;
		if (was_full)
			wait[1].events |= POLLOUT;
		if (poll(wait, 3, was_full ? 20 : -1) < 0)
			continue;
		if (wait[0].revents)
			serve_fuse(d, &buffer);
		if (wait[1].revents & POLLHUP)
			_exit(0);
		if (wait[1].revents & POLLIN)
			take_line(d);
		/* A pty may report late, or never, that its buffer has room again. */
		write_out(d);
		if (was_full && d->out_len == 0)
			wake(d);
		if (wait[2].revents)
			take_order(d);
	}
}

static int open_line(const char *port)
{
	int fd = open(port, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct termios raw;

	if (fd < 0 || tcgetattr(fd, &raw) < 0)
		_exit(1);
	cfmakeraw(&raw);
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

void wdm_device(int orders, struct wdm_report *report, const char *port)
{
	static struct device device;
	static char program[] = "wdm", foreground[] = "-f", single[] = "-s";
	char *argv[] = {program, foreground, single, NULL};
	const char *device_info[] = {"DEVNAME=" WDM_NAME};
	struct cuse_info info = {.dev_info_argc = 1, .dev_info_argv = device_info};
	int multithreaded;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(orders, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	device.orders = STDERR_FILENO + 1;
	device.report = report;
	device.line = open_line(port);
	device.fuse = cuse_lowlevel_setup(3, argv, &info, &operations, &multithreaded, &device);
	if (!device.fuse)
		_exit(1);
	run(&device);
	_exit(0);
}
