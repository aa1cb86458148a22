/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usb_port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "usb_descriptors.h"

#define RETRY_MS 20 /* a port of the controller takes its time to become free */
/*
 * A port that shows as free may still have an end of its last connection to
 * come, which ends the next one too: it gets time, and another try.
 */
#define SETTLE_MS 300
#define PLUG_MS   5000 /* for the same port as before */
#define LOOK_MS   20
#define IDLE_MS   1000 /* after the warning */
#define WARN_MS   10000
#define WHY_MAX   160

static struct usb_port *usb_of(struct port *port)
{
	return (struct usb_port *)port;
}

static bool attach(struct usb_port *usb, int vhci_port, char *why, size_t size)
{
	int ends[2];
	int found;
	int error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		snprintf(why, size, "socketpair: %s", strerror(errno));
		return false;
	}
	found = vhci_attach(ends[1], vhci_port, why, size);
	error = errno;
	close(ends[1]);
	if (found < 0) {
		close(ends[0]);
		errno = error;
		return false;
	}
	usb_device_open(&usb->device, usb->settings, ends[0]);
	usb->vhci_port = found;
	usb->port.open = true;
	usb->plug_at = 0;
	usb->look_at = clock_now();
	usb->warn_at = usb->look_at + WARN_MS;
	return true;
}

static void detach(struct usb_port *usb)
{
	usb_device_close(&usb->device);
	usb->names = (struct vhci_names){0};
	usb->look_at = 0;
	usb->warn_at = 0;
	usb->settled_at = clock_now() + SETTLE_MS;
	usb->port.open = false;
	usb->gone = true;
}

void usb_port_unplug(struct usb_port *usb)
{
	usb->plug_at = 0;
	if (usb->port.open)
		detach(usb);
}

void usb_port_plug(struct usb_port *usb, unsigned int ms)
{
	usb->plug_at = clock_now() + ms;
	if (usb->plug_at < usb->settled_at)
		usb->plug_at = usb->settled_at;
	usb->plug_until = usb->plug_at + PLUG_MS;
}

bool usb_port_reset(struct usb_port *usb)
{
	if (usb->names.device[0])
		return vhci_reset(usb->names.device);
	errno = ENODEV;
	return false;
}

void usb_port_print_names(const struct usb_port *usb, FILE *out)
{
	const struct vhci_names *names = &usb->names;

	fprintf(out, "usb.port=%d\n", usb->vhci_port);
	fprintf(out, "usb.device=%s\n", names->device);
	fprintf(out, "usb.node=%s%s\n", names->node[0] ? "/dev/" : "", names->node);
	fprintf(out, "usb.net=%s\n", names->net);
}

void usb_port_print_state(const struct usb_port *usb, FILE *out)
{
	const struct usb_counters *counters = &usb->device.counters;

	fprintf(out, "usb.plugged=%s\n", usb->port.open ? "yes" : "no");
	usb_port_print_names(usb, out);
	fprintf(out, "usb.configured=%lu\n", counters->configured);
	fprintf(out, "usb.commands=%lu\n", counters->commands);
	fprintf(out, "usb.in-flight=%s\n", usb_device_has_command(&usb->device) ? "yes" : "no");
	fprintf(out, "usb.responses=%lu\n", counters->responses);
	fprintf(out, "usb.notifications=%lu\n", counters->notifications);
	fprintf(out, "usb.queued=%zu\n", usb->device.count);
	fprintf(out, "usb.lost=%lu\n", counters->lost);
	fprintf(out, "usb.unlinked=%lu\n", counters->unlinked);
	fprintf(out, "usb.refused=%lu\n", counters->refused);
	fprintf(out, "usb.failed=%lu\n", counters->failed);
}

/* All are there once the driver is bound. */
static void look_for_names(struct usb_port *usb, uint64_t now)
{
	usb->look_at = now + (usb->warn_at ? LOOK_MS : IDLE_MS);
	vhci_find_names(usb->vhci_port, USB_MODEM_INTERFACE, &usb->names);
	if (usb->names.node[0] && usb->names.net[0]) {
		usb_port_print_names(usb, stdout);
		fflush(stdout);
		usb->look_at = 0;
		usb->warn_at = 0;
	} else if (usb->warn_at && now >= usb->warn_at) {
		fprintf(stderr,
			"no driver has taken the USB device%s%s: is there a module qmi_wwan?\n",
			usb->names.device[0] ? " " : "", usb->names.device);
		usb->warn_at = 0;
	}
}

