# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ModemManager, and what it knows of modems a and b. To be sourced after modems.sh.
# shellcheck disable=SC2154 # DIR and the like are guest's

QMI_PROXY=/usr/libexec/qmi-proxy

# Where a modem is on the bus, by which ModemManager knows it.
mm_device()
{
	readlink -f "/sys/bus/usb/devices/$(modem_ask "$1" state | sed -n 's/^usb\.device=//p')"
}

# The name of a modem's port.
mm_port() { modem_ask "$1" state | sed -n 's/^usb\.node=//p'; }

mm_device_has_port() { [[ $(mm_port "$1") = /dev/* ]]; }

# mm MODEM OPTION...: mmcli for this modem
mm()
{
	local modem=$1

	shift
	timeout 60 mmcli -m "$(mm_device "$modem")" "$@"
}

# mm_value MODEM KEY: a value from mmcli's list, such as generic.state
mm_value() { mm "$1" -K | sed -n "s/^modem\.$2 *: //p"; }

# mm_is MODEM STATE
mm_is() { [[ $(mm_value "$1" generic.state) = "$2" ]]; }

mm_object() { mm_value "$1" dbus-path; }

# mm_new MODEM OBJECT: ModemManager has initialised the modem, as another object.
mm_new()
{
	local values

	values=$(mm "$1" -K | sed -n 's/^modem\.\(generic\.state\|dbus-path\) *: //p') || return
	[[ $values == *$'\ndisabled' && $values != "$2"$'\n'* ]]
}

mm_says() { journalctl -u ModemManager -n 20 -o cat --no-pager; }

# mm_finds MODEM [OBJECT [SECONDS]]: it finds the modem, not as OBJECT, in time.
mm_finds()
{
	await "${3:-60}" mm_new "$1" "${2:-none}" && return
	mm "$1" -K
	mm_says
	return 1
}

# The call is up for ModemManager and for the modem.
mm_connected() { mm_is "$1" connected && modem_ask "$1" state | grep -qx connected=yes; }

mm_connects() { mm "$1" -e && mm "$1" --simple-connect=apn=internet && mm_connected "$1"; }

# mm_sms MODEM TEXT: prints the path of the message with this text.
mm_sms()
{
	local path

	for path in $(mm "$1" --messaging-list-sms -K | sed -n 's/.*: \(\/.*\)/\1/p'); do
		mmcli -s "$path" -K | grep -q "content\.text *: $2$" && echo "$path" && return
	done
	return 1
}

# The modem reports a message by an indication. ModemManager does not look for it otherwise.
mm_receives()
{
	local text=text$RANDOM path

	modem_ask "$1" sms "$text" >/dev/null && path=$(await 20 mm_sms "$1" "$text") &&
		mm "$1" --messaging-delete-sms="$path"
}

mm_other_signal() { [[ $(mm_value "$1" generic.signal-quality.value) != "$2" ]]; }

# ModemManager itself asks for the signal only every 30 s.
mm_follows_signal()
{
	local before

	before=$(mm_value "$1" generic.signal-quality.value)
	modem_ask "$1" indicate signal && await 10 mm_other_signal "$1" "$before"
}

# Waits until systemd has replaced ModemManager's process.
mm_kill()
{
	local pid

	pid=$(systemctl show -P MainPID ModemManager)
	systemctl kill --signal=KILL ModemManager
	await 30 replaced ModemManager "$pid"
}

# From now on, each start of libqmi's own proxy is noted in $DIR/proxies.
proxies_watch()
{
	: >"$DIR/proxies"
	[[ ! -e $QMI_PROXY.real ]] || return 0
	mv "$QMI_PROXY" "$QMI_PROXY.real"
	# shellcheck disable=SC2016 # for the inner shell
	printf '#!/bin/sh\ncat "/proc/$PPID/comm" >>%s\nexec %s.real "$@"\n' "$DIR/proxies" \
		"$QMI_PROXY" >"$QMI_PROXY"
	chmod 755 "$QMI_PROXY"
}

proxies_none() { cat "$DIR/proxies"; [[ -z $(pgrep -x 'qmi-proxy(.real)?') && ! -s $DIR/proxies ]]; }
