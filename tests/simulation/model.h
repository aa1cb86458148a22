/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of qmi-virt(4) as an independent program that watches the core.
 *
 * Each call below follows the same call to the core and gets its result. From the rules
 * the model knows what may and what must happen, and reports the broken rule if anything
 * else did. Where the rules leave the core a choice (whose turn it is, which of two
 * sessions is notified first), the model checks that the choice was allowed and then
 * follows it, using the core's traces and the frames. It shares no code with lib/ and
 * uses only its public header.
 */
#ifndef MODEL_H
#define MODEL_H

#include "mux.h"
#include "situation.h"

/* Slots name the sessions, so at most this many can be open. */
#define MODEL_SLOTS 96
/* Different users of a world. */
#define MODEL_USERS 8

struct model;

struct model *model_create(const struct mux_config *config);
void model_destroy(struct model *model);

/* The first rule that was broken, and how; NULL if none was. */
const char *model_broken_rule(const struct model *model);
const char *model_complaint(const struct model *model);
const char *model_kind(const struct model *model); /* the complaint without its numbers */
/* Records a fault that a caller has found. */
void model_complain(struct model *model, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
const uint64_t *model_situations(const struct model *model);

/* Call this from the core's trace hook, before the model call that it belongs to. */
void model_trace(struct model *model, const struct mux_trace *trace);

void model_open(struct model *model, unsigned slot, unsigned node, uint32_t uid,
		struct session *session, int error);
/* V29: the daemon has crashed, and goes on with what was kept. */
void model_crash(struct model *model, uint64_t now);
/* False if there were more clients or holders than are surely kept. */
bool model_may_crash(const struct model *model);
/* V29: after a restart of the daemon, the session is this one. */
void model_reopen(struct model *model, unsigned slot, struct session *session);
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
void model_start_sync(struct model *model, uint64_t now);
void model_stop(struct model *model);
void model_tick(struct model *model, uint64_t now);

/* Call this for each session that the core reports as changed, then model_all_told(). */
void model_told(struct model *model, const struct session *session);
void model_all_told(struct model *model);

/* Compares the core's visible state with the model, after every step. */
void model_compare(struct model *model, const struct mux *mux);

/* Queries by which the generator chooses steps that have an effect. */
bool model_is_open(const struct model *model, unsigned slot);
/* False if the model has no room for another closed session with frames left. */
bool model_may_close(const struct model *model, unsigned slot);
unsigned model_node(const struct model *model, unsigned slot);
size_t model_queued_out(const struct model *model, unsigned slot);
size_t model_readable(const struct model *model, unsigned slot);
bool model_port_busy(const struct model *model);
bool model_has_input(const struct model *model); /* an incomplete frame from the modem */
bool model_stopping(const struct model *model);
/* The n-th client, modulo their number; false if there are none. */
struct model_client {
	unsigned node;
	uint8_t service, cid, device_cid;
};
bool model_client(const struct model *model, unsigned n, struct model_client *client);
/* Whether this session may use it, and whether it holds it. */
bool model_may_use(const struct model *model, unsigned slot, const struct model_client *client);
bool model_holds(const struct model *model, unsigned slot, const struct model_client *client);

/* True if no request is still in flight or waiting. */
bool model_is_quiet(const struct model *model);
/* True if this client may exist on the modem although the model is quiet. */
bool model_answers_for(const struct model *model, uint8_t service, uint8_t cid);

#endif
