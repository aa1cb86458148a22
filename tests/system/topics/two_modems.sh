# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two modems at once. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

ROUNDS_BOTH=20

# There are eight nodes, and each node and link leads to the modem that udev names for it.
nodes_are_right()
{
	local nodes links=() modem index

	mapfile -t nodes < <(node_list)
	[[ $(instances | wc -l) = 2 ]] || { instances; return 1; }
	[[ ${#nodes[@]} = 8 ]] || { echo "${nodes[@]}"; return 1; }
	diff <(udevadm info --query=property --property=ID_SERIAL_SHORT --value "${nodes[@]}") \
		<("$CLIENT" imei "${nodes[@]}") || return
	for modem in a b; do
		for index in 0 1 2 3; do
			links+=(/dev/qmi-virt/by-id/usb-*_"${IMEI[$modem]}"-if*-"$index")
		done
	done
	diff <(printf '%s\n' "${IMEI[a]}"{,,,} "${IMEI[b]}"{,,,}) <("$CLIENT" imei "${links[@]}")
}

plug_both()
{
	local other

	modem_plug a &
	other=$!
	modem_plug b && wait "$other" && nodes_wait {0..7}
}

unplug_both()
{
	local other

	modem_unplug a &
	other=$!
	modem_unplug b && wait "$other" && nodes_gone
}

round_of_both() { plug_both && nodes_are_right && unplug_both; }

test_two_modems()
{
	local round name="two modems plugged in at once get eight nodes that lead to the right modem, $ROUNDS_BOTH times"

	need modem_unplug a
	need nodes_gone
	for ((round = 1; round <= ROUNDS_BOTH; round++)); do
		progress
		round_of_both || break
	done >"$DIR/rounds" 2>&1
	if ((round > ROUNDS_BOTH)); then
		pass "$name"
	else
		fail "$name" "round $round:" "$(<"$DIR/rounds")" "$(node_list)" "$(journalctl -n 40 -o cat)"
	fi
	need modem_plug a
	need nodes_wait 0 1 2 3
}
