/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/types.h>
#include <linux/usb/cdc-wdm.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device.h"
#include "list.h"
#include "log.h"
#include "open_file.h"
#include "process.h"
#include "registry.h"

/* How often to retry a name that is free but refused by the kernel. */
#define REFUSALS_MAX 3

static struct node *node_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* Returns the request's file, or NULL after answering the request with EBADF. */
static struct open_file *node_file(fuse_req_t req, const struct fuse_file_info *info)
{
	struct open_file *file = open_file_find(&node_of(req)->files, info->fh);

	if (!file)
		fuse_reply_err(req, EBADF);
	return file;
}

/* Always replies; never with the error. */
static int node_open(fuse_req_t req, int error)
{
	struct node *node = node_of(req);
	struct fuse_file_info info = {.nonseekable = 1};
	struct open_file *file;
	char command[PROCESS_COMMAND_MAX];
	int err = open_file_create(&file, node->host->mux, node->space, &node->files,
				   fuse_req_ctx(req));

	(void)error;
	if (err < 0)
		return fuse_reply_err(req, -err);
	if (log_enabled(LOG_LEVEL_DEBUG)) {
		process_command(command, fuse_req_ctx(req)->pid);
		log_debug("%s: session %llu opened by %s (pid %d)", node->name,
			  (unsigned long long)mux_session_id(open_file_session(file)), command,
			  (int)fuse_req_ctx(req)->pid);
	}
	info.fh = mux_session_id(open_file_session(file));
	return fuse_reply_open(req, &info);
}

/* V28: a user that writes much and closes at once could go on without end. */
static void node_serve_open(fuse_req_t req, struct fuse_file_info *info)
{
	struct node_host *host = node_of(req)->host;
	uint32_t uid = fuse_req_ctx(req)->uid;

	(void)info;
	if (mux_user_lingers(host->mux, uid))
		pace_reply(&host->pace, uid, req, node_open, 0, host->loop->now);
	else
		node_open(req, 0);
}

static void node_serve_release(fuse_req_t req, struct fuse_file_info *info)
{
	struct node *node = node_of(req);
	struct open_file *file = node_file(req, info);

	if (!file)
		return;
	log_debug("%s: session %llu closed", node->name,
		  (unsigned long long)mux_session_id(open_file_session(file)));
	open_file_destroy(file, node->host->loop->now);
	fuse_reply_err(req, 0);
}

static void node_serve_read(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct open_file *file = node_file(req, info);

	(void)offset;
	if (file)
		open_file_read(file, req, size, info->flags & O_NONBLOCK);
}

static void node_serve_write(fuse_req_t req, const char *data, size_t size, off_t offset,
			     struct fuse_file_info *info)
{
	struct open_file *file = node_file(req, info);
	struct node_host *host = node_of(req)->host;

	(void)offset;
	if (file)
		open_file_write(file, req, (const uint8_t *)data, size, info->flags & O_NONBLOCK,
				&host->pace, host->loop->now);
}

static void node_serve_poll(fuse_req_t req, struct fuse_file_info *info,
			    struct fuse_pollhandle *handle)
{
	struct open_file *file = node_file(req, info);

	if (file)
		open_file_poll(file, req, handle, info->poll_events);
	else if (handle)
		fuse_pollhandle_destroy(handle);
}

static void node_serve_ioctl(fuse_req_t req, int command, void *arg, struct fuse_file_info *info,
			     unsigned flags, const void *in, size_t in_size, size_t out_size)
{
	__u16 limit = (__u16)node_of(req)->host->frame_max;
	struct open_file *file = node_file(req, info);

	(void)arg;
	(void)flags;
	(void)in;
	(void)in_size;
	(void)out_size;
	if (!file)
		return;
	if (mux_session_state(open_file_session(file)) & SESSION_DEAD)
		fuse_reply_err(req, ENODEV);
	else if ((unsigned)command == IOCTL_WDM_MAX_COMMAND)
		fuse_reply_ioctl(req, 0, &limit, sizeof(limit));
	else
		fuse_reply_err(req, ENOTTY);
}

static const struct cuse_lowlevel_ops node_operations = {
	.open = node_serve_open,
	.release = node_serve_release,
	.read = node_serve_read,
	.write = node_serve_write,
	.poll = node_serve_poll,
	.ioctl = node_serve_ioctl,
};

