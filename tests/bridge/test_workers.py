"""The bridge and workers that die, dawdle or are told too much: no database, and workers of the tests' own."""
import contextlib
import json
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from fake_worker import DIE, Bridged
from harness import messages, wait_for

STATUS = "/api/migrations/idempotent/status"
RUN = "/api/migrations/idempotent/run"
DETECT = "/api/migrations/idempotent/detect-schema"
LIMIT = 8 * 1024 * 1024


class Workers(Bridged):
    @staticmethod
    def status(_call):
        return messages().migration.GetStatusResponse(database="x")

    @staticmethod
    def slowly(_call):
        time.sleep(0.3)
        return Workers.status(None)

    def test_a_read_whose_worker_dies_is_asked_of_another(self):
        http = self.bridge(lambda call: DIE, self.status)
        self.assertEqual(http.get(STATUS).json["database"], "x")
        self.assertEqual([worker.methods for worker in self.workers], [["GetStatus"], ["GetStatus"]])

    def test_a_run_whose_worker_dies_is_asked_of_nobody_else(self):
        http = self.bridge(lambda call: DIE, self.status)
        self.assertEqual(http.post(RUN).status, 503)
        self.assertEqual([worker.methods for worker in self.workers], [["Run"], []])

    def test_when_all_workers_die_it_says_so(self):
        http = self.bridge(lambda call: DIE, lambda call: DIE)
        self.assertEqual(http.get(STATUS).json["code"], "UNAVAILABLE")
        self.assertEqual([len(worker.methods) for worker in self.workers], [1, 1])

    def test_the_count_behind_a_run_may_fail(self):
        run = messages().migration.RunResponse(ok=True, summary="done")
        http = self.bridge(lambda call: run if call.method == "Run" else DIE)
        answer = http.post("/api/migrations/up")
        self.assertEqual((answer.status, answer.json["ok"], answer.json["error"]), (200, True, None))

    def test_an_up_that_fails_says_why_where_errors_are(self):
        run = messages().migration.RunResponse(failed={"name": "a", "error": "division by zero"})
        http = self.bridge(lambda call: run if call.method == "Run" else self.status(call))
        answer = http.post("/api/migrations/up")
        self.assertEqual((answer.status, answer.json["error"]), (400, "division by zero"))

    def ask_many(self, http, count):
        """Starts so many requests, no two of them equal; answers the list of their statuses, which fills."""
        answers = []
        threads = [threading.Thread(target=lambda n=n: answers.append(http.get(f"{STATUS}?framework=f{n}").status)) for n in range(count)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(self.workers[0].methods) == count)
        return threads, answers

    def test_equal_reads_are_one_call_and_nobody_is_told_what_was_before_he_came(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def numbered(call):
            reply = self.status(call)
            reply.database = str(len(self.workers[0].calls))
            gate.wait(20)
            return reply
        http = self.bridge(numbered)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(http.get("/api/migrations/idempotent/status").json["database"])) for _ in range(41)]
        threads[0].start()
        wait_for(lambda: len(self.workers[0].calls) == 1)
        for thread in threads[1:]:
            thread.start()
        time.sleep(1)
        self.assertEqual(len(self.workers[0].calls), 1)
        gate.set()
        for thread in threads:
            thread.join()
        # One was answered by the first call; all who came while it was under way by the second.
        self.assertEqual(sorted(answers), ["1"] + ["2"] * 40)
        self.assertEqual(len(self.workers[0].calls), 2)

    def test_of_equal_reads_each_has_the_answer_as_it_takes_it(self):
        """What is made once for several is what each would have had alone."""
        gate = threading.Event()

        def whole(call):
            reply = self.status(call)
            reply.database = "x" * 4000
            gate.wait(20)
            return reply
        http = self.bridge(whole)
        path = "/api/migrations/idempotent/status"
        wishes = [(path + query, headers) for query in ("", "?fields=database", "?fields=summary,database")
                  for headers in ({}, {"Accept-Encoding": "gzip"}, {"If-None-Match": "*"}, {"If-None-Match": '"none"', "Accept-Encoding": "gzip"})]
        gate.set()
        alone = [self.as_sent(http.get(wish[0], headers=wish[1])) for wish in wishes]
        self.assertEqual(len(set(map(str, alone))), 9)  # a tag that is not the client's is none
        for _ in range(3):
            gate.clear()
            before, together = len(self.workers[0].calls), [None] * (2 * len(wishes))

            def ask(number, together=together):
                wish = wishes[number % len(wishes)]
                together[number] = self.as_sent(http.get(wish[0], headers=wish[1]))
            first = threading.Thread(target=http.get, args=(path,))
            first.start()
            wait_for(lambda before=before: len(self.workers[0].calls) == before + 1)
            threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(together))]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            gate.set()
            for thread in [first, *threads]:
                thread.join()
            self.assertEqual(together, alone * 2)
            self.assertLess(len(self.workers[0].calls), before + len(together))

    @staticmethod
    def as_sent(answer):
        return answer.status, answer.headers.get("ETag"), answer.headers.get("Content-Encoding"), answer.body

    def test_reads_with_other_credentials_are_not_shared(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        http = self.bridge(lambda call: gate.wait(20) and self.status(call))
        threads = [threading.Thread(target=lambda n=n: http.get(STATUS, headers={"Authorization": f"Bearer {n}"})) for n in range(5)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(self.workers[0].calls) == 5)
        gate.set()
        for thread in threads:
            thread.join()
        self.assertEqual({call.metadata["authorization"] for call in self.workers[0].calls}, {f"Bearer {n}" for n in range(5)})

    def test_a_stop_waits_for_the_answers_under_way(self):
        http = self.bridge(self.slowly)
        threads, answers = self.ask_many(http, 16)
        self.program.stop()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [200] * 16)

    def test_a_stop_tells_those_who_wait_for_too_long(self):
        end = threading.Event()
        self.addCleanup(end.set)
        http = self.bridge(lambda call: end.wait() and self.status(call))
        threads, answers = self.ask_many(http, 4)
        began = time.monotonic()
        self.program.stop()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [503] * 4)
        self.assertLess(time.monotonic() - began, 50)

    def test_a_stop_under_fire_is_clean(self):
        """Old connections go on asking while the channels to the workers are closed. Nobody is waited for who would ask for ever: that
        would take the whole grace, each time."""
        self.assertLess(min(self.stop_under_fire() for _ in range(2)), 4)

    def stop_under_fire(self):
        """How long it takes."""
        http = self.bridge(self.status, self.slowly)
        shots = []

        def fire():
            with contextlib.suppress(OSError), socket.create_connection((http.host, http.port), timeout=60) as client:
                while client.send(f"GET {STATUS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()) and client.recv(65536):
                    shots.append(client)
        threads = [threading.Thread(target=fire) for _ in range(16)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(shots) >= 2 * len(threads))
        began = time.monotonic()
        self.program.stop()
        for thread in threads:
            thread.join()
        return time.monotonic() - began

    def test_a_body_of_countless_values_is_refused_before_it_is_a_tree(self):
        http = self.bridge(self.status)
        for unit in (b"{},", b"[],", b"0,", b'"",', b'{"a":['):
            body = b'{"sql":[' + unit * ((LIMIT - 100) // len(unit)) + b"0]}"
            answer = http.request("POST", DETECT, body, {"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400)
        with open(f"/proc/{self.program.process.pid}/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        self.assertLess(peak, 600_000 if harness.SANITIZED else 100_000)

    def test_bodies_of_many_clients_do_not_fill_the_memory(self):
        http = self.bridge(self.status)
        head = f"POST {DETECT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {LIMIT}\r\n\r\n".encode()
        clients = [socket.create_connection((http.host, http.port), timeout=60) for _ in range(12)]
        for client in clients:
            self.addCleanup(client.close)
            client.sendall(head + b" " * (LIMIT - 1))
        clients[-1].sendall(b" ")
        self.assertIn(b" 503 ", clients[-1].recv(4000))
        for client in clients:
            client.close()
        sql = {"sql": "-- " + "x" * (LIMIT - 1000)}
        wait_for(lambda: http.post(DETECT, sql).status != 503)

    def test_bytes_that_are_not_utf8_are_not_given_back(self):
        http = self.bridge(self.status)
        for line in (b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost", b"GET / HTTP/1.1\r\nHost: \xff", b"G\xffT / HTTP/1.1\r\nHost: localhost",
                     b"GET /" + b"\xc3\xa4" * 150 + b" HTTP/1.1\r\nHost: localhost",
                     f"GET {STATUS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ".encode() + b"\xff"):
            with self.subTest(line=line):
                data = http.raw(line + b"\r\nConnection: close\r\n\r\n")
                self.assertIn(int(data.split()[1]), (400, 403, 404, 405))
                json.loads(data.partition(b"\r\n\r\n")[2].decode())
        self.assertEqual(self.workers[0].methods, [])


if __name__ == "__main__":
    harness.main()
