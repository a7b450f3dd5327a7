"""Branches over REST: the contract, what a copy lacks put back, a parent that is busy, names, ends, and rights."""
import datetime
import glob
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import cluster
import events
import harness
from harness import PASSWORD_ENCODED, Case, Staying, wait_for
from places import Places

SCENE = """
CREATE TABLE posts (id int PRIMARY KEY, title text);
INSERT INTO posts SELECT i, 'post ' || i FROM generate_series(1, 100) i;
"""


class Branches(Staying):
    interval = "600"

    def setUp(self):
        super().setUp()
        self.sql(SCENE)
        self.cluster.stop_emptying()  # who stays in the database keeps everybody from copying it
        self.stay(arguments=("--branch-interval", self.interval))
        self.http = self.stay_behind_bridge()
        self.addCleanup(self.drop_all)

    def start(self, *arguments, **options):
        return self.worker(self.files, "--branch-interval", self.interval, *arguments, **options)

    def databases(self):
        return {name for name, in self.admin("SELECT datname FROM pg_database WHERE datname LIKE 'truss\\_branch\\_%'")}

    def drop_all(self):
        for name in self.databases():
            self.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # WITH (FORCE) is newer than 12
            self.admin(f'DROP DATABASE IF EXISTS "{name}"')

    def admin(self, sql):
        return self.cluster.psql("postgres", sql)

    def dumped(self, answer):
        """The answer; the test is skipped where it says that there is no pg_dump for the server."""
        if self.cluster.version > 15 and b"newest pg_dump" in answer.body:
            self.skipTest("no pg_dump of this version is installed")
        return answer

    def make(self, status=201, **body):
        answer = self.dumped(self.http.post("/api/branches", body))
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def listed(self, query=""):
        answer = self.http.get("/api/branches" + query)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["branches"]

    def delete(self, row, status=200):
        answer = self.http.request("DELETE", f"/api/branches/{row['id']}")
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def row(self, row, columns="status"):
        return self.sql(f"SELECT {columns} FROM truss.branches WHERE id = {row['id']}")[0]


