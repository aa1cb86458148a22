# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks shared by the topics. To be sourced.
# shellcheck disable=SC2034,SC2154 # BROKEN: guest; DIR, IMEI: modems.sh

CLIENT=$BUILD/tests/system-client

BY=''     # prefix for the names of checks
BROKEN='' # a precondition has failed, so the next topic may lack something

# check NAME COMMAND...
check()
{
	local name=$BY$1

	progress
	shift
	if "$@" >"$DIR/said" 2>&1; then
		pass "$name"
	else
		fail "$name" "this failed: $*" "$(<"$DIR/said")" "the journal:" \
			"$(journalctl -n 20 --no-pager -o cat)"
	fi
}

# need COMMAND...: a precondition of checks, reported only if it fails.
need()
{
	progress
	"$@" >"$DIR/needed" 2>&1 && return
	BROKEN=1
	fail "${BY}needed: $*" "$(<"$DIR/needed")" "the journal:" \
		"$(journalctl -n 20 --no-pager -o cat)"
	return 1
}

# between MIN MAX NUMBER
between() { (($1 <= $3 && $3 <= $2)) || { echo "it is $3"; return 1; }; }

# says TEXT COMMAND...: the command succeeds, and its output contains the text.
says()
{
	local text=$1 said

	shift
	said=$("$@" 2>&1) && [[ $said == *"$text"* ]] && return
	echo "it ended with $? and said: $said"
	return 1
}

# refused STATUS TEXT COMMAND...: the command exits with this status, and its output contains the text.
refused()
{
	local wanted=$1 text=$2 said status

	shift 2
	said=$("$@" 2>&1)
	status=$?
	((status == wanted)) && [[ $said == *"$text"* ]] && return
	echo "it ended with $status and said: $said"
	return 1
}

# lacks TEXT COMMAND...: the command succeeds, and its output does not contain the text.
lacks()
{
	local text=$1 said

	shift
	said=$("$@" 2>&1) && [[ $said != *"$text"* ]] && return
	echo "it ended with $? and said: $said"
	return 1
}

# load_start NODE, load_ended PATTERN: starts a client under load, and checks how it ended.
load_start()
{
	"$CLIENT" load "$1" "${IMEI[a]}" >"$DIR/load" 2>&1 &
	load=$!
	need await 60 grep -q running "$DIR/load"
}

load_ended()
{
	# shellcheck disable=SC2053 # a pattern
	wait "$load" && [[ $(tail -n 1 "$DIR/load") == [1-9]*' answered, '$1 ]] && return
	cat "$DIR/load"
	return 1
}

# daemon_said CURSOR: the daemon's own messages since CURSOR, without systemd's.
daemon_said()
{
	journalctl --sync
	journalctl --no-pager --no-hostname --after-cursor "$1" | sed -n 's/.* cuse-qmux\[[0-9]*\]: //p'
}

uses_io_uring()
{
	find "/proc/$(systemctl show -P MainPID cuse-qmux@cdc-wdm0)/fd" -printf '%l\n' |
		grep -Fx 'anon_inode:[io_uring]'
}

# Uses a file, so that an empty journal does not count as free of complaints.
no_complaint()
{
	journalctl -o cat --no-pager >"$DIR/journal" && [[ -s $DIR/journal ]] || return
	! grep -E 'AddressSanitizer|LeakSanitizer|runtime error' "$DIR/journal"
}

no_failed_unit()
{
	local failed

	failed=$(systemctl list-units --plain --no-legend --state=failed) || return
	echo "$failed"
	[[ -z $failed ]]
}

test_journal()
{
	check "no sanitizer has complained" no_complaint
	check "no unit has failed" no_failed_unit
}
