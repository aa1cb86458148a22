/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem says, on its way to the sessions that it is for. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stddef.h>
#include <stdint.h>

struct mux;

void answers_receive(struct mux *mux, const uint8_t *data, size_t size, uint64_t now);

/* The partial frame is garbage if its rest has not come by now: V19. */
void answers_end_partial(struct mux *mux, uint64_t now);

/* V16: the modem has forgotten every client. */
void answers_restart(struct mux *mux);

#endif
