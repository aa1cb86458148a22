# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# udev's knowledge of the port: a fake device in /sys, in the test's own mount
# namespace.
# shellcheck disable=SC2154 # said, status and the like: bench.sh; dir, port: run

bus=/sys/devices/bus

mount_sys()
{
	mkdir "$dir/virtual"
	mount --bind /sys/devices/virtual "$dir/virtual"
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /sys/devices
	mount -t tmpfs tmpfs /sys/dev
	mkdir -p /sys/devices/virtual /sys/dev/char
	# Where the nodes are.
	mount --move "$dir/virtual" /sys/devices/virtual
	export SYSTEMD_DEVICE_VERIFY_SYSFS=0
	numbers=$((0x$(stat -Lc %t "$port"))):$((0x$(stat -Lc %T "$port")))
}

# pretend SUBSYSTEM PATH [PROPERTY...]: makes the port's device.
pretend()
{
	local subsystem=$1 path=$2

	shift 2
	[[ -d $path ]] || mkdir -p "$path"
	printf '%s\n' "MAJOR=${numbers%:*}" "MINOR=${numbers#*:}" "$@" >"$path/uevent"
	[[ -L $path/subsystem ]] || ln -s "/sys/class/$subsystem" "$path/subsystem"
	[[ /sys/dev/char/$numbers -ef $path ]] || ln -sfn "$path" "/sys/dev/char/$numbers"
}

# usb DRIVER [PROPERTY...]: makes the port that of a USB modem.
usb()
{
	local interface=$bus/$1/1-1:1.0 driver=$1

	shift
	if [[ ! -d $bus/usb ]]; then
		mkdir -p "$bus/usb/1-1:1.0"
		printf 'DEVTYPE=usb_interface\n' >"$bus/usb/1-1:1.0/uevent"
		ln -s /sys/bus/usb "$bus/usb/1-1:1.0/subsystem"
		printf 'DEVTYPE=usb_device\n' >"$bus/usb/uevent"
		ln -s /sys/bus/usb "$bus/usb/subsystem"
		echo Maker >"$bus/usb/manufacturer"
		echo Model >"$bus/usb/product"
	fi
	if [[ ! -d $interface ]]; then
		cp -a "$bus/usb" "$bus/$driver"
		ln -s "/sys/bus/usb/drivers/$driver" "$interface/driver"
	fi
	pretend usbmisc "$interface/usbmisc/cdc-wdm0" "$@"
}

# wwan NAME TYPE [PROPERTY...]: makes it a wwan port; TYPE is empty before Linux 6.2.
wwan()
{
	pretend wwan "$bus/type$2/$1" "${@:3}"
	[[ -z $2 ]] || echo "$2" >"$bus/type$2/$1/type"
}

with_options() { usb qmi_wwan "CUSE_QMUX_OPTIONS=$1"; }

# kind KIND DRIVER|NAME [TYPE]: the daemon recognises such a port as KIND. Invalid
# options make it stop there.
kind()
{
	local kind=$1 name="${*:2}"

	shift
	if [[ $1 == wwan* ]]; then
		wwan "$1" "${2-}" CUSE_QMUX_OPTIONS=--nodes=65
	else
		usb "$1" CUSE_QMUX_OPTIONS=--nodes=65
	fi
	run "$dir/cuse-qmux" --nodes=1 "$port"
	case $kind in
	MBIM) check "MBIM: $name" says "$port speaks MBIM" ;;
	QMI) check "QMI: $name" silent_about 'is not recognised' ;;
	unknown) check "unknown: $name" says "$port is not recognised" ;;
	esac
	check "$kind: $name: status" [ "$status" -eq "$([[ $kind = MBIM ]] && echo 3 || echo 2)" ]
}

test_kinds_of_port()
{
	kind MBIM cdc_mbim
	kind MBIM wwan0qmi0 MBIM
	kind MBIM wwan0mbim0
	kind QMI qmi_wwan
	kind QMI wwan0mbim0 QMI
	kind QMI wwan0qmi0
	kind unknown cdc_wdm
	kind unknown wwan0qmi0 AT
	kind unknown wwan0at0
}

