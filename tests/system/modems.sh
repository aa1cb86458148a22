# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two USB modems, a and b, and waiting for what comes of them. To be sourced behind
# waiting.sh and checks.sh.

DROP_INS=/run/systemd/system/cuse-qmux@.service.d

declare -A IMEI=([a]=352099001761481 [b]=352099001761499)

modems_open()
{
	local modem

	for modem in a b; do
		rm -f "$DIR/$modem"
		qmi-modem-sim --usb --imei="${IMEI[$modem]}" --control="$DIR/$modem" >"$DIR/$modem.log" &
		need await 60 modem_ask "$modem" state
	done
	need nodes_wait {0..7}
	need modem_unplug a
	need modem_unplug b
	need nodes_gone
}

# What is there when no modem is: processes, device files, files of the instances.
leftovers()
{
	pgrep -a cuse-qmux
	find /dev /run/cuse-qmux 2>/dev/null | grep -v '^/dev/\(pts\|char\|hugepages\|mqueue\|shm\)/' | sort
	systemctl list-units --plain --no-legend --state=failed
}

# Leaks are looked for at the daemon's end, with a call that the unit's filter refuses.
# AddressSanitizer keeps what is freed, up to 256 MiB: the modems are to have as
# much as they may before memory is measured.
allow_sanitizers()
{
	export ASAN_OPTIONS=quarantine_size_mb=1
	drop_in sanitizers SystemCallFilter=ptrace
}

# drop_in NAME LINE: for [Service] of the unit, until drop_out NAME
drop_in()
{
	mkdir -p "$DROP_INS"
	printf '[Service]\n%s\n' "$2" >"$DROP_INS/$1.conf"
	systemctl daemon-reload
}

drop_out()
{
	rm "$DROP_INS/$1.conf"
	systemctl daemon-reload
}

modems_close()
{
	local modem

	for modem in a b; do
		timeout 10 qmi-modem-sim --ask="$DIR/$modem" quit
	done >/dev/null 2>&1
}

modem_ask()
{
	local modem=$1

	shift
	qmi-modem-sim --ask="$DIR/$modem" "$@"
}

modem_plug() { modem_ask "$1" plug >/dev/null; }
modem_unplug() { modem_ask "$1" unplug >/dev/null; }

instances() { systemctl list-units --plain --no-legend 'cuse-qmux@*' | cut -d ' ' -f 1; }

node_list() { compgen -G '/dev/qmi-virt[0-9]*'; }

# nodes_wait NUMBER...: udev is done with them.
nodes_wait() { udevadm wait --timeout=60 "${@/#//dev/qmi-virt}"; }

# All of it has gone: nodes, aliases, links and instances.
nodes_gone() { await 60 no_trace; }

no_trace() { [[ ! -e /dev/qmi-virt && -z $(node_list) && -z $(instances) ]]; }

no_udev_workers() { ! pgrep -P "$(pgrep -o systemd-udevd)" >/dev/null; }

# In KiB, without what the kernel can give up, and without files: the journal is
# one, in memory. udev's workers end when there is nothing to do. Free pages that
# a processor keeps at hand, up to 50 MiB, are not in MemFree.
memory_used()
{
	await 60 no_udev_workers
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "count:" { at_hand += $2 * 4 }
		{ kib[$1] = $2 }
		END {
			print kib["MemTotal:"] - kib["MemFree:"] - kib["Buffers:"] - kib["Cached:"] - \
				kib["SReclaimable:"] - at_hand
		}' /proc/meminfo /proc/zoneinfo
}

journal_cursor() { journalctl -n 0 --show-cursor | sed -n 's/^-- cursor: //p'; }

# journal_says TEXT [CURSOR]: since then
journal_says()
{
	journalctl --sync
	journalctl -o cat --no-pager ${2:+--after-cursor="$2"} | grep -F -- "$1"
}
