# make help lists the targets.  Everything lands in build/ (build-san/ with SAN=1).
OUT      := $(or $(BUILD),build$(if $(SAN),-san))
PREFIX   ?= /usr/local
,        := ,
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
            -Wvla -Wwrite-strings -Wpointer-arith -Wundef -Wno-missing-field-initializers

# Only the cron program may link libcurl.  pkg-config runs once, when first needed, so that
# "make help" and "make run" work before anything is installed.
PKGS     := libpq json-c fcgi libsodium
once      = $(eval $(1) := $(shell $(2)))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(PKGS) libcurl)
PKG_LIBS   = $(call once,PKG_LIBS,pkg-config --libs $(PKGS))
CURL_LIBS  = $(call once,CURL_LIBS,pkg-config --libs libcurl)

CPPFLAGS += -D_GNU_SOURCE -I. -Icommon -I$(OUT)/gen -include common/banned.h
CFLAGS   += -std=gnu11 -g -fno-common $(WARN)
LDFLAGS  += -Wl,--as-needed -Wl,-z,relro,-z,now
ifdef SAN
SANITIZE := -fsanitize=address,undefined$(if $(FUZZ),$(,)fuzzer-no-link) -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS   += -O1 $(SANITIZE)
LDFLAGS  += $(SANITIZE)
ifdef FAIL
# one call in turn fails: tests/torture/fail_calls.c and fail_curl.c stand before what they name
CPPFLAGS += -DFAIL_CALLS
LDFLAGS  += $(shell sed -nE 's/^[A-Z]+(_CALL)?.[^,]*, ([A-Za-z_]+),.*/-Wl,--wrap=\2/p' tests/torture/fail_*.c) \
            -Wl,--wrap=__libc_malloc,--wrap=__libc_calloc,--wrap=__libc_realloc
endif
else
CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
CFLAGS   += -O2 -Werror -fstack-protector-strong -fPIE
LDFLAGS  += -pie
endif

obj       = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
# cgi/x.c or a folder cgi/x/ is one family and becomes one program
family    = $(call obj,$(wildcard cgi/$(1).c cgi/$(1)/*.c))
FAMILIES := $(sort $(filter-out main,$(patsubst cgi/%.c,%,$(wildcard cgi/*.c))) \
            $(patsubst cgi/%/,%,$(sort $(dir $(wildcard cgi/*/*.c)))))
