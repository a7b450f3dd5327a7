"""Locks: what waits for one does not make others wait, says who has it, and gives up in time."""
import contextlib
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, messages, wait_for

harness.Cluster.keeps = True

INVALID_ARGUMENT, DEADLINE_EXCEEDED, ABORTED = 3, 4, 10


class Locks(Case):
    def start(self, script, *arguments):
        self.sql("CREATE TABLE t (id INT PRIMARY KEY, note TEXT); INSERT INTO t SELECT g FROM generate_series(1, 100) g")
        self.files = self.project().add("0", "SELECT 1;").add("1", script)
        rpc = self.rpc(self.worker(self.files, *arguments))
        rpc.call("MigrationService", "MarkApplied", {"migration": "0"})
        return rpc

    def reader(self, seconds):
        """Somebody who read the table and stays in his transaction."""
        process = subprocess.Popen(["psql", "-Xq", self.url(application_name="dashboard"), "-c", "BEGIN", "-c", "SELECT 1 FROM t LIMIT 1",
                                    "-c", f"SELECT pg_sleep({seconds})", "-c", "COMMIT"], stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        return process

    def longest_read(self, stop):
        longest = 0
        while not stop.is_set():
            began = time.monotonic()
            self.sql("SELECT note FROM t WHERE id = 1")
            longest = max(longest, time.monotonic() - began)
        return longest

    def test_a_blocked_alter_does_not_make_readers_wait_and_gets_its_turn(self):
        rpc = self.start("ALTER TABLE t ADD COLUMN more INT;")
        stop, longest, replies = threading.Event(), [], []
        self.reader(60)
        readers = [threading.Thread(target=lambda: longest.append(self.longest_read(stop))) for _ in range(2)]
        for reader in readers:
            reader.start()
        run = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run")))
        run.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 't'::regclass"))
        time.sleep(3)
        self.wake_up()
        run.join()
        stop.set()
        for reader in readers:
            reader.join()
        [reply] = replies
        self.assertTrue(reply.ok, reply)
        self.assertGreaterEqual(reply.applied[0].duration_ms, 2900)
        self.assertLess(max(longest), reply.applied[0].duration_ms / 2000)  # without the ladder a reader waits as long as the ALTER

    def test_a_lock_that_cannot_be_had_names_its_holder_and_leaves_nothing(self):
        rpc = self.start("CREATE TABLE other ();\nALTER TABLE t ADD COLUMN more INT;")
        holder = self.reader(30)
        reply = rpc.call("MigrationService", "Run", {"lock_retry_ms": 1500})
        failed = reply.failed
        self.assertEqual((reply.ok, failed.sqlstate, failed.line, failed.partially_applied), (False, "55P03", 2, False))
        self.assertEqual([(one.application, one.user) for one in failed.blockers], [("dashboard", "app")])
        self.assertIn("pg_sleep", failed.blockers[0].query)
        self.assertIn(f"pid {failed.blockers[0].pid}", failed.error)
        self.assertIsNone(holder.poll())
        self.assertEqual(self.sql("SELECT to_regclass('other')"), [(None,)])
        self.assertEqual(len(self.ledger()), 1)

    def test_a_status_tells_of_a_run_whose_worker_is_gone(self):
        self.files = self.project().add("1", "CREATE TABLE other ();\nSELECT pg_sleep(600);")
        self.sql("SELECT 1")
        killed, other = self.worker(self.files), self.rpc(self.worker(self.files))

        def warnings():
            status = other.call("MigrationService", "GetStatus")
            return [one for one, reason in zip(status.warnings, status.warning_reasons, strict=True) if reason == "UNDER_WAY"]

        def run():
            with contextlib.suppress(Exception):
                self.rpc(killed).call("MigrationService", "Run")
        self.assertEqual(warnings(), [])
        runner = threading.Thread(target=run)
        runner.start()
        [pid] = wait_for(lambda: self.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))[0]
        killed.kill()
        runner.join()
        for _ in range(3):
            self.assertRegex(warnings()[0], rf'^A run is under way: pid {pid} \(application ".*", user app, in a transaction since 20.*pg_terminate_backend\({pid}\)\.$')
        doctor = self.truss("doctor", "--database-url", self.url(), "--project", self.files.path).stdout
        self.assertEqual([line[:11] for line in doctor.splitlines() if f"pid {pid}" in line], ["BAD   check"])
        self.sql(f"SELECT pg_terminate_backend({pid})")
        wait_for(lambda: warnings() == [])

    def test_an_update_waits_for_a_row_as_long_as_it_takes(self):
        rpc = self.start("UPDATE t SET note = 'ours' WHERE id = 1;")
        process = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN", "-c", "UPDATE t SET note = 'theirs' WHERE id = 1",
                                    "-c", "SELECT pg_sleep(1)", "-c", "COMMIT"], stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        reply = rpc.call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT note FROM t WHERE id = 1"), [("ours",)])

    def check_kept_apart(self, *scripts):
        """Whatever these let go: while the last of them sleeps no other run can begin, and each has run once."""
        self.sql("CREATE TABLE done (n int)")
        files = self.project().add("0", "SELECT 1;")
        for number, script in enumerate(scripts, 1):
            files.add(str(number), f"INSERT INTO done VALUES ({number});\n{script}")
        first, second = self.rpc(self.worker(files)), self.rpc(self.worker(files, "--lock-wait", "0"))
        first.call("MigrationService", "MarkApplied", {"migration": "0"})
        replies = []
        thread = threading.Thread(target=lambda: replies.append(first.call("MigrationService", "Run")))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        with self.assertRaises(RpcError) as caught:
            second.call("MigrationService", "Run")
        thread.join()
        self.assertEqual(caught.exception.code, ABORTED)
        self.assertIn("Another run is going on", caught.exception.status.message)
        self.assertTrue(replies[0].ok, replies[0])
        self.assertEqual([int(n) for n, in self.sql("SELECT n FROM done ORDER BY 1")], list(range(1, len(scripts) + 1)))

    def test_a_migration_that_lets_all_locks_go_does_not_let_another_run_in_behind_it(self):
        self.check_kept_apart("SELECT pg_advisory_unlock_all();", "SELECT pg_sleep(3);")

    def test_a_migration_that_lets_all_locks_go_does_not_let_another_run_in_beside_it(self):
        self.check_kept_apart("SELECT pg_advisory_unlock_all(); SELECT pg_sleep(3);")

    def test_a_step_that_lets_all_locks_go_does_not_let_another_run_in_behind_it(self):
        self.sql("CREATE TABLE t (id INT)")
        self.check_kept_apart("SELECT pg_advisory_unlock_all(); CREATE INDEX CONCURRENTLY i ON t (id); SELECT pg_sleep(3);")

    def test_a_function_that_lets_all_locks_go_does_not_let_another_run_in(self):
        self.sql("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_unlock_all()'; CREATE TABLE t (id INT)")
        self.check_kept_apart("SELECT f();", "VACUUM t; SELECT f(); REINDEX TABLE CONCURRENTLY t; SELECT pg_sleep(3);")

    def test_an_advisory_lock_of_a_migration_does_not_reach_the_next_one(self):
        count = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid IN (42, 43)"
        files = self.project().add("1", f"SELECT pg_advisory_lock(42), pg_advisory_lock(42), pg_advisory_lock_shared(43); CREATE TABLE one AS {count};")
        files.add("2", f"CREATE TABLE two AS {count};")
        self.assertTrue(self.rpc(self.worker(files)).call("MigrationService", "Run").ok)
        self.assertEqual((self.sql("SELECT n FROM one"), self.sql("SELECT n FROM two")), ([("2",)], [("0",)]))

    def test_a_session_that_holds_the_locks_may_idle(self):
        self.needs(14, "idle_session_timeout")
        self.cluster.psql("postgres", f"ALTER DATABASE {self.database} SET idle_session_timeout = '100ms'")
        script = "CREATE TABLE t{} AS SELECT current_setting('idle_session_timeout') AS ms;"
        files = self.project().add("1", script.format(1)).add("2", script.format(2) + " SET idle_session_timeout = 90;")
        files.add("3", script.format(3) + "VACUUM;")
        reply = self.rpc(self.worker(files)).call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT ms FROM t1 UNION SELECT ms FROM t2 UNION SELECT ms FROM t3"), [("0",)])

    def limited(self, limit, *scripts):
        """An RPC of a worker whose database allows a transaction so long; the tracking table is there."""
        self.needs(17, "transaction_timeout")
        self.files = self.project().add("0", "SELECT 1;")
        self.rpc(self.worker(self.files)).call("MigrationService", "Run")
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.cluster.psql("postgres", f"ALTER DATABASE {self.database} SET transaction_timeout = '{limit}'")
        return self.rpc(self.worker(self.files))

    def test_the_limit_of_a_transaction_is_each_script_s_own(self):
        """Also where several are one transaction of ours: as long as each has what it would have alone, none of them is ended."""
        scripts = [f"CREATE TABLE t{i} AS SELECT current_setting('transaction_timeout') AS ms; SELECT pg_sleep(0.6)" for i in range(3)]
        rpc = self.limited("1s", *scripts)
        for request in ({"dry_run": True}, {"transaction": "TRANSACTION_MODE_ALL"}):
            reply = rpc.call("MigrationService", "Run", request)
            self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT ms FROM t0 UNION ALL SELECT ms FROM t1 UNION ALL SELECT ms FROM t2"), [("1s",)] * 3)

    def test_a_script_that_takes_longer_than_its_transaction_may_is_ended_once_and_told_why(self):
        rpc = self.limited("500ms", "CREATE TABLE slow (); SELECT pg_sleep(60)")
        for request in ({"dry_run": True}, {}):
            reply = rpc.call("MigrationService", "Run", request)
            self.assertEqual((reply.ok, reply.failed.sqlstate, list(reply.applied)), (False, "25P04", []))
            self.assertIn("transaction_timeout", reply.failed.hint)
        self.assertEqual(self.sql("SELECT to_regclass('slow')"), [(None,)])
        self.assertIn("transaction_timeout is 500ms for this session: a transaction that takes longer fails.", rpc.call("MigrationService", "Check").notes)

    def test_a_transaction_of_ours_has_no_limit(self):
        """What is read for a run, and its row, whoever has the tracking table meanwhile; the script has made its session's limit short."""
        rpc = self.limited("900ms", "SET transaction_timeout = '300ms'; CREATE TABLE t (id INT); CREATE INDEX CONCURRENTLY i ON t (id);"
                           "CREATE TABLE seen AS SELECT current_setting('transaction_timeout') AS ms;")
        say, replies = self.talk(), []
        say("SET transaction_timeout = 0")
        say("BEGIN")
        say("LOCK TABLE _prisma_migrations IN SHARE MODE")
        run = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run")))
        run.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '_prisma_migrations'::regclass"))
        time.sleep(2)
        say("COMMIT")
        run.join()
        self.assertTrue(replies[0].ok, replies[0])
        self.assertEqual(self.sql("SELECT ms FROM seen"), [("300ms",)])

    def test_a_deadlock_is_tried_again(self):
        rpc = self.start("SELECT 1 FROM t WHERE id = 1 FOR UPDATE; SELECT pg_sleep(0.5); ALTER TABLE u ADD COLUMN more INT;")
        self.sql("CREATE TABLE u (id INT)")
        process = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN", "-c", "LOCK TABLE u IN ROW EXCLUSIVE MODE", "-c",
                                    "SELECT pg_sleep(0.3)", "-c", "UPDATE t SET note = 'x' WHERE id = 1", "-c", "COMMIT"],
                                   stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        process.wait(60)
        self.assertEqual(self.sql("SELECT note FROM t WHERE id = 1"), [("x",)])

    def test_a_statement_that_takes_too_long_is_ended(self):
        rpc = self.start("SELECT pg_sleep(30);", "--statement-timeout", "20")
        began = time.monotonic()
        reply = rpc.call("MigrationService", "Run", {"statement_timeout_ms": 300})
        self.assertEqual(reply.failed.sqlstate, "57014")
        self.assertTrue(reply.failed.hint.startswith("--statement-timeout (in a request: statement_timeout_ms) gives"), reply.failed.hint)
        self.assertLess(time.monotonic() - began, 19)

    def test_limits_of_the_worker_are_not_exceeded(self):
        rpc = self.start("SELECT 1;", "--statement-timeout", "20", "--lock-retry", "5")
        for field, value in (("lock_timeout_ms", 10001), ("lock_retry_ms", 5001), ("statement_timeout_ms", 20001)):
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run", {field: value})
            self.assertEqual(caught.exception.code, INVALID_ARGUMENT)
            self.assertIn(f"--{field[:-3].replace('_', '-')} (in a request: {field}) is at most {value - 1} ms", caught.exception.status.message)

    def test_a_deadline_ends_a_run_cleanly(self):
        rpc = self.start("CREATE TABLE other (); SELECT pg_sleep(30);")
        reply = rpc.call("MigrationService", "Run", timeout_ms=700)
        self.assertFalse(reply.ok)
        self.assertIn("time for this request", reply.failed.error)
        self.assertEqual(self.sql("SELECT to_regclass('other')"), [(None,)])
        self.assertEqual(self.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid() "
                                  "AND state = 'active'"), [("0",)])

    def test_another_run_is_named_with_a_reason_that_a_program_can_read(self):
        rpc = self.start("SELECT pg_sleep(3);", "--lock-wait", "0")
        other = self.rpc(self.worker(self.files, "--lock-wait", "0"))
        thread = threading.Thread(target=lambda: rpc.call("MigrationService", "Run"))
        thread.start()
        wait_for(self.sleepers)
        with self.assertRaises(RpcError) as caught:
            other.call("MigrationService", "Run")
        thread.join()
        self.assertEqual((caught.exception.code, caught.exception.status.detail.reason), (ABORTED, "LOCKED"))
        self.assertRegex(caught.exception.status.message, r"held by pid \d+ \(application")

    def test_an_index_is_built_while_others_wait_for_the_run(self):
        """A session that waited inside pg_advisory_lock would hold a snapshot, and the index would wait for it."""
        rpc = self.start("CREATE INDEX CONCURRENTLY ix ON t (note);", "--lock-wait", "20")
        others = [self.rpc(self.worker(self.files, "--lock-wait", "20")) for _ in range(2)]
        replies = []
        threads = [threading.Thread(target=lambda one=one: replies.append(one.call("MigrationService", "Run"))) for one in (rpc, *others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(len(reply.applied) for reply in replies), [0, 0, 1])
        self.assertEqual(self.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass"), [("t",)])

    WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid::bigint << 32 | objid::bigint = %s"

    def run_beside_a_tool_that_waits(self, files):
        """An index is built while a framework's tool waits inside pg_advisory_lock for us: the index waits for it in turn."""
        self.sql(f"ALTER DATABASE {self.database} SET deadlock_timeout = '100ms'")
        rpc = self.rpc(self.worker(files))
        self.hold("SELECT pg_advisory_lock(7)")
        replies = []
        thread = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run")))
        thread.start()
        wait_for(lambda: self.sql(self.WAITING % 7))
        [(key,)] = self.sql("SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND objid <> 7 "
                            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        tool = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "SET deadlock_timeout = '1min'", "-c", f"SELECT pg_advisory_lock({key})"],
                                stdout=subprocess.DEVNULL)
        self.addCleanup(tool.wait)
        self.addCleanup(tool.kill)
        wait_for(lambda: self.sql(self.WAITING % key))
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 7")
        thread.join(60)
        self.assertTrue(replies[0].ok, replies[0])
        self.assertEqual(self.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass"), [("t",)])
        self.assertEqual(tool.wait(60), 0)

    def test_an_index_is_built_while_prisma_waits_for_its_lock(self):
        files = self.project().add("1", "CREATE TABLE u (id INT); SELECT pg_advisory_lock(7), pg_advisory_unlock(7);\nCREATE INDEX CONCURRENTLY ix ON u (id);")
        self.run_beside_a_tool_that_waits(files)

    def test_an_index_is_built_while_sqlx_waits_for_its_lock(self):
        """Its keys are made of the database's name, as data."""
        files = self.project(folder="migrations")
        files.write("Cargo.toml", '[package]\nname = "app"\nversion = "0.1.0"\n[dependencies]\nsqlx = { version = "0.8", features = ["postgres"] }\n')
        files.write("migrations/20250101000001_u.sql", "CREATE TABLE u (id INT);")
        files.write("migrations/20250101000002_ix.sql", "-- no-transaction\nSELECT pg_advisory_lock(7), pg_advisory_unlock(7);\nCREATE INDEX CONCURRENTLY ix ON u (id);")
        self.run_beside_a_tool_that_waits(files)


class LedgerLock(Case):
    """dbmate has no lock of its own: what keeps its tool out while we run is a lock on its tracking table."""

    def start(self, *scripts):
        self.sql("CREATE TABLE schema_migrations (version VARCHAR(128) PRIMARY KEY)")
        self.files = self.project(folder="db/migrations")
        for number, script in enumerate(scripts, 1):
            self.files.write(f"db/migrations/2025010100000{number}_m.sql", f"-- migrate:up\n{script}\n-- migrate:down\n")
        return self.rpc(self.worker(self.files))

    def versions(self):
        return [version for (version,) in self.sql("SELECT version FROM schema_migrations ORDER BY 1")]

    def running(self, rpc):
        """Starts a run that sleeps in its migration, and returns when it is there."""
        thread = threading.Thread(target=lambda: rpc.call("MigrationService", "Run"))
        thread.start()
        self.addCleanup(thread.join)
        wait_for(self.sleepers)

    def test_a_backup_that_reads_the_ledger_for_long_does_not_stop_a_run(self):
        rpc = self.start("CREATE TABLE a (id INT);")
        self.hold("BEGIN", "LOCK TABLE schema_migrations IN ACCESS SHARE MODE")
        began = time.monotonic()
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertLess(time.monotonic() - began, 50)  # it is held for 60
        self.assertEqual(self.versions(), ["20250101000001"])

    def test_everybody_who_only_reads_is_answered_during_a_run(self):
        rpc = self.start("SELECT pg_sleep(60);", "SELECT 1;")
        self.running(rpc)
        other = self.rpc(self.worker(self.files))
        self.assertEqual(set(self.states(other.call("MigrationService", "GetStatus")).values()), {"pending"})
        self.assertEqual(len(other.call("MigrationService", "Plan").migrations), 2)
        self.assertEqual(other.call("MigrationService", "Check").pending_count, 2)
        self.assertEqual(self.versions(), [])
        self.assertTrue(self.sleepers())
        self.wake_up()

    def test_a_tool_that_writes_the_ledger_meanwhile_waits_and_is_refused(self):
        rpc = self.start("SELECT pg_sleep(3);")
        self.running(rpc)
        said = self.sql("BEGIN; INSERT INTO schema_migrations VALUES ('20250101000001'); COMMIT", check=False)
        self.assertEqual(self.versions(), ["20250101000001"])
        self.assertFalse(said)

    def test_a_run_waits_for_a_tool_that_has_written_the_ledger(self):
        rpc = self.start("CREATE TABLE a (id INT);")
        tool = subprocess.Popen(["psql", "-Xq", self.url(), "-c", "BEGIN", "-c", "INSERT INTO schema_migrations VALUES ('20250101000001')",
                                 "-c", "CREATE TABLE a (id INT)", "-c", "SELECT pg_sleep(2)", "-c", "COMMIT"], stdout=subprocess.DEVNULL)
        self.addCleanup(tool.wait)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual(self.versions(), ["20250101000001"])
        self.assertEqual([one.name for one in reply.applied], [])


if __name__ == "__main__":
    harness.main()
