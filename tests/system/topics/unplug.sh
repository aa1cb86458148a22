# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unplugs a modem many times. To be sourced by guest.
# shellcheck disable=SC2153,SC2154 # CLIENT, DIR, IMEI and the like are guest's

ROUNDS_UNPLUG=50

# V17 for three sessions of system_client.c.
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

# unplug_times COUNT: stops at the first failure, and prints its number.
unplug_times()
{
	local round

	for ((round = 1; round <= $1; round++)); do
		progress
		unplug_once || { echo "time $round of $1"; return 1; }
	done
}

# In the first rounds every process involved grows, so memory is compared only after them.
test_unplug()
{
	local before after cursor first=$((ROUNDS_UNPLUG / 5))

	need modem_unplug a
	need nodes_gone
	check "after each of $first unplugs a blocked read, a poll and a later call end (V17)" \
		unplug_times "$first"
	before=$(memory_used)
	check "and after each of $((ROUNDS_UNPLUG - first)) more" unplug_times "$((ROUNDS_UNPLUG - first))"
	after=$(memory_used)
	leftovers >"$DIR/after"
	check "no modem has left anything behind" \
		diff "$DIR/untouched" "$DIR/after"
	check "no memory has leaked: $before KiB before, $after KiB after (at most 2048 more)" \
		test "$((after - before))" -le 2048
	need modem_plug a
	need nodes_wait 0 1 2 3
	cursor=$(journal_cursor)
	need modem_unplug a
	need nodes_gone
	check "the journal has one plain line about an unplug" \
		test "$(daemon_said "$cursor")" = '/dev/cdc-wdm0 was unplugged'
	need modem_plug a
	need nodes_wait 0 1 2 3
	check "the nodes work when the modem is plugged in again" \
		says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt0
}
