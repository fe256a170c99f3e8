# Everything a person does here: `make run` and `make test`; the rest is for working on the code.

DATA    ?= ./data
LISTEN  ?=
# The recovery kit of a first start is beside the data, never inside it.
PASSPHRASE = $(DATA).kit/passphrase.txt
# Other servers for comparison, and the harness (benches/peers/README.md); BENCH_FLAGS= is the full size.
DAVBENCH    ?= ../shared/bench/davbench.py
PEERS       ?= apache,nginx,rclone-crypt-new,gocryptfs-apache,dufs
BENCH_FLAGS ?= --quick

.PHONY: help run build test lint bench fuzz soak clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, then serve $(DATA); the first start sets it up and says how to sign in
	@set --; \
	if [ -f "$(PASSPHRASE)" ]; then set -- "$$@" --passphrase-file "$(PASSPHRASE)"; fi; \
	if [ -n "$(LISTEN)" ]; then set -- "$$@" --listen "$(LISTEN)"; fi; \
	exec ./target/release/tresor serve --data "$(DATA)" "$$@"

build: ## the release program in target/release/tresor
	@tests/install.sh build
	cargo build --release --locked

test: ## install what tests need, then format, lints and all tests; the last line sums up
	@tests/install.sh test
	@tests/run.sh

lint: ## format and lints only
	@tests/install.sh build
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

bench: build ## measure this machine: the parts, then the whole beside other servers (PEERS, BENCH_FLAGS)
	@tests/install.sh bench
	cargo bench --locked --bench parts
	@benches/peers/compare.sh "$(DAVBENCH)" "$(PEERS)" $(BENCH_FLAGS)

fuzz: ## every parser under libFuzzer, an hour each (TRESOR_FUZZ_SECONDS, FUZZ="xml range")
	@tests/install.sh fuzz
	@fuzz/run.sh $(FUZZ)

soak: ## 20 minutes of mixed load (TRESOR_SOAK_SECONDS); memory and descriptors must stay flat
	@tests/install.sh test
	TRESOR_SOAK_SECONDS=$${TRESOR_SOAK_SECONDS:-1200} cargo test --locked --test heavy soak:: -- --nocapture

clean: ## remove what was built; never touches data
	cargo clean
