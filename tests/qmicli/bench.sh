# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by tests/qmicli/run and tools/demo: a simulated modem, the daemon on
# its port, and qmicli. Starting a process is slow in User-Mode Linux, so this
# uses bash builtins where it can.
#
#   BUILD           where the binaries are (build)
#   CUSE_QMUX       the daemon ($BUILD/cuse-qmux)
#   CUSE_QMUX_PROXY the broker ($BUILD/cuse-qmux-proxy)
#   CUSE_QMUX_WRAP  command prefix for the daemon, such as valgrind
#   TEST_SLOW       the factor by which deadlines are longer (1, wrapped 10)

BUILD=${BUILD:-build}
CUSE_QMUX=${CUSE_QMUX:-$BUILD/cuse-qmux}
CUSE_QMUX_PROXY=${CUSE_QMUX_PROXY:-$BUILD/cuse-qmux-proxy}
CUSE_QMUX_WRAP=${CUSE_QMUX_WRAP:-}
if [[ -n $CUSE_QMUX_WRAP ]]; then
	TEST_SLOW=${TEST_SLOW:-10}
fi

# shellcheck source-path=SCRIPTDIR source=../waiting.sh disable=SC1091
. "${BASH_SOURCE[0]%/*}/../waiting.sh"

DIR='' PORT='' NODES=() SIM='' DAEMON=''

shopt -s extglob

bench_open()
{
	DIR=$(mktemp -d /tmp/cuse-qmux.XXXXXX) || exit
	mkdir "$DIR/bin"
	make_qmicli "$DIR/bin/qmicli"
}

# qmicli infers a port's mode from its USB driver, which a simulated port does not have.
make_qmicli()
{
	local real

	real=$(type -P qmicli) || real=$(PATH=$PATH:/usr/local/bin:/usr/bin type -P qmicli) || {
		echo "qmicli is not installed: try apt-get install libqmi-utils" >&2
		exit 1
	}
	printf '#!/bin/sh\nexec %s --device-open-qmi "$@"\n' "$real" >"$1"
	chmod +x "$1"
}

# Also called after an error, so that nothing is left behind.
bench_close()
{
	local child

	# Kill them all before waiting: a process may hang until the daemon ends.
	for child in $SIM $(jobs -p); do
		kill -KILL "$child"
	done 2>/dev/null
	wait 2>/dev/null
	rm -f -- "/tmp/qmi-network-state-${DIR##*/}"
	rm -rf -- "$DIR"
}

# has_line FILE PATTERN, a glob for a whole line
has_line()
{
	local line

	[[ -r $1 ]] || return 1
	while read -r line || [[ -n $line ]]; do
		# shellcheck disable=SC2053 # a pattern is meant
		[[ $line != $2 ]] || return 0
	done <"$1"
	return 1
}

ended()
{
	! kill -0 "$1" 2>/dev/null
}

# --- the modem ----------------------------------------------------------------

# sim_start OPTION...
sim_start()
{
	local line out

	exec {out}< <(exec "$BUILD/qmi-modem-sim" --link="$DIR/port" --control="$DIR/control" "$@")
	SIM=$!
	PORT=$DIR/port
	if ! read -r -t $((10 * TEST_SLOW)) line <&"$out" || [[ -z $line ]]; then
		echo "the simulated modem did not start" >&2
		exit 1
	fi
	exec {out}<&-
}

# sim COMMAND...
sim()
{
	"$BUILD/qmi-modem-sim" --ask="$DIR/control" "$@"
}

# Reads the modem's state into STATE.
declare -A STATE
sim_state()
{
	local key value

	STATE=()
	while IFS='=' read -r key value; do
		[[ -z $key ]] || STATE[$key]=$value
	done < <(sim state)
}

# sim_shows KEY VALUE [KEY VALUE...]: VALUE is a glob.
sim_shows()
{
	sim_state
	while (($# > 1)); do
		# shellcheck disable=SC2053 # a pattern is meant
		[[ ${STATE[$1]-} == $2 ]] || return 1
		shift 2
	done
}

# --- the daemon ---------------------------------------------------------------

# Sets NODES to the names that a new instance will use, the lowest free ones.
name_nodes()
{
	local n=0

	NODES=()
	while ((${#NODES[@]} < $1)); do
		[[ -e /dev/qmi-virt$n ]] || NODES+=("/dev/qmi-virt$n")
		n=$((n + 1))
	done
}

is_ready()
{
	local node

	ended "$DAEMON" && return 0
	for node in "${NODES[@]}"; do
		[[ -c $node ]] || return 1
	done
	has_line "$DIR/daemon.log" '*ready*'
}

# daemon_start NODES OPTION...
daemon_start()
{
	local nodes=$1 wrap

	shift
	name_nodes "$nodes"
	read -r -a wrap <<<"$CUSE_QMUX_WRAP"
	"${wrap[@]}" "$CUSE_QMUX" --nodes="$nodes" "$@" "$PORT" >"$DIR/daemon.log" 2>&1 &
	DAEMON=$!
	if ! await 30 is_ready || ended "$DAEMON"; then
		echo "the daemon did not become ready:" >&2
		cat "$DIR/daemon.log" >&2
		exit 1
	fi
}

# daemon_stop SECONDS: sets STATUS, 124 if it did not end.
# shellcheck disable=SC2034 # for the caller
daemon_stop()
{
	kill -TERM "$DAEMON"
	if await "$1" ended "$DAEMON"; then
		wait "$DAEMON"
		STATUS=$?
		DAEMON=''
	else
		STATUS=124
	fi
}

# --- the proxy socket ---------------------------------------------------------

holds_socket()
{
	has_line /proc/net/unix '*@qmi-proxy'
}

# Call it once; the broker serves later daemons, too.
broker_start()
{
	"$CUSE_QMUX_PROXY" >"$DIR/broker.log" 2>&1 &
	await 10 holds_socket
}

# --- qmicli -------------------------------------------------------------------

# qmi PORT OPTION...: through the proxy's socket if THROUGH is -p
THROUGH=''
qmi()
{
	"$DIR/bin/qmicli" ${THROUGH:+"$THROUGH"} -d "$@"
}

# follow PORT FILE [OPTION...]: starts a call with a qmicli that follows it, FOLLOWER,
# with its output in FILE. Returns when the call is up.
follow()
{
	: >"$2"
	stdbuf -oL "$DIR/bin/qmicli" ${THROUGH:+"$THROUGH"} -d "$1" "${@:3}" --wds-start-network=apn=internet \
		--wds-follow-network >"$2" 2>&1 &
	FOLLOWER=$!
	await 10 has_line "$2" '*Ctrl+C will stop*'
}

# unfollow: returns qmicli's status
unfollow()
{
	kill -INT "$FOLLOWER"
	wait "$FOLLOWER"
}

scan_began()
{
	sim_state
	((${STATE[requests.nas]} > $1)) || ended "$2"
}

# kill_in_scan PORT FILE: starts a network scan and kills qmicli once the modem scans.
# Leaves its output in FILE and the modem's state in STATE.
kill_in_scan()
{
	local requests pid status

	sim_state
	requests=${STATE[requests.nas]}
	"$DIR/bin/qmicli" ${THROUGH:+"$THROUGH"} -d "$1" --nas-network-scan >"$2" 2>&1 &
	pid=$!
	pause 0.2 # until it has started: polling the modem would only delay it
	await 10 scan_began "$requests" "$pid"
	kill -KILL "$pid"
	wait "$pid"
	status=$?
	((status == 137 && ${STATE[requests.nas]} == requests + 1))
} 2>/dev/null
