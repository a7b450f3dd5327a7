#!/bin/sh
# Which lines of src/ the tests run, folder by folder; fails where that is less than the floor: of all lines, and of the folders that
# tests/support/coverage.py names.
#
#   coverage.sh [SUITE…]     default: units frameworks service bridge cli
#
# A part of run-long.sh: it takes as long as these suites do. The programs of the clients are not built so: a static archive that
# counts cannot be linked without gcov.
#
# TRUSS_COVERAGE_FLOOR  percent of all lines (default: 96)
# TRUSS_COVERAGE_SHOW   a folder or file ("src/pg"): name the lines that no test runs
set -u
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- units frameworks service bridge cli
find build-coverage -name '*.gcda' -delete 2>/dev/null
CK_TIMEOUT_MULTIPLIER=5 CFLAGS="--coverage -O1 -fprofile-update=atomic" LDFLAGS=--coverage TRUSS_TEST_BUILD=build-coverage TRUSS_TEST_SANITIZED="" \
    TRUSS_TEST_ONLY="$*" sh tests/run.sh || echo "coverage.sh: some tests failed; what they ran counts all the same." >&2
exec /usr/bin/python3 -B tests/support/coverage.py build-coverage "${TRUSS_COVERAGE_FLOOR:-96}" "${TRUSS_COVERAGE_SHOW-}"
