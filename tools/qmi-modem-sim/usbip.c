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

/* Offsets of the header fields, which are big-endian. */
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

static uint32_t usbip_be32_get(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void usbip_be32_put(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static struct urb *usbip_urb_from(const uint8_t *header)
{
	struct urb *urb = calloc(1, sizeof(*urb));

	if (!urb)
		return NULL;
	urb->seqnum = usbip_be32_get(header + AT_SEQNUM);
	urb->in = usbip_be32_get(header + AT_DIRECTION) == 1;
	urb->endpoint = (uint8_t)usbip_be32_get(header + AT_ENDPOINT);
	urb->length = usbip_be32_get(header + AT_LENGTH);
	memcpy(urb->setup, header + AT_SETUP, sizeof(urb->setup));
	return urb;
}

/* Reads until *have is size. Returns USBIP_SUBMIT then, otherwise why it stopped. */
static enum usbip_event usbip_read(struct usbip *usbip, uint8_t *bytes, size_t size, size_t *have)
{
	while (*have < size) {
		ssize_t n = recv(usbip->fd, bytes + *have, size - *have, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return USBIP_NOTHING;
		if (n <= 0)
			return USBIP_CLOSED;
		*have += (size_t)n;
	}
	return USBIP_SUBMIT;
}

static enum usbip_event usbip_receive_data(struct usbip *usbip)
{
	struct urb *urb = usbip->urb;
	size_t length = urb->in ? 0 : urb->length;
	size_t keep = length < USBIP_DATA_MAX ? length : USBIP_DATA_MAX;
	enum usbip_event event = usbip_read(usbip, urb->data, keep, &urb->kept);

	while (event == USBIP_SUBMIT && usbip->skipped < length - keep) {
		uint8_t rest[512];
		size_t left = length - keep - usbip->skipped;
		size_t skipped = 0;

		event = usbip_read(usbip, rest, left < sizeof(rest) ? left : sizeof(rest),
				   &skipped);
		usbip->skipped += skipped;
	}
	return event;
}

enum usbip_event usbip_receive(struct usbip *usbip, struct usbip_message *message)
{
	enum usbip_event event;
	uint32_t command;

	if (usbip->fd < 0)
		return USBIP_CLOSED;
	event = usbip_read(usbip, usbip->header, USBIP_HEADER, &usbip->have);
	if (event != USBIP_SUBMIT)
		return event;
	command = usbip_be32_get(usbip->header + AT_COMMAND);
	if (command == CMD_UNLINK) {
		message->seqnum = usbip_be32_get(usbip->header + AT_SEQNUM);
		message->unlinked = usbip_be32_get(usbip->header + AT_UNLINKED);
		usbip->have = 0;
		return USBIP_UNLINK;
	}
	if (command != CMD_SUBMIT)
		return USBIP_CLOSED;
	if (!usbip->urb) {
		usbip->urb = usbip_urb_from(usbip->header);
		if (!usbip->urb)
			return USBIP_CLOSED;
		usbip->skipped = 0;
	}
	event = usbip_receive_data(usbip);
	if (event != USBIP_SUBMIT)
		return event;
	message->urb = usbip->urb;
	usbip->urb = NULL;
	usbip->have = 0;
	return USBIP_SUBMIT;
}

static void usbip_send_message(struct usbip *usbip, const uint8_t *header, const uint8_t *data,
			       size_t len)
{
	uint8_t message[USBIP_HEADER + USBIP_DATA_MAX];

	memcpy(message, header, USBIP_HEADER);
	if (len)
		memcpy(message + USBIP_HEADER, data, len);
	/* Blocks until there is room, which the kernel makes without waiting for this side. */
	(void)!send(usbip->fd, message, USBIP_HEADER + len, MSG_NOSIGNAL);
}

void usbip_return(struct usbip *usbip, struct urb *urb, int status, const uint8_t *data, size_t len)
{
	uint8_t header[USBIP_HEADER] = {0};

	usbip_be32_put(header + AT_COMMAND, RET_SUBMIT);
	usbip_be32_put(header + AT_SEQNUM, urb->seqnum);
	usbip_be32_put(header + AT_STATUS, (uint32_t)status);
	usbip_be32_put(header + AT_ACTUAL, (uint32_t)len);
	usbip_send_message(usbip, header, data, data ? len : 0);
	free(urb);
}

void usbip_return_unlink(struct usbip *usbip, uint32_t seqnum, int status)
{
	uint8_t header[USBIP_HEADER] = {0};

	usbip_be32_put(header + AT_COMMAND, RET_UNLINK);
	usbip_be32_put(header + AT_SEQNUM, seqnum);
	usbip_be32_put(header + AT_STATUS, (uint32_t)status);
	usbip_send_message(usbip, header, NULL, 0);
}
