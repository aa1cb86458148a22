# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two USB modems, a and b, and waiting for their nodes. To be sourced after
# waiting.sh and checks.sh.

DROP_INS=/run/systemd/system/cuse-qmux@.service.d
BROKER_DROP_INS=/run/systemd/system/cuse-qmux-proxy.service.d

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

# Lists everything that a modem could leave behind: processes, device files, failed units.
# The runtime directory and its lock stay: all instances share them.
leftovers()
{
	pgrep -a -x cuse-qmux
	find /dev /run/cuse-qmux 2>/dev/null |
		grep -vE '^/dev/(pts|char|hugepages|mqueue|shm)/|^/run/cuse-qmux(/lock)?$' | sort
	systemctl list-units --plain --no-legend --state=failed
}

# At the daemon's exit, LeakSanitizer needs a system call that the unit's filter refuses.
# AddressSanitizer keeps up to 256 MiB of freed memory: reduce that, so that the modem
# processes reach the limit before memory is measured.
allow_sanitizers()
{
	export ASAN_OPTIONS=quarantine_size_mb=1
	mkdir -p "$BROKER_DROP_INS"
	printf '[Service]\nSystemCallFilter=ptrace\n' >"$BROKER_DROP_INS/sanitizers.conf"
	drop_in sanitizers SystemCallFilter=ptrace
	# The one of the boot could not look for leaks when it ends.
	need systemctl kill --signal=KILL cuse-qmux-proxy.service
}

# drop_in NAME LINE: adds a line to [Service] of the unit until drop_out NAME.
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

# nodes_wait NUMBER...: waits until udev has processed these nodes.
nodes_wait() { udevadm wait --timeout=60 "${@/#//dev/qmi-virt}"; }

# Waits until all nodes, aliases, links and instances are gone.
nodes_gone() { await 60 no_trace; }

no_trace() { [[ ! -e /dev/qmi-virt && -z $(node_list) && -z $(instances) ]]; }

no_udev_workers() { ! pgrep -P "$(pgrep -o systemd-udevd)" >/dev/null; }

# Prints the memory used in KiB, without reclaimable memory and without files, because
# the journal is a file in memory. Waits for udev's workers, which exit when idle. Adds
# the free pages on per-CPU lists, up to 50 MiB, which MemFree does not count.
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

# journal_says TEXT [CURSOR]: prints the lines with this text, since CURSOR if given.
journal_says()
{
	journalctl --sync
	journalctl -o cat --no-pager ${2:+--after-cursor="$2"} | grep -F -- "$1"
}
