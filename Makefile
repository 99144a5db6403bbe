# git-scrutiny. GNU make; overrides go into config.make (see CONTRIBUTING.md).
#
#   make            the three programs, in build/
#   make check      unit, CLI, header, layering and documentation tests
#   make demo       a small repository of papers, reviewed
#   make deps       installs what is missing (apt), or prints the list for other systems

VERSION := 0.1.0
RELEASE_DATE := 2026-11-22
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= cc
AR ?= ar
PKG_CONFIG ?= pkg-config
INSTALL ?= install
CFLAGS ?= -O2 -g
WERROR ?= 1
SANITIZE ?=

-include config.make

comma := ,

bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
datadir = $(PREFIX)/share

PACKAGES := libgit2 libcurl yaml-0.1 libcjson libpcre2-8 libcrypto libdeflate libarchive expat
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wformat=2 -Wundef -Wvla -Wno-missing-field-initializers
HARDENING := -fstack-protector-strong -fPIE -fno-strict-aliasing
LINK_HARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifneq ($(WERROR),)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),)
override BUILD := $(BUILD)/sanitize-$(subst $(comma),-,$(SANITIZE))
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
else
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# What is done is said in a word; V=1 shows the commands.
V ?=
ifeq ($(V),)
say = @printf '  %-6s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@);
endif

# Asked once, and only by goals that compile.
ifneq ($(filter-out deps demo clean help,$(or $(MAKECMDGOALS),all)),)
PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
ifeq ($(PACKAGE_LIBS),)
$(error the libraries $(PACKAGES) were not all found by $(PKG_CONFIG): run `make deps`)
endif
endif

ALL_CPPFLAGS = -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 -Isrc $(PACKAGE_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(HARDENING) $(SANITIZE_FLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_HARDENING) $(SANITIZE_FLAGS) $(LDFLAGS)
LIBS = $(PACKAGE_LIBS) -lm -lpthread

PROGRAMS := git-scrutiny git-papermeta git-deploy
# No command of git's: what hooks run, with no library but C's.
HOOK_PROGRAM := git-scrutiny-hook
ROOMS := base git net paper check model budget review meta image cloud deploy forge hook history daemon cmd
TEXTS := prompts boot_templates infrastructure_templates hook_shims
LIB_SOURCES := $(sort $(wildcard $(ROOMS:%=src/%/*.c)))
LIB_OBJECTS := $(LIB_SOURCES:src/%.c=$(BUILD)/obj/%.o) $(TEXTS:%=$(BUILD)/obj/%.o)
PROMPTS := $(sort $(wildcard prompts/*.txt prompts/*/*.txt))
BOOT_TEMPLATES := $(sort $(wildcard src/deploy/boot/*))
INFRASTRUCTURE_TEMPLATES := $(sort $(wildcard src/deploy/infrastructure/*))
HOOK_SHIMS := $(sort $(wildcard src/hook/shims/*))
LIBRARY := $(BUILD)/libscrutiny.a
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/tests/%)
HEADERS := $(sort $(wildcard src/*/*.h))

.PHONY: all
all: $(PROGRAMS:%=$(BUILD)/%) $(BUILD)/$(HOOK_PROGRAM)

# Compiler and flags are an input like any other: a change of theirs rebuilds.
FLAGS_LINE = $(CC) $(ALL_CPPFLAGS) $(LIBRARY_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS) $(VERSION)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' '$(FLAGS_LINE)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_LINE)' >$@
.PHONY: FORCE
FORCE:

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CPPFLAGS) $(LIBRARY_CPPFLAGS) -DVERSION='"$(VERSION)"' $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The questions to models, what runs on instances and what git runs as hooks are text files; they are compiled in as tables.
$(BUILD)/prompts.c: $(PROMPTS)
$(BUILD)/boot_templates.c: $(BOOT_TEMPLATES)
$(BUILD)/infrastructure_templates.c: $(INFRASTRUCTURE_TEMPLATES)
$(BUILD)/hook_shims.c: $(HOOK_SHIMS)
$(BUILD)/prompts.c: TABLE = prompt_files prompts
$(BUILD)/boot_templates.c: TABLE = boot_templates src/deploy/boot
$(BUILD)/infrastructure_templates.c: TABLE = infrastructure_templates src/deploy/infrastructure
$(BUILD)/hook_shims.c: TABLE = hook_shims src/hook/shims
$(TEXTS:%=$(BUILD)/%.c): tools/make-texts
	@mkdir -p $(@D)
	$(call say,TEXTS)tools/make-texts $(TABLE) $(filter-out tools/%,$^) >$@.new && mv $@.new $@
