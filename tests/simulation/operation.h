/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a simulation. A step names all that it does by itself, so that
 * any of them can be left out and the others still mean the same.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem.h"

enum operation_kind {
	OP_OPEN,         /* slot on node, for user */
	OP_CLOSE,        /* slot */
	OP_REQUEST,      /* slot: service, cid, tid, message, amount bytes of payload */
	OP_ALLOCATE,     /* slot: service, tid */
	OP_RELEASE,      /* slot: service, cid, tid */
	OP_SYNC,         /* slot: tid */
	OP_CTL,          /* slot: message, cid, tid, amount bytes of payload */
	OP_MALFORMED,    /* slot: message, tid, amount bytes instead of the TLV's */
	OP_RAW,          /* slot: data or, without, amount bytes that follow from extra */
	OP_FLOOD,        /* slot: amount requests in one write, with tids from tid on */
	OP_READ,         /* slot: a read into a buffer of amount bytes */
	OP_READ_ALL,     /* slot */
	OP_NEXT,         /* the port asks for a frame */
	OP_SENT,         /* and has sent it */
	OP_FAILED,       /* or has not */
	OP_LOST,         /* or finds that the one before was lost */
	OP_EXCHANGE,     /* amount times OP_NEXT and OP_SENT */
	OP_ANSWER,       /* the modem answers request amount, as how says */
	OP_IGNORE,       /* the modem does not answer request amount; extra: but does it */
	OP_INDICATE,     /* the modem: an indication of service for cid, amount bytes of payload */
	OP_REVOKE,       /* the modem: message (Revoke or Invalid CID) of service and cid;
			    extra: 1, 2: another TLV before, behind */
	OP_RESTART,      /* the modem: Sync indication; and it has forgotten all */
	OP_CTL_INDICATE, /* the modem: another CTL indication, message */
	OP_NOISE,        /* the modem: data or, without, amount bytes that follow from extra */
	OP_CLIENTS,      /* slot gets amount clients of service: allocated, answered and read */
	OP_WAIT,         /* amount ms pass, with all ticks on the way */
	OP_JUMP,         /* amount ms pass, with one tick at the end */
	OP_PRESS,        /* amount times: the port sends all it may, and a second passes */
	OP_RESET,        /* the port reports a reset */
	OP_STOP,
	OP_UNPLUG,
	OP_KINDS,
};

struct operation {
	enum operation_kind kind;
	uint8_t slot;
	uint8_t node;
	uint8_t user; /* 0: root */
	uint8_t service;
	uint8_t cid;
	uint16_t tid;
	uint16_t message;
	uint32_t amount;
	uint32_t extra;
	uint16_t cut;    /* bytes at the end that come only with what follows */
	uint32_t damage; /* 0, or how a frame is spoilt on its way: wire_damage() */
	bool quiet;      /* nobody asks yet who has changed */
	bool later;      /* nobody does yet what is due at once */
	struct modem_answer how;
	const uint8_t *data; /* OP_RAW, OP_NOISE: of amount bytes */
};

/* One line of text, without its end. */
void operation_print(const struct operation *op, char *text, size_t size);

#endif
