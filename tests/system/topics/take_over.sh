# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The port's own name leads to node 0 while an instance lives (V27). To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

PORT_UNIT=cuse-qmux@cdc-wdm0
REAL=/dev/qmi-real

numbers_of() { printf '%d:%d\n' "0x$(stat -c %t "$1")" "0x$(stat -c %T "$1")"; }

# is_port PATH NAME: the path is a node of the port that the kernel calls NAME.
is_port() { [[ $(numbers_of "$1") = "$(cat /sys/class/*/"$2"/dev)" ]]; }

# taken NAME NODE: the name leads to the node, and the port is elsewhere, for root only.
taken()
{
	[[ /dev/$1 -ef $2 ]] && owner_is "/dev/$1" && is_port "$REAL/$1" "$1" &&
		[[ $(stat -c '%U %a' "$REAL") = 'root 700' ]] && return
	ls -l /dev/cdc-wdm* /dev/qmi-virt? "$REAL"
	return 1
}

# given_back NAME [OWNER]: the name leads to its port, which has its own owner and mode.
given_back()
{
	is_port "/dev/$1" "$1" && [[ ! -e $REAL/$1 ]] &&
		[[ $(stat -c '%U:%G %a' "/dev/$1") = "${2:-root:root 600}" ]] && return
	ls -l /dev/cdc-wdm* "$REAL"
	return 1
}

# all_is_well: an instance has the name, and whoever uses it reaches the modem.
all_is_well()
{
	nodes_wait 0 1 2 3 && await 60 taken cdc-wdm0 /dev/qmi-virt0 &&
		says "${IMEI[a]}" qmicli -d /dev/cdc-wdm0 --dms-get-ids
}

kill_hard() { systemctl kill --signal=KILL "$PORT_UNIT"; }

unit_is() { [[ $(systemctl show -P ActiveState "$PORT_UNIT") = "$1" ]]; }

# The usual name leads to a node, which anybody may have open.
test_take_over_holders()
{
	local cursor sharer holder

	cursor=$(journal_cursor)
	sleep 1000 <>/dev/cdc-wdm0 &
	sharer=$!
	sleep 1000 <>"$REAL/cdc-wdm0" &
	holder=$!
	check "a program that opens the real port is named, by the port's usual name" await 60 \
		journal_says "/dev/cdc-wdm0 is also held by sleep (pid $holder)" "$cursor"
	check "one that opens the usual name is not" refused 1 '' journal_says "(pid $sharer)" "$cursor"
	kill "$holder" "$sharer"
}

test_take_over()
{
	local pid

	check "the port's name leads to node 0 (V27)" taken cdc-wdm0 /dev/qmi-virt0
	check "qmicli needs no option on it" says "${IMEI[a]}" qmicli -d /dev/cdc-wdm0 --dms-get-ids
	check "a user of the group may use it" says "${IMEI[a]}" \
		runuser -u insider -- qmicli -d /dev/cdc-wdm0 --dms-get-ids
	check "another may not" refused 1 'Permission denied' \
		runuser -u outsider -- "$CLIENT" imei /dev/cdc-wdm0
	check "nor reach the real port" refused 1 'Permission denied' \
		runuser -u insider -- "$CLIENT" imei "$REAL/cdc-wdm0"
	check "udev knows the real port" says "ID_SERIAL_SHORT=${IMEI[a]}" \
		udevadm info "$REAL/cdc-wdm0"
	pid=$(systemctl show -P MainPID "$PORT_UNIT")
	check "a second instance is refused" refused 1 \
		"/dev/cdc-wdm0 is already shared by another cuse-qmux (pid $pid)" \
		cuse-qmux --take-over /dev/cdc-wdm0
	need udevadm trigger --settle --action=change
	need udevadm trigger --settle --action=add --subsystem-match=usbmisc --subsystem-match=cuse
	check "udev's events leave the name alone" taken cdc-wdm0 /dev/qmi-virt0
	need systemctl restart systemd-udevd
	need udevadm trigger --settle
	check "so does a new udevd" all_is_well
	check "its rules have not replaced the instance" \
		test "$pid" = "$(systemctl show -P MainPID "$PORT_UNIT")"
}

