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

	if (frames == WRITERS_REFUSED || frames == WRITERS_WRONG)
		frames_request(frame, QMI_SERVICE_DMS, FOREIGN_CID, tid, DMS_GET_IDS);
	else if (frames == WRITERS_SYNC)
		frames_ctl(frame, (uint8_t)tid, QMI_CTL_SYNC);
	else
		frames_allocate(frame, (uint8_t)tid, QMI_SERVICE_WMS);
	return frame_size(frame);
}

static int open_node(const struct writers *w, unsigned int index)
{
	int nonblock = index % 2 ? O_NONBLOCK : 0;
	int fd = open(node_path(w->first + index % w->nodes), O_RDWR | nonblock);

	if (fd < 0)
		_exit(1);
	return fd;
}

void writers_attack(unsigned int index, const void *arg, struct crowd_board *board)
{
	const struct writers *w = arg;
	/* A write that begins within a page would be split, and could end within a frame. */
	static _Alignas(4096) uint8_t bytes[WRITE_SIZE + FRAME_AT_MOST];
	int fd = open_node(w, index);
	size_t size = 0;
	size_t last = 0;

	for (unsigned int i = 0; size <= WRITE_SIZE; i++)
		size += last = add(bytes + size, w->frames, i);
	size -= last;
	if (w->frames == WRITERS_WRONG)
		bytes[size - last] = 0xff;
	board->ready++;
	for (;;) {
		if (write(fd, bytes, size) < 0 && errno != EAGAIN && errno != ENOMEM &&
		    errno != EINVAL)
			_exit(2);
		board->rounds++;
		if (!w->leave)
			continue;
		close(fd);
		fd = open_node(w, index);
	}
}