class Contract(Branches):
    def test_a_branch_is_made_listed_connected_to_and_dropped(self):
        row = self.make(label="Try it!", ttlHours=2)
        self.assertRegex(row["branch_db"], r"^truss_branch_try_it__[0-9a-z]{10}$")
        self.assertEqual({key: row[key] for key in ("label", "parent_db", "status", "ttl_hours", "kind", "source", "protected")},
                         {"label": "Try it!", "parent_db": self.database, "status": "active", "ttl_hours": 2, "kind": "full",
                          "source": "parent", "protected": False})
        self.assertGreater(row["size_bytes"], 1000000)
        created, expires = (datetime.datetime.fromisoformat(row[key].replace("Z", "+00:00")) for key in ("created_at", "expires_at"))
        self.assertAlmostEqual((expires - created).total_seconds(), 7200, delta=2)
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts"), [("100",)])
        listed = self.listed()
        self.assertEqual([(one["id"], one["branch_db"]) for one in listed], [(row["id"], row["branch_db"])])
        service = self.http.get("/v1/branches").json
        self.assertEqual((service["total_count"], [one["id"] for one in service["branches"]]), (1, [row["id"]]))
        self.assertEqual(self.http.get(f"/api/branches/{row['id']}").json["branch_db"], row["branch_db"])
        told = self.http.get(f"/api/branches/{row['id']}/connection-string").json
        self.assertEqual((told["connectionString"], told["branchDb"]), (told["maskedConnectionString"], row["branch_db"]))
        self.assertIn(f":****@127.0.0.1:{self.cluster.port}/{row['branch_db']}", told["connectionString"])
        shown = self.http.get(f"/api/branches/{row['id']}/connection-string?reveal=true")
        self.assertIn(f":{PASSWORD_ENCODED}@127.0.0.1:{self.cluster.port}/{row['branch_db']}", shown.json["connectionString"])
        self.assertEqual(shown.headers["Cache-Control"], "no-store")
        psql = subprocess.run(["psql", "-XAtc", "SELECT count(*) FROM posts", shown.json["connectionString"]], capture_output=True,
                              text=True, check=True)
        self.assertEqual(psql.stdout.strip(), "100")
        self.assertEqual(self.delete(row), {"ok": True})
        self.assertEqual((self.listed(), self.databases(), self.row(row)), ([], set(), ("deleted",)))
        gone = self.delete(row, 404)
        self.assertEqual((gone["error"], gone["detail"]), ("Branch not found.", f'The branch "{row["label"]}" was dropped.'))
        self.assertEqual(self.http.get(f"/api/branches/{row['id']}").json["detail"], gone["detail"])
        for path in ("999999", "x", "1e3", "18446744073709551617", "%20"):
            told = self.http.request("DELETE", f"/api/branches/{path}")
            self.assertEqual((told.status, told.json["error"], "truss branch list" in told.json["hint"]), (404, "Branch not found.", True), path)

    def test_requests_share_a_session_and_none_stays_where_a_branch_is_made(self):
        row = self.make()
        of_worker = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'truss'"

        def share():
            """Of two requests within a second; then it is closed, lest another worker never finds this database free."""
            self.listed()
            session = self.sql(of_worker)
            self.assertEqual(self.http.get(f"/api/branches/{row['id']}/connection-string").status, 200)
            return len(session) == 1 and self.sql(of_worker) == session
        wait_for(share)
        beside = self.worker(self.project())
        other = self.bridge(beside)
        polls = threading.Event()

        def poll():
            while not polls.wait(0.2):
                other.get("/api/branches")
        thread = threading.Thread(target=poll)
        thread.start()
        try:
            self.delete(self.make())
        finally:
            polls.set()
            thread.join()
        beside.stop()
        # As another worker's reset has it: that worker may be about to copy this database.
        for path in ("?all=true", f"/{row['id']}"):
            self.listed()
            self.sql(f"UPDATE truss.branches SET status = 'creating' WHERE id = {row['id']}")
            self.assertEqual(self.http.get("/api/branches" + path).status, 200, path)
            wait_for(lambda: not self.sql(of_worker))
            self.sql(f"UPDATE truss.branches SET status = 'active' WHERE id = {row['id']}")
        self.delete(row)

    def test_the_newest_is_first_and_a_label_is_made(self):
        first, second = self.make(), self.make(label="second")
        self.assertRegex(first["label"], r"^branch_\d{8}_\d{6}$")
        self.assertEqual((first["expires_at"], first["ttl_hours"]), (None, 0))
        self.assertEqual([one["id"] for one in self.listed()], [second["id"], first["id"]])

    def test_of_branches_that_have_ended_the_newest_are_listed_and_of_others_all(self):
        row = self.make(label="long ago")
        self.assertFalse(self.http.get("/v1/branches?all=true").json["truncated"])
        self.sql("INSERT INTO truss.branches (token, home_db, home_oid, parent_db, branch_db, label, status, kind, source) SELECT md5(i::text), home_db, "
                 "home_oid, parent_db, 'truss_branch_' || i, i, 'deleted', 'full', 'parent' FROM truss.branches, generate_series(1, 501) i")
        told = self.http.get("/v1/branches?all=true").json
        self.assertEqual((len(told["branches"]), told["truncated"], told["total_count"]), (501, True, 501))
        self.assertEqual([(one["id"], one["status"]) for one in told["branches"] if one["status"] != "deleted"], [(row["id"], "active")])
        self.assertEqual({one["label"] for one in told["branches"]}, {"long ago", *map(str, range(2, 502))})

    def test_a_hostile_label_is_text_and_nothing_else(self):
        label = "'; DROP DATABASE postgres; -- \"\\ ü漢 $$"
        row = self.make(label=label)
        self.assertEqual(row["label"], label)
        self.assertRegex(row["branch_db"], r"^truss_branch_[a-z0-9_]+$")
        comment = self.admin(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{row['branch_db']}'")[0][0]
        self.assertEqual(json.loads(comment.removeprefix("truss-branch "))["label"], label)
        long = self.make(label="漢" * 70)
        self.assertEqual(long["label"], "漢" * 60)
        self.assertIn("The label was cut to 60 characters.", long["warnings"])
        self.assertLessEqual(len(long["branch_db"]), 63)

    def test_a_parent_with_quotes_blanks_and_upper_case(self):
        for name in ('Odd "Name" \'x\'', "UPPER", " ü %s "):
            with self.subTest(name=name):
                quoted = '"' + name.replace('"', '""') + '"'
                self.admin(f"CREATE DATABASE {quoted}")
                try:
                    row = self.make(label="odd", parent=name)
                    self.assertEqual((row["parent_db"], row["status"]), (name, "active"))
                    self.assertTrue(self.http.get(f"/api/branches/{row['id']}/diff").json["same"])
                    self.delete(row)
                finally:
                    self.admin(f"DROP DATABASE {quoted}")
        self.assertIn("There is no database", self.make(404, parent="none_such")["error"])

    def test_words_that_are_none(self):
        self.assertIn("onBusy", self.make(400, onBusy="kill")["error"])
        self.assertIn("source", self.make(400, source="backup")["error"])
        self.assertIn("ttlHours", self.make(400, ttlHours=4000000)["error"])
        self.assertEqual(self.make(400, ttlHours=-1)["code"], "INVALID_ARGUMENT")

    def test_label_end_and_protection_are_changed(self):
        row = self.make(label="one", ttlHours=1)
        path = f"/api/branches/{row['id']}"
        changed = self.http.request("PATCH", path, {"label": "two", "ttlHours": 0, "protected": True}).json
        self.assertEqual((changed["label"], changed["expires_at"], changed["protected"], changed["ttl_hours"]), ("two", None, True, 0))
        for answer in (self.http.request("DELETE", path), self.http.post(path + "/reset")):
            self.assertEqual((answer.status, answer.json["reason"]), (409, "PROTECTED"), answer.body)
        self.assertEqual(self.http.post(path + "/protect", {"off": True}).json["protected"], False)
        when = "2031-01-02T03:04:05Z"
        self.assertEqual(self.http.request("PATCH", path, {"expiresAt": when}).json["expires_at"], when)
        for wrong in ({"expiresAt": when, "ttlHours": 1}, {"expiresAt": "2020-01-01T00:00:00Z"}):
            self.assertEqual(self.http.request("PATCH", path, wrong).status, 400)
        self.assertEqual(self.http.get(path).json["expires_at"], when)
        comment = self.admin(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{row['branch_db']}'")[0][0]
        self.assertEqual(json.loads(comment.removeprefix("truss-branch "))["label"], "two")
        self.delete(row)

    def test_that_the_end_is_near_is_told_when_a_fifth_is_left(self):
        row = self.make(label="soon", ttlHours=10)
        self.assertEqual(self.listed()[0]["warnings"], [])
        self.sql(f"UPDATE truss.branches SET expires_at = now() + interval '110 minutes' WHERE id = {row['id']}")
        self.assertIn("dropped in 110 minutes", self.listed()[0]["warnings"][0])
        self.http.request("PATCH", f"/api/branches/{row['id']}", {"protected": True})
        self.assertEqual(self.listed()[0]["warnings"], [])

    def test_a_reset_begins_anew_under_the_same_name(self):
        row = self.make(label="again")
        self.cluster.psql(row["branch_db"], "DROP TABLE posts")
        self.sql("INSERT INTO posts VALUES (1000, 'new')")
        diff = self.http.get(f"/api/branches/{row['id']}/diff").json
        self.assertFalse(diff["same"])
        self.assertIn(("removed", "table", "public.posts"), [(one["change"], one["kind"], one["name"]) for one in diff["differences"]])
        again = self.http.post(f"/api/branches/{row['id']}/reset", {})
        self.assertEqual(again.status, 200, again.body)
        self.assertEqual((again.json["id"], again.json["branch_db"]), (row["id"], row["branch_db"]))
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts"), [("101",)])
        self.assertTrue(self.http.get(f"/api/branches/{row['id']}/diff").json["same"])
        self.assertEqual(self.databases(), {row["branch_db"]})

    def test_the_difference_of_schemas_is_told_part_by_part(self):
        row = self.make()
        self.cluster.psql(row["branch_db"], "ALTER TABLE posts ALTER title SET NOT NULL; CREATE INDEX posts_title ON posts (title);"
                                            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE mood AS ENUM ('a', 'b')")
        found = {(one["change"], one["kind"], one["name"]): (one["parent"], one["branch"])
                 for one in self.http.get(f"/api/branches/{row['id']}/diff").json["differences"]}
        self.assertEqual(found[("changed", "column", "public.posts.title")], ("text", "text NOT NULL"))
        self.assertEqual(found[("added", "type", "public.mood")], (None, "ENUM 'a', 'b'"))
        self.assertIn(("added", "index", "public.posts_title"), found)
        self.assertIn(("added", "function", "public.f()"), found)

    def test_each_part_of_a_definition_that_differs_is_a_difference(self):
        self.sql("CREATE VIEW seen AS SELECT id FROM posts; CREATE SEQUENCE numbers; CREATE DOMAIN code AS text; CREATE TYPE pair AS (a int);"
                 "CREATE POLICY own ON posts USING (true); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
                 "CREATE TRIGGER g BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION f();"
                 "CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)")
        row = self.make()
        for change, kind, name in (("ALTER VIEW seen SET (security_barrier)", "view", "public.seen"), ("ALTER SEQUENCE numbers CYCLE", "sequence", "public.numbers"),
                                   ("ALTER DOMAIN code ADD CHECK (value <> '')", "type", "public.code"), ("ALTER TYPE pair ADD ATTRIBUTE b int", "type", "public.pair"),
                                   ("ALTER POLICY own ON posts TO pg_monitor", "policy", "public.posts.own"),
                                   ("ALTER TABLE posts ENABLE REPLICA TRIGGER g", "trigger", "public.posts.g"),
                                   ("ALTER TABLE posts FORCE ROW LEVEL SECURITY", "table", "public.posts"),
                                   ("ALTER TABLE parts DETACH PARTITION part; ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN (2)", "table", "public.part")):
            with self.subTest(change):
                self.cluster.psql(row["branch_db"], change)
                told = self.http.get(f"/api/branches/{row['id']}/diff").json
                self.assertIn(("changed", kind, name), [(one["change"], one["kind"], one["name"]) for one in told["differences"]])

    def test_a_rule_and_a_statistics_object_are_differences(self):
        row = self.make()
        self.cluster.psql(row["branch_db"], "CREATE RULE quiet AS ON DELETE TO posts DO INSTEAD NOTHING; CREATE STATISTICS pairs ON id, title FROM posts")
        told = self.http.get(f"/api/branches/{row['id']}/diff").json
        self.assertEqual([(one["change"], one["kind"], one["name"]) for one in told["differences"]],
                         [("added", "rule", "public.posts.quiet"), ("added", "statistics", "public.pairs")])

    def test_a_key_makes_one_branch(self):
        def post(key, **body):
            return self.http.post("/api/branches", body, headers={"Idempotency-Key": key})
        first, again = post("k", label="once"), post("k", label="once")
        self.assertEqual((first.status, again.status), (201, 201), again.body)
        self.assertEqual(again.json["branch_db"], first.json["branch_db"])
        self.assertEqual((post("k", label="other").status, len(self.databases())), (422, 1))
        self.assertNotEqual(post("l", label="once").json["id"], first.json["id"])

    def test_what_pg_dump_warns_of_is_told(self):
        """The real programs, behind a script that has one more thing to say."""
        self.needs_dump()
        real = harness.PG_CLIENT or max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        with tempfile.TemporaryDirectory() as programs:
            for name in ("pg_dump", "pg_restore"):
                path = os.path.join(programs, name)
                with open(path, "w", encoding="ascii") as file:
                    more = "for i in $(seq 100); do echo pg_restore: warning: $i >&2; done" if name == "pg_restore" else ":"
                    file.write(f"#!/bin/sh\n[ \"$1\" = --version ] || {{ echo '{name}: warning: {name} is uneasy' >&2; {more}; }}\nexec {real}/{name} \"$@\"\n")
                os.chmod(path, 0o755)
            os.chmod(programs, 0o755)
            http = self.bridge(self.start("--pg-bin", programs, "--sandbox", "off"))
            answer = self.dumped(http.post("/api/branches", {"source": "dump"}))
        self.assertEqual(answer.status, 201, answer.body)
        row = answer.json
        self.assertEqual((row["status"], row["warnings"][:3]), ("active", ["pg_dump: warning: pg_dump is uneasy", "pg_restore: warning: pg_restore is uneasy", "pg_restore: warning: 1"]))
        self.assertEqual(row["warnings"][-2:], ["pg_restore: warning: 18", "There were more warnings, which are not shown."])

    def test_the_rules_of_icu_go_with_a_dump(self):
        if self.cluster.version < 16:
            self.skipTest("a database has them from PostgreSQL 16 on")
        self.needs_dump()
        name = f"{self.database}_rules"
        self.admin(f"CREATE DATABASE {name} LOCALE_PROVIDER icu ICU_LOCALE 'en' ICU_RULES '&z < a' TEMPLATE template0")
        self.addCleanup(self.admin, f"DROP DATABASE {name} WITH (FORCE)")
        row = self.make(parent=name, source="dump")
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT 'a' > 'z'"), [("t",)])

    def test_one_whose_last_answer_is_lost_is_there(self):
        self.needs_dump()
        places = Places(self.cluster.port, lambda pid: None)
        self.addCleanup(places.close)
        http = self.bridge(self.start(url=self.url().replace(f":{self.cluster.port}/", f":{places.port}/")))
        places.arm(b"SET status = 'active', db_oid", "cut-after")
        answer = http.post("/api/branches", {"source": "schema"})
        self.assertIsNotNone(places.hit)
        self.assertEqual((answer.status, answer.json["status"]), (201, "active"), answer.body)

    def test_a_key_of_a_branch_is_none_of_a_golden_copy(self):
        self.needs_dump()

        def post(path, key):
            return self.http.post(path, {}, headers={"Idempotency-Key": key})
        branch, golden = "/api/branches", "/api/branches/golden"
        for key, path, other in (("k", branch, golden), ("l", golden, branch)):
            made = post(path, key)
            self.assertEqual((made.status, post(path, key).json["id"]), (201, made.json["id"]), made.body)
            self.assertEqual((post(other, key).status, len(self.databases())), (422, 1 if path == branch else 2))

    def test_a_key_that_many_send_at_once_makes_one_branch(self):
        self.needs_dump()
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.http.request("POST", "/api/branches", {"source": "schema"}, {"Idempotency-Key": "many"})))
                   for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.databases()), 1)
        self.assertEqual(sorted({answer.status for answer in answers} | {201, 409}), [201, 409], [answer.body for answer in answers])

    def test_the_most_is_not_exceeded_however_many_ask_at_once(self):
        http = self.bridge(self.start("--max-branches", "2"))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(http.post("/api/branches", {}))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(sorted(one.status for one in answers).count(201), 2, [one.body for one in answers])
        self.assertIn(429, [one.status for one in answers])
        self.assertEqual(len(self.databases()), len(self.listed()))


