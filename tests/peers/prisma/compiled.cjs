// Preloaded into the CLI: its large files are compiled once, and each later start takes them as they were compiled, from the folder
// in TRUSS_COMPILED. That is half of what a start costs. (Node 22 can do this by itself: NODE_COMPILE_CACHE.)
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const vm = require('node:vm')
const LARGE = 100000

const compile = Module.prototype._compile
Module.prototype._compile = function (content, filename) {
  if (content.length < LARGE) return compile.call(this, content, filename)
  // With its time: the engine tells two sources apart by their sizes only.
  const kept = path.join(process.env.TRUSS_COMPILED, `${filename.replaceAll('/', '+')}@${fs.statSync(filename).mtimeMs}`)
  const cachedData = fs.existsSync(kept) ? fs.readFileSync(kept) : undefined
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const script = new vm.Script(Module.wrap(content.replace(/^#!/, '//')), { filename, cachedData, importModuleDynamically })
  if (!cachedData || script.cachedDataRejected) {
    // At the end: then it has also what is compiled when it is first called.
    process.on('exit', () => {
      fs.writeFileSync(`${kept}.${process.pid}`, script.createCachedData())
      fs.renameSync(`${kept}.${process.pid}`, kept)
    })
  }
  return script.runInThisContext().call(this.exports, this.exports, Module.createRequire(filename), this, filename, path.dirname(filename))
}
