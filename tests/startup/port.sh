# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Valid and invalid ports. One that can never work gives status 3, one that may work
# later gives status 1, and a valid one is used under its own name.
# shellcheck disable=SC2154 # said, status and the like: bench.sh; dir, port: run

test_port_paths()
{
	local daemon=$dir/cuse-qmux

	mkfifo "$dir/fifo"
	: >"$dir/file"
	ln -s "$dir/file" "$dir/link-to-file"
	ln -s "$dir/nothing" "$dir/link-to-nothing"
	refused 3 'a directory' "$dir" "$daemon" "$dir"
	refused 3 'a plain file' "$dir/file" "$daemon" "$dir/file"
	refused 3 'a link to a plain file' "$dir/link-to-file" "$daemon" "$dir/link-to-file"
	refused 3 'a FIFO' "$dir/fifo" "$daemon" "$dir/fifo"
	refused 1 'nothing' "$dir/nothing" "$daemon" "$dir/nothing"
	refused 1 'a link to nothing' "$dir/link-to-nothing" "$daemon" "$dir/link-to-nothing"
}

test_port_rights()
{
	local as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

	chmod 600 "$port" /dev/cuse
	refused 3 'no permission for /dev/cuse' 'not permitted to open /dev/cuse: run as root' \
		"${as_nobody[@]}" "$dir/cuse-qmux" "$port"
	chmod 666 /dev/cuse
	refused 1 'no permission for the port' "not permitted to open $port: run as root" \
		"${as_nobody[@]}" "$dir/cuse-qmux" "$port"
	chmod 600 /dev/cuse
}

test_port_link()
{
	ln -s "$port" "$dir/link"
	start "$dir/cuse-qmux" --nodes=1 "$dir/link"
	await_said "ready: $port"
	check 'a link to the port' [ -c "/dev/qmi-virt/0/${port##*/}" ]
	finish TERM
	check 'a link: stopped' [ "$status" -eq 0 ]
}

# The end of the modem must not send SIGHUP to a daemon that is a session leader.
test_port_of_a_session()
{
	local own own_sim

	mkfifo "$dir/own"
	"$BUILD/qmi-modem-sim" >"$dir/own" &
	own_sim=$!
	read -r own <"$dir/own"
	start setsid --wait "$dir/cuse-qmux" --nodes=1 "$own"
	await_said ready:
	kill "$own_sim"
	finish
	check 'session leader: unplugged' [ "$status" -eq 0 ]
	check 'session leader: says so' says "$own was unplugged"
}
