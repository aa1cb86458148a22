/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qmi-modem-sim: simulates a QMI modem, on a pty or on USB.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "control.h"
#include "millis.h"
#include "power.h"
#include "simulator.h"

#ifndef VERSION
#define VERSION "0"
#endif

#define NAME        "qmi-modem-sim"
#define EXIT_USAGE  2
#define OPTIONS_MAX 32
#define WHY_MAX     160

/* In the order of poll(). */
enum {
	FD_SIGNAL,
	FD_LINE,
	FD_CONTROL = FD_LINE + PORT_FDS,
	FDS = FD_CONTROL + CONTROL_FDS,
};

static const char help[] =
	"Usage: " NAME " [OPTION...]\n"
	"       " NAME " --ask=PATH COMMAND...\n"
	"Simulates a QMI modem on a pty and prints the pty's name.\n"
	"\n"
	"  --usb              simulate a USB modem, driven by the kernel's qmi_wwan. Needs root\n"
	"                     and the virtual host controller: modprobe vhci-hcd. The modem\n"
	"                     disappears when this process ends. Prints usb.port=, usb.device=,\n"
	"                     usb.node= and usb.net= whenever a driver has bound to it. The\n"
	"                     serial number is the IMEI. Start one process per modem\n"
	"  --link=PATH        make a symlink to the pty; not with --usb\n"
	"  --control=PATH     take commands on a Unix socket: state, set, restart, stall,\n"
	"                     indicate, revoke, unplug, quit;\n"
	"                     sms TEXT: deliver a message;\n"
	"                     answer SERVICE MESSAGE HOW: from now on, HOW to answer that\n"
	"                     message: yes, no (it has no effect either), lost (it has), or a\n"
	"                     QMI error;\n"
	"                     send HEX: send these bytes;\n"
	"                     with --usb also plug, replug MS, reset (the USB port), and\n"
	"                     fail KIND N (make the next N URBs fail; KIND is command,\n"
	"                     response or notification)\n"
	"  --ask=PATH         send a command to that socket and print the reply\n"
	"  --imei=DIGITS      IMEI of the modem\n"
	"  --model=TEXT       model of the modem\n"
	"  --cids=N           maximum number of clients per service, 1 to 254 (32)\n"
	"  --exhausted=ERROR  QMI error when a service has no client left (5)\n"
	"  --stale=N          clients that each service has from the start (0)\n"
	"  --scan-time=MS     duration of a network scan (3000)\n"
	"  --pad=BYTES        make each answer at least this long, with an extra TLV\n"
	"Trouble:\n"
	"  --latency=MS       delay before each answer\n"
	"  --jitter=MS        maximum random extra delay\n"
	"  --reorder=PERCENT  share of answers held back behind the next\n"
	"  --drop=PERCENT     share of answers that are lost\n"
	"  --repeat=PERCENT   share of answers that are sent twice\n"
	"  --resync=PERCENT   share of answers followed by a Sync indication, although no\n"
	"                     client was forgotten\n"
	"  --split=PERCENT    share of frames that arrive in two writes\n"
	"  --cut=PERCENT      share of frames that lose their second half\n"
	"  --join=PERCENT     share of frames that share a write with the next\n"
	"  --garbage=PERCENT  share of frames preceded by random bytes\n"
	"  --flood=1          random bytes without end between the frames\n"
	"  --unflagged=PERCENT  share of frames without the flag of a service\n"
	"  --compound=PERCENT share of frames with the bit of a compound message\n"
	"  --seed=N           seed of the random numbers (1)\n"
	"\n"
	"  -v                 print a line for each frame to stderr\n"
	"  --help, --version\n";

/* Values for getopt_long(). Each setting has OPTION_SETTING and is told apart by its index. */
enum {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_USB,
	OPTION_SETTING,
};

static void main_list_options(struct option *options)
{
	const char *name;

	options[OPTION_HELP] = (struct option){"help", no_argument, NULL, OPTION_HELP};
	options[OPTION_VERSION] = (struct option){"version", no_argument, NULL, OPTION_VERSION};
	options[OPTION_USB] = (struct option){"usb", no_argument, NULL, OPTION_USB};
	for (size_t i = 0; (name = settings_name(i)); i++)
		options[OPTION_SETTING + i] =
			(struct option){name, required_argument, NULL, OPTION_SETTING};
}

