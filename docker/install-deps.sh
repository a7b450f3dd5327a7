#!/bin/sh
# Installs the packages of Debian 12 or 13 that Truss needs. The quickstart, the tests, the image and CI all use this one list.
#
#   install-deps.sh [SET…]     default: test
#
#   run         the libraries that the programs link
#   build       compiler, headers, code generators
#   quickstart  build, what configuring with the tests asks for, and a PostgreSQL server
#   test        quickstart, and what tests/run.sh uses
#   long        test, clang for the fuzzers and clang-tidy, valgrind, and a browser with windows
#
# Where everything is installed already it does nothing at all: no network, no root.
set -eu

# NAME@PACKAGE is whatever NAME, a pattern, matches among what PACKAGE depends on: these names have a version in them, which is
# another one in each release of Debian.
run="libnng1 libprotobuf-c1 libpq5 libmicrohttpd[0-9]*@libmicrohttpd-dev libjansson4 libpg-query[0-9]*@libpg-query-dev
    libssl[0-9]*@libssl-dev libyaml-0-2 libexpat1 zlib1g libseccomp2 libcurl[0-9]*@libcurl4-openssl-dev libgit2-[0-9]*@libgit2-dev
    ca-certificates"
build="gcc libc6-dev make cmake pkg-config protobuf-c-compiler libprotobuf-dev libnng-dev libprotobuf-c-dev libpq-dev
    libmicrohttpd-dev libjansson-dev libpg-query-dev libssl-dev libyaml-dev libexpat1-dev zlib1g-dev
    libcurl4-openssl-dev libgit2-dev libseccomp-dev"
quickstart="$build check postgresql-[0-9]*@postgresql curl"
test="$quickstart cppcheck clang-format shellcheck procps iproute2 protobuf-compiler python3 python3-protobuf python3-yaml
    python3-pip python3-setuptools python3-wheel golang-go protoc-gen-go golang-google-protobuf-dev
    python3-jsonschema dpkg-dev file git pgbouncer mold"
long="$test clang clang-tidy chromium valgrind"

fail() {
    echo "install-deps.sh: $*" >&2
    exit 1
}

# node often comes from elsewhere, under another package's name: what counts is the command.
node_packages() {
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
}

# The tests of the console take either; the one without windows is smaller, and takes a third less of the processor's time.
browser_packages() {
    command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || echo chromium-headless-shell
}

packages_of() {
    case $1 in
    run) echo "$run" ;;
    build) echo "$build" ;;
    quickstart) echo "$quickstart" ;;
    test) echo "$test" && node_packages && browser_packages ;;
    long) echo "$long" && clang_packages && node_packages ;;
    *) fail "there is no set \"$1\"; the sets are run, build, quickstart, test and long." ;;
    esac
}

# What apt says that NAME@PACKAGE stands for; PACKAGE itself, which brings it along, where apt does not say.
named() {
    regex=$(printf %s "${1%@*}" | sed 's/\*/[0-9.]*(t64)?/')
    name=$(apt-cache depends --important "${1#*@}" 2>/dev/null | sed -n -E "s/^ *\\|?Depends: ($regex)\$/\\1/p" | sed q)
    echo "${name:-${1#*@}}"
}

# The fuzzers' library is of the same version as clang.
clang_packages() {
    name=$(named 'clang-[0-9]*@clang')
    [ "$name" = clang ] || echo "libclang-rt-${name#clang-}-dev"
}

resolved() {
    for word in "$@"; do
        case $word in
        *@*) named "$word" ;;
        *) echo "$word" ;;
        esac
    done
}

missing_of() {
    for word in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "${word%@*}" 2>/dev/null) in
        *ii*) ;;
        *) echo "$word" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends "$@"
}

# Debian's server package makes and starts a cluster of its own, which nobody here needs. On a machine that has never had
# PostgreSQL that is turned off while we install; where there is a configuration already, it is the owner's word.
install_without_cluster() {
    conf=/etc/postgresql-common/createcluster.conf
    if [ -e "$conf" ]; then
        apt_install "$@"
        return
    fi
    apt_install postgresql-common || return
    as_root sed -i 's/^#create_main_cluster = true/create_main_cluster = false/' "$conf"
    result=0
    apt_install "$@" || result=$?
    as_root sed -i 's/^create_main_cluster = false/#create_main_cluster = true/' "$conf"
    return $result
}

install_missing() {
    as_root apt-get update -q || echo "install-deps.sh: the package lists could not be renewed; going on with the old ones." >&2
    # A bare machine's apt knows no names before its lists are there.
    # shellcheck disable=SC2046
    set -- $(resolved "$@")
    case " $* " in
    *" postgresql"*) install_without_cluster "$@" ;;
    *) apt_install "$@" ;;
    esac
}

command -v dpkg-query >/dev/null || fail "this needs Debian 12 or 13, or a system with their packages."
[ $# -gt 0 ] || set -- test

set -f # a pattern is for dpkg, not for the files that are here
packages=""
for set in "$@"; do
    packages="$packages $(packages_of "$set")"
done
# shellcheck disable=SC2086  # words are meant to split
missing=$(missing_of $packages | sort -u | tr '\n' ' ')
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086
named=$(resolved $missing | tr '\n' ' ')

echo "Installing: $named"
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "packages are missing and there is no sudo; as root: apt-get install --no-install-recommends $named"
fi
# A mirror that is being renewed can fail once.
# shellcheck disable=SC2086
install_missing ${missing% } || { sleep 5 && install_missing ${missing% }; } ||
    fail "apt-get could not install: $named"
