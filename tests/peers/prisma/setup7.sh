#!/bin/sh
# Installs the real Prisma 7 CLI into DIR (once). Usage: setup7.sh DIR
# Its native schema engine would be downloaded; the same engine, compiled to WebAssembly, is a package (schema-engine.mjs runs it). The
# two lines of the PostgreSQL adapter are mended as in setup.sh.
set -eu
dir=${1:?usage: setup7.sh DIR}
mkdir -p "$dir"
cd "$dir"
[ -f .ready ] && exit 0
printf '{"private":true,"type":"commonjs"}\n' >package.json
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --omit=peer --omit=optional \
    prisma@7.10.1 @prisma/adapter-pg@7.10.1 @prisma/schema-engine-wasm@7.10.0-7.561d7b42579a2459cc8edf3788918b626c640023
file=node_modules/@prisma/adapter-pg/dist/index.js
sed -i \
    -e "s/throw new UnsupportedNativeDataType(fieldTypeId);/return import_driver_adapter_utils.ColumnTypeEnum.Text;/" \
    -e 's/const statements = script\.split(";").*$/const statements = [script];/' "$file"
grep -q 'const statements = \[script\];' "$file" && grep -q "return import_driver_adapter_utils.ColumnTypeEnum.Text;" "$file" || {
    echo "setup7.sh: the adapter of this version is not as expected: $file" >&2
    exit 1
}
touch .ready