$(TEXTS:%=$(BUILD)/obj/%.o): $(BUILD)/obj/%.o: $(BUILD)/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Only the programs and their commands read the environment: see src/base/banned.h.
LIBRARY_CPPFLAGS = -include base/banned.h
$(BUILD)/obj/cmd/%.o $(PROGRAMS:%=$(BUILD)/obj/%.o) $(BUILD)/obj/$(HOOK_PROGRAM).o: private LIBRARY_CPPFLAGS += -DMAY_READ_ENVIRONMENT

# The list of objects is an input too, so that a deleted source leaves the archive.
$(BUILD)/objects: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' '$(LIB_OBJECTS)' | cmp -s - $@ || printf '%s\n' '$(LIB_OBJECTS)' >$@
$(LIBRARY): $(LIB_OBJECTS) $(BUILD)/objects
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(LIB_OBJECTS)

$(PROGRAMS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/obj/%.o $(LIBRARY)
	$(call say,LINK)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

$(BUILD)/$(HOOK_PROGRAM): $(BUILD)/obj/$(HOOK_PROGRAM).o $(LIBRARY)
	$(call say,LINK)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(LIBRARY)

# -- tests ---------------------------------------------------------------------------------------

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,TEST)$(CC) $(ALL_CPPFLAGS) -Itests/unit $(ALL_CFLAGS) -MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS) -lcmocka

.PHONY: check-unit
check-unit: $(UNIT_TESTS)
	@set -e; for t in $(UNIT_TESTS); do echo "# $$t"; $$t; done

# One unit test: make unit-paper_tex
unit-%: $(BUILD)/tests/%
	$<

# What can go wrong with a request x every API, as a table of what was seen.
.PHONY: fault-matrix
fault-matrix: $(BUILD)/tests/model_matrix
	@$< --table

# The comparison with `git check-ignore` that check-unit makes in small.
.PHONY: check-ignore-full
check-ignore-full: $(BUILD)/tests/git_ignore_differential
	IGNORE_CASES=100000 $<

# Shell scripts that print TAP: see tests/cli/lib.sh.
.PHONY: check-cli
check-cli: all $(BUILD)/tests/tools/forge-call $(BUILD)/tests/tools/sigv4-request $(BUILD)/tests/tools/cloud-call $(BUILD)/tests/tools/ask-whole
	SCRUTINY_BUILD='$(abspath $(BUILD))' prove --recurse --timer tests/cli

# Against other programs, on papers of one's own: TEST_CORPUS=<folder> make check-oracle
$(BUILD)/tests/tools/%: tests/tools/%.c $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,TEST)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)
.PHONY: check-oracle
check-oracle: $(BUILD)/tests/tools/check-file
	SCRUTINY_BUILD='$(abspath $(BUILD))' prove --verbose tests/oracle

.PHONY: check-headers
check-headers:
	@tools/check-headers $(HEADERS) -- $(ALL_CPPFLAGS) $(filter-out -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2,$(ALL_CFLAGS))

.PHONY: check-layers
check-layers:
	tools/check-layers src

# What is banned stops the build itself: this shows that it does.
.PHONY: check-banned
check-banned:
	@! printf 'char *f(char *a) { return strcpy(a, getenv(a)); }' | \
		$(CC) $(ALL_CPPFLAGS) $(LIBRARY_CPPFLAGS) -fsyntax-only -x c - 2>/dev/null

