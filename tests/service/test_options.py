"""What a run may be asked for: how far, in one transaction, only as a try, only as planned."""
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, messages, wait_for

INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, ABORTED = 3, 5, 9, 10
ALL = "TRANSACTION_MODE_ALL"


class Options(Case):
    def run_with(self, rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    def assert_refused(self, code, words, call):
        with self.assertRaises(RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code, code)
        self.assertRegex(caught.exception.status.message, words)
        return caught.exception.status

    def pending(self, rpc):
        return [name for name, state in self.states(rpc.call("MigrationService", "GetStatus")).items() if state == "pending"]

    # ---- how far ----

    def test_a_target_runs_up_to_and_including_it(self):
        rpc = self.serve("SELECT 1;", "SELECT 2;", "SELECT 3;")
        self.assertEqual([one.name for one in self.run_with(rpc, target="2").applied], ["1", "2"])
        self.assertEqual(self.pending(rpc), ["3"])
        self.assertEqual(self.run_with(rpc, target="1").summary, "No pending migrations to run.")
        self.assert_refused(NOT_FOUND, "no migration", lambda: self.run_with(rpc, target="4"))
        self.assert_refused(INVALID_ARGUMENT, "either", lambda: self.run_with(rpc, target="3", migrations=["3"]))

    def test_a_late_migration_runs_as_prisma_does_unless_the_order_is_asked_for(self):
        rpc = self.serve("SELECT 1;", "SELECT 2;", "SELECT 3;")
        self.run_with(rpc, migrations=["3"])
        status = self.assert_refused(FAILED_PRECONDITION, '"1" is pending although the later "3"', lambda: self.run_with(rpc, allow_out_of_order=False))
        self.assertEqual(status.detail.reason, "OUT_OF_ORDER")
        self.assertEqual(len(self.run_with(rpc, allow_out_of_order=True, target="1").applied), 1)
        self.assertEqual(len(self.run_with(rpc).applied), 1)

    # ---- the whole batch or nothing ----

    def test_all_in_one_transaction_commits_together(self):
        rpc = self.serve("CREATE TABLE a (id BIGINT DEFAULT txid_current()); INSERT INTO a DEFAULT VALUES;",
                         "SET search_path TO nowhere; INSERT INTO public.a DEFAULT VALUES;", "INSERT INTO a DEFAULT VALUES;")
        reply = self.run_with(rpc, transaction=ALL)
        self.assertEqual(reply.summary, "Applied 3 migration(s) successfully.")
        self.assertEqual(self.sql("SELECT count(DISTINCT id), count(*) FROM a"), [("1", "3")])
        self.assertEqual(self.ledger(), [("1", "t", "f", "1"), ("2", "t", "f", "1"), ("3", "t", "f", "1")])

    def test_all_in_one_transaction_is_nothing_where_one_fails(self):
        rpc = self.serve("CREATE TABLE a ();", "CREATE TABLE b ();\nSELECT 1/0;", "CREATE TABLE c ();")
        reply = self.run_with(rpc, transaction=ALL)
        self.assertEqual((reply.ok, reply.summary, list(reply.applied)),
                         (False, 'Migration "2" failed — entire batch rolled back.', []))
        self.assertEqual((reply.failed.name, reply.failed.line, reply.failed.sqlstate), ("2", 2, "22012"))
        self.assertEqual(self.ledger(), [])
        self.assertEqual(self.sql("SELECT to_regclass('a'), to_regclass('b')"), [(None, None)])

    def test_all_in_one_transaction_is_refused_where_a_step_cannot_be(self):
        rpc = self.serve("CREATE TABLE a (id INT);", "CREATE INDEX CONCURRENTLY i ON a (id);")
        self.assert_refused(FAILED_PRECONDITION, '"2" cannot be one transaction: CREATE INDEX CONCURRENTLY',
                            lambda: self.run_with(rpc, transaction=ALL))
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_all_in_one_transaction_asks_the_ledger_after_a_lost_connection(self):
        """A commit that is followed by the end of the connection, and one that never came."""
        for committed in (True, False):
            with self.subTest(committed=committed):
                rpc = self.serve("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);" if committed else "SELECT pg_sleep(60);")
                answer = []
                if committed:  # a deferred trigger that ends its own backend while it commits, behind the last row
                    self.sql("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(4); RETURN NULL; END $$")
                    self.files.add("2", "CREATE TABLE b (id INT); CREATE CONSTRAINT TRIGGER w AFTER INSERT ON b DEFERRABLE INITIALLY DEFERRED "
                                        "FOR EACH ROW EXECUTE FUNCTION wait(); INSERT INTO b VALUES (1);")
                thread = threading.Thread(target=lambda: answer.append(self.run_with(rpc, transaction=ALL)))
                thread.start()
                pid = wait_for(lambda: self.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))[0][0]
                if committed:
                    if self.cut(pid) != 1:
                        self.skipTest("this kernel does not let ss -K end a connection")
                else:
                    self.sql(f"SELECT pg_terminate_backend({pid})")
                thread.join(60)
                self.assertEqual(answer[0].ok, committed, answer[0])
                self.assertEqual(len(self.ledger()), 2 if committed else 0)
                if not committed:
                    self.assertIn("nothing was committed", answer[0].failed.error)
                self.process.stop()
                self.sql("DROP TABLE IF EXISTS a, b, _prisma_migrations; DROP FUNCTION IF EXISTS wait")

    def cut(self, pid):
        """Ends the connection between a backend and its client, and neither of them."""
        port = self.sql(f"SELECT client_port FROM pg_stat_activity WHERE pid = {pid}")[0][0]
        return subprocess.run(["ss", "-K", f"sport = :{port}"], capture_output=True, text=True, check=False).stdout.count("tcp")

    def test_all_in_one_transaction_waits_for_locks_in_short_tries(self):
        self.sql("CREATE TABLE t (id INT)")
        rpc = self.serve("SELECT 1;", "CREATE TABLE a ();", "ALTER TABLE t ADD COLUMN more INT;")
        rpc.call("MigrationService", "MarkApplied", {"migration": "1"})
        holder = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN", "-c", "SELECT 1 FROM t", "-c", "SELECT pg_sleep(1.5)", "-c", "COMMIT"],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        reply = self.run_with(rpc, transaction=ALL)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(len(self.ledger()), 3)

    # ---- a try ----

    def trace(self):
        """Everything that a try might leave: schema, data, sequences, the tables of ours."""
        program = os.path.join(harness.PG_BIN, "pg_dump")
        if os.path.exists(program):
            dump = subprocess.run([program, "--no-owner", self.url()], capture_output=True, text=True, check=True).stdout
            dump = re.sub(r"^\\(un)?restrict .*$", "", dump, flags=re.M)
        else:  # the servers of run-versions.sh come without it
            dump = self.cluster.tables(self.database)
        return dump, self.sql("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")

    def test_a_try_leaves_no_trace_and_says_what_would_be(self):
        rpc = self.serve("CREATE TABLE a (id SERIAL PRIMARY KEY, note TEXT); INSERT INTO a (note) VALUES ('x'), ('y');",
                         "INSERT INTO a (note) SELECT 'z' FROM generate_series(1, 50); CREATE SEQUENCE s; SELECT nextval('s');",
                         "ALTER TABLE a ADD COLUMN more INT; DO $$ BEGIN PERFORM nextval('a_id_seq'); END $$;")
        self.run_with(rpc, migrations=["1"])
        before = self.trace()
        reply = self.run_with(rpc, dry_run=True)
        self.assertTrue(reply.ok and reply.dry_run, reply)
        self.assertEqual([one.name for one in reply.applied], ["2", "3"])
        self.assertEqual((list(reply.not_tried), list(reply.warnings)), ([], []))
        self.assertIn("would be applied", reply.summary)
        self.assertEqual(self.trace(), before)
        self.assertEqual(self.pending(rpc), ["2", "3"])
        self.run_with(rpc)
        self.assertEqual(self.sql("SELECT max(id), (SELECT last_value FROM a_id_seq) FROM a"), [("52", "53")])

    def test_a_try_on_an_empty_database_makes_not_even_the_ledger(self):
        rpc = self.serve("CREATE TABLE a ();")
        before = self.trace()
        self.assertTrue(self.run_with(rpc, dry_run=True).ok)
        self.assertEqual(self.trace(), before)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations'), to_regnamespace('truss')"), [(None, None)])

    def test_a_try_says_where_it_would_fail(self):
        rpc = self.serve("CREATE TABLE a (id INT);", "INSERT INTO a VALUES (1);\nALTER TABLE a ADD COLUMN b INT NOT NULL;")
        before = self.trace()
        reply = self.run_with(rpc, dry_run=True)
        self.assertEqual((reply.ok, reply.failed.name, reply.failed.line, reply.failed.sqlstate), (False, "2", 2, "23502"))
        self.assertIn("would fail", reply.summary)
        self.assertEqual(self.trace(), before)

    def test_a_try_says_what_could_not_be_tried(self):
        rpc = self.serve("CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (v e);", "CREATE INDEX CONCURRENTLY i ON t (v);\nINSERT INTO t VALUES ('a');",
                         "ALTER TYPE e ADD VALUE 'b';\nINSERT INTO t VALUES ('b');")
        self.run_with(rpc, target="1")  # an enum of the same transaction takes its new values at once, from PostgreSQL 17 on
        reply = self.run_with(rpc, dry_run=True)
        self.assertTrue(reply.ok, reply)
        self.assertEqual([(one.migration, one.step) for one in reply.not_tried], [("2", 1), ("3", 2)])
        self.assertEqual(([one.name for one in reply.applied], reply.summary[:19]), (["2"], "Tried 1 migration w"))
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [("0",)])

    def test_a_try_in_which_nothing_could_be_tried_says_so(self):
        rpc = self.serve("CREATE TABLE t (v INT);", "CREATE INDEX CONCURRENTLY i ON t (v);\nCREATE INDEX CONCURRENTLY j ON t (v);", "SELECT 3;")
        self.run_with(rpc, target="1")
        reply = self.run_with(rpc, dry_run=True, migrations=["2"])
        self.assertEqual((reply.ok, list(reply.applied), reply.summary), (True, [], "Nothing was tried: 2 steps could not be tried."))
        reply = self.run_with(rpc, dry_run=True)
        self.assertEqual([one.name for one in reply.applied], ["3"])
        self.assertEqual(reply.summary, "Tried 1 migration without a failure and rolled everything back; 2 steps could not be tried.")

    def test_a_sequence_that_a_trigger_moves_is_told_of(self):
        rpc = self.serve("CREATE TABLE a (id INT); CREATE SEQUENCE hidden; SELECT nextval('hidden'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
                         "$$ BEGIN PERFORM nextval('hid' || 'den'); RETURN NEW; END $$; CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();",
                         "INSERT INTO a VALUES (1);")
        self.run_with(rpc, migrations=["1"])
        reply = self.run_with(rpc, dry_run=True)
        self.assertTrue(reply.ok)
        self.assertIn("hidden was moved", reply.warnings[0])

    # ---- as planned ----

    def test_a_plan_shows_steps_locks_and_a_hash_that_a_run_accepts(self):
        rpc = self.serve("CREATE TABLE a (id INT, v VARCHAR(10));", "ALTER TABLE a ALTER COLUMN v TYPE INT USING v::int;\nCREATE INDEX CONCURRENTLY i ON a (id);\nSELECT 1;")
        self.run_with(rpc, target="1")
        plan = rpc.call("MigrationService", "Plan")
        self.assertEqual([one.name for one in plan.migrations], ["2"])
        steps = plan.migrations[0].steps
        kind = messages().migration.StepKind.Name
        self.assertEqual([(kind(one.kind), one.line, one.statement_count, one.retries_locks) for one in steps],
                         [("STEP_KIND_TRANSACTION", 1, 1, True), ("STEP_KIND_ALONE", 2, 1, False), ("STEP_KIND_TRANSACTION", 3, 1, False)])
        with open(self.files.script("2"), "rb") as file:
            script = file.read()
        self.assertEqual(script[steps[1].start:steps[1].end], b"CREATE INDEX CONCURRENTLY i ON a (id)")
        statement = steps[0].statements[0]
        self.assertEqual([(one.relation, one.mode, one.blocks_reads, one.blocks_writes) for one in statement.locks],
                         [("a", "ACCESS EXCLUSIVE", True, True)])
        self.assertEqual(messages().migration.Work.Name(statement.work), "WORK_REWRITE")
        self.assertEqual((plan.transactions, plan.blocks_reads, plan.blocks_writes), (3, True, True))
        self.assertRegex(plan.plan_hash, r"^[0-9a-f]{64}$")
        self.assertTrue(self.run_with(rpc, plan_hash=plan.plan_hash).ok)
        self.assertEqual(rpc.call("MigrationService", "Plan").summary, "No pending migrations to run.")

    def test_a_plan_that_changed_is_refused(self):
        rpc = self.serve("SELECT 1;", "SELECT 2;")
        plan = rpc.call("MigrationService", "Plan").plan_hash
        self.assertEqual(rpc.call("MigrationService", "Plan").plan_hash, plan)
        self.files.add("2", "SELECT 22;")
        status = self.assert_refused(ABORTED, "changed since", lambda: self.run_with(rpc, plan_hash=plan))
        self.assertEqual(status.detail.reason, "PLAN_CHANGED")
        self.files.add("2", "SELECT 2;")
        self.run_with(rpc, migrations=["1"])
        self.assert_refused(ABORTED, "changed since", lambda: self.run_with(rpc, plan_hash=plan))
        self.assertEqual(self.pending(rpc), ["2"])

    def test_a_plan_of_a_script_that_the_parser_does_not_know_says_so(self):
        rpc = self.serve("SELEC 1; VACUUM;", )
        plan = rpc.call("MigrationService", "Plan")
        self.assertIn("does not know this script", plan.migrations[0].note)

    def test_a_plan_tells_why_a_run_would_be_refused(self):
        rpc = self.serve("SELECT 1;", "BEGIN; SELECT 1;")
        plan = rpc.call("MigrationService", "Plan")
        self.assertRegex(plan.refusal, '"2" cannot run: Line 1: this BEGIN has no COMMIT')
        self.files.add("2", "VACUUM;")
        self.assertIn("VACUUM", rpc.call("MigrationService", "Plan", {"transaction": ALL}).refusal)
        self.assertEqual(rpc.call("MigrationService", "Plan").refusal, "")

    def test_a_plan_shows_how_far_an_interrupted_run_has_come(self):
        rpc = self.serve("CREATE TABLE a ();\nVACUUM a;\nSELECT 1/0;")
        self.run_with(rpc)
        plan = rpc.call("MigrationService", "Plan")
        self.assertEqual(plan.migrations[0].finished_steps, 2)
        self.assertEqual([one.finished for one in plan.migrations[0].steps], [True, True, False])

    def test_a_large_plan_is_bounded(self):
        rpc = self.serve("CREATE TABLE t (id INT);", "INSERT INTO t VALUES (1);\n" * 20000)  # without the table each would fail, and be shown
        step = rpc.call("MigrationService", "Plan").migrations[1].steps[0]
        self.assertEqual((step.statement_count, len(step.statements)), (20000, 100))


if __name__ == "__main__":
    harness.main()
