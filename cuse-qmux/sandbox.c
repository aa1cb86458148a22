/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#define BIT(capability) (UINT64_C(1) << (capability))

static uint64_t sandbox_kept; /* capabilities that are needed to the end */

/* Returns 0 or -errno. */
static int sandbox_limit_capabilities(uint64_t needed)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(needed >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static void sandbox_keep(uint64_t needed)
{
	int err = sandbox_limit_capabilities(needed);

	if (err == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = -errno;
	if (err < 0)
		log_warning("cannot give up privileges: %s", strerror(-err));
}

void sandbox_begin(int port_fd)
{
	struct stat st;

	/* Such as the pseudoterminal of a user who runs a simulated modem. */
	if (fstat(port_fd, &st) < 0 || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IRUSR | S_IWUSR)) != (S_IRUSR | S_IWUSR))
		sandbox_kept = BIT(CAP_DAC_OVERRIDE);
	/*
	 * mknod() where /dev is not a devtmpfs; link() to a node that udev has already
	 * given to someone else.
	 */
	sandbox_keep(sandbox_kept | BIT(CAP_MKNOD) | BIT(CAP_FOWNER));
}

void sandbox_search(void)
{
	sandbox_keep(BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH));
}

void sandbox_complete(void)
{
	sandbox_keep(sandbox_kept);
}

void sandbox_complete_thread(void)
{
	sandbox_limit_capabilities(sandbox_kept);
}
