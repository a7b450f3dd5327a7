#!/bin/sh
# The same sources on Debian 13: a tree that debootstrap makes from the mirror that this machine's apt uses (kept for the next
# time), in it the packages of docker/install-deps.sh, a build where a warning is an error, the units, a suite against its
# PostgreSQL, the quickstart, and the Debian packages, installed. Root only. As tests/run.sh it ends with how many passed.
#
#   run-debian13.sh [STEP…]     packages build units service quickstart package (default: all, in this order)
#
# TRUSS_DEBIAN13_DIR   where the tree is (default: the user's cache directory)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
tree=${TRUSS_DEBIAN13_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/truss/debian13}
suite=trixie
passed=0
failed=0

fail() {
    echo "run-debian13.sh: $*" >&2
    exit 1
}

# Runs a command line in the tree, with nothing of this shell's environment.
inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CK_DEFAULT_TIMEOUT=240 \
        chroot "$tree" sh -ec "cd /truss && pg=\$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1) && export TRUSS_TEST_PG_BIN=\$pg && $1"
}

make_tree() {
    [ ! -e "$tree/etc/truss-tree" ] || return 0
    command -v debootstrap >/dev/null || fail "there is no debootstrap; apt-get install --no-install-recommends debootstrap"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || fail "apt knows no mirror of Debian here; run apt-get update first."
    echo "== debootstrap $suite from $mirror"
    rm -rf "$tree"
    mkdir -p "$tree"
    debootstrap --variant=minbase "$suite" "$tree" "$mirror" >"$tree.log" 2>&1 || { tail -n 20 "$tree.log" >&2 && exit 1; }
    touch "$tree/etc/truss-tree"
}

# The sources as git has them, changes that are not committed included; what was built there stays.
copy_sources() {
    mkdir -p "$tree/truss"
    find "$tree/truss" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
    git -C "$root" ls-files -z -co --exclude-standard | (cd "$root" && tar --null --ignore-failed-read -T - -cf -) | tar -xf - -C "$tree/truss"
    cp /etc/resolv.conf "$tree/etc/resolv.conf"
}

mount_tree() {
    mountpoint -q "$tree/proc" || mount --bind /proc "$tree/proc"
    mountpoint -q "$tree/dev" || mount --bind /dev "$tree/dev"
    trap unmount_tree EXIT
    trap 'exit 130' INT TERM HUP
}

unmount_tree() {
    umount "$tree/dev" "$tree/proc" 2>/dev/null || true
}

step() {
    case $1 in
    packages) inside 'sh docker/install-deps.sh quickstart && apt-get install -y -q --no-install-recommends python3 python3-protobuf protobuf-compiler dpkg-dev file procps' ;;
    build) inside 'cmake -S . -B build -DTRUSS_WERROR=ON && make -C build -j "$(nproc)" all' ;;
    units) inside 'ctest --test-dir build -j "$(nproc)" --output-on-failure' ;;
    service) inside 'TRUSS_TEST_BIN=/truss/build/bin python3 -B tests/service/test_run.py && TRUSS_TEST_BIN=/truss/build/bin python3 -B tests/packages/test_hardening.py' ;;
    quickstart) inside 'sh docker/quickstart.sh --once | grep "4 applied, 0 pending"' ;;
    package) inside 'cd build && rm -f *.deb && cpack && apt-get install -y -q --no-install-recommends ./*.deb && truss --version && dpkg -L libtruss-dev | grep -q truss/client.h && apt-get purge -y -q truss libtruss0 libtruss-dev' ;;
    *) fail "there is no step \"$1\"; the steps are packages, build, units, service, quickstart and package." ;;
    esac
}

[ "$(id -u)" = 0 ] || fail "this must be run by root."
[ $# -gt 0 ] || set -- packages build units service quickstart package
make_tree
copy_sources
mount_tree
for name in "$@"; do
    if step "$name" >"$tree.log" 2>&1; then
        echo "ok    Debian 13: $name"
        passed=$((passed + 1))
    else
        cat "$tree.log"
        echo "FAIL  Debian 13: $name"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
