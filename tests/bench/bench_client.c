/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-client [OPTION...] PATH...
 *
 * A race of clients. Each is a process with its own connection, which repeatedly sends a
 * small request and waits for the answer. Prints a line of CSV:
 *
 *   requests per second, p50, p99 and worst round trip in us,
 *   the server's CPU time per request in us, its peak memory in KiB
 *
 * The last two are empty without --server.
 *
 *   --clients=N    number of clients (1), which use the paths in turn
 *   --requests=N   total number of requests (1000)
 *   --poll         use poll(), then read(), instead of a blocking read()
 *   --proxy        use qmi-proxy, which opens the paths
 *   --idle=N       sessions that wait in poll() meanwhile, each with a client (0)
 *   --waiting      those sessions share a client, and have each a request that waits for
 *                  the end of another one's, which the modem never answers
 *   --server=PID   the server, for its CPU time and memory
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "qmi.h"
#include "server.h"
#include "timings.h"

#define WARM_UP          20  /* initial requests of each client that do not count */
#define TIME_MAX         120 /* s */
#define CLIENTS_MAX      200
#define REQUESTS_MAX     10000000
#define IDLE_MAX         1000
#define IDLE_PER_SERVICE 200 /* of 254 CIDs */

struct options {
	char **paths;
	unsigned path_count;
	unsigned clients;
	unsigned requests;
	unsigned idle;
	bool waiting;
	enum reading reading;
	bool proxy;
	pid_t server;
};

/* Shared between the parent and its children. */
struct starting_line {
	int arrived[2]; /* a child writes a byte after each step */
	int go[2];      /* a child reads a byte before the next step; end of file: exit */
};

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Called by a child. False if it must exit. */
static bool arrive(const struct starting_line *line)
{
	char byte = 0;

	if (write(line->arrived[1], &byte, 1) != 1)
		err(EXIT_FAILURE, "write");
	return read(line->go[0], &byte, 1) == 1;
}

/* A child that exits meanwhile has failed, and has printed why. */
static void await_arrivals(const struct starting_line *line, unsigned children)
{
	char byte;

	while (children > 0) {
		if (read(line->arrived[0], &byte, 1) != 1)
			exit(EXIT_FAILURE);
		children--;
	}
}

static void start(const struct starting_line *line, unsigned children)
{
	static const char bytes[UCHAR_MAX];

	if (write(line->go[1], bytes, children) != (ssize_t)children)
		err(EXIT_FAILURE, "write");
}

static void be_client(const struct options *options, const char *path,
		      const struct starting_line *line, struct timing *timings, unsigned count)
{
	struct connection connection;
	uint8_t cid;

	connection_open(&connection, path, options->proxy, options->reading);
	cid = connection_allocate(&connection, QMI_SERVICE_DMS);
	for (unsigned i = 0; i < WARM_UP; i++)
		connection_ask(&connection, cid);
	if (arrive(line)) {
		uint64_t now = now_ns();

		for (unsigned i = 0; i < count; i++) {
			timings[i].begin = now;
			connection_ask(&connection, cid);
			timings[i].end = now = now_ns();
		}
		arrive(line);
	}
	connection_release(&connection, QMI_SERVICE_DMS, cid);
	connection_close(&connection);
}

static void occupy(const struct options *options, struct connection *connection, unsigned i)
{
	static const uint8_t services[] = {QMI_SERVICE_WDS, QMI_SERVICE_NAS, QMI_SERVICE_WMS,
					   QMI_SERVICE_UIM, QMI_SERVICE_WDA};
	static uint8_t shared;

	if (!options->waiting) {
		connection_allocate(connection, services[i / IDLE_PER_SERVICE % sizeof(services)]);
		return;
	}
	if (i == 0)
		shared = connection_allocate(connection, QMI_SERVICE_DMS);
	connection_ask_in_vain(connection, shared);
}

/* Holds sessions like those of programs that wait for an indication, or for their turn. */
static void be_idle(const struct options *options, const struct starting_line *line)
{
	const struct rlimit files = {.rlim_cur = options->idle + 64,
				     .rlim_max = options->idle + 64};
	struct epoll_event event = {.events = EPOLLIN};
	struct connection connection;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		err(EXIT_FAILURE, "cannot open %u files", options->idle);
	for (unsigned i = 0; i < options->idle; i++) {
		connection_open(&connection, options->paths[i % options->path_count],
				options->proxy, READING_BLOCKS);
		occupy(options, &connection, i);
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection.fd, &event) < 0)
			err(EXIT_FAILURE, "cannot wait for %u sessions", options->idle);
	}
	arrive(line);
	if (epoll_wait(epoll_fd, &event, 1, 0) != 0)
		errx(EXIT_FAILURE, "an idle session received something");
}

