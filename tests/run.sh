#!/bin/sh
# The one test command: installs what is missing, builds, runs every suite, and says at the end how many passed.
#
# All programs of tests wait in one line, the longest first (tests/support/times), and a few run at once: most of what they do is
# wait. How many is decided by how busy the processors are (tests/support/lanes.py). Units, service and bridge run against the build with ASan and UBSan, the others against the plain one; run-long.sh runs
# those three against the plain one too.
#
# A program that fails is run a second time, alone, when all others are done: a fault of ours fails twice, a busy machine once. Of a
# suite that took long those of its classes are run in which something failed. Where they pass then, nothing has failed, and a line
# names the program in front of the last one: "flaky: service/test_x.py (passed alone)". Its first output stands further up, in full: it
# is to be read and mended. Where more than six programs fail it is not the machine: none is run again.
#
# TRUSS_TEST_ONLY       the suites to run, in words: lint units frameworks service bridge panel cli clients peers differential together crash
#                       docker packages docs (default: all)
# TRUSS_TEST_SANITIZED  those of them that run against the sanitized build (default: units service bridge)
# TRUSS_TEST_BUILD      another build directory for the others, made with CC, CFLAGS, LDFLAGS and CMAKE_BUILD_TYPE (default: build)
# TRUSS_TEST_LANES      how many programs run at once at the most (default: six a processor)
# TRUSS_TEST_RECORD     not empty: write the times that were measured to tests/support/times
# TRUSS_TEST_VERBOSE    not empty: show the output also of what passes
# TRUSS_PEERS_DIR       where the real CLIs are, or will be, installed (default: the user's cache directory)
set -u
cd "$(dirname "$0")/.." || exit 1
only=${TRUSS_TEST_ONLY:-lint units frameworks service bridge panel cli clients peers differential together crash docker packages docs}
sanitized=${TRUSS_TEST_SANITIZED-units service bridge}
plain=${TRUSS_TEST_BUILD:-build}
jobs=$(nproc)
shared=$(mktemp -d)
export TRUSS_TEST_SHARED="$shared" TRUSS_TEST_TALLY="$shared/tally" TRUSS_TEST_FAILED="$shared/failed"
trap 'rm -rf "$shared"' EXIT
trap 'exit 130' INT TERM

# configure DIR OPTION…: CPack takes what is there. Without a line for each file: CMake starts a process of its own to say it, 1,400 in
# both builds, each of which takes a sixth of what compiling a file does.
configure() {
    directory=$1
    shift
    cmake -S . -B "$directory" -DTRUSS_WERROR=ON -DTRUSS_DEBUG_LEVEL=1 -DCMAKE_SKIP_INSTALL_ALL_DEPENDENCY=ON \
        -DCMAKE_RULE_MESSAGES=OFF -DCMAKE_TARGET_MESSAGES=OFF "$@" >"$shared/configured-$(basename "$directory")" 2>&1
}

# prepare "TARGETS": both builds, and what all programs share. At once: each of them has parts at which only one processor works. One
# make has both builds, so that no more run than there are processors.
prepare() {
    /usr/bin/python3 -B tests/support/shared.py "$shared" &
    waits=$!
    configure "$plain" -DTRUSS_SANITIZE=OFF &
    waits="$waits $!"
    unset CC CFLAGS LDFLAGS CMAKE_BUILD_TYPE # tests compile, too
    rule=".PHONY: all plain sanitized
all: plain
plain: ; +\$(MAKE) -C $plain $1"
    if [ -n "$needs_sanitized" ]; then
        configure build-sanitize -DTRUSS_SANITIZE=ON &
        waits="$waits $!"
        rule="$rule
all: sanitized
sanitized: ; +\$(MAKE) -C build-sanitize all"
    fi
    for one in $waits; do
        wait "$one" || { cat "$shared"/configured-* && return 1; }
    done
    echo "$rule" | make -j "$jobs" -f - >"$shared/log" 2>&1 || { cat "$shared/log" && return 1; }
}

