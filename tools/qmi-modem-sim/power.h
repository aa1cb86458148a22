/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the modem starts and restarts. */
#ifndef POWER_H
#define POWER_H

#include "modem_state.h"

/* Initialises the modem. settings and line must outlive it. */
void power_init(struct modem *modem, const struct settings *settings, struct line *line);

/* Resets all state that a power loss would clear. */
void power_on(struct modem *modem);
/* The same, discarding frames not yet sent; then sends a Sync indication. */
void power_restart(struct modem *modem);

/* Performs the tasks that are due, and a pending reset. power_due() returns when, in ms. */
void power_work(struct modem *modem);
uint64_t power_due(const struct modem *modem);

#endif
