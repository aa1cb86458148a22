/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "takeover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "claim.h"
#include "log.h"
#include "registry.h"

#define PATH_SIZE (sizeof(TAKEOVER_DIRECTORY) + DEVICE_NAME_MAX + sizeof("/.new"))

struct takeover_paths {
	char usual[PATH_SIZE]; /* /dev/NAME */
	char real[PATH_SIZE];  /* where the real port's node is meanwhile */
	char fresh[PATH_SIZE];
};

static struct takeover_paths takeover_paths(const char *name)
{
	struct takeover_paths paths;

	snprintf(paths.usual, PATH_SIZE, "/dev/%s", name);
	snprintf(paths.real, PATH_SIZE, TAKEOVER_DIRECTORY "/%s", name);
	snprintf(paths.fresh, PATH_SIZE, TAKEOVER_DIRECTORY "/%s.new", name);
	return paths;
}

/* The device that this path itself is a node of; 0 if it is none. */
static dev_t takeover_device_at(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) ? st.st_rdev : 0;
}

/* The device that the kernel calls by this name; 0 if there is none. */
static dev_t takeover_device_called(const char *name)
{
	static const char *const classes[] = {"usbmisc", "wwan", "cuse"};
	dev_t device = 0;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (device_number(classes[i], name, &device) == 0)
			return device;
	}
	return 0;
}

/* True if nothing is there, or a node of a device that has another name or is gone. */
static bool takeover_may_replace(const char *usual)
{
	dev_t device = takeover_device_at(usual);
	char name[DEVICE_NAME_MAX];

	if (device == 0)
		return access(usual, F_OK) < 0 && errno == ENOENT;
	return !device_name(device, name) || device_is_cuse(device);
}

/* True if the name is left of a port that is gone. */
static bool takeover_is_leftover(const struct takeover_paths *paths, const char *name)
{
	bool known = takeover_device_at(paths->real) != 0 || strncmp(name, "cdc-wdm", 7) == 0 ||
		     strncmp(name, "wwan", 4) == 0;

	return known && takeover_device_at(paths->usual) != 0 && takeover_may_replace(paths->usual);
}

/* A program that still knows the node must not open the next device with its number by it. */
static void takeover_discard(const char *path)
{
	if (takeover_device_at(path) != 0)
		chmod(path, 0);
	unlink(path);
}

/* Only where the kernel could not make the node, because the name was taken. */
static int takeover_make_node(const struct takeover_paths *paths, dev_t device)
{
	int err;

	mkdir(TAKEOVER_DIRECTORY, 0700);
	unlink(paths->fresh);
	if (mknod(paths->fresh, S_IFCHR | 0600, device) < 0)
		return -errno;
	err = rename(paths->fresh, paths->usual) < 0 ? -errno : 0;
	if (err < 0)
		unlink(paths->fresh);
	return err;
}

/* Makes the name lead to the device that the kernel calls so. Returns 0 or -errno. */
static int takeover_restore_port(const struct takeover_paths *paths, dev_t device)
{
	int err;

	if (takeover_device_at(paths->usual) == device)
		return 0;
	if (!takeover_may_replace(paths->usual))
		return -EEXIST;
	if (takeover_device_at(paths->real) == device)
		return rename(paths->real, paths->usual) < 0 ? -errno : 0;
	err = takeover_make_node(paths, device);
	/* Nothing is better than the way to another device. */
	if (err < 0)
		unlink(paths->usual);
	return err;
}

/* Call it with the lock held. Returns 0 or -errno. */
static int takeover_restore(const char *name)
{
	dev_t device = takeover_device_called(name);
	struct takeover_paths paths = takeover_paths(name);
	int err = 0;

	if (device != 0)
		err = takeover_restore_port(&paths, device);
	else if (takeover_is_leftover(&paths, name))
		unlink(paths.usual);
	if (takeover_device_at(paths.real) != device || device == 0)
		takeover_discard(paths.real);
	return err;
}

static bool takeover_give_name_back(const char *name)
{
	int err = takeover_restore(name);

	if (err < 0)
		log_warning("cannot give /dev/%s back to its port: %s", name, strerror(-err));
	return err == 0;
}

/* These return 0 or -errno. */

static int takeover_exchange(const struct takeover_paths *paths)
{
	return syscall(SYS_renameat2, AT_FDCWD, paths->real, AT_FDCWD, paths->usual,
		       RENAME_EXCHANGE) < 0
		       ? -errno
		       : 0;
}

static int takeover_exchange_for(const struct takeover_paths *paths, dev_t device)
{
	int err = takeover_exchange(paths);

	if (err < 0 || takeover_device_at(paths->real) == device)
		return err;
	/* Another modem has got the name just now. */
	takeover_exchange(paths);
	return -ENODEV;
}

