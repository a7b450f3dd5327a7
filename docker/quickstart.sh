#!/bin/sh
# From a bare Debian 12 or 13 to a running Truss: packages, build, a private PostgreSQL, and a copy of the sample Prisma project,
# whose migrations are shown before and after a run. Then it serves until Ctrl-C. It begins anew each time, touches no
# database but its own, and leaves nothing behind but packages and build/.
#
#   quickstart.sh [--once]     --once: end after the run
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/build/bin
work=""
dev=""

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    echo "quickstart.sh: $*" >&2
    exit 1
}

clean_up() {
    trap '' INT TERM HUP
    [ -z "$dev" ] || kill "$dev" 2>/dev/null || true
    [ -z "$dev" ] || wait "$dev" || true
    [ -z "$work" ] || rm -rf "$work"
}

build() {
    cmake -S "$root" -B "$root/build" &&
        cmake --build "$root/build" -j "$(nproc)" --target truss truss-worker truss-bridge truss-history
}

# The wanted port, or 0 (any that is free) where somebody listens on it: in /proc/net/tcp ports are hexadecimal, and the
# state "listening" is 0A.
free_port() {
    if grep -q ":$(printf %04X "$1") [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null; then
        echo "Port $1 is taken; using one that is free." >&2
        echo 0
    else
        echo "$1"
    fi
}

start() {
    http=$(free_port 8787)
    rpc=$(free_port 8788)
    XDG_STATE_HOME=$work/state "$bin/truss" dev "$work/sample" \
        --listen "127.0.0.1:$http" --worker-listen "tcp://127.0.0.1:$rpc" >"$work/log" 2>&1 &
    dev=$!
    until grep -q '^bridge ' "$work/log"; do
        kill -0 "$dev" 2>/dev/null || { cat "$work/log" >&2 && fail "truss dev did not start."; }
        sleep 0.1
    done
    bridge=$(sed -n 's/^bridge  *//p' "$work/log")
    TRUSS_WORKER=$(sed -n 's/^worker  *//p' "$work/log")
    export TRUSS_WORKER
}

case ${1-} in
"" | --once) ;;
*) fail "Usage: quickstart.sh [--once]" ;;
esac
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
# The sample must not meet a database that this shell happens to know.
unset DATABASE_URL TRUSS_MIGRATIONS
umask 022

say "Packages"
sh "$root/docker/install-deps.sh" quickstart
work=$(mktemp -d "${TMPDIR:-/tmp}/truss-quickstart.XXXXXX")
chmod 711 "$work" # as root, PostgreSQL runs as another user and has its data in here

say "Build"
build >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2 && fail "the build failed."; }

say "PostgreSQL, worker and bridge"
cp -R "$root/docker/sample" "$work/sample"
start
grep -E '^(database|worker|bridge) ' "$work/log"

say "Status before the run"
"$bin/truss" status
say "Run"
"$bin/truss" run
say "Status after the run"
"$bin/truss" status
[ "${1-}" != --once ] || exit 0

say "Serving until Ctrl-C. In another terminal:"
cat <<END
  curl $bridge/api/migrations/idempotent/status
  curl -X POST $bridge/api/migrations/idempotent/run
  curl -X POST $bridge/api/migrations/check
  curl $bridge/
  $bin/truss status --worker $TRUSS_WORKER
END
trap 'exit 0' INT TERM HUP
wait "$dev" || { cat "$work/log" >&2 && fail "it has stopped by itself."; }
