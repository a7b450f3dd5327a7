"""Backups over REST: what is documented, what a backup is worth, and that nothing half done is ever called complete."""
import fcntl
import glob
import hashlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import PASSWORD, Staying, wait_for
from places import Places

SCENE = """
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 500) i;
CREATE TABLE "Odd ""name"" of" (a text);
INSERT INTO "Odd ""name"" of" VALUES ('x'), ('y');
CREATE INDEX users_name ON users (name);
CREATE TABLE zoo (a int);
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""


class Backups(Staying):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="truss-backups-")
        cls.addClassCleanup(harness.shutil.rmtree, cls.folder, True)

    def setUp(self):
        super().setUp()
        self.needs_dump()
        for entry in os.scandir(self.folder):
            harness.shutil.rmtree(entry.path) if entry.is_dir() else os.remove(entry.path)
        self.sql(SCENE)

    def open(self, *arguments, **options):
        """A worker and a bridge that stay, or with options of its own ones of this test."""
        if options:
            self.process = self.worker(self.project("prisma-blog"), "--backups", self.folder, *arguments, **options)
            self.http = self.bridge(self.process)
        else:
            self.stay(arguments=("--backups", self.folder, *arguments), fixture="prisma-blog")
            self.http = self.stay_behind_bridge()

    def ask(self, method, path, body=None, status=200):
        answer = self.http.request(method, "/api/backups" + path, body)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def get(self, id):
        return self.ask("GET", f"/{id}")

    def ended(self, id):
        """The backup, when nothing goes on with it any more."""
        def has_ended():
            backup = self.get(id)
            return backup["detail_status"] in ("completed", "failed", "cancelled") and backup
        return wait_for(has_ended, every=0.1)

    def make(self, path="", body=None):
        return self.ended(self.ask("POST", path, body, 202)["backup"]["id"])

    def path(self, backup):
        return os.path.join(self.folder, backup["filename"])

    def stored(self):
        return sorted(os.listdir(self.folder))

    def slow(self, megabytes=40):
        """A table that takes a while to be dumped: what cannot be compressed, held up by nobody."""
        self.sql(f"""CREATE TABLE big (a int, b text);
            INSERT INTO big SELECT i, (SELECT string_agg(md5(random()::text || i || j), '') FROM generate_series(1, 32) j)
            FROM generate_series(1, {megabytes * 1000}) i""")

    def stuck(self):
        """Somebody's lock for which a dump waits, with its own on users already; see let_go."""
        words = ["psql", "-Xq", self.url(), "-c", "BEGIN; LOCK TABLE zoo; SELECT pg_sleep(60)"]
        session = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE zoo; SELECT pg_sleep(60)%' "
                                  "AND wait_event = 'PgSleep'"))

    def let_go(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE zoo; SELECT pg_sleep(60)%' "
                 "AND pid <> pg_backend_pid()")

    def dumping(self):
        """The worker's pg_dump: its pid, or nothing."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with harness.contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read()
                found += [int(pid)] if b"--format=custom" in words and f"dbname='{self.database}'".encode() in words else []
        return found

    def holds_users(self):
        """Does a dump have its lock on users?"""
        return self.sql("SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = 'users'::regclass AND l.granted "
                        "AND a.application_name LIKE 'truss backup %' AND a.query LIKE 'LOCK%'")

    def adopted(self):
        """A project that has run in this database before."""
        files = self.project().add("0", "SELECT 1;")
        self.rpc(self.worker(files)).call("MigrationService", "MarkApplied", {"migration": "0"})
        return files

    # ---- the contract ----

    def test_a_backup_is_made_listed_and_deleted_as_documented(self):
        self.open()
        answer = self.ask("POST", "", {"label": "before the release"}, 202)
        self.assertEqual(set(answer), {"backup", "message"})
        self.assertEqual(answer["backup"]["status"], "in_progress")
        self.assertIn(answer["backup"]["detail_status"], ("waiting", "running"))
        backup = self.ended(answer["backup"]["id"])
        self.assertEqual((backup["status"], backup["detail_status"], backup["message"]), ("completed", "completed", None))
        self.assertEqual((backup["label"], backup["kind"], backup["database"]), ("before the release", "manual", self.database))
        self.assertEqual((backup["tables"], backup["tables_done"]), (3, 3))
        self.assertEqual(backup["size_bytes"], os.path.getsize(self.path(backup)))
        with open(self.path(backup), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), backup["sha256"])
        self.assertEqual(os.stat(self.path(backup)).st_mode & 0o777, 0o600)
        second = self.make("/snapshot")
        listed = self.ask("GET", "")
        self.assertEqual([one["id"] for one in listed["backups"]], [second["id"], backup["id"]])
        self.assertEqual((listed["folder"], listed["orphans"]), (self.folder, []))
        self.assertEqual(self.ask("DELETE", f"/{backup['id']}"), {"ok": True})
        self.assertEqual(self.ask("DELETE", f"/{backup['id']}", None, 404)["error"], "Backup not found.")
        self.assertEqual(self.ask("GET", f"/{backup['id']}", None, 404)["error"], "Backup not found.")
        self.assertEqual(self.stored(), [second["filename"], second["filename"] + ".json"])

    def test_the_same_key_is_the_same_backup(self):
        self.open()

        def post(body, key):
            return self.http.request("POST", "/api/backups", body, {"Idempotency-Key": key})
        first = post({"label": "one"}, "k1")
        again = post({"label": "one"}, "k1")
        self.assertEqual((first.status, again.status), (202, 202), again.body)
        number = first.json["backup"]["id"]
        self.assertEqual(again.json["backup"]["id"], number)
        self.ended(number)
        self.process.stop()
        self.http = self.bridge(self.worker(self.project("prisma-blog"), "--backups", self.folder))
        late = post({"label": "one"}, "k1").json
        self.assertEqual((late["backup"]["id"], late["backup"]["status"]), (number, "completed"))
        self.assertIn("idempotency key", late["message"])
        other = post({"label": "two"}, "k1")
        self.assertEqual((other.status, other.json["reason"]), (422, "IDEMPOTENCY_KEY_REUSED"), other.body)
        self.assertEqual([one["id"] for one in self.ask("GET", "")["backups"]], [number])
        self.assertNotEqual(post({"label": "one"}, "k2").json["backup"]["id"], number)
        self.assertEqual(post({}, "k" * 256).status, 400)
        self.sql("UPDATE truss.backups SET created_at = created_at - interval '25 hours'")
        self.assertNotEqual(post({"label": "one"}, "k1").json["backup"]["id"], number)

    def test_without_a_folder_it_is_said_how_to_set_up_one(self):
        process = self.worker(self.project("prisma-blog"))
        self.http = self.bridge(process)
        self.assertEqual(self.ask("GET", ""), dict(self.ask("GET", ""), backups=[], folder=None))
        self.assertIn("There are no backups, and no place for them: --backups", self.truss("backup", "list", worker=process).stdout)
        for method, path in (("POST", ""), ("POST", "/snapshot"), ("DELETE", "/1"), ("POST", "/1/verify"), ("POST", "/1/restore")):
            self.assertIn("--backups", self.ask(method, path, None, 400)["error"])
        self.assertIn("--backups", self.ask("PUT", "/schedule", {"enabled": True}, 400)["error"])

    def test_points_in_time_are_refused_with_the_reason(self):
        self.open()
        for method, path, body in (("POST", "/pitr", {"targetTime": "2026-11-29T00:00:00Z"}), ("PUT", "/wal-config", {"enabled": True}),
                                   ("POST", "/pitr", {"target": [1]}), ("PUT", "/wal-config", {"walLevel": "logical", "enabled": "x"}),
                                   ("PUT", "/wal-config", None)):
            error = self.ask(method, path, body, 501)
            self.assertIn("pg_basebackup", error["error"])
        wal = self.ask("GET", "/wal-config")
        self.assertEqual((wal["wal_level"], wal["archive_mode"], wal["point_in_time"]), ("replica", "off", False))

    def test_two_at_a_time_and_ten_a_day(self):
        self.open()
        self.stuck()
        first, second = (self.ask("POST", "", None, 202)["backup"]["id"] for _ in range(2))
        answer = self.http.post("/api/backups")
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "60"))
        self.let_go()
        self.ended(first)
        self.ended(second)
        self.sql("INSERT INTO truss.backups (home, filename, state, label, kind, database, created_by) "
                 "SELECT home, 'x' || i, 'failed', '', 'manual', database, '' FROM truss.backups, generate_series(1, 8) i WHERE id = 1")
        answer = self.http.post("/api/backups")
        self.assertEqual(answer.status, 429, answer.body)
        self.assertGreater(int(answer.headers["Retry-After"]), 80000)

    def test_no_more_room_is_taken_than_the_quota_allows(self):
        self.open("--backup-quota", "1")
        refused = self.ask("POST", "", None, 429)
        self.assertIn("quota of 1 MB", refused["error"])
        self.assertEqual((self.stored(), self.ask("GET", "")["backups"]), ([], []))
        self.open("--backup-quota", "6")
        self.make()
        self.assertEqual(self.make()["status"], "completed")
        self.sql("UPDATE truss.backups SET size_bytes = 5000000 WHERE state = 'completed'")
        self.assertIn("--backup-quota", self.ask("POST", "", None, 429)["error"])

    def test_a_protected_one_is_deleted_by_force_alone(self):
        self.open()
        backup = self.make("", {"protected": True})
        self.assertIn("protected", self.ask("DELETE", f"/{backup['id']}", None, 400)["error"])
        self.assertEqual(self.ask("DELETE", f"/{backup['id']}?force=true"), {"ok": True})

    def test_a_file_that_cannot_be_deleted_keeps_its_row(self):
        self.open()
        backup = self.make("", {"protected": True})
        os.rename(self.path(backup), self.path(backup) + ".away")
        os.mkdir(self.path(backup))
        self.assertGreaterEqual(self.http.request("DELETE", f"/api/backups/{backup['id']}?force=true").status, 400)
        left = self.get(backup["id"])
        self.assertEqual(left["detail_status"], "deleting")
        self.assertIn("could not be deleted", left["message"])
        os.rmdir(self.path(backup))
        os.rename(self.path(backup) + ".away", self.path(backup))
        self.sql("UPDATE truss.backups SET claimed_until = now()")  # the sweep goes on with it
        wait_for(lambda: self.sql("SELECT state FROM truss.backups") == [("deleted",)])
        self.assertEqual((self.stored(), self.ask("GET", "")["backups"]), ([], []))

    def test_ids_that_are_none(self):
        self.open()
        for id in ("0", "99", "x", "1x", "-1", "9999999999999999999999", "..%2f..%2fetc"):
            self.assertEqual(self.ask("GET", f"/{id}", None, 404)["error"], "Backup not found.")

    # ---- what it is worth ----

    def test_pg_restore_by_hand_gives_the_same_database(self):
        self.open()
        backup = self.make()
        copy = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, copy)
        self.cluster.restore(copy, self.path(backup))
        self.assertEqual(self.cluster.tables(copy), self.cluster.tables(self.database))
        self.assertEqual(self.cluster.psql(copy, "SELECT count(*), sum(id) FROM users"), self.sql("SELECT count(*), sum(id) FROM users"))

    def test_several_connections_make_an_archive_that_tar_and_pg_restore_read(self):
        self.open("--backup-jobs", "2")
        backup = self.make()
        self.assertEqual((backup["detail_status"], backup["filename"][-4:], backup["tables_done"]), ("completed", ".tar", backup["tables"]), backup)
        self.assertEqual(self.stored(), [backup["filename"], backup["filename"] + ".json"])
        with open(self.path(backup), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), backup["sha256"])
        by_hand = os.path.join(self.folder, "by hand")
        os.mkdir(by_hand)
        subprocess.run(["tar", "-xf", self.path(backup), "-C", by_hand], check=True)
        copy = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, copy)
        self.cluster.restore(copy, by_hand, "-j2")
        self.assertEqual(self.cluster.psql(copy, "SELECT count(*), sum(id) FROM users"), self.sql("SELECT count(*), sum(id) FROM users"))
        self.ask("POST", f"/{backup['id']}/verify", {"restore": True}, 202)
        self.assertEqual(self.ended(backup["id"])["verified"], "restored")
        with open(self.path(backup), "r+b") as file:
            file.seek(700)
            file.write(b"?")
        self.ask("POST", f"/{backup['id']}/verify", {}, 202)
        self.assertEqual(self.ended(backup["id"])["verified"], "damaged")
        self.ask("DELETE", f"/{backup['id']}")
        self.assertEqual(self.stored(), ["by hand"])

    def test_its_file_is_downloaded_whole_or_not_at_all(self):
        self.slow(6)
        self.open()
        backup = self.make()
        with open(self.path(backup), "rb") as file:
            content = file.read()
        self.assertGreater(len(content), 3 << 20)
        route = f"/api/backups/{backup['id']}/download"
        answer = self.http.get(route)
        self.assertEqual((answer.status, answer.body == content, answer.headers["Content-Length"]), (200, True, str(len(content))))
        self.assertEqual(answer.headers["ETag"], f'"{hashlib.sha256(content).hexdigest()}"')
        self.assertIn(backup["filename"], answer.headers["Content-Disposition"])
        part = self.http.request("GET", route, headers={"Range": f"bytes={len(content) - 5}-"})
        self.assertEqual((part.status, part.body, part.headers["Content-Range"]),
                         (206, content[-5:], f"bytes {len(content) - 5}-{len(content) - 1}/{len(content)}"))
        self.ranges(route, content, answer.headers["ETag"])
        self.many_that_end_early(route, content)
        target = os.path.join(self.folder, "here")
        words = [os.path.join(harness.BIN, "truss"), "backup", "download", str(backup["id"]), target, "--worker", self.process.address]
        self.assertEqual(subprocess.run(words, capture_output=True, timeout=60, check=True).returncode, 0)
        with open(target, "rb") as file:
            self.assertEqual(file.read() == content, True)
        self.assertEqual(subprocess.run(words, capture_output=True, timeout=60, check=False).returncode, 1, "it is there already")
        os.remove(target)
        with open(self.path(backup), "r+b") as file:
            file.seek(2 << 20)
            file.write(bytes([content[2 << 20] ^ 1]))
        failed = subprocess.run(words, capture_output=True, timeout=60, check=False)
        self.assertEqual((failed.returncode, b"is damaged" in failed.stderr, glob.glob(target + "*")), (1, True, []))
        with self.assertRaises(http.client.IncompleteRead):
            self.http.get(route)
        self.assertEqual(self.http.get("/api/backups/99/download").status, 404)

    def ranges(self, route, content, tag):
        """A part of the file is of the file that the client has the beginning of, or it is no part."""
        size = len(content)
        for wanted, known, status, body in ((f"bytes={size - 5}-", tag, 206, content[-5:]), (f"bytes={size - 5}-", '"other"', 200, content), ("bytes=0-", None, 200, content),
                                            (f"bytes={size - 5}-", f"W/{tag}", 200, content), (f"bytes={size}-", '"other"', 200, content),
                                            ("bytes=-5", None, 200, content), ("bytes=1-2", None, 200, content), ("lines=1-", None, 200, content)):
            answer = self.http.request("GET", route, headers={"Range": wanted, **({"If-Range": known} if known else {})})
            self.assertEqual((answer.status, answer.body == body, answer.headers["Accept-Ranges"], answer.headers["ETag"]), (status, True, "bytes", tag), (wanted, known))
        for wanted in (f"bytes={size}-", f"bytes={1 << 70}-"):
            answer = self.http.request("GET", route, headers={"Range": wanted, "If-Range": tag})
            self.assertEqual((answer.status, answer.headers["Content-Range"], answer.json["code"]), (416, f"bytes */{size}", "OUT_OF_RANGE"))

    def many_that_end_early(self, route, content):
        """A worker gives eight at a time: one that its client left, or only asked for the head of, is none of them."""
        for wanted in ({}, {"Range": "bytes=5-"}):
            for _ in range(10):
                head = self.http.request("HEAD", route, headers=wanted)
                self.assertEqual((head.status, head.body, head.headers["Content-Length"], head.headers["Accept-Ranges"]), (200, b"", str(len(content)), "bytes"))
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", self.http.port)) as client:
                client.sendall(f"GET {route} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                self.assertIn(b" 200 ", client.recv(100))
        harness.wait_for(lambda: self.http.get(route).status == 200, 20)

    def test_a_download_that_broke_off_goes_on(self):
        self.slow(6)
        self.open()
        backup = self.make()
        with open(self.path(backup), "rb") as file:
            content = file.read()
        folder = tempfile.mkdtemp(prefix="truss-downloads-")
        self.addCleanup(harness.shutil.rmtree, folder, True)
        target = os.path.join(folder, "here")
        part = f"{target}.{backup['sha256'][:12]}.part"

        def download(limit=None):
            def narrow():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            done = subprocess.run([os.path.join(harness.BIN, "truss"), "backup", "download", str(backup["id"]), target, "--worker", self.process.address],
                                  capture_output=True, text=True, timeout=60, check=False, preexec_fn=narrow if limit else None)
            return done.returncode, done.stderr

        def downloaded():
            with open(target, "rb") as file:
                self.assertEqual((file.read() == content, os.listdir(folder)), (True, ["here"]))
            os.remove(target)

        code, text = download(limit=2 << 20)
        self.assertEqual((code, f"are in {part}: the same command goes on there" in text, os.path.getsize(part)), (1, True, 2 << 20), text)
        code, text = download()
        self.assertEqual((code, f"are here already, in {part}" in text), (0, True), text)
        downloaded()
        for beginning in (content, content[:1], content[:-1], b"", content + b"more", bytes([content[0] ^ 1]) + content[1:]):
            with open(part, "wb") as file:
                file.write(beginning)
            self.assertEqual(download()[0], 0, len(beginning))
            downloaded()
        with open(part, "wb") as file:
            file.write(b"?" + content[1:-9])
        code, text = download()
        self.assertEqual((code, "download it again" in text, os.listdir(folder)), (1, True, []))
        os.symlink(os.path.join(folder, "elsewhere"), part)
        self.assertEqual((download()[0], os.listdir(folder)), (1, [os.path.basename(part)]))
        os.remove(part)
        with open(part, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIn("Another truss is writing", download()[1])

    def test_what_a_dump_does_not_hold_is_beside_it(self):
        self.sql(f"""ALTER DATABASE "{self.database}" SET work_mem = '5MB'; COMMENT ON DATABASE "{self.database}" IS 'ours'""")
        self.open()
        backup = self.make()
        with open(self.path(backup) + ".json", encoding="utf-8") as file:
            text = file.read()
            self.assertEqual(os.fstat(file.fileno()).st_mode & 0o777, 0o600)  # settings of a database may be secrets
        facts = json.loads(text)
        self.assertEqual(facts["database"]["settings"], [{"role": None, "settings": ["work_mem=5MB"]}])
        self.assertEqual((facts["database"]["comment"], facts["database"]["owner"]), ("ours", "app"))
        self.assertEqual(facts["rows"], {"public.users": 500, 'public."Odd ""name"" of"': 2, "public.zoo": 0})
        self.assertNotIn("SCRAM", text)
        self.assertNotIn(PASSWORD, text)

    def test_the_password_is_nowhere_to_be_seen(self):
        temporary = tempfile.mkdtemp(prefix="truss-tmp-")
        self.addCleanup(harness.shutil.rmtree, temporary, True)
        self.open(environment={"TMPDIR": temporary})
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        child = wait_for(self.dumping)[0]
        for what in ("cmdline", "environ"):
            with open(f"/proc/{child}/{what}", "rb") as file:
                text = file.read().decode()
            self.assertNotIn(PASSWORD, text)
            self.assertNotIn("PGPASSWORD", text)
        self.assertEqual(os.listdir(temporary), [])
        self.let_go()
        self.assertEqual(self.ended(id)["status"], "completed")
        self.assertNotIn(PASSWORD, self.process.text())
        self.assertEqual(os.listdir(temporary), [])

    def test_a_file_that_was_cut_or_changed_is_found(self):
        self.open()
        for spoil in (lambda file: file.truncate(os.path.getsize(file.name) - 100), lambda file: (file.seek(3000), file.write(b"\xff\x00\xff"))):
            backup = self.make()
            self.ask("POST", f"/{backup['id']}/verify", None, 202)
            good = self.ended(backup["id"])
            self.assertEqual((good["verified"], good["status"], good["message"]), ("read", "completed", None))
            with open(self.path(backup), "r+b") as file:
                spoil(file)
            self.ask("POST", f"/{backup['id']}/verify", None, 202)
            bad = self.ended(backup["id"])
            self.assertEqual(bad["status"], "failed")
            self.assertIn("damaged", bad["message"])
            self.assertIn("not to be trusted", self.ask("POST", f"/{backup['id']}/restore", None, 400)["error"])

    def test_a_file_that_is_gone_or_a_link_is_no_backup(self):
        self.open()
        gone, link = self.make(), self.make()
        os.remove(self.path(gone))
        os.rename(self.path(link), self.path(link) + ".moved")
        os.symlink(self.path(link) + ".moved", self.path(link))
        for backup in (gone, link):
            self.ask("POST", f"/{backup['id']}/verify", None, 202)
            self.assertEqual(self.ended(backup["id"])["status"], "failed")

    def test_odd_names_in_the_folder_are_left_alone(self):
        odd = ["a\nb.dump", "..dump", "x'; DROP TABLE users; --.dump", ".part", b"\xff\xfe.dump".decode("utf-8", "surrogateescape")]
        self.open()
        backup = self.make()
        tag = backup["filename"].split("_")[-3]
        odd += [f"x_{tag}_y.dump", f"x_{tag}_y.dump.part"]
        for name in odd:
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write("x")
        self.assertEqual(self.ask("GET", "")["orphans"], [f"x_{tag}_y.dump", f"x_{tag}_y.dump.part"])
        self.ask("DELETE", f"/{backup['id']}")
        self.assertEqual(self.stored(), sorted(odd))

    # ---- into a branch ----

    def branches(self):
        return self.http.get("/api/branches").json["branches"]

    def drop_branches(self):
        for branch in self.branches():
            self.http.request("DELETE", f"/api/branches/{branch['id']}")

    def test_a_restore_is_a_new_branch_and_the_database_is_as_it_was(self):
        self.sql(f"""ALTER DATABASE "{self.database}" SET work_mem = '5MB'""")
        self.open()
        self.addCleanup(self.drop_branches)
        backup = self.make()
        self.sql("DELETE FROM users; CREATE TABLE later (a int)")
        answer = self.ask("POST", f"/{backup['id']}/restore", {"label": "as it was", "ttlHours": 2}, 202)
        self.assertEqual(set(answer), {"backup", "message"})
        self.assertEqual((answer["backup"]["status"], answer["backup"]["detail_status"]), ("completed", "restoring"))
        restored = self.ended(backup["id"])["restore"]
        self.assertEqual(restored["status"], "completed", restored)
        self.assertIn("rows of 3 tables", restored["message"])
        self.assertIn("All definitions are the same.", restored["message"])
        branch = self.branches()[0]
        self.assertEqual((branch["id"], branch["branch_db"]), (restored["branch_id"], restored["branch_db"]))
        self.assertEqual((branch["label"], branch["ttl_hours"], branch["status"], branch["kind"], branch["source"]),
                         ("as it was", 2, "active", "restore", "backup"))
        name = branch["branch_db"]
        self.assertEqual(self.cluster.psql(name, "SELECT count(*), sum(id) FROM users"), [("500", "125250")])
        self.assertEqual(self.cluster.psql(name, "SELECT to_regclass('later')"), [(None,)])
        self.assertEqual(self.cluster.psql(name, "SHOW work_mem"), [("5MB",)])
        self.assertEqual(self.sql("SELECT count(*) FROM users"), [("0",)])
        self.assertEqual(self.cluster.psql(name, harness.with_own_schema("SELECT count(*) FROM truss.backups")), [("0",)])

    def test_definitions_that_are_others_after_a_restore_are_told(self):
        self.sql("CREATE TABLE kinds (a varchar(9) CHECK (a IN ('x', 'y')))")  # which PostgreSQL writes in another way when it is made anew
        self.open()
        self.addCleanup(self.drop_branches)
        backup = self.make()
        self.ask("POST", f"/{backup['id']}/restore", None, 202)
        restored = self.ended(backup["id"])["restore"]
        self.assertEqual(restored["status"], "completed", restored)
        self.assertIn("written differently (constraint)", restored["message"])

    def test_an_owner_who_is_no_superuser_restores_as_well(self):
        self.sql("CREATE ROLE backup_owner LOGIN PASSWORD 'owner' CREATEDB")
        name = self.cluster.create_database()
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS backup_owner", False)
        self.addCleanup(self.cluster.drop_database, name)
        self.cluster.psql("postgres", f'ALTER DATABASE "{name}" OWNER TO backup_owner')
        self.cluster.psql(name, "SET ROLE backup_owner; CREATE SCHEMA own; CREATE TABLE own.t AS SELECT generate_series(1, 7) AS a")
        self.open(url=f"postgresql://backup_owner:owner@127.0.0.1:{self.cluster.port}/{name}")
        self.addCleanup(self.drop_branches)
        backup = self.make()
        self.ask("POST", f"/{backup['id']}/restore", None, 202)
        restored = self.ended(backup["id"])["restore"]
        self.assertEqual(restored["status"], "completed", restored)
        self.assertIn("Owners and grants are not restored", restored["message"])
        self.assertEqual(self.cluster.psql(restored["branch_db"], "SELECT count(*) FROM own.t"), [("7",)])

    def test_an_index_that_is_not_valid_is_no_difference(self):
        self.open()
        self.sql("CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (1)")
        with self.assertRaises(AssertionError):
            self.sql("CREATE UNIQUE INDEX CONCURRENTLY twice_a ON twice (a)")
        self.assertEqual(self.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'twice_a'::regclass"), [("f",)])
        self.addCleanup(self.drop_branches)
        backup = self.make()
        self.ask("POST", f"/{backup['id']}/restore", {"label": "invalid"}, 202)
        ended = self.ended(backup["id"])
        self.assertEqual((ended["status"], ended["restore"]["status"]), ("completed", "completed"), ended)

    def test_it_is_verified_by_being_restored_and_no_branch_stays(self):
        self.open()
        backup = self.make()
        self.ask("POST", f"/{backup['id']}/verify", {"restore": True}, 202)
        good = self.ended(backup["id"])
        self.assertEqual((good["verified"], good["message"], good["restore"]), ("restored", None, None))
        self.assertEqual(self.branches(), [])
        self.assertEqual([one["status"] for one in self.http.get("/api/branches?all=true").json["branches"]], ["deleted"])
        self.assertEqual(self.sql("SELECT datname FROM pg_database WHERE datname LIKE 'truss_branch_%'"), [])

    def test_what_was_called_failed_is_good_again_when_its_file_is(self):
        self.open()
        backup = self.make()
        os.rename(self.path(backup), self.path(backup) + ".away")
        self.ask("POST", f"/{backup['id']}/verify", None, 202)
        bad = self.ended(backup["id"])
        self.assertEqual((bad["status"], bad["verified"]), ("failed", "damaged"))
        self.assertIn("verify it", self.ask("POST", f"/{backup['id']}/restore", None, 400)["error"])
        self.ask("POST", f"/{backup['id']}/verify", None, 202)
        self.assertEqual(self.ended(backup["id"])["status"], "failed")
        # A worker that dies while it looks again has not found it good.
        self.sql("UPDATE truss.backups SET state = 'verifying', claimed_until = now() - interval '1 second'")
        self.assertEqual(self.ended(backup["id"])["status"], "failed")
        os.rename(self.path(backup) + ".away", self.path(backup))
        self.ask("POST", f"/{backup['id']}/verify", None, 202)
        good = self.ended(backup["id"])
        self.assertEqual((good["status"], good["verified"], good["message"]), ("completed", "read", None))

    def test_roles_that_are_not_there_any_more_are_named(self):
        self.cluster.psql("postgres", "CREATE ROLE backup_gone; CREATE ROLE backup_unused")
        self.sql("ALTER TABLE zoo OWNER TO backup_gone")
        self.open()
        self.addCleanup(self.drop_branches)
        backup = self.make()
        self.sql("REASSIGN OWNED BY backup_gone TO app; DROP OWNED BY backup_gone; DROP ROLE backup_unused")
        self.ask("POST", f"/{backup['id']}/restore", {"label": "kept"}, 202)
        kept = self.ended(backup["id"])["restore"]
        self.assertEqual(kept["status"], "completed", kept)
        owner = "SELECT relowner::regrole FROM pg_class WHERE relname = 'zoo'"
        self.assertEqual(self.cluster.psql(kept["branch_db"], owner), [("backup_gone",)])
        self.drop_branches()
        self.cluster.psql("postgres", "DROP ROLE backup_gone")
        self.ask("POST", f"/{backup['id']}/restore", {"label": "lost"}, 202)
        lost = self.ended(backup["id"])["restore"]
        self.assertEqual(lost["status"], "completed", lost)
        self.assertIn("not on this server: backup_gone.", lost["message"])
        self.assertEqual(self.cluster.psql(lost["branch_db"], owner), [("app",)])

    def test_rows_that_are_missing_after_a_restore_are_told(self):
        self.open()
        backup = self.make()
        self.sql("""UPDATE truss.backups SET facts = jsonb_set(facts, '{rows,public.users}', '501')""")
        self.ask("POST", f"/{backup['id']}/restore", None, 202)
        restored = self.ended(backup["id"])["restore"]
        self.assertEqual(restored["status"], "failed")
        self.assertIn("public.users: 500 instead of 501", restored["message"])
        self.assertEqual(self.branches(), [])

    def test_a_worker_that_is_killed_in_a_restore_leaves_no_branch(self):
        self.slow(20)
        self.open("--branch-interval", "1")
        backup = self.make()
        self.ask("POST", f"/{backup['id']}/restore", None, 202)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'truss restore'"), every=0.005)
        self.process.kill()
        self.open("--branch-interval", "1")
        self.sql("UPDATE truss.backups SET claimed_until = now() - interval '1 second' WHERE state = 'restoring'")
        ended = self.ended(backup["id"])
        self.assertEqual((ended["status"], ended["restore"]["status"]), ("completed", "failed"))
        self.assertEqual(self.branches(), [])
        wait_for(lambda: not self.sql("SELECT 1 FROM truss.branches WHERE status NOT IN ('failed', 'deleted')"))
        token = self.sql("SELECT token, branch_db FROM truss.branches")
        for one, name in token:
            self.assertEqual(self.sql(f"SELECT datname FROM pg_database WHERE datname IN ('{name}') OR datname LIKE '%{one}%'"), [])
        self.assertTrue(os.path.exists(self.path(backup)))

    # ---- what ends it ----

    def test_a_dump_is_cancelled(self):
        self.open()
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        child = wait_for(self.dumping)[0]
        self.assertEqual(self.ask("POST", f"/{id}/cancel"), {"cancelled": True})
        backup = self.ended(id)
        self.assertEqual((backup["status"], backup["detail_status"]), ("failed", "cancelled"))
        self.assertNotIn(child, self.dumping())
        self.assertEqual(self.stored(), [])
        self.assertEqual(self.ask("POST", f"/{id}/cancel"), {"cancelled": False})

    def test_a_pg_dump_that_is_killed_is_a_failed_backup_that_says_so(self):
        self.open()
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        os.kill(wait_for(self.dumping)[0], signal.SIGKILL)
        backup = self.ended(id)
        self.assertEqual((backup["status"], backup["detail_status"], backup["verified"]), ("failed", "failed", ""))
        self.assertIn("pg_dump", backup["message"])
        self.assertEqual(self.stored(), [])
        self.let_go()
        self.assertEqual(self.make()["status"], "completed")

    def test_one_whose_end_was_written_and_never_answered_is_kept(self):
        places = Places(self.cluster.port, lambda pid: None)
        self.addCleanup(places.close)
        self.open(url=self.url().replace(f":{self.cluster.port}/", f":{places.port}/"))
        places.arm(b"SET state = 'completed', sha256 = '", "cut-after")
        backup = self.make()
        self.assertIsNotNone(places.hit)
        wait_for(lambda: "state=" in self.process.text())
        self.assertEqual(backup["status"], "completed", backup)
        self.assertEqual(os.path.getsize(self.path(backup)), backup["size_bytes"])

    def test_what_a_killed_worker_leaves_is_cleaned_by_the_next(self):
        self.open()
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        wait_for(self.dumping)
        wait_for(lambda: any(name.endswith(".part") for name in self.stored()))
        self.process.kill()
        self.assertEqual(self.sql("SELECT state FROM truss.backups"), [("running",)])
        self.open()
        self.assertEqual(self.get(id)["status"], "in_progress")  # as long as its worker may be alive
        self.sql("UPDATE truss.backups SET claimed_until = now()")
        backup = self.ended(id)
        self.assertEqual(backup["status"], "failed")
        self.assertIn("worker ended", backup["message"])
        wait_for(lambda: self.stored() == [])

    def test_a_worker_that_is_stopped_says_so(self):
        self.open()
        self.stuck()
        self.ask("POST", "", None, 202)
        wait_for(self.dumping)
        self.process.stop()
        self.assertEqual(self.sql("SELECT state, message FROM truss.backups"), [("failed", "The worker was stopped meanwhile; start it again.")])
        self.assertEqual(self.stored(), [])

    def test_what_pg_dump_says_is_told(self):
        self.open()
        self.sql("CREATE EXTENSION IF NOT EXISTS plpgsql; CREATE ROLE backup_reader LOGIN PASSWORD 'secret word' CREATEDB; "
                 f"GRANT CREATE ON DATABASE \"{self.database}\" TO backup_reader")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS backup_reader", False)
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY backup_reader", False)
        self.open(url=f"postgresql://backup_reader:secret%20word@127.0.0.1:{self.cluster.port}/{self.database}")
        backup = self.make()
        self.assertEqual(backup["status"], "failed")
        self.assertIn("permission denied for table", backup["message"])
        self.assertNotIn("secret word", backup["message"])
        self.assertEqual(self.stored(), [])

    # ---- beside runs ----

    def test_a_run_is_not_held_up_by_a_dump_and_the_dump_is_made_behind_it(self):
        files = self.adopted().add("1", "ALTER TABLE users ADD COLUMN more int; SELECT pg_sleep(1);")
        rpc = self.rpc(self.worker(files))
        self.open()
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        wait_for(self.holds_users)
        began = time.monotonic()
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertLess(time.monotonic() - began, 30)  # else as long as the dump
        self.let_go()
        backup = self.ended(id)
        self.assertEqual(backup["status"], "completed", backup)

    def test_somebody_elses_alter_is_not_held_up_for_long(self):
        self.open()
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        wait_for(self.holds_users)
        began = time.monotonic()
        self.sql("ALTER TABLE users ADD COLUMN other int")
        self.assertLess(time.monotonic() - began, 30)
        self.let_go()
        self.assertEqual(self.ended(id)["status"], "completed")

    def test_a_dump_waits_for_a_run(self):
        files = self.adopted().add("1", "SELECT pg_sleep(60);")
        self.rpc(self.worker(files)).call("MigrationService", "StartRun")
        wait_for(self.sleepers)
        self.open()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        wait_for(lambda: self.get(id)["message"] == "It waits for a run to end.")
        self.assertEqual(self.get(id)["detail_status"], "waiting")
        self.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
        self.assertEqual(self.ended(id)["status"], "completed")

    # ---- the schedule ----

    def test_a_schedule_is_said_and_changed(self):
        self.open()
        usual = self.ask("GET", "/schedule")
        self.assertEqual((usual["enabled"], usual["frequency"], usual["hour"], usual["retention_days"], usual["next_at"]), (False, "daily", 2, 30, None))
        changed = self.ask("PUT", "/schedule", {"enabled": True, "frequency": "weekly", "hour": 5, "retention_days": 90})
        self.assertEqual(changed, dict(usual, enabled=True, frequency="weekly", hour=5, retention_days=90, next_at=changed["next_at"]))
        self.assertRegex(changed["next_at"], "T05:00:00Z$")
        self.assertEqual(self.ask("GET", "/schedule"), changed)
        self.assertEqual(self.sql("SELECT count(*) FROM truss.backups"), [("0",)])
        for wrong in ({"frequency": "never"}, {"hour": 24}, {"keep_last": 0}, {"verify": "hope"}, {"every": 1}):
            self.ask("PUT", "/schedule", wrong, 400)

    def test_what_is_due_and_could_not_begin_is_tried_again(self):
        self.open()
        self.ask("PUT", "/schedule", {"enabled": True, "frequency": "daily", "hour": 0, "retention_days": 3})
        os.rmdir(self.folder)
        with open(self.folder, "w", encoding="ascii"):
            pass
        self.sql("UPDATE truss.backup_schedule SET last_slot = now() - interval '2 days'")
        wait_for(lambda: "folder of backups" in self.process.text() and self.sql("SELECT last_slot IS NULL FROM truss.backup_schedule") == [("t",)])
        self.assertEqual(self.ask("GET", "")["backups"], [])
        os.remove(self.folder)
        made = wait_for(lambda: self.ask("GET", "")["backups"], 40)
        self.assertEqual(self.ended(made[0]["id"])["status"], "completed")

    def test_of_two_workers_one_makes_what_is_due(self):
        self.open()
        self.worker(self.project("prisma-blog"), "--backups", self.folder)
        self.ask("PUT", "/schedule", {"enabled": True, "frequency": "hourly"})
        self.sql("UPDATE truss.backup_schedule SET last_slot = NULL")
        wait_for(lambda: self.sql("SELECT 1 FROM truss.backups WHERE state = 'completed' AND verified = 'read'"))
        time.sleep(13)  # each has looked again
        self.assertEqual(self.sql("SELECT kind, created_by FROM truss.backups"), [("scheduled", "schedule")])

    def test_what_the_schedule_keeps_no_longer_is_deleted(self):
        self.open()
        backup = self.make()
        self.ask("PUT", "/schedule", {"enabled": True, "keep_last": 2, "keep_daily": 3, "keep_weekly": 2, "retention_days": 60})
        # Twice a day for 20 days, one of 100 days ago, a protected one.
        self.sql("""INSERT INTO truss.backups (home, filename, state, label, kind, database, created_by, protected, created_at)
            SELECT b.home, 'old-' || n || '.dump', 'completed', '', 'scheduled', b.database, 'schedule', n = 33, t
            FROM truss.backups b, (SELECT i AS n, date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - i * interval '12 hours' AS t
            FROM generate_series(1, 40) i UNION ALL SELECT 41, now() - interval '100 days') x""")
        for name in ("old-33.dump", "old-20.dump", "old-41.dump"):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write("x")
        wait_for(lambda: not os.path.exists(os.path.join(self.folder, "old-41.dump")))
        kept = {name for (name,) in self.sql("SELECT filename FROM truss.backups WHERE kind = 'scheduled' AND state = 'completed'")}
        self.assertIn("old-33.dump", kept)
        self.assertLessEqual({"old-1.dump", "old-2.dump", "old-3.dump", "old-5.dump"}, kept)
        self.assertLessEqual(len(kept), 6)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "old-33.dump")))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "old-20.dump")))
        self.assertEqual(self.get(backup["id"])["status"], "completed")  # nobody's schedule made it

    def test_two_workers_delete_what_is_kept_no_longer_once(self):
        self.open(environment={})  # of whose log all is this test's
        others = [self.worker(self.project("prisma-blog"), "--backups", self.folder) for _ in range(2)]
        self.ask("PUT", "/schedule", {"enabled": True, "keep_last": 2, "keep_daily": 0, "keep_weekly": 0, "retention_days": 60})
        backup = self.make()
        self.sql("""INSERT INTO truss.backups (home, filename, state, label, kind, database, created_by, created_at)
            SELECT b.home, 'old-' || n || '.dump', 'completed', '', 'scheduled', b.database, 'schedule', now() - n * interval '12 hours'
            FROM truss.backups b, generate_series(1, 40) n""")
        for number in range(1, 41):
            for suffix in ("", ".json"):
                with open(os.path.join(self.folder, f"old-{number}.dump{suffix}"), "w", encoding="utf-8") as file:
                    file.write("x")
        kept = {backup["filename"], "old-1.dump", "old-2.dump"}
        wait_for(lambda: {name for (name,) in self.sql("SELECT filename FROM truss.backups WHERE state = 'completed'")} == kept)
        wait_for(lambda: self.stored() == sorted(name + suffix for name in kept for suffix in ("", ".json")))
        for process in (self.process, *others):
            self.assertFalse([line for line in process.log if "level=warn" in line or "level=error" in line], process.log)

    def test_a_copy_of_the_database_has_no_backups_and_deletes_none(self):
        self.open()
        backup = self.make()
        self.sql("UPDATE truss.backups SET state = 'running', claimed_until = now() - interval '1 hour'")
        self.process.stop()
        self.cluster.stop_emptying()
        copy = self.cluster.create_database(self.database)
        self.addCleanup(self.cluster.drop_database, copy)
        self.sql("UPDATE truss.backups SET state = 'completed'")
        self.open(url=self.cluster.url(copy))
        self.assertEqual(self.ask("GET", "")["backups"], [])
        time.sleep(1)
        self.assertTrue(os.path.exists(self.path(backup)))


@harness.unittest.skipUnless(os.geteuid() == 0, "a disk of its own is made by root alone")
class Disk(Backups):
    def setUp(self):
        super().setUp()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", self.folder], check=False, stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=False)

    def test_a_disk_that_gets_full_ends_the_dump_and_leaves_nothing(self):
        self.open()
        self.stuck()
        id = self.ask("POST", "", None, 202)["backup"]["id"]
        wait_for(self.dumping)
        with open(os.path.join(self.folder, "of somebody"), "wb", buffering=0) as file, harness.contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        self.let_go()
        backup = self.ended(id)
        self.assertEqual(backup["status"], "failed")
        self.assertIn("No space left", backup["message"])
        os.remove(os.path.join(self.folder, "of somebody"))
        self.assertEqual(self.stored(), [])

    def test_a_disk_without_room_is_told_before(self):
        self.slow(12)
        self.open()
        self.assertIn("make room", self.ask("POST", "", None, 400)["error"])
        self.assertEqual(self.stored(), [])


for name in list(vars(Backups)):
    if name.startswith("test_"):
        setattr(Disk, name, None)

if __name__ == "__main__":
    harness.main()
