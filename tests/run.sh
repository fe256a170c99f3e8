#!/usr/bin/env bash
# All checks in order: format, lints, documentation, tests. Every step runs, even after one failed.
# The last line is 'N passed, N failed', counting each test and each of the other steps as one; the
# exit code is 1 if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
failures=()

# A step without tests of its own.
step() {
    local name=$1
    shift
    printf '== %s\n' "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures+=("$name")
    fi
}

# The lines 'test result: ok. 12 passed; 0 failed; ...' of cargo test, one for each test program.
run_tests() {
    printf '== tests\n'
    cargo test --no-fail-fast "$@" 2>&1 | tee "$log"
    local code=${PIPESTATUS[0]} counts
    counts=$(awk '/^test result: / { p += $4; f += $6 } END { print p + 0, f + 0 }' "$log")
    local run_passed=${counts% *} run_failed=${counts#* }
    # Code without a failed test: something did not build or a test program died.
    if [ "$code" -ne 0 ] && [ "$run_failed" -eq 0 ]; then
        run_failed=1
        failures+=("cargo test (exit code $code)")
    fi
    if [ "$run_passed" -eq 0 ] && [ "$run_failed" -eq 0 ]; then
        run_failed=1
        failures+=("cargo test ran no test")
    fi
    passed=$((passed + run_passed))
    failed=$((failed + run_failed))
    # Each failed test stands once more, four blanks before it, under a line "failures:".
    while IFS= read -r name; do failures+=("$name"); done < <(
        awk '/^failures:$/ { on = 1; next } /^test result: / { on = 0 } on && /^    [a-z0-9_:]+$/ { print $1 }' "$log" | sort -u
    )
}

# A test program that was killed cannot unmount; a mount left behind would block the next run.
unmount_leftovers() {
    awk '$2 ~ /\/tresor-test-/ { print $2 }' /proc/self/mounts | while IFS= read -r point; do
        umount -i -l "$point" 2>/dev/null || fusermount3 -uz "$point" 2>/dev/null || true
    done
}

unmount_leftovers
step 'format' cargo fmt --check -- -l
step 'lints' cargo clippy --quiet --all-targets --locked -- -D warnings
step 'documentation' env RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --locked
run_tests --locked
unmount_leftovers

if [ ${#failures[@]} -gt 0 ]; then
    printf '\nfailed:\n'
    printf '  %s\n' "${failures[@]}"
fi
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
