/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of qmi-virt(4) as a second program, that watches the core.
 *
 * Each call below follows the same call of the core, with what came of it. The
 * model knows from the rules what may and what must happen then, and says which
 * rule is broken if anything else did. Where the rules leave the core a choice
 * (whose turn it is, in which order two sessions are told) the model follows
 * what it sees, through the core's traces and the frames themselves, after it
 * has checked that the choice is one of those allowed. It shares no code with
 * lib/, and reads nothing of it but the public header.
 */
#ifndef MODEL_H
#define MODEL_H

#include "mux.h"
#include "situation.h"

/* Sessions are named by slots; as many can be open at a time. */
#define MODEL_SLOTS 96
/* Different users of a world. */
#define MODEL_USERS 8

struct model;

struct model *model_create(const struct mux_config *config);
void model_destroy(struct model *model);

/* The rule that was broken first, and how; NULL while none is. */
const char *model_broken_rule(const struct model *model);
const char *model_complaint(const struct model *model);
const char *model_kind(const struct model *model); /* the complaint's words, without its numbers */
/* What others have found wrong. */
void model_complain(struct model *model, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
const uint64_t *model_situations(const struct model *model);

/* To be called from the core's trace hook, before the call that it belongs to. */
void model_trace(struct model *model, const struct mux_trace *trace);

void model_open(struct model *model, unsigned slot, unsigned node, uint32_t uid,
		struct session *session, int error);
void model_close(struct model *model, unsigned slot, uint64_t now);
void model_write(struct model *model, unsigned slot, const uint8_t *data, size_t size, uint64_t now,
		 ssize_t result);
void model_peek(struct model *model, unsigned slot, ssize_t result, const uint8_t *data);
void model_consume(struct model *model, unsigned slot, size_t size);

void model_next(struct model *model, const uint8_t *frame, size_t size, uint64_t now);
void model_sent(struct model *model);
void model_failed(struct model *model, uint64_t now);
void model_lost(struct model *model, uint64_t now);
void model_received(struct model *model, const uint8_t *data, size_t size, uint64_t now);
void model_reset(struct model *model);
void model_unplugged(struct model *model);
void model_start_sync(struct model *model);
void model_stop(struct model *model);
void model_tick(struct model *model, uint64_t now);

/* One session that the core named as changed, and then that there are no more. */
void model_told(struct model *model, const struct session *session);
void model_all_told(struct model *model);

/* Compares all that the core shows of itself; after every step. */
void model_compare(struct model *model, const struct mux *mux);

/* What the generator may ask, to choose steps that mean something. */
bool model_is_open(const struct model *model, unsigned slot);
/* False if the model has no room for another closed session with frames left. */
bool model_may_close(const struct model *model, unsigned slot);
unsigned model_node(const struct model *model, unsigned slot);
size_t model_queued_out(const struct model *model, unsigned slot);
size_t model_readable(const struct model *model, unsigned slot);
bool model_port_busy(const struct model *model);
bool model_has_input(const struct model *model); /* of the modem's, not understood yet */
bool model_stopping(const struct model *model);
/* The n-th client (modulo all); false if there is none. */
struct model_client {
	unsigned node;
	uint8_t service, cid, device_cid;
};
bool model_client(const struct model *model, unsigned n, struct model_client *client);
/* Whether this session may use it, and whether it holds it. */
bool model_may_use(const struct model *model, unsigned slot, const struct model_client *client);
bool model_holds(const struct model *model, unsigned slot, const struct model_client *client);

/* Whether nothing is under way that is owed an end. */
bool model_is_quiet(const struct model *model);
/* Whether this client of the modem's may be there, though nothing is under way. */
bool model_answers_for(const struct model *model, uint8_t service, uint8_t cid);

#endif
