"""The real Prisma CLI and Client as judges: what either of us writes, the other must understand.

TRUSS_PEERS_DIR  where the CLI is installed, once (default: a cache directory of the user)
"""
import os
import re
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
import harness
from harness import Case, RpcError

CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
PEERS = os.environ.get("TRUSS_PEERS_DIR", os.path.join(CACHE, "truss-peers"))
CLI = os.path.join(PEERS, "prisma")


def setUpModule():
    subprocess.run(["sh", os.path.join(HERE, "setup.sh"), CLI], check=True, timeout=600)


class Prisma(Case):
    tool = ["prisma.sh", CLI]

    def prisma(self, files, *arguments, schema=None, url=None):
        """Runs the CLI on a copy of the project; answers (status, text)."""
        parameters = {"schema": schema} if schema else {}
        result = subprocess.run(["sh", os.path.join(HERE, self.tool[0]), self.tool[1], files.path, *arguments], text=True, timeout=120,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                env=dict(os.environ, DATABASE_URL=url or self.url(**parameters)))
        return result.returncode, result.stdout

    def start(self, fixture="prisma-blog", *arguments, **options):
        self.files = self.project(fixture)
        return self.rpc(self.worker(self.files, *arguments, **options))

    def ours(self, rpc, method, **request):
        return rpc.call("MigrationService", method, request)

    def assert_prisma_agrees(self, files, asked=("status", "deploy")):
        """Its deploy has nothing to do and changes no row; its status says so too, where that is asked."""
        if "status" in asked or os.environ.get("TRUSS_TEST_ALL"):
            status, text = self.prisma(files, "migrate", "status")
            self.assertIn("Database schema is up to date!", text)
            self.assertEqual(status, 0, text)
        before = self.rows()
        status, text = self.prisma(files, "migrate", "deploy")
        self.assertIn("No pending migrations to apply.", text)
        self.assertEqual(status, 0, text)
        self.assertEqual(self.rows(), before)

    def rows(self, table="_prisma_migrations"):
        schema = self.sql(f"SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = '{table}'")
        return self.sql(f'SELECT xmin, r.* FROM "{schema[0][0]}".{table} r ORDER BY migration_name, started_at')

    def test_after_our_run_the_cli_has_nothing_to_do(self):
        rpc = self.start()
        self.assertTrue(self.ours(rpc, "Run").ok)
        self.assert_prisma_agrees(self.files)

    def test_after_our_run_in_steps_the_cli_has_nothing_to_do(self):
        rpc = self.start("prisma-steps")
        self.assertTrue(self.ours(rpc, "Run").ok)
        self.assert_prisma_agrees(self.files)

    def test_after_its_deploy_we_have_nothing_to_do(self):
        rpc = self.start()
        self.assertEqual(self.prisma(self.files, "migrate", "deploy")[0], 0)
        self.assertEqual(set(self.states(self.ours(rpc, "GetStatus")).values()), {"applied"})
        self.assertEqual(self.ours(rpc, "Run").summary, "No pending migrations to run.")

    def test_both_write_the_same_rows_and_schema(self):
        rpc = self.start()
        self.assertTrue(self.ours(rpc, "Run").ok)
        columns = "migration_name, checksum, logs, rolled_back_at, applied_steps_count, finished_at IS NULL"
        mine, my_tables = self.ledger(columns), self.cluster.tables(self.database)
        self.database = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, self.database)
        self.assertEqual(self.prisma(self.files, "migrate", "deploy")[0], 0)
        self.assertEqual(self.ledger(columns), mine)
        self.assertEqual(self.cluster.tables(self.database), my_tables)

    def test_we_go_on_where_it_stopped_and_it_goes_on_where_we_stopped(self):
        rpc = self.start()
        self.assertTrue(self.ours(rpc, "Run", migrations=self.files.names()[:2]).ok)
        self.assertEqual(self.prisma(self.files, "migrate", "deploy")[0], 0)
        self.assertEqual(self.ours(rpc, "GetStatus").summary.applied, 4)
        self.files.add("20240105000000_more", "CREATE TABLE more ();")
        self.assertTrue(self.ours(rpc, "Run").ok)
        self.assert_prisma_agrees(self.files, asked=["deploy"])

    def test_it_agrees_after_our_mark_applied(self):
        rpc = self.start()
        for name in self.files.names():
            self.assertEqual(self.ours(rpc, "MarkApplied", migration=name).message,
                             f'Migration "{name}" marked as applied without executing.')
        self.assert_prisma_agrees(self.files)
        self.assertEqual(self.sql("SELECT to_regclass('users')"), [(None,)])

    def test_we_agree_after_its_resolve_applied(self):
        rpc = self.start()
        name = self.files.names()[0]
        status, text = self.prisma(self.files, "migrate", "resolve", "--applied", name)
        self.assertEqual(status, 0, text)
        first = self.ours(rpc, "GetStatus").migrations[0]
        self.assertEqual((first.state, first.detail_state), (harness.messages().migration.STATE_APPLIED, harness.messages().migration.DETAIL_STATE_BASELINE))
        self.assertIn("already recorded", self.ours(rpc, "MarkApplied", migration=name).message)

    def test_its_failure_stops_us_until_it_is_resolved(self):
        files = self.project().add("1_good", "CREATE TABLE a ();").add("2_bad", "SELECT 1/0;").add("3_later", "CREATE TABLE c ();")
        rpc = self.rpc(self.worker(files))
        self.assertEqual(self.prisma(files, "migrate", "deploy")[0], 1)
        reply = self.ours(rpc, "GetStatus")
        self.assertEqual(self.states(reply), {"1_good": "applied", "2_bad": "pending", "3_later": "pending"})
        self.assertEqual(reply.migrations[1].detail_state, harness.messages().migration.DETAIL_STATE_FAILED)
        self.assertIn("division by zero", reply.migrations[1].logs)
        with self.assertRaises(RpcError) as caught:
            self.ours(rpc, "Run")
        self.assertIn("2_bad", caught.exception.status.message)
        self.assertIn("P3009", self.prisma(files, "migrate", "deploy")[1])
        files.add("2_bad", "SELECT 1;")
        self.ours(rpc, "MarkRolledBack", migration="2_bad")
        status, text = self.prisma(files, "migrate", "deploy")
        self.assertEqual(status, 0, text)
        self.assertEqual(self.ours(rpc, "GetStatus").summary.applied, 3)

    def test_our_failure_between_steps_stops_it_until_it_is_resolved(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);\nCREATE INDEX CONCURRENTLY i ON a (id);\nSELECT 1/0;")
        rpc = self.rpc(self.worker(files))
        self.assertFalse(self.ours(rpc, "Run").ok)
        status, text = self.prisma(files, "migrate", "deploy")
        self.assertEqual(status, 1)
        self.assertIn("P3009", text)
        self.assertEqual(self.prisma(files, "migrate", "resolve", "--applied", "1")[0], 0)
        self.assertEqual(self.ours(rpc, "GetStatus").summary.applied, 1)
        self.assert_prisma_agrees(files)

    def test_our_failure_in_one_transaction_leaves_nothing_for_it_to_resolve(self):
        files = self.project().add("1", "CREATE TABLE a ();").add("2", "CREATE TABLE b (); SELECT 1/0;")
        rpc = self.rpc(self.worker(files))
        self.assertFalse(self.ours(rpc, "Run").ok)
        files.add("2", "CREATE TABLE b ();")
        status, text = self.prisma(files, "migrate", "deploy")
        self.assertEqual(status, 0, text)

    def test_variants_of_the_folder_are_seen_alike(self):
        rpc = self.start()
        self.assertTrue(self.ours(rpc, "Run").ok)
        with open(self.files.script("20240103000000_slugs"), "rb") as file:
            content = file.read()
        with open(self.files.script("20240103000000_slugs"), "wb") as file:
            file.write(content.replace(b"\n", b"\r\n"))
        self.assertEqual(set(self.states(self.ours(rpc, "GetStatus")).values()), {"applied"})
        self.assert_prisma_agrees(self.files, asked=["deploy"])
        shutil.rmtree(os.path.dirname(self.files.script("20240104000000_seed")))
        self.files.add("20240102500000_late with spaces", "")
        self.assertEqual(self.states(self.ours(rpc, "GetStatus"))["20240104000000_seed"], "orphaned")
        self.assertIn("20240102500000_late with spaces", self.prisma(self.files, "migrate", "status")[1])
        self.assertTrue(self.ours(rpc, "Run").ok)
        self.assert_prisma_agrees(self.files)

    def test_both_run_directories_in_one_order_and_a_byte_that_is_not_utf8_is_no_edit(self):
        files = self.project()
        for name in ("10_b", "2_a", "B", "a", "_x", "20240101000000_a_b", "20240101000000_Ab", "20240101000000_aB", "é", "z", ".hidden"):
            files.add(name, "SELECT 1;")
        with open(files.script("a"), "wb") as file:
            file.write(b"SELECT 1; -- caf\xe9\n")
        rpc = self.rpc(self.worker(files))
        ours = [migration.name for migration in self.ours(rpc, "GetStatus").migrations]
        self.assertEqual(self.prisma(files, "migrate", "deploy")[0], 0)
        self.assertEqual([name for name, in self.ledger("migration_name")], ours)
        self.assertEqual(set(self.states(self.ours(rpc, "GetStatus")).values()), {"applied"})

    def test_an_edited_file_is_modified_for_us_and_no_news_to_it(self):
        rpc = self.start()
        self.assertTrue(self.ours(rpc, "Run").ok)
        self.files.add("20240101000000_create_users", "-- edited\n")
        self.assertEqual(self.states(self.ours(rpc, "GetStatus"))["20240101000000_create_users"], "modified")
        self.assertEqual(self.ours(rpc, "Run").summary, "No pending migrations to run.")
        self.assert_prisma_agrees(self.files)

    def test_its_failure_is_resolved_by_our_mark_applied(self):
        files = self.project().add("1_bad", "SELECT 1/0;").add("2_later", "CREATE TABLE later ();")
        rpc = self.rpc(self.worker(files))
        self.assertEqual(self.prisma(files, "migrate", "deploy")[0], 1)
        self.ours(rpc, "MarkApplied", migration="1_bad")
        self.assertEqual(self.prisma(files, "migrate", "deploy")[0], 0)
        self.assertEqual(self.ours(rpc, "GetStatus").summary.applied, 2)
        self.assert_prisma_agrees(files, asked=["deploy"])

    def test_a_directory_without_a_script_is_refused_by_both(self):
        files = self.project().add("1", "CREATE TABLE a ();").add("2", "")
        os.unlink(files.script("2"))
        rpc = self.rpc(self.worker(files))
        self.assertEqual(self.ours(rpc, "GetStatus").migrations[1].detail_state, harness.messages().migration.DETAIL_STATE_FILE_MISSING)
        with self.assertRaises(RpcError) as caught:
            self.ours(rpc, "Run")
        self.assertIn("P3015", caught.exception.status.message)
        self.assertIn("P3015", self.prisma(files, "migrate", "deploy")[1])

    def test_the_schema_of_the_url_holds_tables_and_ledger(self):
        rpc = self.start(url=self.url(schema="app"))
        self.assertTrue(self.ours(rpc, "Run").ok)
        reply = self.ours(rpc, "GetStatus")
        self.assertEqual((reply.tracking_table, reply.summary.applied), ("app._prisma_migrations", 4))
        self.assertEqual(self.sql("SELECT to_regclass('app.users') IS NOT NULL, to_regclass('public.users')"), [("t", None)])
        elsewhere = self.ours(self.rpc(self.worker(self.files)), "GetStatus")
        self.assertFalse(elsewhere.HasField("tracking_table"))
        self.assertIn("?schema=app", elsewhere.warnings[0])

    def test_its_deploy_and_our_run_at_once_apply_each_migration_once(self):
        files = self.project()
        for number in range(60):
            files.add(f"{number:03}", f"CREATE TABLE t{number} (id INT); SELECT pg_sleep(0.02);")
        rpc = self.rpc(self.worker(files, "--lock-wait", "60"))
        deployed = []
        thread = threading.Thread(target=lambda: deployed.append(self.prisma(files, "migrate", "deploy")))
        thread.start()
        harness.wait_for(lambda: self.sql("SELECT to_regclass('t0')") != [(None,)])
        reply = self.ours(rpc, "Run")
        thread.join()
        self.assertTrue(reply.ok, reply)
        self.assertEqual(deployed[0][0], 0, deployed[0][1])
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT migration_name) FROM _prisma_migrations"), [("60", "60")])

    def client(self, url):
        """What client.mjs prints: the guide's calls by a generated Prisma Client."""
        # Where the generated client finds @prisma/client.
        place = os.path.join(CLI, f"client-{os.getpid()}")
        os.makedirs(place)
        self.addCleanup(shutil.rmtree, place, True)
        output = os.path.join(place, "generated")
        schema = os.path.join(self.files.path, "prisma", "schema.prisma")
        with open(schema, encoding="utf-8") as file:
            text = file.read()
        with open(schema, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(generator client \{)", rf'\1\n  output = "{output}"', text))
        status, text = self.prisma(self.files, "generate")
        self.assertEqual(status, 0, text)
        shutil.copy(os.path.join(HERE, "client.mjs"), place)
        result = subprocess.run(["node", "client.mjs", os.path.join(output, "index.js"), "@prisma/adapter-pg"], cwd=place,
                                env=dict(os.environ, DATABASE_URL=url), text=True, capture_output=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return harness.json.loads(result.stdout)

    def test_prisma_client_reads_and_writes_what_we_made(self):
        rpc = self.start()
        self.assertTrue(self.ours(rpc, "Run", migrations=self.files.names()[:2]).ok)
        self.assertEqual(self.client(self.url()),
                         {"created": "grace@example.org", "published": True, "users": [["Grace", ["Hello"]]]})

    def test_the_connection_string_of_a_branch_is_good_for_prisma_and_psql(self):
        self.files = self.project("prisma-blog")
        worker = self.worker(self.files)
        self.assertTrue(self.ours(self.rpc(worker), "Run", migrations=self.files.names()[:2]).ok)
        http = self.bridge(worker)
        branch = http.post("/api/branches", {"label": "prisma", "ttlHours": 1})
        self.assertEqual(branch.status, 201, branch.body)
        self.addCleanup(http.request, "DELETE", f"/api/branches/{branch.json['id']}")
        url = http.get(f"/api/branches/{branch.json['id']}/connection-string?reveal=true").json["connectionString"]
        tables = subprocess.run(["psql", "-XAtq", url, "-c", "SELECT count(*) FROM users"], text=True, capture_output=True, check=True)
        self.assertEqual(tables.stdout, "0\n")
        status, text = self.prisma(self.files, "db", "pull", "--print", url=url)
        self.assertEqual((status, "model users" in text or "model User" in text), (0, True), text)
        status, text = self.prisma(self.files, "migrate", "status", url=url)
        self.assertEqual((status, self.files.names()[2] in text, self.files.names()[0] in text), (1, True, False), text)
        self.assertEqual(self.prisma(self.files, "migrate", "deploy", url=url)[0], 0)
        self.assertEqual(self.client(url)["created"], "grace@example.org")
        self.assertEqual(self.sql("SELECT count(*) FROM users"), [("0",)], "the parent is as it was")


if __name__ == "__main__":
    harness.main()
