/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved states, damaged behind their checksum, and kept ones: mux_load() refuses them, or
 * gives a mux that is consistent and goes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "fuzz.h"
#include "random.h"
#include "world_private.h"

#define STEPS_MAX 64
#define DAMAGES   64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct operation choose(struct input *input)
{
	static const enum operation_kind kinds[] = {
		OP_OPEN, OP_CLOSE,    OP_REQUEST, OP_ALLOCATE, OP_RELEASE, OP_SYNC,
		OP_CTL,  OP_FLOOD,    OP_RAW,     OP_NEXT,     OP_SENT,    OP_FAILED,
		OP_LOST, OP_EXCHANGE, OP_ANSWER,  OP_INDICATE, OP_CLIENTS, OP_JUMP};
	uint8_t byte = input_byte(input);
	struct operation op = {
		.kind = kinds[byte % (sizeof(kinds) / sizeof(kinds[0]))],
		.slot = input_byte(input) % 5,
		.service = 1 + byte / 64 % 3,
		.message = 0x0020 + byte % 4,
	};

	op.later = byte & 128;
	op.user = op.slot / 2;
	op.node = op.slot & 1;
	op.cid = input_byte(input) % 8;
	op.tid = op.cid;
	op.amount = input_byte(input) % 32;
	op.extra = op.amount;
	if (op.kind == OP_CLIENTS)
		op.amount %= 4;
	if (op.kind == OP_JUMP)
		op.amount *= 200;
	return op;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void pump(struct mux *mux, uint64_t now)
{
	size_t size;

	if (mux_port_pending(mux, &size))
		mux_port_sent(mux);
	mux_tick(mux, now);
	for (unsigned i = 0; i < 100 && mux_port_next(mux, now, &size); i++)
		i % 7 ? mux_port_sent(mux) : mux_port_failed(mux, now);
	while (mux_next_changed(mux))
		;
	must(!mux_check(mux));
}

static void drain(struct session *session)
{
	const uint8_t *data;
	ssize_t size;

	while ((size = mux_peek(session, &data)) != -EAGAIN && size != -ENODEV) {
		if (size > 0)
			mux_consume(session, (size_t)size);
	}
}

/* Goes on with whatever was loaded. */
static void play(struct mux *mux, uint64_t now)
{
	static const uint8_t sync[] = {1, 12, 0, 0x80, 0, 0, 2, 0, 0x27, 0, 1, 0, 0};
	uint8_t get_model[] = {1, 12, 0, 0, 2, 1, 0, 9, 0, 0x22, 0, 0, 0};
	struct session *session;

	must(!mux_check(mux));
	while ((session = mux_next_left(mux, NULL))) {
		must(mux_reopen(mux, mux_session_id(session), 0, 0, mux) == session);
		drain(session);
		mux_write(session, get_model, sizeof(get_model), now);
		pump(mux, now);
		if (mux_session_id(session) % 2)
			mux_close(session, now);
	}
	for (unsigned i = 0; i < 8; i++) {
		now += 700;
		pump(mux, now);
	}
	mux_port_received(mux, sync, sizeof(sync), now);
	pump(mux, now);
	mux_stop(mux);
	pump(mux, now + 60000);
}

/* One to three bytes of it, wherever. */
static void damage(struct random *random, uint8_t *bytes, size_t size)
{
	for (unsigned count = 1 + random_below(random, 3); count > 0; count--)
		bytes[random_below(random, (uint32_t)size)] ^=
			(uint8_t)(1U << random_below(random, 8));
}

static void load(const struct world *world, void *kept, uint8_t *saved, size_t size)
{
	struct mux_config config = world->mux_config;
	const char *why = NULL;
	struct mux *mux;

	config.hooks = (struct mux_hooks){0};
	mux = mux_load(&config, kept, saved, size, world->now, &why);
	must(mux || (errno == EINVAL && why));
	if (!mux)
		return;
	play(mux, world->now);
	mux_destroy(mux);
}

static void load_saved(const struct world *world, struct random *random)
{
	uint8_t *saved;
	uint8_t *bytes;
	size_t size;

	must(mux_save(world->mux, &saved, &size) == 0);
	bytes = malloc(size);
	must(bytes);
	for (unsigned i = 0; i < DAMAGES; i++) {
		memcpy(bytes, saved, size);
		damage(random, bytes, size);
		archive_seal(bytes, size);
		load(world, NULL, bytes, size);
	}
	free(bytes);
	free(saved);
}

static void load_kept(const struct world *world, struct random *random)
{
	size_t size = mux_kept_size();
	uint8_t *bytes = malloc(size);

	must(bytes);
	memcpy(bytes, world->kept, size);
	load(world, bytes, NULL, 0);
	memcpy(bytes, world->kept, size);
	damage(random, bytes, random_one_in(random, 2) ? size : 4096);
	load(world, bytes, NULL, 0);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct world *world = fuzz_begin(&input);
	unsigned steps = input_byte(&input);
	struct random random = {0};

	for (unsigned i = 0; i < steps % STEPS_MAX && input.size; i++) {
		struct operation op = choose(&input);

		random.state = random.state * 31 + op.kind + op.amount;
		fuzz_do(world, &op);
	}
	random.state += steps;
	load_saved(world, &random);
	load_kept(world, &random);
	fuzz_end(world);
	return 0;
}
