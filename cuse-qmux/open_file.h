/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open file of a node: handles the calls that the kernel passes on, using the
 * file's session. It keeps the calls that must block and the poll handle to notify.
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
#include "pace.h"

struct open_file;

/*
 * Creates *file with a new session of the caller's in the CID space, and adds it to its
 * node's table under the session's number. Returns 0, or -errno as mux_open() does.
 */
int open_file_create(struct open_file **file, struct mux *mux, unsigned space,
		     struct open_files *files, const struct fuse_ctx *caller);

/*
 * V29: the same for a file that has been open since before a restart, with its session's
 * number. Returns 0, or -errno as mux_reopen() does.
 */
int open_file_resume(struct open_file **file, struct mux *mux, unsigned space,
		     struct open_files *files, uint64_t number, const struct fuse_ctx *caller);

/* What another process needs to go on with a file. */
struct open_file_rest {
	uint64_t number;
	uint32_t uid;
	pid_t pid;
	uint64_t kh; /* of the poll handle, if there are poll_events */
	uint32_t poll_events;
	uint32_t calls; /* blocked ones */
};

struct open_file_rest open_file_rest(const struct open_file *file);

/* A blocked call by the kernel's number; data is NULL for a read. */
typedef void open_file_call(void *context, uint64_t unique, size_t size, const uint8_t *data);

/* Passes on the blocked reads, then the writes, each in their order. */
void open_file_visit_calls(struct open_file *file, open_file_call *visit, void *context);

/* Each of them continues what can be continued. */
void open_file_update_all(struct open_files *files, uint64_t now);

struct open_file *open_file_of(struct open_files_entry *entry);

/* Returns the file with this number, or NULL. */
struct open_file *open_file_find(const struct open_files *files, uint64_t number);

/* Closes the session and frees the file. Calls still blocked fail with ENODEV. now is in ms. */
void open_file_destroy(struct open_file *file, uint64_t now);
void open_file_destroy_all(struct open_files *files, uint64_t now);

const struct session *open_file_session(const struct open_file *file);

/*
 * Each replies to req, now or once it need not block any more. data is copied if needed
 * later. A write that fails is answered at this pace. open_file_poll() takes ownership of
 * the handle, which may be NULL.
 */
void open_file_read(struct open_file *file, fuse_req_t req, size_t size, bool nonblock);
void open_file_write(struct open_file *file, fuse_req_t req, const uint8_t *data, size_t size,
		     bool nonblock, struct pace *pace, uint64_t now);
void open_file_poll(struct open_file *file, fuse_req_t req, struct fuse_pollhandle *handle,
		    uint32_t events);

#endif
