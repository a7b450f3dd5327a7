// Prints every migration with its state: node example.mjs tcp://127.0.0.1:8788
import { Client, State, TrussError } from "truss-client";

try {
  const client = new Client(process.argv[2]);
  for (const migration of (await client.migration.getStatus()).migrations) {
    console.log(`STATE_${State[migration.state]} ${migration.name}`);
  }
  client.close();
} catch (error) {
  console.error(error instanceof TrussError ? `${error.code}: ${error.message}` : error.message);
  process.exitCode = error instanceof TrussError ? 1 : 2;
}
