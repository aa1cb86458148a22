/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "instance_private.h"
#include "leftovers.h"
#include "list.h"
#include "log.h"
#include "lookout.h"
#include "owner.h"
#include "restart.h"
#include "sandbox.h"
#include "supervisor.h"
#include "trace.h"
#include "traffic.h"

#define STOP_TIMEOUT  2000 /* V18: for releasing every client */
#define CLOSE_TIMEOUT 2000 /* V17: for the sessions to close */

#define DEPARTURE_PATIENCE                                                                         \
	20 /* V29: ms until a frame that the port is taking is left to the next */

static void instance_enter(struct instance *instance, enum instance_state state, uint64_t timeout)
{
	assert(state >= instance->state);
	instance->state = state;
	instance->state_deadline = timeout == MUX_NEVER ? MUX_NEVER : instance->loop.now + timeout;
}

static void instance_begin_closing(struct instance *instance)
{
	if (instance->state == INSTANCE_ENDED)
		return;
	connections_refuse(&instance->connections);
	mux_port_unplugged(instance->mux);
	instance_enter(instance, INSTANCE_CLOSING, CLOSE_TIMEOUT);
}

static void instance_begin_stopping(struct instance *instance)
{
	log_info("stopping: releasing %u clients", mux_client_count(instance->mux));
	supervisor_notify("STOPPING=1\nSTATUS=Releasing the modem's clients");
	connections_refuse(&instance->connections);
	mux_stop(instance->mux);
	instance_enter(instance, INSTANCE_STOPPING, STOP_TIMEOUT);
}

/* The port's events. */

static void instance_port_received(void *context, const uint8_t *data, size_t size)
{
	struct instance *instance = context;

	mux_port_received(instance->mux, data, size, instance->loop.now);
}

static void instance_port_sent(void *context)
{
	struct instance *instance = context;

	mux_port_sent(instance->mux);
}

static void instance_port_failed(void *context)
{
	struct instance *instance = context;

	mux_port_failed(instance->mux, instance->loop.now);
}

static void instance_port_lost(void *context)
{
	struct instance *instance = context;

	mux_port_lost(instance->mux, instance->loop.now);
}

static void instance_port_cut(void *context)
{
	struct instance *instance = context;

	mux_port_cut(instance->mux);
}

static void instance_port_reset(void *context)
{
	struct instance *instance = context;

	mux_port_reset(instance->mux);
}

static void instance_port_unplugged(void *context)
{
	struct instance *instance = context;

	log_info("%s was unplugged", instance->port.path);
	supervisor_notify("STOPPING=1\nSTATUS=The modem was unplugged");
	/* Before the modem comes back, and its port finds the name taken. */
	takeover_end(&instance->takeover);
	instance_begin_closing(instance);
}

static const struct port_events instance_port_events = {
	.received = instance_port_received,
	.sent = instance_port_sent,
	.failed = instance_port_failed,
	.lost = instance_port_lost,
	.cut = instance_port_cut,
	.reset = instance_port_reset,
	.unplugged = instance_port_unplugged,
};

/* The core's hooks. */

__attribute__((format(printf, 3, 0))) static void instance_log(void *context, enum mux_level level,
							       const char *format, va_list args)
{
	static const enum log_level levels[] = {
		[MUX_WARNING] = LOG_LEVEL_WARNING,
		[MUX_INFO] = LOG_LEVEL_INFO,
		[MUX_DEBUG] = LOG_LEVEL_DEBUG,
	};

	(void)context;
	log_message_args(levels[level], format, args);
}

static void instance_trace(void *context, const struct mux_trace *trace)
{
	const struct instance *instance = context;

	trace_frame(trace,
		    trace->session ? instance->space_names[mux_session_node(trace->session)] : "-");
}

static void instance_describe(void *context, const struct session *session, char *text, size_t size)
{
	struct owner *owner = mux_session_owner(session);

	(void)context;
	/* Once, because a program can cause many messages, most of which are held back. */
	if (!owner->command[0])
		process_command(owner->command, owner->pid);
	snprintf(text, size, "%s (pid %d, uid %u)", owner->command, (int)owner->pid,
		 mux_session_user(session));
}

struct mux_config instance_mux_config(struct instance *instance)
{
	const struct options *options = &instance->options;

