# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine sleeps while programs are at a node: as far as the kernel's test of the
# freezer goes. To be sourced by guest.
# shellcheck disable=SC2154 # CLIENT, DIR, IMEI and the like are guest's

HOOKS=/usr/lib/systemd/system-sleep
RECORD=/run/cuse-qmux/stopped

# See sleeper.c.
WAYS=(read poll loop select epoll open ask threads leader apart inherited passed write)

declare -A SLEEPERS # output by way

# The kernel waits only 4 s for tasks to freeze, and 1 s before it thaws them.
sleep_prepare()
{
	echo freezer >/sys/power/pm_test
	echo 4000 >/sys/power/pm_freeze_timeout
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
}

sleep_hooks_restore()
{
	rm -f "$HOOKS/test"
	[[ ! -e $DIR/hook && ! -L $DIR/hook ]] || mv "$DIR/hook" "$HOOKS/cuse-qmux"
	cuse-qmux-sleep post
}

# sleeper_start NAME WAY [COMMAND...]
sleeper_start()
{
	local name=$1 way=$2

	shift 2
	"$@" "$CLIENT" sleeper /dev/qmi-virt$((${#SLEEPERS[@]} % 4)) "$way" >"$DIR/sleeper.$name" 2>&1 &
	SLEEPERS[$name]=$DIR/sleeper.$name
	need await 60 grep -q waits "$DIR/sleeper.$name"
}

# The process that waits, which may be a child of the one that was started.
sleeper_pid() { sed -n 's/ waits$//p' "${SLEEPERS[$1]}"; }

state_of() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status"; }

in_state()
{
	[[ $(state_of "$1") = "$2" ]] && return
	cat "/proc/$1/status"
	return 1
}

# blocks_in NUMBER NAME: the sleeper is in the system call with this number.
blocks_in() { [[ $(</proc/"$(sleeper_pid "$2")"/syscall) = "$1 "* ]]; }

sleepers_start()
{
	local way

	SLEEPERS=()
	for way in "${WAYS[@]}"; do
		sleeper_start "$way" "$way"
	done
	sleeper_start insider poll setpriv --reuid=insider --regid=insider --init-groups
	sleeper_start traced poll strace -qq -o /dev/null
	sleeper_start stopped poll
	kill -STOP "$(sleeper_pid stopped)"
	need modem_ask a stall on
	kill -USR1 "$(sleeper_pid write)"
	need await 60 blocks_in 1 write
}

all_served()
{
	local name

	for name in "${!SLEEPERS[@]}"; do
		await 60 grep -qx served "${SLEEPERS[$name]}" && continue
		echo "$name: $(<"${SLEEPERS[$name]}")"
		return 1
	done
}

# The same sessions and clients serve as before, and no request or indication is lost.
sleepers_served()
{
	modem_ask a indicate packet-service-broadcast >/dev/null && all_served
}

machine_sleeps() { systemctl start suspend.target; }

machine_stays_awake() { refused 1 '' machine_sleeps && systemctl reset-failed systemd-suspend.service; }

hook_takes_out() { mv "$HOOKS/cuse-qmux" "$DIR/hook"; }
hook_puts_back() { mv "$DIR/hook" "$HOOKS/cuse-qmux"; }

bystander_start()
{
	# shellcheck disable=SC2016 # for the inner shell
	bash -c 'trap "echo continued" CONT; exec 3<> <(:); while :; do read -rt 0.2 -u 3; done' \
		>"$DIR/bystander" 2>&1 &
	bystander=$!
}

# Nobody but the stopped one is in state T.
nobody_stopped()
{
	local name pid

	for name in "${!SLEEPERS[@]}"; do
		pid=$(sleeper_pid "$name")
		[[ $name = stopped || $(state_of "$pid") != T ]] || { echo "$name is stopped"; return 1; }
	done
}

test_suspend()
{
	local bystander

	sleep_prepare
	sleepers_start
	bystander_start
	need hook_takes_out
	check "without the hook, programs at a node keep the machine awake" \
		machine_stays_awake
	check "the kernel could not freeze them" kernel_gave_up
	hook_puts_back
	check "programs in every call let the machine sleep" machine_sleeps
	check "the journal says how many were stopped" \
		journal_says "cuse-qmux-sleep: stopped $((${#SLEEPERS[@]} - 1)) programs"
	check "whoever was stopped before remains so" in_state "$(sleeper_pid stopped)" T
	check "nobody else does" nobody_stopped
	check "the record is gone" test ! -e "$RECORD"
	check "others were neither stopped nor continued" test ! -s "$DIR/bystander"
	kill "$bystander"
	need modem_ask a stall off
	kill -USR1 "$(sleeper_pid open)"
	kill -CONT "$(sleeper_pid stopped)"
	check "all go on where they were" sleepers_served
	echo none >/sys/power/pm_test
}

test_suspend_trouble()
{
	sleep_prepare
	suspend_fails
	suspend_beside_hooks
	suspend_interrupted
	suspend_hung
	suspend_halfway
	suspend_crowd
	echo none >/sys/power/pm_test
}

# The words differ among kernels.
kernel_gave_up() { dmesg | grep -E 'Freezing .*(tasks|processes) failed after'; }

# test_hook COMMAND: systemd runs it before the machine sleeps.
test_hook()
{
	printf "#!/bin/bash\n[[ \$1 = pre ]] || exit 0\n%s\n" "$1" >"$HOOKS/test"
	chmod 755 "$HOOKS/test"
}

# A program that another hook leaves behind at a node keeps the machine awake.
suspend_fails()
{
	SLEEPERS=()
	sleeper_start poll poll
	sleeper_start read read
	test_hook "$PWD/$CLIENT unplug /dev/qmi-virt0 >$DIR/left 2>&1 </dev/null &
		until grep -q running $DIR/left; do sleep 0.1; done"
	check "if the machine cannot sleep after all" machine_stays_awake
	check "everyone goes on" nobody_stopped
	check "with all that they had" sleepers_served
	rm "$HOOKS/test"
	pkill -KILL -x system-client
}

# systemd waits for all hooks at once.
suspend_beside_hooks()
{
	SLEEPERS=()
	sleeper_start poll poll
	test_hook "exec 3<>/dev/qmi-virt1
		until [[ -s $RECORD ]]; do sleep 0.1; done
		sleep 1
		$PWD/$CLIENT imei /dev/qmi-virt0 >$DIR/imei 2>&1"
	check "another hook can use a node meanwhile" machine_sleeps
	check "and gets its answers" says "${IMEI[a]}" cat "$DIR/imei"
	check "while others are stopped, and go on" sleepers_served
	newcomer_start &
	test_hook "sleep 6"
	check "a program that opens a node while hooks run does not keep the machine awake" \
		machine_sleeps
	rm "$HOOKS/test"
	wait $!
	SLEEPERS=([newcomer]=$DIR/sleeper.newcomer)
	check "and goes on" sleepers_served
	check "nothing is left of the hook" lacks cuse-qmux-sleep ps ax
}

# It is too late to be found by the hook itself.
newcomer_start()
{
	await 60 test -e "$RECORD"
	pause 2
	setsid "$CLIENT" sleeper /dev/qmi-virt1 poll >"$DIR/sleeper.newcomer" 2>&1 &
}

# The record survives a hook that was killed.
suspend_interrupted()
{
	local pid stopped

	SLEEPERS=()
	sleeper_start first poll
	pid=$(sleeper_pid first)
	sleep 1000 &
	stopped=$!
	kill -STOP "$stopped"
	check "the command stops programs" cuse-qmux-sleep pre
	check "until they rest" in_state "$pid" T
	check "the record is root's" test "$(stat -c '%a %U' "$RECORD")" = '600 root'
	sleeper_start second read
	check "called again, it stops newcomers" cuse-qmux-sleep pre
	check "until they rest as well" in_state "$(sleeper_pid second)" T
	echo "$stopped 1" >>"$RECORD"
	check "it continues both" cuse-qmux-sleep post
	check "with all that they had" sleepers_served
	check "but no process that has a recorded pid by chance" in_state "$stopped" T
	kill -KILL "$stopped"
	check "called again, it does nothing" cuse-qmux-sleep post
}

# hung_daemon COMMAND...: runs the command while programs are being stopped. One of them cannot
# come to rest, because the daemon hangs. Returns the status of cuse-qmux-sleep.
hung_daemon()
{
	local status

	SLEEPERS=()
	sleeper_start rests open
	sleeper_start blocks read
	need await 60 blocks_in 0 blocks
	daemon_signal STOP
	cuse-qmux-sleep pre 2>"$DIR/hung" &
	need await 60 in_state "$(sleeper_pid rests)" T
	"$@"
	wait $!
	status=$?
	daemon_signal CONT
	kill -USR1 "$(sleeper_pid rests)"
	return "$status"
}

suspend_hung()
{
	hung_daemon true
	check "if a program does not rest, the command gives up" test $? = 0
	check "and names it" says "not stopped in time: system-client (pid $(sleeper_pid blocks))" \
		cat "$DIR/hung"
	need cuse-qmux-sleep post
	check "all go on once the daemon does" sleepers_served
	hung_daemon eval 'kill -TERM $!'
	check "a signal ends the command" test $? = 1
	check "and everyone goes on" sleepers_served
	hung_daemon eval 'kill -KILL $!'
	check "if it is killed" in_state "$(sleeper_pid rests)" T
	check "it continues them when called again" cuse-qmux-sleep post
	check "with all that they had" sleepers_served
}

# There is room for the record of one program, but not of two.
stop_without_room()
{
	unshare --mount bash -c '
		mount -t tmpfs -o size=8k tmpfs /run/cuse-qmux
		head -c 4096 /dev/zero >/run/cuse-qmux/full
		printf "%4079s\n" >/run/cuse-qmux/stopped
		cuse-qmux-sleep pre'
}

suspend_halfway()
{
	SLEEPERS=()
	sleeper_start first poll
	sleeper_start second poll
	check "a command that fails halfway says so" refused 1 'No space left' stop_without_room
	check "and that it had stopped one" refused 1 'stopped 1 programs' stop_without_room
	check "and everyone goes on" nobody_stopped
	check "with all that they had" sleepers_served
}

# Prints the seconds that the command takes.
seconds_of()
{
	local from=${EPOCHREALTIME/[.,]/}

	"$@" || return
	awk "BEGIN { print (${EPOCHREALTIME/[.,]/} - $from) / 1e6 }"
}

CROWD=200

suspend_crowd()
{
	local crowd=() pid seconds

	for ((pid = 0; pid < CROWD; pid++)); do
		# Children of init, because each stop and start costs this shell much time.
		crowd+=("$(sleep 1000 <>/dev/qmi-virt0 >/dev/null 2>&1 & echo $!)")
	done
	need await 60 crowd_is_there
	seconds=$(seconds_of cuse-qmux-sleep pre 2>"$DIR/crowd")
	check "$CROWD programs are stopped in ${seconds:-no} s" \
		says "stopped $CROWD programs" cat "$DIR/crowd"
	check "and continued in $(seconds_of cuse-qmux-sleep post) s" crowd_goes_on
	kill "${crowd[@]}"
	SLEEPERS=()
	sleeper_start chain chain
	seconds=$(seconds_of timeout 60 cuse-qmux-sleep pre)
	check "a program that forks without end costs ${seconds:-too many} s (at most 10)" \
		awk "BEGIN { exit !(\"$seconds\" != \"\" && ${seconds:-99} <= 10) }"
	need cuse-qmux-sleep post
	pkill -KILL -x system-client
}

crowd_is_there() { (($(find /proc/[0-9]*/fd -lname '/dev/qmi-virt0' 2>/dev/null | wc -l) >= CROWD)); }

crowd_goes_on()
{
	local pid

	for pid in "${crowd[@]}"; do
		in_state "$pid" S || return
	done
}

# sleep_while COMMAND...: runs the command while programs are stopped, before the machine
# sleeps, and the daemon does not run either, as when something happens to the modem in sleep.
sleep_while()
{
	local status

	cuse-qmux-sleep pre && daemon_signal STOP && "$@" && echo mem >/sys/power/state
	status=$?
	daemon_signal CONT
	cuse-qmux-sleep post && return "$status"
}

daemon_signal() { systemctl kill --kill-whom=main --signal="$1" cuse-qmux@cdc-wdm0; }

# The machine cannot sleep in the middle of it, because the modem would be frozen.
replugged()
{
	modem_unplug a && modem_plug a && udevadm wait --timeout=60 --settle /dev/cdc-wdm0
}

test_suspended_modem()
{
	sleep_prepare
	SLEEPERS=()
	sleeper_start silent poll
	need sleep_while modem_ask a set drop 100
	check "a modem that is silent after sleep costs only answers (V15)" \
		refused 124 '' timeout 3 "$CLIENT" imei /dev/qmi-virt0
	need modem_ask a set drop 0
	check "once it answers, everything is as before" sleepers_served
	load_start /dev/qmi-virt0
	need sleep_while modem_ask a restart
	need await 60 answered_again
	kill "$load"
	check "if it has restarted, sessions stay open (V16)" load_ended '0 lost, 1 restarts, stopped'
	load_start /dev/qmi-virt0
	need sleep_while replugged
	check "if it is a new device, nodes end (V17)" load_ended '* lost, 0 restarts, ENODEV'
	need nodes_wait 0 1 2 3
	check "and new ones serve" says "${IMEI[a]}" "$CLIENT" imei /dev/qmi-virt0
	echo none >/sys/power/pm_test
}

answered_again() { "$CLIENT" imei /dev/qmi-virt0 2>&1 | grep -q "${IMEI[a]}"; }
