"""Through a real PgBouncer (the set "test" of docker/install-deps.sh): looking is fine, running is not, and it is known what it is."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") or "/usr/sbin/pgbouncer"


class Pooler(Case):
    def pooler(self, mode, more=""):
        """A pooler before this test's server; answers its port."""
        directory = tempfile.mkdtemp(prefix="truss-pooler-")
        self.addCleanup(shutil.rmtree, directory, True)
        os.chmod(directory, 0o755)
        port = harness.free_port()
        with open(os.path.join(directory, "users"), "w", encoding="ascii") as file:
            file.write(f'"app" "{harness.PASSWORD}"\n')
        with open(os.path.join(directory, "ini"), "w", encoding="ascii") as file:
            file.write(f"[databases]\n* = host=127.0.0.1 port={self.cluster.port} user=app password='{harness.PASSWORD}'\n"
                       f"[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nauth_type=plain\nauth_file={directory}/users\n"
                       f"pool_mode={mode}\nunix_socket_dir=\n{more}")
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        process = subprocess.Popen([*drop, PGBOUNCER, os.path.join(directory, "ini")], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return port

    def test_a_status_works_and_a_run_is_refused_with_advice(self):
        for mode in ("transaction", "session"):
            port = self.pooler(mode)
            worker = self.worker(self.project("prisma-blog"), url=self.url().replace(f":{self.cluster.port}/", f":{port}/"))
            rpc = self.rpc(worker)

            def pending(rpc=rpc):
                try:
                    return rpc.call("MigrationService", "GetStatus").summary.pending
                except RpcError:
                    return None  # it is still starting
            self.assertEqual(wait_for(pending), 4)
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run")
            self.assertIn("directUrl", caught.exception.status.message)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def through(self, mode, more="", **parameters):
        """A connection to a worker that goes through a pooler."""
        port = self.pooler(mode, more)
        self.pooled = self.url(**parameters).replace(f":{self.cluster.port}/", f":{port}/")
        worker = self.worker(self.project("prisma-blog"), url=self.pooled)
        return self.rpc(worker), worker

    def refused(self, rpc, method):
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", method)
        return caught.exception.status

    def test_a_plan_says_that_a_run_would_be_refused(self):
        rpc, worker = self.through("transaction")
        plan = wait_for(lambda: self.planned(rpc))
        self.assertIn("goes through a pooler", plan.refusal)
        self.assertEqual(len(plan.migrations), 4)
        self.assertEqual(self.truss("plan", worker=worker).returncode, 1)

    @staticmethod
    def planned(rpc):
        try:
            return rpc.call("MigrationService", "Plan")
        except RpcError:
            return None  # it is still starting

    def test_what_to_do_where_nothing_works_is_said(self):
        rpc, _ = self.through("statement")
        said = wait_for(lambda: "statement pooling mode" in (one := self.refused(rpc, "GetStatus")).message and one)
        for status in (said, self.refused(rpc, "Plan"), self.refused(rpc, "Run")):
            self.assertIn("Give the worker the host and port of PostgreSQL itself", status.detail.hint)
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "MarkApplied", {"migration": "20240101000000_create_users"})
        self.assertNotIn("not known whether", caught.exception.status.message)

    def hold_one(self):
        """A client that has a connection of the pooler."""
        held = subprocess.Popen(["psql", "-Xq", self.pooled, "-c", "SELECT pg_sleep(60)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(held.wait)
        self.addCleanup(held.kill)
        wait_for(self.sleepers)

    def test_a_pooler_without_a_free_connection_is_not_waited_for_long(self):
        rpc, worker = self.through("session", "default_pool_size=1\n", connect_timeout=2)
        self.hold_one()
        for method in ("Run", "GetStatus", "Plan", "Check"):
            began = time.monotonic()
            status = self.refused(rpc, method)
            self.assertIn("a pooler in front of it may have no free connection", status.message, method)
            self.assertIn("Give the worker the host and port of PostgreSQL itself", status.detail.hint)
            self.assertLess(time.monotonic() - began, 20, method)  # PgBouncer itself gives up after 120 s
        problem = self.bridge(worker).get("/api/connection").json["problem"]
        self.assertRegex(problem, "may have no free connection to the server. Give the worker the host and port")

    def test_a_command_behind_a_full_pooler_says_so(self):
        self.through("session", "default_pool_size=1\n", connect_timeout=2)
        self.hold_one()
        for command in ("status", "plan", "check", "doctor"):
            began = time.monotonic()
            told = self.truss(command, "--database-url", self.pooled, "--project", self.project("prisma-blog").path)
            said = " ".join((told.stdout + told.stderr).split())
            self.assertEqual(told.returncode, 1, said)
            self.assertIn("a pooler in front of it may have no free connection", said)
            self.assertIn("Give the worker the host and port of PostgreSQL itself", said)
            self.assertLess(time.monotonic() - began, 20, command)

    def test_what_a_pooler_itself_says_is_explained(self):
        rpc, _ = self.through("session", "default_pool_size=1\nquery_wait_timeout=1\n")
        self.hold_one()
        for method in ("GetStatus", "Run"):
            status = self.refused(rpc, method)
            self.assertRegex(status.message, r"The pooler in front of .* had no free connection to the server in time \(its query_wait_timeout\)")
            self.assertIn("give it a larger pool", status.detail.hint)
        self.wake_up()
        wait_for(lambda: not self.sleepers())
        rpc, _ = self.through("session", "max_client_conn=1\n")
        self.hold_one()
        self.assertIn("It is the limit of the pooler in front of the server", self.refused(rpc, "GetStatus").detail.hint)

    def known(self, mode, more=""):
        """What is said of a pooler by the connection that leads through it."""
        port = self.pooler(mode, more)
        worker = self.worker(self.project("prisma-blog"), url=self.url().replace(f":{self.cluster.port}/", f":{port}/"))
        http = self.bridge(worker)
        return wait_for(lambda: http.get("/api/connection").json["settings"] and http.get("/api/connection").json["pooler"])

    def test_it_is_known_by_its_console_and_by_its_refusals(self):
        for mode in ("transaction", "session"):
            pooler = self.known(mode, "stats_users=app\n")
            self.assertEqual((pooler["found"], pooler["name"], pooler["mode"]), (True, "PgBouncer", mode), pooler)
            self.assertRegex(pooler["version"], r"^\d+\.\d+")
            self.assertIn("run is refused", pooler["meaning"])
            self.assertIn("host and port of PostgreSQL itself", pooler["advice"])
        pooler = self.known("transaction")
        self.assertEqual((pooler["found"], pooler["name"], pooler["mode"]), (True, "PgBouncer", ""), pooler)

    def test_a_backup_is_made_in_the_moment_in_which_it_was_looked_at(self):
        """What is asked whose code a table calls, and the dump, are one moment: else a check could come in between."""
        port = self.pooler("transaction")
        self.sql("CREATE TABLE kept (i int); INSERT INTO kept VALUES (1)")
        self.sql("ALTER SYSTEM SET log_statement = 'all'; SELECT pg_reload_conf()")
        self.addCleanup(self.sql, "ALTER SYSTEM RESET log_statement; SELECT pg_reload_conf()")
        folder = tempfile.mkdtemp(prefix="truss-backups-")
        self.addCleanup(shutil.rmtree, folder, True)
        http = self.bridge(self.worker(self.project("prisma-blog"), "--backups", folder, url=self.url().replace(f":{self.cluster.port}/", f":{port}/")))
        began = self.cluster.log_size()
        number = http.post("/api/backups", {}).json["backup"]["id"]
        made = wait_for(lambda: (one := http.get(f"/api/backups/{number}").json)["detail_status"] in ("completed", "failed") and one)
        self.assertEqual(made["detail_status"], "completed", made)
        said = self.cluster.logged(began)
        shared = re.findall(r"SET TRANSACTION SNAPSHOT '([^']+)'", said)
        self.assertEqual((len(shared), len(set(shared))), (2, 1), shared)  # of pg_dump, and of what asks

    def test_a_plan_looks_where_the_framework_s_own_connection_would(self):
        """Flyway's default schema: the table that is there is another schema's."""
        port = self.pooler("transaction", "default_pool_size=1\n")
        self.sql("CREATE SCHEMA shop; CREATE TABLE public.t (j text); GRANT ALL ON SCHEMA shop TO PUBLIC")
        with tempfile.TemporaryDirectory() as directory:
            os.makedirs(os.path.join(directory, "sql"))
            for name, text in (("flyway.conf", "flyway.defaultSchema=shop\nflyway.locations=filesystem:sql\n"), ("sql/V1__a.sql", "CREATE TABLE t (i int);")):
                with open(os.path.join(directory, name), "w", encoding="ascii") as file:
                    file.write(text)
            rpc = self.rpc(self.worker(type("Here", (), {"path": directory}), url=self.url().replace(f":{self.cluster.port}/", f":{port}/")))

            def fails():
                try:
                    return [one.fails for one in rpc.call("MigrationService", "Plan").migrations[0].steps[0].statements]
                except RpcError as error:
                    return None if "starting" in error.status.message else str(error)
            self.assertEqual(wait_for(fails), [""])
            self.assertEqual(fails(), [""])

    def test_none_is_found_before_the_server_itself(self):
        http = self.bridge(self.worker(self.project("prisma-blog")))
        pooler = http.get("/api/connection").json["pooler"]
        self.assertEqual((pooler["found"], pooler["name"], pooler["advice"]), (False, "", ""))


if __name__ == "__main__":
    harness.main()
