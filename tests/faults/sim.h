/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/qmi-modem-sim as the modem: its process, and its control socket. */
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
	char reply[SIM_REPLY_MAX]; /* of the last command, without its "ok" */
};

/* options: as on the command line, ended by NULL. */
void sim_start(struct sim *s, const char *const options[]);

/* A command of its control socket, which has to be answered with ok. */
void sim_do(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What `state` shows behind a key, valid until the next command. */
const char *sim_text(struct sim *s, const char *key);
unsigned long sim_number(struct sim *s, const char *key);

/* Whatever its state: ended, and nothing of it left. */
void sim_destroy(struct sim *s);

#endif
