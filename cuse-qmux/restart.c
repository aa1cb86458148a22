/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "restart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "estate.h"
#include "instance_private.h"
#include "log.h"
#include "lookout.h"
#include "store.h"
#include "supervisor.h"

static struct {
	char program[PATH_MAX];
	char **argv;
	bool has_terminal;
} restart;

static bool restart_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void restart_init(char *argv[])
{
	/* By its path, which leads to the new program after an upgrade. */
	ssize_t size = readlink("/proc/self/exe", restart.program, sizeof(restart.program) - 1);

	if (size < 0)
		size = 0;
	restart.program[size] = '\0';
	restart.argv = argv;
	restart.has_terminal = restart_has_terminal();
}

bool restart_is_asked_for(const struct signalfd_siginfo *signal)
{
	if (signal->ssi_signo == SIGUSR2)
		return true;
	/* A terminal that closes sends SIGHUP, and so does its shell. */
	return signal->ssi_signo == SIGHUP && (!restart.has_terminal || restart_has_terminal());
}

void restart_execute(char *argv[], bool supervises)
{
	store_execute(restart.program, argv, supervises);
	/* Better the same program again than none. */
	store_execute("/proc/self/exe", argv, supervises);
}

/* Departure. */

/* False if there is a reason not to go now. */
static bool restart_take_signals(struct instance *instance)
{
	loop_drain(&instance->loop, &instance->signals);
	if (instance->state == INSTANCE_SERVING)
		return true;
	loop_add(&instance->loop, &instance->signals);
	return false;
}

/* Handles everything that has been read, so that only the core's and the kernel's state is left. */
static void restart_drain(struct instance *instance)
{
	for (unsigned index = 0; index < MUX_NODES_MAX; index++) {
		if (instance->nodes[index].exists)
			node_drain(&instance->nodes[index]);
	}
	connections_drain(&instance->connections);
	pace_finish(&instance->host.pace);
	instance_tell_owners(instance);
}

static void restart_leave_fd(const char *name, int fd)
{
	if (fd >= 0)
		store_leave(name, fd);
}

static void restart_save_nodes(struct instance *instance, struct pack *pack)
{
	for (unsigned index = 0; index < MUX_NODES_MAX; index++) {
		struct node *node = &instance->nodes[index];
		char name[STORE_NAME_MAX];

		if (!node->exists)
			continue;
		pack_number(pack, index);
		node_save(node, pack);
		snprintf(name, sizeof(name), "node-%u", index);
		store_leave(name, node->watch.fd);
	}
	pack_number(pack, MUX_NODES_MAX);
}

/* Returns a descriptor, or -errno. */
static int restart_save(struct instance *instance)
{
	struct pack pack = {0};
	uint8_t *saved = NULL;
	size_t size = 0;
	int fd = mux_save(instance->mux, &saved, &size);

	port_save(&instance->port, &pack);
	pack_text(&pack, instance->takeover.taken ? instance->takeover.name : "");
	restart_save_nodes(instance, &pack);
	connections_save(&instance->connections, &pack);
	if (pack.failed)
		fd = -ENOMEM;
	if (fd == 0)
		fd = estate_write(&pack, saved, size);
	free(pack.data);
	free(saved);
	return fd;
}

