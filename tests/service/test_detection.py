"""What a project is: where its folder and its ledger are, and what their state says."""
import contextlib
import hashlib
import json
import os
import pty
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

FAILED_PRECONDITION = 9
LEDGER = """CREATE TABLE {}._prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0);"""
LOOK = "SELECT n.is_any, CASE WHEN n.is_any THEN NULL"  # the beginning of the query of look/shapes.c


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Detection(Case):
    def status(self, files, *arguments, **options):
        return self.rpc(self.worker(files, *arguments, **options)).call("MigrationService", "GetStatus")

    def run_all(self, files, *arguments, **options):
        return self.rpc(self.worker(files, *arguments, **options)).call("MigrationService", "Run")

    def moved(self, folder, schema=None):
        """A project with one migration in this folder."""
        files = self.project(folder=folder).add("1_first", "CREATE TABLE first (id INT);")
        if schema:
            files.write(schema, "model A { id Int @id }")
        return files

    def detail(self, word):
        return getattr(harness.messages().migration, f"DETAIL_STATE_{word}")

    def insert(self, name, checksum, finished="now()", rolled_back="NULL", logs="NULL", steps=1, schema="public"):
        self.sql(f"INSERT INTO {schema}._prisma_migrations VALUES (md5(random()::text), '{checksum}', {finished}, '{name}', "
                 f"{logs}, {rolled_back}, clock_timestamp(), {steps})")

    # ---- nothing, or only one of the two ----

    def test_an_empty_project_on_an_empty_database_is_of_no_framework(self):
        status = self.status(self.project(folder="src"))
        self.assertFalse(status.HasField("framework") or status.HasField("tracking_table") or status.HasField("folder"))
        self.assertEqual((list(status.migrations), list(status.detected_tables)), ([], []))

    def test_a_folder_before_its_first_run_is_prisma_without_a_ledger(self):
        status = self.status(self.project("prisma-blog"))
        self.assertEqual((status.framework, status.HasField("tracking_table"), status.folder), ("Prisma", False, "prisma/migrations"))
        self.assertEqual(list(status.detected_tables), [])

    def test_a_ledger_without_files_is_prisma_with_orphans(self):
        self.sql(LEDGER.format("public"))
        self.insert("1_gone", sha256("x"))
        status = self.status(self.project(folder="src"))
        self.assertEqual((status.framework, self.states(status)), ("Prisma", {"1_gone": "orphaned"}))
        self.assertFalse(status.migrations[0].HasField("file_hash"))

    def test_a_table_of_that_name_with_other_columns_is_no_ledger(self):
        self.sql("CREATE TABLE _prisma_migrations (id INT, note TEXT)")
        self.assertEqual(list(self.status(self.project(folder="src")).detected_tables), [])

    def test_ledgers_in_any_schema_are_told_of(self):
        self.sql("CREATE SCHEMA one; CREATE SCHEMA \"Two 2\";" + LEDGER.format("one") + LEDGER.format('"Two 2"'))
        tables = self.status(self.project("prisma-blog")).detected_tables
        self.assertEqual({(table.schema, table.table, table.framework) for table in tables},
                         {("one", "_prisma_migrations", "Prisma"), ("Two 2", "_prisma_migrations", "Prisma")})

    # ---- folders ----

    def test_folders_are_found_in_the_usual_places(self):
        for folder, schema in (("prisma/migrations", "prisma/schema.prisma"), ("prisma/schema/migrations", "prisma/schema/a.prisma"),
                               ("prisma/migrations", "prisma/schema/a.prisma"), ("packages/db/prisma/migrations", None),
                               ("apps/api/prisma/migrations", "apps/api/prisma/schema.prisma")):
            with self.subTest(folder=folder, schema=schema):
                status = self.status(self.moved(folder, schema))
                self.assertEqual((status.folder, self.states(status)), (folder, {"1_first": "pending"}))

    def test_the_option_names_a_folder(self):
        files = self.moved("db/steps")
        self.assertEqual(self.status(files, "--migrations", "db/steps").folder, "db/steps")
        self.assertTrue(self.run_all(files, environment={"TRUSS_MIGRATIONS": "db/steps"}).ok)

    def test_the_path_of_prisma_config_is_taken_where_it_is_a_plain_string(self):
        files = self.moved("db/steps")
        files.write("prisma.config.ts", """import { defineConfig } from 'prisma/config'
            // migrations: { path: 'commented/out' },
            export default defineConfig({
              schema: "prisma/schema.prisma",
              migrations: { seed: 'tsx "seed".ts', /* path: 'x' */ path: './db/steps' },
            })""")
        self.assertEqual(self.status(files).folder, "db/steps")

    def test_a_computed_path_is_not_guessed(self):
        files = self.moved("prisma/migrations")
        files.write("prisma.config.ts", "export default { migrations: { path: join(root, 'steps') } }")
        self.assertEqual(self.status(files).folder, "prisma/migrations")

    def test_of_several_packages_the_one_that_the_ledger_knows_is_meant(self):
        files = self.moved("packages/one/prisma/migrations")
        files.write("packages/two/prisma/migrations/1_other/migration.sql", "CREATE TABLE other (id INT);")
        rpc = self.rpc(self.worker(files))
        self.assertIn("packages/two/prisma/migrations", "".join(rpc.call("MigrationService", "GetStatus").warnings))
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertIn("--framework FOLDER", caught.exception.status.message)
        self.assertTrue(self.run_all(files, "--migrations", "packages/two/prisma/migrations").ok)
        self.assertEqual(rpc.call("MigrationService", "GetStatus").folder, "packages/two/prisma/migrations")

    # ---- names ----

    def test_names_with_spaces_quotes_and_other_scripts_run(self):
        names = ["1 with space", "2_it's \"quoted\"", "3_größe_日本語", "4_{a,b}\\c"]
        files = self.project()
        for name in names:
            files.add(name, "SELECT 1;")
        reply = self.run_all(files)
        self.assertEqual([one.name for one in reply.applied], names)
        self.assertEqual([row[0] for row in self.ledger()], names)

    def test_a_name_that_is_not_utf8_is_told_of_and_stops_a_run(self):
        files = self.project().add("1_good", "CREATE TABLE good (id INT);").add(b"2_\xff\xfe", "SELECT 1;")
        rpc = self.rpc(self.worker(files))
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual(self.states(status), {"1_good": "pending"})
        self.assertIn("UTF-8", "".join(status.warnings))
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertEqual(self.sql("SELECT to_regclass('good')"), [(None,)])

    def test_names_are_ordered_as_the_version_of_prisma_does(self):
        files = self.project()
        for name in ("b", "B", "10", "9", "é", "a_b", "a b", "aB"):
            files.add(name, "SELECT 1;")
        for version, names in (("", ["10", "9", "a b", "a_b", "aB", "b", "B", "é"]), ("5.22.0", ["10", "9", "B", "a b", "aB", "a_b", "b", "é"])):
            if version:
                files.write("package.json", json.dumps({"devDependencies": {"prisma": version}}))
            self.assertEqual([one.name for one in self.status(files).migrations], names)

    def test_loose_files_are_ignored(self):
        files = self.moved("prisma/migrations")
        files.write("prisma/migrations/notes.sql", "garbage")
        files.write("prisma/migrations/README", "garbage")
        self.assertEqual(self.states(self.status(files)), {"1_first": "pending"})

    # ---- unfit folders ----

    def test_a_directory_without_a_script_stops_a_run(self):
        files = self.moved("prisma/migrations")
        os.mkdir(os.path.join(files.path, files.folder, "0_empty"))
        rpc = self.rpc(self.worker(files))
        one = rpc.call("MigrationService", "GetStatus").migrations[0]
        self.assertEqual((one.name, one.detail_state), ("0_empty", self.detail("FILE_MISSING")))
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertIn("P3015", caught.exception.status.message)
        self.assertEqual(self.sql("SELECT to_regclass('first')"), [(None,)])

    def test_a_lock_file_of_another_provider_stops_a_run(self):
        files = self.moved("prisma/migrations")
        files.write("prisma/migrations/migration_lock.toml", 'provider = "mysql"\n')
        with self.assertRaises(RpcError) as caught:
            self.run_all(files)
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertIn("P3019", caught.exception.status.message)

    # ---- ledgers that others wrote ----

    def test_a_checksum_that_was_written_without_zero_padding_is_equal(self):
        script = next(text for text in (f"SELECT {n};" for n in range(1000)) if "0" in sha256(text)[::2])
        digest = hashlib.sha256(script.encode()).digest()
        files = self.project().add("1", script)
        self.sql(LEDGER.format("public"))
        self.insert("1", "".join(f"{byte:x}" for byte in digest))
        self.assertEqual(self.states(self.status(files)), {"1": "applied"})

    def test_a_checksum_of_either_line_ending_is_equal(self):
        files = self.project().add("1", "SELECT 1;\nSELECT 2;\n").add("2", "SELECT 1;\r\nSELECT 2;\r\n").add("3", "SELECT 3;\n")
        self.sql(LEDGER.format("public"))
        self.insert("1", sha256("SELECT 1;\r\nSELECT 2;\r\n"))
        self.insert("2", sha256("SELECT 1;\nSELECT 2;\n"))
        self.insert("3", sha256("SELECT 4;\n"))
        self.assertEqual(self.states(self.status(files)), {"1": "applied", "2": "applied", "3": "modified"})

    def test_attempts_are_told_oldest_first_and_the_last_word_counts(self):
        files = self.project().add("1", "SELECT 1;").add("2", "SELECT 2;").add("3", "SELECT 3;")
        self.sql(LEDGER.format("public"))
        self.insert("1", sha256("SELECT 1;"), finished="NULL", rolled_back="now()", logs="'first try'", steps=0)
        self.insert("1", sha256("SELECT 1;"))
        self.insert("2", sha256("SELECT 2;"), finished="NULL", rolled_back="now()", logs="'broke'", steps=0)
        self.insert("3", sha256("SELECT 3;"), finished="NULL", logs="'it failed'", steps=0)
        status = self.status(files)
        self.assertEqual(self.states(status), {"1": "applied", "2": "pending", "3": "pending"})
        one, two, three = status.migrations
        self.assertEqual([attempt.logs for attempt in one.attempts], ["first try", ""])
        self.assertTrue(one.HasField("applied_at") and one.attempts[0].HasField("rolled_back_at"))
        self.assertEqual(two.detail_state, self.detail("ROLLED_BACK"))
        self.assertEqual((three.detail_state, three.logs), (self.detail("FAILED"), "it failed"))
        self.assertFalse(three.HasField("applied_at"))

    def test_a_recorded_baseline_is_told(self):
        files = self.project().add("1", "SELECT 1;")
        self.sql(LEDGER.format("public"))
        self.insert("1", sha256("SELECT 1;"), steps=0)
        self.assertEqual(self.status(files).migrations[0].detail_state, self.detail("BASELINE"))

    def test_a_name_of_the_ledger_with_control_characters_does_no_harm(self):
        self.sql(LEDGER.format("public"))
        self.sql(r"INSERT INTO _prisma_migrations VALUES ('x', '', now(), E'1_\x1b[31m\n\"', E'\x1b', NULL, now(), 1)")
        self.assertEqual(self.states(self.status(self.project("prisma-blog")))['1_\x1b[31m\n"'], "orphaned")

    # ---- ?schema= ----

    def test_the_schema_of_the_url_holds_tables_and_ledger(self):
        files = self.project("prisma-blog")
        rpc = self.rpc(self.worker(files, url=self.url(schema="app")))
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(rpc.call("MigrationService", "GetStatus").tracking_table, "app._prisma_migrations")
        self.assertEqual(self.sql("SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname !~ '^pg_|^info'"), [("app",)])
        self.assertEqual(len(self.ledger(table="app._prisma_migrations")), 4)

    def test_a_schema_with_a_name_that_needs_quotes_works(self):
        files = self.moved("prisma/migrations")
        reply = self.run_all(files, url=self.url(schema="My%20%22App%22"))
        self.assertTrue(reply.ok)
        self.assertEqual(self.sql("SELECT schemaname FROM pg_tables WHERE tablename = 'first'"), [('My "App"',)])

    def test_the_same_project_in_two_schemas_is_two_ledgers(self):
        files = self.moved("prisma/migrations")
        self.assertTrue(self.run_all(files, url=self.url(schema="one")).ok)
        self.assertEqual(self.states(self.status(files, url=self.url(schema="two"))), {"1_first": "pending"})

    # ---- how often ----

    def messages(self, ask):
        """What is sent to the database while this is asked, message by message, each with the session that it came by."""
        self.sql(f"ALTER DATABASE {self.database} SET log_statement = 'all'")
        start = self.cluster.log_size()
        ask()
        return re.findall(r" \[(\d+)\] LOG:  (?:statement|execute [^:]*): (.*)", self.cluster.logged(start))

    def detections(self, ask):
        """How often the database is looked through for ledgers while this is asked."""
        return sum(message.startswith(LOOK) for _, message in self.messages(ask))

    def before_the_script(self, files, script):
        """What a new worker asks in front of the first script of its first run, all by one session: another one takes as long to
        open as a migration. On a busy machine the worker's own look at its tables, when it starts, may still be among them."""
        worker = self.worker(files)
        messages = self.messages(lambda: self.rpc(worker).call("MigrationService", "Run"))
        at, session = next((number, pid) for number, (pid, message) in enumerate(messages) if script in message)
        own_look = {pid for pid, message in messages if message.startswith("SELECT pg_catalog.to_regnamespace") and pid != session}
        self.assertEqual({pid for pid, _ in messages[:at]} - own_look, {session}, messages[:at])
        return [message for pid, message in messages[:at] if pid == session]

    def test_a_run_asks_ten_times_in_front_of_its_first_script(self):
        """Each time is a round trip to a server that may be far away. One more is for files that only look like a framework's."""
        files = self.moved("prisma/migrations", "prisma/schema.prisma")
        before = self.before_the_script(files, "CREATE TABLE first")
        self.assertLessEqual(len(before), 10 if self.cluster.version >= 14 else 11, before)  # since 14 a server says by itself whether it is a standby
        self.assertRegex(before[-1], "^BEGIN[A-Z ]*;CREATE TABLE")  # on disk before the first script: a crash must leave whom to ask
        self.assertEqual(len(self.ledger()), 1)

    def test_a_tracking_table_whose_name_postgresql_cuts_is_found_again(self):
        files = self.project(folder="migrations")
        files.write("migrations/1_a.up.sql", "CREATE TABLE a (i int);")
        flyway = self.project(folder="sql")
        flyway.write("sql/V1__a.sql", "CREATE TABLE b (i int);")
        flyway.write("flyway.conf", f"flyway.defaultSchema={'f' * 70}\nflyway.locations=filesystem:sql\n")
        for project, arguments, url in ((files, (), self.url(**{"x-migrations-table": "m" * 70})), (flyway, (), "own"),
                                        (files, ("--framework", "golang-migrate", "--ledger", f"public.{'l' * 70}"), "own")):
            with self.subTest(arguments, url=url):
                self.sql("DROP TABLE IF EXISTS a")
                self.assertEqual(len(self.run_all(project, *arguments, url=url).applied), 1)
                self.assertEqual(self.run_all(project, *arguments, url=url).summary, "No pending migrations to run.")
                self.assertEqual(list(self.states(self.status(project, *arguments, url=url)).values()), ["applied"])

    def test_a_run_on_what_is_there_asks_as_little(self):
        files = self.moved("prisma/migrations")
        self.assertTrue(self.run_all(files).ok)
        files.add("2_second", "CREATE TABLE second (id INT);")
        before = self.before_the_script(files, "CREATE TABLE second")
        self.assertLessEqual(len(before), 10 if self.cluster.version >= 14 else 11, before)  # since 14 a server says by itself whether it is a standby

    def test_every_request_looks_for_ledgers_once(self):
        files = self.moved("prisma/migrations").add("2_second", "CREATE TABLE second (id INT);")
        self.detections(lambda: None)  # before the worker has its first connection
        worker = self.worker(files)
        service = self.rpc(worker)

        def call(method, **request):
            return lambda: service.call("MigrationService", method, request)

        def started():
            operation = service.call("MigrationService", "StartRun", {"target": "2_second"}).id
            service.call("MigrationService", "WaitOperation", {"id": operation, "after_event": 1000, "wait_ms": 20000})

        for name, ask in {
                "GetStatus": call("GetStatus"), "Plan": call("Plan"), "Check": call("Check"),
                "a try": call("Run", dry_run=True), "MarkApplied": call("MarkApplied", migration="1_first"),
                "StartRun": started, "Run": call("Run"), "Run with a ledger": call("Run")}.items():
            with self.subTest(name):
                self.assertEqual(self.detections(ask), 1)
        self.assertEqual(self.states(service.call("MigrationService", "GetStatus")), {"1_first": "applied", "2_second": "applied"})

    def test_a_confirmed_run_looks_for_ledgers_once_for_its_plan_and_once_for_itself(self):
        files = self.moved("prisma/migrations")
        self.detections(lambda: None)
        worker = self.worker(files)

        def confirmed():
            master, slave = pty.openpty()
            process = subprocess.Popen([os.path.join(harness.BIN, "truss"), "run"], env=harness.clean_environment(None, worker),
                                       stdin=slave, stdout=slave, stderr=slave)
            os.close(slave)
            os.write(master, b"y\n")
            with contextlib.suppress(OSError):  # the end of a terminal
                while os.read(master, 4096):
                    pass
            os.close(master)
            self.assertEqual(process.wait(), 0)

        self.assertEqual(self.detections(confirmed), 2)
        self.assertEqual(self.states(self.rpc(worker).call("MigrationService", "GetStatus")), {"1_first": "applied"})


if __name__ == "__main__":
    harness.main()
