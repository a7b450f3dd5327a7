"""`check`: the plan held against the server. Whom a run would wait for, which rights are missing, what the server has not; each told
before anything runs, and with nothing in the way it is safe. What a check says of a failure is held against a run."""
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for


LEDGER = """CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0);"""


class Check(Case):
    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE users (id int PRIMARY KEY, name text); CREATE TABLE other (id int REFERENCES users); CREATE SCHEMA area; CREATE TABLE area.t (id int);" + LEDGER)

    def check(self, *scripts, url=None):
        project = self.project()
        for number, sql in enumerate(scripts, 1):
            project.add(str(number), sql)
        self.process = self.worker(project, url=url or self.url())
        self.connection = self.rpc(self.process)
        return self.connection.call("MigrationService", "Check")

    def assert_warned(self, reply, *words):
        self.assertFalse(reply.safe)
        for one in words:
            self.assertRegex("\n".join(reply.warnings), one)

    def assert_run_fails(self, sqlstate):
        run = self.connection.call("MigrationService", "Run")
        self.assertFalse(run.ok)
        self.assertEqual(run.failed.sqlstate if run.HasField("failed") else "", sqlstate)

    def role(self, *grants, attributes=""):
        """A role with these rights alone, and its connection URL."""
        name = f"r{os.getpid()}_{self.database[-6:]}"
        self.sql(f"CREATE ROLE {name} LOGIN PASSWORD 'pw' {attributes}; REVOKE ALL ON SCHEMA public FROM public; GRANT USAGE, CREATE ON SCHEMA public TO {name};")
        self.addCleanup(self.cluster.psql, self.database, f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")
        self.sql(f"ALTER TABLE _prisma_migrations OWNER TO {name}")
        for one in grants:
            self.sql(one.format(name))
        parts = urllib.parse.urlsplit(self.url())
        return name, parts._replace(netloc=f"{name}:pw@{parts.hostname}:{parts.port}").geturl()

    # ---- who is in the way ----

    def test_nothing_in_the_way_is_safe(self):
        reply = self.check("ALTER TABLE users ADD COLUMN x int; CREATE TABLE made (id int REFERENCES users); INSERT INTO made VALUES (1);")
        self.assertEqual((reply.safe, list(reply.warnings)), (True, []))

    def test_who_holds_a_lock_is_named_with_its_query(self):
        self.hold("BEGIN", "SELECT count(*) FROM users")
        reply = self.check("ALTER TABLE users ADD COLUMN x int;")
        self.assert_warned(reply, r"would wait for pid \d+ .*in a transaction since \d+ s: SELECT pg_sleep\(60\)\), which has a lock on users \(AccessShareLock\)")
        shown = self.truss("check", worker=self.process).stdout
        self.assertRegex(shown, r"^not safe")
        self.assertIn("would wait for pid", shown)
        doctor = self.truss("doctor", worker=self.process)
        self.assertIn("would wait for pid", doctor.stdout)
        self.assertNotEqual(doctor.returncode, 0)

    def test_a_lock_on_a_table_that_the_statement_does_not_name(self):
        self.hold("BEGIN", "SELECT count(*) FROM users")
        self.assert_warned(self.check("DROP TABLE other;"), "which has a lock on users")

    def test_a_lock_on_a_table_that_the_plan_has_renamed(self):
        self.hold("BEGIN", "SELECT count(*) FROM other")
        self.assert_warned(self.check("ALTER TABLE users ADD COLUMN x int;", "ALTER TABLE other RENAME TO others;", "ALTER TABLE others ADD COLUMN y int;"), "which has a lock on other ")

    def test_a_lock_that_does_not_conflict_is_nothing(self):
        self.hold("BEGIN", "SELECT count(*) FROM users")
        self.assertTrue(self.check("INSERT INTO users VALUES (1);").safe)

    def test_who_waits_in_front(self):
        self.hold("BEGIN", "SELECT count(*) FROM users")
        waiter = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN", "-c", "LOCK users"], stderr=subprocess.DEVNULL)
        self.addCleanup(waiter.wait)
        self.addCleanup(waiter.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
        self.assert_warned(self.check("INSERT INTO users VALUES (1);"), "waits in front for a lock on users")

    def test_a_prepared_transaction(self):
        if self.sql("SHOW max_prepared_transactions")[0][0] == "0":
            self.assert_warned(self.check("BEGIN; CREATE TABLE x (); PREPARE TRANSACTION 'x';"), "max_prepared_transactions is 0|PREPARE TRANSACTION")
            return
        self.sql("BEGIN; LOCK users; PREPARE TRANSACTION 'theirs'")
        self.addCleanup(lambda: self.sql("ROLLBACK PREPARED 'theirs'"))
        self.assert_warned(self.check("ALTER TABLE users ADD COLUMN x int;"), 'would wait for the prepared transaction "theirs".*ROLLBACK PREPARED')

    def test_an_old_snapshot_holds_up_an_index_that_is_built_concurrently(self):
        self.hold("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM area.t")
        self.assert_warned(self.check("CREATE INDEX CONCURRENTLY i ON users (name);"), r"CREATE INDEX CONCURRENTLY would wait for pid \d+ .*whose snapshot is older")

    def test_another_run(self):
        self.hold("SELECT pg_advisory_lock(1414681939, 7)")
        self.assert_warned(self.check("SELECT 1;"), "which is a run")

    # ---- rights ----

    def test_a_role_that_does_not_own_what_it_changes(self):
        name, url = self.role("GRANT USAGE ON SCHEMA area TO {}")
        reply = self.check("ALTER TABLE users ADD COLUMN x int;", url=url)
        self.assert_warned(reply, f'"{name}" is not the owner of users .*GRANT "app" TO "{name}"')
        self.assert_run_fails("42501")

    def test_rights_that_are_missing_are_told_with_their_grant(self):
        for sql, words in (("INSERT INTO users VALUES (1);", "lacks INSERT on users, .*GRANT INSERT ON users TO"),
                           ("DELETE FROM users;", "lacks DELETE on users"), ("TRUNCATE users;", "lacks TRUNCATE on users"),
                           ("CREATE TABLE n (id int REFERENCES users);", "lacks REFERENCES on users"),
                           ("CREATE TABLE n AS SELECT 1; INSERT INTO n SELECT id FROM users;", "lacks SELECT on users"),
                           ("CREATE TABLE area.n ();", 'may not create in schema "area".*GRANT CREATE, USAGE ON SCHEMA "area"'),
                           ("ALTER TABLE area.t ADD COLUMN x int;", 'may not use the schema "area".*GRANT USAGE ON SCHEMA "area"'),
                           ("CREATE SCHEMA made;", "makes a schema, and the role .* may not: GRANT CREATE ON DATABASE"),
                           ("CREATE ROLE made;", "makes or changes roles"), ("CREATE INDEX i ON users (name);", "not the owner of users"),
                           ("DROP TABLE other;", "not the owner of other"), ("COMMENT ON TABLE users IS 'x';", "not the owner of users")):
            with self.subTest(sql):
                self.setUp()
                self.assert_warned(self.check(sql, url=self.role()[1]), words)
                self.assert_run_fails("42501")

    def test_rights_that_are_there_are_enough(self):
        _, url = self.role("GRANT USAGE ON SCHEMA area TO {}", "GRANT INSERT, UPDATE (name), SELECT, REFERENCES ON users TO {}", "GRANT CREATE ON SCHEMA area TO {}")
        reply = self.check("INSERT INTO users VALUES (1); UPDATE users SET name = 'x'; CREATE TABLE area.n (id int REFERENCES users); ALTER TABLE area.n ADD COLUMN y int;"
                           "CREATE TABLE mine (id int); ALTER TABLE mine ADD COLUMN z int; DROP TABLE mine;", url=url)
        self.assertEqual(list(reply.warnings), [])
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_a_role_that_may_not_create_in_its_schema(self):
        name, url = self.role()
        self.sql(f"REVOKE CREATE ON SCHEMA public FROM {name}; DROP TABLE _prisma_migrations, other, users")
        self.assert_warned(self.check("SELECT 1;", url=url), "The ledger is to be made, and the role .* may not create in schema \"public\": GRANT CREATE")
        self.assertIn("BAD", self.truss("doctor", worker=self.process).stdout)

    def test_a_schema_that_is_not_empty_and_has_no_ledger(self):
        self.sql("DROP TABLE _prisma_migrations")
        self.assert_warned(self.check("SELECT 1;"), 'The schema "public" is not empty .* and has no Prisma ledger: mark the migrations')

    # ---- the server ----

    def test_read_only_sessions(self):
        self.sql(f"ALTER DATABASE {self.database} SET default_transaction_read_only = on")
        self.assert_warned(self.check("CREATE TABLE n ();"), "read-only")

    def test_a_role_with_too_few_connections(self):
        _, url = self.role(attributes="CONNECTION LIMIT 2")
        self.assert_warned(self.check("CREATE TABLE n ();", url=url), r"may have 2 connection\(s\), and has \d: a run needs 3 more")

    def test_an_extension_that_the_server_has_not(self):
        self.assert_warned(self.check("CREATE EXTENSION no_such_thing;"), '"no_such_thing" is not available on this server')

    def test_row_security_that_hides_rows(self):
        name, url = self.role("GRANT SELECT, UPDATE ON users TO {}")
        self.sql(f"ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users TO {name} USING (id > 5)")
        self.assert_warned(self.check("UPDATE users SET name = 'x';", url=url), "Row security applies to the role .* on users")

    def test_a_published_table_without_an_identity(self):
        self.sql("CREATE TABLE logged (id int); CREATE PUBLICATION p FOR TABLE logged")
        self.assert_warned(self.check("UPDATE logged SET id = 1;"), "logged is published .* has no replica identity")

    def test_what_is_known_and_no_reason_is_a_note(self):
        self.sql(f"ALTER DATABASE {self.database} SET statement_timeout = '70s'; CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch ON ddl_command_start EXECUTE FUNCTION ev()")
        reply = self.check("CREATE TABLE n ();")
        self.assertTrue(reply.safe, reply.warnings)
        self.assertRegex("\n".join(reply.notes), 'event trigger "watch" runs ev')
        self.assertRegex("\n".join(reply.notes), "statement_timeout is 70000ms")
        self.assertIn("note: The event trigger", self.truss("check", worker=self.process).stdout)
        self.assertIn("event trigger", self.truss("doctor", worker=self.process).stdout)

    def test_another_role_is_not_asked_for_the_rights_of_this_one(self):
        self.assertTrue(self.check("SET ROLE app; ALTER TABLE users ADD COLUMN x int;").safe)


if __name__ == "__main__":
    harness.main()
