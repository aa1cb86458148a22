# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ModemManager, with cuse-qmux serving libqmi's proxy socket. To be sourced by guest.
# shellcheck disable=SC2034,SC2154 # BY: checks.sh; CLIENT, DIR, IMEI and the like are guest's

PORT=/dev/cdc-wdm0

# More of them with MM_LONG=1.
KILLS_OF_QMICLI=$((MM_LONG ? 60 : 15))
KILLS_OF_MM=$((MM_LONG ? 20 : 2))
STARTS_OF_MM=$((MM_LONG ? 50 : 0))

mm_works()
{
	check "ModemManager enables and connects the modem" mm_connects a
	check "it receives an SMS" mm_receives a
	check "it follows the signal" mm_follows_signal a
}

# The control: what fails here is not cuse-qmux's fault.
test_mm_control()
{
	BY="through libqmi's own proxy: "
	need systemctl stop cuse-qmux-proxy.socket cuse-qmux-proxy.service
	need modem_unplug a
	need nodes_gone
	rule 'ENV{CUSE_QMUX_IGNORE}="1"'
	need modem_plug a
	need udevadm wait --timeout=60 "$PORT"
	need systemctl start ModemManager
	check "ModemManager finds the modem" mm_finds a
	mm_works
	CONTROL=1 mm_beside
	mm_cid
	need systemctl stop ModemManager
	need modem_unplug a
	rule_out
	need systemctl start cuse-qmux-proxy.socket
	need modem_plug a
	need nodes_wait 0 1 2 3
	BY=''
}

mm_beside()
{
	local state=/tmp/qmi-network-state-cdc-wdm0

	# The modem has one call of each IP family, and ModemManager has the one of IPv4.
	printf 'APN=internet\nIP_TYPE=6\nPROXY=yes\n' >/etc/qmi-network.conf
	check "qmicli -p works beside it" says "${IMEI[a]}" qmicli -p -d "$PORT" --dms-get-ids
	check "qmi-network starts a second call with PROXY=yes" \
		says 'Network started successfully' qmi-network "$PORT" start
	check "a raw client of the socket works" says '200 requests answered' \
		"$CLIENT" exchange "@$PORT" "${IMEI[a]}" 4 200
	if [[ -z ${CONTROL:-} ]]; then
		check "qmicli works on the port's name" says "${IMEI[a]}" qmicli -d "$PORT" --dms-get-ids
		check "qmicli works on a node" says "${IMEI[a]}" \
			qmicli -d /dev/qmi-virt/1/cdc-wdm0 --dms-get-ids
		check "a raw client of a node works" says '200 requests answered' \
			"$CLIENT" exchange /dev/qmi-virt2 "${IMEI[a]}" 4 200
		check "someone's Sync through the socket works" says 'Model:' \
			qmicli -p -d "$PORT" --device-open-sync --dms-get-model
		check "someone's Sync on a node works" says 'Model:' \
			qmicli -d /dev/qmi-virt/1/cdc-wdm0 --device-open-sync --dms-get-model
	fi
	check "qmi-network stops its call" says 'Network stopped successfully' qmi-network "$PORT" stop
	rm -f "$state" /etc/qmi-network.conf
	check "ModemManager's call is still up" mm_connected a
	check "ModemManager still receives an SMS" mm_receives a
	check "ModemManager still follows the signal" mm_follows_signal a
}

# Uses every client of WMS by its number, ModemManager's among them.
use_wms_clients()
{
	local cid used=0

	for cid in {1..8}; do
		progress
		qmicli -p -d "$PORT" --wms-get-routes --client-cid="$cid" \
			--client-no-release-cid >/dev/null 2>&1 && used=$((used + 1))
	done
	echo "used $used"
	((used > 0))
}

mm_cid()
{
	check "another program uses ModemManager's client by its number" use_wms_clients
	check "and ModemManager still receives an SMS with it" mm_receives a
}

