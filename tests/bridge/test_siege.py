"""Crowds without manners in front of the bridge: a good client is served beside them, and all is given back when they have gone.

At the end there is a table of what was measured: "TRUSS_SIEGE=1 test_siege.py Bridge Worker" makes the whole one.

TRUSS_SIEGE  not empty: the whole numbers, 10,000 silent, 5,000 trickling, each from 1 and from 40 addresses, and the limits of a quiet
             machine (the long suite)
"""
import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

WHOLE = bool(os.environ.get("TRUSS_SIEGE"))
SECONDS = 12 if WHOLE else 1.5
SIEGE = os.path.join(os.path.dirname(__file__), "..", "support", "siege.py")
MEGABYTES = 400 if harness.SANITIZED else 64
SPARE = 400 if harness.SANITIZED else 16  # that may stay when the crowd has gone
ROWS = []
HEADS = ("at", "crowd", "held", "from", "good answers", "median ms", "p99 ms", "MB", "most", "after", "files", "most", "after", "opened", "closed")
FILES = 18700  # 16,384 clients, both ends of the links of a thousand, and what else a process has


@atexit.register
def show():
    """The table, as Markdown has it."""
    for row in ([HEADS, ["---"] * len(HEADS), *ROWS] if ROWS else []):
        print(f"| {' | '.join(map(str, row))} |", file=sys.stderr)


