/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher.h"

#include <errno.h>
#include <libudev.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"
#include "log.h"

#define PROGRAM     "cuse-qmux"
#define RETRY_PAUSE 500 /* ms after an instance was started for the same port */
#define PORTS_MAX   64

/* The instances that were started, and still run. */
static struct launcher_instance {
	pid_t pid; /* 0: it has ended */
	dev_t device;
	uint64_t retry_at; /* ms */
} launcher_instances[PORTS_MAX];

/* The port of a USB modem has a twin in the subsystem wwan, which is left alone. */
static bool launcher_is_twin(struct udev_device *device)
{
	const char *subsystem = udev_device_get_subsystem(device);

	return subsystem && strcmp(subsystem, "wwan") == 0 &&
	       udev_device_get_parent_with_subsystem_devtype(device, "usb", NULL);
}

static bool launcher_is_expected(struct udev_device *device)
{
	const char *wanted = udev_device_get_property_value(device, "SYSTEMD_WANTS");

	if (!identity_udev_is_done(device))
		return true;
	return wanted && strstr(wanted, "cuse-qmux@") && access("/run/systemd/system", F_OK) == 0;
}

static enum launcher_port launcher_examine(struct udev_device *device)
{
	if (identity_kind(device) != MODEM_QMI || launcher_is_twin(device))
		return LAUNCHER_NO_PORT;
	return launcher_is_expected(device) ? LAUNCHER_EXPECTED : LAUNCHER_FREE;
}

enum launcher_port launcher_find(dev_t device)
{
	struct udev *udev = udev_new();
	struct udev_device *found = udev ? udev_device_new_from_devnum(udev, 'c', device) : NULL;
	enum launcher_port port = found ? launcher_examine(found) : LAUNCHER_NO_PORT;

	udev_device_unref(found);
	udev_unref(udev);
	return port;
}

/* The program beside this one. Returns false if that is unknown. */
static bool launcher_program(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM) - 1);
	char *slash;

	if (length < 0)
		return false;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
	return true;
}

/* Returns 0 or -errno. */
static int launcher_spawn(const char *port, pid_t *pid)
{
	char program[PATH_MAX];
	char name[PATH_MAX];
	/* Without a limit, clients of killed programs would keep the instance for ever. */
	char *argv[] = {program, "--nodes=0", "--idle-exit=30", "--orphan-timeout=300", name, NULL};
	posix_spawnattr_t attributes;
	sigset_t none;
	int err;

	if (!launcher_program(program))
		return -ENOENT;
	snprintf(name, sizeof(name), "%s", port);
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	/* What ends this program must not end the instance. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	err = posix_spawn(pid, program, NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

static struct launcher_instance *launcher_place(dev_t device, uint64_t now)
{
	struct launcher_instance *free_place = NULL;

	for (size_t i = 0; i < PORTS_MAX; i++) {
		struct launcher_instance *place = &launcher_instances[i];

		if (place->device == device && (place->pid != 0 || now < place->retry_at))
			return NULL;
		if (place->pid == 0 && now >= place->retry_at)
			free_place = place;
	}
	return free_place;
}

static void launcher_start_at(struct launcher_instance *place, const char *port)
{
	int err = launcher_spawn(port, &place->pid);

	if (err == 0) {
		log_info("%s has no instance: starting one (pid %d)", port, (int)place->pid);
		return;
	}
	place->pid = 0;
	log_warning("%s has no instance, and cuse-qmux cannot be started: %s", port,
		    strerror(-err));
}

void launcher_start(dev_t device, uint64_t now)
{
	struct launcher_instance *place = launcher_place(device, now);
	struct udev *udev = place ? udev_new() : NULL;
	struct udev_device *found = udev ? udev_device_new_from_devnum(udev, 'c', device) : NULL;
	const char *port = found ? udev_device_get_devnode(found) : NULL;

	if (port) {
		place->device = device;
		place->retry_at = now + RETRY_PAUSE;
		launcher_start_at(place, port);
	}
	udev_device_unref(found);
	udev_unref(udev);
}

void launcher_ended(pid_t pid)
{
	for (size_t i = 0; i < PORTS_MAX; i++) {
		if (launcher_instances[i].pid == pid)
			launcher_instances[i].pid = 0;
	}
}
