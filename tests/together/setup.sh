#!/bin/sh
# Installs the real node-pg-migrate into DIR (once). Usage: setup.sh DIR
set -eu
dir=${1:?usage: setup.sh DIR}
mkdir -p "$dir"
cd "$dir"
[ -f .ready ] && exit 0
printf '{"private":true}\n' >package.json
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts node-pg-migrate@9.0.0 pg@8.23.1
touch .ready
