/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "seed.h"

#define SECONDS_MAX    120 /* a run that takes longer has hung */
#define SHRINK_SECONDS 20
#define STOP_STEPS     60 /* of trouble behind a stop in the midst of it */

static void note_outcome(const struct world *world, unsigned step, struct outcome *outcome)
{
	const struct model *model = world_model(world);
	const char *rule = model_broken_rule(model);

	outcome->failed = rule != NULL;
	outcome->step = step;
	snprintf(outcome->rule, sizeof(outcome->rule), "%s", rule ? rule : "");
	snprintf(outcome->complaint, sizeof(outcome->complaint), "%s", model_complaint(model));
	memcpy(outcome->situations, model_situations(model), sizeof(outcome->situations));
}

/* The step is noted before it is done. */
static bool do_step(struct world *world, struct recording *recording, const struct operation *op)
{
	if (recording)
		recording->steps[recording->count++] = *op;
	return world_do(world, op);
}

static void run(uint64_t seed, unsigned steps, struct recording *recording, struct outcome *outcome)
{
	struct generator generator;
	struct world_config config;
	struct operation op;
	struct world *world;
	unsigned all = seed % 2 ? steps : steps + STOP_STEPS;
	unsigned step = 0;
	bool good = true;

	generator_init(&generator, seed, &config);
	world = world_create(&config);
	if (recording)
		recording->config = config;
	while (good && step < all) {
		if (step == steps)
			op = (struct operation){.kind = OP_STOP};
		else
			generator_next(&generator, world, &op);
		good = do_step(world, recording, &op);
		step++;
	}
	if (good)
		world_finish(world);
	note_outcome(world, step, outcome);
	world_destroy(world);
}

void seed_run(uint64_t seed, unsigned steps, struct outcome *outcome)
{
	alarm(SECONDS_MAX);
	run(seed, steps, NULL, outcome);
	alarm(0);
}

static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

/* After the process has ended: as it says, or as it shows by the way it ended. */
static void await(pid_t pid, const struct outcome *said, struct outcome *outcome)
{
	int status = 0;

	waitpid(pid, &status, 0);
	*outcome = *said;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	outcome->failed = true;
	snprintf(outcome->rule, sizeof(outcome->rule), "crash");
	snprintf(outcome->complaint, sizeof(outcome->complaint), "%s",
		 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "a sanitizer's report");
}

static pid_t start(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (pid == 0)
		alarm(SECONDS_MAX);
	return pid;
}

struct recording *seed_record(uint64_t seed, unsigned steps, struct outcome *outcome)
{
	size_t size = sizeof(struct recording) + (steps + STOP_STEPS) * sizeof(struct operation);
	struct recording *recording = shared(size);
	struct outcome *said = shared(sizeof(*said));
	pid_t pid = start();

	if (pid == 0) {
		run(seed, steps, recording, said);
		_exit(0);
	}
	await(pid, said, outcome);
	munmap(said, sizeof(*said));
	return recording;
}

static void replay(const struct recording *recording, const unsigned *chosen, unsigned count,
		   bool trace, struct outcome *outcome)
{
	struct world *world = world_create(&recording->config);
	bool good = true;
	unsigned i = 0;

	while (good && i < count) {
		const struct operation *op = &recording->steps[chosen[i]];
		char text[400];

		if (trace) {
			operation_print(op, text, sizeof(text));
			printf("%6u  %s\n", chosen[i], text);
			fflush(stdout);
		}
		good = world_do(world, op);
		i++;
	}
	if (good)
		world_finish(world);
	note_outcome(world, i ? chosen[i - 1] : 0, outcome);
	world_destroy(world);
}

void seed_replay(const struct recording *recording, const unsigned *chosen, unsigned count,
		 bool trace, struct outcome *outcome)
{
	struct outcome *said = shared(sizeof(*said));
	pid_t pid = start();

	if (pid == 0) {
		if (!trace && !freopen("/dev/null", "w", stderr))
			_exit(2);
		replay(recording, chosen, count, trace, said);
		fflush(stdout);
		_exit(0);
	}
	await(pid, said, outcome);
	munmap(said, sizeof(*said));
}

static bool still_fails(const struct recording *recording, const char *rule, const unsigned *chosen,
			unsigned count)
{
	struct outcome outcome;

	seed_replay(recording, chosen, count, false, &outcome);
	return outcome.failed && strcmp(outcome.rule, rule) == 0;
}

unsigned seed_shrink(const struct recording *recording, const char *rule, unsigned *chosen,
		     unsigned count)
{
	unsigned *fewer = malloc((count + 1) * sizeof(*fewer));
	unsigned part = (count + 1) / 2;
	time_t end = time(NULL) + SHRINK_SECONDS;

	if (!fewer)
		abort();
	while (part && time(NULL) < end) {
		bool smaller = false;

		for (unsigned at = 0; at < count && time(NULL) < end;) {
			unsigned left_out = part < count - at ? part : count - at;

			memcpy(fewer, chosen, at * sizeof(*fewer));
			memcpy(fewer + at, chosen + at + left_out,
			       (count - at - left_out) * sizeof(*fewer));
			if (still_fails(recording, rule, fewer, count - left_out)) {
				count -= left_out;
				memcpy(chosen, fewer, count * sizeof(*chosen));
				smaller = true;
			} else {
				at += part;
			}
		}
		if (part == 1 && smaller)
			continue;
		part /= 2;
	}
	free(fewer);
	return count;
}
