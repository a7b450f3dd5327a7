#!/bin/sh
# run-one.sh BUILD FILE: one program of tests against the programs in a build directory; tests/support/run_one.py judges it.
# FILE is a Python suite, a script, or the source of a unit test. For run.sh, which runs several of them at once.
# TRUSS_TEST_UNDER is a command that unit tests are run by ("valgrind …").
# Where it fails and TRUSS_TEST_FAILED names a file, a line "BUILD FILE" is added to that.
# Python by its path: a pyenv in front of it does not see Debian's modules.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$1
file=$2
case $file in
*.py) set -- /usr/bin/python3 -B "$file" ;;
*.sh) set -- sh "$file" ;;
*)
    # shellcheck disable=SC2086  # words
    set -- ${TRUSS_TEST_UNDER-} "$build/tests/unit/$(basename "$file" .c)"
    ;;
esac
name=${file#tests/}
name=${name%.c}
case $build in
build) ;;
build-sanitize) name="$name (sanitized)" ;;
*) name="$name (${build#build-})" ;;
esac
# CK_DEFAULT_TIMEOUT: Check ends a test after 4 s where it does not say more, which a busy machine may need.
export CK_DEFAULT_TIMEOUT=120
export TRUSS_TEST_BIN="$PWD/$build/bin" UBSAN_OPTIONS=print_stacktrace=1
/usr/bin/python3 -B tests/support/run_one.py "$name" "$@" && exit
[ -z "${TRUSS_TEST_FAILED-}" ] || echo "$build $file" >>"$TRUSS_TEST_FAILED"
exit 1
