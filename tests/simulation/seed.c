/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"
#include "seed.h"

#define SECONDS_MAX 120 /* a run that takes longer has hung */
#define STOP_STEPS  60  /* after a stop in the middle of trouble */

#define RESTARTS_IN   10 /* one seed in so many has restarts, */
#define STEPS_BETWEEN 50 /* one before so many steps */

static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

static size_t recording_size(unsigned size)
{
	return sizeof(struct recording) + size * sizeof(struct step);
}

struct recording *recording_create(unsigned size)
{
	struct recording *recording = shared(recording_size(size));

	recording->size = size;
	return recording;
}

void recording_copy(struct recording *to, const struct recording *from)
{
	to->config = from->config;
	to->count = from->count;
	memcpy(to->steps, from->steps, from->count * sizeof(to->steps[0]));
}

void recording_destroy(struct recording *recording)
{
	munmap(recording, recording_size(recording->size));
}

static void note_outcome(const struct world *world, struct outcome *outcome)
{
	const struct model *model = world_model(world);
	const char *rule = model_broken_rule(model);

	outcome->failed = rule != NULL;
	snprintf(outcome->rule, sizeof(outcome->rule), "%s", rule ? rule : "");
	snprintf(outcome->kind, sizeof(outcome->kind), "%s", rule ? model_kind(model) : "");
	snprintf(outcome->complaint, sizeof(outcome->complaint), "%s", model_complaint(model));
	memcpy(outcome->situations, model_situations(model), sizeof(outcome->situations));
}

/* Records the step first, in case it crashes. */
static bool do_step(struct world *world, struct recording *recording, const struct operation *op)
{
	if (recording) {
		recording->steps[recording->count] = (struct step){recording->count, *op};
		recording->count++;
	}
	return world_do(world, op);
}

/* V29: restarts come from a stream of their own, so that the other steps stay as they are. */
struct restarts {
	struct random random;
	bool wanted;
};

static void restarts_init(struct restarts *restarts, uint64_t seed)
{
	restarts->random = (struct random){seed ^ 0x5265737461727473};
	restarts->wanted = random_one_in(&restarts->random, RESTARTS_IN);
}

static bool restarts_next(struct restarts *restarts, struct operation *op)
{
	if (!restarts->wanted || !random_one_in(&restarts->random, STEPS_BETWEEN))
		return false;
	*op = (struct operation){.kind = random_one_in(&restarts->random, 5) ? OP_CRASH : OP_SAVE,
				 .amount = random_below(&restarts->random, 64),
				 .extra = random_below(&restarts->random, 4)};
	return true;
}

static void run(uint64_t seed, unsigned steps, struct recording *recording, struct outcome *outcome)
{
	struct generator generator;
	struct restarts restarts;
	struct world_config config;
	struct operation op;
	struct world *world;
	unsigned all = seed % 2 ? steps : steps + STOP_STEPS;
	unsigned step = 0;
	bool good = true;

	generator_init(&generator, seed, &config);
	restarts_init(&restarts, seed);
	world = world_create(&config);
	if (recording)
		recording->config = config;
	while (good && step < all) {
		if (restarts_next(&restarts, &op))
			good = do_step(world, recording, &op);
		if (!good)
			break;
		if (step == steps)
			op = (struct operation){.kind = OP_STOP};
		else
			generator_next(&generator, world, &op);
		good = do_step(world, recording, &op);
		step++;
	}
	outcome->step = step;
	outcome->finishing = good;
	if (good)
		world_finish(world);
	note_outcome(world, outcome);
	world_destroy(world);
}

void seed_run(uint64_t seed, unsigned steps, struct outcome *outcome)
{
	alarm(SECONDS_MAX);
	run(seed, steps, NULL, outcome);
	alarm(0);
}

/* Waits for the process. If it has crashed, that is the outcome. */
static void await(pid_t pid, const struct outcome *said, struct outcome *outcome)
{
	int status = 0;

	waitpid(pid, &status, 0);
	*outcome = *said;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	outcome->failed = true;
	snprintf(outcome->rule, sizeof(outcome->rule), "crash");
	outcome->kind[0] = '\0';
	snprintf(outcome->complaint, sizeof(outcome->complaint), "%s",
		 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "a sanitizer's report");
}

pid_t seed_fork(void)
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
	struct recording *recording = recording_create(2 * (steps + STOP_STEPS));
	struct outcome *said = shared(sizeof(*said));
	pid_t pid = seed_fork();

	if (pid == 0) {
		run(seed, steps, recording, said);
		_exit(0);
	}
	await(pid, said, outcome);
	if (strcmp(outcome->rule, "crash") == 0)
		outcome->step = recording->count;
	munmap(said, sizeof(*said));
	return recording;
}

static void print_step(const struct step *step)
{
	char text[400];

	operation_print(&step->op, text, sizeof(text));
	printf("%6u  %s\n", step->number, text);
	fflush(stdout);
}

static bool replay_steps(struct world *world, const struct recording *recording, bool trace,
			 struct outcome *outcome)
{
	bool good = true;
	unsigned i = 0;

	while (good && i < recording->count) {
		if (trace)
			print_step(&recording->steps[i]);
		outcome->step = i + 1; /* in case it crashes */
		good = world_do(world, &recording->steps[i].op);
		i++;
	}
	return good;
}

static void replay(const struct recording *recording, bool to_the_end, bool trace,
		   struct outcome *outcome)
{
	struct world *world = world_create(&recording->config);

	outcome->finishing = replay_steps(world, recording, trace, outcome);
	if (outcome->finishing && to_the_end)
		world_finish(world);
	note_outcome(world, outcome);
	world_destroy(world);
}

void seed_replay_here(const struct recording *recording, bool to_the_end, struct outcome *outcome)
{
	alarm(SECONDS_MAX);
	memset(outcome, 0, sizeof(*outcome));
	replay(recording, to_the_end, false, outcome);
	alarm(0);
}

void seed_replay(const struct recording *recording, bool trace, struct outcome *outcome)
{
	static struct outcome *said;
	pid_t pid;

	if (!said)
		said = shared(sizeof(*said));
	memset(said, 0, sizeof(*said));
	pid = seed_fork();
	if (pid == 0) {
		if (!trace && !freopen("/dev/null", "w", stderr))
			_exit(2);
		replay(recording, true, trace, said);
		fflush(stdout);
		_exit(0);
	}
	await(pid, said, outcome);
}