	return (struct mux_config){
		.nodes = options->nodes, /* one CID space each */
		.proxy = true,
		.frame_max = instance->port.frame_max,
		.queue_bytes = options->queue_bytes,
		.memory = options->memory,
		.transaction_timeout = options->transaction_timeout,
		.ctl_timeout = options->ctl_timeout,
		.orphan_timeout = options->orphan_timeout,
		.share_node = options->share_node,
		.message_port = port_gives_messages(&instance->port),
		.sync = options->sync,
		.hooks = {.context = instance,
			  .log = instance_log,
			  .trace = options->verbosity >= 2 ? instance_trace : NULL,
			  .describe = instance_describe},
	};
}

/* Signals. */

/* Seconds that the oldest request in flight has waited. */
static unsigned instance_longest_wait(const struct instance *instance)
{
	uint64_t oldest = mux_oldest_in_flight(instance->mux);

	return oldest == MUX_NEVER ? 0 : (unsigned)((instance->loop.now - oldest) / 1000);
}

static void instance_log_counters(const struct instance *instance)
{
	const struct mux_counters *counters = mux_counters(instance->mux);

	log_tell("%u files open, %u clients, %u of them orphans; %llu requests sent, "
		 "%u in flight, the oldest for %u s, %llu waits for a busy port, %llu not "
		 "answered; %llu frames delivered, %llu lost "
		 "to full queues; dropped "
		 "%llu responses and %llu indications; reclaimed %llu clients; skipped %llu "
		 "bytes of garbage; %llu restarts of the modem",
		 mux_session_count(instance->mux), mux_client_count(instance->mux),
		 mux_orphan_count(instance->mux), (unsigned long long)counters->requests,
		 mux_in_flight(instance->mux), instance_longest_wait(instance),
		 (unsigned long long)instance->port.waits, (unsigned long long)counters->expired,
		 (unsigned long long)counters->delivered, (unsigned long long)counters->overflowed,
		 (unsigned long long)counters->dropped_responses,
		 (unsigned long long)counters->dropped_indications,
		 (unsigned long long)counters->reclaimed, (unsigned long long)counters->garbage,
		 (unsigned long long)counters->restarts);
}

static void instance_begin_departing(struct instance *instance, uint32_t signo)
{
	if (instance->state > INSTANCE_SERVING)
		return;
	if (instance->state == INSTANCE_STARTING && signo == SIGUSR2) {
		instance_begin_stopping(instance);
		return;
	}
	instance->departure = signo == SIGHUP ? DEPARTURE_EXECUTE : DEPARTURE_EXIT;
	instance->departs_at = instance->loop.now + DEPARTURE_PATIENCE;
}

static void instance_signal_ready(struct watch *watch, uint32_t events)
{
	struct instance *instance = container_of(watch, struct instance, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (loop_read(&instance->loop, watch) != sizeof(info))
		return;
	memcpy(&info, watch->buffer, sizeof(info));
	if (info.ssi_signo == SIGUSR1) {
		instance_log_counters(instance);
		return;
	}
	/* The supervisor sends it when it does not wait any more for what it has asked for. */
	if (instance->departure == DEPARTURE_EXIT)
		return;
	if (restart_is_asked_for(&info)) {
		instance_begin_departing(instance, info.ssi_signo);
		return;
	}
	if (instance->state < INSTANCE_STOPPING)
		instance_begin_stopping(instance);
	else if (instance->told_to_stop && info.ssi_signo != SIGHUP)
		instance->state = INSTANCE_ENDED;
	/* A terminal that closes sends SIGHUP, and so does its shell. */
	if (info.ssi_signo != SIGHUP)
		instance->told_to_stop = true;
}

/* nohup(1) has it ignored. A signal that is blocked is not ignored, but waits. */
static bool instance_heeds_hangup(void)
{
	struct sigaction action;

	return sigaction(SIGHUP, NULL, &action) < 0 || action.sa_handler != SIG_IGN;
}

/* Returns 0 or -errno. */
static int instance_watch_signals(struct instance *instance)
{
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGUSR1);
	if (getenv("NOTIFY_SOCKET"))
		sigaddset(&signals, SIGUSR2);
	if (instance_heeds_hangup())
		sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	instance->signals.ready = instance_signal_ready;
	instance->signals.fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (instance->signals.fd < 0)
		return -errno;
	instance->signals.read_max = sizeof(struct signalfd_siginfo);
	err = loop_add(&instance->loop, &instance->signals);
	if (err < 0)
		close(instance->signals.fd);
	return err;
}

