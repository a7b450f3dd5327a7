"""Requests that no friend sends, mostly over a raw socket. After each, the bridge answers the next caller."""
import contextlib
import json
import os
import re
import shutil
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Staying

RUN = "/api/migrations/idempotent/run"
MARK = "/api/migrations/idempotent/mark-applied"
DETECT = "/api/migrations/idempotent/detect-schema"
LIMIT = 8 * 1024 * 1024


class Hostile(Staying):
    def setUp(self):
        super().setUp()
        self.stay(fixture="prisma-blog")
        self.http = self.stay_behind_bridge()

    def tearDown(self):
        """Whatever was sent: it serves on, and nothing was run by it."""
        self.assertEqual(self.http.get("/api/migrations/idempotent/status").json["summary"]["pending"], 4)

    def statuses(self, data, **options):
        """The status of every answer to these bytes; libmicrohttpd sends the headers of its own refusals twice."""
        return [int(status) for status in re.findall(rb"HTTP/1\.\d (\d{3}) ", self.http.raw(data, **options))]

    def request(self, *headers, line="GET /healthz HTTP/1.1", host="Host: localhost", body=b""):
        head = "\r\n".join([line, *([host] if host else []), "Connection: close", *headers]) + "\r\n\r\n"
        return head.encode("latin-1") + body

    def assert_refused(self, data, *allowed):
        """One answer, of one of these statuses, and then the end: what follows is not taken for a request."""
        statuses = self.statuses(data)
        self.assertIn(len(set(statuses)), (0, 1), statuses)
        self.assertTrue(set(statuses) <= set(allowed), statuses)

    def test_clients_that_are_gone_before_their_request_is_looked_at(self):
        """Their connection has no address any more, and none is read."""
        def storm():
            for _ in range(1500):
                with socket.create_connection((self.http.host, self.http.port)) as client:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # its end is a reset
                    with contextlib.suppress(ConnectionError):
                        client.sendall(b"GET /api/migrations/idempotent/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        threads = [threading.Thread(target=storm) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # ---- framing ----

    def test_two_framings_of_one_body_are_refused_and_smuggle_nothing(self):
        hidden = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        post = f"POST {RUN} HTTP/1.1"
        for headers, body in ((("Content-Length: 4", "Transfer-Encoding: chunked"), b"0\r\n\r\n" + hidden),
                              (("Transfer-Encoding: chunked", "Content-Length: 4"), b"0\r\n\r\n" + hidden),
                              (("Content-Length: 5", "Content-Length: 6"), b"{}\r\n\r\n" + hidden),
                              (("Transfer-Encoding: xchunked",), b"0\r\n\r\n" + hidden),
                              (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), b"0\r\n\r\n" + hidden),
                              (("Content-Length: -1",), hidden), (("Content-Length: 99999999999999999999",), hidden),
                              (("Content-Length: 0x10",), hidden)):
            with self.subTest(headers=headers):
                self.assert_refused(self.request(*headers, line=post, body=body).replace(b"Connection: close\r\n", b""), 400, 413, 501)

    def test_two_hosts_and_none_are_refused(self):
        self.assert_refused(self.request("Host: localhost"), 400)
        self.assert_refused(self.request(host=None), 400)

    def test_what_can_be_read_in_two_ways_is_refused_and_smuggles_nothing(self):
        hidden = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        head = b"POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
        for lines in (b"Content-Length : 43\r\n", b"Content-Length\t: 43\r\n", b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding: chun\r\n ked\r\n",
                      b"X: y\r\n Content-Length: 43\r\n", b"Content-Length: 43\nX: y\r\n", b"Content-Length: 43\rX: y\r\n", b"Content-Length: 43\x00\r\n",
                      b"Content-Length: 4 3\r\n", b"Content-Length: 43, 43\r\n", b": 43\r\n", b"Content_Length[]: 43\r\n", b"X\x00: y\r\n"):
            with self.subTest(lines=lines):
                self.assertEqual(self.statuses(head + lines + b"\r\n" + hidden), [400])
        for chunks in (b"2;" + b"a" * 40000 + b"\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n",
                       b"-2\r\n{}\r\n0\r\n\r\n", b"2;\n\r\n{}\r\n0\r\n\r\n", b"ffffffffffffffff2\r\n{}\r\n0\r\n\r\n", b"0\r\nX: y\n\r\n"):
            with self.subTest(chunks=chunks[:20]):
                self.assertEqual(self.statuses(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + hidden), [400])

    def test_a_path_is_taken_as_it_is_or_not_at_all(self):
        for path in (b"/healthz\x00/anything", b"/healthz\x00", b"/health\x00z", b"/healthz\x01", b"/healthz\xc3\xa4", b"/healthz#x", b"/healthz \t", b"/healthz\x7f"):
            with self.subTest(path=path):
                self.assertEqual(self.statuses(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"), [400])
        self.assertEqual(self.statuses(self.request(line="GET /healthz?" + "a=1&" * 600 + " HTTP/1.1")), [414])

    def test_connections_are_kept_as_the_client_wishes(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(self.statuses(one + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: x, close\r\n\r\n" + one), [200, 200])
        old = b"GET /healthz HTTP/1.0\r\n\r\n"
        self.assertEqual(self.statuses(old * 2), [200])
        self.assertEqual(self.statuses(old.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n") + old), [200, 200])

    def test_behind_an_answer_that_closes_there_is_no_other(self):
        """RFC 9112, 9.6, whoever wishes the close: the client, or the server, which has not looked at all of a body."""
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        old = b"GET /healthz HTTP/1.0\r\n\r\n"
        for data, answers in ((self.request() + one, 1), (old + one, 1), (one + self.request() + one * 2, 2)):
            self.assertEqual({len(self.statuses(data)) for _ in range(100)}, {answers})
        large = self.request(f"Content-Length: {LIMIT + 1}", line=f"POST {DETECT} HTTP/1.1").replace(b"Connection: close\r\n", b"")
        for _ in range(5):
            self.assertIn(self.statuses(large + b"x" * (LIMIT + 1) + one), ([413], []))

    def test_a_body_with_a_refused_request_is_not_the_next_request(self):
        hidden = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for line in ("POST /nothing HTTP/1.1", "DELETE /healthz HTTP/1.1", "GET /healthz HTTP/1.1"):
            data = self.request(f"Content-Length: {len(hidden)}", line=line, body=hidden)
            self.assertLessEqual(len(self.statuses(data)), 1, line)

    def test_chunked_bodies_pipelining_and_half_closed_connections_work(self):
        chunked = b'10\r\n{"migration": "x\r\n2\r\n"}\r\n0\r\n\r\n'
        head = self.request("Transfer-Encoding: chunked", "Content-Type: application/json", line=f"POST {MARK} HTTP/1.1")
        self.assertEqual(self.statuses(head + chunked), [404])
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(self.statuses(one * 3 + self.request()), [200] * 4)
        self.assertEqual(self.statuses(self.request(), half_close=True), [200])
        self.assertEqual(self.statuses(one * 3, half_close=True), [200] * 3)
        self.assertEqual(self.statuses(one * 2 + one[:20], half_close=True), [200] * 2)

    def test_blanks_behind_a_header_s_value_belong_to_no_value(self):
        """RFC 9110, 5.5; libmicrohttpd by itself says that such a length is not a number."""
        line = f"POST {MARK} HTTP/1.1"
        body = b'{"migration": "x"}'
        for length in ("Content-Length: 18 ", "Content-Length:18\t \t", "Content-Length:\t18 "):
            self.assertEqual(self.statuses(self.request(length, "Content-Type: application/json ", line=line, body=body)), [404], length)
        chunked = self.request("X: ", "Transfer-Encoding: chunked \t", "Content-Type: application/json", line=line)
        self.assertEqual(self.statuses(chunked + b"12\r\n" + body + b"\r\n0\r\n\r\n"), [404])
        self.assertEqual(self.statuses(self.request("Content-Length: 1 8 ", line=line, body=body)), [400])

    def test_expect_continue_is_answered(self):
        with socket.create_connection((self.http.host, self.http.port), timeout=60) as client:
            client.sendall(self.request("Expect: 100-continue", "Content-Length: 2", "Content-Type: application/json", line=f"POST {MARK} HTTP/1.1"))
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 100"))
            client.sendall(b"{}")
            self.assertIn(b" 400 ", client.recv(4000))

    def test_lines_that_are_no_http_end_the_connection(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200), b"\x00SP\x00\x00\x30\x00\x00", b"GET\r\n\r\n",
                     b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b" / HTTP/1.1\r\nHost: localhost\r\n\r\n", os.urandom(1000) + b"\r\n\r\n"):
            with self.subTest(data=data[:20]):
                self.assertTrue(set(self.statuses(data, half_close=True)) <= {400, 404, 405, 414, 431, 501, 505})

    # ---- sizes ----

    def test_headers_beyond_reason_are_refused(self):
        self.assertEqual(self.statuses(self.request("X: " + "x" * 9000)), [200])
        self.assert_refused(self.request("X: " + "x" * 200000), 431, 413, 400)
        self.assert_refused(self.request(*[f"X{n}: {'y' * 50}" for n in range(5000)]), 431, 413, 400)
        self.assert_refused(self.request(line="GET /" + "a" * 200000 + " HTTP/1.1"), 414, 431, 400)

    def test_a_body_over_the_limit_is_413(self):
        for size in (LIMIT + 1, 10 * 1024 * 1024):
            body = b'{"sql":"' + b"x" * (size - 10) + b'"}'
            self.assertEqual(len(body), size)
            head = self.request(f"Content-Length: {size}", "Content-Type: application/json", line=f"POST {DETECT} HTTP/1.1")
            self.assert_refused(head + body, 413)
            chunked = self.request("Transfer-Encoding: chunked", "Content-Type: application/json", line=f"POST {DETECT} HTTP/1.1")
            self.assert_refused(chunked + f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n", 413)

    def test_a_refused_head_has_no_body(self):
        answer = self.http.raw(self.request(f"Content-Length: {3 * LIMIT}", line="HEAD /healthz HTTP/1.1"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 ") and answer.endswith(b"\r\n\r\n"), answer)

    def test_a_large_body_below_the_limit_is_taken(self):
        self.assertEqual(self.http.post(DETECT, {"sql": "-- " + "x" * (LIMIT - 1000)}).status, 200)

    def test_memory_does_not_grow_with_large_bodies(self):
        def resident_after(requests):
            for _ in range(requests):
                self.http.post(DETECT, {"sql": "-- " + "x" * (LIMIT - 1000)})
            with open(f"/proc/{self.http.process.pid}/status", encoding="ascii") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        before = resident_after(10)
        # AddressSanitizer keeps what was freed for a while, now more, now less of it.
        self.assertLess(resident_after(10), before + (60000 if harness.SANITIZED else 20000))

    # ---- slowness ----

    def test_trickled_headers_are_cut_off_and_others_are_served_meanwhile(self):
        with socket.create_connection((self.http.host, self.http.port), timeout=60) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            began = time.monotonic()
            ended = False
            while not ended and time.monotonic() - began < 90:
                try:
                    slow.sendall(b"X")
                    slow.settimeout(1)
                    ended = slow.recv(1) == b""
                except TimeoutError:
                    self.assertEqual(self.http.get("/healthz").status, 200)
                except OSError:
                    ended = True
            self.assertTrue(ended)

    def test_idle_connections_leave_room_for_others(self):
        guests = [socket.create_connection((self.http.host, self.http.port)) for _ in range(200)]
        self.assertEqual(self.http.get("/healthz").status, 200)
        for guest in guests:
            guest.close()

    def test_many_clients_at_once_are_all_answered(self):
        answers = []

        def ask():
            for _ in range(10):
                answers.append(self.http.get("/api/migrations/idempotent/status").status)
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [200] * 160)

    def test_who_reads_slowly_gets_all_of_his_answer(self):
        """What the bridge still has of it when the server has said all, which is some of them: their deadline was that of an idle client."""
        sizes = range(150_000, 400_000, 5_000)
        for size in sizes:
            self.files.write(f"prisma/migrations/2_{size}/migration.sql", "-- " + "x" * size)
        told = {}

        def ask(size):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.settimeout(60)
                client.connect((self.http.host, self.http.port))
                client.sendall(f"GET /api/migrations/preview/2_{size} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n".encode())
                time.sleep(3)
                head = b""
                answer = client.makefile("rb")
                while (line := answer.readline()) not in (b"\r\n", b""):
                    head += line
                length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
                body = answer.read(length)
                told[size] = length - len(body)
        threads = [threading.Thread(target=ask, args=(size,)) for size in sizes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for size in sizes:
            shutil.rmtree(os.path.join(self.files.path, "prisma", "migrations", f"2_{size}"))
        self.assertEqual({size: missing for size, missing in told.items() if missing}, {})
        self.assertEqual(len(told), len(sizes))

    # ---- paths ----

    def test_where_there_are_few_places_every_request_is_answered(self):
        """With 600 of one address in 277 places: 503 is an answer, a close is none. Who is let go before his first byte has come was
        a stranger: that may be some, and was more than half."""
        few = self.bridge(self.process, limits={"files": 1024})
        clients, told = [], []
        for _ in range(600):
            clients.append(socket.create_connection((few.host, few.port), timeout=60))
            self.addCleanup(clients[-1].close)
            with contextlib.suppress(OSError):
                clients[-1].sendall(b"GET /api/migrations/plan HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for client in clients:
            with contextlib.suppress(OSError):
                told.append(client.recv(4000)[9:12])
        self.assertGreater(told.count(b"200") + told.count(b"503"), 340, {one: told.count(one) for one in set(told)})

    def test_names_that_climb_find_nothing_outside(self):
        self.files.write("secret/migration.sql", "the secret")
        os.rename(os.path.join(self.files.path, "secret"), os.path.join(self.files.path, "prisma", "secret"))
        for name in ("../secret", "..%2Fsecret", "%2e%2e/secret", "%2e%2e%2fsecret", "..%2fsecret%2fmigration.sql", "%252e%252e%252fsecret",
                     "./20240101000000_create_users", "x/../../secret", "..", "%2e%2e", ".", "%2Fetc%2Fpasswd", "..%5csecret",
                     "20240101000000_create_users/migration.sql/..", "20240101000000_create_users//migration.sql",
                     "%c0%ae%c0%ae/secret", "a%00b", "%00", "20240101000000_create_users%00", "a%0d%0aX:%20y", "%ff%fe", "%", "%4", "%zz", "a%1bb",
                     "20240101000000_create_users%2F..%2F..%2Fsecret"):
            with self.subTest(name=name):
                data = self.http.raw(self.request(line=f"GET /api/migrations/preview/{name} HTTP/1.1"))
                self.assertIn(int(data.split()[1]), (400, 404))
                self.assertNotIn(b"the secret", data)
                self.assertNotIn(b"root:", data)
                json.loads(data.partition(b"\r\n\r\n")[2])

    def test_an_absolute_target_is_its_path(self):
        self.assertEqual(self.statuses(self.request(line="GET http://localhost/healthz HTTP/1.1")), [200])
        self.assertEqual(self.statuses(self.request(line="GET http://localhost/api/migrations/status HTTP/1.1", host="Host: evil.example")), [200])
        self.assertEqual(self.statuses(self.request(line="GET http://evil.example/api/migrations/status HTTP/1.1")), [403])

    # ---- bodies ----

    def test_bodies_that_are_not_json_are_400(self):
        for body in (b"{", b"[]", b'"x"', b"null", b"1", b'{"migration":"a","migration":"b"}', b'{"migration":"\xff"}', b'{"migration":"\\ud800"}',
                     b'{"migration":"a\\u0000b"}', b'{"migration":1}', b'{"migration":["a"]}', b'{"migration":{"a":1}}', b'{"migratoin":"a"}',
                     b"[" * 100000, b'{"a":' * 100000, b'{"migration":"a"} x', b"\xef\xbb\xbf{}x", b"migration=a", b"\x00"):
            with self.subTest(body=body[:40]):
                answer = self.http.request("POST", MARK, body, {"Content-Type": "application/json"})
                self.assertEqual(answer.status, 400, answer.body)
                self.assertIsInstance(answer.json["error"], str)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_a_wrong_field_is_named(self):
        self.assertIn("migratoin", self.http.post(MARK, {"migratoin": "a"}).json["error"])
        self.assertIn("migrations", self.http.post(RUN, {"migrations": "a"}).json["error"])
        self.assertEqual(self.http.post(RUN, {"migrations": [1]}).status, 400)

    def test_another_content_type_is_415_and_runs_nothing(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "", "application/xml"):
            with self.subTest(kind=kind):
                self.assertEqual(self.http.request("POST", RUN, b"{}", {"Content-Type": kind}).status, 415)
        self.assertEqual(self.http.request("POST", MARK, b"{}", {"Content-Type": "Application/JSON; charset=utf-8"}).status, 400)

    def test_a_get_with_a_body_is_refused(self):
        self.assertEqual(self.http.request("GET", "/api/migrations/idempotent/status", b"{}", {"Content-Type": "application/json"}).status, 400)

    # ---- browsers ----

    def test_a_page_of_another_origin_may_do_nothing(self):
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"},
                        {"Origin": "http://localhost.evil.example"}, {"Host": "127.0.0.1.evil.example"}, {"Host": f"evil.example:{self.http.port}"}):
            with self.subTest(headers=headers):
                self.assertEqual(self.http.request("POST", RUN, None, headers).status, 403)
        own = {"Host": f"localhost:{self.http.port}", "Origin": f"http://localhost:{self.http.port}", "Sec-Fetch-Site": "same-origin"}
        self.assertEqual(self.http.request("POST", MARK, None, own).status, 400)
        for host in ("localhost", "127.0.0.1:1", "[::1]:8787", "127.0.0.2"):
            self.assertEqual(self.http.request("GET", "/healthz", None, {"Host": host}).status, 200)

    def test_a_name_is_allowed_by_an_option(self):
        http = self.bridge(self.process, arguments=("--allow-host", "truss.internal,other"))
        self.assertEqual(http.request("GET", "/healthz", None, {"Host": "truss.internal:80"}).status, 200)
        self.assertEqual(http.request("GET", "/healthz", None, {"Host": "evil.internal"}).status, 403)

    def test_headers_do_not_reach_the_log_or_the_answer_as_lines(self):
        self.http.raw(self.request("X-Request-Id: a\x0bb", "traceparent: x\x0by", "Authorization: Bearer s3cret-token"))
        self.http.raw(self.request("Authorization: Bearer s3cret-token", line="GET /api/migrations/idempotent/status HTTP/1.1"))
        self.assertNotIn("s3cret-token", self.process.text())


class Options(Case):
    def test_wrong_options_are_refused_with_words(self):
        for arguments in (("--no-such",), ("--listen", "nowhere"), ("--listen", "127.0.0.1:99999"), ("--worker", "http://x"), ("--timeout", "soon"),
                          ("--log-level", "loud"), ("word",), ("--listen", "192.0.2.1:1")):
            with self.subTest(arguments=arguments):
                bridge = harness.Program("truss-bridge", *arguments)
                self.assertEqual(bridge.process.wait(60), 1)
                bridge.kill()
                self.assertRegex(bridge.text(), r"(?m)^truss-bridge: ")
                self.assertIn(arguments[0].lstrip("-"), bridge.text())

    def test_it_never_links_what_it_must_not_know(self):
        linked = harness.subprocess.run(["ldd", os.path.join(harness.BIN, "truss-bridge")], capture_output=True, text=True, check=True).stdout
        for library in ("libpq.", "libpg_query"):
            self.assertNotIn(library, linked)


if __name__ == "__main__":
    harness.main()
