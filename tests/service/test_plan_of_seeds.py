"""Whatever a script is, a plan of it is made or refused, and the worker lives on: run.sh gives it one with AddressSanitizer."""
import os
import shutil
import sys
import tempfile
from dataclasses import replace

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("support", "frameworks", "differential"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import fixtures
import harness
from frameworks import FRAMEWORKS, content
from generator import scenario
from harness import RpcError

# The long suite takes more of them.
SEEDS = range(1, int(os.environ.get("TRUSS_PLAN_SEEDS", "50")) + 1)


class PlanOfSeeds(harness.Case):
    def start(self, framework, files):
        """A worker on a project of all these files, numbered anew."""
        directory = tempfile.mkdtemp(prefix="truss-plans-")
        self.addCleanup(shutil.rmtree, directory, True)
        files = [replace(file, number=number) for number, file in enumerate(files, 1)]
        texts = {framework.path(file.number): content(framework, file) for file in files}
        for path, text in {**framework.config(files), **texts}.items():
            whole = os.path.join(directory, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "wb") as out:
                out.write(text.encode())
        self.process = self.worker(type("Seeds", (), {"path": directory}))
        return self.rpc(self.process)

    def asked(self, rpc, method, framework, **request):
        """Is it done? A refusal has words."""
        try:
            rpc.call("MigrationService", method, {"framework": framework, **request})
        except RpcError as error:
            self.assertIn(error.code, (3, 5, 9), error)
            self.assertTrue(error.status.message)
            return False
        return True

    def test_every_differential_seed_has_a_plan_or_a_refusal(self):
        files = {}
        for seed in SEEDS:
            one = scenario(seed)
            files.setdefault(one.framework, []).extend(one.files)
        planned = 0
        for name, of_framework in sorted(files.items()):
            framework = FRAMEWORKS[name]
            with self.subTest(framework.id):
                self.database = self.cluster.create_database()
                self.addCleanup(self.cluster.drop_database, self.database)
                rpc = self.start(framework, of_framework)
                migrations = [one.name for one in rpc.call("MigrationService", "GetStatus", {"framework": framework.id}).migrations]
                self.assertEqual(len(migrations), len(of_framework))
                for migration in migrations:
                    planned += self.asked(rpc, "Plan", framework.id, migrations=[migration])
                    self.asked(rpc, "MarkApplied", framework.id, migration=migration)
                self.assertIsNone(self.process.process.poll())
                self.process.stop()
        self.assertGreater(planned, len(SEEDS))

    def test_every_fixture_has_a_plan_or_a_refusal(self):
        for name in fixtures.names():
            with self.subTest(name):
                project = fixtures.Project(name)
                self.addCleanup(project.remove)
                worker = self.worker(project)
                self.asked(self.rpc(worker), "Plan", fixtures.IDS.get(name, name))
                self.assertIsNone(worker.process.poll())
                worker.stop()


if __name__ == "__main__":
    harness.unittest.main(verbosity=2)