# has WORDS WORD
has() {
    case " $1 " in *" $2 "*) ;; *) return 1 ;; esac
}

# Every program of a suite as "BUILD FILE".
programs() {
    directory=$plain
    has "$sanitized" "$1" && directory=build-sanitize
    case $1 in
    lint) echo "$directory tests/lint.sh" ;;
    units) find tests/unit -name 'test_*.c' -printf "$directory %p\n" ;;
    peers) echo "$directory tests/peers/prisma/test_prisma.py" ;;
    *) find "tests/$1" -name 'test_*.py' -printf "$directory %p\n" ;;
    esac
}

# The longest first; a program that nobody has measured could be the longest.
longest_first() {
    awk 'FNR == NR { seconds["tests/" $2] = $1; next } { file = $2; sub(/\.c$/, "", file); print (file in seconds ? seconds[file] : 900), $0 }' tests/support/times - |
        sort -k1,1nr -k3 | cut -d ' ' -f 2-
}

# The programs that failed, once more and one after the other. $shared/flaky gets the names of those that pass.
run_again() {
    [ -s "$TRUSS_TEST_FAILED" ] && [ "$(wc -l <"$TRUSS_TEST_FAILED")" -le 6 ] || return
    while read -r directory file classes; do
        echo "again, alone: $file $classes"
        rm -f "$shared/again"
        # shellcheck disable=SC2086
        if TRUSS_TEST_TALLY="$shared/again" TRUSS_TEST_FAILED="" sh tests/run-one.sh "$directory" "$file" $classes </dev/null; then
            name=$(cut -d ' ' -f 6- "$shared/again")
            echo "$name" >>"$shared/flaky"
            # The line of its first run, with nothing failed and with what both have taken.
            NAME=$name awk 'FNR == NR { more = $4; used = $5; next }
                { line = $0; for (i = 0; i < 5; i++) sub(/^[^ ]+ /, ""); name = $0; $0 = line }
                name == ENVIRON["NAME"] { $1 += $2; $2 = 0; $4 += more; $5 += used }
                { print }' "$shared/again" "$TRUSS_TEST_TALLY" >"$shared/counted"
            mv "$shared/counted" "$TRUSS_TEST_TALLY"
        fi
    done <"$TRUSS_TEST_FAILED"
}

# A function, so that the shell has read it all when it begins: this file may change while it runs.
main() {
    sh docker/install-deps.sh test || exit 1
    # The units, what service asks of the catalogue, the fuzzers and the benches are compiled once: where units are run. What the
    # sandbox is tried with goes into the plain programs.
    targets="programs test_messages inside"
    for suite in $only; do
        case $suite in units | service) has "$sanitized" "$suite" || targets=all ;; esac
    done
    needs_sanitized=""
    for suite in $only; do
        has "$sanitized" "$suite" && needs_sanitized=yes
    done
    # A failure here is the one result of this run.
    prepare "$targets" || { echo "0 passed, 1 failed" && exit 1; }
    for suite in $only; do
        programs "$suite"
    done | longest_first | /usr/bin/python3 -B tests/support/lanes.py "$((jobs + 1))" "${TRUSS_TEST_LANES:-$((jobs * 6))}"
    run_again

    [ -z "${TRUSS_TEST_RECORD-}" ] || awk '{ print int($4 + 0.5), $6 }' "$TRUSS_TEST_TALLY" | sort -k1,1nr -k2 >tests/support/times
    [ ! -e "$shared/flaky" ] || sed 's/.*/flaky: & (passed alone)/' "$shared/flaky"
    awk '{ passed += $1; failed += $2; skipped += $3; took += $4; used += $5 }
        END {
            printf "processor: %d s in programs that took %d s\n", used, took
            printf "%d passed, %d failed%s\n", passed, failed, (skipped > 0 ? ", " skipped " skipped" : "")
            exit failed > 0 || passed == 0
        }' "$TRUSS_TEST_TALLY"
}

main
exit
