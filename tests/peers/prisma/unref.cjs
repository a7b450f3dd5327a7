// Preloaded into the CLI: the timer of its lock's ten seconds is never cleared, and would keep each deploy alive for so long
// after its work is done. It still fires while there is anything else to wait for.
const { setTimeout: original } = globalThis
globalThis.setTimeout = (callback, ms, ...rest) => {
  const timer = original(callback, ms, ...rest)
  return ms >= 10000 ? timer.unref() : timer
}
