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

void proxy_connection_watch(struct connection *connection)
{
	unsigned state = mux_session_state(connection->session);
	struct epoll_event event = {.data.ptr = connection};
	int operation = EPOLL_CTL_MOD;

	if (connection->host->serving && (state & SESSION_WRITABLE))
		event.events |= EPOLLIN;
	else if (list_empty(&connection->ending))
		event.events |= EPOLLRDHUP;
	if (connection->full)
		event.events |= EPOLLOUT;
	if (event.events == connection->watched)
		return;
	/* It could not be told to ignore a hangup. */
	if (event.events == 0)
		operation = EPOLL_CTL_DEL;
	else if (connection->watched == 0)
		operation = EPOLL_CTL_ADD;
	if (epoll_ctl(connection->host->events.fd, operation, connection->fd, &event) == 0)
		connection->watched = event.events;
}

/* One write for each frame, because some clients take what they read for one. */
static void proxy_connection_send(struct connection *connection)
{
	const uint8_t *data;
	ssize_t size;

	connection->full = false;
	while (!connection->full && (size = mux_peek(connection->session, &data)) != -EAGAIN) {
		ssize_t sent = size;

		/* Of an overflow this kind of session is not told. */
		if (size == -ENOBUFS)
			continue;
		if (size < 0)
			return;
		if (!connection->deaf)
			sent = send(connection->fd, data, (size_t)size,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0)
			mux_consume(connection->session, (size_t)sent);
		else if (errno == EAGAIN)
			connection->full = true;
		else if (errno != EINTR)
			connection->deaf = true;
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

/* Passes on what the client has written. Returns false if the connection must be closed. */
static bool proxy_connection_receive(struct connection *connection, uint64_t now)
{
	struct connections *host = connection->host;
	ssize_t size = recv(connection->fd, host->data, sizeof(host->data), MSG_DONTWAIT);
	ssize_t taken;

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	if (size == 0)
		return false;
	taken = mux_write(connection->session, host->data, (size_t)size, now);
	if (taken == size || taken == -ENODEV)
		return taken == size;
	proxy_connection_explain(connection, taken == -EINVAL || taken == -EMSGSIZE
						     ? "it sent what is not a QMI request"
						     : "its user has no memory left");
	return false;
}

void proxy_connection_ready(struct connection *connection, uint32_t events)
{
	uint64_t now = connection->host->loop->now;

	if (connection->watched & EPOLLIN) {
		if ((events & ~(uint32_t)EPOLLOUT) && !proxy_connection_receive(connection, now)) {
			proxy_connection_destroy(connection);
			return;
		}
	} else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		proxy_connection_end(connection, now);
	}
	proxy_connection_send(connection);
	proxy_connection_watch(connection);
}

static void proxy_connection_changed(struct owner *owner, uint64_t now)
{
	struct connection *connection = container_of(owner, struct connection, owner);

	(void)now;
	if (mux_session_state(connection->session) & SESSION_DEAD) {
		proxy_connection_destroy(connection);
		return;
	}
	proxy_connection_send(connection);
	proxy_connection_watch(connection);
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
	proxy_connection_watch(connection);
	if (!handover->answered)
		proxy_open_answer(connection->fd, handover->frame,
				  connection->watched ? QMI_ERROR_NONE : QMI_ERROR_INTERNAL);
	if (!connection->watched)
		proxy_connection_destroy(connection);
}

void proxy_connection_destroy(struct connection *connection)
{
	log_debug("proxy: session %llu closed",
		  (unsigned long long)mux_session_id(connection->session));
	mux_close(connection->session, connection->host->loop->now);
	list_remove(&connection->link);
	list_remove(&connection->ending);
	/* Closing would not do that while the broker still has its descriptor. */
	if (connection->watched)
		epoll_ctl(connection->host->events.fd, EPOLL_CTL_DEL, connection->fd, NULL);
	close(connection->fd);
	free(connection);
}
