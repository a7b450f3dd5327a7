#!/bin/sh
# Builds, and measures speed and memory beside psql, a bare SELECT and a bare socket. Prints ratios, judges nothing: on a busy
# machine the numbers are worth little.
#
#   run.sh [COUNT…]     the numbers of migrations to run (default: 1 100 1000)
set -eu
cd "$(dirname "$0")/../.."
sh docker/install-deps.sh test
cmake -S . -B build >/dev/null
make -C build -j "$(nproc)" >/dev/null
export TRUSS_TEST_BIN="$PWD/build/bin"
/usr/bin/python3 -B tests/bench/bench.py "$@"
/usr/bin/python3 -B tests/bench/bench_http.py
/usr/bin/python3 -B tests/bench/bench_lock_queue.py
