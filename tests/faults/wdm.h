/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port that behaves and fails like a cdc-wdm: a CUSE device in front of another port,
 * whose bytes it passes on. It accepts one whole frame per write.
 */
#ifndef WDM_H
#define WDM_H

#include <sys/types.h>

#define WDM_LIMIT 2048 /* bytes, reported by IOCTL_WDM_MAX_COMMAND: not the usual 4096 */

struct wdm_report {
	_Atomic unsigned int wrong;     /* writes that were not one whole frame within the limit */
	_Atomic unsigned int failed;    /* writes with EIO */
	_Atomic unsigned int delivered; /* bytes from the modem that were read */
	_Atomic unsigned int lost;      /* bytes from the modem lost in a reset */
	_Atomic unsigned int opened;    /* including refusals */
	_Atomic unsigned int closed;
	_Atomic unsigned int hasty; /* closes while a command was in flight */
	_Atomic unsigned int polled;
	_Atomic unsigned int bad_reads; /* that wdm_fail_reads() has made fail */
	_Atomic unsigned int held;      /* calls that have blocked */
};

struct wdm {
	pid_t pid; /* 0: not running */
	int orders;
	char port[64];
	struct wdm_report *report;
};

void wdm_start(struct wdm *w, const char *port);

/* Makes the next count writes fail with EIO; WDM_ALL: until wdm_fail_writes(w, 0). */
#define WDM_ALL 255
void wdm_fail_writes(struct wdm *w, unsigned char count);

/*
 * Accepts and loses the next count writes. The write after each fails with EIO. A real
 * cdc-wdm raises POLLERR too, but the empty write that clears it does not pass FUSE.
 */
void wdm_lose_writes(struct wdm *w, unsigned char count);

/* Makes the next write fail with this errno, or with EIO and the one after with EAGAIN. */
void wdm_fail_write(struct wdm *w, int error);
void wdm_fail_write_twice(struct wdm *w);

/*
 * Makes the next read fail with this errno. As with a cdc-wdm, a read after EIO returns
 * 0. WDM_END: two reads in a row return 0.
 */
#define WDM_END 254
void wdm_fail_read(struct wdm *w, int error);

/* Makes every read fail with this errno from now on; 0 ends that. */
void wdm_fail_reads(struct wdm *w, int error);

/* Pretends that a command is in flight: no write is accepted and POLLOUT is off until it ends. */
void wdm_begin_command(struct wdm *w);
void wdm_end_command(struct wdm *w);

/* Raises POLLERR until the device is reopened, as after a failed transfer between others. */
void wdm_raise_error(struct wdm *w);

/* Makes each open() fail with this errno; 0 ends that. */
void wdm_refuse(struct wdm *w, int error);

/* From now on it reports this limit. */
void wdm_limit(struct wdm *w, unsigned char bytes);

/* Everything fails with this errno from now on. Unless it is ENODEV, poll gives POLLHUP too. */
void wdm_unplug(struct wdm *w, int error);

/* A modem reset: bytes in both directions are lost until it ends, when a read gives EIO. */
void wdm_begin_reset(struct wdm *w);
void wdm_end_reset(struct wdm *w);

/*
 * Pretends that another process holds the driver's mutexes for these calls: they block,
 * whatever O_NONBLOCK says, until they are let go or interrupted. An open cannot be
 * interrupted.
 */
enum wdm_call {
	WDM_READS = 1,
	WDM_WRITES = 2,
	WDM_OPENS = 4,
	WDM_DEAF = 8, /* nor can the others */
};
void wdm_hold(struct wdm *w, unsigned char calls);

void wdm_destroy(struct wdm *w);

#endif
