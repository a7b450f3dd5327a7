"""Every framework's project and ledger where something is missing, unreadable, another's or a copy: status, run, wait and the exit codes
say so. "Nothing to do" is said only of a folder that was read and a ledger that was read."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import Fixtures, per, spread
from harness import RpcError

harness.Cluster.keeps = True

NAMES = fixtures.names()
# A worker that may read everything cannot show what cannot be read.
OTHER = "nobody" if os.geteuid() == 0 else None


@spread
class States(Fixtures):
    empty = None  # a database that no test changes

    def open_project(self, name):
        self.served = self.copy(name)
        for path, directories, files in os.walk(os.path.dirname(self.served.path)):
            os.chmod(path, 0o755)
            for file in files:
                if not os.path.islink(os.path.join(path, file)):
                    os.chmod(os.path.join(path, file), 0o644)
        return self.served.path

    def truss_says(self, *words):
        result = self.truss(*words, worker=self.process)
        return result.returncode, result.stdout + result.stderr

    COMMANDS = (("status", "--exit-code"), ("wait", "--applied", "--timeout", "1ms"), ("run", "--yes"), ("check",))

    def check_never_green(self, rpc, *words, commands=COMMANDS[:2]):
        """The status has a problem with these words, a run is refused, and no command says that all is well."""
        try:
            status = self.status(rpc)
            self.assertTrue(status.HasField("problem"), status)
            said = status.problem
        except RpcError as error:
            said = error.status.message
        with self.assertRaises(RpcError):
            rpc.call("MigrationService", "Run", {})
        for command in commands:
            code, text = self.truss_says(*command)
            self.assertEqual(code, 1, (command, text))
            self.assertNotRegex(text, "Everything is applied|No pending migrations|^safe")
        for word in words:
            self.assertRegex(said, word)

    def tables_of(self, place):
        schema, table = place
        return f'"{schema}"."{table}"'

    @per(NAMES)
    def test_what_is_missing_or_not_ours_is_never_green(self, name):
        database = self.fixture(name, "before.sql")
        root = self.open_project(name)
        self.process = self.worker(self.served, "--allow-other-database", url=self.cluster.url(database), user=OTHER)
        with harness.Rpc(self.process.address) as rpc:
            usual = self.status(rpc)
            self.assertFalse(usual.HasField("problem"), usual.problem)
            folder = os.path.join(root, usual.folder)
            place = usual.tracking_table.split(".", 1)
            ledger = self.tables_of(place)
            copy = self.tables_of((place[0], f"{place[1]}_backup"))

            with self.subTest(state="a copy beside the ledger"):
                self.cluster.psql(database, f"CREATE TABLE {copy} AS SELECT * FROM {ledger}")
                now = self.status(rpc)
                self.assertEqual((now.tracking_table, [self.state(one) for one in now.migrations]),
                                 (usual.tracking_table, [self.state(one) for one in usual.migrations]))
                self.cluster.psql(database, f"DROP TABLE {copy}")

            with self.subTest(state="the ledger is another table"):
                self.cluster.psql(database, f"ALTER TABLE {ledger} RENAME TO kept_by_the_test; CREATE TABLE {ledger} (nonsense point)")
                self.check_never_green(rpc, place[1], commands=self.COMMANDS)
                self.cluster.psql(database, f'DROP TABLE {ledger}; ALTER TABLE "{place[0]}".kept_by_the_test RENAME TO "{place[1]}"')

            if folder == root or usual.folder == ".":
                folder = None  # the package itself: it cannot be taken away alone
            if folder:
                with self.subTest(state="the folder is not there"):
                    os.rename(folder, f"{root}/../kept")
                    self.check_never_green(rpc, "does not exist|No folder of migrations", commands=self.COMMANDS)
                with self.subTest(state="the folder is empty, as of a volume that is not mounted"):
                    os.makedirs(folder)
                    os.chmod(folder, 0o755)
                    self.check_never_green(rpc, "has no migrations|No folder of migrations|does not exist|cannot be read|no .* and")
                    shutil.rmtree(folder)
                    os.rename(f"{root}/../kept", folder)
                inner = next((entry.path for entry in os.scandir(folder) if entry.is_dir() and name == "drizzle1"), None)
                for state, place_of_it, mode in (("may not be read", folder, 0), ("may be listed, and no more", folder, 0o744), ("has a directory that may not be read", inner, 0)):
                    if place_of_it:
                        with self.subTest(state=f"the folder {state}"):
                            os.chmod(place_of_it, mode)
                            try:
                                self.check_never_green(rpc, "[Pp]ermission denied|may not be read|cannot be read")
                            finally:
                                os.chmod(place_of_it, 0o755)
            again = self.status(rpc)
            self.assertEqual([self.state(one) for one in again.migrations], [self.state(one) for one in usual.migrations])

    @per(NAMES)
    def test_the_folder_that_is_said_is_the_one_that_counts(self, name):
        """--framework and --migrations: nothing vetoes them, and what is not there is not silently another."""
        root = self.open_project(name)
        wanted = fixtures.IDS.get(name, name)
        States.empty = database = States.empty or self.cluster.create_database()
        os.makedirs(f"{root}/elsewhere/empty")
        for place in ("elsewhere/empty", "elsewhere/not-there"):
            self.process = self.worker(self.served, "--allow-other-database", "--framework", wanted, "--migrations", place, url=self.cluster.url(database))
            with self.subTest(place=place), harness.Rpc(self.process.address) as rpc:
                self.check_never_green(rpc)
        self.assertEqual(self.cluster.psql(database, "SELECT count(*) FROM pg_class WHERE oid >= 16384"), [("0",)])


if __name__ == "__main__":
    fixtures.harness.main()
