// Preloaded into the CLI: what it loads is found and compiled once for each command, and a later start takes it as it was compiled from the
// folder in TRUSS_COMPILED: a large file by itself, and its six hundred small ones together, with where each was found. That is more than half of what a
// start costs. (Node 22 can do the first by itself: NODE_COMPILE_CACHE.)
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const vm = require('node:vm')
const LARGE = 100000
const folder = process.env.TRUSS_COMPILED
const installed = `${path.dirname(folder)}/node_modules/`
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER

const wrapped = (content) => Module.wrap(content.replace(/^#!/, '//'))
const script = (source, filename, kept) => {
  const cachedData = fs.existsSync(kept) ? fs.readFileSync(kept) : undefined
  const made = new vm.Script(source, { filename, cachedData, importModuleDynamically })
  // At the end: then it has also what is compiled when it is first called.
  if (!cachedData || made.cachedDataRejected) process.on('exit', () => keep(kept, made.createCachedData()))
  return made.runInThisContext()
}
const keep = (kept, data) => {
  fs.writeFileSync(`${kept}.${process.pid}`, data)
  fs.renameSync(`${kept}.${process.pid}`, kept)
}

// ---- the small ones ----

const place = path.join(folder, `small of ${process.argv.slice(2, 4).filter((word) => /^[a-z]+$/.test(word)).join(' ')}@${fs.statSync(installed).mtimeMs}`)
const found = fs.existsSync(`${place}.found`) ? JSON.parse(fs.readFileSync(`${place}.found`)) : undefined
const small = found ? script(fs.readFileSync(`${place}.js`, 'utf8'), `${place}.js`, `${place}.compiled`) : {}
const seen = { places: {}, sources: {} }
if (!found) {
  process.on('exit', () => {
    const each = Object.entries(seen.sources).map(([filename, source]) => `${JSON.stringify(filename)}: ${source.replace(/;$/, '')}`)
    keep(`${place}.js`, `({${each.join(',\n')}})`)
    keep(`${place}.found`, JSON.stringify(seen.places))
  })
}

const resolve = Module._resolveFilename
Module._resolveFilename = function (request, parent, isMain, options) {
  // Only what lies in the folder that is installed, asked for from there.
  if (options || isMain || !parent?.filename?.startsWith(installed) || path.isAbsolute(request)) return resolve.call(this, request, parent, isMain, options)
  const key = `${request} ${/^\./.test(request) ? path.dirname(parent.filename) : parent.filename}`
  if (found?.[key]) return found[key]
  const filename = resolve.call(this, request, parent, isMain, options)
  if (filename.startsWith(installed)) seen.places[key] = filename
  return filename
}

const load = Module._extensions['.js']
Module._extensions['.js'] = function (module, filename) {
  if (!small[filename]) return load.call(this, module, filename)
  run(module, small[filename], filename)
}

// ---- the large ones ----

const run = (module, body, filename) => body.call(module.exports, module.exports, Module.createRequire(filename), module, filename, path.dirname(filename))
const compile = Module.prototype._compile
Module.prototype._compile = function (content, filename, ...rest) {
  if (content.length >= LARGE) {
    // With its time: the engine tells two sources apart by their sizes only.
    const kept = path.join(folder, `${filename.replaceAll('/', '+')}@${fs.statSync(filename).mtimeMs}`)
    return run(this, script(wrapped(content), filename, kept), filename)
  }
  // What imports is left out: of code that is taken as it was compiled, V8 does not know from where.
  if (filename.startsWith(installed) && !/\bimport\(/.test(content)) seen.sources[filename] = wrapped(content)
  return compile.call(this, content, filename, ...rest)
}
