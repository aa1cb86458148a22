# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Resets, restarts and stops of the modem or the daemon under load. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

test_reset()
{
	local cursor

	load_start /dev/qmi-virt0
	need modem_ask a reset
	check "a USB reset removes the port (V17)" load_ended '0 lost, 0 restarts, ENODEV'
	need nodes_wait 0 1 2 3
	check "after the reset a new instance serves the next commands" \
		says "${IMEI[a]}" qmicli -d /dev/qmi-virt/0/cdc-wdm0 --dms-get-ids
	load_start /dev/qmi-virt0
	cursor=$(journal_cursor)
	need modem_ask a restart
	need await 60 journal_says 'the modem restarted' "$cursor"
	kill "$load"
	check "a restart of the modem leaves the sessions open (V16)" load_ended '0 lost, 1 restarts, stopped'
	check "after the restart the next commands work" \
		says "${IMEI[a]}" qmicli -d /dev/qmi-virt/0/cdc-wdm0 --dms-get-ids
}

modem_clients() { modem_ask a state | sed -n 's/^cids\.total=//p'; }

test_restarts()
{
	local unit=cuse-qmux@cdc-wdm0

	load_start /dev/qmi-virt0
	check "under load the modem has clients" test "$(modem_clients)" -gt 0
	need systemctl stop "$unit"
	check "stopping the unit ends the load with ENODEV (V18)" load_ended '0 lost, 0 restarts, ENODEV'
	check "after the stop the modem has no clients (V18)" test "$(modem_clients)" = 0
	need nodes_gone
	need systemctl start "$unit"
	need nodes_wait 0 1 2 3
	load_start /dev/qmi-virt0
	need systemctl kill --signal=KILL "$unit"
	check "if the daemon is killed, the kernel ends the load" load_ended '0 lost, 0 restarts, E@(CONNABORTED|NOTCONN)'
	need await 60 systemctl --quiet is-active "$unit"
	need nodes_wait 0 1 2 3
	check "systemd restarts it, and the nodes work" \
		says "${IMEI[a]}" qmicli -d /dev/qmi-virt/3/cdc-wdm0 --dms-get-ids
	check "the killed daemon's clients have not leaked" test "$(modem_clients)" = 0
}
