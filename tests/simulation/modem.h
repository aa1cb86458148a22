/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model of a modem. It tracks its clients and answers as correctly as the test says. */
#ifndef MODEM_H
#define MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* How to answer a request; correctly if all fields are 0. */
struct modem_answer {
	uint16_t error; /* 0: the true result */
	bool keep;      /* it will be answered again */
	bool wrong_tid;
	bool wrong_message;
	bool wrong_cid;
	bool without_tlv; /* nothing but the result */
	bool odd_client;  /* Allocate CID gets an invalid CID, or another client's */
	uint16_t payload; /* bytes of a meaningless TLV */
	enum modem_shape {
		SHAPE_USUAL,
		SHAPE_RESULT_LAST,
		SHAPE_WITHOUT_RESULT,
		SHAPE_FAILURE_0,     /* the result is a failure with error 0 */
		SHAPE_EXTRA_FIRST,   /* a meaningless TLV before all others */
		SHAPE_OTHER_SERVICE, /* Allocate CID gets another service's client */
		SHAPES,
	} shape;
};

struct modem;

/* limit: clients per service; first: the first CID allocated. */
struct modem *modem_create(unsigned limit, uint8_t first);
void modem_destroy(struct modem *modem);

void modem_take(struct modem *modem, const uint8_t *request, size_t size);
unsigned modem_pending(const struct modem *modem);

/* Answers the n-th pending request, modulo their number. Returns the answer's size. */
size_t modem_answer(struct modem *modem, unsigned n, const struct modem_answer *how,
		    uint8_t *frame);

/* Drops the n-th request without an answer, after performing it if done. */
void modem_ignore(struct modem *modem, unsigned n, bool done);

/* Undoes the arrival of this request if it is the newest and not answered yet. */
void modem_unsee(struct modem *modem, const uint8_t *request);

/* Forgets its clients and requests; if it remembers, it only says so. */
void modem_restart(struct modem *modem, bool remembers);

/* Removes a client, as for Revoke CID. */
void modem_forget(struct modem *modem, uint8_t service, uint8_t cid);

/*
 * Excuses the mux from knowing a client, because the answer that allocated it or the
 * request to release it went wrong.
 */
void modem_excuse(struct modem *modem, uint8_t service, uint8_t cid);

/* Excuses all clients, when the modem's frames may not have been understood. */
void modem_excuse_all(struct modem *modem);

/* Visits all living clients that are not excused. */
void modem_each_client(const struct modem *modem, void (*each)(void *, uint8_t, uint8_t),
		       void *arg);

#endif
