/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring_streams.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The kernel takes a buffer of these for a stream that has something to read, and gets it
 * back when that has been handled. Streams that find none left are the next to be read.
 */
#define BUFFERS      32 /* a power of two; they are 1 to BUFFERS, and 0 is none */
#define BUFFER_SIZE  512
#define BUFFER_GROUP 0

bool ring_has_room(struct io_uring *uring, unsigned count)
{
	if (io_uring_sq_space_left(uring) < count)
		io_uring_submit(uring);
	return io_uring_sq_space_left(uring) >= count;
}

static uint8_t *ring_streams_buffer(const struct ring_streams *streams, unsigned id)
{
	return streams->memory + (size_t)(id - 1) * BUFFER_SIZE;
}

static void ring_streams_give(struct ring_streams *streams, unsigned id)
{
	if (id == 0)
		return;
	io_uring_buf_ring_add(streams->buffers, ring_streams_buffer(streams, id), BUFFER_SIZE,
			      (unsigned short)id, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(streams->buffers, 1);
}

/* The kernel wants its ring of buffers on a page of its own. */
static size_t ring_streams_head_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t ring_streams_size(void)
{
	return ring_streams_head_size() + (size_t)BUFFERS * BUFFER_SIZE;
}

void ring_streams_init(struct ring_streams *streams, struct io_uring *uring)
{
	struct io_uring_buf_reg reg = {.ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
	uint8_t *map = mmap(NULL, ring_streams_size(), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*streams = (struct ring_streams){.uring = uring};
	list_init(&streams->to_receive);
	list_init(&streams->received);
	if (map == MAP_FAILED)
		return;
	reg.ring_addr = (uintptr_t)map;
	/* From Linux 5.19. */
	if (io_uring_register_buf_ring(uring, &reg, 0) < 0) {
		munmap(map, ring_streams_size());
		return;
	}
	streams->buffers = (struct io_uring_buf_ring *)(void *)map;
	streams->memory = map + ring_streams_head_size();
	io_uring_buf_ring_init(streams->buffers);
	for (unsigned id = 1; id <= BUFFERS; id++)
		ring_streams_give(streams, id);
}

void ring_streams_finish(struct ring_streams *streams)
{
	if (streams->buffers)
		munmap(streams->buffers, ring_streams_size());
}

void ring_streams_start(struct ring_streams *streams)
{
	list_for_each (link, &streams->to_receive) {
		struct stream *stream = container_of(link, struct stream, link);
		struct io_uring_sqe *sqe;

		if (!ring_has_room(streams->uring, 1))
			return;
		sqe = io_uring_get_sqe(streams->uring);
		io_uring_prep_recv(sqe, stream->fd, NULL, BUFFER_SIZE, 0);
		io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
		sqe->buf_group = BUFFER_GROUP;
		io_uring_sqe_set_data64(sqe, (uintptr_t)stream | RING_STREAM_READS);
		stream->under_way = true;
		list_remove(&stream->link);
	}
}

/* True for errors that are not the socket's. */
static bool ring_streams_may_retry(int result)
{
	return result == -ENOBUFS || result == -ENOMEM || result == -EINTR || result == -ECANCELED;
}

void ring_streams_end(struct ring_streams *streams, const struct io_uring_cqe *cqe)
{
	struct stream *stream = ring_stream_of(cqe);

	stream->under_way = false;
	stream->result = cqe->res;
	if (cqe->flags & IORING_CQE_F_BUFFER)
		stream->buffer = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	if (stream->buffer == 0 && ring_streams_may_retry(cqe->res))
		list_prepend(&streams->to_receive, &stream->link);
	else
		list_append(&streams->received, &stream->link);
}

void ring_streams_handle(struct ring_streams *streams)
{
	struct stream *stream = container_of(streams->received.next, struct stream, link);
	unsigned buffer = stream->buffer;

	list_remove(&stream->link);
	/* received() may free the stream. */
	stream->buffer = 0;
	stream->received(stream, buffer ? ring_streams_buffer(streams, buffer) : NULL,
			 stream->result);
	ring_streams_give(streams, buffer);
}

void ring_streams_drop(struct ring_streams *streams, struct stream *stream)
{
	ring_streams_give(streams, stream->buffer);
	stream->buffer = 0;
	list_remove(&stream->link);
}
