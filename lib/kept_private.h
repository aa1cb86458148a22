/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout of what is kept, for the files kept*.c. */
#ifndef KEPT_PRIVATE_H
#define KEPT_PRIVATE_H

#include <stdatomic.h>

#include "calls.h"
#include "kept.h"

/* "qmux", and the version of this layout. */
#define MAGIC   0x716D7578U
#define VERSION 1

typedef _Atomic uint64_t word;

/* A free record's first word has no check, and links to the next free slot. */
struct kept_area {
	word header; /* stored last */
	word seen;
	word last_tid;
	struct {
		word valid; /* numbers | check << 32 */
		word uid;
		word calls[CALLS_FAMILIES]; /* 0, or handle | check << 32 */
	} clients[KEPT_CLIENTS];
	struct {
		word valid; /* id | reads << 47 | check << 48 */
		word user;  /* uid | node << 32 */
	} sessions[KEPT_SESSIONS];
	word holders[KEPT_HOLDERS]; /* client | session << 16 | check << 32 */
	word leaving[256][8];       /* by service: 32 CIDs | check << 32 */
	word requests[256];         /* by device tid */
};

_Static_assert(sizeof(struct kept_area) <= 65536, "V29: at most 64 KiB");

#define ID_MAX ((UINT64_C(1) << 47) - 1)
#define READS  (UINT64_C(1) << 47)

/* The kinds of words, to be told from each other by their checks; with a slot beside it. */
enum kept_kind {
	KEPT_HEADER = 1 << 16,
	KEPT_SEEN = 2 << 16,
	KEPT_LAST_TID = 3 << 16,
	KEPT_CLIENT = 4 << 16,
	KEPT_CALL = 5 << 16, /* and 6 */
	KEPT_SESSION = 7 << 16,
	KEPT_HOLDER = 8 << 16,
	KEPT_LEAVING = 9 << 16,
	KEPT_REQUEST = 10 << 16,
};

/* Reads a word. */
uint64_t kept_load(const word *from);

/* A free record's first word. */
bool kept_is_free(const word *valid);

/* Words with their checks; beside: what else is checked with it. */
uint64_t kept_header(void);
uint64_t kept_checked(unsigned what, uint32_t value, uint64_t beside);
uint64_t kept_id_word(unsigned what, uint64_t id, uint64_t user);
uint64_t kept_holder_word(unsigned slot, uint32_t slots, uint64_t pair);

/* Of whom a holder's word speaks: of no later client or session in the same slots. */
uint64_t kept_pair(const struct kept *kept, unsigned session, unsigned client);

/* A holder is void once its client or its session is gone. */
bool kept_holder_is_void(const struct kept *kept, unsigned slot);

#endif
