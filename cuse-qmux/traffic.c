/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traffic.h"

#include "clock.h"
#include "log.h"
#include "lookout.h"

/* ms after which a request may be one whose answer another program has taken */
#define OVERDUE 5000

#define NOISE_TIMES 5     /* less may be the rest of one message */
#define NOISE_END   10000 /* ms without any */

#define SILENCE       30000 /* ms that requests wait */
#define SILENCE_PAUSE 3000  /* ms that a program may take to try again */

void traffic_init(struct traffic *traffic, const struct mux *mux, const char *path)
{
	*traffic = (struct traffic){.mux = mux, .path = path, .silence.doubted = MUX_NEVER};
}

/* Signs of another program at the port: it takes answers, or gets some for us to read. */
static void traffic_watch_for_others(struct traffic *traffic, uint64_t now)
{
	uint64_t oddities = mux_counters(traffic->mux)->expired + mux_unasked(traffic->mux);
	uint64_t oldest = mux_oldest_in_flight(traffic->mux);

	if (oldest != MUX_NEVER && now >= oldest + OVERDUE) {
		traffic->overdue = oldest;
		lookout_want();
	}
	if (oddities != traffic->oddities)
		lookout_want();
	traffic->oddities = oddities;
}

static uint64_t traffic_overdue_deadline(const struct traffic *traffic)
{
	uint64_t oldest = mux_oldest_in_flight(traffic->mux);

	/* While that one waits, the lookout has a deadline. */
	return oldest == MUX_NEVER || oldest <= traffic->overdue ? MUX_NEVER : oldest + OVERDUE;
}

static void traffic_hear_noise(struct traffic *traffic, uint64_t bytes, uint64_t now)
{
	struct noise *noise = &traffic->noise;

	if (noise->times == 0) {
		noise->before = noise->seen;
		noise->began = now;
	}
	if (!noise->told)
		log_warning("skipped %llu bytes from the modem that are not a QMI frame",
			    (unsigned long long)(bytes - noise->seen));
	noise->seen = bytes;
	noise->last = now;
	noise->times++;
	if (noise->told || noise->times < NOISE_TIMES)
		return;
	noise->told = true;
	log_warning("%s: the modem or another program sends what is not QMI: the port may be in "
		    "another mode, or another program takes parts of the messages",
		    traffic->path);
	lookout_want();
}

static void traffic_end_noise(struct traffic *traffic)
{
	struct noise *noise = &traffic->noise;

	if (noise->told)
		log_info("%s: the noise is over: skipped %llu bytes in %llu s", traffic->path,
			 (unsigned long long)(noise->seen - noise->before),
			 (unsigned long long)(noise->last - noise->began + 999) / 1000);
	noise->told = false;
	noise->times = 0;
}

static void traffic_watch_noise(struct traffic *traffic, uint64_t now)
{
	uint64_t bytes = mux_counters(traffic->mux)->garbage;
	struct noise *noise = &traffic->noise;

	if (noise->times > 0 && now >= noise->last + NOISE_END)
		traffic_end_noise(traffic);
	if (bytes != noise->seen)
		traffic_hear_noise(traffic, bytes, now);
}

static uint64_t traffic_noise_deadline(const struct traffic *traffic)
{
	return traffic->noise.told ? traffic->noise.last + NOISE_END : MUX_NEVER;
}

static void traffic_end_silence(struct traffic *traffic, uint64_t now)
{
	struct silence *silence = &traffic->silence;

	if (silence->told)
		log_info("%s: the modem answers again, after %llu s", traffic->path,
			 (unsigned long long)(now - silence->began) / 1000);
	silence->told = false;
	silence->waited = 0;
	silence->waits = false;
	silence->watched = now;
	silence->requests = mux_counters(traffic->mux)->requests;
	silence->doubted = MUX_NEVER;
}

static bool traffic_lacks_answers(const struct traffic *traffic)
{
	uint64_t asked = mux_counters(traffic->mux)->requests - traffic->silence.requests;

	return asked > 1 || mux_in_flight(traffic->mux) > 1;
}

static void traffic_judge_silence(struct traffic *traffic, uint64_t now)
{
	struct silence *silence = &traffic->silence;

	if (silence->told || silence->waited < SILENCE - OVERDUE)
		return;
	if (silence->doubted == MUX_NEVER && traffic_lacks_answers(traffic))
		silence->doubted = now;
	if (silence->waited < SILENCE || silence->doubted == MUX_NEVER ||
	    now < silence->doubted + OVERDUE)
		return;
	silence->told = true;
	log_warning("%s: the modem has fallen silent: requests have waited for %d s, and it has "
		    "answered none",
		    traffic->path, SILENCE / 1000);
}

/* waits: a request does from now on. */
static void traffic_count_silence(struct traffic *traffic, bool waits, uint64_t now)
{
	struct silence *silence = &traffic->silence;
	uint64_t since = now - silence->watched;

	if (silence->waits || (waits && silence->waited > 0 && since <= SILENCE_PAUSE))
		silence->waited += since;
	if (silence->waits || waits)
		silence->watched = now;
	traffic_judge_silence(traffic, now);
}

static void traffic_watch_silence(struct traffic *traffic, uint64_t now)
{
	bool waits = mux_oldest_in_flight(traffic->mux) != MUX_NEVER;
	uint64_t responses = mux_responses(traffic->mux);
	struct silence *silence = &traffic->silence;

	if (responses != silence->responses)
		traffic_end_silence(traffic, now);
	else
		traffic_count_silence(traffic, waits, now);
	if (waits && !silence->waits && silence->waited == 0)
		silence->began = now;
	silence->responses = responses;
	silence->waits = waits;
}

static uint64_t traffic_silence_deadline(const struct traffic *traffic)
{
	const struct silence *silence = &traffic->silence;

	if (!silence->waits || silence->told)
		return MUX_NEVER;
	if (silence->waited < SILENCE - OVERDUE)
		return silence->watched + (SILENCE - OVERDUE - silence->waited);
	if (silence->doubted == MUX_NEVER)
		return MUX_NEVER;
	if (silence->waited < SILENCE)
		return silence->watched + (SILENCE - silence->waited);
	return silence->doubted + OVERDUE;
}

uint64_t traffic_deadline(const struct traffic *traffic)
{
	uint64_t deadline = traffic_overdue_deadline(traffic);

	deadline = sooner(deadline, traffic_noise_deadline(traffic));
	return sooner(deadline, traffic_silence_deadline(traffic));
}

void traffic_watch(struct traffic *traffic, uint64_t now)
{
	traffic_watch_for_others(traffic, now);
	traffic_watch_noise(traffic, now);
	traffic_watch_silence(traffic, now);
}
