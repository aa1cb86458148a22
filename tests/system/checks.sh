# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the topics share: how they check, and what they look at. To be sourced.
# shellcheck disable=SC2034,SC2154 # BROKEN: guest; DIR, IMEI: modems.sh

CLIENT=$BUILD/tests/system-client

BY=''     # what is before a check's name
BROKEN='' # what a topic needed has failed: the next one may lack it

# check NAME COMMAND...
check()
{
	local name=$BY$1

	progress
	shift
	if "$@" >"$DIR/said" 2>&1; then
		pass "$name"
	else
		fail "$name" "this is not so: $*" "$(<"$DIR/said")" "the journal:" \
			"$(journalctl -n 20 --no-pager -o cat)"
	fi
}

# need COMMAND...: what the checks rely on. No check, but a failure if it fails.
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

# says TEXT COMMAND...: the command succeeds, and its output has the text.
says()
{
	local text=$1 said

	shift
	said=$("$@" 2>&1) && [[ $said == *"$text"* ]] && return
	echo "it ended with $? and said: $said"
	return 1
}

# refused STATUS TEXT COMMAND...: the command ends with this status, and says so.
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

# lacks TEXT COMMAND...: the command succeeds, and its output does not have the text.
lacks()
{
	local text=$1 said

	shift
	said=$("$@" 2>&1) && [[ $said != *"$text"* ]] && return
	echo "it ended with $? and said: $said"
	return 1
}

# load_start NODE, load_ended PATTERN: a client in mid-traffic, and how it ended.
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

# What the daemon itself has said since then, without what systemd says of it.
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

# What has been said is looked at in a file: without that there is no saying what is missing.
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
