/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages from the modem, on their way to sessions. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stddef.h>
#include <stdint.h>

struct mux;

void answers_receive(struct mux *mux, const uint8_t *data, size_t size, uint64_t now);

/* V19: ends a partial frame that was not completed in time, or that the driver has lost a part of.
 */
void answers_end_partial(struct mux *mux, uint64_t now);
void answers_drop_partial(struct mux *mux);

/* V16: the modem has restarted and forgotten every client. */
void answers_restart(struct mux *mux);

#endif
