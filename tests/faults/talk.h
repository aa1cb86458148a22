/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Non-blocking sessions for a test's own requests. Every step is asserted. */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

int talk_open(unsigned int node); /* or NODE_PROXY */

/* One write(), which must be accepted. */
void talk_send(int fd, const uint8_t *frame);

/* Reads the next response into frame, of FRAME_ROOM bytes, skipping indications. */
void talk_receive(int fd, uint8_t *frame);

/* Sends a request and replaces it by its answer. Returns the QMI error. */
uint16_t talk_ask(int fd, uint8_t *frame);

/* Expects nothing to read except indications. */
void talk_expect_no_answer(int fd);

/* Allocates a client of the service. Returns its CID. */
uint8_t talk_allocate(int fd, uint8_t service);
void talk_release(int fd, uint8_t service, uint8_t cid);

/* Allocates a NAS client with both subscriptions. */
uint8_t talk_subscribe(int fd);

#endif
