/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's way to the modem: an open port or node, or a connection of
 * qmi-proxy. All of them carry the same frames. What goes wrong ends the
 * program with a message.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reading {
	READING_BLOCKS, /* read() waits for the answer */
	READING_POLLS,  /* O_NONBLOCK: poll() waits, then read() */
};

struct connection {
	int fd;
	enum reading reading;
	uint16_t tid; /* of the last request */
	size_t in_len;
	uint8_t in[4096];
};

/* The port or node at path, or what qmi-proxy makes of it. */
void connection_open(struct connection *connection, const char *path, bool proxy,
		     enum reading reading);
void connection_close(struct connection *connection);

/* Each returns when the modem's answer, a success, has been read. */
uint8_t connection_allocate(struct connection *connection, uint8_t service); /* the CID */
void connection_release(struct connection *connection, uint8_t service, uint8_t cid);
void connection_ask(struct connection *connection, uint8_t cid); /* DMS Get Operating Mode */

#endif
