"""truss run --detach, truss operations and truss cancel: runs that go on by themselves."""
import json
import os
import re
import sys

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "support"), os.path.dirname(__file__)]
import harness
from harness import Case, wait_for
from terminal import Terminal

FINE, ERROR, LOCKED = 0, 1, 4
ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


class Operations(Case):
    def start(self, *scripts, arguments=()):
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files, *arguments)

    def run_truss(self, *arguments, status=FINE, **options):
        """Answers what it printed, errors too."""
        result = self.truss(*arguments, worker=options.pop("worker", self.process), **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        return harness.without_head(result.stdout) + result.stderr

    def detach(self, *arguments):
        text = self.run_truss("run", "--detach", *arguments)
        self.assertRegex(text, rf"^{ID}\n$")
        return text.strip()

    def sleep_detached(self):
        operation = self.detach()
        wait_for(lambda: self.sql(SLEEPING))
        return operation

    def test_a_detached_run_prints_its_id_and_goes_on(self):
        self.start("SELECT pg_sleep(3); CREATE TABLE u (id INT);")
        operation = self.detach()
        self.assertRegex(self.run_truss("operations"), rf"(?m)^ID +STATE +STARTED \(UTC\) +TOOK +SUMMARY\n{operation}  running ")
        self.assertRegex(self.run_truss("operations", operation, "--follow"), r"^(running  1\n)?applied  1 \([\d.]+ s\)\nApplied 1 migration\(s\) successfully\.\n$")
        self.assertRegex(self.run_truss("operations"), rf"(?m)^{operation}  succeeded  .*  Applied 1 migration\(s\) successfully\.$")
        self.assertEqual(self.sql("SELECT count(*) FROM u"), [("0",)])

    def test_a_list_that_is_cut_says_so(self):
        self.start("SELECT 1;")
        self.run_truss("run", "--detach")
        said = "No more than the newest 50 are listed.\n"
        self.assertNotIn(said, self.run_truss("operations"))
        self.sql("INSERT INTO truss.operations (id, kind, state, worker, finished_at) SELECT md5(g::text)::uuid, 'run', 'succeeded', 'w', now() FROM generate_series(1, 60) AS g")
        self.assertRegex(self.run_truss("operations"), rf"(?m)^({ID} .*\n){{50}}{said}\Z")

    def test_detaching_as_json_answers_the_operation(self):
        self.start("SELECT 1;")
        operation = json.loads(self.run_truss("run", "--detach", "--json"))
        self.assertEqual(operation["kind"], "run")
        followed = json.loads(self.run_truss("operations", operation["id"], "--follow", "--json"))
        self.assertEqual((followed["state"], followed["result"]["applied"][0]["name"]), ("succeeded", "1"))

    def test_one_operation_is_shown_with_its_events(self):
        self.start("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);\nVACUUM;\nSELECT 1/0;")
        operation = self.detach()
        self.run_truss("operations", operation, "--follow", status=ERROR)
        text = self.run_truss("operations", operation)
        self.assertRegex(text, r"^failed, began at \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, [\d.]+ m?s\n\d\d:\d\d:\d\d  +Running 2 migration")
        self.assertRegex(text, r"(?m)^\d\d:\d\d:\d\d  2  division by zero$")
        answer = json.loads(self.run_truss("operations", operation, "--json"))
        self.assertEqual(answer["operation"]["last_event"], len(answer["events"]))
        self.assertEqual(answer["events"][-1]["kind"], "run_done")

    def test_a_warning_of_the_server_is_shown_with_progress_and_without(self):
        script = "DO $$ BEGIN RAISE WARNING 'skipped 17 rows' USING HINT = 'look at them'; RAISE NOTICE 'by the way'; END $$;"
        self.start(script, script)
        text = self.run_truss("run", "--yes", "1")
        self.assertIn('warning: The server warned in "1": skipped 17 rows\n', text)
        text = self.run_truss("run", "--yes", "--progress")
        self.assertRegex(text, r"(?m)^warning  2: skipped 17 rows\n +hint: look at them\nserver   2: NOTICE: by the way\napplied  2 ")
        shown = self.run_truss("operations", json.loads(self.run_truss("operations", "--json"))["operations"][0]["id"])
        self.assertRegex(shown, r"  2  WARNING: skipped 17 rows HINT: look at them\n")

    def test_watch_follows_the_run_that_works_and_not_the_one_that_waits_for_it(self):
        self.start("SELECT pg_sleep(6);")
        first = self.sleep_detached()
        second = self.detach()
        wait_for(lambda: "Another run is going on" in self.run_truss("operations", second))
        self.assertRegex(self.run_truss("watch"), r"(?m)^applied  1 \(")
        self.assertRegex(self.run_truss("operations", first), "^succeeded")

    def test_following_a_failed_run_is_an_error_that_reads_as_the_run_itself(self):
        self.start("CREATE TABLE a (id INT);", "SELECT 1/0;")
        followed = self.run_truss("operations", self.detach(), "--follow", status=ERROR)
        self.assertRegex(followed, r"^applied  1 \([\d.]+ m?s\)\nfailed   2, line 1, column 1\n  division by zero\n")

    def test_many_events_are_all_there(self):
        self.start(*["SELECT 1;"] * 300)
        operation = self.detach()
        self.assertEqual(len(re.findall("(?m)^applied ", self.run_truss("operations", operation, "--follow"))), 300)
        self.assertEqual(len(json.loads(self.run_truss("operations", operation, "--json"))["events"]), 602)

    def test_waits_that_repeat_are_shown_with_the_last(self):
        self.sql("CREATE TABLE t (id INT)")
        self.start("SELECT 1;", "ALTER TABLE t ADD COLUMN more INT;")
        self.run_truss("mark-applied", "1")
        self.hold("BEGIN", "SELECT 1 FROM t")
        operation = self.detach("--lock-retry", "2.5")
        self.run_truss("operations", operation, "--follow", status=ERROR)
        self.assertEqual(len(re.findall("No lock within", self.run_truss("operations", operation))), 1)

    def test_without_any_operation_it_says_so(self):
        self.start("SELECT 1;")
        self.assertEqual(self.run_truss("operations"), "There are no operations.\n")
        self.assertEqual(json.loads(self.run_truss("operations", "--json"))["operations"], [])
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])

    def test_cancel_ends_a_run_and_says_what_stays(self):
        self.start("CREATE TABLE a (id INT);", "SELECT pg_sleep(60);")
        operation = self.sleep_detached()
        self.assertRegex(self.run_truss("cancel", operation), r"^cancelled: .*the migration before it stays applied\.\n$")
        self.assertRegex(self.run_truss("cancel", operation), "^cancelled: ")
        self.assertEqual(self.sql(SLEEPING), [])

    def test_cancelling_what_has_ended_changes_nothing(self):
        self.start("SELECT 1;")
        operation = self.detach()
        self.run_truss("operations", operation, "--follow")
        self.assertEqual(self.run_truss("cancel", operation), "succeeded: Applied 1 migration(s) successfully.\nNothing was cancelled: it has ended by itself.\n")

    def test_ctrl_c_leaves_a_run_that_is_followed(self):
        self.start("SELECT pg_sleep(60);")
        operation = self.sleep_detached()
        terminal = Terminal([os.path.join(harness.BIN, "truss"), "operations", operation, "--follow"], harness.clean_environment(worker=self.process))
        self.addCleanup(terminal.close)
        wait_for(lambda: "running  1" in terminal.raw)
        terminal.interrupt()
        self.assertEqual(terminal.wait(60), ERROR)
        self.assertRegex("\n".join(terminal.lines), rf"follow it with:\s+truss operations {operation} --follow")
        self.assertTrue(self.sql(SLEEPING))
        self.run_truss("cancel", operation)

    def test_a_time_out_leaves_a_run_that_is_followed(self):
        self.start("SELECT pg_sleep(60);")
        operation = self.sleep_detached()
        self.assertIn("The run goes on", self.run_truss("operations", operation, "--follow", "--timeout", "1", status=ERROR))
        self.assertTrue(self.sql(SLEEPING))
        self.run_truss("cancel", operation)

    def test_another_worker_follows_and_cancels_as_well(self):
        self.start("CREATE TABLE a (id INT);", "SELECT pg_sleep(60);")
        other = self.worker(self.files)
        operation = self.sleep_detached()
        self.assertIn("running", self.run_truss("operations", worker=other))
        self.assertRegex(self.run_truss("cancel", operation, worker=other), "^cancelled: ")

    def test_one_that_waits_for_another_run_says_so_and_ends_locked(self):
        self.start("SELECT pg_sleep(60);", arguments=("--lock-wait", "1"))
        first = self.sleep_detached()
        text = self.run_truss("run", "--progress", status=LOCKED)
        self.assertRegex(text, r"waiting  Another run is going on: the Truss lock is held by pid \d+")
        self.assertIn("reason: LOCKED", text)
        self.run_truss("cancel", first)

    def test_one_whose_worker_has_gone_is_lost(self):
        self.start("SELECT pg_sleep(60);")
        operation = self.sleep_detached()
        self.process.kill()
        self.sql("UPDATE truss.operations SET heartbeat_at = now() - interval '31 s';"
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        other = self.worker(self.files)
        self.assertIn(f"{operation}  lost ", self.run_truss("operations", worker=other))
        self.assertIn("truss: ", self.run_truss("operations", operation, "--follow", status=ERROR, worker=other))

    def test_wrong_ids_and_usage_are_told(self):
        self.start("SELECT 1;")
        for arguments in (("operations", "x"), ("operations", "x", "--follow"), ("cancel", "x"), ("cancel", "00000000-0000-4000-8000-000000000000")):
            self.assertIn("There is no operation", self.run_truss(*arguments, status=ERROR))
        self.assertIn("--follow needs", self.run_truss("operations", "--follow", status=ERROR))
        self.assertIn("Usage: truss cancel ID", self.run_truss("cancel", status=ERROR))


if __name__ == "__main__":
    harness.main()
