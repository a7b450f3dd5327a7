// What TypeScript users expect: see test_conformance.py. Prints a line for each.
import { Client, EventKind, OperationState, RunFailed } from "truss-client";

const client = new Client(process.argv[2], { metadata: () => ({ traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }) });
const kinds = [];
const done = await client.run({ target: "001_step" }, { onEvent: (event) => kinds.push(event.kind) });
console.log("applied", done.result.applied.length, kinds.includes(EventKind.RUN_DONE));
try {
  await client.run({ target: "002_step" });
} catch (error) {
  console.log("failed", error instanceof RunFailed, error.operation.result.failed.error);
}
const controller = new AbortController();
const reason = new Error("enough");
try {
  await client.run({ migrations: ["003_step"], allowOutOfOrder: true }, { signal: controller.signal, onEvent: () => controller.abort(reason) });
} catch (error) {
  const newest = (await client.migration.listOperations()).operations[0];
  console.log("aborted", error === reason, newest.state === OperationState.CANCELLED);
}
try {
  await client.migration.getStatus({}, { signal: AbortSignal.abort(reason) });
} catch (error) {
  console.log("not begun", error === reason);
}
// Without a time limit only the connection keeps the program from its end, also before it is greeted; a timer takes 24 days at most.
const patient = new Client(process.argv[2], { timeoutMs: 0 });
console.log("patient", (await patient.health.check()).status !== undefined);
console.log("long", (await patient.health.check({}, { timeoutMs: 3_000_000_000 })).status !== undefined);
await client[Symbol.asyncDispose ?? "close"]();
console.log("disposed");
