/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V29: restarts of the daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world_private.h"

/* What a session is known by across a restart. */
struct name {
	uint64_t id;
	unsigned node;
	uint32_t uid;
};

static void name_sessions(const struct world *world, struct name names[MODEL_SLOTS])
{
	for (unsigned slot = 0; slot < MODEL_SLOTS; slot++) {
		const struct session *session = world->sessions[slot];

		if (model_is_open(world->model, slot))
			names[slot] =
				(struct name){mux_session_id(session), mux_session_node(session),
					      mux_session_user(session)};
	}
}

static void reopen(struct world *world, unsigned slot, const struct name *name)
{
	struct session *session = mux_reopen(world->mux, name->id, name->node, name->uid, world);

	if (!session) {
		model_complain(world->model, "V29", "a session cannot be reopened, errno %d",
			       errno);
		return;
	}
	world->sessions[slot] = session;
	model_reopen(world->model, slot, session);
}

static void load(struct world *world, const uint8_t *saved, size_t size)
{
	const char *why = "";
	const char *fault;

	world->mux = mux_load(&world->mux_config, world->kept, saved, size, world->now, &why);
	if (!world->mux) {
		model_complain(world->model, "V29", "what was saved cannot be loaded: %s", why);
		world->mux = mux_create(&world->mux_config);
		if (!world->mux)
			abort();
		return;
	}
	fault = mux_check(world->mux);
	if (fault)
		model_complain(world->model, "mux_check", "after a restart: %s", fault);
}

static void reopen_all(struct world *world, const struct name names[MODEL_SLOTS])
{
	for (unsigned slot = 0; slot < MODEL_SLOTS && !model_broken_rule(world->model); slot++)
		if (model_is_open(world->model, slot))
			reopen(world, slot, &names[slot]);
	if (!model_broken_rule(world->model) && mux_next_left(world->mux, NULL))
		model_complain(world->model, "V29", "a session is left that nobody has open");
}

static void check_port(struct world *world)
{
	size_t size = 0;
	const uint8_t *frame = mux_port_pending(world->mux, &size);

	if (size != world->port_size || (frame && memcmp(frame, world->port, size) != 0))
		model_complain(world->model, "V29", "the frame at the port is another one");
}

void restart(struct world *world)
{
	struct name names[MODEL_SLOTS] = {0};
	uint8_t *saved;
	size_t size;

	name_sessions(world, names);
	if (mux_save(world->mux, &saved, &size) < 0)
		abort();
	mux_destroy(world->mux);
	load(world, saved, size);
	free(saved);
	check_port(world);
	reopen_all(world, names);
}

/* The old process may have read an answer, and not have dealt with it. */
static void lose_answer(struct world *world, const struct operation *op)
{
	static const struct modem_answer well = {0};
	uint8_t frame[WIRE_MAX];

	if (op->extra & 2 && modem_pending(world->modem) && !world->stream.size)
		modem_answer(world->modem, op->amount, &well, frame);
}

void crash(struct world *world, const struct operation *op)
{
	struct name names[MODEL_SLOTS] = {0};

	if (!model_may_crash(world->model))
		return;
	name_sessions(world, names);
	if (world->port_size && op->extra & 1)
		modem_take(world->modem, world->port, world->port_size);
	lose_answer(world, op);
	world->port_size = 0;
	world->was_sent = false;
	world->doubtful |= model_has_input(world->model);
	mux_destroy(world->mux);
	model_crash(world->model, world->now);
	load(world, NULL, 0);
	reopen_all(world, names);
}