/* Nodes. */

/* The caller has logged the reason. */
static void instance_fail(struct instance *instance)
{
	instance->status = EXIT_FAILURE;
	instance_begin_stopping(instance);
}

static void instance_take_over(struct instance *instance)
{
	bool wanted = instance->options.take_over && instance->options.nodes > 0;

	if (wanted && !instance->takeover.taken)
		takeover_begin(&instance->takeover, instance->port.device,
			       instance->nodes[0].alias.node);
	else if (!wanted)
		takeover_end(&instance->takeover);
}

/* A node's CID space is that of its index. False if that failed, which has been logged. */
static bool instance_create_node(struct instance *instance, unsigned index)
{
	struct node *node = &instance->nodes[index];

	instance->space_names[index] = node->name;
	if (!node_create(node, &instance->host, index, index))
		return false;
	connections_serve_node(&instance->connections, node->device, node->name);
	return true;
}

/* False if the instance has failed. */
static bool instance_create_nodes(struct instance *instance)
{
	for (unsigned index = 0; index < instance->options.nodes; index++) {
		bool exists = instance->nodes[index].exists;

		/* Those that are there are worth more than one that cannot be added. */
		if (!exists && !instance_create_node(instance, index) && !instance->resumed) {
			instance_fail(instance);
			return false;
		}
		if (index == 0)
			instance_take_over(instance);
	}
	return true;
}

static void instance_destroy_node(struct node *node)
{
	handover_unlink(node->device);
	node_destroy(node);
}

/* V29: those that the options do not want any more stay until they are closed. */
static void instance_remove_nodes(struct instance *instance)
{
	for (unsigned index = instance->options.nodes; index < MUX_NODES_MAX; index++) {
		struct node *node = &instance->nodes[index];

		if (node->exists && node->files.count == 0)
			instance_destroy_node(node);
	}
}

static void instance_report_ready(const struct instance *instance)
{
	const char *port = instance->port.path;
	unsigned count = instance->options.nodes;
	const char *first = instance->nodes[0].name;
	const char *last;

	if (count == 0) {
		log_info("ready: %s is shared through libqmi's proxy socket", port);
		supervisor_notify("READY=1\nSTATUS=%s is shared through libqmi's proxy socket",
				  port);
		return;
	}
	last = instance->nodes[count - 1].name;
	log_info("ready: %s is shared by %u nodes, /dev/%s to /dev/%s", port, count, first, last);
	supervisor_notify("READY=1\nSTATUS=%s is shared by %u nodes, %s to %s", port, count, first,
			  last);
}

static void instance_begin_serving(struct instance *instance)
{
	if (!instance_create_nodes(instance))
		return;
	if (instance->options.nodes == 0)
		instance_take_over(instance);
	sandbox_complete();
	connections_serve(&instance->connections);
	instance_report_ready(instance);
	instance->idle_since = instance->loop.now;
	instance_enter(instance, INSTANCE_SERVING, MUX_NEVER);
}

/* False if the instance cannot go on without, and the reason has been logged. */
static bool instance_start_connections(struct instance *instance)
{
	unsigned space = mux_nodes(instance->mux);

	instance->space_names[space] = "proxy";
	if (instance->resumed)
		return true;
	return connections_start(&instance->connections, &instance->loop, instance->mux, space,
				 instance->port.device) ||
	       space > 0;
}

/* With --idle-exit: nobody has the modem open, or has left a client to use again. */
static bool instance_is_idle(const struct instance *instance)
{
	return instance->options.idle_exit > 0 && mux_session_count(instance->mux) == 0 &&
	       mux_client_count(instance->mux) == 0;
}

static uint64_t instance_idle_deadline(const struct instance *instance)
{
	if (instance->state != INSTANCE_SERVING || !instance_is_idle(instance))
		return MUX_NEVER;
	return instance->idle_since + instance->options.idle_exit;
}

static void instance_exit_if_idle(struct instance *instance)
{
	if (!instance_is_idle(instance))
		instance->idle_since = instance->loop.now;
	if (instance_idle_deadline(instance) <= instance->loop.now)
		instance_begin_stopping(instance);
}

