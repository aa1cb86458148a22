/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up root's powers that the daemon does not need. There is no way back. */
#ifndef SANDBOX_H
#define SANDBOX_H

/*
 * Call this once the port is open, and before there is a node. Keeps what making nodes
 * needs, and what reopening the port needs if it does not belong to root.
 */
void sandbox_begin(int port_fd);

/* For the process that looks for other programs: keeps what it takes to see their files. */
void sandbox_search(void);

/* Call this once the nodes exist. */
void sandbox_complete(void);

/* The same for the calling thread, which another one began. */
void sandbox_complete_thread(void);

#endif
