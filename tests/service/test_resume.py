"""Migrations of several steps that were interrupted: a rerun goes on at the first unfinished step, and repeats none."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for

harness.Cluster.keeps = True

FAILED_PRECONDITION = 9

LEDGER = ("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, "
          "migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
          "applied_steps_count INT NOT NULL DEFAULT 0);")
LOG = "CREATE TABLE IF NOT EXISTS log (step TEXT); INSERT INTO log VALUES ('%s');\n"


class Resume(Case):
    def start(self, script):
        self.files = self.project().add("1", script)
        self.process = self.worker(self.files)
        return self.rpc(self.process)

    def again(self):
        return self.rpc(self.worker(self.files))

    def log(self):
        return [row[0] for row in self.sql("SELECT step FROM log")]

    def steps(self):
        return self.sql("SELECT step, steps, finished_at IS NOT NULL FROM truss.migration_steps ORDER BY step")

    def assert_applied_once(self, *log):
        self.assertEqual(self.ledger(), [("1", "t", "f", "1")])
        self.assertEqual(self.log(), list(log))
        self.assertEqual(self.steps(), [])
        self.assertEqual(self.sql("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), [])

    def run_in_background(self, rpc):
        def run():
            try:
                rpc.call("MigrationService", "Run")
            except (RpcError, OSError):
                pass  # its worker is killed
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)

    def kill_worker_and_backend_in(self, rpc, query):
        """Ends the worker while a statement like this runs, and then its backend."""
        running = f"SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{query}%' AND pid <> pg_backend_pid()"
        self.run_in_background(rpc)
        wait_for(lambda: self.sql(running))
        self.process.kill()
        self.sql(f"SELECT pg_terminate_backend(pid) FROM ({running}) p")
        wait_for(lambda: not self.sql(running))

    def test_a_crash_in_a_step_goes_on_with_that_step(self):
        rpc = self.start(LOG % "one" + "VACUUM log;\n" + LOG % "three" + "VACUUM log;\n"
                         + "SELECT pg_sleep(CASE WHEN count(*) = 0 THEN 60 ELSE 0 END) FROM pg_class WHERE relname = 'awake';\n" + LOG % "five")
        self.kill_worker_and_backend_in(rpc, "pg_sleep")
        self.assertEqual(self.steps(), [("1", "5", "t"), ("2", "5", "t"), ("3", "5", "t"), ("4", "5", "t")])
        self.assertEqual(self.ledger(), [("1", "f", "f", "0")])
        self.sql("CREATE TABLE awake ()")
        reply = self.again().call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(reply.applied[0].resumed_steps, 4)
        self.assert_applied_once("one", "three", "five")

    def test_settings_of_finished_steps_hold_after_a_crash(self):
        rpc = self.start("CREATE SCHEMA s;\nSET search_path TO s, public;\n" + LOG % "one" + "VACUUM;\n"
                         "SELECT pg_sleep(CASE WHEN to_regclass('public.awake') IS NULL THEN 60 ELSE 0 END);\nINSERT INTO log VALUES ('two');")
        self.kill_worker_and_backend_in(rpc, "pg_sleep")
        self.sql("CREATE TABLE public.awake ()")
        self.assertTrue(self.again().call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT step FROM s.log"), [("one",), ("two",)])

    def test_an_index_that_was_being_built_is_dropped_and_built_again(self):
        self.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id")
        self.files = self.project().add("0", "SELECT 1;")
        self.rpc(self.worker(self.files)).call("MigrationService", "MarkApplied", {"migration": "0"})
        for named in ("ix", ""):
            with self.subTest(named=named):
                self.sql("DELETE FROM _prisma_migrations; DROP TABLE IF EXISTS log")
                rpc = self.start(LOG % "one" + f"CREATE INDEX CONCURRENTLY {named} ON t (id);\n" + LOG % "three")
                holder = harness.subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; SELECT pg_sleep(60)"],
                                                  stdout=harness.subprocess.DEVNULL)
                wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
                self.kill_worker_and_backend_in(rpc, "INDEX CONCURRENTLY")
                holder.kill()
                holder.wait()
                self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
                self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), [("1",)])
                self.assertEqual(self.steps(), [("1", "3", "t"), ("2", "3", "f")])
                rpc = self.again()
                self.assertEqual(list(rpc.call("MigrationService", "Plan").failures), [])
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.assert_applied_once("one", "three")
                self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), [("1",)])
                self.sql("DO $$ DECLARE i regclass; BEGIN FOR i IN SELECT indexrelid FROM pg_index WHERE indrelid = 't'::regclass LOOP "
                         "EXECUTE 'DROP INDEX ' || i; END LOOP; END $$")

    def test_an_index_is_looked_for_where_the_local_search_path_of_its_statement_leads(self):
        self.sql("CREATE SCHEMA tenant; CREATE TABLE tenant.t (id int)")
        for guard in ("", "IF NOT EXISTS"):
            with self.subTest(guard):
                self.sql(f"DROP TABLE IF EXISTS _prisma_migrations, log; DROP INDEX IF EXISTS tenant.ix; {LEDGER}")
                rpc = self.start(LOG % "one" + f"SET LOCAL search_path = tenant;\nCREATE INDEX CONCURRENTLY {guard} ix ON t (id);\n"
                                 "INSERT INTO public.log VALUES ('three');")
                hold = self.talk()
                hold("BEGIN; LOCK TABLE tenant.t IN ROW EXCLUSIVE MODE")
                self.kill_worker_and_backend_in(rpc, "INDEX CONCURRENTLY")
                hold("COMMIT")
                self.assertEqual(self.sql("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), [("tenant.ix",)])
                self.assertTrue(self.again().call("MigrationService", "Run").ok)
                self.assert_applied_once("one", "three")
                self.assertEqual(self.sql("SELECT indisvalid FROM pg_index WHERE indrelid = 'tenant.t'::regclass"), [("t",)])

    def test_an_index_that_fails_leaves_nothing_and_may_be_tried_again(self):
        self.sql("CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (1)")
        self.files = self.project().add("1", "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (id);")
        rpc = self.rpc(self.worker(self.files))
        self.sql('CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, '
                 'migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), '
                 'applied_steps_count INT NOT NULL DEFAULT 0)')
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual((reply.failed.sqlstate, reply.failed.partially_applied), ("23505", False))
        self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), [("0",)])
        self.assertEqual(self.ledger(), [])
        self.assertEqual(self.steps(), [])
        self.sql("DELETE FROM t WHERE ctid = '(0,1)'")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def blocked(self, statement, holder):
        """A run that is killed while its second step waits for somebody who holds what it wants; he is gone then."""
        rpc = self.start(LOG % "one" + "VACUUM log;\n" + statement + ";\n" + LOG % "three")
        self.hold("BEGIN", holder)
        self.kill_worker_and_backend_in(rpc, statement)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")

    def assert_goes_on(self):
        reply = self.again().call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assert_applied_once("one", "three")

    def test_a_partition_that_was_being_detached_is_finalized(self):
        self.needs(14, "DETACH PARTITION … CONCURRENTLY")
        self.sql(LEDGER + "CREATE TABLE p (id INT) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);")
        self.blocked("ALTER TABLE IF EXISTS ONLY public.p DETACH PARTITION public.p1 CONCURRENTLY", "SELECT * FROM p")
        self.assertEqual(self.sql("SELECT inhdetachpending FROM pg_inherits WHERE inhparent = 'p'::regclass"), [("t",)])
        self.assert_goes_on()
        self.assertEqual(self.sql("SELECT 1 FROM pg_inherits WHERE inhparent = 'p'::regclass"), [])
        self.assertEqual(self.sql("SELECT to_regclass('p1') IS NOT NULL"), [("t",)])

    def test_a_partition_that_was_detached_before_the_end_was_seen_is_not_detached_again(self):
        self.needs(14, "DETACH PARTITION … CONCURRENTLY")
        self.sql(LEDGER + "CREATE TABLE p (id INT) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);")
        self.blocked("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", "SELECT * FROM p")
        self.sql("ALTER TABLE p DETACH PARTITION p1 FINALIZE")
        self.assert_goes_on()

    def test_an_index_that_was_being_dropped_is_dropped(self):
        self.sql(LEDGER + "CREATE TABLE t (id INT); CREATE INDEX t_id ON t (id);")
        self.blocked("DROP INDEX CONCURRENTLY IF EXISTS public.t_id", "SELECT * FROM t")
        self.assert_goes_on()
        self.assertEqual(self.sql("SELECT to_regclass('t_id')"), [(None,)])

    def test_an_index_that_was_dropped_before_the_end_was_seen_is_not_dropped_again(self):
        self.sql(LEDGER + "CREATE TABLE t (id INT); CREATE INDEX t_id ON t (id);")
        self.blocked("DROP INDEX CONCURRENTLY t_id", "SELECT * FROM t")
        self.sql("DROP INDEX t_id")
        self.assert_goes_on()

    def test_what_was_never_there_is_not_said_to_be_gone_by_a_later_run(self):
        self.sql(LEDGER + "CREATE TABLE p (id INT) PARTITION BY RANGE (id); CREATE TABLE q (id INT);")
        syntax_error = self.cluster.version < 14 and "42601"
        for number, (statement, code) in enumerate((("DROP INDEX CONCURRENTLY missing", "42704"), ("DROP DATABASE missing", "3D000"), ("ALTER TABLE p DETACH PARTITION q CONCURRENTLY", syntax_error or "42P01"),
                                                    ("ALTER TABLE p DETACH PARTITION missing CONCURRENTLY", syntax_error or "42P01"))):
            with self.subTest(statement):
                rpc = self.rpc(self.worker(self.project().add(str(number), statement)))
                for _ in range(2):
                    reply = rpc.call("MigrationService", "Run")
                    self.assertEqual((reply.ok, reply.failed.sqlstate, reply.failed.partially_applied), (False, code, False))
                self.assertEqual((self.ledger(), self.steps()), ([], []))

    def test_what_the_server_refuses_before_it_begins_has_left_nothing(self):
        self.sql(LEDGER + "CREATE TABLE t (id INT); CREATE INDEX a ON t (id); CREATE INDEX b ON t (id); CREATE TABLE p (id INT) PARTITION BY RANGE (id);"
                 "CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (2); CREATE TABLE r PARTITION OF p DEFAULT")
        syntax_error = self.cluster.version < 14 and "42601"
        for number, (statement, code) in enumerate((("DROP INDEX CONCURRENTLY a, b", "0A000"), ("ALTER TABLE p DETACH PARTITION q CONCURRENTLY", syntax_error or "55000"),
                                                    ("CREATE TABLESPACE nowhere LOCATION '/truss/nowhere'", "58P01"))):
            with self.subTest(statement):
                rpc = self.rpc(self.worker(self.project().add(str(number), statement)))
                for _ in range(2):
                    reply = rpc.call("MigrationService", "Run")
                    self.assertEqual((reply.ok, reply.failed.sqlstate, reply.failed.partially_applied), (False, code, False))
                self.assertEqual((self.ledger(), self.steps()), ([], []))

    def test_an_index_that_was_being_built_anew_leaves_no_other(self):
        self.sql(LEDGER + "CREATE TABLE t (id INT); CREATE INDEX t_id ON t (id);")
        self.blocked("REINDEX INDEX CONCURRENTLY t_id", "LOCK TABLE t IN ROW EXCLUSIVE MODE")
        self.assert_goes_on()
        self.assertEqual(self.sql("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 't'::regclass"), [("t_id",)])

    def test_an_index_without_a_name_that_was_being_built_is_built_once(self):
        self.sql(LEDGER + "CREATE TABLE t (id INT)")
        self.blocked("CREATE INDEX CONCURRENTLY ON ONLY t (id)", "LOCK TABLE t IN ROW EXCLUSIVE MODE")
        self.assert_goes_on()
        self.assertEqual(self.sql("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 't'::regclass"), [("t_id_idx",)])

    def test_a_cancel_that_a_step_survives_ends_the_run_behind_it(self):
        rpc = self.start(LOG % "one" + "VACUUM log;\nDO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END $$;\nVACUUM log;\n" + LOG % "five")
        operation = rpc.call("MigrationService", "StartRun")
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        rpc.call("MigrationService", "CancelOperation", {"id": operation.id})
        ended = wait_for(lambda: [one for one in (rpc.call("MigrationService", "GetOperation", {"id": operation.id}),) if one.done])[0]
        self.assertEqual(ended.result.failed.error, "The run was cancelled.")
        self.assertEqual(self.log(), ["one"])
        self.assertEqual([step for step, _, finished in self.steps() if finished == "t"], ["1", "2", "3"])
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assert_applied_once("one", "five")

    def test_a_program_of_which_the_end_was_not_seen_stops_the_run_and_says_where(self):
        """CALL of a procedure that commits by itself: whether its last part did cannot be known."""
        rpc = self.start(LOG % "one" + "CREATE TABLE done (id INT);\nCREATE PROCEDURE work() LANGUAGE plpgsql AS "
                         "$$BEGIN INSERT INTO done VALUES (1); COMMIT; PERFORM pg_sleep(60); END$$;\nCALL work();\n" + LOG % "three")
        self.kill_worker_and_backend_in(rpc, "CALL work()")
        reply = self.again().call("MigrationService", "Run")
        self.assertFalse(reply.ok)
        self.assertRegex(reply.failed.error, r"interrupted in step 2 \(line \d\), which commits by itself: whether it did cannot be known. Look, "
                         r"then truss mark-applied \S+ or truss mark-rolled-back \S+\.")
        self.assertEqual(self.log(), ["one"])
        self.assertEqual(self.sql("SELECT count(*) FROM done"), [("1",)])

    def test_a_refusal_does_not_forget_why_it_refuses(self):
        """The third run is refused as the second is: what the CALL had committed is done once."""
        rpc = self.start("CALL work();")
        self.sql("CREATE TABLE done (id INT); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$BEGIN INSERT INTO done VALUES (1); COMMIT; "
                 "RAISE 'no more'; END$$;" + LEDGER)
        failed = rpc.call("MigrationService", "Run").failed
        self.assertIn("a new run does not begin it again", failed.hint)
        for _ in range(3):
            reply = rpc.call("MigrationService", "Run")
            self.assertIn("whether it did cannot be known", reply.failed.error)
            self.assertTrue(reply.failed.partially_applied)
            self.assertNotIn("rolled back;", reply.summary)
            self.assertEqual(self.sql("SELECT logs LIKE '%no more%' FROM _prisma_migrations"), [("t",)])
            self.assertEqual(self.sql("SELECT count(*) FROM done"), [("1",)])

    def test_a_block_that_failed_behind_its_commit_says_that_a_rerun_does_that_again(self):
        block = "CREATE TABLE IF NOT EXISTS log (step TEXT);\nDO $$ BEGIN INSERT INTO log VALUES ('a'); COMMIT; RAISE 'no more' USING HINT = 'Mine.'; END $$;"
        rpc = self.start(block)
        failed = rpc.call("MigrationService", "Run").failed
        self.assertEqual((failed.line, failed.step), (2, 2))
        self.assertRegex(failed.hint, r"^Mine\.\nWhat this DO block had committed before it failed stays\. A new run begins it again")
        self.assertEqual(self.log(), ["a"])
        operation = rpc.call("MigrationService", "StartRun").id
        wait_for(lambda: rpc.call("MigrationService", "GetOperation", {"id": operation}).done)
        events = rpc.call("MigrationService", "WaitOperation", {"id": operation}).events
        self.assertIn("it begins again, and repeats that", " ".join(event.message for event in events))
        self.assertEqual(self.log(), ["a", "a"])

    def test_a_role_that_a_finished_step_has_set_writes_none_of_our_rows(self):
        role = f"other_{os.getpid()}"
        self.sql(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role}")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE IF EXISTS {role}", False)
        rpc = self.start(f"CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1), (1);\nALTER TABLE t OWNER TO {role};\n"
                         f"GRANT USAGE, CREATE ON SCHEMA public TO {role};\nSET ROLE {role};\nCREATE UNIQUE INDEX CONCURRENTLY ix ON t (id);\n")
        self.addCleanup(self.sql, f"DROP OWNED BY {role} CASCADE")
        self.assertEqual(rpc.call("MigrationService", "Run").failed.sqlstate, "23505")
        self.sql("DELETE FROM t WHERE ctid = '(0,1)'")
        reply = rpc.call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(reply.applied[0].resumed_steps, 1)
        self.assertEqual(self.steps(), [])

    def test_a_step_that_failed_may_be_mended_and_the_run_goes_on(self):
        good = LOG % "one" + "VACUUM log;\n"
        rpc = self.start(good + LOG % "three" + "SELECT 1/0;")
        self.assertTrue(rpc.call("MigrationService", "Run").failed.partially_applied)
        self.assertEqual(self.log(), ["one"])
        self.files.add("1", good + LOG % "three" + "SELECT 1/1;")
        reply = rpc.call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(reply.applied[0].resumed_steps, 2)
        self.assert_applied_once("one", "three")
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual(self.states(status), {"1": "applied"})
        self.assertEqual(self.sql("SELECT logs FROM _prisma_migrations"), [(None,)])

    def test_a_finished_step_that_was_edited_stops_the_run_and_is_named(self):
        rpc = self.start(LOG % "one" + "VACUUM log;\nSELECT 1/0;")
        rpc.call("MigrationService", "Run")
        self.files.add("1", "-- a comment may change\n" + LOG % "uno" + "VACUUM log;\nSELECT 1/1;")
        reply = rpc.call("MigrationService", "Run")
        self.assertIn("step 1 (line 2) is not what was run. Restore the file and run again; or undo what was run, then truss mark-rolled-back 1.",
                      reply.failed.error)
        self.assertEqual(self.log(), ["one"])
        self.files.add("1", "-- a comment may change\n" + LOG % "one" + "VACUUM log;\nSELECT 1/1;")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assert_applied_once("one")

    def test_other_migrations_wait_for_the_half_done_one(self):
        rpc = self.start(LOG % "one" + "VACUUM log;\nSELECT 1/0;")
        self.files.add("2", LOG % "later")
        rpc.call("MigrationService", "Run")
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run", {"migrations": ["2"]})
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertIn("is half done (2 of 3 steps): run it to its end first; or undo it, then truss mark-rolled-back 1.", caught.exception.status.message)

    def test_a_block_that_commits_by_itself_is_recorded_with_its_last_part(self):
        body = ("DECLARE n INT; BEGIN LOOP UPDATE t SET done = true WHERE id IN (SELECT id FROM t WHERE NOT done LIMIT 10); "
                "GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; COMMIT; PERFORM pg_sleep(CASE WHEN to_regclass('awake') IS NULL AND "
                "(SELECT count(*) FROM t WHERE done) > 50 THEN 60 ELSE 0 END); END LOOP; INSERT INTO log VALUES ('block'); END;")
        rpc = self.start(LOG % "one" + "CREATE TABLE t AS SELECT id, false AS done FROM generate_series(1, 100) id;\n"
                         f"DO $$ {body} $$ LANGUAGE plpgsql;\n" + LOG % "three")
        self.kill_worker_and_backend_in(rpc, "truss_step")
        self.assertEqual(self.sql("SELECT count(*) > 0, count(*) < 100 FROM t WHERE done"), [("t", "t")])
        self.sql("CREATE TABLE awake ()")
        self.assertTrue(self.again().call("MigrationService", "Run").ok)
        self.assert_applied_once("one", "block", "three")

    def test_a_block_that_returns_early_is_done_all_the_same(self):
        rpc = self.start(LOG % "one" + "DO $$ BEGIN COMMIT; INSERT INTO log VALUES ('block'); RETURN; END $$;")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assert_applied_once("one", "block")

    def test_an_error_in_a_transaction_of_the_scripts_own_is_found(self):
        rpc = self.start("BEGIN ISOLATION LEVEL SERIALIZABLE;\n" + LOG % "own" + "SELECT 1/0;\nCOMMIT;\nVACUUM;")
        failed = rpc.call("MigrationService", "Run").failed
        self.assertEqual((failed.line, failed.statement, failed.partially_applied), (3, "SELECT 1/0", False))
        self.assertEqual(self.ledger(), [])

    def test_a_procedure_that_commits_is_called_alone_where_the_script_makes_it(self):
        rpc = self.start(LOG % "one" + "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('a'); COMMIT; "
                         "INSERT INTO log VALUES ('b'); END $$;\nCALL p();")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assert_applied_once("one", "a", "b")

    def test_a_procedure_that_commits_unseen_is_called_from_a_block_that_does(self):
        rpc = self.start(LOG % "one" + "SELECT 1;\nCALL q();")
        self.sql("CREATE PROCEDURE q() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('a'); COMMIT; INSERT INTO log VALUES ('b'); END $$")
        failed = rpc.call("MigrationService", "Run").failed
        self.assertEqual((failed.sqlstate, failed.line), ("2D000", 3))
        self.assertIn("DO $$ BEGIN CALL", failed.hint)
        self.files.add("1", LOG % "one" + "SELECT 1;\nDO $$ BEGIN CALL q(); COMMIT; END $$;")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assert_applied_once("one", "a", "b")

    def test_a_procedure_that_commits_unseen_is_called_as_prisma_calls_it_where_it_is_all(self):
        rpc = self.start("CALL q();")
        self.sql("CREATE TABLE log (step text); CREATE PROCEDURE q() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('a'); COMMIT; "
                 "INSERT INTO log VALUES ('b'); END $$")
        self.sql(LEDGER)
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assert_applied_once("a", "b")

    def test_a_transaction_of_the_scripts_own_commits_with_its_row(self):
        rpc = self.start("VACUUM;\nBEGIN ISOLATION LEVEL SERIALIZABLE;\n" + LOG % "own" + "COMMIT;\n"
                         "SELECT pg_sleep(CASE WHEN to_regclass('awake') IS NULL THEN 60 ELSE 0 END);\n" + LOG % "last")
        self.kill_worker_and_backend_in(rpc, "pg_sleep")
        self.assertEqual(self.steps(), [("1", "3", "t"), ("2", "3", "t")])
        self.sql("CREATE TABLE awake ()")
        self.assertTrue(self.again().call("MigrationService", "Run").ok)
        self.assert_applied_once("own", "last")

    def test_a_role_that_may_not_make_our_schema_is_told_what_to_grant(self):
        role = f"limited_{os.getpid()}"
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'; GRANT CREATE ON SCHEMA public TO {role}")
        self.addCleanup(self.sql, f"DROP OWNED BY {role}; DROP ROLE {role}", check=False)
        self.files = self.project().add("1", "CREATE TABLE one ();").add("2", "CREATE TABLE two ();\nVACUUM two;")
        url = self.url().replace(f"app:{harness.PASSWORD_ENCODED}", f"{role}:s3cret")
        rpc = self.rpc(self.worker(self.files, url=url))
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual(([one.name for one in reply.applied], reply.failed.name, reply.failed.sqlstate), (["1"], "2", "42501"))
        self.assertIn(harness.with_own_schema("CREATE SCHEMA truss AUTHORIZATION"), reply.failed.hint)
        self.assertEqual(self.sql("SELECT to_regclass('two')"), [(None,)])
        self.sql(f"CREATE SCHEMA truss AUTHORIZATION {role}")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_lost_connection_is_found_out_about_and_tried_again_once(self):
        """A backend that is killed takes the whole server through a recovery; the run goes on behind it."""
        rpc = self.start(LOG % "one" + "SELECT pg_sleep(CASE WHEN to_regclass('awake') IS NULL THEN 2 ELSE 0 END);")
        answer = []
        thread = threading.Thread(target=lambda: answer.append(rpc.call("MigrationService", "Run")))
        thread.start()
        pid = wait_for(lambda: self.sql("SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' "
                                        "AND pid <> pg_backend_pid()"))[0][0]
        os.kill(int(pid), 9)
        thread.join(60)
        self.assertTrue(answer[0].ok, answer[0])
        self.assertEqual(self.ledger(), [("1", "t", "f", "1")])
        self.assertEqual(self.log(), ["one"])

    def test_a_session_that_somebody_ended_is_not_tried_again(self):
        rpc = self.start(LOG % "one" + "SELECT pg_sleep(60);")
        answer = []
        thread = threading.Thread(target=lambda: answer.append(rpc.call("MigrationService", "Run")))
        thread.start()
        wait_for(lambda: self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND "
                                  "query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"))
        thread.join(60)
        self.assertFalse(answer[0].ok)
        self.assertIn("terminating connection", answer[0].failed.error)
        self.assertIn("not committed", answer[0].failed.error)
        self.assertEqual(self.ledger(), [])


if __name__ == "__main__":
    harness.main()
