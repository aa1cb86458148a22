/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port.h"
#include "sandbox.h"

/* Makes a blocked call return EINTR. Ignored by default, so it harms nobody else. */
#define POKE SIGURG

/* Messages that the loop may be late with, so that the reader seldom waits for it. */
#define MESSAGES 4

/* ms after each failed read but the first, so that a broken driver keeps no processor busy. */
#define FAILED_PAUSE 20

#define STOP_PAUSE 10  /* ms between two pokes, since one may come just before the call */
#define STOP_POKES 100 /* until a thread is given up */

struct driver_order {
	enum driver_call call;
	unsigned pause; /* DRIVER_REOPEN: ms */
	size_t size;    /* DRIVER_WRITE: bytes of frame */
};

/*
 * The loop's end of the socket sends orders to the writer and receives both threads'
 * reports. At each moment fd and each buffer belong to one thread or the loop; orders,
 * reports and go_on pass them on. It is mapped, so that it uses memory only as needed.
 */
struct driver {
	int fd; /* -1 while the port cannot be opened */
	/*
	 * Two epoll instances: cdc-wdm checks its state before it queues the caller of its
	 * poll, so poll(2) misses an event that comes in between, while epoll stays queued.
	 */
	int readable;
	int writable;  /* the port, or an order has come */
	int ends[2];   /* of the socket: the loop's and the threads' */
	unsigned ours; /* threads that run */
	pthread_t threads[2];
	sem_t room;              /* messages that the reader may fill */
	sem_t go_on;             /* posted once a read without data has been dealt with */
	pthread_mutex_t writing; /* reports on writes have the order of the writes */
	atomic_bool stopping;
	bool released;    /* the port stays open */
	bool read_failed; /* the last read did */
	char path[PATH_MAX];
	unsigned message; /* the one to fill next */
	uint8_t messages[MESSAGES][DRIVER_READ_MAX];
	uint8_t frame[DRIVER_READ_MAX]; /* to write */
};

/* The threads. */

static ssize_t driver_result(ssize_t result)
{
	return result < 0 ? -errno : result;
}

static bool driver_has_events(const struct driver *driver, short events)
{
	struct pollfd pollfd = {.fd = driver->fd, .events = events};

	return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & (events | POLLHUP));
}

static void driver_send(const struct driver *driver, const struct driver_report *report)
{
	while (send(driver->ends[1], report, sizeof(*report), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void driver_report(const struct driver *driver, enum driver_call call, ssize_t result,
			  int late_error)
{
	struct driver_report report = {
		.call = call,
		.result = (int)result,
		.late_error = late_error,
		.data = driver->messages[driver->message],
		.hung_up = result <= 0 && driver->fd >= 0 && driver_has_events(driver, 0),
	};

	driver_send(driver, &report);
}

/* cdc-wdm raises EPOLLERR until a write has returned the error of the previous one. */
static void driver_take_late_error(struct driver *driver)
{
	ssize_t result;

	pthread_mutex_lock(&driver->writing);
	result = driver_result(write(driver->fd, "", 0));
	/* Only a poke interrupts it: whoever goes on with the port finds the error. */
	if (result != -EINTR)
		driver_report(driver, DRIVER_READ, -EAGAIN, result == -EAGAIN ? 0 : (int)-result);
	pthread_mutex_unlock(&driver->writing);
}

static void driver_await(const struct driver *driver, sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && !driver->stopping)
		;
}

static void driver_read_failed(struct driver *driver, ssize_t result)
{
	if (result == -EAGAIN)
		driver_take_late_error(driver);
	else
		driver_report(driver, DRIVER_READ, result, 0);
	driver_await(driver, &driver->go_on);
	if (result != -EAGAIN && driver->read_failed)
		poll(NULL, 0, FAILED_PAUSE);
	driver->read_failed = result != -EAGAIN;
}

static void driver_read_once(struct driver *driver, uint32_t events)
{
	ssize_t size =
		driver_result(read(driver->fd, driver->messages[driver->message], DRIVER_READ_MAX));

	if (size > 0) {
		driver->read_failed = false;
		driver_report(driver, DRIVER_READ, size, 0);
		driver->message = (driver->message + 1) % MESSAGES;
		driver_await(driver, &driver->room);
	} else if (size != -EINTR && (size != -EAGAIN || (events & (EPOLLERR | EPOLLHUP)))) {
		driver_read_failed(driver, size);
	} /* else another process was faster */
}

/* Waits until the port may be ready. False if it is time for something else. */
static bool driver_await_writable(const struct driver *driver)
{
	struct epoll_event events[2];
	int count = epoll_wait(driver->writable, events, 2, -1);

	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == driver->ends[1])
			return false;
	}
	return !driver->stopping;
}

