# SPDX-License-Identifier: GPL-2.0-or-later
# `make help` lists the targets.

VERSION     = 0.1.0

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
UDEVDIR    ?= $(PREFIX)/lib/udev/rules.d
UNITDIR    ?= $(PREFIX)/lib/systemd/system
# systemd looks for sleep hooks only there.
SLEEPDIR   ?= /usr/lib/systemd/system-sleep
DESTDIR    ?=

# CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS belong to the caller, who sets them in the
# environment or on the command line. The OWN_* flags, which the sources need, come first.
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
INSTALL    ?= install

BUILD       = build
WARNINGS    = -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	      -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wvla -Wformat=2 -Wundef \
	      $(if $(filter-out 0,$(WERROR)),-Werror)
OWN_CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Ilib
# Keep the name of the directory out of the build products.
OWN_CFLAGS  = -std=c11 $(WARNINGS) -ffile-prefix-map='$(CURDIR)=.' -MMD -MP
VERSION_FLAG = -DVERSION='"$(VERSION)"'

# $(call say,WHAT): put before a command, prints one line in its place. V=1 shows the
# command, -s nothing.
SILENT     := $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say         = $(if $(filter-out 0,$(V)),,@$(if $(SILENT),,printf '  %-7s %s\n' $(1) $@;) )
OWN_LDFLAGS =
LIBS        =
compile     = $(call say,CC)$(CC) $(OWN_CPPFLAGS) $(OWN_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
link        = $(call say,LD)$(CC) $(OWN_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

# Expanded only where used, so that targets such as help need no library.
FUSE_CFLAGS  = $(shell $(PKG_CONFIG) --cflags fuse3 libudev)
FUSE_LIBS    = $(shell $(PKG_CONFIG) --libs fuse3 libudev)
CMOCKA_LIBS  = $(shell $(PKG_CONFIG) --libs cmocka)

# Without liburing the daemon uses only epoll.
LIBURING     = $(shell $(PKG_CONFIG) --atleast-version=2.3 liburing && echo yes || echo no)
URING_CFLAGS = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags liburing))
URING_LIBS   = $(shell $(PKG_CONFIG) --libs liburing)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard $(1)/*.c)))
LIB    = $(call objects,lib)
DAEMON = $(filter-out $(NO_LOOP),$(call objects,cuse-qmux))
PROXY  = $(call objects,tools/cuse-qmux-proxy) $(patsubst %,$(BUILD)/obj/cuse-qmux/%.o, \
	device handover identity log log_kinds log_sink log_text process proxy_open registry)
SIM    = $(call objects,tools/qmi-modem-sim)
SLEEP  = $(call objects,tools/cuse-qmux-sleep) $(BUILD)/obj/cuse-qmux/device.o
UNIT   = $(call objects,tests/unit)
CUSE   = $(call objects,tests/cuse)
PROXY_TESTS = $(call objects,tests/proxy) \
	$(filter-out %/main.o $(BUILD)/obj/tests/cuse/test_%,$(CUSE))
SYSTEM = $(call objects,tests/system)
FAULTS = $(call objects,tests/faults) $(patsubst %,$(BUILD)/obj/tests/cuse/%.o,daemon proc proxy_socket runner timing watchdog)
BENCH  = $(call objects,tests/bench)
BENCH_MODEM = $(patsubst %,$(BUILD)/obj/tests/bench/%.o,bench_modem plain_modem)
ADVERSARY = $(call objects,tests/adversary) \
	$(patsubst %,$(BUILD)/obj/tests/%.o,$(addprefix cuse/,daemon proc proxy_socket runner timing watchdog) \
		$(addprefix faults/,footprint frames proxied talk) $(addprefix bench/,connection plain_modem timings))
SIMULATION = $(call objects,tests/simulation)

ifeq ($(LIBURING),yes)
NO_LOOP = %/loop_ring_none.o
$(BUILD)/cuse-qmux: LOOP_LIBS = $(URING_LIBS)
else
NO_LOOP = %/loop_ring.o
endif

all: $(BUILD)/cuse-qmux $(BUILD)/cuse-qmux-proxy $(BUILD)/cuse-qmux-sleep $(BUILD)/qmi-modem-sim ## build all that is installed

help: ## show this list
	@sed -n "s/^\([a-z-]*\):.*## /\1\t/p" Makefile | expand -t 14
	@echo
	@echo 'SANITIZE=1 (check): run unit tests under ASan and UBSan, the daemon under UBSan and valgrind.'
	@echo 'V=1: show each command. WERROR=1: treat warnings as errors.'
	@echo 'LIBURING=no: build the daemon without io_uring.'
	@echo 'PREFIX ($(PREFIX)), DESTDIR, SBINDIR, BINDIR, MANDIR, SYSCONFDIR, UDEVDIR, UNITDIR, SLEEPDIR,'
	@echo 'CC, CPPFLAGS, CFLAGS ($(CFLAGS)), LDFLAGS, LDLIBS, PKG_CONFIG, INSTALL have their usual'
	@echo 'meaning; set them in the environment or on the command line.'

$(BUILD)/cuse-qmux: LIBS = $(FUSE_LIBS) $(LOOP_LIBS) -pthread
$(BUILD)/cuse-qmux: $(DAEMON) $(LIB)
	$(link)

$(BUILD)/cuse-qmux-proxy: LIBS = $(shell $(PKG_CONFIG) --libs libudev)
$(BUILD)/cuse-qmux-proxy: $(PROXY) $(BUILD)/obj/lib/frame.o
	$(link)

$(BUILD)/cuse-qmux-sleep: $(SLEEP)
	$(link)

$(BUILD)/qmi-modem-sim: $(SIM) $(BUILD)/obj/lib/frame.o $(BUILD)/obj/lib/names.o
	$(link)

# Lets the unit tests make allocations fail.
$(BUILD)/tests/unit-tests: OWN_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(BUILD)/tests/unit-tests: LIBS = $(CMOCKA_LIBS)
$(BUILD)/tests/unit-tests: $(UNIT) $(LIB) $(patsubst %,$(BUILD)/obj/cuse-qmux/%.o,log_kinds open_files)
	@mkdir -p $(@D)
	$(link)

$(BUILD)/tests/cuse-tests: LIBS = $(CMOCKA_LIBS)
$(BUILD)/tests/cuse-tests: $(CUSE) $(BUILD)/obj/lib/frame.o
	@mkdir -p $(@D)
	$(link)

$(BUILD)/obj/tests/proxy/%.o: OWN_CPPFLAGS += -Itests/cuse

$(BUILD)/tests/proxy-tests: LIBS = $(CMOCKA_LIBS)
$(BUILD)/tests/proxy-tests: $(PROXY_TESTS) $(BUILD)/obj/lib/frame.o
	@mkdir -p $(@D)
	$(link)

$(BUILD)/tests/system-client: $(SYSTEM) $(BUILD)/obj/lib/frame.o
	@mkdir -p $(@D)
	$(link)

$(BUILD)/tests/fault-tests: LIBS = $(CMOCKA_LIBS) $(FUSE_LIBS)
$(BUILD)/tests/fault-tests: $(FAULTS) $(BUILD)/obj/lib/frame.o
	@mkdir -p $(@D)
	$(link)

$(BUILD)/tests/adversary-tests: LIBS = $(CMOCKA_LIBS)
$(BUILD)/tests/adversary-tests: $(ADVERSARY) $(BUILD)/obj/lib/frame.o
	@mkdir -p $(@D)
	$(link)

$(BUILD)/obj/tests/faults/%.o: OWN_CPPFLAGS += $(FUSE_CFLAGS)

$(BUILD)/tests/bench-modem: $(BENCH_MODEM) $(BUILD)/obj/lib/frame.o
$(BUILD)/tests/bench-client: $(filter-out $(BENCH_MODEM),$(BENCH)) $(BUILD)/obj/lib/frame.o
$(BUILD)/tests/simulation: $(SIMULATION) $(LIB)
$(BUILD)/tests/bench-modem $(BUILD)/tests/bench-client $(BUILD)/tests/simulation:
	@mkdir -p $(@D)
	$(link)

$(BUILD)/obj/cuse-qmux/%.o: OWN_CPPFLAGS += $(FUSE_CFLAGS) $(VERSION_FLAG)
$(BUILD)/obj/cuse-qmux/loop_ring.o: OWN_CPPFLAGS += $(URING_CFLAGS)
$(BUILD)/obj/tools/cuse-qmux-%.o: OWN_CPPFLAGS += -iquote cuse-qmux
$(BUILD)/obj/tools/%.o: OWN_CPPFLAGS += $(VERSION_FLAG)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(compile)

-include $(patsubst %.o,%.d,$(LIB) $(DAEMON) $(PROXY) $(SIM) $(SLEEP) $(UNIT) $(CUSE) $(PROXY_TESTS) $(FAULTS) $(ADVERSARY) $(SYSTEM) $(BENCH) $(SIMULATION))

BENCH_OUT = $(BUILD)/bench
BENCH_PROGRAMS = $(BUILD)/tests/bench-modem $(BUILD)/tests/bench-client

bench: ## race it against qmi-proxy, 5 min; tables and plots go to BENCH_OUT
	@tools/install-deps bench
	@$(MAKE) --no-print-directory all $(BENCH_PROGRAMS)
	@tests/bench/race $(BENCH_OUT)

demo: ## see it work with a simulated modem, two nodes and the real qmicli
	@tools/install-deps demo
	@$(MAKE) -s -q all || echo 'building ...'
	@$(MAKE) -s all
	@tools/with-cuse tools/demo

check: ## run all tests; with SANITIZE=1, under sanitizers
	@tools/install-deps check
	@echo 'building ...'
	@SANITIZE=$(SANITIZE) tests/run

faults: SECONDS = 3600
faults: ## run the fault tests of check, with SECONDS=N of mixed load (3600)
	@tools/install-deps check
	@$(MAKE) --no-print-directory test-programs
	BUILD=$(BUILD) FAULTS_ALL=1 FAULTS_SECONDS=$(SECONDS) tools/with-cuse $(BUILD)/tests/fault-tests

adversary: ## attack as a user beside others, with every figure that must hold, 15 min
	@tools/install-deps check
	@$(MAKE) --no-print-directory test-programs
	BUILD=$(BUILD) tools/with-cuse $(BUILD)/tests/adversary-tests

SYSTEM_STAGE = $(BUILD)/system/stage

check-system: ## test the whole stack on a stock kernel in QEMU
	@tools/install-deps system
	tests/system/run

MODEM_MANAGER = mm_control mm mm_losses mm_orders mm_two mm_options mm_starts

modem-manager: ## test with ModemManager at length, 20 min
	@tools/install-deps system
	@$(MAKE) --no-print-directory system-stage
	WITH_SYSTEM_TIMEOUT=3600 tools/with-system --stage $(SYSTEM_STAGE) \
		env BUILD=$(BUILD) MM_LONG=1 tests/system/guest $(MODEM_MANAGER)

system-shell: ## open a shell on such a system, with everything installed
	@tools/install-deps system
	@$(MAKE) --no-print-directory system-stage
	tools/with-system --stage $(SYSTEM_STAGE) --shell

system-stage: all $(BUILD)/tests/system-client
	rm -rf $(SYSTEM_STAGE)
	$(MAKE) --no-print-directory install DESTDIR=$(SYSTEM_STAGE) PREFIX=/usr SYSCONFDIR=/etc

# The shipped sources, compiled but not linked, so that no library is needed.
shipped-objects: $(LIB) $(DAEMON) $(PROXY) $(SIM) $(SLEEP)

programs: test-programs $(BUILD)/tests/system-client $(BENCH_PROGRAMS)

test-programs: all $(patsubst %,$(BUILD)/tests/%,unit-tests simulation cuse-tests proxy-tests fault-tests adversary-tests)

FUZZ_TARGETS = session port interleaved
FUZZ_CHECKS  = -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZED       = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(sort $(wildcard lib/*.c)))
FUZZING      = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,tests/fuzz/fuzz.c \
		 $(filter-out %/main.c %/seed.c %/shrink.c %/field.c %/generator.c,$(sort $(wildcard tests/simulation/*.c))))

# Instrument and check only the core, so that the model stays fast.
$(FUZZED): FUZZ_FLAGS = -fsanitize=fuzzer-no-link $(FUZZ_CHECKS)

$(BUILD)/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CLANG)clang $(OWN_CPPFLAGS) $(OWN_CFLAGS) -Itests/simulation -O2 -g $(FUZZ_FLAGS) -c -o $@ $<

$(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(FUZZING) $(FUZZED)
	$(call say,CLANG)clang -g -fsanitize=fuzzer $(FUZZ_CHECKS) -o $@ $^

FUZZ_OBJECTS = $(FUZZED) $(FUZZING) $(FUZZ_TARGETS:%=$(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o)

fuzz-objects: $(FUZZ_OBJECTS)

-include $(FUZZ_OBJECTS:.o=.d)

FUZZERS = $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)

fuzz: ## run libFuzzer on the core, SECONDS=N for each target (60)
	@tools/install-deps check
	@$(MAKE) --no-print-directory $(FUZZERS)
	tests/fuzz/run $(SECONDS) $(FUZZERS)

soak: ## run the simulation on new seeds for SECONDS=N (60)
	@tools/install-deps check
	@$(MAKE) --no-print-directory $(BUILD)/tests/simulation
	$(BUILD)/tests/simulation --seeds $${SEED:-$$(date +%s)000} --seconds $(SECONDS)

fuzz soak: SECONDS = 60

check-mutants: ## check that the tests find known faults in the core and the daemon
	@tools/install-deps check
	tests/simulation/check-mutants
	tests/mutants/check-daemon

coverage: ## check that units and simulation cover lib/: every line, 95 % of branches
	@tools/install-deps check coverage
	tests/coverage

SOURCES = $(sort $(wildcard lib/*.[ch] cuse-qmux/*.[ch] tools/*/*.[ch] tests/*/*.[ch]))
SCRIPTS = .ci/run tests/run tests/report.sh tests/coverage tests/fuzz/run tests/simulation/check-mutants \
	tests/mutants/check-daemon tests/waiting.sh tests/watchdog.sh \
	tests/proxy/run tests/startup/run tests/startup/options tests/qmicli/run tests/qmicli/bench.sh \
	tests/bench/race tests/bench/compare tests/bench/measure tests/bench/syscalls tests/bench/servers.sh \
	tests/system/run tests/system/guest $(sort $(wildcard tests/system/*.sh tests/system/topics/*.sh)) \
	tools/with-cuse tools/with-system tools/system/make-root tools/system/init tools/system/command \
	tools/install-deps tools/demo $(sort $(wildcard tests/lint/*))

LINT = $(BUILD)/lint
LINT_CHECKS = flags messages names rebuild subjects

lint: ## run all static checks
	@tools/install-deps lint
	clang-format --dry-run -Werror $(SOURCES)
	clang-tidy --quiet --warnings-as-errors='*' $(filter lib/% cuse-qmux/% tools/%,$(filter %.c,$(SOURCES))) -- \
		-std=c11 $(OWN_CPPFLAGS) -iquote cuse-qmux $(VERSION_FLAG) $(FUSE_CFLAGS)
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		$(OWN_CPPFLAGS) -Icuse-qmux $(VERSION_FLAG) lib cuse-qmux tools/cuse-qmux-proxy tools/qmi-modem-sim tools/cuse-qmux-sleep
	shellcheck $(SCRIPTS)
	$(MAKE) -s -j"$$(nproc)" BUILD=$(LINT)/gcc CC=gcc WERROR=1 programs
	$(MAKE) -s -j"$$(nproc)" BUILD=$(LINT)/clang CC=clang WERROR=1 programs fuzz-objects
	for floors in $(wildcard lib/floors cuse-qmux/floors tools/*/floors); do \
		tests/lint/floors $${floors%/*} $$floors $(LINT)/gcc || exit; \
	done
	tests/lint/portability $(LINT)
	for check in $(LINT_CHECKS); do tests/lint/$$check || exit; done

format: ## format the sources as lint requires
	clang-format -i $(SOURCES)

fill_in = sed 's|@SBINDIR@|$(SBINDIR)|; s|@SYSCONFDIR@|$(SYSCONFDIR)|'

UNITS = cuse-qmux@.service cuse-qmux-proxy.socket cuse-qmux-proxy.service
SOCKETS_WANTED = $(SYSCONFDIR)/systemd/system/sockets.target.wants

# Keeps existing settings, also that the socket was disabled.
install: all ## install the daemon, udev rules, units, sleep hook, simulated modem and man pages
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man8 \
		$(DESTDIR)$(MANDIR)/man4 $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(SYSCONFDIR)/default $(DESTDIR)$(SLEEPDIR)
	$(INSTALL) -m 755 $(BUILD)/cuse-qmux $(BUILD)/cuse-qmux-proxy $(BUILD)/cuse-qmux-sleep \
		$(DESTDIR)$(SBINDIR)
	ln -sf $(SBINDIR)/cuse-qmux-sleep $(DESTDIR)$(SLEEPDIR)/cuse-qmux
	$(INSTALL) -m 755 $(BUILD)/qmi-modem-sim $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 cuse-qmux/cuse-qmux.8 tools/cuse-qmux-proxy/cuse-qmux-proxy.8 \
		tools/cuse-qmux-sleep/cuse-qmux-sleep.8 \
		$(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 644 cuse-qmux/qmi-virt.4 $(DESTDIR)$(MANDIR)/man4
	$(fill_in) udev/90-cuse-qmux.rules.in >$(DESTDIR)$(UDEVDIR)/90-cuse-qmux.rules
	chmod 644 $(DESTDIR)$(UDEVDIR)/90-cuse-qmux.rules
	[ -e $(DESTDIR)$(UNITDIR)/cuse-qmux-proxy.socket ] || { \
		$(INSTALL) -d $(DESTDIR)$(SOCKETS_WANTED) && \
		ln -sf $(UNITDIR)/cuse-qmux-proxy.socket $(DESTDIR)$(SOCKETS_WANTED); }
	for unit in $(UNITS); do \
		$(fill_in) udev/$$unit.in >$(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit; \
	done
	[ -e $(DESTDIR)$(SYSCONFDIR)/default/cuse-qmux ] || \
		$(INSTALL) -m 644 udev/cuse-qmux.default $(DESTDIR)$(SYSCONFDIR)/default/cuse-qmux

# Of an instance that was killed.
uninstall: ## remove the installed files, except the settings
	[ -n "$(DESTDIR)" ] || $(SBINDIR)/cuse-qmux --give-back || true
	rm -f $(DESTDIR)$(SBINDIR)/cuse-qmux $(DESTDIR)$(SBINDIR)/cuse-qmux-proxy \
		$(DESTDIR)$(BINDIR)/qmi-modem-sim \
		$(DESTDIR)$(SBINDIR)/cuse-qmux-sleep $(DESTDIR)$(SLEEPDIR)/cuse-qmux \
		$(DESTDIR)$(MANDIR)/man8/cuse-qmux-sleep.8 \
		$(DESTDIR)$(MANDIR)/man8/cuse-qmux.8 $(DESTDIR)$(MANDIR)/man8/cuse-qmux-proxy.8 \
		$(DESTDIR)$(MANDIR)/man4/qmi-virt.4 $(DESTDIR)$(UDEVDIR)/90-cuse-qmux.rules \
		$(patsubst %,$(DESTDIR)$(UNITDIR)/%,$(UNITS)) \
		$(DESTDIR)$(SOCKETS_WANTED)/cuse-qmux-proxy.socket

clean: ## remove all build products
	rm -rf $(BUILD)

.SECONDARY: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o)

.PHONY: all help bench demo check faults adversary check-system modem-manager system-shell system-stage shipped-objects programs \
	test-programs soak fuzz fuzz-objects check-mutants coverage lint format install uninstall clean
