/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mux_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Messages. */

static struct msg begin(enum frame_kind kind, uint8_t service, uint8_t cid, uint16_t tid,
			uint16_t message)
{
	struct msg msg = {{0}};

	frame_begin(msg.bytes, kind, service, cid, tid, message);
	return msg;
}

struct msg request(uint8_t service, uint8_t cid, uint16_t tid, uint16_t message)
{
	return begin(FRAME_REQUEST, service, cid, tid, message);
}

struct msg indication(uint8_t service, uint8_t cid, uint16_t message)
{
	return begin(FRAME_INDICATION, service, cid, 0, message);
}

struct msg plus(struct msg msg, uint8_t type, const void *value, uint16_t len)
{
	assert_true(frame_size(msg.bytes) + 3 + len <= sizeof(msg.bytes));
	frame_add_tlv(msg.bytes, type, value, len);
	return msg;
}

struct msg with_cid(struct msg msg, uint8_t cid)
{
	frame_set_cid(msg.bytes, cid);
	return msg;
}

struct msg with_tid(struct msg msg, uint16_t tid)
{
	frame_set_tid(msg.bytes, tid);
	return msg;
}

struct msg answer(struct msg to, uint16_t error)
{
	struct msg msg = begin(FRAME_RESPONSE, frame_service(to.bytes), frame_cid(to.bytes),
			       frame_tid(to.bytes), frame_message(to.bytes));

	frame_add_result(msg.bytes, error);
	return msg;
}

struct msg about_client(struct msg msg, uint8_t service, uint8_t cid)
{
	return plus(msg, QMI_TLV_FIRST, (uint8_t[]){service, cid}, 2);
}

struct msg ctl(uint8_t tid, uint16_t message)
{
	return request(QMI_SERVICE_CTL, 0, tid, message);
}

struct msg ctl_allocate(uint8_t tid, uint8_t service)
{
	return plus(ctl(tid, QMI_CTL_ALLOCATE_CID), QMI_TLV_FIRST, &service, 1);
}

struct msg ctl_release(uint8_t tid, uint8_t service, uint8_t cid)
{
	return about_client(ctl(tid, QMI_CTL_RELEASE_CID), service, cid);
}

struct msg sync_indication(void)
{
	return indication(QMI_SERVICE_CTL, 0, QMI_CTL_SYNC);
}

uint16_t msg_tid(struct msg msg)
{
	return frame_tid(msg.bytes);
}

void assert_msg(struct msg got, struct msg wanted)
{
	assert_int_equal(frame_size(got.bytes), frame_size(wanted.bytes));
	assert_memory_equal(got.bytes, wanted.bytes, frame_size(wanted.bytes));
}

/* The bench. */

static void check_mux(const struct mux *mux)
{
	const char *fault = mux_check(mux);

	if (fault)
		fail_msg("the mux is in an inconsistent state: %s", fault);
}

static void __attribute__((format(printf, 3, 0)))
count_log(void *context, enum mux_level level, const char *format, va_list args)
{
	struct bench *bench = context;
	char line[256];

	assert_true(vsnprintf(line, sizeof(line), format, args) > 0);
	bench->warnings += level == MUX_WARNING;
}

static void note_trace(void *context, const struct mux_trace *trace)
{
	struct bench *bench = context;

	bench->traces[trace->path]++;
	assert_non_null(trace->frame);
	assert_true((trace->path == MUX_DROPPED) == (trace->why != NULL));
	if (trace->why)
		bench->why = trace->why;
}

void bench_restart(struct bench *bench)
{
	if (bench->mux)
		mux_destroy(bench->mux);
	bench->mux = mux_create(&bench->config);
	assert_non_null(bench->mux);
}

int bench_set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->now = 1000;
	bench->config = (struct mux_config){
		.nodes = 2,
		.frame_max = FRAME_MAX,
		.queue_bytes = 65536,
		.memory = 32 << 20,
		.transaction_timeout = TIMEOUT,
		.ctl_timeout = CTL_TIMEOUT,
		.hooks = {.context = bench, .log = count_log, .trace = note_trace},
	};
	bench_restart(bench);
	*state = bench;
	return 0;
}

int bench_tear_down(void **state)
{
	struct bench *bench = *state;

	if (bench->mux) {
		check_mux(bench->mux);
		mux_destroy(bench->mux);
	}
	free(bench);
	return 0;
}

/* Has the mux take the turns that need no modem. */
static void finish_turns(struct bench *bench)
{
	check_mux(bench->mux);
	while (mux_deadline(bench->mux) == 0) {
		mux_tick(bench->mux, bench->now);
		check_mux(bench->mux);
	}
}

/* An application. */

struct session *open_on(struct bench *bench, unsigned node)
{
	struct session *session = mux_open(bench->mux, node, bench->uid, bench);

	assert_non_null(session);
	assert_int_equal(mux_session_node(session), node);
	assert_ptr_equal(mux_session_owner(session), bench);
	return session;
}