static void instance_destroy_nodes(struct instance *instance)
{
	pace_finish(&instance->host.pace);
	for (unsigned index = MUX_NODES_MAX; index-- > 0;) {
		if (instance->nodes[index].exists)
			instance_destroy_node(&instance->nodes[index]);
	}
	free(instance->host.buffer.mem);
}

/* The loop. */

void instance_tell_owners(struct instance *instance)
{
	struct session *session;

	while ((session = mux_next_changed(instance->mux))) {
		struct owner *owner = mux_session_owner(session);

		owner->session_changed(owner, instance->loop.now);
	}
}

/* V29: a restart that is asked for earlier waits until there are nodes. */
static bool instance_is_departing(const struct instance *instance)
{
	return instance->departure && instance->state == INSTANCE_SERVING;
}

/* Passes on the effects of the last event until there are no more. */
static void instance_pump(struct instance *instance)
{
	do {
		instance_tell_owners(instance);
		while (port_idle(&instance->port) && !instance_is_departing(instance)) {
			size_t size;
			const uint8_t *frame =
				mux_port_next(instance->mux, instance->loop.now, &size);

			if (!frame)
				break;
			port_write(&instance->port, frame, size);
		}
	} while (mux_has_changed(instance->mux));
}

static void instance_advance(struct instance *instance)
{
	bool late = instance->loop.now >= instance->state_deadline;

	switch (instance->state) {
	case INSTANCE_STARTING:
		if (late)
			log_warning("the modem did not answer Sync within %d s: it may still be "
				    "starting, be in another mode, or not speak QMI on this port",
				    MUX_SYNC_PATIENCE / 1000);
		if (late || mux_sync_answered(instance->mux))
			instance_begin_serving(instance);
		break;
	case INSTANCE_SERVING:
		if (instance->host.broken)
			instance_fail(instance);
		else
			instance_exit_if_idle(instance);
		instance_remove_nodes(instance);
		break;
	case INSTANCE_STOPPING:
		if (late)
			log_warning("the modem did not release every client in time");
		if (late || mux_stopped(instance->mux))
			instance_begin_closing(instance);
		break;
	case INSTANCE_CLOSING:
		if (late || mux_session_count(instance->mux) == 0)
			instance->state = INSTANCE_ENDED;
		break;
	case INSTANCE_ENDED:
		break;
	}
}

/* A state may end as soon as it has begun. */
static void instance_settle(struct instance *instance)
{
	enum instance_state before;

	do {
		before = instance->state;
		instance_pump(instance);
		connections_check(&instance->connections);
		instance_advance(instance);
	} while (instance->state != before);
}

static void instance_begin(struct instance *instance)
{
	instance_enter(instance, INSTANCE_STARTING,
		       instance->options.sync ? MUX_SYNC_PATIENCE : MUX_NEVER);
	if (!instance->options.sync || instance->resumed) {
		instance_begin_serving(instance);
	} else if (mux_start_sync(instance->mux, instance->loop.now) < 0) {
		log_error("out of memory");
		instance_fail(instance);
	}
}

static uint64_t instance_departure_deadline(const struct instance *instance)
{
	return instance_is_departing(instance) && port_can_be_left(&instance->port)
		       ? instance->departs_at
		       : MUX_NEVER;
}

/* V29: once the port has taken its frame, or does not take it soon. */
static void instance_depart_if_due(struct instance *instance)
{
	if (!instance_is_departing(instance) || !port_can_be_left(&instance->port))
		return;
	if (!port_idle(&instance->port) && instance->loop.now < instance->departs_at)
		return;
	if (!restart_depart(instance) && instance->state == INSTANCE_SERVING)
		instance_fail(instance);
	instance->departure = DEPARTURE_NONE;
	instance_settle(instance);
}

static void instance_run_loop(struct instance *instance)
{
	instance_begin(instance);
	for (;;) {
		uint64_t deadline;

		instance_settle(instance);
		instance_depart_if_due(instance);
		if (instance->state == INSTANCE_ENDED)
			return;
		traffic_watch(&instance->chores.traffic, instance->loop.now);
		deadline = sooner(chores_deadline(&instance->chores), instance->state_deadline);
		deadline = sooner(deadline, connections_deadline(&instance->connections));
		deadline = sooner(deadline, instance_idle_deadline(instance));
		deadline = sooner(deadline, instance_departure_deadline(instance));
		loop_wait(&instance->loop, deadline);
		chores_do(&instance->chores, instance->loop.now);
	}
}

