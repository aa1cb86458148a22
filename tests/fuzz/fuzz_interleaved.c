/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several sessions, the port and time together, with their faults. */
#include "fuzz.h"

#define SLOTS 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint16_t message(uint8_t byte)
{
	static const uint16_t messages[] = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x27, 0x01};

	return messages[byte % (sizeof(messages) / sizeof(messages[0]))];
}

static void choose_answer(struct input *input, struct modem_answer *how)
{
	uint8_t byte = input_byte(input);

	how->error = byte & 1 ? 5 : byte & 2 ? 3 : 0;
	how->keep = byte & 4;
	how->wrong_tid = byte & 8;
	how->wrong_message = byte & 16;
	how->wrong_cid = byte & 32;
	how->without_tlv = byte & 64;
	how->odd_client = byte & 128;
}

static struct operation choose(struct input *input)
{
	uint8_t byte = input_byte(input);
	struct operation op = {.kind = byte % (OP_UNPLUG + 1), .slot = input_byte(input) % SLOTS};
	size_t bytes;

	op.quiet = byte & 128;
	op.later = byte & 128;
	if (op.kind == OP_RAW || op.kind == OP_NOISE) {
		op.data = input_bytes(input, &bytes);
		op.amount = (uint32_t)bytes;
		return op;
	}
	op.node = op.slot & 1;
	op.user = op.slot / 2;
	op.service = 1 + input_byte(input) % 3;
	op.cid = input_byte(input);
	op.tid = input_byte(input) % 8;
	op.message = message(input_byte(input));
	op.amount = input_byte(input);
	op.extra = op.amount & 1;
	if (op.kind == OP_WAIT || op.kind == OP_JUMP)
		op.amount *= 10;
	if (op.kind == OP_CLIENTS || op.kind == OP_PRESS)
		op.amount %= 4;
	if (op.kind == OP_ANSWER)
		choose_answer(input, &op.how);
	return op;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct world *world = fuzz_begin(&input);

	while (input.size) {
		struct operation op = choose(&input);

		fuzz_do(world, &op);
	}
	fuzz_end(world);
	return 0;
}
