# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Waiting for test scripts. Starting a process is slow in User-Mode Linux, so this
# does not run sleep. To be sourced.
#
#   TEST_SLOW  the factor by which deadlines are longer (1)

TEST_SLOW=${TEST_SLOW:-1}

exec {NEVER}<> <(:)

# pause SECONDS
pause()
{
	read -rt "$1" -u "$NEVER" || :
}

# await SECONDS COMMAND...: repeats the command until it succeeds.
await()
{
	local now=${EPOCHREALTIME/[.,]/} end

	end=$((now + $1 * TEST_SLOW * 1000000))
	shift
	until "$@"; do
		now=${EPOCHREALTIME/[.,]/}
		((now < end)) || return 1
		pause 0.05
	done
}
