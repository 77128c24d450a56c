# The front door; `make help` lists the rooms.

SHELL := /bin/bash
PREFIX ?= /usr/local
UNITS ?= /etc/systemd/system
PUBLISH = dotnet publish -c Release -v quiet --nologo --disable-build-servers
BIN := artifacts/bin
# Compilers live for seconds: what the runtime would learn of them for later is a sixth of their time.
export DOTNET_TieredPGO = 0

sources = $(shell find $(addprefix src/,$(1)) \( -name bin -o -name obj \) -prune -o -type f -print) src/Small.props Directory.Build.props Directory.Packages.props global.json

.NOTPARALLEL:
.PHONY: programs demo test soak bench install install-docker help clean

## programs: the three native programs, in artifacts/bin (what plain `make` does)
programs: $(BIN)/yun $(BIN)/yun-runtime $(BIN)/yun-guest

$(BIN)/yun: $(call sources,Yun Node Images Archives Store Protocol Linux Oci)
	@scripts/packages build
	$(PUBLISH) src/Yun -o artifacts/publish/yun
	@install -D -m 755 artifacts/publish/yun/yun $@

$(BIN)/yun-runtime: $(call sources,Runtime Protocol Linux Oci)
	@scripts/packages build
	$(PUBLISH) src/Runtime -o artifacts/publish/yun-runtime
	@install -D -m 755 artifacts/publish/yun-runtime/yun-runtime $@

$(BIN)/yun-guest: $(call sources,Guest Runtime Archives Protocol Linux Oci)
	@scripts/packages build
	$(PUBLISH) src/Guest -o artifacts/publish/yun-guest
	@install -D -m 755 artifacts/publish/yun-guest/yun-guest $@

## demo: a Dockerfile becomes an image, is pushed, pulled and run, and answers on port 8000
demo: programs
	@scripts/demo

## test: every test, against the real kernel (ONLY=Images for one folder of tests/Yun.Tests)
test: programs
	@scripts/test $(ONLY)

## soak: the same with the long runs (10,000 starts instead of 1,000)
soak: programs
	@YUN_SOAK=1 scripts/test $(ONLY)

## bench: Yun beside crun, runc, dockerd and the bare kernel on this machine, as tables of ratios (ROUNDS=100, ONLY="engine load")
bench: programs
	@bench/run $(ONLY)

## install: programs, systemd units, shell completion and manual page (PREFIX=/usr/local, DESTDIR=)
install: programs
	@scripts/install "$(DESTDIR)" "$(PREFIX)" "$(UNITS)"

## install-docker: install, and links called docker and dockerd, for tools that know those names
install-docker: install
	@scripts/install-docker "$(DESTDIR)" "$(PREFIX)"

## clean: away with everything that was built or downloaded here
clean:
	rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | expand -t 16
