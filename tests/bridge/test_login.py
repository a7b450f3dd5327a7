"""Who may use the bridge: tokens by every header, the panel's cookie, names that were rebound, and other machines."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from harness import Case
from events import Stream

STATUS, RUN, LOGIN, WHO = "/api/migrations/idempotent/status", "/api/migrations/idempotent/run", "/api/login", "/api/whoami"
UP, LOGOUT = "/api/migrations/up", "/api/logout"


class Login(Case):
    def setUp(self):
        super().setUp()
        self.reader = self.token("read,plan", name="reader")
        self.runner = self.token("read,run", name="runner")
        self.files = self.project("prisma-blog")
        self.process = self.worker(self.files, "--tokens", self.tokens)
        self.http = self.bridge(self.process)

    def pending(self):
        return self.http.get(STATUS, headers={"apikey": self.reader}).json["summary"]["pending"]

    # ---- tokens ----

    def test_a_token_comes_by_any_of_three_headers(self):
        for headers in ({"Authorization": f"Bearer {self.reader}"}, {"authorization": f"bearer {self.reader}"}, {"apikey": self.reader},
                        {"x-api-key": self.reader}, {"Authorization": f"Bearer {self.reader}", "apikey": "wrong"}):
            answer = self.http.get(WHO, headers=headers)
            self.assertEqual((answer.status, answer.json["name"], answer.json["scopes"]), (200, "reader", ["read", "plan"]))
            self.assertRegex(answer.json["from"], r"^127\.0\.0\.1 by 127\.0\.0\.1:\d+$")

    def test_nobody_is_401_and_who_may_not_is_403(self):
        nobody = self.http.post(RUN, {})
        self.assertEqual((nobody.status, nobody.json["code"], nobody.headers["WWW-Authenticate"]), (401, "UNAUTHENTICATED", "Bearer"))
        self.assertIn("scope run", nobody.json["error"])
        wrong = self.http.get(STATUS, headers={"apikey": "truss_wrong"})
        self.assertEqual((wrong.status, wrong.json["code"]), (401, "UNAUTHENTICATED"))
        reader = self.http.post(RUN, {}, headers={"apikey": self.reader})
        self.assertEqual((reader.status, reader.json["code"]), (403, "PERMISSION_DENIED"))
        self.assertIn("needs the scope run", reader.json["error"])
        self.assertEqual(self.pending(), 4)
        self.assertEqual(len(self.http.post(RUN, {}, headers={"apikey": self.runner}).json["applied"]), 4)

    def test_every_route_but_the_open_ones_wants_a_login(self):
        paths = self.http.get("/openapi.json").json["paths"]
        opened = {("get", "/healthz"), ("get", "/readyz"), ("get", "/openapi.json"), ("get", "/"), ("post", LOGOUT)}
        seen = 0
        for path, methods in paths.items():
            for method in methods:
                answer = self.http.request(method.upper(), path.replace("{name}", "x").replace("{id}", "x"), headers={"Accept": "*/*"})
                seen += 1
                if (method, path) in opened:
                    self.assertEqual(answer.status, 200, path)
                elif answer.status != 401:
                    self.assertEqual(answer.status, 400, path)  # of one that was not well-formed: it did not reach the worker
        self.assertGreater(seen, 20)
        for path in ("/", "/runs/x", "/panel/main.js", "/panel/style.css"):
            self.assertEqual(self.http.get(path, headers={"Accept": "text/html"}).status, 200, path)

    def test_what_cannot_be_sent_on_is_refused(self):
        for name in ("Authorization", "apikey", "x-api-key"):
            answer = self.http.get(STATUS, headers={name: "Bearer \u00e9".encode("latin-1")})
            self.assertIn(answer.status, (400, 401))

    # ---- the panel ----

    def log_in(self, token=None, **headers):
        return self.http.post(LOGIN, headers={"Authorization": f"Bearer {token or self.runner}", "Origin": self.origin(), **headers})

    def origin(self):
        return f"http://{self.http.host}:{self.http.port}"

    def cookie(self):
        return self.log_in().headers["Set-Cookie"].partition(";")[0]

    def test_a_login_sets_a_cookie_that_no_script_and_no_other_site_has(self):
        answer = self.log_in()
        self.assertEqual((answer.status, answer.json["name"]), (200, "runner"))
        parts = [part.strip() for part in answer.headers["Set-Cookie"].split(";")]
        self.assertEqual(set(parts[1:]), {"Path=/", "HttpOnly", "SameSite=Strict"})
        self.assertRegex(parts[0], r"^truss-session=[0-9a-f]{64}$")
        self.assertNotIn(self.runner, str(answer.headers))
        self.assertEqual(self.http.get(WHO, headers={"Cookie": f"a=b; {parts[0]}; c=d"}).json["name"], "runner")

    def test_cookies_of_other_services_of_this_host_keep_nobody_out(self):
        """There may be hundreds: libmicrohttpd ended the connection without an answer."""
        others = "; ".join(f"c{i}=1" for i in range(1500))
        for cookie in (f"{others}; {self.cookie()}", f"{self.cookie()};{others}"):
            self.assertEqual(self.who(cookie), "runner")
        self.assertEqual(self.who(others), 401)

    def test_a_wrong_login_sets_no_cookie(self):
        answer = self.log_in("truss_wrong")
        self.assertEqual(answer.status, 401)
        self.assertIsNone(answer.headers["Set-Cookie"])
        self.assertIsNone(self.http.post(LOGIN).headers["Set-Cookie"])

    def who(self, cookie, http=None):
        answer = (http or self.http).get(WHO, headers={"Cookie": cookie})
        return answer.json["name"] if answer.status == 200 else answer.status

    def test_a_logout_ends_the_session_and_no_other(self):
        cookie, other = self.cookie(), self.cookie()
        self.assertNotEqual(cookie, other)
        answer = self.http.post(LOGOUT, headers={"Cookie": cookie, "Origin": self.origin()})
        self.assertEqual(answer.status, 200)
        self.assertIn("Max-Age=0", answer.headers["Set-Cookie"])
        self.assertEqual((self.who(cookie), self.who(other)), (401, "runner"))

    def test_another_page_logs_nobody_out(self):
        cookie = self.cookie()
        for headers in ({"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {}):
            self.assertEqual(self.http.post(LOGOUT, headers={"Cookie": cookie, **headers}).status, 403)
        self.assertEqual(self.who(cookie), "runner")

    def test_a_login_begins_a_new_session_and_ends_the_one_before(self):
        before = self.cookie()
        after = self.log_in(self.reader, Cookie=before).headers["Set-Cookie"].partition(";")[0]
        self.assertEqual((self.who(before), self.who(after)), (401, "reader"))
        chosen = "truss-session=" + "a" * 64
        self.assertNotEqual(self.log_in(Cookie=chosen).headers["Set-Cookie"].partition(";")[0], chosen)
        self.assertEqual(self.who(chosen), 401)

    def test_a_session_begins_no_other_that_would_last_longer(self):
        cookie = self.cookie()
        answer = self.http.post(LOGIN, headers={"Cookie": cookie, "Origin": self.origin()})
        self.assertEqual((answer.status, answer.json["name"], answer.headers["Set-Cookie"]), (200, "runner", None))
        self.assertEqual(self.who(cookie), "runner")

    def test_only_the_whole_number_of_a_session_is_one(self):
        cookie = self.cookie()
        for wrong in (cookie[:-1], cookie + "0", cookie.upper().replace("TRUSS-SESSION", "truss-session"), cookie[:-2] + "zz", "truss-session=", f"truss-session={self.runner}",
                      f"truss-token={self.runner}", cookie.replace("truss-session", "Truss-session"), "x" + cookie, cookie.replace("=", " = ")):
            self.assertEqual(self.who(wrong), 401, wrong)
        self.assertEqual(self.who(cookie), "runner")

    def test_a_session_ends_with_its_token_and_tries_it_no_more(self):
        cookie = self.log_in(self.token("read", name="leaving")).headers["Set-Cookie"].partition(";")[0]
        self.assertEqual(self.who(cookie), "leaving")
        self.assertEqual(self.truss("token", "revoke", "leaving", "--file", self.tokens).returncode, 0)
        answer = self.http.get(WHO, headers={"Cookie": cookie})
        self.assertEqual((answer.status, "Max-Age=0" in answer.headers["Set-Cookie"], "may have been revoked" in answer.json["error"]), (401, True, True))
        self.assertIn("needs a login", self.http.get(WHO, headers={"Cookie": cookie}).json["error"])

    def test_a_session_that_nobody_uses_ends(self):
        http = self.bridge(self.process, arguments=("--session", "1"))
        cookie = http.post(LOGIN, headers={"apikey": self.runner}).headers["Set-Cookie"].partition(";")[0]
        self.assertEqual(self.who(cookie, http), "runner")
        harness.wait_for(lambda: harness.time.sleep(1.2) or self.who(cookie, http) == 401)

    def test_another_bridge_and_a_thousand_logins_end_no_more_than_the_oldest(self):
        self.assertEqual(self.who(self.cookie(), self.bridge(self.process)), 401)
        other = self.log_in(self.reader).headers["Set-Cookie"].partition(";")[0]
        first, kept = self.cookie(), self.cookie()
        for _ in range(260):
            self.log_in()
            self.who(kept)
        self.assertEqual((self.who(first), self.who(kept), self.who(other)), (401, "runner", "reader"))

    def test_a_logout_ends_the_streams_of_the_session(self):
        self.files.add("29991231000000_slow", "SELECT pg_sleep(60)")
        path = "/api/operations/" + self.http.post(RUN, None, headers={"apikey": self.runner, "Prefer": "respond-async"}).json["id"]
        cookie, other = self.cookie(), self.cookie()
        ended, going_on = (Stream(self.http, path + "/events", {"Cookie": one}) for one in (cookie, other))
        self.addCleanup(ended.close)
        self.addCleanup(going_on.close)
        harness.wait_for(self.sleepers)
        self.assertEqual(self.http.post(LOGOUT, headers={"Cookie": cookie, "Origin": self.origin()}).status, 200)
        self.assertEqual(self.http.post(path + "/cancel", headers={"apikey": self.runner}).status, 200)
        names = [name for _, name, _ in ended.events()]
        self.assertEqual((names[-1], "done" in names, "error" in names[:-1]), ("error", False, False))
        self.assertEqual([name for _, name, _ in going_on.events()][-1], "done")

    def test_the_cookie_changes_something_only_from_our_own_page(self):
        cookie = self.cookie()
        body = {"Content-Type": "application/json"}
        for headers in ({}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"},
                        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site", "Origin": self.origin()},
                        {"Origin": f"http://{self.http.host}:{self.http.port + 1}", "Sec-Fetch-Site": "same-site"}):
            for path in (RUN, UP):
                with self.subTest(headers=headers):
                    answer = self.http.request("POST", path, "{}", headers={"Cookie": cookie, **body, **headers})
                    self.assertEqual((answer.status, answer.json["code"]), (403, "PERMISSION_DENIED"))
        self.assertEqual(self.pending(), 4)
        answer = self.http.request("POST", RUN, "{}", headers={"Cookie": cookie, "Origin": self.origin(), "Sec-Fetch-Site": "same-origin", **body})
        self.assertEqual(len(answer.json["applied"]), 4)

    def test_a_page_of_another_site_changes_nothing_by_a_header_either(self):
        for site in ("same-site", "cross-site", "SAME-SITE"):
            answer = self.http.post(RUN, {}, headers={"apikey": self.runner, "Sec-Fetch-Site": site})
            self.assertEqual(answer.status, 403)
        self.assertEqual(self.pending(), 4)

    # ---- names and other machines ----

    def open_bridge(self, *arguments, worker=None):
        program = self.program("truss-bridge", "--listen", "0.0.0.0:0", "--worker", (worker or self.process).address, *arguments)
        program.wait_listening()
        return harness.Http(program.address.replace("0.0.0.0", "127.0.0.1"), program)

    def test_a_name_that_was_rebound_is_refused_on_every_address(self):
        http = self.open_bridge()
        for host in ("evil.example", f"evil.example:{http.port}", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.nip.io",
                     "1.2.3", "0x7f.1", "[::1", "2130706433"):
            for path, method in ((RUN, "POST"), (STATUS, "GET")):
                answer = http.request(method, path, headers={"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "apikey": self.runner})
                self.assertIn(answer.status, (400, 403), host)
        self.assertEqual(self.pending(), 4)

    def test_names_that_are_allowed_and_numbers_are_answered(self):
        http = self.open_bridge("--allow-host", "truss,truss.internal")
        for host in ("truss", "TRUSS.internal:8787", "localhost", "127.0.0.1:1", "10.1.2.3", "10.1.2.3:8787", "[2001:db8::1]:8787"):
            self.assertEqual(http.get(STATUS, headers={"Host": host, "apikey": self.reader}).status, 200, host)

    def test_nothing_is_allowed_to_other_origins(self):
        for headers in ({"Origin": "http://evil.example"}, {"Origin": self.origin()}, {}):
            answer = self.http.request("OPTIONS", RUN, headers={"Access-Control-Request-Method": "POST", **headers})
            self.assertEqual([name for name in answer.headers if name.lower().startswith("access-control-")], [])
            answer = self.http.get(STATUS, headers={"apikey": self.reader, **headers})
            self.assertEqual([name for name in answer.headers if name.lower().startswith("access-control-")], [])

    def test_an_open_bridge_before_a_worker_without_tokens_does_not_start(self):
        worker = self.worker(self.files)
        program = harness.Program("truss-bridge", "--listen", "0.0.0.0:0", "--worker", worker.address)
        self.assertEqual(program.process.wait(60), 1)
        program._reader.join()
        self.assertIn("--insecure-no-login", program.text())
        http = self.open_bridge("--insecure-no-login", worker=worker)
        self.assertEqual(http.get(STATUS).status, 200)

    def test_a_password_is_not_shown_to_others_where_nobody_looks_at_the_token(self):
        http = self.open_bridge("--insecure-no-login", worker=self.worker(self.files))
        for headers in ({}, {"Authorization": "Bearer x"}, {"X-Api-Key": "x"}):
            answer = http.get("/api/connection?reveal=true", headers=headers)
            self.assertEqual(answer.status, 403, answer.body)
            self.assertNotIn(harness.PASSWORD_ENCODED, answer.body.decode())
        self.assertEqual(http.get("/api/connection").status, 200)

    def test_a_worker_without_tokens_that_comes_later_is_not_served_by_an_open_bridge(self):
        path = self.socket_url()
        program = self.program("truss-bridge", "--listen", "0.0.0.0:0", "--worker", path).wait_listening()
        http = harness.Http(program.address.replace("0.0.0.0", "127.0.0.1"), program)
        self.worker(self.files, listen=path)

        def told():
            answer = http.post(RUN, {})
            self.assertIn(answer.status, (403, 503))
            return answer.status == 403 and answer.json["reason"] == "NO_LOGIN"
        harness.wait_for(told)
        self.assertEqual(http.get(STATUS).json["reason"], "NO_LOGIN")
        self.assertEqual(self.pending(), 4)


if __name__ == "__main__":
    harness.main()