static void main_parse(struct settings *settings, int argc, char **argv)
{
	struct option options[OPTIONS_MAX] = {0};
	char why[WHY_MAX];
	int index = 0;
	int option;

	main_list_options(options);
	while ((option = getopt_long(argc, argv, "+v", options, &index)) != -1) {
		if (option == OPTION_HELP) {
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		} else if (option == OPTION_VERSION) {
			puts(NAME " " VERSION);
			exit(EXIT_SUCCESS);
		} else if (option == OPTION_USB) {
			settings->usb = true;
		} else if (option == 'v') {
			settings->verbose = true;
		} else if (option != OPTION_SETTING) {
			exit(EXIT_USAGE);
		} else if (!settings_set(settings, (size_t)index - OPTION_SETTING, optarg, why,
					 sizeof(why))) {
			fprintf(stderr, NAME ": --%s=%s: %s\n", options[index].name, optarg, why);
			exit(EXIT_USAGE);
		}
	}
}

static int main_timeout(const struct simulator *sim)
{
	uint64_t due = millis_earlier(line_due(&sim->line), power_due(&sim->modem));
	uint64_t now = millis_now();

	if (due == MILLIS_NEVER)
		return -1;
	if (due <= now)
		return 0;
	return due - now > INT_MAX ? INT_MAX : (int)(due - now);
}

static void main_loop(struct simulator *sim, struct control *control, int signals)
{
	struct pollfd fds[FDS];

	while (!sim->ended) {
		fds[FD_SIGNAL] = (struct pollfd){.fd = signals, .events = POLLIN};
		line_prepare(&sim->line, fds + FD_LINE);
		control_prepare(control, fds + FD_CONTROL);
		if (poll(fds, FDS, main_timeout(sim)) < 0)
			continue;
		if (fds[FD_SIGNAL].revents)
			return;
		line_handle(&sim->line, fds + FD_LINE);
		power_work(&sim->modem);
		control_handle(control, fds + FD_CONTROL, sim);
		if (!sim->ended)
			line_work(&sim->line);
	}
}

static int main_open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void main_take_request(void *modem, const uint8_t *request)
{
	service_take(modem, request);
}

static int main_fail(const char *what)
{
	fprintf(stderr, NAME ": %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

/* Returns NULL after printing an error. */
static struct port *main_open_port(struct simulator *sim)
{
	char why[WHY_MAX];

	if (!sim->settings.usb) {
		if (pty_open(&sim->pty))
			return &sim->pty.port;
		main_fail("pty");
		return NULL;
	}
	if (usb_port_open(&sim->usb, &sim->settings, why, sizeof(why)))
		return &sim->usb.port;
	fprintf(stderr, NAME ": --usb: %s\n", why);
	return NULL;
}

static int main_run(struct simulator *sim)
{
	const struct settings *settings = &sim->settings;
	struct control control;
	struct port *port;
	int status = EXIT_FAILURE;
	int signals = main_open_signals();

	if (signals < 0)
		return main_fail("signals");
	port = main_open_port(sim);
	if (!port) {
		close(signals);
		return EXIT_FAILURE;
	}
	line_open(&sim->line, port, settings, main_take_request, &sim->modem);
	power_init(&sim->modem, settings, &sim->line);
	if (!control_open(&control, settings->control)) {
		main_fail(settings->control);
		goto cleanup;
	}
	if (settings->link && !pty_link(&sim->pty, settings->link)) {
		main_fail(settings->link);
		goto cleanup;
	}
	if (!settings->usb)
		puts(sim->pty.name);
	fflush(stdout);
	main_loop(sim, &control, signals);
	status = EXIT_SUCCESS;

cleanup:
	if (settings->link)
		pty_unlink(&sim->pty, settings->link);
	control_close(&control);
	line_close(&sim->line);
	close(signals);
	return status;
}

static int main_act(struct simulator *sim, char *const *words, int count)
{
	const struct settings *settings = &sim->settings;

	if (settings->ask && count > 0)
		return control_ask(settings->ask, words, count);
	if (settings->ask || count > 0) {
		fprintf(stderr, NAME ": %s: a command requires --ask, and --ask a command\n",
			count > 0 ? words[0] : "--ask");
		return EXIT_USAGE;
	}
	if (settings->usb && settings->link) {
		fprintf(stderr,
			NAME
			": --link=%s: not allowed with --usb, where the kernel names the port; "
			"see usb.node= on standard output\n",
			settings->link);
		return EXIT_USAGE;
	}
	return main_run(sim);
}

int main(int argc, char **argv)
{
	struct simulator *sim = calloc(1, sizeof(*sim));
	int status;

	if (!sim)
		return main_fail("memory");
	signal(SIGPIPE, SIG_IGN);
	settings_default(&sim->settings);
	main_parse(&sim->settings, argc, argv);
	status = main_act(sim, argv + optind, argc - optind);
	free(sim);
	return status;
}
