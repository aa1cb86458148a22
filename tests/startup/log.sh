# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prefixes of log lines, the lines at each log level, and a supervisor that cannot be
# notified.
# shellcheck disable=SC2154 # said, status and the like: bench.sh; dir, port: run

serve()
{
	start "$@"
	await_said ready
	finish TERM
}

# Runs the daemon with a stderr that looks like the journal.
cat >"$dir/journal" <<'END'
#!/bin/sh
JOURNAL_STREAM=$(stat -Lc %d:%i /proc/$$/fd/2)
export JOURNAL_STREAM
exec "${0%/*}/cuse-qmux" "$@"
END
chmod 755 "$dir/journal"

test_log_of_the_journal()
{
	start "$dir/journal" -vv --nodes=1 "$port"
	await_said ready
	finish TERM
	check 'journal: priorities' all_fit '^<[3467]>'
	check 'journal: a warning' says "<4>$port"
	check 'journal: information' says '<6>ready'
	check 'journal: details' says '<7>'
}

# -v logs sessions and the final counters, but no frames.
test_log_levels()
{
	serve "$dir/cuse-qmux" --nodes=1 "$port"
	check 'no -v: how lines begin' all_fit '^cuse-qmux: '
	check 'no -v: a warning' says "cuse-qmux: warning: $port"
	check 'no -v: information' says 'cuse-qmux: ready'
	check 'no -v: no counters' silent_about 'requests sent'
	check 'no -v: no frame' silent_about CTL
	serve "$dir/cuse-qmux" --nodes=1 -v "$port"
	check '-v: counters' counts '1 requests sent' 1
	check '-v: no frame' silent_about CTL
	serve "$dir/cuse-qmux" --nodes=1 -v --verbose "$port"
	check '-v twice: counters' counts '1 requests sent' 1
	check '-v twice: frames' counts 'to the modem: CTL Sync request' 1
}

# The daemon notifies twice: ready and stopping.
test_supervisor_not_there()
{
	local path name

	path=/run/$(printf '%0108d' 0)
	for name in '' "${path::108}"; do
		serve env NOTIFY_SOCKET="$name" "$dir/cuse-qmux" --nodes=1 "$port"
		check "NOTIFY_SOCKET of ${#name} bytes" counts "NOTIFY_SOCKET.*'$name'" 2
		check "NOTIFY_SOCKET of ${#name} bytes: served" [ "$status" -eq 0 ]
	done
	name=${path::107}
	serve env NOTIFY_SOCKET="$name" "$dir/cuse-qmux" --nodes=1 "$port"
	check 'NOTIFY_SOCKET that does not exist' counts "warning.*'$name'.*directory" 2
	check 'NOTIFY_SOCKET that does not exist: served' [ "$status" -eq 0 ]
}
