"""What a hostile client says over HTTP: bodies, paths and headers that could be read in two ways, or cost much, each where no other suite has it."""
import gzip
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

STATUS, RUN, MARK, WHO = ("/api/migrations/idempotent/status", "/api/migrations/idempotent/run", "/api/migrations/idempotent/mark-applied", "/api/whoami")
JSON = {"Content-Type": "application/json"}


class Attacks(Case):
    def setUp(self):
        super().setUp()
        self.reader = self.token("read,plan", name="reader")
        self.runner = self.token("read,run", name="runner")
        self.marker = self.token("read,mark", name="marker")
        self.process = self.worker(self.project("prisma-blog"), "--tokens", self.tokens)
        self.http = self.bridge(self.process)

    def mine(self, **more):
        return {"apikey": self.runner, **more}

    def applied(self):
        return self.http.get(STATUS, headers=self.mine()).json["summary"]["applied"]

    def test_no_other_way_to_write_a_path_needs_no_login(self):
        for path in (STATUS, WHO, "/api/operations", "/metrics", "/api/audit"):
            for other in (path, path + "/", "/" + path, path.replace("/api", "/%61pi"), path.replace("/", "//"), "/healthz/.." + path, "/healthz/%2e%2e" + path, path + "/../../healthz",
                          path + ";/healthz", path + "?/healthz", path + "%3F/healthz", path + "%00", path + ".json", path.upper(), "/healthz#" + path, path + "%23/healthz", "/panel/.." + path):
                for method in ("GET", "HEAD", "OPTIONS", "POST"):
                    answer = self.http.raw(f"{method} {other} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
                    self.assertNotIn(b"summary", answer, (method, other))
                    self.assertNotIn(b"truss_", answer, (method, other))
                    if b" 200 " in answer[:20]:  # the panel, or what is open to all
                        self.assertTrue(b"text/html" in answer or b'"status"' in answer or method in ("HEAD", "OPTIONS"), (method, other, answer[:300]))

    def test_an_absolute_target_of_another_host_is_judged_by_its_host(self):
        for target in ("http://evil.example/api/whoami", "http://localhost@evil.example/api/whoami", "http://evil.example:80/api/whoami"):
            answer = self.http.raw(f"GET {target} HTTP/1.1\r\nHost: localhost\r\napikey: {self.reader}\r\nConnection: close\r\n\r\n".encode())
            self.assertNotIn(b'"scopes"', answer, target)

    def test_two_logins_in_one_request_are_not_the_stronger_of_the_two(self):
        for pair in ((self.reader, self.runner), (self.runner, self.reader)):
            answer = self.http.raw((f"POST {RUN} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {pair[0]}\r\nAuthorization: Bearer {pair[1]}\r\n"
                                    "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").encode())
            self.assertNotIn(b" 200 ", answer[:20], answer)
        answer = self.http.get(WHO, headers={"Authorization": f"Bearer {self.reader}, Bearer {self.runner}"})
        self.assertEqual(answer.status, 401)
        self.assertEqual(self.applied(), 0)

    def test_a_method_is_what_the_request_line_says(self):
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            self.assertEqual(self.http.get(RUN, headers=self.mine(**{header: "POST"})).status, 405)
        for method in ("TRACE", "CONNECT", "PROPFIND", "get"):
            answer = self.http.raw(f"{method} {STATUS} HTTP/1.1\r\nHost: localhost\r\napikey: {self.runner}\r\nConnection: close\r\n\r\n".encode())
            self.assertNotIn(b" 200 ", answer[:20])
            self.assertNotIn(self.runner.encode(), answer)
        self.assertEqual(self.applied(), 0)

    def test_a_body_that_is_packed_is_not_unpacked(self):
        bomb = gzip.compress(b" " * (64 << 20) + b"{}")
        for encoding in ("gzip", "deflate", "br", "identity, gzip"):
            answer = self.http.request("POST", RUN, bomb, headers=self.mine(**JSON, **{"Content-Encoding": encoding}))
            self.assertIn(answer.status, (400, 415), answer.body)
        self.assertEqual(self.applied(), 0)
        self.assertLess(self.http.process and int(open(f"/proc/{self.http.process.pid}/statm", encoding="ascii").read().split()[1]) * 4096, 64 << 20)

    def test_json_that_can_be_read_in_two_ways_is_refused(self):
        first = self.http.get(STATUS, headers=self.mine()).json["migrations"][0]["name"]
        bodies = ('{"migration":"x","migration":"%s"}' % first, '{"migration":"%s","migration":"x"}' % first, '{"migration":"%s"}{}' % first, '{"migration":"%s"} x' % first, '\ufeff{"migration":"%s"}' % first,
                  '{"migration":"%s",}' % first, "{'migration':'%s'}" % first, '{"migration":"%s"/**/}' % first, '{"migration":"%s\\u0000"}' % first, '{"migration":"\\ud800"}', '{"migration":["%s"]}' % first,
                  '{"migration":{"a":"%s"}}' % first, '[{"migration":"%s"}]' % first, '{"MIGRATION":"%s"}' % first, '"%s"' % first, "null", "", "{", "\x00")
        for body in bodies:
            with self.subTest(body=body):
                answer = self.http.request("POST", MARK, body.encode("utf-8"), headers={"apikey": self.marker, **JSON})
                self.assertEqual((answer.status, answer.json["code"]), (400, "INVALID_ARGUMENT"), answer.body)
        self.assertEqual(self.applied(), 0)

    def test_numbers_and_words_of_another_kind_are_refused(self):
        for field, values in (("dryRun", ('"true"', "1", '"false"', "0", "[]", "{}")), ("lockTimeout", ("-1", "1e999", "4294967296", "1.5", '"abc"', "true", "[]"))):
            for value in values:
                with self.subTest(field=field, value=value):
                    answer = self.http.request("POST", RUN, f'{{"{field}":{value}}}'.encode(), headers=self.mine(**JSON))
                    self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual(self.applied(), 0)

    def test_json_of_any_depth_and_length_costs_little(self):
        for body in ("[" * 1000000, '{"a":' * 500000, '{"migrations":[' + '"",' * 1000000 + '""]}', '{"' + "a" * 4000000 + '":1}', "[" + "1" * 4000000 + "]", '{"sql":"' + "\\u0041" * 500000 + '"}'):
            answer = self.http.request("POST", RUN, body.encode(), headers=self.mine(**JSON), timeout=20)
            self.assertIn(answer.status, (400, 404, 413, 422), answer.body[:300])
            self.assertLess(len(answer.body), 70000)
        self.assertEqual(self.applied(), 0)

    def test_a_parameter_that_is_said_twice_or_is_none_is_refused(self):
        for query in ("limit=1&limit=2", "limit=-1", "limit=1e3", "limit=%31%00", "limit=99999999999999999999", "limit=", "nosuch=1", "limit[]=1", "limit=1;limit=2", "LIMIT=1"):
            with self.subTest(query=query):
                answer = self.http.get(f"/api/operations?{query}", headers=self.mine())
                self.assertEqual(answer.status, 400, answer.body[:200])

    def test_an_id_of_the_last_event_is_a_number(self):
        for value in ("-1", "1e9", "99999999999999999999999", "a", "1,2", "\x7f", " "):
            answer = self.http.get("/api/operations/00000000-0000-4000-8000-000000000000/events", headers=self.mine(**{"Last-Event-ID": value}))
            self.assertIn(answer.status, (400, 404), value)

    def test_what_a_client_calls_itself_is_no_line_of_the_log_and_no_header(self):
        for header in ("X-Request-Id", "traceparent", "User-Agent", "Referer", "Origin", "Cookie", "Idempotency-Key", "Accept"):
            for value in ("a\tb", "x" * 3000, "\x80\xff", '"><script>', "level=error event=x", "%0d%0aSet-Cookie:%20a=b"):
                answer = self.http.raw(f"GET {WHO} HTTP/1.1\r\nHost: localhost\r\napikey: {self.reader}\r\n{header}: ".encode() + value.encode("latin-1") + b"\r\nConnection: close\r\n\r\n")
                self.assertRegex(answer[:15], rb"HTTP/1.1 (200|4\d\d)")
                self.assertNotIn(b"Set-Cookie: a=b", answer)
                self.assertNotIn(b"<script>", answer.partition(b"\r\n\r\n")[2])

    def test_a_name_in_an_answer_is_neither_a_header_nor_a_page(self):
        files = self.project("prisma-blog").add('20990101000000_"><script>alert(1)<_script>', "SELECT 1;")
        http = self.bridge(self.worker(files, "--tokens", self.tokens))
        answer = http.get(STATUS, headers=self.mine())
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/json")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn('"><script>alert(1)', json.dumps([one["name"] for one in answer.json["migrations"]]).replace("\\", ""))


if __name__ == "__main__":
    harness.main()
