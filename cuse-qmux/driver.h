/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the port's driver from two threads, because a driver may block although the
 * port is non-blocking. cdc-wdm's read and write take a mutex first, which another
 * process that is blocked in the same call holds for as long as that takes; open and
 * close take one too. The loop makes no call to the driver, and watches a socket for
 * reports on those that have been made.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct driver;

enum driver_call {
	DRIVER_READ,
	DRIVER_WRITE,
	DRIVER_REOPEN,
	DRIVER_ENDED, /* private: a thread has ended */
};

/* Without padding, since it is sent whole. */
struct driver_report {
	enum driver_call call;
	int result;          /* what the call returned, or -errno */
	int late_error;      /* of a previous write, found when there was nothing to read; or 0 */
	int hung_up;         /* the call failed, and the port has hung up */
	const uint8_t *data; /* DRIVER_READ: result bytes, until driver_go_on() */
};

#define DRIVER_READ_MAX 65536

/*
 * On success fd, which was opened from path, belongs to the driver. Call sandbox_begin()
 * first. Returns 0 or -errno.
 */
int driver_start(struct driver **driver, const char *path, int fd);

/*
 * Ends the threads and closes the port. A call that still does not return after a second
 * is left behind with its thread, and with false as the result.
 */
bool driver_stop(struct driver *driver);

/*
 * Ends the driver like driver_stop(), but leaves the port open, and passes on each report
 * that was not read yet. A write that is not reported has not been made. Returns the port's
 * descriptor; -EBUSY if a call does not return; or -ENODEV if the port could not be reopened
 * just now.
 */
int driver_release(struct driver *driver,
		   void (*reported)(void *context, const struct driver_report *report),
		   void *context);

/* A non-blocking descriptor; each read(2) gives one struct driver_report. */
int driver_socket(const struct driver *driver);

/*
 * Call it after each report on a read. If that got no data, no other read follows until
 * then. A read that finds nothing is reported only if the port has an error.
 */
void driver_go_on(struct driver *driver, const struct driver_report *report);

/*
 * A single write, reported once. If the port is busy, -EAGAIN is reported first, and the
 * write is repeated when the port may be ready, unless driver_reopen() comes before. size
 * is at most DRIVER_READ_MAX; the frame is copied.
 */
void driver_write(struct driver *driver, const uint8_t *frame, size_t size);

/*
 * After a pause, in ms, and when no command is in flight, closes the port and opens it
 * again. Call it only before driver_go_on() after a read without data.
 */
void driver_reopen(struct driver *driver, unsigned pause);

#endif
