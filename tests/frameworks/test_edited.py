"""What was applied of an edited file, found in git by each framework's own checksum; and of a deleted one."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import Fixtures, per, spread
from harness import messages

# Those that keep a checksum, as their real tools have written it.
CHECKED = ["atlas", "drizzle", "drizzle1", "flyway", "graphile-migrate", "liquibase", "postgrator", "postgres-migrations", "refinery", "sqitch", "sqlx", "supabase"]
EDIT = "\nSELECT 'edited';\n"


def git(folder, *words):
    subprocess.run(["git", "-c", "user.name=Ann", "-c", "user.email=a@b.c", "-C", folder, *words], check=True, capture_output=True,
                   env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"})


@spread
class Edited(Fixtures):
    def commit(self, subject):
        git(self.served.path, "add", "-A", "-f")
        git(self.served.path, "commit", "-qm", subject)

    def scripts(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.served.path) for name in names
                if name.endswith(".sql") and "/.git/" not in folder and not any(word in os.path.join(folder, name) for word in ("down", "revert", "verify", "undo"))]

    def diff(self, rpc, name):
        reply = rpc.call("MigrationService", "Diff", {"name": name}, timeout_ms=60000)
        return messages().migration.DiffBasis.Name(reply.basis).removeprefix("DIFF_BASIS_").lower(), reply

    @per(CHECKED)
    def test_what_was_applied_is_found_by_its_checksum(self, name):
        with self.serve(name, self.fixture(name, "after.sql")) as rpc:
            git(self.served.path, "init", "-q")
            self.commit("as applied")
            before = {one.name: one for one in self.status(rpc).migrations}
            for path in self.scripts():
                with open(path, "a", encoding="utf-8") as file:
                    file.write(EDIT)
            self.commit("edited")
            modified = [one for one in self.status(rpc).migrations if self.state(one) == "modified"]
            self.assertTrue(modified)
            for one in modified[:2]:
                basis, reply = self.diff(rpc, one.name)
                self.assertEqual((basis, reply.commit.subject), ("checksum", "as applied"), reply.summary)
                self.assertIn("+" + EDIT.strip(), reply.diff.splitlines(), reply)
                self.assertEqual(reply.stored_hash, before[one.name].stored_hash)
            self.check_deleted(rpc, name)

    def check_deleted(self, rpc, name):
        """The last one's file goes; what is gone is found as it was applied, not as it was edited."""
        last = [one for one in self.status(rpc).migrations if self.state(one) in ("applied", "modified") and one.verified and one.filename.endswith(".sql")][-1]
        [path] = [path for path in self.scripts() if path.endswith("/" + last.filename)]
        os.unlink(path)
        if name == "liquibase":  # what is included must be there
            with open(os.path.join(self.served.path, "db.changelog-master.yaml"), "r+", encoding="utf-8") as file:
                lines = file.readlines()
                file.seek(0)
                file.writelines(lines[:-3])
                file.truncate()
        self.commit("deleted")
        [gone] = [one for one in self.status(rpc).migrations if self.state(one) == "orphaned" or self.detail(one) == "file_missing"]
        basis, reply = self.diff(rpc, gone.name)
        self.assertEqual((basis, reply.commit.subject), ("checksum", "as applied"), reply.summary)
        self.assertTrue(reply.content.strip() and reply.restore)


if __name__ == "__main__":
    harness.main()
