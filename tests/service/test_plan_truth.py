"""Plans that are right where a script is not the usual one: what stands alone because of what it is about, what cannot succeed where
it stands, what IF NOT EXISTS passes over, what a new partition fires, and what reads or writes whole tables. What the plan says is
held against what the server does with the same statement."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_effects
from harness import Staying

harness.Cluster.keeps = True

LEDGER = """CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0);"""
PARTED = """CREATE TABLE parted (id int, v int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1);
    CREATE INDEX parted_v ON parted (v); CREATE TABLE plain (id int); CREATE INDEX plain_id ON plain (id);
    CREATE SCHEMA area; CREATE TABLE area.deep (id int) PARTITION BY LIST (id); CREATE INDEX deep_id ON area.deep (id);"""


class Base(Staying):
    has_begun = False

    def project_of(self, *scripts, setup=""):
        """A database of this setup, a project of these migrations, and a worker on both. Called again in a test, it begins anew."""
        if self.has_begun:
            self._database = None
        self.has_begun = True
        self.sql(LEDGER + setup)
        self.serve(*scripts)
        return self.files

    def plan(self):
        return self.connection.call("MigrationService", "Plan")

    def check(self):
        return self.connection.call("MigrationService", "Check")

    def run_all(self):
        return self.connection.call("MigrationService", "Run")

    def version(self):
        return int(self.sql("SHOW server_version_num")[0][0]) // 10000


class Alone(Base):
    def test_what_is_partitioned_is_built_anew_outside_of_any_transaction(self):
        if self.version() < 14:
            self.skipTest("PostgreSQL 13 builds nothing anew that is partitioned")
        statements = ["REINDEX TABLE parted", "REINDEX INDEX parted_v", "REINDEX (VERBOSE) TABLE area.deep", "REINDEX INDEX area.deep_id"]
        statements += ["CLUSTER parted USING parted_v"] if self.version() >= 15 else []
        script = "CREATE TABLE before_it (id int);\n" + ";\n".join(statements) + ";\nCREATE TABLE behind_it (id int);\n"
        self.project_of(script, setup=PARTED)
        plan = self.plan()
        reasons = [step.reason for step in plan.migrations[0].steps]
        self.assertEqual(len(reasons), len(statements) + 2, reasons)
        self.assertTrue(all("partitioned" in one for one in reasons[1:-1]), reasons)
        self.assertTrue(self.run_all().ok)
        self.assertEqual(self.sql("SELECT count(*) FROM pg_class WHERE relname IN ('before_it', 'behind_it')"), [("2",)])

    def test_what_is_not_partitioned_stays_in_its_transaction(self):
        self.project_of("SET LOCAL lock_timeout = '9s';\nREINDEX TABLE plain;\nREINDEX INDEX plain_id;\nCLUSTER plain USING plain_id;\nREINDEX TABLE p1;\n", setup=PARTED)
        self.assertEqual(len(self.plan().migrations[0].steps), 1)
        self.assertTrue(self.run_all().ok)

    def test_what_an_earlier_migration_or_the_script_itself_makes_is_known(self):
        self.project_of("CREATE TABLE made (id int) PARTITION BY LIST (id);\nCREATE INDEX made_id ON made (id);\n",
                        "REINDEX TABLE made;\nSELECT 1;\n",
                        "CREATE TABLE own (id int) PARTITION BY LIST (id);\nREINDEX TABLE own;\nDROP TABLE own;\nCREATE TABLE own (id int);\nREINDEX TABLE own;\n",
                        "ALTER TABLE made RENAME TO done;\nREINDEX TABLE done;\n")
        self.assertEqual([len(one.steps) for one in self.plan().migrations], [1, 2, 3, 2])
        self.assertTrue(self.run_all().ok)

    def test_concurrently_on_what_is_partitioned_is_refused_before_anything_runs(self):
        for statement in ("CREATE INDEX CONCURRENTLY new ON parted (v)", "CREATE UNIQUE INDEX CONCURRENTLY ON ONLY public.parted (id)", "DROP INDEX CONCURRENTLY parted_v"):
            with self.subTest(statement):
                self.project_of(f"CREATE TABLE before_it (id int);\n{statement};\n", setup=PARTED)
                self.assertIn("Line 2", self.check().warnings[0])
                failed = self.run_all().failed.error
                self.assertIn("partitioned", failed)
                self.assertEqual(self.sql("SELECT to_regclass('before_it') IS NULL"), [("t",)])

    def test_a_subscription_without_a_slot_is_dropped_in_its_transaction(self):
        self.sql("CREATE SUBSCRIPTION gone CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)")
        self.project_of("ALTER SUBSCRIPTION gone SET (slot_name = NONE);\nDROP SUBSCRIPTION gone;\nCREATE TABLE a (id int);\n")
        self.assertEqual(len(self.plan().migrations[0].steps), 1)
        self.assertTrue(self.run_all().ok)
        self.assertEqual(self.sql("SELECT count(*) FROM pg_subscription"), [("0",)])


class Held(Base):
    """Measured with pg_locks: a lock of an earlier statement is there while a later one of its transaction works."""

    TABLES = "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE u (id int, t int); INSERT INTO t VALUES (1, 1); INSERT INTO u VALUES (1, 1);"

    def advice(self, *scripts, setup=""):
        self.project_of(*scripts, setup=self.TABLES + setup)
        return [[one.advice for step in migration.steps for one in step.statements] for migration in self.plan().migrations]

    def test_a_lock_that_is_held_while_much_is_read_or_written_is_told_once(self):
        held = r"The {} lock on {} \(line {}\) is held until this is done: nobody {} it meanwhile\. Do it in a migration of its own\."
        for script, lock, table, line, what, at in (
                ("ALTER TABLE t ADD COLUMN x int;\nUPDATE t SET x = n WHERE id > 0;\nUPDATE u SET t = 1;", "ACCESS EXCLUSIVE", "t", 1, "reads or writes", 1),
                ("SELECT 1;\nALTER TABLE u ADD FOREIGN KEY (t) REFERENCES t NOT VALID;\nALTER TABLE u VALIDATE CONSTRAINT u_t_fkey;", "SHARE ROW EXCLUSIVE", "t", 2, "writes", 2),
                ("BEGIN;\nALTER TABLE t ADD COLUMN x int;\nINSERT INTO u SELECT id FROM t;\nCOMMIT;", "ACCESS EXCLUSIVE", "t", 2, "reads or writes", -1),
                ("ALTER TABLE t ADD COLUMN x int;\nCREATE INDEX i ON u (id);", "ACCESS EXCLUSIVE", "t", 1, "reads or writes", 1)):
            with self.subTest(script):
                (said,) = self.advice(script)
                self.assertRegex(said[at], held.format(lock, table, line, what))
                self.assertEqual(sum("is held until" in one for one in said), 1, said)

    def test_a_lock_that_has_gone_or_stops_no_more_people_is_not(self):
        for scripts in (("ALTER TABLE t ADD COLUMN x int", "UPDATE t SET x = n"), ("BEGIN; ALTER TABLE t ADD COLUMN x int; COMMIT; BEGIN; UPDATE t SET x = n; COMMIT",),
                        ("ALTER TABLE t ADD COLUMN x int; INSERT INTO u VALUES (2, 2); CREATE TABLE made (id int); CREATE INDEX ON made (id); INSERT INTO made SELECT 1",),
                        ("ALTER TABLE t ADD COLUMN x int; CREATE INDEX CONCURRENTLY i ON u (id); UPDATE u SET t = 2",), ("ALTER TABLE u VALIDATE CONSTRAINT late",),
                        ("ALTER TABLE t ADD COLUMN x int; ALTER TABLE t ALTER COLUMN n TYPE bigint",), ("UPDATE t SET n = 2; UPDATE u SET t = 1",)):
            with self.subTest(scripts):
                said = self.advice(*scripts, setup="ALTER TABLE u ADD CONSTRAINT late CHECK (id > 0) NOT VALID")
                self.assertNotIn("is held until", str(said))


class Impossible(Base):
    def failing(self, script, sqlstate, setup=""):
        """The plan says of one statement that it fails, the check warns, and the run fails with this state."""
        self.project_of(script, setup=setup)
        listed = [one for step in self.plan().migrations[0].steps for one in step.statements]
        check = self.check()
        failed = self.run_all()
        self.assertFalse(failed.ok, script)
        self.assertEqual(failed.failed.sqlstate, sqlstate, failed.failed.error)
        self.assertFalse(check.safe, script)
        self.assertRegex("\n".join(check.warnings), "Line [0-9]+ of \"1\" fails", script)
        return listed

    def passing(self, script, setup=""):
        self.project_of(script, setup=setup)
        check = self.check()
        self.assertEqual(list(check.warnings), [], script)
        self.assertTrue(self.run_all().ok, script)

    def test_what_stands_alone_inside_of_the_scripts_own_transaction(self):
        partitioned = ["REINDEX TABLE parted"] if self.version() >= 14 else []
        for statement in (*partitioned, "VACUUM plain", "CREATE INDEX CONCURRENTLY new ON plain (id)", "REINDEX SCHEMA area", "ALTER SYSTEM SET work_mem = '5MB'", "DISCARD ALL"):
            with self.subTest(statement):
                self.failing(f"BEGIN;\nCREATE TABLE a (id int);\n{statement};\nCOMMIT;\n", "25001", PARTED)

    def test_an_enum_value_that_its_own_transaction_adds(self):
        enum = "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE people (m mood, t text);"
        for use in ("INSERT INTO people (m) VALUES ('new')", "UPDATE people SET m = 'new' WHERE m = 'new'", "ALTER TABLE people ALTER COLUMN m SET DEFAULT 'new'", "SELECT 'new'::mood",
                    "ALTER TABLE people ADD CHECK (m <> 'new')", "CREATE TABLE c (a mood CHECK (a IN ('ok', 'new')))", "CREATE TABLE c (a mood[] DEFAULT '{new}')", "CREATE DOMAIN d AS mood CHECK (value <> 'new')",
                    "CREATE VIEW v AS SELECT 1 FROM people WHERE m = 'new'", "CREATE POLICY p ON people USING (m = 'new')", "CREATE FUNCTION f(a mood DEFAULT 'new') RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "INSERT INTO people (m) SELECT 'new'", "DELETE FROM people WHERE 'new' = m"):
            with self.subTest(use):
                self.failing(f"BEGIN;\nALTER TYPE mood ADD VALUE 'new';\n{use};\nCOMMIT;\n", "55P04", enum)
        for use in ("INSERT INTO other (t) VALUES ('new')", "COMMENT ON TYPE mood IS 'new'", "CREATE TABLE c (t text DEFAULT 'new')"):
            with self.subTest(use):
                self.passing(f"BEGIN;\nALTER TYPE mood ADD VALUE 'new';\n{use};\nCOMMIT;\n", enum + "CREATE TABLE other (t text);")
        more = enum + "CREATE TABLE log (mood text, m mood, note text DEFAULT ''); CREATE TYPE \"Mood\" AS ENUM ('new'); CREATE TABLE others (m \"Mood\"); INSERT INTO log VALUES ('x', 'ok');"
        for use in ("INSERT INTO log VALUES ('x', 'new')", "INSERT INTO log (note, m) VALUES ('a', 'ok'), ('new', 'new')", "DELETE FROM log WHERE note <> 'new' AND m IN ('ok', 'new')",
                    "ALTER TABLE people ADD COLUMN n mood NOT NULL DEFAULT 'new'", "CREATE TABLE c (n mood DEFAULT 'new')", "SELECT CAST('new' AS public.mood)",
                    "CREATE INDEX ON log (note) WHERE log.m = 'new'"):
            with self.subTest(use):
                self.failing(f"BEGIN;\nALTER TYPE mood ADD VALUE IF NOT EXISTS 'new';\n{use};\nCOMMIT;\n", "55P04", more)
        for use in ("INSERT INTO log (mood) VALUES ('new')", "INSERT INTO log VALUES ('new', 'ok', 'new')", "UPDATE log SET note = 'new' WHERE m = 'ok'", "UPDATE log SET note = 'new'",
                    "SELECT 'new' AS mood FROM log", "DELETE FROM log WHERE mood = 'new' OR m::text = 'new'", "INSERT INTO others VALUES ('new')", "ALTER TABLE log ADD COLUMN mood2 text DEFAULT 'new'",
                    "SELECT 'new'::text FROM log WHERE m::text <> 'new'::text", "CREATE TABLE c (mood text DEFAULT 'new')"):
            with self.subTest(use):
                self.passing(f"BEGIN;\nALTER TYPE mood ADD VALUE 'new';\n{use};\nCOMMIT;\n", more)
        self.passing("BEGIN;\nALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok';\nINSERT INTO people (m) VALUES ('ok');\nCOMMIT;\n", enum)
        self.passing("ALTER TYPE mood ADD VALUE 'new';\nCOMMIT;\nBEGIN;\nALTER TYPE mood ADD VALUE IF NOT EXISTS 'new';\nINSERT INTO people (m) VALUES ('new');\nCOMMIT;\n", enum)
        fresh = "BEGIN;\nCREATE TYPE fresh AS ENUM ('a');\nALTER TYPE fresh ADD VALUE 'new';\nSELECT 'new'::fresh;\nCOMMIT;\n"
        if self.version() >= 17:  # from there on a value of a type that is new itself can be used
            self.passing(fresh)
        else:
            self.failing(fresh, "55P04")

    def test_the_tracking_table_goes_also_where_the_run_has_yet_to_make_it(self):
        for there in (True, False):
            for script in ("DROP TABLE IF EXISTS _prisma_migrations", 'ALTER TABLE public."_prisma_migrations" RENAME TO was', "CREATE SCHEMA s;\nALTER TABLE _prisma_migrations SET SCHEMA s", "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public",
                           "ALTER TABLE _prisma_migrations DROP COLUMN finished_at"):
                with self.subTest(script, there=there):
                    self.project_of(script + ";\n")
                    self.sql("" if there else "DROP TABLE _prisma_migrations")
                    said = [one.fails + one.advice for step in self.plan().migrations[0].steps for one in step.statements]
                    self.assertEqual(sum("tracking table" in one for one in said), 1, said)
                    self.assertFalse(self.run_all().ok)
        self.project_of("CREATE SCHEMA s;\nCREATE TABLE s._prisma_migrations (id int);\nDROP TABLE s._prisma_migrations;\nDROP SCHEMA s;\n")
        self.sql("DROP TABLE _prisma_migrations")
        self.assertNotIn("tracking table", str(self.plan().migrations))
        self.assertTrue(self.run_all().ok)

    def test_rows_that_are_in_the_way_of_not_null_and_of_unique(self):
        rows = "CREATE TABLE rows (id int, c int, d int); INSERT INTO rows VALUES (1, NULL, 5), (2, 3, 5); CREATE TABLE none (c int);"
        for statement, sqlstate in (("ALTER TABLE rows ALTER c SET NOT NULL", "23502"), ("CREATE UNIQUE INDEX ON rows (d)", "23505"), ("CREATE UNIQUE INDEX CONCURRENTLY d ON rows (d)", "23505"),
                                    ("ALTER TABLE rows ADD CONSTRAINT k UNIQUE (d)", "23505"), ("ALTER TABLE rows ADD PRIMARY KEY (c)", "23502"), ("ALTER TABLE rows ADD PRIMARY KEY (d)", "23505")):
            with self.subTest(statement):
                self.failing(f"{statement};\n", sqlstate, rows)
        for script in ("ALTER TABLE rows ALTER id SET NOT NULL", "CREATE UNIQUE INDEX ON rows (c)", "CREATE UNIQUE INDEX ON rows (d, id)", "CREATE UNIQUE INDEX ON rows (d) WHERE id = 1",
                       "UPDATE rows SET c = 1; ALTER TABLE rows ALTER c SET NOT NULL", "DELETE FROM rows WHERE id = 1; CREATE UNIQUE INDEX ON rows (d)", "ALTER TABLE rows ADD COLUMN n int; CREATE UNIQUE INDEX ON rows (n)",
                       "ALTER TABLE none ALTER c SET NOT NULL; CREATE UNIQUE INDEX ON none (c)"):
            with self.subTest(script):
                self.passing(f"{script};\n", rows)

    def test_what_may_use_an_enum_value_that_its_own_transaction_adds_is_a_warning(self):
        setup = "CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN spirit AS mood; CREATE TABLE people (m mood, n mood[], t text); CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        for use, fails in (("ALTER DOMAIN spirit SET DEFAULT 'new'", True), ("ALTER TABLE people ALTER n SET DEFAULT '{new}'", True), ("UPDATE people SET (t, m) = ('a', 'new')", True),
                           ("SELECT enum_range(NULL::mood)", True), ("CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM people WHERE m = 'new'$$", True),
                           ("CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $$SELECT 'new'$$", False), ("SELECT 1 FROM pg_enum WHERE enumlabel = 'new'", False)):
            with self.subTest(use):
                self.project_of(f"BEGIN;\nALTER TYPE mood ADD VALUE 'new';\n{use};\nCOMMIT;\n", setup=setup)
                advice = [one.advice for step in self.plan().migrations[0].steps for one in step.statements]
                self.assertIn("It may use the value 'new' of the type mood, which its own transaction has added: then PostgreSQL refuses it (55P04). Commit the value first.", advice)
                self.assertEqual(self.run_all().failed.sqlstate, "55P04" if fails else "")

    def test_what_a_transaction_may_not_do_that_only_reads(self):
        for script in ("CREATE TABLE a (id int);\nSET TRANSACTION READ ONLY;\n",
                       "SET TRANSACTION READ ONLY;\nCREATE TABLE a (id int);\n",
                       "SELECT 1;\nSET transaction_read_only = on;\nINSERT INTO plain VALUES (1);\n",
                       "SELECT 1;\nSELECT set_config('transaction_read_only', 'on', true);\nDROP TABLE plain;\n",
                       "BEGIN READ ONLY;\nALTER TABLE plain ADD COLUMN n int;\nCOMMIT;\n",
                       "BEGIN;\nSET TRANSACTION READ ONLY;\nDELETE FROM plain;\nCOMMIT;\n",
                       "SET default_transaction_read_only = on;\nCOMMIT;\nCREATE TABLE a (id int);\n",
                       "SET default_transaction_read_only = on;\nBEGIN READ WRITE;\nCREATE TABLE a (id int);\nCOMMIT;\nRESET ALL;\n",
                       "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;\nCOMMIT;\nBEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\n"):
            with self.subTest(script):
                self.failing(script, "25006", PARTED)

    def test_what_only_looks_as_if_it_could_not(self):
        for script in ("BEGIN READ ONLY;\nSELECT 1;\nCOMMIT;\nCREATE TABLE a (id int);\n",
                       "SET default_transaction_read_only = on;\nSET default_transaction_read_only = off;\nCREATE TABLE a (id int);\n",
                       "SET LOCAL default_transaction_read_only = on;\nCREATE TABLE a (id int);\n",
                       "DO $$ BEGIN RAISE NOTICE 'SET TRANSACTION READ ONLY'; END $$;\nCREATE TABLE a (id int);\n"):
            with self.subTest(script):
                self.passing(script)

    def test_a_relation_of_another_kind_is_neither_dropped_nor_replaced(self):
        things = """CREATE TABLE t (id int); CREATE VIEW v AS SELECT 1 AS one; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one; CREATE SEQUENCE s;
            CREATE INDEX i ON t (id);"""
        for script in ("DROP TABLE v;", "DROP TABLE IF EXISTS public.m;", "DROP VIEW t;", "DROP VIEW IF EXISTS m;", "DROP MATERIALIZED VIEW IF EXISTS v;",
                       "DROP SEQUENCE t;", "DROP INDEX t;", "CREATE OR REPLACE VIEW t AS SELECT 1 AS one;", "CREATE OR REPLACE VIEW m AS SELECT 1 AS one;"):
            with self.subTest(script):
                self.failing("CREATE TABLE a (id int);\n" + script, "42809", things)
        for script in ("DROP TABLE t;", "DROP VIEW IF EXISTS v;", "DROP MATERIALIZED VIEW m;", "DROP SEQUENCE s;", "DROP INDEX i;", "DROP TABLE IF EXISTS nothing;",
                       "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;", "DROP VIEW v;\nCREATE TABLE v (id int);\nDROP TABLE v;", "ALTER TABLE t RENAME TO u;\nCREATE OR REPLACE VIEW t AS SELECT 1 AS one;",
                       "DO $$ BEGIN DROP VIEW v; CREATE TABLE v (id int); END $$;\nDROP TABLE v;"):
            with self.subTest(script):
                self.passing(script, things)
        self.project_of("DROP VIEW t;", "CREATE OR REPLACE VIEW m AS SELECT 1 AS one;", setup=things)
        self.assertRegex("\n".join(self.check().warnings), "DROP view does not drop(.|\n)*CREATE OR REPLACE view does not replace")


class PassedOver(Base):
    THINGS = """CREATE TABLE t (id int); CREATE VIEW v AS SELECT 1 AS one; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one; CREATE SEQUENCE s; CREATE TABLE u (id int);
        CREATE INDEX i ON t (id); CREATE TYPE c AS (l int); CREATE SCHEMA area; CREATE VIEW area.v AS SELECT 1 AS one;"""

    def test_if_not_exists_over_another_kind_is_told_with_what_is_there(self):
        for statement, there in (("CREATE TABLE IF NOT EXISTS v (id int)", "a view"), ("CREATE TABLE IF NOT EXISTS area.v (id int)", "a view"),
                                 ("CREATE TABLE IF NOT EXISTS s (id int)", "a sequence"), ("CREATE TABLE IF NOT EXISTS m AS SELECT 1 AS one", "a materialized view"),
                                 ("CREATE UNLOGGED TABLE IF NOT EXISTS i (id int)", "an index of t"), ("CREATE TABLE IF NOT EXISTS c (id int)", "a composite type"),
                                 ("CREATE SEQUENCE IF NOT EXISTS t", "a table"), ("CREATE MATERIALIZED VIEW IF NOT EXISTS t AS SELECT 1 AS one", "a table"),
                                 ("CREATE INDEX IF NOT EXISTS u ON t (id)", "a table"), ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS v ON t (id)", "a view")):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=self.THINGS)
                warnings = "\n".join(self.check().warnings)
                self.assertRegex(warnings, f"would skip .* make nothing: what is there of that name is {there}")
                self.assertIn("make nothing", "\n".join(self.plan().warnings))

    def test_if_not_exists_over_nothing_or_its_own_kind_is_not_told(self):
        for script in ("CREATE TABLE IF NOT EXISTS t (id int);", "CREATE SEQUENCE IF NOT EXISTS s;", "CREATE TEMP TABLE IF NOT EXISTS v (id int);",
                       "CREATE TABLE IF NOT EXISTS area.t (id int);", "CREATE UNLOGGED TABLE IF NOT EXISTS new (id int);", "DROP VIEW v;\nCREATE TABLE IF NOT EXISTS v (id int);", "CREATE INDEX IF NOT EXISTS i ON t (id);"):
            with self.subTest(script):
                self.project_of(script, setup=self.THINGS)
                self.assertNotIn("make nothing", "\n".join(self.check().warnings))

    def test_if_not_exists_over_its_own_kind_with_another_definition_is_told(self):
        things = self.THINGS + "CREATE TABLE w (id int PRIMARY KEY, name text); CREATE TYPE mood AS ENUM ('ok'); CREATE SEQUENCE five INCREMENT 5;"
        for statement, told in (("CREATE TABLE IF NOT EXISTS w (id int PRIMARY KEY, name text, email text)", "has no column \"email\""),
                                ("CREATE TABLE IF NOT EXISTS w (id bigint PRIMARY KEY, name text)", "integer there, and bigint here"),
                                ("ALTER TABLE w ADD COLUMN IF NOT EXISTS name int", "text there, and int here"),
                                ("CREATE SEQUENCE IF NOT EXISTS five INCREMENT 1", "its definition is another one"),
                                ("DO $$ BEGIN CREATE TYPE mood AS ENUM ('ok', 'bad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$", "its definition is another one"),
                                ("DO $$ BEGIN IF true THEN CREATE TABLE w (id int, email text); END IF; EXCEPTION WHEN duplicate_table THEN NULL; END $$", "has no column \"email\"")):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=things)
                check = self.check()
                self.assertFalse(check.safe)
                self.assertRegex("\n".join(check.warnings), f"would skip .*{told}")
        for statement in ("CREATE TABLE IF NOT EXISTS w (id int PRIMARY KEY, name text)", "CREATE TABLE IF NOT EXISTS w (id integer PRIMARY KEY)", "ALTER TABLE w ADD COLUMN IF NOT EXISTS name text",
                          "CREATE SEQUENCE IF NOT EXISTS five INCREMENT 5", "ALTER TABLE w ADD COLUMN email text;\nCREATE TABLE IF NOT EXISTS w (id int PRIMARY KEY, name text, email text)"):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=things)
                self.assertEqual(list(self.check().warnings), [])

    def test_if_not_exists_over_another_query_or_bound_is_told(self):
        things = """CREATE TABLE t (id int, name text); CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE TABLE c AS SELECT id FROM t; CREATE TABLE plain (id int);
            CREATE TABLE whole (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF whole FOR VALUES IN (1, -2);
            CREATE TABLE days (d date) PARTITION BY RANGE (d); CREATE TABLE d1 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');"""
        for statement, told in (("CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT id, name FROM t", "has no column \"name\""),
                                ("CREATE MATERIALIZED VIEW IF NOT EXISTS public.m (other) AS SELECT id FROM t", "has no column \"other\""),
                                ("CREATE TABLE IF NOT EXISTS c AS SELECT id::bigint AS id FROM t", "is of the type integer there"),
                                ("CREATE TABLE IF NOT EXISTS c AS SELECT id, lower(name) FROM t", "has no column \"lower\""),
                                ("CREATE TABLE IF NOT EXISTS p1 PARTITION OF whole FOR VALUES IN (1, 3)", "its bound is FOR VALUES IN"),
                                ("CREATE TABLE IF NOT EXISTS p1 PARTITION OF whole DEFAULT", "its bound is FOR VALUES IN"),
                                ("CREATE TABLE IF NOT EXISTS plain PARTITION OF whole FOR VALUES IN (9)", "is not a partition of \"whole\""),
                                ("CREATE TABLE IF NOT EXISTS d1 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-03-01')", "its bound is FOR VALUES FROM")):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=things)
                self.assertRegex("\n".join(self.check().warnings), f"would skip .*{told}")
        for statement in ("CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT t.id FROM t WHERE id > 0", "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT * FROM t", "CREATE TABLE IF NOT EXISTS c AS SELECT id::int AS id FROM t",
                          "CREATE TABLE IF NOT EXISTS p1 PARTITION OF whole FOR VALUES IN ('1', -2)", "CREATE TABLE IF NOT EXISTS d1 PARTITION OF days FOR VALUES FROM ('2024-1-1') TO ('2024-02-01')",
                          "CREATE TABLE IF NOT EXISTS d1 PARTITION OF public.days FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') TABLESPACE pg_default", "DROP TABLE p1;\nCREATE TABLE IF NOT EXISTS p1 PARTITION OF whole FOR VALUES IN (5)",
                          "SET search_path = area;\nCREATE TABLE IF NOT EXISTS c AS SELECT 1 AS one", "SELECT set_config('search_path', 'area', false);\nCREATE TABLE IF NOT EXISTS m (id int)"):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=things)
                self.assertEqual(list(self.check().warnings), [])

    BOUNDS = """CREATE TABLE whole (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF whole FOR VALUES IN (1, -2, NULL); CREATE TABLE whole_default PARTITION OF whole DEFAULT;
        CREATE TABLE days (d date) PARTITION BY RANGE (d); CREATE TABLE d1 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
        CREATE TABLE names (t text, n numeric) PARTITION BY LIST (t); CREATE TABLE n1 PARTITION OF names FOR VALUES IN ('a', '1'); CREATE TABLE times (t timestamptz) PARTITION BY RANGE (t);
        CREATE TABLE t1 PARTITION OF times FOR VALUES FROM ('2024-01-01') TO ('2024-02-01'); CREATE TABLE pairs (a int, b text) PARTITION BY RANGE (a, b);
        CREATE TABLE pair1 PARTITION OF pairs FOR VALUES FROM (1, 'a') TO (2, MAXVALUE); CREATE TABLE hashed (id int) PARTITION BY HASH (id); CREATE TABLE h1 PARTITION OF hashed FOR VALUES WITH (MODULUS 4, REMAINDER 1);"""

    def passed_over(self, statements, setup):
        """What a check says of each, as (warnings, notes)."""
        self.project_of(*(f"{one};\n" for one in statements), setup=setup)
        check = self.check()
        of = lambda said, number: "\n".join(one for one in said if f'Migration "{number}" would skip' in one)  # noqa: E731
        return [(of(check.warnings, number), of(check.notes, number)) for number in range(1, len(statements) + 1)]

    def test_a_bound_that_is_written_otherwise_is_the_same(self):
        bounds = ("p1 PARTITION OF whole FOR VALUES IN (-2, '1', NULL)", "p1 PARTITION OF whole FOR VALUES IN ('01', -2, NULL, 1::bigint)", "d1 PARTITION OF days FOR VALUES FROM (DATE '2024-01-01') TO ('20240201')",
                      "d1 PARTITION OF days FOR VALUES FROM ('1 Jan 2024') TO (CAST('2024-02-01' AS date))", "n1 PARTITION OF names FOR VALUES IN (1, 'a'::text)", "t1 PARTITION OF times FOR VALUES FROM ('2024-01-01 00:00') TO ('2024-02-01')",
                      "pair1 PARTITION OF pairs FOR VALUES FROM ('1', 'a') TO (2, MAXVALUE)", "h1 PARTITION OF hashed FOR VALUES WITH (REMAINDER 1, MODULUS 4)", "whole_default PARTITION OF whole DEFAULT")
        said = self.passed_over([f"CREATE TABLE IF NOT EXISTS {bound}" for bound in bounds], self.BOUNDS)
        self.assertEqual([(bound, one) for bound, one in zip(bounds, said) if one != ("", "")], [])

    def test_a_bound_of_other_values_is_another(self):
        bounds = ("p1 PARTITION OF whole FOR VALUES IN (1, -2)", "p1 PARTITION OF whole FOR VALUES IN (1, 2, NULL)", "d1 PARTITION OF days FOR VALUES FROM (MINVALUE) TO ('2024-02-01')", "n1 PARTITION OF names FOR VALUES IN ('A', '1')",
                      "t1 PARTITION OF times FOR VALUES FROM ('2024-01-02 00:00+00') TO ('2024-02-01 00:00+00')", "pair1 PARTITION OF pairs FOR VALUES FROM (0, 'a') TO (2, MAXVALUE)",
                      "h1 PARTITION OF hashed FOR VALUES WITH (MODULUS 4, REMAINDER 2)", "whole_default PARTITION OF whole FOR VALUES IN (3)")
        said = self.passed_over([f"CREATE TABLE IF NOT EXISTS {bound}" for bound in bounds], self.BOUNDS)
        self.assertEqual([(bound, one) for bound, one in zip(bounds, said) if "its bound is " not in one[0]], [])

    def test_what_cannot_be_compared_is_said_to_be_so(self):
        things = self.BOUNDS + """CREATE TABLE t (id int, name text, CHECK (id > 0)); CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE TABLE made AS SELECT id FROM t; CREATE INDEX i ON t ((id + 1)); CREATE SEQUENCE s;
            CREATE SCHEMA area; CREATE TABLE area.deep (id int, name text); CREATE TABLE deep (z int);"""
        statements = ("CREATE TABLE IF NOT EXISTS p1 PARTITION OF whole FOR VALUES IN (1 + 0, -2, NULL)", "CREATE TABLE IF NOT EXISTS pair1 PARTITION OF pairs FOR VALUES FROM (1, lower('A')) TO (2, MAXVALUE)",
                          "CREATE TABLE IF NOT EXISTS t1 PARTITION OF times FOR VALUES FROM ('2024-01-02') TO ('2024-02-01')",
                          "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT t.id FROM t WHERE id > 0", "CREATE TABLE IF NOT EXISTS made AS SELECT id FROM t WHERE id > 1", "CREATE INDEX IF NOT EXISTS i ON t (abs(id))",
                          "CREATE TABLE IF NOT EXISTS t (LIKE deep)")
        said = self.passed_over(statements, things)
        self.assertEqual([(one, words) for one, words in zip(statements, said) if words[0] or "which is there: whether it is the same cannot be compared" not in words[1]], [])
        self.assertIn("cannot be compared", "\n".join(self.plan().warnings))
        self.assertIn("it has no CHECK (id > 5)", self.passed_over(["CREATE TABLE IF NOT EXISTS t (id int, name text, CHECK (id > 5))"], things)[0][0])

    def test_a_search_path_that_the_script_sets_is_followed(self):
        things = """CREATE SCHEMA area; CREATE TABLE area.w (id int); CREATE TABLE w (other text); CREATE TABLE area.apart (id int); CREATE TABLE bad (v int); INSERT INTO bad VALUES (1), (1);"""
        for script, told in (("SET search_path = area;\nCREATE TABLE IF NOT EXISTS w (id int, name text);", "has no column \"name\""), ("SET LOCAL search_path TO area, public;\nALTER TABLE w ADD COLUMN IF NOT EXISTS id bigint;", "integer there, and bigint here"),
                             ("SELECT pg_catalog.set_config('search_path', 'area', false);\nCREATE SEQUENCE IF NOT EXISTS apart;", "is a table")):
            with self.subTest(script):
                self.project_of(script, setup=things)
                self.assertRegex("\n".join(self.check().warnings), f"would skip .*{told}")
        for script in ("SET search_path = area;\nCREATE TABLE IF NOT EXISTS w (id int);", "CREATE TABLE IF NOT EXISTS w (other text);\nSET search_path = area;\nCREATE TABLE IF NOT EXISTS w (id int);\nRESET search_path;\nCREATE TABLE IF NOT EXISTS w (other text);"):
            with self.subTest(script):
                self.project_of(script, setup=things)
                check = self.check()
                self.assertEqual([one for one in (*check.warnings, *check.notes) if "would skip" in one], [])
        self.project_of("DO $$ BEGIN PERFORM set_config('search_path', 'area', false); END $$;\nCREATE TABLE IF NOT EXISTS w (id bigint);\nCREATE TABLE IF NOT EXISTS nowhere (id int);", setup=things)
        notes = [one for one in self.check().notes if "would skip" in one]
        self.assertEqual(len(notes), 1, notes)
        self.assertIn('"w" if that exists, and after its change of the search path it cannot be known', notes[0])

    def test_an_extension_or_schema_that_is_there_otherwise_is_told(self):
        things = "CREATE SCHEMA area; CREATE EXTENSION pgcrypto SCHEMA area VERSION '1.3';"
        for statement, told in (("CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public", "is in the schema area: .* needs public"),
                                ("CREATE EXTENSION IF NOT EXISTS \"pgcrypto\" WITH VERSION '1.2'", "is there in version 1.3: .* needs 1.2"),
                                ("CREATE SCHEMA IF NOT EXISTS area AUTHORIZATION pg_monitor", "The schema area belongs to .* needs pg_monitor")):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=things)
                self.assertRegex("\n".join(self.check().warnings), told)
        for statement in ("CREATE EXTENSION IF NOT EXISTS pgcrypto", "CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA area VERSION '1.3'", "CREATE SCHEMA IF NOT EXISTS area",
                          "CREATE SCHEMA IF NOT EXISTS area AUTHORIZATION CURRENT_USER", "CREATE SCHEMA IF NOT EXISTS new AUTHORIZATION CURRENT_USER"):
            with self.subTest(statement):
                self.project_of(statement + ";\n", setup=things)
                self.assertEqual(list(self.check().warnings), [])

    def test_an_index_of_another_table_is_told(self):
        self.project_of("CREATE INDEX IF NOT EXISTS i ON u (id);\n", setup=self.THINGS)
        self.assertRegex("\n".join(self.check().warnings), "index \"i\"")


