/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usbip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum command {
	CMD_SUBMIT = 1,
	CMD_UNLINK = 2,
	RET_SUBMIT = 3,
	RET_UNLINK = 4,
};

/* Where the fields of a header are; all are big-endian. */
enum offset {
	AT_COMMAND = 0,
	AT_SEQNUM = 4,
	AT_DIRECTION = 12, /* 1: in */
	AT_ENDPOINT = 16,
	AT_LENGTH = 24, /* CMD_SUBMIT */
	AT_SETUP = 40,
	AT_UNLINKED = 20, /* CMD_UNLINK */
	AT_STATUS = 20,   /* RET_SUBMIT, RET_UNLINK */
	AT_ACTUAL = 24,   /* RET_SUBMIT */
};

void usbip_open(struct usbip *usbip, int fd)
{
	*usbip = (struct usbip){.fd = fd};
}

void usbip_close(struct usbip *usbip)
{
	if (usbip->fd >= 0)
		close(usbip->fd);
	free(usbip->urb);
	*usbip = (struct usbip){.fd = -1};
}

static uint32_t be32_get(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void be32_put(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static struct urb *urb_from(const uint8_t *header)
{
	struct urb *urb = calloc(1, sizeof(*urb));

	if (!urb)
		return NULL;
	urb->seqnum = be32_get(header + AT_SEQNUM);
	urb->in = be32_get(header + AT_DIRECTION) == 1;
	urb->endpoint = (uint8_t)be32_get(header + AT_ENDPOINT);
	urb->length = be32_get(header + AT_LENGTH);
	memcpy(urb->setup, header + AT_SETUP, sizeof(urb->setup));
	return urb;
}

/* What recv() returns, with USBIP_NOTHING and USBIP_CLOSED for why there was none. */
static ssize_t receive_bytes(struct usbip *usbip, uint8_t *bytes, size_t size,
			     enum usbip_event *none)
{
	ssize_t n = recv(usbip->fd, bytes, size, MSG_DONTWAIT);

	*none = n < 0 && (errno == EAGAIN || errno == EINTR) ? USBIP_NOTHING : USBIP_CLOSED;
	return n;
}

static enum usbip_event receive_header(struct usbip *usbip)
{
	enum usbip_event none;

	while (usbip->have < USBIP_HEADER) {
		ssize_t n = receive_bytes(usbip, usbip->header + usbip->have,
					  USBIP_HEADER - usbip->have, &none);

		if (n <= 0)
			return none;
		usbip->have += (size_t)n;
	}
	return USBIP_SUBMIT;
}

static enum usbip_event receive_data(struct usbip *usbip)
{
	struct urb *urb = usbip->urb;
	uint8_t rest[512] = {0};
	enum usbip_event none;

	while (usbip->data_left > 0) {
		bool keep = urb->kept < USBIP_DATA_MAX;
		size_t room = keep ? USBIP_DATA_MAX - urb->kept : sizeof(rest);
		size_t size = usbip->data_left < room ? usbip->data_left : room;
		ssize_t n = receive_bytes(usbip, keep ? urb->data + urb->kept : rest, size, &none);

		if (n <= 0)
			return none;
		if (keep)
			urb->kept += (size_t)n;
		usbip->data_left -= (size_t)n;
	}
	return USBIP_SUBMIT;
}

enum usbip_event usbip_receive(struct usbip *usbip, struct usbip_message *message)
{
	enum usbip_event event;
	uint32_t command;

	if (usbip->fd < 0)
		return USBIP_CLOSED;
	event = receive_header(usbip);
	if (event != USBIP_SUBMIT)
		return event;
	command = be32_get(usbip->header + AT_COMMAND);
	if (command == CMD_UNLINK) {
		message->seqnum = be32_get(usbip->header + AT_SEQNUM);
		message->unlinked = be32_get(usbip->header + AT_UNLINKED);
		usbip->have = 0;
		return USBIP_UNLINK;
	}
	if (command != CMD_SUBMIT)
		return USBIP_CLOSED;
	if (!usbip->urb) {
		usbip->urb = urb_from(usbip->header);
		if (!usbip->urb)
			return USBIP_CLOSED;
		usbip->data_left = usbip->urb->in ? 0 : usbip->urb->length;
	}
	event = receive_data(usbip);
	if (event != USBIP_SUBMIT)
		return event;
	message->urb = usbip->urb;
	usbip->urb = NULL;
	usbip->have = 0;
	return USBIP_SUBMIT;
}

static void send_message(struct usbip *usbip, const uint8_t *header, const uint8_t *data,
			 size_t len)
{
	uint8_t message[USBIP_HEADER + USBIP_DATA_MAX];

	memcpy(message, header, USBIP_HEADER);
	if (len)
		memcpy(message + USBIP_HEADER, data, len);
	/* This waits for room, which the kernel makes without waiting for this side. */
	(void)!send(usbip->fd, message, USBIP_HEADER + len, MSG_NOSIGNAL);
}

void usbip_return(struct usbip *usbip, struct urb *urb, int status, const uint8_t *data, size_t len)
{
	uint8_t header[USBIP_HEADER] = {0};

	be32_put(header + AT_COMMAND, RET_SUBMIT);
	be32_put(header + AT_SEQNUM, urb->seqnum);
	be32_put(header + AT_STATUS, (uint32_t)status);
	be32_put(header + AT_ACTUAL, (uint32_t)len);
	send_message(usbip, header, data, data ? len : 0);
	free(urb);
}

void usbip_return_unlink(struct usbip *usbip, uint32_t seqnum, int status)
{
	uint8_t header[USBIP_HEADER] = {0};

	be32_put(header + AT_COMMAND, RET_UNLINK);
	be32_put(header + AT_SEQNUM, seqnum);
	be32_put(header + AT_STATUS, (uint32_t)status);
	send_message(usbip, header, NULL, 0);
}
