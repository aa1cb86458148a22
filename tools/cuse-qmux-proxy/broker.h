/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V26: takes connections to libqmi's proxy socket, reads the Internal Proxy Open of
 * each, and passes it to the instance that serves the port. It knows a connection only
 * until then.
 */
#ifndef BROKER_H
#define BROKER_H

/*
 * Serves the listening socket until SIGTERM or SIGINT. Returns the exit status; a failure
 * has been logged.
 */
int broker_run(int listener);

#endif
