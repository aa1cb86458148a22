# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A watchdog for the parts of a test script. If the daemon never answers a call on a
# node, only the end of the daemon ends the call, so a process that waits for it cannot
# watch itself. To be sourced after report.sh and waiting.sh.

HUNG=$(mktemp) || exit
PROGRESS=$HUNG.progress

# Kills processes other than descendants. A suite may redefine it.
kill_more() { :; }

# Kills everything that this script has started, except the watcher itself.
kill_started()
{
	local -A parent=()
	local stat line pid up

	for stat in /proc/[0-9]*/stat; do
		read -r line <"$stat" || continue
		up=${line##*) ? }
		parent[${line%% *}]=${up%% *}
	done
	for pid in "${!parent[@]}"; do
		up=$pid
		while ((up > 1 && up != $$)); do
			up=${parent[$up]:-0}
		done
		((up != $$ || pid == $$ || pid == BASHPID)) || kill -KILL "$pid"
	done
	kill_more
} 2>/dev/null

# Call this at each step of anything slow.
progress() { : >"$PROGRESS"; }

wait_without_progress()
{
	pause "$1"
	while [[ -e $PROGRESS ]]; do
		rm -f "$PROGRESS"
		pause "$1"
	done
}

# wait_and_kill NAME SECONDS: kills the script's processes if it hangs. If it still hangs
# after as long again, prints its totals and kills it too.
wait_and_kill()
{
	wait_without_progress "$2"
	echo killing >"$HUNG"
	echo "not ok - $1 hangs: no progress in $2 s, killing its processes"
	kill_started
	: >"$HUNG"
	wait_without_progress "$2"
	echo "not ok - $1 still hangs: the rest is not run"
	echo "$PASSED passed, $((FAILED + 2)) failed"
	kill_started
	kill -KILL $$
}

# watched NAME SECONDS COMMAND...: runs a function of this shell. Returns false, and
# counts a failure, if it made no progress for this long.
watched()
{
	local name=$1 seconds=$(($2 * TEST_SLOW)) watcher

	shift 2
	rm -f "$HUNG" "$PROGRESS"
	wait_and_kill "$name" "$seconds" &
	watcher=$!
	"$@"
	while [[ -s $HUNG ]]; do
		pause 0.1
	done
	kill -KILL "$watcher"
	wait "$watcher" 2>/dev/null
	rm -f "$PROGRESS"
	[[ -e $HUNG ]] || return 0
	rm "$HUNG"
	FAILED=$((FAILED + 1))
	return 1
}
