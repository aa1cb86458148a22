/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"
#include "plain_modem.h"

#define ANSWER_TIMEOUT         10000 /* ms */
#define DMS_GET_OPERATING_MODE 0x002D
#define TID_IN_VAIN            1000

/* libqmi's message from a program to qmi-proxy, with the port's path in its only TLV. */
#define CTL_INTERNAL_PROXY_OPEN 0xFF00
#define PROXY_SOCKET            "qmi-proxy" /* abstract */

static int connect_to_proxy(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, PROXY_SOCKET, strlen(PROXY_SOCKET));
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(PROXY_SOCKET))) < 0)
		err(EXIT_FAILURE, "cannot connect to qmi-proxy");
	return fd;
}

static void wait_for_answer(const struct connection *connection)
{
	struct pollfd pollfd = {.fd = connection->fd, .events = POLLIN};
	int ready = poll(&pollfd, 1, connection->patience);

	if (ready < 0)
		err(EXIT_FAILURE, "poll");
	if (ready == 0)
		errx(EXIT_FAILURE, "no answer in %d s", connection->patience / 1000);
}

/* A socket and a terminal are streams: the answer may come in parts. */
static void receive(struct connection *connection)
{
	size_t size;

	connection->in_len = 0;
	for (;;) {
		ssize_t got;

		if (connection->reading == READING_POLLS)
			wait_for_answer(connection);
		got = read(connection->fd, connection->in + connection->in_len,
			   sizeof(connection->in) - connection->in_len);
		if (got < 0)
			err(EXIT_FAILURE, "read");
		if (got == 0)
			errx(EXIT_FAILURE, "the server has closed the connection");
		connection->in_len += (size_t)got;
		switch (frame_scan(connection->in, connection->in_len, FRAME_FROM_MODEM, &size)) {
		case FRAME_WHOLE:
			if (size != connection->in_len)
				errx(EXIT_FAILURE, "more than the answer was read");
			return;
		case FRAME_INVALID:
			errx(EXIT_FAILURE, "the data read is not a QMI frame");
		case FRAME_PARTIAL:
			break;
		}
	}
}

static void send_frame(const struct connection *connection, const uint8_t *frame)
{
	if (write(connection->fd, frame, frame_size(frame)) != (ssize_t)frame_size(frame))
		err(EXIT_FAILURE, "write");
}

static void exchange(struct connection *connection, const uint8_t *request)
{
	const uint8_t *answer = connection->in;

	send_frame(connection, request);
	receive(connection);
	if (frame_kind(answer) != FRAME_RESPONSE ||
	    frame_service(answer) != frame_service(request) ||
	    frame_cid(answer) != frame_cid(request) || frame_tid(answer) != frame_tid(request) ||
	    frame_message(answer) != frame_message(request))
		errx(EXIT_FAILURE, "the frame read does not answer message 0x%04X",
		     frame_message(request));
	if (frame_error(answer) != QMI_ERROR_NONE)
		errx(EXIT_FAILURE, "message 0x%04X was answered with QMI error %u",
		     frame_message(request), frame_error(answer));
}

static void begin(struct connection *connection, uint8_t *frame, uint8_t service, uint8_t cid,
		  uint16_t message)
{
	/* A CTL tid has 8 bits; no request has tid 0. */
	connection->tid = (uint16_t)(connection->tid % 255 + 1);
	frame_begin(frame, FRAME_REQUEST, service, cid, connection->tid, message);
}

static void open_through_proxy(struct connection *connection, const char *path)
{
	uint8_t frame[256];

	if (FRAME_HEADER_MAX + 3 + strlen(path) > sizeof(frame))
		errx(EXIT_FAILURE, "path too long: %s", path);
	connection->fd = connect_to_proxy();
	begin(connection, frame, QMI_SERVICE_CTL, QMI_CID_NONE, CTL_INTERNAL_PROXY_OPEN);
	frame_add_tlv(frame, QMI_TLV_FIRST, path, (uint16_t)strlen(path));
	exchange(connection, frame);
}

void connection_open(struct connection *connection, const char *path, bool proxy,
		     enum reading reading)
{
	*connection = (struct connection){.reading = READING_BLOCKS, .patience = ANSWER_TIMEOUT};
	if (proxy)
		open_through_proxy(connection, path);
	else
		connection->fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (connection->fd < 0)
		err(EXIT_FAILURE, "cannot open %s", path);
	if (reading == READING_POLLS && fcntl(connection->fd, F_SETFL, O_NONBLOCK) < 0)
		err(EXIT_FAILURE, "fcntl");
	connection->reading = reading;
}

void connection_close(struct connection *connection)
{
	close(connection->fd);
}

uint8_t connection_allocate(struct connection *connection, uint8_t service)
{
	uint8_t frame[FRAME_HEADER_MAX + 4];
	const uint8_t *client;

	begin(connection, frame, QMI_SERVICE_CTL, QMI_CID_NONE, QMI_CTL_ALLOCATE_CID);
	frame_add_tlv(frame, QMI_TLV_FIRST, &service, 1);
	exchange(connection, frame);
	client = frame_tlv(connection->in, QMI_TLV_FIRST, 2, NULL);
	if (!client)
		errx(EXIT_FAILURE, "the answer to Allocate CID has no CID");
	return client[1];
}

void connection_release(struct connection *connection, uint8_t service, uint8_t cid)
{
	uint8_t frame[FRAME_HEADER_MAX + 5];
	const uint8_t client[] = {service, cid};

	begin(connection, frame, QMI_SERVICE_CTL, QMI_CID_NONE, QMI_CTL_RELEASE_CID);
	frame_add_tlv(frame, QMI_TLV_FIRST, client, sizeof(client));
	exchange(connection, frame);
}

void connection_ask(struct connection *connection, uint8_t cid)
{
	uint8_t frame[FRAME_HEADER_MAX];

	begin(connection, frame, QMI_SERVICE_DMS, cid, DMS_GET_OPERATING_MODE);
	exchange(connection, frame);
}

void connection_sync(struct connection *connection)
{
	uint8_t frame[FRAME_HEADER_MAX];

	begin(connection, frame, QMI_SERVICE_CTL, QMI_CID_NONE, QMI_CTL_SYNC);
	exchange(connection, frame);
}

void connection_ask_in_vain(const struct connection *connection, uint8_t cid)
{
	uint8_t frame[FRAME_HEADER_MAX];

	frame_begin(frame, FRAME_REQUEST, QMI_SERVICE_DMS, cid, TID_IN_VAIN, PLAIN_IGNORED);
	send_frame(connection, frame);
}
