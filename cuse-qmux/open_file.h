/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open file of a node: the calls on it that the kernel passes on, and the
 * session that they are about. It holds the calls that have to block, and
 * whoever polls.
 */
#ifndef OPEN_FILE_H
#define OPEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUSE_USE_VERSION 31
#include <fuse_lowlevel.h>

#include "mux.h"
#include "open_files.h"

struct open_file;

/*
 * *file on a new session in the space of CIDs, in the table of its node's files under
 * the session's number. 0, or -errno with mux_open()'s errors.
 */
int open_file_create(struct open_file **file, struct mux *mux, unsigned space,
		     struct open_files *files);

/* The file with the number, or NULL. */
struct open_file *open_file_find(const struct open_files *files, uint64_t number);

/* Closes the session. Calls that are still blocked fail with ENODEV. */
void open_file_destroy(struct open_file *file, uint64_t now);
void open_file_destroy_all(struct open_files *files, uint64_t now);

const struct session *open_file_session(const struct open_file *file);

/* Each answers the request, now or later. */
void open_file_read(struct open_file *file, fuse_req_t req, size_t size, bool nonblock);
void open_file_write(struct open_file *file, fuse_req_t req, const uint8_t *data, size_t size,
		     bool nonblock);
void open_file_poll(struct open_file *file, fuse_req_t req, struct fuse_pollhandle *handle,
		    uint32_t events);

#endif
