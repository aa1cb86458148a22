/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <string.h>

#include "clients.h"
#include "millis.h"
#include "power.h"
#include "services.h"
#include "sim.h"

#define WORDS_MAX   4
#define WHY_MAX     160
#define STALL_MAX   3600000
#define REPLUG_MAX  3600000
#define FAILS_MAX   1000
#define STALL_UNTIL (MILLIS_NEVER - 1) /* told otherwise */

/* A command's words, its own name first; those that are not there are "". */
struct words {
	char *word[WORDS_MAX];
	size_t count;
};

/* Returns false after it has written why not, without a newline. */
typedef bool command_function(struct sim *sim, const struct words *words, FILE *out);

static void show_clients(const struct modem *modem, FILE *out)
{
	const char *gap = "";
	unsigned int total = 0;

	for (size_t i = 1; i < SERVICES; i++)
		total += clients_count(modem, modem->services[i]);
	fprintf(out, "cids.total=%u\n", total);
	for (size_t i = 1; i < SERVICES; i++)
		fprintf(out, "cids.%s=%u\n", modem->services[i]->name,
			clients_count(modem, modem->services[i]));
	fprintf(out, "clients=");
	for (size_t i = 1; i < SERVICES; i++) {
		for (unsigned int cid = 1; cid <= QMI_CID_MAX; cid++) {
			if (!modem->clients[i][cid].allocated)
				continue;
			fprintf(out, "%s%s:%u", gap, modem->services[i]->name, cid);
			gap = " ";
		}
	}
	fputc('\n', out);
}

static void show_requests(const struct modem *modem, FILE *out)
{
	const struct modem_counters *counters = &modem->counters;

	for (size_t i = 0; i < SERVICES; i++)
		fprintf(out, "requests.%s=%lu\n", modem->services[i]->name, counters->requests[i]);
	fprintf(out, "requests.other=%lu\n", counters->requests_other);
}

static bool show_state(struct sim *sim, const struct words *words, FILE *out)
{
	const struct modem *modem = &sim->modem;
	const struct line_counters *line = &sim->line.counters;

	(void)words;
	fprintf(out, "operating-mode=%s\n", dms_mode_name(modem->mode));
	fprintf(out, "connected=%s\n", call_any(modem) ? "yes" : "no");
	fprintf(out, "syncs=%lu\n", modem->counters.syncs);
	fprintf(out, "restarts=%lu\n", modem->counters.restarts);
	show_clients(modem, out);
	fprintf(out, "frames.received=%lu\n", line->received);
	fprintf(out, "frames.sent=%lu\n", line->sent);
	show_requests(modem, out);
	fprintf(out, "refused.cids=%lu\n", modem->counters.refused);
	fprintf(out, "garbage.received=%lu\n", line->garbage);
	fprintf(out, "answers.dropped=%lu\n", line->dropped);
	fprintf(out, "frames.lost=%lu\n", line->lost);
	fprintf(out, "stalled=%s\n", sim->line.stalled_until ? "yes" : "no");
	fprintf(out, "open=%s\n", sim->line.port->kind->in_use(sim->line.port) ? "yes" : "no");
	if (sim->on_usb)
		usb_port_print_state(&sim->usb, out);
	return true;
}

static bool set(struct sim *sim, const struct words *words, FILE *out)
{
	char why[WHY_MAX];

	if (settings_set(&sim->settings, words->word[1], words->word[2], why, sizeof(why)))
		return true;
	fprintf(out, "error: set %s %s: %s", words->word[1], words->word[2], why);
	return false;
}

static bool restart(struct sim *sim, const struct words *words, FILE *out)
{
	(void)words;
	(void)out;
	power_restart(&sim->modem);
	return true;
}

static bool stall(struct sim *sim, const struct words *words, FILE *out)
{
	const char *until = words->word[1];
	unsigned int ms;

	if (strcmp(until, "on") == 0) {
		line_stall(&sim->line, STALL_UNTIL);
	} else if (strcmp(until, "off") == 0) {
		line_stall(&sim->line, 0);
	} else if (number_parse(until, 1, STALL_MAX, &ms)) {
		line_stall(&sim->line, millis_now() + ms);
	} else {
		fprintf(out, "error: stall %s: on, off or milliseconds from 1 to %d are wanted",
			until, STALL_MAX);
		return false;
	}
	return true;
}

static bool indicate(struct sim *sim, const struct words *words, FILE *out)
{
	static const struct {
		const char *name;
		void (*indicate)(struct modem *modem);
	} indications[] = {
		{"signal", nas_change_signal},
		{"serving-system", nas_indicate_serving_system},
		{"packet-service", call_indicate},
		{"packet-service-broadcast", call_broadcast},
	};

	for (size_t i = 0; i < COUNT(indications); i++) {
		if (strcmp(indications[i].name, words->word[1]) == 0) {
			indications[i].indicate(&sim->modem);
			return true;
		}
	}
	fprintf(out, "error: indicate %s: one of these is wanted:", words->word[1]);
	for (size_t i = 0; i < COUNT(indications); i++)
		fprintf(out, " %s", indications[i].name);
	return false;
}

