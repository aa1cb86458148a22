/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qmi-modem-sim: a modem without a modem, on a pty or on USB.
 *
 * With --usb it is a whole USB device in user space, on the kernel's virtual
 * host controller vhci_hcd, and the kernel's own qmi_wwan and cdc-wdm drive it.
 * vhci.h says why it is this way and no other.
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

#include "ask.h"
#include "control.h"
#include "millis.h"
#include "power.h"
#include "sim.h"

#ifndef VERSION
#define VERSION "0"
#endif

#define NAME       "qmi-modem-sim"
#define EXIT_USAGE 2

struct options {
	const char *link;
	const char *control;
	const char *ask;
	bool usb;
};

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
	"Simulates a QMI modem on a pty, whose name it prints.\n"
	"\n"
	"  --usb              as a USB modem instead, driven by the kernel's qmi_wwan. Wants "
	"root,\n"
	"                     and the virtual host controller: modprobe vhci-hcd. It is that\n"
	"                     way because it takes no hardware and no set-up, and the kernel\n"
	"                     removes the modem when this process ends. Prints usb.port=,\n"
	"                     usb.device=, usb.node= and usb.net= whenever a driver has taken\n"
	"                     it. Its serial number is the IMEI. Start one for each modem\n"
	"  --link=PATH        a symlink to the pty; not with --usb\n"
	"  --control=PATH     a Unix socket for commands: state, set, restart, stall,\n"
	"                     indicate, revoke, unplug, quit; with --usb also plug,\n"
	"                     replug MS, reset (of the USB port), and, for the next N of\n"
	"                     these to fail, fail {command|response|notification} N\n"
	"  --ask=PATH         sends a command to that socket and prints the reply\n"
	"  --imei=DIGITS      the modem's IMEI\n"
	"  --model=TEXT       its model\n"
	"  --cids=N           clients that a service can have: 1 to 254 (32)\n"
	"  --scan-time=MS     how long a network scan takes (3000)\n"
	"Trouble:\n"
	"  --latency=MS       how long an answer takes\n"
	"  --jitter=MS        up to so much more, at random\n"
	"  --reorder=PERCENT  of answers are held back behind the next\n"
	"  --drop=PERCENT     of answers never come\n"
	"  --split=PERCENT    of frames come in two writes\n"
	"  --join=PERCENT     of frames come in one write with the next\n"
	"  --garbage=PERCENT  of frames come after random bytes\n"
	"  --seed=N           of all this chance (1)\n"
	"\n"
	"  -v                 a line for each frame, on stderr\n"
	"  --help, --version\n";

static bool set_option(struct sim *sim, struct options *options, const char *name,
		       const char *value, char *why, size_t size)
{
	struct settings *settings = &sim->settings;

	if (strcmp(name, "link") == 0)
		options->link = value;
	else if (strcmp(name, "control") == 0)
		options->control = value;
	else if (strcmp(name, "ask") == 0)
		options->ask = value;
	else if (strcmp(name, "imei") == 0)
		return settings_set_imei(settings, value, why, size);
	else if (strcmp(name, "model") == 0)
		return settings_set_model(settings, value, why, size);
	else if (strcmp(name, "seed") == 0)
		return settings_set_seed(settings, value, why, size);
	else
		return settings_set(settings, name, value, why, size);
	if (*value)
		return true;
	snprintf(why, size, "a path is wanted");
	return false;
}

