"""Backups in an S3-compatible store, against a real server of that kind (npm's s3rver) on loopback."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import harness
from harness import Staying, wait_for

CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
TOOLS = os.path.join(os.environ.get("TRUSS_PEERS_DIR", os.path.join(CACHE, "truss-peers")), "store")
KEYS = {"AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER"}


def setUpModule():
    if not os.path.exists(os.path.join(TOOLS, ".ready")):
        os.makedirs(TOOLS, exist_ok=True)
        with open(os.path.join(TOOLS, "package.json"), "w", encoding="utf-8") as file:
            file.write('{"private":true}')
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "s3rver@3.7.1"],
                       cwd=TOOLS, check=True)
        with open(os.path.join(TOOLS, ".ready"), "w", encoding="utf-8"):
            pass


class Store:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="truss-store-")
        words = ["node", "--openssl-legacy-provider", os.path.join(HERE, "..", "support", "store.js"), os.path.join(TOOLS, "node_modules"), self.directory]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.directory, True)

    def url(self, bucket="backups", prefix="/of/us", more=""):
        return f"s3://{bucket}{prefix}?endpoint=http://127.0.0.1:{self.port}{more}"

    def tell(self, command):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_{command}") as answer:
            return json.load(answer)

    def uploads(self):
        """Ids of those that nobody completed."""
        path = os.path.join(self.directory, "backups", "._S3rver_uploads")
        return os.listdir(path) if os.path.exists(path) else []

    def objects(self):
        """{key: path} of what is in the bucket; uploads that nobody completed are shown too."""
        found = {}
        for folder, _, names in os.walk(os.path.join(self.directory, "backups")):
            for name in names:
                if name.endswith("_object"):
                    path = os.path.join(folder, name)
                    found[os.path.relpath(path, os.path.join(self.directory, "backups")).rpartition("._S3rver")[0]] = path
        return found


class Backups(Staying):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = Store()
        cls.addClassCleanup(cls.store.stop)

    def setUp(self):
        super().setUp()
        self.needs_dump()
        self.sql("CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 500) i")
        for command in ("seen", "fail/500/None/0", "page/1000", "hang/none"):
            self.store.tell(command)
        for name in os.listdir(os.path.join(self.store.directory, "backups")):
            if not name.startswith("."):
                path = os.path.join(self.store.directory, "backups", name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def open(self, url=None, more=(), **environment):
        """A worker and a bridge that stay, or with variables of its own ones of this test."""
        arguments = ("--backups", url or self.store.url(), *more)
        if environment:
            self.process = self.worker(self.project("prisma-blog"), *arguments, environment=dict(KEYS, **environment))
            self.http = self.bridge(self.process)
        else:
            self.stay(arguments=arguments, fixture="prisma-blog", environment=KEYS)
            self.http = self.stay_behind_bridge()

    def ask(self, method, path, body=None, status=200):
        answer = self.http.request(method, "/api/backups" + path, body)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def ended(self, id):
        def has_ended():
            backup = self.ask("GET", f"/{id}")
            return backup["detail_status"] in ("completed", "failed", "cancelled") and backup
        return wait_for(has_ended, every=0.1)

    def make(self):
        return self.ended(self.ask("POST", "", None, 202)["backup"]["id"])

    def verified(self, backup, **body):
        self.ask("POST", f"/{backup['id']}/verify", body, 202)
        return self.ended(backup["id"])

    def large(self):
        """What takes more than one part."""
        self.sql("CREATE TABLE big AS SELECT sha512(i::text::bytea) || sha512((-i)::text::bytea) AS b FROM generate_series(1, 170000) i")

    def refused(self, url, **environment):
        """What a worker says that does not start."""
        result = subprocess.run([os.path.join(harness.BIN, "truss-worker"), "--project", self.project().path, "--backups", url],
                                env=harness.clean_environment(dict(environment, DATABASE_URL=self.url())), capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    # ---- what it is worth ----

    def test_a_backup_is_an_object_and_what_a_dump_does_not_hold_another(self):
        self.open()
        backup = self.make()
        self.assertEqual((backup["status"], backup["message"]), ("completed", None))
        key = "of/us/" + backup["filename"]
        self.assertEqual(set(self.store.objects()), {key, key + ".json"})
        with open(self.store.objects()[key], "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), backup["sha256"])
        copy = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, copy)
        self.cluster.restore(copy, self.store.objects()[key])
        self.assertEqual(self.cluster.psql(copy, "SELECT count(*) FROM users"), [("500",)])
        listed = self.ask("GET", "")
        self.assertEqual((listed["folder"], listed["orphans"], listed["problem"]), ("s3://backups/of/us", [], None))
        self.assertEqual(self.verified(backup)["verified"], "read")
        self.assertEqual(self.verified(backup, restore=True)["verified"], "restored")
        self.ask("POST", f"/{backup['id']}/restore", {"label": "back"}, 202)
        restored = self.ended(backup["id"])["restore"]
        self.assertEqual(restored["status"], "completed", restored)
        self.assertEqual(self.cluster.psql(restored["branch_db"], "SELECT count(*) FROM users"), [("500",)])
        self.http.request("DELETE", f"/api/branches/{restored['branch_id']}")
        self.assertEqual(self.ask("DELETE", f"/{backup['id']}"), {"ok": True})
        self.assertEqual(self.store.objects(), {})

    def test_parts_bad_moments_and_lost_answers(self):
        self.large()
        self.open(self.store.url(prefix=""))
        self.store.tell("fail/503/SlowDown/2/PUT")
        self.store.tell("lose")
        backup = self.make()
        self.assertEqual((backup["status"], backup["message"]), ("completed", None))
        self.assertGreater(backup["size_bytes"], 20000000)  # more than one part
        seen = self.store.tell("seen")
        self.assertEqual(seen["PUT"], 2 + 1 + 2)  # parts, the facts, and what was tried again
        with open(self.store.objects()[backup["filename"]], "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), backup["sha256"])
        self.store.tell("cut/20000000")
        self.assertEqual(self.verified(backup)["verified"], "read")
        self.assertGreaterEqual(self.store.tell("seen")["GET"], 3)
        self.ask("DELETE", f"/{backup['id']}")

    def test_an_object_that_is_gone_or_changed_is_found_and_never_restored(self):
        self.open()
        backup = self.make()
        path = self.store.objects()["of/us/" + backup["filename"]]
        with open(path, "r+b") as file:
            file.seek(3000)
            file.write(b"\xff\x00\xff")
        bad = self.verified(backup)
        self.assertEqual((bad["status"], bad["verified"]), ("failed", "damaged"))
        self.ask("DELETE", f"/{backup['id']}")
        backup = self.make()
        shutil.rmtree(os.path.join(self.store.directory, "backups", "of"))
        self.assertIn("any more", self.verified(backup)["message"])

    def test_names_of_others_are_left_alone_and_those_without_a_row_are_told(self):
        self.open()
        backup = self.make()
        tag = backup["filename"].split("_")[-3]
        kept = os.path.join(self.store.directory, "backups", "of", "us")
        original = self.store.objects()["of/us/" + backup["filename"]]
        for name in [f"x_{tag}_y.dump", "one", "two", "three"]:
            for suffix in ("object", "metadata.json", "object.md5"):
                source = original[:-len("object")] + suffix
                shutil.copy(source, os.path.join(kept, f"{name}._S3rver_{suffix}"))
        self.store.tell("page/2")
        listed = self.ask("GET", "")
        self.assertEqual((listed["problem"], listed["orphans"]), (None, [f"x_{tag}_y.dump"]))
        self.assertEqual(self.store.tell("seen")["GET"], 1 + 3)
        self.ask("DELETE", f"/{backup['id']}")
        self.assertEqual(len(self.store.objects()), 4)

    def test_what_a_killed_worker_began_is_ended_by_the_next(self):
        self.large()
        self.open()
        self.ask("POST", "", None, 202)
        wait_for(self.store.uploads, every=0.01)
        self.process.kill()
        self.assertEqual(self.store.objects(), {})
        self.sql("UPDATE truss.backups SET claimed_until = now() - interval '1 second'")
        self.open()
        wait_for(lambda: self.sql("SELECT state FROM truss.backups") == [("failed",)])
        self.assertEqual(self.store.objects(), {})
        wait_for(lambda: not self.store.uploads())

    def test_all_pages_of_uploads_are_looked_through(self):
        folder = os.path.join(self.store.directory, "backups", "._S3rver_uploads")
        self.addCleanup(shutil.rmtree, folder, True)
        self.open()
        backup = self.make()
        for number in range(5):
            os.makedirs(os.path.join(folder, f"upload-{number}"))
            with open(os.path.join(folder, f"upload-{number}", "key"), "w", encoding="utf-8") as file:
                file.write(f"of/us/{backup['filename']}")
        self.store.tell("page/2")
        self.ask("DELETE", f"/{backup['id']}")
        self.assertEqual(self.store.uploads(), [])

    def test_an_archive_of_several_connections_is_one_object(self):
        self.large()
        self.open(more=("--backup-jobs", "2"))
        backup = self.make()
        self.assertEqual((backup["detail_status"], backup["filename"][-4:]), ("completed", ".tar"), backup)
        self.assertEqual(self.verified(backup, restore=True)["verified"], "restored")

    def test_a_large_object_is_downloaded_by_ranges(self):
        self.large()
        self.open()
        backup = self.make()
        answer = self.http.get(f"/api/backups/{backup['id']}/download")
        self.assertEqual((answer.status, hashlib.sha256(answer.body).hexdigest()), (200, backup["sha256"]))

    def test_a_prefix_that_lists_escape_is_the_same_prefix(self):
        self.large()
        self.open(self.store.url(prefix="/of&us/it's"))
        self.ask("POST", "", None, 202)
        wait_for(self.store.uploads, every=0.01)
        self.process.kill()
        self.sql("UPDATE truss.backups SET claimed_until = now() - interval '1 second'")
        self.open(self.store.url(prefix="/of&us/it's"))
        wait_for(lambda: self.sql("SELECT state FROM truss.backups") == [("failed",)])
        wait_for(lambda: not self.store.uploads())
        self.sql("DROP TABLE big")
        backup = self.make()
        self.assertEqual(self.ask("GET", "")["orphans"], [])
        self.sql("DELETE FROM truss.backups")
        self.assertEqual(self.ask("GET", "")["orphans"], [backup["filename"]])

    def test_memory_does_not_grow_with_the_dump(self):
        self.large()
        self.open()
        self.make()
        with open(f"/proc/{self.process.process.pid}/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        self.assertLess(peak, (80 << 10) * (16 if harness.SANITIZED else 1))  # the sanitizer keeps what was freed

    # ---- what goes wrong ----

    def test_what_is_wrong_is_said_plainly(self):
        cases = ((dict(AWS_SECRET_ACCESS_KEY="wrong"), {}, 403, "AWS_SECRET_ACCESS_KEY"), (dict(AWS_ACCESS_KEY_ID="nobody"), {}, 403, "AWS_ACCESS_KEY_ID"),
                 ({}, dict(bucket="none-such"), 400, "The bucket is not there"))
        for environment, url, status, words in cases:
            self.open(self.store.url(**url), **environment)
            self.assertIn(words, self.ask("POST", "", None, status)["error"])
            self.assertIn(words, self.ask("GET", "")["problem"])
            self.assertEqual(self.sql("SELECT to_regclass('truss.backups')"), [(None,)])
        self.open()
        for status, code, words in ((403, "RequestTimeTooSkewed", "clocks"), (403, "AccessDenied", "s3:PutObject"),
                                    (301, "PermanentRedirect", "region")):
            self.store.tell(f"fail/{status}/{code}/1")
            answer = self.http.post("/api/backups")
            self.assertGreaterEqual(answer.status, 400)
            self.assertIn(words, answer.json["error"])

    def test_a_store_that_fails_in_the_middle_is_a_failed_backup_that_says_why(self):
        self.open()
        self.store.tell("fail/403/AccessDenied/9/PUT")
        backup = self.make()
        self.assertEqual(backup["status"], "failed")
        self.assertIn("AccessDenied", backup["message"])
        self.assertEqual(self.store.objects(), {})

    def test_a_store_that_is_away_hides_no_backup_and_makes_none_failed(self):
        self.open()
        backup = self.make()
        self.store.tell("fail/500/InternalError/1000")
        listed = self.ask("GET", "")
        self.assertEqual(([one["id"] for one in listed["backups"]], listed["orphans"]), ([backup["id"]], []))
        self.assertIsNotNone(listed["problem"])
        self.store.tell("fail/500/InternalError/0")
        self.store.tell("fail/500/InternalError/1000/HEAD")
        after = self.verified(backup)
        self.assertEqual((after["status"], after["verified"]), ("completed", ""))
        self.assertIsNotNone(after["message"])

    def test_a_delete_that_the_store_does_not_do_is_done_later(self):
        self.open()
        backup = self.make()
        key = "of/us/" + backup["filename"]
        self.store.tell("fail/403/AccessDenied/1/DELETE")
        self.assertIn("s3:DeleteObject", self.http.request("DELETE", f"/api/backups/{backup['id']}").json["error"])
        left = self.ask("GET", f"/{backup['id']}")
        self.assertEqual(left["detail_status"], "deleting")
        self.assertIn("s3:DeleteObject", left["message"])
        self.assertIn(key, self.store.objects())
        self.assertIn("being deleted", self.ask("POST", f"/{backup['id']}/restore", None, 400)["error"])
        self.store.tell("hang/DELETE")
        with self.assertRaises(harness.RpcError) as hung:
            self.rpc(self.process).call("BackupService", "DeleteBackup", {"id": str(backup["id"])}, timeout_ms=8000)
        for said in (str(hung.exception), self.ask("GET", f"/{backup['id']}")["message"]):
            self.assertIn("The store at http://127.0.0.1", said)
        self.store.tell("hang/none")
        self.assertEqual(self.ask("DELETE", f"/{backup['id']}"), {"ok": True})
        self.assertEqual((self.store.objects(), self.ask("GET", "")["backups"]), ({}, []))

    def test_a_delete_whose_worker_is_killed_is_done_by_the_next(self):
        self.open()
        backup = self.make()
        self.store.tell("hang/DELETE")
        command = subprocess.Popen([os.path.join(harness.BIN, "truss"), "backup", "delete", str(backup["id"])],
                                   env=harness.clean_environment(None, self.process), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(command.wait)
        self.addCleanup(command.kill)
        self.store.tell("seen")
        wait_for(lambda: self.store.tell("seen").get("DELETE"))
        self.process.kill()
        self.store.tell("hang/none")
        self.assertEqual(self.sql("SELECT state FROM truss.backups"), [("deleting",)])
        self.assertIn("of/us/" + backup["filename"], self.store.objects())
        self.sql("UPDATE truss.backups SET claimed_until = now() - interval '1 second'")
        self.open()
        wait_for(lambda: self.sql("SELECT state FROM truss.backups") == [("deleted",)])
        self.assertEqual(self.store.objects(), {})

    def test_urls_that_are_none_stop_the_start(self):
        for url, words in (("s3://", "bucket"), ("s3://Bad_Name", "bucket"), ("s3://backups?endpoint=ftp://x", "https://"),
                           ("s3://backups?endpoint=http://192.0.2.1", "insecure=true"), ("s3://backups?secret=x", "not a parameter"),
                           ("s3://backups?endpoint=https://a:b@host", "https://"), ("s3://backups/a//b", "prefix"), ("s3://backups?region=a/b", "region"),
                           ("s3://backups?endpoint=%zz", "NAME=VALUE")):
            self.assertIn(words, self.refused(url, **KEYS), url)
        self.assertIn("AWS_SECRET_ACCESS_KEY", self.refused("s3://backups", AWS_ACCESS_KEY_ID="x"))

    def test_the_secret_is_nowhere_to_be_seen(self):
        self.open(AWS_SECRET_ACCESS_KEY="a very secret key")
        answer = self.http.post("/api/backups")
        for text in (answer.body.decode(), self.http.get("/api/backups").body.decode(), self.process.text()):
            self.assertNotIn("very secret", text)


if __name__ == "__main__":
    harness.main()
