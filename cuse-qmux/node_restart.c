/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: a node that outlives the process. As long as somebody has its descriptor of
 * /dev/cuse, the kernel keeps the device, its open files and the calls that wait, and
 * another process can go on serving them. It is told of them by requests that are made up
 * as the kernel made them: so libfuse knows the connection, the calls that are blocked,
 * which the kernel may still interrupt, and the poll handles.
 */
#include <errno.h>
#include <limits.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "list.h"
#include "log.h"
#include "loop_kind.h"
#include "node_private.h"
#include "open_file.h"

/* The longest write that a file keeps is shorter. */
#define NODE_CALL_MAX 1048576

struct node_request {
	struct fuse_in_header header;
	union {
		struct cuse_init_in init;
		struct fuse_poll_in poll;
		struct fuse_read_in read;
		struct fuse_write_in write;
	};
};

/* Saving. */

void node_drain(struct node *node)
{
	loop_drain(node->host->loop, &node->watch);
}

static void node_pack_call(void *context, uint64_t unique, size_t size, const uint8_t *data)
{
	struct pack *pack = context;

	pack_number(pack, unique);
	pack_number(pack, size);
	pack_number(pack, data != NULL);
	if (data)
		pack_bytes(pack, data, size);
}

static void node_pack_file(struct open_files_entry *entry, void *context)
{
	struct pack *pack = context;
	struct open_file *file = open_file_of(entry);
	struct open_file_rest rest = open_file_rest(file);

	pack_number(pack, rest.number);
	pack_number(pack, rest.uid);
	pack_number(pack, (uint64_t)rest.pid);
	pack_number(pack, rest.kh);
	pack_number(pack, rest.poll_events);
	pack_number(pack, rest.calls);
	open_file_visit_calls(file, node_pack_call, pack);
}

void node_save(const struct node *node, struct pack *pack)
{
	pack_text(pack, node->name);
	pack_number(pack, node->index);
	pack_number(pack, node->number);
	pack_number(pack, node->device);
	pack_number(pack, node->protocol[0]);
	pack_number(pack, node->protocol[1]);
	pack_number(pack, node->files.count);
	open_files_visit(&node->files, node_pack_file, pack);
}

/* Going on. */

/* For a request that libfuse does not know. */
static void node_answer(const struct node *node, uint64_t unique, int error)
{
	struct fuse_out_header answer = {.len = sizeof(answer), .error = -error, .unique = unique};
	struct iovec part = {.iov_base = &answer, .iov_len = sizeof(answer)};

	loop_send_now(&node->watch, &part, 1);
}

static enum served node_make_up(struct node *node, struct node_request *request, size_t size,
				uint32_t opcode)
{
	enum served served;

	request->header.len = (uint32_t)size;
	request->header.opcode = opcode;
	request->header.nodeid = FUSE_ROOT_ID;
	node->made_up = request;
	node->made_up_size = size;
	served = node_serve(node);
	node->made_up = NULL;
	return served;
}

/* The kernel has had the replies to these. */

static bool node_make_up_init(struct node *node)
{
	struct node_request request = {
		.header.unique = 1,
		.init = {.major = node->protocol[0], .minor = node->protocol[1]}};
	enum served served;

	node->silent = true;
	served = node_make_up(node, &request, sizeof(request.header) + sizeof(request.init),
			      CUSE_INIT);
	node->silent = false;
	return served == SERVED;
}

static void node_make_up_poll(struct node *node, const struct open_file_rest *rest)
{
	struct node_request request = {.header.unique = 1,
				       .poll = {.fh = rest->number,
						.kh = rest->kh,
						.flags = FUSE_POLL_SCHEDULE_NOTIFY,
						.events = rest->poll_events}};

	node->silent = true;
	node_make_up(node, &request, sizeof(request.header) + sizeof(request.poll), FUSE_POLL);
	node->silent = false;
}

/* And waits for the replies to these. */

static void node_make_up_read(struct node *node, uint64_t number, uint64_t unique, size_t size)
{
	struct node_request request = {.header.unique = unique,
				       .read = {.fh = number, .size = (uint32_t)size}};

	node_make_up(node, &request, sizeof(request.header) + sizeof(request.read), FUSE_READ);
}

static void node_make_up_write(struct node *node, uint64_t number, uint64_t unique,
			       const uint8_t *data, size_t size)
{
	size_t head = sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in);
	struct node_request *request = calloc(1, sizeof(*request) + size);

	if (!request) {
		node_answer(node, unique, ENOMEM);
		return;
	}
	request->header.unique = unique;
	request->write = (struct fuse_write_in){.fh = number, .size = (uint32_t)size};
	memcpy((uint8_t *)request + head, data, size);
	node_make_up(node, request, head + size, FUSE_WRITE);
	free(request);
}

