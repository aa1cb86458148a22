/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem in a process of its own, whose habits the test can change at any time. */
#ifndef MOODY_MODEM_H
#define MOODY_MODEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Messages of any service that it treats in its own way. It answers all others at once. */
enum modem_message {
	MODEM_ASK = 0x7000,
	MODEM_IGNORED = 0x7001, /* not answered while `ignores` */
	MODEM_LONG = 0x7002,    /* answered with MODEM_LONG_SIZE bytes */
	MODEM_COUNTED = 0x7003, /* counted */
};

#define MODEM_LONG_SIZE       4096
#define MODEM_INDICATION_SIZE 1024

struct modem_habits {
	_Atomic bool silent;           /* it answers nothing */
	_Atomic bool ignores;          /* it does not answer MODEM_IGNORED and ignored_ctl */
	_Atomic uint16_t ignored_ctl;  /* a message; 0: none */
	_Atomic unsigned int takes_us; /* for each request, one after the other */
	_Atomic unsigned int garbage;  /* bytes before each answer */
	_Atomic unsigned int counted;  /* MODEM_COUNTED received */
	char port[64];
	_Atomic bool open;
};

struct modem {
	pid_t pid; /* 0: not running */
	int bursts;
	struct modem_habits *habits;
};

/* Starts one that grants so many clients of each service. */
void modem_start(struct modem *m, unsigned int cids);

const char *modem_port(const struct modem *m);

/* Broadcasts NAS indications. Returns before they are sent. */
void modem_indicate(struct modem *m, unsigned int count);

void modem_destroy(struct modem *m);

#endif
