/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of a modem: it knows its clients, and answers as well or as badly as it is told. */
#ifndef MODEM_H
#define MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* How a request is answered; what is not named is done as it should be. */
struct modem_answer {
	uint16_t error; /* 0: as it is */
	bool keep;      /* it will be answered once more */
	bool wrong_tid;
	bool wrong_message;
	bool wrong_cid;
	bool without_tlv; /* nothing but the result */
	bool odd_client;  /* an Allocate CID gets a CID that is none, or another's */
	uint16_t payload; /* bytes of a TLV of no meaning */
	enum modem_shape {
		SHAPE_USUAL,
		SHAPE_RESULT_LAST,
		SHAPE_WITHOUT_RESULT,
		SHAPE_FAILURE_0,     /* the result is a failure, and its error no error */
		SHAPE_EXTRA_FIRST,   /* a TLV of no meaning before all others */
		SHAPE_OTHER_SERVICE, /* an Allocate CID gets a client of another one */
		SHAPES,
	} shape;
};

struct modem;

/* limit: clients of each service; the CIDs begin with first. */
struct modem *modem_create(unsigned limit, uint8_t first);
void modem_destroy(struct modem *modem);

void modem_take(struct modem *modem, const uint8_t *request, size_t size);
unsigned modem_pending(const struct modem *modem);

/* Answers the n-th request that is pending (modulo all); returns the answer's size. */
size_t modem_answer(struct modem *modem, unsigned n, const struct modem_answer *how,
		    uint8_t *frame);

/* Does the n-th request, or not, and never answers it. */
void modem_ignore(struct modem *modem, unsigned n, bool done);

/* This request never came, if it is the newest and not answered yet. */
void modem_unsee(struct modem *modem, const uint8_t *request);

void modem_restart(struct modem *modem);
/* A client goes, as by Revoke CID. */
void modem_forget(struct modem *modem, uint8_t service, uint8_t cid);

/*
 * A client that the mux cannot be held to know: the answer that told of it, or
 * the request to release it, went wrong.
 */
void modem_excuse(struct modem *modem, uint8_t service, uint8_t cid);

/* All of them: what the modem has sent may not have been understood. */
void modem_excuse_all(struct modem *modem);

/* All clients that are alive and have no such excuse. */
void modem_each_client(const struct modem *modem, void (*each)(void *, uint8_t, uint8_t),
		       void *arg);

#endif
