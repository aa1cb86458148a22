/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timings.h"

#include <err.h>
#include <stdlib.h>
#include <sys/mman.h>

void timings_create(struct timings *timings, unsigned clients, unsigned each)
{
	size_t size = (size_t)clients * each * sizeof(struct timing);

	timings->clients = clients;
	timings->each = each;
	timings->list = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (timings->list == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
}

/* The time in which all clients ran. */
static struct timing common_window(const struct timings *timings)
{
	struct timing window = {.begin = 0, .end = UINT64_MAX};

	for (unsigned client = 0; client < timings->clients; client++) {
		const struct timing *first = &timings->list[(size_t)client * timings->each];
		const struct timing *last = &first[timings->each - 1];

		if (first->begin > window.begin)
			window.begin = first->begin;
		if (last->end < window.end)
			window.end = last->end;
	}
	return window;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* The smallest value, in us, that at least percent of all values do not exceed. */
static double percentile(const uint64_t *sorted, size_t count, size_t percent)
{
	return (double)sorted[(count * percent + 99) / 100 - 1] / 1e3;
}

void timings_summarize(const struct timings *timings, struct timings_summary *summary)
{
	size_t all = (size_t)timings->clients * timings->each;
	struct timing window = common_window(timings);
	uint64_t *trips = calloc(all, sizeof(*trips));
	size_t count = 0;

	if (!trips)
		err(EXIT_FAILURE, "calloc");
	for (size_t i = 0; i < all; i++) {
		const struct timing *timing = &timings->list[i];

		if (timing->begin >= window.begin && timing->end <= window.end)
			trips[count++] = timing->end - timing->begin;
	}
	if (count == 0)
		errx(EXIT_FAILURE, "too few requests: the clients did not run at the same time");
	qsort(trips, count, sizeof(*trips), compare);
	summary->per_second = (double)count * 1e9 / (double)(window.end - window.begin);
	summary->p50 = percentile(trips, count, 50);
	summary->p99 = percentile(trips, count, 99);
	summary->worst = percentile(trips, count, 100);
	free(trips);
}
