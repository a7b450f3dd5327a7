#!/bin/sh
# Installs the Debian packages that Truss needs. Used by the quickstart, the tests, the image and CI, so that there is one
# list. Usage: install-deps.sh [build|run|test]  (default test: everything). Asks nothing where all is there already.
set -eu

run="libnng1 libprotobuf-c1 libpq5 libmicrohttpd12 libjansson4 libpg-query15-4.0.0 libssl3 ca-certificates"
build="gcc libc6-dev cmake make pkg-config libnng-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler
    libprotobuf-dev libpq-dev libmicrohttpd-dev libjansson-dev libpg-query-dev libssl-dev"
postgres="postgresql-15"
