/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connections.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "proxy_connection.h"
#include "store.h"

#define EVENTS_MAX   16 /* handled at once */
#define ARRIVALS_MAX 16

/* Each connection takes a descriptor, and the usual limit is 1,024. */
static void connections_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void connections_receive(struct connections *connections)
{
	int err = 0;

	for (unsigned i = 0; i < ARRIVALS_MAX && err != -EAGAIN; i++) {
		err = handover_receive(connections->arrivals.fd, &connections->handover);
		if (err == 0)
			proxy_connection_create(connections, &connections->handover);
		else if (err != -EAGAIN && err != -EINTR)
			log_warning("cannot take a connection: %s", strerror(-err));
	}
}

static void connections_arrived(struct watch *watch, uint32_t events)
{
	(void)events;
	connections_receive(container_of(watch, struct connections, arrivals));
}

/* An event's handler frees no other connection, so all events can be taken at once. */
static void connections_ready(struct watch *watch, uint32_t events)
{
	struct epoll_event ready[EVENTS_MAX];
	int count = epoll_wait(watch->fd, ready, EVENTS_MAX, 0);

	(void)events;
	for (int i = 0; i < count; i++)
		proxy_connection_ready(ready[i].data.ptr, ready[i].events);
}

/* Returns 0 or -errno. */
static int connections_watch(struct connections *connections)
{
	int err;

	connections->events.ready = connections_ready;
	connections->events.fd = epoll_create1(EPOLL_CLOEXEC);
	if (connections->events.fd < 0)
		return -errno;
	connections->arrivals.ready = connections_arrived;
	err = loop_add(connections->loop, &connections->events);
	if (err == 0)
		err = loop_add(connections->loop, &connections->arrivals);
	if (err < 0) {
		loop_remove(connections->loop, &connections->events);
		close(connections->events.fd);
	}
	return err;
}

/* arrivals: the socket, or -1 if there is none yet. Returns 0 or -errno. */
static int connections_listen(struct connections *connections, int arrivals)
{
	int err;

	connections->arrivals.fd = arrivals >= 0 ? arrivals : handover_listen(connections->port);
	if (connections->arrivals.fd < 0)
		return connections->arrivals.fd;
	err = connections_watch(connections);
	if (err < 0) {
		handover_unlisten(connections->port);
		close(connections->arrivals.fd);
	}
	return err;
}

static bool connections_begin(struct connections *connections, struct loop *loop, struct mux *mux,
			      unsigned space, dev_t port, int arrivals)
{
	int err;

	*connections = (struct connections){.loop = loop, .mux = mux, .space = space, .port = port};
	list_init(&connections->all);
	list_init(&connections->ending);
	connections_raise_limit();
	err = connections_listen(connections, arrivals);
	connections->listening = err == 0;
	if (err < 0)
		log_warning("cannot take connections to libqmi's proxy socket: %s", strerror(-err));
	return connections->listening;
}

bool connections_start(struct connections *connections, struct loop *loop, struct mux *mux,
		       unsigned space, dev_t port)
{
	return connections_begin(connections, loop, mux, space, port, -1);
}

void connections_drain(struct connections *connections)
{
	if (!connections->listening)
		return;
	loop_drain(connections->loop, &connections->arrivals);
	loop_drain(connections->loop, &connections->events);
}

void connections_save(struct connections *connections, struct pack *pack)
{
	pack_number(pack, connections->listening);
	if (!connections->listening)
		return;
	store_leave("arrivals", connections->arrivals.fd);
	list_for_each (link, &connections->all)
		proxy_connection_save(container_of(link, struct connection, link), pack);
	pack_number(pack, 0);
}

bool connections_resume(struct connections *connections, struct loop *loop, struct mux *mux,
			unsigned space, dev_t port, struct unpack *saved)
{
	bool listened = unpack_number(saved, true);
	uint64_t session;

	if (!connections_begin(connections, loop, mux, space, port,
			       listened ? store_take("arrivals") : -1))
		return false;
	connections_serve(connections);
	while (listened && (session = unpack_number(saved, UINT64_MAX)) != 0)
		proxy_connection_resume(connections, session, saved);
	return true;
}

void connections_serve_node(const struct connections *connections, dev_t node, const char *name)
{
	int err = connections->listening ? handover_link(node, connections->port) : 0;

	if (err < 0)
		log_warning("libqmi's proxy socket will not serve /dev/%s: %s", name,
			    strerror(-err));
}

void connections_serve(struct connections *connections)
{
	if (!connections->listening)
		return;
	connections->serving = true;
	connections->restarts = mux_counters(connections->mux)->restarts;
	list_for_each (link, &connections->all)
		proxy_connection_watch(container_of(link, struct connection, link));
}

static void connections_close_all(struct list *list)
{
	list_for_each (link, list)
		proxy_connection_destroy(container_of(link, struct connection, link));
}

void connections_refuse(struct connections *connections)
{
	if (!connections->listening)
		return;
	connections->listening = false;
	handover_unlisten(connections->port);
	/* Those that are on the way are closed, too. */
	loop_remove(connections->loop, &connections->arrivals);
	close(connections->arrivals.fd);
}

void connections_stop(struct connections *connections)
{
	connections_refuse(connections);
	if (!connections->events.buffer)
		return;
	connections_close_all(&connections->all);
	loop_remove(connections->loop, &connections->events);
	close(connections->events.fd);
}

void connections_check(struct connections *connections)
{
	uint64_t restarts = mux_counters(connections->mux)->restarts;

	if (!connections->serving)
		return;
	if (connections->restarts != restarts)
		connections_close_all(&connections->all);
	connections->restarts = restarts;
	while (connections_deadline(connections) <= connections->loop->now)
		proxy_connection_destroy(
			container_of(connections->ending.next, struct connection, ending));
}

uint64_t connections_deadline(const struct connections *connections)
{
	if (!connections->serving || list_empty(&connections->ending))
		return UINT64_MAX;
	return container_of(connections->ending.next, struct connection, ending)->gives_up;
}
