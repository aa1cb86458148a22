/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests from applications, on their way to the modem. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

struct mux;
struct session;

/* Answers the session's next frame if that needs no modem; false if it does. */
bool requests_answer(struct mux *mux, struct session *session, const uint8_t *frame);

/* Moves the session's next request, translated, into frame; false if it must wait. */
bool requests_send(struct mux *mux, struct session *session, uint8_t *frame, uint64_t now);

#endif
