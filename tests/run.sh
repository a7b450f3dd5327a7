#!/bin/sh
# The one test command: installs what is missing, builds, runs every suite, and says at the end how many passed.
#
# TRUSS_TEST_ONLY     the suites to run, in words: lint units frameworks service bridge panel cli clients peers together crash docker packages
#                     docs sanitize (default: all)
# TRUSS_TEST_VERBOSE  not empty: show the output also of what passes
# TRUSS_PEERS_DIR     where the real CLIs are, or will be, installed (default: the user's cache directory)
set -u
cd "$(dirname "$0")/.." || exit 1
only=${TRUSS_TEST_ONLY:-lint units frameworks service bridge panel cli clients peers together crash docker packages docs sanitize}
jobs=$(nproc)
log=$(mktemp)
TRUSS_TEST_TALLY=$(mktemp)
export TRUSS_TEST_TALLY
trap 'rm -f "$log" "$TRUSS_TEST_TALLY"' EXIT
trap 'exit 130' INT TERM

# build DIR OPTION…: a failure to build is the one result of this run.
build() {
    directory=$1
    shift
    cmake -S . -B "$directory" -DTRUSS_WERROR=ON "$@" >"$log" 2>&1 && make -C "$directory" -j "$jobs" >>"$log" 2>&1 && return
    cat "$log"
    echo "0 passed, 1 failed"
    exit 1
}

wants() {
    case " $only " in *" $1 "*) ;; *) return 1 ;; esac
}

units() {
    for program in "$1"/tests/unit/test_*; do
        [ -x "$program" ] && sh tests/run-one.sh "${program#*/tests/}$2" "$program"
    done
}

# python_suite FOLDERS SUFFIX [AT-ONCE]. Most of what these do is wait: two at once take half the time. Python by its path: a
# pyenv in front of it does not see Debian's modules.
python_suite() {
    for folder in $1; do
        for file in "tests/$folder"/test_*.py; do
            [ -e "$file" ] && echo "$file"
        done
    done | xargs -P "${3:-1}" -I FILE sh tests/run-one.sh "FILE$2" /usr/bin/python3 -B FILE
}

# A function, so that the shell has read it all when it begins: this file may change while it runs.
main() {
    sh docker/install-deps.sh test || exit 1
    build build -DTRUSS_SANITIZE=OFF
    export TRUSS_TEST_BIN="$PWD/build/bin"
    wants lint && sh tests/run-one.sh lint sh tests/lint.sh
    wants units && units build ""
    together=""
    for suite in frameworks service bridge panel cli clients; do
        wants "$suite" && together="$together $suite"
    done
    python_suite "$together" "" 2
    for suite in together crash docker packages docs; do
        wants "$suite" && python_suite "$suite" ""
    done
    wants peers && python_suite peers/prisma ""

    if wants sanitize; then
        build build-sanitize -DTRUSS_SANITIZE=ON
        export TRUSS_TEST_BIN="$PWD/build-sanitize/bin" UBSAN_OPTIONS=print_stacktrace=1
        units build-sanitize " (sanitized)"
        python_suite "service bridge" " (sanitized)" 2
    fi

    awk '{ passed += $1; failed += $2; skipped += $3 }
        END {
            printf "%d passed, %d failed%s\n", passed, failed, (skipped > 0 ? ", " skipped " skipped" : "")
            exit failed > 0 || passed == 0
        }' "$TRUSS_TEST_TALLY"
}

main
exit
