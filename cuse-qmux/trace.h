/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of the log for each frame, with both sides of the mapping. */
#ifndef TRACE_H
#define TRACE_H

#include "mux.h"

/* The node's name, where the frame has a session. */
void trace_frame(const struct mux_trace *trace, const char *node_name);

#endif
