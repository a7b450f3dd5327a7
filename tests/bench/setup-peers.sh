#!/bin/sh
# Installs the tools that peers.py measures into DIR, once: those that tests/peers has there already are taken. Usage: setup-peers.sh DIR
set -eu
dir=${1:?usage: setup-peers.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
sh "$here/../peers/prisma/setup.sh" "$dir/prisma" || echo "setup-peers.sh: no Prisma" >&2
if [ ! -d "$dir/node/node_modules/dbmate" ] && [ ! -d "$dir/bench/node_modules/dbmate" ]; then
    mkdir -p "$dir/bench"
    printf '{"private":true}\n' >"$dir/bench/package.json"
    (cd "$dir/bench" && npm install --silent --no-audit --no-fund --no-package-lock dbmate@2.36.0 drizzle-kit@0.31.11 drizzle-orm@0.45.4 \
        node-pg-migrate@9.0.0 pg@8.23.1) || echo "setup-peers.sh: no node tools" >&2
fi
if [ ! -d "$dir/other/liquibase/node_modules/liquibase" ]; then
    mkdir -p "$dir/other/liquibase"
    printf '{"private":true}\n' >"$dir/other/liquibase/package.json"
    (cd "$dir/other/liquibase" && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts liquibase@4.28.1) ||
        echo "setup-peers.sh: no Liquibase" >&2
fi
command -v sqitch >/dev/null || apt-get install -y -q --no-install-recommends sqitch libdbd-pg-perl >/dev/null || echo "setup-peers.sh: no sqitch" >&2
# nginx and wrk are unpacked, not installed: a package of a server starts it.
if [ ! -x "$dir/web/usr/sbin/nginx" ]; then
    (mkdir -p "$dir/web" && cd "$dir/web" && apt-get download -q nginx wrk >/dev/null && for package in *.deb; do dpkg -x "$package" .; done && rm ./*.deb) ||
        echo "setup-peers.sh: no nginx and wrk" >&2
    apt-get install -y -q --no-install-recommends libluajit-5.1-2 >/dev/null || echo "setup-peers.sh: no libluajit for wrk" >&2
fi