static void parse(struct sim *sim, struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{"usb", no_argument, NULL, 'u'},
		{"link", required_argument, NULL, 'o'},
		{"control", required_argument, NULL, 'o'},
		{"ask", required_argument, NULL, 'o'},
		{"imei", required_argument, NULL, 'o'},
		{"model", required_argument, NULL, 'o'},
		{"cids", required_argument, NULL, 'o'},
		{"scan-time", required_argument, NULL, 'o'},
		{"latency", required_argument, NULL, 'o'},
		{"jitter", required_argument, NULL, 'o'},
		{"reorder", required_argument, NULL, 'o'},
		{"drop", required_argument, NULL, 'o'},
		{"split", required_argument, NULL, 'o'},
		{"join", required_argument, NULL, 'o'},
		{"garbage", required_argument, NULL, 'o'},
		{"seed", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	char why[160];
	int index = 0;
	int c;

	while ((c = getopt_long(argc, argv, "+v", longs, &index)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		} else if (c == 'V') {
			puts(NAME " " VERSION);
			exit(EXIT_SUCCESS);
		} else if (c == 'u') {
			options->usb = true;
		} else if (c == 'v') {
			sim->settings.verbose = true;
		} else if (c != 'o') {
			exit(EXIT_USAGE);
		} else if (!set_option(sim, options, longs[index].name, optarg, why, sizeof(why))) {
			fprintf(stderr, NAME ": --%s=%s: %s\n", longs[index].name, optarg, why);
			exit(EXIT_USAGE);
		}
	}
}

static int timeout(const struct sim *sim)
{
	uint64_t due = millis_earlier(line_due(&sim->line), power_due(&sim->modem));
	uint64_t now = millis_now();

	if (due == MILLIS_NEVER)
		return -1;
	if (due <= now)
		return 0;
	return due - now > INT_MAX ? INT_MAX : (int)(due - now);
}

static void live(struct sim *sim, struct control *control, int signals)
{
	struct pollfd fds[FDS];

	while (!sim->ended) {
		fds[FD_SIGNAL] = (struct pollfd){.fd = signals, .events = POLLIN};
		line_prepare(&sim->line, fds + FD_LINE);
		control_prepare(control, fds + FD_CONTROL);
		if (poll(fds, FDS, timeout(sim)) < 0)
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

static int signals_open(void)
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

static void take_request(void *modem, const uint8_t *request)
{
	service_take(modem, request);
}

static int fail(const char *what)
{
	fprintf(stderr, NAME ": %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

/* The port that was asked for; NULL after a message. */
static struct port *open_port(struct sim *sim)
{
	char why[160];

	if (!sim->on_usb) {
		if (pty_open(&sim->pty))
			return &sim->pty.port;
		fail("pty");
		return NULL;
	}
	if (usb_port_open(&sim->usb, &sim->settings, why, sizeof(why)))
		return &sim->usb.port;
	fprintf(stderr, NAME ": --usb: %s\n", why);
	return NULL;
}

static int run(struct sim *sim, const struct options *options)
{
	struct control control;
	struct port *port;
	int status = EXIT_FAILURE;
	int signals = signals_open();

	if (signals < 0)
		return fail("signals");
	port = open_port(sim);
	if (!port) {
		close(signals);
		return EXIT_FAILURE;
	}
	line_open(&sim->line, port, &sim->settings, take_request, &sim->modem);
	power_init(&sim->modem, &sim->settings, &sim->line);
	if (!control_open(&control, options->control)) {
		fail(options->control);
		goto cleanup;
	}
	if (options->link && !pty_link(&sim->pty, options->link)) {
		fail(options->link);
		goto cleanup;
	}
	if (!sim->on_usb)
		puts(sim->pty.name);
	fflush(stdout);
	live(sim, &control, signals);
	status = EXIT_SUCCESS;

cleanup:
	if (options->link)
		pty_unlink(&sim->pty, options->link);
	control_close(&control);
	line_close(&sim->line);
	close(signals);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct sim *sim = calloc(1, sizeof(*sim));
	int status;

	if (!sim)
		return fail("memory");
	signal(SIGPIPE, SIG_IGN);
	settings_default(&sim->settings);
	parse(sim, &options, argc, argv);
	argc -= optind;
	argv += optind;
	if (options.ask && argc > 0) {
		status = ask(options.ask, argv, argc);
	} else if (options.ask || argc > 0) {
		fprintf(stderr, NAME ": %s: only --ask takes a command, and wants one\n",
			argc > 0 ? argv[0] : "--ask");
		status = EXIT_USAGE;
	} else if (options.usb && options.link) {
		fprintf(stderr,
			NAME ": --link=%s: not with --usb, where the kernel names the port; "
			     "usb.node= on standard output says how\n",
			options.link);
		status = EXIT_USAGE;
	} else {
		sim->on_usb = options.usb;
		status = run(sim, &options);
	}
	free(sim);
	return status;
}
