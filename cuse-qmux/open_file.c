/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "open_file.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "owner.h"

/* V28: limits on the blocked calls of one file. */
#define READS_MAX       64
#define WRITES_MAX      64
#define WRITE_BYTES_MAX 262144

struct open_file {
	struct owner owner; /* interface for the session */
	struct open_files *files;
	struct open_files_entry entry; /* in its node's files */
	struct session *session;
	struct list reads; /* blocked calls, the oldest first */
	struct list writes;
	unsigned read_count;
	unsigned write_count;
	size_t write_bytes;
	struct fuse_pollhandle *poll; /* to notify, or NULL */
	uint32_t poll_events;         /* events to notify it of */
	uint64_t kh;                  /* the kernel's number of it */
};

/* A blocked call. */
struct blocked {
	struct open_file *file;
	bool is_write;
	fuse_req_t req;
	uint64_t unique; /* the kernel's number of it */
	struct list link;
	size_t size;
	uint8_t data[]; /* a write's data */
};

/* True if another call may block; data_size is a write's. */
static bool open_file_has_room(const struct open_file *file, bool is_write, size_t data_size)
{
	if (!is_write)
		return file->read_count < READS_MAX;
	return file->write_count < WRITES_MAX && file->write_bytes + data_size <= WRITE_BYTES_MAX;
}

static void open_file_update(struct owner *owner, uint64_t now);

static struct open_file *open_file_make(pid_t pid)
{
	struct open_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	list_init(&file->reads);
	list_init(&file->writes);
	file->owner.session_changed = open_file_update;
	file->owner.pid = pid;
	return file;
}

int open_file_create(struct open_file **created, struct mux *mux, unsigned space,
		     struct open_files *files, const struct fuse_ctx *caller)
{
	struct open_file *file = open_file_make(caller->pid);

	if (!file)
		return -ENOMEM;
	file->session = mux_open(mux, space, caller->uid, &file->owner);
	if (!file->session) {
		int err = -errno;

		free(file);
		return err;
	}
	if (!mux_charge(file->session, sizeof(*file))) {
		mux_close(file->session, 0);
		free(file);
		return -ENOMEM;
	}
	file->files = files;
	open_files_add(files, &file->entry, mux_session_id(file->session));
	*created = file;
	return 0;
}

int open_file_resume(struct open_file **resumed, struct mux *mux, unsigned space,
		     struct open_files *files, uint64_t number, const struct fuse_ctx *caller)
{
	struct open_file *file = open_file_make(caller->pid);

	if (!file)
		return -ENOMEM;
	file->session = mux_reopen(mux, number, space, caller->uid, &file->owner);
	if (!file->session) {
		int err = -errno;

		free(file);
		return err;
	}
	/* The kernel has the file already, so it stays even if limits are lower now. */
	mux_refund(file->session, mux_charged(file->session));
	mux_charge(file->session, sizeof(*file));
	file->files = files;
	open_files_add(files, &file->entry, number);
	*resumed = file;
	return 0;
}

struct open_file_rest open_file_rest(const struct open_file *file)
{
	return (struct open_file_rest){.number = file->entry.number,
				       .uid = mux_session_user(file->session),
				       .pid = file->owner.pid,
				       .kh = file->kh,
				       .poll_events = file->poll_events,
				       .calls = file->read_count + file->write_count};
}

static void open_file_visit(struct list *list, open_file_call *visit, void *context)
{
	list_for_each (link, list) {
		const struct blocked *blocked = container_of(link, struct blocked, link);

		visit(context, blocked->unique, blocked->size,
		      blocked->is_write ? blocked->data : NULL);
	}
}

void open_file_visit_calls(struct open_file *file, open_file_call *visit, void *context)
{
	open_file_visit(&file->reads, visit, context);
	open_file_visit(&file->writes, visit, context);
}

struct open_file *open_file_of(struct open_files_entry *entry)
{
	return container_of(entry, struct open_file, entry);
}

struct open_file *open_file_find(const struct open_files *files, uint64_t number)
{
	struct open_files_entry *entry = open_files_find(files, number);

	return entry ? container_of(entry, struct open_file, entry) : NULL;
}

const struct session *open_file_session(const struct open_file *file)
{
	return file->session;
}

static void open_file_unblock(struct blocked *blocked)
{
	struct open_file *file = blocked->file;
	size_t data_size = blocked->is_write ? blocked->size : 0;

	if (blocked->is_write)
		file->write_count--;
	else
		file->read_count--;
	file->write_bytes -= data_size;
	mux_refund(file->session, sizeof(*blocked) + data_size);
	list_remove(&blocked->link);
	free(blocked);
}

static void open_file_interrupted(fuse_req_t req, void *data)
{
	struct blocked *blocked = data;

	fuse_reply_err(req, EINTR);
	open_file_unblock(blocked);
}

/* NULL if that is over a limit, or memory is out. data is NULL for a read. */
static struct blocked *open_file_keep(struct open_file *file, const uint8_t *data, size_t size)
{
	size_t data_size = data ? size : 0;
	struct blocked *blocked;

	if (!open_file_has_room(file, data != NULL, data_size) ||
	    !mux_charge(file->session, sizeof(*blocked) + data_size))
		return NULL;
	blocked = malloc(sizeof(*blocked) + data_size);
	if (!blocked) {
		mux_refund(file->session, sizeof(*blocked) + data_size);
		return NULL;
	}
	*blocked = (struct blocked){.file = file, .is_write = data != NULL, .size = size};
	if (data)
		memcpy(blocked->data, data, data_size);
	if (data)
		file->write_count++;
	else
		file->read_count++;
	file->write_bytes += data_size;
	list_init(&blocked->link);
	list_append(data ? &file->writes : &file->reads, &blocked->link);
	return blocked;
}

