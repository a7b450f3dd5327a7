"""The room that is kept for requests is full: who gives some up is told the truth of his own request, and keeps his connection."""
import os
import select
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from fake_worker import Bridged
from harness import Case, Rpc, messages, wait_for

UNAVAILABLE = 14
MEGABYTE = 1 << 20
STATUS = b"GET /api/migrations/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 15000


class WorkersRoom(Case):
    def half(self, source, megabytes):
        """A connection that has sent more than half of such a request; and the rest of it."""
        rpc = Rpc(self.process.address, source=source)
        self.addCleanup(rpc.close)
        frame = struct.pack(">QI", megabytes * MEGABYTE, 0x80000001) + b"x" * (megabytes * MEGABYTE - 4)
        rpc.number = 1
        sent = 8 + 9 * MEGABYTE
        rpc.socket.sendall(frame[:sent])
        return rpc, frame[sent:]

    def code(self, rpc, rest):
        rpc.socket.sendall(rest)
        response = messages().rpc.Response()
        response.ParseFromString(rpc.receive_bytes())
        return response.status.code

    def test_who_gives_up_the_room_of_a_request_is_told_so_and_keeps_the_connection(self):
        self.process = self.worker(self.project("prisma-blog"), listen="tcp://127.0.0.1:0")
        large = self.half("127.0.0.2", 15)
        other = self.half("127.0.0.3", 14)
        self.assertNotEqual(self.code(*self.half("127.0.0.4", 12)), UNAVAILABLE)
        self.assertEqual(self.code(*large), UNAVAILABLE)
        large[0].call("Health", "Check")
        self.assertNotEqual(self.code(*other), UNAVAILABLE)


@unittest.skipIf(harness.SANITIZED, "many heads come too slowly to be half at the same time")
class BridgesRoom(Bridged):
    def answer(self, call):
        if call.method == "GetStatus":
            self.assertTrue(self.may_end.wait(60))
        return messages().migration.GetStatusResponse()

    def come(self, number, data):
        one = socket.create_connection((self.http.host, self.http.port), timeout=60, source_address=(f"127.1.{number // 250}.{number % 250 + 1}", 0))
        self.addCleanup(one.close)
        one.sendall(data)
        return one

    def told(self, clients, milliseconds):
        """How many of them have been sent something by then."""
        poll = select.poll()
        for one in clients:
            poll.register(one, select.POLLIN)
        return len(poll.poll(milliseconds))

    def asked(self):
        return self.workers[0].methods.count("GetStatus")

    def test_whose_request_is_at_the_server_is_not_told_that_it_was_not_begun(self):
        """Of both more bytes come, of a next request: of the first before all room is taken, of the second behind that."""
        self.may_end = threading.Event()
        self.addCleanup(self.may_end.set)
        self.http = self.bridge(self.answer)
        first, second = self.come(5000, STATUS), self.come(5001, STATUS.replace(b"status", b"status?limit=5"))
        wait_for(lambda: self.asked() == 2)
        first.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 25000)
        crowd = [self.come(number, HALF) for number in range(1200)]
        wait_for(lambda: self.told(crowd[-50:], 0) > 0)  # they are refused: there is no room
        second.sendall(HALF)
        self.assertEqual(self.told([first, second], 1000), 0)
        self.may_end.set()
        for one in (first, second):
            with one.makefile("rb") as file:
                answer = file.read()  # and then it ends
            self.assertEqual((answer[:15], answer.count(b"HTTP/1.1 ")), (b"HTTP/1.1 200 OK", 1), answer)


LINKS = 1024  # src/bridge/relay.c
STALLED_S, LET_GO_S = 2, 15  # who reads nothing: when he has no right to a link any more, and when he is let go whoever waits


@unittest.skipIf(harness.SANITIZED, "so many answers come too slowly to be unread at the same time")
class BridgesLinks(Bridged):
    def answer(self, call):
        return messages().migration.GetStatusResponse(problem="x" * 1000000)

    def come(self, number, request=STATUS):
        one = socket.socket()
        self.addCleanup(one.close)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(60)
        one.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
        one.connect((self.http.host, self.http.port))
        one.sendall(request)
        return one

    def read_slowly(self, one, stop, got):
        while not stop.wait(0.2):
            got.append(len(one.recv(512)))

    def test_who_reads_nothing_for_two_seconds_gives_up_his_link_and_who_reads_slowly_does_not(self):
        self.http = self.bridge(self.answer)
        slow, stop, got = self.come(0), threading.Event(), []
        reader = threading.Thread(target=self.read_slowly, args=(slow, stop, got))
        reader.start()
        for number in range(1, LINKS + 200):
            self.come(number)
        began = time.monotonic()
        answer = self.http.get("/api/migrations/status?limit=1")
        took = time.monotonic() - began
        stop.set()
        reader.join()
        self.assertEqual(answer.status, 200)
        self.assertLess(took, LET_GO_S - STALLED_S)
        self.assertNotIn(0, got)
        slow.settimeout(5)
        self.assertGreater(len(slow.recv(512)), 0)

    def test_answers_that_nobody_reads_are_dropped_after_two_seconds_where_there_are_many(self):
        """Of requests that share nothing; a few may be unread for longer, as who reads slowly may."""
        self.http = self.bridge(self.answer)
        slow, stop, got = self.come(0), threading.Event(), []
        reader = threading.Thread(target=self.read_slowly, args=(slow, stop, got))
        reader.start()
        silent = [self.come(number, STATUS.replace(b"status", b"status?limit=%d" % number)) for number in range(1, 40)]
        wait_for(lambda: self.workers[0].methods.count("GetStatus") >= 39)
        time.sleep(STALLED_S + 1)
        began = time.monotonic()
        self.assertEqual(self.http.get("/api/migrations/status?limit=1000").status, 200)

        def gone(one):
            one.settimeout(1)
            try:
                while one.recv(65536):
                    pass
                return True
            except ConnectionResetError:
                return True
            except TimeoutError:
                return False
        dropped = [gone(one) for one in silent[:5]]
        self.assertLess(time.monotonic() - began, LET_GO_S - STALLED_S - 2)
        self.assertEqual(dropped, [True] * 5)
        stop.set()
        reader.join()
        self.assertNotIn(0, got)


if __name__ == "__main__":
    harness.main()
