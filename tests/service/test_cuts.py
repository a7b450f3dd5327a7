"""A cut never changes what a script means: each case from its file to the database, with the value that its own framework
would leave. The scripts are copies of what public reports and real histories had."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

LEDGER = ("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, "
          "migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
          "applied_steps_count INT NOT NULL DEFAULT 0);")
CARGO = "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[dependencies]\nsqlx = \"0.8\"\n"
COMMITTING = "DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2); END $$;\n"


class Cuts(Case):
    def prisma(self, script, setup=""):
        self.sql(LEDGER + setup)
        self.files = self.project().add("1", script)
        return self.rpc(self.worker(self.files))

    def run_ok(self, rpc):
        reply = rpc.call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        return reply

    def refused(self, rpc):
        reply = rpc.call("MigrationService", "Run")
        self.assertFalse(reply.ok)
        return reply.failed.error

    def role(self, name):
        self.cluster.psql("postgres", f"DROP ROLE IF EXISTS {name}; CREATE ROLE {name}")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE IF EXISTS {name}", False)
        self.addCleanup(self.cluster.psql, self.database, f"DROP OWNED BY {name}", False)
        self.sql(f"GRANT ALL ON SCHEMA public TO {name}")

    def owners(self):
        return self.sql("SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('a', 'b', 'a_id') ORDER BY 1")

    # ---- what commits ----

    def test_on_commit_in_a_block_cuts_nothing_and_deletes_nothing(self):
        rpc = self.prisma("CREATE TABLE users(id int primary key);\nINSERT INTO users SELECT generate_series(1, 5);\n"
                          "DO $$ BEGIN CREATE TEMP TABLE keep(id int) ON COMMIT DELETE ROWS; INSERT INTO keep SELECT id FROM users WHERE id <= 4; END $$;\n"
                          "DELETE FROM users WHERE id NOT IN (SELECT id FROM keep);")
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT count(*) FROM users"), [("4",)])

    def test_on_commit_drop_in_a_block_lives_to_the_end_of_the_migration(self):
        rpc = self.prisma("CREATE TABLE users(id int primary key);\n"
                          "DO $$ BEGIN CREATE TEMP TABLE moved ON COMMIT DROP AS SELECT id FROM users; END $$;\nDELETE FROM users WHERE id IN (SELECT id FROM moved);")
        self.run_ok(rpc)

    # ---- roles ----

    def test_a_role_holds_over_a_cut(self):
        self.role("cut_owner")
        rpc = self.prisma("SET ROLE cut_owner;\nCREATE TABLE a(id int);\nCREATE INDEX CONCURRENTLY a_id ON a(id);\nCREATE TABLE b(id int);\nRESET ROLE;")
        self.run_ok(rpc)
        self.assertEqual(self.owners(), [("a", "cut_owner"), ("a_id", "cut_owner"), ("b", "cut_owner")])

    def test_a_role_holds_for_a_run_that_goes_on(self):
        self.role("cut_owner")
        script = "SET ROLE cut_owner;\nCREATE TABLE a(id int);\nCREATE INDEX CONCURRENTLY a_id ON a(id);\n%sCREATE TABLE b(id int);"
        rpc = self.prisma(script % "SELECT 1/0;\n")
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.files.add("1", script % "")
        self.assertEqual(self.run_ok(rpc).applied[0].resumed_steps, 2)
        self.assertEqual(self.owners(), [("a", "cut_owner"), ("a_id", "cut_owner"), ("b", "cut_owner")])

    def test_a_low_role_deletes_what_it_may_and_no_more(self):
        self.role("cut_tenant")
        self.sql("CREATE TABLE doc(tenant text); ALTER TABLE doc ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON doc USING (tenant = 'a'); "
                 "GRANT ALL ON doc TO cut_tenant; INSERT INTO doc VALUES ('a'), ('b'), ('b')")
        project = harness.Project(folder="db/migrations")
        self.addCleanup(project.remove)
        project.write("db/migrations/1_purge.sql", "-- migrate:up transaction:false\nSET ROLE cut_tenant;\nDELETE FROM doc;\nRESET ROLE;\n-- migrate:down\n")
        self.run_ok(self.rpc(self.worker(project)))
        self.assertEqual(self.sql("SELECT * FROM doc"), [("b",), ("b",)])

    def test_rows_of_ours_are_written_whatever_role_a_transaction_takes(self):
        self.role("cut_owner")
        rpc = self.prisma("BEGIN;\nSET ROLE cut_owner;\nCREATE TABLE a(i int);\nCOMMIT;\nBEGIN;\nCREATE TABLE b(i int);\nCOMMIT;")
        self.run_ok(rpc)
        self.assertEqual(self.owners(), [("a", "cut_owner"), ("b", "cut_owner")])

    # ---- settings ----

    def test_set_local_holds_over_a_cut_and_the_plan_says_so(self):
        rpc = self.prisma("SET LOCAL search_path = tenant, public;\nALTER TYPE public.mood ADD VALUE 'meh';\nUPDATE t SET m = 'meh';",
                          "CREATE SCHEMA tenant; CREATE TYPE public.mood AS ENUM ('ok'); CREATE TABLE public.t(m text); INSERT INTO public.t VALUES ('ok'); "
                          "CREATE TABLE tenant.t(m text); INSERT INTO tenant.t VALUES ('ok')")
        steps = rpc.call("MigrationService", "Plan").migrations[0].steps
        self.assertEqual(steps[1].reason, "set again before it: SET LOCAL search_path = tenant, public")
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT t.m, p.m FROM tenant.t, public.t p"), [("meh", "ok")])

    def test_what_stands_alone_finds_the_local_settings_and_leaves_the_session_its_own(self):
        rpc = self.prisma("SET search_path = public;\nSET LOCAL search_path = tenant;\nCREATE INDEX CONCURRENTLY i ON t (m);\nCOMMIT;\n"
                          "CREATE TABLE here (a int);", "CREATE SCHEMA tenant; CREATE TABLE tenant.t(m text); CREATE TABLE public.t(m text);")
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT indrelid::regclass FROM pg_index WHERE indexrelid = 'tenant.i'::regclass"), [("tenant.t",)])
        self.assertEqual(self.sql("SELECT to_regclass('public.here') IS NOT NULL"), [("t",)])

    def test_what_would_be_lost_is_refused_with_its_line_and_nothing_runs(self):
        for lost, what in (("LOCK TABLE t;", "LOCK TABLE"), ("SELECT pg_advisory_xact_lock(1);", "pg_advisory_xact_lock()"),
                           ("CREATE TEMP TABLE k ON COMMIT DROP AS SELECT 1;", "ON COMMIT DROP"), ("SET CONSTRAINTS ALL DEFERRED;", "DEFERRED")):
            with self.subTest(lost=lost):
                self.sql("DROP TABLE IF EXISTS _prisma_migrations, t; CREATE TABLE t(a int)")
                rpc = self.prisma(f"CREATE TABLE made ();\n{lost}\nCREATE INDEX CONCURRENTLY i ON t(a);")
                error = self.refused(rpc)
                self.assertIn("Line 2: ", error)
                self.assertIn(what, error)
                self.assertEqual(self.sql("SELECT to_regclass('made') IS NULL"), [("t",)])
                self.assertEqual(self.ledger(), [])

    def test_what_a_function_of_the_database_does_to_its_transaction_is_refused_however_it_is_reached(self):
        setup = ("CREATE TABLE t(a int DEFAULT 0); CREATE TABLE u(a int);"
                 "CREATE FUNCTION tenant() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.tenant', 'b', true); RETURN 1; END $$;"
                 "CREATE FUNCTION outer_one() RETURNS int LANGUAGE sql AS 'SELECT tenant()'; CREATE VIEW inner_view AS SELECT outer_one() AS a; CREATE VIEW v AS SELECT * FROM inner_view;"
                 "CREATE FUNCTION on_u() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.outer_one(); RETURN NULL; END $$;"
                 "CREATE TRIGGER z AFTER INSERT ON u FOR EACH ROW EXECUTE FUNCTION on_u(); CREATE TABLE w(a int PRIMARY KEY);"
                 "ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES w ON DELETE CASCADE;"
                 "CREATE FUNCTION fills() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO u VALUES (1); END $$;"
                 "CREATE FUNCTION quiet() RETURNS int LANGUAGE plpgsql SET app.tenant = 'c' AS $$ BEGIN PERFORM set_config('app.tenant', 'b', true); RETURN 1; END $$;")
        for call, is_lost in (("SELECT tenant();", True), ("SELECT public.outer_one();", True), ("SELECT * FROM v;", True), ("INSERT INTO u VALUES (1);", True),
                              ("SELECT fills();", True), ("SELECT * FROM u;", False), ("COPY u FROM PROGRAM 'true';", True), ("TRUNCATE u;", True), ("DELETE FROM w;", True), ("SELECT 1 FROM w;", False), ("DO $$ BEGIN PERFORM fills(); END $$;", True), ("SELECT quiet();", False), ("INSERT INTO t VALUES (1);", False)):
            with self.subTest(call=call):
                self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                rpc = self.prisma(f"CREATE TABLE made ();\n{call}\nCREATE INDEX CONCURRENTLY i ON t(a);", setup)
                if is_lost:
                    error = self.refused(rpc)
                    self.assertIn("Line 2: what tenant() does", error)
                    self.assertEqual(self.sql("SELECT to_regclass('made') IS NULL"), [("t",)])
                else:
                    self.run_ok(rpc)

    def test_a_function_puts_back_the_settings_that_it_names_and_no_others(self):
        # a name that contains the other, and a value that is the other
        for own in ("SET app.tenant_id = 'c'", "SET app.x = 'app.tenant'", "SET app.x = 'app.tenant=a'"):
            for here in (True, False):
                with self.subTest(own=own, here=here):
                    self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                    make = f"CREATE FUNCTION tenant() RETURNS int LANGUAGE plpgsql {own} AS $$ BEGIN PERFORM set_config('app.tenant', 'b', true); RETURN 1; END $$;"
                    rpc = self.prisma(f"{'' if here else make}\nSELECT tenant();\nCREATE INDEX CONCURRENTLY i ON t(a);", "CREATE TABLE t(a int);" + (make if here else ""))
                    self.assertIn("Line 2: what tenant() does", self.refused(rpc))

    def test_a_trigger_of_a_partition_is_reached_through_its_parent(self):
        rpc = self.prisma("CREATE FUNCTION tenant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.tenant', 'b', true); RETURN NEW; END $$;\n"
                          "CREATE TRIGGER t BEFORE INSERT ON p1 FOR EACH ROW EXECUTE FUNCTION tenant();\nINSERT INTO p VALUES (1);\nCREATE INDEX CONCURRENTLY i ON t(a);",
                          "CREATE TABLE t(a int); CREATE TABLE p(a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);")
        self.assertIn("Line 3: what tenant() does", self.refused(rpc))

    def test_a_transaction_that_only_reads_is_a_step_without_a_row_of_ours_in_it(self):
        rpc = self.prisma("BEGIN READ ONLY;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSET TRANSACTION READ ONLY;\nSELECT 2;\nCOMMIT;\nCREATE TABLE a(id int);")
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT to_regclass('a') IS NOT NULL, (SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL)"), [("t", "1")])

    def test_what_a_function_does_to_its_transaction_ends_where_its_tool_ends_it(self):
        self.sql("CREATE FUNCTION tenant() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.tenant', 'b', true); END $$")
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        project.write("migrations/00001_t.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT tenant();\nCREATE TABLE seen AS SELECT current_setting('app.tenant', true) AS t;\n-- +goose Down\n")
        self.run_ok(self.rpc(self.worker(project)))
        self.assertEqual(self.sql("SELECT coalesce(t, '') FROM seen"), [("",)])

    def test_a_role_that_a_function_takes_unseen_keeps_no_row_of_ours_from_being_written(self):
        self.role("cut_hidden")
        self.sql("CREATE FUNCTION who(r text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE concat('SE', 'T ROLE ', r); END $$")
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        project.write("migrations/00001_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT who('cut_hidden');\nCREATE TABLE a(id int);\n"
                      "CREATE INDEX CONCURRENTLY a_id ON a(id);\nCREATE TABLE b(id int);\n-- +goose Down\n")
        self.run_ok(self.rpc(self.worker(project)))
        self.assertEqual(self.owners(), [("a", "cut_hidden"), ("a_id", "cut_hidden"), ("b", "cut_hidden")])

    def test_a_temporary_table_of_a_lost_session_stops_the_run_that_goes_on(self):
        script = "CREATE TEMP TABLE users AS SELECT 1 AS id;\nVACUUM _prisma_migrations;\n%sDELETE FROM users;"
        rpc = self.prisma(script % "SELECT 1/0;\n", "CREATE TABLE public.users(id int); INSERT INTO public.users VALUES (1), (2)")
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.files.add("1", script % "")
        self.assertIn("a temporary object (line 1), which went with its session. Undo what was run, then truss mark-rolled-back 1; or do the rest by hand, "
                      "then truss mark-applied 1.", self.refused(rpc))
        self.assertEqual(self.sql("SELECT count(*) FROM public.users"), [("2",)])

    def test_what_a_new_session_begins_with_stops_the_run_that_goes_on(self):
        """The search path of the one that was interrupted is the old one: the rest would change another table."""
        script = f"ALTER DATABASE {self.database} SET search_path = other, public;\nVACUUM _prisma_migrations;\n%sDELETE FROM users;"
        rpc = self.prisma(script % "SELECT 1/0;\n", "CREATE SCHEMA other; CREATE TABLE users(id int); CREATE TABLE other.users(id int); INSERT INTO other.users VALUES (1)")
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.files.add("1", script % "")
        self.assertIn("ALTER ROLE or DATABASE … SET (line 1), which went with its session", self.refused(rpc))
        self.assertEqual(self.sql("SELECT count(*) FROM other.users"), [("1",)])

    def test_what_others_sessions_begin_with_stops_no_run(self):
        self.sql("CREATE ROLE cut_anon")
        self.addCleanup(self.sql, "DROP ROLE cut_anon")
        script = "ALTER ROLE cut_anon SET statement_timeout = '5s';\nVACUUM _prisma_migrations;\n%sCREATE TABLE rest(id int);"
        rpc = self.prisma(script % "SELECT 1/0;\n")
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.files.add("1", script % "")
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT count(*) FROM rest"), [("0",)])

    def test_the_mode_of_the_transaction_comes_before_our_own_statements(self):
        rpc = self.prisma("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE level AS SELECT current_setting('transaction_isolation') AS l;\nCOMMIT;\n"
                          "CREATE TABLE next AS SELECT current_setting('transaction_isolation') AS l;")
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT level.l, next.l FROM level, next"), [("serializable", "read committed")])

    # ---- lone BEGIN and COMMIT ----

    def sqlx(self, script):
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        project.write("Cargo.toml", CARGO)
        project.write("migrations/20240101000000_a.sql", script)
        return self.rpc(self.worker(project))

    def test_a_lone_begin_is_a_warning_where_the_tool_wraps_the_file(self):
        rpc = self.sqlx("CREATE TABLE a (id int);\n\nBEGIN;\n\nCREATE TABLE b (id int);\n")
        self.assertEqual(len(rpc.call("MigrationService", "Plan").migrations[0].steps), 1)
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT success FROM _sqlx_migrations"), [("t",)])
        self.assertEqual([name for name, _ in self.owners()], ["a", "b"])

    def test_a_lone_begin_is_refused_where_its_changes_would_be_lost_and_the_worker_lives(self):
        rpc = self.prisma("CREATE TABLE a (id int);\n\nBEGIN;\n\nCREATE TABLE b (id int);\n")
        for _ in range(3):
            rpc.call("MigrationService", "Plan")
        self.assertIn("Line 3: this BEGIN has no COMMIT", self.refused(rpc))
        self.assertEqual(self.owners(), [])

    def test_a_lone_commit_ends_a_step(self):
        rpc = self.sqlx("CREATE TABLE a (id int);\nCOMMIT;\nCREATE TABLE b (id int);\n")
        self.run_ok(rpc)
        self.assertEqual([name for name, _ in self.owners()], ["a", "b"])
        self.assertEqual(self.sql("SELECT count(*) FROM _sqlx_migrations"), [("1",)])

    def check_deferred(self, script):
        """Behind the ROLLBACK sql-migrate has no transaction: what comes later does not satisfy the key in time."""
        self.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        project.write("dbconfig.yml", "development:\n  dialect: postgres\n  datasource: ${DATABASE_URL}\n  dir: migrations\n")
        project.write("migrations/1-a.sql", f"-- +migrate Up\nROLLBACK;\n{script}")
        self.assertIn("violates foreign key", self.refused(self.rpc(self.worker(project))))
        self.assertEqual(self.sql("SELECT id FROM a"), [])

    def test_a_deferred_key_is_checked_behind_its_own_statement_where_the_tool_sends_each_by_itself(self):
        self.check_deferred("INSERT INTO b VALUES (1);\nINSERT INTO a VALUES (1);\n")

    def test_a_table_that_was_renamed_keeps_its_deferred_key(self):
        self.check_deferred("ALTER TABLE b RENAME TO b2;\nINSERT INTO b2 VALUES (1);\nINSERT INTO a VALUES (1);\n")

    # ---- blocks that commit have one row ----

    def check_one_row(self, files, table):
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        for path, text in files.items():
            project.write(path, text)
        self.run_ok(self.rpc(self.worker(project)))
        self.assertEqual(self.sql("SELECT id FROM a ORDER BY 1"), [("1",), ("2",)])
        return self.sql(f"SELECT count(*) FROM {table}")

    def test_a_block_that_commits_is_recorded_once_by_goose(self):
        rows = self.check_one_row({"migrations/00001_a.sql": "-- +goose Up\nCREATE TABLE a (id int);\n",
                                   "migrations/00002_b.sql": "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\n"
                                                             + COMMITTING + "-- +goose StatementEnd\n"}, "goose_db_version WHERE version_id > 0")
        self.assertEqual(rows, [("2",)])

    def test_a_block_that_commits_is_recorded_once_by_dbmate(self):
        rows = self.check_one_row({"db/migrations/1_a.sql": "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\n",
                                   "db/migrations/2_b.sql": "-- migrate:up transaction:false\n" + COMMITTING + "-- migrate:down\n"}, "schema_migrations")
        self.assertEqual(rows, [("2",)])

    def test_a_block_that_commits_is_recorded_once_by_sqlx(self):
        rows = self.check_one_row({"Cargo.toml": CARGO, "migrations/1_a.sql": "CREATE TABLE a (id int);\n",
                                   "migrations/2_b.sql": "-- no-transaction\n" + COMMITTING}, "_sqlx_migrations")
        self.assertEqual(rows, [("2",)])

    # ---- a mark in front ----

    def check_no_transaction(self, files):
        """Outside of a transaction SET LOCAL is a warning."""
        self.sql("CREATE SCHEMA other")
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        for path, text in files.items():
            project.write(path, text)
        self.run_ok(self.rpc(self.worker(project)))
        self.assertEqual(self.sql("SELECT to_regclass('public.a') IS NOT NULL"), [("t",)])

    def test_a_byte_order_mark_hides_no_word_that_wants_no_transaction_yoyo(self):
        self.check_no_transaction({"yoyo.ini": "[DEFAULT]\nsources = migrations\n",
                                   "migrations/1-a.sql": "\ufeff-- transactional: false\nSET LOCAL search_path = other;\nCREATE TABLE a (id int);\n"})

    # ---- quotes ----

    def test_a_quote_that_is_never_closed_is_named_with_its_line(self):
        rpc = self.prisma("CREATE TABLE t(s text);\nINSERT INTO t VALUES ('abc);\n")
        self.assertIn("Line 2: a quote ' is opened here and never closed", self.refused(rpc))
        self.assertEqual(self.ledger(), [])

    def test_a_server_with_escapes_in_plain_strings_is_cut_where_it_cuts(self):
        self.cluster.psql("postgres", f"ALTER DATABASE {self.database} SET standard_conforming_strings = off")
        rpc = self.prisma("CREATE TABLE q AS SELECT 'it\\'; VACUUM; --' AS s;\nVACUUM _prisma_migrations;\nINSERT INTO q VALUES ('a\\\\b');")
        self.assertEqual(list(rpc.call("MigrationService", "Plan", {}).failures), [])
        self.run_ok(rpc)
        self.assertEqual(self.sql("SELECT s FROM q ORDER BY length(s) DESC"), [("it'; VACUUM; --",), ("a\\b",)])


if __name__ == "__main__":
    harness.main()
