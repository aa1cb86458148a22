/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "broker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "guest.h"
#include "launcher.h"
#include "log.h"
#include "registry.h"

#define GUESTS_MAX      512
#define USER_GUESTS_MAX 64 /* for a user other than root */
#define ACCEPTS_MAX     64 /* at once */
#define LINES           64
#define PAUSE           4  /* ms between two connections of a user other than root */
#define BURST           64 /* that may come at once */
#define RETRY_PAUSE     50 /* ms between two attempts to pass a connection */

static struct {
	int listener;
	int epoll_fd;
	int signals;
	int registry;       /* inotify: an instance appears */
	struct list guests; /* the oldest first */
	unsigned count;
	uint64_t next[LINES]; /* ms, when a user may have another connection */
	bool stopped;
} broker;

/* Watches fd, with one of the descriptors above or a guest. Returns 0 or -errno. */
static int broker_watch(int fd, void *owner)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};

	return epoll_ctl(broker.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* The descriptor that the guest waits for, or -1. */
static int broker_fd_of(const struct guest *guest)
{
	if (guest->state == GUEST_READING)
		return guest->handover.fd;
	return guest->state == GUEST_LOOKING ? guest->lookup_fd : -1;
}

/*
 * Returns what broker_fd_of() is. The guest is about to act: a lookup ends then. It would
 * not be enough that its descriptor is closed, because a process that was forked just now
 * for another lookup may still have it, and so keep it watched.
 */
static int broker_begin(const struct guest *guest)
{
	int fd = broker_fd_of(guest);

	if (guest->state == GUEST_LOOKING)
		epoll_ctl(broker.epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	return fd;
}

/* Follows a change of the guest's state; before: from broker_begin(). May free it. */
static void broker_settle(struct guest *guest, int before)
{
	int fd = broker_fd_of(guest);

	if (fd != before && guest->handover.fd == before)
		epoll_ctl(broker.epoll_fd, EPOLL_CTL_DEL, before, NULL);
	if (guest->state == GUEST_ENDED) {
		guest_destroy(guest);
		broker.count--;
	} else if (fd >= 0 && fd != before && broker_watch(fd, guest) < 0) {
		guest_evict(guest);
		broker_settle(guest, fd);
	}
}

static void broker_evict(struct guest *guest)
{
	int before = broker_begin(guest);

	guest_evict(guest);
	broker_settle(guest, before);
}

/*
 * The oldest of this user's guests if these are too many, or of all if those are; root's
 * only if there are no others. NULL if there is room.
 */
static struct guest *broker_superfluous(uid_t uid)
{
	struct guest *first = NULL;
	struct guest *first_of_user = NULL;
	unsigned of_user = 0;

	list_for_each (link, &broker.guests) {
		struct guest *guest = container_of(link, struct guest, link);

		if (!first || (first->peer.uid == 0 && guest->peer.uid != 0))
			first = guest;
		if (guest->peer.uid != uid)
			continue;
		if (of_user++ == 0)
			first_of_user = guest;
	}
	if (uid != 0 && of_user >= USER_GUESTS_MAX)
		return first_of_user;
	return broker.count >= GUESTS_MAX ? first : NULL;
}

/*
 * V28: when the user may have another connection. Each costs an instance work, and the
 * client nothing. Users whose uids share a remainder share a line.
 */
static uint64_t broker_turn(uid_t uid, uint64_t now)
{
	uint64_t *next = &broker.next[uid % LINES];

	if (uid == 0)
		return now;
	*next += PAUSE;
	if (*next + (uint64_t)BURST * PAUSE < now)
		*next = now - (uint64_t)BURST * PAUSE;
	/* No more of them wait at once. */
	if (*next > now + (uint64_t)USER_GUESTS_MAX * PAUSE)
		*next = now + (uint64_t)USER_GUESTS_MAX * PAUSE;
	return *next > now ? *next : now;
}

static void broker_admit(int fd, uint64_t now)
{
	struct guest *guest = guest_create(fd);
	struct guest *superfluous;

	if (!guest)
		return;
	superfluous = broker_superfluous(guest->peer.uid);
	if (superfluous)
		broker_evict(superfluous);
	list_append(&broker.guests, &guest->link);
	broker.count++;
	guest_hold(guest, broker_turn(guest->peer.uid, now));
	if (guest->until <= now) {
		guest_time_out(guest, now);
		broker_settle(guest, -1);
	}
}

static void broker_accept(uint64_t now)
{
	for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(broker.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			broker_admit(fd, now);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void broker_reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		launcher_ended(pid);
}

static void broker_take_signal(void)
{
	struct signalfd_siginfo info;

	if (read(broker.signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		broker_reap();
	else
		broker.stopped = true;
}

static void broker_try_all(uint64_t now)
{
	list_for_each (link, &broker.guests) {
		struct guest *guest = container_of(link, struct guest, link);

		if (guest->state != GUEST_WAITING)
			continue;
		guest_try(guest, now);
		broker_settle(guest, -1);
	}
}

static void broker_note_instance(uint64_t now)
{
	char events[4096];

	if (read(broker.registry, events, sizeof(events)) > 0)
		broker_try_all(now);
}

static void broker_tick(uint64_t now)
{
	list_for_each (link, &broker.guests) {
		struct guest *guest = container_of(link, struct guest, link);
		int before;

		if (now < guest->until)
			continue;
		before = broker_begin(guest);
		guest_time_out(guest, now);
		broker_settle(guest, before);
	}
}

/* How long to wait for events, in ms; -1: as long as it takes. */
static int broker_timeout(uint64_t now)
{
	uint64_t deadline = UINT64_MAX;

	list_for_each (link, &broker.guests) {
		const struct guest *guest = container_of(link, struct guest, link);

		deadline = sooner(deadline, guest->until);
		if (guest->state == GUEST_WAITING)
			deadline = sooner(deadline, now + RETRY_PAUSE);
	}
	deadline = sooner(deadline, log_deadline());
	if (deadline == UINT64_MAX)
		return -1;
	return deadline <= now ? 0 : (int)(deadline - now);
}

static void broker_handle(void *owner, uint64_t now)
{
	struct guest *guest = owner;
	int before;

	if (owner == &broker.listener) {
		broker_accept(now);
	} else if (owner == &broker.signals) {
		broker_take_signal();
	} else if (owner == &broker.registry) {
		broker_note_instance(now);
	} else {
		before = broker_begin(guest);
		guest_go_on(guest, now);
		broker_settle(guest, before);
	}
}

static void broker_serve(void)
{
	while (!broker.stopped) {
		struct epoll_event event;
		/* One at a time: handling an event may free the guest of another. */
		int count = epoll_wait(broker.epoll_fd, &event, 1, broker_timeout(clock_ms()));
		uint64_t now = clock_ms();

		if (count > 0)
			broker_handle(event.data.ptr, now);
		else
			broker_try_all(now);
		broker_tick(now);
		log_tick(now);
	}
}

/* Returns 0 or -errno. */
static int broker_open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	broker.signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return broker.signals < 0 ? -errno : broker_watch(broker.signals, &broker.signals);
}

/* Returns 0 or -errno. */
static int broker_open_registry(void)
{
	registry_make_directory();
	broker.registry = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (broker.registry < 0 ||
	    inotify_add_watch(broker.registry, REGISTRY_DIRECTORY, IN_CREATE) < 0)
		return -errno;
	return broker_watch(broker.registry, &broker.registry);
}

/* Returns 0 or -errno. */
static int broker_open(int listener)
{
	int err;

	list_init(&broker.guests);
	broker.listener = listener;
	broker.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (broker.epoll_fd < 0)
		return -errno;
	err = broker_watch(listener, &broker.listener);
	if (err == 0)
		err = broker_open_signals();
	return err < 0 ? err : broker_open_registry();
}

int broker_run(int listener)
{
	int err = broker_open(listener);

	if (err < 0) {
		log_error("cannot start: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	broker_serve();
	list_for_each (link, &broker.guests)
		guest_destroy(container_of(link, struct guest, link));
	return EXIT_SUCCESS;
}
