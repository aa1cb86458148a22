/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attackers that send the modem as many requests as they may. */
#ifndef REQUESTERS_H
#define REQUESTERS_H

#include "crowd.h"

/*
 * Attacks; arg: unsigned int, the node.
 *
 * requesters_send: many requests at a time that the modem answers.
 * requesters_come_and_go: opens a session, sends 1,024 requests that the modem does not
 * answer, closes it, again and again.
 * requesters_wait: many sessions wait for the tid of one request that the modem does not
 * answer.
 * requesters_linger: opens a session, sends 1,500 requests that the modem answers, closes
 * it, again and again.
 */
attack_fn requesters_send;
attack_fn requesters_come_and_go;
attack_fn requesters_wait;
attack_fn requesters_linger;

/* The number of sessions of requesters_wait; CROWD_FILES or fewer. */
extern unsigned int requesters_waiting;

/* Open a node, or with NODE_PROXY a connection, or end the process. The session is non-blocking. */
int requesters_open(unsigned int node);

/* Waits for the answer to an Allocate CID. Ends the process if there is none. */
uint8_t requesters_allocate(int fd, uint8_t service);
uint8_t requesters_try_allocate(int fd, uint8_t service); /* or QMI_CID_NONE */

/* One write of many requests, with ascending tids from 1. Returns false if refused with EAGAIN. */
bool requesters_write(int fd, uint8_t cid, uint16_t message, unsigned int count);

#endif
