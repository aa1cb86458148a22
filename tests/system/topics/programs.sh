# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# libqmi's programs, and access to nodes. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

test_qmicli()
{
	local alias=/dev/qmi-virt/0/cdc-wdm0

	check "qmicli needs no option on an alias (V25)" \
		says 'Model:' qmicli -d "$alias" --dms-get-model
	check "qmicli finds the network interface" says 'wwan' qmicli -d "$alias" --get-wwan-iface
	check "qmicli finds the expected data format" \
		says '802-3' qmicli -d "$alias" --get-expected-data-format
	check "qmi-network starts a call" \
		says 'Network started successfully' qmi-network "$alias" start
	check "qmi-network sees the call" says 'Status: connected' qmi-network "$alias" status
	check "qmi-network stops the call" says 'Network stopped successfully' qmi-network "$alias" stop
	check "a node works with --device-open-qmi" \
		says 'Model:' qmicli -d /dev/qmi-virt0 --device-open-qmi --dms-get-model
}

test_users()
{
	local user

	check "a user of the group may use a node" says "${IMEI[a]}" \
		runuser -u insider -- qmicli -d /dev/qmi-virt/1/cdc-wdm0 --dms-get-ids
	check "a user outside the group gets EACCES" refused 1 'Permission denied' \
		runuser -u outsider -- "$CLIENT" imei /dev/qmi-virt1
	check "and EACCES from the alias too" refused 1 'Permission denied' \
		runuser -u outsider -- "$CLIENT" imei /dev/qmi-virt/1/cdc-wdm0
	for user in insider outsider; do
		check "the real port is closed to the $user" refused 1 'Permission denied' \
			runuser -u "$user" -- "$CLIENT" imei /dev/qmi-real/cdc-wdm0
	done
}
