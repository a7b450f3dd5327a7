"""The real CLIs as judges: before our run they have something to do, after it they find nothing; the same after marks alone, and after a
run that we left to them. Longer than the gate: tests/run-peers.sh installs them (about a gigabyte) and runs this.

TRUSS_PEERS_DIR has node/ and other/, as setup-node.sh and setup-other.sh fill them.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "frameworks"), os.path.join(HERE, "..", "..", "support")]
import fixtures
import harness
from fixtures import FIXTURES, MIXED, PROGRAMS, Fixtures, per, spread

PEERS = os.environ.get("TRUSS_PEERS_DIR", os.path.expanduser("~/.cache/truss-peers"))
NODE = {fact["framework"] for fact in fixtures.behaviour()}
# Delegated runs that were not tried: their tools need more than the fixture has, or no command starts them.
NOT_DELEGATED = {"doctrine", "phinx", "ecto", "efcore", "sea-orm", "laravel", "mikro-orm", "alembic", "lucid",
                 "sequel", "sequel-integers", "gormigrate", "fluent-migrator", "yii"}
NAMES = fixtures.names()


@spread
class Judges(Fixtures):
    @classmethod
    def setUpClass(cls):
        """Some of the scripts that start the tools drop the password out of the URL: here none is needed."""
        cluster = fixtures.harness.cluster()
        path = os.path.join(cluster.data, "pg_hba.conf")
        with open(path, encoding="utf-8") as file:
            rules = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write("host all app 127.0.0.1/32 trust\n" + rules)
        cluster.psql("postgres", "SELECT pg_reload_conf()")

    def project_of(self, name):
        project = self.copy(name)
        if name in NODE:
            root = os.path.join(PEERS, "node", *(["drizzle1"] if name == "drizzle1" else []))
            os.symlink(os.path.join(root, "node_modules"), os.path.join(project.path, "node_modules"))
        return project

    def judge(self, name, database, project):
        """0: the real tool finds nothing to do, 1: it does, 77: it is not here."""
        url = self.url_of(database)
        environment = dict(os.environ, PATH=f"/usr/bin:{os.environ['PATH']}", DATABASE_URL=url, JSROOT=os.path.join(PEERS, "node"), PGPASSWORD="",
                           LIQUIBASE_LIB=os.path.join(PEERS, "other/liquibase/node_modules/liquibase/dist/liquibase/internal/lib/*"))
        if name == "drizzle1":
            environment["NM"] = os.path.join(PEERS, "node", "drizzle1", "node_modules")
        arguments = [url, project.path] if name in NODE else [project.path]
        result = subprocess.run(["bash", os.path.join(FIXTURES, name, "check.sh"), *arguments], env=environment, capture_output=True, text=True,
                                timeout=180, check=False)
        if result.returncode == 77 or "not found" in result.stderr:
            self.skipTest(f"{name}: the real tool is not here")
        return result.returncode, (result.stdout + result.stderr)[-1500:]

    def url_of(self, database):
        return f"postgresql://app@127.0.0.1:{self.cluster.port}/{database}"

    def serve_project(self, project, database, *arguments):
        return fixtures.harness.Rpc(self.worker(project, "--allow-other-database", *arguments, url=self.url_of(database),
                                                environment={"PATH": f"/usr/bin:{os.environ['PATH']}"}).address)

    def assert_agrees(self, name, database, project):
        code, text = self.judge(name, database, project)
        self.assertEqual(code, 0, text)

    @per(name for name in NAMES if name not in PROGRAMS | MIXED)
    def test_the_real_tool_finds_nothing_to_do_after_our_run(self, name):
        database, project = self.fixture(name, "before.sql"), self.project_of(name)
        self.assertNotEqual(self.judge(name, database, project)[0], 0)
        database = self.fixture(name, "before.sql")  # the judge may have run what was pending
        with self.serve_project(project, database) as rpc:
            reply = rpc.call("MigrationService", "Run", {})
        self.assertTrue(reply.ok, reply)
        self.assert_agrees(name, database, project)

    @per(NAMES)
    def test_the_real_tool_agrees_with_our_marks(self, name):
        database, project = self.fixture(name, "before.sql"), self.project_of(name)
        with self.serve_project(project, database) as rpc:
            for one in self.status(rpc).migrations:
                if self.state(one) == "pending":
                    rpc.call("MigrationService", "MarkApplied", {"migration": one.name})
        self.assert_agrees(name, database, project)

    @per(name for name in NAMES if name in PROGRAMS | MIXED and name not in NOT_DELEGATED)
    def test_a_run_that_is_left_to_the_real_tool_is_judged_by_the_ledger(self, name):
        database, project = self.fixture(name, "before.sql"), self.project_of(name)
        with self.serve_project(project, database, "--allow-delegate") as rpc:
            reply = rpc.call("MigrationService", "Run", {})
            self.assertTrue(reply.ok, reply)
            self.assertEqual(set(self.states(rpc)), {"applied"})
        self.assertGreaterEqual(len(reply.applied), 2)
        self.assert_agrees(name, database, project)


if __name__ == "__main__":
    harness.main()
