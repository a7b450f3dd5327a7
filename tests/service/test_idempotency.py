"""Idempotency keys: the same request has the same answer, whoever is asked and however often."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, RpcError, wait_for

INVALID_ARGUMENT, FAILED_PRECONDITION, ABORTED, DATA_LOSS = 3, 9, 10, 15


class Idempotency(Case):
    def call(self, rpc, key, method="Run", **request):
        return rpc.call("MigrationService", method, request, metadata={"idempotency-key": key})

    def test_the_same_key_gives_the_same_answer_from_another_worker_and_after_a_restart(self):
        rpc = self.serve("CREATE TABLE a (id INT);")
        first = self.call(rpc, "k1")
        self.assertEqual(len(first.applied), 1)
        self.files.add("2", "CREATE TABLE b (id INT);")
        self.assertEqual(self.call(rpc, "k1"), first)
        self.process.stop()
        self.assertEqual(self.call(self.rpc(self.worker(self.files)), "k1"), first)
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])

    def test_an_answer_is_the_same_however_the_database_writes_bytes(self):
        self.sql(f'ALTER DATABASE "{self.database}" SET bytea_output = escape')
        rpc = self.serve("CREATE TABLE a (id INT);", "VACUUM;")
        first = self.call(rpc, "k1")
        self.assertEqual(len(first.applied), 2)
        self.assertEqual(self.call(rpc, "k1"), first)
        begun = self.call(rpc, "k2", "StartRun")
        self.assertEqual(self.call(rpc, "k2", "StartRun"), begun)

    def test_a_failed_run_is_an_answer_too(self):
        rpc = self.serve("SELECT 1/0;")
        first = self.call(rpc, "k")
        self.assertFalse(first.ok)
        self.files.add("1", "SELECT 1;")
        self.assertEqual(self.call(rpc, "k"), first)
        self.assertTrue(self.call(rpc, "another").ok)

    def test_what_was_done_without_memory_to_keep_its_answer_is_not_done_again(self):
        rpc = self.serve("CREATE TABLE a (id INT);")
        self.call(rpc, "k")
        self.sql("UPDATE truss.idempotency_keys SET answer = '\\x00'")
        self.files.add("2", "CREATE TABLE b (id INT);")
        with self.assertRaises(RpcError) as caught:
            self.call(rpc, "k")
        self.assertEqual(caught.exception.code, DATA_LOSS)
        self.assertIn("to its end", caught.exception.status.message)
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])

    def test_an_error_is_no_answer_and_the_key_may_be_used_again(self):
        rpc = self.serve("SELECT 1;")
        with self.assertRaises(RpcError):
            self.call(rpc, "k", target="nowhere")
        self.assertTrue(self.call(rpc, "k").ok)

    def test_the_same_key_with_another_body_or_method_is_refused(self):
        rpc = self.serve("SELECT 1;", "SELECT 2;")
        self.call(rpc, "k", migrations=["1"])
        for method, request in (("Run", {"migrations": ["2"]}), ("MarkApplied", {"migration": "2"}), ("StartRun", {"migrations": ["1"]})):
            with self.assertRaises(RpcError) as caught:
                self.call(rpc, "k", method, **request)
            self.assertEqual((caught.exception.code, caught.exception.status.detail.reason), (INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED"))

    def test_a_key_in_flight_is_refused_and_answered_later(self):
        rpc = self.serve("SELECT pg_sleep(5);")
        other = self.rpc(self.worker(self.files))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.call(rpc, "k")))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        with self.assertRaises(RpcError) as caught:
            self.call(other, "k")
        self.assertEqual((caught.exception.code, caught.exception.status.detail.reason), (ABORTED, "IN_FLIGHT"))
        thread.join()
        self.assertEqual(self.call(other, "k"), replies[0])

    def run_keyed_beside(self, look):
        """The answer of a keyed run, asked anew with its key after look() was called while it was running."""
        rpc = self.serve("SELECT pg_advisory_lock(7); SELECT pg_advisory_unlock(7);")
        self.hold("SELECT pg_advisory_lock(7)")
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.call(rpc, "k")))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT a.pid, a.application_name'"))
        look()
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND granted")
        thread.join()
        self.assertTrue(replies[0].ok)
        self.assertEqual(len(replies[0].applied), 1)
        self.assertEqual(self.call(rpc, "k"), replies[0])

    def test_a_keyed_run_looks_at_itself_with_the_session_that_holds_its_key(self):
        of_truss = "SELECT DISTINCT a.pid FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE locktype = 'advisory' AND classid = 1414681945"
        seen = []

        def look():
            seen.extend(self.sql(of_truss))
            seen.extend(self.sql("SELECT pid FROM pg_stat_activity WHERE query ~ '^SELECT a.pid, a.application_name'"))
        self.run_keyed_beside(look)
        self.assertEqual(len(seen), 2)
        self.assertEqual(seen[0], seen[1])

    def test_an_answer_is_kept_also_where_the_keys_session_was_lost_meanwhile(self):
        def look():
            self.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1414681945")
            wait_for(lambda: not self.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 1414681945"))
        self.run_keyed_beside(look)

    def test_where_a_lost_session_lets_two_work_on_a_key_all_later_answers_are_one(self):
        """Whichever of the two is first; the crash suite finds the other order, too."""
        rpc = self.serve("SELECT pg_sleep(5);")
        other = self.rpc(self.worker(self.files))
        thread = threading.Thread(target=lambda: self.call(rpc, "k"))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1414681945")
        wait_for(lambda: not self.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 1414681945"))
        second = self.call(other, "k")
        thread.join()
        self.assertEqual(self.call(other, "k"), second)

    def test_a_key_whose_worker_was_killed_is_free_at_once(self):
        rpc = self.serve("SELECT pg_sleep(CASE WHEN to_regclass('awake') IS NULL THEN 60 ELSE 0 END);")
        def run():
            try:
                self.call(rpc, "k")
            except (RpcError, OSError):
                pass
        thread = threading.Thread(target=run)
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.process.kill()
        thread.join()
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'; CREATE TABLE awake ()")
        self.assertTrue(self.call(self.rpc(self.worker(self.files)), "k").ok)

    def test_sixteen_requests_with_one_key_at_once_do_it_once(self):
        self.serve("CREATE TABLE a (id INT);")
        outcomes = []

        def ask():
            with Rpc(self.process.address) as rpc:
                try:
                    outcomes.append(len(self.call(rpc, "k").applied))
                except RpcError as error:
                    outcomes.append(error.status.detail.reason)
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(outcomes), {1, "IN_FLIGHT"})
        self.assertIn(1, outcomes)
        self.assertEqual(len(self.ledger()), 1)

    def test_marks_creates_and_background_runs_have_keys(self):
        rpc = self.serve("SELECT 1;", "SELECT 2;")
        marked = self.call(rpc, "m", "MarkApplied", migration="1")
        self.assertEqual(self.call(rpc, "m", "MarkApplied", migration="1"), marked)
        self.assertIn("without executing", marked.message)
        created = self.call(rpc, "c", "Create", name="more")
        self.assertEqual(self.call(rpc, "c", "Create", name="more"), created)
        self.assertEqual(len(self.files.names()), 3)
        started = self.call(rpc, "s", "StartRun")
        self.assertEqual(self.call(rpc, "s", "StartRun").id, started.id)

    def test_keys_are_forgotten_after_a_day(self):
        rpc = self.serve("SELECT 1;")
        first = self.call(rpc, "k")
        self.sql("UPDATE truss.idempotency_keys SET created_at = created_at - interval '24 hours 1 s'")
        self.assertNotEqual(self.call(rpc, "k"), first)

    def test_a_key_of_odd_length_is_refused_and_one_of_odd_characters_is_not(self):
        rpc = self.serve("SELECT 1;")
        for key in ("", "x" * 256):
            with self.assertRaises(RpcError) as caught:
                self.call(rpc, key)
            self.assertEqual(caught.exception.code, INVALID_ARGUMENT)
        self.assertTrue(self.call(rpc, "'; DROP TABLE x; -- ü").ok)

    def test_a_try_and_reads_with_a_key_make_nothing(self):
        rpc = self.serve("SELECT 1;")
        self.call(rpc, "k", dry_run=True)
        self.call(rpc, "k", "Check")
        self.call(rpc, "k", "GetStatus")
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])


if __name__ == "__main__":
    harness.main()
