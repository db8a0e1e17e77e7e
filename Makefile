# The road in. Meson does the work; this file installs what is missing, names the steps,
# and gives each kind of build a folder of its own.

BUILD        ?= build
MESONFLAGS   ?=
SETUP        ?= scripts/setup
RUN          ?= --demo
FUZZ_SECONDS ?= 30
MUTANTS      ?= --count 30
SIM_MINUTES  ?= 5
SOAK_MINUTES ?= 30
OOM          ?=
PROGRAM      := exporter/siptrunk_exporter
VERSION      := $(shell sed -n "s/^ *version: '\(.*\)',$$/\1/p" meson.build)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build test unit check format clang sanitize tsan coverage mutants sim fuzz bench \
	oom soak valgrind \
	install mixin container container-test stack stack-test deb deb-test deb-arm64 systemd-test \
	mail-test trixie bookworm clean

help: ## list what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 21

run: $(BUILD)/build.ninja ## build and start, with a demo (RUN="--config.file=…")
	meson compile -C $(BUILD) siptrunk_exporter
	$(BUILD)/$(PROGRAM) $(RUN)

build: $(BUILD)/build.ninja ## build into build/
	ninja -C $(BUILD)

test: build-stamps/test build ## build, run all unit and system tests
	scripts/run-tests $(BUILD)

unit: build ## build, run the unit tests alone
	scripts/run-tests $(BUILD) unit

check: build-stamps/check build-clang/build.ninja ## rooms, layout, lint, scripts: nothing to complain of
	scripts/check build-clang

format: build-stamps/check ## lay out the C sources as .clang-format says
	git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format-14 -i

clang: build-clang/build.ninja ## build with clang, warnings as errors; unit tests
	ninja -C build-clang
	scripts/run-tests build-clang unit

sanitize: build-sanitize/build.ninja ## unit tests under AddressSanitizer and UBSan
	ninja -C build-sanitize meson-test-prereq
	UBSAN_OPTIONS=halt_on_error=1 scripts/run-tests build-sanitize unit

tsan: build-stamps/test build-tsan/build.ninja ## unit tests and hammering ones under ThreadSanitizer
	ninja -C build-tsan
	scripts/tsan build-tsan

coverage: build-coverage/build.ninja ## lines that the unit tests reach, by room and in all
	ninja -C build-coverage
	scripts/coverage build-coverage

mutants: build-stamps/build ## change tokens, name those no unit test misses (MUTANTS=-h)
	scripts/mutants $(MUTANTS)

sim: $(BUILD)/build.ninja ## simulate years of trunks for SIM_MINUTES=5 (docs/simulation.md)
	ninja -C $(BUILD) tests/simulation/sim
	scripts/sim --minutes $(SIM_MINUTES) $(BUILD)/tests/simulation/sim

fuzz: build-fuzz/build.ninja ## fuzz each parser, FUZZ_SECONDS=30 each
	scripts/fuzz build-fuzz $(FUZZ_SECONDS)

bench: build-bench/build.ninja ## measure beside yardsticks, built as packages are
	scripts/bench build-bench

oom: $(BUILD)/build.ninja ## fail every allocation, one after the other (OOM=-h; takes hours)
	ninja -C $(BUILD) exporter/siptrunk_exporter tests/support/resolve_cli \
		tests/support/libfailing_alloc.so
	scripts/oom $(BUILD) $(OOM)

soak: $(BUILD)/build.ninja ## SOAK_MINUTES=30 with faults on: memory and descriptors stay flat
	ninja -C $(BUILD) exporter/siptrunk_exporter
	tests/bench/soak.py $(BUILD) $(SOAK_MINUTES)

valgrind: build-valgrind/build.ninja ## the whole program under memcheck
	ninja -C build-valgrind exporter/siptrunk_exporter
	scripts/valgrind build-valgrind

install: build ## install below meson's prefix; DESTDIR is honoured
	meson install -C $(BUILD) --no-rebuild

mixin: build-stamps/test ## print rules and dashboards from mixin/ (scripts/mixin -h)
	scripts/mixin

container: build-stamps/container ## build the image siptrunk_exporter:VERSION (-test: prove it)
	buildah bud --format docker --build-arg VERSION=$(VERSION) \
		--build-arg REVISION="$$(git rev-parse --short=12 HEAD)" \
		-t siptrunk_exporter:$(VERSION) .

container-test: build-stamps/container # builds the image, proves it without a registry
	scripts/container-test $(VERSION)

stack: ## all of it in containers; MAIL_TO=… SMTP=… mails you (-test: prove it)
	scripts/stack show

stack-test: build-stamps/container # runs that stack, proves it without a registry
	scripts/stack-test

deb: build-stamps/build build-stamps/deb ## build the Debian packages (-arm64; -test: in a bare Debian)
	scripts/deb build-deb

deb-arm64: build-stamps/container # for another processor, with a cross compiler
	scripts/deb-arm64

deb-test: deb build-stamps/container # installs, runs and purges it in a bare Debian
	scripts/deb-test

systemd-test: deb build-stamps/container ## have a real systemd run that package
	scripts/systemd-test

mail-test: deb build-stamps/container ## have it run both packages, to the first mail
	scripts/monitoring-test

trixie: build-stamps/container ## build and unit-test inside Debian 13
	scripts/in-debian trixie make unit MESONFLAGS=-Dwerror=true

bookworm: build-stamps/container ## what .ci/run does, inside a bare Debian 12
	scripts/in-debian --fresh bookworm .ci/run

clean: ## remove all build folders
	rm -rf build-* $(BUILD)

# What a list of packages names is installed once; a changed list is looked at again.
build-stamps/%: scripts/packages.% scripts/setup
	$(SETUP) $*
	@mkdir -p $(@D) && touch $@

$(BUILD)/build.ninja: | build-stamps/build
	meson setup $(BUILD) --buildtype=release $(MESONFLAGS)

# Optimized as a whole, as the image and the package are: Dockerfile, debian/rules.
build-bench/build.ninja: | build-stamps/build build-stamps/test build-stamps/bench
	meson setup build-bench --buildtype=release -Db_lto=true

build-clang/build.ninja: | build-stamps/build build-stamps/check
	CC=clang meson setup build-clang -Dwerror=true -Ddebug=false -Doptimization=2

build-sanitize/build.ninja: | build-stamps/build
	meson setup build-sanitize -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false \
		-Doptimization=1 '-Dc_args=-g1 -Wno-format-truncation'

build-tsan/build.ninja: | build-stamps/build
	meson setup build-tsan -Db_sanitize=thread -Db_lundef=false

build-coverage/build.ninja: | build-stamps/build
	meson setup build-coverage --buildtype=debug -Db_coverage=true

build-valgrind/build.ninja: | build-stamps/test
	meson setup build-valgrind --buildtype=debug

build-fuzz/build.ninja: | build-stamps/build build-stamps/check
	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
		-Doptimization=1 '-Dc_args=-fsanitize=fuzzer-no-link -g1'
