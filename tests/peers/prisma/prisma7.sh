#!/bin/sh
# Runs the real Prisma 7 CLI on a project. Usage as of prisma.sh; CLI_DIR is what setup7.sh filled.
# Prisma 7 takes the URL from prisma.config.ts alone, and refuses a schema that has one: the copy has none.
set -eu
cli=$(cd "${1:?}" && pwd) project=$(cd "${2:?}" && pwd) here=$(cd "$(dirname "$0")" && pwd)
shift 2
work=$(mktemp -d "$cli/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/prisma"
cp -R "$project/prisma/migrations" "$work/prisma/"
if [ -f "$project/prisma/schema.prisma" ]; then schema=$project/prisma/schema.prisma; else schema=$here/schema.prisma; fi
sed '/^ *url *=/d' "$schema" >"$work/prisma/schema.prisma"
cp "$here/prisma7.config.ts" "$work/prisma.config.ts"
printf '#!/bin/sh\nexec node --no-warnings --experimental-wasm-modules "%s" "%s" "$@"\n' "$here/schema-engine.mjs" "$cli" >"$work/schema-engine"
chmod +x "$work/schema-engine"
cd "$work"
PRISMA_SCHEMA_ENGINE_BINARY=$work/schema-engine CHECKPOINT_DISABLE=1 PRISMA_HIDE_UPDATE_MESSAGE=1 NO_COLOR=1 \
    node "$cli/node_modules/prisma/build/index.js" "$@"
