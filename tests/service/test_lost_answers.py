"""Sessions that end, answers that do not come, scripts that are long on their way, and blocks that have committed a part: what is said is
what is, and nothing is done twice."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for
from way import Way

STEPS = "-- migrate:up transaction:false\nCREATE TABLE a (i int);\nCREATE INDEX CONCURRENTLY ON a (i);\nSELECT pg_sleep(600);\n-- migrate:down\n"
HOLD = "BEGIN; LOCK TABLE busy; SELECT pg_sleep(2); COMMIT"
LEDGER = ("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, "
          "migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
          "applied_steps_count INT NOT NULL DEFAULT 0)")
OURS = 0x54525553  # the class of our advisory lock
SLOW = 50_000  # bytes a second


class LostAnswers(Case):
    def through(self, way):
        self.addCleanup(way.close)
        return self.url().replace(f":{self.cluster.port}/", f":{way.port}/")

    def test_steps_that_stay_are_said_to_stay_where_the_ledger_has_no_unfinished_rows(self):
        files = self.project(folder="db/migrations")
        files.write("db/migrations/20240101000000_a.sql", STEPS)
        rpc = self.rpc(self.worker(files, "--framework", "dbmate"))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run", {}, 60000)))
        thread.start()
        wait_for(lambda: self.sleepers() or replies)
        self.assertEqual(replies, [])
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
        thread.join()
        failed = replies[0].failed
        self.assertTrue(failed.partially_applied, replies[0])
        self.assertNotIn("rolled back", replies[0].summary)

    def test_a_block_is_not_sent_again_behind_its_own_commit(self):
        for name, script in (("behind it", "INSERT INTO a VALUES (1); COMMIT; ALTER TABLE busy ADD COLUMN x int;"),
                             ("in front of it", "INSERT INTO a VALUES (1); ALTER TABLE busy ADD COLUMN x int; COMMIT;")):
            with self.subTest(name):
                self.sql("DROP TABLE IF EXISTS _prisma_migrations, a, busy")
                files = self.project().add("1", "CREATE TABLE a (i int); CREATE TABLE busy ();").add("2", f"DO $$BEGIN {script} END$$;")
                rpc = self.rpc(self.worker(files))
                rpc.call("MigrationService", "Run", {"target": "1"})
                holder = threading.Thread(target=self.sql, args=(HOLD,))
                holder.start()
                wait_for(self.sleepers)
                reply = rpc.call("MigrationService", "Run", {}, 60000)
                holder.join()
                self.assertTrue(reply.ok, reply)
                self.assertEqual(self.sql("SELECT count(*) FROM a"), [("1",)])

    def test_what_is_committed_behind_a_lost_connection_is_not_what_failed_behind_it(self):
        self.sql("CREATE SCHEMA outside; CREATE TABLE outside.go (i int)")
        wait = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM outside.go) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$;"
        files = self.project().add("1", "CREATE TABLE a (); " + wait).add("2", "CREATE TABLE b ();")
        rpc = self.rpc(self.worker(files, url=self.through(Way(self.cluster.port, cut=1))))
        request = {"plan_hash": rpc.call("MigrationService", "Plan").plan_hash}
        replies = []
        thread = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run", request, 60000)))
        thread.start()
        wait_for(self.sleepers)
        files.add("2", "CREATE TABLE c ();")
        self.sql("INSERT INTO outside.go VALUES (1)")
        thread.join()
        self.assertEqual(([one.name for one in replies[0].applied], replies[0].failed.name), (["1"], "2"))

    def test_an_error_about_a_connection_of_the_scripts_own_is_no_lost_one(self):
        block = "DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; RAISE EXCEPTION 'could not establish connection' USING ERRCODE = '{}'; END $$;"
        for code in ("08001", "57P01"):
            with self.subTest(code):
                self.sql("DROP TABLE IF EXISTS _prisma_migrations, a; DROP SCHEMA IF EXISTS truss CASCADE")
                files = self.project().add("1", "CREATE TABLE a (i int);" + block.format(code))
                reply = self.rpc(self.worker(files)).call("MigrationService", "Run", {})
                self.assertEqual(reply.failed.error, "could not establish connection")
                self.assertEqual(self.sql("SELECT count(*) FROM a"), [("1",)])

    def test_a_failure_is_written_down_also_where_the_script_has_made_the_session_read_only(self):
        script = "CREATE TABLE a (); SELECT set_config('default_tran' || 'saction_read_only', 'on', false); VACUUM a; SELECT 1/0;"
        reply = self.rpc(self.worker(self.project().add("1", script))).call("MigrationService", "Run", {})
        self.assertIn("division", reply.failed.error)
        self.assertIn("division", self.ledger("logs")[0][0] or "")

    def test_nothing_runs_where_another_session_has_got_the_lock_of_the_run(self):
        self.sql("CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_unlock_all(); PERFORM pg_sleep(2); END $$; "
                 "CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE SEQUENCE') EXECUTE FUNCTION f()")
        rpc = self.rpc(self.worker(self.project().add("1", "CREATE SEQUENCE s;").add("2", "CREATE TABLE b ();")))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run", {}, 60000)))
        thread.start()
        wait_for(self.sleepers)
        (key,), = self.sql(f"SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = {OURS}")
        signed = int(key) - (1 << 32 if int(key) >= 1 << 31 else 0)
        self.sql(f"SET statement_timeout = '60s'; SELECT pg_advisory_lock({OURS}, {signed}), pg_sleep(3)")
        thread.join()
        self.assertIn("another session has it now", replies[0].failed.error)
        self.assertEqual((len(replies[0].applied), self.sql("SELECT to_regclass('b')")), (1, [(None,)]))

    def test_a_mark_whose_answer_is_lost_is_made_once_and_said_to_be(self):
        files = self.project(folder="migrations")
        files.write("migrations/1_a.up.sql", "CREATE TABLE a ();")
        self.sql("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
        for is_there in (True, False):
            with self.subTest(is_there=is_there):
                self.sql("DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES (1, true)")
                url = self.through(Way(self.cluster.port, 1, is_there))
                rpc = self.rpc(self.worker(files, "--framework", "golang-migrate", url=url))
                reply = rpc.call("MigrationService", "MarkRolledBack", {"migration": "1_a"})
                self.assertIn("marked as rolled back", reply.message)
                self.assertEqual(self.sql("SELECT * FROM schema_migrations"), [])

    def test_a_baseline_whose_answer_is_lost_is_not_known(self):
        files = self.project().add("1", "CREATE TABLE a ();").add("2", "CREATE TABLE b ();")
        for is_there in (True, False):
            with self.subTest(is_there=is_there):
                self.sql(f"DROP TABLE IF EXISTS _prisma_migrations; {LEDGER}")
                rpc = self.rpc(self.worker(files, url=self.through(Way(self.cluster.port, 1, is_there))))
                with self.assertRaises(RpcError) as refused:
                    rpc.call("MigrationService", "Baseline", {"all": True})
                self.assertIn("recorded is not known", refused.exception.status.message)
                self.assertEqual(self.sql("SELECT count(*) FROM _prisma_migrations"), [("2" if is_there else "0",)])

    def test_a_mark_whose_answer_is_lost_is_not_known_while_another_session_has_the_lock(self):
        files = self.project().add("1", "CREATE TABLE a ();")
        worker = self.worker(files, "--lock-wait", "1", url=self.through(Way(self.cluster.port, cut=2)))
        self.assertTrue(self.rpc(worker).call("MigrationService", "Run").ok)
        files.add("2", "CREATE TABLE b ();")
        table = self.talk()
        table("BEGIN; LOCK TABLE _prisma_migrations IN SHARE MODE")
        errors = []

        def mark():
            with self.assertRaises(RpcError) as refused:
                self.rpc(worker).call("MigrationService", "MarkApplied", {"migration": "2"}, 60000)
            errors.append(refused.exception.status.message)
        thread = threading.Thread(target=mark)
        thread.start()
        held = f"SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = {OURS} AND granted = {{}}"
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE relation = '_prisma_migrations'::regclass AND NOT granted"))
        key = int(self.sql(held.format("true"))[0][0])
        next_one = threading.Thread(target=self.sql, args=(f"SELECT pg_advisory_lock({OURS}, {key - (1 << 32 if key >= 1 << 31 else 0)}), pg_sleep(5)",))
        next_one.start()
        wait_for(lambda: self.sql(held.format("false")))
        table("COMMIT")
        thread.join()
        self.assertIn("It is not known whether migration", errors[0])
        self.assertEqual(self.ledger("migration_name"), [("1",), ("2",)])
        next_one.join()

    def test_a_script_that_is_long_on_its_way_is_no_silence(self):
        files = self.project().add("1", "CREATE TABLE a ();\n" + "-- so many words\n" * (10 * SLOW // 17))
        way = Way(self.cluster.port, bytes_a_second=SLOW)
        process = self.worker(files, url=self.through(way))
        reply = self.rpc(process).call("MigrationService", "Run", {}, 120000)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(way.commits, 1)


if __name__ == "__main__":
    harness.main()
