# SPDX-License-Identifier: GPL-2.0-or-later
# gnuplot -e "medians='...'; out='...'" plots.gp: plots the medians' CSV as SVG.

set datafile separator comma
set datafile missing NaN
set terminal svg size 640,400 dynamic background "white"
set key top left
set grid
set style data linespoints

# The columns are path, reading, clients, nodes, idle, per_second, p50, p99, worst, CPU, peak.
# The race has 4 nodes; other numbers of nodes show growth.
race(path, reading, y) = strcol(1) eq path && strcol(2) eq reading && \
	(path ne "node" || column(4) == 4) ? column(y) : NaN
growth(nodes, idle, y) = strcol(1) eq "node" && column(4) != 4 && \
	(nodes < 0 || column(4) == nodes) && (idle < 0 || column(5) == idle) ? column(y) : NaN

set xlabel "clients"
set logscale x 2
set xtics (1, 4, 8, 16, 32)
set xrange [0.9:36]

set output out . "/throughput.svg"
set title "Requests per second"
set yrange [0:*]
set key bottom right
plot medians using 3:(race("node", "read", 6)) title "a node, blocking read" lc 1, \
	"" using 3:(race("node", "poll", 6)) title "a node, poll, then read" lc 2, \
	"" using 3:(race("proxy", "read", 6)) title "qmi-proxy, blocking read" lc 4, \
	"" using 3:(race("proxy", "poll", 6)) title "qmi-proxy, poll, then read" lc 7

set output out . "/latency.svg"
set title "Round trip, µs: median (lines) and 99th percentile (points)"
set logscale y
set yrange [50:*]
plot medians using 3:(race("node", "read", 7)) title "a node, blocking read" lc 1, \
	"" using 3:(race("node", "poll", 7)) title "a node, poll, then read" lc 2, \
	"" using 3:(race("proxy", "read", 7)) title "qmi-proxy, blocking read" lc 4, \
	"" using 3:(race("proxy", "poll", 7)) title "qmi-proxy, poll, then read" lc 7, \
	"" using 3:(race("node", "read", 8)) notitle with points lc 1 pt 2, \
	"" using 3:(race("node", "poll", 8)) notitle with points lc 2 pt 2, \
	"" using 3:(race("proxy", "read", 8)) notitle with points lc 4 pt 2, \
	"" using 3:(race("proxy", "poll", 8)) notitle with points lc 7 pt 2, \
	"" using 3:(race("port", "read", 7)) title "directly on the port, blocking read" lc 8 pt 4

set output out . "/growth.svg"
set title "Median round trip of one client, µs, as nodes and idle sessions grow"
unset logscale
set logscale x 10
set xlabel "nodes, or idle sessions + 1"
set xtics (1, 8, 64, 100, 1000)
set xrange [0.9:1300]
set yrange [0:*]
plot medians using 4:(growth(-1, 0, 7)) title "nodes, without idle sessions" lc 1, \
	"" using ($5 + 1):(growth(1, -1, 7)) title "idle sessions, on 1 node" lc 2, \
	"" using ($5 + 1):(growth(64, 1000, 7)) title "1,000 idle sessions on 64 nodes" lc 7 pt 4
