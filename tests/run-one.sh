#!/bin/sh
# run-one.sh NAME COMMAND…: one program of tests. Its output is shown where it failed, then a line that counts; the counts are
# added to the file TRUSS_TEST_TALLY. For run.sh, which may run two of them at once.
set -u
name=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT

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

began=$(date +%s)
timeout -k 30 900 "$@" >"$log" 2>&1 </dev/null
counts=$(count $? "$log")
echo "$counts" >>"$TRUSS_TEST_TALLY"
# shellcheck disable=SC2086  # three words
set -- $counts
echo "$name: $1 passed, $2 failed, $3 skipped ($(($(date +%s) - began)) s)" >>"$log"
if [ "$2" -ne 0 ] || [ -n "${TRUSS_TEST_VERBOSE-}" ]; then
    cat "$log"
else
    tail -n 1 "$log"
fi