class Behind(Branches):
    """Those that are made behind the answer."""

    def begin(self, status=202, key=None, **body):
        headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": key} if key else {})
        answer = self.http.post("/api/branches", body, headers=headers)
        self.assertEqual(answer.status, status, answer.body)
        return answer

    def ended(self, row):
        def has_ended():
            found = self.http.get(f"/api/branches/{row['id']}").json
            return found["status"] != "creating" and found
        return wait_for(has_ended, every=0.1)

    def lock_posts(self):
        """Somebody's lock, for which a dump waits."""
        words = ["psql", "-Xq", self.url(), "-c", "BEGIN; LOCK TABLE posts; SELECT pg_sleep(60)"]
        session = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE relation = 'posts'::regclass AND mode = 'AccessExclusiveLock' AND granted"))

    def told(self, row, after=0):
        stream = events.Stream(self.http, f"/api/branches/{row['id']}/events", {"Last-Event-ID": str(after)})
        self.addCleanup(stream.close)
        return [(number, event, {**data, "age_of_data_s": 0}) for number, event, data in stream.events()]

    def test_it_is_answered_at_once_and_ready_later(self):
        self.needs_dump()
        for source, phases in (("", ["copying", "finishing"]), ("dump", ["dumping", "restoring", "finishing"])):
            answer = self.begin(label="later", ttlHours=1, source=source)
            row = answer.json
            told = self.told(row)
            self.assertEqual([number for number, _, _ in told[:-1]], list(range(1, len(told))))
            self.assertEqual([data["phase"] for _, event, data in told if event == "phase" and data["phase"] != "waiting"], phases)
            self.assertEqual((told[-1][1], told[-1][2]["status"], told[-1][2]["branch_db"]), ("done", "active", row["branch_db"]))
            self.assertEqual(self.told(row, 1), told[1:])  # also when it has ended
            waited = self.http.get(f"/api/branches/{row['id']}/wait?after_event={len(told) - 2}&wait_ms=5000").json
            self.assertEqual((len(waited["events"]), waited["done"], waited["error"]), (1, True, None))
            self.assertEqual((row["status"], answer.headers["Location"], answer.headers["Preference-Applied"]),
                             ("creating", f"/api/branches/{row['id']}", "respond-async"))
            done = self.ended(row)
            self.assertEqual((done["status"], done["branch_db"], done["ttl_hours"], done["phase"]), ("active", row["branch_db"], 1, ""), done)
            self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts"), [("100",)])
        first = self.begin(key="one").json
        self.ended(first)
        self.assertEqual(self.begin(key="one").json["id"], first["id"])

    def test_another_worker_tells_its_end_and_the_right_one_its_events(self):
        self.needs_dump()
        self.lock_posts()
        row = self.begin(source="dump").json
        for query, states in (("", []), ("?unfinished=true", ["creating"]), ("?all=true", ["creating"])):
            self.assertEqual([one["status"] for one in self.http.get("/api/branches" + query).json["branches"]], states, query)
        listed = self.truss("branch", "list", worker=self.process)
        self.assertIn("creating", listed.stdout, listed.stderr)
        stranger = self.start()
        streams = [events.Stream(self.bridge(*workers), f"/api/branches/{row['id']}/events") for workers in ((stranger,), (stranger, self.process))]
        for stream in streams:
            self.addCleanup(stream.close)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE posts%' AND pid <> pg_backend_pid()")
        alone, both = ([event for _, event, _ in stream.events()] for stream in streams)
        self.assertEqual((alone, both), (["done"], ["phase"] * 3 + ["done"]))  # of two workers that which makes it is found
        self.assertEqual(self.http.get("/api/branches/999999/events").status, 404)

    def test_what_cannot_begin_is_refused_at_once(self):
        self.assertIn("onBusy", self.begin(400, onBusy="perhaps").json["error"])
        self.assertEqual(self.begin(404, parent="no such database").json["code"], "NOT_FOUND")

    def behind(self, path, status=202, key=None, **body):
        headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": key} if key else {})
        answer = self.http.post(path, body, headers=headers)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def test_a_reset_is_told_as_a_creation_is(self):
        row = self.make(label="again")
        self.cluster.psql(row["branch_db"], "DROP TABLE posts")
        begun = self.behind(f"/api/branches/{row['id']}/reset")
        self.assertEqual((begun["id"], begun["status"]), (row["id"], "creating"))
        told = self.told(row)
        self.assertEqual([data["phase"] for _, event, data in told if event == "phase" and data["phase"] != "waiting"], ["copying", "finishing"])
        self.assertEqual((told[-1][1], told[-1][2]["status"], told[-1][2]["branch_db"]), ("done", "active", row["branch_db"]))
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts"), [("100",)])

    def test_a_reset_that_is_cancelled_leaves_the_branch_as_it_was(self):
        self.needs_dump()
        row = self.make(label="kept", source="dump")
        self.cluster.psql(row["branch_db"], "DELETE FROM posts")
        self.lock_posts()
        self.behind(f"/api/branches/{row['id']}/reset")
        wait_for(lambda: self.http.get(f"/api/branches/{row['id']}").json["phase"] == "dumping")
        other = self.http.post(f"/api/branches/{row['id']}/reset")
        self.assertEqual((other.status, other.json["reason"]), (409, "BUSY"), other.body)
        self.assertIn(f"truss branch wait {row['id']}", other.json["error"])
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/cancel").json, {"cancelled": True})
        done = self.ended(row)
        self.assertEqual((done["status"], done["branch_db"]), ("active", row["branch_db"]))
        self.assertEqual(self.http.get(f"/api/branches/{row['id']}/wait").json["error"]["code"], 1)
        told = {**done, "age_of_data_s": 0}
        self.assertEqual([one[1:] for one in self.told(row)[-2:]], [("failed", told), ("done", told)])  # who waits for "done" only ends, too
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts"), [("0",)])
        self.assertEqual(self.databases(), {row["branch_db"]})

    def test_a_reset_whose_worker_died_is_not_told_as_done(self):
        self.needs_dump()
        row = self.make(label="kept", source="dump")
        self.lock_posts()
        self.behind(f"/api/branches/{row['id']}/reset")
        wait_for(lambda: self.http.get(f"/api/branches/{row['id']}").json["phase"] == "dumping")
        self.process.kill()
        other = self.start("--branch-interval", "0.2")
        wait_for(lambda: self.row(row) == ("active",))
        why = "The worker that made it ended before it was complete."
        waited = self.bridge(other).get(f"/api/branches/{row['id']}/wait").json
        self.assertEqual((waited["done"], waited["branch"]["status"], waited["error"]["code"], waited["error"]["message"]), (True, "active", 10, why))
        told = self.truss("branch", "wait", str(row["id"]), worker=other)
        self.assertNotEqual(told.returncode, 0, told.stdout)
        self.assertIn(why, told.stderr)
        self.assertEqual(self.bridge(other).get(f"/api/branches/{row['id']}").json["last_error"], why)
        self.sql(f"UPDATE truss.branches SET claimed_until = claimed_until - interval '61 min' WHERE id = {row['id']}")
        self.assertIsNone(self.bridge(other).get(f"/api/branches/{row['id']}/wait").json["error"])  # of a day ago: the branch is as it was
        self.assertEqual(self.truss("branch", "wait", str(row["id"]), worker=other).returncode, 0)

    def test_a_reset_that_cannot_begin_is_refused_at_once(self):
        row = self.make()
        self.hold()
        self.assertEqual(self.behind(f"/api/branches/{row['id']}/reset", 409)["reason"], "BUSY")
        self.behind("/api/branches/999999/reset", 404)

    def test_the_golden_copy_is_told_as_a_branch_is(self):
        self.needs_dump()
        golden = self.behind("/api/branches/golden", source="schema", key="golden")
        told = self.told(golden)
        self.assertEqual([data["phase"] for _, event, data in told if event == "phase"], ["dumping", "restoring", "finishing"])
        self.assertEqual((told[-1][1], told[-1][2]["status"], told[-1][2]["kind"]), ("done", "active", "golden"))
        self.assertEqual(self.behind("/api/branches/golden", source="schema", key="golden")["id"], golden["id"])
        self.assertEqual(len(self.databases()), 1)

    def test_a_reset_with_a_key_is_done_once(self):
        row = self.make()
        path = f"/api/branches/{row['id']}/reset"
        count = "SELECT count(*) FROM posts"

        def reset(key, **body):
            return self.http.post(path, body, headers={"Idempotency-Key": key})
        self.assertEqual(reset("k").status, 200)
        self.cluster.psql(row["branch_db"], "DELETE FROM posts")
        again = reset("k")
        self.assertEqual((again.status, again.json["id"], self.cluster.psql(row["branch_db"], count)), (200, row["id"], [("0",)]))
        self.assertEqual(reset("k", onBusy="fail").status, 422)
        self.assertEqual((reset("l").status, self.cluster.psql(row["branch_db"], count)), (200, [("100",)]))

    def test_a_table_of_branches_that_was_made_earlier_is_taken(self):
        row = self.make()
        self.sql("ALTER TABLE truss.branches DROP COLUMN disables_triggers, DROP COLUMN reset_key, DROP COLUMN reset_request, DROP COLUMN reset_at")
        self.assertEqual([one["id"] for one in self.listed()], [row["id"]])
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/reset", {}, headers={"Idempotency-Key": "k"}).status, 200)
        self.sql("ALTER TABLE truss.branches DROP COLUMN disables_triggers, DROP COLUMN reset_key, DROP COLUMN reset_request, DROP COLUMN reset_at")
        self.make(label="another")

    def test_it_is_cancelled_and_nothing_is_left(self):
        self.needs_dump()
        self.lock_posts()
        row = self.begin(source="dump").json
        wait_for(lambda: self.http.get(f"/api/branches/{row['id']}").json["phase"] == "dumping")
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/cancel").json, {"cancelled": True})
        done = self.ended(row)
        self.assertEqual((done["status"], done["last_error"]), ("failed", "It was cancelled."))
        self.assertEqual([(event, data["last_error"]) for _, event, data in self.told(row)[-2:]],
                         [("failed", "It was cancelled."), ("done", "It was cancelled.")])
        self.assertEqual(self.http.get(f"/api/branches/{row['id']}/wait").json["error"]["code"], 1)
        self.assertEqual(self.databases(), set())
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/cancel").status, 404)


