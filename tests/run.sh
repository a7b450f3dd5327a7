#!/bin/sh
# The one test command: installs what is missing, builds, runs every suite, and says at the end how many passed.
#
# TRUSS_TEST_ONLY     the suites to run, in words: lint units service bridge cli clients peers together crash docker docs sanitize
#                     (default: all)
# TRUSS_TEST_VERBOSE  not empty: show the output also of what passes
# TRUSS_PEERS_DIR     where the real CLIs are, or will be, installed (default: the user's cache directory)
set -u
cd "$(dirname "$0")/.." || exit 1
only=${TRUSS_TEST_ONLY:-lint units service bridge cli clients peers together crash docker docs sanitize}
jobs=$(nproc)
log=$(mktemp)
tally=$(mktemp)
trap 'rm -f "$log" "$tally"' EXIT
trap 'exit 130' INT TERM

# The counts that Check or unittest printed, as "passed failed skipped"; a program that ended badly without a word of
# failure (it crashed, it hung) is one failure.
count() {
    awk -v status="$1" '
        function number(key) { return match($0, key "=[0-9]+") ? substr($0, RSTART + length(key) + 1, RLENGTH - length(key) - 1) + 0 : 0 }
        /^[0-9]+%: Checks: / { gsub(/[^0-9 ]/, ""); ran += $2; failed += $3 + $4; passed_some = 1 }
        /^Ran [0-9]+ tests? in / { ran += $2 }
        /^(OK|FAILED) ?\(/ { failed += number("failures") + number("errors"); skipped += number("skipped") }
        END {
            if (status != 0 && failed == 0) failed = 1
            if (status == 0 && ran == 0) ran = 1
            passed = ran - failed - skipped
            print (passed > 0 ? passed : 0), failed + 0, skipped + 0
        }' "$2"
}

# run NAME COMMAND…: one program of tests; its output is shown where it failed.
run() {
    name=$1
    shift
    began=$(date +%s)
    timeout -k 30 900 "$@" >"$log" 2>&1 </dev/null
    counts=$(count $? "$log")
    echo "$counts" >>"$tally"
    # shellcheck disable=SC2086  # three words
    set -- $counts
    if [ "$2" -ne 0 ] || [ -n "${TRUSS_TEST_VERBOSE-}" ]; then
        cat "$log"
    fi
    echo "$name: $1 passed, $2 failed, $3 skipped ($(($(date +%s) - began)) s)"
}

# build DIR OPTION…: a failure to build is the one result of this run.
build() {
    directory=$1
    shift
    cmake -S . -B "$directory" "$@" >"$log" 2>&1 && make -C "$directory" -j "$jobs" >>"$log" 2>&1 && return
    cat "$log"
    echo "0 passed, 1 failed"
    exit 1
}

wants() {
    case " $only " in *" $1 "*) ;; *) return 1 ;; esac
}

units() {
    for program in "$1"/tests/unit/test_*; do
        [ -x "$program" ] && run "${program#*/tests/}$2" "$program"
    done
}

# Python by its path: a pyenv in front of it does not see Debian's modules.
python_suite() {
    for file in "tests/$1"/test_*.py; do
        [ -e "$file" ] && run "${file#tests/}$2" /usr/bin/python3 -B "$file"
    done
}

# A function, so that the shell has read it all when it begins: this file may change while it runs.
main() {
    sh docker/install-deps.sh test || exit 1
    build build -DTRUSS_SANITIZE=OFF
    export TRUSS_TEST_BIN="$PWD/build/bin"
    wants lint && run lint sh tests/lint.sh
    wants units && units build ""
    for suite in service bridge cli clients together crash docker docs; do
        wants "$suite" && python_suite "$suite" ""
    done
    wants peers && python_suite peers/prisma ""

    if wants sanitize; then
        build build-sanitize -DTRUSS_SANITIZE=ON
        export TRUSS_TEST_BIN="$PWD/build-sanitize/bin" UBSAN_OPTIONS=print_stacktrace=1
        units build-sanitize " (sanitized)"
        python_suite service " (sanitized)"
        python_suite bridge " (sanitized)"
    fi

    awk '{ passed += $1; failed += $2; skipped += $3 }
        END {
            printf "%d passed, %d failed%s\n", passed, failed, (skipped > 0 ? ", " skipped " skipped" : "")
            exit failed > 0 || passed == 0
        }' "$tally"
}

main
exit
