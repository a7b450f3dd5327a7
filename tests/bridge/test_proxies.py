"""Reverse proxies in front of the bridge: whose word of their clients is believed, and what follows from it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

STATUS, WHO, LOGIN = "/api/migrations/status", "/api/whoami", "/api/login"
US = "127.0.0.1"  # where these tests ask from


class Proxies(Case):
    def setUp(self):
        super().setUp()
        self.all = self.token("read,plan,run,admin", name="all")
        self.process = self.worker(self.project("prisma-blog"), "--tokens", self.tokens)

    def origin(self, http, headers):
        answer = http.get(WHO, headers={"apikey": self.all, **headers})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["from"].partition(" by ")[0]

    def test_a_client_is_who_the_proxy_says_and_nobody_else_is_believed(self):
        http = self.bridge(self.process, arguments=["--trusted-proxy", f"{US}, 10.0.0.0/8"])
        for headers, who in (({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
                             ({"X-Forwarded-For": "1.2.3.4, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"),
                             ({"X-Forwarded-For": "[2001:db8::7]:4711"}, "2001:db8::7"),
                             ({"X-Forwarded-For": "'; DROP TABLE users --"}, US), ({"X-Forwarded-For": "unknown"}, US), ({}, US),
                             ({"Forwarded": "for=203.0.113.9"}, US), ({"X-Real-IP": "203.0.113.9"}, US)):
            with self.subTest(headers=headers):
                self.assertEqual(self.origin(http, headers), who)
        two = http.raw(f"GET {WHO} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\napikey: {self.all}\r\nX-Forwarded-For: 1.2.3.4\r\n"
                       "X-Forwarded-For: 203.0.113.9\r\n\r\n".encode())
        self.assertIn(b'"from":"203.0.113.9 by ', two)

    def test_one_connection_of_a_proxy_is_of_many_clients(self):
        http = self.bridge(self.process, arguments=["--trusted-proxy", US])
        ask = "".join(f"GET {WHO} HTTP/1.1\r\nHost: localhost\r\napikey: {self.all}\r\nX-Forwarded-For: 203.0.113.{number}\r\n"
                      f"{'Connection: close' if number == 3 else 'X: y'}\r\n\r\n" for number in (1, 2, 3))
        answers = http.raw(ask.encode())
        self.assertEqual([answers.count(f'"from":"203.0.113.{number} by '.encode()) for number in (1, 2, 3)], [1, 1, 1], answers)

    def test_without_the_option_it_is_a_header_like_any_other(self):
        self.assertEqual(self.origin(self.bridge(self.process), {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}), US)
        other = self.bridge(self.process, arguments=["--trusted-proxy", "10.0.0.0/8,2001:db8::/32"])
        self.assertEqual(self.origin(other, {"X-Forwarded-For": "203.0.113.9"}), US)

    def test_the_standard_header_is_read_where_the_operator_says_so(self):
        http = self.bridge(self.process, arguments=["--trusted-proxy", US, "--proxy-header", "forwarded"])
        headers = {"Forwarded": 'for=1.2.3.4, For="[2001:db8::7]:1";proto=https', "X-Forwarded-For": "203.0.113.9"}
        self.assertEqual(self.origin(http, headers), "2001:db8::7")

    def test_the_cookie_of_who_came_by_https_goes_by_https_only(self):
        http = self.bridge(self.process, arguments=["--trusted-proxy", US])
        said = {"Authorization": f"Bearer {self.all}", "Origin": f"http://{http.host}:{http.port}"}
        by_https = http.post(LOGIN, headers={**said, "X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
        by_http = http.post(LOGIN, headers={**said, "X-Forwarded-Proto": "https, http"}).headers["Set-Cookie"]
        self.assertTrue(by_https.startswith("__Host-truss-session=") and "; Secure" in by_https, by_https)
        self.assertTrue(by_http.startswith("truss-session=") and "Secure" not in by_http, by_http)
        cookie = {"Cookie": by_https.partition(";")[0]}
        self.assertEqual(http.get(WHO, headers={**cookie, "X-Forwarded-Proto": "https"}).status, 200)
        self.assertEqual(http.get(WHO, headers=cookie).status, 401)

    def test_behind_a_proxy_a_worker_without_tokens_is_refused(self):
        """A bridge on loopback needs no login otherwise; what a proxy hands on comes from everywhere."""
        open_worker = self.worker(self.project("prisma-blog"))
        refused = harness.Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", open_worker.address, "--trusted-proxy", US)
        self.assertNotEqual(refused.process.wait(harness.PATIENCE), 0)
        refused.kill()
        self.assertIn("--tokens", refused.text())
        meant = self.bridge(open_worker, arguments=["--trusted-proxy", US, "--insecure-no-login"])
        self.assertEqual(meant.get(STATUS).status, 200)

    def test_lists_that_are_none_stop_the_start(self):
        for wrong in ("localhost", "10.0.0.0/33", "10.0.0.0/0", "", "*"):
            with self.subTest(wrong=wrong):
                program = harness.Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", self.process.address, "--trusted-proxy", wrong)
                self.assertEqual(program.process.wait(harness.PATIENCE), 1)
                program.kill()
                self.assertIn("--trusted-proxy", program.text())


if __name__ == "__main__":
    harness.main()
