/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usb_port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "millis.h"
#include "usb_descriptors.h"

#define RETRY_MS 20 /* a controller port takes a while to become free */
/*
 * A port that appears free may not have seen the end of its last connection yet, which
 * would then end the next one too. So wait, and try again if that happens.
 */
#define SETTLE_MS 300
#define PLUG_MS   5000 /* how long to wait for the previous port */
#define LOOK_MS   20
#define IDLE_MS   1000 /* after the warning */
#define WARN_MS   10000
#define WHY_MAX   160

static struct usb_port *usb_port_from(struct port *port)
{
	return (struct usb_port *)port;
}

static bool usb_port_attach(struct usb_port *usb, int vhci_port, char *why, size_t size)
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
	usb->look_at = millis_now();
	usb->warn_at = usb->look_at + WARN_MS;
	return true;
}

static void usb_port_detach(struct usb_port *usb)
{
	usb_device_close(&usb->device);
	usb->names = (struct vhci_names){0};
	usb->look_at = 0;
	usb->warn_at = 0;
	usb->settled_at = millis_now() + SETTLE_MS;
	usb->port.open = false;
	usb->gone = true;
}

void usb_port_unplug(struct usb_port *usb)
{
	usb->plug_at = 0;
	if (usb->port.open)
		usb_port_detach(usb);
}

void usb_port_plug(struct usb_port *usb, unsigned int ms)
{
	usb->plug_at = millis_now() + ms;
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
	fprintf(out, "usb.configured=%lu\nusb.commands=%lu\n", counters->configured,
		counters->commands);
	fprintf(out, "usb.in-flight=%s\n", usb_device_has_command(&usb->device) ? "yes" : "no");
	fprintf(out, "usb.responses=%lu\nusb.notifications=%lu\n", counters->responses,
		counters->notifications);
	fprintf(out, "usb.queued=%zu\nusb.lost=%lu\n", usb->device.count, counters->lost);
	fprintf(out, "usb.unlinked=%lu\nusb.refused=%lu\nusb.failed=%lu\n", counters->unlinked,
		counters->refused, counters->failed);
}

/* All names exist once the driver is bound. */
static void usb_port_look_for_names(struct usb_port *usb, uint64_t now)
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
			"no driver has bound to the USB device%s%s: is qmi_wwan available?\n",
			usb->names.device[0] ? " " : "", usb->names.device);
		usb->warn_at = 0;
	}
}

static void usb_port_plug_again(struct usb_port *usb, uint64_t now)
{
	char why[WHY_MAX];
	bool wait = now < usb->plug_until;

	if (usb_port_attach(usb, wait ? usb->vhci_port : VHCI_ANY, why, sizeof(why)))
		return;
	usb->plug_at = now + RETRY_MS;
	if (wait && errno == EBUSY)
		return;
	fprintf(stderr, "cannot replug: %s\n", why);
	usb->plug_at = 0;
}

/* The kernel has detached it, or mistaken it for the port's previous device. */
static void usb_port_take_ejection(struct usb_port *usb)
{
	bool was_configured = usb->device.configured;

	usb_port_detach(usb);
	if (!was_configured && millis_now() < usb->plug_until)
		usb->plug_at = usb->settled_at;
}

static void usb_port_prepare(struct port *port, short events, struct pollfd *fds)
{
	(void)events; /* the host is always served */
	fds[0] = (struct pollfd){.fd = usb_port_from(port)->device.usbip.fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = -1};
}

static short usb_port_handle(struct port *port, const struct pollfd *fds)
{
	struct usb_port *usb = usb_port_from(port);
	unsigned long configured = usb->device.counters.configured;

	if (port->open && fds[0].revents && !usb_device_serve(&usb->device))
		usb_port_take_ejection(usb);
	if (usb->device.counters.configured != configured) {
		usb->names = (struct vhci_names){0};
		usb->look_at = millis_now();
	}
	if (usb->gone)
		return POLLHUP;
	return usb_device_has_command(&usb->device) ? POLLIN : 0;
}

/* Opening the port makes the driver send a URB. */
static void usb_port_nothing(struct port *port)
{
	(void)port;
}

static ssize_t usb_port_read(struct port *port, uint8_t *bytes, size_t size)
{
	if (!usb_port_from(port)->gone)
		return usb_device_read(&usb_port_from(port)->device, bytes, size);
	errno = EIO;
	return -1;
}

static ssize_t usb_port_write(struct port *port, const uint8_t *bytes, size_t len)
{
	return usb_device_write(&usb_port_from(port)->device, bytes, len);
}

static void usb_port_discard(struct port *port)
{
	usb_port_from(port)->gone = false;
}

static void usb_port_work(struct port *port)
{
	struct usb_port *usb = usb_port_from(port);
	uint64_t now = millis_now();

	if (usb->plug_at && now >= usb->plug_at && !usb->gone)
		usb_port_plug_again(usb, now);
	if (usb->look_at && now >= usb->look_at)
		usb_port_look_for_names(usb, now);
}

static uint64_t usb_port_due(const struct port *port, short events)
{
	const struct usb_port *usb = (const struct usb_port *)port;
	uint64_t due = MILLIS_NEVER;

	if (usb->gone || ((events & POLLIN) && usb_device_has_command(&usb->device)))
		return 0;
	if (usb->plug_at)
		due = millis_earlier(due, usb->plug_at);
	if (usb->look_at)
		due = millis_earlier(due, usb->look_at);
	return due;
}

static bool usb_port_in_use(const struct port *port)
{
	return ((const struct usb_port *)port)->device.listening;
}

static void usb_port_close(struct port *port)
{
	usb_device_close(&usb_port_from(port)->device);
	port->open = false;
}

static const struct port_kind usb_port_kind = {
	.messages = true,
	.prepare = usb_port_prepare,
	.handle = usb_port_handle,
	.take_openings = usb_port_nothing,
	.resume = usb_port_nothing,
	.read = usb_port_read,
	.write = usb_port_write,
	.discard = usb_port_discard,
	.work = usb_port_work,
	.due = usb_port_due,
	.in_use = usb_port_in_use,
	.close = usb_port_close,
};

bool usb_port_open(struct usb_port *usb, const struct settings *settings, char *why, size_t size)
{
	*usb = (struct usb_port){.port.kind = &usb_port_kind, .settings = settings};
	usb->device.usbip.fd = -1;
	usb->plug_until = millis_now() + PLUG_MS;
	return usb_port_attach(usb, VHCI_ANY, why, size);
}
