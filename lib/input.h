/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reassembles what the port delivers: bytes go in, whole frames come out, and
 * garbage between them is counted and dropped.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	uint8_t *data; /* room for one frame of any size */
	size_t bytes;
	size_t at;         /* everything before this has been processed */
	size_t known;      /* bytes that were there before the last input_push() */
	size_t old;        /* bytes that were there when the partial frame began */
	size_t stale;      /* bytes too old to begin a partial frame */
	size_t skipped;    /* garbage bytes since the last frame */
	uint64_t deadline; /* ms: when the partial frame expires; UINT64_MAX if there is none */
};

/* 0, or -ENOMEM. input_finish() takes either. */
int input_init(struct input *input);
void input_finish(struct input *input);

/*
 * Takes as many bytes as there is room for, and returns how many. There is
 * room for at least one after input_next() has returned NULL.
 */
size_t input_push(struct input *input, const uint8_t *data, size_t size);

/*
 * The next whole frame, which the caller may change in place and which is valid
 * until the next call. NULL if there is none: a partial frame then waits for
 * its rest (V19). *skipped is the number of garbage bytes skipped on the way.
 */
uint8_t *input_next(struct input *input, uint64_t now, size_t *skipped);

/* Treats the partial frame as garbage, because its rest has not come: V19. */
void input_expire(struct input *input);

/* Drops the partial frame. Returns its bytes. */
size_t input_discard(struct input *input);

#endif
