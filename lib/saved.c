/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saved.h"

#include <errno.h>
#include <stdlib.h>

#include "archive.h"
#include "mux_private.h"
#include "saved_private.h"

/* --- the mux -------------------------------------------------------------------------- */

static void saved_counters(struct archive *archive, struct mux_counters *counters)
{
	ARCHIVE(archive, counters->requests);
	ARCHIVE(archive, counters->delivered);
	ARCHIVE(archive, counters->dropped_responses);
	ARCHIVE(archive, counters->dropped_indications);
	ARCHIVE(archive, counters->overflowed);
	ARCHIVE(archive, counters->expired);
	ARCHIVE(archive, counters->reclaimed);
	ARCHIVE(archive, counters->garbage);
	ARCHIVE(archive, counters->restarts);
}

static void saved_device_sync(struct archive *archive, struct device_sync *sync)
{
	ARCHIVE(archive, sync->answered);
	ARCHIVE(archive, sync->owed);
	ARCHIVE(archive, sync->clean);
	ARCHIVE(archive, sync->fresh_until);
	ARCHIVE(archive, sync->again_at);
	ARCHIVE(archive, sync->gives_up_at);
}

static void saved_window(struct archive *archive, struct window *window)
{
	ARCHIVE(archive, window->size);
	ARCHIVE(archive, window->quick);
	ARCHIVE(archive, window->shrunk);
	if (!window_is_sane(window))
		archive_fail(archive, "damaged: no such window");
}

static void saved_size(struct archive *archive, size_t *size, size_t max)
{
	uint64_t wide = *size;

	ARCHIVE(archive, wide);
	if (wide > max)
		archive_fail(archive, "damaged: too large");
	*size = wide > max ? 0 : (size_t)wide;
}

static void saved_resumption(struct archive *archive, struct resumption *resumption)
{
	ARCHIVE(archive, resumption->holds);
	ARCHIVE(archive, resumption->waits_until);
	ARCHIVE(archive, resumption->answers_until);
	ARCHIVE(archive, resumption->seen);
	archive_bytes(archive, resumption->allocates, sizeof(resumption->allocates));
}

static void saved_input(struct archive *archive, struct input *input)
{
	saved_size(archive, &input->bytes, QMUX_SIZE_MAX);
	saved_size(archive, &input->known, QMUX_SIZE_MAX);
	saved_size(archive, &input->old, QMUX_SIZE_MAX);
	ARCHIVE(archive, input->deadline);
	archive_bytes(archive, input->data, input->bytes);
}

/* The frame that the port has not finished sending. */
static void saved_port(struct saved *saved)
{
	struct turns *turns = &saved->mux->turns;
	uint32_t bytes = 0;

	ARCHIVE(&saved->archive, turns->port_busy);
	if (!turns->port_busy)
		return;
	if (!saved->archive.reading)
		bytes = (uint32_t)frame_size(turns->frame);
	ARCHIVE(&saved->archive, bytes);
	if (bytes > saved->mux->config.frame_max) {
		archive_fail(&saved->archive, "for a port that takes longer frames");
		return;
	}
	archive_bytes(&saved->archive, turns->frame, bytes);
	if (saved->archive.reading && !saved_is_frame(turns->frame, bytes, FRAME_FROM_APP))
		archive_fail(&saved->archive, "damaged: no frame");
}

static void saved_mux(struct saved *saved)
{
	struct archive *archive = &saved->archive;
	struct mux *mux = saved->mux;

	ARCHIVE(archive, mux->now);
	ARCHIVE(archive, mux->broadcasts_seen);
	ARCHIVE(archive, mux->responses);
	ARCHIVE(archive, mux->unasked);
	ARCHIVE(archive, mux->stopping);
	ARCHIVE(archive, mux->unplugged);
	ARCHIVE(archive, mux->users.clock);
	ARCHIVE(archive, mux->users.ending);
	ARCHIVE(archive, mux->sessions.seen);
	ARCHIVE(archive, mux->own.retry_at);
	ARCHIVE(archive, mux->transactions.ctl_contended);
	saved_counters(archive, &mux->counters);
	saved_device_sync(archive, &mux->device_sync);
	saved_window(archive, &mux->window);
	saved_window(archive, &mux->own.window);
	saved_resumption(archive, &mux->resumption);
	saved_input(archive, &mux->input);
	saved_port(saved);
}

