"""The routes as the REST contract has them: fields, nulls, statuses, words. The document of the routes is held against every answer."""
import gzip
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from harness import Staying, wait_for
from openapi import Document

RFC3339 = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"
IDEMPOTENT = "/api/migrations/idempotent/"
USERS, POSTS = "20240101000000_create_users", "20240102000000_create_posts"


class Routes(Staying):
    def setUp(self):
        super().setUp()
        self.stay(arguments=("--lock-wait", "0.3"), fixture="prisma-blog")
        self.http = self.stay_behind_bridge()
        self.document = Document(self.http.get("/openapi.json").json)

    def ask(self, method, path, body=None, status=200):
        """Asks, checks the status, the headers and that the document has said so; answers the body."""
        answer = self.http.request(method, path, body)
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/json")
        kept = "private, no-cache" if "ETag" in answer.headers else "no-store"
        self.assertEqual((answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]), (kept, "nosniff"))
        self.document.check(method, path.partition("?")[0], status, answer.body)
        return answer.json

    def assert_fields(self, value, *names):
        """It has at least these; the contract lets fields be added."""
        self.assertEqual(set(names) - set(value), set(), value)

    def assert_error(self, value, code=None):
        self.assert_fields(value, "error", "code")
        self.assertIsInstance(value["error"], str)
        if code:
            self.assertEqual(value["code"], code)

    # ---- status ----

    def test_status_before_the_first_run(self):
        status = self.ask("GET", IDEMPOTENT + "status")
        self.assert_fields(status, "framework", "tracking_table", "detected_tables", "migrations", "summary")
        self.assertEqual((status["framework"], status["tracking_table"], status["detected_tables"]), ("Prisma", None, []))
        self.assertEqual(status["summary"], {"applied": 0, "pending": 4, "modified": 0, "orphaned": 0})
        one = status["migrations"][0]
        self.assert_fields(one, "name", "state", "applied_at", "stored_hash", "file_hash", "detail_state")
        self.assertEqual((one["name"], one["state"], one["applied_at"], one["stored_hash"], one["detail_state"]), (USERS, "pending", None, None, None))
        self.assertRegex(one["file_hash"], "^[0-9a-f]{64}$")

    def test_an_answer_that_is_known_is_not_sent_again(self):
        path = IDEMPOTENT + "status"
        tag = self.http.get(path).headers["ETag"]
        again = self.http.get(path, headers={"If-None-Match": f'"other", {tag}'})
        self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", tag))
        self.assertEqual(self.http.get(path, headers={"If-None-Match": "*"}).status, 304)
        self.assertNotEqual(self.http.get(path + "?fields=summary").headers["ETag"], tag)
        self.ask("POST", IDEMPOTENT + "run")
        changed = self.http.get(path, headers={"If-None-Match": tag})
        self.assertEqual((changed.status, changed.json["summary"]["applied"]), (200, 4))
        self.assertEqual(self.http.get(path.replace("status", "statuses"), headers={"If-None-Match": "*"}).status, 404)

    def test_an_answer_is_packed_for_who_takes_it(self):
        path = IDEMPOTENT + "status"
        plain = self.http.get(path)
        for accepted, packed in (("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("identity", False), ("gzipped", False)):
            answer = self.http.get(path, headers={"Accept-Encoding": accepted})
            self.assertEqual(answer.headers.get("Content-Encoding"), "gzip" if packed else None, accepted)
            self.assertEqual(gzip.decompress(answer.body) if packed else answer.body, plain.body)
        self.assertIsNone(self.http.get("/livez", headers={"Accept-Encoding": "gzip"}).headers.get("Content-Encoding"))

    def test_a_part_of_the_status(self):
        path = IDEMPOTENT + "status"
        self.ask("POST", IDEMPOTENT + "run", {"target": POSTS})
        pending = self.ask("GET", path + "?state=pending,modified")
        self.assertEqual(([one["state"] for one in pending["migrations"]], pending["summary"]["applied"]), (["pending", "pending"], 2))
        self.assertEqual(self.http.get(path + "?fields=summary,migrations.name&limit=1").json,
                         {"migrations": [{"name": USERS}], "summary": {"applied": 2, "pending": 2, "modified": 0, "orphaned": 0}})
        self.assertEqual(self.http.get("/api/migrations/status?fields=pendingCount").json, {"pendingCount": 2})
        once, often = (self.http.get(path + "?fields=" + ",".join(["summary.applied"] * count)) for count in (1, 200))
        self.assertEqual((often.json, often.headers["ETag"]), (once.json, once.headers["ETag"]))
        for query in ("fields=nothing", "fields=migrations.", "fields=summary.applied.more", "fields=", "state=none", "limit=-1", "page_token=1-x"):
            self.assert_error(self.ask("GET", path + "?" + query, status=400), "INVALID_ARGUMENT")

    def test_the_status_page_by_page(self):
        path, names, token = IDEMPOTENT + "status?limit=3", [], ""
        while token is not None:
            page = self.ask("GET", path + (f"&page_token={token}" if token else ""))
            names += [one["name"] for one in page["migrations"]]
            if not page["next_page_token"]:
                break
            token = page["next_page_token"]
            self.files.add("20230101000000_" + str(len(names)), "SELECT 1;")  # in front of the place
        self.assertEqual(names, sorted(set(names)))
        self.assertEqual(len(names), 4)

    def test_status_after_a_run(self):
        self.ask("POST", IDEMPOTENT + "run")
        status = self.ask("GET", IDEMPOTENT + "status")
        self.assertEqual(status["tracking_table"], "public._prisma_migrations")
        self.assertEqual(status["detected_tables"], [
            {"schema": "public", "table": "_prisma_migrations", "framework": "Prisma", "confidence": "certain",
             "evidence": "table public._prisma_migrations has the tracking table's columns"}])
        for one in status["migrations"]:
            self.assertEqual((one["state"], one["stored_hash"]), ("applied", one["file_hash"]))
            self.assertRegex(one["applied_at"], RFC3339)

    def test_the_four_states(self):
        self.ask("POST", IDEMPOTENT + "run", {"migrations": [USERS, POSTS]})
        with open(self.files.script(USERS), "a", encoding="utf-8") as file:
            file.write("-- edited")
        harness.shutil.rmtree(os.path.dirname(self.files.script(POSTS)))
        status = self.ask("GET", IDEMPOTENT + "status")
        self.assertEqual([one["state"] for one in status["migrations"]], ["modified", "orphaned", "pending", "pending"])
        self.assertIsNone(status["migrations"][1]["file_hash"])
        self.assertEqual(status["summary"], {"applied": 0, "pending": 2, "modified": 1, "orphaned": 1})

    def test_no_framework_is_null(self):
        http = self.bridge(self.worker(self.project(folder="src")))
        answer = http.get(IDEMPOTENT + "status")
        self.document.check("GET", IDEMPOTENT + "status", 200, answer.body)
        self.assertEqual((answer.json["framework"], answer.json["tracking_table"], answer.json["migrations"]), (None, None, []))

    def test_what_nobody_could_count_is_null_in_the_short_status(self):
        http = self.bridge(self.worker(self.files, "--framework", "prisma", "--migrations", "nowhere"))
        status = http.get("/api/migrations/status").json
        self.assertIn("nowhere", status["problem"])
        self.assertEqual((status["appliedCount"], status["pendingCount"]), (None, None))

    def test_the_short_status(self):
        self.ask("POST", IDEMPOTENT + "run", {"migrations": [USERS]})
        status = self.ask("GET", "/api/migrations/status")
        self.assert_fields(status, "migrations", "appliedCount", "pendingCount")
        self.assertEqual((status["appliedCount"], status["pendingCount"]), (1, 3))
        self.assertEqual([one["status"] for one in status["migrations"]], ["applied", "pending", "pending", "pending"])
        self.assertRegex(status["migrations"][0]["appliedAt"], RFC3339)
        self.assertIsNone(status["migrations"][1]["appliedAt"])

    def test_the_short_answers_say_what_is_not_as_it_was(self):
        self.ask("POST", IDEMPOTENT + "run", {"migrations": [USERS]})
        with open(self.files.script(USERS), "a", encoding="utf-8") as file:
            file.write("-- edited\n")
        self.files.add("0_late", "SELECT 1;")
        short = {one["name"]: one for one in self.ask("GET", "/api/migrations/status")["migrations"]}
        self.assertEqual((short[USERS]["status"], short["0_late"]["detailState"]), ("modified", "out_of_order"))
        self.assertIn("prisma migrate deploy does not report this, and goes on", short[USERS]["note"])
        warnings = "\n".join(self.ask("POST", "/api/migrations/up", {})["warnings"])
        self.assertIn(f"1 applied file is not as applied, and a run does not execute the change: \"{USERS}\".", warnings)
        self.assertIn("1 migration is late (the later", warnings)
        files = self.project(folder="db/migrations")
        files.write("db/migrations/1_a.sql", "-- migrate:up\n-- migrate:down\n")
        http = self.bridge(self.worker(files, "--framework", "dbmate"))
        self.assertTrue(http.post("/api/migrations/up", {}).json["ok"])
        self.assertIn("Edits of applied files cannot be seen", http.get("/api/migrations/status").json["editsUnseen"])

    # ---- run ----

    def test_a_run_and_a_run_again(self):
        first = self.ask("POST", IDEMPOTENT + "run", {})
        self.assertEqual((first["ok"], first["summary"], first["failed"]), (True, "Applied 4 migration(s) successfully.", None))
        self.assertEqual([one["name"] for one in first["applied"]], self.files.names())
        self.assertRegex(first["applied"][0]["hash"], "^[0-9a-f]{64}$")
        again = self.ask("POST", IDEMPOTENT + "run")
        self.assertEqual((again["ok"], again["summary"], again["applied"], again["failed"]), (True, "No pending migrations to run.", [], None))

    def test_a_run_of_some(self):
        for body in ({"migrations": [POSTS, USERS]}, {"migrations": []}):
            done = self.ask("POST", IDEMPOTENT + "run", body)
            self.assertEqual(len(done["applied"]), 2)

    def test_a_run_of_an_unknown_name_is_404_with_near_ones(self):
        error = self.ask("POST", IDEMPOTENT + "run", {"migrations": ["20240101000000_create_user"]}, 404)
        self.assert_error(error, "NOT_FOUND")
        self.assertIn(USERS, error["suggestions"])

    def test_a_failing_run_is_400_with_what_failed_and_what_stays(self):
        self.files.add("20240102500000_broken", "CREATE TABLE x (id INT);\nINSERT INTO nowhere VALUES (1);\n")
        failed = self.ask("POST", IDEMPOTENT + "run", None, 400)
        self.assertIs(failed["ok"], False)
        self.assertEqual([one["name"] for one in failed["applied"]], [USERS, POSTS])
        self.assert_fields(failed["failed"], "name", "error", "statement")
        self.assertEqual(failed["failed"]["name"], "20240102500000_broken")
        self.assertEqual(failed["failed"]["error"], 'relation "nowhere" does not exist')
        self.assertEqual((failed["failed"]["line"], failed["failed"]["sqlstate"]), (2, "42P01"))
        self.assertIn("INSERT INTO nowhere", failed["failed"]["statement"])
        self.assertIn("20240102500000_broken", failed["summary"])
        self.assertEqual(self.sql("SELECT to_regclass('x')"), [(None,)])

    def test_a_run_that_cannot_begin_is_an_error(self):
        self.sql("CREATE TABLE legacy ()")
        error = self.ask("POST", IDEMPOTENT + "run", None, 400)
        self.assert_error(error, "FAILED_PRECONDITION")

    def test_up_is_a_run_in_short(self):
        done = self.ask("POST", "/api/migrations/up")
        self.assert_fields(done, "ok", "summary", "appliedNow", "pendingCount")
        self.assertEqual((done["ok"], done["appliedNow"], done["pendingCount"]), (True, self.files.names(), 0))
        self.files.add("2025_broken", "SELECT 1/0;").add("2026_later", "SELECT 1;")
        failed = self.ask("POST", "/api/migrations/up", None, 400)
        self.assertEqual((failed["ok"], failed["appliedNow"], failed["pendingCount"]), (False, [], 2))
        self.assertEqual(failed["failed"]["error"], "division by zero")

    def test_a_status_is_answered_while_a_run_goes_on(self):
        self.files.add("2023_slow", "SELECT pg_sleep(60);")
        runner = threading.Thread(target=self.http.post, args=(IDEMPOTENT + "run",))
        runner.start()
        wait_for(self.sleepers)
        self.ask("GET", IDEMPOTENT + "status")
        self.assertTrue(self.sleepers())
        self.wake_up()
        runner.join()

    def test_a_client_that_hangs_up_does_not_end_its_run(self):
        self.files.add("2023_slow", "SELECT pg_sleep(1);")
        with harness.socket.create_connection((self.http.host, self.http.port)) as client:
            client.sendall(b"POST /api/migrations/idempotent/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        wait_for(lambda: self.ask("GET", IDEMPOTENT + "status")["summary"]["applied"] == 5)

    # ---- marks ----

    def test_mark_applied(self):
        path = IDEMPOTENT + "mark-applied"
        done = self.ask("POST", path, {"migration": USERS})
        self.assertEqual((done["ok"], done["message"]), (True, f'Migration "{USERS}" marked as applied without executing.'))
        again = self.ask("POST", path, {"migration": USERS})
        self.assertEqual((again["ok"], again["message"]), (True, f'Migration "{USERS}" is already recorded as applied.'))
        for body in (None, {}, {"migration": ""}):
            self.assertEqual(self.ask("POST", path, body, 400)["error"], "migration name is required.")
        self.assert_error(self.ask("POST", path, {"migration": "nothing"}, 404), "NOT_FOUND")

    def test_mark_rolled_back(self):
        path = IDEMPOTENT + "mark-rolled-back"
        self.files.add("1", "CREATE TABLE t (id INT); CREATE INDEX CONCURRENTLY i ON t (id); SELECT 1/0;")
        self.assertTrue(self.ask("POST", IDEMPOTENT + "run", None, 400)["failed"]["partially_applied"])
        self.assertEqual(self.ask("GET", IDEMPOTENT + "status")["migrations"][0]["detail_state"], "failed")
        self.assertEqual(self.ask("POST", IDEMPOTENT + "run", None, 400)["failed"]["step"], 3)
        self.assertIs(self.ask("POST", path, {"migration": "1"})["ok"], True)
        self.assertEqual(self.ask("GET", IDEMPOTENT + "status")["migrations"][0]["detail_state"], "rolled_back")
        self.assert_error(self.ask("POST", path, {"migration": "nothing"}, 404), "NOT_FOUND")

    def test_a_held_lock_is_409(self):
        self.hold("SELECT pg_advisory_lock(72707369)")
        self.assert_error(self.ask("POST", IDEMPOTENT + "run", None, 409), "ABORTED")

    # ---- the others ----

    def test_preview(self):
        for path in (USERS, USERS + "/migration.sql", USERS.replace("_", "%5F")):
            preview = self.ask("GET", "/api/migrations/preview/" + path)
            self.assertEqual((preview["filename"], preview["lines"]), (USERS + "/migration.sql", 12))
            with open(self.files.script(USERS), encoding="utf-8") as file:
                self.assertEqual(preview["content"], file.read())
        self.assertEqual(self.ask("GET", "/api/migrations/preview/nothing", None, 404)["error"], "Migration file not found: nothing")

    def test_preview_of_a_name_with_spaces_and_of_any_script(self):
        self.files.add("2 größe % \"q\"", "SELECT '\\ \" \u2028 \U0001f600\t';")
        preview = self.ask("GET", "/api/migrations/preview/2%20gr%C3%B6%C3%9Fe%20%25%20%22q%22")
        self.assertEqual(preview["content"], "SELECT '\\ \" \u2028 \U0001f600\t';")

    def test_check(self):
        check = self.ask("POST", "/api/migrations/check")
        self.assert_fields(check, "database", "user", "pendingCount", "pendingFiles", "lockCount", "activeTxCount", "warnings", "safe")
        self.assertEqual((check["database"], check["user"], check["pendingCount"], check["safe"], check["warnings"]),
                         (self.database, "app", 4, True, []))
        self.ask("POST", IDEMPOTENT + "run")
        check = self.ask("POST", "/api/migrations/check")
        self.assertEqual((check["pendingFiles"], check["safe"], len(check["warnings"])), ([], True, 0))

    def test_detect_schema(self):
        path = IDEMPOTENT + "detect-schema"
        found = self.ask("POST", path, {"sql": "CREATE TABLE users (id INT); CREATE INDEX i ON users (id);"})
        self.assertEqual(found["findings"], [{"type": "table", "name": "users", "exists": False}, {"type": "index", "name": "i", "exists": False}])
        self.assertEqual((found["all_objects_exist"], found["some_objects_exist"], found["recommendation"]),
                         (False, False, "No existing objects detected. Safe to run this migration."))
        self.assert_error(self.ask("POST", path, {}, 400), "INVALID_ARGUMENT")

    def test_create(self):
        created = self.ask("POST", "/api/migrations/create", {"name": "add tags"}, 201)
        self.assert_fields(created, "ok", "name", "file", "summary")
        self.assertRegex(created["name"], r"^\d{14}_add_tags$")
        self.assertTrue(os.path.isfile(os.path.join(self.files.path, created["file"])))
        self.assert_error(self.ask("POST", "/api/migrations/create", {}, 400), "INVALID_ARGUMENT")

    # ---- health ----

    def test_health(self):
        health = self.ask("GET", "/api/health")
        self.assert_fields(health, "ok", "connection", "version", "started_at")
        self.assert_fields(health["connection"], "database_name", "db_user", "pg_version", "started_at", "active_connections")
        self.assertEqual((health["ok"], health["connection"]["database_name"], health["connection"]["db_user"]), (True, self.database, "app"))
        self.assertRegex(health["started_at"], RFC3339)
        holds = {"mode": "off", "files": "all", "calls": "all", "missing": harness.WEAKENED} if harness.WEAKENED else {"mode": "on", "files": "listed", "calls": "listed", "missing": ""}
        self.assertEqual(health["sandbox"], holds)
        self.assertIs(self.ask("GET", "/healthz")["ok"], True)
        self.assertIs(self.ask("GET", "/readyz")["ok"], True)

    def test_without_a_database_url_the_words_are_the_documented_ones(self):
        http = self.bridge(self.worker(self.files, url=None))
        for method, path in (("GET", IDEMPOTENT + "status"), ("POST", IDEMPOTENT + "run"), ("GET", "/api/migrations/status"), ("POST", "/api/migrations/up"),
                             ("POST", "/api/migrations/check"), ("GET", "/api/health")):
            answer = http.request(method, path)
            self.assertEqual((answer.status, answer.json["error"]), (500, "DATABASE_URL is not set."), path)
        self.assertEqual((http.get("/readyz").status, http.get("/healthz").status), (503, 200))

    def test_a_worker_that_is_away_is_503_and_back_is_back(self):
        address = self.process.address
        self.process.stop()
        began = time.monotonic()
        for path in (IDEMPOTENT + "status", "/readyz", "/api/health"):
            answer = self.http.get(path)
            self.assertEqual(answer.status, 503)
            self.assertIn(address, answer.body.decode())
        self.assertLess(time.monotonic() - began, 50)
        self.assertEqual(self.http.get("/healthz").status, 200)
        self.worker(self.files, listen=address)
        wait_for(lambda: self.http.get("/readyz").status == 200)

    def test_a_worker_that_dies_during_a_run_is_503_at_once_and_nothing_runs_twice(self):
        self.files.add("2023_slow", "CREATE TABLE slow (id INT); SELECT pg_sleep(2);")
        answers = []
        runner = threading.Thread(target=lambda: answers.append(self.http.post(IDEMPOTENT + "run")))
        runner.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.process.kill()
        runner.join(60)
        self.assertEqual(answers[0].status, 503)
        wait_for(lambda: not self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.worker(self.files, listen=self.process.address)
        wait_for(lambda: self.http.get("/readyz").status == 200)
        self.assertEqual(self.http.post(IDEMPOTENT + "run").status, 200)
        self.assertEqual(self.sql("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL"), [("5",)])

    def test_of_two_workers_one_may_die(self):
        other = self.worker(self.files)
        http = self.bridge(self.process, other)
        wait_for(lambda: http.get("/readyz").status == 200)
        self.process.kill()
        self.assertEqual([http.get(IDEMPOTENT + "status").status for _ in range(20)], [200] * 20)

    # ---- the document, and requests in general ----

    def test_the_document_has_every_route_and_nothing_dangling(self):
        document = self.document.document
        self.assertTrue(document["openapi"].startswith("3.1"))
        expected = {("get", IDEMPOTENT + "status"), ("post", IDEMPOTENT + "run"), ("post", IDEMPOTENT + "mark-applied"),
                    ("post", IDEMPOTENT + "mark-rolled-back"), ("post", IDEMPOTENT + "detect-schema"), ("get", "/api/migrations/preview/{name}"),
                    ("post", "/api/migrations/check"), ("get", "/api/migrations/status"), ("post", "/api/migrations/up"),
                    ("post", "/api/migrations/create"), ("get", "/api/health"), ("get", "/healthz"), ("get", "/readyz"),
                    ("get", "/api/migrations/plan"), ("get", "/api/operations"), ("get", "/api/operations/{id}"), ("get", "/api/operations/{id}/wait"),
                    ("get", "/api/operations/{id}/events"), ("post", "/api/operations/{id}/cancel")}
        routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
        self.assertEqual(expected - routes, set())
        identifiers = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        self.resolve_all(document)

    def test_the_document_says_what_each_route_may_be_asked(self):
        def parameters(method, path):
            return {(one["in"], one["name"]): one for one in self.document.operation(method, path).get("parameters", ())}
        plan = parameters("GET", "/api/migrations/plan")
        self.assertEqual(set(plan), {("query", name) for name in ("migrations", "target", "transaction", "allow_out_of_order", "framework", "ignore_history", "allow_other_database", "repair", "fields")}
                         | {("header", "If-None-Match")})
        self.assertEqual(plan["query", "migrations"]["schema"], {"type": "array", "items": {"type": "string"}})
        self.assertEqual(plan["query", "allow_out_of_order"]["schema"], {"type": "boolean"})
        self.assertIn("all", plan["query", "transaction"]["schema"]["enum"])
        self.assertFalse(any(one.get("required") for one in plan.values()))
        self.assertEqual(set(parameters("GET", "/api/operations/1/wait")), {("path", "id"), ("query", "after_event"), ("query", "wait_ms")})
        self.assertEqual(set(parameters("GET", "/api/operations/1/events")), {("path", "id"), ("query", "after_event"), ("header", "Last-Event-ID")})
        self.assertEqual(set(parameters("POST", "/api/operations/1/cancel")), {("path", "id")})
        self.assertEqual(set(parameters("POST", IDEMPOTENT + "run")), {("header", "Idempotency-Key"), ("header", "Prefer")})
        self.assertEqual([(method, path) for path, methods in self.document.document["paths"].items() for method, operation in methods.items()
                          if method in ("get", "delete") and "requestBody" in operation], [])
        protect = self.document.operation("POST", "/api/branches/1/protect")["requestBody"]["content"]["application/json"]["schema"]
        self.assertEqual(set(protect["properties"]), {"off"})  # the id is in the path
        run = self.document.operation("POST", IDEMPOTENT + "run")
        self.assertEqual(run["responses"]["202"]["content"]["application/json"]["schema"], {"$ref": "#/components/schemas/Operation"})

    def resolve_all(self, node):
        if isinstance(node, dict) and "$ref" in node:
            self.document.resolve(node)
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            self.resolve_all(child)

    def test_what_is_no_route_is_404_and_another_method_405(self):
        for path in ("/nothing", "/api/migrations", IDEMPOTENT + "status/", "/API/HEALTH", "/api/migrations/preview/"):
            answer = self.http.get(path)
            self.assertEqual(answer.status, 404, path)
            self.assert_error(answer.json, "NOT_FOUND")
        for method, path, allowed in (("POST", IDEMPOTENT + "status", "GET"), ("GET", IDEMPOTENT + "run", "POST"), ("DELETE", "/api/health", "GET")):
            answer = self.http.request(method, path)
            self.assertEqual(answer.status, 405)
            self.assertIn(allowed, answer.headers["Allow"])
            self.assertEqual(answer.json["error"], f"This path takes {answer.headers['Allow']}, not {method}.")
        self.assertEqual(self.http.get("/nothing").json["error"], "There is no route GET /nothing; GET / lists all of them.")

    def test_a_field_that_is_none_is_told_with_the_one_that_was_meant_or_with_all(self):
        for route, body, said in (("mark-applied", {"migrations": "x"}, 'There is no field "migrations" here; did you mean "migration"?'),
                                  ("mark-applied", {"name": "x"}, 'There is no field "name" here; there is: migration, framework, '),
                                  ("run", {"zzzzzzzz": 1}, 'There is no field "zzzzzzzz" here.')):
            answer = self.http.post(IDEMPOTENT + route, body)
            self.assertEqual(answer.status, 400)
            self.assertTrue(answer.json["error"].startswith(said), answer.json)

    def test_a_query_that_a_write_would_ignore_is_refused(self):
        for said, word in (("dry_run=true", "dry_run"), ("dryRun=true", "dry_run"), ("target=x", "target"), ("dry%5Frun=1", "dry_run"), ("anything=1", "anything"),
                           ("%FF=1", "none that this route knows"), ("%zz=1", "none that this route knows")):
            for path in (IDEMPOTENT + "run", "/api/migrations/up"):
                error = self.ask("POST", f"{path}?{said}", {}, 400)
                self.assertIn(word, error["error"])
        self.assertEqual(self.ask("GET", IDEMPOTENT + "status")["summary"]["applied"], 0)
        self.assertEqual(self.http.post("/api/sql/explain?_=1", {"sql": "SELECT 1"}).status, 200)
        self.assertIn("field of the body", self.http.post("/api/sql/explain?analyze=true", {"sql": "SELECT 1"}).json["error"])

    def test_head_is_get_without_a_body(self):
        answer = self.http.request("HEAD", IDEMPOTENT + "status")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertGreater(int(answer.headers["Content-Length"]), 100)

    def test_a_query_is_passed_over_where_there_is_nothing_to_ask_but_the_framework(self):
        self.assertEqual(self.http.get(IDEMPOTENT + "status?x=1&y=%00").status, 200)
        self.assertEqual(self.http.get(IDEMPOTENT + "status?framework=prisma&x").status, 200)
        self.assertEqual(self.http.get(IDEMPOTENT + "status?framework=%00").status, 400)
        self.assertEqual(self.http.get("/api/migrations/plan?x=1").status, 400)

    def test_a_request_id_is_given_back_or_made(self):
        self.assertEqual(self.http.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"], "abc-1")
        for bad in ("x" * 200, "a b", "\u00e4"):
            made = self.http.get("/healthz", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
            self.assertRegex(made, r"^[0-9a-f-]{36}$")

    def test_no_password_stands_in_any_answer_or_log(self):
        for method, path in (("GET", IDEMPOTENT + "status"), ("POST", IDEMPOTENT + "run"), ("GET", "/api/health"), ("POST", "/api/migrations/check")):
            body = self.http.request(method, path).body.decode()
            self.assertNotIn(harness.PASSWORD, body)
            self.assertNotIn(harness.PASSWORD_ENCODED, body)
        self.assertNotIn(harness.PASSWORD, self.process.text())
        self.assertNotIn(harness.PASSWORD_ENCODED, self.process.text())


if __name__ == "__main__":
    harness.main()
