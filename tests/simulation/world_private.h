/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files world*.c. */
#ifndef WORLD_PRIVATE_H
#define WORLD_PRIVATE_H

#include "world.h"

struct staged {
	uint8_t *bytes;
	size_t size;
};

struct world {
	struct world_config config;
	struct mux_config mux_config;
	struct mux *mux;
	uint64_t *kept; /* V29: what the core keeps for after a crash */
	struct model *model;
	struct modem *modem;
	uint64_t now;
	struct session *sessions[MODEL_SLOTS];
	struct staged staged[MODEL_SLOTS]; /* bytes that a session has not written yet */
	struct staged stream;              /* bytes that the modem has not sent yet */
	uint8_t port[WIRE_MAX];            /* the frame that the port sends now, or sent last */
	size_t port_size;
	uint64_t last_id;
	unsigned steps;
	bool was_sent; /* the last frame was sent, so it might be lost */
	bool doubtful; /* the modem's frames may not be understood */
	bool unplugged;
};

/*
 * world.c: compares, and unless quiet asks the core which sessions have changed. False
 * once a rule is broken.
 */
bool check(struct world *world, bool quiet);
/* Does the turns that are due at once. False once a rule is broken. */
bool do_turns(struct world *world);
bool exchange(struct world *world, uint32_t times);
void sent(struct world *world);
void hear(struct world *world, const struct operation *op, uint8_t *data, size_t size);
void indicate(struct world *world, const struct operation *op);
void do_modem(struct world *world, const struct operation *op);
bool pass_time(struct world *world, uint64_t ms, bool at_once);

/* world_restart.c: V29. */
void restart(struct world *world);
void crash(struct world *world, const struct operation *op);

/* world_session.c */
void stage(struct staged *staged, const uint8_t *data, size_t size);
/* Takes all but the last keep bytes. The caller must free the result. */
uint8_t *unstage(struct staged *staged, size_t keep, size_t *size);
/* The step's data, or bytes generated from the step. The caller must free the result. */
uint8_t *odd_bytes(const struct operation *op);
void close_session(struct world *world, unsigned slot);
void write_request(struct world *world, const struct operation *op);
void read_all(struct world *world, unsigned slot);
void do_session(struct world *world, const struct operation *op);

#endif
