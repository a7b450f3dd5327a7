"""Files that a tool counts in a way of its own: a down script alone, a number with a sign, a revision that only running the program would
tell. Each test names the source of the tool that decides."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from fixtures import Written  # also makes harness known
import harness
from harness import RpcError


class OddFiles(Written):
    # ---- golang-migrate: versionExists and newMigration of migrate.go ----

    def test_a_down_file_alone_is_a_version_of_golang_migrate_that_runs_nothing(self):
        self.write("go.mod", "require github.com/golang-migrate/migrate/v4 v4.19.1\n")
        self.write("migrations/1_a.up.sql", "CREATE TABLE a (i int);")
        self.write("migrations/2_b.down.sql", "DROP TABLE a;")
        with self.start() as rpc:
            self.assertEqual(self.by_name(rpc), {"1_a": "pending", "2_b": "pending"})
            self.assertIn("Version 2 has 2_b.down.sql alone", " ".join(self.status(rpc).warnings))
            self.assertEqual(self.run_all(rpc), ["1_a", "2_b"])
            self.assertEqual(self.by_name(rpc), {"1_a": "applied", "2_b": "applied"})
        self.assertEqual(self.sql("SELECT version, dirty FROM schema_migrations"), [("2", "f")])
        self.assertEqual(self.sql("SELECT to_regclass('a') IS NOT NULL"), [("t",)])

    def test_the_version_that_golang_migrate_recorded_for_a_down_file_is_not_missing(self):
        self.write("go.mod", "require github.com/golang-migrate/migrate/v4 v4.19.1\n")
        self.write("migrations/1_a.up.sql", "CREATE TABLE a (i int);")
        self.write("migrations/2_b.down.sql", "DROP TABLE a;")
        self.write("migrations/3_c.up.sql", "CREATE TABLE c (i int);")
        self.sql("CREATE TABLE a (i int); CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL); "
                 "INSERT INTO schema_migrations VALUES (2, false)")
        with self.start() as rpc:
            self.assertEqual(self.by_name(rpc), {"1_a": "applied", "2_b": "applied", "3_c": "pending"})
            self.assertEqual(self.run_all(rpc), ["3_c"])

    # ---- sqlx: `parts[0].parse::<i64>()` of sqlx-core/src/migrate/source.rs ----

    def test_a_dirty_version_of_golang_migrate_without_a_file_is_not_followed_by_none(self):
        """As where an older release is deployed again: a mark made the tracking table empty, and everything ran anew."""
        self.write("go.mod", "module x\nrequire github.com/golang-migrate/migrate/v4 v4.18.3\n")
        for number in (1, 2):
            self.write(f"migrations/{number}_m.up.sql", f"CREATE TABLE t{number} (i int);")
        self.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
        for version, says in ((3, "The folder has no file of \"3\", so which version came before it is not known"), (-1, None)):
            self.sql(f"DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES ({version}, true)")
            with self.subTest(version), self.start() as rpc:
                with self.assertRaises(RpcError) as refused:
                    rpc.call("MigrationService", "Run")
                self.assertIn(f'An earlier attempt at "{version}" did not finish', refused.exception.status.message)
                self.assertIn("then truss mark-rolled-back -- -1; or resolve it" if says is None else "that is resolved: resolve it with the folder that has its file", refused.exception.status.message)
                if says is None:
                    rpc.call("MigrationService", "MarkRolledBack", {"migration": str(version)})
                    self.assertEqual(self.run_all(rpc), ["1_m", "2_m"])
                    continue
                with self.assertRaises(RpcError) as refused:
                    rpc.call("MigrationService", "MarkApplied", {"migration": str(version)})
                self.assertIn('Migration "3" has no file in the folder', refused.exception.status.message)
                with self.assertRaises(RpcError) as refused:
                    rpc.call("MigrationService", "MarkRolledBack", {"migration": str(version)})
                self.assertIn(says, refused.exception.status.message)
                self.write("migrations/4_m.up.sql", "CREATE TABLE t4 (i int);")
                for method, asks in (("MarkApplied", {"migration": "4"}), ("Baseline", {"all": True})):
                    with self.assertRaises(RpcError) as refused:
                        rpc.call("MigrationService", method, asks)
                    self.assertIn("a mark of another one would take its place", refused.exception.status.message)
                os.remove(os.path.join(self.directory.name, "migrations/4_m.up.sql"))
                self.assertEqual(self.sql("SELECT * FROM schema_migrations"), [(str(version), "t")])

    def test_a_negative_version_of_sqlx_runs_first(self):
        self.write("Cargo.toml", '[dependencies]\nsqlx = "0.9"\n')
        self.write("migrations/1_b.sql", "INSERT INTO a VALUES (1);")
        self.write("migrations/-1_a.sql", "CREATE TABLE a (i int);")
        with self.start() as rpc:
            self.assertEqual(self.run_all(rpc), ["-1_a", "1_b"])
            self.assertEqual(self.by_name(rpc), {"-1_a": "applied", "1_b": "applied"})
        self.assertEqual(self.sql("SELECT version, description, success FROM _sqlx_migrations ORDER BY 1"), [("-1", "a", "t"), ("1", "b", "t")])

    # ---- a byte order mark: PostgreSQL refuses it, and what each tool does was measured with it ----

    def check_mark(self, says):
        with self.start() as rpc:
            plan, reply = rpc.call("MigrationService", "Plan", {}), rpc.call("MigrationService", "Run", {})
            self.assertTrue(reply.ok, reply)
            for warnings in (plan.warnings, reply.warnings):
                self.assertEqual([one for one in warnings if "byte order mark" in one], says)

    MARKED = '"001_a" begins with a byte order mark, which a run here leaves out. %s itself sends it, and fails at it: save the file as UTF-8 without one.'

    def test_a_byte_order_mark_that_its_tool_sends_is_told(self):
        """postgres-migrations 5.3.0, postgrator-cli 9.1.1, drizzle-kit 0.31.11 and 1.0.0-rc.5, db-migrate 0.11.14, yoyo 8.2.0, Prisma 6 and 7"""
        self.write("package.json", '{"dependencies": {"postgres-migrations": "5"}}')
        self.write("migrations/001_a.sql", "\ufeffCREATE TABLE a (i int);")
        self.write("migrations/002_b.sql", "CREATE TABLE b (i int);")
        self.check_mark([self.MARKED % "postgres-migrations"])

    def test_a_byte_order_mark_that_its_tool_leaves_out_is_not_told(self):
        """supabase 3.1.0 db push"""
        self.write("supabase/config.toml", 'project_id = "a"\n')
        self.write("supabase/migrations/20240101000000_a.sql", "\ufeffCREATE TABLE a (i int);")
        self.check_mark([])

    # ---- Alembic: a revision that is not written as text may be any ----

    def revisions(self, row, **files):
        self.write("alembic.ini", "[alembic]\nscript_location = alembic\n")
        self.write("alembic/env.py", "from alembic import context\n")
        for name, text in files.items():
            self.write(f"alembic/versions/{name}.py", text)
        self.sql(f"CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('{row}')")

    FIRST = "revision = 'a1'\ndown_revision = None\n"

    def test_a_row_that_may_be_of_an_unreadable_file_of_alembic_is_not_known(self):
        self.revisions("b2", a=self.FIRST, b="from ids import revision, down_revision\n")
        with self.start("--allow-delegate") as rpc:
            status = self.status(rpc)
            self.assertIn("has the revision b2, which may be that of b.py", status.problem)
            [note] = [one.note for one in status.migrations if self.state(one) == "orphaned"]
            self.assertEqual(note, "It may be the revision of b.py, which does not say it as plain text: whether its file is there is not known.")
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run", {})
            self.assertIn("b.py", caught.exception.status.message)

    def test_a_row_of_alembic_without_a_file_is_missing_where_all_others_are_read(self):
        self.revisions("b2", a=self.FIRST)
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertFalse(status.HasField("problem"))
            [note] = [one.note for one in status.migrations if self.state(one) == "orphaned"]
            self.assertIn("Can't locate revision", note)

    def test_what_follows_an_unreadable_file_of_alembic_follows_no_missing_one(self):
        self.revisions("a1", a=self.FIRST, b="from ids import revision, down_revision\n", c="revision = 'c3'\ndown_revision = 'b2'\n")
        with self.start() as rpc:
            self.assertNotIn("which no file has", " ".join(self.status(rpc).warnings))

    def test_what_is_before_an_applied_revision_of_alembic_that_computes_it_is_not_known(self):
        self.revisions("b2", a=self.FIRST, b="from ids import FIRST\nrevision = 'b2'\ndown_revision = FIRST\n")
        with self.start() as rpc:
            self.assertIn("b.py is applied, and computes the revision before it", self.status(rpc).problem)

    # ---- a workspace ----

    def test_a_workspace_with_several_packages_is_told_how_to_name_one(self):
        self.write("pnpm-workspace.yaml", 'packages:\n  - "packages/*"\n')
        self.write("packages/api/package.json", '{"dependencies": {"knex": "3"}}')
        self.write("packages/api/migrations/20240101000000_a.js", "exports.up = (knex) => knex.schema.raw('SELECT 1');\n")
        self.write("packages/web/prisma/schema.prisma", 'datasource db {\n  provider = "postgresql"\n}\n')
        self.write("packages/web/prisma/migrations/migration_lock.toml", 'provider = "postgresql"\n')
        self.write("packages/web/prisma/migrations/20240101000000_b/migration.sql", "SELECT 1;")
        with self.start() as rpc:
            self.assertIn("For the first one: --framework packages/api/migrations, or its package alone: --project packages/api.", self.status(rpc).problem)
            self.assertEqual(self.status(rpc, framework="packages/api/migrations").framework_id, "knex")

    # ---- rows in another order than the files: kysely 0.28.18 and node-pg-migrate 9.0.0 stop at them, as measured ----

    def nodes(self, *rows, free=""):
        """Three SQL files of node-pg-migrate and these rows, of which each was written after the one before it."""
        self.write("package.json", '{"dependencies": {"node-pg-migrate": "9"}, "scripts": {"up": "node-pg-migrate up%s"}}' % free)
        for number in (1, 2, 3):
            self.write(f"migrations/{number}_m.sql", f"CREATE TABLE t{number} (i int);")
        self.sql("CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)")
        for row in rows:
            self.sql(f"INSERT INTO pgmigrations (name, run_on) VALUES ('{row}_m', clock_timestamp())")

    def test_rows_that_node_pg_migrate_stops_at_are_said(self):
        for rows, says in (((2, 1), 'The tracking table has "1_m" behind "2_m", whose file comes after it: node-pg-migrate stops at that ("is preceding already run migration").'),
                           ((1, 2, 1), 'The tracking table has "1_m" behind "2_m"'), ((1, 2, 2), 'The tracking table has "2_m" twice')):
            with self.subTest(rows):
                self.directory.cleanup()
                self.sql("DROP TABLE IF EXISTS pgmigrations, t3")
                self.nodes(*rows)
                with self.start() as rpc:
                    self.assertIn(says, " ".join(self.status(rpc).warnings))
                    self.assertEqual(self.run_all(rpc), ["3_m"])

    def test_a_row_of_node_pg_migrate_with_a_time_that_is_still_to_come_is_said(self):
        """As of another time zone. node-pg-migrate 9.0.0 runs what is pending once, and then stops at its own rows."""
        self.nodes(1, 2)
        for hours, says in ((-8, False), (8, True)):
            self.sql(f"UPDATE pgmigrations SET run_on = now() + interval '{hours} h' WHERE name = '2_m'; UPDATE pgmigrations SET run_on = '2024-01-01' WHERE name = '1_m'")
            with self.subTest(hours), self.start() as rpc:
                self.assertEqual('The tracking table has "2_m" with a time that is still to come' in " ".join(self.status(rpc).warnings), says)

    def test_rows_in_any_order_are_fine_where_node_pg_migrate_does_not_look(self):
        for rows, free in (((1, 2), ""), ((2, 1), " --no-check-order")):
            with self.subTest(rows):
                self.directory.cleanup()
                self.sql("DROP TABLE IF EXISTS pgmigrations, t3")
                self.nodes(*rows, free=free)
                with self.start() as rpc:
                    self.assertNotIn("behind", " ".join(self.status(rpc).warnings))
                    self.assertEqual(self.run_all(rpc), ["3_m"])

    def test_rows_that_kysely_stops_at_are_said(self):
        self.write("package.json", '{"dependencies": {"kysely": "0.28"}}')
        for name in ("1_a", "2_b", "3_c"):
            self.write(f"migrations/{name}.ts", "import { Kysely } from 'kysely'\nexport async function up(db: Kysely<any>) {}\n")
        self.sql("CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL); INSERT INTO kysely_migration VALUES "
                 "('1_a', '2026-01-02T00:00:00.000Z'), ('2_b', '2026-01-01T00:00:00.000Z')")
        with self.start("--allow-delegate") as rpc:
            says = 'The tracking table has "1_a" behind "2_b", whose file comes after it: kysely stops at that ("corrupted migrations").'
            self.assertIn(says, " ".join(self.status(rpc).warnings))
            self.assertIn(says, rpc.call("MigrationService", "Plan", {}).refusal)

    # ---- many rows at once: each as if it was alone ----

    def test_rows_of_a_baseline_of_kysely_stay_in_the_order_of_the_files(self):
        self.write("package.json", '{"dependencies": {"kysely": "0.28"}}')
        for name in ("1_a", "2_b", "3_c", "4_d", "5_e", "6_f"):
            self.write(f"migrations/{name}.ts", "import { Kysely } from 'kysely'\nexport async function up(db: Kysely<any>) {}\n")
        table = "DROP TABLE IF EXISTS kysely_migration; CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);"
        earlier, later = "2026-01-01T00:00:00.000Z", "2199-01-01T00:00:00.000Z"
        for rows, times in ((f"('2_b', '{earlier}'), ('4_d', '{later}')", [earlier, earlier] + 4 * [later]), (f"('4_d', '{earlier}')", 4 * [earlier] + [None] * 2),
                            (f"('6_f', '{earlier}')", 6 * [earlier]), (f"('1_a', '{later}')", 6 * [later])):
            self.sql(f"{table} INSERT INTO kysely_migration VALUES {rows}")
            with self.subTest(rows), self.start() as rpc:
                self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
                told = [time for time, in self.sql("SELECT timestamp FROM kysely_migration ORDER BY name")]
                self.assertEqual([time for time, wanted in zip(told, times) if wanted is not None], [time for time in times if time is not None])
                self.assertEqual(told, sorted(told))
                self.assertNotIn("behind", " ".join(self.status(rpc).warnings))

    def test_rows_of_a_baseline_of_node_pg_migrate_are_not_before_those_that_are_there(self):
        self.nodes(1)
        self.sql("UPDATE pgmigrations SET run_on = '2199-01-01'")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
        self.assertEqual(self.sql("SELECT name, run_on FROM pgmigrations ORDER BY id"), [(f"{number}_m", "2199-01-01 00:00:00") for number in (1, 2, 3)])

    # ---- db-migrate 0.11.14: older versions wrote no slash; a row with a scope is of another folder (loadFromDatabase of lib/migration.js) ----

    def test_a_row_of_db_migrate_without_a_slash_is_one_of_no_scope(self):
        self.write("package.json", '{"dependencies": {"db-migrate": "0.11"}}')
        self.write("migrations/20240101000000-a.js", "var dbm;\nexports.up = (db) => db.runSql('SELECT 1');\n")
        self.sql("CREATE TABLE migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)")
        for row, state in (("20240101000000-a", "applied"), ("/20240101000000-a", "applied"), ("mod/20240101000000-a", "pending")):
            self.sql(f"DELETE FROM migrations; INSERT INTO migrations (name, run_on) VALUES ('{row}', now())")
            with self.subTest(row), self.start() as rpc:
                self.assertEqual([self.state(one) for one in self.status(rpc).migrations if one.filename], [state])

    # ---- Ecto: do_lock_for_migrations of ecto_sql's lib/ecto/adapters/postgres.ex; the key is what `erl` computes ----

    def test_pending_files_of_ecto_with_one_name_are_said(self):
        self.write("mix.exs", '{:ecto_sql, "~> 3.13"}')
        for version in (20240101000000, 20240102000000, 20240103000000):
            self.write(f"priv/repo/migrations/{version}_{'a' if version < 20240103000000 else 'b'}.exs", "use Ecto.Migration\n")
        self.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0))")
        says = 'are pending, and have the same name "a": ecto stops at that'
        with self.start("--allow-delegate") as rpc:
            self.assertIn(says, " ".join(self.status(rpc).warnings))
            self.assertIn(says, rpc.call("MigrationService", "Plan", {}).refusal)
            self.sql("INSERT INTO schema_migrations VALUES (20240101000000, now())")
            self.assertNotIn(says, " ".join(self.status(rpc).warnings))

    def test_a_mark_waits_for_the_advisory_lock_of_ecto(self):
        self.write("mix.exs", '{:ecto_sql, "~> 3.13"}')
        self.write("config/config.exs", "config :blog, Blog.Repo, migration_lock: :pg_advisory_lock\n")
        self.write("priv/repo/migrations/20240101000000_a.exs", "defmodule A do\n  use Ecto.Migration\nend\n")
        self.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0))")
        self.hold("SELECT pg_advisory_lock(95883390)")
        with self.start("--lock-wait", "0") as rpc:
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "MarkApplied", {"migration": "20240101000000_a"})
            self.assertEqual(caught.exception.status.detail.reason, "LOCKED")
        self.assertEqual(self.sql("SELECT count(*) FROM schema_migrations"), [("0",)])


if __name__ == "__main__":
    harness.main()
