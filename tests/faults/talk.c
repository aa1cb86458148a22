/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"
#include "proxied.h"

#define CTL_TID 0x77
#define TID     0x7777

int talk_open(unsigned int node)
{
	int fd = either_open(node, O_NONBLOCK);

	if (fd < 0)
		fail_msg("open %s: %s", node == NODE_PROXY ? "a connection" : node_path(node),
			 strerror(errno));
	return fd;
}

void talk_send(int fd, const uint8_t *frame)
{
	ssize_t n = write(fd, frame, frame_size(frame));

	if (n < 0)
		fail_msg("write: %s", strerror(errno));
	assert_int_equal(n, frame_size(frame));
}

/* False if there is nothing to read. */
static bool receive(int fd, uint8_t *frame)
{
	struct stat st;

	assert_return_code(fstat(fd, &st), errno);
	for (;;) {
		ssize_t n =
			either_read(S_ISSOCK(st.st_mode) ? NODE_PROXY : 0, fd, frame, FRAME_ROOM);

		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			fail_msg("read: %s", n < 0 ? strerror(errno) : "no bytes");
		if (frame_kind(frame) == FRAME_RESPONSE)
			return true;
	}
}

void talk_receive(int fd, uint8_t *frame)
{
	int64_t deadline = deadline_usual();

	while (!receive(fd, frame)) {
		if (!wait_for(fd, POLLIN, deadline))
			fail_msg("no answer came");
	}
}

uint16_t talk_ask(int fd, uint8_t *frame)
{
	uint8_t service = frame_service(frame);
	uint8_t cid = frame_cid(frame);
	uint16_t tid = frame_tid(frame);
	uint16_t message = frame_message(frame);

	talk_send(fd, frame);
	talk_receive(fd, frame);
	assert_int_equal(frame_service(frame), service);
	assert_int_equal(frame_cid(frame), cid);
	assert_int_equal(frame_tid(frame), tid);
	assert_int_equal(frame_message(frame), message);
	return frame_error(frame);
}

void talk_expect_no_answer(int fd)
{
	uint8_t frame[FRAME_ROOM];

	assert_false(receive(fd, frame));
}

uint8_t talk_allocate(int fd, uint8_t service)
{
	uint8_t frame[FRAME_ROOM];
	const uint8_t *named;

	frames_allocate(frame, CTL_TID, service);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	named = frame_tlv(frame, QMI_TLV_FIRST, 2, NULL);
	assert_non_null(named);
	return named[1];
}

void talk_release(int fd, uint8_t service, uint8_t cid)
{
	uint8_t frame[FRAME_ROOM];

	frames_release(frame, CTL_TID, service, cid);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
}

uint8_t talk_subscribe(int fd)
{
	uint8_t frame[FRAME_ROOM];
	uint8_t cid = talk_allocate(fd, QMI_SERVICE_NAS);

	frames_subscribe_report(frame, cid, TID);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	frames_subscribe_info(frame, cid, TID);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	return cid;
}
