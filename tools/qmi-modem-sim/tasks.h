/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that are answered later. */
#ifndef TASKS_H
#define TASKS_H

#include "service.h"

#define TASKS_MAX 16

struct task {
	uint64_t due; /* 0: this task is free */
	struct request request;
	request_handler *finish;
};

/* finish answers the request, ms from now. Returns what the handler should return. */
int tasks_add(const struct request *request, unsigned int ms, request_handler *finish);

/* Finishes the tasks that are due. */
void tasks_work(struct modem *modem);
uint64_t tasks_due(const struct modem *modem);

/* Those of one client, or all, end without an answer. */
void tasks_drop(struct modem *modem, const struct service *service, uint8_t cid);
void tasks_forget(struct modem *modem);

/* Abort: ends the task of its client that has this tid. */
request_handler tasks_abort;

#endif
