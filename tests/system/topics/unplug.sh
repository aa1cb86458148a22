# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A modem is unplugged, again and again. To be sourced by guest.
# shellcheck disable=SC2153,SC2154 # CLIENT, DIR, IMEI and the like are guest's

ROUNDS_UNPLUG=50

# V17 for three sessions, by client.c.
unplug_once()
{
	local client

	modem_plug a && nodes_wait 0 1 2 3 || return
	"$CLIENT" unplug /dev/qmi-virt/0/cdc-wdm0 >"$DIR/client" 2>&1 &
	client=$!
	await 60 grep -q running "$DIR/client" && modem_unplug a || return
	wait "$client" || { cat "$DIR/client"; return 1; }
	nodes_gone
}

# unplug_times COUNT: false, and which time it was, if one of them went wrong.
unplug_times()
{
	local round

	for ((round = 1; round <= $1; round++)); do
		progress
		unplug_once || { echo "time $round of $1"; return 1; }
	done
}

# The first times, everybody who has to do with it grows.
test_unplug()
{
	local before after cursor first=$((ROUNDS_UNPLUG / 5))

	need modem_unplug a
	need nodes_gone
	check "unplugged and plugged in $first times: V17 for blocked read, poll and a session between calls" \
		unplug_times "$first"
	before=$(memory_used)
	check "and $((ROUNDS_UNPLUG - first)) times more" unplug_times "$((ROUNDS_UNPLUG - first))"
	after=$(memory_used)
	leftovers >"$DIR/after"
	check "nothing is left over of any modem that was ever plugged in" \
		diff "$DIR/untouched" "$DIR/after"
	check "nor memory: $before KiB were used before, $after KiB after (2048 more at most)" \
		test "$((after - before))" -le 2048
	need modem_plug a
	need nodes_wait 0 1 2 3
	cursor=$(journal_cursor)
	need modem_unplug a
	need nodes_gone
	check "the journal has one plain line about it" \
		test "$(daemon_said "$cursor")" = '/dev/cdc-wdm0 was unplugged'
	need modem_plug a
	need nodes_wait 0 1 2 3
	check "and all is back when it is plugged in again" \
		says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt0
}
