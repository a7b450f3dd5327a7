"""What worker and bridge may still do once they serve: tried from inside of them, by code that is put into them. It stands with the
suites of the plain build: a sanitized one has no sandbox."""
import os
import re
import shutil
import sys
import tempfile
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Http, wait_for

INSIDE = os.path.join(harness.BIN, "..", "tests", "support", "inside.so")
ALL = {"open": "done", "write": "done", "raw-socket": "done", "personality": "done", "fork": "done", "shell": "7"}


@unittest.skipIf(harness.WEAKENED, f"a build with {harness.WEAKENED} enters no sandbox")
class Sandbox(Case):
    def setUp(self):
        super().setUp()
        handle, self.secret = tempfile.mkstemp(dir="/var/tmp")
        os.close(handle)
        self.addCleanup(os.unlink, self.secret)  # the name that it has now
        self.files = self.project("prisma-blog")

    def inside(self, environment=None):
        return {"LD_PRELOAD": INSIDE, "TRUSS_INSIDE": self.secret, **(environment or {})}

    def tries(self, program):
        """What came of each try, by its name."""
        program.may_be_refused = True
        program.process.send_signal(12)
        wait_for(lambda: "inside: over" in program.text())
        return {name: result for name, result in re.findall(r"inside: (\S+)=(\S+)", program.text()) if name != "over"}

    def begin_bridge(self, worker, *arguments):
        program = self.program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", worker.address, *arguments, environment=self.inside()).wait_listening()
        return program, Http(program.address, program.process, program)

    def test_a_bridge_reads_no_file_of_others_and_starts_nothing(self):
        program, http = self.begin_bridge(self.worker(self.files))
        self.assertIn('event="sandbox: on"', program.text())
        tries = self.tries(program)
        self.assertEqual(tries, {"open": "EACCES", "write": "EACCES", "raw-socket": "EPERM", "personality": "EPERM", "fork": "EPERM"})
        for call in ("socket", "personality", "clone"):
            wait_for(lambda call=call: f'event="a system call was refused" call={call}' in program.text())
        self.assertEqual(http.get("/api/migrations/idempotent/status").json["summary"]["pending"], 4)

    def test_a_worker_reads_its_project_and_starts_no_shell(self):
        program = self.worker(self.files, environment=self.inside())
        tries = self.tries(program)
        self.assertEqual(tries, {"open": "EACCES", "write": "EACCES", "raw-socket": "EPERM", "personality": "EPERM", "fork": "done", "shell": "8"})
        rpc = self.rpc(program)
        self.assertEqual(len(rpc.call("MigrationService", "Run").applied), 4)
        with open(f"/proc/{program.process.pid}/status", encoding="ascii") as file:
            self.assertRegex(file.read(), r"(?s)NoNewPrivs:\s1\n.*Seccomp:\s2\n")

    def test_who_may_start_tools_keeps_files_and_loses_what_administrators_do(self):
        program = self.worker(self.files, "--allow-delegate", environment=self.inside())
        self.assertEqual(self.tries(program), {**ALL, "personality": "EPERM"})

    def test_a_project_may_be_put_in_the_place_of_another(self):
        folder = tempfile.mkdtemp(dir="/var/tmp")
        self.addCleanup(shutil.rmtree, folder)
        shutil.copytree(self.files.path, os.path.join(folder, "releases/1"))
        current = os.path.join(folder, "current")
        os.symlink("releases/1", current)
        rpc = self.rpc(self.worker(types.SimpleNamespace(path=current + "/")))
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)
        shutil.copytree(current, os.path.join(folder, "releases/2"))
        added = os.path.join(folder, "releases/2/prisma/migrations/20990101000000_more")
        os.mkdir(added)
        with open(os.path.join(added, "migration.sql"), "w", encoding="ascii") as file:
            file.write("SELECT 1;")
        os.symlink("releases/2", current + ".new")
        os.rename(current + ".new", current)
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 5)

    def odd_folder(self):
        """A folder that no rule of the sandbox names by itself."""
        folder = tempfile.mkdtemp(dir="/var/tmp")
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def password_file(self, path):
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("*:*:*:*:" + harness.PASSWORD.replace(":", "\\:") + "\n")
        os.chmod(path + ".new", 0o600)
        os.rename(path + ".new", path)  # as editors and whoever renews passwords do it

    def url_without_password(self):
        return self.url().replace(f":{harness.PASSWORD_ENCODED}@", "@")

    def pending(self, worker):
        return self.rpc(worker).call("MigrationService", "GetStatus").summary.pending

    def test_a_password_file_of_a_variable_may_be_renewed(self):
        path = os.path.join(self.odd_folder(), "pgpass")
        self.password_file(path)
        worker = self.worker(self.files, url=self.url_without_password(), environment={"PGPASSFILE": path})
        self.password_file(path)
        self.assertEqual(self.pending(worker), 4)

    def test_a_password_file_of_the_home_that_came_later_is_told(self):
        home = self.odd_folder()
        worker = self.worker(self.files, url=self.url_without_password(), environment={"HOME": home})
        self.password_file(os.path.join(home, ".pgpass"))
        with self.assertRaises(harness.RpcError) as caught:
            self.pending(worker)
        self.assertIn(".pgpass was made, or put in another's place, after this worker's start", caught.exception.status.detail.hint)
        self.assertEqual(self.pending(self.worker(self.files, url=self.url_without_password(), environment={"HOME": home})), 4)

    def test_a_folder_of_backups_that_is_put_in_anothers_place_is_told(self):
        folder = os.path.join(self.odd_folder(), "kept")
        rpc = self.rpc(self.worker(self.files, "--backups", folder))
        os.rename(folder, folder + ".old")
        os.mkdir(folder)
        rpc.call("BackupService", "CreateBackup")
        wait_for(lambda: self.sql("SELECT state FROM truss.backups") == [("failed",)])
        self.assertIn("start this program again", str(self.sql("SELECT * FROM truss.backups")))

    def test_off_is_off(self):
        worker = self.worker(self.files, "--sandbox", "off", environment=self.inside())
        self.assertIn('event="sandbox: off" because=--sandbox=off', worker.text())
        self.assertEqual(self.tries(worker), ALL)
        program, _ = self.begin_bridge(worker, "--sandbox", "off")
        self.assertEqual(self.tries(program), ALL)

    def test_strict_serves_too_and_keeps_etc_to_what_is_needed(self):
        self.secret = "/etc/shadow"
        worker = self.worker(self.files, "--sandbox", "strict", environment=self.inside())
        self.assertEqual(self.tries(worker)["open"], "EACCES")
        rpc = self.rpc(worker)
        self.assertEqual(len(rpc.call("MigrationService", "Run").applied), 4)
        # Its postmaster.pid is out of reach, and the server is known to be this machine's all the same.
        branch = rpc.call("BranchService", "CreateBranch", {"source": "dump"})
        self.assertEqual([one for one in branch.warnings if "disk" in one], [])
        self.assertTrue(rpc.call("BranchService", "DeleteBranch", {"id": str(branch.id)}).ok)

    def test_a_script_in_place_of_pg_dump_is_not_started(self):
        folder = tempfile.mkdtemp(dir="/var/tmp")
        self.addCleanup(lambda: (os.unlink(os.path.join(folder, "pg_dump")), os.rmdir(folder)))
        with open(os.path.join(folder, "pg_dump"), "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\necho taken over >>{self.secret}\necho 'pg_dump (PostgreSQL) 99.0'\n")
        os.chmod(os.path.join(folder, "pg_dump"), 0o755)
        with tempfile.TemporaryDirectory() as backups:
            rpc = self.rpc(self.worker(self.files, "--backups", os.path.join(backups, "kept"), environment={"PG_DUMP": os.path.join(folder, "pg_dump")}))
            rpc.call("BackupService", "CreateBackup")
            wait_for(lambda: self.sql("SELECT state FROM truss.backups") == [("completed",)])
        with open(self.secret, encoding="ascii") as file:
            self.assertEqual(file.read(), "")


if __name__ == "__main__":
    harness.main()
