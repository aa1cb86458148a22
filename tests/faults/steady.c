/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steady.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"
#include "frames.h"
#include "proxied.h"

#define WINDOW      4
#define PATIENCE_MS 15000
#define SILENCE_MS  3000 /* patience after TROUBLE_SILENCE; longer than --transaction-timeout */
#define REST_MS     20   /* between two rounds */
#define IMEI        "004401085237614"

struct question {
	bool pending;
	uint8_t service;
	uint8_t cid;
	uint8_t mask;
	uint16_t tid;
	uint16_t message;
	int64_t at;
	struct trouble_mark mark;
};

struct asker {
	unsigned int node;
	int fd;
	const struct trouble *trouble;
	struct steady_report *report;
	struct trouble_mark settled; /* when it began to allocate its clients */
	uint8_t dms;                 /* CIDs */
	uint8_t nas;
	uint8_t uim;       /* allocated and released in turn; 0: none */
	uint8_t allocated; /* by the last Allocate CID; 0: none */
	bool released;
	bool gone;    /* a restart took its clients */
	bool refused; /* a recent question was refused */
	bool silent;  /* a recent question was not answered */
	unsigned int rounds;
	uint16_t tid;
	struct question questions[WINDOW];
	uint8_t frame[QMUX_SIZE_MAX];
};

__attribute__((noreturn, format(printf, 2, 3))) static void wrong(struct asker *a,
								  const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(a->report->why, sizeof(a->report->why), format, ap);
	va_end(ap);
	a->report->failed = true;
	_exit(1);
}

static void wrong_frame(struct asker *a, const char *what)
{
	const uint8_t *f = a->frame;

	wrong(a, "%s: service %02X CID %u tid %u message %04X, error %u", what, frame_service(f),
	      frame_cid(f), frame_tid(f), frame_message(f),
	      frame_kind(f) == FRAME_RESPONSE ? frame_error(f) : 0);
}

/* Only a restart that the test caused may take the clients. */
static void lose_clients(struct asker *a)
{
	if (!trouble_since(a->trouble, &a->settled, TROUBLE_RESTART))
		wrong_frame(a, "clients lost without a restart");
	a->gone = true;
}

static void take_indication(struct asker *a)
{
	uint8_t service = frame_service(a->frame);
	uint16_t message = frame_message(a->frame);

	if (service == QMI_SERVICE_CTL && message == QMI_CTL_SYNC)
		lose_clients(a);
	else if (service != QMI_SERVICE_NAS || frame_cid(a->frame) != a->nas)
		wrong_frame(a, "an indication for another client");
	else if (message == NAS_EVENT_REPORT)
		a->report->reports++;
	else if (message == NAS_SIGNAL_INFO)
		a->report->infos++;
	else
		wrong_frame(a, "an indication not subscribed to");
}

static bool content_fits(struct asker *a, const struct question *q)
{
	const uint8_t *named = frame_tlv(a->frame, QMI_TLV_FIRST, 2, NULL);
	const uint8_t *imei = frame_tlv(a->frame, 0x11, strlen(IMEI), NULL);

	if (q->service == QMI_SERVICE_CTL && q->message == QMI_CTL_ALLOCATE_CID) {
		a->allocated = named ? named[1] : 0;
		return named && named[0] == q->mask && named[1] > 0;
	}
	if (q->service == QMI_SERVICE_CTL && q->message == QMI_CTL_RELEASE_CID)
		a->released = true;
	if (q->service == QMI_SERVICE_DMS && q->message == DMS_GET_IDS)
		return imei && memcmp(imei, IMEI, strlen(IMEI)) == 0;
	if (q->service == QMI_SERVICE_NAS && q->message == NAS_GET_SIGNAL_STRENGTH)
		return frames_strength_fits(a->frame, q->mask);
	return true;
}

static void judge(struct asker *a, const struct question *q)
{
	uint16_t error = frame_error(a->frame);

	if (error == QMI_ERROR_INTERNAL && trouble_since(a->trouble, &q->mark, TROUBLE_REFUSAL)) {
		a->report->refused++;
		a->refused = true;
	} else if (error == QMI_ERROR_ABORTED || error == QMI_ERROR_INVALID_CLIENT_ID) {
		a->report->lost++;
		lose_clients(a);
	} else if (error != QMI_ERROR_NONE) {
		wrong_frame(a, "an error");
	} else if (!content_fits(a, q)) {
		wrong_frame(a, "another question's answer");
	} else {
		a->report->answered++;
	}
}

static void take_response(struct asker *a)
{
	for (size_t i = 0; i < WINDOW; i++) {
		struct question *q = &a->questions[i];

		if (!q->pending || q->service != frame_service(a->frame) ||
		    q->cid != frame_cid(a->frame) || q->tid != frame_tid(a->frame) ||
		    q->message != frame_message(a->frame))
			continue;
		q->pending = false;
		judge(a, q);
		return;
	}
	wrong_frame(a, "an answer to no question, or a second one");
}