test_take_over_stops()
{
	need systemctl stop "$PORT_UNIT"
	check "a stop gives the name back" given_back cdc-wdm0
	check "to the right device" says "${IMEI[a]}" qmicli -d /dev/cdc-wdm0 --dms-get-ids
	need chown root:dialout /dev/cdc-wdm0
	need chmod 640 /dev/cdc-wdm0
	need systemctl start "$PORT_UNIT"
	check "a start takes it" all_is_well
	need systemctl restart "$PORT_UNIT"
	check "so does a restart" all_is_well
	need systemctl stop "$PORT_UNIT"
	check "the port has kept the owner and mode that it was given" \
		given_back cdc-wdm0 'root:dialout 640'
	need chown root:root /dev/cdc-wdm0
	need chmod 600 /dev/cdc-wdm0
	echo 'CUSE_QMUX_OPTIONS="--no-take-over"' >/etc/default/cuse-qmux
	need systemctl start "$PORT_UNIT"
	need nodes_wait 0 1 2 3
	check "with --no-take-over, the name remains the port's" given_back cdc-wdm0
	: >/etc/default/cuse-qmux
	need systemctl restart "$PORT_UNIT"
	check "without, it is taken again" all_is_well
}

test_take_over_killed()
{
	local daemon

	need kill_hard
	need await 60 unit_is active
	check "if the daemon is killed, the next has the name" all_is_well
	drop_in dead Restart=no
	need kill_hard
	need await 60 unit_is failed
	check "if there is no next, the port has its name back" given_back cdc-wdm0
	drop_in deaf ExecStopPost=
	need systemctl start "$PORT_UNIT"
	need all_is_well
	need kill_hard
	need await 60 unit_is failed
	check "without help the name leads nowhere" refused 1 '' "$CLIENT" imei /dev/cdc-wdm0
	need systemctl start "$PORT_UNIT"
	check "but the next start takes it" all_is_well
	need kill_hard
	need await 60 unit_is failed
	check "as the removal of the package does, --give-back succeeds" cuse-qmux --give-back
	check "and the port has its name back" given_back cdc-wdm0
	drop_out deaf
	drop_out dead
	cuse-qmux --take-over /dev/cdc-wdm0 2>"$DIR/bare" &
	daemon=$!
	need await 60 grep -q ready "$DIR/bare"
	check "a daemon on a bare command line takes the name" all_is_well
	kill -KILL "$daemon"
	wait "$daemon" 2>/dev/null
	need udevadm trigger --settle --subsystem-match=usbmisc
	need systemctl start "$PORT_UNIT"
	check "udev and the unit put it right if that is killed" all_is_well
}

no_name() { [[ ! -e /dev/cdc-wdm0 && ! -e $REAL ]]; }

test_take_over_unplugged()
{
	local keeper cursor

	sleep 1000 <>/dev/cdc-wdm0 &
	keeper=$!
	need modem_unplug a
	check "an unplugged port leaves no name, whoever has a file open" await 60 no_name
	need nodes_gone
	need modem_plug a
	check "plugged in again, the port's name is node 0's" all_is_well
	need modem_ask a replug 1
	check "so it is if that happens at once" all_is_well
	need modem_ask a reset
	check "and after a USB reset" all_is_well
	kill "$keeper"
	need systemctl kill --signal=STOP "$PORT_UNIT"
	need modem_unplug a
	need modem_plug a
	need udevadm settle
	cursor=$(journal_cursor)
	need systemctl kill --signal=CONT "$PORT_UNIT"
	need await 60 journal_says 'ready: /dev/cdc-wdm0' "$cursor"
	check "a daemon that slept meanwhile makes way for the next" all_is_well
	need kill_hard
	need modem_unplug a
	check "a port unplugged without a daemon leaves no name" await 60 no_name
	need mknod /dev/cdc-wdm0 c 180 255
	echo 'SUBSYSTEM=="usbmisc", GROUP="dialout", MODE="0660"' >/etc/udev/rules.d/60-test.rules
	need udevadm control --reload
	need modem_plug a
	check "a node in the way is replaced" all_is_well
	need systemctl stop "$PORT_UNIT"
	check "by one that has what udev's rules say" given_back cdc-wdm0 'root:dialout 660'
	rm /etc/udev/rules.d/60-test.rules
	need udevadm control --reload
	need systemctl start "$PORT_UNIT"
	need modem_unplug a
	need nodes_gone
	check "and that is gone when the port is" await 60 no_name
	need modem_plug a
	need nodes_wait 0 1 2 3
}

