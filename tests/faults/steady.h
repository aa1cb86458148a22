/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A steady client: a process with a session that sends requests all the time and checks
 * the service, CID, tid, message and content of each answer, and that it comes once. It
 * always reads, so it must not lose anything.
 */
#ifndef STEADY_H
#define STEADY_H

#include <stdbool.h>
#include <sys/types.h>

#include "trouble.h"

struct steady_report {
	_Atomic unsigned int asked;
	_Atomic unsigned int answered; /* correctly */
	_Atomic unsigned int reports;  /* Event Report indications */
	_Atomic unsigned int infos;    /* Signal Info indications */
	_Atomic unsigned int silent;   /* requests without an answer, in TROUBLE_SILENCE */
	_Atomic unsigned int refused;  /* in TROUBLE_REFUSAL */
	_Atomic unsigned int lost;     /* in TROUBLE_RESTART */
	_Atomic bool settled;          /* has its clients and subscriptions */
	_Atomic bool failed;
	char why[256];
};

struct steady {
	pid_t pid; /* 0: not running */
	int stop;
	struct steady_report *report;
};

/*
 * Returns when it has its clients, one of DMS and one of NAS. node may be NODE_PROXY; a
 * connection may end only with a restart, and is made again.
 */
void steady_start(struct steady *s, unsigned int node, const struct trouble *trouble);

/* Fails the test if an answer has been wrong. */
void steady_check(const struct steady *s);

/* Waits for this many more answers. Fails the test if they do not come. */
void steady_await_answers(const struct steady *s, unsigned int more);

/* Makes it release its clients and end. It must not have unexpected data left to read. */
void steady_stop(struct steady *s);

void steady_destroy(struct steady *s);

#endif
