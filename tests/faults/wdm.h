/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port like a cdc-wdm's, with the faults of one: a CUSE device in front of
 * another port, whose bytes it passes on. It takes one whole frame a write.
 */
#ifndef WDM_H
#define WDM_H

#include <sys/types.h>

#define WDM_LIMIT 2048 /* bytes of a frame, as IOCTL_WDM_MAX_COMMAND tells: not the usual 4096 */

struct wdm_report {
	_Atomic unsigned int wrong;  /* writes that were not one whole frame in the limit */
	_Atomic unsigned int failed; /* writes with EIO */
	_Atomic unsigned int lost;   /* bytes of the modem, in a reset */
	_Atomic unsigned int opened; /* how often, refusals too */
	_Atomic unsigned int closed;
	_Atomic unsigned int hasty; /* of these while a command was in flight */
	_Atomic unsigned int polled;
};

struct wdm {
	pid_t pid; /* 0: not running */
	int orders;
	char port[64];
	struct wdm_report *report;
};

void wdm_start(struct wdm *w, const char *port);

/* So many writes fail with EIO from now on, not taken; WDM_ALL: until wdm_fail_writes(w, 0). */
#define WDM_ALL 255
void wdm_fail_writes(struct wdm *w, unsigned char count);

/*
 * So many are taken and lost, which the next write after each tells with EIO.
 * A cdc-wdm raises POLLERR for it too; but the empty write that ends that does
 * not get through FUSE.
 */
void wdm_lose_writes(struct wdm *w, unsigned char count);

/* The next write fails with this errno, or with EIO and then, tried once more, with EAGAIN. */
void wdm_fail_write(struct wdm *w, int error);
void wdm_fail_write_twice(struct wdm *w);

/*
 * The next read fails with this errno, and one after EIO returns 0, as with a
 * cdc-wdm. WDM_END: two reads in a row return 0.
 */
#define WDM_END 254
void wdm_fail_read(struct wdm *w, int error);

/* From now on a command is in flight: no write is taken, and POLLOUT is gone, until it ends. */
void wdm_begin_command(struct wdm *w);
void wdm_end_command(struct wdm *w);

/* POLLERR until the device is opened anew, as after a transfer that failed between others. */
void wdm_raise_error(struct wdm *w);

/* Each open() fails with this errno, until it is 0. */
void wdm_refuse(struct wdm *w, int error);

/* Everything fails with this errno from now on; with another than ENODEV, POLLHUP tells too. */
void wdm_unplug(struct wdm *w, int error);

/* A reset of the modem: bytes either way are lost until it ends, which a read tells with EIO. */
void wdm_begin_reset(struct wdm *w);
void wdm_end_reset(struct wdm *w);

void wdm_destroy(struct wdm *w);

#endif
