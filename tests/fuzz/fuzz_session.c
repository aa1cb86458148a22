/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary bytes from a session, in arbitrary pieces, with a well-behaved modem. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct world *world = fuzz_begin(&input);
	struct operation exchange = {.kind = OP_EXCHANGE, .amount = 3};
	struct operation answer = {.kind = OP_ANSWER};
	struct operation read = {.kind = OP_READ_ALL};

	while (input.size) {
		struct operation raw = {.kind = OP_RAW};
		size_t bytes;

		raw.data = input_bytes(&input, &bytes);
		raw.amount = (uint32_t)bytes;
		fuzz_do(world, &raw);
		fuzz_do(world, &exchange);
		if (bytes & 1)
			fuzz_do(world, &answer);
		if (bytes & 2)
			fuzz_do(world, &read);
	}
	fuzz_end(world);
	return 0;
}