/* True if the write has to be repeated when the port may be ready. */
static bool driver_write_once(struct driver *driver, size_t size, bool repeated)
{
	ssize_t written;

	pthread_mutex_lock(&driver->writing);
	do
		written = driver_result(write(driver->fd, driver->frame, size));
	while (written == -EINTR && !driver->stopping);
	if (written != -EINTR && (written != -EAGAIN || !repeated))
		driver_report(driver, DRIVER_WRITE, written, 0);
	pthread_mutex_unlock(&driver->writing);
	return written == -EAGAIN;
}

static void driver_obey_write(struct driver *driver, size_t size)
{
	bool repeated = false;

	while (driver_write_once(driver, size, repeated)) {
		repeated = true;
		if (!driver_await_writable(driver))
			return;
	}
}

/* Returns 0 or -errno. */
static int driver_watch_port(const struct driver *driver)
{
	struct epoll_event in = {.events = EPOLLIN};
	/* A lasting EPOLLERR must not wake it again and again. */
	struct epoll_event out = {.events = EPOLLOUT | EPOLLET, .data.fd = driver->fd};

	if (epoll_ctl(driver->readable, EPOLL_CTL_ADD, driver->fd, &in) < 0 ||
	    epoll_ctl(driver->writable, EPOLL_CTL_ADD, driver->fd, &out) < 0)
		return -errno;
	return 0;
}

static void driver_close_port(struct driver *driver)
{
	if (driver->fd >= 0)
		close(driver->fd);
	driver->fd = -1;
}

/* Returns 0 or -errno. */
static int driver_open_port(struct driver *driver)
{
	int err;

	driver->fd = open(driver->path, PORT_OPEN_FLAGS);
	if (driver->fd < 0)
		return -errno;
	err = driver_watch_port(driver);
	if (err < 0)
		driver_close_port(driver);
	return err;
}

static void driver_obey_reopen(struct driver *driver, unsigned pause)
{
	poll(NULL, 0, (int)pause);
	/* While a command is in flight, close() would wait for it. */
	while (driver->fd >= 0 && !driver_has_events(driver, POLLOUT)) {
		if (!driver_await_writable(driver))
			return;
	}
	driver_close_port(driver);
	driver_report(driver, DRIVER_REOPEN, driver_open_port(driver), 0);
}

static void driver_obey(struct driver *driver)
{
	struct driver_order order;

	if (recv(driver->ends[1], &order, sizeof(order), 0) != sizeof(order))
		return;
	if (order.call == DRIVER_WRITE)
		driver_obey_write(driver, order.size);
	else
		driver_obey_reopen(driver, order.pause);
}

static void driver_end_thread(const struct driver *driver)
{
	const struct driver_report report = {.call = DRIVER_ENDED};

	driver_send(driver, &report);
}

static void *driver_run_reader(void *arg)
{
	struct driver *driver = arg;
	struct epoll_event event;

	sandbox_complete_thread();
	while (!driver->stopping) {
		if (epoll_wait(driver->readable, &event, 1, -1) > 0)
			driver_read_once(driver, event.events);
	}
	driver_end_thread(driver);
	return NULL;
}

static void *driver_run_writer(void *arg)
{
	struct driver *driver = arg;

	sandbox_complete_thread();
	while (!driver->stopping)
		driver_obey(driver);
	/* If a command is in flight, this waits for it, at most until the next poke. */
	if (!driver->released)
		driver_close_port(driver);
	driver_end_thread(driver);
	return NULL;
}

/* The loop's side. */