SCRIPTS = $(shell grep -lsE '^\#!/bin/(ba)?sh' tools/* hooks/* .ci/* actions/*/* tests/*/* src/deploy/boot/*) tests/cli/lib.sh
.PHONY: check-scripts
check-scripts:
	@if command -v shellcheck >/dev/null; then shellcheck -x -S warning $(SCRIPTS); \
	else echo 'shellcheck is not here: the scripts were not checked'; fi

# Runs with models, releases and proposals, killed at random moments: KILLS, RELEASE_KILLS and PROPOSAL_KILLS times.
KILLS ?= 10
RELEASE_KILLS ?= 4
PROPOSAL_KILLS ?= 5
.PHONY: check-kill
check-kill: all
	python3 tests/kill/kill.py $(BUILD) $(KILLS)
	python3 tests/kill/batch.py $(BUILD) $(KILLS)
	python3 tests/kill/release.py $(BUILD) $(RELEASE_KILLS)
	python3 tests/kill/propose.py $(BUILD) $(PROPOSAL_KILLS)
# Releases alone: make check-kill-release RELEASE_KILLS=200
.PHONY: check-kill-release
check-kill-release: all
	python3 tests/kill/release.py $(BUILD) $(RELEASE_KILLS)

# Random pushes to real repositories, some of them killed: make check-push PUSHES=500
PUSHES ?= 16
.PHONY: check-push
check-push: all
	python3 tests/push/situations.py $(BUILD) $(PUSHES)

# The unit tests and the corpora once more: with the sanitizers, and under valgrind.
.PHONY: check-sanitize check-valgrind
check-sanitize:
	$(MAKE) SANITIZE=address,undefined CFLAGS='-O1 -g' check-unit check-corpus
check-valgrind: $(UNIT_TESTS)
	@set -e; for t in $(UNIT_TESTS); do echo "# valgrind $$t"; \
		valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=1 $$t >/dev/null; done

.PHONY: check
check: check-layers check-banned check-headers check-scripts check-unit check-docs check-sanitize check-kill check-push check-cli

# -- trying it out -------------------------------------------------------------------------------

.PHONY: deps demo
deps:
	tools/deps
demo:
	@tools/deps build
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)

# -- measuring -----------------------------------------------------------------------------------

$(BUILD)/bench/%: tests/bench/%.c $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BENCH)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

# Ratios against git; BENCH_DIR keeps the repository of 100,000 papers for the next time.
.PHONY: bench
bench: all $(BUILD)/bench/discover
	SCRUTINY_BUILD=$(BUILD) tests/bench/status.sh

# Merging 10,000 findings, and inputs made to be slow.
# Which commit brought a finding in, on a history of 1,000.
.PHONY: bench-blame
bench-blame: all $(BUILD)/bench/blame_naive
	SCRUTINY_BUILD=$(BUILD) tests/bench/blame.sh

.PHONY: bench-merge
bench-merge: $(BUILD)/bench/merge
	$<

# The engine beside other clients; TEST_INSTALL=1 installs those.
.PHONY: bench-fanout
bench-fanout: $(BUILD)/bench/fanout $(BUILD)/bench/fanout_server
	python3 tests/bench/fanout.py $(BUILD)

# Images beside other builders: BuildKit, buildah and, with CRANE=<program>, crane append.
.PHONY: bench-deploy
bench-deploy: all
	python3 tests/bench/deploy.py $(BUILD) $(if $(CRANE),--crane $(CRANE))

# What hooks add to commit and push, beside pre-commit and lefthook; TEST_INSTALL=1 installs those.
.PHONY: bench-hooks
bench-hooks: all
	python3 tests/bench/hooks.py $(BUILD)

# Images of a large tree, without a registry.
.PHONY: bench-image
bench-image: $(BUILD)/bench/image
	SCRUTINY_BUILD=$(BUILD) tests/bench/image.sh

# -- fuzzing -------------------------------------------------------------------------------------

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_BUILD := $(BUILD)/fuzz
FUZZ_SANITIZE := fuzzer-no-link,address,undefined
FUZZ_LIBRARY := $(FUZZ_BUILD)/sanitize-$(subst $(comma),-,$(FUZZ_SANITIZE))/libscrutiny.a

# The corpora as tests, with whatever flags this build has.
$(BUILD)/tests/corpus-%: tests/fuzz/fuzz_%.c tests/fuzz/driver.c $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,FUZZ)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Wno-missing-prototypes $(ALL_LDFLAGS) -o $@ $< tests/fuzz/driver.c $(LIBRARY) $(LIBS)
.PHONY: check-corpus
check-corpus: $(FUZZERS:%=$(BUILD)/tests/corpus-%)
	@set -e; for f in $(FUZZERS); do echo "# corpus of $$f"; $(BUILD)/tests/corpus-$$f tests/fuzz/corpus/$$f; done

.PHONY: fuzz fuzz-library
fuzz: $(FUZZERS:%=fuzz-%)
fuzz-library:
	$(MAKE) BUILD=$(FUZZ_BUILD) CC=clang SANITIZE=$(FUZZ_SANITIZE) $(FUZZ_LIBRARY)
# New inputs are collected in the build folder; the committed corpus stays small.
$(FUZZERS:%=fuzz-%): fuzz-%: fuzz-library
	@mkdir -p $(FUZZ_BUILD)/found/$*
	clang $(ALL_CPPFLAGS) -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $(FUZZ_BUILD)/$* tests/fuzz/fuzz_$*.c $(FUZZ_LIBRARY) $(LIBS)
	cd $(FUZZ_BUILD) && ./$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -max_len=65536 \
		-print_final_stats=1 found/$* $(CURDIR)/tests/fuzz/corpus/$*

# -- documentation made from the option tables ---------------------------------------------------

DOCGEN := $(BUILD)/docgen
GENERATED := man docs/commands completions

$(DOCGEN): tools/docgen.c $(LIBRARY) $(BUILD)/flags
	$(call say,LINK)$(CC) $(ALL_CPPFLAGS) -DVERSION='"$(VERSION)"' -DRELEASE_DATE='"$(RELEASE_DATE)"' $(ALL_CFLAGS) \
		-MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

.PHONY: docs
docs: $(DOCGEN)
	rm -rf $(GENERATED)
	$(DOCGEN) --all .

.PHONY: check-docs
check-docs: $(DOCGEN)
	tools/check-docs $(DOCGEN) $(PROGRAMS)

# -- installing ----------------------------------------------------------------------------------

# Hooks are there in some versions only.
INSTALLED_PROGRAMS = $(PROGRAMS:%=$(bindir)/%) $(bindir)/$(HOOK_PROGRAM)
INSTALLED_PAGES = $(patsubst man/%,$(mandir)/man1/%,$(sort $(wildcard man/*.1)))
INSTALLED_PROMPTS = $(PROMPTS:%=$(datadir)/git-scrutiny/%)
INSTALLED_HOOKS = $(patsubst hooks/%,$(datadir)/git-scrutiny/hooks/%,$(sort $(wildcard hooks/*)))
INSTALLED_COMPLETIONS = \
	$(PROGRAMS:%=$(datadir)/bash-completion/completions/%) \
	$(PROGRAMS:%=$(datadir)/zsh/site-functions/_%) \
	$(PROGRAMS:%=$(datadir)/fish/vendor_completions.d/%.fish)
INSTALLED = $(INSTALLED_PROGRAMS) $(INSTALLED_PAGES) $(INSTALLED_HOOKS) $(INSTALLED_COMPLETIONS) \
	$(INSTALLED_PROMPTS)

.PHONY: install
install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	for p in $(PROGRAMS); do \
		$(INSTALL) -m 755 $(BUILD)/$$p '$(DESTDIR)$(bindir)' && \
		$(INSTALL) -m 644 completions/$$p.bash '$(DESTDIR)$(datadir)'/bash-completion/completions/$$p && \
		$(INSTALL) -m 644 completions/_$$p '$(DESTDIR)$(datadir)'/zsh/site-functions && \
		$(INSTALL) -m 644 completions/$$p.fish '$(DESTDIR)$(datadir)'/fish/vendor_completions.d || exit 1; \
	done
	$(INSTALL) -m 755 $(BUILD)/$(HOOK_PROGRAM) '$(DESTDIR)$(bindir)'
	$(INSTALL) -m 644 $(wildcard man/*.1) '$(DESTDIR)$(mandir)/man1'
	for p in $(PROMPTS); do $(INSTALL) -m 644 $$p '$(DESTDIR)$(datadir)'/git-scrutiny/$$p || exit 1; done
	$(if $(INSTALLED_HOOKS),$(INSTALL) -m 755 $(wildcard hooks/*) '$(DESTDIR)$(datadir)/git-scrutiny/hooks')

# Binaries for any distribution, of ARCH (x86_64, aarch64): needs Debian or Ubuntu, and minutes.
ARCH ?= $(shell uname -m)
.PHONY: static
static:
	tools/static-build $(ARCH)

.PHONY: uninstall
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(foreach d,$(if $(INSTALLED_HOOKS),/hooks) /prompts/rubrics /prompts '','$(DESTDIR)$(datadir)/git-scrutiny'$(d))

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/obj/*/*.d $(BUILD)/tests/*.d $(BUILD)/*.d)
