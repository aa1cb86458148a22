/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "clients.h"
#include "millis.h"
#include "power.h"
#include "services.h"
#include "simulator.h"

#define WORDS_MAX   5
#define WHY_MAX     160
#define MS_MAX      3600000
#define FAILS_MAX   1000
#define SEND_MAX    128                /* bytes; a command has no room for more */
#define STALL_UNTIL (MILLIS_NEVER - 1) /* until told otherwise */

struct command {
	char *word[WORDS_MAX]; /* the command's name first */
	size_t count;
	FILE *out;
};

/* Returns false if the command was refused. */
typedef bool command_function(struct simulator *sim, struct command *command);

__attribute__((format(printf, 2, 3))) static bool command_refuse(const struct command *command,
								 const char *why, ...)
{
	va_list ap;

	fputs("error:", command->out);
	for (size_t i = 0; i < command->count; i++)
		fprintf(command->out, " %s", command->word[i]);
	fputs(": ", command->out);
	va_start(ap, why);
	vfprintf(command->out, why, ap);
	va_end(ap);
	fputc('\n', command->out);
	return false;
}

static void command_show_clients(const struct modem *modem, FILE *out)
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

static bool command_state(struct simulator *sim, struct command *command)
{
	const struct modem *modem = &sim->modem;
	const struct modem_counters *counters = &modem->counters;
	const struct line_counters *line = &sim->line.counters;
	FILE *out = command->out;

	fprintf(out, "operating-mode=%s\n", dms_mode_name(modem->mode));
	fprintf(out, "connected=%s\n", call_any(modem) ? "yes" : "no");
	fprintf(out, "syncs=%lu\nrestarts=%lu\n", counters->syncs, counters->restarts);
	command_show_clients(modem, out);
	fprintf(out, "frames.received=%lu\nframes.sent=%lu\n", line->received, line->sent);
	for (size_t i = 0; i < SERVICES; i++)
		fprintf(out, "requests.%s=%lu\n", modem->services[i]->name, counters->requests[i]);
	fprintf(out, "requests.other=%lu\n", counters->requests_other);
	fprintf(out, "refused.cids=%lu\n", counters->refused);
	fprintf(out, "garbage.received=%lu\n", line->garbage);
	fprintf(out, "answers.dropped=%lu\nframes.lost=%lu\n", line->dropped, line->lost);
	fprintf(out, "stalled=%s\n", sim->line.stalled_until ? "yes" : "no");
	fprintf(out, "open=%s\n", sim->line.port->kind->in_use(sim->line.port) ? "yes" : "no");
	if (sim->settings.usb)
		usb_port_print_state(&sim->usb, out);
	return true;
}

static bool command_set(struct simulator *sim, struct command *command)
{
	char why[WHY_MAX];

	if (settings_change(&sim->settings, command->word[1], command->word[2], why, sizeof(why)))
		return true;
	return command_refuse(command, "%s", why);
}

static bool command_restart(struct simulator *sim, struct command *command)
{
	(void)command;
	power_restart(&sim->modem);
	return true;
}

static bool command_stall(struct simulator *sim, struct command *command)
{
	const char *until = command->word[1];
	unsigned int ms;

	if (strcmp(until, "on") == 0)
		line_stall(&sim->line, STALL_UNTIL);
	else if (strcmp(until, "off") == 0)
		line_stall(&sim->line, 0);
	else if (settings_parse_number(until, 1, MS_MAX, &ms))
		line_stall(&sim->line, millis_now() + ms);
	else
		return command_refuse(command, "expected on, off or 1 to %d ms", MS_MAX);
	return true;
}

/* Returns NULL if there is no such service. */
static const struct service *command_service(const struct simulator *sim, const char *name)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (strcmp(sim->modem.services[i]->name, name) == 0)
			return sim->modem.services[i];
	}
	return NULL;
}

static bool command_parse_answer(const char *word, int *answer)
{
	unsigned int error;

	*answer = QMI_ERROR_NONE;
	if (strcmp(word, "no") == 0)
		*answer = HABIT_IGNORE;
	else if (strcmp(word, "lost") == 0)
		*answer = HABIT_LOSE;
	else if (settings_parse_number(word, 1, UINT16_MAX, &error))
		*answer = (int)error;
	else
		return strcmp(word, "yes") == 0;
	return true;
}

static bool command_answer(struct simulator *sim, struct command *command)
{
	const struct service *service = command_service(sim, command->word[1]);
	unsigned int message;
	int answer;

	if (!service || !settings_parse_number(command->word[2], 0, UINT16_MAX, &message) ||
	    !command_parse_answer(command->word[3], &answer))
		return command_refuse(command, "expected a service, a message id, and yes, no, "
					       "lost or a QMI error");
	if (habits_set(&sim->modem, service, (uint16_t)message, answer))
		return true;
	return command_refuse(command, "too many of these");
}

static bool command_send(struct simulator *sim, struct command *command)
{
	const char *hex = command->word[1];
	uint8_t bytes[SEND_MAX];
	size_t count = 0;
	int used = 0;

	while (count < SEND_MAX && sscanf(hex, "%2hhx%n", &bytes[count], &used) == 1 && used == 2) {
		hex += used;
		count++;
	}
	if (*hex || count == 0)
		return command_refuse(command, "expected bytes in hexadecimal");
	line_send_bytes(&sim->line, bytes, count);
	return true;
}

static void command_indicate_sync(struct modem *modem)
{
	line_indicate_sync(modem->line);
}

