/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of the test's own, for a few requests: non-blocking, each step asserted. */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

int talk_open(unsigned int node);

/* One write() that is taken. */
void talk_send(int fd, const uint8_t *frame);

/* The next response into `frame`, of FRAME_ROOM bytes; indications before it are passed over. */
void talk_receive(int fd, uint8_t *frame);

/* Both: `frame` becomes the answer, which has to be this request's. Returns its QMI error. */
uint16_t talk_ask(int fd, uint8_t *frame);

/* Nothing but indications is there to read. */
void talk_expect_no_answer(int fd);

/* A CID of the service. */
uint8_t talk_allocate(int fd, uint8_t service);
void talk_release(int fd, uint8_t service, uint8_t cid);

/* A NAS client with both subscriptions. */
uint8_t talk_subscribe(int fd);

#endif
