/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define USER_PAUSE 4 /* ms between two replies to a user */
#define PAUSE      1 /* ms between two replies that had to wait */

/* Further calls of a user get their replies at once, so that memory stays bounded. */
#define WAITING_MAX 256

struct paced {
	struct pace_line *line;
	fuse_req_t req;
	pace_end *end;
	int error;
	struct list link; /* in the line */
};

void pace_init(struct pace *pace)
{
	*pace = (struct pace){0};
	list_init(&pace->busy);
	for (size_t i = 0; i < PACE_LINES; i++) {
		list_init(&pace->lines[i].waiting);
		list_init(&pace->lines[i].busy);
	}
}

/* The call no longer waits: its caller replies to req. */
static void paced_leave(struct paced *paced)
{
	struct pace_line *line = paced->line;

	list_remove(&paced->link);
	if (--line->count == 0)
		list_remove(&line->busy);
	free(paced);
}

static void paced_interrupted(fuse_req_t req, void *data)
{
	paced_leave(data);
	fuse_reply_err(req, EINTR);
}

/* False if it need not wait, or cannot. */
static bool pace_delay(struct pace *pace, struct pace_line *line, const struct paced *call,
		       uint64_t now)
{
	struct paced *paced;

	if ((now >= line->next && line->count == 0) || line->count == WAITING_MAX)
		return false;
	/* libfuse would call the function at once, and it must not end the request then. */
	if (fuse_req_interrupted(call->req))
		return false;
	paced = malloc(sizeof(*paced));
	if (!paced)
		return false;
	*paced = *call;
	list_init(&paced->link);
	list_append(&line->waiting, &paced->link);
	if (line->count++ == 0)
		list_append(&pace->busy, &line->busy);
	fuse_req_interrupt_func(paced->req, paced_interrupted, paced);
	return true;
}

void pace_reply(struct pace *pace, uint32_t uid, fuse_req_t req, pace_end *end, int error,
		uint64_t now)
{
	struct pace_line *line = &pace->lines[uid % PACE_LINES];
	struct paced call = {.line = line, .req = req, .end = end, .error = error};

	if (pace_delay(pace, line, &call, now))
		return;
	if (line->count == 0)
		line->next = now + USER_PAUSE;
	end(req, error);
}

static struct pace_line *pace_first(const struct pace *pace)
{
	return container_of(pace->busy.next, struct pace_line, busy);
}

uint64_t pace_deadline(const struct pace *pace)
{
	uint64_t line_next;

	if (list_empty(&pace->busy))
		return UINT64_MAX;
	line_next = pace_first(pace)->next;
	return line_next > pace->next ? line_next : pace->next;
}

static void paced_end(struct paced *paced)
{
	struct paced call = *paced;

	paced_leave(paced);
	call.end(call.req, call.error);
}

static void pace_serve(struct pace *pace, struct pace_line *line, uint64_t now)
{
	/* Its user goes to the end. */
	list_remove(&line->busy);
	list_append(&pace->busy, &line->busy);
	line->next = now + USER_PAUSE;
	pace->next = now + PAUSE;
	paced_end(container_of(line->waiting.next, struct paced, link));
}

void pace_tick(struct pace *pace, uint64_t now)
{
	if (pace_deadline(pace) <= now)
		pace_serve(pace, pace_first(pace), now);
}

void pace_finish(struct pace *pace)
{
	for (size_t i = 0; i < PACE_LINES; i++) {
		list_for_each (link, &pace->lines[i].waiting)
			paced_end(container_of(link, struct paced, link));
	}
}
