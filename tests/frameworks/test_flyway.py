"""Flyway's own ways: callbacks, migrations that are classes, locations of every form, settings in every file."""
import os
import sys
import zlib

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Fixtures
from harness import RpcError, Rpc

SQL = "src/main/resources/db/migration"
FAILED_PRECONDITION = 9


class Flyway(Fixtures):
    def project(self, **files):
        directory = fixtures.harness.tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        for path, text in files.items():
            whole = os.path.join(directory.name, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(text)
        return type("Here", (), {"path": directory.name})

    def start(self, files, *arguments):
        return Rpc(self.worker(self.project(**files), *arguments).address)

    def names(self, rpc):
        return [one.name for one in self.status(rpc).migrations]

    def refused(self, rpc, method="Run"):
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", method)
        return caught.exception.status

    LEFT_TO_TOOL = (f"{SQL}/beforeEachMigrateStatement.sql", f"{SQL}/afterEachMigrateError.sql", f"{SQL}/afterValidate.sql", f"{SQL}/createSchema__x.sql",
                    f"{SQL}/beforeConnect.sql", f"{SQL}/afterMigrate.sh", "src/main/java/db/callback/Notify.java")

    def test_callbacks_that_only_flyway_runs_leave_the_folder_to_it_by_name(self):
        for path in self.LEFT_TO_TOOL:
            with self.subTest(path=path), self.start({f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)", path: "SELECT 1"}) as rpc:
                named = path if path.endswith(".sql") or path.endswith(".sh") else os.path.dirname(path)
                self.assertIn(named, "".join(self.status(rpc).warnings))
                status = self.refused(rpc)
                self.assertEqual((status.code, status.detail.reason), (FAILED_PRECONDITION, "NEEDS_DELEGATE"))
                self.assertIn(named, status.message)
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    # ---- callbacks ----

    EVENTS = ("beforeMigrate", "beforeMigrate__a_b", "beforeMigrate__a", "beforeEachMigrate", "afterEachMigrate", "afterVersioned", "beforeRepeatables",
              "afterMigrateApplied", "afterMigrate", "afterMigrateError")
    LOG = "CREATE TABLE IF NOT EXISTS log (id serial, what text, tx bigint DEFAULT txid_current());"

    def with_callbacks(self, **files):
        """A project in which each callback writes its name, and its place in the order is seen."""
        made = {f"{SQL}/{one}.sql": f"INSERT INTO log (what) VALUES ('{one}') -- no end" for one in self.EVENTS}
        made[f"{SQL}/beforeMigrate.sql"] = self.LOG + "INSERT INTO log (what) VALUES ('beforeMigrate');"
        made.update({f"{SQL}/{name}": text for name, text in files.items()})
        return self.start(made)

    def log(self):
        """What was done since the last time, a list for each transaction."""
        rows = self.sql("WITH gone AS (DELETE FROM log RETURNING *) SELECT tx, string_agg(what, ' ' ORDER BY id) FROM gone GROUP BY tx ORDER BY min(id)")
        return [what for _, what in rows]

    BEFORE = ["beforeMigrate", "beforeMigrate__a", "beforeMigrate__a_b"]

    def test_callbacks_run_in_the_places_and_transactions_of_flyway(self):
        """DbMigrate.java of 13.0: those of the run by themselves, those of each migration in its transaction; also with nothing pending."""
        each = ["beforeEachMigrate V1 afterEachMigrate", "beforeEachMigrate V2 afterEachMigrate"]
        with self.with_callbacks(**{"V1__a.sql": "INSERT INTO log (what) VALUES ('V1')", "V2__b.sql": "INSERT INTO log (what) VALUES ('V2');",
                                    "R__r.sql": "INSERT INTO log (what) VALUES ('R')"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual(self.log(), self.BEFORE + each + ["afterVersioned", "beforeRepeatables", "beforeEachMigrate R afterEachMigrate", "afterMigrateApplied", "afterMigrate"])
            again = rpc.call("MigrationService", "Run")
            self.assertEqual((again.ok, again.summary), (True, "No pending migrations to run."))
            self.assertEqual(self.log(), self.BEFORE + ["afterVersioned", "afterMigrate"])
        self.assertEqual(self.sql("SELECT script, checksum IS NOT NULL, success FROM flyway_schema_history ORDER BY installed_rank"),
                         [("V1__a.sql", "t", "t"), ("V2__b.sql", "t", "t"), ("R__r.sql", "t", "t")])

    def test_a_migration_that_fails_takes_its_own_callbacks_with_it(self):
        with self.with_callbacks(**{"V1__a.sql": "INSERT INTO log (what) VALUES ('V1')", "V2__b.sql": "\nSELECT oops"}) as rpc:
            run = rpc.call("MigrationService", "Run")
            self.assertEqual((run.ok, run.failed.name, run.failed.line), (False, "V2__b", 2))
        self.assertEqual(self.log(), self.BEFORE + ["beforeEachMigrate V1 afterEachMigrate", "afterMigrateError"])

    def test_a_callback_that_fails_is_named_with_its_line(self):
        for name, text, kept in (("beforeMigrate__b.sql", "SELECT 1;\nSELECT oops", ""), ("afterMigrate__z.sql", "SELECT 1;\nSELECT oops", "V1__a")):
            with self.subTest(name=name):
                self.setUp()
                with self.with_callbacks(**{"V1__a.sql": "SELECT 1", name: text}) as rpc:
                    run = rpc.call("MigrationService", "Run")
                    self.assertEqual((run.ok, run.failed.name, run.failed.line, run.failed.partially_applied), (False, f"{SQL}/{name}", 2, False))
                    self.assertIn(f"The callback {SQL}/{name} failed", run.summary)
                    self.assertEqual("".join(one.name for one in run.applied), kept)
        self.setUp()
        with self.with_callbacks(**{"V1__a.sql": "SELECT 1", "beforeEachMigrate.sql": "SELECT 1;\nSELECT oops"}) as rpc:
            run = rpc.call("MigrationService", "Run")
            self.assertEqual((run.failed.name, run.failed.line), ("V1__a", 0))
            self.assertIn("beforeEachMigrate.sql, line 2: column \"oops\" does not exist", run.failed.error)

    def test_a_role_that_a_callback_takes_is_the_migration_s(self):
        self.sql("CREATE ROLE flyway_owner; GRANT CREATE, USAGE ON SCHEMA public TO flyway_owner")
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY flyway_owner; DROP ROLE flyway_owner")
        with self.start({"flyway.conf": f"flyway.locations=filesystem:{SQL}\nflyway.mixed=true\n", f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)",
                         f"{SQL}/V2__b.sql": "CREATE INDEX CONCURRENTLY ai ON a (i); CREATE TABLE b (i int)",
                         f"{SQL}/beforeEachMigrate.sql": "SET ROLE flyway_owner", f"{SQL}/afterMigrate.sql": "CREATE TABLE c (i int)"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('a', 'ai', 'b') ORDER BY 1"),
                         [("a", "flyway_owner"), ("ai", "flyway_owner"), ("b", "flyway_owner")])
        self.assertNotEqual(self.sql("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'c'"), [("flyway_owner",)])

    def test_a_dry_run_tries_what_the_migrations_may_need_and_names_the_rest(self):
        with self.with_callbacks(**{"V1__a.sql": "INSERT INTO log (what) VALUES ('V1')"}) as rpc:
            run = rpc.call("MigrationService", "Run", {"dry_run": True})
            self.assertTrue(run.ok, run.summary)
            self.assertEqual({one.migration for one in run.not_tried},
                             {f"{SQL}/{one}.sql" for one in ("afterVersioned", "beforeRepeatables", "afterMigrateApplied", "afterMigrate", "afterMigrateError")})
        self.assertEqual(self.sql("SELECT to_regclass('log')"), [(None,)])

    def test_a_plan_shows_those_of_each_migration_and_knows_nothing_of_the_run_s(self):
        with self.with_callbacks(**{"V1__a.sql": "\nINSERT INTO log (what) VALUES ('V1')"}) as rpc:
            plan = rpc.call("MigrationService", "Plan")
            self.assertIn("is not known", plan.summary)
            self.assertIn("beforeMigrate__a.sql", "".join(self.status(rpc).warnings))
            lines = [(one.line, "callback" in one.advice) for one in plan.migrations[0].steps[0].statements]
            self.assertEqual(lines[0], (1, True))
            hash_before = plan.plan_hash
        with self.with_callbacks(**{"V1__a.sql": "\nINSERT INTO log (what) VALUES ('V1')", "afterMigrate.sql": "SELECT 2"}) as rpc:
            self.assertNotEqual(rpc.call("MigrationService", "Plan").plan_hash, hash_before)

    def test_a_callback_may_be_more_than_a_transaction(self):
        with self.start({"flyway.conf": f"flyway.locations=filesystem:{SQL}\nflyway.mixed=true\n", f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)",
                         f"{SQL}/afterMigrate.sql": "VACUUM ANALYZE a; CREATE TABLE b (i int)"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [("b",)])

    def test_an_invalid_index_that_a_callback_leaves_is_removed_and_one_that_it_would_pass_over_is_told(self):
        index = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS rows_i ON rows (i)"
        with self.start({f"{SQL}/V1__a.sql": "CREATE TABLE rows (i int); INSERT INTO rows VALUES (1), (1)", f"{SQL}/afterMigrate.sql": index}) as rpc:
            run = rpc.call("MigrationService", "Run")
            self.assertEqual((run.ok, run.failed.sqlstate, run.failed.hint), (False, "23505", ""))
            self.assertEqual(self.sql("SELECT to_regclass('rows_i')"), [(None,)])
            self.sql("CREATE UNIQUE INDEX CONCURRENTLY rows_i ON rows (i)", check=False)
            self.assertEqual(self.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'rows_i'::regclass"), [("f",)])
            told = self.refused(rpc)
            self.assertRegex(told.message, r'afterMigrate\.sql" would skip .* the index "rows_i" is there and INVALID')
            self.assertRegex(rpc.call("MigrationService", "Plan").refusal, r'afterMigrate\.sql" would skip .* the index "rows_i" is there and INVALID')
            self.sql("DELETE FROM rows")
            self.assertTrue(rpc.call("MigrationService", "Run", {"repair": True}).ok)
            self.assertEqual(self.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'rows_i'::regclass"), [("t",)])

    def test_callbacks_that_the_configuration_skips_are_none(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.skipDefaultCallbacks=true", "sql/V1__a.sql": "SELECT 1", "sql/beforeMigrate.sql": "SELECT oops"}) as rpc:
            self.assertEqual(list(self.status(rpc).warnings), [])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_callbacks_of_one_name_are_refused_as_flyway_does(self):
        with self.start({f"{SQL}/V1__a.sql": "SELECT 1", f"{SQL}/x/afterMigrate.sql": "SELECT 1", f"{SQL}/y/afterMigrate.sql": "SELECT 1"}) as rpc:
            self.assertIn("two callbacks called afterMigrate", self.refused(rpc).message)

    def test_what_only_looks_like_a_callback_is_none(self):
        with self.start({f"{SQL}/V1__a.sql": "SELECT 1", f"{SQL}/afterClean.sql": "SELECT 1", f"{SQL}/notes.sql": "SELECT 1"}) as rpc:
            self.assertEqual(list(self.status(rpc).warnings), [])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_first_run_that_begins_with_a_baseline_migration_is_left_to_flyway_and_later_ones_are_not(self):
        """MigrationInfoServiceImpl.java, pendingBaseline: the versions up to it are passed over where nothing is applied."""
        files = {f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)", f"{SQL}/V3__c.sql": "CREATE TABLE c (i int)"}
        for name, settings in (("B2__all.sql", ""), ("G2__all.sql", "flyway.baselineMigrationPrefix=G")):
            with self.subTest(name):
                self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                made = self.project(**files)
                with open(os.path.join(made.path, "flyway.conf"), "w", encoding="utf-8") as file:
                    file.write(f"flyway.locations=filesystem:{SQL}\n{settings}\n")
                with open(os.path.join(made.path, SQL, name), "w", encoding="utf-8") as file:
                    file.write("CREATE TABLE a (i int)")
                with Rpc(self.worker(made).address) as rpc:
                    status = self.refused(rpc)
                    self.assertEqual(status.detail.reason, "NEEDS_DELEGATE")
                    self.assertIn(f"the baseline migration {name}, with which flyway begins where nothing is applied", status.message)
                    self.assertEqual(self.sql("SELECT to_regclass('c')"), [(None,)])
                    rpc.call("MigrationService", "MarkApplied", {"migration": "V1__a"})
                    self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_classes_in_their_places_are_migrations(self):
        for path in ("src/main/java/db/migration/V2__b.java", "src/main/kotlin/db/migration/V2__b.kt"):
            with self.subTest(path=path), self.start({f"{SQL}/V1__a.sql": "SELECT 1", path: "class V2__b {}", f"{SQL}/V3__c.sql": "SELECT 1"}) as rpc:
                self.assertEqual(self.names(rpc), ["V1__a", "V2__b", "V3__c"])
                self.assertIn("V2__b", self.refused(rpc).message)

    def test_a_class_is_recorded_by_its_name(self):
        with self.start({f"{SQL}/V1__a.sql": "SELECT 1", "src/main/java/db/migration/V2__b.java": "class V2__b {}"}) as rpc:
            for name in ("V1__a", "V2__b"):
                rpc.call("MigrationService", "MarkApplied", {"migration": name})
            self.assertEqual(set(self.states(rpc)), {"applied"})
        self.assertEqual(self.sql("SELECT version, type, script FROM flyway_schema_history ORDER BY 1"),
                         [("1", "SQL", "V1__a.sql"), ("2", "JDBC", "db.migration.V2__b")])

    def test_a_project_of_classes_alone_is_found(self):
        with self.start({"src/main/java/db/migration/V1__a.java": "class V1__a {}"}) as rpc:
            self.assertEqual(self.names(rpc), ["V1__a"])

    def test_locations_are_read_in_every_form(self):
        nine = [f"l{i}" for i in range(1, 10)]
        files = {f"{place}/V{i}__a.sql": "SELECT 1" for i, place in enumerate(nine, 1)}
        listed = ",".join(f"filesystem:{place}" for place in nine)
        lines = "\n".join(f'  "filesystem:{place}",' for place in nine)
        yaml = "\n".join(f"      - filesystem:{place}" for place in nine)
        pom = "".join(f"<location>filesystem:{place}</location>" for place in nine)
        for name, text in (("flyway.conf", f"flyway.locations={listed}\n"),
                           ("flyway.conf", "flyway.locations=" + listed.replace(",", ",\\\n    ") + "\n"),
                           ("flyway.toml", f"[flyway]\nlocations = [\n{lines}\n]\n"),
                           ("src/main/resources/application.properties", f"spring.flyway.locations={listed}\n"),
                           ("src/main/resources/application.yml", f"spring:\n  flyway:\n    locations:\n{yaml}\n"),
                           ("pom.xml", f"<plugin><artifactId>flyway-maven-plugin</artifactId><configuration><locations>{pom}</locations></configuration></plugin>"),
                           ("build.gradle", "flyway {\n  locations = [" + ",".join(f"'filesystem:{place}'" for place in nine) + "]\n}\n")):
            with self.subTest(name=name, text=text[:30]), self.start({**files, name: text}) as rpc:
                self.assertEqual(self.names(rpc), [f"V{i}__a" for i in range(1, 10)])

    def test_a_location_that_only_flyway_finds_is_a_question_with_its_line(self):
        for location in ("filesystem:${DIR}", "s3:bucket/sql", "filesystem:sql/*/x"):
            with self.subTest(location=location), self.start({"flyway.conf": f"flyway.table=a\nflyway.locations=filesystem:sql,{location}\n", "sql/V1__a.sql": ""}) as rpc:
                problem = self.status(rpc).problem
                self.assertIn("flyway.conf, line 2, names the location " + location, problem)
                self.assertEqual(self.refused(rpc).message, problem)

    def test_a_location_that_is_not_there_is_told(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql,filesystem:more\n", "sql/V1__a.sql": ""}) as rpc:
            self.assertIn("The location more does not exist", "".join(self.status(rpc).warnings))

    def test_what_only_flyway_follows_in_its_settings_leaves_the_folder_to_it(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.initSql=SET ROLE x\n", "sql/V1__a.sql": "SELECT 1"}) as rpc:
            self.assertIn("initSql", self.refused(rpc).message)

    def test_a_computed_ledger_is_a_question(self):
        with self.start({"src/main/resources/application.yml": "spring:\n  flyway:\n    default-schema: ${SCHEMA:app}\n", f"{SQL}/V1__a.sql": ""}) as rpc:
            self.assertIn("application.yml, line 3, computes defaultSchema", self.status(rpc).problem)

    def test_a_versioned_file_that_was_renamed_is_not_as_it_was(self):
        with self.start({f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)", f"{SQL}/V2__b_c.sql": "CREATE TABLE b (i int)", f"{SQL}/R__d.sql": "SELECT 1"}) as rpc:
            rpc.call("MigrationService", "Run")
            self.assertEqual(set(self.states(rpc)), {"applied"})
        with self.start({f"{SQL}/V1.0__a.sql": "CREATE TABLE a (i int)", f"{SQL}/V2__c.sql": "CREATE TABLE b (i int)", f"{SQL}/V3__e.sql": "SELECT 1",
                         f"{SQL}/R__d.sql": "SELECT 1"}) as rpc:
            self.assertEqual(self.states(rpc), ["applied", "modified", "pending", "applied"])
            note = self.status(rpc).migrations[1].note
            self.assertTrue(note.startswith('It was applied with the description "b c": its file seems to have been renamed. Give it its old name: flyway stops at it'), note)
            status = self.refused(rpc)
            self.assertEqual((status.code, status.detail.reason), (FAILED_PRECONDITION, "HISTORY_CHANGED"))
            self.assertIn("\"V2__c\" is applied, and its file is not as it was. It was applied with", status.message)

    def test_rows_without_what_flyway_always_writes_are_read_as_far_as_they_say_something(self):
        with self.start({f"{SQL}/V1__a.sql": "SELECT 1", f"{SQL}/V2__b.sql": "SELECT 1"}) as rpc:
            rpc.call("MigrationService", "Run")
            self.sql("ALTER TABLE flyway_schema_history RENAME TO old; CREATE TABLE flyway_schema_history AS SELECT * FROM old; DROP TABLE old;"
                     "UPDATE flyway_schema_history SET type = NULL, script = NULL, description = NULL; INSERT INTO flyway_schema_history DEFAULT VALUES;"
                     "INSERT INTO flyway_schema_history (version, success) VALUES ('3', true)")
            self.assertEqual(self.states(rpc), ["applied", "applied", "orphaned"])
            self.assertIn("rows that name no migration", "".join(self.status(rpc).warnings))

    def test_a_first_run_beside_tables_is_refused_in_flyway_s_words(self):
        self.sql("CREATE TABLE legacy (id int)")
        with self.start({f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)"}) as rpc:
            self.assertIn("its own tool refuses it, too: flyway's \"Found non-empty schema(s)\"", self.refused(rpc).message)

    def test_a_first_run_beside_tables_tells_what_a_baseline_of_the_configuration_would_pass_over(self):
        self.sql("CREATE TABLE legacy (id int)")
        conf = "flyway.locations=filesystem:sql\nflyway.baselineOnMigrate=true\n"
        files = {"sql/V1__a.sql": "CREATE TABLE a (i int)", "sql/V1_1__b.sql": "CREATE TABLE b (i int)", "sql/V2__c.sql": "CREATE TABLE c (i int)"}
        for more, said in (("", "flyway.conf says baselineOnMigrate, with which flyway records a baseline of version 1, passes over V1__a and runs the rest"),
                           ("flyway.baselineVersion=2\n", "records a baseline of version 2, passes over V1__a and 2 more and runs the rest")):
            with self.subTest(more=more), self.start({**files, "flyway.conf": conf + more}) as rpc:
                self.assertIn(said, self.refused(rpc).message)
                self.assertIn(said, rpc.call("MigrationService", "Plan").refusal)
        spring = {f"{SQL}/V1__a.sql": "SELECT 1", "src/main/resources/application.yml": "spring:\n  flyway:\n    baseline-on-migrate: true\n    baseline-version: 1\n"}
        with self.start(spring) as rpc:
            self.assertIn("application.yml says baselineOnMigrate", self.refused(rpc).message)
        with self.start({**files, "flyway.conf": conf + "flyway.baselineVersion=0\n"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual(self.states(rpc), ["applied"] * 3)

    def test_a_plan_looks_into_the_default_schema_before_it_is_there(self):
        """Its first run makes the schema, and the scripts' names are looked for there."""
        for schema in ("shop", "My shop"):
            self.database = None
            self.sql("CREATE TABLE t (j text)")
            with self.subTest(schema=schema), self.start({"flyway.conf": f"flyway.locations=filesystem:sql\nflyway.defaultSchema={schema}\n", "sql/V1__a.sql": "CREATE TABLE t (i int);\nALTER TABLE t ADD k int;"}) as rpc:
                statements = rpc.call("MigrationService", "Plan").migrations[0].steps[0].statements
                self.assertEqual([one.fails for one in statements], ["", ""])
                self.assertEqual([one.relation for statement in statements for one in statement.locks if one.blocks_reads], [])
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.assertEqual(self.sql("SELECT schemaname FROM pg_catalog.pg_tables WHERE tablename = 't' ORDER BY 1"), sorted([("public",), (schema,)]))

    def test_a_profile_of_quarkus_that_names_another_place_is_a_question(self):
        properties = "src/main/resources/application.properties"
        here = {f"src/main/resources/db/{one}/V1__{one}.sql": "SELECT 1" for one in ("main", "prod")}
        for line, said in (("%prod.quarkus.flyway.locations=db/prod", f"{properties}, line 2, names the location db/prod for one profile"),
                           ("%prod.quarkus.flyway.table=moves", f"{properties}, line 2, names moves for one profile"),
                           ("%prod.quarkus.flyway.locations=db/main", None), ("%test.quarkus.flyway.locations=db/test", None)):
            with self.subTest(line=line), self.start({properties: f"quarkus.flyway.locations=db/main\n{line}\n", **here}) as rpc:
                self.assertIn(said or "", self.status(rpc).problem or "")
                self.assertEqual(bool(self.status(rpc).problem), said is not None)

    def test_scripts_work_in_the_default_schema_and_a_plan_looks_there(self):
        """PostgreSQLConnection.changeCurrentSchemaTo: the default schema, then the connection's own path."""
        first = {"sql/V1__a.sql": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE t (i int);\nCREATE TABLE o AS SELECT * FROM other;"}
        for said in ("flyway.schemas=shop,more\n", "flyway.defaultSchema=shop\n"):
            conf = {"flyway.conf": f"{said}flyway.locations=filesystem:sql\n", **first}
            self.sql("DROP SCHEMA IF EXISTS shop CASCADE; DROP TABLE IF EXISTS public.t, other; CREATE TABLE public.t (j text); CREATE TABLE other (k int)")
            with self.subTest(said=said):
                with self.start(conf) as rpc:
                    rpc.call("MigrationService", "Run")
                self.assertEqual(self.sql("SELECT schemaname, tablename FROM pg_tables WHERE tablename IN ('t', 'o') ORDER BY 2, 1"), [("shop", "o"), ("public", "t"), ("shop", "t")])
                with self.start({**conf, "sql/V2__b.sql": "CREATE TABLE other (k int);"}) as rpc:
                    statement, = rpc.call("MigrationService", "Plan").migrations[0].steps[0].statements
                    self.assertEqual(statement.fails, "")
                    rpc.call("MigrationService", "Run")

    def test_scripts_work_in_public_where_that_is_the_default_schema(self):
        """changeCurrentSchemaTo knows no exception. Nothing is looked up in the connection's path on the way there: pub2 has an operator "="
        for text that is in front of PostgreSQL's."""
        self.sql("DROP SCHEMA IF EXISTS app CASCADE; DROP SCHEMA IF EXISTS pub2 CASCADE; CREATE SCHEMA app; CREATE SCHEMA pub2; CREATE FUNCTION pub2.f(text, text) "
                 "RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'theirs has run'; END$$; "
                 "CREATE OPERATOR pub2.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pub2.f)")
        for path in ("app, public", "pub2, pg_catalog, public"):
            with self.subTest(path=path):
                self.sql(f"DROP TABLE IF EXISTS flyway_schema_history, public.p; DO $$BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path = {path}', pg_catalog.current_database()); END$$")
                try:
                    with self.start({"flyway.conf": "flyway.defaultSchema=public\nflyway.locations=filesystem:sql\n", "sql/V1__a.sql": "CREATE TABLE p (i int);"}) as rpc:
                        rpc.call("MigrationService", "Run")
                    self.assertEqual(self.sql("SELECT schemaname FROM pg_catalog.pg_tables WHERE tablename OPERATOR(pg_catalog.=) 'p'"), [("public",)])
                finally:
                    self.sql("DO $$BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I RESET search_path', pg_catalog.current_database()); END$$")

    def test_a_repeatable_one_is_compared_with_the_placeholders_that_flyway_sets(self):
        """SqlMigrationResolver: the sum is of the text with its placeholders replaced."""
        repeatable = f"{SQL}/R__v.sql"
        project = self.project(**{repeatable: "CREATE VIEW v AS SELECT '${flyway:user}'::text AS u, '${flyway:database}'::text AS d;"})
        with Rpc(self.worker(project).address) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            text = "CREATE VIEW v AS SELECT '{}'::text AS u, '{}'::text AS d;".format(*self.sql("SELECT current_user, current_database()")[0])
            crc = zlib.crc32(text.encode())
            self.assertEqual(self.sql("SELECT checksum FROM flyway_schema_history"), [(str(crc - (crc >> 31 << 32)),)])
            self.assertEqual(self.states(rpc), ["applied"])
            with open(os.path.join(project.path, repeatable), "a", encoding="utf-8") as file:
                file.write("-- edited\n")
            self.assertEqual(self.states(rpc), ["pending"])

    def test_what_runs_in_each_migrate_is_left_to_flyway(self):
        files = {f"{SQL}/V1__a.sql": "CREATE TABLE a (i int);", f"{SQL}/R__grants.sql": "-- ${flyway:timestamp}\nGRANT SELECT ON a TO PUBLIC;"}
        with self.start(files) as rpc:
            self.assertIn("R__grants.sql has the placeholder flyway:timestamp, with which it runs in each migrate", self.refused(rpc).message)
            self.assertIn("Only flyway itself runs these migrations", self.status(rpc).warnings[0])

    def test_what_runs_in_each_migrate_is_left_although_nothing_else_is(self):
        """Its row says nothing of the next run: flyway runs it whenever it migrates."""
        files = {f"{SQL}/V1__a.sql": "CREATE TABLE a (i int);", f"{SQL}/R__grants.sql": "-- ${flyway:timestamp}\nGRANT SELECT ON a TO PUBLIC;"}
        with self.start(files) as rpc:
            for one in ("V1__a", "R__grants"):
                self.assertTrue(rpc.call("MigrationService", "MarkApplied", {"migration": one}).ok)
            self.assertEqual(self.states(rpc), ["applied", "pending"])  # flyway writes a sum, and another one next time
            self.sql("UPDATE flyway_schema_history SET checksum = 7 WHERE version IS NULL")
            for method in ("Run", "Plan"):
                said = self.refused(rpc).message if method == "Run" else rpc.call("MigrationService", method).summary
                self.assertIn("No other migration is pending, but \"R__grants\" runs in each run of Flyway", said)

    def test_what_runs_in_each_migrate_is_run_by_a_flyway_that_may_be_started(self):
        files = {f"{SQL}/V1__a.sql": "CREATE TABLE a (i int);", f"{SQL}/R__grants.sql": "-- ${flyway:timestamp}\nGRANT SELECT ON a TO PUBLIC;"}
        project = self.project(**files)
        tool = os.path.join(project.path, "flyway")
        row = "INSERT INTO flyway_schema_history SELECT max(installed_rank) + 1, NULL, 'grants', 'SQL', 'R__grants.sql', 8, 'me', clock_timestamp()::timestamp, 5, true FROM flyway_schema_history"

        def write(script):
            with open(tool, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\necho "$*" >>"$(dirname "$0")/started"\n{script}\n')
            os.chmod(tool, 0o755)
        write("exit 3")
        with Rpc(self.worker(project, "--allow-delegate", environment={"PATH": project.path + ":" + os.environ["PATH"]}).address) as rpc:
            for one in ("V1__a", "R__grants"):
                self.assertTrue(rpc.call("MigrationService", "MarkApplied", {"migration": one}).ok)
            self.sql("UPDATE flyway_schema_history SET checksum = 7 WHERE version IS NULL")
            reply = rpc.call("MigrationService", "Run")
            self.assertFalse(reply.ok)
            self.assertIn("does not have this migration once more", reply.failed.error)
            write(f'psql "{self.url()}" -Xqc "{row}"')
            self.assertIn("run by Flyway itself", rpc.call("MigrationService", "Plan").summary)
            for _ in range(2):
                reply = rpc.call("MigrationService", "Run")
                self.assertEqual((reply.ok, [one.name for one in reply.applied]), (True, ["R__grants"]), reply)
            self.assertEqual(self.states(rpc), ["applied", "applied"])
            write("exit 0")  # it passes over it
            reply = rpc.call("MigrationService", "Run")
            self.assertEqual((reply.ok, len(reply.applied)), (True, 0), reply)
            with open(os.path.join(project.path, "started"), encoding="utf-8") as file:
                self.assertEqual(file.read().splitlines(), ["migrate"] * 4)

    def test_a_row_without_a_checksum_is_not_that_of_the_file(self):
        """MigrationInfoImpl.validate compares with it; a repeatable migration runs again."""
        with self.start({f"{SQL}/V1__a.sql": "CREATE TABLE a (i int);", f"{SQL}/R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS n;"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.sql("UPDATE flyway_schema_history SET checksum = NULL")
            self.assertEqual(self.states(rpc), ["modified", "pending"])
            self.assertIn("Its row has no checksum", self.status(rpc).migrations[0].note)
            self.refused(rpc)

    def test_an_edit_below_the_baseline_stops_neither_flyway_nor_us(self):
        """MigrationInfoImpl.validate compares only what is above the baseline."""
        with self.start({f"{SQL}/V1__a.sql": "CREATE TABLE a (i int);", f"{SQL}/V3__c.sql": "CREATE TABLE c (i int);"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run", {"migrations": ["V1__a"]}).ok)
            self.sql("UPDATE flyway_schema_history SET checksum = 7")
            self.assertIn("was edited since", self.refused(rpc).message)
            self.sql("INSERT INTO flyway_schema_history SELECT 2, '2', 'b', 'BASELINE', 'b', NULL, installed_by, installed_on, 0, true FROM flyway_schema_history")
            first = self.status(rpc).migrations[0]
            self.assertEqual((self.state(first), first.note), ("modified", "flyway goes on: it is not above the baseline."))
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual(self.states(rpc), ["modified", "applied"])

    def test_every_suffix_counts(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.sqlMigrationSuffixes=.sql,.ddl\n", "sql/V1__a.sql": "", "sql/V2__b.ddl": ""}) as rpc:
            self.assertEqual(self.names(rpc), ["V1__a", "V2__b"])


if __name__ == "__main__":
    fixtures.harness.main()
