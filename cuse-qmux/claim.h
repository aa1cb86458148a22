/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only one instance can have, such as a port: a lock on a file that is named after
 * it. It ends with the last copy of the descriptor, so it lasts through a restart (V29).
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>
#include <sys/types.h>

#define CLAIM_PATH_MAX 300

struct claim {
	int fd; /* -1: none */
	char path[CLAIM_PATH_MAX];
};

/*
 * Returns 0; -EBUSY with the pid of the instance that has it, or 0 if that is unknown; or
 * -errno if it is unknown whether there is one. The path is valid in any case.
 */
int claim_take(struct claim *claim, const char *name, pid_t *owner);

/*
 * Goes on with the claim of the process before, in this descriptor, which is the claim's
 * then. False if there is no such claim.
 */
bool claim_resume(struct claim *claim, const char *name, int fd);

/* Replaces the owner's pid, which the file says, with this text. */
void claim_write(const struct claim *claim, const char *text);

/* True if an instance has it. */
bool claim_is_taken(const char *name);

/* The name for a port. */
#define CLAIM_PORT_MAX 32
void claim_port_name(char name[CLAIM_PORT_MAX], dev_t device);

/* Does nothing if there is none. */
void claim_drop(struct claim *claim);

#endif
