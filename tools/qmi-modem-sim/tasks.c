/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tasks.h"

#include "frame.h"
#include "millis.h"
#include "modem_state.h"

int tasks_add(const struct request *request, unsigned int ms, request_handler *finish)
{
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &request->modem->tasks[i];

		if (task->due)
			continue;
		*task = (struct task){millis_now() + ms, *request, finish};
		task->request.frame = NULL;
		task->request.value = NULL;
		task->request.answer = NULL;
		return ANSWER_LATER;
	}
	return QMI_ERROR_INSUFFICIENT_RESOURCES;
}

static void tasks_finish(struct task *task, request_handler *finish)
{
	service_answer(&task->request, finish);
	*task = (struct task){0};
}

void tasks_work(struct modem *modem)
{
	uint64_t now = millis_now();

	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &modem->tasks[i];

		if (task->due && now >= task->due)
			tasks_finish(task, task->finish);
	}
}

uint64_t tasks_due(const struct modem *modem)
{
	uint64_t due = MILLIS_NEVER;

	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (modem->tasks[i].due)
			due = millis_earlier(due, modem->tasks[i].due);
	}
	return due;
}

static bool tasks_is_of(const struct task *task, const struct service *service, uint8_t cid)
{
	return task->due && task->request.service == service && task->request.cid == cid;
}

void tasks_drop(struct modem *modem, const struct service *service, uint8_t cid)
{
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (tasks_is_of(&modem->tasks[i], service, cid))
			modem->tasks[i] = (struct task){0};
	}
}

void tasks_forget(struct modem *modem)
{
	for (size_t i = 0; i < TASKS_MAX; i++)
		modem->tasks[i] = (struct task){0};
}

static int tasks_aborted(const struct request *request)
{
	(void)request;
	return QMI_ERROR_ABORTED;
}

int tasks_abort(const struct request *request)
{
	uint16_t tid = le16_get(request->value);

	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &request->modem->tasks[i];

		if (tasks_is_of(task, request->service, request->cid) && task->request.tid == tid) {
			tasks_finish(task, tasks_aborted);
			return QMI_ERROR_NONE;
		}
	}
	return QMI_ERROR_INVALID_TRANSACTION_ID;
}
