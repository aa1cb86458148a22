/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-modem: the modem of plain_modem.h. Prints the name of its port and runs until it
 * is killed.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "plain_modem.h"

static void answer(int port, const uint8_t *request)
{
	uint8_t frame[PLAIN_ANSWER_MAX];

	if (frame_message(request) == PLAIN_IGNORED)
		return;
	plain_modem_answer(request, frame);
	if (write(port, frame, frame_size(frame)) != (ssize_t)frame_size(frame))
		err(EXIT_FAILURE, "cannot answer");
}

int main(void)
{
	static uint8_t in[QMUX_SIZE_MAX];
	size_t len = 0;
	int port = plain_modem_open();

	puts(ptsname(port));
	fflush(stdout);
	for (;;) {
		ssize_t got = read(port, in + len, sizeof(in) - len);
		const uint8_t *next = in;
		enum frame_scan scan;
		size_t size;

		if (got <= 0)
			err(EXIT_FAILURE, "%s", ptsname(port));
		len += (size_t)got;
		while ((scan = frame_scan(next, len, FRAME_FROM_APP, &size)) == FRAME_WHOLE) {
			answer(port, next);
			next += size;
			len -= size;
		}
		if (scan == FRAME_INVALID)
			errx(EXIT_FAILURE, "no request begins with the byte 0x%02X", next[0]);
		memmove(in, next, len);
	}
}
