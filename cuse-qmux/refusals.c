/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusals.h"

#include <errno.h>
#include <stdlib.h>

#define PAUSE 4 /* ms between two of them */

struct refusal {
	fuse_req_t req;
	struct list link;
};

void refusals_init(struct refusals *refusals)
{
	list_init(&refusals->waiting);
	refusals->next = 0;
}

static void refusal_end(struct refusal *refusal, int error)
{
	fuse_reply_err(refusal->req, error);
	list_remove(&refusal->link);
	free(refusal);
}

static void refusal_interrupted(fuse_req_t req, void *data)
{
	(void)req;
	refusal_end(data, EINTR);
}

void refusals_add(struct refusals *refusals, fuse_req_t req, uint64_t now)
{
	struct refusal *refusal = NULL;

	if (now < refusals->next || !list_empty(&refusals->waiting))
		refusal = malloc(sizeof(*refusal));
	/* libfuse would call the function at once, and it must not end the request then. */
	if (!refusal || fuse_req_interrupted(req)) {
		free(refusal);
		refusals->next = now + PAUSE;
		fuse_reply_err(req, EAGAIN);
		return;
	}
	refusal->req = req;
	list_init(&refusal->link);
	list_append(&refusals->waiting, &refusal->link);
	fuse_req_interrupt_func(req, refusal_interrupted, refusal);
}

uint64_t refusals_deadline(const struct refusals *refusals)
{
	return list_empty(&refusals->waiting) ? UINT64_MAX : refusals->next;
}

void refusals_tick(struct refusals *refusals, uint64_t now)
{
	if (refusals_deadline(refusals) > now)
		return;
	refusal_end(container_of(refusals->waiting.next, struct refusal, link), EAGAIN);
	refusals->next = now + PAUSE;
}

void refusals_finish(struct refusals *refusals)
{
	list_for_each (link, &refusals->waiting)
		refusal_end(container_of(link, struct refusal, link), EAGAIN);
}
