/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internal Proxy Open, with which a connection to libqmi's proxy socket begins (V26):
 * the CTL message 0xFF00, with the path of a port in TLV 0x01.
 */
#ifndef PROXY_OPEN_H
#define PROXY_OPEN_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest frame that is accepted: the path may have PATH_MAX. */
#define PROXY_OPEN_MAX (PATH_MAX + 16)

/*
 * Stores the path in a whole request frame. Returns 0; -EBADMSG if it is another
 * request, -ENODATA if there is no path, or -ENAMETOOLONG.
 */
int proxy_open_path(const uint8_t *frame, char path[PATH_MAX]);

/* Answers a request frame. Does not wait: the connection must have nothing to send yet. */
void proxy_open_answer(int fd, const uint8_t *frame, uint16_t error);

#endif
