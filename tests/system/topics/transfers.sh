# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Frames of all sizes on a port that may be busy, and transfers that fail. To be sourced by guest.
# shellcheck disable=SC2034,SC2154 # BY is for checks.sh; CLIENT, DIR, IMEI and the like are guest's

REQUESTS=10000

waits()
{
	local cursor

	cursor=$(journal_cursor)
	systemctl kill --signal=USR1 cuse-qmux@cdc-wdm0 &&
		await 60 journal_says 'waits for a busy port' "$cursor" >/dev/null || return
	journalctl -o cat --after-cursor "$cursor" | sed -n 's/.* \([0-9]*\) waits for a busy port.*/\1/p'
}

port_was_busy() { (($(waits) > 0)); }

# exchange_ended REQUESTS
exchange_ended()
{
	wait "$exchange" && says "$1 requests answered, none lost, duplicated or misrouted" cat "$DIR/exchange"
}

# A modem that accepts no command keeps the port busy.
test_frames()
{
	check "frames up to the port's limit pass, larger ones get EMSGSIZE (V19, V24)" \
		says '4096 bytes' "$CLIENT" limit /dev/qmi-virt0
	need modem_ask a stall on
	"$CLIENT" exchange /dev/qmi-virt0 "${IMEI[a]}" 8 "$REQUESTS" >"$DIR/exchange" 2>&1 &
	exchange=$!
	check "a frame waits while the port is busy" await 60 port_was_busy
	need modem_ask a stall off
	check "$REQUESTS mixed requests of 8 clients are answered (V1 to V6)" exchange_ended "$REQUESTS"
	echo "the port was busy $(waits) times"
}

sim_shows() { modem_ask a state | grep -q "^$1\$"; }

test_failed_transfers()
{
	local cursor failed

	load_start /dev/qmi-virt0
	failed=$(modem_ask a state | sed -n 's/^usb\.failed=//p')
	need modem_ask a fail command 3
	need await 60 sim_shows "usb.failed=$((failed + 3))"
	need "$CLIENT" imei /dev/qmi-virt1
	kill "$load"
	check "requests lost on the bus get Internal at once (V15)" \
		load_ended '3 lost, 0 restarts, stopped'
	cursor=$(journal_cursor)
	need modem_ask a fail response 1
	check "a request whose answer is lost stays unanswered" \
		refused 124 '' timeout 3 "$CLIENT" imei /dev/qmi-virt0
	check "the journal reports the failed transfer" journal_says 'a USB transfer failed' "$cursor"
	check "later requests are answered" says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt0
}

daemon_cpu() { systemctl show -P CPUUsageNSec cuse-qmux@cdc-wdm0; }

# Makes a transfer fail between others. From then on poll always gives POLLERR, and the
# driver fetches some answers late, until the port is reopened.
make_lasting_error()
{
	local cursor

	cursor=$(journal_cursor)
	need systemctl kill --signal=STOP cuse-qmux@cdc-wdm0
	need modem_ask a restart # an indication, which the driver fetches
	need await 60 sim_shows usb.queued=0
	need modem_ask a fail response 1
	need modem_ask a restart # this one fails
	need modem_ask a restart
	need systemctl kill --signal=CONT cuse-qmux@cdc-wdm0
	need await 60 journal_says 'a USB transfer failed' "$cursor"
}

test_lasting_error()
{
	local cpu

	make_lasting_error
	check "requests are answered after a persistent error" says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt0
	cpu=$(daemon_cpu)
	pause 2
	cpu=$((($(daemon_cpu) - cpu) / 1000000))
	check "after a persistent error the daemon is idle: $cpu ms in 2 s" between 0 199 "$cpu"
	check "$((REQUESTS / 10)) requests are answered after a persistent error" \
		says "none lost, duplicated or misrouted" \
		"$CLIENT" exchange /dev/qmi-virt0 "${IMEI[a]}" 8 "$((REQUESTS / 10))"
}

# Reopening the port does not clear the error while another process has it open.
test_error_of_a_held_port()
{
	local holder cursor warnings

	sleep 1000 <>/dev/qmi-real/cdc-wdm0 &
	holder=$!
	cursor=$(journal_cursor)
	make_lasting_error
	pause 3
	warnings=$(journal_says 'a USB transfer failed' "$cursor" | wc -l)
	check "an error that persists for 3 s is logged $warnings times (1 to 3)" \
		between 1 3 "$warnings"
	kill "$holder"
	check "requests are answered once no other process has the port open" says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt0
}

test_by_epoll()
{
	local REQUESTS=2000

	drop_in epoll Environment=CUSE_QMUX_LOOP=epoll
	need systemctl restart cuse-qmux@cdc-wdm0
	need nodes_wait 0 1 2 3
	BY='with epoll: '
	check "io_uring is not used" eval '! uses_io_uring'
	test_frames
	test_failed_transfers
	test_lasting_error
	test_intruders
	BY=''
	drop_out epoll
	need systemctl restart cuse-qmux@cdc-wdm0
	need nodes_wait 0 1 2 3
}