struct session *open_as(struct bench *bench, uint32_t uid)
{
	struct session *session = mux_open(bench->mux, 0, uid, bench);

	assert_non_null(session);
	assert_int_equal(mux_session_user(session), uid);
	return session;
}

void app_write(struct session *session, struct msg msg)
{
	struct bench *bench = mux_session_owner(session);
	size_t size = frame_size(msg.bytes);

	assert_int_equal(mux_write(session, msg.bytes, size, bench->now), size);
	finish_turns(bench);
}

void app_reads(struct session *session, struct msg wanted)
{
	struct msg got = {{0}};
	const uint8_t *data;
	ssize_t size;

	assert_true(mux_session_state(session) & SESSION_READABLE);
	size = mux_peek(session, &data);
	assert_int_equal(size, frame_size(wanted.bytes));
	memcpy(got.bytes, data, (size_t)size);
	assert_msg(got, wanted);
	mux_consume(session, (size_t)size);
}

void app_reads_nothing(struct session *session)
{
	const uint8_t *data;

	assert_false(mux_session_state(session) & SESSION_READABLE);
	assert_int_equal(mux_peek(session, &data), -EAGAIN);
}

void app_reads_overflow(struct session *session)
{
	const uint8_t *data;

	assert_true(mux_session_state(session) & SESSION_READABLE);
	assert_int_equal(mux_peek(session, &data), -ENOBUFS);
}

/* The modem. */

struct msg modem_gets(struct bench *bench)
{
	struct msg msg = {{0}};
	size_t size = 0;
	const uint8_t *frame;

	finish_turns(bench);
	frame = mux_port_next(bench->mux, bench->now, &size);

	assert_non_null(frame);
	assert_int_equal(size, frame_size(frame));
	assert_true(size <= sizeof(msg.bytes));
	memcpy(msg.bytes, frame, size);
	mux_port_sent(bench->mux);
	finish_turns(bench);
	return msg;
}

void modem_gets_this(struct bench *bench, struct msg wanted)
{
	assert_msg(modem_gets(bench), wanted);
}

struct msg modem_gets_ctl(struct bench *bench, struct msg wanted)
{
	struct msg got = modem_gets(bench);

	assert_int_not_equal(msg_tid(got), 0);
	assert_msg(got, with_tid(wanted, msg_tid(got)));
	return got;
}

void modem_gets_nothing(struct bench *bench)
{
	size_t size;

	finish_turns(bench);
	assert_null(mux_port_next(bench->mux, bench->now, &size));
}

void modem_says(struct bench *bench, struct msg msg)
{
	mux_port_received(bench->mux, msg.bytes, frame_size(msg.bytes), bench->now);
	finish_turns(bench);
}

void port_fails(struct bench *bench)
{
	size_t size;

	finish_turns(bench);
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	mux_port_failed(bench->mux, bench->now);
	finish_turns(bench);
}

void own_request_fails(struct bench *bench)
{
	port_fails(bench);
	modem_gets_nothing(bench);
	pass_time(bench, RETRY);
}

/* Both. */

uint8_t allocate(struct bench *bench, struct session *session, uint8_t service, uint8_t device_cid)
{
	struct msg asked = ctl_allocate(0xA1, service);
	struct msg got;
	const uint8_t *data;
	uint8_t cid;

	app_write(session, asked);
	got = modem_gets_ctl(bench, asked);
	modem_says(bench, about_client(answer(got, 0), service, device_cid));
	assert_true(mux_peek(session, &data) > 0);
	cid = frame_tlv(data, QMI_TLV_FIRST, 2, NULL)[1];
	app_reads(session, about_client(answer(asked, 0), service, cid));
	return cid;
}

void exchange(struct bench *bench, struct session *session, struct msg msg, uint8_t device_cid)
{
	app_write(session, msg);
	modem_gets_this(bench, with_cid(msg, device_cid));
	modem_says(bench, answer(with_cid(msg, device_cid), 0));
	app_reads(session, answer(msg, 0));
}

void pass_time(struct bench *bench, uint64_t ms)
{
	bench->now += ms;
	mux_tick(bench->mux, bench->now);
	finish_turns(bench);
}

void age_requests(struct bench *bench)
{
	pass_time(bench, 1000);
}

void fill_ctl(struct bench *bench, unsigned forwarded, unsigned allocations)
{
	struct session *session = NULL;

	for (unsigned i = 0; i < forwarded + allocations; i++) {
		struct msg msg = i < forwarded ? ctl(6, QMI_CTL_SET_INSTANCE_ID)
					       : ctl_allocate(6, QMI_SERVICE_UIM);

		if (i % 8 == 0) {
			age_requests(bench);
			session = mux_open(bench->mux, 1, 0, bench);
			assert_non_null(session);
		}
		app_write(session, msg);
		modem_gets_ctl(bench, msg);
	}
	age_requests(bench);
}