# Kills qmicli when it has a client and its request is on its way.
kill_qmicli()
{
	local out line pid

	exec {out}< <(exec qmicli -v -p -d "$PORT" --nas-network-scan 2>&1)
	pid=$!
	while read -r -t 20 line <&"$out" && [[ $line != *'"Network Scan"'* ]]; do
		:
	done
	kill -KILL "$pid"
	exec {out}<&-
}

kill_qmiclis()
{
	local number

	for ((number = 0; number < $1; number++)); do
		progress
		kill_qmicli || return
	done
}

mm_killed_clients()
{
	need modem_ask a set cids 10
	need kill_qmiclis "$KILLS_OF_QMICLI"
	check "after $KILLS_OF_QMICLI killed qmicli -p, of 10 clients of a service there is one for qmicli -p" \
		says "'-" qmicli -p -d "$PORT" --nas-get-signal-info
	check "and ModemManager still follows the signal" mm_follows_signal a
	check "and its call is still up" mm_connected a
	need modem_ask a set cids 32
}

# kills_of_mm COUNT: kills ModemManager, which must find the modem again each time.
kills_of_mm()
{
	local number

	for ((number = 1; number <= $1; number++)); do
		progress
		if ! { mm_kill && mm_finds a; }; then
			echo "time $number of $1"
			return 1
		fi
	done
	modem_ask a state
}

mm_killed()
{
	need modem_ask a set cids 15
	check "ModemManager, killed $KILLS_OF_MM times, finds the modem again, which has 15 clients of a service" \
		kills_of_mm "$KILLS_OF_MM"
	mm_works
	need modem_ask a set cids 32
}

# comes_back SECONDS COMMAND...: the command takes the modem away from ModemManager.
comes_back()
{
	local seconds=$1 object started=$SECONDS

	shift
	object=$(mm_object a) && "$@" && mm_finds a "$object" "$seconds" || return
	echo "after $((SECONDS - started)) s" >>"$DIR/times"
}

stop_and_start() { systemctl stop "$1" && systemctl start "$1"; }

# stays COMMAND...: ModemManager goes on with the same modem.
stays()
{
	local object

	object=$(mm_object a) && "$@" && mm_receives a && mm_follows_signal a &&
		[[ $(mm_object a) = "$object" ]]
}

mm_losses()
{
	local unit=cuse-qmux@cdc-wdm0 object

	check "cuse-qmux is restarted, and ModemManager does not notice (V29)" \
		stays systemctl restart "$unit"
	check "it is stopped and started, and ModemManager has the modem again in 15 s" \
		comes_back 15 stop_and_start "$unit"
	check "likewise when it is killed" comes_back 20 systemctl kill --signal=KILL "$unit"
	check "the modem restarts, and ModemManager has it again in 15 s" comes_back 15 modem_ask a restart
	check "the modem is reset on the bus, and ModemManager has it again" comes_back 30 modem_ask a reset
	object=$(mm_object a)
	need modem_unplug a
	need nodes_gone
	check "ModemManager notices the unplug" await 20 lacks "$object" mmcli -L
	need modem_plug a
	check "it has the modem again after the replug" mm_finds a "$object" 30
	check "a quick replug" comes_back 40 modem_ask a replug 100
	need nodes_wait 0 1 2 3
	mm_works
}

mm_orders()
{
	local unit=cuse-qmux@cdc-wdm0

	need systemctl stop ModemManager
	need modem_unplug a
	need nodes_gone
	need systemctl start ModemManager
	need modem_plug a
	check "ModemManager is there first, then the modem" mm_finds a
	need systemctl stop ModemManager "$unit"
	need nodes_gone
	need systemctl start ModemManager
	need systemctl start "$unit"
	check "ModemManager is there before cuse-qmux" mm_finds a
	need systemctl restart ModemManager
	check "ModemManager is restarted" mm_finds a
	mm_works
}

