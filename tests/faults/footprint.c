/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "footprint.h"

#include <stdio.h>

#include "../cuse/cmocka-all.h"

long footprint_kib(pid_t pid)
{
	char path[64];
	char line[256];
	long rss = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	in = fopen(path, "re");
	assert_non_null(in);
	while (rss == 0 && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "RssAnon: %ld", &rss) != 1)
			rss = 0;
	}
	fclose(in);
	assert_true(rss > 0);
	return rss;
}
