#!/bin/sh
# run-one.sh BUILD FILE [CLASS…]: one program of tests against the programs in a build directory; see tests/support/run_one.py.
# FILE is a Python suite, a script, or the source of a unit test. What run.sh does with each of them.
cd "$(dirname "$0")/.." && exec /usr/bin/python3 -B tests/support/run_one.py "$@"