# leads_to NAME MODEM
leads_to()
{
	await 60 test -e "$REAL/$1" && says "ID_SERIAL_SHORT=${IMEI[$2]}" udevadm info "$REAL/$1" &&
		says "${IMEI[$2]}" "$CLIENT" imei "/dev/$1"
}

test_take_over_swapped()
{
	need modem_plug b
	need nodes_wait {0..7}
	check "the first modem has the first name" leads_to cdc-wdm0 a
	check "the second modem has the second" leads_to cdc-wdm1 b
	need systemctl stop "$PORT_UNIT"
	check "the second keeps its name while the first is stopped" leads_to cdc-wdm1 b
	check "the first has its own" given_back cdc-wdm0
	need systemctl start "$PORT_UNIT"
	need nodes_wait {0..7}
	need unplug_both
	check "without modems there are no names" no_name
	need modem_plug b
	need nodes_wait 0 1 2 3
	need modem_plug a
	need nodes_wait {0..7}
	check "swapped, the first name is the second modem's" leads_to cdc-wdm0 b
	check "and the second name the first's" leads_to cdc-wdm1 a
	need unplug_both
	need modem_plug a
	need nodes_wait 0 1 2 3
}

# The port is cdc-wdm0 under a name of the subsystem wwan, in a mount namespace with its
# own sysfs, because Debian's kernel gives a USB modem no such port.
as_wwan_port()
{
	local numbers

	numbers=$(cat /sys/class/usbmisc/cdc-wdm0/dev)
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount bash -c '
		mount -t tmpfs tmpfs /sys/class/wwan && mount -t tmpfs tmpfs /sys/dev/char || exit
		mkdir -p /sys/class/wwan/wwan0qmi0
		echo "$1" >/sys/class/wwan/wwan0qmi0/dev
		ln -s ../../class/wwan/wwan0qmi0 "/sys/dev/char/$1"
		mknod /dev/wwan0qmi0 c "${1%:*}" "${1#*:}" || exit
		cuse-qmux --take-over --nodes=1 --name=test /dev/wwan0qmi0 2>"$2" &
		until grep -q ready "$2" || ! kill -0 $!; do sleep 0.1; done
		[[ /dev/wwan0qmi0 -ef /dev/test0 ]] && "$3" imei /dev/wwan0qmi0 || ls -l /dev /sys/class/wwan
		kill $!
		wait $!
		printf "%d:%d\n" "0x$(stat -c %t /dev/wwan0qmi0)" "0x$(stat -c %T /dev/wwan0qmi0)"
		rm /dev/wwan0qmi0' bash "$numbers" "$DIR/wwan" "$CLIENT" >"$DIR/answers" 2>&1
	says "${IMEI[a]}"$'\n'"$numbers" cat "$DIR/answers" "$DIR/wwan"
}

test_take_over_wwan()
{
	need modprobe wwan
	need systemctl stop "$PORT_UNIT"
	check "a port of the subsystem wwan is treated likewise" as_wwan_port
	check "the unit may open such ports" grep -q ' wwan_port$' /proc/devices
	check "and those of USB" grep -q '^180 usb$' /proc/devices
	need systemctl start "$PORT_UNIT"
	need nodes_wait 0 1 2 3
}
