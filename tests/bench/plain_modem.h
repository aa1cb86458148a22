/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem on a pseudoterminal that grants clients and answers every other request at
 * once with success, as cheaply as possible. An error ends the program with a message.
 */
#ifndef PLAIN_MODEM_H
#define PLAIN_MODEM_H

#include <stdint.h>

#define PLAIN_ANSWER_MAX 64

/* A message of any service that is never answered. */
#define PLAIN_IGNORED 0xFFF0

/* Makes the pseudoterminal. Returns the modem's end; ptsname() names the other. */
int plain_modem_open(void);

/* Grants at most this many clients of each service; at first, and at most, QMI_CID_MAX. */
void plain_modem_limit(unsigned cids);

/* Makes the answer to a request, of PLAIN_ANSWER_MAX bytes; the caller ignores PLAIN_IGNORED. */
void plain_modem_answer(const uint8_t *request, uint8_t *answer);

#endif
