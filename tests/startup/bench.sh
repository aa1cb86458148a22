# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running the daemon: to its end, or in the background with its
# lines read as they come. To be sourced.
# shellcheck disable=SC2154 # dir: made by who sources this

# run COMMAND...: to its end. Its status, in $said its stderr, in $dir/out its stdout.
run()
{
	said=$(timeout -s KILL 30 "$@" 2>&1 >"$dir/out")
	status=$?
}

# refused STATUS NAME TEXT COMMAND...: the command ends with the status, and says
# the text on stderr alone.
refused()
{
	local expected=$1 name=$2 text=$3

	shift 3
	run "$@"
	if [[ $status -eq $expected && $said == *"$text"* && ! -s $dir/out ]]; then
		pass "$name"
	else
		fail "$name" "status $status instead of $expected, or '$text' is missing in: $said" \
			"stdout: $(<"$dir/out")"
	fi
}

# start COMMAND...: in the background.
start()
{
	said=
	[[ -p $dir/lines ]] || mkfifo "$dir/lines"
	exec {lines}<>"$dir/lines"
	timeout -s KILL 30 "$@" 2>&"$lines" {lines}>&- &
	daemon=$!
}

# Until it has said the text, which is in $said with all that came before.
await_said()
{
	local line

	while [[ $said != *"$1"* ]]; do
		read -r -t 15 -u "$lines" line || return
		said+=$line$'\n'
	done
}

# finish [SIGNAL]: its end, awaited or by a signal; all that it has said.
finish()
{
	[[ -z ${1-} ]] || kill -s "$1" "$daemon"
	wait "$daemon"
	status=$?
	echo 'all is said' >&"$lines"
	await_said 'all is said'
	exec {lines}>&-
	said=${said%all is said*}
}

# check NAME CONDITION...: where it does not hold, what the daemon said is shown.
check()
{
	local name=$1

	shift
	if "$@"; then
		pass "$name"
	else
		fail "$name" "not so: $*" "status ${status-}, said:" "$said"
	fi
}

# Without a process where none is needed: they are slow in User-Mode Linux.
says() { [[ $said == *"$1"* ]]; }
silent_about() { [[ $said != *"$1"* ]]; }

# counts REGEX N: so many lines fit.
counts()
{
	local line n=0

	while read -r line; do
		[[ ! $line =~ $1 ]] || n=$((n + 1))
	done <<<"$said"
	((n == $2))
}

# Each line does.
all_fit()
{
	local lines=${said//[!$'\n']/}

	[[ -n $said ]] && counts "$1" ${#lines}
}
silent() { [[ -z $said && -s $dir/out ]]; }