/* Converts a result to the convention of read(2) and writev(2), which libfuse expects. */
static ssize_t node_io_result(ssize_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* libfuse requires both of these functions along with a descriptor. */
static ssize_t node_io_read(int fd, void *buffer, size_t size, void *userdata)
{
	struct node *node = userdata;
	ssize_t got;

	if (node->made_up) {
		node->watch.read_max = size;
		memcpy(buffer, node->made_up, node->made_up_size);
		return (ssize_t)node->made_up_size;
	}
	/* The node is not on the loop yet. size is the size of the largest request. */
	if (!node->watch.buffer) {
		node->watch.read_max = size;
		return read(fd, buffer, size);
	}
	got = loop_read(node->host->loop, &node->watch);
	if (got > 0)
		memcpy(buffer, node->watch.buffer, (size_t)got);
	return node_io_result(got);
}

static ssize_t node_io_size(const struct iovec *iov, int count)
{
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += iov[i].iov_len;
	return (ssize_t)size;
}

/*
 * The error of a reply can be ignored. The kernel keeps a request that it has handed
 * out until it is answered, even if its caller was killed meanwhile (see
 * request_wait_answer() in fs/fuse/dev.c), unless the whole connection has ended,
 * which the next read reports.
 */
static ssize_t node_io_writev(int fd, struct iovec *iov, int count, void *userdata)
{
	struct node *node = userdata;

	(void)fd;
	if (node->silent)
		return node_io_size(iov, count);
	return node_io_result(loop_send(node->host->loop, &node->watch, iov, count));
}

static const struct fuse_custom_io node_custom_io = {.read = node_io_read,
						     .writev = node_io_writev};

/* libfuse has no way to ask for these numbers. */
static void node_note_request(struct node *node, const void *request)
{
	const struct fuse_in_header *header = request;
	const struct fuse_poll_in *poll_in = (const void *)(header + 1);
	const struct cuse_init_in *init = (const void *)(header + 1);

	node->files.unique = header->unique;
	if (header->opcode == FUSE_POLL)
		node->files.kh = poll_in->kh;
	if (header->opcode == CUSE_INIT) {
		node->protocol[0] = init->major;
		node->protocol[1] = init->minor;
	}
}

enum served node_serve(struct node *node)
{
	struct fuse_buf *buffer = &node->host->buffer;
	int size = fuse_session_receive_buf(node->fuse, buffer);

	if (size == -EAGAIN || size == -EINTR)
		return SERVED_NONE;
	if (size <= 0)
		return SERVED_LAST;
	node_note_request(node, buffer->mem);
	fuse_session_process_buf(node->fuse, buffer);
	return SERVED;
}

void node_ready(struct watch *watch, uint32_t events)
{
	struct node *node = container_of(watch, struct node, watch);

	(void)events;
	if (node_serve(node) != SERVED_LAST)
		return;
	log_error("%s: the kernel closed the connection", node->name);
	loop_remove(node->host->loop, watch);
	node->host->broken = true;
}

static bool node_cuse_is_missing(int error)
{
	return error == ENOENT || error == ENODEV || error == ENXIO;
}

static bool node_cuse_is_forbidden(int error)
{
	return error == EACCES || error == EPERM;
}

/* A descriptor, or -errno if the reason has been logged. */
static int node_open_cuse(void)
{
	int fd = open("/dev/cuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int error = errno;

	if (fd >= 0)
		return fd;
	if (node_cuse_is_missing(error))
		log_error("no /dev/cuse: try 'modprobe cuse'; if that fails, this kernel lacks "
			  "CONFIG_CUSE");
	else if (node_cuse_is_forbidden(error))
		log_error("not permitted to open /dev/cuse: run as root");
	else
		log_error("cannot open /dev/cuse: %s", strerror(error));
	return -error;
}

/* libfuse would write to stderr itself. */
__attribute__((format(printf, 2, 0))) static void node_log_libfuse(enum fuse_log_level level,
								   const char *format, va_list args)
{
	char text[256];

	(void)level;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	log_warning("libfuse: %s", text);
}

bool node_check_cuse(bool *unsuitable)
{
	int fd;

	fuse_set_log_func(node_log_libfuse);
	fd = node_open_cuse();
	*unsuitable = node_cuse_is_missing(-fd) || node_cuse_is_forbidden(-fd);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

struct fuse_session *node_make_session(struct node *node, int fd)
{
	char device_name[NODE_NAME_MAX + 16];
	const char *device_info[] = {device_name};
	struct cuse_info info = {.dev_major = node->host->major,
				 .dev_minor = node->index,
				 .dev_info_argc = 1,
				 .dev_info_argv = device_info};
	char program[] = "cuse-qmux";
	char *argv[] = {program, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *fuse;

	snprintf(device_name, sizeof(device_name), "DEVNAME=%s", node->name);
	fuse = cuse_lowlevel_new(&args, &info, &node_operations, node);
	fuse_opt_free_args(&args);
	if (fuse && fuse_session_custom_io(fuse, &node_custom_io, fd) < 0) {
		fuse_session_destroy(fuse);
		fuse = NULL;
	}
	return fuse;
}

/* True if a CUSE device has the name, or another device has its path in /dev. */
static bool node_name_taken(const struct node *node)
{
	char path[NODE_NAME_MAX + 32];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/class/cuse/%s", node->name);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "/dev/%s", node->name);
	if (stat(path, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u", S_ISCHR(st.st_mode) ? "char" : "block",
		 major(st.st_rdev), minor(st.st_rdev));
	return access(path, F_OK) == 0;
}

/*
 * Removes a file that has the free name, so that the kernel makes the node itself. It
 * then also removes the node if the daemon is killed.
 */
static void node_clear_name(const struct node *node)
{
	char path[NODE_NAME_MAX + 32];

	snprintf(path, sizeof(path), "/dev/%s", node->name);
	unlink(path);
}

enum node_attempt {
	NODE_PUBLISHED,
	NODE_REFUSED, /* the name is taken */
	NODE_FAILED,  /* the reason has been logged */
};

/*
 * Tries one name. If it is taken, the kernel ends the connection after the reply to
 * CUSE_INIT.
 */
static enum node_attempt node_try_name(struct node *node)
{
	int fd;

	if (node_name_taken(node))
		return NODE_REFUSED;
	node_clear_name(node);
	fd = node_open_cuse();
	if (fd < 0)
		return NODE_FAILED;
	node->fuse = node_make_session(node, fd);
	if (!node->fuse) {
		close(fd);
		log_error("out of memory");
		return NODE_FAILED;
	}
	node->watch.fd = fd;
	registry_add(node->name, node->host->port_path, node->index, node->host->modem);
	/* The first request is CUSE_INIT. */
	node_serve(node);
	if (node_serve(node) != SERVED_LAST)
		return NODE_PUBLISHED;
	registry_remove(node->name);
	fuse_session_destroy(node->fuse);
	return NODE_REFUSED;
}

/* On false the reason has been logged, as with node_publish(). */
static bool node_find_name(struct node *node)
{
	unsigned refusals = 0;

	for (;;) {
		enum node_attempt attempt;

		snprintf(node->name, sizeof(node->name), "%s%u", node->host->prefix, node->number);
		attempt = node_try_name(node);
		if (attempt != NODE_REFUSED)
			return attempt == NODE_PUBLISHED;
		/* Another program may have taken the name and released it again. */
		if (node_name_taken(node)) {
			node->number++;
		} else if (++refusals == REFUSALS_MAX) {
			log_error("the kernel refused to create /dev/%s: see the kernel log",
				  node->name);
			return false;
		}
	}
}

static bool node_publish(struct node *node)
{
	int lock = registry_lock();
	bool published;

	if (lock < 0)
		return false;
	published = node_find_name(node);
	close(lock);
	return published;
}

/* Remove the names for the device first: another instance may then reuse its number. */
static void node_unpublish(struct node *node)
{
	registry_remove(node->name);
	fuse_session_destroy(node->fuse);
}

/* Finds the device number and makes the device nodes for it. Returns 0 or -errno. */
static int node_name_device(struct node *node)
{
	int err = device_number("cuse", node->name, &node->device);

	if (err < 0)
		return err;
	return alias_create(&node->alias, node->host->prefix, node->number, node->host->port_name,
			    node->device);
}

bool node_create(struct node *node, struct node_host *host, unsigned index, unsigned space)
{
	int err;

	*node = (struct node){
		.host = host, .index = index, .space = space, .watch.ready = node_ready};
	open_files_init(&node->files);
	if (!node_publish(node))
		return false;
	err = node_name_device(node);
	if (err < 0) {
		log_error("cannot create /dev/%s: %s", node->name, strerror(-err));
		open_file_destroy_all(&node->files, host->loop->now);
		node_unpublish(node);
		return false;
	}
	err = loop_add(host->loop, &node->watch);
	if (err < 0) {
		log_error("cannot watch %s: %s", node->name, strerror(-err));
		node_destroy(node);
		return false;
	}
	host->major = major(node->device);
	node->exists = true;
	return true;
}

void node_destroy(struct node *node)
{
	alias_destroy(&node->alias);
	open_file_destroy_all(&node->files, node->host->loop->now);
	loop_remove(node->host->loop, &node->watch);
	node_unpublish(node);
	node->exists = false;
}