# Only the udev properties that identify the modem are copied to the node.
test_what_a_modem_is_called()
{
	local long

	# A property that does not fit is left out completely.
	long=$(printf '%02100d' 0)
	usb qmi_wwan ID_PATH=here "ID_TOO=$long" ID_SERIAL=12 XID_NO=1 DEVNAME=no ID_=
	start "$dir/cuse-qmux" --nodes=1 "$port"
	await_said ready
	sort /run/cuse-qmux/qmi-virt0 >"$dir/properties"
	finish TERM
	check 'the modem is named' says "$port: Maker Model, qmi_wwan"
	check 'properties' [ "$(<"$dir/properties")" = "CUSE_QMUX_INDEX=0
CUSE_QMUX_PORT=$port
ID_=
ID_PATH=here
ID_SERIAL=12" ]
}

# instance_of PORT: starts an instance until it is ready, and reads its node's ID.
instance_of()
{
	start "$dir/cuse-qmux" --nodes=1 "$1"
	await_said ready
	id=$(sed -n 's/^CUSE_QMUX_ID=//p' "/run/cuse-qmux/qmi-virt$2")
}

# The links in by-id belong to the first of two modems with the same serial number.
test_links_by_serial_number()
{
	local other sim2 first first_lines first_numbers=$numbers id
	local properties=(ID_SERIAL_SHORT=12 ID_SERIAL=M/12 ID_BUS=usb ID_USB_INTERFACE_NUM=04)

	"$BUILD/qmi-modem-sim" >"$dir/name" &
	sim2=$!
	read -r other <"$dir/name"
	usb qmi_wwan ID_PATH=here "${properties[@]}"
	numbers=$((0x$(stat -Lc %t "$other"))):$((0x$(stat -Lc %T "$other")))
	pretend usbmisc "$bus/qmi_wwan/1-1:1.0/usbmisc/cdc-wdm1" ID_PATH=there "${properties[@]}"
	instance_of "$port" 0
	check 'links: the first has them' [ "$id" = usb-M_12-if04 ]
	first=$process
	first_lines=$lines
	instance_of "$other" 1
	check 'links: the second does not' [ -z "$id" ]
	check 'links: it says why' says "$other (there) has the same serial number as $port (here), which"
	finish TERM
	process=$first
	lines=$first_lines
	finish KILL
	instance_of "$other" 0
	check 'links: a killed instance does not keep them' [ "$id" = usb-M_12-if04 ]
	check 'links: nobody is named' silent_about 'serial number'
	finish TERM
	numbers=$first_numbers
	kill "$sim2"
}

# The property overrides the command line, and can be invalid in the same ways.
test_options_of_udev()
{
	local room

	room=$(printf '%01015d' 0)
	with_options '--nodes=2  --name=udev -v --no-sync'
	serve "$dir/cuse-qmux" --nodes=3 --name=line "$port"
	check 'property: nodes and name' says '/dev/udev0 to /dev/udev1'
	check 'property: -v and --no-sync' says '0 requests sent'
	# 1,023 characters fit, 1,024 do not.
	with_options "--queue=${room}"
	refused 2 'property: in full' "'0000" "$dir/cuse-qmux" "$port"
	# One character shorter, it would be valid.
	with_options "$(printf '%1021s' '')-vv"
	refused 2 'property: too long' 1023 "$dir/cuse-qmux" "$port"
	for room in '--nodes' '--no-such-option' '--nodes=2 --queue=1'; do
		with_options "$room"
		refused 2 "property: '$room'" "CUSE_QMUX_OPTIONS for $port" "$dir/cuse-qmux" "$port"
	done
	with_options '--nodes=2 /dev/other'
	refused 2 'property: a port' "'/dev/other'" "$dir/cuse-qmux" "$port"
	# getopt starts from the beginning, whatever it has parsed before.
	with_options '--nodes=65'
	refused 2 'property: after options' "'65'" "$dir/cuse-qmux" -v --nodes=2 "$port"
}

# says_nothing: the daemon is silent for 0.5 s. No event shows that it waits.
says_nothing() { ! read -r -t 0.5 -u "$lines"; }

# A port may exist before udev has processed it, so the daemon waits for udev.
test_udev_is_awaited()
{
	local subsystem began

	mkdir -p /run/udev/data
	: >/run/udev/control
	for subsystem in usbmisc wwan; do
		if [[ $subsystem = usbmisc ]]; then usb qmi_wwan; else wwan wwan0qmi0 QMI; fi
		start "$dir/cuse-qmux" --nodes=1 "$port"
		check "udev: $subsystem waits" says_nothing
		# As udev does it: whoever finds the file finds all of it.
		printf 'I:1\nE:CUSE_QMUX_OPTIONS=--nodes=late\n' >/run/udev/data/new
		mv /run/udev/data/new "/run/udev/data/c$numbers"
		finish
		check "udev: $subsystem has its options" says "'late'"
		check "udev: $subsystem: status" [ "$status" -eq 2 ]
		rm "/run/udev/data/c$numbers"
	done
	# No rules apply to any other device.
	pretend tty "$bus/tty/pts"
	began=$SECONDS
	serve "$dir/cuse-qmux" --nodes=1 "$port"
	check 'udev: others need not wait' [ $((SECONDS - began)) -lt 8 ]
	rm /run/udev/control
}
