"""Who asked: request ids and traces through bridge, worker, log and session, and the spans that a collector gets."""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import otlp
from harness import Case, wait_for
from receiver import Receiver

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{PARENT}-01"
RUN = "/api/migrations/idempotent/run"


class Spans(Case):
    def receiver(self, *answers):
        receiver = Receiver(answers)
        self.addCleanup(receiver.stop)
        return receiver

    def begin(self, *scripts, worker=(), environment=None):
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files, *worker, environment=environment)
        return self.rpc(self.process)

    def spans(self, receiver, count):
        def find():
            found = [otlp.read(body) for _, _, body in receiver.requests]
            return found if sum(len(spans) for _, spans in found) >= count else None
        found = wait_for(find)
        self.resource = found[0][0]
        return [span for _, spans in found for span in spans]

    def test_a_run_its_migrations_and_their_steps_are_spans_of_the_callers_trace(self):
        receiver = self.receiver()
        rpc = self.begin("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);\nVACUUM;", worker=("--otlp-endpoint", receiver.url + "/"),
                         environment={"OTEL_EXPORTER_OTLP_HEADERS": "x-login=a%20b"})
        reply = rpc.call("MigrationService", "Run", metadata={"traceparent": HEADER, "request-id": "ask-1"})
        spans = self.spans(receiver, 5)
        path, headers, _ = receiver.requests[0]
        self.assertEqual((path, headers["Content-Type"], headers["x-login"]), ("/v1/traces", "application/json", "a b"))
        self.assertEqual((self.resource["service.name"], {span["traceId"] for span in spans}), ("truss-worker", {TRACE}))
        by_name = {name: [span for span in spans if span["name"] == name] for name in ("run", "migration", "step")}
        self.assertEqual({name: len(found) for name, found in by_name.items()}, {"run": 1, "migration": 2, "step": 2})
        (run,) = by_name["run"]
        self.assertEqual((run["parentSpanId"], run["attributes"]["truss.operation"], run["attributes"]["truss.request_id"]), (PARENT, reply.operation, "ask-1"))
        self.assertEqual({span["parentSpanId"] for span in by_name["migration"]}, {run["spanId"]})
        self.assertEqual(run["attributes"]["truss.outcome"], "succeeded")
        second = next(span for span in by_name["migration"] if span["attributes"]["truss.migration"] == "2")
        self.assertEqual([(span["parentSpanId"], span["attributes"]["truss.step"]) for span in by_name["step"]], [(second["spanId"], 1), (second["spanId"], 2)])
        self.assertEqual({span["status"]["code"] for span in spans}, {1})

    def test_libcurl_is_loaded_by_a_worker_that_sends_and_by_no_other(self):
        def libraries():
            with open(f"/proc/{self.process.process.pid}/maps", encoding="ascii") as file:
                return file.read()
        self.begin("SELECT 1;")
        self.assertNotIn("libcurl", libraries())
        self.begin("SELECT 1;", worker=("--otlp-endpoint", self.receiver().url + "/"))
        self.assertIn("libcurl", libraries())

    def test_a_libcurl_that_cannot_be_loaded_is_what_a_worker_says(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "libcurl.so.4"), "w", encoding="ascii"):
                pass
            done = subprocess.run([os.path.join(harness.BIN, "truss-worker"), "--project", directory, "--listen", "tcp://127.0.0.1:0", "--otlp-endpoint", "http://127.0.0.1:1"],
                                  env={**os.environ, "LD_LIBRARY_PATH": directory, "DATABASE_URL": self.url()}, capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("libcurl cannot be loaded", done.stderr)
        self.assertNotIn("is the URL of a collector", done.stderr)

    def test_a_failure_is_an_error_without_values_and_begins_a_trace_where_there_is_none(self):
        receiver = self.receiver()
        rpc = self.begin("SELECT 'a-secret-value'::int;", worker=("--otlp-endpoint", receiver.url))
        rpc.call("MigrationService", "Run", metadata={"traceparent": "00-" + "0" * 32 + "-" + PARENT + "-01"})
        spans = self.spans(receiver, 2)
        self.assertEqual({(span["name"], span["status"]["code"], span["status"]["message"]) for span in spans},
                         {("run", 2, "invalid input syntax for type integer"), ("migration", 2, "invalid input syntax for type integer")})
        self.assertEqual([(span["parentSpanId"], span["attributes"]["truss.outcome"]) for span in spans if span["name"] == "run"], [("", "failed")])
        with self.assertRaises(harness.RpcError):
            rpc.call("MigrationService", "Run", {"plan_hash": "0" * 64})
        self.assertEqual({span["attributes"].get("truss.outcome") for span in self.spans(receiver, 3)}, {"failed", "refused", None})
        sent = b"".join(body for _, _, body in receiver.requests).decode()
        for word in ("a-secret-value", "SELECT", harness.PASSWORD):
            self.assertNotIn(word, sent)

    def test_a_collector_that_is_away_holds_up_nobody_and_what_is_dropped_is_counted(self):
        receiver = self.receiver()
        receiver.stop()
        rpc = self.begin("CREATE TABLE a (id INT);", worker=("--otlp-endpoint", receiver.url))
        self.assertTrue(rpc.call("MigrationService", "Run", timeout_ms=20000).ok)

        def dropped():
            families = rpc.call("Health", "GetMetrics").families
            return next(one for one in families if one.name == "truss_spans_dropped_total").samples[0].value == 2
        wait_for(dropped)

    def test_spans_that_are_left_are_sent_when_the_worker_ends(self):
        receiver = self.receiver(503)
        rpc = self.begin("CREATE TABLE a (id INT);", worker=("--otlp-endpoint", receiver.url))
        rpc.call("MigrationService", "Run")
        self.process.stop()
        self.assertEqual(len(otlp.read(receiver.requests[-1][2])[1]), 2)

    # ---- ids ----

    def test_an_id_and_a_trace_go_through_bridge_worker_session_and_log(self):
        self.begin("SELECT pg_sleep(60);", worker=("--log-level", "debug"))
        http = self.bridge(self.process, arguments=("--log-level", "debug"))
        answers = []
        thread = threading.Thread(target=lambda: answers.append(http.post(RUN, {}, headers={"X-Request-Id": "ask-7", "traceparent": HEADER})))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'truss run ask-7' AND wait_event = 'PgSleep'"))
        self.wake_up()
        thread.join()
        self.assertEqual(answers[0].headers["X-Request-Id"], "ask-7")
        marks = f'request_id="ask-7" trace_id={TRACE}'
        wait_for(lambda: re.search(rf'event="request" .*status=400 .*{marks}', http.program.text()))
        wait_for(lambda: re.search(rf'event="call" .*{marks}', self.process.text()))
        self.assertRegex(self.process.text(), rf'event="migration failed" {marks} migration="1"')

    def test_an_id_that_is_not_sane_is_made_anew_and_a_name_in_the_url_stays(self):
        self.files = self.project().add("1", "SELECT 1;")
        process = self.worker(self.files, url=self.url(application_name="mine"))
        http = self.bridge(process)
        answer = http.post(RUN, {}, headers={"X-Request-Id": "two words"})
        self.assertRegex(answer.headers["X-Request-Id"], r"^[0-9a-f-]{36}$")
        self.assertEqual(answer.status, 200)

    def test_the_log_as_json_is_json_line_by_line(self):
        rpc = self.begin('SELECT \'ä\' FROM "no\\such";', worker=("--log-format", "json", "--log-level", "debug"))
        rpc.call("MigrationService", "Run", metadata={"request-id": 'say "hi" \\ ä'})
        self.process.stop()
        lines = [json.loads(line) for line in self.process.log]
        self.assertTrue(all({"time", "level", "event"} <= set(line) for line in lines))
        failed = next(line for line in lines if line["event"] == "migration failed")
        self.assertEqual(failed["request_id"], 'say "hi" \\ ä')
        self.assertIn("no\\such", failed["error"])
        call = next(line for line in lines if line["event"] == "call")
        self.assertIsInstance(call["ms"], int)


if __name__ == "__main__":
    harness.main()
