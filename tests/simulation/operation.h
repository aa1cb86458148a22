/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a simulation. Each is self-contained, so that any step can be left out
 * without changing the meaning of the others.
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
	OP_MALFORMED,    /* slot: message, tid, a TLV of amount bytes, the wrong size */
	OP_RAW,          /* slot: data; if NULL, amount bytes generated from extra */
	OP_FLOOD,        /* slot: amount requests in one write, with tids from tid upwards */
	OP_READ,         /* slot: a read into a buffer of amount bytes */
	OP_READ_ALL,     /* slot */
	OP_NEXT,         /* the port asks for a frame */
	OP_SENT,         /* the port has sent it */
	OP_FAILED,       /* the port could not send it */
	OP_LOST,         /* the port finds that the last frame sent was lost */
	OP_EXCHANGE,     /* amount times OP_NEXT and OP_SENT */
	OP_ANSWER,       /* the modem answers request amount in the way given by how */
	OP_IGNORE,       /* the modem ignores request amount; extra: but performs it */
	OP_INDICATE,     /* the modem: an indication of service for cid, amount bytes of payload */
	OP_REVOKE,       /* the modem: message (Revoke or Invalid CID) of service and cid;
			    extra: another TLV before (1) or after (2) */
	OP_RESTART,      /* the modem: sends a Sync indication; extra: and forgets nothing */
	OP_CTL_INDICATE, /* the modem: another CTL indication, message */
	OP_NOISE,        /* the modem: data; if NULL, amount bytes generated from extra */
	OP_CLIENTS,      /* slot allocates amount clients of service, with all answers */
	OP_WAIT,         /* amount ms pass, with all ticks on the way */
	OP_JUMP,         /* amount ms pass, with one tick at the end */
	OP_PRESS,        /* amount times: the port sends all it may, and a second passes */
	OP_RESET,        /* the port reports a reset */
	OP_STOP,
	OP_UNPLUG,
	OP_SAVE,  /* V29: a planned restart of the daemon */
	OP_CRASH, /* V29: extra 1: what the port was sending is sent; 2: answer amount is lost */
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
	uint16_t cut;    /* bytes at the end that are held back until the next step */
	uint32_t damage; /* how the frame is damaged on its way: wire_damage(); 0: not */
	bool quiet;      /* do not ask yet which sessions have changed */
	bool later;      /* nobody does yet what is due at once */
	struct modem_answer how;
	const uint8_t *data; /* OP_RAW, OP_NOISE: of amount bytes */
};

/* Formats one line of text without a newline. */
void operation_print(const struct operation *op, char *text, size_t size);

#endif
