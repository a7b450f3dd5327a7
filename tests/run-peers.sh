#!/bin/sh
# The real CLIs as judges of every framework: installs them (about a gigabyte, once) and runs tests/peers/frameworks, and
# Prisma 7. Not in the gate.
#
# TRUSS_PEERS_DIR     where they are, or will be, installed (default: the user's cache directory)
set -eu
cd "$(dirname "$0")/.."
TRUSS_PEERS_DIR=${TRUSS_PEERS_DIR:-$HOME/.cache/truss-peers}
export TRUSS_PEERS_DIR
failed=0
sh docker/install-deps.sh test
cmake -S . -B build >/dev/null
make -C build -j "$(nproc)" >/dev/null
sh tests/peers/frameworks/setup-node.sh "$TRUSS_PEERS_DIR/node"
sh tests/peers/frameworks/setup-other.sh "$TRUSS_PEERS_DIR/other"
for judge in frameworks/test_judges frameworks/test_delegates frameworks/test_django_judge prisma/test_prisma7; do
    sh tests/run-one.sh build "tests/peers/$judge.py" || failed=1
done
exit "$failed"