static void plug_again(struct usb_port *usb, uint64_t now)
{
	char why[WHY_MAX];
	bool wait = now < usb->plug_until;

	if (attach(usb, wait ? usb->vhci_port : VHCI_ANY, why, sizeof(why)))
		return;
	usb->plug_at = now + RETRY_MS;
	if (wait && errno == EBUSY)
		return;
	fprintf(stderr, "cannot be plugged in again: %s\n", why);
	usb->plug_at = 0;
}

/* The kernel wants it no more, or took it for what was in the port before. */
static void take_ejection(struct usb_port *usb)
{
	bool was_configured = usb->device.configured;

	detach(usb);
	if (!was_configured && clock_now() < usb->plug_until)
		usb->plug_at = usb->settled_at;
}

static void prepare(struct port *port, short events, struct pollfd *fds)
{
	(void)events; /* the host is always served */
	fds[0] = (struct pollfd){.fd = usb_of(port)->device.usbip.fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = -1};
}

static short handle(struct port *port, const struct pollfd *fds)
{
	struct usb_port *usb = usb_of(port);
	unsigned long configured = usb->device.counters.configured;

	if (port->open && fds[0].revents && !usb_device_serve(&usb->device))
		take_ejection(usb);
	if (usb->device.counters.configured != configured) {
		usb->names = (struct vhci_names){0};
		usb->look_at = clock_now();
	}
	if (usb->gone)
		return POLLHUP;
	return usb_device_has_command(&usb->device) ? POLLIN : 0;
}

/* Whoever opens the port shows as a URB. */
static void nothing(struct port *port)
{
	(void)port;
}

static ssize_t read_command(struct port *port, uint8_t *bytes, size_t size)
{
	if (!usb_of(port)->gone)
		return usb_device_read(&usb_of(port)->device, bytes, size);
	errno = EIO;
	return -1;
}

static ssize_t write_response(struct port *port, const uint8_t *bytes, size_t len)
{
	return usb_device_write(&usb_of(port)->device, bytes, len);
}

static void discard(struct port *port)
{
	usb_of(port)->gone = false;
}

static void work(struct port *port)
{
	struct usb_port *usb = usb_of(port);
	uint64_t now = clock_now();

	if (usb->plug_at && now >= usb->plug_at && !usb->gone)
		plug_again(usb, now);
	if (usb->look_at && now >= usb->look_at)
		look_for_names(usb, now);
}

static uint64_t due(const struct port *port, short events)
{
	const struct usb_port *usb = (const struct usb_port *)port;
	uint64_t due = CLOCK_NEVER;

	if (usb->gone || ((events & POLLIN) && usb_device_has_command(&usb->device)))
		return 0;
	if (usb->plug_at)
		due = clock_earlier(due, usb->plug_at);
	if (usb->look_at)
		due = clock_earlier(due, usb->look_at);
	return due;
}

static bool in_use(const struct port *port)
{
	return ((const struct usb_port *)port)->device.listening;
}

static void close_port(struct port *port)
{
	usb_device_close(&usb_of(port)->device);
	port->open = false;
}

static const struct port_kind kind = {
	.messages = true,
	.prepare = prepare,
	.handle = handle,
	.take_openings = nothing,
	.resume = nothing,
	.read = read_command,
	.write = write_response,
	.discard = discard,
	.work = work,
	.due = due,
	.in_use = in_use,
	.close = close_port,
};

bool usb_port_open(struct usb_port *usb, const struct settings *settings, char *why, size_t size)
{
	*usb = (struct usb_port){.port.kind = &kind, .settings = settings};
	usb->device.usbip.fd = -1;
	usb->plug_until = clock_now() + PLUG_MS;
	return attach(usb, VHCI_ANY, why, size);
}
