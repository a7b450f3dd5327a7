// Speaks for this client in tests/clients/test_conformance.py: see there for the lines.
import { createInterface } from "node:readline";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, EventSchema, MigrationService, TrussError, backup, branch, connection, sql } from "truss-client";

const client = new Client(process.argv[2]);
const hex = (schema, message) => Buffer.from(toBinary(schema, message)).toString("hex");

const services = {
  migration: [MigrationService, client.migration],
  sql: [sql.SqlService, client.sql],
  connection: [connection.ConnectionService, client.database],
  branch: [branch.BranchService, client.branch],
  backup: [backup.BackupService, client.backup],
};

async function call(words, timeoutMs, key, payload = "") {
  const [service, name] = words.includes(".") ? words.split(".") : ["migration", words];
  const method = services[service][0].methods.find((one) => one.name === name);
  const options = { ...(timeoutMs !== "-" && { timeoutMs: Number(timeoutMs) }), ...(key !== "-" && { key }) };
  const reply = await services[service][1][method.localName](fromBinary(method.input, Buffer.from(payload, "hex")), options);
  console.log("reply", hex(method.output, reply));
}

async function watch(id) {
  for await (const event of client.events(id)) {
    console.log("event", hex(EventSchema, event));
  }
  console.log("end");
}

const maker = (schema, function_) => async (payload = "") => {
  const onEvent = (event) => console.log("event", hex(branch.BranchEventSchema, event));
  const made = await function_(fromBinary(schema, Buffer.from(payload, "hex")), { onEvent });
  console.log("reply", hex(branch.BranchSchema, made));
};

const verbs = {
  call,
  watch,
  make: maker(branch.CreateBranchRequestSchema, (request, options) => client.makeBranch(request, options)),
  reset: maker(branch.ResetBranchRequestSchema, ({ id, onBusy }, options) => client.resetBranch(Number(id), { onBusy }, options)),
  golden: maker(branch.RefreshGoldenRequestSchema, (request, options) => client.refreshGolden(request, options)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...words] = line.split(" ");
  try {
    await verbs[verb](...words);
  } catch (error) {
    if (!(error instanceof TrussError)) throw error;
    console.log("error", error.code, error.reason || "-", error.sqlstate || "-", error.message);
  }
}
client.close();
