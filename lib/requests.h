/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests from applications, on their way to the modem. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

struct mux;
struct session;

/* False if the mux deals with the session's next frame itself. */
bool requests_need_modem(const struct mux *mux, const struct session *session,
			 const uint8_t *frame);

/* Deals with the session's next frame, which needs no modem. */
void requests_answer(struct mux *mux, struct session *session, const uint8_t *frame);

/* Has the session stand where its next frame, which needs the modem, belongs. */
void requests_stand(struct mux *mux, struct session *session, const uint8_t *frame);

enum requests_outcome {
	REQUESTS_SENT,
	REQUESTS_ANSWERED, /* it needs no modem after all */
	REQUESTS_MOVED,    /* the session stands elsewhere now */
	REQUESTS_NO_MEMORY,
};

/* Moves the next frame of a session that stands ready, translated, into frame. */
enum requests_outcome requests_send(struct mux *mux, struct session *session, uint8_t *frame);

#endif
