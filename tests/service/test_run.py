"""Running: what is applied, what is recorded, and what a failure leaves."""
import hashlib
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, RpcError, messages, wait_for

FAILED_PRECONDITION, NOT_FOUND, ABORTED, DEADLINE_EXCEEDED = 9, 5, 10, 4


class Run(Case):
    def start(self, fixture=None, *arguments, **options):
        self.files = self.project(fixture)
        self.process = self.worker(self.files, *arguments, **options)
        return self.rpc(self.process)

    def run_all(self, rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    def status(self, rpc):
        return rpc.call("MigrationService", "GetStatus")

    def test_a_project_is_pending_then_applied_and_a_second_run_has_nothing_to_do(self):
        rpc = self.start("prisma-blog")
        self.assertEqual(set(self.states(self.status(rpc)).values()), {"pending"})
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(reply.summary, "Applied 4 migration(s) successfully.")
        self.assertEqual([one.name for one in reply.applied], self.files.names())
        self.assertEqual(set(self.states(self.status(rpc)).values()), {"applied"})
        again = self.run_all(rpc)
        self.assertTrue(again.ok)
        self.assertEqual(again.summary, "No pending migrations to run.")
        self.assertEqual(self.sql('SELECT slug(title), content FROM posts'), [("it-s-done", "a\nb")])

    def test_the_ledger_has_what_prisma_would_have_written(self):
        rpc = self.start("prisma-blog")
        self.run_all(rpc)
        rows = self.sql("SELECT id, checksum, migration_name, logs, rolled_back_at, applied_steps_count, "
                        "finished_at >= started_at, now() - started_at < '1 min' FROM _prisma_migrations ORDER BY started_at")
        for name, row in zip(self.files.names(), rows, strict=True):
            with open(self.files.script(name), "rb") as file:
                checksum = hashlib.sha256(file.read()).hexdigest()
            self.assertRegex(row[0], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
            self.assertEqual(row[1:], (checksum, name, None, None, "1", "t", "t"))

    def test_named_migrations_run_in_the_order_of_the_files(self):
        rpc = self.start("prisma-blog")
        reply = self.run_all(rpc, migrations=["20240102000000_create_posts/migration.sql", "20240101000000_create_users"])
        self.assertEqual([one.name for one in reply.applied], ["20240101000000_create_users", "20240102000000_create_posts"])
        self.assertEqual(sorted(self.states(self.status(rpc)).values()), ["applied", "applied", "pending", "pending"])

    def test_an_unknown_name_is_not_found_with_near_ones_and_nothing_runs(self):
        rpc = self.start("prisma-blog")
        with self.assertRaises(RpcError) as caught:
            self.run_all(rpc, migrations=["20240101000000_create_users", "create_post"])
        self.assertEqual(caught.exception.code, NOT_FOUND)
        self.assertEqual(caught.exception.status.detail.suggestions[0], "20240102000000_create_posts")
        self.assertEqual(self.sql("SELECT to_regclass('users'), to_regclass('_prisma_migrations')"), [(None, None)])

    def failure(self, script):
        """Runs one good migration and one with this script; answers the failure."""
        files = self.project().add("1_good", "CREATE TABLE good (id INT PRIMARY KEY);").add("2_bad", script)
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertFalse(reply.ok)
        self.assertEqual([one.name for one in reply.applied], ["1_good"])
        self.assertEqual(reply.failed.name, "2_bad")
        self.assertEqual(self.states(self.status(rpc)), {"1_good": "applied", "2_bad": "pending"})
        return reply

    def assert_nothing_recorded(self):
        self.assertEqual(self.ledger(), [("1_good", "t", "f", "1")])

    def test_a_syntax_error_says_where_and_leaves_nothing(self):
        failed = self.failure("CREATE TABLE a ();\n\n  CREATE TABEL b ();\n").failed
        self.assertEqual((failed.sqlstate, failed.line, failed.column), ("42601", 3, 10))
        self.assertIn("TABEL", failed.statement)
        self.assert_nothing_recorded()
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_a_position_counts_characters_behind_other_than_ascii_text(self):
        failed = self.failure("-- äöü €\nSELECT 'grüße', * FROM missing;").failed
        self.assertEqual((failed.line, failed.column, failed.sqlstate), (2, 24, "42P01"))
        self.assertEqual(failed.position, len("-- äöü €\n") + 24)
        self.assert_nothing_recorded()

    def test_an_error_without_a_position_names_its_statement(self):
        failed = self.failure("INSERT INTO good VALUES (1);\nINSERT INTO good\n  VALUES (2);\nINSERT INTO good VALUES (1);\n").failed
        self.assertEqual((failed.sqlstate, failed.line, failed.column), ("23505", 4, 1))
        self.assertEqual(failed.statement, "INSERT INTO good VALUES (1)")
        self.assertEqual(failed.detail, "Key (id)=(1) already exists.")
        self.assert_nothing_recorded()
        self.assertEqual(self.sql("SELECT count(*) FROM good"), [("0",)])

    def test_an_error_in_a_function_and_far_down_is_found(self):
        script = "SELECT 1;\n" * 3999 + "DO $$ BEGIN\n RAISE EXCEPTION 'no' USING HINT = 'try'; END $$;"
        failed = self.failure(script).failed
        self.assertEqual((failed.line, failed.error, failed.hint, failed.sqlstate), (4000, "no", "try", "P0001"))
        self.assertIn("RAISE", failed.statement)

    def test_a_long_statement_is_shown_around_the_error(self):
        failed = self.failure("SELECT " + ", ".join(str(n) for n in range(2000)) + ", nothing;").failed
        self.assertLess(len(failed.statement), 600)
        self.assertIn("nothing", failed.statement)

    def test_a_deferred_constraint_fails_at_commit_and_leaves_nothing(self):
        reply = self.failure("CREATE TABLE child (id INT REFERENCES good DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO child VALUES (9);")
        self.assertEqual(reply.failed.sqlstate, "23503")
        self.assertIn("rolled back", reply.summary)
        self.assert_nothing_recorded()

    def test_what_a_migration_sets_does_not_reach_the_next_one(self):
        files = self.project().add("1", "SELECT set_config('search_path', '', false); SET lock_timeout = 1; SET standard_conforming_strings = off;")
        files.add("2_it's", "CREATE TABLE here (id INT); INSERT INTO here SELECT 1 WHERE current_setting('lock_timeout') = '0';")
        reply = self.run_all(self.rpc(self.worker(files)))
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT count(*) FROM public.here"), [("1",)])

    def test_a_script_runs_with_the_jit_that_the_server_is_set_to(self):
        rpc = self.serve("CREATE TABLE seen AS SELECT current_setting('jit') AS jit", "INSERT INTO seen SELECT current_setting('jit')",
                         "VACUUM seen; INSERT INTO seen SELECT current_setting('jit')")
        for value in ("on", "off"):
            self.sql(f"ALTER DATABASE {self.database} SET jit = {value}")
            reply = rpc.call("MigrationService", "Run")
            self.assertTrue(reply.ok, reply)
            self.assertEqual(self.sql("SELECT jit FROM seen"), [(value,)] * 3)
            self.sql("DROP TABLE seen, _prisma_migrations")

    def test_how_a_migration_has_strings_read_does_not_reach_the_next_one(self):
        files = self.project().add("1", "SET standard_conforming_strings = off; CREATE TABLE t (x text); INSERT INTO t VALUES ('1a\\\\b');")
        files.add("2", "INSERT INTO t VALUES ('2a\\\\b');").add("3", "INSERT INTO t VALUES ('3\\'); INSERT INTO t VALUES ('4');")
        reply = self.run_all(self.rpc(self.worker(files)))
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT x FROM t ORDER BY 1"), [("1a\\\\b",), ("2a\\\\b",), ("3\\",), ("4",)])

    def test_a_ledger_that_swallows_the_row_rolls_the_migration_back_and_is_named(self):
        rpc = self.serve("CREATE TABLE first ();")
        self.assertTrue(self.run_all(rpc).ok)
        self.sql("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        swallow = (("CREATE TRIGGER quiet BEFORE INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION nothing()", "trigger quiet",
                    "DROP TRIGGER quiet ON _prisma_migrations"),
                   ("CREATE RULE still AS ON INSERT TO _prisma_migrations DO INSTEAD NOTHING", "rule still", "DROP RULE still ON _prisma_migrations"))
        for number, script in enumerate(("CREATE TABLE t{} ();", "CREATE TABLE t{} ();\nVACUUM;")):
            self.files.add(f"2{number}", script.format(number))
            for make, name, drop in swallow:
                self.sql(make)
                reply = self.run_all(rpc)
                self.assertEqual((reply.ok, reply.failed.sqlstate), (False, "55000"), reply)
                self.assertIn("did not take the row", reply.failed.error)
                self.assertIn(name, reply.failed.detail)
                self.assertEqual(self.sql(f"SELECT to_regclass('t{number}')"), [(None,)])
                self.sql(drop)
            self.assertTrue(self.run_all(rpc).ok)

    def test_a_row_that_is_written_in_another_way_than_asked_for_undoes_its_migration(self):
        rpc = self.serve("CREATE TABLE first ();")
        self.assertTrue(self.run_all(rpc).ok)
        changes = (("NEW.migration_name := 'another'", "INSERT"), ("NEW.checksum := repeat('0', 64)", "INSERT OR UPDATE"), ("NEW.finished_at := NULL", "INSERT OR UPDATE"),
                   ("NEW.rolled_back_at := now()", "INSERT OR UPDATE"), ("NEW := OLD", "UPDATE"))
        for number, script in enumerate(("CREATE TABLE t{} ();", "CREATE TABLE t{} ();\nVACUUM;")):
            self.files.add(f"2{number}", script.format(number))
            for change, event in changes:
                if number == 0 and event == "UPDATE":
                    continue  # one transaction is one INSERT
                with self.subTest(script=script, change=change):
                    self.sql(f"CREATE OR REPLACE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {change}; RETURN NEW; END $$; "
                             "DROP TRIGGER IF EXISTS other ON _prisma_migrations; "
                             f"CREATE TRIGGER other BEFORE {event} ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION other()")
                    reply = self.run_all(rpc)
                    self.assertEqual((reply.ok, reply.failed.sqlstate, list(reply.applied)), (False, "55000", []), reply)
                    self.assertIn("did not keep the row", reply.failed.error)
                    self.assertIn("trigger other", reply.failed.detail)
                    self.assertNotIn("applied", [row[1] for row in self.sql(f"SELECT migration_name, 'applied' FROM _prisma_migrations WHERE migration_name = '2{number}' AND "
                                                                            "finished_at IS NOT NULL AND rolled_back_at IS NULL")])
                    self.sql("DROP TRIGGER other ON _prisma_migrations")
                    self.sql(f"DELETE FROM _prisma_migrations WHERE migration_name = '2{number}'; DROP TABLE IF EXISTS t{number}; DROP SCHEMA IF EXISTS truss CASCADE")
            self.assertTrue(self.run_all(rpc).ok)

    def test_a_trigger_that_changes_what_nobody_reads_is_in_nobodys_way(self):
        rpc = self.serve("CREATE TABLE first ();", "CREATE TABLE second ();\nVACUUM;")
        self.run_all(rpc)
        self.files.add("3", "CREATE TABLE third ();").add("4", "CREATE TABLE fourth ();\nVACUUM;")
        self.sql("CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.logs := 'seen'; RETURN NEW; END $$; "
                 "CREATE TRIGGER other BEFORE INSERT OR UPDATE ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION other()")
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual([row[:2] for row in self.ledger("migration_name, logs")][2:], [("3", "seen"), ("4", "seen")])

    def test_a_mark_as_rolled_back_that_a_trigger_undoes_is_not_made(self):
        rpc = self.serve("CREATE TABLE first ();\nVACUUM;\nSELECT 1/0;")
        self.assertFalse(self.run_all(rpc).ok)
        self.sql("CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$; "
                 "CREATE TRIGGER other BEFORE UPDATE ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION other()")
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "MarkRolledBack", {"migration": "1"})
        self.assertIn("did not keep the row", refused.exception.status.message)
        self.sql("DROP TRIGGER other ON _prisma_migrations")
        rpc.call("MigrationService", "MarkRolledBack", {"migration": "1"})

    def test_a_migration_that_makes_the_ledger_swallow_rows_is_found_out_by_its_own_row(self):
        rpc = self.serve("CREATE TABLE a ();", "CREATE RULE still AS ON INSERT TO _prisma_migrations DO INSTEAD NOTHING;", "CREATE TABLE b ();")
        reply = self.run_all(rpc)
        self.assertEqual((reply.ok, reply.failed.name, reply.failed.sqlstate), (False, "2", "55000"), reply)
        self.assertEqual([row[0] for row in self.ledger()], ["1"])
        self.assertEqual(self.sql("SELECT count(*) FROM pg_rules WHERE schemaname = 'public'"), [("0",)])

    def test_a_rule_or_trigger_that_adds_something_to_the_row_is_no_obstacle(self):
        rpc = self.serve("CREATE TABLE audit (n int);")
        self.assertTrue(self.run_all(rpc).ok)
        self.sql("CREATE RULE more AS ON INSERT TO _prisma_migrations DO ALSO INSERT INTO audit VALUES (1), (2)")
        self.files.add("2", "CREATE TABLE t ();")
        self.assertTrue(self.run_all(rpc).ok)
        self.assertEqual(self.sql("SELECT count(*) FROM audit"), [("2",)])

    def test_the_row_is_written_as_ourselves_whatever_role_the_script_leaves(self):
        role = f"other_{os.getpid()}"
        self.sql(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role}")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE IF EXISTS {role}", False)
        files = self.project().add("1", f"SET ROLE {role};").add("2", "CREATE TABLE mine ();")
        self.assertTrue(self.run_all(self.rpc(self.worker(files))).ok)

    def test_an_empty_script_and_one_of_comments_are_applied(self):
        files = self.project().add("1", "").add("2", "-- nothing\n/* at all */").add("3", b"\xef\xbb\xbfCREATE TABLE t ();")
        self.assertTrue(self.run_all(self.rpc(self.worker(files))).ok)
        self.assertEqual([row[0] for row in self.ledger()], ["1", "2", "3"])

    def test_a_script_that_is_not_utf8_is_refused_before_anything_runs(self):
        files = self.project().add("1", "CREATE TABLE t ();").add("2", b"SELECT 1;\nSELECT '\xff';").add("3", b"SELECT '\x00'")
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertFalse(reply.ok)
        self.assertEqual(reply.failed.name, "2")
        self.assertIn("line 2", reply.failed.error)
        self.assertIn("nothing was run", reply.summary)
        self.assertEqual(self.sql("SELECT to_regclass('t')"), [(None,)])
        self.assertIn("0x00", self.run_all(rpc, migrations=["3"]).failed.error)

    def test_psql_commands_and_copy_data_are_refused_with_advice(self):
        files = self.project().add("1", "\\connect x\nSELECT 1;").add("2", "COPY t FROM STDIN;\n1\n\\.\n")
        rpc = self.rpc(self.worker(files))
        self.assertIn("psql", self.run_all(rpc, migrations=["1"]).failed.error)
        self.assertFalse(self.run_all(rpc, migrations=["2"]).ok)

    # ---- scripts that cannot be one transaction ----

    def test_scripts_that_cannot_be_one_transaction_run_step_by_step(self):
        rpc = self.start("prisma-steps")
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.ledger(), [(name, "t", "f", "1") for name in self.files.names()])
        self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), [("0",)])
        self.assertEqual(self.sql("SELECT count(*) FROM items WHERE status = 'archived'"), [("1",)])
        self.assertEqual(self.sql("SELECT to_regclass('items_name_idx') IS NOT NULL, to_regclass('second') IS NOT NULL"), [("t", "t")])

    def test_begin_and_commit_around_everything_commit_with_the_row(self):
        files = self.project().add("1", "BEGIN;\nCREATE TABLE a ();\nSELECT 1/0;\nCOMMIT;\n")
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertEqual((reply.failed.line, reply.failed.partially_applied), (3, False))
        self.assertEqual(self.ledger(), [])
        files.add("1", "BEGIN;\nCREATE TABLE a ();\nCOMMIT;\n")
        self.assertTrue(self.run_all(rpc).ok)

    def test_a_failure_between_steps_is_shown_and_may_be_resolved_by_hand(self):
        files = self.project().add("1", "CREATE TABLE t (id INT);\nCREATE INDEX CONCURRENTLY i ON t (id);\nSELECT 1/0;\n").add("2", "SELECT 1;")
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertTrue(reply.failed.partially_applied)
        self.assertEqual((reply.failed.line, reply.failed.error, reply.failed.step, reply.failed.steps), (3, "division by zero", 3, 3))
        self.assertEqual(self.ledger("migration_name, finished_at, applied_steps_count"), [("1", None, "0")])
        status = self.status(rpc).migrations[0]
        self.assertEqual(status.detail_state, harness.messages().migration.DETAIL_STATE_FAILED)
        self.assertIn("division by zero", status.logs)
        self.sql("DROP TABLE t")
        files.add("1", "CREATE TABLE t (id INT);\nCREATE INDEX CONCURRENTLY i ON t (id);\n")
        rpc.call("MigrationService", "MarkRolledBack", {"migration": "1"})
        self.assertEqual(self.sql("SELECT count(*) FROM truss.migration_steps"), [("0",)])
        self.assertTrue(self.run_all(rpc).ok)
        self.assertEqual(self.ledger("migration_name, finished_at IS NOT NULL, rolled_back_at IS NOT NULL"),
                         [("1", "f", "t"), ("1", "t", "f"), ("2", "t", "f")])

    def test_a_failed_attempt_of_prisma_stops_every_run_until_it_is_resolved(self):
        files = self.project().add("1", "SELECT 1;").add("2", "SELECT 1;")
        worker = self.worker(files)
        rpc = self.rpc(worker)
        self.run_all(rpc, migrations=["1"])
        self.sql("INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ('x', 'y', '2', 'division by zero')")
        with self.assertRaises(RpcError) as caught:
            self.run_all(rpc)
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertIn("P3009", caught.exception.status.message)
        self.assertIn("then truss mark-rolled-back ", caught.exception.status.message)
        self.assertIn("division by zero", caught.exception.status.detail.detail)
        self.assertTrue(self.truss("status", worker=worker).stdout.rstrip().endswith(
            "\nNext: Undo by hand what the attempt left, and then: truss mark-rolled-back 2\n      Or complete it by hand, and then: truss mark-applied 2"))

    def test_a_first_step_that_rolls_back_leaves_no_row(self):
        files = self.project().add("1", "CREATE TABLE t (id INT); SELECT 1/0;\nVACUUM;\n")
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertFalse(reply.failed.partially_applied)
        self.assertEqual(self.ledger(), [])

    def test_a_transaction_that_is_never_ended_is_refused(self):
        files = self.project().add("1", "SELECT 1;\nBEGIN;\nCREATE TABLE t ();\n")
        reply = self.run_all(self.rpc(self.worker(files)))
        self.assertIn("Line 2", reply.failed.error)

    # ---- order, orphans, edits ----

    def test_modified_orphaned_and_out_of_order_are_told(self):
        rpc = self.start("prisma-blog")
        self.run_all(rpc)
        with open(self.files.script("20240103000000_slugs"), "a", encoding="utf-8") as file:
            file.write("-- edited\n")
        os.rename(os.path.dirname(self.files.script("20240104000000_seed")),
                  os.path.join(self.files.path, self.files.folder, "20240101500000_late"))
        status = self.status(rpc)
        self.assertEqual(self.states(status), {
            "20240101000000_create_users": "applied", "20240101500000_late": "pending",
            "20240102000000_create_posts": "applied", "20240103000000_slugs": "modified", "20240104000000_seed": "orphaned"})
        late = next(one for one in status.migrations if one.name == "20240101500000_late")
        self.assertEqual(late.detail_state, harness.messages().migration.DETAIL_STATE_OUT_OF_ORDER)
        summary = status.summary
        self.assertEqual((summary.applied, summary.pending, summary.modified, summary.orphaned), (2, 1, 1, 1))

    def test_other_line_endings_are_no_edit(self):
        rpc = self.start("prisma-blog")
        self.run_all(rpc)
        for name in self.files.names():
            with open(self.files.script(name), "rb") as file:
                content = file.read()
            with open(self.files.script(name), "wb") as file:
                file.write(content.replace(b"\n", b"\r\n"))
        self.assertEqual(set(self.states(self.status(rpc)).values()), {"applied"})

    def test_a_schema_with_tables_and_no_ledger_wants_a_baseline(self):
        self.sql("CREATE TABLE legacy (id INT)")
        rpc = self.start("prisma-blog")
        with self.assertRaises(RpcError) as caught:
            self.run_all(rpc)
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertIn("P3005", caught.exception.status.message)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    # ---- locks and crashes ----

    def test_a_held_lock_is_named_within_the_time_to_wait(self):
        for seconds in ("0.5", "0"):
            with self.subTest(seconds):
                self.hold_and_run(seconds)

    def hold_and_run(self, seconds):
        rpc = self.start("prisma-blog", "--lock-wait", seconds)
        holder = harness.subprocess.Popen(
            ["psql", "-Xq", self.url(), "-c", "SET application_name = 'deployer'", "-c", "SELECT pg_advisory_lock(72707369)",
             "-c", "SELECT pg_sleep(60)"], stdout=harness.subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"))
        began = time.monotonic()
        with self.assertRaises(RpcError) as caught:
            self.run_all(rpc)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(caught.exception.code, ABORTED)
        self.assertIn('application "deployer"', caught.exception.status.message)

    def test_runs_of_two_workers_at_once_apply_each_migration_once(self):
        files = self.project()
        for number in range(40):
            files.add(f"{number:03}", f"CREATE TABLE t{number} (id INT);")
        workers = [self.worker(files) for _ in range(2)]
        replies = []

        def run(worker):
            with Rpc(worker.address) as rpc:
                replies.append(self.run_all(rpc))
        threads = [threading.Thread(target=run, args=(worker,)) for worker in workers * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(replies), 6)
        self.assertTrue(all(reply.ok for reply in replies))
        self.assertEqual(sum(len(reply.applied) for reply in replies), 40)
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT migration_name) FROM _prisma_migrations"), [("40", "40")])

    def test_a_status_does_not_wait_for_a_run(self):
        files = self.project().add("1", "SELECT pg_sleep(60);")
        worker = self.worker(files)
        runner = self.rpc(worker)
        thread = threading.Thread(target=lambda: self.run_all(runner))
        thread.start()
        wait_for(self.sleepers)
        self.assertEqual(self.states(self.status(self.rpc(worker))), {"1": "pending"})
        self.assertTrue(self.sleepers())
        self.wake_up()
        thread.join()

    def test_a_worker_killed_in_the_middle_leaves_both_or_neither(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);").add("2", "CREATE TABLE b (id INT); SELECT pg_sleep(1); CREATE TABLE c (id INT);")
        worker = self.worker(files)
        rpc = self.rpc(worker)
        thread = threading.Thread(target=lambda: self.assertRaises(Exception, self.run_all, rpc))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        worker.process.send_signal(signal.SIGKILL)
        worker.kill()
        thread.join()
        reply = self.run_all(self.rpc(self.worker(files)))
        self.assertTrue(reply.ok, reply)
        self.assertEqual([row[:2] for row in self.ledger()], [("1", "t"), ("2", "t")])
        self.assertEqual(self.sql("SELECT to_regclass('c') IS NOT NULL"), [("t",)])

    def test_a_backend_that_is_terminated_is_found_out_about(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);").add("2", "CREATE TABLE b (id INT); SELECT pg_sleep(30);").add("3", "SELECT 1;")
        rpc = self.rpc(self.worker(files))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.run_all(rpc)))
        thread.start()
        wait_for(lambda: self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        thread.join()
        self.assertFalse(replies[0].ok)
        self.assertEqual(replies[0].failed.name, "2")
        self.assertIn("not committed", replies[0].failed.error)
        self.assertEqual([row[0] for row in self.ledger()], ["1"])

    def test_a_backend_that_is_terminated_between_steps_leaves_a_row_that_says_why(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);\nVACUUM a;\nSELECT pg_sleep(30);")
        rpc = self.rpc(self.worker(files))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.run_all(rpc)))
        thread.start()
        wait_for(lambda: self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        thread.join()
        self.assertTrue(replies[0].failed.partially_applied)
        self.assertIn("unfinished", replies[0].failed.error)
        self.assertIn("terminating connection", self.ledger("logs")[0][0])
        self.assertEqual(self.ledger("migration_name, finished_at IS NULL, logs IS NOT NULL"), [("1", "t", "t")])

    def test_a_deadline_ends_a_run_cleanly(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);").add("2", "CREATE TABLE b (id INT); SELECT pg_sleep(30);")
        rpc = self.rpc(self.worker(files))
        began = time.monotonic()
        reply = rpc.call("MigrationService", "Run", timeout_ms=3000)
        self.assertLess(time.monotonic() - began, 25)
        self.assertFalse(reply.ok)
        self.assertEqual([one.name for one in reply.applied], ["1"])
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])
        self.assertEqual([row[0] for row in self.ledger()], ["1"])

    def test_a_deadline_between_steps_leaves_a_row_that_says_why(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);\nVACUUM a;\nSELECT pg_sleep(30);").add("2", "CREATE TABLE b (id INT); SELECT pg_sleep(30);\nVACUUM;")
        rpc = self.rpc(self.worker(files))
        reply = rpc.call("MigrationService", "Run", timeout_ms=1000)
        self.assertTrue(reply.failed.partially_applied)
        self.assertIn("cancelled", self.ledger("logs")[0][0])
        rpc.call("MigrationService", "MarkApplied", {"migration": "1"})
        reply = rpc.call("MigrationService", "Run", timeout_ms=1000)
        self.assertFalse(reply.failed.partially_applied)
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])
        self.assertEqual(self.ledger("migration_name, finished_at IS NOT NULL"), [("1", "f"), ("1", "t")])

    def test_a_deadline_that_passes_at_the_commit_tells_the_truth(self):
        files = self.project()
        for number in range(30):
            files.add(f"{number:02}", f"CREATE TABLE t{number} (id INT); SELECT pg_sleep(0.05);")
        rpc = self.rpc(self.worker(files))
        self.run_all(rpc, migrations=["00"])
        for milliseconds in (180, 190, 200, 205, 210, 215, 220, 230, 240, 250):
            try:
                reply = rpc.call("MigrationService", "Run", timeout_ms=milliseconds)
            except RpcError as error:
                self.assertEqual(error.code, DEADLINE_EXCEEDED)  # a slow machine, where it could not even begin
                reply = messages().migration.RunResponse()
            there = {row[0] for row in self.sql("SELECT migration_name FROM _prisma_migrations")}
            tables = {f"{int(row[0][1:]):02}" for row in self.sql("SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+$'")}
            self.assertEqual(there, tables)
            self.assertLessEqual({one.name for one in reply.applied}, there)
            self.assertNotIn(reply.failed.name, there)

    # ---- size ----

    def test_a_folder_of_a_thousand_and_a_script_of_five_megabytes(self):
        files = self.project()
        for number in range(1000):
            files.add(f"{number:04}_m", f"CREATE TABLE t{number} (id INT);" if number % 50 == 0 else f"SELECT {number};")
        rows = ",\n".join(f"({n}, 'row number {n} with some text behind it, so that it takes its room')" for n in range(65000))
        files.add("2000_large", "CREATE TABLE large (id INT, text TEXT);\nINSERT INTO large VALUES\n" + rows + ";\n")
        self.assertGreater(os.path.getsize(files.script("2000_large")), 5000000)
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply.summary)
        self.assertEqual(self.sql("SELECT count(*) FROM large"), [("65000",)])
        self.assertEqual(self.status(rpc).summary.applied, 1001)
        self.assertEqual(rpc.call("MigrationService", "Preview", {"name": "2000_large"}).lines, 65002)


if __name__ == "__main__":
    harness.main()
