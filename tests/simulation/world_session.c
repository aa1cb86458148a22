/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of sessions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "world_private.h"

/* Limit on what a session keeps while its writes are refused. */
#define STAGED_MAX 16384

void stage(struct staged *staged, const uint8_t *data, size_t size)
{
	staged->bytes = realloc(staged->bytes, staged->size + size + 1);
	if (!staged->bytes)
		abort();
	if (size)
		memcpy(staged->bytes + staged->size, data, size);
	staged->size += size;
}

uint8_t *unstage(struct staged *staged, size_t keep, size_t *size)
{
	uint8_t *all = staged->bytes;

	*size = staged->size - (keep < staged->size ? keep : staged->size);
	keep = staged->size - *size;
	*staged = (struct staged){0};
	stage(staged, all + *size, keep);
	return all;
}

static void open_session(struct world *world, const struct operation *op)
{
	uint32_t uid = op->user % MODEL_USERS ? 999 + op->user % MODEL_USERS : 0;
	unsigned node = op->node % world->config.nodes;
	struct session *session;

	if (world->config.proxy && op->slot % 2)
		node = world->config.nodes;
	errno = 0;
	session = mux_open(world->mux, node, uid, world);
	model_open(world->model, op->slot, node, uid, session, errno);
	world->sessions[op->slot] = session;
	if (!session)
		return;
	if (mux_session_id(session) <= world->last_id)
		model_complain(world->model, "V6", "a session's id was used before");
	world->last_id = mux_session_id(session);
}

void close_session(struct world *world, unsigned slot)
{
	mux_close(world->sessions[slot], world->now);
	model_close(world->model, slot, world->now);
	world->sessions[slot] = NULL;
	world->staged[slot].size = 0;
}

/* Puts the bytes back before those held back, to be written again. */
static void unwrite(struct staged *staged, const uint8_t *bytes, size_t size)
{
	size_t rest_size;
	uint8_t *rest = unstage(staged, 0, &rest_size);

	stage(staged, bytes, size);
	stage(staged, rest, rest_size);
	free(rest);
}

static void write_bytes(struct world *world, const struct operation *op, const uint8_t *data,
			size_t size)
{
	struct staged *staged = &world->staged[op->slot];
	uint8_t *bytes;
	ssize_t result;

	if (staged->size < STAGED_MAX)
		stage(staged, data, size);
	bytes = unstage(staged, op->cut, &size);
	result = mux_write(world->sessions[op->slot], bytes, size, world->now);
	model_write(world->model, op->slot, bytes, size, world->now, result);
	if (result == -EAGAIN)
		unwrite(staged, bytes, size);
	free(bytes);
}

void write_request(struct world *world, const struct operation *op)
{
	static const uint8_t payload[WIRE_MAX];
	uint8_t frame[WIRE_MAX];
	size_t size = op->amount < 4000 ? op->amount : 4000;
	uint8_t value[2] = {op->service, op->cid};
	bool is_service = op->kind == OP_REQUEST;

	wire_begin(frame, WIRE_REQUEST, is_service ? op->service : 0,
		   op->kind == OP_REQUEST || op->kind == OP_CTL ? op->cid : 0, op->tid,
		   op->kind == OP_ALLOCATE  ? 0x0022
		   : op->kind == OP_RELEASE ? 0x0023
		   : op->kind == OP_SYNC    ? 0x0027
					    : op->message);
	if (op->kind == OP_ALLOCATE)
		wire_add(frame, 0x01, value, 1);
	else if (op->kind == OP_RELEASE)
		wire_add(frame, 0x01, value, 2);
	else if (op->kind == OP_MALFORMED)
		wire_add(frame, 0x01, payload, size);
	else if (size)
		wire_add(frame, 0x10, payload, size);
	size = wire_size(frame);
	write_bytes(world, op, frame, op->damage ? wire_damage(frame, size, op->damage) : size);
}

static void write_flood(struct world *world, const struct operation *op)
{
	uint8_t *frames = malloc((size_t)op->amount * 16 + 1);
	uint8_t *frame;
	size_t size = 0;

	if (!frames)
		abort();
	for (uint32_t i = 0; i < op->amount; i++) {
		frame = frames + size;
		wire_begin(frame, WIRE_REQUEST, op->service, op->cid, (uint16_t)(op->tid + i),
			   op->message);
		if (op->extra)
			wire_add(frame, 0x10, NULL, 0);
		size += wire_size(frame);
	}
	write_bytes(world, op, frames, size);
	free(frames);
}

uint8_t *odd_bytes(const struct operation *op)
{
	struct random random = {op->extra};
	uint8_t *bytes = malloc(op->amount + 1);

	if (!bytes)
		abort();
	if (op->data) {
		memcpy(bytes, op->data, op->amount);
		return bytes;
	}
	for (uint32_t i = 0; i < op->amount; i++)
		bytes[i] = (uint8_t)random_next(&random);
	/* Half of them resemble a frame. */
	if (op->extra & 1 && op->amount > 6) {
		bytes[0] = 1;
		bytes[1] = (uint8_t)(op->extra >> 1);
		bytes[2] = op->extra & 0x10000 ? 0 : (uint8_t)(op->extra >> 17);
		bytes[3] = op->kind == OP_NOISE ? 0x80 : 0;
	}
	return bytes;
}

static void write_odd(struct world *world, const struct operation *op)
{
	uint8_t *bytes = odd_bytes(op);

	write_bytes(world, op, bytes, op->amount);
	free(bytes);
}

/* False if there was nothing to read. */
static bool read_once(struct world *world, unsigned slot, size_t max)
{
	const uint8_t *data = NULL;
	ssize_t size = mux_peek(world->sessions[slot], &data);

	model_peek(world->model, slot, size, data);
	if (size <= 0 || model_broken_rule(world->model))
		return size == -ENOBUFS;
	if (max > (size_t)size)
		max = (size_t)size;
	mux_consume(world->sessions[slot], max);
	model_consume(world->model, slot, max);
	return true;
}

void read_all(struct world *world, unsigned slot)
{
	while (read_once(world, slot, WIRE_MAX) && check(world, true))
		;
}

void do_session(struct world *world, const struct operation *op)
{
	bool is_open = model_is_open(world->model, op->slot);

	if (op->kind == OP_OPEN) {
		if (!is_open)
			open_session(world, op);
		return;
	}
	if (!is_open)
		return;
	switch (op->kind) {
	case OP_CLOSE:
		if (model_may_close(world->model, op->slot))
			close_session(world, op->slot);
		break;
	case OP_RAW:
		write_odd(world, op);
		break;
	case OP_FLOOD:
		write_flood(world, op);
		break;
	case OP_READ:
		read_once(world, op->slot, op->amount);
		break;
	case OP_READ_ALL:
		read_all(world, op->slot);
		break;
	default:
		write_request(world, op);
	}
}
