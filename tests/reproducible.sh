#!/bin/sh
# Builds these sources in two places whose paths differ in length, and compares what comes of it byte by byte.
set -eu
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# build NAME: prints the SHA-256 of all that is installed or packaged.
build() {
    mkdir -p "$place/$1"
    tar -c --exclude='./build*' --exclude=./.git --exclude=node_modules . | tar -x -C "$place/$1"
    cmake -S "$place/$1" -B "$place/$1/build" -DTRUSS_TESTS=OFF >"$place/log" 2>&1 &&
        make -C "$place/$1/build" -j "$(nproc)" >>"$place/log" 2>&1 || { cat "$place/log" >&2; return 1; }
    cd "$place/$1/build"
    find bin clients \( -type f -perm -u+x -o -name '*.so.*' -o -name '*.a' \) -print | sort | xargs sha256sum
    cd - >/dev/null
}

build a >"$place/first"
build another/and/longer >"$place/second"
[ "$(wc -l <"$place/first")" -ge 5 ] || { echo "reproducible.sh: found only" && cat "$place/first" && exit 1; }
diff "$place/first" "$place/second" || { echo "reproducible.sh: the same sources gave other bytes" >&2; exit 1; }
echo "the same bytes: $(wc -l <"$place/first") files"
