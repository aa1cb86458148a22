/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the modem starts, and starts again. */
#ifndef POWER_H
#define POWER_H

#include "modem_state.h"

void power_init(struct modem *modem, const struct settings *settings, struct line *line);

/* Afterwards it is as power_init() left it, except for what it keeps over a loss of power. */
void power_on(struct modem *modem);
/* The same, without sending what it was about to send; then it says Sync. */
void power_restart(struct modem *modem);

/* Whatever the time brings: tasks, and a reset that has been asked for. */
void power_work(struct modem *modem);
uint64_t power_due(const struct modem *modem);

#endif
