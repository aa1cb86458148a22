/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "moody_modem.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../bench/plain_modem.h"
#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"
#include "frame.h"

#define GARBAGE_MAX    256
#define NAS_INDICATION 0x0024

/* Seen by the modem's process. */
struct line {
	int port;
	struct modem_habits *habits;
	size_t len;
	uint8_t in[QMUX_SIZE_MAX];
};

static void line_write(const struct line *l, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(l->port, bytes, size);

		if (n <= 0)
			err(EXIT_FAILURE, "the modem cannot write");
		bytes += n;
		size -= (size_t)n;
	}
}

static void pad(uint8_t *frame, size_t size)
{
	static const uint8_t zeros[MODEM_LONG_SIZE];

	frame_add_tlv(frame, 0x10, zeros, (uint16_t)(size - frame_size(frame) - 3));
}

static void line_indicate(const struct line *l)
{
	uint8_t frame[MODEM_INDICATION_SIZE];

	frame_begin(frame, FRAME_INDICATION, QMI_SERVICE_NAS, QMI_CID_BROADCAST, 0, NAS_INDICATION);
	pad(frame, sizeof(frame));
	line_write(l, frame, sizeof(frame));
}

static bool line_answers(const struct line *l, const uint8_t *request)
{
	const struct modem_habits *habits = l->habits;

	if (habits->silent)
		return false;
	if (frame_service(request) == QMI_SERVICE_CTL)
		return !habits->ignores || frame_message(request) != habits->ignored_ctl;
	return !habits->ignores || frame_message(request) != MODEM_IGNORED;
}

static void line_take_time(const struct line *l)
{
	unsigned int us = l->habits->takes_us;
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

	if (us > 0)
		nanosleep(&time, NULL);
}

static void line_answer(const struct line *l, const uint8_t *request)
{
	static const uint8_t garbage[GARBAGE_MAX];
	uint8_t frame[MODEM_LONG_SIZE];
	bool service = frame_service(request) != QMI_SERVICE_CTL;

	if (service && frame_message(request) == MODEM_COUNTED)
		l->habits->counted++;
	line_take_time(l);
	if (!line_answers(l, request))
		return;
	if (l->habits->garbage > 0)
		line_write(l, garbage, l->habits->garbage);
	plain_modem_answer(request, frame);
	if (service && frame_message(request) == MODEM_LONG)
		pad(frame, sizeof(frame));
	line_write(l, frame, frame_size(frame));
}

static void line_receive(struct line *l)
{
	const uint8_t *next = l->in;
	ssize_t got = read(l->port, l->in + l->len, sizeof(l->in) - l->len);
	enum frame_scan scan;
	size_t size;

	if (got <= 0)
		err(EXIT_FAILURE, "the modem cannot read");
	l->len += (size_t)got;
	while ((scan = frame_scan(next, l->len, FRAME_FROM_APP, &size)) == FRAME_WHOLE) {
		line_answer(l, next);
		next += size;
		l->len -= size;
	}
	if (scan == FRAME_INVALID)
		errx(EXIT_FAILURE, "the modem got what is not a request: 0x%02X", next[0]);
	memmove(l->in, next, l->len);
}

/* In this process, so that no other holds the port. */
static void line_open(struct line *l)
{
	l->port = plain_modem_open();
	snprintf(l->habits->port, sizeof(l->habits->port), "%s", ptsname(l->port));
	l->habits->open = true;
}

__attribute__((noreturn)) static void live(struct line *l, int bursts)
{
	struct pollfd wait[2] = {{.events = POLLIN}, {.fd = bursts, .events = POLLIN}};
	uint64_t count;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	line_open(l);
	wait[0].fd = l->port;
	for (;;) {
		poll(wait, 2, -1);
		if (wait[0].revents)
			line_receive(l);
		if (wait[1].revents && read(bursts, &count, sizeof(count)) == sizeof(count)) {
			while (count-- > 0)
				line_indicate(l);
		}
	}
}

void modem_start(struct modem *m, unsigned int cids)
{
	static struct line line;
	int64_t deadline = deadline_usual();

	m->habits = mmap(NULL, sizeof(*m->habits), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(m->habits, MAP_FAILED);
	m->habits->ignores = true;
	m->bursts = eventfd(0, EFD_CLOEXEC);
	assert_return_code(m->bursts, errno);
	line = (struct line){.habits = m->habits};
	plain_modem_limit(cids);
	fflush(NULL);
	m->pid = fork();
	assert_return_code(m->pid, errno);
	if (m->pid == 0)
		live(&line, m->bursts);
	while (!m->habits->open) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

const char *modem_port(const struct modem *m)
{
	return m->habits->port;
}

void modem_indicate(struct modem *m, unsigned int count)
{
	uint64_t more = count;

	assert_int_equal(write(m->bursts, &more, sizeof(more)), sizeof(more));
}

void modem_destroy(struct modem *m)
{
	if (m->pid > 0) {
		kill(m->pid, SIGKILL);
		waitpid(m->pid, NULL, 0);
		close(m->bursts);
	}
	if (m->habits)
		munmap(m->habits, sizeof(*m->habits));
	memset(m, 0, sizeof(*m));
}
