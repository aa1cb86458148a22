/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "process.h"
#include "qmi.h"

/*
 * Bytes that the kernel may hold for a client that does not read. They are accounted to
 * this process, so V28 counts them.
 */
#define SEND_BYTES 8192

/* V6: what a client wrote before it closed is sent for this long, in ms. */
#define ENDING_MS 10000

static void proxy_connection_changed(struct owner *owner, uint64_t now);

bool proxy_connection_watch(struct connection *connection)
{
	unsigned state = mux_session_state(connection->session);
	bool reads = connection->host->serving && (state & SESSION_WRITABLE);
	struct epoll_event event = {.data.ptr = connection};
	int operation = EPOLL_CTL_MOD;

	if (reads && loop_has_streams(connection->host->loop))
		loop_receive(connection->host->loop, &connection->stream);
	else if (reads)
		event.events |= EPOLLIN;
	else if (list_empty(&connection->ending))
		event.events |= EPOLLRDHUP;
	if (connection->full)
		event.events |= EPOLLOUT;
	if (event.events == connection->watched)
		return true;
	/* It could not be told to ignore a hangup. */
	if (event.events == 0)
		operation = EPOLL_CTL_DEL;
	else if (connection->watched == 0)
		operation = EPOLL_CTL_ADD;
	if (epoll_ctl(connection->host->events.fd, operation, connection->fd, &event) < 0)
		return false;
	connection->watched = event.events;
	return true;
}

/* True if the socket has taken it, or nobody will ever read it. */
static bool proxy_connection_write(struct connection *connection, const uint8_t *data, size_t *size)
{
	ssize_t sent;

	do
		sent = send(connection->fd, data, *size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	connection->full = sent < 0 && errno == EAGAIN;
	if (sent >= 0)
		*size = (size_t)sent;
	else
		connection->deaf = !connection->full;
	return !connection->full;
}

static void proxy_connection_drop_rest(struct connection *connection)
{
	mux_refund(connection->session, connection->rest_size);
	free(connection->rest);
	connection->rest = NULL;
	connection->rest_size = 0;
}

/* The loop could not send this. It is kept until there is room. */
static void proxy_connection_unsent(struct stream *stream, const uint8_t *data, size_t size,
				    int error)
{
	struct connection *connection = container_of(stream, struct connection, stream);

	connection->deaf = error != EAGAIN && error != EINTR && error != ENOMEM;
	if (connection->deaf)
		return;
	if (mux_charge(connection->session, size))
		connection->rest_size = size;
	connection->rest = connection->rest_size > 0 ? malloc(size) : NULL;
	if (!connection->rest) {
		/* Rather than to lose a frame. It is then read as the client's end. */
		shutdown(connection->fd, SHUT_RDWR);
		connection->deaf = true;
		return;
	}
	memcpy(connection->rest, data, size);
	connection->full = true;
	proxy_connection_watch(connection);
}

static void proxy_connection_send_rest(struct connection *connection)
{
	size_t size = connection->rest_size;

	/* It is so short that it is taken whole. */
	if (connection->rest && proxy_connection_write(connection, connection->rest, &size))
		proxy_connection_drop_rest(connection);
}

/* One write for each frame, because some clients take what they read for one. */
static void proxy_connection_send(struct connection *connection)
{
	struct loop *loop = connection->host->loop;
	const uint8_t *data;
	ssize_t size;

	connection->full = false;
	proxy_connection_send_rest(connection);
	while (!connection->full && (size = mux_peek(connection->session, &data)) != -EAGAIN) {
		size_t sent = (size_t)size;

		/* Of an overflow this kind of session is not told. */
		if (size == -ENOBUFS)
			continue;
		if (size < 0)
			return;
		if (connection->deaf || loop_send_later(loop, &connection->stream, data, sent) ||
		    (!connection->full && proxy_connection_write(connection, data, &sent)))
			mux_consume(connection->session, sent);
	}
}

/* The client has closed, and what it wrote before is still to be read. */
static void proxy_connection_end(struct connection *connection, uint64_t now)
{
	if (!list_empty(&connection->ending))
		return;
	connection->gives_up = now + ENDING_MS;
	list_append(&connection->host->ending, &connection->ending);
}

static void proxy_connection_explain(const struct connection *connection, const char *why)
{
	char command[PROCESS_COMMAND_MAX];

	process_command(command, connection->owner.pid);
	log_warning("closing the connection of %s (pid %d, uid %u): %s", command,
		    (int)connection->owner.pid, mux_session_user(connection->session), why);
}

/*
 * Passes on what the client has written, of size bytes; 0 at its end, or -errno. Returns
 * false if the connection must be closed.
 */
static bool proxy_connection_take(struct connection *connection, const uint8_t *data, ssize_t size)
{
	ssize_t taken;

	if (size <= 0)
		return size == -EAGAIN || size == -EINTR;
	taken = mux_write(connection->session, data, (size_t)size, connection->host->loop->now);
	if (taken == size || taken == -ENODEV)
		return taken == size;
	proxy_connection_explain(connection, taken == -EINVAL || taken == -EMSGSIZE
						     ? "it sent what is not a QMI request"
						     : "its user has no memory left");
	return false;
}

static bool proxy_connection_receive(struct connection *connection)
{
	struct connections *host = connection->host;
	ssize_t size = recv(connection->fd, host->data, sizeof(host->data), MSG_DONTWAIT);

	return proxy_connection_take(connection, host->data, size < 0 ? -errno : size);
}

static void proxy_connection_go_on(struct connection *connection)
{
	proxy_connection_send(connection);
	proxy_connection_watch(connection);
}

static void proxy_connection_received(struct stream *stream, const uint8_t *data, ssize_t size)
{
	struct connection *connection = container_of(stream, struct connection, stream);

	if (proxy_connection_take(connection, data, size))
		proxy_connection_go_on(connection);
	else
		proxy_connection_destroy(connection);
}

void proxy_connection_ready(struct connection *connection, uint32_t events)
{
	if (connection->watched & EPOLLIN) {
		if ((events & ~(uint32_t)EPOLLOUT) && !proxy_connection_receive(connection)) {
			proxy_connection_destroy(connection);
			return;
		}
	} else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		proxy_connection_end(connection, connection->host->loop->now);
	}
	proxy_connection_go_on(connection);
}

