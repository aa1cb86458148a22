/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/qmi-modem-sim as the modem: its process and control socket. */
#ifndef SIM_H
#define SIM_H

#include <stddef.h>
#include <sys/types.h>

#define SIM_REPLY_MAX 8192

struct sim {
	pid_t pid; /* 0: not running */
	int control;
	char dir[32];
	char port[64];
	char reply[SIM_REPLY_MAX]; /* to the last command, without its "ok" */
};

/* options: as on the command line, terminated by NULL. */
void sim_start(struct sim *s, const char *const options[]);

/* Runs a control command, which must succeed. */
void sim_do(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Return the value of a key in its state, valid until the next command. */
const char *sim_text(struct sim *s, const char *key);
unsigned long sim_number(struct sim *s, const char *key);

/* Ends it if it is running, and removes its files. */
void sim_destroy(struct sim *s);

#endif
