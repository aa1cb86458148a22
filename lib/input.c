/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

/* ms that the rest of a frame may take; after that, what has come counts as garbage. */
#define PARTIAL_TIMEOUT 2000

int input_init(struct input *input)
{
	*input = (struct input){.data = malloc(QMUX_SIZE_MAX), .deadline = UINT64_MAX};
	return input->data ? 0 : -ENOMEM;
}

void input_finish(struct input *input)
{
	free(input->data);
}

size_t input_push(struct input *input, const uint8_t *data, size_t size)
{
	size_t room = QMUX_SIZE_MAX - input->bytes;
	size_t taken = size < room ? size : room;

	memcpy(input->data + input->bytes, data, taken);
	input->known = input->bytes;
	input->bytes += taken;
	return taken;
}

static void input_compact(struct input *input, uint64_t now)
{
	input->bytes -= input->at;
	memmove(input->data, input->data + input->at, input->bytes);
	if (input->bytes == 0) {
		input->deadline = UINT64_MAX;
	} else if (input->at >= input->known) {
		input->deadline = now + PARTIAL_TIMEOUT;
		input->old = input->bytes;
	} else {
		input->old -= input->at < input->old ? input->at : input->old;
	}
	input->at = 0;
	input->stale = 0;
}

static size_t input_take_skipped(struct input *input)
{
	size_t skipped = input->skipped;

	input->skipped = 0;
	return skipped;
}

uint8_t *input_next(struct input *input, uint64_t now, size_t *skipped)
{
	while (input->at < input->bytes) {
		uint8_t *data = input->data + input->at;
		size_t size;
		enum frame_scan scan =
			frame_scan(data, input->bytes - input->at, FRAME_FROM_MODEM, &size);

		if (scan == FRAME_PARTIAL && input->at >= input->stale)
			break;
		if (scan == FRAME_WHOLE) {
			input->at += size;
			*skipped = input_take_skipped(input);
			return data;
		}
		input->skipped++;
		input->at++;
	}
	input_compact(input, now);
	*skipped = input_take_skipped(input);
	return NULL;
}

/* It may have swallowed frames that came after it. */
void input_expire(struct input *input)
{
	input->skipped++;
	input->at++;
	input->stale = input->old;
	input->known = 0;
}

size_t input_discard(struct input *input)
{
	size_t bytes = input->bytes;

	input->bytes = 0;
	input->at = 0;
	input->deadline = UINT64_MAX;
	return bytes;
}
