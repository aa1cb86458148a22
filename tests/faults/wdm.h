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

/* A reset of the modem: bytes either way are lost until it ends, which a read tells with EIO. */
void wdm_begin_reset(struct wdm *w);
void wdm_end_reset(struct wdm *w);

void wdm_destroy(struct wdm *w);

#endif
