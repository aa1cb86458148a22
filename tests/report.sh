# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reporting for test scripts: a line for each check, and the totals at the end.
# To be sourced.

PASSED=0 FAILED=0

pass()
{
	echo "ok - $1"
	PASSED=$((PASSED + 1))
}

# fail NAME DETAIL...
fail()
{
	echo "not ok - $1"
	shift
	printf '%s\n' "$@" | sed 's/^/    /'
	FAILED=$((FAILED + 1))
}

# Prints the totals. Succeeds if nothing failed.
report()
{
	echo "$PASSED passed, $FAILED failed"
	((FAILED == 0))
}