static void come(struct asker *a)
{
	a->fd = either_open(a->node, O_NONBLOCK);
	if (a->fd < 0)
		wrong(a, "open: %s", strerror(errno));
}

/* V26: the connection ends when the modem restarts. */
static void come_back(struct asker *a)
{
	if (a->node != NODE_PROXY || !trouble_since(a->trouble, &a->settled, TROUBLE_RESTART))
		wrong(a, "the end of its session");
	for (size_t i = 0; i < WINDOW; i++) {
		a->report->lost += a->questions[i].pending;
		a->questions[i].pending = false;
	}
	a->gone = true;
	close(a->fd);
	come(a);
}

/* False if there is nothing to read. */
static bool take(struct asker *a)
{
	ssize_t n = either_read(a->node, a->fd, a->frame, sizeof(a->frame));
	size_t size;

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0 && errno != ECONNRESET)
		wrong(a, "read: %s", strerror(errno));
	if (n <= 0) {
		come_back(a);
		return false;
	}
	if (frame_scan(a->frame, (size_t)n, FRAME_FROM_MODEM, &size) != FRAME_WHOLE ||
	    size != (size_t)n)
		wrong(a, "%zd bytes that are not a frame, starting %02X %02X", n, a->frame[0],
		      a->frame[1]);
	if (frame_kind(a->frame) == FRAME_RESPONSE)
		take_response(a);
	else
		take_indication(a);
	return true;
}

static bool has_pending(const struct asker *a)
{
	for (size_t i = 0; i < WINDOW; i++) {
		if (a->questions[i].pending)
			return true;
	}
	return false;
}

static void give_up(struct asker *a)
{
	for (size_t i = 0; i < WINDOW; i++) {
		struct question *q = &a->questions[i];
		bool silence = trouble_since(a->trouble, &q->mark, TROUBLE_SILENCE);
		int64_t since = a->trouble->changed_at[TROUBLE_SILENCE];

		if (!q->pending)
			continue;
		if (since < q->at)
			since = q->at;
		if (silence && now_ms() > since + (int64_t)SILENCE_MS * slow_factor()) {
			q->pending = false;
			a->silent = true;
			a->report->silent++;
		} else if (!silence && now_ms() > q->at + (int64_t)PATIENCE_MS * slow_factor()) {
			wrong(a, "no answer: service %02X CID %u tid %u message %04X", q->service,
			      q->cid, q->tid, q->message);
		}
	}
}

static void await_answers(struct asker *a)
{
	while (has_pending(a)) {
		wait_for(a->fd, POLLIN, now_ms() + 100);
		while (take(a))
			;
		give_up(a);
	}
}

/* False if the connection has ended. */
static bool put(struct asker *a, const uint8_t *frame)
{
	size_t size = frame_size(frame);

	while (write(a->fd, frame, size) != (ssize_t)size) {
		if (errno == EPIPE || errno == ECONNRESET)
			return false;
		if (errno != EAGAIN)
			wrong(a, "write: %s", strerror(errno));
		wait_for(a->fd, POLLOUT, now_ms() + 100);
	}
	return true;
}

/*
 * The frame has its tid already; the mask identifies the answer. Not on a new connection:
 * the CIDs may be someone else's.
 */
static void ask(struct asker *a, const uint8_t *frame, uint8_t mask)
{
	if (a->gone && a->node == NODE_PROXY)
		return;
	for (size_t i = 0; i < WINDOW; i++) {
		struct question *q = &a->questions[i];

		if (q->pending)
			continue;
		*q = (struct question){.pending = true,
				       .service = frame_service(frame),
				       .cid = frame_cid(frame),
				       .mask = mask,
				       .tid = frame_tid(frame),
				       .message = frame_message(frame),
				       .at = now_ms(),
				       .mark = trouble_now(a->trouble)};
		a->report->asked++;
		if (!put(a, frame))
			come_back(a);
		return;
	}
}

static uint8_t next_ctl_tid(struct asker *a)
{
	return (uint8_t)(1 + a->tid++ % 255);
}

/* Returns 0 if the request is refused or not answered. */
static uint8_t allocate(struct asker *a, uint8_t service)
{
	uint8_t frame[FRAME_ROOM];

	a->allocated = 0;
	frames_allocate(frame, next_ctl_tid(a), service);
	ask(a, frame, service);
	await_answers(a);
	return a->allocated;
}

/* False if the request is refused or not answered. */
static bool release(struct asker *a, uint8_t service, uint8_t cid)
{
	uint8_t frame[FRAME_ROOM];

	a->released = false;
	a->silent = false;
	frames_release(frame, next_ctl_tid(a), service, cid);
	ask(a, frame, service);
	await_answers(a);
	return a->released;
}

