/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity.h"

#include <libudev.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UDEV_PAUSE 20    /* ms */
#define UDEV_MAX   10000 /* ms for udev's rules */

/* The type of a usbmisc port follows from the driver of its USB interface. */
static enum modem_kind identity_kind_of_driver(const char *driver)
{
	if (driver && strcmp(driver, "qmi_wwan") == 0)
		return MODEM_QMI;
	if (driver && strcmp(driver, "cdc_mbim") == 0)
		return MODEM_MBIM;
	return MODEM_UNKNOWN;
}

/* The type of a wwan port is in an attribute since Linux 6.2, earlier only in its name: wwan0qmi0.
 */
static enum modem_kind identity_kind_of_wwan(struct udev_device *device)
{
	const char *type = udev_device_get_sysattr_value(device, "type");
	const char *name = udev_device_get_sysname(device);

	if (type ? strcmp(type, "QMI") == 0 : strstr(name, "qmi") != NULL)
		return MODEM_QMI;
	if (type ? strcmp(type, "MBIM") == 0 : strstr(name, "mbim") != NULL)
		return MODEM_MBIM;
	return MODEM_UNKNOWN;
}

static const char *identity_attribute(struct udev_device *device, const char *name)
{
	const char *value = device ? udev_device_get_sysattr_value(device, name) : NULL;

	return value ? value : "";
}

static void identity_describe(struct identity *identity, struct udev_device *device,
			      const char *driver)
{
	struct udev_device *usb =
		udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device");

	snprintf(identity->name, sizeof(identity->name), "%s%s%s%s%s",
		 identity_attribute(usb, "manufacturer"), usb ? " " : "",
		 identity_attribute(usb, "product"), usb && driver ? ", " : "",
		 driver ? driver : "");
}

/* Copies whole lines only, and omits any that do not fit. */
static void identity_copy_properties(struct identity *identity, struct udev_device *device)
{
	struct udev_list_entry *entry = udev_device_get_properties_list_entry(device);
	size_t used = 0;

	for (; entry; entry = udev_list_entry_get_next(entry)) {
		const char *key = udev_list_entry_get_name(entry);
		const char *value = udev_list_entry_get_value(entry);
		size_t size = strlen(key) + strlen(value) + 2;

		if (strncmp(key, "ID_", 3) != 0 || used + size >= sizeof(identity->properties))
			continue;
		sprintf(identity->properties + used, "%s=%s\n", key, value);
		used += size;
	}
}

static const char *identity_property(struct udev_device *device, const char *name)
{
	const char *value = udev_device_get_property_value(device, name);

	return value ? value : "";
}

static void identity_name_links(struct identity *identity, struct udev_device *device)
{
	int length;

	snprintf(identity->place, sizeof(identity->place), "%s",
		 identity_property(device, "ID_PATH"));
	if (!identity_property(device, "ID_SERIAL_SHORT")[0])
		return;
	length = snprintf(identity->id, sizeof(identity->id), "%s-%s-if%s",
			  identity_property(device, "ID_BUS"),
			  identity_property(device, "ID_SERIAL"),
			  identity_property(device, "ID_USB_INTERFACE_NUM"));
	if (length >= (int)sizeof(identity->id))
		identity->id[0] = '\0';
	for (char *slash = identity->id; (slash = strchr(slash, '/'));)
		*slash = '_';
}

static const char *identity_driver(struct udev_device *device)
{
	struct udev_device *parent = udev_device_get_parent(device);

	return parent ? udev_device_get_driver(parent) : NULL;
}

enum modem_kind identity_kind(struct udev_device *device)
{
	const char *subsystem = udev_device_get_subsystem(device);

	if (subsystem && strcmp(subsystem, "usbmisc") == 0)
		return identity_kind_of_driver(identity_driver(device));
	if (subsystem && strcmp(subsystem, "wwan") == 0)
		return identity_kind_of_wwan(device);
	return MODEM_UNKNOWN;
}

static void identity_examine(struct identity *identity, struct udev_device *device)
{
	const char *driver = identity_driver(device);
	const char *options;

	identity->kind = identity_kind(device);
	identity_describe(identity, device, driver);
	identity_copy_properties(identity, device);
	identity_name_links(identity, device);
	options = udev_device_get_property_value(device, "CUSE_QMUX_OPTIONS");
	if (options)
		identity->options_cut = snprintf(identity->options, sizeof(identity->options), "%s",
						 options) >= (int)sizeof(identity->options);
}

bool identity_udev_is_done(struct udev_device *device)
{
	const char *subsystem = udev_device_get_subsystem(device);
	bool is_modems =
		subsystem && (strcmp(subsystem, "usbmisc") == 0 || strcmp(subsystem, "wwan") == 0);

	return !is_modems || udev_device_get_is_initialized(device) ||
	       access("/run/udev/control", F_OK) < 0;
}

/*
 * The port of a modem that has just come back may appear before udev has run all its
 * rules for it. This polls because udev reports completion over netlink, which the
 * unit's sandbox forbids.
 */
static struct udev_device *identity_find_device(struct udev *udev, dev_t port)
{
	const struct timespec pause = {.tv_nsec = UDEV_PAUSE * 1000000L};
	struct udev_device *device = udev_device_new_from_devnum(udev, 'c', port);

	for (unsigned ms = 0; device && !identity_udev_is_done(device) && ms < UDEV_MAX;
	     ms += UDEV_PAUSE) {
		udev_device_unref(device);
		nanosleep(&pause, NULL);
		device = udev_device_new_from_devnum(udev, 'c', port);
	}
	return device;
}

void identity_find(struct identity *identity, dev_t port)
{
	struct udev *udev = udev_new();
	struct udev_device *device = udev ? identity_find_device(udev, port) : NULL;

	*identity = (struct identity){.kind = MODEM_UNKNOWN};
	if (device)
		identity_examine(identity, device);
	udev_device_unref(device);
	udev_unref(udev);
}