class Besieged(Case):
    limit = 600

    def besieged(self):
        """The program that is besieged, its address, and a good client's request."""
        raise NotImplementedError

    def means(self, program):
        with open(f"/proc/{program.pid}/status", encoding="ascii") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return resident // 1024, len(os.listdir(f"/proc/{program.pid}/fd"))

    def hold_out(self, kind, whole, few, sources, alone=False):
        """The whole numbers are held from one address and from 40, where no other test does one of them (alone)."""
        for each in (1, 40) if WHOLE and not alone else (sources,):
            with self.subTest(sources=each):
                self.hold_out_from(kind, whole if WHOLE else few, each)

    def hold_out_from(self, kind, count, sources):
        program, address, ask = self.besieged()
        ask()
        before = self.means(program)
        crowd = subprocess.Popen([sys.executable, SIEGE, kind, address, str(count), str(sources), str(SECONDS)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(crowd.kill)
        time.sleep(0.5)
        times, most = [], before
        while crowd.poll() is None:
            began = time.monotonic()
            ask()
            times.append(time.monotonic() - began)
            most = tuple(map(max, zip(most, self.means(program))))
            time.sleep(0.02)
        told = json.loads(crowd.stdout.read())
        crowd.stdout.close()
        times.sort()
        p99 = times[len(times) * 99 // 100]
        wait_for(lambda: self.means(program)[1] <= before[1] + 4)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.means(program)[0] < before[0] + SPARE, 5)
        after = self.means(program)
        ROWS.append((type(self).__name__, kind, count, sources, len(times), f"{times[len(times) // 2] * 1000:.1f}", f"{p99 * 1000:.1f}",
                     before[0], most[0], after[0], before[1], most[1], after[1], told["opened"], told["closed"]))
        self.assertGreater(told["opened"], min(count, 500) // 2)
        self.assertGreater(len(times), 100 if WHOLE else 0)
        self.assertLess(p99, 0.1 if WHOLE else 20)
        self.assertLess(most[0], MEGABYTES)
        self.assertLess(most[1], FILES)
        self.assertLess(after[0], before[0] + SPARE)


@unittest.skipIf(harness.SANITIZED, "a sanitizer takes addresses without end")
class Limited(Case):
    """Requests that take much, more at once than there is memory for: each is answered, and worker and bridge live on."""

    limit = 600

    def ask(self, http, number, end, told):
        tables = "".join(f"create table a{i}(b int);" for i in range(200000))
        rows = {"sql": "select repeat('x', 1000000) from generate_series(1, 100)"}
        wishes = (("detect-schema", "migrations/idempotent/detect-schema", {"sql": tables}), ("query", "sql/query", rows),
                  ("long", "migrations/idempotent/detect-schema", {"sql": f"/*{'x' * 7900000}*/"}), ("plan", "migrations/plan", None),
                  ("dry run", "migrations/idempotent/run", {"dry_run": True}), ("status", "migrations/status", None),
                  ("preview", "migrations/preview/2025_big", None))
        while time.monotonic() < end:
            name, path, body = wishes[number % len(wishes)]
            number += 1
            try:
                status = http.request("GET" if body is None else "POST", "/api/" + path, body).status
            except OSError as error:
                status = type(error).__name__
            told[name, status] = told.get((name, status), 0) + 1

    def test_a_program_that_was_just_started_takes_few_addresses(self):
        """nng's threads are a dozen, and take a stack each."""
        worker = self.worker(self.project("prisma-blog"))
        for process in (worker.process, self.bridge(worker).process):
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                space = next(int(line.split()[1]) for line in file if line.startswith("VmSize"))
            self.assertLess(space, 110 << 10)

    def test_a_request_without_memory_ends_and_its_program_does_not(self):
        limited = {"space": 380 << 20}
        files = self.project("prisma-blog").add("2025_big", "".join(f"insert into a values({i});\n" for i in range(400000)))
        worker = self.worker(files, limits=limited)
        http = self.bridge(worker, limits=limited)
        told, end = {}, time.monotonic() + (40 if WHOLE else 8)
        clients = [threading.Thread(target=self.ask, args=(http, number, end, told)) for number in range(20)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        print(f"380 MB of addresses: {told}", file=sys.stderr)
        self.assertEqual((worker.process.poll(), http.process.poll()), (None, None), worker.text()[-300:])
        self.assertLessEqual({status for _, status in told}, {200, 400, 409, 429, 503, 504})
        self.assertIn(503, {status for _, status in told})
        wait_for(lambda: http.get("/api/migrations/status").status == 200)


class Bridge(Besieged):
    def besieged(self):
        self.files = self.project("prisma-blog")
        http = self.bridge(self.worker(self.files))

        def ask():
            answer = http.get("/api/migrations/status")
            self.assertEqual(answer.status, 200, answer.body)
        return http.process, f"{http.host}:{http.port}", ask

    def test_silent_connections(self):
        self.hold_out("silent", 10000, 1500, 1, alone=True)

    def test_silent_connections_of_many(self):
        self.hold_out("silent", 10000, 500, 40, alone=True)

    def test_headers_that_trickle(self):
        self.hold_out("headers", 5000, 300, 40)

    def test_heads_that_come_half_and_fill_what_may_be_kept(self):
        """15 kB of each: two addresses have more than all may. A good client of a third one is answered, and is no refused one."""
        self.hold_out("heads", 2000, 1200, 2, alone=True)

    def test_bodies_that_trickle(self):
        self.hold_out("body", 5000, 300, 1)

    def test_chunks_that_trickle(self):
        self.hold_out("chunks", 5000, 300, 40)

    def test_bodies_that_are_only_announced(self):
        self.hold_out("announced", 1000, 300, 40)

    def test_requests_of_clients_that_send_no_more(self):
        self.hold_out("half", 2000, 200, 40)

    def test_answers_that_nobody_reads(self):
        self.hold_out("unread", 1000, 100, 1, alone=True)

    def test_answers_that_nobody_of_many_reads(self):
        self.hold_out("unread", 1000, 100, 40, alone=True)


class Worker(Besieged):
    def listen(self):
        return "tcp://127.0.0.1:0"

    def besieged(self):
        """The good client has been there before, as a bridge has: it keeps its connection."""
        process = self.worker(self.project("prisma-blog"), listen=self.listen())
        rpc = self.rpc(process)
        address = process.address.partition("://")[2]
        return process.process, address, lambda: self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)

    def test_silent_connections(self):
        self.hold_out("silent", 10000, 900, 1)

    def test_connections_that_greet_and_say_nothing(self):
        self.hold_out("rpc-idle", 10000, 500, 40)

    def test_greetings_that_trickle(self):
        self.hold_out("rpc-greeting", 5000, 300, 40)

    def test_frames_that_are_only_announced(self):
        self.hold_out("rpc-announced", 1000, 300, 40)

    def test_frames_that_come_half_and_fill_what_may_be_kept(self):
        self.hold_out("rpc-large", 400, 200, 2, alone=True)

    def test_frames_that_trickle(self):
        self.hold_out("rpc-trickle", 5000, 300, 1)

    def test_requests_of_clients_that_send_no_more(self):
        self.hold_out("rpc-half", 2000, 200, 40)

    def test_replies_that_nobody_reads(self):
        """From 40 alone: a client of the crowd's own address loses its connection, and comes again."""
        self.hold_out("rpc-unread", 1000, 100, 40, alone=True)


if WHOLE:
    class UnixWorker(Worker):
        """The same behind another socket: in the long suite only."""

        def listen(self):
            return self.socket_url()

        def hold_out(self, kind, whole, few, sources, alone=False):
            """Nobody has an address there."""
            self.hold_out_from(kind, whole, 1)


if __name__ == "__main__":
    harness.main()
