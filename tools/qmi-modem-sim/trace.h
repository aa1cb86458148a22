/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

/* One line on stderr about a frame that came or goes. */
void trace_frame(const uint8_t *frame);

#endif
