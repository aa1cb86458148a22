/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_private.h"

static void log_line(void *context, enum mux_level level, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void log_line(void *context, enum mux_level level, const char *format, va_list args)
{
	char line[400];

	(void)context;
	(void)level;
	vsnprintf(line, sizeof(line), format, args);
}

static void note_trace(void *context, const struct mux_trace *trace)
{
	struct world *world = context;

	model_trace(world->model, trace);
}

struct world *world_create(const struct world_config *config)
{
	struct world *world = calloc(1, sizeof(*world));
	struct mux_config mux_config = {
		.nodes = config->nodes,
		.frame_max = config->frame_max,
		.queue_bytes = config->queue_bytes,
		.transaction_timeout = config->transaction_timeout,
		.ctl_timeout = config->ctl_timeout,
		.orphan_timeout = config->orphan_timeout,
		.memory = (size_t)1 << 30, /* never the reason for anything */
		.share_node = config->share_node,
		.sync = config->start_sync,
		.proxy = config->proxy,
		.hooks = {.context = world, .log = log_line, .trace = note_trace},
	};

	if (!world)
		abort();
	world->config = *config;
	world->now = 1000;
	world->model = model_create(&mux_config);
	world->modem = modem_create(config->modem_clients, config->modem_first_cid);
	world->mux_config = mux_config;
	world->mux = mux_create(&mux_config);
	world->kept = malloc(mux_kept_size());
	if (!world->mux || !world->kept)
		abort();
	mux_keep(world->mux, world->kept);
	if (config->start_sync) {
		mux_start_sync(world->mux, world->now);
		model_start_sync(world->model, world->now);
	}
	return world;
}

void world_destroy(struct world *world)
{
	mux_destroy(world->mux);
	model_destroy(world->model);
	modem_destroy(world->modem);
	for (unsigned slot = 0; slot < MODEL_SLOTS; slot++)
		free(world->staged[slot].bytes);
	free(world->stream.bytes);
	free(world->kept);
	free(world);
}

const struct model *world_model(const struct world *world)
{
	return world->model;
}

const struct modem *world_modem(const struct world *world)
{
	return world->modem;
}

const struct world_config *world_config(const struct world *world)
{
	return &world->config;
}

/* mux_check() walks over everything, so in an unchecked world it runs once per this many steps. */
#define CHECKED_STEPS 100

static void check_mux(struct world *world)
{
	const char *fault;

	if (!world->config.checked && ++world->steps % CHECKED_STEPS != 0)
		return;
	fault = mux_check(world->mux);
	if (fault)
		model_complain(world->model, "mux_check", "%s", fault);
}

bool check(struct world *world, bool quiet)
{
	struct session *session;

	check_mux(world);
	model_compare(world->model, world->mux);
	if (!quiet && !model_broken_rule(world->model)) {
		bool changed = mux_has_changed(world->mux);

		while ((session = mux_next_changed(world->mux))) {
			if (!changed)
				model_complain(world->model, "V22",
					       "mux_has_changed() missed a session");
			model_told(world->model, session);
			changed = mux_has_changed(world->mux);
		}
		if (changed)
			model_complain(world->model, "V22", "mux_has_changed() names none");
		model_all_told(world->model);
	}
	return !model_broken_rule(world->model);
}

/* --- time, and what is due at once ------------------------------------------------ */

/* A flood of frames that need no modem takes many calls, but not more than this. */
#define TURNS_MAX 20000

static void tick(struct world *world)
{
	uint64_t deadline;

	mux_tick(world->mux, world->now);
	model_tick(world->model, world->now);
	deadline = mux_deadline(world->mux);
	if (deadline != 0 && deadline <= world->now)
		model_complain(world->model, "V15", "a deadline stays in the past after its tick");
}

bool do_turns(struct world *world)
{
	unsigned ticks = 0;

	while (!world->unplugged && mux_deadline(world->mux) == 0) {
		if (++ticks > TURNS_MAX)
			model_complain(world->model, "V14", "the turns have no end");
		tick(world);
		if (!check(world, false))
			return false;
	}
	return !model_broken_rule(world->model);
}

bool pass_time(struct world *world, uint64_t ms, bool at_once)
{
	uint64_t end = world->now + ms;

	if (!do_turns(world))
		return false;
	while (!at_once && mux_deadline(world->mux) <= end) {
		if (mux_deadline(world->mux) > world->now)
			world->now = mux_deadline(world->mux);
		tick(world);
		if (!check(world, false) || !do_turns(world))
			return false;
	}
	world->now = end;
	tick(world);
	return check(world, false);
}

/* --- the port ------------------------------------------------------------------ */

static bool next_frame(struct world *world)
{
	size_t size = 0;
	const uint8_t *frame;

	if (world->port_size)
		return true;
	frame = mux_port_next(world->mux, world->now, &size);
	if (frame) {
		memcpy(world->port, frame, size);
		world->port_size = size;
	}
	model_next(world->model, frame, size, world->now);
	return frame != NULL;
}

void sent(struct world *world)
{
	if (!world->port_size)
		return;
	mux_port_sent(world->mux);
	model_sent(world->model);
	modem_take(world->modem, world->port, world->port_size);
	world->port_size = 0;
	world->was_sent = true;
}

static void excuse_port(struct world *world)
{
	size_t len;
	size_t at = wire_tlv(world->port, 0x01, &len);

	if (world->port[4] == 0 && wire_message(world->port) == 0x0023 && at && len == 2)
		modem_excuse(world->modem, world->port[at], world->port[at + 1]);
}

static void failed(struct world *world)
{
	if (!world->port_size)
		return;
	excuse_port(world);
	mux_port_failed(world->mux, world->now);
	model_failed(world->model, world->now);
	world->port_size = 0;
	world->was_sent = false;
}

/* modem_unsee() has no effect if the modem has answered already. */
static void lost(struct world *world)
{
	if (!world->was_sent || world->port_size)
		return;
	excuse_port(world);
	mux_port_lost(world->mux, world->now);
	model_lost(world->model, world->now);
	modem_unsee(world->modem, world->port);
	world->was_sent = false;
}

bool exchange(struct world *world, uint32_t times)
{
	while (times-- && do_turns(world) && next_frame(world) && check(world, true)) {
		sent(world);
		if (!check(world, false))
			return false;
	}
	return check(world, true);
}

/* --- the modem ------------------------------------------------------------------- */

void hear(struct world *world, const struct operation *op, uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (op->damage) {
		size = wire_damage(data, size, op->damage);
		world->doubtful = true;
	}
	if (world->doubtful)
		modem_excuse_all(world->modem);
	stage(&world->stream, data, size);
	bytes = unstage(&world->stream, op->cut, &size);
	if (size) {
		mux_port_received(world->mux, bytes, size, world->now);
		model_received(world->model, bytes, size, world->now);
	}
	free(bytes);
	world->doubtful = world->doubtful && (world->stream.size || model_has_input(world->model));
	world->was_sent = world->was_sent && modem_pending(world->modem);
}

void indicate(struct world *world, const struct operation *op)
{
	static const uint8_t payload[WIRE_MAX];
	uint8_t frame[WIRE_MAX];
	uint32_t size = op->amount < 60000 ? op->amount : 60000;
	uint8_t value[2] = {op->service, op->cid};
	bool is_ctl = op->kind != OP_INDICATE;

	wire_begin(frame, WIRE_INDICATION, is_ctl ? 0 : op->service, is_ctl ? 0 : op->cid, 0,
		   op->kind == OP_RESTART ? 0x0027 : op->message);
	if (op->kind == OP_REVOKE) {
		if (op->extra == 1)
			wire_add(frame, 0x7E, payload, 3);
		wire_add(frame, 0x01, value, 2);
		if (op->extra == 2)
			wire_add(frame, 0x7E, payload, 3);
		modem_forget(world->modem, op->service, op->cid);
	} else if (op->kind == OP_RESTART) {
		modem_restart(world->modem, op->extra != 0);
	} else if (size) {
		wire_add(frame, 0x10, payload, size);
	}
	hear(world, op, frame, wire_size(frame));
}

void do_modem(struct world *world, const struct operation *op)
{
	uint8_t frame[WIRE_MAX];
	uint8_t *bytes;

	switch (op->kind) {
	case OP_ANSWER:
		if (!modem_pending(world->modem))
			return;
		modem_answer(world->modem, op->amount, &op->how, frame);
		hear(world, op, frame, wire_size(frame));
		break;
	case OP_IGNORE:
		if (modem_pending(world->modem))
			modem_ignore(world->modem, op->amount, op->extra != 0);
		world->was_sent = false;
		break;
	case OP_NOISE:
		bytes = odd_bytes(op);
		hear(world, op, bytes, op->amount);
		free(bytes);
		break;
	default:
		indicate(world, op);
	}
}

/* The port sends all that it may, second by second: the window lets no more through. */
static bool press(struct world *world, uint32_t seconds)
{
	while (seconds--) {
		sent(world);
		if (!check(world, false) || !exchange(world, UINT32_MAX) ||
		    !pass_time(world, 1000, false))
			return false;
	}
	return true;
}

/* --- all together -------------------------------------------------------------------- */

static void give_clients(struct world *world, const struct operation *op)
{
	static const struct modem_answer well = {0};
	struct operation allocate = *op;
	uint8_t frame[WIRE_MAX];

	if (!model_is_open(world->model, op->slot))
		return;
	allocate.kind = OP_ALLOCATE;
	for (uint32_t i = 0; i < op->amount && check(world, false); i++) {
		write_request(world, &allocate);
		if (!check(world, false) || !do_turns(world) || !exchange(world, 1) ||
		    !modem_pending(world->modem))
			return;
		modem_answer(world->modem, modem_pending(world->modem) - 1, &well, frame);
		hear(world, &allocate, frame, wire_size(frame));
		if (!check(world, false))
			return;
		read_all(world, op->slot);
	}
}

static void do_rest(struct world *world, const struct operation *op)
{
	switch (op->kind) {
	case OP_NEXT:
		next_frame(world);
		break;
	case OP_SENT:
		sent(world);
		break;
	case OP_FAILED:
		failed(world);
		break;
	case OP_LOST:
		lost(world);
		break;
	case OP_EXCHANGE:
		exchange(world, op->amount);
		break;
	case OP_PRESS:
		press(world, op->amount);
		break;
	case OP_CLIENTS:
		give_clients(world, op);
		break;
	case OP_RESET:
		mux_port_reset(world->mux);
		model_reset(world->model);
		modem_restart(world->modem, false);
		world->stream.size = 0;
		break;
	case OP_STOP:
		if (model_stopping(world->model))
			break;
		mux_stop(world->mux);
		model_stop(world->model);
		break;
	case OP_SAVE:
		restart(world);
		break;
	case OP_CRASH:
		crash(world, op);
		break;
	case OP_UNPLUG:
		world->unplugged = true;
		mux_port_unplugged(world->mux);
		model_unplugged(world->model);
		world->port_size = 0;
		break;
	default:
		pass_time(world, op->amount, op->kind == OP_JUMP);
	}
}

bool world_do(struct world *world, const struct operation *op)
{
	if (op->kind <= OP_READ_ALL)
		do_session(world, op);
	else if (world->unplugged)
		return true; /* the port is gone */
	else if (op->kind >= OP_ANSWER && op->kind <= OP_NOISE)
		do_modem(world, op);
	else
		do_rest(world, op);
	return check(world, op->quiet) && (op->later || do_turns(world));
}
