# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The administrator's view: other holders, rules, settings, the sandbox. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

test_held()
{
	local holder cursor

	need systemctl stop cuse-qmux@cdc-wdm0
	need nodes_gone
	sleep 1000 <>/dev/cdc-wdm0 &
	holder=$!
	cursor=$(journal_cursor)
	need systemctl start cuse-qmux@cdc-wdm0
	check "another process with the port open is named" journal_says \
		"/dev/cdc-wdm0 is also held by sleep (pid $holder)" "$cursor"
	kill "$holder"
	need nodes_wait 0 1 2 3
}

rule()
{
	echo "SUBSYSTEM==\"usbmisc\", ATTRS{serial}==\"${IMEI[a]}\", $1" \
		>/etc/udev/rules.d/60-test.rules
	need udevadm control --reload
}

rule_out()
{
	rm -f /etc/udev/rules.d/60-test.rules
	need udevadm control --reload
}

# count_nodes IMEI: counts the nodes of a modem according to udev.
count_nodes()
{
	local nodes

	mapfile -t nodes < <(node_list)
	udevadm info --query=property --property=ID_SERIAL_SHORT --value "${nodes[@]}" | grep -cx "$1"
}

test_administrator()
{
	local cursor

	need modem_unplug a
	need nodes_gone
	rule 'ENV{CUSE_QMUX_OPTIONS}="--nodes=2 -v"'
	echo 'CUSE_QMUX_OPTIONS="--nodes=3"' >/etc/default/cuse-qmux
	need modem_plug a
	need modem_plug b
	need nodes_wait {0..4}
	check "one modem has the default number of nodes, the other that of its rule" \
		test "$(count_nodes "${IMEI[a]}") $(count_nodes "${IMEI[b]}")" = '2 3'
	need modem_unplug a
	need modem_unplug b
	need nodes_gone
	: >/etc/default/cuse-qmux
	rule 'ENV{CUSE_QMUX_OPTIONS}="--nodes=65"'
	cursor=$(journal_cursor)
	need modem_plug a
	need await 60 journal_says 'invalid CUSE_QMUX_OPTIONS for /dev/cdc-wdm0' "$cursor"
	check "an invalid option is named, with its value" \
		journal_says "bad value '65' for --nodes" "$cursor"
	need await 60 systemctl --quiet is-failed cuse-qmux@cdc-wdm0
	check "the exit status shows an invalid option" \
		test "$(systemctl show -P ExecMainStatus cuse-qmux@cdc-wdm0)" = 2
	check "systemd does not retry an invalid option" test "$(systemctl show -P NRestarts cuse-qmux@cdc-wdm0)" = 0
	need systemctl reset-failed cuse-qmux@cdc-wdm0
	need modem_unplug a
	need await 60 test ! -e /dev/cdc-wdm0
	rule 'ENV{CUSE_QMUX_IGNORE}="1"'
	need modem_plug a
	need udevadm wait --timeout=60 /dev/cdc-wdm0
	need udevadm settle
	check "an ignored port has no instance" test -z "$(instances)"
	check "an ignored port is left to ModemManager" lacks ID_MM_PORT_IGNORE udevadm info /dev/cdc-wdm0
	need modem_unplug a
	rule_out
	need modem_plug a
	need nodes_wait 0 1 2 3
}

# wanted_by BUS: prints the units that the rules want for a QMI port of the wwan
# subsystem whose modem is on this bus. The device is a fake in /sys, in a mount
# namespace, because Debian's kernel gives a USB modem no such port, and QEMU has no
# modem on PCIe.
wanted_by()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount bash -c '
		modem=/sys/devices/made-up/modem
		port=$modem/wwan/wwan0/wwan0qmi0
		mount -t tmpfs tmpfs /sys/devices && mkdir -p "$port" || exit
		ln -s "/sys/bus/$1" "$modem/subsystem"
		ln -s /sys/class/wwan "$port/subsystem"
		printf "DEVTYPE=usb_device\n" >"$modem/uevent"
		printf "MAJOR=249\nMINOR=0\nDEVNAME=wwan0qmi0\n" >"$port/uevent"
		SYSTEMD_DEVICE_VERIFY_SYSFS=0 udevadm test "$port"' bash "$1" 2>"$DIR/udev"
}

test_wwan()
{
	check "a modem on PCIe gets an instance for its wwan port" \
		says 'SYSTEMD_WANTS=cuse-qmux@wwan0qmi0.service' wanted_by pci
	check "ModemManager may use that wwan port" lacks ID_MM_PORT_IGNORE wanted_by pci
	check "a USB modem gets no instance for a wwan port" lacks SYSTEMD_WANTS wanted_by usb
}

# replaced UNIT PID: the unit is active with another process.
replaced()
{
	systemctl is-active --quiet "$1" && [[ $(systemctl show -P MainPID "$1") != "$2" ]]
}

# The unit has 30 s; here it has 2. It lives as long as it gives signs of life.
hangs_and_returns()
{
	local unit=cuse-qmux@cdc-wdm0 pid result

	mkdir -p "/run/systemd/system/$unit.service.d"
	printf '[Service]\nWatchdogSec=2\n' >"/run/systemd/system/$unit.service.d/watchdog.conf"
	systemctl daemon-reload
	systemctl restart "$unit"
	pid=$(systemctl show -P MainPID "$unit")
	sleep 5
	[[ $(systemctl show -P MainPID "$unit") = "$pid" ]] && kill -s STOP "$pid" &&
		await 30 replaced "$unit" "$pid"
	result=$?
	rm -r "/run/systemd/system/$unit.service.d"
	systemctl daemon-reload
	systemctl restart "$unit"
	return "$result"
}

test_sandbox()
{
	local level

	check "the unit permits io_uring" uses_io_uring
	# The sanitizers need more than the unit permits.
	[[ -z ${SANITIZE:-} ]] || drop_out sanitizers
	level=$(systemd-analyze security --no-pager cuse-qmux@cdc-wdm0.service |
		sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
	check "systemd rates the unit's exposure as $level (at most 1.5)" \
		awk "BEGIN { exit !(\"$level\" != \"\" && $level <= 1.5) }"
	[[ -z ${SANITIZE:-} ]] || allow_sanitizers
	check "the daemon has no capability" \
		says $'CapEff:\t0000000000000000' cat "/proc/$(systemctl show -P MainPID cuse-qmux@cdc-wdm0)/status"
	check "a hung daemon is replaced" hangs_and_returns
}
