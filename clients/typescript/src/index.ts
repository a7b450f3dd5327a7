/**
 * Client of truss-worker.
 *
 *     const client = new Client("tcp://127.0.0.1:8788");
 *     for (const migration of (await client.migration.getStatus()).migrations) console.log(migration.name);
 *     client.close();
 */
export { Client, TrussError, type CallOptions, type ClientOptions } from "./client.js";
export * from "./gen/truss/migration/v1/migration_pb.js";
