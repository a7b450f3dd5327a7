#!/bin/sh
# Builds docker/Dockerfile without a container engine and without a registry: buildah runs it, on a base that debootstrap
# makes from the mirror that this machine's apt uses. Root only. The archive is for `docker load` or `podman load`.
#
#   build-image.sh [FILE]     default: build/truss-image.tar
#
# TRUSS_IMAGE_SUITE   the release of Debian that it is made on (default: trixie, which is 13; bookworm is 12)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/build/truss-image.tar}
suite=${TRUSS_IMAGE_SUITE:-trixie}

fail() {
    echo "build-image.sh: $*" >&2
    exit 1
}

# This machine's Debian sources, one line each, with the release that is wanted in the place of its own.
apt_sources() {
    # shellcheck disable=SC1091  # of the system
    own=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016  # apt's own variables
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
        sed -n -E "s/ ($own|$suite)([-a-z]*) / $suite\\2 /p" | sort -u
}

# As in Debian's own slim images: no documentation, no translations, now or with later packages.
slim() {
    {
        for path in doc man info locale; do
            echo "path-exclude /usr/share/$path/*"
        done
        echo "path-include /usr/share/doc/*/copyright"
    } >"$base/etc/dpkg/dpkg.cfg.d/slim"
    find "$base/usr/share/doc" -type f ! -name copyright -delete
    rm -rf "$base"/usr/share/man/* "$base"/usr/share/info/* "$base"/usr/share/locale/* "$base"/var/cache/apt/* \
        "$base"/var/lib/apt/lists/* "$base"/var/log/*.log
}

# The storage driver copies whole layers: slow, but it needs nothing of the kernel.
image() {
    buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"
}

[ "$(id -u)" = 0 ] || fail "this must be run by root."
for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null || fail "there is no $tool; apt-get install --no-install-recommends buildah debootstrap"
done
sources=$(apt_sources)
mirror=$(echo "$sources" | awk -v suite="$suite" '$3 == suite { print $2; exit }')
[ -n "$mirror" ] || fail "apt knows no mirror of Debian $suite here; run apt-get update first."
case $sources in
*@*) fail "apt's sources hold a password, which would be in the image; put it into /etc/apt/auth.conf." ;;
esac

mkdir -p "$(dirname "$out")"
work=$(mktemp -d "${TMPDIR:-/tmp}/truss-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
base=$work/base

echo "== Base: debootstrap $suite"
debootstrap --variant=minbase "$suite" "$base" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2 && exit 1; }
echo "$sources" >"$base/etc/apt/sources.list"
slim
container=$(image from scratch)
image add -q "$container" "$base" / >/dev/null
image commit -q "$container" localhost/truss-base >/dev/null
image rm "$container" >/dev/null
rm -rf "$base"

echo "== Image: buildah, docker/Dockerfile"
image build --isolation chroot --format docker --pull-never --build-arg BASE=localhost/truss-base \
    -f "$root/docker/Dockerfile" -t truss:latest "$root" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2 && exit 1; }
container=$(image from --pull-never truss:latest)
for program in truss-worker truss-bridge truss; do
    image run --isolation chroot "$container" -- "$program" --version
done
image rm "$container" >/dev/null

rm -f "$out"
image push -q truss:latest "docker-archive:$out:truss:latest" >/dev/null
echo "$out: $(du -h "$out" | cut -f 1)"
