/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attackers that use libqmi's proxy socket. None of them ever reads more than one answer. */
#ifndef VISITORS_H
#define VISITORS_H

#include "crowd.h"

/*
 * Attacks; arg: NULL.
 *
 * visitors_flood: one connection, as many refused requests as it takes.
 * visitors_ask: the same with requests that the modem answers.
 * visitors_connect: opens a connection and closes it, again and again.
 * visitors_stay: opens 125 and keeps them, then opens and closes further ones.
 * visitors_say_nothing: connects, again and again, and never says what it wants.
 */
attack_fn visitors_flood;
attack_fn visitors_ask;
attack_fn visitors_connect;
attack_fn visitors_stay;
attack_fn visitors_say_nothing;

#endif
