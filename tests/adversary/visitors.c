/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "visitors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cuse/proxy_socket.h"
#include "../faults/frames.h"
#include "../faults/proxied.h"
#include "moody_modem.h"
#include "requesters.h"

#define WRITE_SIZE  65536
#define FOREIGN_CID 200
#define PAUSE_MS    10  /* when there is no room */
#define KEPT        125 /* connections of each process */
#define SILENT_MAX  200 /* likewise */

static void rest(void)
{
	poll(NULL, 0, PAUSE_MS);
}

/* Many of the same request, with ascending tids. Returns their size. */
static size_t build(uint8_t *bytes, uint8_t cid, uint16_t message)
{
	size_t size = 0;

	for (uint16_t tid = 1; size + FRAME_HEADER_MAX <= WRITE_SIZE; tid++) {
		frames_request(bytes + size, QMI_SERVICE_DMS, cid, tid, message);
		size += frame_size(bytes + size);
	}
	return size;
}

/* A short write continues where it ended, or the daemon would close the connection. */
__attribute__((noreturn)) static void flood(int fd, uint8_t cid, uint16_t message,
					    struct crowd_board *board)
{
	static uint8_t bytes[WRITE_SIZE];
	size_t size = build(bytes, cid, message);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	size_t at = 0;

	board->ready++;
	for (;;) {
		ssize_t n = send(fd, bytes + at, size - at, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			_exit(2);
		if (n < 0) {
			poll(&wait, 1, PAUSE_MS);
			/* That it is held back is what it does. */
			board->rounds++;
			continue;
		}
		at = (at + (size_t)n) % size;
		board->rounds++;
	}
}

void visitors_flood(unsigned int index, const void *arg, struct crowd_board *board)
{
	(void)index;
	(void)arg;
	flood(requesters_open(NODE_PROXY), FOREIGN_CID, MODEM_ASK, board);
}

void visitors_ask(unsigned int index, const void *arg, struct crowd_board *board)
{
	int fd = requesters_open(NODE_PROXY);

	(void)index;
	(void)arg;
	flood(fd, requesters_allocate(fd, QMI_SERVICE_DMS), MODEM_ASK, board);
}

void visitors_connect(unsigned int index, const void *arg, struct crowd_board *board)
{
	(void)index;
	(void)arg;
	board->ready++;
	for (;;) {
		int fd = proxied_open(0);

		if (fd < 0)
			rest();
		else
			close(fd);
		board->rounds++;
	}
}

void visitors_stay(unsigned int index, const void *arg, struct crowd_board *board)
{
	unsigned int count = 0;
	int fd;

	(void)index;
	(void)arg;
	while (count < KEPT && (fd = proxied_open(0)) >= 0) {
		count++;
		board->numbers[0]++;
	}
	board->ready++;
	for (;;) {
		fd = proxied_open(0);
		if (fd < 0)
			rest();
		else
			close(fd);
		board->rounds++;
	}
}

void visitors_say_nothing(unsigned int index, const void *arg, struct crowd_board *board)
{
	int fds[SILENT_MAX];

	(void)index;
	(void)arg;
	for (unsigned int i = 0; i < SILENT_MAX; i++)
		fds[i] = proxy_socket_connect(0);
	board->ready++;
	for (unsigned int i = 0;; i = (i + 1) % SILENT_MAX) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = proxy_socket_connect(0);
		if (fds[i] < 0)
			rest();
		board->rounds++;
	}
}
