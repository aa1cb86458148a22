# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Planned restarts of the daemon (V29), under whatever uses the modem. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

OUTLIVE_UNIT=cuse-qmux@cdc-wdm0

main_pid() { systemctl show -P MainPID "$OUTLIVE_UNIT"; }

# The nodes are the same ones, which a node made anew is not.
nodes_identity() { stat -c '%i %t:%T %G %a' /dev/qmi-virt? /dev/cdc-wdm0; }

call_is_up() { modem_ask a state | grep -qx connected=yes; }

follow_call()
{
	stdbuf -oL qmicli -d /dev/cdc-wdm0 --wds-start-network=apn=internet \
		--wds-follow-network >"$DIR/follow" 2>&1 &
	follower=$!
	need await 60 grep -q 'Ctrl+C' "$DIR/follow"
}

# outlive_by NAME COMMAND...: all of it outlives the command, which restarts the instance.
outlive_by()
{
	local name=$1 before cursor

	shift
	before=$(nodes_identity)
	cursor=$(journal_cursor)
	load_start /dev/qmi-virt0
	need "$@"
	need await 60 journal_says 'going on after a restart' "$cursor"
	need await 60 unit_is active
	check "$name: the nodes and the port's own name are what they were" \
		test "$(nodes_identity)" = "$before"
	check "$name: the name leads to the node" taken cdc-wdm0 /dev/qmi-virt0
	check "$name: a program goes on with its call" kill -0 "$follower"
	check "$name: the call is up" call_is_up
	check "$name: the next commands work" says "${IMEI[a]}" qmicli -d /dev/cdc-wdm0 --dms-get-ids
	check "$name: libqmi's proxy leads to it" says "${IMEI[a]}" qmicli -p -d /dev/cdc-wdm0 --dms-get-ids
	kill "$load"
	check "$name: nothing was lost" load_ended '0 lost, 0 restarts, stopped'
	check "$name: nothing stays in the store" \
		test "$(systemctl show -P NFileDescriptorStore "$OUTLIVE_UNIT")" = 0
}

test_outlive()
{
	local follower pid

	follow_call
	pid=$(main_pid)
	outlive_by restart systemctl restart "$OUTLIVE_UNIT"
	check "restart: it is another process" test "$(main_pid)" != "$pid"
	pid=$(main_pid)
	outlive_by reload systemctl reload "$OUTLIVE_UNIT"
	check "reload: it is the same process" test "$(main_pid)" = "$pid"
	echo 'CUSE_QMUX_OPTIONS=--nodes=6' >/etc/default/cuse-qmux
	need systemctl restart "$OUTLIVE_UNIT"
	check "new options apply: there are more nodes" nodes_wait 4 5
	: >/etc/default/cuse-qmux
	need systemctl restart "$OUTLIVE_UNIT"
	check "and less of them" await 60 test ! -e /dev/qmi-virt4
	check "a program goes on with its call" kill -0 "$follower"
	need kill -INT "$follower"
	check "and ends it itself" follower_ends "$follower"
	need systemctl stop "$OUTLIVE_UNIT"
	check "a stop leaves no node (V18)" nodes_gone
	check "and no client" test "$(modem_clients)" = 0
	need systemctl start "$OUTLIVE_UNIT"
	need nodes_wait 0 1 2 3
}