static bool revoke(struct sim *sim, const struct words *words, FILE *out)
{
	unsigned int cid = QMI_CID_NONE;

	number_parse(words->word[2], 1, QMI_CID_MAX, &cid);
	for (size_t i = 0; i < SERVICES; i++) {
		const struct service *service = sim->modem.services[i];

		if (strcmp(service->name, words->word[1]) == 0 &&
		    clients_find(&sim->modem, service, cid)) {
			ctl_revoke(&sim->modem, service, (uint8_t)cid);
			return true;
		}
	}
	fprintf(out, "error: revoke %s %s: a service's name and one of its CIDs are wanted",
		words->word[1], words->word[2]);
	return false;
}

static bool unplug(struct sim *sim, const struct words *words, FILE *out)
{
	(void)words;
	(void)out;
	if (sim->on_usb) {
		usb_port_unplug(&sim->usb);
		power_on(&sim->modem);
	} else {
		line_close(&sim->line);
		sim->ended = true;
	}
	return true;
}

static bool on_usb(const struct sim *sim, const struct words *words, FILE *out)
{
	if (!sim->on_usb)
		fprintf(out, "error: %s: only a modem that was started with --usb can do this",
			words->word[0]);
	return sim->on_usb;
}

static bool plug(struct sim *sim, const struct words *words, FILE *out)
{
	if (!on_usb(sim, words, out))
		return false;
	if (sim->usb.port.open) {
		fprintf(out, "error: plug: it is plugged in");
		return false;
	}
	usb_port_plug(&sim->usb, 0);
	return true;
}

static bool replug(struct sim *sim, const struct words *words, FILE *out)
{
	unsigned int ms;

	if (!on_usb(sim, words, out))
		return false;
	if (!number_parse(words->word[1], 0, REPLUG_MAX, &ms)) {
		fprintf(out, "error: replug %s: milliseconds from 0 to %d are wanted",
			words->word[1], REPLUG_MAX);
		return false;
	}
	unplug(sim, words, out);
	usb_port_plug(&sim->usb, ms);
	return true;
}

static bool reset(struct sim *sim, const struct words *words, FILE *out)
{
	if (!on_usb(sim, words, out))
		return false;
	if (usb_port_reset(&sim->usb))
		return true;
	fprintf(out, "error: reset: %s", strerror(errno));
	return false;
}

static bool fail(struct sim *sim, const struct words *words, FILE *out)
{
	static const char *const names[USB_FAULTS] = {"command", "response", "notification"};
	unsigned int count;

	if (!on_usb(sim, words, out))
		return false;
	for (size_t i = 0; i < USB_FAULTS; i++) {
		if (strcmp(names[i], words->word[1]) == 0 &&
		    number_parse(words->word[2], 0, FAILS_MAX, &count)) {
			usb_device_fail(&sim->usb.device, (enum usb_fault)i, count);
			return true;
		}
	}
	fprintf(out,
		"error: fail %s %s: command, response or notification, and a number from 0 to %d "
		"are wanted",
		words->word[1], words->word[2], FAILS_MAX);
	return false;
}

static bool quit(struct sim *sim, const struct words *words, FILE *out)
{
	(void)words;
	(void)out;
	sim->ended = true;
	return true;
}

static const struct {
	const char *name;
	size_t count; /* of words, its own name among them */
	command_function *run;
} commands[] = {
	{"state", 1, show_state}, {"set", 3, set},           {"restart", 1, restart},
	{"stall", 2, stall},      {"indicate", 2, indicate}, {"revoke", 3, revoke},
	{"unplug", 1, unplug},    {"plug", 1, plug},         {"replug", 2, replug},
	{"reset", 1, reset},      {"fail", 3, fail},         {"quit", 1, quit},
};

static void split(char *line, struct words *words)
{
	char *rest;

	words->count = 0;
	for (char *word = strtok_r(line, " \t\r", &rest); word && words->count < WORDS_MAX;
	     word = strtok_r(NULL, " \t\r", &rest))
		words->word[words->count++] = word;
}

static bool run(struct sim *sim, const struct words *words, FILE *out)
{
	for (size_t i = 0; words->count && i < COUNT(commands); i++) {
		if (strcmp(commands[i].name, words->word[0]) != 0)
			continue;
		if (words->count == commands[i].count)
			return commands[i].run(sim, words, out);
		fprintf(out, "error: %s wants %zu more words, not %zu", commands[i].name,
			commands[i].count - 1, words->count - 1);
		return false;
	}
	fprintf(out, "error: no such command; there are");
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(out, " %s", commands[i].name);
	return false;
}

void command_run(struct sim *sim, char *line, FILE *out)
{
	struct words words;

	split(line, &words);
	fputs(run(sim, &words, out) ? "ok\n" : "\n", out);
}