class PutBack(Branches):
    def test_owner_grants_settings_and_limit_are_those_of_the_parent(self):
        self.admin(f"""DROP ROLE IF EXISTS reader; CREATE ROLE reader; DROP ROLE IF EXISTS owner; CREATE ROLE owner;
            ALTER DATABASE {self.database} OWNER TO owner; REVOKE ALL ON DATABASE {self.database} FROM PUBLIC;
            GRANT CONNECT ON DATABASE {self.database} TO reader WITH GRANT OPTION;
            ALTER DATABASE {self.database} SET search_path TO 'a b', "$user", public; ALTER DATABASE {self.database} SET my.word = 'it''s; x';
            ALTER ROLE reader IN DATABASE {self.database} SET work_mem = '5MB'; ALTER DATABASE {self.database} CONNECTION LIMIT 17""")
        row = self.make(label="put back")
        facts = """SELECT pg_get_userbyid(datdba), datconnlimit, datallowconn, datistemplate,
            (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(datacl) a),
            (SELECT string_agg(coalesce(setrole::regrole::text, '') || setconfig::text, ' ' ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
            FROM pg_database d WHERE datname = '%s'"""
        self.assertEqual(self.admin(facts % row["branch_db"]), self.admin(facts % self.database))
        self.assertEqual(row["warnings"][1:], [])
        self.admin("DROP OWNED BY reader")
        self.delete(row)
        self.admin(f"ALTER DATABASE {self.database} OWNER TO app; ALTER ROLE reader IN DATABASE {self.database} RESET ALL")

    def test_a_parent_for_reading_only_is_dumped_and_so_is_the_branch(self):
        name = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, name)
        self.cluster.psql(name, "CREATE TABLE kept AS SELECT 1 AS a")
        self.admin(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        row = self.make(parent=name, source="dump")
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT a FROM kept"), [("1",)])
        self.assertEqual(self.cluster.psql(row["branch_db"], "SHOW default_transaction_read_only"), [("on",)])

    def test_event_triggers_act_in_a_branch_unless_they_are_disabled(self):
        self.make()  # and with it our own table
        self.sql("CREATE FUNCTION heard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'heard'; END $$; "
                 'CREATE EVENT TRIGGER "On DDL" ON ddl_command_start EXECUTE FUNCTION heard()')
        self.addCleanup(self.sql, 'DROP EVENT TRIGGER "On DDL"')
        enabled = "SELECT evtenabled FROM pg_event_trigger"
        row = self.make()
        self.assertIn('The event trigger "On DDL" acts in the branch too.', row["warnings"])
        self.assertEqual(self.cluster.psql(row["branch_db"], enabled), [("O",)])
        row = self.make(disableTriggers=True)
        self.assertIn('The event trigger "On DDL" is disabled in the branch.', row["warnings"])
        self.assertEqual(self.cluster.psql(row["branch_db"], enabled), [("D",)])
        self.cluster.psql(row["branch_db"], 'ALTER EVENT TRIGGER "On DDL" ENABLE')
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/reset").status, 200)
        self.assertEqual(self.cluster.psql(row["branch_db"], enabled), [("D",)])
        self.assertEqual(self.sql(enabled), [("O",)])

    def test_a_large_copy_is_left_to_the_file_system_where_the_server_knows_that(self):
        self.sql("CREATE UNLOGGED TABLE large AS SELECT repeat('x', 1990) FROM generate_series(1, 140000)")
        row = self.make(onBusy="wait")
        ways = ("copy",) if self.cluster.version < 15 else ("file_copy",) if self.cluster.version < 18 else ("clone", "file_copy")
        self.assertIn(row["strategy"], ways)
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM large"), [("140000",)])

    def test_a_subscription_of_the_parent_is_not_in_a_dump_either(self):
        self.sql("CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)")
        self.addCleanup(lambda: self.sql("ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s"))
        for source in ("dump", "schema"):
            row = self.make(source=source)
            self.assertEqual(self.admin("SELECT count(*) FROM pg_subscription"), [("1",)])
            self.delete(row)

    def test_what_is_the_parents_alone_is_not_in_the_copy(self):
        first = self.make(label="first")
        self.sql("CREATE TABLE truss.operations (id int); INSERT INTO truss.operations VALUES (1)")
        second = self.make(label="second")
        self.assertEqual(self.cluster.psql(second["branch_db"], harness.with_own_schema("SELECT (SELECT count(*) FROM truss.operations), (SELECT count(*) FROM truss.branches)")),
                         [("0", "0")])
        self.assertEqual(len(self.listed()), 2)
        self.delete(first)
        self.delete(second)


class Ours(Branches):
    def test_our_own_idle_sessions_keep_nobody_from_copying(self):
        other = self.bridge(self.start())
        for http in (self.http, other):
            for path in ("/api/health", "/api/migrations/status", "/readyz", "/api/sql/tables"):
                http.get(path)
        idle = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'truss' AND datname = '%s'" % self.database
        self.assertGreater(int(self.admin(idle)[0][0]), 2)
        self.assertEqual(self.make()["source"], "parent")
        self.assertEqual([http.get("/readyz").status for http in (self.http, other)], [200, 200])
        self.assertEqual(other.get("/api/branches").json["total_count"], 1)

    def test_a_worker_s_session_for_webhooks_keeps_nobody_from_copying(self):
        folder = tempfile.mkdtemp(prefix="truss-hooks-")
        self.addCleanup(harness.shutil.rmtree, folder, True)
        config = os.path.join(folder, "hooks.toml")
        with open(os.open(config, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write('[webhook.chat]\nurl = "http://127.0.0.1:1/"\nformat = "slack"\n')
        # A name of the user's own: other workers cannot tell such a session from one of an application.
        http = self.bridge(self.start("--webhooks", config, url=self.cluster.url(self.database, application_name="shop")))
        wait_for(lambda: self.admin(f"SELECT FROM pg_stat_activity WHERE datname = '{self.database}' AND application_name = 'shop' AND state = 'idle'"))
        self.assertEqual(http.post("/api/branches", {}).status, 201)

    def test_idle_sessions_of_who_becomes_another_role_are_our_own(self):
        owner, login = f"owner_{self.database}", f"login_{self.database}"
        self.admin(f"CREATE ROLE {owner} CREATEDB; CREATE ROLE {login} LOGIN PASSWORD 'x' IN ROLE {owner}; ALTER ROLE {login} SET role = {owner}; "
                   f"ALTER DATABASE {self.database} OWNER TO {owner}")
        self.addCleanup(self.admin, f"DROP ROLE {owner}, {login}")
        self.addCleanup(self.sql, f"REASSIGN OWNED BY {owner} TO app; DROP OWNED BY {owner}")
        url = f"postgresql://{login}:x@127.0.0.1:{self.cluster.port}/{self.database}"
        one, other = (self.bridge(self.start(url=url)) for _ in range(2))
        self.assertEqual(other.get("/readyz").status, 200)
        answer = one.post("/api/branches", {})
        self.assertEqual((answer.status, other.get("/readyz").status), (201, 200), answer.body)
        self.assertEqual(one.request("DELETE", f"/api/branches/{answer.json['id']}").status, 200)


class Coming(Branches):
    def test_who_comes_while_it_begins_is_not_made_to_wait(self):
        self.make(source="schema")
        # A row is added behind the decision: there somebody comes, and stays.
        self.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$; "
                 "CREATE TRIGGER slow BEFORE INSERT ON truss.branches FOR EACH ROW EXECUTE FUNCTION slow()")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.http.post("/api/branches", {})))
        asking.start()
        wait_for(lambda: self.admin(f"SELECT FROM pg_stat_activity WHERE datname = '{self.database}' AND wait_event = 'PgSleep'"))
        guest = subprocess.Popen(["psql", "-Xqc", "SELECT pg_sleep(60)", self.url()], stderr=subprocess.DEVNULL)
        self.addCleanup(guest.wait)
        self.addCleanup(guest.kill)
        asking.join()
        self.assertEqual(answers[0].status, 409, answers[0].body)
        # Of PostgreSQL it would be 55006, behind 5 seconds in which nobody gets in.
        self.assertEqual((answers[0].json["reason"], answers[0].json.get("sqlstate")), ("BUSY", None), answers[0].body)
        self.assertEqual(len(self.databases()), 1)


