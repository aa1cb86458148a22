/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flood.h"

#define SETTLE_MS 50
#define YOUNG_MS  1000 /* V28: then a request leaves the window */

void flood_init(struct bench *b, struct flood *f, unsigned int node)
{
	*f = (struct flood){.fd = session_open(b, node)};
	f->client = client_allocate(b, f->fd, QMI_SERVICE_NAS);
}

void flood_request(struct message *m, const struct flood *f, uint16_t tid)
{
	client_request(m, &f->client, tid, MESSAGE_ASK);
	message_pad(m, FLOOD_SIZE);
}

void flood_request_at_modem(struct message *m, const struct flood *f, uint16_t tid)
{
	client_request_at_modem(m, &f->client, tid, MESSAGE_ASK);
	message_pad(m, FLOOD_SIZE);
}

bool flood_write(struct flood *f)
{
	struct message m;
	ssize_t n;

	flood_request(&m, f, (uint16_t)(f->sent + 1));
	n = write(f->fd, m.data, m.len);
	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return false;
	}
	assert_int_equal(n, m.len);
	f->sent++;
	return true;
}

void flood_fill(struct flood *f)
{
	do {
		while (flood_write(f))
			;
	} while (wait_for(f->fd, POLLOUT, deadline_in(SETTLE_MS) + YOUNG_MS));
	assert_true(f->sent - f->seen >= OUTBOUND_LIMIT / FLOOD_SIZE);
}

void flood_init_full(struct bench *b, struct flood *f, unsigned int node)
{
	flood_init(b, f, node);
	flood_fill(f);
	assert_return_code(fcntl(f->fd, F_SETFL, 0), errno);
}

void flood_expect(struct bench *b, struct flood *f, uint16_t up_to)
{
	struct message want;

	while (f->seen < up_to) {
		flood_request_at_modem(&want, f, ++f->seen);
		modem_expect(b->modem, &want);
	}
}

void flood_expect_and_answer(struct bench *b, struct flood *f, uint16_t up_to)
{
	uint16_t first = (uint16_t)(f->seen + 1);

	flood_expect(b, f, up_to);
	for (uint16_t tid = first; tid <= up_to; tid++)
		modem_answer_client(b->modem, &f->client, tid, MESSAGE_ASK, tid);
}
