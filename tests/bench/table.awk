# SPDX-License-Identifier: GPL-2.0-or-later
# Turns the medians' CSV into Markdown tables of the figures and of the targets.

BEGIN {
	FS = ","
	title["port"] = "the port"
	title["proxy"] = "qmi-proxy"
	title["socket"] = "qmi-proxy's socket, served by cuse-qmux"
	title["node"] = "a node"
	title["waiting"] = "a node"
	title["poll"] = "poll, then read"
	title["read"] = "blocking read"
}

NR == 1 {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}

{
	key = $1 FS $2 FS $3 FS $4 FS $5
	keys[++count] = key
	for (name in column)
		of[key, name] = $column[name]
}

# A figure of the race, in which there are 4 nodes.
function value(path, reading, clients, name,    nodes)
{
	nodes = path == "node" ? 4 : 0
	return of[path FS reading FS clients FS nodes FS 0, name]
}

function grown(nodes, idle, name)
{
	return of["node" FS "read" FS 1 FS nodes FS idle, name]
}

function shown(number)
{
	return number == "" ? "–" : sprintf("%d", number + 0.5)
}

function shown_row(key)
{
	return shown(of[key, "per_second"]) " | " shown(of[key, "p50_us"]) " | " \
		shown(of[key, "p99_us"]) " | " shown(of[key, "worst_us"]) " | " \
		shown(of[key, "cpu_us"]) " | " shown(of[key, "peak_kib"])
}

function head(first)
{
	print "| " first " | requests/s | p50 µs | p99 µs | worst µs | CPU µs/request | peak KiB |"
	print "|---|---|---|--:|--:|--:|--:|--:|--:|"
}

# sign: "<=" or ">="
function target(what, measured, than, sign, limit,    ratio, met)
{
	ratio = than > 0 ? measured / than : 0
	met = sign == "<=" ? ratio <= limit : ratio >= limit
	printf "| %s | %s %s | %.2f | %s |\n", what, sign == "<=" ? "≤" : "≥", limit, ratio, \
		met ? "met" : "**missed**"
}

function targets()
{
	print "| target | × | measured | |"
	print "|---|--:|--:|---|"
	target("p50, 1 client, poll-then-read, to qmi-proxy's", \
		value("node", "poll", 1, "p50_us"), value("proxy", "poll", 1, "p50_us"), "<=", 0.45)
	target("p50, 1 client, blocking read, to qmi-proxy's", \
		value("node", "read", 1, "p50_us"), value("proxy", "read", 1, "p50_us"), "<=", 0.25)
	for (r = 1; r <= 2; r++) {
		reading = r == 1 ? "poll" : "read"
		for (clients = 8; clients <= 32; clients += 24)
			target("requests per second, " clients " clients, " title[reading] ", to qmi-proxy's", \
				value("node", reading, clients, "per_second"), \
				value("proxy", reading, clients, "per_second"), \
				">=", clients == 8 ? 2 : 2.2)
	}
	target("p50, 1 client, blocking read, on its socket, to qmi-proxy's", \
		value("socket", "read", 1, "p50_us"), value("proxy", "read", 1, "p50_us"), "<=", 0.25)
	for (clients = 8; clients <= 32; clients += 24)
		target("requests per second, " clients " clients, blocking read, on its socket, to qmi-proxy's", \
			value("socket", "read", clients, "per_second"), \
			value("proxy", "read", clients, "per_second"), ">=", 3)
	target("peak memory, 8 clients, on its socket, to qmi-proxy's", \
		value("socket", "poll", 8, "peak_kib"), value("proxy", "poll", 8, "peak_kib"), "<=", 0.4)
	target("p50, 1 client, blocking read, to the port's", \
		value("node", "read", 1, "p50_us"), value("port", "read", 1, "p50_us"), "<=", 1.6)
	target("p50 with 64 nodes and 1,000 idle sessions, to that with 1 node and none", \
		grown(64, 1000, "p50_us"), grown(1, 0, "p50_us"), "<=", 1.1)
	target("p50 with 1,000 sessions that wait for their turn, to that with none", \
		of["waiting" FS "read" FS 1 FS 1 FS 1000, "p50_us"], grown(1, 0, "p50_us"), "<=", 1.1)
	target("peak memory, 4 nodes, 8 clients, to qmi-proxy's", \
		value("node", "poll", 8, "peak_kib"), value("proxy", "poll", 8, "peak_kib"), "<=", 0.35)
}

END {
	head("clients | through | reading")
	for (k = 1; k <= count; k++) {
		split(keys[k], part, FS)
		if (part[1] == "port" || part[1] == "proxy" || part[1] == "socket" || part[4] == 4)
			print "| " part[3] " | " title[part[1]] " | " title[part[2]] " | " shown_row(keys[k]) " |"
	}
	print ""
	head("nodes | idle sessions | reading")
	for (k = 1; k <= count; k++) {
		split(keys[k], part, FS)
		if ((part[1] == "node" || part[1] == "waiting") && part[4] != 4)
			print "| " part[4] " | " part[5] (part[1] == "waiting" ? ", waiting" : "") " | " title[part[2]] " | " shown_row(keys[k]) " |"
	}
	printf "\n1,000 idle sessions take %d KiB, and 1,000 that wait %d KiB.\n\n", \
		grown(1, 1000, "peak_kib") - grown(1, 0, "peak_kib"), \
		of["waiting" FS "read" FS 1 FS 1 FS 1000, "peak_kib"] - grown(1, 0, "peak_kib")
	targets()
}