COMMON   := $(call obj,$(wildcard common/*.c)) $(OUT)/obj/gen/queries.o
CRON     := $(call obj,$(wildcard cron/*.c))
CGIS     := $(FAMILIES:%=$(OUT)/cgi/%)
FUZZERS  := $(patsubst tests/fuzz/%_fuzz.c,$(OUT)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
TESTS    := $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(wildcard tests/unit/*_test.c))
PROGS    := $(CGIS) $(if $(CRON),$(OUT)/carillon-cron) \
            $(patsubst scripts/%.c,$(OUT)/carillon-%,$(wildcard scripts/*.c)) $(OUT)/carillon-doctor
SQL      := $(sort $(wildcard sql/query/*.sql))
# what the scripts run is what was built here
export CARILLON_BUILD = $(abspath $(OUT))
JOBS      = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
BUILD_NOW = @$(MAKE) --no-print-directory $(JOBS)
BUILD_FUZZ = $(BUILD_NOW) BUILD=build-fuzz SAN=1 FUZZ=1 CC=clang fuzzers
Q        := $(if $(V),,@)
LINK      = $(Q)echo "link $@"; mkdir -p $(@D); \
            $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS)

all: $(PROGS) ## build everything
	@:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: SAN=1 (sanitizers), CC=clang, BUILD=folder, TEST=name, V=1, PREFIX, DESTDIR'

run: deps ## install what is missing, build, start everything in the foreground
	+$(BUILD_NOW) all
	@scripts/run

start: deps ## the same in the background
	+$(BUILD_NOW) all
	@scripts/run --background

stop: ## stop what run or start started
	@scripts/run --stop

test: test-deps ## run every test; TEST=name runs one
	+$(BUILD_NOW) all tests
	+$(BUILD_FUZZ)
	@scripts/test $(TEST)

torture: test-deps torture-build ## faults under load, for a quarter of an hour; TORTURE=short in minutes; TEST=name one of them
	+$(BUILD_NOW) all
	@scripts/test $(if $(TEST),$(TEST:%=torture/%),torture)

fuzz: test-deps ## fuzz each target for FUZZ_SECONDS (1200); TEST=name only one
	+$(BUILD_FUZZ)
	@scripts/fuzz $(or $(FUZZ_SECONDS),1200) $(TEST)

pictures: ## make the pictures of README anew
	@$(MAKE) --no-print-directory test TEST=browser/screenshots; cp tests/out/readme/*.png tests/screenshots/

bench: test-deps ## print the benchmark tables and write bench.json
	+$(BUILD_NOW) all $(OUT)/bench/constant
	@scripts/bench $(BENCH)

lint: test-deps ## formatting, layers, sizes, shell, nginx and OpenAPI checks
	@scripts/lint

deps:
	@scripts/install-deps
test-deps:
	@scripts/install-deps --test
tests: $(TESTS)
	@:
fuzzers: $(FUZZERS)
	@:
torture-build:
	+$(BUILD_NOW) BUILD=build-torture SAN=1 FAIL=1 all

install: all ## copy what an installed copy needs to $(DESTDIR)$(PREFIX), units and manuals too
	@DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) scripts/package/install

deb: all ## the same as a Debian package in build/
	@scripts/package/deb

clean: ## remove build/ and its variants, never var/
	rm -rf build build-san build-fuzz build-torture

$(foreach f,$(FAMILIES),$(eval $(OUT)/cgi/$(f): $(call family,$(f))))
$(CGIS): $(OUT)/cgi/%: $(OUT)/obj/cgi/main.o $(COMMON)
	$(LINK)
$(OUT)/bench/constant: $(OUT)/obj/tests/bench/constant.o $(OUT)/obj/cgi/main.o $(COMMON)
	$(LINK)
$(OUT)/carillon-cron: $(CRON) $(COMMON)
	$(LINK) $(CURL_LIBS)
$(OUT)/carillon-doctor: $(call obj,$(wildcard scripts/doctor/*.c)) $(COMMON)
	$(LINK)
$(OUT)/carillon-%: $(OUT)/obj/scripts/%.o $(COMMON)
	$(LINK)

# tests/unit/X_test.c also gets the code of family X, or all of cron/ when there is cron/X.c
unit      = $(call family,$(1)) $(if $(wildcard cron/$(1).c),$(filter-out %/main.o,$(CRON)))
$(foreach t,$(TESTS),$(eval $(t): $(call unit,$(patsubst %_test,%,$(notdir $(t))))))
$(TESTS): $(OUT)/tests/%: $(OUT)/obj/tests/unit/%.o $(COMMON)
	$(LINK) $(CURL_LIBS)

# cron/post is played by the target that looks at what it brings
$(FUZZERS): $(OUT)/fuzz/%: $(OUT)/obj/tests/fuzz/%_fuzz.o $(OUT)/obj/tests/fuzz/fuzz.o $(COMMON)
	$(LINK) $(CURL_LIBS) -fsanitize=fuzzer
$(OUT)/fuzz/resend: $(filter-out %/main.o %/post.o,$(CRON))

GEN      := $(OUT)/gen/queries.h $(OUT)/gen/queries.c
$(GEN) &: $(SQL) scripts/sql2c.awk
	$(Q)mkdir -p $(OUT)/gen
	$(Q)awk -v out=h -f scripts/sql2c.awk $(SQL) /dev/null > $(OUT)/gen/queries.h
	$(Q)awk -v out=c -f scripts/sql2c.awk $(SQL) /dev/null > $(OUT)/gen/queries.c
ifdef FAIL
$(call obj,tests/torture/fail_calls.c tests/torture/fail_curl.c): CFLAGS += -fno-sanitize=all
$(PROGS): $(call obj,tests/torture/fail_calls.c)
$(OUT)/carillon-cron: $(call obj,tests/torture/fail_curl.c)
endif
$(OUT)/obj/gen/%.o: $(OUT)/gen/%.c Makefile
	$(Q)mkdir -p $(@D); $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(OUT)/obj/%.o: %.c Makefile | $(GEN)
	$(Q)echo "cc   $<"; mkdir -p $(@D); $(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help run start stop test torture fuzz pictures bench lint deps test-deps tests fuzzers torture-build install deb clean
