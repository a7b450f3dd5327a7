// Stands for Prisma 7's schema-engine: the same JSON-RPC by lines on its input and output, answered by the engine that was compiled to
// WebAssembly, through the PostgreSQL adapter. Usage: schema-engine.mjs CLI_DIR [--datamodels FILE]… --datasource JSON [cli COMMAND]
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [cliDir, ...words] = process.argv.slice(2)
const require = createRequire(join(cliDir, 'node_modules/'))
const { SchemaEngine } = await import(pathToFileURL(join(cliDir, 'node_modules/@prisma/schema-engine-wasm/schema_engine.js')))
const { PrismaPg } = require('@prisma/adapter-pg')
const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils')

const datamodels = []
let datasource = {}
let command
for (let i = 0; i < words.length; i += 2) {
  if (words[i] === '--datamodels') datamodels.push([words[i + 1], readFileSync(words[i + 1], 'utf8')])
  if (words[i] === '--datasource') datasource = JSON.parse(words[i + 1])
  if (words[i] === 'cli') command = words[i + 1]
}
const url = new URL(datasource.url)
const schema = url.searchParams.get('schema') ?? undefined
url.searchParams.delete('schema')
const adapter = new PrismaPg({ connectionString: url.href, allowExitOnIdle: true }, { schema })

// What the native engine writes to its log, where the CLI looks for the reason.
function fail(error) {
  const fields = { message: error.message, error_code: error.code, is_panic: false }
  console.error(JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields }))
  process.exit(1)
}

if (command !== undefined) {
  try {
    const connection = await adapter.connect()
    await connection.queryRaw({ sql: 'SELECT 1', args: [], argTypes: [] })
    process.exit(0)
  } catch (error) {
    fail({ message: String(error.message), code: 'P1001' })
  }
}

let engine
async function answer(line) {
  const { id, method, params } = JSON.parse(line)
  let reply
  try {
    engine ??= await SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter))
    const result = await (method === 'getDatabaseVersion' ? engine.version(params) : engine[method](params))
    if (method === 'diff' && result?.stdout) {
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'print', params: { content: result.stdout } }) + '\n')
    }
    reply = { result: result ?? null }
  } catch (error) {
    const data = { is_panic: error.name === 'RuntimeError', message: error.message, error_code: error.code, meta: null }
    reply = { error: { code: 4466, message: 'An error happened. Check the data field for details.', data } }
  }
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...reply }) + '\n')
}

let last = Promise.resolve()
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (line.includes('"method"')) last = last.then(() => answer(line))
})
lines.on('close', () => last.then(() => process.exit(0)))
