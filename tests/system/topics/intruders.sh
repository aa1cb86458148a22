# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other processes that use the real port beside the daemon. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

# The daemon answers a signal.
alive()
{
	local cursor

	cursor=$(journal_cursor)
	systemctl kill --signal=USR1 cuse-qmux@cdc-wdm0 && await 20 journal_says 'files open' "$cursor"
}

open_all()
{
	local node

	for node in /dev/qmi-virt[0-3]; do
		timeout 20 dd "if=$node" count=0 status=none || return
	done
}

# intruder_start HOW: see system_client.c. Whoever reads an answer first has it, so these
# requests may fail.
intruder_start()
{
	"$CLIENT" intrude /dev/qmi-real/cdc-wdm0 "$1" >"$DIR/intruder" 2>&1 &
	intruder=$!
	need await 30 grep -q running "$DIR/intruder"
	for _ in 1 2 3; do
		progress
		timeout 2 "$CLIENT" imei /dev/qmi-virt0
	done >/dev/null 2>&1
}

intruder_end()
{
	kill "$intruder"
	wait "$intruder"
} 2>/dev/null

# intrude WHAT HOW
intrude()
{
	intruder_start "$2"
	check "while another process $1, a signal is answered" alive
	check "while another process $1, every node can be opened" open_all
	intruder_end
}

answered() { says "${IMEI[a]}" timeout 20 "$CLIENT" imei /dev/qmi-virt0; }

stopped_in_time()
{
	local began=$SECONDS

	systemctl stop cuse-qmux@cdc-wdm0 && between 0 8 "$((SECONDS - began))" &&
		says success systemctl show -P Result cuse-qmux@cdc-wdm0
}

# cdc-wdm's calls block while another process is in the same call, whatever O_NONBLOCK says.
test_intruders()
{
	intrude 'is blocked in read()' block
	check "once it has ended, requests are answered" answered
	intrude 'polls and reads' poll
	check "once it has ended, requests are answered" answered
	intrude 'opens, reads and closes' come
	check "once it has ended, requests are answered" answered
	need modem_ask a stall on
	intrude 'is blocked in write()' write
	need modem_ask a stall off
	check "once the port is free, requests are answered" answered
	intruder_start block
	check "beside a blocked reader, the daemon stops in time (V18)" stopped_in_time
	intruder_end
	need systemctl start cuse-qmux@cdc-wdm0
	need nodes_wait 0 1 2 3
}
