# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A modem is plugged in. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

owner_is()
{
	local path

	for path; do
		[[ $(stat -c '%F %U %G %a' "$path") = 'character special file root dialout 660' ]] ||
			return
	done
}

# links_lead DIRECTORY COUNT: there are COUNT links, each to the node with its index.
links_lead()
{
	local link count=0

	for link in /dev/qmi-virt/"$1"/*; do
		[[ $(readlink -f "$link") = /dev/qmi-virt${link##*-} ]] || return
		count=$((count + 1))
	done
	((count == $2))
}

# Prints how many seconds systemd takes here for a service that does nothing.
empty_service()
{
	local from=${EPOCHREALTIME/[.,]/}

	systemd-run --quiet --wait true
	awk "BEGIN { print (${EPOCHREALTIME/[.,]/} - $from) / 1e6 }"
}

# Prints the time from the kernel's uevent for the port to udev's for the last node.
measure_plug()
{
	local monitor log=$DIR/monitor

	udevadm monitor --kernel --udev --subsystem-match=usbmisc --subsystem-match=cuse >"$log" &
	monitor=$!
	await 60 grep -q '^KERNEL - ' "$log" && # the heading: it is listening
		modem_plug a &&
		nodes_wait 0 1 2 3
	kill "$monitor"
	wait "$monitor" 2>/dev/null
	awk -F '[][]' '/^KERNEL.* add .*usbmisc/ { from = $2 } /^UDEV.* add .*qmi-virt/ { to = $2 }
		END { if (from && to) printf "%.2f\n", to - from }' "$log"
}

# On real hardware an empty service takes about 20 ms. It takes longer in a guest, and
# more so on a busy host.
test_plug()
{
	local seconds empty limit

	empty=$(empty_service)
	limit=$(awk "BEGIN { print ($empty > 0.5 ? 6 * $empty : 3) }")
	seconds=$(measure_plug)
	check "four nodes exist ${seconds:-too many} s after the port's uevent (at most $limit; an empty service takes $empty)" \
		awk "BEGIN { exit !(\"$seconds\" != \"\" && ${seconds:-0} <= $limit) }"
	check "the nodes are root:dialout 0660" owner_is /dev/qmi-virt{0..3}
	check "so are their aliases (V25)" owner_is /dev/qmi-virt/{0..3}/cdc-wdm0
	check "each has a link by path" links_lead by-path 4
	check "each has a link by serial number" links_lead by-id 4
	check "the names by serial number contain it" \
		compgen -G "/dev/qmi-virt/by-id/usb-*_${IMEI[a]}-if*-3"
	check "udev knows a node's port" says 'CUSE_QMUX_PORT=/dev/cdc-wdm0' udevadm info /dev/qmi-virt2
	check "and its index" says 'CUSE_QMUX_INDEX=2' udevadm info /dev/qmi-virt2
	check "and its modem" says "ID_SERIAL_SHORT=${IMEI[a]}" udevadm info /dev/qmi-virt2
	check "ModemManager may use the port, through the proxy's socket" \
		lacks ID_MM_PORT_IGNORE udevadm info /sys/class/usbmisc/cdc-wdm0
	check "there is one instance" test "$(instances)" = 'cuse-qmux@cdc-wdm0.service'
	check "systemd shows it as ready" \
		says 'is shared by 4 nodes' systemctl status cuse-qmux@cdc-wdm0
}