static bool command_indicate(struct simulator *sim, struct command *command)
{
	static const struct {
		const char *name;
		void (*indicate)(struct modem *modem);
	} indications[] = {
		{"signal", nas_change_signal},     {"serving-system", nas_indicate_serving_system},
		{"packet-service", call_indicate}, {"packet-service-broadcast", call_broadcast},
		{"sync", command_indicate_sync},
	};

	for (size_t i = 0; i < COUNT(indications); i++) {
		if (strcmp(indications[i].name, command->word[1]) == 0) {
			indications[i].indicate(&sim->modem);
			return true;
		}
	}
	return command_refuse(command, "expected signal, serving-system, packet-service, "
				       "packet-service-broadcast or sync");
}

static bool command_sms(struct simulator *sim, struct command *command)
{
	const char *text = command->word[1];

	if (strlen(text) > SMS_TEXT_MAX)
		return command_refuse(command, "expected a word of up to %d characters",
				      SMS_TEXT_MAX);
	if (!modem_state_online(&sim->modem))
		return command_refuse(command, "the modem is not online");
	return wms_deliver(&sim->modem, text) || command_refuse(command, "the store is full");
}

static bool command_revoke(struct simulator *sim, struct command *command)
{
	const struct service *service = command_service(sim, command->word[1]);
	unsigned int cid = QMI_CID_NONE;

	settings_parse_number(command->word[2], 1, QMI_CID_MAX, &cid);
	if (!service || !clients_find(&sim->modem, service, cid))
		return command_refuse(command, "expected a service and one of its CIDs");
	ctl_revoke(&sim->modem, service, (uint8_t)cid);
	return true;
}

static bool command_unplug(struct simulator *sim, struct command *command)
{
	(void)command;
	if (sim->settings.usb) {
		usb_port_unplug(&sim->usb);
		power_on(&sim->modem);
	} else {
		line_close(&sim->line);
		sim->ended = true;
	}
	return true;
}

static bool command_plug(struct simulator *sim, struct command *command)
{
	if (sim->usb.port.open)
		return command_refuse(command, "already plugged in");
	usb_port_plug(&sim->usb, 0);
	return true;
}

static bool command_replug(struct simulator *sim, struct command *command)
{
	unsigned int ms;

	if (!settings_parse_number(command->word[1], 0, MS_MAX, &ms))
		return command_refuse(command, "expected 0 to %d ms", MS_MAX);
	command_unplug(sim, command);
	usb_port_plug(&sim->usb, ms);
	return true;
}

static bool command_reset(struct simulator *sim, struct command *command)
{
	return usb_port_reset(&sim->usb) || command_refuse(command, "%s", strerror(errno));
}

static bool command_fail(struct simulator *sim, struct command *command)
{
	static const char *const names[USB_FAULTS] = {"command", "response", "notification"};
	unsigned int count;

	for (size_t i = 0; i < USB_FAULTS; i++) {
		if (strcmp(names[i], command->word[1]) == 0 &&
		    settings_parse_number(command->word[2], 0, FAILS_MAX, &count)) {
			usb_device_fail(&sim->usb.device, (enum usb_fault)i, count);
			return true;
		}
	}
	return command_refuse(command, "expected command, response or notification, and 0 to %d",
			      FAILS_MAX);
}

static bool command_quit(struct simulator *sim, struct command *command)
{
	(void)command;
	sim->ended = true;
	return true;
}

static const struct command_entry {
	const char *name;
	size_t count; /* words, including the name */
	command_function *run;
	bool usb; /* only for a USB device */
} command_table[] = {
	{"state", 1, command_state, false},       {"set", 3, command_set, false},
	{"restart", 1, command_restart, false},   {"stall", 2, command_stall, false},
	{"answer", 4, command_answer, false},     {"send", 2, command_send, false},
	{"indicate", 2, command_indicate, false}, {"revoke", 3, command_revoke, false},
	{"unplug", 1, command_unplug, false},     {"plug", 1, command_plug, true},
	{"sms", 2, command_sms, false},           {"replug", 2, command_replug, true},
	{"reset", 1, command_reset, true},        {"fail", 3, command_fail, true},
	{"quit", 1, command_quit, false},
};

static void command_split(struct command *command, char *line)
{
	char *rest;

	for (char *word = strtok_r(line, " \t\r", &rest); word && command->count < WORDS_MAX;
	     word = strtok_r(NULL, " \t\r", &rest))
		command->word[command->count++] = word;
}

static bool command_execute(struct simulator *sim, struct command *command)
{
	for (size_t i = 0; command->count && i < COUNT(command_table); i++) {
		const struct command_entry *entry = &command_table[i];

		if (strcmp(entry->name, command->word[0]) != 0)
			continue;
		if (command->count != entry->count)
			return command_refuse(command, "expected %zu arguments, got %zu",
					      entry->count - 1, command->count - 1);
		if (entry->usb && !sim->settings.usb)
			return command_refuse(command, "only with --usb");
		return entry->run(sim, command);
	}
	fputs("error: unknown command; expected one of", command->out);
	for (size_t i = 0; i < COUNT(command_table); i++)
		fprintf(command->out, " %s", command_table[i].name);
	fputc('\n', command->out);
	return false;
}

void command_run(struct simulator *sim, char *line, FILE *out)
{
	struct command command = {.out = out};

	command_split(&command, line);
	if (command_execute(sim, &command))
		fputs("ok\n", out);
}
