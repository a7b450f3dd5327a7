"""Requests about operations, and their streams, over workers that are odd, slow or gone, and clients that are no better."""
import itertools
import os
import random
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from events import Stream
from fake_worker import DIE, Bridged, Failure
from harness import messages, settled, wait_for

RUN = "/api/migrations/idempotent/run"
PATH = "/api/operations/1"
EVENTS = PATH + "/events"
NOT_FOUND, ABORTED, INVALID_ARGUMENT, INTERNAL, UNAVAILABLE = 5, 10, 3, 13, 14
STREAMS = 128


def operation(last_event, **fields):
    return messages().migration.Operation(id="1", kind="run", state=fields.pop("state", 1), last_event=last_event, **fields)


def told(last_event, ids=(), text="x", **fields):
    """A WaitOperationResponse with these events."""
    notes = [messages().migration.Event(id=number, kind=11, message=text) for number in ids]
    return messages().migration.WaitOperationResponse(operation=operation(last_event, **fields), events=notes)


def story(count, text="x"):
    """A worker that knows an operation of so many events and is done with it."""
    return lambda call: told(count, range(call.input.after_event + 1, count + 1), text, done=True) if call.input.wait_ms else told(count, done=True)


def unknown(_call):
    return Failure(NOT_FOUND, "There is no operation \"1\".")


