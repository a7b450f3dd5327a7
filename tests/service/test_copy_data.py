"""COPY … FROM STDIN with its data in the file, for the tools that send it: flyway (flyway-core 13.0, PostgreSQLParser.java and
PostgreSQLCopyParsedStatement.java) and psql, with which sqitch runs its scripts."""
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, messages, wait_for

TABLE = "CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, name TEXT);\n"
ROWS = TABLE + "COPY public.t (id, name) FROM stdin;\n1\tit's; a -- trap\n2\t\\N\n3\t/* ${x\n\\.\n\nINSERT INTO t VALUES (4, 'after');\n"


class CopyData(Case):
    def setUp(self):
        super().setUp()
        self.sql("DROP TABLE IF EXISTS t, u, flyway_schema_history; DROP SCHEMA IF EXISTS truss, sqitch CASCADE")

    def flyway(self, *scripts, conf="flyway.placeholderReplacement=false\n"):
        files = self.project(folder="sql")
        files.write("flyway.conf", "flyway.locations=filesystem:sql\n" + conf)
        for number, script in enumerate(scripts, 1):
            files.write(f"sql/V{number}__m.sql", script)
        self.process = self.worker(files)
        return self.rpc(self.process)

    def run_all(self, rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    def rows(self):
        return self.sql("SELECT id, name FROM t ORDER BY id")

    ALL = [("1", "it's; a -- trap"), ("2", None), ("3", "/* ${x"), ("4", "after")]

    def test_the_data_is_sent_in_the_transaction_of_the_migration(self):
        rpc = self.flyway(ROWS)
        plan = rpc.call("MigrationService", "Plan")
        self.assertEqual((plan.refusal, [len(one.steps) for one in plan.migrations]), ("", [1]))
        self.assertEqual([(one.line, one.sql) for one in plan.migrations[0].steps[0].statements if one.sql.startswith("COPY")],
                         [(2, "COPY public.t (id, name) FROM stdin")])
        shown = [ROWS.encode()[one.start:one.end].decode() for one in plan.migrations[0].steps[0].statements]
        self.assertEqual(shown[-1], "INSERT INTO t VALUES (4, 'after')")
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.rows(), self.ALL)
        self.assertEqual(self.sql("SELECT version, success FROM flyway_schema_history"), [("1", "t")])

    def test_a_dry_run_tries_the_data_and_keeps_nothing(self):
        rpc = self.flyway(ROWS, "COPY t FROM stdin;\n5\tx\n5\ty\n\\.\n")
        reply = self.run_all(rpc, dry_run=True)
        self.assertFalse(reply.ok)
        self.assertEqual((reply.failed.name, reply.failed.sqlstate, reply.failed.line), ("V2__m", "23505", 3))
        self.assertEqual(self.sql("SELECT to_regclass('t')"), [(None,)])

    def test_all_in_one_transaction_sends_the_data_too(self):
        rpc = self.flyway(ROWS, "COPY t FROM stdin;\n5\tx\n\\.\n")
        self.assertTrue(self.run_all(rpc, transaction="TRANSACTION_MODE_ALL").ok)
        self.assertEqual(len(self.rows()), 5)

    def test_a_bad_row_is_named_by_its_line_in_the_file_and_nothing_stays(self):
        script = TABLE + "-- ü\nCOPY t FROM stdin;\n1\tü\n2\ttwo\nthree\tx\n4\ty\n\\.\nSELECT 1;\n"
        rpc = self.flyway(script)
        failed = self.run_all(rpc).failed
        self.assertEqual((failed.sqlstate, failed.line, failed.position), ("22P02", 6, script.index("three") + 1))
        self.assertEqual(failed.statement.split("\n")[0], "COPY t FROM stdin")
        self.assertEqual(self.sql("SELECT to_regclass('t'), to_regclass('flyway_schema_history')")[0][0], None)

    def test_what_fails_after_the_data_has_its_place_in_the_file(self):
        script = ROWS + "SELECT 1/0;\nSELECT nothing;\n"
        failed = self.run_all(self.flyway(script)).failed
        self.assertEqual((failed.sqlstate, failed.line), ("22012", 9))
        script = ROWS + "SELECT nothing;\n"
        failed = self.run_all(self.flyway(script)).failed
        self.assertEqual((failed.sqlstate, failed.line, failed.position), ("42703", 9, script.index("nothing") + 1))

    def test_a_row_that_a_trigger_refuses_is_named(self):
        script = (TABLE + "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.id = 2 THEN RAISE 'no: line 9'; END IF; "
                  "RETURN new; END $$;\nCREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();\n"
                  "COPY t FROM stdin;\n1\ta\n2\tb\n\\.\n")
        failed = self.run_all(self.flyway(script)).failed
        self.assertEqual((failed.sqlstate, failed.line), ("P0001", 6))

    def test_the_checksum_is_that_of_the_file_and_the_plan_that_of_the_data(self):
        first = self.flyway(ROWS).call("MigrationService", "Plan").plan_hash
        other = self.flyway(ROWS.replace("trap", "trip"))
        self.assertNotEqual(other.call("MigrationService", "Plan").plan_hash, first)
        with self.assertRaises(RpcError) as caught:
            self.run_all(other, plan_hash=first)
        self.assertEqual(caught.exception.status.detail.reason, "PLAN_CHANGED")

    def test_a_preview_shows_the_file_as_it_is_and_filled_with_its_placeholders(self):
        shown = self.flyway(ROWS).call("MigrationService", "Preview", {"name": "V1__m"})
        self.assertEqual((shown.content, shown.sql), (ROWS, ""))
        script = TABLE + "COPY ${which} FROM stdin;\n1\t${which}\n\\.\n"
        rpc = self.flyway(script, conf="flyway.placeholders.which=t\n")
        self.assertEqual(rpc.call("MigrationService", "Preview", {"name": "V1__m"}).sql, script.replace("${which}", "t"))
        self.assertTrue(self.run_all(rpc).ok)
        self.assertEqual(self.rows(), [("1", "t")])

    def test_a_script_of_several_steps_goes_on_after_its_data(self):
        script = ROWS + "CREATE INDEX CONCURRENTLY i ON t (name);\nCOPY t FROM stdin;\n%s\tlast\n\\.\n"
        conf = "flyway.placeholderReplacement=false\nflyway.mixed=true\n"
        rpc = self.flyway(script % "1", conf=conf)
        failed = self.run_all(rpc).failed
        self.assertEqual((failed.sqlstate, failed.line, failed.step, failed.steps), ("23505", 11, 3, 3))
        self.assertEqual(self.rows(), self.ALL)
        # The data of what is done is part of it, that of what failed may be corrected.
        again = self.run_all(self.flyway((script % "6").replace("trap", "trip"), conf=conf))
        self.assertRegex(again.failed.error, "its file has changed since: step 1")
        reply = self.run_all(self.flyway(script % "6", conf=conf))
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.rows(), self.ALL + [("6", "last")])

    def test_a_worker_that_is_killed_inside_the_data_leaves_nothing_of_it(self):
        slow = ("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.id % 5000 = 0 THEN PERFORM pg_sleep(0.3); END IF; RETURN new; END $$;\n"
                "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow();\n")
        data = "".join(f"{i}\t{'x' * 90}\n" for i in range(1, 100001))
        rpc = self.flyway(TABLE + slow, f"COPY t FROM stdin;\n{data}\\.\nINSERT INTO t VALUES (-1, 'after');\n")
        running = threading.Thread(target=lambda: self.assertRaises((RpcError, ConnectionError), self.run_all, rpc))
        running.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"))
        self.process.kill()
        running.join()
        self.sql("DROP TRIGGER IF EXISTS slow ON t")  # waits for the backend, which is ended by the closed connection
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [("0",)])
        rpc = self.flyway(TABLE + slow, f"COPY t FROM stdin;\n{data}\\.\nINSERT INTO t VALUES (-1, 'after');\n")
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual((status.summary.applied, status.summary.pending), (1, 1))
        self.assertTrue(self.run_all(rpc).ok)
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [("100001",)])

    def test_of_two_workers_at_once_one_runs_each_migration_once(self):
        data = "".join(f"{i}\tx\n" for i in range(50))
        files = self.project(folder="sql")
        files.write("flyway.conf", "flyway.locations=filesystem:sql\n")
        files.write("sql/V1__m.sql", "CREATE TABLE t (id INT, name TEXT);\n")
        for number in range(3, 20):
            files.write(f"sql/V{number}__m.sql", f"COPY t FROM stdin;\n{data}\\.\n")
        both = [self.rpc(self.worker(files)) for _ in range(2)]

        def run_both(**request):
            with ThreadPoolExecutor(2) as beside:
                replies = list(beside.map(lambda rpc: self.run_all(rpc, **request), both))
            self.assertTrue(all(reply.ok for reply in replies), replies)
            return sorted(len(reply.applied) for reply in replies)
        self.assertEqual(run_both(), [0, 18])
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [(str(17 * 50),)])
        files.write("sql/V2__late.sql", f"COPY t FROM stdin;\n{data}\\.\n")
        files.write("sql/V30__m.sql", f"COPY t FROM stdin;\n{data}\\.\n")
        self.assertEqual(run_both(allow_out_of_order=True), [0, 2])
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [(str(19 * 50),)])
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT version) FROM flyway_schema_history"), [("20", "20")])

    def test_each_data_goes_to_its_own_copy_also_of_callbacks(self):
        files = self.project(folder="sql")
        files.write("flyway.conf", "flyway.locations=filesystem:sql\n")
        files.write("sql/V1__m.sql", "\ufeff" + TABLE + "CREATE TABLE u (i INT);\nCOPY t FROM STDIN (FORMAT csv, HEADER);\nid,name\n1,\"a\nb\"\n\\.\n"
                    "COPY u FROM STDIN;\n\\.\nCOPY u FROM STDIN;\r\n7\r\n8\r\n \\. \r\n")
        files.write("sql/beforeEachMigrate.sql", "CREATE TEMP TABLE x (i INT);\nCOPY x FROM STDIN;\n1\n2\n\\.\n")
        files.write("sql/afterMigrate.sql", "COPY u FROM STDIN;\n9\n\\.\n")
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.rows(), [("1", "a\nb")])
        self.assertEqual(self.sql("SELECT i FROM u ORDER BY i"), [("7",), ("8",), ("9",)])

    def test_data_without_an_end_and_sql_on_its_line_are_refused_with_the_line(self):
        for script, what in ((TABLE + "COPY t FROM stdin;\n1\ta\n", r"V1__m\.sql, line 2: the data of this COPY has no end"),
                             (TABLE + "COPY t FROM stdin; SELECT 1;\n1\ta\n\\.\n", r"V1__m\.sql, line 2: after the semicolon"),
                             (TABLE + "COPY t TO stdout;\n", "Line 2: COPY FROM STDIN or TO STDOUT"),
                             (TABLE + "COPY t FROM stdin", "Line 2: COPY FROM STDIN or TO STDOUT")):
            with self.subTest(script=script):
                rpc = self.flyway(script)
                self.assertRegex(rpc.call("MigrationService", "Plan").refusal, what)
                self.assertRegex(self.run_all(rpc).failed.error, what)

    def test_a_cancel_in_the_midst_of_the_data_leaves_nothing(self):
        slow = (TABLE + "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN new; END $$;\n"
                "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow();\nCOPY t FROM stdin;\n")
        rpc = self.flyway(slow + "".join(f"{i}\t{'x' * 200}\n" for i in range(60_000)) + "\\.\n")
        operation = rpc.call("MigrationService", "StartRun").id
        wait_for(self.sleepers)
        ended = rpc.call("MigrationService", "CancelOperation", {"id": operation})
        self.assertEqual((ended.done, ended.state), (True, messages().migration.OPERATION_STATE_CANCELLED))
        self.assertEqual(self.sql("SELECT to_regclass('t')"), [(None,)])
        self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus")), {"V1__m": "pending"})

    def test_much_data_needs_little_more_memory_than_the_file(self):
        size = 2_000_000 if harness.SANITIZED else 40_000_000
        row = "x" * 90
        script = TABLE + "COPY t FROM stdin;\n" + "".join(f"{i}\t{row}\n" for i in range(size // 100)) + "\\.\n"
        rpc = self.flyway(script)
        before = self.peak()
        self.assertTrue(self.run_all(rpc).ok)
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [(str(size // 100),)])
        if not harness.SANITIZED:
            self.assertLess(self.peak() - before, 1.3 * len(script) / 1024)

    def peak(self):
        with open(f"/proc/{self.process.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def test_sqitch_sends_it_with_psql(self):
        files = self.project(folder="deploy")
        files.write("sqitch.conf", "[core]\n\tengine = pg\n")
        files.write("sqitch.plan", "%syntax-version=1.0.0\n%project=p\n\nrows 2026-01-01T00:00:00Z A <a@b> # rows\n")
        # psql takes the end of the file for the end of the data, and only a line that is \. alone before that.
        files.write("deploy/rows.sql", "BEGIN;\n" + TABLE + "COPY t FROM stdin;\n1\ta\n\\.\nCOMMIT;\nCOPY t FROM stdin;\n2\tb\n")
        rpc = self.rpc(self.worker(files))
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.rows(), [("1", "a"), ("2", "b")])

    def test_a_tool_that_sends_no_data_refuses_it_as_before(self):
        files = self.project().add("1", ROWS)
        self.assertIn("COPY FROM STDIN or TO STDOUT", self.run_all(self.rpc(self.worker(files))).failed.error)


if __name__ == "__main__":
    harness.main()
