/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

uint8_t input_byte(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

const uint8_t *input_bytes(struct input *input, size_t *size)
{
	const uint8_t *bytes;

	*size = input_byte(input);
	if (*size > input->size)
		*size = input->size;
	bytes = input->data;
	input->data += *size;
	input->size -= *size;
	return bytes;
}

static void check(const struct world *world)
{
	const struct model *model = world_model(world);

	if (!model_broken_rule(model))
		return;
	fprintf(stderr, "%s: %s\n", model_broken_rule(model), model_complaint(model));
	abort();
}

void fuzz_do(struct world *world, const struct operation *op)
{
	char text[400];

	if (getenv("FUZZ_TRACE")) {
		operation_print(op, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
	world_do(world, op);
	check(world);
}

struct world *fuzz_begin(struct input *input)
{
	uint8_t choice = input_byte(input);
	struct world_config config = {
		.checked = true,
		.nodes = 2,
		.frame_max = choice & 1 ? 64 : 4096,
		.queue_bytes = choice & 2 ? 60 : 65536,
		.transaction_timeout = choice & 4 ? 500 : 30000,
		.ctl_timeout = choice & 4 ? 700 : 10000,
		.orphan_timeout = choice & 8 ? 700 : 0,
		.modem_clients = choice & 16 ? 2 : 8,
		.modem_first_cid = choice & 32 ? 200 : 1,
		.start_sync = choice & 64,
		.proxy = choice & 128,
	};
	struct operation open = {.kind = OP_OPEN};
	struct operation clients = {.kind = OP_CLIENTS, .service = 2, .amount = 1};
	struct world *world = world_create(&config);

	fuzz_do(world, &open);
	fuzz_do(world, &clients);
	return world;
}

void fuzz_end(struct world *world)
{
	world_finish(world);
	check(world);
	world_destroy(world);
}
