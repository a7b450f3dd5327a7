"""The other verbs: mark-applied, mark-rolled-back, preview, check, detect-schema and create."""
import concurrent.futures
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for

harness.Cluster.keeps = True

INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, ABORTED = 3, 5, 9, 10


class Verbs(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.connection = self.rpc(self.worker(self.files, "--lock-wait", "0.3"))

    def call(self, method, **request):
        return self.connection.call("MigrationService", method, request)

    def refused(self, method, **request):
        with self.assertRaises(RpcError) as caught:
            self.call(method, **request)
        return caught.exception

    # ---- mark-applied ----

    def test_a_mark_records_without_running_and_may_be_said_twice(self):
        name = "20240101000000_create_users"
        self.assertEqual(self.call("MarkApplied", migration=name).message, f'Migration "{name}" marked as applied without executing.')
        self.assertEqual(self.call("MarkApplied", migration=name).message, f'Migration "{name}" is already recorded as applied.')
        self.assertEqual(self.ledger(), [(name, "t", "f", "0")])
        self.assertEqual(self.sql("SELECT to_regclass('users')"), [(None,)])
        status = self.call("GetStatus").migrations[0]
        self.assertEqual(status.detail_state, harness.messages().migration.DETAIL_STATE_BASELINE)
        self.assertEqual(status.stored_hash, status.file_hash)

    def test_the_directory_and_its_script_are_the_same_name(self):
        self.call("MarkApplied", migration="20240101000000_create_users/migration.sql")
        self.assertEqual(self.ledger("migration_name"), [("20240101000000_create_users",)])

    def test_a_baseline_makes_a_database_with_tables_fit_to_run(self):
        with open(self.files.script("20240101000000_create_users"), encoding="utf-8") as file:
            self.sql(file.read())
        self.assertEqual(self.refused("Run").code, FAILED_PRECONDITION)
        self.call("MarkApplied", migration="20240101000000_create_users")
        self.assertEqual(len(self.call("Run").applied), 3)

    def test_marks_without_a_name_and_of_unknown_ones_are_refused(self):
        for method in ("MarkApplied", "MarkRolledBack"):
            with self.subTest(method=method):
                nameless = self.refused(method, migration="")
                self.assertEqual((nameless.code, nameless.status.message), (INVALID_ARGUMENT, "migration name is required."))
                self.assertEqual(self.refused(method, migration="nothing_of_that_name").code, NOT_FOUND)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_names_that_climb_out_of_the_folder_are_not_found(self):
        self.files.write("outside/migration.sql", "SELECT 'secret';")
        for name in ("../../outside", "..", ".", "/etc", "20240101000000_create_users/../../../outside", "../migrations/20240101000000_create_users"):
            for method, field in (("MarkApplied", "migration"), ("Preview", "name")):
                with self.subTest(name=name, method=method):
                    self.assertIn(self.refused(method, **{field: name}).code, (INVALID_ARGUMENT, NOT_FOUND))

    def test_a_mark_says_which_earlier_ones_it_makes_late_and_how_it_is_undone(self):
        names = self.files.names()
        reply = self.call("MarkApplied", migration=names[2])
        self.assertEqual(list(reply.warnings), [
            f'"{names[0]}", "{names[1]}" are pending, and out of order once "{names[2]}" is recorded. Prisma and Truss run them anyway, after those '
            "that are applied. Truss removes no record of an applied migration: a mark that was a mistake is undone by deleting its row from "
            "public._prisma_migrations by hand."])
        self.assertEqual(list(self.call("MarkApplied", migration=names[0]).warnings), [])
        self.assertIn("public._prisma_migrations by hand", self.refused("MarkRolledBack", migration=names[2]).status.detail.hint)

    def test_so_does_a_baseline_and_names_who_refuses_them(self):
        project = self.project()
        for number in (10, 11, 12, 13):
            project.write(f"sql/V{number}__x.sql", f"CREATE TABLE t{number} (i int);")
        project.write("flyway.conf", "flyway.locations=filesystem:sql")
        rpc = self.rpc(self.worker(project))
        dry = rpc.call("MigrationService", "Baseline", {"migrations": ["11", "13"], "dry_run": True})
        reply = rpc.call("MigrationService", "Baseline", {"migrations": ["11", "13"]})
        self.assertEqual(list(dry.warnings), list(reply.warnings))
        self.assertRegex(reply.warnings[0], r'^"V10__x", "V12__x" are pending, and out of order once "V13__x" is recorded. Flyway refuses them, and Truss runs them only with '
                                            r"--allow-out-of-order.*flyway_schema_history by hand")
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertIn("although the later", caught.exception.status.message)
        self.sql("DELETE FROM flyway_schema_history WHERE version IN ('11', '13')")  # as it says
        self.assertEqual(len(rpc.call("MigrationService", "Run").applied), 4)

    def test_a_mark_waits_for_no_more_than_a_run_does(self):
        self.hold("SELECT pg_advisory_lock(72707369)")
        self.assertEqual(self.refused("MarkApplied", migration="20240101000000_create_users").code, ABORTED)

    # ---- among the runs ----

    def listed(self, connection=None):
        operations = (connection or self.connection).call("MigrationService", "ListOperations").operations
        return [(one.kind, one.migration, one.summary, one.done, one.state) for one in operations if one.kind != "run"]

    def test_what_was_marked_is_among_the_runs(self):
        names = self.files.names()
        self.call("MarkApplied", migration=names[0])
        self.call("Baseline", migrations=names[1:3], dry_run=True)
        message = self.call("Baseline", migrations=names[1:3]).message
        succeeded = harness.messages().migration.OPERATION_STATE_SUCCEEDED
        self.assertEqual(self.listed(), [("baseline", "", message, True, succeeded),
                                         ("mark_applied", names[0], f'Migration "{names[0]}" marked as applied without executing.', True, succeeded)])
        one = self.call("ListOperations").operations[0]
        waited = self.call("WaitOperation", id=one.id, wait_ms=60000)
        self.assertEqual([event.message for event in waited.events], [message])
        self.assertEqual(self.sql("SELECT to_regclass('truss.operations')"), [(None,)])  # for its own sake nothing is made

    def test_where_runs_are_written_down_every_worker_knows_of_a_mark(self):
        names = self.files.names()
        begun = self.call("StartRun", target=names[0])
        wait_for(lambda: self.call("GetOperation", id=begun.id).done)
        self.call("MarkApplied", migration=names[1])
        other = self.rpc(self.worker(self.files))
        self.assertEqual(self.listed(other), self.listed())
        self.assertEqual([one.kind for one in other.call("MigrationService", "ListOperations").operations], ["mark_applied", "run"])
        kept = other.call("MigrationService", "GetOperation", {"id": other.call("MigrationService", "ListOperations").operations[0].id})
        self.assertEqual((kept.kind, kept.migration, kept.started_by), ("mark_applied", names[1], ""))

    def test_a_mark_is_answered_though_the_runs_are_locked(self):
        names = self.files.names()
        begun = self.call("StartRun", target=names[0])
        wait_for(lambda: self.call("GetOperation", id=begun.id).done)
        self.hold("BEGIN", "LOCK TABLE truss.operations")
        self.assertIn("marked as applied", self.call("MarkApplied", migration=names[1]).message)
        self.assertEqual(self.ledger("migration_name")[-1], (names[1],))

    # ---- mark-rolled-back ----

    def test_only_an_unfinished_attempt_can_be_marked_as_rolled_back(self):
        name = "20240101000000_create_users"
        self.assertEqual(self.refused("MarkRolledBack", migration=name).code, FAILED_PRECONDITION)
        self.call("MarkApplied", migration=name)
        self.assertEqual(self.refused("MarkRolledBack", migration=name).code, FAILED_PRECONDITION)

    def test_a_failed_attempt_is_marked_as_rolled_back_and_may_be_said_twice(self):
        name = self.leave_failed()
        self.assertTrue(self.call("MarkRolledBack", migration=name).ok)
        self.assertTrue(self.call("MarkRolledBack", migration=name).ok)
        self.assertEqual(self.ledger(), [(name, "f", "t", "0")])
        self.assertEqual(self.call("GetStatus").migrations[0].detail_state, harness.messages().migration.DETAIL_STATE_ROLLED_BACK)

    def test_what_was_rolled_back_and_then_begun_by_a_tool_may_run_again(self):
        name = self.leave_failed()
        self.call("MarkRolledBack", migration=name)
        self.sql("INSERT INTO truss.migration_steps (ledger, migration, step, steps, attempt, checksum) "
                 f"VALUES ('public._prisma_migrations', '{name}', 0, 0, '', '')")
        self.assertIn("nobody saw how it ended", self.refused("Run").status.message)
        self.assertEqual(self.call("MarkRolledBack", migration=name).message, f'Migration "{name}" may run again.')
        self.assertTrue(self.call("Run").ok)

    def test_a_failed_attempt_is_resolved_by_marking_as_applied(self):
        name = self.leave_failed()
        self.call("MarkApplied", migration=name)
        self.assertEqual(self.ledger(), [(name, "f", "t", "0"), (name, "t", "f", "0")])
        self.assertTrue(self.call("Run").ok)

    def leave_failed(self):
        """Leaves a failed row, and nothing else; answers the migration's name."""
        name = "2023_failing"
        self.files.add(name, "CREATE TABLE t (id INT); CREATE INDEX CONCURRENTLY i ON t (id); SELECT 1/0;")
        self.assertTrue(self.call("Run").failed.partially_applied)
        self.sql("DROP TABLE t")
        self.files.add(name, "SELECT 1;")
        return name

    # ---- preview ----

    def test_a_preview_is_the_file_as_it_is(self):
        name = "20240103000000_slugs"
        with open(self.files.script(name), encoding="utf-8") as file:
            text = file.read()
        for asked in (name, f"{name}/migration.sql"):
            reply = self.call("Preview", name=asked)
            self.assertEqual((reply.filename, reply.content, reply.lines), (f"{name}/migration.sql", text, text.count("\n")))

    def test_lines_are_counted_as_an_editor_counts_them(self):
        for number, (text, lines) in enumerate((("", 0), ("x", 1), ("x\n", 1), ("x\ny", 2), ("\r\n\r\nx", 3))):
            self.files.add(f"9{number}", text)
            self.assertEqual(self.call("Preview", name=f"9{number}").lines, lines, repr(text))

    def test_a_preview_of_nothing_is_not_found(self):
        error = self.refused("Preview", name="20240101000000_create_user")
        self.assertEqual((error.code, error.status.message), (NOT_FOUND, "Migration file not found: 20240101000000_create_user"))
        self.assertEqual(error.status.detail.suggestions[0], "20240101000000_create_users")

    def test_a_preview_of_what_is_not_utf8_is_refused_with_the_line(self):
        self.files.add("9", b"SELECT 1;\nSELECT '\xe9';")
        self.assertIn("UTF-8", self.refused("Preview", name="9").status.message)

    def test_what_a_link_shows_of_the_machine_is_neither_shown_nor_run(self):
        os.makedirs(os.path.join(self.files.path, "prisma/migrations/9"))
        os.symlink("/etc/passwd", self.files.script("9"))
        error = self.refused("Preview", name="9")
        self.assertEqual(error.code, FAILED_PRECONDITION)
        self.assertIn("9/migration.sql is a link that leads out of the project, to /etc/passwd", error.status.message)
        self.assertNotIn("root:", str(error.status))
        self.assertIn("leads out of the project", self.refused("MarkApplied", migration="9").status.message)
        failed = self.call("Run").failed
        self.assertEqual(failed.name, "9")
        self.assertIn("leads out of the project", str(failed))
        self.assertNotIn("root:", str(failed))

    def test_a_link_within_the_project_or_to_the_folder_that_the_operator_named_is_read(self):
        self.files.add("8", "SELECT 8;")
        os.makedirs(os.path.join(self.files.path, "prisma/migrations/9"))
        os.symlink("../8/migration.sql", self.files.script("9"))
        self.assertEqual(self.call("Preview", name="9").content, "SELECT 8;")
        elsewhere = tempfile.mkdtemp(prefix="truss-elsewhere-")
        self.addCleanup(shutil.rmtree, elsewhere)
        os.makedirs(os.path.join(elsewhere, "1"))
        with open(os.path.join(elsewhere, "1/migration.sql"), "w", encoding="utf-8") as file:
            file.write("SELECT 1;")
        named = self.rpc(self.worker(self.files, "--migrations", elsewhere))
        self.assertEqual(named.call("MigrationService", "Preview", {"name": "1"}).content, "SELECT 1;")

    # ---- check ----

    def test_a_quiet_database_with_something_pending_is_safe(self):
        reply = self.call("Check")
        self.assertEqual((reply.database, reply.user, reply.safe, list(reply.warnings)), (self.database, "app", True, []))
        self.assertEqual((reply.pending_count, list(reply.pending_files)), (4, self.files.names()))
        self.assertEqual((reply.lock_count, reply.active_tx_count), (0, 0))

    def test_nothing_to_run_is_safe_at_any_moment(self):
        self.call("Run")
        for number in range(4):
            self.hold("BEGIN", f"SELECT {number}")
        reply = self.call("Check")
        self.assertEqual((reply.pending_count, reply.safe, list(reply.warnings)), (0, True, []))

    def unsafe(self, pattern, **options):
        """What Check says of one migration that alters a table, in a worker of its own."""
        files = self.project().add("1", "ALTER TABLE big ADD COLUMN x INT;")
        reply = self.rpc(self.worker(files, **options)).call("MigrationService", "Check")
        self.assertFalse(reply.safe)
        self.assertRegex("\n".join(reply.warnings), pattern)

    def test_whom_a_run_would_wait_for_is_named(self):
        self.sql("CREATE TABLE big (id INT); CREATE TABLE other (id INT)")
        self.hold("BEGIN", "SELECT count(*) FROM other")
        reply = self.rpc(self.worker(self.project().add("1", "ALTER TABLE big ADD COLUMN x INT;"))).call("MigrationService", "Check")
        self.assertNotRegex("".join(reply.warnings), "wait for pid")
        self.hold("BEGIN", "SELECT count(*) FROM big")
        pid = self.sql("SELECT pid FROM pg_locks WHERE relation = 'big'::regclass")[0][0]
        self.unsafe(rf'wait for pid {pid} \(application "psql", user app.* a lock on big \(AccessShareLock\)')

    def as_role(self, grants=""):
        self.sql(f"DROP ROLE IF EXISTS mig; CREATE ROLE mig LOGIN PASSWORD 'm'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TABLE big (id INT); {grants}")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS mig", False)
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY mig CASCADE", False)
        return self.url().replace(f"app:{harness.PASSWORD_ENCODED}", "mig:m")

    def test_a_role_without_plpgsql_runs_migrations(self):
        url = self.as_role("GRANT ALL ON SCHEMA public TO mig; DROP TABLE big; REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC")
        files = self.project()
        for name in ("1_a", "2_b", "3_c"):
            files.add(name, f"CREATE TABLE t{name} ();")
        rpc = self.rpc(self.worker(files, url=url))
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual((reply.ok, len(reply.applied)), (True, 3), reply)

    def test_marks_need_no_plpgsql(self):
        name = self.leave_failed()
        self.sql("DROP EXTENSION plpgsql CASCADE")
        self.assertTrue(self.call("MarkRolledBack", migration=name).ok)
        self.assertTrue(self.call("MarkApplied", migration=name).ok)
        self.assertTrue(self.call("Baseline", all=True).ok)
        self.assertEqual({row[1] for row in self.ledger() if row[2] == "f"}, {"t"})

    def test_rights_that_a_run_would_lack_are_named(self):
        url = self.as_role()
        self.unsafe('the role "mig" may not create in schema "public"', url=url)
        self.unsafe('"mig" is not the owner of big', url=url)

    def test_a_server_that_takes_no_writes_is_named(self):
        self.sql(f"CREATE TABLE big (id INT); ALTER DATABASE {self.database} SET default_transaction_read_only = on")
        self.unsafe("read-only")

    def test_too_few_connections_are_named(self):
        self.unsafe("2 connection", url=self.as_role("ALTER ROLE mig CONNECTION LIMIT 2; GRANT ALL ON SCHEMA public TO mig"))

    def test_a_pooler_that_the_url_names_is_named(self):
        self.sql("CREATE TABLE big (id INT)")
        self.unsafe("pgbouncer=true", url=self.url(pgbouncer="true"))

    def test_an_index_that_is_not_valid_is_named_where_if_not_exists_would_pass_over_it(self):
        self.sql("CREATE TABLE users (email text); INSERT INTO users VALUES ('a'), ('a')")
        self.sql("CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)", check=False)
        files = self.project().add("1", "CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email);")
        reply = self.rpc(self.worker(files)).call("MigrationService", "Check")
        self.assertRegex("".join(reply.warnings), 'index "users_email" is there and INVALID')

    def test_waiting_locks_are_a_warning(self):
        self.sql("CREATE TABLE locked (id INT)")
        self.hold("BEGIN", "LOCK TABLE locked")
        waiter = harness.subprocess.Popen(["psql", "-Xq", self.url(), "-c", "SELECT * FROM locked"], stderr=harness.subprocess.DEVNULL)
        self.addCleanup(waiter.wait)
        self.addCleanup(waiter.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
        reply = self.call("Check")
        self.assertEqual((reply.lock_count, reply.safe), (1, False))

    def test_more_than_three_transactions_are_a_warning(self):
        for number in range(3):
            self.hold("BEGIN", f"SELECT {number}")
        wait_for(lambda: self.call("Check").active_tx_count == 3)
        self.assertTrue(self.call("Check").safe)
        self.hold("BEGIN", "SELECT 3")
        wait_for(lambda: self.call("Check").active_tx_count == 4)
        self.assertFalse(self.call("Check").safe)

    # ---- detect-schema ----

    RECOMMENDATIONS = ("No existing objects detected. Safe to run this migration.",
                       "Some objects already exist. Review carefully before running or marking as applied.",
                       "All DDL objects already exist. Safe to mark as applied without re-running.")

    def test_the_objects_of_a_script_are_looked_up_one_by_one(self):
        script = ('CREATE TABLE "users" (id INT); ALTER TABLE users ADD COLUMN age INT; CREATE INDEX users_age ON users (age);'
                  "CREATE TYPE mood AS ENUM ('ok'); CREATE FUNCTION f() RETURNS INT LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW v AS SELECT 1;")
        for prepared, existing, recommendation in (("SELECT 1", set(), 0), ("CREATE TABLE users (id INT)", {"users"}, 1),
                                                   (script, {"users", "users.age", "users_age", "mood", "f", "v"}, 2)):
            with self.subTest(prepared=prepared):
                self.sql("DROP TABLE IF EXISTS users CASCADE;" + prepared)
                reply = self.call("DetectSchema", sql=script)
                self.assertEqual({one.name for one in reply.findings}, {"users", "users.age", "users_age", "mood", "f", "v"})
                self.assertEqual({one.name for one in reply.findings if one.exists}, existing)
                self.assertEqual(reply.recommendation, self.RECOMMENDATIONS[recommendation])
                self.assertEqual((reply.some_objects_exist, reply.all_objects_exist), (recommendation > 0, recommendation == 2))

    def test_a_script_is_never_executed_by_looking(self):
        self.call("DetectSchema", sql="CREATE TABLE made (id INT); DROP TABLE IF EXISTS x; INSERT INTO made VALUES (1);")
        self.assertEqual(self.sql("SELECT to_regclass('made')"), [(None,)])

    def test_a_name_in_another_schema_is_another_object(self):
        self.sql("CREATE SCHEMA other; CREATE TABLE other.users (id INT)")
        found = {one.name: one.exists for one in self.call("DetectSchema", sql="CREATE TABLE users (); CREATE TABLE other.users ();").findings}
        self.assertEqual(found, {"users": False, "other.users": True})

    def test_no_script_is_refused_and_one_without_objects_is_safe(self):
        self.assertEqual(self.refused("DetectSchema", sql="").code, INVALID_ARGUMENT)
        reply = self.call("DetectSchema", sql="SELECT 1; -- CREATE TABLE commented ();")
        self.assertEqual((list(reply.findings), reply.all_objects_exist, reply.recommendation), ([], False, self.RECOMMENDATIONS[0]))

    def test_where_nothing_could_be_compared_a_warning_says_so(self):
        """The recommendation is one of three sentences, of which none fits."""
        self.sql("CREATE TABLE users (id INT)")
        for script, warns in (("SELECT 1", True), ("DELETE FROM users", True), ("DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$", True), ("COMMENT ON TABLE users IS 'x'", True),
                              ("DROP TABLE users", True), ("CREATE TABLE users (id INT)", False), ("CREATE TABLE fresh (id INT); DELETE FROM users", False)):
            with self.subTest(script):
                warnings = list(self.call("DetectSchema", sql=script).warnings)
                self.assertEqual([one.startswith("Nothing in it could be compared") for one in warnings], [True] if warns else [])

    # ---- create ----

    def test_a_new_migration_is_laid_out_as_prisma_does(self):
        reply = self.call("Create", name="Add users & posts!")
        self.assertRegex(reply.name, r"^\d{14}_add_users_posts$")
        self.assertEqual(reply.file, f"prisma/migrations/{reply.name}/migration.sql")
        self.assertTrue(os.path.isfile(os.path.join(self.files.path, reply.file)))
        self.assertEqual(self.states(self.call("GetStatus"))[reply.name], "pending")

    def test_a_new_migration_stays_in_the_folder(self):
        reply = self.call("Create", name="../../../etc/x")
        self.assertRegex(reply.name, r"^\d{14}_etc_x$")
        for name in ("", "///", "…"):
            self.assertEqual(self.refused("Create", name=name).code, INVALID_ARGUMENT)
        self.assertTrue(all(re.match(r"\d{14}_\w+$", name) for name in self.files.names()))

    def test_a_ledger_that_counts_has_no_gap_made_by_a_mark(self):
        """postgres-migrations numbers its rows: what is in front must be marked first, and what is behind must not be there."""
        self.connection = self.rpc(self.worker(self.project("frameworks/postgres-migrations/project")))
        gap = self.refused("MarkApplied", migration="3")
        self.assertEqual(gap.code, FAILED_PRECONDITION)
        self.assertRegex(gap.status.message, r'records how far it is: with ".*slug-function.*" it would say that ".*create-posts.*" is applied, too')
        for number in (0, 1):
            self.call("MarkApplied", migration=self.call("GetStatus").migrations[number].name)
        self.sql("DELETE FROM migrations WHERE name = 'create-users'")
        behind = self.refused("MarkApplied", migration=self.call("GetStatus").migrations[0].name)
        self.assertRegex(behind.status.message, r'"002.*" behind "001.*" is applied, and the tracking table of .* cannot record one in front of it')

    def test_a_new_migration_is_refused_where_its_framework_is_not_known_or_keeps_more_than_the_file(self):
        self.assertEqual(self.refused("Create", name="").status.message, "migration name is required.")
        empty = self.project()
        os.rmdir(os.path.join(empty.path, "prisma/migrations"))
        self.connection = self.rpc(self.worker(empty))
        self.assertIn("No folder of migrations was found", self.refused("Create", name="x").status.message)
        self.connection = self.rpc(self.worker(self.project("frameworks/drizzle/project")))
        self.assertIn("Truss does not make new migrations of Drizzle", self.refused("Create", name="x").status.message)

    # ---- whose the schema is in which Truss keeps its own ----

    def stranger(self):
        self.sql("DROP ROLE IF EXISTS eve; CREATE ROLE eve LOGIN PASSWORD 'e'")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS eve", False)
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY eve", False)
        self.sql(f"GRANT CREATE ON DATABASE {self.database} TO eve")

    def as_eve(self, text):
        self.sql(f"SET SESSION AUTHORIZATION eve; {text}")

    def test_a_schema_of_ours_that_another_role_made_is_not_used(self):
        self.stranger()
        self.as_eve("CREATE SCHEMA truss; CREATE FUNCTION truss.f() RETURNS uuid LANGUAGE plpgsql AS $$ BEGIN "
                    "EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN gen_random_uuid(); END $$; CREATE TABLE truss.idempotency_keys (key text); "
                    "CREATE VIEW truss.operations AS SELECT truss.f() AS id; CREATE TABLE truss.migration_steps (ledger text)")
        rpc = self.rpc(self.worker(self.project("prisma-blog")))
        for method, request in (("ListOperations", {}), ("Run", {}), ("StartRun", {}), ("Plan", {})):
            with self.subTest(method=method), self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", method, request)
            self.assertIn('belongs to "eve"', caught.exception.status.message)
        self.assertEqual(self.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'eve'"), [("f",)])

    def test_a_table_of_ours_with_a_trigger_of_another_role_is_not_used(self):
        """Default privileges that give an application all give it TRIGGER on our tables, too."""
        self.stranger()
        self.sql("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO eve; ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO eve; GRANT CREATE ON SCHEMA public TO eve")
        self.addCleanup(self.sql, "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM eve; ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM eve; REVOKE ALL ON SCHEMA public FROM eve")
        rpc = self.rpc(self.worker(self.project("prisma-blog"), "--audit"))
        rpc.call("MigrationService", "MarkApplied", {"migration": rpc.call("MigrationService", "GetStatus").migrations[0].name})
        self.as_eve("CREATE FUNCTION public.boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN NEW; END $$; "
                    "CREATE TRIGGER t BEFORE INSERT ON truss.audit FOR EACH ROW EXECUTE FUNCTION public.boom()")
        for method in ("ListOperations", "Run", "StartRun"):
            with self.subTest(method=method), self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", method)
            self.assertIn(f"has the trigger t on {harness.SAID_SCHEMA}.audit with the function public.boom() of eve", caught.exception.status.message)
        self.assertEqual(self.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'eve'"), [("f",)])

    BOOM = ("CREATE FUNCTION public.boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN NEW; END $$; "
            "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION public.boom()")

    def while_eve_gives_a_trigger_to(self, table, call):
        """She begins before our look, which cannot see it, and commits while we wait for the table. What the call answers."""
        self.sql(f"GRANT USAGE ON SCHEMA {table.split('.')[0]} TO eve; GRANT CREATE ON SCHEMA public TO eve; GRANT ALL ON {table} TO eve")
        self.addCleanup(self.sql, "REVOKE ALL ON SCHEMA public FROM eve")
        eve = self.talk()
        eve(harness.with_own_schema(f"BEGIN; SET ROLE eve; {self.BOOM.format(table)}; RESET ROLE"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(call)
            wait_for(lambda: self.sql(f"SELECT 1 FROM pg_locks WHERE relation = '{table}'::regclass AND NOT granted"))
            eve("COMMIT")
            reply = answer.result()
        self.assertEqual(self.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'eve'"), [("f",)])
        return reply

    def test_a_trigger_that_another_role_gives_the_tracking_table_between_our_look_and_our_row_is_not_run(self):
        self.stranger()
        rpc = self.rpc(self.worker(self.project().add("1", "SELECT 1;").add("2", "CREATE TABLE b (id int);")))
        names = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations]
        rpc.call("MigrationService", "MarkApplied", {"migration": names[0]})

        def mark():
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "MarkApplied", {"migration": names[1]})
            return caught.exception.status.message
        message = self.while_eve_gives_a_trigger_to("public._prisma_migrations", mark)
        self.assertIn("has the trigger t on public._prisma_migrations with the function public.boom() of eve, which was not there before", message)
        self.assertEqual(len(self.ledger()), 1)
        self.sql("DROP TRIGGER t ON _prisma_migrations; DROP FUNCTION boom")
        reply = self.while_eve_gives_a_trigger_to("public._prisma_migrations", lambda: rpc.call("MigrationService", "Run"))
        self.assertFalse(reply.ok)
        self.assertIn("has the trigger t on public._prisma_migrations with the function public.boom() of eve", reply.failed.error)
        self.assertEqual(len(self.ledger()), 1)

    def test_nor_where_a_transaction_has_one_snapshot(self):
        """It is taken by the first query, before we wait for the lock: by that her trigger is not there."""
        self.stranger()
        alone = self.project().add("1", "SELECT 1;").add("2", "CREATE TABLE b (id int);").add("3", "CREATE TABLE c (id int);")
        steps = self.project().add("1", "SELECT 1;").add("2", "CREATE TABLE b (id int);\nCREATE INDEX CONCURRENTLY ON b (id);\nCREATE TABLE c (id int);")
        for level in ("repeatable read", "serializable"):
            for files, method in ((alone, "Run"), (steps, "Run"), (alone, "MarkApplied")):
                with self.subTest(level=level, method=method, files=len(os.listdir(files.path))):
                    self.sql("DROP TABLE IF EXISTS _prisma_migrations, b, c; DROP FUNCTION IF EXISTS boom; DROP SCHEMA IF EXISTS truss CASCADE")
                    self.sql(f"ALTER DATABASE \"{self.database}\" SET default_transaction_isolation = '{level}'")
                    rpc = self.rpc(self.worker(files))
                    names = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations]
                    rpc.call("MigrationService", "MarkApplied", {"migration": names[0]})

                    def call(rpc=rpc, name=names[1], method=method):
                        try:
                            return str(rpc.call("MigrationService", method, {"migration": name} if method == "MarkApplied" else {}))
                        except RpcError as error:
                            return error.status.message
                    said = self.while_eve_gives_a_trigger_to("public._prisma_migrations", call)
                    self.assertIn("has the trigger t on public._prisma_migrations with the function public.boom() of eve", said)
                    self.assertEqual(len(self.ledger()), 1)

    def test_a_trigger_that_another_role_gives_the_audit_between_our_look_and_our_row_is_not_run(self):
        self.stranger()
        rpc = self.rpc(self.worker(self.project("prisma-blog"), "--audit"))
        names = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations]
        rpc.call("MigrationService", "MarkApplied", {"migration": names[0]})

        def mark():
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "MarkApplied", {"migration": names[1]})
            return caught.exception.status.message
        self.assertIn(f"has the trigger t on {harness.SAID_SCHEMA}.audit with the function public.boom() of eve", self.while_eve_gives_a_trigger_to("truss.audit", mark))

    def test_what_comes_while_a_script_runs_takes_no_row_away(self):
        trigger = ("CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
                   "CREATE TRIGGER q BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION quiet()")
        parted = ("ALTER TABLE _prisma_migrations RENAME TO plain; CREATE TABLE _prisma_migrations (LIKE plain INCLUDING DEFAULTS) "
                  "PARTITION BY LIST (migration_name); CREATE TABLE part PARTITION OF _prisma_migrations DEFAULT; ")
        for what in (trigger.format("_prisma_migrations"), parted + trigger.format("part")):
            self.setUp()
            files = self.project().add("1", "CREATE TABLE a (id int);\nSELECT pg_advisory_xact_lock(77);")
            rpc = self.rpc(self.worker(files))
            holder = self.talk()
            holder("SELECT pg_advisory_lock(77)")
            with self.subTest(what), concurrent.futures.ThreadPoolExecutor(1) as pool:
                answer = pool.submit(lambda rpc=rpc: rpc.call("MigrationService", "Run"))
                wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted"))
                self.sql(what)
                holder("SELECT pg_advisory_unlock(77)")
                reply = answer.result()
                self.assertFalse(reply.ok)
                self.assertIn("has got a trigger, a rule, row security or partitions since this run has looked at it", reply.failed.error)
                self.assertEqual(self.sql("SELECT to_regclass('a') IS NULL"), [("t",)])

    def test_a_script_that_secures_or_audits_all_tables_may_reach_the_tracking_table(self):
        """By a loop over pg_tables, in a block or in a function: the tracking table is not named, and takes its row all the same."""
        loop = "DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'notes' LOOP EXECUTE format('{}', r.tablename); END LOOP; END"
        secure, audit = loop.format("ALTER TABLE %I ENABLE ROW LEVEL SECURITY"), loop.format("CREATE TRIGGER audit AFTER INSERT ON %I FOR EACH ROW EXECUTE FUNCTION noted()")
        files = (self.project().add("1", f"CREATE TABLE a (id int);\nDO $$ {secure} $$;")
                 .add("2", "CREATE TABLE notes (t name);\nCREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO notes VALUES (TG_TABLE_NAME); RETURN NEW; END';\n"
                      f"CREATE FUNCTION audit_all() RETURNS void LANGUAGE plpgsql AS $$ {audit} $$;\nSELECT audit_all();").add("3", "CREATE TABLE b (id int);"))
        self.assertTrue(self.rpc(self.worker(files)).call("MigrationService", "Run").ok)
        self.assertEqual(len(self.ledger()), 3)
        self.assertEqual(self.sql("SELECT count(*) FROM notes"), [("2",)])

    def test_a_table_of_ours_that_another_role_made_is_not_used(self):
        self.stranger()
        self.sql("CREATE SCHEMA truss; GRANT CREATE, USAGE ON SCHEMA truss TO eve")
        self.as_eve("CREATE TABLE truss.idempotency_keys (key text)")
        with self.assertRaises(RpcError) as caught:
            self.rpc(self.worker(self.project("prisma-blog"))).call("MigrationService", "ListOperations")
        self.assertIn('has "idempotency_keys of eve"', caught.exception.status.message)


if __name__ == "__main__":
    harness.main()
