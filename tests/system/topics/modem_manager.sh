# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ModemManager. To be sourced by guest.
# shellcheck disable=SC2154 # DIR and the like are guest's

mm_works()
{
	check "ModemManager enables and connects the modem" mm_connects a
	check "it receives an SMS" mm_receives a
	check "it follows the signal" mm_follows_signal a
}

test_ignored_port()
{
	need modem_unplug a
	need nodes_gone
	rule 'ENV{CUSE_QMUX_IGNORE}="1"'
	need modem_plug a
	need udevadm wait --timeout=60 /dev/cdc-wdm0
	need systemctl start ModemManager
	check "ModemManager finds the modem on an ignored port" mm_finds a
	mm_works
	need systemctl stop ModemManager
	need modem_unplug a
	rule_out
	need modem_plug a
	need nodes_wait 0 1 2 3
}
