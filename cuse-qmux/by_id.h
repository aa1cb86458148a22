/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The links in by-id, which are named after a modem's serial number: they stay with the
 * first of several modems that have the same.
 */
#ifndef BY_ID_H
#define BY_ID_H

#include "claim.h"
#include "identity.h"

/*
 * Claims the links for the modem at this port. If another modem's instance has them, logs a
 * warning and empties modem->id. The caller drops the claim.
 */
void by_id_take(struct claim *claim, struct identity *modem, const char *port);

/* Goes on with the claim of the process before, in this descriptor, which is the claim's then. */
void by_id_resume(struct claim *claim, const struct identity *modem, const char *port, int fd);

#endif
