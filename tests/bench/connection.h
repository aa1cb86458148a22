/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's connection to the modem: an open port or node, or one through qmi-proxy.
 * All carry the same frames. An error ends the program with a message.
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
	int patience; /* ms to wait for an answer in READING_POLLS; 10 s at first */
	uint16_t tid; /* of the last request */
	size_t in_len;
	uint8_t in[4096];
};

/* Opens the port or node at path, directly or through qmi-proxy. */
void connection_open(struct connection *connection, const char *path, bool proxy,
		     enum reading reading);
void connection_close(struct connection *connection);

/* Each returns when the modem's answer has been read, which must be a success. */
uint8_t connection_allocate(struct connection *connection, uint8_t service); /* the CID */
void connection_release(struct connection *connection, uint8_t service, uint8_t cid);
void connection_ask(struct connection *connection, uint8_t cid); /* DMS Get Operating Mode */
void connection_sync(struct connection *connection);

/* Sends a DMS request that is never answered, always with the same tid. */
void connection_ask_in_vain(const struct connection *connection, uint8_t cid);

#endif
