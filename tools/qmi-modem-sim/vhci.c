/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vhci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONTROLLER  "/sys/devices/platform/vhci_hcd.0"
#define DEVICES     "/sys/bus/usb/devices"
#define DEVICE_ID   1 /* arbitrary: a connection has one device */
#define SPEED_HIGH  3
#define STATUS_FREE 4
#define STATUS_USED 6

struct port_status {
	int port;
	unsigned int status;
	char device[VHCI_NAME_MAX];
};

/* The first controller has the status of all of them: status, status.1, ... */
static FILE *vhci_open_status(unsigned int controller)
{
	char path[PATH_MAX];

	if (controller == 0)
		snprintf(path, sizeof(path), CONTROLLER "/status");
	else
		snprintf(path, sizeof(path), CONTROLLER "/status.%u", controller);
	return fopen(path, "re");
}

/* Reads the next high-speed port. Returns false after the last. */
static bool vhci_read_status(FILE *file, struct port_status *status)
{
	char line[128];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "hs %d %u %*u %*x %*u %31s", &status->port, &status->status,
			   status->device) == 3)
			return true;
	}
	return false;
}

/* Returns false if no such port has this status; errno is ENOENT if there is no controller. */
static bool vhci_find_port(int wanted, unsigned int wanted_status, struct port_status *status)
{
	FILE *file;
	bool found = false;
	unsigned int i;

	for (i = 0; !found && (file = vhci_open_status(i)); i++) {
		while (!found && vhci_read_status(file, status))
			found = status->status == wanted_status &&
				(wanted == VHCI_ANY || wanted == status->port);
		fclose(file);
	}
	errno = i ? EBUSY : ENOENT;
	return found;
}

static bool vhci_write_attach(int port, int fd)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%d %d %d %d", port, fd, DEVICE_ID, SPEED_HIGH);
	int attach = open(CONTROLLER "/attach", O_WRONLY | O_CLOEXEC);
	bool attached;
	int error;

	if (attach < 0)
		return false;
	attached = write(attach, text, (size_t)len) == len;
	error = errno;
	close(attach);
	errno = error;
	return attached;
}

static void vhci_explain(char *why, size_t size)
{
	int error = errno;

	switch (error) {
	case ENOENT:
		snprintf(why, size, "no " CONTROLLER ": try 'modprobe vhci-hcd'");
		break;
	case EACCES:
	case EPERM:
		snprintf(why, size, "not permitted to write " CONTROLLER "/attach: run as root");
		break;
	case EBUSY:
		snprintf(why, size, "vhci_hcd has no free port: stop another simulated device");
		break;
	default:
		snprintf(why, size, CONTROLLER "/attach: %s", strerror(error));
	}
	errno = error;
}

int vhci_attach(int fd, int port, char *why, size_t size)
{
	struct port_status status;

	while (vhci_find_port(port, STATUS_FREE, &status)) {
		if (vhci_write_attach(status.port, fd))
			return status.port;
		if (errno != EBUSY) /* another process was faster; try another port */
			break;
	}
	vhci_explain(why, size);
	return -1;
}

/* Stores the sysfs directory entry that begins with the prefix, or "". */
static void vhci_find_entry(const char *directory, const char *prefix, char *name, size_t size)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	name[0] = '\0';
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.' &&
		    strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    strlen(entry->d_name) < size)
			memcpy(name, entry->d_name, strlen(entry->d_name) + 1);
	}
	closedir(dir);
}

void vhci_find_names(int port, unsigned int interface, struct vhci_names *names)
{
	struct port_status status;
	char path[PATH_MAX];

	*names = (struct vhci_names){0};
	if (!vhci_find_port(port, STATUS_USED, &status))
		return;
	memcpy(names->device, status.device, sizeof(names->device));
	snprintf(path, sizeof(path), DEVICES "/%s/%s:1.%u/usbmisc", status.device, status.device,
		 interface);
	vhci_find_entry(path, "cdc-wdm", names->node, sizeof(names->node));
	snprintf(path, sizeof(path), DEVICES "/%s/%s:1.%u/net", status.device, status.device,
		 interface);
	vhci_find_entry(path, "", names->net, sizeof(names->net));
}

static bool vhci_read_number(const char *device, const char *attribute, unsigned int *number)
{
	char path[PATH_MAX];
	FILE *file;
	bool found;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, attribute);
	file = fopen(path, "re");
	if (!file)
		return false;
	found = fscanf(file, "%u", number) == 1;
	fclose(file);
	return found;
}

/* A child waits for the kernel, because the device must answer during the reset. */
bool vhci_reset(const char *device)
{
	unsigned int bus;
	unsigned int number;
	char path[PATH_MAX];
	pid_t child;
	int fd;

	if (!vhci_read_number(device, "busnum", &bus) ||
	    !vhci_read_number(device, "devnum", &number))
		return false;
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", bus, number);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	child = fork();
	if (child == 0) {
		/* Do not keep the simulator's files open if it ends meanwhile. */
		dup2(fd, STDIN_FILENO);
		syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0); /* musl has no close_range() */
		_exit(ioctl(STDIN_FILENO, USBDEVFS_RESET) < 0);
	}
	close(fd);
	return child > 0;
}