class Rehearsal(Branches):
    def setUp(self):
        super().setUp()
        self.files.add("20250101000000_first", "CREATE TABLE posts (id int PRIMARY KEY, title text);")
        self.rpc(self.process).call("MigrationService", "MarkApplied", {"migration": "20250101000000_first"})

    def rehearse(self, row, status=200, **body):
        answer = self.http.post(f"/api/branches/{row['id']}/rehearse", body)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def pending(self, database):
        return self.cluster.psql(database, "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL")

    def test_what_is_pending_is_run_in_the_branch_and_nowhere_else(self):
        self.files.add("20250102000000_second", "ALTER TABLE posts ADD COLUMN slug text;")
        row = self.make()
        told = self.rehearse(row)
        self.assertEqual((told["ok"], told["idempotent"], [one["name"] for one in told["run"]["applied"]]), (True, True, ["20250102000000_second"]))
        self.assertIn("a second run finds nothing to do", told["summary"])
        self.assertEqual([(one["change"], one["name"]) for one in told["differences"]], [("added", "public.posts.slug")])
        self.assertEqual((told["branch"]["branch_db"], told["run"]["target"]["database"]), (row["branch_db"], row["branch_db"]))
        self.assertEqual((self.pending(row["branch_db"]), self.pending(self.database)), ([("2",)], [("1",)]))
        self.assertEqual(self.rehearse(row)["summary"], "Nothing is pending in the branch.")
        self.assertEqual(self.truss("branch", "rehearse", str(row["id"]), worker=self.process).returncode, 0)

    def test_differences_that_are_cut_say_so(self):
        self.files.add("20250102000000_second", "DO $$ BEGIN FOR i IN 1..501 LOOP EXECUTE 'CREATE TABLE t' || i || ' ()'; END LOOP; END $$;")
        shown = self.truss("branch", "rehearse", str(self.make()["id"]), worker=self.process)
        self.assertEqual((shown.returncode, "\nThere is more.\n" in shown.stdout), (0, True), shown.stdout)

    def test_what_fails_is_told_as_of_a_run(self):
        self.files.add("20250102000000_second", "CREATE TABLE posts (a int);")
        row = self.make()
        told = self.rehearse(row, 400)
        self.assertEqual((told["ok"], told["idempotent"], told["run"]["failed"]["sqlstate"]), (False, False, "42P07"))
        result = self.truss("branch", "rehearse", str(row["id"]), worker=self.process)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual(result.stdout.count(told["summary"]), 1, result.stdout)
        self.assertIn(f"Next: Correct the script, and then: truss branch rehearse {row['id']}\n", result.stdout)
        self.assertNotIn("truss run", result.stdout)  # that acts on the database which the branch is a copy of

    def test_the_plan_stands_beside_what_became_of_it(self):
        self.files.add("20250102000000_second", "ALTER TABLE posts ADD COLUMN slug text;")
        planned = self.rehearse(self.make())["plan"]["migrations"][0]["steps"][0]["statements"][0]
        self.assertEqual([(lock["relation"], lock["mode"]) for lock in planned["locks"]], [("posts", "ACCESS EXCLUSIVE")])

    def test_what_acts_on_the_whole_server_is_asked_before(self):
        self.admin("DROP ROLE IF EXISTS made_by_rehearsal")
        self.addCleanup(self.admin, "DROP ROLE IF EXISTS made_by_rehearsal")
        self.files.add("20250102000000_second", "CREATE TABLE more (a int);\nDO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'made_by_rehearsal')"
                       " THEN CREATE ROLE made_by_rehearsal; END IF; END $$;\nALTER ROLE made_by_rehearsal SET work_mem = '8MB';")
        row = self.make()
        told = self.rehearse(row, 409)
        lines = ["20250102000000_second, line 2: CREATE ROLE", "20250102000000_second, line 3: ALTER ROLE"]
        self.assertEqual((told["reason"], told["detail"].split("\n")), ("SERVER_WIDE", lines))
        self.assertEqual((self.pending(row["branch_db"]), self.admin("SELECT 1 FROM pg_roles WHERE rolname = 'made_by_rehearsal'")), ([("1",)], []))
        refused = self.truss("branch", "rehearse", str(row["id"]), worker=self.process)
        self.assertEqual((refused.returncode, "--allow-server-wide" in refused.stderr, lines[0] in refused.stderr), (1, True, True), refused.stderr)
        told = self.rehearse(row, allowServerWide=True)
        self.assertEqual((told["ok"], told["server_wide"]), (True, lines))

    def test_a_write_to_a_foreign_table_is_asked_before(self):
        self.sql("CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
                 "CREATE FOREIGN TABLE elsewhere (a text) SERVER files OPTIONS (filename '/dev/null')")
        self.files.add("20250102000000_second", "SELECT count(*) FROM elsewhere;\nINSERT INTO public.elsewhere VALUES ('x');")
        self.assertEqual(self.rehearse(self.make(), 409)["detail"], "20250102000000_second, line 2: a write to the foreign table public.elsewhere")

    def test_what_is_foreign_by_its_views_by_a_block_or_only_then_is_asked_before(self):
        self.sql("CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE elsewhere (a text) SERVER files"
                 " OPTIONS (filename '/dev/null'); CREATE VIEW seen AS SELECT a FROM elsewhere")
        self.files.add("20250102000000_second", "INSERT INTO seen VALUES ('x');\nDO $$ BEGIN EXECUTE 'DELETE FROM elsewhere'; END $$;\n"
                       "CREATE FOREIGN TABLE IF NOT EXISTS public.newer (a text) SERVER files OPTIONS (filename '/dev/null');\nSELECT 1 FROM newer;\nUPDATE newer SET a = 'x';\n"
                       "IMPORT FOREIGN SCHEMA s FROM SERVER files INTO there;\nDELETE FROM there.t;\nDELETE FROM posts;")
        self.assertEqual([line.split(", ")[1] for line in self.rehearse(self.make(), 409)["detail"].split("\n")],
                         ["line 1: a write to the foreign table seen", "line 2: a DO block that names the foreign table elsewhere",
                          "line 5: a write to the foreign table newer", "line 7: a write to the foreign table there.t"])

    def test_what_functions_and_triggers_of_the_database_do_elsewhere_is_asked_before(self):
        """They are those of the original, and a request to somebody's service is one of the branch as well."""
        self.sql("CREATE SCHEMA net; CREATE FUNCTION net.http_post(url text) RETURNS int LANGUAGE sql AS 'SELECT 1';"
                 "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM net.http_post(''x''); RETURN NEW; END';"
                 "CREATE TRIGGER tells AFTER UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION tell();"
                 "CREATE FUNCTION grow() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''CREATE ROLE ''||''made_by_rehearsal''; END';"
                 "CREATE FUNCTION growing() RETURNS void LANGUAGE sql AS 'SELECT grow()'; CREATE TABLE calm (a int)")
        self.files.add("20250102000000_second", "UPDATE posts SET title = 'x';\nSELECT growing();\nCREATE FUNCTION mine() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER SYSTEM"
                       " RESET ALL; END $$;\nSELECT mine();\nUPDATE calm SET a = 1;\nGRANT EXECUTE ON FUNCTION grow() TO PUBLIC;\nDROP FUNCTION mine();")
        self.assertEqual([line.split(", ")[1] for line in self.rehearse(self.make(), 409)["detail"].split("\n")],
                         ["line 1: a trigger of the table posts", "line 2: growing()", "line 4: mine()"])

    def test_a_grant_on_a_function_that_is_called_elsewhere_is_no_call(self):
        """The event triggers of a hosted database grant what its extensions bring."""
        self.sql("CREATE FUNCTION granting() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF false THEN GRANT USAGE ON SCHEMA net TO public;"
                 " ALTER FUNCTION net.http_get(url text, params jsonb) SECURITY DEFINER; REVOKE ALL ON FUNCTION net.http_get(text) FROM PUBLIC; END IF; END $$;"
                 "CREATE EVENT TRIGGER grants ON ddl_command_end EXECUTE FUNCTION granting()")
        self.files.add("20250102000000_second", "ALTER TABLE posts ADD COLUMN slug text;")
        self.assertTrue(self.rehearse(self.make())["ok"])
        answer = self.http.post("/api/migrations/idempotent/run", {"dry_run": True})
        self.assertEqual((answer.status, answer.json["ok"]), (200, True), answer.body)

    def test_a_copy_of_another_database_is_none_to_rehearse_in(self):
        """All would be pending there, and would be run; a copy of a copy of ours is as good as one."""
        other = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, other)
        self.files.add("20250102000000_second", "ALTER TABLE posts ADD COLUMN slug text;")
        told = self.rehearse(self.make(parent=other), 400)
        self.assertIn(f'is a copy of the database "{other}", and not of this worker', told["error"])
        self.assertTrue(self.rehearse(self.make(parent=self.make()["branch_db"]))["ok"])

    def test_callbacks_are_looked_at_as_well(self):
        self.drop_all()
        self.admin("DROP ROLE IF EXISTS made_by_rehearsal")
        self.sql("CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL,"
                 " script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL,"
                 " success boolean NOT NULL)")
        self.files = self.project()
        self.files.write("flyway.conf", "flyway.locations=filesystem:sql\n")
        self.files.write("sql/V1__a.sql", "CREATE TABLE a (id int);")
        self.files.write("sql/beforeMigrate.sql", "SELECT 1;\nCREATE ROLE made_by_rehearsal;")
        self.process = self.start("--framework", "flyway")
        self.http = self.bridge(self.process)
        self.assertEqual(self.rehearse(self.make(), 409)["detail"], "sql/beforeMigrate.sql, line 2: CREATE ROLE")
        self.assertEqual(self.admin("SELECT 1 FROM pg_roles WHERE rolname = 'made_by_rehearsal'"), [])

    def test_in_a_branch_without_rows_nothing_is_known(self):
        self.needs_dump()
        self.assertIn("tracking table", self.rehearse(self.make(source="schema"), 400)["error"])


