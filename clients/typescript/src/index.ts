/**
 * Client of truss-worker.
 *
 *     const client = new Client("tcp://127.0.0.1:8788");
 *     for (const migration of (await client.migration.getStatus()).migrations) console.log(migration.name);
 *     await client.run({}, { onEvent: console.log, signal });      // rejects with RunFailed; the signal cancels the run
 *     client.close();
 */
export { Client, RunFailed, TrussError, type BranchOptions, type CallOptions, type ClientOptions, type RunOptions } from "./client.js";
export type { TlsOptions } from "./transport.js";
export * from "./gen/truss/migration/v1/migration_pb.js";
export * as sql from "./gen/truss/sql/v1/sql_pb.js";
export * as backup from "./gen/truss/backup/v1/backup_pb.js";
export * as branch from "./gen/truss/branch/v1/branch_pb.js";
export * as connection from "./gen/truss/connection/v1/connection_pb.js";
