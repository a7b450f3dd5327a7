#!/bin/sh
# What takes too long for every change: everything of tests/run.sh, all versions of PostgreSQL, coverage, ThreadSanitizer, the other
# compiler, the analyzer, each fuzzer for a minute, and the suites that race with time over and over. Ends with 0 where all went well.
#
# TRUSS_FUZZ_SECONDS  how long each fuzzer runs (default: 60)
# TRUSS_REPEATS       how often the races are run (default: 10)
set -eu
cd "$(dirname "$0")/.."
failed=""

step() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed; $name"
}

# Each file of the real tools' projects, as the input of fuzz_project that replaces it by itself.
project_seeds() {
    mkdir -p build-fuzz/corpus/project
    find tests/fixtures/frameworks -path '*/project/*' -type f -size -20k | while read -r file; do
        name=${file#tests/fixtures/frameworks/}
        { echo "$name" && cat "$file"; } >"build-fuzz/corpus/project/$(echo "$name" | tr / _)"
    done
}

# What a fuzzer finds new is kept in the build directory; the corpus of the repository is only read.
fuzz() {
    name=$(basename "$1" | sed 's/^fuzz_//')
    mkdir -p "build-fuzz/corpus/$name"
    set -- "$1" "build-fuzz/corpus/$name"
    [ ! -d "tests/fuzz/corpus/$name" ] || set -- "$@" "tests/fuzz/corpus/$name"
    "$@" -max_total_time="${TRUSS_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="build-fuzz/$name-"
}

# gcc's analyzer over src/. Known to be wrong: it does not see that a count of 0 goes with no array (steps.c, openapi.c), nor that
# what is in a table is not lost (checksums.c).
analyze() {
    cmake -S . -B build-analyze -DTRUSS_TESTS=OFF -DCMAKE_C_FLAGS=-fanalyzer >/dev/null
    make -C build-analyze -j "$(nproc)" clean >/dev/null
    make -C build-analyze -j "$(nproc)" >build-analyze/log 2>&1 || return 1
    ! grep -E 'warning: .*\[-Wanalyzer' build-analyze/log | grep -vE '(steps|openapi)\.c.*null-dereference|checksums\.c.*malloc-leak'
}

# The join of channel.c, which waits no longer than it may, is unknown to gcc's ThreadSanitizer: what it ends looks left behind.
threads() {
    TSAN_OPTIONS="exitcode=66 report_thread_leaks=0 suppressions=$PWD/tests/support/tsan.supp" \
        CFLAGS="-fsanitize=thread -O1" LDFLAGS=-fsanitize=thread TRUSS_TEST_BUILD=build-sanitize-thread TRUSS_TEST_SANITIZED="" \
        TRUSS_TEST_LIMIT=900 TRUSS_TEST_SECONDS=3600 CK_TIMEOUT_MULTIPLIER=5 TRUSS_TEST_ONLY="units service bridge cli" sh tests/run.sh
}

repeat() {
    for _ in $(seq "${TRUSS_REPEATS:-10}"); do
        /usr/bin/python3 -B "$@" || return 1
    done
}

sh docker/install-deps.sh long
step "everything" sh tests/run.sh
step "every framework in a hostile database" env TRUSS_TEST_ALL=1 TRUSS_TEST_LIMIT=900 /usr/bin/python3 -B tests/service/test_hostile_database.py
step "every statement's locks" env TRUSS_TEST_ALL=1 TRUSS_TEST_LIMIT=900 /usr/bin/python3 -B tests/service/test_plan_locks.py
step "units, service and bridge without sanitizers" env TRUSS_TEST_ONLY="units service bridge" TRUSS_TEST_SANITIZED= sh tests/run.sh
step "the other versions of PostgreSQL" sh tests/run-versions.sh
step "coverage" sh tests/coverage.sh
step "ThreadSanitizer" threads
step "units, made by clang" env CC=clang TRUSS_TEST_BUILD=build-clang TRUSS_TEST_SANITIZED= TRUSS_TEST_ONLY=units sh tests/run.sh
step "gcc's analyzer" analyze
step "the same bytes wherever it is built" sh tests/reproducible.sh
cmake -S . -B build-fuzz -DTRUSS_WERROR=ON -DTRUSS_FUZZ=ON -DCMAKE_C_COMPILER=clang >/dev/null
step "the fuzzers can be built" make -s -C build-fuzz -j "$(nproc)"
project_seeds
for fuzzer in build-fuzz/tests/fuzz/fuzz_*; do
    step "$(basename "$fuzzer")" fuzz "$fuzzer"
done
export TRUSS_TEST_BIN="$PWD/build-sanitize/bin"
step "two runs at once, again and again" repeat tests/service/test_run.py Run.test_runs_of_two_workers_at_once_apply_each_migration_once
step "a worker killed in the middle, again and again" repeat tests/service/test_run.py Run.test_a_worker_killed_in_the_middle_leaves_both_or_neither
step "5,000 differential seeds" env TRUSS_TEST_BIN="$PWD/build/bin" /usr/bin/python3 -B tests/differential/differential.py --seeds 1-5000 --shrink
step "every message of a run fails, in every way" env TRUSS_EVERY_PLACE=all TRUSS_TEST_BIN="$PWD/build/bin" /usr/bin/python3 -B tests/service/test_every_place.py
step "500 crashes" /usr/bin/python3 -B tests/crash/crash.py --rounds 500 --seed "$(date +%s)"
step "a worker killed 200 times amid branches" env TRUSS_BRANCH_KILLS=200 TRUSS_TEST_LIMIT=3600 TRUSS_TEST_BIN="$PWD/build/bin" /usr/bin/python3 -B tests/crash/test_branches.py
step "a stop with open streams, 200 times" env TRUSS_STOPS=200 /usr/bin/python3 -B tests/bridge/test_stop.py
step "probes beside a crowd, for a minute" env TRUSS_CROWD_SECONDS=60 TRUSS_TEST_BIN="$PWD/build/bin" /usr/bin/python3 -B tests/bridge/test_crowd.py Crowd.test_a_probe_is_answered_beside_clients_that_wait_and_a_run
step "crowds without manners" env TRUSS_SIEGE=1 TRUSS_TEST_BIN="$PWD/build/bin" /usr/bin/python3 -B tests/bridge/test_siege.py
step "bad guests, again and again" repeat tests/service/test_wire.py

[ -z "$failed" ] || { echo "failed: ${failed#; }"; exit 1; }
echo "all went well"