/* data is NULL for a read. */
static void open_file_block(struct open_file *file, fuse_req_t req, const uint8_t *data,
			    size_t size)
{
	struct blocked *blocked;

	/* libfuse would call the function at once, and it must not end the request then. */
	if (fuse_req_interrupted(req)) {
		fuse_reply_err(req, EINTR);
		return;
	}
	blocked = open_file_keep(file, data, size);
	if (!blocked) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	blocked->req = req;
	blocked->unique = file->files->unique;
	fuse_req_interrupt_func(req, open_file_interrupted, blocked);
}

/* Answers a read. Returns false if it must wait. */
static bool open_file_try_read(struct open_file *file, fuse_req_t req, size_t size)
{
	const uint8_t *data;
	ssize_t available = mux_peek(file->session, &data);
	size_t given;

	if (available == -EAGAIN)
		return false;
	if (available < 0) {
		fuse_reply_err(req, (int)-available);
		return true;
	}
	given = (size_t)available < size ? (size_t)available : size;
	fuse_reply_buf(req, (const char *)data, given);
	mux_consume(file->session, given);
	return true;
}

void open_file_read(struct open_file *file, fuse_req_t req, size_t size, bool nonblock)
{
	if (list_empty(&file->reads) && open_file_try_read(file, req, size))
		return;
	if (nonblock)
		fuse_reply_err(req, EAGAIN);
	else
		open_file_block(file, req, NULL, size);
}

void open_file_write(struct open_file *file, fuse_req_t req, const uint8_t *data, size_t size,
		     bool nonblock, struct pace *pace, uint64_t now)
{
	ssize_t taken = -EAGAIN;

	if (list_empty(&file->writes))
		taken = mux_write(file->session, data, size, now);
	if (taken >= 0)
		fuse_reply_write(req, (size_t)taken);
	else if (taken == -EAGAIN && !nonblock)
		open_file_block(file, req, data, size);
	else
		pace_reply(pace, mux_session_user(file->session), req, fuse_reply_err, (int)-taken,
			   now);
}

static void open_file_go_on_reading(struct open_file *file)
{
	list_for_each (link, &file->reads) {
		struct blocked *blocked = container_of(link, struct blocked, link);

		if (!open_file_try_read(file, blocked->req, blocked->size))
			return;
		open_file_unblock(blocked);
	}
}

static void open_file_go_on_writing(struct open_file *file, uint64_t now)
{
	list_for_each (link, &file->writes) {
		struct blocked *blocked = container_of(link, struct blocked, link);
		ssize_t taken = mux_write(file->session, blocked->data, blocked->size, now);

		if (taken == -EAGAIN)
			return;
		if (taken >= 0)
			fuse_reply_write(blocked->req, (size_t)taken);
		else
			fuse_reply_err(blocked->req, (int)-taken);
		open_file_unblock(blocked);
	}
}

static uint32_t open_file_poll_state(const struct open_file *file)
{
	unsigned state = mux_session_state(file->session);
	uint32_t events = 0;

	if (state & SESSION_DEAD)
		return POLLHUP | POLLERR;
	if (state & SESSION_READABLE)
		events |= POLLIN | POLLRDNORM;
	if (state & SESSION_WRITABLE)
		events |= POLLOUT | POLLWRNORM;
	return events;
}

/* All handles of a file wake the same waiters, so one is enough. */
void open_file_poll(struct open_file *file, fuse_req_t req, struct fuse_pollhandle *handle,
		    uint32_t events)
{
	if (handle) {
		if (file->poll)
			fuse_pollhandle_destroy(file->poll);
		file->poll = handle;
		file->kh = file->files->kh;
		file->poll_events |= events;
	}
	fuse_reply_poll(req, open_file_poll_state(file));
}

static void open_file_wake(struct open_file *file)
{
	uint32_t events = open_file_poll_state(file);

	assert(file->poll || !file->poll_events);
	if (!file->poll || !(events & (file->poll_events | POLLHUP)))
		return;
	fuse_lowlevel_notify_poll(file->poll);
	fuse_pollhandle_destroy(file->poll);
	file->poll = NULL;
	file->poll_events = 0;
}

/* Continues blocked calls and notifies pollers. */
static void open_file_update(struct owner *owner, uint64_t now)
{
	struct open_file *file = container_of(owner, struct open_file, owner);

	open_file_go_on_reading(file);
	open_file_go_on_writing(file, now);
	open_file_wake(file);
}

static void open_file_update_entry(struct open_files_entry *entry, void *context)
{
	const uint64_t *now = context;

	open_file_update(&container_of(entry, struct open_file, entry)->owner, *now);
}

void open_file_update_all(struct open_files *files, uint64_t now)
{
	open_files_visit(files, open_file_update_entry, &now);
}

static void open_file_fail_blocked(struct list *list)
{
	list_for_each (link, list) {
		struct blocked *blocked = container_of(link, struct blocked, link);

		fuse_reply_err(blocked->req, ENODEV);
		open_file_unblock(blocked);
	}
}

static void open_file_end(struct open_file *file, uint64_t now)
{
	open_file_fail_blocked(&file->reads);
	open_file_fail_blocked(&file->writes);
	if (file->poll)
		fuse_pollhandle_destroy(file->poll);
	mux_close(file->session, now);
	free(file);
}

void open_file_destroy(struct open_file *file, uint64_t now)
{
	open_files_remove(file->files, &file->entry);
	open_file_end(file, now);
}

static void open_file_gone(struct open_files_entry *entry, void *context)
{
	const uint64_t *now = context;

	open_file_end(container_of(entry, struct open_file, entry), *now);
}

void open_file_destroy_all(struct open_files *files, uint64_t now)
{
	open_files_clear(files, open_file_gone, &now);
}