class RehearsalOfOthers(Branches):
    """It executes what a run would, and so whoever may not run something on the server may not do it from a branch."""
    def setUp(self):
        Case.setUp(self)
        self.url()
        self.cluster.stop_emptying()
        self.files = self.project()
        self.files.add("20250102000000_second", "CREATE TABLE more (a int);")
        self.addCleanup(self.drop_all)
        self.addCleanup(self.admin, "DROP ROLE IF EXISTS made_by_rehearsal")

    def as_one(self, token, path, body=None, status=200):
        answer = self.http.post(path, body or {}, headers={"Authorization": f"Bearer {token}"})
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def begin(self, *arguments):
        self.anna = self.token("read,plan,run,branch,approve", name="anna")
        self.bert = self.token("read,plan,approve", name="bert")
        self.carl = self.token("read,branch", name="carl")
        self.process = self.start("--tokens", self.tokens, *arguments)
        self.http = self.bridge(self.process)
        self.at = f"/api/branches/{self.as_one(self.anna, '/api/branches', status=201)['id']}/rehearse"

    def test_where_another_person_approves_a_rehearsal_needs_it_too(self):
        self.begin("--require-approval", "always")
        told = self.as_one(self.carl, self.at, status=409)
        self.assertEqual((told["reason"], "nobody has approved this yet: run 20250102000000_second" in told["error"]), ("NEEDS_APPROVAL", True), told)
        waiting = self.http.get("/api/migrations/approvals", headers={"Authorization": f"Bearer {self.bert}"}).json["approvals"]
        self.assertEqual([(one["what"], one["requestedBy"]) for one in waiting], [("run 20250102000000_second", "carl")])
        self.as_one(self.bert, "/api/migrations/approvals", {"plan_hash": waiting[0]["planHash"]})
        told = self.as_one(self.carl, self.at)
        self.assertEqual((told["ok"], told["plan"]["plan_hash"]), (True, waiting[0]["planHash"]))

    def test_what_acts_on_the_server_needs_the_scope_run_too(self):
        self.files.add("20250103000000_third", "CREATE ROLE made_by_rehearsal;")
        self.begin()
        self.assertEqual(self.as_one(self.carl, self.at, status=409)["reason"], "SERVER_WIDE")
        told = self.as_one(self.carl, self.at, {"allowServerWide": True}, status=403)
        self.assertIn('scope "run"', told["error"])
        self.assertEqual(self.admin("SELECT 1 FROM pg_roles WHERE rolname = 'made_by_rehearsal'"), [])
        self.assertTrue(self.as_one(self.anna, self.at, {"allowServerWide": True})["ok"])


def backgrounds(*calls):
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    return threads


class Beside(Branches):
    """Runs and others who make databases do not wait for a branch, and a dump waits for a run."""
    RUN = "SELECT pg_advisory_lock(1414681939, 77)"

    def session(self, sql, url=None):
        words = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", url or self.url(), "-c", sql]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end(self, marker):
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%{marker}%' AND pid <> pg_backend_pid()")

    def asleep(self, marker):
        wait_for(lambda: self.sql(f"SELECT 1 FROM pg_stat_activity WHERE query LIKE '%{marker}%' AND wait_event = 'PgSleep'"))

    def test_a_dump_begins_when_a_run_has_ended(self):
        self.needs_dump()
        answers = []
        self.session(self.RUN + "; SELECT pg_sleep(61)")
        self.asleep("pg_sleep(61)")
        thread, = backgrounds(lambda: answers.append(self.make(source="dump")))
        wait_for(lambda: self.admin("SELECT 1 FROM pg_database WHERE datname LIKE 'truss\\_branch\\_new%'"))
        self.sql("INSERT INTO posts VALUES (1000, 'by the run')")
        self.end("pg_sleep(61)")
        thread.join()
        self.assertEqual(self.cluster.psql(answers[0]["branch_db"], "SELECT title FROM posts WHERE id = 1000"), [("by the run",)])

    def test_a_dump_gives_way_to_a_run(self):
        self.needs_dump()
        answers = []
        self.sql("CREATE TABLE zoo (a int)")
        self.session("BEGIN; LOCK TABLE zoo; SELECT pg_sleep(62)")
        self.asleep("pg_sleep(62)")
        thread, = backgrounds(lambda: answers.append(self.make(source="dump")))
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = 'posts'::regclass "
                                  "AND a.application_name LIKE 'truss branch %'"))
        self.assertEqual(self.session(self.RUN + "; ALTER TABLE posts ADD COLUMN late int").wait(), 0)
        self.end("pg_sleep(62)")
        thread.join()
        self.assertEqual(self.cluster.psql(answers[0]["branch_db"], "SELECT count(late) FROM posts"), [("0",)])

    def test_nobody_who_makes_a_database_waits_while_postgres_is_copied(self):
        answers = []
        self.admin("DROP SCHEMA IF EXISTS truss CASCADE")
        self.addCleanup(self.admin, "DROP SCHEMA IF EXISTS truss CASCADE")
        self.addCleanup(self.drop_all)
        self.http = self.bridge(self.worker(self.files, "--branch-interval", "600", url=self.cluster.url("postgres")))
        sleeper = self.session("SELECT pg_sleep(63)", self.cluster.url("postgres"))
        self.asleep("pg_sleep(63)")
        thread, = backgrounds(lambda: answers.append(self.make(onBusy="wait")))
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'truss' AND query LIKE '%pg_prepared_xacts%'"))
        self.sql("CREATE DATABASE made_meanwhile")
        self.addCleanup(self.cluster.drop_database, "made_meanwhile")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'template1'"), [("0",)])
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres' AND application_name = 'psql'")
        sleeper.wait()
        thread.join()
        self.assertEqual((answers[0]["parent_db"], answers[0]["source"]), ("postgres", "parent"))
        self.assertEqual(self.make(source="schema")["kind"], "schema")


class Room(Branches):
    def test_a_disk_without_room_for_a_copy_is_told_before_anything_is_made(self):
        folder = tempfile.mkdtemp(prefix="truss-small-")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=18m,mode=777", "tmpfs", folder], capture_output=True).returncode != 0:
            os.rmdir(folder)
            self.skipTest("a small disk can be mounted by root alone")
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        name = self.cluster.create_database()
        place = os.path.join(folder, "place")
        cluster.server_directory(place)
        self.addCleanup(self.admin, "DROP TABLESPACE IF EXISTS small")
        self.addCleanup(self.cluster.drop_database, name)
        self.admin(f"CREATE TABLESPACE small LOCATION '{place}'")
        self.admin(f'ALTER DATABASE "{name}" SET TABLESPACE small')
        error = self.make(409, parent=name)
        self.assertEqual(error["reason"], "DISK")
        self.assertEqual(self.make(409, parent=name, source="dump")["reason"], "DISK")
        self.assertEqual(self.databases(), set())
        self.assertEqual(self.make(parent=name, source="schema")["kind"], "schema")


