"""Tracking tables of programs that hold more than the project's own migrations: Directus records its own beside them, Payload a push of the
schema in development. The rows are as their sources write them (@directus/api database/migrations/run.ts, @payloadcms/drizzle migrate.ts)."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Fixtures, Written

fixtures.harness.Cluster.keeps = True

DIRECTUS = """CREATE TABLE directus_migrations (version varchar(255) NOT NULL, name varchar(255) NOT NULL, timestamp timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (version));
    INSERT INTO directus_migrations (version, name) VALUES ('20201028A', 'Remove Collection Foreign Keys'), ('20201029A', 'Remove System Relations');"""
PAYLOAD = """CREATE TABLE payload_migrations (id serial PRIMARY KEY NOT NULL, name varchar, batch numeric, updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL);"""


class Ledgers(Written):
    def directus(self):
        self.write("package.json", '{"dependencies": {"directus": "11.0.0"}}')
        self.write("extensions/migrations/20240101A-add-things.js", "export async function up() {}")
        self.write("extensions/migrations/20240102A-more_things.js", "export async function up() {}")
        self.sql(DIRECTUS)

    def payload(self):
        self.write("package.json", '{"dependencies": {"payload": "3.0.0", "@payloadcms/db-postgres": "3.0.0"}}')
        self.write("src/payload.config.ts", "import { postgresAdapter } from '@payloadcms/db-postgres'\nexport default buildConfig({ db: postgresAdapter({}) })\n")
        for name in ("20240101_000000_first", "20240102_000000_second"):
            self.write(f"src/migrations/{name}.ts", "export async function up() {}")
        self.sql(PAYLOAD)

    def named(self, rpc):
        status = self.status(rpc)
        return {one.name: self.state(one) for one in status.migrations}, "\n".join(status.warnings)

    def test_of_directus_own_rows_it_is_said_that_they_are_there(self):
        self.directus()
        self.sql("INSERT INTO directus_migrations (version, name) VALUES ('20240101A', 'Add Things')")
        with self.start() as rpc:
            states, warnings = self.named(rpc)
        self.assertEqual(states, {"20240101A-add-things": "applied", "20240102A-more_things": "pending"})
        self.assertIn("2 more migrations are recorded: those that Directus brings itself, and any of the project's own whose file is gone.", warnings)

    def test_a_mark_writes_the_title_that_directus_makes_of_the_name(self):
        self.directus()
        with self.start() as rpc:
            rpc.call("MigrationService", "MarkApplied", {"migration": "20240102A-more_things"})
            self.assertEqual(self.named(rpc)[0]["20240102A-more_things"], "applied")
        self.assertEqual(self.sql("SELECT name FROM directus_migrations WHERE version = '20240102A'"), [("More Things",)])

    def test_a_push_in_development_is_no_migration_of_payload_and_is_said(self):
        self.payload()
        self.sql("INSERT INTO payload_migrations (name, batch) VALUES ('dev', -1), ('20240101_000000_first', 1)")
        with self.start() as rpc:
            states, warnings = self.named(rpc)
        self.assertEqual(states, {"20240101_000000_first": "applied", "20240102_000000_second": "pending"})
        self.assertIn('The schema was pushed by Payload in development mode (row "dev")', warnings)

    def test_a_mark_is_in_the_batch_after_the_last_one_whatever_was_pushed(self):
        self.payload()
        self.sql("INSERT INTO payload_migrations (name, batch) VALUES ('dev', -1), ('20240101_000000_first', 4)")
        with self.start() as rpc:
            rpc.call("MigrationService", "MarkApplied", {"migration": "20240102_000000_second"})
        self.assertEqual(self.sql("SELECT batch FROM payload_migrations WHERE name LIKE '%second'"), [("5",)])


class Held(Fixtures):
    """A lock that is a row stays when its tool is killed, and a run waits for it: the check says who has it."""
    LOCKS = {
        "liquibase": ("databasechangeloglock", "UPDATE databasechangeloglock SET locked = true, lockgranted = '2026-01-02 03:04:05', lockedby = 'ci (10.0.0.7)'",
                      r"held by ci \(10\.0\.0\.7\) since 2026-01-02 03:04:05.*release-locks"),
        "knex": ("knex_migrations_lock", "UPDATE knex_migrations_lock SET is_locked = 1", "is_locked is 1 in knex_migrations_lock.*knex migrate:unlock"),
        "bun": ("bun_migration_locks", "INSERT INTO bun_migration_locks (table_name) VALUES ('bun_migrations')", "bun has its lock.*bun db unlock"),
        "yoyo": ("yoyo_lock", "INSERT INTO yoyo_lock VALUES (1, '2026-01-02 03:04:05', 4711)", r"since 2026-01-02 03:04:05 \(UTC, its process 4711\).*yoyo break-lock"),
    }

    def test_a_lock_that_was_left_is_told_by_the_check(self):
        for name, (table, left, words) in self.LOCKS.items():
            with self.subTest(name=name):
                database = self.fixture(name, "before.sql")
                with self.serve(name, database) as rpc:
                    def warnings():
                        return "\n".join(rpc.call("MigrationService", "Check").warnings)
                    self.assertNotRegex(warnings(), "lock")
                    self.cluster.psql(database, left)
                    self.assertRegex(warnings(), words)
                    self.assertFalse(rpc.call("MigrationService", "Check").safe)
                    self.cluster.psql(database, f"DROP TABLE {table}")
                    self.assertNotRegex(warnings(), words)


if __name__ == "__main__":
    fixtures.harness.main()
