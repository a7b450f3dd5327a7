#!/bin/sh
# What takes too long for every change: everything of tests/run.sh, all versions of PostgreSQL, coverage, ThreadSanitizer, the other
# compiler, the analyzer, each fuzzer for a minute, and the suites that race with time over and over. Ends with 0 where all went well.
#
#   run-long.sh [STEP…]   default: all of them, in this order; "run-long.sh steps" names them
#
# TRUSS_FUZZ_SECONDS  how long each fuzzer runs (default: 60)
# TRUSS_REPEATS       how often the races are run (default: 10)
set -eu
cd "$(dirname "$0")/.."
wanted=$*
ran=""
failed=""

# step NAME "WHAT IT IS" COMMAND…: one that is wanted. Each can be started alone, in a fresh clone too.
step() {
    name=$1
    case $wanted in
    steps) printf '%-12s %s\n' "$name" "$2" && return ;;
    "") ;;
    *) case " $wanted " in *" $name "*) ;; *) return 0 ;; esac ;;
    esac
    echo "== $name: $2"
    shift 2
    ran="$ran $name"
    "$@" || failed="$failed $name"
}

# Each file of the real tools' projects, as the input of fuzz_project that replaces it by itself.
project_seeds() {
    mkdir -p build-fuzz/corpus/project
    find tests/fixtures/frameworks -path '*/project/*' -type f -size -20k | while read -r file; do
        name=${file#tests/fixtures/frameworks/}
        { echo "$name" && cat "$file"; } >"build-fuzz/corpus/project/$(echo "$name" | tr / _)"
    done
}

# What a fuzzer finds new is kept in the build directory; the corpus of the repository is only read. libpq takes addresses, and no
# memory, for what a server announces: 2 GB at most.
fuzz() {
    name=$(basename "$1" | sed 's/^fuzz_//')
    mkdir -p "build-fuzz/corpus/$name"
    set -- "$1" "build-fuzz/corpus/$name"
    [ ! -d "tests/fuzz/corpus/$name" ] || set -- "$@" "tests/fuzz/corpus/$name"
    "$@" -max_total_time="${TRUSS_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="build-fuzz/$name-"
}

# gcc's analyzer over src/. Known to be wrong: it does not see that a count of 0 goes with no array (steps.c, openapi.c) and a size of
# 0 with no text (text.c: each struct text is made so), nor that what is in a table is not lost (checksums.c), nor that every walk
# begins with a scope on the stack, so that none is NULL (effects_columns.c), nor that each RPC of a stream has the fields wait_ms and
# after_event (stream.c: its table of kinds), nor that no word_set has a name that is NULL (targets.c),
# nor that a loop over a fixed array runs (liquibase_layout.c), that a file of pop has a dot by its pattern (pop.c), that what has no
# content was left out (hints.c), that a key without a file is one of an entry (join.c), and that why_missing has looked whether the
# kind has a row (needed.c).
analyze() {
    cmake -S . -B build-analyze -DTRUSS_TESTS=OFF -DCMAKE_C_FLAGS=-fanalyzer >/dev/null
    make -C build-analyze -j "$(nproc)" clean >/dev/null
    make -C build-analyze -j "$(nproc)" >build-analyze/log 2>&1 || return 1
    ! grep -E 'warning: .*\[-Wanalyzer' build-analyze/log | grep -vE '(steps|openapi)\.c.*null-dereference|text\.c.*\.data. .*null-dereference|effects_columns\.c.*.scope. .*null-dereference|bridge/stream\.c:.* .0. .*null-dereference|liquibase_layout\.c:.*.values\[|simple/pop\.c:.*.dot. where|look/hints\.c:.*null-argument|look/join\.c:.* .0. .*null-dereference|foresee/needed\.c:.*.kind. .*null-dereference|sql/targets\.c:.*.name. where.*null-argument|checksums\.c.*malloc-leak'
}

# Debug: what glibc's own checks (FORTIFY) wrap, ThreadSanitizer does not see. gcc warns wrongly of what it has instrumented.
threads() {
    CMAKE_BUILD_TYPE=Debug TSAN_OPTIONS="exitcode=66 report_thread_leaks=0 suppressions=$PWD/tests/support/tsan.supp" \
        CFLAGS="-fsanitize=thread -O1 -Wno-maybe-uninitialized" LDFLAGS=-fsanitize=thread TRUSS_TEST_BUILD=build-sanitize-thread TRUSS_TEST_SANITIZED="" \
        TRUSS_TEST_LIMIT=900 TRUSS_TEST_SECONDS=3600 CK_TIMEOUT_MULTIPLIER=20 TRUSS_TEST_ONLY="units service bridge cli" sh tests/run.sh
}

# A test is a fork of its program: valgrind says in each what it has lost. What is possibly lost is of threads that still run then, as nng's do.
memory() {
    TRUSS_TEST_UNDER="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --suppressions=$PWD/tests/support/valgrind.supp" \
        CK_TIMEOUT_MULTIPLIER=20 TRUSS_TEST_SECONDS=3600 TRUSS_TEST_SANITIZED="" TRUSS_TEST_ONLY=units sh tests/run.sh
}

repeat() {
    for _ in $(seq "${TRUSS_REPEATS:-10}"); do
        /usr/bin/python3 -B "$@" || return 1
    done
}

# These write SQL about our tables; what is about the usual name is left out by the suites themselves.
other_name() {
    for file in service/test_operations service/test_attempts service/test_idempotency service/test_audit service/test_approvals \
        service/test_own_writes service/test_webhooks service/test_resume service/test_marks service/test_baseline service/test_run \
        bridge/test_operations bridge/test_branches bridge/test_backups; do
        TRUSS_STATE_SCHEMA='Ops of "Truß"' TRUSS_TEST_LIMIT=900 /usr/bin/python3 -B "tests/$file.py" || return 1
    done
}

# The programs of one suite by themselves: those of the build that is named, which is made where it is not there.
alone() {
    directory=$1
    shift
    if [ "$directory" = build ]; then sanitize=OFF; else sanitize=ON; fi
    cmake -S . -B "$directory" -DTRUSS_SANITIZE="$sanitize" >/dev/null && make -s -C "$directory" -j "$(nproc)" programs || return 1
    (export TRUSS_TEST_BIN="$PWD/$directory/bin" && "$@")
}

# Each fuzzer by itself; what has failed is named and the next one is begun.
fuzzers() {
    cmake -S . -B build-fuzz -DTRUSS_WERROR=ON -DTRUSS_FUZZ=ON -DCMAKE_C_COMPILER=clang >/dev/null
    make -s -C build-fuzz -j "$(nproc)" || return 1
    project_seeds
    bad=""
    for fuzzer in build-fuzz/tests/fuzz/fuzz_*; do
        echo "-- $(basename "$fuzzer")"
        fuzz "$fuzzer" || bad="$bad $(basename "$fuzzer")"
    done
    [ -z "$bad" ] || { echo "these found something:$bad"; return 1; }
}

suite="/usr/bin/python3 -B"
[ "$wanted" = steps ] || sh docker/install-deps.sh long
step everything "all that the gate has" sh tests/run.sh
# What the gate has a sample of, or has in one way.
step hostile "every framework in a hostile database" alone build-sanitize env TRUSS_TEST_ALL=1 TRUSS_TEST_LIMIT=900 $suite tests/service/test_hostile_database.py
step locks "every statement's locks" alone build-sanitize env TRUSS_TEST_ALL=1 TRUSS_TEST_LIMIT=900 $suite tests/service/test_plan_locks.py
step rows "every script that rows are in the way of" alone build-sanitize env TRUSS_TEST_ALL=1 TRUSS_TEST_LIMIT=900 $suite tests/service/test_plan_rows.py
step written "every script that writes rows" alone build-sanitize env TRUSS_TEST_ALL=1 TRUSS_TEST_LIMIT=900 $suite tests/service/test_plan_written.py
step plans "a plan of each of 200 differential seeds" alone build-sanitize env TRUSS_PLAN_SEEDS=200 TRUSS_TEST_LIMIT=1800 $suite tests/service/test_plan_of_seeds.py
step names "what keeps tables of its own, with their schema called otherwise" alone build other_name
step prisma "Prisma's status behind every one of its deploys" alone build env TRUSS_TEST_ALL=1 $suite tests/peers/prisma/test_prisma.py
step plain "units, service and bridge without sanitizers" env TRUSS_TEST_ONLY="units service bridge" TRUSS_TEST_SANITIZED= sh tests/run.sh
step versions "the other versions of PostgreSQL" sh tests/run-versions.sh
step coverage "lines of src/ that tests run: at least 96 %, in the folders that migrate 97 %" sh tests/coverage.sh
step threads "ThreadSanitizer" threads
step memory "units under valgrind" memory
step clang "units, made by clang" env CC=clang TRUSS_TEST_BUILD=build-clang TRUSS_TEST_SANITIZED= TRUSS_TEST_ONLY=units sh tests/run.sh
step analyzer "gcc's analyzer" analyze
step same-bytes "the same bytes wherever it is built" sh tests/reproducible.sh
step fuzzers "each fuzzer for a minute" fuzzers
# What races with time, over and over.
step two-runs "two runs at once" alone build-sanitize repeat tests/service/test_run.py Run.test_runs_of_two_workers_at_once_apply_each_migration_once
step killed "a worker killed in the middle" alone build-sanitize repeat tests/service/test_run.py Run.test_a_worker_killed_in_the_middle_leaves_both_or_neither
step seeds "6,500 differential seeds, of all themes" alone build $suite tests/differential/differential.py --seeds 1-5000,40000-40999,400000-400499 --shrink
step places "every message of a run fails, in every way" alone build env TRUSS_EVERY_PLACE=all $suite tests/service/test_every_place.py
step crashes "500 crashes" alone build-sanitize $suite tests/crash/crash.py --rounds 500 --seed "$(date +%s)"
step soak "an hour of mixed load while workers, bridge, backends and the server are killed" alone build $suite tests/crash/soak.py
step branches "a worker killed 200 times amid branches" alone build env TRUSS_BRANCH_KILLS=200 TRUSS_TEST_LIMIT=3600 $suite tests/crash/test_branches.py
step stops "a stop with open streams, 200 times" alone build-sanitize env TRUSS_STOPS=200 $suite tests/bridge/test_stop.py
step crowd "probes beside a crowd, for a minute" alone build env TRUSS_CROWD_SECONDS=60 $suite tests/bridge/test_crowd.py Crowd.test_a_probe_is_answered_beside_clients_that_wait_and_a_run
step siege "crowds without manners" alone build env TRUSS_SIEGE=1 $suite tests/bridge/test_siege.py
step guests "bad guests" alone build-sanitize repeat tests/service/test_wire.py
step looks "the console's pages beside their kept pictures" alone build $suite tests/panel/looks.py
step quick "the console's first paint and its frames with 10,000 migrations" alone build $suite tests/panel/speed.py
step growth "time and memory of 10 to 50,000 migrations and of 1 kB to 200 MB" alone build $suite tests/bench/growth.py
step debian13 "the same sources on Debian 13, in a tree of debootstrap (root)" sh tests/run-debian13.sh

[ "$wanted" != steps ] || exit 0
for name in $wanted; do
    case " $ran " in *" $name "*) ;; *) echo "there is no step \"$name\": run-long.sh steps names them" && exit 2 ;; esac
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
echo "all went well"
