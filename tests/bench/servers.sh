# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by compare, measure and syscalls: the light modem, and a server on its port,
# which is qmi-proxy, the daemon (by its nodes or by qmi-proxy's socket), or none.
#
#   QMI_PROXY  path of qmi-proxy, if not in one of the usual places

# shellcheck source-path=SCRIPTDIR source=../qmicli/bench.sh disable=SC1091
. "${BASH_SOURCE[0]%/*}/../qmicli/bench.sh"

MODEM='' SERVER='' BROKER=''
CLIENT_OPTIONS=() PORTS=() # what a client needs to use the server

fail()
{
	echo "bench: $1" >&2
	exit 1
}

find_proxy()
{
	local place

	[[ -z ${QMI_PROXY-} ]] || return 0
	for place in /usr/libexec /usr/lib/*/libexec /usr/lib/libqmi /usr/local/libexec; do
		if [[ -x $place/qmi-proxy ]]; then
			QMI_PROXY=$place/qmi-proxy
			return
		fi
	done
	fail "qmi-proxy is not installed: try apt-get install libqmi-proxy"
}

modem_start()
{
	local out

	exec {out}< <(exec "$BUILD/tests/bench-modem")
	MODEM=$!
	read -r -t 10 PORT <&"$out" || fail "the modem did not start"
	exec {out}<&-
}

proxy_listens()
{
	has_line /proc/net/unix '*@qmi-proxy'
}

proxy_start()
{
	! proxy_listens || fail "a qmi-proxy is already running: stop it"
	"$QMI_PROXY" --no-exit >"$DIR/proxy.log" 2>&1 &
	SERVER=$!
	await 10 proxy_listens || fail "qmi-proxy did not start: $(<"$DIR/proxy.log")"
}

# server_start PATH NODES: port (none), proxy, socket (qmi-proxy's, served by the daemon), or
# node
server_start()
{
	modem_start
	PORTS=("$PORT")
	CLIENT_OPTIONS=()
	case $1 in
	proxy)
		proxy_start
		CLIENT_OPTIONS=(--proxy --server="$SERVER")
		;;
	socket)
		! proxy_listens || fail "a qmi-proxy is already running: stop it"
		daemon_start 1
		SERVER=$DAEMON
		broker_start || fail "cuse-qmux-proxy did not start: $(<"$DIR/broker.log")"
		BROKER=$!
		CLIENT_OPTIONS=(--proxy --server="$SERVER")
		;;
	node)
		daemon_start "$2"
		SERVER=$DAEMON
		CLIENT_OPTIONS=(--server="$SERVER")
		PORTS=("${NODES[@]}")
		;;
	esac
}

# client OPTION...: runs bench-client on the server that server_start has started
client()
{
	"$BUILD/tests/bench-client" "${CLIENT_OPTIONS[@]}" "$@" "${PORTS[@]}"
}

server_stop()
{
	local server

	for server in $BROKER $SERVER; do
		kill -TERM "$server" && wait "$server"
	done
	kill -KILL "$MODEM" && wait "$MODEM"
	SERVER='' MODEM='' BROKER=''
	return 0
} 2>/dev/null

# bench_close does not know bench-modem, which is started in a process substitution.
servers_close()
{
	server_stop
	bench_close
}
