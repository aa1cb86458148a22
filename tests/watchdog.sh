# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Watches over the parts of a test script. A call on a node that the daemon never
# answers ends with the daemon alone, so what waits for it cannot end itself. To be
# sourced behind report.sh and waiting.sh.

HUNG=$(mktemp) || exit
PROGRESS=$HUNG.progress

# What the suite has to kill besides its own descendants, to be defined anew.
kill_more() { :; }

# All that this script has started but for the watcher itself.
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

# To be called by what takes its time, at each of its steps.
progress() { : >"$PROGRESS"; }

wait_without_progress()
{
	pause "$1"
	while [[ -e $PROGRESS ]]; do
		rm -f "$PROGRESS"
		pause "$1"
	done
}

# wait_and_kill NAME SECONDS: then the script has as long again to find out what
# it lacks now. If it hangs all the same, it is killed, and these are its totals.
wait_and_kill()
{
	wait_without_progress "$2"
	echo killing >"$HUNG"
	echo "not ok - $1 hangs: no progress in $2 s, what it started is killed"
	kill_started
	: >"$HUNG"
	wait_without_progress "$2"
	echo "not ok - $1 goes on hanging: the rest is not run"
	echo "$PASSED passed, $((FAILED + 2)) failed"
	kill_started
	kill -KILL $$
}

# watched NAME SECONDS COMMAND...: false if the command, a function of this shell's,
# made no progress for so long. That is a failure.
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
