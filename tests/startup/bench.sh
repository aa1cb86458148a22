# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running the daemon: to its end, or in the background with its lines read as
# they come. With as few processes as can be: they are slow in User-Mode Linux.
# To be sourced.
# shellcheck disable=SC2154 # dir: made by who sources this

# start COMMAND...: in the background.
start()
{
	said=
	exec {lines}< <(exec "$@" 2>&1 >"$dir/out")
	process=$!
}

# Until it has said the text, which is in $said with all that came before.
await_said()
{
	local line

	while [[ $said != *"$1"* ]]; do
		read -r -t 30 -u "$lines" line || return
		said+=$line$'\n'
	done
}

# finish [SIGNAL]: its end, awaited or by a signal; all that it has said. It is
# killed after 30 s.
# shellcheck disable=SC2119,SC2120 # the signal is given elsewhere
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

# run COMMAND...: to its end. Its status, in $said its stderr, in $dir/out its stdout.
run()
{
	start "$@"
	finish ''
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

says() { [[ $said == *"$1"* ]]; }
silent_about() { [[ $said != *"$1"* ]]; }

# counts REGEX N: so many lines fit.
counts()
{
	local line n=0

	while read -r line; do
		[[ ! $line =~ $1 ]] || n=$((n + 1))
	done <<<"${said%$'\n'}"
	((n == $2))
}

# Each line does.
all_fit()
{
	local lines=${said//[!$'\n']/}

	[[ -n $said ]] && counts "$1" ${#lines}
}
silent() { [[ -z $said && -s $dir/out ]]; }
