# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# stress-ng beside a client. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

test_stress()
{
	local pid

	pid=$(systemctl show -P MainPID cuse-qmux@cdc-wdm0)
	load_start /dev/qmi-virt0
	check "stress-ng on a node for 30 s" \
		stress-ng --temp-path "$DIR" --dev 2 --dev-file /dev/qmi-virt0 --timeout 30s
	kill "$load"
	check "meanwhile a client gets the right answers" load_ended '0 lost, 0 restarts, stopped'
	check "the daemon has survived" \
		test "$pid" = "$(systemctl show -P MainPID cuse-qmux@cdc-wdm0)"
}
