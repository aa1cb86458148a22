/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates the model, records complaints, and compares the model with the core. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

static void complain(struct model *m, const char *rule, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void complain(struct model *m, const char *rule, const char *format, va_list args)
{
	if (m->rule)
		return;
	m->rule = rule;
	m->kind = format;
	vsnprintf(m->complaint, sizeof(m->complaint), format, args);
}

void broken(struct model *m, const char *rule, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(m, rule, format, args);
	va_end(args);
}

void model_complain(struct model *m, const char *rule, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(m, rule, format, args);
	va_end(args);
}

void reached(struct model *m, enum situation situation)
{
	m->situations[situation]++;
}

struct frame *frame_of(const uint8_t *bytes, size_t size)
{
	struct frame *frame = malloc(sizeof(*frame) + size);

	if (!frame)
		abort();
	frame->next = NULL;
	frame->size = size;
	frame->indication = wire_kind(bytes) == WIRE_INDICATION;
	memcpy(frame->bytes, bytes, size);
	return frame;
}

bool is_same(const struct frame *a, const struct frame *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

void fifo_push(struct fifo *fifo, struct frame *frame)
{
	frame->next = NULL;
	if (fifo->last)
		fifo->last->next = frame;
	else
		fifo->first = frame;
	fifo->last = frame;
	fifo->bytes += frame->size;
	fifo->frames++;
}

struct frame *fifo_pop(struct fifo *fifo)
{
	struct frame *frame = fifo->first;

	fifo->first = frame->next;
	if (!fifo->first)
		fifo->last = NULL;
	fifo->bytes -= frame->size;
	fifo->frames--;
	return frame;
}

void fifo_clear(struct fifo *fifo)
{
	while (fifo->first)
		free(fifo_pop(fifo));
}

struct model *model_create(const struct mux_config *config)
{
	struct model *m = allocate(sizeof(*m));

	m->config = *config;
	m->oldest = NOBODY;
	m->newest = NOBODY;
	m->port = NOBODY;
	m->sent = NOBODY;
	m->sync_again_at = NO_TIME;
	m->resumes_at = NO_TIME;
	m->input = allocate(2 * WIRE_MAX);
	for (int i = 0; i < 256; i++) {
		m->by_tid[i] = NOBODY;
		m->limit[i] = m->sure_limit[i] = CLIENTS_MAX;
	}
	return m;
}

void model_destroy(struct model *m)
{
	while (m->seated_count)
		free_seat(m, m->seated[0]);
	for (int i = 0; i < m->flights_size; i++)
		free(m->flights[i].frame);
	for (unsigned node = 0; node < m->config.nodes + m->config.proxy; node++)
		for (unsigned service = 0; service < 256; service++)
			free(m->by_cid[node][service]);
	for (unsigned service = 0; service < 256; service++)
		free(m->by_device_cid[service]);
	for (unsigned i = 0; i < m->owed_count; i++)
		free(m->owed[i].frame);
	for (unsigned i = 0; i < m->seen_count; i++)
		free(m->seen[i].frame);
	free(m->clients);
	free(m->flights);
	free(m->owns);
	free(m->late);
	free(m->owed);
	free(m->seen);
	free(m->input);
	free(m);
}

const char *model_broken_rule(const struct model *m)
{
	return m->rule;
}

const char *model_kind(const struct model *m)
{
	return m->kind;
}

const char *model_complaint(const struct model *m)
{
	return m->complaint;
}

const uint64_t *model_situations(const struct model *m)
{
	return m->situations;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Of each of the two kinds of request the oldest is the first to expire. */
static uint64_t earliest_expiry(const struct model *m)
{
	uint64_t deadline = NO_TIME;
	bool ctl = m->ctl_out > 0;
	bool service = true;

	for (int i = m->oldest; i != NOBODY && (ctl || service); i = m->flights[i].next) {
		const struct flight *f = &m->flights[i];

		deadline = earlier(deadline, f->deadline);
		*(f->service == 0 ? &ctl : &service) = false;
	}
	return deadline;
}

/* V28: the window opens again when the oldest young request turns old. */
static uint64_t window_opens(const struct model *m)
{
	for (int i = m->oldest; i != NOBODY && m->window_shut; i = m->flights[i].next)
		if (is_of_session(&m->flights[i]) && !m->flights[i].again &&
		    m->now < m->flights[i].sent + YOUNG_MS)
			return m->flights[i].sent + YOUNG_MS;
	return NO_TIME;
}

static bool own_is_held(const struct model *m, const struct own *own)
{
	return own->used && !own->out && !own->unsure && own->where == WHERE_SURE &&
	       m->now >= own->not_before && m->now >= m->own_pause &&
	       surely_has_own_young(m, own->user);
}

/* V28: it may be sent when the oldest of its user's turns old. */
static uint64_t own_goes_on(const struct model *m, const struct own *own)
{
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next)
		if (!is_of_session(&m->flights[i]) && !m->flights[i].of_any_user &&
		    m->flights[i].user == own->user && m->now < m->flights[i].sent + YOUNG_MS)
			return m->flights[i].sent + YOUNG_MS;
	return NO_TIME;
}

static uint64_t next_orphan_age(const struct model *m)
{
	uint64_t deadline = NO_TIME;

	if (!m->config.orphan_timeout || !m->orphan_count || m->stopping)
		return NO_TIME;
	for (int i = 0; i < m->clients_size; i++) {
		const struct client *client = &m->clients[i];

		if (client->used && !client->holders && !client->releasing && !client->call)
			deadline = earlier(deadline, client->since + m->config.orphan_timeout);
	}
	return deadline;
}

/* The earliest time at which the rules require the core to act without input. */
static uint64_t earliest_deadline(const struct model *m)
{
	uint64_t deadline;

	if (m->unplugged)
		return NO_TIME;
	deadline = earlier(earliest_expiry(m), earlier(window_opens(m), next_orphan_age(m)));
	/*
	 * Once the time has come, sending is up to the port. Nothing waits any longer for a
	 * late answer that the mux may have forgotten.
	 */
	for (unsigned i = 0; i < m->late_count && m->late_awaited; i++)
		if (!m->late[i].doubtful && m->late[i].awaited_by != NO_TIME &&
		    m->late[i].awaited_from + LATE_WAIT_MS > m->now)
			deadline = earlier(deadline, m->late[i].awaited_by + LATE_WAIT_MS);
	deadline = earlier(deadline, earlier(m->sync_again_at, m->resumes_at));
	if (m->input_size)
		deadline = earlier(deadline, m->input_since + PARTIAL_WAIT_MS);
	for (int i = 0; i < m->owns_size && m->own_count; i++)
		if (m->owns[i].used && !m->owns[i].out && m->owns[i].not_before > m->now)
			deadline = earlier(deadline, m->owns[i].not_before);
		else if (own_is_held(m, &m->owns[i]))
			deadline = earlier(deadline, own_goes_on(m, &m->owns[i]));
	return deadline;
}

static void compare_deadline(struct model *m, const struct mux *mux)
{
	uint64_t deadline = mux_deadline(mux);
	uint64_t earliest = earliest_deadline(m);

	if (deadline > earliest)
		broken(m, "V15", "the deadline is %lld, but something is due at %lld",
		       (long long)deadline, (long long)earliest);
}

static void compare_counters(struct model *m, const struct mux *mux)
{
	const struct mux_counters *counters = mux_counters(mux);
	static const char *const names[] = {
		"requests",   "delivered", "dropped_responses", "dropped_indications",
		"overflowed", "expired",   "reclaimed",         "garbage",
		"restarts"};
	const uint64_t *theirs = &counters->requests;
	const uint64_t *ours = &m->counters.requests;

	if (memcmp(theirs, ours, sizeof(*counters)) == 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (theirs[i] != ours[i])
			broken(m, "counters", "%s is %llu, but should be %llu", names[i],
			       (unsigned long long)theirs[i], (unsigned long long)ours[i]);
}

/* Compares what the next read would give. Not for an overflow: peeking clears the report. */
static void compare_front(struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	const uint8_t *data = NULL;
	ssize_t size = mux_peek(s->handle, &data);
	size_t want = s->in.first->size - s->read;

	if (size != (ssize_t)want || memcmp(data, s->in.first->bytes + s->read, want) != 0)
		broken(m, "V1", "the next read of session %d gives the wrong frame", seat);
}

/*
 * V18: every client that existed at the stop or was allocated later must be released.
 * *open: all are, except one that the mux may not know of.
 */
static bool has_stopped(const struct model *m, bool *open)
{
	*open = false;
	if (m->unplugged)
		return true;
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next)
		if (m->flights[i].asked == ASKED_ALLOCATE || m->flights[i].asked == ASKED_RELEASE)
			return false;
	for (int i = 0; i < m->owns_size; i++) {
		const struct own *own = &m->owns[i];

		if (!own->used || (own->out && own->asked != ASKED_OWN_RELEASE))
			continue;
		if (!own->unsure)
			return false;
		*open = true;
	}
	return m->stopping;
}

static void compare_stopped(struct model *m, const struct mux *mux)
{
	bool open;
	bool want;

	/* A frame at the port is neither sent nor lost yet. */
	if (!m->unplugged && (!m->stopping || m->port_busy))
		return;
	want = has_stopped(m, &open);
	if (mux_stopped(mux) != want && !(want && open))
		broken(m, "V18", "mux_stopped() is %d, but should be %d", mux_stopped(mux), want);
}

static void compare_session(struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	unsigned want = 0;
	unsigned state = mux_session_state(s->handle);

	if (m->unplugged) {
		want = SESSION_DEAD;
	} else {
		if (s->in.frames || s->overflowed)
			want |= SESSION_READABLE;
		if (s->out.bytes < OUT_BYTES_MAX && !m->stopping)
			want |= SESSION_WRITABLE;
	}
	if (state != want)
		broken(m, m->unplugged ? "V17" : "V22",
		       "the state of session %d is %u, but should be %u (1 readable, 2 writable, "
		       "4 dead); %u frames and %zu bytes wait for the port",
		       seat, state, want, s->out.frames, s->out.bytes);
	else if (want & SESSION_READABLE && !s->overflowed)
		compare_front(m, seat);
}

/* A head that was looked at waits from then on for what keeps it. */
static void note_looks(struct model *m)
{
	struct chances chances;

	if (!m->late_count || m->unplugged)
		return;
	look(m, &chances);
	note_waits(m, &chances, false);
}

void model_compare(struct model *m, const struct mux *mux)
{
	match(m);
	note_looks(m);
	if (m->rule)
		return;
	compare_heads(m, mux_deadline(mux) == 0);
	note_held(m, mux_deadline(mux) == 0);
	lapse_turns(m);
	for (unsigned i = 0; i < m->seated_count; i++)
		if (seat_is_open(m->seated[i]))
			compare_session(m, m->seated[i]);
	if (mux_session_count(mux) != m->open_count)
		broken(m, "V1", "%u sessions are open, but there should be %u",
		       mux_session_count(mux), m->open_count);
	if (mux_client_count(mux) != (unsigned)m->client_count)
		broken(m, "V2", "there are %u clients, but should be %d", mux_client_count(mux),
		       m->client_count);
	if (mux_orphan_count(mux) != (unsigned)m->orphan_count)
		broken(m, "V7", "there are %u orphans, but should be %d", mux_orphan_count(mux),
		       m->orphan_count);
	if (mux_sync_answered(mux) != m->sync_answered)
		broken(m, "start", "mux_sync_answered() is %d, but should be %d",
		       mux_sync_answered(mux), m->sync_answered);
	compare_stopped(m, mux);
	compare_counters(m, mux);
	compare_deadline(m, mux);
	m->window_shut = false;
	m->batches++;
}