static void make_line(struct starting_line *line)
{
	if (pipe2(line->arrived, O_CLOEXEC) < 0 || pipe2(line->go, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
}

/* True in the child, which dies with its parent and sees the end of the line's pipe. */
static bool forked(const struct starting_line *line)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid > 0)
		return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(line->go[1]);
	return true;
}

static void on_child_end(int signal)
{
	(void)signal; /* interrupts a read */
}

static bool all_succeeded(void)
{
	int status;

	while (wait(&status) > 0)
		if (status != 0)
			return false;
	return errno == ECHILD;
}

static void start_idle(const struct options *options, struct starting_line *line)
{
	make_line(line);
	if (options->idle == 0)
		return;
	if (forked(line)) {
		be_idle(options, line);
		exit(EXIT_SUCCESS);
	}
	await_arrivals(line, 1);
}

/* Starts one at a time: two clients that open a port at once can make qmi-proxy open it twice. */
static void start_clients(const struct options *options, const struct timings *timings,
			  struct starting_line *line)
{
	make_line(line);
	for (unsigned i = 0; i < options->clients; i++) {
		if (forked(line)) {
			be_client(options, options->paths[i % options->path_count], line,
				  &timings->list[(size_t)i * timings->each], timings->each);
			exit(EXIT_SUCCESS);
		}
		await_arrivals(line, 1);
	}
}

static void print_result(const struct options *options, const struct timings *timings,
			 uint64_t cpu_ns)
{
	struct timings_summary summary;

	timings_summarize(timings, &summary);
	printf("%.0f,%.1f,%.1f,%.1f,", summary.per_second, summary.p50, summary.p99, summary.worst);
	if (options->server > 0)
		printf("%.1f,%llu\n",
		       (double)cpu_ns / 1e3 / ((double)timings->clients * timings->each),
		       (unsigned long long)server_peak_kib(options->server));
	else
		printf(",\n");
}

static int race(const struct options *options)
{
	struct starting_line idle;
	struct starting_line clients;
	struct timings timings;
	uint64_t cpu_ns = 0;

	timings_create(&timings, options->clients,
		       (options->requests + options->clients - 1) / options->clients);
	sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child_end}, NULL);
	start_idle(options, &idle);
	start_clients(options, &timings, &clients);
	if (options->server > 0)
		cpu_ns = server_cpu_ns(options->server);
	start(&clients, options->clients);
	await_arrivals(&clients, options->clients);
	if (options->server > 0)
		cpu_ns = server_cpu_ns(options->server) - cpu_ns;
	print_result(options, &timings, cpu_ns);
	close(clients.go[1]);
	close(idle.go[1]);
	return all_succeeded() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static unsigned parse_number(const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number < min || number > max)
		errx(EXIT_FAILURE, "'%s' is not a number from %u to %u", text, min, max);
	return (unsigned)number;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"clients", required_argument, NULL, 'c'},
		{"requests", required_argument, NULL, 'r'},
		{"poll", no_argument, NULL, 'p'},
		{"proxy", no_argument, NULL, 'x'},
		{"idle", required_argument, NULL, 'i'},
		{"waiting", no_argument, NULL, 'w'},
		{"server", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct options){.clients = 1, .requests = 1000, .reading = READING_BLOCKS};
	while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		switch (option) {
		case 'c':
			options->clients = parse_number(optarg, 1, CLIENTS_MAX);
			break;
		case 'r':
			options->requests = parse_number(optarg, 1, REQUESTS_MAX);
			break;
		case 'p':
			options->reading = READING_POLLS;
			break;
		case 'x':
			options->proxy = true;
			break;
		case 'i':
			options->idle = parse_number(optarg, 0, IDLE_MAX);
			break;
		case 'w':
			options->waiting = true;
			break;
		case 's':
			options->server = (pid_t)parse_number(optarg, 1, INT_MAX);
			break;
		default:
			exit(EXIT_FAILURE);
		}
	}
	if (optind == argc)
		errx(EXIT_FAILURE, "no port or node given");
	options->paths = &argv[optind];
	options->path_count = (unsigned)(argc - optind);
}

int main(int argc, char **argv)
{
	struct options options;

	parse_options(argc, argv, &options);
	alarm(TIME_MAX);
	return race(&options);
}
