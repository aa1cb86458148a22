/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modem.h"

#include <libudev.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UDEV_PAUSE 20    /* ms */
#define UDEV_MAX   10000 /* ms for udev's rules */

/* A usbmisc port is the driver's of its USB interface. */
static enum modem_kind kind_of_driver(const char *driver)
{
	if (driver && strcmp(driver, "qmi_wwan") == 0)
		return MODEM_QMI;
	if (driver && strcmp(driver, "cdc_mbim") == 0)
		return MODEM_MBIM;
	return MODEM_UNKNOWN;
}

/* A wwan port tells its type, since Linux 6.2 in an attribute, before only in its name: wwan0qmi0.
 */
static enum modem_kind kind_of_wwan(struct udev_device *device)
{
	const char *type = udev_device_get_sysattr_value(device, "type");
	const char *name = udev_device_get_sysname(device);

	if (type ? strcmp(type, "QMI") == 0 : strstr(name, "qmi") != NULL)
		return MODEM_QMI;
	if (type ? strcmp(type, "MBIM") == 0 : strstr(name, "mbim") != NULL)
		return MODEM_MBIM;
	return MODEM_UNKNOWN;
}

static const char *attribute(struct udev_device *device, const char *name)
{
	const char *value = device ? udev_device_get_sysattr_value(device, name) : NULL;

	return value ? value : "";
}

static void describe(struct modem *modem, struct udev_device *device, const char *driver)
{
	struct udev_device *usb =
		udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device");

	snprintf(modem->name, sizeof(modem->name), "%s%s%s%s%s", attribute(usb, "manufacturer"),
		 usb ? " " : "", attribute(usb, "product"), usb && driver ? ", " : "",
		 driver ? driver : "");
}

/* Whole lines only: what has no room is left out. */
static void copy_properties(struct modem *modem, struct udev_device *device)
{
	struct udev_list_entry *entry = udev_device_get_properties_list_entry(device);
	size_t used = 0;

	for (; entry; entry = udev_list_entry_get_next(entry)) {
		const char *key = udev_list_entry_get_name(entry);
		const char *value = udev_list_entry_get_value(entry);
		size_t size = strlen(key) + strlen(value) + 2;

		if (strncmp(key, "ID_", 3) != 0 || used + size >= sizeof(modem->properties))
			continue;
		sprintf(modem->properties + used, "%s=%s\n", key, value);
		used += size;
	}
}

static void examine(struct modem *modem, struct udev_device *device)
{
	const char *subsystem = udev_device_get_subsystem(device);
	struct udev_device *parent = udev_device_get_parent(device);
	const char *driver = parent ? udev_device_get_driver(parent) : NULL;
	const char *options;

	if (subsystem && strcmp(subsystem, "usbmisc") == 0)
		modem->kind = kind_of_driver(driver);
	else if (subsystem && strcmp(subsystem, "wwan") == 0)
		modem->kind = kind_of_wwan(device);
	describe(modem, device, driver);
	copy_properties(modem, device);
	options = udev_device_get_property_value(device, "CUSE_QMUX_OPTIONS");
	if (options)
		modem->options_cut = snprintf(modem->options, sizeof(modem->options), "%s",
					      options) >= (int)sizeof(modem->options);
}

static bool udev_is_done(struct udev_device *device)
{
	const char *subsystem = udev_device_get_subsystem(device);
	bool is_modems =
		subsystem && (strcmp(subsystem, "usbmisc") == 0 || strcmp(subsystem, "wwan") == 0);

	return !is_modems || udev_device_get_is_initialized(device) ||
	       access("/run/udev/control", F_OK) < 0;
}

/*
 * The port of a modem that has just come back may be there before udev's rules
 * have said all about it. udev would tell by netlink when it is done, which the
 * unit's sandbox does not allow.
 */
static struct udev_device *find_device(struct udev *udev, dev_t port)
{
	const struct timespec pause = {.tv_nsec = UDEV_PAUSE * 1000000L};
	struct udev_device *device = udev_device_new_from_devnum(udev, 'c', port);

	for (unsigned ms = 0; device && !udev_is_done(device) && ms < UDEV_MAX; ms += UDEV_PAUSE) {
		udev_device_unref(device);
		nanosleep(&pause, NULL);
		device = udev_device_new_from_devnum(udev, 'c', port);
	}
	return device;
}

void modem_identify(struct modem *modem, dev_t port)
{
	struct udev *udev = udev_new();
	struct udev_device *device = udev ? find_device(udev, port) : NULL;

	*modem = (struct modem){.kind = MODEM_UNKNOWN};
	if (device)
		examine(modem, device);
	udev_device_unref(device);
	udev_unref(udev);
}