static void driver_order(const struct driver *driver, const struct driver_order *order)
{
	/* There are at most two at a time, so it cannot block. */
	while (send(driver->ends[0], order, sizeof(*order), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void driver_write(struct driver *driver, const uint8_t *frame, size_t size)
{
	struct driver_order order = {.call = DRIVER_WRITE, .size = size};

	memcpy(driver->frame, frame, size);
	driver_order(driver, &order);
}

void driver_reopen(struct driver *driver, unsigned pause)
{
	struct driver_order order = {.call = DRIVER_REOPEN, .pause = pause};

	driver_order(driver, &order);
}

void driver_go_on(struct driver *driver, const struct driver_report *report)
{
	sem_post(report->result > 0 ? &driver->room : &driver->go_on);
}

int driver_socket(const struct driver *driver)
{
	return driver->ends[0];
}

static void driver_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void driver_free(struct driver *driver)
{
	driver_close(driver->readable);
	driver_close(driver->writable);
	driver_close(driver->ends[0]);
	driver_close(driver->ends[1]);
	sem_destroy(&driver->room);
	sem_destroy(&driver->go_on);
	pthread_mutex_destroy(&driver->writing);
	munmap(driver, sizeof(*driver));
}

/* Takes a report, if there is one; false if not. The last of a thread's is its end. */
static bool driver_take_report(struct driver *driver, struct driver_report *report)
{
	if (read(driver->ends[0], report, sizeof(*report)) != sizeof(*report))
		return false;
	if (report->call == DRIVER_ENDED)
		driver->ours--;
	return true;
}

/* Waits a little, or until a thread reports. */
static bool driver_await_report(struct driver *driver, struct driver_report *report)
{
	struct pollfd pollfd = {.fd = driver->ends[0], .events = POLLIN};

	return poll(&pollfd, 1, STOP_PAUSE) > 0 && driver_take_report(driver, report);
}

static void driver_ignore(void *context, const struct driver_report *report)
{
	(void)context;
	(void)report;
}

/* False if a thread does not end. */
static bool driver_end_threads(struct driver *driver,
			       void (*reported)(void *context, const struct driver_report *report),
			       void *context)
{
	unsigned count = driver->ours;
	struct driver_report report;

	driver->stopping = true;
	for (unsigned pokes = 0; driver->ours > 0; pokes++) {
		if (pokes == STOP_POKES)
			return false;
		for (unsigned i = 0; i < count; i++)
			pthread_kill(driver->threads[i], POKE);
		if (driver_await_report(driver, &report) && report.call != DRIVER_ENDED)
			reported(context, &report);
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(driver->threads[i], NULL);
	while (driver_take_report(driver, &report))
		reported(context, &report);
	return true;
}

bool driver_stop(struct driver *driver)
{
	bool ended = driver_end_threads(driver, driver_ignore, NULL);

	if (ended)
		driver_free(driver);
	return ended;
}

int driver_release(struct driver *driver,
		   void (*reported)(void *context, const struct driver_report *report),
		   void *context)
{
	int fd;

	driver->released = true;
	if (!driver_end_threads(driver, reported, context))
		return -EBUSY;
	fd = driver->fd < 0 ? -ENODEV : driver->fd;
	driver_free(driver);
	return fd;
}

static void driver_be_poked(int signo)
{
	(void)signo;
}

/* Returns 0 or -errno. The threads must not take the signals that the loop awaits. */
static int driver_start_threads(struct driver *driver)
{
	static void *(*const runs[])(void *) = {driver_run_reader, driver_run_writer};
	const struct sigaction action = {.sa_handler = driver_be_poked};
	sigset_t before;
	sigset_t all;
	int err = 0;

	sigaction(POKE, &action, NULL);
	sigfillset(&all);
	sigdelset(&all, POKE);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < 2 && err == 0; i++) {
		err = -pthread_create(&driver->threads[i], NULL, runs[i], driver);
		if (err == 0)
			driver->ours++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* Returns 0 or -errno. */
static int driver_open_ends(struct driver *driver)
{
	struct epoll_event order = {.events = EPOLLIN};

	driver->readable = epoll_create1(EPOLL_CLOEXEC);
	driver->writable = epoll_create1(EPOLL_CLOEXEC);
	if (driver->readable < 0 || driver->writable < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, driver->ends) < 0 ||
	    fcntl(driver->ends[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	order.data.fd = driver->ends[1];
	if (epoll_ctl(driver->writable, EPOLL_CTL_ADD, driver->ends[1], &order) < 0)
		return -errno;
	return driver_watch_port(driver);
}

int driver_start(struct driver **result, const char *path, int fd)
{
	struct driver *driver = mmap(NULL, sizeof(*driver), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err;

	if (driver == MAP_FAILED)
		return -errno;
	driver->fd = fd;
	driver->ends[0] = driver->ends[1] = -1;
	sem_init(&driver->room, 0, MESSAGES - 1);
	sem_init(&driver->go_on, 0, 0);
	pthread_mutex_init(&driver->writing, NULL);
	strncpy(driver->path, path, sizeof(driver->path) - 1);
	err = driver_open_ends(driver);
	if (err < 0) {
		driver_free(driver);
		return err;
	}
	err = driver_start_threads(driver);
	if (err < 0)
		driver_stop(driver);
	else
		*result = driver;
	return err;
}