/* The name is never missing in between, and leads to one of the two at any time. */
static int takeover_take(const struct takeover_paths *paths, dev_t device, const char *node)
{
	int err;

	if ((mkdir(TAKEOVER_DIRECTORY, 0700) < 0 && errno != EEXIST) ||
	    chmod(TAKEOVER_DIRECTORY, 0700) < 0)
		return -errno;
	unlink(paths->real);
	if (link(node, paths->real) < 0)
		return -errno;
	err = takeover_exchange_for(paths, device);
	if (err < 0)
		unlink(paths->real);
	return err;
}

void takeover_begin(struct takeover *takeover, dev_t device, const char *node)
{
	struct takeover_paths paths;
	int err = -ENODEV;
	int lock;

	if (!device_name(device, takeover->name)) {
		log_warning("cannot take over the port's name: the kernel has none for it");
		return;
	}
	paths = takeover_paths(takeover->name);
	lock = registry_lock();
	if (lock < 0)
		return;
	if (takeover_device_at(paths.usual) == device)
		err = takeover_take(&paths, device, node);
	takeover->taken = err == 0;
	if (err < 0) {
		rmdir(TAKEOVER_DIRECTORY);
		log_warning("cannot take over %s: %s", paths.usual, strerror(-err));
	} else {
		log_info("%s is a name of %s now, and the port itself is %s", paths.usual, node,
			 paths.real);
	}
	close(lock);
}

void takeover_resume(struct takeover *takeover, const char *name)
{
	snprintf(takeover->name, sizeof(takeover->name), "%s", name);
	takeover->taken = name[0] != '\0';
}

void takeover_end(struct takeover *takeover)
{
	int lock;

	if (!takeover->taken)
		return;
	lock = registry_lock();
	if (lock < 0)
		return;
	takeover->taken = false;
	takeover_give_name_back(takeover->name);
	rmdir(TAKEOVER_DIRECTORY);
	close(lock);
}

/* True if a living instance shares the port: then the name is as it should be. */
static bool takeover_lives(const char *name)
{
	dev_t device = takeover_device_called(name);
	struct takeover_paths paths = takeover_paths(name);
	char port[CLAIM_PORT_MAX];

	claim_port_name(port, device != 0 ? device : takeover_device_at(paths.real));
	return claim_is_taken(port);
}

static bool takeover_give_back_dead(const char *name)
{
	return takeover_lives(name) || takeover_give_name_back(name);
}

static bool takeover_give_all_back(void)
{
	DIR *directory = opendir(TAKEOVER_DIRECTORY);
	struct dirent *entry;
	bool done = true;

	if (!directory)
		return true;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < DEVICE_NAME_MAX)
			done = takeover_give_back_dead(entry->d_name) && done;
	}
	closedir(directory);
	return done;
}

/* The part after the directory, if the path is in it; otherwise NULL. */
static const char *takeover_name_in(const char *path, const char *directory)
{
	size_t size = strlen(directory);
	const char *name = path + size;

	if (strncmp(path, directory, size) != 0 || strchr(name, '/') ||
	    strlen(name) >= DEVICE_NAME_MAX)
		return NULL;
	return name;
}

bool takeover_resolve(char path[PATH_MAX], dev_t *device)
{
	const char *name = takeover_name_in(path, "/dev/");
	struct takeover_paths paths;

	if (!name)
		name = takeover_name_in(path, TAKEOVER_DIRECTORY "/");
	if (!name)
		return false;
	paths = takeover_paths(name);
	*device = takeover_device_called(name);
	if (*device == 0 && !takeover_is_leftover(&paths, name))
		return false;
	memcpy(path, paths.usual, sizeof(paths.usual));
	return true;
}

void takeover_real_path(const char *path, char real[PATH_MAX])
{
	snprintf(real, PATH_MAX, TAKEOVER_DIRECTORY "/%s", strrchr(path, '/') + 1);
}

/* False if the port's name is right, or no name that a port can have. */
static bool takeover_is_wrong(const char *port, char path[PATH_MAX])
{
	dev_t device;

	if (!port)
		return false;
	if (!realpath(port, path))
		snprintf(path, PATH_MAX, "%s", port);
	return takeover_resolve(path, &device) && takeover_device_at(path) != device;
}

bool takeover_give_back(const char *port)
{
	char path[PATH_MAX];
	bool wrong = takeover_is_wrong(port, path);
	bool done;
	int lock;

	if (!wrong && access(TAKEOVER_DIRECTORY, F_OK) < 0)
		return true;
	lock = registry_lock();
	if (lock < 0)
		return false;
	done = takeover_give_all_back();
	if (wrong)
		done = takeover_give_back_dead(strrchr(path, '/') + 1) && done;
	rmdir(TAKEOVER_DIRECTORY);
	close(lock);
	return done;
}