static void settle(struct asker *a)
{
	uint8_t frame[FRAME_ROOM];

	a->settled = trouble_now(a->trouble);
	a->gone = false;
	a->refused = false;
	a->silent = false;
	if (!a->dms)
		a->dms = allocate(a, QMI_SERVICE_DMS);
	if (!a->nas)
		a->nas = allocate(a, QMI_SERVICE_NAS);
	if (!a->dms || !a->nas || a->gone)
		return;
	frames_subscribe_report(frame, a->nas, ++a->tid);
	ask(a, frame, 0);
	frames_subscribe_info(frame, a->nas, ++a->tid);
	ask(a, frame, 0);
	await_answers(a);
	a->report->settled = !a->refused && !a->silent && !a->gone;
}

static void ask_some(struct asker *a)
{
	uint8_t frame[FRAME_ROOM];
	uint8_t mask = (uint8_t)(a->tid * 37);

	frames_request(frame, QMI_SERVICE_DMS, a->dms, ++a->tid, DMS_GET_IDS);
	ask(a, frame, 0);
	frames_strength(frame, a->nas, ++a->tid, mask);
	ask(a, frame, mask);
	frames_strength(frame, a->nas, ++a->tid, (uint8_t)~mask);
	ask(a, frame, (uint8_t)~mask);
	frames_ctl(frame, next_ctl_tid(a), QMI_CTL_GET_VERSION_INFO);
	ask(a, frame, 0);
	await_answers(a);
}

/* A Release without an answer may have worked: another program may get the CID next. */
static void come_and_go(struct asker *a)
{
	if (!a->uim)
		a->uim = allocate(a, QMI_SERVICE_UIM);
	if (a->uim && !a->gone && (release(a, QMI_SERVICE_UIM, a->uim) || a->silent))
		a->uim = 0;
}

/* After a restart the old CIDs may already belong to another program, so forget them. */
static void go_round(struct asker *a)
{
	while (take(a))
		;
	if (a->gone) {
		a->report->settled = false;
		a->dms = 0;
		a->nas = 0;
		a->uim = 0;
	}
	if (!a->report->settled)
		settle(a);
	else if (++a->rounds % 8 == 0 || a->uim)
		come_and_go(a);
	else
		ask_some(a);
}

static void leave(struct asker *a)
{
	while (take(a))
		;
	if (!a->gone && a->dms)
		release(a, QMI_SERVICE_DMS, a->dms);
	if (!a->gone && a->nas)
		release(a, QMI_SERVICE_NAS, a->nas);
	if (!a->gone && a->uim)
		release(a, QMI_SERVICE_UIM, a->uim);
	while (take(a))
		;
}

__attribute__((noreturn)) static void live(struct asker *a, unsigned int node, int stop)
{
	struct pollfd wait[2] = {{.fd = stop, .events = POLLIN}, {.events = POLLIN}};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	a->node = node;
	come(a);
	while (!wait[0].revents) {
		go_round(a);
		wait[1].fd = a->fd;
		poll(wait, 2, REST_MS);
	}
	leave(a);
	_exit(0);
}

/* Closes the test's other descriptors, which would otherwise stay open in this process. */
static int keep_one(int fd)
{
	dup2(fd, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	return STDERR_FILENO + 1;
}

static void await(const struct steady *s, const _Atomic unsigned int *counter, unsigned int wanted)
{
	int64_t deadline = deadline_in(3 * PATIENCE_MS);

	while (*counter < wanted) {
		steady_check(s);
		if (now_ms() > deadline)
			fail_msg("a steady client has %u answers, not %u", *counter, wanted);
		pause_briefly();
	}
}

void steady_start(struct steady *s, unsigned int node, const struct trouble *trouble)
{
	struct asker asker = {.fd = -1, .trouble = trouble};
	int ends[2];

	s->report = mmap(NULL, sizeof(*s->report), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s->report, MAP_FAILED);
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	asker.report = s->report;
	fflush(NULL);
	s->pid = fork();
	assert_return_code(s->pid, errno);
	if (s->pid == 0)
		live(&asker, node, keep_one(ends[0]));
	close(ends[0]);
	s->stop = ends[1];
	await(s, &s->report->answered, 6); /* settled, and two more */
	assert_true(s->report->settled);
}

void steady_check(const struct steady *s)
{
	if (s->report->failed)
		fail_msg("a steady client met %s", s->report->why);
}

void steady_await_answers(const struct steady *s, unsigned int more)
{
	await(s, &s->report->answered, s->report->answered + more);
}

void steady_stop(struct steady *s)
{
	int status;

	close(s->stop);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	s->stop = -1;
	steady_check(s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

void steady_destroy(struct steady *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
		close(s->stop);
	}
	if (s->report)
		munmap(s->report, sizeof(*s->report));
	memset(s, 0, sizeof(*s));
}
