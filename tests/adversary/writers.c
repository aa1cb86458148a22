/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "writers.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../faults/frames.h"

#define WRITE_SIZE    131072 /* the most that the kernel passes on at once */
#define FOREIGN_CID   200
#define FRAME_AT_MOST 32

static size_t add(uint8_t *frame, enum writers_frames frames, unsigned int i)
{
	uint16_t tid = (uint16_t)(1 + i % 255);

	if (frames == WRITERS_REFUSED)
		frames_request(frame, QMI_SERVICE_DMS, FOREIGN_CID, tid, DMS_GET_IDS);
	else if (frames == WRITERS_SYNC)
		frames_ctl(frame, (uint8_t)tid, QMI_CTL_SYNC);
	else
		frames_allocate(frame, (uint8_t)tid, QMI_SERVICE_WMS);
	return frame_size(frame);
}

void writers_attack(unsigned int index, const void *arg, struct crowd_board *board)
{
	const struct writers *w = arg;
	/* A write that begins within a page would be split, and could end within a frame. */
	static _Alignas(4096) uint8_t bytes[WRITE_SIZE + FRAME_AT_MOST];
	int nonblock = index % 2 ? O_NONBLOCK : 0;
	int fd = open(node_path(w->first + index % w->nodes), O_RDWR | nonblock);
	size_t size = 0;
	size_t last = 0;

	if (fd < 0)
		_exit(1);
	for (unsigned int i = 0; size <= WRITE_SIZE; i++)
		size += last = add(bytes + size, w->frames, i);
	board->ready++;
	for (;;) {
		if (write(fd, bytes, size - last) < 0 && errno != EAGAIN && errno != ENOMEM)
			_exit(2);
		board->rounds++;
	}
}
