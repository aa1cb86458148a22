/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What applications ask for, on its way to the modem. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

struct mux;
struct session;

/* Answers the session's next frame, if that can be done without the modem. */
bool requests_answer(struct mux *mux, struct session *session, const uint8_t *frame);

/* Takes the session's next frame, as it goes to the modem, into frame; false if it has to wait. */
bool requests_send(struct mux *mux, struct session *session, uint8_t *frame, uint64_t now);

#endif
