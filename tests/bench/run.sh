#!/bin/sh
# Builds, and measures speed and memory beside psql, a bare SELECT, a bare socket and the tools that a user would pick instead. Prints
# ratios, judges nothing: on a busy machine the numbers are worth little. How all of it grows is another program: growth.py.
#
#   run.sh [COUNT…]     the numbers of migrations to run (default: 1 100 1000)
#   run.sh --write      all of it, and the figures are written into README.md
set -eu
cd "$(dirname "$0")/../.."
sh docker/install-deps.sh test
cmake -S . -B build >/dev/null
make -C build -j "$(nproc)" >/dev/null
export TRUSS_TEST_BIN="$PWD/build/bin"
sh tests/bench/setup-peers.sh "${TRUSS_PEERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/truss-peers}"
if [ "${1:-}" = --write ]; then
    exec /usr/bin/python3 -B tests/bench/renew.py
fi
/usr/bin/python3 -B tests/bench/bench.py "$@"
/usr/bin/python3 -B tests/bench/bench_load.py
/usr/bin/python3 -B tests/bench/peers.py "$@"
/usr/bin/python3 -B tests/bench/bench_lock_queue.py