static void node_go_on_with_call(struct node *node, uint64_t number, struct unpack *saved)
{
	uint64_t unique = unpack_number(saved, UINT64_MAX);
	size_t size = (size_t)unpack_number(saved, NODE_CALL_MAX);
	bool writes = unpack_number(saved, true);
	const uint8_t *data = writes ? unpack_bytes(saved, size) : NULL;

	if (saved->failed)
		return;
	if (writes)
		node_make_up_write(node, number, unique, data, size);
	else
		node_make_up_read(node, number, unique, size);
}

/* A file that the mux does not know is not there: its calls get EBADF. */
static bool node_go_on_with_file(struct node *node, struct unpack *saved)
{
	struct open_file_rest rest = {.number = unpack_number(saved, UINT64_MAX)};
	struct fuse_ctx user = {0};
	struct open_file *file;
	int err;

	user.uid = (uid_t)unpack_number(saved, UINT32_MAX);
	user.pid = (pid_t)unpack_number(saved, INT_MAX);
	rest.kh = unpack_number(saved, UINT64_MAX);
	rest.poll_events = (uint32_t)unpack_number(saved, UINT32_MAX);
	rest.calls = (uint32_t)unpack_number(saved, UINT32_MAX);
	if (saved->failed)
		return false;
	err = open_file_resume(&file, node->host->mux, node->space, &node->files, rest.number,
			       &user);
	if (err < 0)
		log_warning("%s: cannot go on with session %llu: %s", node->name,
			    (unsigned long long)rest.number, strerror(-err));
	else if (rest.poll_events)
		node_make_up_poll(node, &rest);
	for (uint32_t i = 0; i < rest.calls && !saved->failed; i++)
		node_go_on_with_call(node, rest.number, saved);
	return !saved->failed;
}

/* Without the number that ends it. */
static void node_find_prefix(const struct node *node, char prefix[NODE_NAME_MAX])
{
	char number[NODE_NAME_MAX];
	size_t size = strlen(node->name);
	size_t digits;

	snprintf(number, sizeof(number), "%u", node->number);
	digits = strlen(number);
	memcpy(prefix, node->name, size + 1);
	if (size > digits && strcmp(prefix + size - digits, number) == 0)
		prefix[size - digits] = '\0';
}

static void node_unpack(struct node *node, struct unpack *saved)
{
	char prefix[NODE_NAME_MAX];

	unpack_text(saved, node->name, sizeof(node->name));
	node->index = (unsigned)unpack_number(saved, MUX_NODES_MAX - 1);
	node->space = node->index;
	node->number = (unsigned)unpack_number(saved, UINT_MAX);
	node->device = unpack_number(saved, UINT64_MAX);
	node->protocol[0] = (uint32_t)unpack_number(saved, UINT32_MAX);
	node->protocol[1] = (uint32_t)unpack_number(saved, UINT32_MAX);
	node_find_prefix(node, prefix);
	alias_set_paths(&node->alias, prefix, node->number, node->host->port_name);
}

/* Returns 0 or -errno. */
static int node_take(struct node *node, int fd)
{
	node->watch.fd = fd;
	node->fuse = node_make_session(node, fd);
	if (!node->fuse)
		return -ENOMEM;
	return node_make_up_init(node) ? 0 : -EPROTO;
}

bool node_resume(struct node *node, struct node_host *host, struct unpack *saved, int fd)
{
	uint64_t files;
	int err;

	*node = (struct node){.host = host, .watch.ready = node_ready};
	open_files_init(&node->files);
	node_unpack(node, saved);
	files = unpack_number(saved, UINT32_MAX);
	err = node_take(node, fd);
	if (saved->failed)
		err = -EINVAL;
	while (err == 0 && files-- > 0)
		err = node_go_on_with_file(node, saved) ? 0 : -EINVAL;
	if (err == 0)
		err = loop_add(host->loop, &node->watch);
	if (err < 0) {
		log_error("%s: cannot go on: %s", node->name, strerror(-err));
		open_file_destroy_all(&node->files, host->loop->now);
		if (node->fuse)
			fuse_session_destroy(node->fuse);
		else
			close(fd);
		return false;
	}
	host->major = major(node->device);
	node->exists = true;
	return true;
}
