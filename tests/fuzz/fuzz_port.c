/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary bytes from the port, in arbitrary pieces, with all kinds of requests in flight. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct world *world)
{
	static const struct operation asked[] = {
		{.kind = OP_OPEN, .slot = 1, .node = 1},
		{.kind = OP_REQUEST, .service = 2, .cid = 1, .tid = 5, .message = 0x22},
		{.kind = OP_ALLOCATE, .service = 1, .tid = 6},
		{.kind = OP_CTL, .message = 0x21, .tid = 7},
		{.kind = OP_ALLOCATE, .slot = 1, .service = 2, .tid = 8},
		{.kind = OP_EXCHANGE, .amount = 9},
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		fuzz_do(world, &asked[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct world *world = fuzz_begin(&input);
	struct operation wait = {.kind = OP_WAIT};

	ask(world);
	while (input.size) {
		struct operation noise = {.kind = OP_NOISE};
		size_t bytes;

		wait.amount = 10U * input_byte(&input);
		noise.data = input_bytes(&input, &bytes);
		noise.amount = (uint32_t)bytes;
		fuzz_do(world, &noise);
		fuzz_do(world, &wait);
	}
	fuzz_end(world);
	return 0;
}