class Streams(Bridged):
    def stream(self, path=EVENTS, **headers):
        stream = Stream(self.http, path, headers)
        self.addCleanup(stream.close)
        return stream

    def over(self, *answers, **options):
        self.http = self.bridge(*answers, **options)
        return self.http

    def waits(self, worker=0):
        """The events behind which the worker was asked, by its streams."""
        return [call.input.after_event for call in self.workers[worker].calls if call.input.wait_ms]

    # ---- odd workers ----

    def test_an_answer_without_its_operation_is_an_error_event(self):
        self.over(lambda call: messages().migration.WaitOperationResponse() if call.input.wait_ms else told(1))
        events = list(self.stream().events())
        self.assertEqual([(one[1], one[2]["code"]) for one in events], [("error", "INTERNAL")])

    def test_an_operation_that_is_done_ends_its_stream_whatever_it_has_lost(self):
        self.over(lambda call: told(9, range(call.input.after_event + 1, 4), done=True, state=5))
        self.assertEqual([(one[0], one[1]) for one in self.stream().events()], [(1, "note"), (2, "note"), (3, "note"), (0, "done")])

    def test_an_id_beyond_the_last_is_nothing_more_than_done(self):
        self.over(story(6))
        self.assertEqual([one[1] for one in self.stream(**{"Last-Event-ID": "999"}).events()], ["done"])

    def test_a_word_that_is_not_known_yet_is_a_note(self):
        future = messages().migration.Event(id=1, kind=77, message="a\nb\r\u2028")
        self.over(lambda call: messages().migration.WaitOperationResponse(operation=operation(1, done=True), events=[future]))
        events = list(self.stream().events())
        self.assertEqual((events[0][1], events[0][2]["kind"], events[0][2]["message"][:4]), ("note", 77, "a\nb\r"))

    def test_a_worker_that_does_not_wait_is_not_asked_without_end(self):
        """As one does that is stopping."""
        self.over(lambda call: told(1, [1] if call.input.after_event == 0 else []))
        events = list(self.stream().events())
        self.assertEqual([one[1] for one in events], ["note", "error"])
        self.assertEqual((events[1][2]["code"], "connect again" in events[1][2]["error"]), ("UNAVAILABLE", True))
        self.assertLess(len(self.waits()), 4)

    def test_another_goes_on_for_a_worker_that_does_not_wait(self):
        self.over(lambda call: told(1, [1] if call.input.after_event == 0 else []), lambda call: story(3)(call) if call.input.after_event else told(3))
        events = []
        for _ in range(6):  # whichever of the two is asked first
            events = list(self.stream().events())
            self.assertIn([one[0] for one in events], ([1, 2, 3, 0],) if events[-1][1] == "done" else ([1, 0], [0]))
        self.assertEqual(events[-1][1], "done")

    def test_a_stream_goes_on_at_another_worker_behind_the_last_id(self):
        first = lambda call: DIE if call.input.after_event else told(2, [1, 2] if call.input.wait_ms else [])
        second = lambda call: story(4)(call) if call.input.after_event else Failure(NOT_FOUND, "not yet")
        self.over(first, second)
        self.assertEqual([one[0] for one in self.stream().events()], [1, 2, 3, 4, 0])
        self.assertIn(2, self.waits(1))

    def test_when_all_workers_are_lost_an_error_event_is_the_last(self):
        die = lambda call: DIE if call.input.after_event else told(2, [1, 2] if call.input.wait_ms else [])
        self.over(die, die)
        events = list(self.stream().events())
        self.assertEqual([one[1] for one in events], ["note", "note", "error"])
        self.assertEqual(events[2][2]["code"], "UNAVAILABLE")

    def test_an_operation_that_is_forgotten_in_the_middle_is_an_error_event(self):
        self.over(lambda call: unknown(call) if call.input.after_event else told(1, [1] if call.input.wait_ms else []))
        self.assertEqual([one[1] for one in self.stream().events()], ["note", "error"])

    def test_what_one_worker_does_not_know_the_next_is_asked_for(self):
        self.over(unknown, unknown, lambda call: operation(1))
        for _ in range(4):
            self.assertEqual(self.http.get(PATH).json["last_event"], 1)
        self.assertEqual(self.over(unknown, unknown).get(PATH).status, 404)
        self.assertEqual([len(worker.calls) for worker in self.workers], [1, 1])

    def test_what_nobody_knows_but_one_cannot_be_asked_for_is_503(self):
        """Not 404: the one that is away may know it."""
        for answers in ((unknown, lambda call: DIE), (lambda call: DIE, unknown)):
            self.assertEqual(self.over(*answers).get(PATH).status, 503)

    def test_other_errors_are_not_asked_for_twice(self):
        self.over(lambda call: Failure(INTERNAL, "no"), lambda call: Failure(INTERNAL, "no"))
        self.assertEqual(self.http.get(PATH).status, 500)
        self.assertEqual(sum(len(worker.calls) for worker in self.workers), 1)

    # ---- what is asked ----

    def test_the_placeholder_is_the_field_and_no_parameter(self):
        self.over(lambda call: operation(1))
        self.http.get("/api/operations/a%20%C3%A4")
        self.assertEqual(self.workers[0].calls[-1].input.id, "a ä")
        self.assertIn("after_event, wait_ms", self.http.get(PATH + "/wait?id=2").json["error"])
        for path in (EVENTS + "?wait_ms=5", EVENTS + "?id=2"):
            self.assertEqual(self.http.get(path).status, 400)
        for path in ("/api/operations/", "/api/operations/%00", "/api/operations/%zz", "/api/operations/%ff", "/api/operations//events", "/api/operations/1/2/events"):
            self.assertIn(self.http.get(path).status, (400, 404), path)

    def test_a_parameter_that_is_unknown_is_answered_with_those_there_are(self):
        self.over(lambda call: messages().migration.PlanResponse())
        for query in ("x", "x=1", "Target=1", "allowOutOfOrder=true", "%74arget%00=1", "=1"):
            answer = self.http.get("/api/migrations/plan?" + query)
            self.assertEqual((answer.status, "migrations, target, transaction, allow_out_of_order" in answer.json["error"]), (400, True), answer.body)
        self.assertEqual(self.workers[0].calls, [])

    def test_the_parameters_arrive_as_they_were_meant(self):
        self.over(lambda call: messages().migration.PlanResponse())
        for query, wanted in (("migrations=a%2Cb,c&migrations=d", {"migrations": ["a,b", "c", "d"]}), ("migrations=%C3%A4+b", {"migrations": ["ä b"]}),
                              ("transaction=all&allow_out_of_order=true", {"transaction": 2, "allow_out_of_order": True}),
                              ('target="a"%5C', {"target": '"a"\\'}), ("%74arget=1", {"target": "1"}), ("", {}), ("target", {}), ("target=", {}),
                              ("allow_out_of_order=false", {"allow_out_of_order": False})):
            self.assertEqual(self.http.get("/api/migrations/plan?" + query).status, 200, query)
            self.assertEqual(self.workers[0].calls[-1].input, messages().migration.PlanRequest(**wanted), query)
        for query in ("allow_out_of_order=", "allow_out_of_order=1", "allow_out_of_order=True", "transaction=ALL!", "target=%", "target=%4", "target=%0a", "target=%c3",
                      "allow_out_of_order=true,false"):
            self.assertEqual(self.http.get("/api/migrations/plan?" + query).status, 400, query)

    def test_numbers_are_numbers(self):
        self.over(lambda call: messages().migration.ListOperationsResponse())
        self.assertEqual(self.http.get("/api/operations?limit=7").status, 200)
        self.assertEqual(self.workers[0].calls[-1].input.limit, 7)
        for bad in ("-1", "%2B1", "1.0", "1e1", "0x1", "4294967296", "9" * 400, " 1", "1;2", "", "null"):
            answer = self.http.get("/api/operations?limit=" + bad.replace(" ", "%20"))
            self.assertEqual((answer.status, "limit" in answer.json.get("error", "")), (400, True), bad)

    def test_a_long_poll_may_take_as_long_as_it_asks(self):
        self.over(lambda call: told(1), arguments=("--timeout", "2"))
        for asked, patience in ((0, 2000), (60000, 62000), (4294967295, 62000), (4294965297, 62000)):
            self.assertEqual(self.http.get(f"{PATH}/wait?wait_ms={asked}").status, 200)
            self.assertEqual(self.workers[0].calls[-1].timeout_ms, patience)

    def test_a_preference_is_found_wherever_it_stands(self):
        self.over(lambda call: operation(0) if call.method == "StartRun" else messages().migration.RunResponse(ok=True))
        head = f"POST {RUN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n"
        for lines, status in (("Prefer: respond-async", 202), ("prefer: RESPOND-ASYNC", 202), ("Prefer: wait=3,respond-async;x=y", 202),
                              ("Prefer: return=minimal\r\nPrefer: respond-async", 202), ("Prefer: a=\"b,c\\\"d\" , respond-async", 202),
                              ("Prefer: a=\"x, respond-async, y\"", 200), ("Prefer: \"respond-async\"", 200), ("Prefer: respond-asynchronously", 200),
                              ("Prefer: respond-sync", 200), ("Prefer: ,;,=,\"", 200), ("Prefer:", 200)):
            answer = self.http.raw(f"{head}{lines}\r\n\r\n".encode())
            self.assertEqual(int(answer.split()[1]), status, lines)
            self.assertEqual(b"Location: /api/operations/1\r\n" in answer, status == 202, lines)

    # ---- keys and reasons ----

    def test_a_run_with_a_key_whose_worker_dies_is_asked_of_another_with_the_key(self):
        run = messages().migration.RunResponse(ok=True, summary="done")
        self.over(lambda call: DIE, lambda call: run)
        self.assertEqual(self.http.post(RUN, {"target": "3"}, headers={"Idempotency-Key": "k"}).status, 200)
        calls = [worker.calls[0] for worker in self.workers]
        self.assertEqual([(call.method, call.metadata["idempotency-key"], call.input.target) for call in calls], [("Run", "k", "3")] * 2)
        self.assertEqual(calls[0].metadata["request-id"], calls[1].metadata["request-id"])

    def test_a_start_without_a_key_is_asked_of_nobody_else(self):
        self.over(lambda call: DIE, lambda call: operation(0))
        self.assertEqual(self.http.post(RUN, headers={"Prefer": "respond-async"}).status, 503)
        self.assertEqual(self.workers[1].calls, [])

    def test_keys_without_end_or_beginning_are_refused(self):
        self.over(lambda call: messages().migration.RunResponse(ok=True))
        for key, status in (("x" * 255, 200), ("x" * 256, 400), ("", 400), ("a\tb", 400)):
            self.assertEqual(self.http.post(RUN, headers={"Idempotency-Key": key}).status, status, key)

    def test_a_key_is_refused_where_none_is_kept_and_passed_over_where_none_is_needed(self):
        self.over(lambda call: Failure(UNAVAILABLE, "down"), lambda call: messages().migration.CheckResponse(safe=True))
        writes = {(method, path) for path, methods in self.http.get("/openapi.json").json["paths"].items() for method in methods if method != "get"}
        document = self.http.get("/openapi.json").json["paths"]
        keyed = {(method, path) for method, path in writes
                 if any(one["name"] == "Idempotency-Key" for one in document[path][method].get("parameters", ()))}
        self.assertEqual(keyed, {("post", "/api/migrations/idempotent/" + name) for name in ("run", "mark-applied", "mark-rolled-back", "baseline")}
                         | {("post", "/api/migrations/" + name) for name in ("up", "create")}
                         | {("post", "/api/backups"), ("post", "/api/backups/snapshot")}
                         | {("post", "/api/branches" + name) for name in ("", "/golden", "/{id}/reset")})
        for method, path in (("POST", "/api/backups/1/restore"), ("POST", "/api/backups/1/verify"), ("POST", "/api/branches/1/rehearse"),
                             ("POST", "/api/migrations/approvals"), ("DELETE", "/api/migrations/approvals/x"), ("DELETE", "/api/branches/1"),
                             ("DELETE", "/api/backups/1"), ("POST", "/api/branches/1/protect"), ("PATCH", "/api/branches/1"), ("POST", "/api/sql/explain")):
            answer = self.http.request(method, path, None if method == "DELETE" else {}, {"Idempotency-Key": "k"})
            self.assertEqual((path, answer.status, b"Idempotency-Key" in answer.body), (path, 400, True))
        self.assertEqual([worker.calls for worker in self.workers], [[], []])
        self.assertEqual(self.http.post("/api/migrations/check", headers={"Idempotency-Key": "k"}).status, 200)
        self.assertEqual([("idempotency-key" in call.metadata) for worker in self.workers for call in worker.calls], [False, False])

    def test_what_nobody_counts_behind_a_run_is_null_and_of_the_framework_that_was_run(self):
        run = messages().migration.RunResponse(ok=True)
        for status, pending in ((Failure(UNAVAILABLE, "down"), None), (messages().migration.GetStatusResponse(problem="unknown"), None),
                                (messages().migration.GetStatusResponse(summary={"pending": 3}), 3),
                                (messages().migration.GetStatusResponse(summary={}), 0)):
            self.over(lambda call, status=status: run if call.method == "Run" else status)
            answer = self.http.post("/api/migrations/up", {"framework": "knex"})
            self.assertEqual((answer.status, answer.json["pendingCount"]), (200, pending))
            self.assertEqual([(call.method, call.input.framework) for call in self.workers[0].calls], [("Run", "knex"), ("GetStatus", "knex")])

    def test_a_reason_tells_the_status_where_the_code_is_too_wide(self):
        for code, reason, status in ((INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED", 422), (ABORTED, "IN_FLIGHT", 409), (ABORTED, "PLAN_CHANGED", 409),
                                     (ABORTED, "LOCKED", 409), (INVALID_ARGUMENT, "", 400), (INVALID_ARGUMENT, "SOMETHING", 400)):
            answer = self.over(lambda call, code=code, reason=reason: Failure(code, "no", reason)).post(RUN)
            self.assertEqual((answer.status, answer.json.get("reason", "")), (status, reason))

    # ---- odd clients ----

    def test_a_client_that_takes_nothing_is_waited_for_and_then_ended(self):
        """Only what it takes is asked for; its stream has an end, and nobody else notices."""
        def endless(call):
            first = call.input.after_event + 1
            return told(first + 500, range(first, first + 500) if call.input.wait_ms else [], "x" * 1000)
        self.over(endless)
        slow = self.stream()
        wait_for(self.waits)
        self.assertLess(settled(lambda: len(self.waits()), 2), 40)
        self.assertEqual(self.http.get("/healthz").status, 200)
        with open(f"/proc/{self.program.process.pid}/status", encoding="ascii") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        self.assertLess(resident, 400_000 if harness.SANITIZED else 60_000)
        wait_for(lambda: not self.established(slow), 90, 0.5)

    def established(self, stream):
        """Does the bridge still hold its end of the connection?"""
        here, there = (f":{port:04X}" for port in (stream.socket.getpeername()[1], stream.socket.getsockname()[1]))
        with open("/proc/net/tcp", encoding="ascii") as file:
            return any(words[1].endswith(here) and words[2].endswith(there) and words[3] == "01" for words in map(str.split, file))

    def test_a_client_that_is_slow_gets_all_of_it(self):
        self.over(lambda call: told(3000, range(call.input.after_event + 1, min(call.input.after_event + 501, 3001)), "y" * 2000, done=True))
        ids = []
        for one in self.stream().events():
            ids.append(one[0])
            if len(ids) % 500 == 0:
                time.sleep(0.3)
        self.assertEqual(ids, [*range(1, 3001), 0])

    def test_http_1_0_reads_to_the_end_of_the_connection(self):
        self.over(story(2))
        answer = self.http.raw(b"GET " + EVENTS.encode() + b" HTTP/1.0\r\nHost: localhost\r\n\r\n")
        self.assertNotIn(b"chunked", answer)
        self.assertEqual(re.findall(rb"\nevent: (\w+)\n", answer), [b"note", b"note", b"done"])

    def test_the_next_request_of_the_connection_is_answered_behind_a_stream(self):
        self.over(story(2))
        one = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = self.http.raw((one * 2 + "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").encode())
        self.assertEqual((answer.count(b"event: done"), answer.count(b"HTTP/1.1 200")), (2, 3))

    def test_a_last_id_that_is_none_is_refused(self):
        self.over(story(2))
        for bad in ("", "x", "-1", "1 2", "1,2", "0x1", "4294967296", "9" * 3000, "1\u00e4"):
            answer = self.http.raw(f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID:{bad}\r\nConnection: close\r\n\r\n".encode())
            self.assertEqual(int(answer.split()[1]), 400, bad)
        self.assertEqual([one[0] for one in self.stream(EVENTS + "?after_event=0", **{"Last-Event-ID": "1"}).events()], [2, 0])

    def test_too_many_streams_are_served_or_refused_and_leave_nothing(self):
        self.over(self.quiet)
        self.assertEqual(self.crowd(), (STREAMS, 36))
        wait_for(lambda: self.crowd() == (STREAMS, 36))  # the bridge lets go of them a moment later

    def crowd(self):
        """How many of too many streams at once are served, and how many refused; then all of them go, and their operation ends."""
        self.news.clear()
        streams = [self.stream() for _ in range(STREAMS + 36)]
        statuses = [one.status for one in streams]
        self.assertEqual(self.http.get("/healthz").status, 200)
        for one in streams:
            one.reset()
        self.news.set()
        return statuses.count(200), statuses.count(503)

    def quiet(self, call):
        """Nothing happens until there is news; then everything ends."""
        if call.input.wait_ms and not self.news.wait(9):
            return told(0)
        return told(0, done=call.input.wait_ms > 0)

    def setUp(self):
        self.news = threading.Event()
        self.addCleanup(self.news.set)

    def test_clients_that_go_at_any_moment_break_nothing(self):
        chance = random.Random(3)
        counter = itertools.count(1)

        def chatty(call):
            time.sleep(chance.random() / 100)
            first = call.input.after_event + 1
            return told(first + 9, range(first, first + chance.randrange(4)) if call.input.wait_ms else [], "z" * chance.randrange(20000))

        def visit():
            for _ in range(20):
                stream = Stream(self.http, EVENTS)
                time.sleep(chance.random() / 20)
                next(counter)
                (stream.reset if chance.random() < 0.5 else stream.close)()
        self.over(chatty, chatty)
        threads = [threading.Thread(target=visit) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(next(counter), 161)
        wait_for(lambda: [self.stream() for _ in range(STREAMS)][-1].status == 200, every=1)

    def test_a_stop_in_the_middle_of_all_this_is_clean(self):
        """Streams that wait, that flow, that nobody reads, and new ones."""
        def mixed(call):
            first = call.input.after_event + 1
            if call.input.id == "1" and call.input.wait_ms:
                self.news.wait(9)
                return told(0)
            return told(first + 500, range(first, first + 100) if call.input.wait_ms else [], "x" * 1000)
        self.over(mixed)
        quiet = [self.stream() for _ in range(5)]
        unread = [self.stream("/api/operations/2/events") for _ in range(5)]
        flowing = self.stream("/api/operations/3/events").events()
        threading.Thread(target=lambda: [None for _ in flowing], daemon=True).start()
        began = time.monotonic()
        self.program.process.send_signal(signal.SIGTERM)
        self.assertEqual([list(one.events())[-1][1:] for one in quiet],
                         [("error", {"error": "The bridge is stopping; connect again and continue after the last id.", "code": "UNAVAILABLE"})] * 5)
        self.program.stop()
        self.assertLess(time.monotonic() - began, 50)
        self.assertEqual(len(unread), 5)


if __name__ == "__main__":
    harness.main()
