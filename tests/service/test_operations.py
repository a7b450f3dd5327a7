"""Runs in the background: their events, who may watch them, and how they are ended."""
import contextlib
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, messages, wait_for

NOT_FOUND, RESOURCE_EXHAUSTED, DATA_LOSS = 5, 8, 15


class Operations(Case):
    def begin(self, rpc, **request):
        return rpc.call("MigrationService", "StartRun", request).id

    def wait(self, rpc, operation, seconds=60):
        """The operation when it has ended, and all its events."""
        events, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            reply = rpc.call("MigrationService", "WaitOperation", {"id": operation, "after_event": len(events), "wait_ms": 5000})
            events += reply.events
            if reply.operation.done and len(events) == reply.operation.last_event:
                return reply.operation, events
        raise AssertionError(f"not in {seconds} s: {reply}")

    def wait_event(self, rpc, operation, kind, fits=lambda event: True):
        """Waits until there is such an event, and answers it."""
        def find():
            events = rpc.call("MigrationService", "WaitOperation", {"id": operation}).events
            return next((event for event in events if self.kind(event) == kind and fits(event)), None)
        return wait_for(find)

    @staticmethod
    def kind(event):
        return messages().migration.EventKind.Name(event.kind).removeprefix("EVENT_KIND_").lower()

    @staticmethod
    def state(operation):
        return messages().migration.OperationState.Name(operation.state).removeprefix("OPERATION_STATE_").lower()

    def test_a_run_in_the_background_tells_each_of_its_steps(self):
        rpc = self.serve("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);\nVACUUM;\nINSERT INTO b VALUES (1);")
        operation, events = self.wait(rpc, self.begin(rpc))
        self.assertEqual((self.state(operation), operation.result.ok, operation.summary),
                         ("succeeded", True, "Applied 2 migration(s) successfully."))
        self.assertEqual([self.kind(event) for event in events],
                         ["run_started", "migration_started", "migration_done", "migration_started", "step_started", "step_done",
                          "step_started", "step_done", "step_started", "step_done", "migration_done", "run_done"])
        self.assertEqual([event.id for event in events], list(range(1, 13)))
        self.assertEqual([(event.migration, event.step, event.steps) for event in events if self.kind(event) == "step_done"],
                         [("2", 1, 3), ("2", 2, 3), ("2", 3, 3)])
        self.assertTrue(all(event.at.seconds and event.message for event in events))
        again = rpc.call("MigrationService", "WaitOperation", {"id": operation.id, "after_event": 10, "wait_ms": 60000})
        self.assertEqual([event.id for event in again.events], [11, 12])

    def test_how_it_ended_is_written_down_in_a_database_whose_encoding_lacks_our_dashes(self):
        self.encoded("LATIN1")
        rpc = self.serve("CREATE TABLE a (id INT);", "SELECT '\u00e9', 1 / 0;")
        operation, events = self.wait(rpc, self.begin(rpc))
        told = self.rpc(self.worker(self.files)).call("MigrationService", "GetOperation", {"id": operation.id})
        self.assertEqual((self.state(told), told.done, told.last_event, told.summary), ("failed", True, len(events), operation.summary))
        self.assertEqual(self.sql("SELECT count(*) FROM truss.operation_events"), [(str(len(events)),)])
        failure = rpc.call("MigrationService", "GetStatus").migrations[1].last_failure
        self.assertEqual((failure.message, failure.statement), ("division by zero", "SELECT '\u00e9', 1 / 0"))

    def test_what_the_server_says_is_told_with_its_place_and_all_its_parts(self):
        rpc = self.serve("DO $$ BEGIN RAISE NOTICE 'one'; END $$;\nVACUUM;\n"
                         "DO $$ BEGIN RAISE WARNING '17 rows' USING DETAIL = 'those', HINT = 'do', ERRCODE = 'XX123'; END $$;")
        operation, events = self.wait(rpc, self.begin(rpc))
        told = [event for event in events if self.kind(event) == "notice"]
        self.assertEqual([(event.migration, event.step, event.steps, event.message) for event in told],
                         [("1", 1, 3, "NOTICE: one"), ("1", 3, 3, "WARNING: 17 rows")])
        self.assertEqual([(one.severity, one.sqlstate, one.message, one.detail, one.hint) for one in (event.notice for event in told)],
                         [("NOTICE", "00000", "one", "", ""), ("WARNING", "XX123", "17 rows", "those", "do")])
        self.assertEqual(list(operation.result.warnings), ['The server warned in "1": 17 rows those'])
        self.assertRegex(self.process.stop() or self.process.text(), r'event="server warning" migration="1" sqlstate=XX123 message="?17 rows')

    def test_what_a_failed_script_said_before_is_told_too_and_nothing_of_ours_is(self):
        rpc = self.serve("CREATE TABLE a (); CREATE TABLE IF NOT EXISTS a (); SELECT 1/0;")
        _, events = self.wait(rpc, self.begin(rpc))
        self.assertEqual([event.message for event in events if self.kind(event) == "notice"],
                         ['NOTICE: relation "a" already exists, skipping'])

    def test_a_flood_of_messages_is_cut_and_counted(self):
        rpc = self.serve("DO $$ BEGIN FOR i IN 1..3000 LOOP RAISE NOTICE 'row % %', i, repeat('ä', 3000); END LOOP; END $$;")
        operation, events = self.wait(rpc, self.begin(rpc))
        told = [event for event in events if self.kind(event) == "notice"]
        self.assertEqual(len(told), 1000)
        self.assertRegex(told[0].notice.message, r"^row 1 ä+… \(\d+ bytes more\)$")
        self.assertIn("2000 more messages of the server were left out.", [event.message for event in events])
        self.assertTrue(operation.result.ok)

    def test_a_list_stays_short_whatever_errors_there_were(self):
        """A server's error may have megabytes: it is cut where it is kept, and a list shows a line of it."""
        rpc = self.serve("DO $$BEGIN RAISE EXCEPTION '%', repeat('\u00e4', 500000) USING DETAIL = repeat('d', 1000000), HINT = repeat('h', 1000000); END$$;")
        for _ in range(8):
            operation, _ = self.wait(rpc, self.begin(rpc))
            rpc.call("MigrationService", "Run", {})
        self.assertLess(operation.ByteSize(), 100000)
        self.assertTrue(operation.result.failed.error.startswith("\u00e4" * 1000))
        self.assertTrue(operation.result.failed.error.endswith("\u2026"))
        for worker in (rpc, self.rpc(self.worker(self.files))):
            listed = worker.call("MigrationService", "ListOperations", {"limit": 100})
            self.assertGreaterEqual(len(listed.operations), 8)
            self.assertLess(listed.ByteSize(), 20000)
            ours = next(one for one in listed.operations if one.id == operation.id)
            self.assertEqual((self.state(ours), ours.done, ours.finished_at, ours.last_event),
                             ("failed", True, operation.finished_at, operation.last_event))
            self.assertIn("failed", ours.summary)
            self.assertEqual(worker.call("MigrationService", "GetOperation", {"id": operation.id}), operation)

    def test_who_makes_our_schema_at_the_same_time_does_not_fail_the_run(self):
        # The first migration makes the run's session remember all that CREATE SCHEMA looks at, and so not look again.
        rpc = self.serve("CREATE SCHEMA x; CREATE TABLE x.t (id INT PRIMARY KEY);", "CREATE TABLE b (id INT);\nVACUUM;")
        other = subprocess.Popen(["psql", "-Xq", self.url()], stdin=subprocess.PIPE, text=True)
        self.addCleanup(other.wait)
        other.stdin.write("BEGIN; SELECT pg_advisory_xact_lock(1414681939, 0) \\g /dev/null\n")
        other.stdin.flush()
        locks = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 1414681939 AND objid = 0 AND "
        wait_for(lambda: self.sql(locks + "granted"))
        answers = []
        caller = threading.Thread(target=lambda: answers.append(rpc.call("MigrationService", "Run", {})))
        caller.start()
        wait_for(lambda: self.sql(locks + "NOT granted"))
        other.stdin.write("CREATE SCHEMA truss; COMMIT;\n")
        other.stdin.close()
        caller.join(60)
        self.assertEqual((answers[0].ok, answers[0].failed.error), (True, ""))

    def test_a_failure_is_an_event_and_the_result(self):
        rpc = self.serve("SELECT 1;", "SELECT 1/0;")
        operation, events = self.wait(rpc, self.begin(rpc))
        self.assertEqual(self.state(operation), "failed")
        self.assertEqual((operation.result.failed.name, operation.result.failed.sqlstate), ("2", "22012"))
        self.assertEqual([one.name for one in operation.result.applied], ["1"])
        self.assertIn("failed", [self.kind(event) for event in events])

    def test_a_run_that_is_refused_is_told_as_that_by_every_worker(self):
        rpc = self.serve("SELECT 1;", "BEGIN;")
        refused, _ = self.wait(rpc, self.begin(rpc, plan_hash="0" * 64))
        unfit, _ = self.wait(rpc, self.begin(rpc))
        self.files.add("2", "SELECT 1/0;")
        failed, _ = self.wait(rpc, self.begin(rpc))
        self.assertEqual([(self.state(one), one.refused) for one in (refused, unfit, failed)], [("failed", True), ("failed", True), ("failed", False)])
        self.assertTrue(unfit.result.refused)
        other = self.rpc(self.worker(self.files))
        self.process.stop()
        listed = {one.id: one.refused for one in other.call("MigrationService", "ListOperations", {"limit": 9}).operations}
        self.assertEqual(listed, {one.id: one.refused for one in (refused, unfit, failed)})

    def test_another_worker_tells_the_same(self):
        rpc = self.serve("CREATE TABLE a (id INT);\nVACUUM;\nSELECT pg_sleep(4);")
        other = self.rpc(self.worker(self.files))
        operation = self.begin(rpc)
        wait_for(lambda: other.call("MigrationService", "GetOperation", {"id": operation}).last_event > 3)
        self.assertEqual(self.state(other.call("MigrationService", "GetOperation", {"id": operation})), "running")
        theirs, their_events = self.wait(other, operation)
        ours, our_events = self.wait(rpc, operation)
        self.assertEqual(theirs, ours)
        self.assertEqual(their_events, our_events)
        listed = other.call("MigrationService", "ListOperations", {"limit": 5}).operations
        self.assertEqual([one.id for one in listed], [operation])
        self.process.stop()
        self.assertEqual(other.call("MigrationService", "GetOperation", {"id": operation}), ours)

    def test_another_worker_tells_the_same_however_the_database_writes_bytes(self):
        self.sql(f'ALTER DATABASE "{self.database}" SET bytea_output = escape')
        rpc = self.serve("CREATE TABLE a (id INT);\nVACUUM;\nSELECT 1;")
        other = self.rpc(self.worker(self.files))
        ours, our_events = self.wait(rpc, self.begin(rpc))
        theirs, their_events = self.wait(other, ours.id)
        self.assertEqual((theirs, their_events), (ours, our_events))
        self.assertEqual(self.state(theirs), "succeeded")

    def test_what_cannot_be_read_of_an_operation_is_told_as_that_and_spoils_no_list(self):
        rpc = self.serve("CREATE TABLE a (id INT);\nVACUUM;\nSELECT 1;")
        other = self.rpc(self.worker(self.files))
        operation, events = self.wait(rpc, self.begin(rpc))
        self.sql("UPDATE truss.operation_events SET event = '\\x0a05ff' WHERE id = 3")
        seen = other.call("MigrationService", "WaitOperation", {"id": operation.id})
        self.assertEqual(list(seen.events), events[:2])
        self.sql("UPDATE truss.operations SET outcome = '\\xff'")
        for method, request in (("WaitOperation", {}), ("GetOperation", {}), ("CancelOperation", {})):
            with self.assertRaises(RpcError) as caught:
                other.call("MigrationService", method, {"id": operation.id, **request})
            self.assertEqual((method, caught.exception.code), (method, DATA_LOSS))
        self.assertEqual([one.id for one in other.call("MigrationService", "ListOperations", {}).operations], [operation.id])

    def test_those_that_wait_for_their_turn_are_not_lost_and_hear_of_a_cancel(self):
        rpc = self.serve("SELECT pg_sleep(60);")
        other = self.rpc(self.worker(self.files))
        runs = [self.begin(rpc) for _ in range(5)]
        wait_for(self.sleepers)
        self.sql(f"UPDATE truss.operations SET heartbeat_at = now() - interval '31 s' WHERE id = '{runs[4]}'")
        wait_for(lambda: self.state(other.call("MigrationService", "GetOperation", {"id": runs[4]})) == "running")
        with contextlib.suppress(RpcError):  # it is asked to end, and does not within this time
            other.call("MigrationService", "CancelOperation", {"id": runs[4]}, timeout_ms=1000)
        for run in runs[:4]:
            self.assertEqual(self.state(rpc.call("MigrationService", "CancelOperation", {"id": run})), "cancelled")
        self.assertEqual(self.state(self.wait(rpc, runs[4])[0]), "cancelled")
        self.assertEqual(self.ledger(), [])

    def test_a_lock_wait_names_who_has_the_lock(self):
        self.sql("CREATE TABLE t (id INT)")
        rpc = self.serve("SELECT 1;", "ALTER TABLE t ADD COLUMN more INT;")
        rpc.call("MigrationService", "MarkApplied", {"migration": "1"})
        self.hold("BEGIN", "SELECT 1 FROM t")
        operation = self.begin(rpc)
        # On a busy machine the first tries, some milliseconds each, may end before anybody has looked who has the lock.
        event = self.wait_event(rpc, operation, "lock_wait", lambda event: event.blockers)
        self.assertEqual((event.migration, event.blockers[0].user), ("2", "app"))
        self.assertTrue(0 < event.next_try_ms <= 500, event)
        self.assertTrue(0 < event.gives_up_at.seconds - event.at.seconds <= 61, event)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        self.assertEqual(self.state(self.wait(rpc, operation)[0]), "succeeded")

    def test_a_long_index_build_tells_its_progress(self):
        self.sql("CREATE TABLE t AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 1000000) g")
        rpc = self.serve("SELECT 1;", "CREATE INDEX CONCURRENTLY ix ON t (note, id);")
        rpc.call("MigrationService", "MarkApplied", {"migration": "1"})
        self.sql("ALTER DATABASE \"%s\" SET maintenance_work_mem = '1MB'" % self.database)
        _, events = self.wait(rpc, self.begin(rpc), 60)
        progress = [event.progress for event in events if self.kind(event) == "progress"]
        self.assertTrue(progress, [event.message for event in events])
        self.assertTrue(any("building index" in one.phase for one in progress), progress)
        self.assertTrue(all(0 <= one.percent <= 100 for one in progress))

    def test_a_cancel_rolls_the_step_back_and_tells_what_stays(self):
        rpc = self.serve("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT); SELECT pg_sleep(60);", "SELECT 3;")
        operation = self.begin(rpc)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        began = time.monotonic()
        cancelled = rpc.call("MigrationService", "CancelOperation", {"id": operation})
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual((self.state(cancelled), cancelled.done), ("cancelled", True))
        self.assertEqual([one.name for one in cancelled.result.applied], ["1"])
        self.assertEqual(self.sql("SELECT to_regclass('a') IS NULL, to_regclass('b') IS NULL"), [("f", "t")])
        self.assertEqual(self.ledger(), [("1", "t", "f", "1")])
        self.assertEqual(rpc.call("MigrationService", "CancelOperation", {"id": operation}), cancelled)

    def test_a_cancel_that_a_script_survives_ends_the_run_before_the_next_one(self):
        rpc = self.serve("DO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END $$;", "CREATE TABLE b ();")
        operation = self.begin(rpc)
        wait_for(self.sleepers)
        rpc.call("MigrationService", "CancelOperation", {"id": operation})
        ended, _ = self.wait(rpc, operation)
        self.assertEqual((self.state(ended), [one.name for one in ended.result.applied], ended.result.failed.name), ("cancelled", ["1"], "2"))
        self.assertIn("The run was cancelled before this migration.", ended.result.failed.error)
        self.assertEqual(self.ledger("migration_name, finished_at IS NOT NULL"), [("1", "t")])
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])

    def test_a_run_in_the_background_may_be_given_a_time(self):
        rpc = self.serve("CREATE TABLE a (id INT);", "SELECT pg_sleep(60);")
        operation, _ = self.wait(rpc, self.begin(rpc, timeout_ms=4000))
        self.assertEqual(self.state(operation), "failed")
        self.assertIn("time for this request is over", operation.result.failed.error)
        self.assertEqual(self.ledger(), [("1", "t", "f", "1")])

    def test_a_cancel_while_an_index_is_built_leaves_no_invalid_one(self):
        self.sql("CREATE TABLE t AS SELECT 1 AS id")
        rpc = self.serve("SELECT 1;", "SELECT 1;\nCREATE INDEX CONCURRENTLY ix ON t (id);")
        rpc.call("MigrationService", "MarkApplied", {"migration": "1"})
        holder = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; SELECT pg_sleep(60)"],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        operation = self.begin(rpc)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_index WHERE NOT indisvalid"))
        letting_go = threading.Timer(0.5, self.sql, ["SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"])
        letting_go.start()
        self.addCleanup(letting_go.join)
        self.assertEqual(self.state(rpc.call("MigrationService", "CancelOperation", {"id": operation})), "cancelled")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), [("0",)])
        again = rpc.call("MigrationService", "Run")
        self.assertTrue(again.ok, again)

    def test_a_cancel_at_each_kind_of_step_leaves_what_was_committed_and_no_more(self):
        sleep = "SELECT pg_sleep(60);"
        kinds = {
            "all in one transaction": ("CREATE TABLE two (); " + sleep, {"transaction": "TRANSACTION_MODE_ALL"}, 0),
            "a try": ("CREATE TABLE two (); " + sleep, {"dry_run": True}, 0),
            "a later transaction": ("VACUUM;\nCREATE TABLE two (); " + sleep, {}, 1),
            "the script's own": ("VACUUM;\nBEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE two (); " + sleep + " COMMIT;\nVACUUM;", {}, 1),
            "a block that commits": ("DO $$ BEGIN COMMIT; CREATE TABLE two (); PERFORM pg_sleep(60); END $$;", {}, 1),
            "a piece that is sent whole": ("CREATE TABLE two (); SELECT pg_sleep(60); ROLLBACK; VACUUM;", {}, 1),
        }
        for kind, (script, request, applied) in kinds.items():
            with self.subTest(kind=kind):
                rpc = self.serve("CREATE TABLE one ();", script)
                operation = self.begin(rpc, **request)
                wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
                cancelled = rpc.call("MigrationService", "CancelOperation", {"id": operation})
                self.assertEqual(self.state(cancelled), "cancelled")
                self.assertEqual(len(cancelled.result.applied), 1 if kind == "a try" else applied)  # there: what would be
                self.assertEqual(self.sql("SELECT to_regclass('one') IS NOT NULL, to_regclass('two')"), [("t" if applied else "f", None)])
                self.assertEqual(self.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), [("0",)])
                self.process.stop()
                self.sql("DROP TABLE IF EXISTS one, _prisma_migrations; DROP SCHEMA IF EXISTS truss CASCADE")

    def test_a_cancel_while_waiting_for_a_lock_or_another_run(self):
        self.sql("CREATE TABLE t (id INT)")
        rpc = self.serve("SELECT 1;", "ALTER TABLE t ADD COLUMN more INT;")
        rpc.call("MigrationService", "MarkApplied", {"migration": "1"})
        self.hold("BEGIN", "SELECT 1 FROM t")
        first = self.begin(rpc)
        self.wait_event(rpc, first, "lock_wait")
        second = self.begin(rpc)
        event = self.wait_event(rpc, second, "run_lock_wait")
        self.assertEqual((len(event.blockers), event.blockers[0].user), (1, "app"))
        self.assertIn(f"pid {event.blockers[0].pid}", event.message)
        self.assertGreaterEqual(event.gives_up_at.seconds, event.at.seconds)
        self.assertEqual(self.state(rpc.call("MigrationService", "CancelOperation", {"id": second})), "cancelled")
        self.assertEqual(self.state(rpc.call("MigrationService", "CancelOperation", {"id": first})), "cancelled")

    def test_another_worker_can_cancel(self):
        rpc = self.serve("SELECT pg_sleep(60);")
        other = self.rpc(self.worker(self.files))
        operation = self.begin(rpc)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.assertEqual(self.state(other.call("MigrationService", "CancelOperation", {"id": operation})), "cancelled")
        self.assertEqual(self.ledger(), [])

    def test_one_whose_worker_was_killed_is_lost_and_a_new_run_goes_on(self):
        rpc = self.serve("CREATE TABLE a (id INT);\nVACUUM;\nSELECT pg_sleep(CASE WHEN to_regclass('awake') IS NULL THEN 60 ELSE 0 END);")
        other = self.rpc(self.worker(self.files))
        operation = self.begin(rpc)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.process.kill()
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'; CREATE TABLE awake ();"
                 "UPDATE truss.operations SET heartbeat_at = now() - interval '31 s'")
        lost = other.call("MigrationService", "GetOperation", {"id": operation})
        self.assertEqual((self.state(lost), lost.done), ("lost", True))
        self.assertEqual(other.call("MigrationService", "Run").applied[0].resumed_steps, 2)

    def test_a_worker_that_is_stopped_ends_its_runs_cleanly(self):
        rpc = self.serve("CREATE TABLE a (id INT); SELECT pg_sleep(2);")
        other = self.rpc(self.worker(self.files))
        operation = self.begin(rpc)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.process.stop()
        self.assertEqual(self.state(other.call("MigrationService", "GetOperation", {"id": operation})), "succeeded")

    def test_ordinary_runs_and_looking_leave_nothing_of_ours_in_the_database(self):
        rpc = self.serve("CREATE TABLE a (id INT);")
        rpc.call("MigrationService", "ListOperations")
        rpc.call("MigrationService", "Plan")
        run = rpc.call("MigrationService", "Run")
        found = rpc.call("MigrationService", "GetOperation", {"id": run.operation})
        self.assertEqual((self.state(found), found.result), ("succeeded", run))
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])

    def test_a_run_in_the_background_that_has_nothing_to_do_leaves_nothing_either(self):
        rpc = self.serve("SELECT 1;")
        rpc.call("MigrationService", "Run")
        operation, _ = self.wait(rpc, self.begin(rpc))
        self.assertEqual(operation.summary, "No pending migrations to run.")
        self.wait(rpc, self.begin(rpc, dry_run=True))
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])

    def test_an_unknown_id_is_not_found(self):
        rpc = self.serve()
        for unknown in ("", "x", "'; DROP TABLE t", "00000000-0000-4000-8000-000000000000"):
            for method in ("GetOperation", "WaitOperation", "CancelOperation"):
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", method, {"id": unknown})
                self.assertEqual(caught.exception.code, NOT_FOUND)

    def test_a_role_of_our_name_finds_its_tables_where_they_were(self):
        """Its "$user" is the schema that we keep; what a migration makes must not land there."""
        self.sql("CREATE ROLE truss SUPERUSER LOGIN PASSWORD 'x'", check=False)
        files = self.project().add("1", "CREATE TABLE a (id INT);\nVACUUM;\nCREATE TABLE b (id INT);").add("2", "CREATE TABLE c (id INT);")
        url = self.url().replace(f"app:{harness.PASSWORD_ENCODED}", "truss:x")
        self.assertTrue(self.rpc(self.worker(files, url=url)).call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT relname FROM pg_class WHERE relname IN ('a', 'b', 'c') AND relnamespace = 'public'::regnamespace ORDER BY 1"),
                         [("a",), ("b",), ("c",)])


if __name__ == "__main__":
    harness.main()