/* Does not return. */
static void restart_give_way(const struct instance *instance)
{
	if (instance->departure == DEPARTURE_EXIT) {
		supervisor_notify("STOPPING=1\nSTATUS=Restarting");
		_exit(store_hand_over() ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	supervisor_notify("STATUS=Restarting");
	lookout_leave();
	restart_execute(restart.argv, false);
	_exit(EXIT_FAILURE);
}

bool restart_depart(struct instance *instance)
{
	int saved;
	int port;

	if (!restart_take_signals(instance))
		return true;
	port = port_leave(&instance->port);
	if (port < 0 || instance->state != INSTANCE_SERVING) {
		if (port < 0)
			log_error("cannot restart, so stopping: %s does not come back from its "
				  "driver: %s",
				  instance->port.path, strerror(-port));
		else
			close(port);
		loop_add(&instance->loop, &instance->signals);
		return port >= 0;
	}
	restart_drain(instance);
	saved = restart_save(instance);
	if (saved < 0)
		log_error("cannot save the state for the restart: %s", strerror(-saved));
	log_info("restarting: %u files open, %u clients", mux_session_count(instance->mux),
		 mux_client_count(instance->mux));
	restart_leave_fd("port", port);
	restart_leave_fd("claim", instance->port.claim.fd);
	restart_leave_fd("id-claim", instance->port.id_claim.fd);
	/* The last, because the others are of no use without it. */
	restart_leave_fd("saved", saved);
	log_close();
	restart_give_way(instance);
	return false;
}

/* Arrival. These return NULL, or why it is impossible. */

static const char *restart_resume_port(struct instance *instance, struct unpack *saved)
{
	struct port_descriptors fds = {.port = store_take("port"),
				       .claim = store_take("claim"),
				       .id_claim = store_take("id-claim")};

	return port_resume(&instance->port, instance->options.port, saved, &fds);
}

static const char *restart_resume_nodes(struct instance *instance, struct unpack *saved)
{
	unsigned index;

	while ((index = (unsigned)unpack_number(saved, MUX_NODES_MAX)) < MUX_NODES_MAX) {
		struct node *node = &instance->nodes[index];
		char name[STORE_NAME_MAX];
		int fd;

		if (saved->failed || node->exists)
			return "it is damaged";
		snprintf(name, sizeof(name), "node-%u", index);
		fd = store_take(name);
		if (fd < 0)
			return "a node is missing";
		instance->space_names[index] = node->name;
		if (!node_resume(node, &instance->host, saved, fd))
			return "a node is lost";
	}
	return NULL;
}

static const char *restart_resume_rest(struct instance *instance, struct unpack *saved)
{
	unsigned space = mux_nodes(instance->mux);
	char name[DEVICE_NAME_MAX];
	const char *why;

	unpack_text(saved, name, sizeof(name));
	why = restart_resume_nodes(instance, saved);
	if (why)
		return why;
	takeover_resume(&instance->takeover, name);
	instance->space_names[space] = "proxy";
	connections_resume(&instance->connections, &instance->loop, instance->mux, space,
			   instance->port.device, saved);
	return saved->failed ? "it is damaged" : NULL;
}

static const char *restart_resume_mux(struct instance *instance, const struct estate *estate)
{
	struct mux_config config = instance_mux_config(instance);
	const char *why = "out of memory";

	instance->mux =
		mux_load(&config, NULL, estate->data, estate->size, instance->loop.now, &why);
	return instance->mux ? NULL : why;
}

static void restart_undo(struct instance *instance)
{
	connections_stop(&instance->connections);
	for (unsigned index = 0; index < MUX_NODES_MAX; index++) {
		if (instance->nodes[index].exists)
			node_destroy(&instance->nodes[index]);
	}
	free(instance->host.buffer.mem);
	instance->host.buffer.mem = NULL;
	mux_destroy(instance->mux);
	instance->mux = NULL;
}

static const char *restart_resume_saved(struct instance *instance, struct estate *estate)
{
	const char *why = restart_resume_port(instance, &estate->packed);

	if (why)
		return why;
	if (!instance_add_options(instance))
		why = "the options are invalid";
	else
		why = restart_resume_mux(instance, estate);
	if (!why) {
		instance_make_host(instance);
		why = restart_resume_rest(instance, &estate->packed);
		if (why)
			restart_undo(instance);
	}
	if (why)
		port_close(&instance->port);
	return why;
}

/* Nothing of it must be in the way of a start: what is closed here has no other copy then. */
static void restart_discard(void)
{
	struct claim claims[2] = {{.fd = store_take("claim")}, {.fd = store_take("id-claim")}};

	claim_drop(&claims[0]);
	claim_drop(&claims[1]);
	/* It may not have closed its copies yet. */
	lookout_stop();
	store_clear();
	lookout_start();
}

/* Of files that have been closed meanwhile, which cannot be, or whose owner was refused. */
static void restart_close_left(struct instance *instance)
{
	struct session *session;

	while ((session = mux_next_left(instance->mux, NULL)))
		mux_close(session, instance->loop.now);
}

bool restart_resume(struct instance *instance)
{
	int fd = store_take("saved");
	struct estate estate;
	const char *why;

	if (fd < 0) {
		store_clear();
		return false;
	}
	lookout_hurry();
	why = estate_read(&estate, fd);
	if (!why) {
		why = restart_resume_saved(instance, &estate);
		estate_forget(&estate);
	}
	close(fd);
	instance->resumed = !why;
	if (why) {
		restart_discard();
		log_warning("cannot go on where the process before has stopped: %s; starting anew",
			    why);
		return false;
	}
	store_clear();
	restart_close_left(instance);
	log_info("going on after a restart: %u files open, %u clients",
		 mux_session_count(instance->mux), mux_client_count(instance->mux));
	return true;
}
