#!/bin/sh
# Makes the message modules from the .proto files (TRUSS_PROTO, default ../../proto) with protoc and protoc-gen-es, then dist/.
set -eu
cd "$(dirname "$0")"
proto=${TRUSS_PROTO:-../../proto}
rm -rf src/gen dist
mkdir -p src/gen
# shellcheck disable=SC2046  # names without spaces
"${PROTOC:-protoc}" "-I$proto" -I/usr/include --plugin=protoc-gen-es=node_modules/.bin/protoc-gen-es --es_out=src/gen \
    --es_opt=target=ts,import_extension=js $(cd "$proto" && ls truss/rpc/v1/*.proto truss/health/v1/*.proto truss/migration/v1/*.proto truss/trust/v1/*.proto truss/sql/v1/*.proto truss/connection/v1/*.proto truss/branch/v1/*.proto truss/backup/v1/*.proto)
node_modules/.bin/tsc
