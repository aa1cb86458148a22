/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the mux tests: messages as values, and a mux for which the test plays the
 * modem. A failed check here fails the current test.
 */
#ifndef MUX_BENCH_H
#define MUX_BENCH_H

#include <errno.h>

#include "frame.h"
#include "mux.h"
#include "qmi.h"
#include "unit_groups.h"

#define FRAME_MAX   4096
#define TIMEOUT     300000 /* ms, of transactions */
#define CTL_TIMEOUT 10000  /* ms, of CTL requests */
#define RETRY       200    /* ms, before a failed send is retried */
#define IND         0x0001 /* an indication's message id, for any service */
#define MODEL       0x0022 /* DMS Get Model, or any message that is only forwarded */
#define DMS         QMI_SERVICE_DMS
#define NAS         QMI_SERVICE_NAS
#define WDS         QMI_SERVICE_WDS

/* A whole frame. */
struct msg {
	uint8_t bytes[256];
};

struct bench {
	struct mux_config config;
	struct mux *mux;
	uint64_t now;
	unsigned warnings;  /* logged */
	uint32_t uid;       /* of the sessions that open_on() opens: 0, root */
	unsigned traces[5]; /* by path */
	const char *why;    /* why the last dropped frame was dropped */
};

/* Messages. The last bytes of a message are its TLVs; each function returns a changed copy. */
struct msg request(uint8_t service, uint8_t cid, uint16_t tid, uint16_t message);
struct msg indication(uint8_t service, uint8_t cid, uint16_t message);
struct msg plus(struct msg msg, uint8_t type, const void *value, uint16_t len);
struct msg with_cid(struct msg msg, uint8_t cid);
struct msg with_tid(struct msg msg, uint16_t tid);

/* The response to a request, with a result; about_client() adds the TLV with service and CID. */
struct msg answer(struct msg to, uint16_t error);
struct msg about_client(struct msg msg, uint8_t service, uint8_t cid);

struct msg ctl(uint8_t tid, uint16_t message);
struct msg ctl_allocate(uint8_t tid, uint8_t service);
struct msg ctl_release(uint8_t tid, uint8_t service, uint8_t cid);
struct msg sync_indication(void);

uint16_t msg_tid(struct msg msg);
void assert_msg(struct msg got, struct msg wanted);

/* cmocka's fixture: a bench with two nodes. bench_restart() makes a new mux after a config change.
 */
int bench_set_up(void **state);
int bench_tear_down(void **state);
void bench_restart(struct bench *bench);

#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

/* An application. */
struct session *open_on(struct bench *bench, unsigned node);
struct session *open_as(struct bench *bench, uint32_t uid); /* on node 0 */
void app_write(struct session *session, struct msg msg);
void app_reads(struct session *session, struct msg wanted);
void app_reads_nothing(struct session *session);
void app_reads_overflow(struct session *session);

/* The modem. */
struct msg modem_gets(struct bench *bench); /* any message */
void modem_gets_this(struct bench *bench, struct msg wanted);
struct msg modem_gets_ctl(struct bench *bench, struct msg wanted); /* with any tid but 0 */
void modem_gets_nothing(struct bench *bench);
void modem_says(struct bench *bench, struct msg msg);
void port_fails(struct bench *bench);        /* to accept the next frame */
void own_request_fails(struct bench *bench); /* and its retry is due */

/* Both sides: a complete Allocate CID, and any other request with its answer. */
uint8_t allocate(struct bench *bench, struct session *session, uint8_t service, uint8_t device_cid);
void exchange(struct bench *bench, struct session *session, struct msg msg, uint8_t device_cid);

void pass_time(struct bench *bench, uint64_t ms);

/* Lets the requests in flight grow too old to count in the window. */
void age_requests(struct bench *bench);

/*
 * Leaves CTL requests of root unanswered: some that are only forwarded, and Allocate
 * CIDs for UIM. This takes time: config.ctl_timeout should be TIMEOUT.
 */
void fill_ctl(struct bench *bench, unsigned forwarded, unsigned allocations);

#endif
