"""Plans, runs in the background and their events by HTTP; idempotency keys."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
from events import Stream
from harness import Case, wait_for
from openapi import Document

RUN = "/api/migrations/idempotent/run"
ASYNC = {"Prefer": "handling=lenient, Respond-Async; wait=1"}


class Operations(Case):
    def start(self, *scripts, workers=1):
        rpc = self.serve(*scripts)
        self.addCleanup(rpc.close)
        self.workers = [self.process] + [self.worker(self.files) for _ in range(workers - 1)]
        self.http = self.bridge(*self.workers)
        self.document = Document(self.http.get("/openapi.json").json)
        return self.http

    def ask(self, method, path, body=None, status=200, headers=None):
        answer = self.http.request(method, path, body, headers=headers)
        self.assertEqual(answer.status, status, answer.body)
        self.document.check(method, path.split("?")[0], status, answer.body)
        return answer.json

    def begin(self, body=None, headers=None):
        answer = self.http.post(RUN, body, headers={**ASYNC, **(headers or {})})
        self.assertEqual(answer.status, 202, answer.body)
        self.document.check("POST", RUN, 202, answer.body)
        self.assertEqual(answer.headers["Location"], "/api/operations/" + answer.json["id"])
        self.assertEqual(answer.headers["Preference-Applied"], "respond-async")
        return answer.headers["Location"]

    def stream(self, path, **headers):
        stream = Stream(self.http, path, headers)
        self.addCleanup(stream.close)
        return stream

    # ---- plans ----

    def test_a_plan_takes_its_wishes_from_the_query(self):
        self.start("CREATE TABLE a (id INT);", "ALTER TABLE a ADD COLUMN b INT;", "VACUUM;")
        plan = self.ask("GET", "/api/migrations/plan")
        self.assertEqual([one["name"] for one in plan["migrations"]], ["1", "2", "3"])
        self.assertEqual(plan["migrations"][2]["steps"][0]["kind"], "alone")
        for query in ("migrations=1,3", "migrations=1&migrations=3", "migrations=%31&migrations=3"):
            self.assertEqual([one["name"] for one in self.ask("GET", "/api/migrations/plan?" + query)["migrations"]], ["1", "3"])
        self.assertEqual(len(self.ask("GET", "/api/migrations/plan?target=2&allow_out_of_order=false")["migrations"]), 2)
        self.assertIn("VACUUM", self.ask("GET", "/api/migrations/plan?transaction=all")["refusal"])
        self.assertIn("no migration", self.ask("GET", "/api/migrations/plan?migrations=1%2C3", status=404)["error"])
        ran = self.ask("POST", RUN, {"plan_hash": plan["plan_hash"]})
        self.assertTrue(ran["ok"])
        self.assertEqual(self.ask("POST", RUN, {"plan_hash": plan["plan_hash"]}, 409)["reason"], "PLAN_CHANGED")

    def test_a_query_that_is_wrong_is_said_to_be(self):
        self.start("SELECT 1;")
        for query, words in (("migration=1", "none that this route knows"), ("target=1&target=2", "twice"), ("target=%zz", "escape"),
                             ("allow_out_of_order=perhaps", "allow_out_of_order"), ("transaction=some", "transaction"), ("target=%00", "escape")):
            self.assertIn(words, self.ask("GET", "/api/migrations/plan?" + query, status=400)["error"])
        for query in ("limit=x", "limit=-1", "limit=99999999999"):
            self.assertIn("limit", self.ask("GET", "/api/operations?" + query, status=400)["error"])

    # ---- in the background ----

    def test_a_run_in_the_background_is_answered_at_once_and_followed(self):
        self.start("CREATE TABLE a (id INT);", "SELECT pg_sleep(0.5);")
        path = self.begin()
        stream = self.stream(path + "/events")
        self.assertEqual((stream.status, stream.headers["content-type"], stream.headers["cache-control"]), (200, "text/event-stream", "no-store"))
        events = list(stream.events())
        self.assertEqual([one[1] for one in events],
                         ["run_started", "migration_started", "migration_done", "migration_started", "migration_done", "run_done", "done"])
        self.assertEqual([one[0] for one in events], [1, 2, 3, 4, 5, 6, 0])
        self.assertEqual(events[2][2]["migration"], "1")
        self.assertEqual(events[-1][2], self.ask("GET", path))
        self.assertEqual(events[-1][2]["result"]["summary"], "Applied 2 migration(s) successfully.")
        self.assertEqual([one["id"] for one in self.ask("GET", "/api/operations?limit=1")["operations"]], [path.rsplit("/")[-1]])

    def test_a_stream_goes_on_behind_the_last_id(self):
        self.start("SELECT 1;", "SELECT 2;")
        path = self.begin()
        whole = list(self.stream(path + "/events").events())
        for rest in (self.stream(path + "/events", **{"Last-Event-ID": "4"}), self.stream(path + "/events?after_event=4")):
            self.assertEqual(list(rest.events()), whole[4:])
        for bad in ("x", "-1", "99999999999"):
            self.assertEqual(self.stream(path + "/events", **{"Last-Event-ID": bad}).status, 400)
        self.assertEqual([one["id"] for one in self.ask("GET", path + "/wait?after_event=4&wait_ms=60000")["events"]], [5, 6])

    def test_what_is_unknown_is_404_before_the_first_byte(self):
        self.start("SELECT 1;")
        for path in ("", "/events", "/wait"):
            self.assertIn("no operation", self.ask("GET", "/api/operations/00000000-0000-4000-8000-000000000000" + path, status=404)["error"])
        self.assertEqual(self.http.post("/api/operations/x/cancel").status, 404)
        self.assertEqual(self.http.get("/api/operations/x/cancel").status, 405)
        self.assertEqual(self.http.get("/api/operations/x/y").status, 404)

    def test_a_cancel_answers_with_what_stays(self):
        self.start("CREATE TABLE a (id INT);", "SELECT pg_sleep(60);")
        path = self.begin()
        events = self.stream(path + "/events").events()
        while next(events)[1] != "migration_done":
            pass
        cancelled = self.ask("POST", path + "/cancel")
        self.assertEqual((cancelled["state"], [one["name"] for one in cancelled["result"]["applied"]]), ("cancelled", ["1"]))
        self.assertEqual(list(events)[-1][1], "done")

    def test_a_client_that_goes_away_does_not_stop_a_run(self):
        self.start("SELECT pg_sleep(1.5); CREATE TABLE a (id INT);")
        with socket.create_connection((self.http.host, self.http.port)) as client:
            client.sendall(f"POST {RUN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
            wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.stream(self.begin_other() + "/events").close()
        wait_for(lambda: self.sql("SELECT to_regclass('a')") != [(None,)])
        wait_for(lambda: len(self.ledger()) == 1)

    def begin_other(self):
        return self.begin({"lock_timeout_ms": 100})

    def test_every_worker_tells_and_one_that_dies_does_not_end_the_stream(self):
        self.start("SELECT pg_sleep(2);", workers=3)
        path = self.begin()
        stream = self.stream(path + "/events")
        events = stream.events()
        first = next(events)
        self.assertEqual(first[1], "run_started")
        idle = [worker for worker in self.workers if not self.runs(worker)]
        idle[0].kill()
        self.assertEqual([one[1] for one in events][-1], "done")

    def runs(self, worker):
        return bool(self.sql(f"SELECT 1 FROM truss.operations WHERE worker LIKE '%:{worker.process.pid}'"))

    def test_an_ordinary_run_is_known_to_one_worker_and_found_by_asking_all(self):
        self.start("SELECT 1;", workers=3)
        run = self.ask("POST", RUN)
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])
        for _ in range(6):
            self.assertEqual(self.ask("GET", "/api/operations/" + run["operation"])["result"], run)

    # ---- streams under stress ----

    def test_a_quiet_stream_stays_and_says_that_it_is_there(self):
        self.start("SELECT pg_sleep(13);")
        stream = self.stream(self.begin() + "/events")
        chunks = [chunk for chunk in stream.body()]
        self.assertIn(b": \n\n", chunks)
        self.assertIn(b"event: done", chunks[-1])

    def test_all_streams_that_there_may_be_leave_room_for_a_cancel(self):
        self.start("SELECT pg_sleep(60);")
        path = self.begin()
        streams = [self.stream(path + "/events") for _ in range(140)]
        self.assertEqual(sorted({one.status for one in streams}), [200, 503])
        served = [one for one in streams if one.status == 200]
        self.assertEqual(len(served), 128)
        self.assertEqual([next(one.events())[1] for one in served], ["run_started"] * 128)
        began = time.monotonic()
        self.ask("POST", path + "/cancel")
        self.assertLess(time.monotonic() - began, 30)
        wait_for(lambda: self.stream(path + "/events").status == 200)

    def test_a_worker_that_stops_gives_its_streams_to_another(self):
        """It lets the run end, but waits for nothing any more."""
        self.start("SELECT pg_sleep(4);", workers=2)
        path = self.begin()
        streams = [self.stream(path + "/events") for _ in range(2)]
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        next(worker for worker in self.workers if self.runs(worker)).process.send_signal(signal.SIGTERM)
        for stream in streams:
            events = list(stream.events())
            self.assertEqual([one[1] for one in events], ["run_started", "migration_started", "migration_done", "run_done", "done"])
            self.assertEqual(events[-1][2]["state"], "succeeded")

    def test_a_worker_that_stops_alone_ends_its_streams_and_who_comes_back_goes_on(self):
        self.start("SELECT pg_sleep(4);")
        path = self.begin()
        stream = self.stream(path + "/events")
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.process.process.send_signal(signal.SIGTERM)
        events = list(stream.events())
        self.assertEqual((events[-1][1], events[-1][2]["code"]), ("error", "UNAVAILABLE"))
        known = {"Last-Event-ID": str(events[-2][0])}
        self.process.stop()  # once the run is over
        self.worker(self.files, listen=self.process.address)
        self.assertEqual([one[1] for one in wait_for(lambda: self.goes_on(path, known))], ["migration_done", "run_done", "done"])

    def goes_on(self, path, known):
        stream = self.stream(path + "/events", **known)
        return list(stream.events()) if stream.status == 200 else None

    def test_a_bridge_that_stops_ends_its_streams(self):
        self.start("SELECT pg_sleep(60);")
        path = self.begin()
        events = self.stream(path + "/events").events()
        next(events)
        began = time.monotonic()
        self.http.process.send_signal(signal.SIGTERM)
        self.assertEqual(list(events)[-1][1:], ("error", {"error": "The bridge is stopping; connect again and continue after the last id.", "code": "UNAVAILABLE"}))
        self.assertEqual(self.http.process.wait(60), 0)
        self.assertLess(time.monotonic() - began, 40)
        self.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    def test_head_asks_for_no_events(self):
        self.start("SELECT 1;")
        answer = self.http.request("HEAD", self.begin() + "/events")
        self.assertEqual((answer.status, answer.headers["Content-Type"], answer.body), (200, "text/event-stream", b""))

    def test_a_worker_that_is_lost_in_the_middle_is_an_error_event(self):
        self.start("SELECT pg_sleep(60);")
        events = self.stream(self.begin() + "/events").events()
        next(events)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.process.kill()
        self.assertEqual((lambda last: (last[1], last[2]["code"]))(list(events)[-1]), ("error", "UNAVAILABLE"))
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    # ---- keys ----

    def test_a_key_gives_the_same_answer_and_another_body_422(self):
        self.start("SELECT 1;", "SELECT 2;", workers=2)
        key = {"Idempotency-Key": "deploy 42"}
        first = self.ask("POST", RUN, {"migrations": ["1"]}, headers=key)
        for _ in range(4):
            self.assertEqual(self.ask("POST", RUN, {"migrations": ["1"]}, headers=key), first)
        refused = self.ask("POST", RUN, {"migrations": ["2"]}, 422, headers=key)
        self.assertEqual(refused["reason"], "IDEMPOTENCY_KEY_REUSED")
        self.assertEqual(len(self.ledger()), 1)
        self.assertEqual(self.begin({"target": "2"}, {"Idempotency-Key": "b"}), self.begin({"target": "2"}, {"Idempotency-Key": "b"}))
        self.ask("POST", RUN, None, 400, headers={"Idempotency-Key": "x" * 256})

    def test_a_key_lets_another_worker_take_over(self):
        self.start("SELECT pg_sleep(CASE WHEN to_regclass('awake') IS NULL THEN 60 ELSE 0 END);", workers=2)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.http.post(RUN, headers={"Idempotency-Key": "k"})))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.sql("CREATE TABLE awake ()")
        busy = self.sql("SELECT client_port FROM pg_stat_activity WHERE wait_event = 'PgSleep'")[0][0]
        holder = subprocess.run(["ss", "-tnp", f"sport = :{busy}"], capture_output=True, text=True, check=True).stdout
        pid = int(re.search(r"pid=(\d+)", holder).group(1))
        os.kill(pid, signal.SIGKILL)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        thread.join(60)
        self.assertEqual((answers[0].status, answers[0].json["ok"]), (200, True), answers[0].body)
        next(worker for worker in self.workers if worker.process.pid == pid).kill()


if __name__ == "__main__":
    import harness
    harness.main()
