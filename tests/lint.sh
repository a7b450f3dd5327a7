#!/bin/sh
# Looks at the sources without running them: clang-format, who includes whom (layers.py), what was promised to clients
# (contract.py), how our SQL names things (sql_names.py), the shape of files and functions (house.py), cppcheck, shellcheck; with
# TRUSS_LINT=full clang-tidy too, which takes minutes. Says everything that it finds, then fails. What the tools
# read is build/compile_commands.json.
set -eu
cd "$(dirname "$0")/.."
failed=""

# check NAME COMMAND…
check() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

files() {
    find . \( -name '.?*' -o -name 'build*' -o -name node_modules \) -prune -o -type f "$@" -print | sort
}

format() {
    files -name '*.[ch]' | xargs clang-format --dry-run -Werror
}

# internalAstError: cppcheck 2.10 cannot read `a ? (struct text){0} : b`. readdir: glibc's is safe, a stream a thread.
# getpwnam: the command line has one thread. In one process: -j has one for each file, which takes half as much again and does not
# see what a function of another file does. What it found in a file, errors too, is kept in build/cppcheck until the file or a header changes.
cpp_check() {
    mkdir -p build/cppcheck
    cppcheck --cppcheck-build-dir=build/cppcheck --project=build/compile_commands.json --quiet --error-exitcode=1 --inline-suppr \
        --enable=warning,performance,portability --library=posix,gnu --suppress=internalAstError \
        --suppress=readdirCalled --suppress=getpwnamCalled --suppress='*:*/generated/*' --suppress='*:*.pb-c.h'
}

shell() {
    files -name '*.sh' | xargs shellcheck --severity=warning
}

tidy() {
    files -name '*.c' -path './src/*' | xargs -n 4 -P "$(nproc)" clang-tidy -p build --quiet 2>build/clang-tidy.log
}

[ -e build/compile_commands.json ] || cmake -S . -B build >/dev/null
check clang-format format
check layers /usr/bin/python3 -B tests/layers.py
check words /usr/bin/python3 -B tests/words.py
check contract /usr/bin/python3 -B tests/contract.py
check sql-names /usr/bin/python3 -B tests/sql_names.py
check house /usr/bin/python3 -B tests/house.py
check cppcheck cpp_check
check shellcheck shell
[ "${TRUSS_LINT-}" != full ] || check clang-tidy tidy
[ -z "$failed" ] || { echo "lint.sh: these found something:$failed" >&2 && exit 1; }
