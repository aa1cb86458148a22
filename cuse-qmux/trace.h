/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs a line for each frame, showing both sides of the mapping. */
#ifndef TRACE_H
#define TRACE_H

#include "mux.h"

/* node_name is used only if the frame has a session. */
void trace_frame(const struct mux_trace *trace, const char *node_name);

#endif
