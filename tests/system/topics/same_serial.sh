# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two modems with the same serial number. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

# links_of PORT [DIRECTORY]: the four links in by-id, and no more, lead to this port's nodes.
links_of()
{
	local links=(/dev/qmi-virt/by-id/*)

	((${#links[@]} == 4)) &&
		[[ $(udevadm info --query=property --property=CUSE_QMUX_PORT --value "${links[@]}" |
			sort -u) = "$1" ]] && return
	ls -l /dev/qmi-virt/by-id
	return 1
}

no_links() { [[ -e /dev/qmi-virt && ! -e /dev/qmi-virt/by-id ]]; }

links_by_path() { (($(compgen -G '/dev/qmi-virt/by-path/*' | wc -l) == $1)); }

# ready_at PORT: udev has processed all of its nodes.
ready_at()
{
	local device count=0

	for device in /sys/class/cuse/qmi-virt*; do
		udevadm info "$device" | grep -qx "E: CUSE_QMUX_PORT=$1" && count=$((count + 1))
	done
	((count == 4))
}

test_same_serial()
{
	local cursor

	cursor=$(journal_cursor)
	qmi-modem-sim --usb --imei="${IMEI[a]}" --control="$DIR/twin" >"$DIR/twin.log" &
	need await 60 ready_at /dev/cdc-wdm1
	check "a second modem with the same serial number leaves the links to the first" \
		links_of /dev/cdc-wdm0
	check "the journal names both" \
		eval "journal_says 'has the same serial number as /dev/cdc-wdm0 (' '$cursor' |
			grep '^/dev/cdc-wdm1 (.*: use by-path instead'"
	check "links by path distinguish them" links_by_path 8
	need udevadm trigger --settle --subsystem-match=cuse
	check "they stay when udev looks again" links_of /dev/cdc-wdm0
	need modem_unplug a
	need await 60 no_links
	check "the second serves, without them, when the first is unplugged" \
		says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt/by-path/*-0
	need modem_plug a
	need await 60 ready_at /dev/cdc-wdm0
	check "the first has them again when it returns" links_of /dev/cdc-wdm0
	need modem_unplug a
	need await 60 no_links
	need systemctl restart cuse-qmux@cdc-wdm1
	check "a restart of the second changes nothing (V29)" no_links
	need systemctl stop cuse-qmux@cdc-wdm1
	need systemctl start cuse-qmux@cdc-wdm1
	need await 60 ready_at /dev/cdc-wdm1
	check "while the first is away, another start gives them to the second" links_of /dev/cdc-wdm1
	need modem_plug a
	need await 60 ready_at /dev/cdc-wdm0
	check "and then the first does not take them back" links_of /dev/cdc-wdm1
	need modem_ask twin replug 100
	need await 60 replugged_holder
	check "they return with whoever has them" links_of /dev/cdc-wdm1
	need modem_ask twin quit
	need await 60 no_links
	check "a killed instance does not keep them" killed_and_back
}

replugged_holder() { links_of /dev/cdc-wdm1 >/dev/null && ready_at /dev/cdc-wdm1; }

# Nobody else has them, so the next instance takes them.
killed_and_back()
{
	local pid

	pid=$(systemctl show -P MainPID cuse-qmux@cdc-wdm0)
	kill -KILL "$pid" && await 60 links_of /dev/cdc-wdm0 >/dev/null && nodes_wait 0 1 2 3
}