class Waits(Base):
    """Whoever keeps a table for himself keeps no plan and no check waiting."""

    def quickly(self, what):
        begun = time.monotonic()
        answer = what()
        self.assertLess(time.monotonic() - begun, 20)  # a query of ours is given up after a minute
        return answer

    def test_a_check_and_a_default_are_read_without_a_lock(self):
        self.project_of("ALTER TABLE kept ALTER COLUMN a SET NOT NULL;\nALTER TABLE kept ALTER COLUMN b SET NOT NULL;\nALTER TABLE kept ADD PRIMARY KEY USING INDEX kept_a;\n",
                        setup="CREATE TABLE kept (a int, b int, CONSTRAINT a_there CHECK (a IS NOT NULL AND b > 0)); CREATE UNIQUE INDEX kept_a ON kept (a);")
        self.hold("BEGIN", "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        statements = self.quickly(self.plan).migrations[0].steps[0].statements
        self.assertEqual([Work.work_name(one) for one in statements], ["none", "scan", "none"])

    def test_what_if_not_exists_passes_over_is_said_not_to_be_compared(self):
        self.project_of("CREATE INDEX IF NOT EXISTS kept_a ON kept (a);\nCREATE TABLE IF NOT EXISTS kept (a int DEFAULT 2);\n", setup="CREATE TABLE kept (a int DEFAULT 1); CREATE INDEX kept_a ON kept (a);")
        self.hold("BEGIN", "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        check = self.quickly(self.check)
        self.assertRegex("\n".join(check.notes), 'index "kept_a", which is there: whether it is the same cannot be compared, as another session keeps what is there locked')
        self.assertIn("This run would wait for", "\n".join(check.warnings))
        self.assertIn("kept_a", "\n".join(self.quickly(self.plan).warnings))

    def test_an_invalid_index_of_a_table_that_is_kept_is_found(self):
        self.project_of("CREATE INDEX IF NOT EXISTS kept_a ON kept (a);\n", setup="CREATE TABLE kept (a int); CREATE INDEX kept_a ON kept (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'kept_a'::regclass;")
        self.hold("BEGIN", "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        self.assertIn("is there and INVALID", self.quickly(self.plan).refusal)

    def test_rows_of_a_published_table_and_a_table_that_is_written_anew(self):
        self.project_of("UPDATE kept SET a = 1;\nALTER TABLE kept ALTER COLUMN a TYPE text;\n", setup="CREATE TABLE kept (a int); CREATE PUBLICATION all_of_it FOR TABLE kept;")
        self.hold("BEGIN", "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        self.assertIn("This run would wait for", "\n".join(self.quickly(self.check).warnings))

    def test_a_function_whose_body_names_what_is_kept(self):
        """Of a call of it nothing is known, and what does not call it is not refused for it."""
        if self.version() < 14:
            self.skipTest("PostgreSQL 13 has no BEGIN ATOMIC")
        things = "CREATE TABLE other (a int); CREATE TABLE kept (a int); CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM kept; END; CREATE FUNCTION calm() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        self.project_of("SELECT calm();\nVACUUM other;\nSELECT 1;\n", "SELECT reads();\nVACUUM other;\nSELECT 1;\n", setup=things)
        self.assertFalse(self.plan().refusal)
        self.hold("BEGIN", "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        asking = {"migrations": ["1"]}
        self.assertFalse(self.quickly(lambda: self.connection.call("MigrationService", "Plan", asking)).refusal)
        self.assertTrue(self.quickly(lambda: self.connection.call("MigrationService", "Run", asking)).ok)
        self.assertIn("what reads() does (not known: another session keeps a table locked that it names)", self.quickly(self.plan).refusal)


class Fires(Base):
    LOCKS = """CREATE TABLE other (id int); CREATE TABLE whole (id int) PARTITION BY LIST (id); CREATE TABLE old PARTITION OF whole FOR VALUES IN (0);
        CREATE FUNCTION locks() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE other; RETURN NEW; END';
        CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"""
    TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION {}();\n"

    def unknown(self, script, setup=""):
        """Whether the plan knows what the last statement of the script locks."""
        self.project_of(script, setup=self.LOCKS + setup)
        plan = self.plan()
        return plan.migrations[-1].steps[-1].statements[-1].unknown

    def test_a_trigger_of_a_partition_that_the_script_makes_is_fired_through_its_parent(self):
        part = "CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);\n"
        later = "CREATE TABLE part (id int);\n" + self.TRIGGER.format("part", "locks") + "ALTER TABLE whole ATTACH PARTITION part FOR VALUES IN (1);\n"
        insert = "INSERT INTO {} VALUES (1);\n"
        self.assertTrue(self.unknown(part + self.TRIGGER.format("part", "locks") + insert.format("whole")))
        self.assertTrue(self.unknown(later + insert.format("whole")))
        self.assertTrue(self.unknown(part + self.TRIGGER.format("public.part", "locks") + insert.format("part")))
        self.assertTrue(self.unknown(part + self.TRIGGER.format("whole", "locks") + insert.format("part")))
        self.assertTrue(self.unknown(part + insert.format("part"), self.TRIGGER.format("whole", "locks")))
        self.assertTrue(self.unknown("ALTER TABLE whole ATTACH PARTITION loose FOR VALUES IN (1);\n" + insert.format("whole"),
                                     "CREATE TABLE loose (id int);" + self.TRIGGER.format("loose", "locks")))

    def test_what_is_calm_is_known(self):
        part = "CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);\n"
        insert = "INSERT INTO {} VALUES (1);\n"
        self.assertFalse(self.unknown(part + "INSERT INTO old VALUES (0);\n"))
        self.assertFalse(self.unknown(part + self.TRIGGER.format("part", "calm") + "INSERT INTO whole VALUES (1);\n"))
        self.assertFalse(self.unknown("CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 2; RETURN NEW; END';\nCREATE TABLE new (id int);\n" +
                                      self.TRIGGER.format("new", "mine") + "INSERT INTO new VALUES (1);\nUPDATE other SET id = 1;\n"))
        self.assertTrue(self.unknown("CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE other; RETURN NEW; END';\nCREATE TABLE new (id int);\n" +
                                     self.TRIGGER.format("new", "mine") + insert.format("new")))


class Work(Base):
    """Scans, rewrites and builds, as relfilenodes and the counters of scans show them (tests/service/test_effects.py)."""
    SETUP = test_effects.SETUP + """
        CREATE DOMAIN deeper AS positive; CREATE DOMAIN must AS int NOT NULL; CREATE TABLE proven (id int, n int, "Big" int, h int, CONSTRAINT h_late CHECK (h IS NOT NULL) NOT VALID,
            CONSTRAINT n_check CHECK (n IS NOT NULL AND n > 0), CONSTRAINT big_check CHECK ("Big" IS NOT NULL), CONSTRAINT id_check CHECK (id IS NOT NULL OR n > 5));
        INSERT INTO proven SELECT i, i, i, i FROM generate_series(1, 50) i;
        CREATE TABLE keyed (id int, CONSTRAINT keyed_id CHECK (id IS NOT NULL)); CREATE UNIQUE INDEX keyed_key ON keyed (id); INSERT INTO keyed VALUES (1);
        CREATE TABLE unkeyed (id int); CREATE UNIQUE INDEX unkeyed_key ON unkeyed (id); INSERT INTO unkeyed VALUES (1);
        CREATE TABLE partial (s varchar(5), r varchar(5)); CREATE INDEX partial_s ON partial (s) WHERE s > 'a'; CREATE INDEX partial_r ON partial (r); INSERT INTO partial VALUES ('b', 'b');
        DROP TABLE before; CREATE TABLE before AS SELECT c.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || quote_ident(c.relname) AS name,
            c.relfilenode, c.relkind, i.indrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
            WHERE n.nspname IN ('public', 'other') AND c.relname <> 'before';"""
    STATEMENTS = [
        "ALTER TABLE t ADD COLUMN new positive", "ALTER TABLE t ADD COLUMN new plain", "ALTER TABLE t ADD COLUMN new deeper DEFAULT 1", "ALTER TABLE t ADD COLUMN new mood DEFAULT 'ok'",
        "ALTER TABLE t ADD COLUMN new must DEFAULT 3", "ALTER TABLE t ALTER COLUMN d TYPE int", "ALTER TABLE t ALTER COLUMN b TYPE plain", "ALTER TABLE t ALTER COLUMN si TYPE plain",
        "ALTER TABLE t ALTER COLUMN b TYPE positive", "ALTER TABLE t ALTER COLUMN li TYPE int[]", "ALTER TABLE nokey ALTER v TYPE int", "ALTER TABLE partial ALTER s TYPE varchar(9)",
        "ALTER TABLE partial ALTER r TYPE varchar(9)", "ALTER TABLE partial ALTER r TYPE text", "ALTER TABLE proven ALTER n TYPE int", "ALTER TABLE uses ALTER e TYPE int", "CREATE INDEX IF NOT EXISTS t_s_idx ON t (s)", "CREATE INDEX new ON ONLY p (v)",
        "ALTER TABLE proven ALTER n SET NOT NULL", "ALTER TABLE proven ALTER \"Big\" SET NOT NULL", "ALTER TABLE proven ALTER id SET NOT NULL", "ALTER TABLE proven ALTER h SET NOT NULL",
        "ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE keyed ADD PRIMARY KEY USING INDEX keyed_key", "ALTER TABLE unkeyed ADD PRIMARY KEY USING INDEX unkeyed_key",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX t_a_unique", "ALTER TABLE t ALTER a SET STATISTICS 50", "ALTER TABLE t ADD COLUMN new timestamptz DEFAULT now()",
        "ALTER TABLE t ADD COLUMN new int DEFAULT volatile_one()", "ALTER TABLE t ADD COLUMN new uuid DEFAULT gen_random_uuid()",
    ]
    NAMES = {"none": 1, "scan": 2, "rewrite": 3, "index": 4, "rows": 5}

    measure = test_effects.Effects.measure

    def test_the_plan_says_what_the_server_does(self):
        self.sql(self.SETUP)
        found = self.measure(self.STATEMENTS)
        project = self.project()
        for number, sql in enumerate(self.STATEMENTS):
            project.add(f"{number:05}", sql + ";")
        rpc = self.rpc(self.worker(project))
        names = {}
        wrong = []
        for number, (sql, real) in enumerate(zip(self.STATEMENTS, found)):
            plan = rpc.call("MigrationService", "Plan", {"migrations": [f"{number:05}"], "allow_out_of_order": True})
            one, = [one for step in plan.migrations[0].steps for one in step.statements]
            said = self.work_name(one)
            if said != real.work:
                wrong.append(f"{sql}: said {said}, is {real.work}")
        self.assertEqual(wrong, [])

    @staticmethod
    def work_name(statement):
        field = statement.DESCRIPTOR.fields_by_name["work"]
        return field.enum_type.values_by_number[statement.work].name.rsplit("_", 1)[-1].lower() if field.enum_type else statement.work

    def test_a_check_that_the_plan_itself_validates_spares_the_scan(self):
        # What CREATE TABLE makes NOT VALID is valid at once.
        self.sql(self.SETUP + "; ALTER TABLE proven DROP CONSTRAINT h_late, ADD CONSTRAINT h_late CHECK (h IS NOT NULL) NOT VALID")
        plan = self.rpc(self.worker(self.project().add("1", """ALTER TABLE nokey ADD CONSTRAINT v_there CHECK (v IS NOT NULL) NOT VALID;
ALTER TABLE nokey VALIDATE CONSTRAINT v_there;
ALTER TABLE nokey ALTER COLUMN v SET NOT NULL;
ALTER TABLE nokey DROP CONSTRAINT v_there;
ALTER TABLE proven VALIDATE CONSTRAINT h_late;
ALTER TABLE proven ALTER COLUMN h SET NOT NULL;
ALTER TABLE nokey ADD CHECK (g IS NOT NULL) NOT VALID;
ALTER TABLE nokey ALTER COLUMN g SET NOT NULL;
"""))).call("MigrationService", "Plan")
        works = [self.work_name(one) for one in plan.migrations[0].steps[0].statements]
        self.assertEqual(works, ["none", "scan", "none", "none", "scan", "none", "none", "scan"])

    # The last statement of each is measured behind the ones before it, and planned with them.
    AFTER = """CREATE SCHEMA tenant; CREATE TABLE tenant.rows (a int, b int, id int NOT NULL); INSERT INTO tenant.rows SELECT i, i, i FROM generate_series(1, 50) i;
        CREATE TABLE rows (a int, b int, c int NOT NULL, s text NOT NULL, CONSTRAINT same CHECK ((a IS NOT NULL) = (b IS NOT NULL)), CONSTRAINT a_there CHECK (a IS NOT NULL),
            CONSTRAINT b_and_c CHECK (b IS NOT NULL AND c > 0)); INSERT INTO rows SELECT i, i, i, 'x' FROM generate_series(1, 50) i;
        CREATE TABLE other (a int, CONSTRAINT same CHECK (a IS NULL OR a > 0), CONSTRAINT late CHECK (a IS NOT NULL) NOT VALID); INSERT INTO other VALUES (1);
        CREATE TABLE odd (a int, b int, CONSTRAINT odd_same CHECK ((a IS NOT NULL) = (b IS NOT NULL)), CONSTRAINT odd_differ CHECK ((a IS NOT NULL) <> (b IS NULL)),
            CONSTRAINT odd_alike CHECK ((a IS NOT NULL) IS NOT DISTINCT FROM (b IS NOT NULL))); INSERT INTO odd VALUES (1, 1); CREATE UNIQUE INDEX odd_a ON odd (a);
        CREATE TABLE root (a int, CONSTRAINT root_a CHECK (a IS NOT NULL)); CREATE TABLE leaf () INHERITS (root); INSERT INTO leaf VALUES (1);
        CREATE TABLE composed (p pair, CHECK (p IS NOT NULL)); INSERT INTO composed VALUES (ROW(1, 2));
        CREATE SCHEMA area; CREATE INDEX rows_idx ON tenant.rows (a); CREATE DOMAIN open AS int; CREATE DOMAIN shut AS int CHECK (VALUE > 0);"""
    SEQUENCES = [
        ("ALTER TABLE odd ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE odd ADD PRIMARY KEY USING INDEX odd_a", "scan"),
        ("ALTER TABLE rows ALTER a SET NOT NULL", "none"),
        ("ALTER TABLE rows ALTER b SET NOT NULL", "none"),
        ("ALTER TABLE rows DROP COLUMN c; ALTER TABLE rows ALTER b SET NOT NULL", "scan"),
        ("ALTER TABLE rows ALTER c DROP NOT NULL; ALTER TABLE rows ALTER c SET NOT NULL", "scan"),
        ("ALTER TABLE rows DROP CONSTRAINT IF EXISTS a_there; ALTER TABLE rows ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE rows ALTER b SET DEFAULT 1, DROP CONSTRAINT a_there; ALTER TABLE rows ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE rows DROP CONSTRAINT a_there, ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE rows RENAME CONSTRAINT a_there TO same2; ALTER TABLE rows DROP CONSTRAINT same2; ALTER TABLE rows ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE rows DROP COLUMN s; ALTER TABLE rows ADD COLUMN s text DEFAULT 'x'; ALTER TABLE rows ALTER s SET NOT NULL", "scan"),
        ("ALTER TABLE rows RENAME c TO old; ALTER TABLE rows RENAME a TO c; ALTER TABLE rows DROP CONSTRAINT a_there; ALTER TABLE rows ALTER c SET NOT NULL", "scan"),
        ("ALTER TABLE rows DROP CONSTRAINT a_there; ALTER TABLE rows RENAME TO was; ALTER TABLE was ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE rows RENAME TO was; ALTER TABLE was ALTER a SET NOT NULL", "none"),
        ("ALTER TABLE other DROP CONSTRAINT same; ALTER TABLE rows ALTER a SET NOT NULL", "none"),
        ("ALTER TABLE tenant.rows ADD CONSTRAINT there CHECK (b IS NOT NULL); ALTER TABLE tenant.rows ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE tenant.rows ADD CONSTRAINT there CHECK (a IS NOT NULL); ALTER TABLE tenant.rows ALTER a SET NOT NULL", "none"),
        ("ALTER TABLE rows DROP CONSTRAINT a_there; ALTER TABLE tenant.rows ADD CONSTRAINT there CHECK (a IS NOT NULL); ALTER TABLE rows ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE root DROP CONSTRAINT root_a; ALTER TABLE leaf ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE other VALIDATE CONSTRAINT late; ALTER TABLE other ALTER a SET NOT NULL", "none"),
        ("ALTER TABLE other VALIDATE CONSTRAINT late; ALTER TABLE other DROP CONSTRAINT late; ALTER TABLE other ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE composed ALTER p SET NOT NULL", "scan"),
        ("DO $$ BEGIN ALTER TABLE rows DROP CONSTRAINT a_there; END $$; ALTER TABLE rows ALTER a SET NOT NULL", "scan"),
        ("SAVEPOINT s; ALTER TABLE odd ADD CONSTRAINT there CHECK (a IS NOT NULL); ROLLBACK TO s; ALTER TABLE odd ALTER a SET NOT NULL", "scan"),
        ("ALTER TABLE odd ALTER a SET NOT NULL; ALTER TABLE odd ADD PRIMARY KEY USING INDEX odd_a", "none"),
        ("ALTER DOMAIN open ADD CHECK (VALUE > 0); ALTER TABLE rows ADD COLUMN n open", "rewrite"),
        ("ALTER DOMAIN open SET NOT NULL; ALTER TABLE rows ADD COLUMN n open DEFAULT 1", "rewrite"),
        ("CREATE DOMAIN mine AS shut; ALTER TABLE rows ADD COLUMN n mine", "rewrite"),
        ("CREATE INDEX IF NOT EXISTS rows_idx ON rows (a)", "index"),
        ("CREATE INDEX IF NOT EXISTS rows_idx ON tenant.rows (a)", "none"),
        ("SET search_path = tenant, public; CREATE INDEX IF NOT EXISTS rows_idx ON rows (a)", "none"),
        ("DROP INDEX tenant.rows_idx; CREATE INDEX IF NOT EXISTS rows_idx ON tenant.rows (a)", "index"),
        ("ALTER DOMAIN shut RENAME TO mine; ALTER TABLE rows ADD COLUMN n mine", "rewrite"),
        ("CREATE DOMAIN mine AS open; ALTER TABLE rows ADD COLUMN n mine", "none"),
    ]

    def test_what_the_plan_takes_away_proves_nothing_any_more(self):
        self.sql(self.SETUP.replace("DROP TABLE before;", self.AFTER + "DROP TABLE before;").replace("('public', 'other')", "('public', 'other', 'tenant')"))
        found = self.measure([sql for sql, _ in self.SEQUENCES])
        project = self.project()
        for number, (sql, _) in enumerate(self.SEQUENCES):
            project.add(f"{number:05}", f"BEGIN; {sql}; COMMIT;" if "SAVEPOINT" in sql else sql + ";")
        rpc = self.rpc(self.worker(project))
        wrong = []
        for number, ((sql, right), real) in enumerate(zip(self.SEQUENCES, found)):
            plan = rpc.call("MigrationService", "Plan", {"migrations": [f"{number:05}"], "allow_out_of_order": True})
            self.assertTrue(plan.migrations, sql)
            said = self.work_name([one for step in plan.migrations[0].steps for one in step.statements if one.sql != "COMMIT"][-1])
            reads = any(word in sql[:sql.rfind(";") + 1] for word in ("VALIDATE", "ADD CONSTRAINT", "NOT NULL;"))
            if said != right or (not reads and real.work != right):
                wrong.append(f"{sql}: said {said}, is {right} (the server: {real.work})")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    harness.main()
