"""GET /metrics, and /readyz?migrations=applied."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import exposition
import harness
from harness import Case, wait_for

RUN, STATUS = "/api/migrations/idempotent/run", "/api/migrations/idempotent/status"
METHOD = "truss.migration.v1.MigrationService/"


class Metrics(Case):
    def scrape(self, http, headers=None):
        answer = http.get("/metrics", headers=headers)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.families = exposition.read(answer.body.decode())
        return self.families

    def value(self, name, **labels):
        return exposition.value(self.families, name, **labels)

    def start(self, *scripts):
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files)
        return self.bridge(self.process)

    def test_what_was_never_done_or_asked_has_no_number(self):
        http = self.start("CREATE TABLE a (id INT);")
        self.scrape(http)
        self.assertEqual((self.value("truss_runs_total", result="succeeded", dry_run="false"), self.value("truss_last_success_timestamp_seconds"),
                          self.value("truss_migrations", state="pending")), (0, None, None))
        self.assertGreater(self.value("process_resident_memory_bytes"), 1e6)
        self.assertGreater(self.value("truss_worker_open_fds"), 3)
        self.assertEqual(self.value("truss_worker_up", worker=self.process.address), 1)

    def test_runs_steps_states_calls_and_requests_are_counted(self):
        http = self.start("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);\nVACUUM;\nINSERT INTO b VALUES (1);", "SELECT 1/0;")
        self.assertEqual(http.get(STATUS).json["summary"]["pending"], 3)
        self.scrape(http)
        self.assertEqual(self.value("truss_migrations", state="pending", framework="prisma"), 3)
        self.assertEqual(http.post(RUN, {"dry_run": True}).status, 400)
        self.assertEqual(http.post(RUN, {}).status, 400)
        self.assertEqual(http.post(RUN, {}).status, 400)
        self.scrape(http)
        runs = {(result, dry): self.value("truss_runs_total", result=result, dry_run=dry)
                for result in ("succeeded", "failed", "refused") for dry in ("true", "false")}
        self.assertEqual((runs[("failed", "false")], runs[("failed", "true")], runs[("succeeded", "false")]), (2, 1, 0), runs)
        self.assertEqual((self.value("truss_migrations_total", result="applied"), self.value("truss_migrations_total", result="failed")), (2, 2))
        self.assertEqual((self.value("truss_steps_total"), self.value("truss_migration_duration_seconds_count")), (4, 2))
        self.assertEqual(self.value("truss_rpc_requests_total", method=METHOD + "GetStatus", code="OK"), 1)
        self.assertEqual(self.value("truss_rpc_request_duration_seconds_count", method=METHOD + "Run"), 3)
        self.assertEqual(self.value("truss_http_requests_total", method="POST", route=RUN, code="400"), 3)
        self.assertEqual((self.value("truss_active_runs"), self.value("truss_rpc_active_requests", lane="run"),
                          self.value("truss_rpc_queued_requests", lane="run")), (0, 0, 0))

    def test_what_was_pending_before_the_table_was_made_is_forgotten(self):
        http = self.start("CREATE TABLE a (id INT);")
        for action, pending in ((None, 1), (RUN, 0)):
            self.assertEqual(http.post(action, {}).status if action else 200, 200)
            self.assertEqual(http.get(STATUS).json["summary"]["pending"], pending)
            text = http.get("/metrics").body.decode()
            found = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith("truss_migrations{") and 'state="pending"' in line]
            self.assertEqual(found, [str(pending)], text)

    def test_waits_for_locks_are_counted_in_tries_and_seconds(self):
        http = self.start("CREATE TABLE busy (id INT);")
        self.assertEqual(http.post(RUN, {}).status, 200)
        self.files.add("2", "ALTER TABLE busy ADD COLUMN more INT;")
        self.hold("BEGIN", "LOCK TABLE busy IN ACCESS SHARE MODE")
        answer = http.post(RUN, {"lock_retry_ms": 1000})
        self.assertEqual(answer.status, 400)
        self.assertIn("tried", answer.body.decode())
        self.scrape(http)
        tries, stall, wait = (self.value(f"truss_lock_{name}_total") for name in ("attempts_failed", "stall_seconds", "wait_seconds"))
        self.assertGreaterEqual(tries, 2)
        self.assertGreaterEqual(stall, 0.1)
        self.assertGreater(wait, stall)

    def test_a_run_that_ends_well_says_when(self):
        http = self.start("CREATE TABLE a (id INT);")
        self.assertEqual(http.post(RUN, {}).status, 200)
        now = float(self.sql("SELECT extract(epoch FROM now())")[0][0])
        self.scrape(http)
        self.assertAlmostEqual(self.value("truss_last_success_timestamp_seconds"), now, delta=30)

    def test_paths_that_nobody_knows_are_one_number(self):
        http = self.start("SELECT 1;")
        for i in range(3):
            http.get(f"/nowhere/{i}")
        self.scrape(http)
        self.assertEqual(self.value("truss_http_requests_total", route="none", code="404"), 3)

    def test_all_workers_are_asked_and_one_that_is_away_is_told(self):
        self.start("SELECT 1;")
        other = self.worker(self.files)
        http = self.bridge(self.process, other)
        self.scrape(http)
        self.assertEqual({labels["worker"] for _, labels, _ in self.families["truss_worker_info"][1]}, {self.process.address, other.address})
        other.kill()

        def is_away():
            self.scrape(http)
            return self.value("truss_worker_up", worker=other.address) == 0
        wait_for(is_away)
        self.assertEqual(self.value("truss_worker_up", worker=self.process.address), 1)

    def test_with_a_login_it_needs_the_scope_read(self):
        reader, runner = self.token("read", name="reader"), self.token("run", name="runner")
        files = self.project("prisma-blog")
        worker = self.worker(files, "--tokens", self.tokens)
        http = self.bridge(worker)
        self.assertEqual([http.get("/metrics", headers={"apikey": token}).status for token in (reader, runner)] + [http.get("/metrics").status],
                         [200, 403, 401])
        self.scrape(self.bridge(worker, arguments=("--metrics-open",)))
        self.assertEqual((self.value("truss_worker_up"), self.value("truss_worker_info"), self.value("truss_bridge_info")), (1, None, 1))
        opened = self.worker(files, "--tokens", self.tokens, "--metrics-open")
        self.scrape(self.bridge(opened))
        self.assertEqual(self.value("truss_worker_info"), 1)

    def test_what_alerts_and_dashboard_ask_for_is_there(self):
        names = set()
        for name in ("alerts.yaml", "dashboard.json"):
            with open(os.path.join(harness.ROOT, "docker", "monitoring", name), encoding="utf-8") as file:
                text = file.read()
            names |= {one.removesuffix("_bucket") for one in re.findall(r"\b(?:truss|process)_[a-z_]+\b", text)}
            if name == "dashboard.json":
                self.assertEqual(len(json.loads(text)["panels"]), 12)
        place = self.project()
        place.write("hooks.toml", f'[webhook.a]\nurl_file = "{place.path}/url"\nformat = "slack"\n')
        place.write("url", "http://127.0.0.1:9/")
        os.chmod(os.path.join(place.path, "url"), 0o600)
        families = self.scrape(self.bridge(self.worker(place, "--webhooks", os.path.join(place.path, "hooks.toml"))))
        self.assertGreater(len(names), 15)
        self.assertEqual(names - set(families), set())

    @unittest.skipUnless(shutil.which("promtool"), "no promtool here")
    def test_promtool_finds_nothing_wrong(self):
        http = self.start("SELECT 1;")
        self.assertEqual(http.post(RUN, {}).status, 200)
        scrape = http.get("/metrics").body
        for words, given in ((["check", "metrics"], scrape), (["check", "rules", os.path.join(harness.ROOT, "docker/monitoring/alerts.yaml")], b"")):
            result = subprocess.run(["promtool", *words], input=given, capture_output=True, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    # ---- ready where all is applied ----

    def test_ready_with_all_applied_is_503_until_it_is_so(self):
        http = self.start("CREATE TABLE a (id INT);")
        self.assertEqual(http.get("/readyz").status, 200)
        answer = http.get("/readyz?migrations=applied")
        self.assertEqual((answer.status, answer.json["reason"]), (503, "1 migration is pending."))
        self.assertEqual(http.post(RUN, {}).status, 200)
        self.assertEqual(http.get("/readyz?migrations=applied").status, 200)
        self.files.add("2", "CREATE TABLE b (id INT);\nVACUUM;\nSELECT 1/0;")  # several transactions: it stays half done
        self.assertEqual(http.post(RUN, {}).status, 400)
        answer = http.get("/readyz?migrations=applied")
        self.assertEqual((answer.status, answer.json["ok"]), (503, False))
        self.assertIn('"2" failed', answer.json["reason"])
        self.assertEqual(http.get("/readyz?migrations=some").status, 400)

    def test_what_cannot_be_known_is_not_ready(self):
        http = self.bridge(self.worker(self.project(folder="nothing")))
        answer = http.get("/readyz?migrations=applied")
        self.assertEqual(answer.status, 503)
        self.assertTrue(answer.json["reason"])
        http = self.bridge(self.worker(self.project("prisma-blog"), url="postgresql://nobody@127.0.0.1:1/none"))
        answer = http.get("/readyz?migrations=applied")
        self.assertEqual(answer.status, 503)

    def test_who_is_not_known_is_not_told_which_migration_it_is(self):
        self.token("read")
        http = self.bridge(self.worker(self.project("prisma-blog"), "--tokens", self.tokens))
        answer = http.get("/readyz?migrations=applied")
        self.assertEqual((answer.status, answer.json["reason"]), (503, "Not all migrations are applied, or that cannot be known."))


if __name__ == "__main__":
    harness.main()
