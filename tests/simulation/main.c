/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs seeds on all processors and reports the results. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "field.h"
#include "shrink.h"

#define FAILURES_TOLD  3 /* shrunk and printed; for the others only the seed is printed */
#define FAILURES_MAX   50
#define SHRINK_SECONDS 60 /* for each failure; four times that for a single seed */
#define WORKERS_MAX    64

struct options {
	uint64_t first;
	uint64_t last;
	unsigned steps;
	unsigned seconds; /* 0: no limit */
	unsigned workers;
	bool trace;
	bool list;    /* only list failing seeds */
	bool partial; /* too few seeds to reach every situation */
	char *only;
	char *world;
};

/* Shared between the processes. */
struct board {
	_Atomic uint64_t next;
	_Atomic uint64_t passed;
	_Atomic unsigned failed;
	uint64_t failures[FAILURES_MAX];
	_Atomic uint64_t situations[SITUATION_COUNT];
	uint64_t working_on[WORKERS_MAX];
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: simulation [--seed N | --seeds A-B] [--steps N] [--seconds N] [--list]\n"
		"                  [--trace] [--only STEP,STEP,...] [--world :NAME=VALUE...]\n"
		"\n"
		"  --seed N      run only this seed\n"
		"  --seeds A-B   run these seeds (1-2000)\n"
		"  --steps N     steps per seed (2000)\n"
		"  --seconds N   run seeds from A upwards for this long\n"
		"  --workers N   number of processes (one per processor)\n"
		"  --list        print only the seeds of failures\n"
		"  --trace       with --seed: print every step\n"
		"  --only ...    with --seed: run and print only these steps; 17:cid=2 changes\n"
		"                a step\n"
		"  --world ...   with --only: change the world\n");
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void note_failure(struct board *board, uint64_t seed)
{
	unsigned n = atomic_fetch_add(&board->failed, 1);

	if (n < FAILURES_MAX)
		board->failures[n] = seed;
}

static void work(const struct options *options, struct board *board, unsigned worker, uint64_t end)
{
	struct outcome outcome;

	while (now() < end && board->failed < FAILURES_MAX) {
		uint64_t seed = atomic_fetch_add(&board->next, 1);

		if (seed > options->last)
			return;
		board->working_on[worker] = seed;
		seed_run(seed, options->steps, &outcome);
		board->working_on[worker] = UINT64_MAX;
		for (unsigned i = 0; i < SITUATION_COUNT; i++)
			atomic_fetch_add(&board->situations[i], outcome.situations[i]);
		if (outcome.failed)
			note_failure(board, seed);
		else
			atomic_fetch_add(&board->passed, 1);
	}
}

static pid_t start_worker(const struct options *options, struct board *board, unsigned worker,
			  uint64_t end)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		work(options, board, worker, end);
		exit(0);
	}
	return pid;
}

/* If a worker dies, its seed has failed, and a new worker takes its place. */
static void run_all(const struct options *options, struct board *board)
{
	uint64_t end = options->seconds ? now() + options->seconds * 1000ULL : UINT64_MAX;
	unsigned count = options->workers;
	pid_t pids[WORKERS_MAX];
	unsigned running = count;

	for (unsigned i = 0; i < count; i++)
		pids[i] = start_worker(options, board, i, end);
	while (running) {
		int status;
		pid_t pid = wait(&status);
		unsigned i = 0;

		while (i < count && pids[i] != pid)
			i++;
		if (i == count)
			continue;
		running--;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		note_failure(board, board->working_on[i]);
		if (board->failed < FAILURES_MAX) {
			pids[i] = start_worker(options, board, i, end);
			running++;
		}
	}
}

static void print_config(const struct world_config *config)
{
	printf("        %u nodes%s, %zu bytes per frame, %zu per queue, timeout %" PRIu64
	       " ms, CTL %" PRIu64 " ms, orphan timeout %" PRIu64
	       " ms; the modem has %u clients per service, from CID %u%s%s\n",
	       config->nodes, config->share_node ? ", shared by all users" : "", config->frame_max,
	       config->queue_bytes, config->transaction_timeout, config->ctl_timeout,
	       config->orphan_timeout, config->modem_clients, config->modem_first_cid,
	       config->start_sync ? "; Sync at the start" : "",
	       config->proxy ? "; odd sessions are connections" : "");
}

/* Prints the command that repeats the shrunk steps. */
static void print_replay(const struct options *options, const struct recording *recorded,
			 const struct recording *shrunk)
{
	printf("replay: build/tests/simulation --seed %" PRIu64 " --steps %u --world '",
	       options->first, options->steps);
	field_print(&recorded->config, &shrunk->config, world_fields);
	printf("' --only '");
	for (unsigned i = 0; i < shrunk->count; i++) {
		const struct step *step = &shrunk->steps[i];

		printf("%s%u", i ? "," : "", step->number);
		field_print(&recorded->steps[step->number].op, &step->op, operation_fields);
	}
	printf("'\n");
}

static void tell_failure(const struct options *options, uint64_t seed)
{
	struct options this = *options;
	struct outcome outcome;
	struct recording *recorded = seed_record(seed, options->steps, &outcome);
	struct recording *shrunk = recording_create(recorded->count);

	printf("seed %" PRIu64 " fails in step %u: %s: %s\n", seed, outcome.step, outcome.rule,
	       outcome.complaint);
	fflush(stdout);
	recording_copy(shrunk, recorded);
	shrink(shrunk, &outcome,
	       options->first == options->last ? 4 * SHRINK_SECONDS : SHRINK_SECONDS);
	printf("shrunk to %u steps:\n", shrunk->count);
	print_config(&shrunk->config);
	seed_replay(shrunk, true, &outcome);
	printf("        %s: %s\n", outcome.rule, outcome.complaint);
	this.first = seed;
	print_replay(&this, recorded, shrunk);
	recording_destroy(shrunk);
	recording_destroy(recorded);
}