class Busy(Branches):
    def setUp(self):
        super().setUp()
        self.hold("SET application_name = 'a busy one'")

    def busy(self, **body):
        began = time.monotonic()
        error = self.make(409, **body)
        self.assertEqual((error["reason"], error["code"]), ("BUSY", "FAILED_PRECONDITION"))
        self.assertIn("a busy one", error["detail"])
        self.assertEqual(len(self.sleepers()), 1)
        self.assertEqual(self.databases(), set())
        return time.monotonic() - began

    def test_others_are_told_and_left_alone(self):
        self.busy()
        self.busy(onBusy="fail")
        self.assertEqual(self.make(400, onBusy="golden")["error"],
                         f"There is no golden copy of \"{self.database}\"; make one with `truss branch golden refresh`.")

    def test_waiting_ends_too(self):
        self.assertGreater(self.busy(onBusy="wait"), 5)

    def test_waiting_is_worth_it_where_the_session_ends(self):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.make(onBusy="wait")))
        thread.start()
        wait_for(lambda: self.admin("SELECT FROM pg_stat_activity WHERE datname = 'postgres' AND application_name = 'truss'"))
        self.wake_up()
        thread.join()
        self.assertEqual(answers[0]["source"], "parent")
        self.assertRegex(" ".join(answers[0]["warnings"]), "had to wait for up to [0-9]+ ms")

    def test_a_dump_and_the_schema_disturb_nobody(self):
        full, empty = self.make(onBusy="dump"), self.make(source="schema")
        self.assertEqual([(one["kind"], one["source"], one["strategy"]) for one in (full, empty)],
                         [("full", "dump", "dump"), ("schema", "schema", "dump")])
        count = "SELECT count(*) FROM posts"
        self.assertEqual([self.cluster.psql(one["branch_db"], count) for one in (full, empty)], [[("100",)], [("0",)]])
        self.assertEqual(len(self.sleepers()), 1)

    def test_the_golden_copy_is_what_branches_are_made_of(self):
        golden = self.dumped(self.http.post("/api/branches/golden", {}))
        self.assertEqual((golden.status, golden.json["kind"]), (201, "golden"), golden.body)
        self.assertEqual(self.listed(), [])
        self.sql("DELETE FROM posts WHERE id > 50")
        row = self.make()
        self.assertEqual((row["source"], self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts")), ("golden", [("100",)]))
        anew = self.http.post("/api/branches/golden", {})
        self.assertEqual(anew.status, 201, anew.body)
        self.assertEqual(self.databases(), {anew.json["branch_db"], row["branch_db"]})
        self.assertEqual(self.cluster.psql(self.make(onBusy="golden")["branch_db"], "SELECT count(*) FROM posts"), [("50",)])

    def test_of_golden_copies_the_newest_stays(self):
        # A worker that is killed behind the new one leaves both.
        golden = self.dumped(self.http.post("/api/branches/golden", {"source": "schema"})).json
        self.sql("UPDATE truss.branches SET kind = 'full'")
        newer = self.http.post("/api/branches/golden", {"source": "schema"}).json
        self.sql("UPDATE truss.branches SET kind = 'golden'")
        self.bridge(self.start("--branch-interval", "0.2"))
        wait_for(lambda: self.row(golden) == ("deleted",))
        self.assertEqual((self.row(newer), self.databases()), (("active",), {newer["branch_db"]}))

    def test_a_golden_copy_that_is_another_database_is_none(self):
        golden = self.dumped(self.http.post("/api/branches/golden", {})).json
        comment, = self.admin(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{golden['branch_db']}'")
        self.admin(f"DROP DATABASE {golden['branch_db']}")
        answer = self.http.post("/api/branches", {"source": "golden"})
        self.assertEqual(answer.status, 400, answer.body)
        self.assertIn("no golden copy", answer.json["error"])
        self.admin(f"CREATE DATABASE {golden['branch_db']}; COMMENT ON DATABASE {golden['branch_db']} IS '{comment[0]}'")
        self.assertEqual(self.http.post("/api/branches", {"onBusy": "golden"}).status, 400)

    def test_ending_sessions_is_one_word_of_an_admin(self):
        tokens = {word: self.token(word, name=word.replace(",", "_")) for word in ("branch", "branch,admin", "read")}
        http = self.bridge(self.start("--tokens", self.tokens))

        def post(word, **body):
            return http.post("/api/branches", body, headers={"Authorization": "Bearer " + tokens[word]})
        self.assertEqual(post("read").status, 403)
        self.assertEqual(post("branch", onBusy="terminate").status, 403)
        self.assertEqual((post("branch", parent="postgres").status, post("branch", parent="none_such").status), (403, 403))
        self.assertEqual(post("branch,admin", parent="none_such").status, 404)
        own = self.make(onBusy="wait", **{"source": "schema"})["branch_db"]
        self.admin("CREATE DATABASE truss_branch_of_another_worker")
        self.assertEqual([post("branch", parent=parent).status for parent in ("truss_branch_of_another_worker", own)], [403, 201])
        self.assertEqual(len(self.sleepers()), 1)
        made = post("branch,admin", onBusy="terminate")
        self.assertEqual((made.status, self.sleepers()), (201, []), made.body)
        reveal = f"/api/branches/{made.json['id']}/connection-string?reveal=true"
        self.assertEqual([http.get(reveal, headers={"Authorization": "Bearer " + tokens[word]}).status for word in tokens], [403, 200, 403])


class End(Branches):
    interval = "0.2"

    def expire(self, row):
        self.sql(f"UPDATE truss.branches SET expires_at = now() - interval '1 s' WHERE id = {row['id']}")

    def test_what_has_expired_is_dropped_once_by_two_workers(self):
        self.start()
        rows = [self.make(label=f"n{i}", ttlHours=1) for i in range(4)]
        kept = self.make(label="kept", ttlHours=1)
        self.http.post(f"/api/branches/{kept['id']}/protect", {})
        user = subprocess.Popen(["psql", "-Xqc", "SELECT pg_sleep(60)", self.cluster.url(rows[0]["branch_db"])], stderr=subprocess.DEVNULL)
        self.addCleanup(user.wait)
        self.addCleanup(user.kill)
        wait_for(lambda: self.admin(f"SELECT FROM pg_stat_activity WHERE datname = '{rows[0]['branch_db']}' AND state = 'active'"))
        for row in (*rows, kept):
            self.expire(row)
        wait_for(lambda: self.databases() == {kept["branch_db"]})
        wait_for(lambda: {self.row(row) for row in rows} == {("deleted",)})
        self.assertEqual(self.row(kept), ("active",))
        self.assertEqual([one["status"] for one in self.listed("?all=true")], ["active"] + ["deleted"] * 4)

    def test_rows_that_are_lost_are_found_again(self):
        row = self.make(label="find me", ttlHours=3)
        self.sql("DROP TABLE truss.branches")
        found = wait_for(self.listed)
        self.assertEqual([(one["label"], one["branch_db"], one["ttl_hours"], one["expires_at"]) for one in found],
                         [("find me", row["branch_db"], 3, row["expires_at"])])

    def test_the_comment_of_a_stranger_is_not_believed(self):
        row = self.make(label="mine")
        comment, = self.admin(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{row['branch_db']}'")[0]
        told = json.loads(comment[len("truss-branch "):])
        self.admin("DROP DATABASE IF EXISTS truss_branch_forged; DROP ROLE IF EXISTS forger; CREATE ROLE forger LOGIN CREATEDB")
        self.admin("CREATE DATABASE truss_branch_forged OWNER forger")
        self.addCleanup(lambda: self.admin("DROP DATABASE IF EXISTS truss_branch_forged; DROP ROLE forger"))

        def forge(**fields):
            text = json.dumps({**told, "token": "f" * 32, "kind": "golden", **fields}, separators=(",", ":")).replace("'", "''")
            self.admin(f"SET ROLE forger; COMMENT ON DATABASE truss_branch_forged IS 'truss-branch {text}'")
        forge(expires_at=1)
        later = self.make(label="later", source="schema")
        self.expire(later)
        wait_for(lambda: self.row(later) == ("deleted",))  # so a whole look has passed
        time.sleep(0.5)
        self.assertEqual(self.sql(f"SELECT branch_db FROM truss.branches WHERE status = 'active'"), [(row["branch_db"],)])
        self.assertIn("truss_branch_forged", {one["branch_db"] for one in self.listed("?all=true") if one["status"] == "orphan"})
        self.admin("ALTER DATABASE truss_branch_forged OWNER TO app")
        wait_for(lambda: "truss_branch_forged" not in self.databases())  # of our own it is: its time is over

    def test_what_cannot_be_dropped_keeps_no_other_from_it(self):
        self.sql("UPDATE truss.branches SET status = 'deleted'" if self.sql("SELECT to_regclass('truss.branches')")[0][0] else "SELECT 1")
        rows = [self.make(label=f"n{i}", source="schema") for i in range(6)]
        for row in rows[:5]:
            self.cluster.psql(row["branch_db"], "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)")
        try:
            # each look finds all five due again, as with the usual interval
            self.sql("CREATE FUNCTION due() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.claimed_until := NEW.claimed_until - interval '1 min'; "
                     "RETURN NEW; END $$; CREATE TRIGGER due BEFORE UPDATE ON truss.branches FOR EACH ROW WHEN (NEW.status = 'expiring') EXECUTE FUNCTION due()")
            self.sql("UPDATE truss.branches SET expires_at = now() - interval '1 day' + id * interval '1 min'")
            wait_for(lambda: self.row(rows[5]) == ("deleted",))
            self.assertEqual({self.row(row) for row in rows[:5]}, {("expiring",)})
        finally:
            for row in rows[:5]:
                wait_for(lambda row=row: self.is_freed(row["branch_db"]))

    def is_freed(self, database):
        """Drops the subscription; not if the worker has just closed the database, or is closing it, for its next try to drop it."""
        try:
            self.admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
            self.cluster.psql(database, "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s")
        except AssertionError:
            return False
        return True

    def test_a_database_of_somebody_else_is_never_dropped(self):
        row = self.make(label="mine")
        self.admin(f"""DROP DATABASE {row['branch_db']}; CREATE DATABASE {row['branch_db']}""")
        self.assertIn("is another one", self.listed("?all=true")[0]["last_error"])
        answer = self.http.request("DELETE", f"/api/branches/{row['id']}")
        self.assertEqual(answer.status, 400, answer.body)
        self.assertIn("not this branch's", answer.json["error"])
        self.sql(f"UPDATE truss.branches SET status = 'expiring', claimed_until = NULL WHERE id = {row['id']}")
        wait_for(lambda: self.row(row) == ("failed",))
        self.assertIn(row["branch_db"], self.databases())

    def test_a_database_that_was_renamed_is_told_of_and_left_alone(self):
        row = self.make(label="renamed")
        self.admin(f"ALTER DATABASE {row['branch_db']} RENAME TO keep_this")
        self.addCleanup(lambda: self.admin("DROP DATABASE IF EXISTS keep_this"))
        answer = self.http.request("DELETE", f"/api/branches/{row['id']}")
        self.assertEqual(answer.status, 400, answer.body)
        self.assertIn('renamed the branch\'s database to "keep_this"', answer.json["error"])
        self.assertEqual(self.row(row), ("failed",))
        self.admin(f"ALTER DATABASE keep_this RENAME TO {row['branch_db']}")
        self.assertEqual(self.delete(row), {"ok": True})
        self.assertEqual(self.databases(), set())

    def test_a_row_without_its_database_is_told_and_deleted(self):
        row = self.make(label="gone")
        self.admin(f"DROP DATABASE {row['branch_db']}")
        self.assertEqual(self.listed()[0]["size_bytes"], None)
        self.assertIn("is not there", self.listed("?all=true")[0]["last_error"])
        self.assertEqual(self.delete(row), {"ok": True})

    def test_a_copy_of_a_home_is_no_home(self):
        first, second = self.make(label="first", ttlHours=1), self.make(label="second", source="dump")
        http = self.bridge(self.start(url=self.cluster.url(second["branch_db"])))
        self.assertEqual(http.get("/api/branches?all=true").json["branches"][0]["status"], "orphan")
        self.cluster.psql(second["branch_db"], harness.with_own_schema("INSERT INTO truss.branches SELECT 77, 'x', home_db, home_oid, parent_db, branch_db, db_oid, label, status, "
                                               "kind, strategy, source, ttl_hours, created_at, now() - interval '1 h' FROM (VALUES (1)) v, LATERAL (SELECT "
                                               f"'{self.database}' home_db, 1::oid home_oid, '' parent_db, '{first['branch_db']}' branch_db, 1::oid db_oid, '' AS label, "
                                               "'active' status, '' kind, '' strategy, '' source, 1 ttl_hours, now() created_at) r"))
        time.sleep(1)
        self.assertEqual(http.get("/api/branches").json["branches"], [])
        self.assertEqual(self.databases(), {first["branch_db"], second["branch_db"]})

    def test_a_half_dropped_database_is_dropped(self):
        row = self.make(label="half")
        self.admin(f"UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{row['branch_db']}'")
        self.expire(row)
        wait_for(lambda: not self.databases())


class Gone(Branches):
    """Somebody drops or renames a database of which there are branches."""

    def setUp(self):
        super().setUp()
        self.other = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, self.other)
        self.cluster.psql(self.other, "CREATE TABLE things AS SELECT 1 AS a")

    def refuse(self, method, path, status=400):
        answer = self.http.request(method, path, {} if method == "POST" else None)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def test_a_parent_that_is_gone_is_named_and_the_branch_is_kept(self):
        row = self.make(parent=self.other)
        self.admin(f'ALTER DATABASE "{self.other}" RENAME TO "{self.other}_moved"')
        self.addCleanup(self.admin, f'DROP DATABASE IF EXISTS "{self.other}_moved" WITH (FORCE)')
        for method, path in (("POST", "reset"), ("GET", "diff")):
            told = self.refuse(method, f"/api/branches/{row['id']}/{path}")
            self.assertIn(f'The database "{self.other}", which the branch "{row["label"]}" is a copy of, is not there', told["error"])
            self.assertIn(f"truss branch delete {row['id']}", told["hint"])
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT a FROM things"), [("1",)])
        self.delete(row)

    def test_a_parent_that_goes_while_it_is_dumped_is_named(self):
        self.needs_dump()
        words = ["psql", "-Xq", self.url().rsplit("/", 1)[0] + "/" + self.other, "-c", "BEGIN; LOCK TABLE things; SELECT pg_sleep(60)"]
        holder = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait_for(lambda: self.cluster.psql(self.other, "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'things'::regclass"))
        begun = self.http.post("/api/branches", {"parent": self.other, "source": "dump"}, headers={"Prefer": "respond-async"}).json
        wait_for(lambda: self.http.get(f"/api/branches/{begun['id']}").json["phase"] == "dumping")
        self.admin(f'DROP DATABASE "{self.other}" WITH (FORCE)')
        wait_for(lambda: self.http.get(f"/api/branches/{begun['id']}").json["status"] == "failed")
        told = self.http.get(f"/api/branches/{begun['id']}/wait").json["error"]
        self.assertIn(f'The database "{self.other}" is not there any more', told["message"])
        self.assertEqual(self.databases(), set())

    def test_a_branch_whose_database_is_gone_is_named(self):
        row = self.make()
        self.admin(f'DROP DATABASE "{row["branch_db"]}"')
        told = self.refuse("GET", f"/api/branches/{row['id']}/diff")
        self.assertIn(f'The database "{row["branch_db"]}" of the branch', told["error"])
        self.assertIn(f"truss branch reset {row['id']}", told["hint"])
        self.assertEqual(self.refuse("POST", f"/api/branches/{row['id']}/rehearse")["hint"], told["hint"])
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/reset").status, 200)
        self.assertEqual(self.cluster.psql(row["branch_db"], "SELECT count(*) FROM posts"), [("100",)])

    def test_a_home_that_got_another_name_keeps_its_branches(self):
        row = self.make()
        self.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")
        self.process.stop()
        self.admin(f'ALTER DATABASE "{self.database}" RENAME TO "{self.database}_new"')
        self.addCleanup(self.admin, f'ALTER DATABASE "{self.database}_new" RENAME TO "{self.database}"')
        self.addCleanup(self.admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}_new'")
        lost = self.bridge(self.start())
        for method, path in (("GET", "/api/branches"), ("DELETE", f"/api/branches/{row['id']}")):
            answer = lost.request(method, path)
            self.assertEqual(answer.status, 400, answer.body)  # 404 would say that there is no such branch
            self.assertIn("dropped or renamed", answer.json["hint"])
        found = self.worker(self.files, "--branch-interval", self.interval, url=self.url().replace(self.database, self.database + "_new"))
        self.http = self.bridge(found)
        self.assertEqual([(one["id"], one["parent_db"]) for one in self.listed()], [(row["id"], self.database + "_new")])
        self.assertTrue(self.http.get(f"/api/branches/{row['id']}/diff").json["same"])
        self.assertEqual(self.http.post(f"/api/branches/{row['id']}/reset").status, 200)
        self.delete(row)


class Rights(Branches):
    def test_a_role_without_createdb_is_told_what_it_needs(self):
        self.admin("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN PASSWORD 'poor'")
        self.sql("GRANT CREATE ON DATABASE " + self.database + " TO poor; GRANT SELECT ON ALL TABLES IN SCHEMA public TO poor")
        http = self.bridge(self.start(url=f"postgresql://poor:poor@127.0.0.1:{self.cluster.port}/{self.database}"))
        answer = http.post("/api/branches", {})
        self.assertEqual((answer.status, answer.json["sqlstate"]), (403, "42501"), answer.body)
        self.assertIn("CREATEDB", answer.json["hint"])
        self.assertEqual([one["status"] for one in http.get("/api/branches?all=true").json["branches"]], ["failed"])
        self.sql("DROP SCHEMA truss CASCADE; DROP OWNED BY poor")
        self.admin("DROP ROLE poor")


    def test_a_role_that_may_not_read_our_table_is_told_what_it_needs(self):
        self.make()
        self.admin("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN CREATEDB PASSWORD 'stranger'")
        self.addCleanup(self.admin, "DROP ROLE stranger")
        http = self.bridge(self.start(url=f"postgresql://stranger:stranger@127.0.0.1:{self.cluster.port}/{self.database}"))
        for answer in (http.get("/api/branches"), http.post("/api/branches", {"source": "schema"})):
            self.assertEqual((answer.status, answer.json["reason"]), (403, "NO_STATE_SCHEMA"), answer.body)
            self.assertIn("onnect as the role that owns", answer.json["hint"])

    def test_a_session_that_takes_no_writes_is_told_so(self):
        row = self.make()
        http = self.bridge(self.start(url=self.url(options="-c%20default_transaction_read_only=on")))
        for answer in (http.post(f"/api/branches/{row['id']}/reset", {}), http.request("PATCH", f"/api/branches/{row['id']}", {"label": "x"})):
            self.assertEqual((answer.status, answer.json["sqlstate"]), (400, "25006"), answer.body)
            self.assertIn("primary", answer.json["hint"])

    def test_an_owner_with_createdb_needs_no_superuser(self):
        self.admin(f"DROP ROLE IF EXISTS maker; CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker'; ALTER DATABASE {self.database} OWNER TO maker")
        self.sql("ALTER TABLE posts OWNER TO maker")
        http = self.bridge(self.start(url=f"postgresql://maker:maker@127.0.0.1:{self.cluster.port}/{self.database}"))
        for body in ({}, {"source": "dump"}, {"source": "schema"}):
            answer = self.dumped(http.post("/api/branches", body))
            self.assertEqual((answer.status, "put back" in str(answer.json["warnings"])), (201, False), answer.body)
            # Where the data is such a role is not told, and "not known" is not "enough".
            self.assertEqual("Whether the server's disk has room" in str(answer.json["warnings"]), body != {"source": "schema"}, answer.body)
            owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '%s'" % answer.json["branch_db"]
            self.assertEqual(self.admin(owner), [("maker",)])
            self.assertEqual(http.post(f"/api/branches/{answer.json['id']}/reset").status, 200)
            self.assertEqual(http.request("DELETE", f"/api/branches/{answer.json['id']}").json, {"ok": True})
        self.admin(f"ALTER DATABASE {self.database} OWNER TO app")
        self.sql("DROP SCHEMA truss CASCADE; REASSIGN OWNED BY maker TO app")
        self.admin("DROP ROLE maker")


class Command(Branches):
    def branch(self, *words, code=0):
        result = self.truss("branch", *words, worker=self.process)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout

    def test_a_branch_from_the_command_line(self):
        self.needs_dump()
        row = json.loads(self.branch("create", "by hand", "--ttl", "1", "--json"))
        number = str(row["id"])
        self.assertIn("by hand", self.branch("list"))
        self.assertIn(row["branch_db"], self.branch("show", number))
        self.assertEqual(self.branch("url", number), f"postgresql://app:****@127.0.0.1:{self.cluster.port}/{row['branch_db']}\n")
        self.assertIn(PASSWORD_ENCODED, self.branch("url", number, "--reveal"))
        self.assertIn("same", self.branch("diff", number))
        self.assertIn("anew", self.branch("change", number, "--label", "anew", "--ttl", "8"))
        changed = self.http.get(f"/api/branches/{number}").json
        self.assertEqual((changed["label"], changed["ttl_hours"]), ("anew", 8))
        later = self.branch("create", "later", "--source", "dump", "--detach").strip()
        self.assertIn("active", self.branch("wait", later))
        self.branch("delete", later)
        for wrong in (("change", number), ("wait",), ("list", "x"), ("show", number, "x"), ("wait", later)):
            self.branch(*wrong, code=1)
        self.branch("protect", number)
        self.branch("delete", number, code=1)
        self.branch("protect", number, "--off")
        self.assertIn(row["branch_db"], self.branch("reset", number))
        self.assertIn("golden", self.branch("golden", "refresh", "--source", "schema"))
        self.branch("delete", number)
        self.assertIn("deleted", self.branch("list", "--all"))


if __name__ == "__main__":
    harness.main()