static void proxy_connection_changed(struct owner *owner, uint64_t now)
{
	struct connection *connection = container_of(owner, struct connection, owner);

	(void)now;
	if (mux_session_state(connection->session) & SESSION_DEAD)
		proxy_connection_destroy(connection);
	else
		proxy_connection_go_on(connection);
}

/* Returns 0 or -errno. */
static int proxy_connection_open(struct connection *connection, const struct ucred *peer)
{
	connection->owner.session_changed = proxy_connection_changed;
	connection->owner.pid = peer->pid;
	connection->session = mux_open(connection->host->mux, connection->host->space, peer->uid,
				       &connection->owner);
	if (!connection->session)
		return -errno;
	if (mux_charge(connection->session, sizeof(*connection) + SEND_BYTES))
		return 0;
	mux_close(connection->session, connection->host->loop->now);
	return -ENOMEM;
}

/* Returns NULL with errno. */
static struct connection *proxy_connection_make(struct connections *host, int fd)
{
	static const int half = SEND_BYTES / 2; /* the kernel doubles it */
	struct ucred peer;
	socklen_t peer_size = sizeof(peer);
	struct connection *connection;
	int err;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) < 0)
		return NULL;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	connection->host = host;
	connection->fd = fd;
	connection->stream = (struct stream){
		.fd = fd, .received = proxy_connection_received, .unsent = proxy_connection_unsent};
	list_init(&connection->stream.link);
	list_init(&connection->link);
	list_init(&connection->ending);
	err = proxy_connection_open(connection, &peer);
	if (err == 0)
		return connection;
	free(connection);
	errno = -err;
	return NULL;
}

void proxy_connection_create(struct connections *host, const struct handover *handover)
{
	struct connection *connection = proxy_connection_make(host, handover->fd);
	bool watched;

	if (!connection) {
		log_warning("cannot take a connection: %s", strerror(errno));
		if (!handover->answered)
			proxy_open_answer(handover->fd, handover->frame, QMI_ERROR_INTERNAL);
		close(handover->fd);
		return;
	}
	list_append(&host->all, &connection->link);
	log_debug("proxy: session %llu opened by pid %d",
		  (unsigned long long)mux_session_id(connection->session),
		  (int)connection->owner.pid);
	watched = proxy_connection_watch(connection);
	if (!handover->answered)
		proxy_open_answer(connection->fd, handover->frame,
				  watched ? QMI_ERROR_NONE : QMI_ERROR_INTERNAL);
	if (!watched)
		proxy_connection_destroy(connection);
}

void proxy_connection_destroy(struct connection *connection)
{
	log_debug("proxy: session %llu closed",
		  (unsigned long long)mux_session_id(connection->session));
	loop_forget_stream(connection->host->loop, &connection->stream);
	free(connection->rest);
	mux_close(connection->session, connection->host->loop->now);
	list_remove(&connection->link);
	list_remove(&connection->ending);
	/* Closing would not do that while the broker still has its descriptor. */
	if (connection->watched)
		epoll_ctl(connection->host->events.fd, EPOLL_CTL_DEL, connection->fd, NULL);
	close(connection->fd);
	free(connection);
}