/* --- everything ----------------------------------------------------------------------- */

static void saved_everything(struct saved *saved)
{
	saved_mux(saved);
	saved_users(saved);
	saved_sessions(saved);
	saved_clients(saved);
	saved_transactions(saved);
	saved_lists(saved);
}

static void saved_begin(struct saved *saved, struct mux *mux)
{
	*saved = (struct saved){
		.mux = mux,
		.users.number = offsetof(struct user, number),
		.sessions.number = offsetof(struct session, number),
		.clients.number = offsetof(struct client, number),
		.transactions.number = offsetof(struct transaction, number),
	};
}

static void saved_end(struct saved *saved)
{
	for (uint32_t i = 0; saved->archive.reading && i < saved->users.count; i++)
		user_put(saved->users.all[i]);
	free(saved->users.all);
	free(saved->sessions.all);
	free(saved->clients.all);
	free(saved->transactions.all);
}

/* First of all, because it tells how many nodes there must be. */
static void saved_needs(struct archive *archive, uint8_t *nodes, bool *proxy)
{
	archive_u8(archive, nodes);
	archive_bool(archive, proxy);
	if (*nodes > MUX_NODES_MAX)
		archive_fail(archive, "damaged: no such nodes");
}

static void saved_need(const struct mux *mux, unsigned node, uint8_t *nodes, bool *proxy)
{
	if (node == mux->config.nodes)
		*proxy = true;
	else if (node >= *nodes)
		*nodes = (uint8_t)(node + 1);
}

static void saved_write_needs(struct saved *saved)
{
	uint8_t nodes = 0;
	bool proxy = false;

	for (uint32_t i = 0; i < saved->sessions.count; i++) {
		const struct session *session = saved->sessions.all[i];

		saved_need(saved->mux, session->node, &nodes, &proxy);
	}
	for (uint32_t i = 0; i < saved->clients.count; i++) {
		const struct client *client = saved->clients.all[i];

		saved_need(saved->mux, client->node, &nodes, &proxy);
	}
	saved_needs(&saved->archive, &nodes, &proxy);
}

uint8_t *saved_write(struct mux *mux, size_t *size)
{
	struct saved saved;

	saved_begin(&saved, mux);
	archive_begin(&saved.archive);
	saved_number(&saved);
	saved_write_needs(&saved);
	saved_everything(&saved);
	saved_end(&saved);
	return archive_end(&saved.archive, size);
}

const char *saved_nodes(const uint8_t *bytes, size_t size, unsigned *nodes, bool *proxy)
{
	struct archive archive;
	uint8_t count = 0;

	archive_open(&archive, bytes, size);
	saved_needs(&archive, &count, proxy);
	*nodes = count;
	return archive.fault;
}

int saved_read(struct mux *mux, const uint8_t *bytes, size_t size, const char **why)
{
	struct saved saved;
	uint8_t nodes;
	bool proxy;

	saved_begin(&saved, mux);
	archive_open(&saved.archive, bytes, size);
	saved_needs(&saved.archive, &nodes, &proxy);
	if (archive_is_good(&saved.archive))
		saved_everything(&saved);
	if (archive_is_good(&saved.archive))
		archive_close(&saved.archive);
	if (archive_is_good(&saved.archive) && mux_check(mux))
		archive_fail(&saved.archive, "damaged: it contradicts itself");
	if (!archive_is_good(&saved.archive))
		saved_undo(&saved);
	saved_end(&saved);
	if (saved.archive.no_memory)
		return -ENOMEM;
	*why = saved.archive.fault;
	return saved.archive.fault ? -EINVAL : 0;
}
