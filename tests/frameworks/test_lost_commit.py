"""Every framework: the connection is lost at a COMMIT of a run, once what it commits is there and once it is not. What is said then is
what is, however the framework's ledger tells its rows apart."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import MIXED, PROGRAMS, Fixtures, per, spread
from way import Way

harness.Cluster.keeps = True

NATIVE = [name for name in fixtures.names() if name not in PROGRAMS | MIXED]
WHOLE = 2


class Cut(Fixtures):
    def run_over(self, project, database, request=None, arguments=(), **cut):
        """What a run says whose session is cut so, and how many COMMITs it had."""
        way = Way(self.cluster.port, **cut)
        try:
            url = self.cluster.url(database).replace(f":{self.cluster.port}/", f":{way.port}/")
            worker = self.worker(project, "--allow-other-database", *arguments, url=url)
            with harness.Rpc(worker.address) as rpc:
                reply = rpc.call("MigrationService", "Run", request or {}, timeout_ms=60000)
            worker.stop()
        finally:
            way.close()
        return reply, way.commits


@spread
class LostCommit(Cut):
    def states_in(self, project, database):
        with harness.Rpc(self.worker(project, "--allow-other-database", url=self.cluster.url(database)).address) as rpc:
            return {one.name: self.state(one) for one in self.status(rpc).migrations}

    @per(NATIVE)
    def test_what_is_said_of_each_is_what_is(self, name):
        project = self.copy(name)
        database = self.fixture(name, "before.sql")
        usual, commits = self.run_over(project, database)
        wanted, left = [one.name for one in usual.applied], self.dump(name, database)
        self.assertTrue(usual.ok and wanted and commits, usual)
        for is_there in (True, False):
            for cut in sorted({1, commits}):
                with self.subTest(cut=cut, of=commits, is_there=is_there):
                    database = self.fixture(name, "before.sql")
                    reply, _ = self.run_over(project, database, cut=cut, is_there=is_there)
                    self.assertTrue(reply.ok, reply)
                    self.assertEqual([one.name for one in reply.applied], wanted)
                    self.assertEqual(self.dump(name, database), left)

    @per(NATIVE)
    def test_what_is_said_of_all_in_one_is_what_is(self, name):
        project = self.copy(name)
        database = self.fixture(name, "before.sql")
        try:
            usual, commits = self.run_over(project, database, {"transaction": WHOLE})
        except harness.RpcError as refused:
            self.skipTest(refused.status.message)
        wanted, left = [one.name for one in usual.applied], self.dump(name, database)
        self.assertTrue(usual.ok and wanted and commits, usual)
        for is_there in (True, False):
            with self.subTest(is_there=is_there):
                database = self.fixture(name, "before.sql")
                reply, _ = self.run_over(project, database, {"transaction": WHOLE}, cut=commits, is_there=is_there)
                self.assertEqual((reply.ok, [one.name for one in reply.applied]), (is_there, wanted if is_there else []), reply)
                if is_there:
                    self.assertEqual(self.dump(name, database), left)
                else:
                    self.assertIn("nothing was committed", reply.failed.error)
                    states = self.states_in(project, database)
                    self.assertEqual({states[one] for one in wanted}, {"pending"})


CHANGESETS = "--liquibase formatted sql\n--changeset a:1 runOnChange:true\nCREATE TABLE IF NOT EXISTS again (time int);\nINSERT INTO again VALUES ({});\n"
REPEATABLE = {
    "flyway": ("db/migration/R__again.sql", "CREATE TABLE IF NOT EXISTS again (time int);\nINSERT INTO again VALUES ({});\n"),
    "liquibase": ("db/changelog/changelog.sql", CHANGESETS),
    "evolve": ("Sql_Scripts/R__again.sql", "CREATE TABLE IF NOT EXISTS again (time int);\nINSERT INTO again VALUES ({});\n"),
}


@spread
class RepeatedLostCommit(Cut):
    """A migration that is run again has a row before it is."""

    def write(self, project, path, text):
        whole = os.path.join(project.path, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)

    @per(sorted(REPEATABLE))
    def test_its_old_row_is_not_taken_for_the_new_one(self, name):
        path, script = REPEATABLE[name]
        for is_there in (True, False):
            for request in ({}, {"transaction": WHOLE}):
                with self.subTest(is_there=is_there, **request):
                    project = harness.Project(folder=os.path.dirname(path))
                    self.addCleanup(project.remove)
                    database = self.load(None)
                    self.write(project, "liquibase.properties", "changelog-file: db/changelog/changelog.sql\n")
                    arguments = ("--framework", name)
                    self.write(project, path, script.format(1))
                    reply, commits = self.run_over(project, database, dict(request), arguments=arguments)
                    self.assertTrue(reply.ok and commits == 1, (reply, commits))
                    self.write(project, path, script.format(2))
                    reply, _ = self.run_over(project, database, dict(request), arguments=arguments, cut=1, is_there=is_there)
                    is_done = is_there or not request
                    self.assertEqual((reply.ok, len(reply.applied)), (is_done, 1 if is_done else 0), reply)
                    self.assertEqual(self.cluster.psql(database, "SELECT time FROM again ORDER BY 1"), [("1",), ("2",)] if is_done else [("1",)])


if __name__ == "__main__":
    harness.main()
