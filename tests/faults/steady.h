/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A steady client: a process with a session that asks all the time and judges
 * each answer: its service, CID, tid, message and content, and that it comes
 * once. It reads what it gets, so nothing may be lost to it.
 */
#ifndef STEADY_H
#define STEADY_H

#include <stdbool.h>
#include <sys/types.h>

#include "trouble.h"

struct steady_report {
	_Atomic unsigned int asked;
	_Atomic unsigned int answered; /* rightly */
	_Atomic unsigned int reports;  /* indications of Event Report */
	_Atomic unsigned int infos;    /* and of Signal Info */
	_Atomic unsigned int silent;   /* requests without an answer, in TROUBLE_SILENCE */
	_Atomic unsigned int refused;  /* in TROUBLE_REFUSAL */
	_Atomic unsigned int lost;     /* in TROUBLE_RESTART */
	_Atomic bool settled;          /* has its clients, and the subscriptions */
	_Atomic bool failed;
	char why[256];
};

struct steady {
	pid_t pid; /* 0: not running */
	int stop;
	struct steady_report *report;
};

/* Returns when it has its clients: one of DMS and one of NAS. */
void steady_start(struct steady *s, unsigned int node, const struct trouble *trouble);

/* The test fails if an answer was wrong so far. */
void steady_check(const struct steady *s);

/* Waits until so many more answers have come, which the test fails without. */
void steady_await_answers(const struct steady *s, unsigned int more);

/* It releases its clients and ends, with nothing unasked left to read. */
void steady_stop(struct steady *s);

void steady_destroy(struct steady *s);

#endif