/* These return the exit status and have logged any failure. */

static int instance_serve_port(struct instance *instance)
{
	if (port_start(&instance->port, &instance->loop, &instance_port_events, instance) &&
	    instance_start_connections(instance))
		instance_run_loop(instance);
	else
		instance->status = EXIT_FAILURE;
	connections_stop(&instance->connections);
	/* The name never leads to a node that is gone, nor to a port that is still read here. */
	port_close(&instance->port);
	takeover_end(&instance->takeover);
	instance_destroy_nodes(instance);
	if (log_enabled(LOG_LEVEL_DEBUG))
		instance_log_counters(instance);
	mux_destroy(instance->mux);
	return instance->status;
}

void instance_make_host(struct instance *instance)
{
	instance->host = (struct node_host){
		.loop = &instance->loop,
		.mux = instance->mux,
		.prefix = instance->options.name,
		.port_path = instance->port.path,
		.port_name = port_basename(&instance->port),
		.modem = &instance->port.modem,
		.frame_max = instance->port.frame_max,
	};
	pace_init(&instance->host.pace);
}

static int instance_run_on_port(struct instance *instance)
{
	struct mux_config config = instance_mux_config(instance);

	if (!instance->resumed)
		instance->mux = mux_create(&config);
	if (!instance->mux) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	if (!instance->resumed)
		instance_make_host(instance);
	chores_init(&instance->chores, instance->mux, &instance->host.pace, instance->port.path);
	supervisor_watch(instance->loop.now);
	sandbox_begin(instance->port.fd);
	return instance_serve_port(instance);
}

/* An administrator's udev rule for this modem overrides the command line. */
bool instance_add_options(struct instance *instance)
{
	char *words = instance->port.modem.options;

	if (instance->port.modem.options_cut)
		log_error("the options have more than %zu characters",
			  sizeof(instance->port.modem.options) - 1);
	if (instance->port.modem.options_cut || !options_add(&instance->options, words)) {
		log_error("invalid CUSE_QMUX_OPTIONS for %s (see the previous message)",
			  instance->port.path);
		return false;
	}
	log_open(options_log_level(&instance->options));
	return true;
}

/* Everything from the first check of the machine to the exit. */
static int instance_run_if_possible(struct instance *instance)
{
	struct port *port = &instance->port;
	const struct options options = instance->options;
	bool unsuitable;
	int status;

	if (instance->options.nodes > 0 && !node_check_cuse(&unsuitable))
		return unsuitable ? EXIT_UNSUITABLE : EXIT_FAILURE;
	if (restart_resume(instance))
		return instance_run_on_port(instance);
	instance->options = options;
	/* Also before another instance's name could lead to a node of this one. */
	takeover_give_back(instance->options.port);
	leftovers_remove(instance->options.name);
	if (!port_open(port, instance->options.port))
		return port->unsuitable ? EXIT_UNSUITABLE : EXIT_FAILURE;
	status = instance_add_options(instance) ? instance_run_on_port(instance) : EXIT_USAGE;
	port_close(port);
	return status;
}

/* Returns 0, or -errno with nothing left behind. */
static int instance_init(struct instance *instance, const struct options *options)
{
	int err;

	lookout_start();
	err = loop_init(&instance->loop);
	if (err < 0) {
		lookout_stop();
		return err;
	}
	instance->options = *options;
	err = instance_watch_signals(instance);
	if (err < 0) {
		lookout_stop();
		loop_finish(&instance->loop);
	}
	return err;
}

static void instance_finish(struct instance *instance)
{
	lookout_stop();
	loop_remove(&instance->loop, &instance->signals);
	close(instance->signals.fd);
	loop_finish(&instance->loop);
}

int instance_run(const struct options *options)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	int err = instance ? instance_init(instance, options) : -ENOMEM;
	int status = EXIT_FAILURE;

	if (err < 0) {
		log_error("cannot start: %s", strerror(-err));
	} else {
		status = instance_run_if_possible(instance);
		instance_finish(instance);
	}
	free(instance);
	return status;
}
