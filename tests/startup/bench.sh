# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the daemon to its end, or in the background with its lines read as they come.
# Uses few processes, because starting one is slow in User-Mode Linux. To be sourced.
# shellcheck disable=SC2154 # dir: set by the sourcing script

# start COMMAND...: runs it in the background.
start()
{
	said=
	exec {lines}< <(exec "$@" 2>&1 >"$dir/out")
	process=$!
}

# await_said TEXT: reads lines into $said until it contains the text.
await_said()
{
	local line

	while [[ $said != *"$1"* ]]; do
		read -r -t 30 -u "$lines" line || return
		said+=$line$'\n'
	done
}

# finish [SIGNAL]: sends the signal, if any, waits for the end, and reads the remaining
# output. Kills the process after 30 s.
# shellcheck disable=SC2119,SC2120 # other files pass a signal
finish()
{
	local rest

	[[ -z ${1-} ]] || kill -s "$1" "$process"
	IFS= read -r -d '' -t 30 -u "$lines" rest
	[[ $? -le 128 ]] || kill -s KILL "$process"
	wait "$process"
	status=$?
	exec {lines}<&-
	said+=$rest
}

# run COMMAND...: runs it to its end. Sets status and said (stderr); stdout is in $dir/out.
run()
{
	start "$@"
	finish ''
}

# refused STATUS NAME TEXT COMMAND...: the command exits with the status, prints the
# text on stderr, and nothing on stdout.
refused()
{
	local expected=$1 name=$2 text=$3

	shift 3
	run "$@"
	if [[ $status -eq $expected && $said == *"$text"* && ! -s $dir/out ]]; then
		pass "$name"
	else
		fail "$name" "status $status instead of $expected, or '$text' is missing from: $said" \
			"stdout: $(<"$dir/out")"
	fi
}

# check NAME CONDITION...: if it fails, prints what the daemon said.
check()
{
	local name=$1

	shift
	if "$@"; then
		pass "$name"
	else
		fail "$name" "this failed: $*" "status ${status-}, said:" "$said"
	fi
}

says() { [[ $said == *"$1"* ]]; }
silent_about() { [[ $said != *"$1"* ]]; }

# counts REGEX N: N lines match.
counts()
{
	local line n=0

	while read -r line; do
		[[ ! $line =~ $1 ]] || n=$((n + 1))
	done <<<"${said%$'\n'}"
	((n == $2))
}

# all_fit REGEX: every line matches.
all_fit()
{
	local lines=${said//[!$'\n']/}

	[[ -n $said ]] && counts "$1" ${#lines}
}
silent() { [[ -z $said && -s $dir/out ]]; }