/* A situation that was never reached has not been tested. Only a full run must reach all. */
static unsigned tell_situations(const struct options *options, struct board *board)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < SITUATION_COUNT; i++) {
		printf("%12" PRIu64 "  %s\n", board->situations[i], situation_texts[i]);
		missing += !board->situations[i];
	}
	if (!missing || options->partial)
		return 0;
	printf("%u situations were never reached\n", missing);
	return missing;
}

static int run_seeds(const struct options *options)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned failed;

	if (board == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	board->next = options->first;
	if (options->seconds)
		printf("seeds from %" PRIu64 " upwards\n", options->first);
	run_all(options, board);
	failed = board->failed;
	for (unsigned i = 0; i < failed && i < FAILURES_MAX; i++) {
		if (i < FAILURES_TOLD && !options->list)
			tell_failure(options, board->failures[i]);
		else
			printf("seed %" PRIu64 " fails\n", board->failures[i]);
	}
	if (!failed)
		failed = tell_situations(options, board);
	printf("%" PRIu64 " passed, %u failed", board->passed, failed);
	if (options->seconds)
		printf(" (--seeds %" PRIu64 "-%" PRIu64 ")", options->first,
		       options->first + board->passed + board->failed - 1);
	printf("\n");
	return failed > 0;
}

/* Keeps only the steps named in only, with its changes. */
static void choose(struct recording *recording, char *only)
{
	char *at = only;
	unsigned count = 0;

	while (*at) {
		char *end;
		unsigned long number = strtoul(at, &end, 10);
		struct step *step = &recording->steps[number];

		if (end == at || number >= recording->count || number < count ||
		    !(end = field_parse(&step->op, operation_fields, end)) ||
		    (*end && *end != ',')) {
			fprintf(stderr, "simulation: --only: '%s' is not one of %u steps\n", at,
				recording->count);
			exit(2);
		}
		recording->steps[count++] = *step;
		at = end + (*end == ',');
	}
	recording->count = count;
}

static int run_traced(const struct options *options)
{
	struct outcome outcome;
	struct recording *recording = seed_record(options->first, options->steps, &outcome);
	char *end = options->world ? field_parse(&recording->config, world_fields, options->world)
				   : NULL;

	if (options->world && (!end || *end)) {
		fprintf(stderr, "simulation: --world: '%s'\n", options->world);
		exit(2);
	}
	if (options->only)
		choose(recording, options->only);
	print_config(&recording->config);
	seed_replay(recording, true, &outcome);
	if (outcome.failed)
		printf("        %s: %s\n", outcome.rule, outcome.complaint);
	printf("%d passed, %d failed\n", !outcome.failed, outcome.failed);
	recording_destroy(recording);
	return outcome.failed;
}

static uint64_t number(const char *option, const char *text, char **end)
{
	uint64_t value;

	errno = 0;
	value = strtoull(text, end, 10);
	if (errno || *end == text || *text == '-' || (**end && **end != '-')) {
		fprintf(stderr, "simulation: %s: '%s' is not a number\n", option, text);
		exit(2);
	}
	return value;
}

static unsigned one_to(unsigned max, uint64_t count)
{
	return count < 1 ? 1 : count > max ? max : (unsigned)count;
}

static struct options parse(int argc, char **argv)
{
	static const struct option names[] = {
		{"seed", 1, NULL, 'n'},    {"seeds", 1, NULL, 'r'}, {"steps", 1, NULL, 's'},
		{"seconds", 1, NULL, 't'}, {"trace", 0, NULL, 'v'}, {"only", 1, NULL, 'o'},
		{"list", 0, NULL, 'l'},    {"help", 0, NULL, 'h'},  {"world", 1, NULL, 'w'},
		{"workers", 1, NULL, 'j'}, {NULL, 0, NULL, 0},
	};
	struct options options = {.first = 1, .last = 2000, .steps = 2000};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	char *end;
	int c;

	options.workers = one_to(WORKERS_MAX, processors < 1 ? 1 : (uint64_t)processors);
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'n':
			options.first = options.last = number("--seed", optarg, &end);
			options.partial = true;
			break;
		case 'r':
			options.first = options.last = number("--seeds", optarg, &end);
			if (*end == '-')
				options.last = number("--seeds", end + 1, &end);
			options.partial = true;
			break;
		case 's':
			options.steps = (unsigned)number("--steps", optarg, &end);
			options.partial = true;
			break;
		case 't':
			options.seconds = (unsigned)number("--seconds", optarg, &end);
			options.last = UINT64_MAX - 1;
			options.partial = true;
			break;
		case 'v':
			options.trace = true;
			break;
		case 'l':
			options.list = true;
			break;
		case 'j':
			options.workers = one_to(WORKERS_MAX, number("--workers", optarg, &end));
			break;
		case 'w':
			options.world = optarg;
			break;
		case 'o':
			options.only = optarg;
			options.trace = true;
			break;
		default:
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (options.last < options.first) {
		fprintf(stderr, "simulation: --seeds: %" PRIu64 "-%" PRIu64 " is empty\n",
			options.first, options.last);
		exit(2);
	}
	if (optind < argc || options.steps > STEPS_MAX ||
	    (options.trace && options.first != options.last)) {
		usage(stderr);
		exit(2);
	}
	return options;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);

	return options.trace ? run_traced(&options) : run_seeds(&options);
}
