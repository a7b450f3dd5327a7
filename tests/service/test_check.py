"""`check`: the plan held against the server. Whom a run would wait for, which rights are missing, what the server has not; each told
before anything runs, and with nothing in the way it is safe. What a check says of a failure is held against a run."""
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from cluster import verifier
from harness import Staying, wait_for

harness.Cluster.keeps = True


LEDGER = """CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0);"""


class Check(Staying):
    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE users (id int PRIMARY KEY, name text); CREATE TABLE other (id int REFERENCES users); CREATE SCHEMA area; CREATE TABLE area.t (id int);" + LEDGER)

    def check(self, *scripts, url=None):
        return self.stay(*scripts, url=url).call("MigrationService", "Check")

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
        password = verifier("pw") if self.cluster.version > 13 else "pw"
        if self.sql(f"SELECT FROM pg_roles WHERE rolname = '{name}'"):
            self.drop_role(name)  # of another scenario of this test
        else:
            self.addCleanup(self.drop_role, name)
        self.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {attributes}; REVOKE ALL ON SCHEMA public FROM public; GRANT USAGE, CREATE ON SCHEMA public TO {name};")
        self.sql(f"ALTER TABLE _prisma_migrations OWNER TO {name}")
        for one in grants:
            self.sql(one.format(name))
        parts = urllib.parse.urlsplit(self.url())
        return name, parts._replace(netloc=f"{name}:pw@{parts.hostname}:{parts.port}").geturl()

    def drop_role(self, name):
        self.end_sessions(f"usename = '{name}'")
        self.sql(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")

    def are_read_only(self):
        """The sessions of this database, from now on."""
        self.sql(f"ALTER DATABASE {self.database} SET default_transaction_read_only = on")
        self.end_sessions()

    # ---- event triggers ----

    STRICT = ("CREATE FUNCTION strict() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() "
              "WHERE object_identity LIKE 'truss%') THEN RAISE EXCEPTION 'no schema of yours'; END IF; END $$; CREATE EVENT TRIGGER strict ON ddl_command_end EXECUTE FUNCTION strict();")
    IN_STEPS = "CREATE TABLE a (id int); CREATE INDEX CONCURRENTLY i ON a (id); CREATE TABLE b (id int);"

    def test_an_event_trigger_does_not_see_what_a_superuser_makes_for_itself(self):
        self.sql(self.STRICT + "CREATE TABLE seen (tag text); CREATE FUNCTION sees() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen "
                 "SELECT object_identity FROM pg_event_trigger_ddl_commands(); END $$; CREATE EVENT TRIGGER sees ON ddl_command_end EXECUTE FUNCTION sees()")
        self.addCleanup(self.sql, "DROP EVENT TRIGGER IF EXISTS strict; DROP EVENT TRIGGER IF EXISTS sees")
        self.assertNotIn("also runs when Truss makes", "\n".join(self.check(self.IN_STEPS).notes))
        reply = self.connection.call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT tag FROM seen ORDER BY 1"), [("public.a",), ("public.b",), ("public.i",)])

    def test_an_event_trigger_that_stops_our_own_tables_is_told_before_and_named(self):
        _, url = self.role("GRANT CREATE ON DATABASE " + self.database + " TO {}")
        self.sql(self.STRICT)
        self.addCleanup(self.sql, "DROP EVENT TRIGGER IF EXISTS strict")
        self.assertIn('event trigger "strict" also runs when Truss makes its own schema', "\n".join(self.check(self.IN_STEPS, url=url).notes))
        reply = self.connection.call("MigrationService", "Run")
        self.assertFalse(reply.ok)
        self.assertIn("no schema of yours", reply.failed.error)
        self.assertIn("Event triggers run when Truss makes its own tables (schema \"truss\"): strict", reply.failed.hint)
        self.assertEqual(self.sql("SELECT to_regclass('public.a') IS NULL"), [("t",)])

    # ---- who is in the way ----

    def test_steps_need_no_right_to_plpgsql(self):
        _, url = self.role(f"GRANT CREATE ON DATABASE {self.database} TO {{}}", "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC")
        self.assertEqual(list(self.check(self.IN_STEPS, url=url).warnings), [])
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_nothing_in_the_way_is_safe(self):
        self.sql("INSERT INTO users VALUES (1)")
        reply = self.check("ALTER TABLE users ADD COLUMN x int; CREATE TABLE made (id int REFERENCES users); INSERT INTO made VALUES (1);")
        self.assertEqual((reply.safe, list(reply.warnings)), (True, []))

    def test_an_attempt_that_failed_is_told_and_no_reason(self):
        self.check("SELECT length(name) / (SELECT count(*) FROM other) FROM users; SELECT 1 / (SELECT count(*) FROM other)")
        self.assertFalse(self.connection.call("MigrationService", "Run").ok)
        reply = self.connection.call("MigrationService", "Check")
        self.assertTrue(reply.safe, list(reply.warnings))
        self.assertRegex("\n".join(reply.notes), r'The last attempt at "1" failed \(20\d\d-.*, by .*\): division by zero')
        self.sql("INSERT INTO other VALUES (NULL)")
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)
        self.assertNotIn("attempt", "\n".join(self.connection.call("MigrationService", "Check").notes))

    def test_who_holds_a_lock_is_named_with_its_query(self):
        self.hold("BEGIN", "SELECT count(*) FROM users")
        reply = self.check("ALTER TABLE users ADD COLUMN x int;")
        self.assert_warned(reply, r"would wait for pid \d+ .*, active, its transaction for \d+ s: SELECT pg_sleep\(60\)\), which has a lock on users \(AccessShareLock\)")
        shown = self.truss("check", worker=self.process).stdout
        self.assertRegex(shown, r"(?m)^not safe")
        self.assertIn("would wait for pid", shown)
        doctor = self.truss("doctor", worker=self.process)
        self.assertIn("would wait for pid", doctor.stdout)
        self.assertNotEqual(doctor.returncode, 0)

    def test_whose_sessions_the_role_may_not_look_into_are_counted_and_named_all_the_same(self):
        """pg_stat_activity shows a role without pg_read_all_stats no more of another role's session than that it is there."""
        _, url = self.role("ALTER TABLE users OWNER TO {}")
        self.hold("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM users")
        hidden = r'pid \d+ \(application "psql", user app, its state is not shown to this role: its query is not shown to this role\), '
        self.assert_warned(self.check("ALTER TABLE users ADD COLUMN x int;", "CREATE INDEX CONCURRENTLY i ON users (name);", url=url),
                           f"would wait for {hidden}which has a lock on users", f"CONCURRENTLY would wait for {hidden}whose snapshot is older")
        counted = self.connection.call("MigrationService", "Check")
        self.assertEqual((counted.active_tx_count, counted.lock_count), (1, 0))
        waiter = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN", "-c", "LOCK users"], stderr=subprocess.DEVNULL)
        self.addCleanup(waiter.wait)
        self.addCleanup(waiter.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
        self.assertEqual(self.connection.call("MigrationService", "Check").lock_count, 1)
        limit = 1 + int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")[0][0])
        self.sql(f"ALTER DATABASE {self.database} CONNECTION LIMIT {limit}")
        self.assert_warned(self.connection.call("MigrationService", "Check"), rf"\d of the database's {limit} connections are used")

    def test_a_look_of_our_own_is_no_reason_as_long_as_it_is_short(self):
        self.hold("SET application_name = 'truss'", "BEGIN", "SELECT count(*) FROM users")
        self.assertTrue(self.check("ALTER TABLE users ADD COLUMN x int;").safe)
        wait_for(lambda: self.sql("SELECT now() - xact_start > '5 s' FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == [("t",)])
        self.assert_warned(self.connection.call("MigrationService", "Check"), r"would wait for pid \d+ .*, which has a lock on users \(AccessShareLock\)")

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
        self.assert_warned(self.check("SELECT 1;"), r"user \w+, [a-z ]+(, its transaction for \d+ s)?: .*which is a run")

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
                           ("CREATE TEMP TABLE n AS SELECT * FROM users;", "lacks SELECT on users"), ("CREATE TABLE n (LIKE users);", "lacks SELECT on users"),
                           ("CREATE MATERIALIZED VIEW n AS SELECT * FROM users;", "lacks SELECT on users"),
                           ("WITH x AS (SELECT 1) INSERT INTO users SELECT 1 FROM x;", "lacks INSERT, UPDATE, DELETE on users"),
                           ("LOCK TABLE users IN SHARE MODE;", "lacks UPDATE, DELETE, TRUNCATE on users"), ("TABLE users;", "lacks SELECT on users"),
                           ("VALUES ((SELECT count(*) FROM users));", "lacks SELECT on users"), ("EXPLAIN SELECT * FROM users;", "lacks SELECT on users"),
                           ("DROP TABLE other;", "not the owner of other"), ("COMMENT ON TABLE users IS 'x';", "not the owner of users")):
            with self.subTest(sql):
                self.begin_anew()
                self.assert_warned(self.check(sql, url=self.role()[1]), words)
                self.assert_run_fails("42501")

    def test_a_query_that_is_only_stored_needs_no_right_on_what_it_reads(self):
        """PostgreSQL looks at it when the view is used. The owner of a view that is replaced must still be the role's."""
        for sql, fails in (("CREATE VIEW v AS SELECT * FROM users;", False), ("CREATE OR REPLACE VIEW v AS SELECT * FROM users;", False),
                           ("CREATE MATERIALIZED VIEW v AS SELECT * FROM users WITH NO DATA;", False), ("PREPARE q AS SELECT * FROM users;", False),
                           ("CREATE TABLE v AS SELECT * FROM users WITH NO DATA;", False), ("CREATE OR REPLACE VIEW seen AS SELECT 1 AS x;", True)):
            with self.subTest(sql):
                self.begin_anew()
                self.sql("CREATE VIEW seen AS SELECT 1 AS x")
                reply = self.check(sql, url=self.role()[1])
                self.assertEqual([w for w in reply.warnings if "lacks" in w or "not the owner" in w] != [], fails, reply.warnings)
                self.assertEqual(self.connection.call("MigrationService", "Run").failed.sqlstate, "42501" if fails else "")

    def test_partitions_of_another_role_stop_what_goes_down_to_them_and_nothing_else(self):
        """As PostgreSQL 15 itself does; 12 wants TRUNCATE on partitions, too."""
        truncate = "TRUNCATE p; " if self.cluster.version > 12 else ""
        parts = "CREATE TABLE p (id int, n int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); ALTER TABLE p OWNER TO {}"
        for sql, fails in (("ALTER TABLE p ADD COLUMN x int;", True), ("ALTER TABLE p ALTER n SET NOT NULL;", True), ("ALTER TABLE p RENAME n TO m;", True),
                           ("CREATE INDEX i ON p (n); " + truncate + "ALTER TABLE p ENABLE ROW LEVEL SECURITY; ALTER TABLE p RENAME TO q;", False)):
            with self.subTest(sql):
                self.begin_anew()
                reply = self.check(sql, url=self.role(parts)[1])
                self.assertEqual("not the owner of p1" in "\n".join(reply.warnings), fails)
                self.assertEqual(self.connection.call("MigrationService", "Run").failed.sqlstate, "42501" if fails else "")

    def test_a_truncate_needs_the_right_on_what_it_empties_along(self):
        """On partitions and children before PostgreSQL 13 alone; on what references the table in any case. As measured on 12, 15 and 18."""
        made = ("CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE old (id serial PRIMARY KEY);"
                "CREATE TABLE young () INHERITS (old); CREATE TABLE refers (id int PRIMARY KEY REFERENCES old); CREATE TABLE below () INHERITS (refers); CREATE TABLE parts (id int REFERENCES p) PARTITION BY LIST (id);"
                "CREATE TABLE parts1 PARTITION OF parts FOR VALUES IN (1); GRANT TRUNCATE ON p, old TO {}")
        before_13 = self.cluster.version < 13
        for sql, more, lacks in (("TRUNCATE ONLY old CASCADE;", "GRANT TRUNCATE ON young TO {}", "lacks TRUNCATE on refers"), ("TRUNCATE old CASCADE;", "GRANT TRUNCATE ON young TO {}", "lacks TRUNCATE on refers"),
                                 ("TRUNCATE old CASCADE;", "GRANT TRUNCATE ON refers TO {}", "lacks TRUNCATE on young" if before_13 else None),
                                 ("TRUNCATE p CASCADE;", "GRANT TRUNCATE ON parts, p1 TO {}", "lacks TRUNCATE on parts1"), ("TRUNCATE p CASCADE;", "GRANT TRUNCATE ON p1, parts, parts1 TO {}", None),
                                 ("ALTER TABLE parts DROP CONSTRAINT parts_id_fkey; TRUNCATE p;", "ALTER TABLE parts OWNER TO {0}; ALTER TABLE parts1 OWNER TO {0}", "lacks TRUNCATE on p1" if before_13 else None),
                                 ("TRUNCATE ONLY old RESTART IDENTITY CASCADE;", "GRANT TRUNCATE ON refers TO {}", "not the owner of old_id_seq")):
            with self.subTest(sql, more=more):
                self.begin_anew()
                reply = self.check(sql, url=self.role(made, more)[1])
                self.assertEqual([w for w in reply.warnings if "lacks" in w or "not the owner" in w] != [], lacks is not None, reply.warnings)
                self.assertIn(lacks or "", "\n".join(reply.warnings))
                self.assertEqual(self.connection.call("MigrationService", "Run").failed.sqlstate, "42501" if lacks else "")

    def test_a_right_that_a_trigger_gives_is_not_missing(self):
        self.sql("CREATE TABLE wish (id int)")
        name, url = self.role("GRANT INSERT ON wish TO {}")
        self.sql(f"CREATE FUNCTION give() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN GRANT INSERT ON users TO {name}; RETURN NULL; END $$;"
                 "CREATE TRIGGER t AFTER INSERT ON wish EXECUTE FUNCTION give()")
        self.check("INSERT INTO wish VALUES (1); INSERT INTO users VALUES (1);", url=url)
        self.assertEqual(list(self.connection.call("MigrationService", "Plan").failures), [])
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_each_warning_has_a_reason(self):
        self.hold("BEGIN", "LOCK TABLE users IN ACCESS SHARE MODE")
        reply = self.check("ALTER TABLE users ADD COLUMN x int;", "DROP TABLE nothere;")
        reasons = dict(zip(reply.warning_reasons, reply.warnings))
        self.assertEqual(len(reply.warning_reasons), len(reply.warnings))
        self.assertIn("nothere", reasons["WOULD_FAIL"])
        self.assertIn("users", reasons["WOULD_WAIT"])
        self.assertEqual(set(reasons), {"WOULD_FAIL", "WOULD_WAIT"})

    def test_a_database_whose_name_is_computed_is_a_note(self):
        for host, name, told in (("'127.0.0.1'", "`app_${stage}`", True), ("'127.0.0.1'", f"'{self.database}'", False), ("'127.0.0.1'", "process.env.TRUSS_NOT_SET", True)):
            with self.subTest(name):
                project = self.project(folder="migrations")
                project.write("knexfile.js", f"module.exports = {{\n  client: 'pg',\n  connection: {{\n    host: {host},\n    database: {name},\n  }},\n}};\n")
                project.write("migrations/20250101000000_a.js", "exports.up = (knex) => knex.raw('SELECT 1');\nexports.down = () => {};\n")
                reply = self.rpc(self.worker(project, url=self.url())).call("MigrationService", "Check", {"framework": "knex"})
                self.assertEqual([one for one in reply.notes if "knexfile.js, line 5" in one] != [], told, reply)

    def check_as(self, framework, script, url):
        self.files = self.project(folder="migrations")
        self.files.write("migrations/00001_a.sql", script)
        self.connection = self.rpc(self.worker(self.files, "--framework", framework, url=url))
        return self.connection.call("MigrationService", "Check")

    def test_rights_on_what_the_tracking_table_needs_are_told(self):
        (name, url), goose = self.role(), ("goose", "-- +goose Up\nCREATE TABLE made ();\n-- +goose Down\n")
        self.sql("CREATE TABLE goose_db_version (id serial, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now()); INSERT INTO "
                 f"goose_db_version VALUES (0, 0, true); CREATE TABLE migrations (migration varchar(255)); GRANT SELECT, INSERT ON migrations TO {name}; GRANT ALL ON goose_db_version TO {name}")
        self.assert_warned(self.check_as(*goose, url), "may not use the sequence public.goose_db_version_id_seq.*GRANT USAGE ON SEQUENCE")
        self.sql(f"GRANT USAGE ON SEQUENCE goose_db_version_id_seq TO {name}")
        self.assertTrue(self.check_as(*goose, url).safe and self.connection.call("MigrationService", "Run").ok)
        self.assert_warned(self.check_as("rambler", "-- rambler up\nSELECT 1;\n-- rambler down\n", url), "may not lock the tracking table public.migrations")
        self.assert_run_fails("42501")

    def test_a_trigger_that_discards_the_row_is_told(self):
        self.sql("CREATE FUNCTION gives_none() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; "
                 "CREATE TRIGGER keeps_none BEFORE INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION gives_none()")
        self.assert_warned(self.check("CREATE TABLE made ();"), 'has the trigger "keeps_none", which discards its new rows.*DROP TRIGGER keeps_none ON public._prisma_migrations')
        self.assertFalse(self.connection.call("MigrationService", "Run").ok)
        self.sql("DROP TRIGGER keeps_none ON _prisma_migrations; CREATE TRIGGER after_it AFTER INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION gives_none()")
        self.assertTrue(self.connection.call("MigrationService", "Check").safe)

    def test_a_rule_that_discards_the_row_is_told(self):
        rule = "CREATE RULE keeps_none AS ON INSERT TO _prisma_migrations DO INSTEAD NOTHING"
        self.sql(rule)
        self.assert_warned(self.check("CREATE TABLE made ();"), 'has the rule "keeps_none", which discards its new rows.*DROP RULE keeps_none ON public._prisma_migrations')
        self.assertIn("keeps_none", "\n".join(self.connection.call("MigrationService", "Plan").failures))
        self.assertFalse(self.connection.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT to_regclass('made')"), [(None,)])
        self.sql("DROP RULE keeps_none ON _prisma_migrations; " + rule.replace("DO", "WHERE NEW.migration_name = 'another' DO"))
        self.assertTrue(self.connection.call("MigrationService", "Check").safe)

    def test_rights_that_are_there_are_enough(self):
        _, url = self.role("GRANT USAGE ON SCHEMA area TO {}", "GRANT INSERT, UPDATE (name), SELECT, REFERENCES ON users TO {}", "GRANT CREATE ON SCHEMA area TO {}")
        reply = self.check("INSERT INTO users VALUES (1); UPDATE users SET name = 'x'; CREATE TABLE area.n (id int REFERENCES users); ALTER TABLE area.n ADD COLUMN y int;"
                           "CREATE TABLE mine (id int); ALTER TABLE mine ADD COLUMN z int; DROP TABLE mine;", url=url)
        self.assertEqual(list(reply.warnings), [])
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_what_a_role_may_do_without_owning_the_table_is_no_failure(self):
        """VACUUM passes over a table with a warning, and a schema's owner drops what is in it; but not a trigger of another's table."""
        name, url = self.role()
        self.sql("CREATE TABLE area.u (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
                 f"CREATE TRIGGER t BEFORE INSERT ON area.u FOR EACH ROW EXECUTE FUNCTION f(); ALTER SCHEMA area OWNER TO {name}; GRANT CREATE ON DATABASE {self.database} TO {name}")
        self.check("VACUUM users;", "DROP TABLE area.t;", url=url)
        self.assertEqual(list(self.connection.call("MigrationService", "Plan").failures), [])
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)
        self.sql("DELETE FROM _prisma_migrations")
        self.check("DROP TRIGGER t ON area.u;", url=url)
        self.assertIn("is not the owner of area.u", "".join(self.connection.call("MigrationService", "Plan").failures))

    def test_a_role_that_may_not_create_in_its_schema(self):
        name, url = self.role()
        self.sql(f"REVOKE CREATE ON SCHEMA public FROM {name}; DROP TABLE _prisma_migrations, other, users")
        self.assert_warned(self.check("SELECT 1;", url=url), "The tracking table is to be made, and the role .* may not create in schema \"public\": GRANT CREATE")
        self.assertIn("BAD", self.truss("doctor", worker=self.process).stdout)

    def test_a_mark_where_nothing_can_be_written_says_why(self):
        self.check("SELECT 1;")
        self.sql(f"ALTER DATABASE {self.database} SET default_transaction_read_only = on")
        self.process.stop()
        self.check("SELECT 1;")
        for verb in ("mark-applied 1", "baseline --all"):
            self.assert_refused(verb, "in a read-only transaction", "The session takes no writes: the server is a standby, or default_transaction_read_only is on", sqlstate="25006")

    def test_a_role_that_may_not_use_what_we_keep(self):
        name, url = self.role()
        self.sql("CREATE SCHEMA truss")
        said = self.check("SELECT 1;", url=url)
        words = rf'The role "{name}" may not use what Truss keeps in the schema "{harness.SAID_SCHEMA}": permission denied'
        self.assert_warned(said, words)
        for verb in ("plan", "run --yes"):
            self.assert_refused(verb, words, "--print-grants")

    def assert_refused(self, verb, *words, sqlstate=None):
        """What a person reads where nothing could be begun: what to do, and the server's own words behind it."""
        done = self.truss(*verb.split(), worker=self.process)
        self.assertEqual(done.returncode, 1)
        for one in words:
            self.assertRegex(done.stdout + done.stderr, one)
        if sqlstate is not None:
            self.assertIn(f"sqlstate: {sqlstate}", done.stdout + done.stderr)

    def test_a_run_and_a_mark_say_what_to_grant(self):
        name, url = self.role()
        self.sql(f"REVOKE CREATE ON SCHEMA public FROM {name}; DROP TABLE _prisma_migrations, other, users")
        self.check("SELECT 1;", url=url)
        grant = f'The tracking table is to be made, and the role "{name}" may not create in schema "public": GRANT CREATE, USAGE ON SCHEMA "public" TO "{name}"'
        for verb in ("run", "mark-applied 1", "baseline --all"):
            with self.subTest(verb):
                self.assert_refused(verb, grant, "detail: permission denied for schema public", sqlstate="42501")
        self.sql(f"GRANT CREATE, USAGE ON SCHEMA public TO {name}")
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_a_script_that_may_not_says_where_the_grants_are_named(self):
        _, url = self.role()
        self.check("ALTER TABLE users ADD COLUMN x int;", url=url)
        self.assert_refused("run", "hint: A check .truss check. names each right", "Next: See what is missing: truss check", sqlstate="42501")

    def test_a_run_and_a_mark_in_a_session_that_is_read_only(self):
        self.sql("DROP TABLE _prisma_migrations, other, users")
        self.are_read_only()
        self.check("SELECT 1;")
        for verb in ("run", "mark-applied 1", "baseline --all"):
            with self.subTest(verb):
                self.assert_refused(verb, f"ALTER DATABASE {self.database} SET default_transaction_read_only = off", sqlstate="25006")

    def test_a_role_that_is_read_only_is_named_and_a_ledger_that_is_there_changes_nothing(self):
        name, url = self.role()
        self.sql(f"ALTER ROLE {name} SET default_transaction_read_only = true")
        self.assert_warned(self.check("CREATE TABLE n ();", url=url), f"ALTER ROLE {name} SET default_transaction_read_only = off")
        self.assert_refused("run", "hint: The session takes no writes", "Next: See what is missing: truss check", sqlstate="25006")

    def test_a_server_without_writes_is_told_though_there_can_be_no_plan(self):
        self.sql("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '1')")
        self.are_read_only()
        reply = self.check("CREATE TABLE n ();")
        with self.assertRaises(harness.RpcError):
            self.connection.call("MigrationService", "Plan")
        self.assert_warned(reply, "did not finish and is not resolved", f"ALTER DATABASE {self.database} SET default_transaction_read_only = off")

    def test_a_run_that_is_watched_says_why_nothing_can_be_written(self):
        self.check("CREATE TABLE a ();", "CREATE TABLE b ();")
        self.connection.call("MigrationService", "StartRun", {"target": "1"})
        wait_for(lambda: self.sql("SELECT to_regclass('a') IS NOT NULL")[0][0] == "t")
        self.sql(f"ALTER DATABASE {self.database} SET default_transaction_read_only = on")
        self.process.stop()
        self.check("CREATE TABLE a ();", "CREATE TABLE b ();")
        self.assert_refused("run --yes --progress", "hint: The session takes no writes", sqlstate="25006")

    def test_where_it_is_set_that_sessions_are_read_only_is_said(self):
        """By the role in this database, which counts before the role and the database; in the URL, which counts before all."""
        name, url = self.role()
        self.sql(f"ALTER ROLE {name} SET default_transaction_read_only = off; ALTER ROLE {name} IN DATABASE {self.database} SET default_transaction_read_only = on")
        self.assert_warned(self.check("CREATE TABLE n ();", url=url), f"ALTER ROLE {name} IN DATABASE {self.database} SET default_transaction_read_only = off")
        self.assert_warned(self.check("CREATE TABLE n ();", url=f"{url}?options=-cdefault_transaction_read_only%3Don"), "take it out of the connection's URL")

    def test_a_read_only_role_whose_name_needs_quotes_is_named(self):
        name, url = self.role()
        other = f"R{name}"
        self.sql(f"""ALTER ROLE {name} RENAME TO "{other}"; ALTER ROLE "{other}" PASSWORD 'pw'; ALTER ROLE "{other}" SET default_transaction_read_only = on""")
        self.addCleanup(self.sql, f'ALTER ROLE "{other}" RENAME TO {name}')
        reply = self.check("CREATE TABLE n ();", url=url.replace(name, other, 1))
        self.assert_warned(reply, f'ALTER ROLE "{other}" SET default_transaction_read_only = off')

    def test_a_schema_that_is_not_empty_and_has_no_ledger(self):
        self.sql("DROP TABLE _prisma_migrations")
        self.assert_warned(self.check("SELECT 1;"), 'The schema "public" is not empty .* and has no Prisma tracking table: mark the migrations')
        self.assertRegex(self.connection.call("MigrationService", "Plan").refusal, 'The schema "public" is not empty .* has no Prisma tracking table')
        for dry_run in (False, True):
            with self.assertRaisesRegex(harness.RpcError, "is not empty"):
                self.connection.call("MigrationService", "Run", {"dry_run": dry_run})

    def test_a_table_that_is_not_there_is_found_before_the_run(self):
        self.assert_warned(self.check('ALTER TABLE "Users" ADD COLUMN x int;'), 'Line 1 of "1" fails: "Users" is not there, and nothing before this statement makes it.')
        self.assert_run_fails("42P01")

    def test_what_is_made_before_or_may_be_is_no_failure(self):
        for scripts in (["CREATE TABLE n (id serial); ALTER TABLE n ADD x int; INSERT INTO n SELECT * FROM n; ALTER SEQUENCE n_id_seq RESTART;"],
                        ["ALTER TABLE users RENAME TO people; INSERT INTO people VALUES (7);"], ["DROP TABLE IF EXISTS nothing; ALTER TABLE IF EXISTS nothing ADD x int;"],
                        ["WITH w AS (SELECT 1 AS id) INSERT INTO users SELECT id FROM w; SELECT * INTO n FROM users; SELECT * FROM n;"],
                        ["CREATE TYPE pair AS (l int); ALTER TYPE pair ADD ATTRIBUTE r int;", "SELECT * FROM information_schema.tables, pg_class;"],
                        ["CREATE TEMP TABLE n (id int); INSERT INTO n VALUES (1);"], ["CREATE TABLE n (a int CONSTRAINT u UNIQUE); ALTER INDEX u RENAME TO v;"],
                        ["BEGIN; SAVEPOINT s; DROP TABLE other; SAVEPOINT s; ALTER TABLE users RENAME TO gone; ROLLBACK TO s; RELEASE s; ROLLBACK TO SAVEPOINT s;"
                         "INSERT INTO other DEFAULT VALUES; INSERT INTO users VALUES (7); COMMIT;"],
                        ["CREATE RULE r AS ON INSERT TO users DO ALSO INSERT INTO other VALUES (NEW.id);", "CREATE VIEW v AS WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT n FROM r) SELECT * FROM r;"]):
            with self.subTest(scripts):
                self.assertEqual(list(self.check(*scripts).warnings), [])
                self.assertTrue(self.connection.call("MigrationService", "Run").ok)
                self.begin_anew()
        reply = self.check("DO $$ BEGIN CREATE TABLE n (); END $$; ALTER TABLE n ADD x int;")
        self.assertNotIn("is not there", "\n".join(reply.warnings))

    def test_what_is_there_already_is_found_before_the_run(self):
        self.sql("CREATE TYPE mood AS ENUM ('sad'); CREATE INDEX users_name ON users (name); ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 0);"
                 "CREATE VIEW v AS SELECT 1 AS n; CREATE SEQUENCE s; CREATE DOMAIN d AS int")
        for sql, what, state in (("CREATE TABLE users (id int);", '"users"', "42P07"), ("CREATE TABLE area.t (id int);", '"t"', "42P07"), ("CREATE INDEX users_name ON other (id);", '"users_name"', "42P07"),
                                 ("CREATE VIEW v AS SELECT 2 AS n;", '"v"', "42P07"), ("CREATE SEQUENCE s;", '"s"', "42P07"), ("ALTER TABLE users ADD COLUMN name text;", 'column "name"', "42701"),
                                 ("CREATE TYPE mood AS ENUM ('glad');", 'type "mood"', "42710"), ("CREATE DOMAIN d AS text;", 'domain "d"', "42710"), ("ALTER TYPE mood ADD VALUE 'sad';", 'enum value "sad"', "42710"),
                                 ("ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 1);", 'constraint "positive"', "42710"), ("CREATE SCHEMA area;", 'schema "area"', "42P06"),
                                 ("CREATE TABLE other_than_users (id int); CREATE TABLE users AS SELECT 1;", '"users"', "42P07")):
            with self.subTest(sql):
                self.assert_warned(self.check(sql), f'Line 1 of "1" fails: (The )?{what} is there already')
                self.assert_run_fails(state)
                self.sql("DELETE FROM _prisma_migrations")

    def test_if_not_exists_over_another_thing_is_told(self):
        self.sql("CREATE INDEX users_name ON users (id); CREATE INDEX users_id ON users (id)")
        self.check("CREATE INDEX IF NOT EXISTS users_name ON users (name); CREATE INDEX IF NOT EXISTS users_id ON users (id);")
        said = "\n".join(self.connection.call("MigrationService", "Plan").warnings)
        run = self.connection.call("MigrationService", "Run")
        self.assertTrue(run.ok)
        for told in (said, "\n".join(run.warnings)):
            for name, is_told in (("users_name", True), ("users_id", False)):
                self.assertEqual(f'would skip the index "{name}"' in told, is_told, told)

    def test_what_is_taken_away_before_or_need_not_be_made_is_not_in_the_way(self):
        self.sql("CREATE TYPE mood AS ENUM ('sad'); CREATE INDEX users_name ON users (name); CREATE SCHEMA old; CREATE TYPE old.kind AS ENUM ('a'); CREATE TABLE old.t (); CREATE VIEW v AS SELECT 1 AS n")
        for sql in ("CREATE TABLE IF NOT EXISTS users (id int); CREATE OR REPLACE VIEW v AS SELECT 2 AS n; CREATE INDEX IF NOT EXISTS users_name ON users (name); ALTER TABLE users ADD COLUMN IF NOT EXISTS name text;",
                    "DROP INDEX users_name; CREATE INDEX users_name ON users (name);", "ALTER TABLE users RENAME TO people; CREATE TABLE users (id int); DROP TABLE users; ALTER TABLE people RENAME TO users;",
                    "ALTER TABLE users DROP COLUMN name; ALTER TABLE users ADD COLUMN name text; CREATE INDEX users_name ON users (name);", "ALTER TABLE users DROP COLUMN name, ADD COLUMN name text;",
                    "DROP TYPE mood; CREATE TYPE mood AS ENUM ('b');", "ALTER TYPE mood RENAME TO mood_was; CREATE TYPE mood AS ENUM ('c'); DROP TYPE mood_was;",
                    "DROP SCHEMA old CASCADE; CREATE SCHEMA old; CREATE TYPE old.kind AS ENUM ('b'); CREATE TABLE old.t ();", "CREATE TABLE area.users (id int); DROP TABLE area.users;",
                    'ALTER TABLE public.users ADD COLUMN IF NOT EXISTS name text; ALTER TABLE "users" ADD COLUMN IF NOT EXISTS "name" text; ALTER TYPE "mood" ADD VALUE IF NOT EXISTS \'sad\';',
                    "ALTER TABLE users ADD COLUMN a int, ADD COLUMN IF NOT EXISTS name text; ALTER TABLE users DROP COLUMN a;",
                    "CREATE TEMP TABLE users (id int);", "BEGIN; DROP TABLE other; CREATE TABLE other (); COMMIT;", "DO $$ BEGIN DROP VIEW v; END $$; CREATE VIEW v AS SELECT 3 AS n;",
                    "SET search_path = area; CREATE TYPE mood AS ENUM ('x'); CREATE TABLE users (id int);"):
            with self.subTest(sql):
                self.assertNotIn("is there already", "\n".join(self.check(sql).warnings))
                self.assertTrue(self.connection.call("MigrationService", "Run").ok)
                self.sql("DELETE FROM _prisma_migrations")

    def test_what_a_function_makes_that_nobody_calls_by_name_is_not_missing(self):
        """A trigger, an event trigger, a default, a view: what their functions make is not in the scripts."""
        makes = "CREATE FUNCTION make() RETURNS {} LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE IF NOT EXISTS n (id int); RETURN {}; END $$;"
        trigger, value = makes.format("trigger", "NULL"), makes.format("int", "1")
        for there, scripts in ((trigger + "CREATE TRIGGER t AFTER INSERT ON users EXECUTE FUNCTION make()", ["INSERT INTO users VALUES (7)"]),
                               ("", [trigger + "CREATE TRIGGER t AFTER INSERT ON users EXECUTE FUNCTION make();", "INSERT INTO users VALUES (7)"]),
                               (makes.format("event_trigger", "") + "CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN "
                                "('COMMENT') EXECUTE FUNCTION make()", ["COMMENT ON TABLE users IS 'x'"]),
                               (value + "CREATE VIEW v AS SELECT make()", ["SELECT * FROM v"]), (value + "ALTER TABLE users ADD made int DEFAULT make()", ["INSERT INTO users VALUES (7)"]),
                               ("", [value + "CREATE TABLE d (id int DEFAULT make());", "INSERT INTO d DEFAULT VALUES"])):
            with self.subTest(there + str(scripts)):
                self.sql(there or "SELECT 1")
                self.assertNotIn("is not there", "\n".join(self.check(*scripts, "ALTER TABLE n ADD x int;").warnings))
                self.assertTrue(self.connection.call("MigrationService", "Run").ok)
                self.sql("DROP EVENT TRIGGER IF EXISTS e")
                self.begin_anew()

    def test_a_function_that_only_handles_rows_hides_no_failure(self):
        self.sql("CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'created'; RETURN NEW; END $$;"
                 "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch()")
        self.assert_warned(self.check("INSERT INTO users VALUES (7);", "ALTER TABLE n ADD x int;"), '"n" is not there, and nothing before this statement makes it')

    def test_the_tracking_table_that_the_run_makes_is_not_missing(self):
        self.sql("DROP TABLE _prisma_migrations, other, users")
        self.assertEqual(list(self.check("COMMENT ON TABLE _prisma_migrations IS 'x'; SELECT * FROM _prisma_migrations;").warnings), [])
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_what_the_script_rolls_back_is_as_before(self):
        self.check("BEGIN; ALTER TABLE users RENAME TO people; ROLLBACK; ALTER TABLE users ADD x int;")
        plan = self.connection.call("MigrationService", "Plan")
        self.assertEqual([lock.mode for lock in plan.migrations[0].steps[1].statements[0].locks], ["ACCESS EXCLUSIVE"])

    # ---- the server ----

    def test_read_only_sessions(self):
        self.are_read_only()
        self.assert_warned(self.check("CREATE TABLE n ();"), "read-only")
        with self.assertRaises(harness.RpcError) as refused:
            self.connection.call("MigrationService", "StartRun")
        self.assertEqual(refused.exception.status.detail.sqlstate, "25006")
        self.assertIn("is a standby, or default_transaction_read_only is on", refused.exception.status.detail.hint)

    def test_a_commit_that_would_wait_for_a_standby_that_is_not_there(self):
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'; SELECT pg_reload_conf()")
        self.addCleanup(self.sql, "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()")
        wait_for(lambda: self.sql("SHOW synchronous_standby_names") == [("nobody",)])
        self.assert_warned(self.check("CREATE TABLE n ();"), "synchronous_standby_names is 'nobody', and no such standby is connected: every commit waits")
        self.assertTrue(self.check("CREATE TABLE n ();", url=self.url(options="-csynchronous_commit%3Dlocal")).safe)

    def test_more_locks_in_one_transaction_than_the_server_has_room_for(self):
        tables = "".join(f"CREATE TABLE t{number} (id serial PRIMARY KEY, name text);\n" for number in range(2600))
        self.assert_warned(self.check(tables), "One transaction locks at least 13000 relations, and the server has room for 12800 locks")
        half = tables.index("CREATE TABLE t1300 ")
        self.assertEqual(list(self.check(tables[:half], tables[half:]).warnings), [])

    def test_a_role_with_too_few_connections(self):
        _, url = self.role(attributes="CONNECTION LIMIT 2")
        self.assert_warned(self.check("CREATE TABLE n ();", url=url), r"uses \d of its 2 connections: a run needs 3 more")

    def test_an_extension_that_the_server_has_not(self):
        reply = self.check("CREATE EXTENSION no_such_thing;")
        self.assertEqual([one for one in reply.warnings if "no_such_thing" in one], ['Line 1 of "1" fails: The server has no files of the extension "no_such_thing": install its package there.'])
        self.assert_warned(self.check("DO $$ BEGIN PERFORM 1; END $$;\nCREATE EXTENSION no_such_thing;"), 'Line 2 .* no files of the extension "no_such_thing"')

    def test_row_security_that_hides_rows(self):
        name, url = self.role("GRANT SELECT, UPDATE ON users TO {}")
        self.sql(f"ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users TO {name} USING (id > 5)")
        self.assert_warned(self.check("UPDATE users SET name = 'x';", url=url), "Row security applies to the role .* on users.* Run it as the owner, or as")
        self.sql(f"ALTER TABLE users OWNER TO {name}; ALTER TABLE users FORCE ROW LEVEL SECURITY")
        self.assert_warned(self.check("UPDATE users SET name = 'x';", url=url), "Row security applies .* Run it as a role with BYPASSRLS")
        self.sql("ALTER TABLE _prisma_migrations ENABLE ROW LEVEL SECURITY; ALTER TABLE _prisma_migrations FORCE ROW LEVEL SECURITY")
        with self.assertRaises(harness.RpcError) as refused:
            self.connection.call("MigrationService", "GetStatus")
        self.assertIn('forced on the table\'s owner, too: give the role BYPASSRLS, or ALTER TABLE "public"."_prisma_migrations" NO FORCE', refused.exception.status.message)

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


class PassedOver(Staying):
    """IF NOT EXISTS, and a block that catches duplicate_object, over what is there by that name and not fit for use."""

    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE users (email text, n int); INSERT INTO users VALUES ('a', 1), ('a', 1);" + LEDGER)

    def invalid(self, index="users_email", unique="UNIQUE"):
        subprocess.run(["psql", "-Xq", self.url(), "-c", f"CREATE {unique} INDEX CONCURRENTLY {index} ON users (email)"], stderr=subprocess.DEVNULL, check=False)
        self.sql("DELETE FROM users WHERE ctid = '(0,1)'")
        self.assertEqual(self.valid(index), "f")

    def valid(self, index="users_email"):
        return self.sql(f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{index}')")[0][0]

    def assert_found(self, rpc, *words):
        plan = rpc.call("MigrationService", "Plan")
        check = rpc.call("MigrationService", "Check")
        with self.assertRaises(harness.RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertEqual(caught.exception.code, 9)
        self.assertFalse(check.safe)
        for text in (plan.refusal, "\n".join(check.warnings), caught.exception.status.message):
            for one in words:
                self.assertRegex(text, one)
        self.assertEqual(self.sql("SELECT count(*) FROM _prisma_migrations")[0][0], "0")

    def repair(self, rpc, notes=1):
        self.assertEqual(rpc.call("MigrationService", "Plan", {"repair": True}).refusal, "")
        self.assertTrue(rpc.call("MigrationService", "Run", {"repair": True}).ok)

    def test_an_invalid_index_is_found_refused_and_repaired(self):
        self.invalid()
        rpc = self.serve('CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email);')
        self.assert_found(rpc, 'Migration "1" would skip .*the index "users_email" is there and INVALID', r"DROP INDEX CONCURRENTLY public\.users_email", "--repair")
        self.assertEqual(self.valid(), "f")
        refused = self.truss("run", "--yes", worker=self.process)
        self.assertNotEqual(refused.returncode, 0)
        repaired = self.truss("run", "--yes", "--repair", worker=self.process)
        self.assertEqual(repaired.returncode, 0, repaired.stderr)
        self.assertEqual(self.valid(), "t")

    def test_one_that_is_built_concurrently(self):
        self.invalid()
        rpc = self.serve('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email ON users (email);')
        self.assert_found(rpc, "INVALID")
        self.repair(rpc)
        self.assertEqual(self.valid(), "t")

    def test_a_script_that_drops_it_before_is_none_of_these(self):
        self.invalid()
        rpc = self.serve("DROP INDEX CONCURRENTLY IF EXISTS users_email;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email ON users (email);")
        self.assertEqual(rpc.call("MigrationService", "Plan").refusal, "")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.valid(), "t")

    def test_one_that_is_valid_is_passed_over_as_before(self):
        self.sql("CREATE INDEX users_email ON users (email)")
        rpc = self.serve("CREATE INDEX IF NOT EXISTS users_email ON users (email);")
        self.assertTrue(rpc.call("MigrationService", "Check").safe)
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_constraint_that_is_not_valid_behind_a_block(self):
        self.sql("DELETE FROM users WHERE ctid = '(0,1)'; ALTER TABLE users ADD CONSTRAINT positive CHECK (n > 0) NOT VALID")
        rpc = self.serve("DO $$ BEGIN ALTER TABLE users ADD CONSTRAINT positive CHECK (n > 0); EXCEPTION WHEN duplicate_object THEN NULL; END $$;")
        self.assert_found(rpc, 'the constraint "positive" of public.users is there and NOT VALID', "VALIDATE CONSTRAINT")
        self.repair(rpc)
        self.assertEqual(self.sql("SELECT convalidated FROM pg_constraint WHERE conname = 'positive'")[0][0], "t")

    def test_a_constraint_that_the_script_itself_wants_not_valid(self):
        self.sql("ALTER TABLE users ADD CONSTRAINT positive CHECK (n > 0) NOT VALID")
        rpc = self.serve("DO $$ BEGIN ALTER TABLE users ADD CONSTRAINT positive CHECK (n > 0) NOT VALID; EXCEPTION WHEN duplicate_object THEN NULL; END $$;")
        self.assertEqual(rpc.call("MigrationService", "Plan").refusal, "")

    def test_a_materialized_view_that_is_empty(self):
        self.sql("CREATE MATERIALIZED VIEW m AS SELECT * FROM users WITH NO DATA")
        rpc = self.serve("CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT * FROM users;")
        self.assert_found(rpc, 'the materialized view "m" is there and not populated', "REFRESH MATERIALIZED VIEW")
        self.repair(rpc)
        self.assertEqual(self.sql("SELECT relispopulated FROM pg_class WHERE relname = 'm'")[0][0], "t")

    def test_a_repair_that_fails_runs_nothing(self):
        self.sql("ALTER TABLE users ADD CONSTRAINT big CHECK (n > 5) NOT VALID")
        rpc = self.serve("DO $$ BEGIN ALTER TABLE users ADD CONSTRAINT big CHECK (n > 5); EXCEPTION WHEN duplicate_object THEN NULL; END $$; CREATE TABLE made ();")
        with self.assertRaises(harness.RpcError) as caught:
            rpc.call("MigrationService", "Run", {"repair": True})
        self.assertRegex(caught.exception.status.message, "violated by some row")
        self.assertEqual(self.sql("SELECT to_regclass('made') IS NULL, (SELECT count(*) FROM _prisma_migrations)")[0], ("t", "0"))

    def test_an_index_of_a_partitioned_table_is_for_a_person(self):
        self.sql("CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX p_i ON ONLY p (id)")
        rpc = self.serve("CREATE INDEX IF NOT EXISTS p_i ON p (id);")
        self.assert_found(rpc, "INVALID", "every partition's is attached")
        with self.assertRaises(harness.RpcError):
            rpc.call("MigrationService", "Run", {"repair": True})
        self.assertIn("every partition's is attached", rpc.call("MigrationService", "Plan", {"repair": True}).refusal)


if __name__ == "__main__":
    harness.main()
