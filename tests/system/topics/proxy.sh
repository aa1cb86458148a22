# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# libqmi's proxy socket and its broker, under systemd and udev. To be sourced by guest.
# shellcheck disable=SC2154 # DIR, IMEI and the like are guest's

BROKER=cuse-qmux-proxy

# socket_was_before UNIT: the socket existed before systemd began to start this one.
socket_was_before()
{
	local socket unit

	socket=$(systemctl show -P ActiveEnterTimestampMonotonic $BROKER.socket)
	unit=$(systemctl show -P InactiveExitTimestampMonotonic "$1")
	echo "the socket: $socket, $1: $unit"
	((socket > 0 && unit > 0 && socket < unit))
}

asks_by_proxy() { says "${IMEI[a]}" qmicli -p -d "${1:-/dev/cdc-wdm0}" --dms-get-ids; }

# qmicli starts one if it cannot connect.
no_qmi_proxy() { ! pgrep -x qmi-proxy; }

test_proxy()
{
	check "the proxy's socket is there before udev" socket_was_before systemd-udevd.service
	check "and before udev looks at devices that exist" socket_was_before systemd-udev-trigger.service
	check "qmicli -p works on the port (V26)" asks_by_proxy
	check "and on a node (V26)" asks_by_proxy /dev/qmi-virt/2/cdc-wdm0
	check "and for a user of the group (V26)" says "${IMEI[a]}" \
		runuser -u insider -- qmicli -p -d /dev/cdc-wdm0 --dms-get-ids
	check "and not for another user (V26)" refused 1 AccessDenied \
		runuser -u outsider -- qmicli -p -d /dev/cdc-wdm0 --dms-get-ids
	check "a device that is not a port is refused (V26)" refused 1 NotSupported \
		qmicli -p --device-open-qmi -d /dev/null --dms-get-ids
	check "ModemManager may use the port" lacks ID_MM_PORT_IGNORE udevadm info /sys/class/usbmisc/cdc-wdm0
	proxy_restarts
	proxy_owner
	check "no qmi-proxy was started" no_qmi_proxy
}

# follower_ends PID
follower_ends()
{
	wait "$1"
	echo "qmicli ended with $?, and said:"
	cat "$DIR/follow"
	grep -q 'Network cancelled' "$DIR/follow"
}

# A call that its qmicli follows is a connection that must live on.
proxy_restarts()
{
	local follower

	stdbuf -oL qmicli -p -d /dev/cdc-wdm0 --wds-start-network=apn=internet \
		--wds-follow-network >"$DIR/follow" 2>&1 &
	follower=$!
	need await 60 grep -q 'Ctrl+C' "$DIR/follow"
	need systemctl restart $BROKER.service
	need systemctl kill --signal=KILL $BROKER.service
	check "when the broker has been killed, its socket still serves" asks_by_proxy
	check "restarting the broker ends no connection" kill -INT "$follower"
	check "whose call ends as usual" follower_ends "$follower"
	need systemctl restart cuse-qmux@cdc-wdm0
	check "qmicli -p works after the instance has restarted" asks_by_proxy
	need modem_unplug a
	need nodes_gone
	need modem_plug a
	need await 60 test -e /dev/cdc-wdm0
	check "qmicli -p waits for an instance that is starting" asks_by_proxy
	need nodes_wait 0 1 2 3
}

# Another program has the socket.
proxy_owner()
{
	need systemctl stop $BROKER.socket $BROKER.service
	need udevadm trigger --settle /sys/class/usbmisc/cdc-wdm0
	check "without the socket, ModemManager is told to leave the port alone" \
		says ID_MM_PORT_IGNORE=1 udevadm info /sys/class/usbmisc/cdc-wdm0
	$BROKER 2>"$DIR/owner" &
	need await 60 grep -q @qmi-proxy /proc/net/unix
	check "the socket unit fails while another program has the name" \
		refused 1 '' systemctl start $BROKER.socket
	check "and says which" says "belongs to $BROKER (pid $!)" \
		journalctl -o cat --no-pager -u $BROKER.socket
	kill $!
	wait $!
	need systemctl start $BROKER.socket
	need udevadm trigger --settle /sys/class/usbmisc/cdc-wdm0
	check "with the socket again, ModemManager may use the port" \
		lacks ID_MM_PORT_IGNORE udevadm info /sys/class/usbmisc/cdc-wdm0
}

has_own_instance() { pgrep -f 'cuse-qmux --nodes=0'; }

lacks_own_instance() { ! has_own_instance; }

test_proxy_alone()
{
	local instance

	need modem_unplug a
	need nodes_gone
	rule 'ENV{CUSE_QMUX_IGNORE}="1"'
	need modem_plug a
	need await 60 test -e /dev/cdc-wdm0
	need udevadm settle
	check "an ignored port is shared through the broker alone (V26)" asks_by_proxy
	check "which has started an instance without nodes" has_own_instance
	check "and no node" test -z "$(node_list)"
	instance=$(has_own_instance | head -n 1)
	need systemctl restart $BROKER.service
	check "that goes on when the broker restarts" asks_by_proxy
	check "as the same process" test "$(has_own_instance | head -n 1)" = "$instance"
	check "and ends 30 s after its last connection" await 45 lacks_own_instance
	check "and is started again" asks_by_proxy
	need modem_unplug a
	check "it ends when the modem is unplugged" await 60 lacks_own_instance
	rule_out
	need modem_plug a
	need nodes_wait 0 1 2 3
	check "systemd rates the broker's exposure as at most 1.9" \
		proxy_exposure_is_low
}

proxy_exposure_is_low()
{
	systemd-analyze security --no-pager $BROKER.service |
		awk '/Overall exposure level/ { level = $(NF - 2); print } END { exit !(level <= 1.9) }'
}
