#!/usr/bin/env bash
# Builds libFuzzer in front of the parsers and runs target after target, each for
# TRESOR_FUZZ_SECONDS (default one hour). `fuzz/run.sh xml range` runs two of them.
# What grows lies in fuzz/corpus/, inputs that broke something in fuzz/findings/; the exit code is 1
# if there is any. A finding belongs into fuzz/seeds/<target>/ together with its repair.
set -uo pipefail
cd "$(dirname "$0")"

# Read to its end before anything runs: it may change on disk during the hours.
main() {
    seconds=${TRESOR_FUZZ_SECONDS:-3600}
    host=$(rustc -vV | sed -n 's/^host: //p')
    # What -Zsanitizer would set, from the stable flags: coverage counters and traced comparisons. Naming the
    # target keeps them away from build scripts.
    export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
    nice -n 10 cargo build --release --target "$host" ${TRESOR_FUZZ_JOBS:+-j "$TRESOR_FUZZ_JOBS"} || exit 1
    program=target/$host/release/fuzz

    [ $# -gt 0 ] || set -- $(ls seeds)
    mkdir -p findings
    failed=()
    for target in "$@"; do
        printf '== %s for %s s\n' "$target" "$seconds"
        mkdir -p "corpus/$target"
        dictionary=()
        [ ! -f "words/$target.dict" ] || dictionary=("-dict=words/$target.dict")
        log=$(mktemp)
        TRESOR_FUZZ_TARGET=$target nice -n 10 "$program" "corpus/$target" "seeds/$target" \
            -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=2048 -use_value_profile=1 \
            -artifact_prefix="findings/$target-" -print_final_stats=1 "${dictionary[@]}" >"$log" 2>&1 ||
            failed+=("$target")
        grep -aE '^(Done|stat::number_of_executed_units|SUMMARY|thread |assertion|  (left|right)| *Test unit)|panicked' "$log"
        tail -n 200 "$log" | grep -aE '^#[0-9]+.*DONE'
        rm -f "$log"
    done
    if [ ${#failed[@]} -gt 0 ]; then
        printf 'findings in: %s\n' "${failed[*]}"
        exit 1
    fi
}

main "$@"
exit
