/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a world: all that is under way ends, and nothing is left behind. */
#include "world_private.h"

static void leaked(void *context, uint8_t service, uint8_t cid)
{
	struct world *world = context;

	if (!model_answers_for(world->model, service, cid))
		model_complain(world->model, "V6",
			       "client %u of service %u is nobody's, and not released", cid,
			       service);
}

/* Something has to come by itself, and soon if the model is to be believed. */
static uint64_t until_deadline(const struct world *world)
{
	uint64_t deadline = mux_deadline(world->mux);

	return deadline == MUX_NEVER || deadline <= world->now ? 500 : deadline - world->now;
}

/* The modem answers everything, or nothing, until nothing is under way any more. */
static bool calm_down(struct world *world, enum operation_kind kind)
{
	struct operation op = {.kind = kind};

	sent(world);
	if (!check(world, false))
		return false;
	for (unsigned i = 0; i < 100000 && check(world, false); i++) {
		if (!exchange(world, UINT32_MAX))
			return false;
		if (world->stream.size)
			hear(world, &op, NULL, 0);
		else if (modem_pending(world->modem))
			do_modem(world, &op);
		else if (model_is_quiet(world->model))
			return check(world, false);
		else
			pass_time(world, until_deadline(world), false);
	}
	model_complain(world->model, "V15", "a request has no end");
	return false;
}

/* Whose client is whose, asked of each: V8, V11, V12. */
static void probe(struct world *world)
{
	struct operation op = {.kind = OP_INDICATE, .message = 0x0022};
	struct model_client client;

	for (unsigned n = 0; n < mux_client_count(world->mux); n++) {
		if (!model_client(world->model, n, &client))
			return;
		op.service = client.service;
		op.cid = client.device_cid;
		indicate(world, &op);
		if (!check(world, false))
			return;
		op.cid = 0xFF;
		indicate(world, &op);
		if (!check(world, false))
			return;
	}
}

static void read_everything(struct world *world)
{
	for (unsigned slot = 0; slot < MODEL_SLOTS; slot++)
		if (model_is_open(world->model, slot))
			read_all(world, slot);
}

/* All that is under way ends, and all that is queued is what it should be. */
static bool settle_all(struct world *world)
{
	if (!calm_down(world, world->config.silent_end ? OP_IGNORE : OP_ANSWER))
		return false;
	modem_each_client(world->modem, leaked, world);
	read_everything(world);
	probe(world);
	read_everything(world);
	return check(world, false);
}

bool world_finish(struct world *world)
{
	struct operation stop = {.kind = OP_STOP};
	struct operation unplug = {.kind = OP_UNPLUG};

	if (!model_stopping(world->model)) {
		if (!settle_all(world) || !world_do(world, &stop))
			return false;
	}
	if (!world->unplugged) {
		if (!calm_down(world, OP_ANSWER))
			return false;
		if (!mux_stopped(world->mux))
			model_complain(world->model, "V18",
				       "all is released, and it has not stopped");
		modem_each_client(world->modem, leaked, world);
		world_do(world, &unplug);
	}
	for (unsigned slot = 0; slot < MODEL_SLOTS; slot++)
		if (model_is_open(world->model, slot))
			close_session(world, slot);
	return check(world, false);
}
