/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests whose answer comes later. */
#ifndef TASKS_H
#define TASKS_H

#include "service.h"

#define TASKS_MAX 16

struct task {
	uint64_t due; /* ms; 0: unused */
	struct request request;
	request_handler *finish;
};

/* Schedules finish to answer the request, ms from now. Returns the handler's return value. */
int tasks_add(const struct request *request, unsigned int ms, request_handler *finish);

/* Finishes the tasks that are due. tasks_due() returns when the next one is, in ms. */
void tasks_work(struct modem *modem);
uint64_t tasks_due(const struct modem *modem);

/* Drop the tasks of one client, or all of them, without an answer. */
void tasks_drop(struct modem *modem, const struct service *service, uint8_t cid);
void tasks_forget(struct modem *modem);

/* Abort: ends the client's task with the given tid. */
request_handler tasks_abort;

#endif
