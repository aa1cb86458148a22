/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requesters.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "../faults/frames.h"
#include "../faults/proxied.h"
#include "moody_modem.h"

#define PATIENCE_MS 10000
#define AT_ONCE     1024 /* the most that a session may have in flight */
#define AT_CLOSING  1500
#define FRAME_ASK   FRAME_HEADER_MAX

unsigned int requesters_waiting = CROWD_FILES;

int requesters_open(unsigned int node)
{
	int fd = either_open(node, O_NONBLOCK);

	if (fd < 0)
		_exit(101);
	return fd;
}

uint8_t requesters_try_allocate(int fd, uint8_t service)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t frame[FRAME_ROOM];
	const uint8_t *client;

	frames_allocate(frame, 1, service);
	if (write(fd, frame, frame_size(frame)) < 0 || poll(&wait, 1, PATIENCE_MS) <= 0 ||
	    read(fd, frame, sizeof(frame)) < 0)
		return QMI_CID_NONE;
	client = frame_tlv(frame, QMI_TLV_FIRST, 2, NULL);
	return client ? client[1] : QMI_CID_NONE;
}

uint8_t requesters_allocate(int fd, uint8_t service)
{
	uint8_t cid = requesters_try_allocate(fd, service);

	if (cid == QMI_CID_NONE)
		_exit(102);
	return cid;
}

bool requesters_write(int fd, uint8_t cid, uint16_t message, unsigned int count)
{
	static uint8_t bytes[AT_CLOSING * FRAME_ASK];
	size_t size = 0;

	for (unsigned int i = 0; i < count; i++) {
		frames_request(bytes + size, QMI_SERVICE_DMS, cid, (uint16_t)(1 + i), message);
		size += frame_size(bytes + size);
	}
	if (write(fd, bytes, size) >= 0)
		return true;
	if (errno != EAGAIN && errno != ENOMEM)
		_exit(104);
	return false;
}

static void read_all(int fd, struct crowd_board *board)
{
	uint8_t frame[FRAME_ROOM];

	while (read(fd, frame, sizeof(frame)) >= 0 || errno == ENOBUFS)
		board->rounds++;
}

void requesters_send(unsigned int index, const void *arg, struct crowd_board *board)
{
	const unsigned int *node = arg;
	struct pollfd wait = {.fd = requesters_open(*node), .events = POLLIN | POLLOUT};
	uint8_t cid = requesters_allocate(wait.fd, QMI_SERVICE_DMS);

	(void)index;
	board->ready++;
	for (;;) {
		if (!requesters_write(wait.fd, cid, MODEM_ASK, AT_ONCE))
			wait.events = POLLIN | POLLOUT;
		read_all(wait.fd, board);
		poll(&wait, 1, PATIENCE_MS);
	}
}

void requesters_come_and_go(unsigned int index, const void *arg, struct crowd_board *board)
{
	const unsigned int *node = arg;

	(void)index;
	board->ready++;
	for (;;) {
		int fd = requesters_open(*node);
		/* The first one stays an orphan, which each of the others adopts. */
		uint8_t cid = requesters_allocate(fd, QMI_SERVICE_DMS);

		requesters_write(fd, cid, MODEM_IGNORED, AT_ONCE);
		close(fd);
		board->rounds++;
	}
}

void requesters_wait(unsigned int index, const void *arg, struct crowd_board *board)
{
	const unsigned int *node = arg;
	int fd = requesters_open(*node);
	uint8_t cid = requesters_allocate(fd, QMI_SERVICE_DMS);

	(void)index;
	requesters_write(fd, cid, MODEM_IGNORED, 1);
	for (unsigned int i = 1; i < requesters_waiting; i++)
		requesters_write(requesters_open(*node), cid, MODEM_IGNORED, 1);
	board->ready++;
	/* The next of them is sent whenever one has expired. */
	for (;;) {
		board->rounds++;
		usleep(10000);
	}
}

void requesters_linger(unsigned int index, const void *arg, struct crowd_board *board)
{
	const unsigned int *node = arg;
	int keeper = requesters_open(*node);
	uint8_t cid = requesters_allocate(keeper, QMI_SERVICE_DMS);

	(void)index;
	board->ready++;
	for (;;) {
		int fd = requesters_open(*node);

		requesters_write(fd, cid, MODEM_ASK, AT_CLOSING);
		close(fd);
		board->rounds++;
	}
}