# starts_of_mm COUNT: each start of ModemManager finds the modem.
starts_of_mm()
{
	local number

	for ((number = 1; number <= $1; number++)); do
		progress
		if ! { systemctl restart ModemManager && mm_finds a; }; then
			echo "start $number of $1"
			return 1
		fi
	done
}

# mm_begin, mm_end: ModemManager runs, and libqmi's proxy must not.
mm_begin()
{
	need proxies_watch
	need systemctl start ModemManager
	check "ModemManager finds the modem" mm_finds a
}

mm_end()
{
	check "nobody has started libqmi's own proxy" proxies_none
	need systemctl stop ModemManager
}

test_mm()
{
	mm_begin
	mm_works
	mm_beside
	mm_cid
	mm_killed_clients
	mm_killed
	mm_end
}

test_mm_losses()
{
	mm_begin
	mm_losses
	mm_end
}

test_mm_orders()
{
	mm_begin
	mm_orders
	mm_end
}

test_mm_starts()
{
	mm_begin
	check "it finds the modem in $STARTS_OF_MM starts" starts_of_mm "$STARTS_OF_MM"
	mm_end
}

test_mm_two()
{
	local ignored

	need modem_unplug a
	need nodes_gone
	rule 'ENV{CUSE_QMUX_IGNORE}="1"'
	need modem_plug b
	need nodes_wait 0 1 2 3
	need modem_plug a
	need await 60 mm_device_has_port a
	ignored=$(mm_port a)
	need proxies_watch
	need systemctl start ModemManager
	check "ModemManager finds the shared modem" mm_finds b
	check "and the ignored one" mm_finds a
	check "it connects the shared modem" mm_connects b
	mm_works
	check "qmicli -p has the ignored modem too" says "${IMEI[a]}" qmicli -p -d "$ignored" --dms-get-ids
	check "the shared modem receives an SMS" mm_receives b
	check "the ignored modem has no node" test "$(node_list | wc -l)" = 4
	check "its instance is the broker's" has_own_instance
	need systemctl stop ModemManager
	check "which ends when nobody uses it" await 60 lacks_own_instance
	check "nobody has started libqmi's own proxy" proxies_none
	need modem_unplug a
	need modem_unplug b
	rule_out
	need nodes_gone
	need modem_plug a
	need nodes_wait 0 1 2 3
}

# replug_with RULE: modem a, with this line in its rule
replug_with()
{
	need modem_unplug a
	need nodes_gone
	rule "$1"
	need modem_plug a
	need nodes_wait 0 1 2 3
}

test_mm_options()
{
	replug_with 'ENV{CUSE_QMUX_OPTIONS}="--no-take-over"'
	check "with --no-take-over, the port's name is the real port" \
		says cdc-wdm0 udevadm info -q name "$PORT"
	mm_begin
	mm_works
	check "qmicli -p works too" says "${IMEI[a]}" qmicli -p -d "$PORT" --dms-get-ids
	mm_end
	need modem_unplug a
	need nodes_gone
	rule_out
	need systemctl disable --now cuse-qmux-proxy.socket cuse-qmux-proxy.service
	need systemctl start ModemManager
	need modem_plug a
	need nodes_wait 0 1 2 3
	check "without the socket, udev tells ModemManager to leave the port alone" \
		says ID_MM_PORT_IGNORE=1 udevadm info "/sys/class/usbmisc/cdc-wdm0"
	check "and nobody starts libqmi's own proxy" proxies_none
	check "nodes work" says "${IMEI[a]}" qmicli -d /dev/qmi-virt/1/cdc-wdm0 --dms-get-ids
	check "ModemManager has no modem" says 'No modems' mmcli -L
	need systemctl stop ModemManager
	need systemctl enable --now cuse-qmux-proxy.socket
	need modem_unplug a
	need nodes_gone
	need modem_plug a
	need nodes_wait 0 1 2 3
}
