"""What was applied, found in real git repositories: by checksum, by time, of what is gone; and what is not read."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, messages

FAILED_PRECONDITION, NOT_FOUND = 9, 5
AUTHOR = {"GIT_AUTHOR_NAME": "Ann Example", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "a@b.c",
          "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
ONE = "CREATE TABLE one (id int PRIMARY KEY);\n"


def git(folder, *words, at=None, **variables):
    dates = {} if at is None else {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    return subprocess.run(["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", "-C", folder, *words], check=True, capture_output=True, text=True,
                          env={**os.environ, **AUTHOR, **dates, **variables}).stdout.strip()


class Diff(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project()

    def basis(self, reply):
        return messages().migration.DiffBasis.Name(reply.basis).removeprefix("DIFF_BASIS_").lower()

    def commit(self, subject, folder=None, **options):
        git(folder or self.files.path, "add", "-A", **options)
        git(folder or self.files.path, "commit", "-q", "--allow-empty", "-m", subject, **options)
        return git(folder or self.files.path, "rev-parse", "HEAD")

    def temporary(self):
        folder = os.path.realpath(tempfile.mkdtemp(prefix="truss-git-"))
        self.addCleanup(shutil.rmtree, folder, True)
        return folder

    def applied(self, *arguments):
        """Migration 1 is committed and applied, and a worker serves."""
        git(self.files.path, "init", "-q")
        self.files.add("1", ONE)
        self.first = self.commit("add one")
        self.process = self.worker(self.files, *arguments)
        self.client = self.rpc(self.process)
        self.assertTrue(self.client.call("MigrationService", "Run").ok)

    def diff(self, name="1"):
        return self.client.call("MigrationService", "Diff", {"name": name}, timeout_ms=60000)

    # ---- by checksum ----

    def test_an_edited_file_is_held_against_the_version_that_was_applied(self):
        self.applied()
        self.assertEqual(self.basis(self.diff()), "same")
        self.files.add("1", ONE + "-- a second thought\n")
        second = self.commit("think\x1b[31m again")
        self.files.add("1", ONE + "-- a third thought\n")
        reply = self.diff()
        self.assertEqual(self.basis(reply), "checksum")
        self.assertEqual((reply.commit.id, reply.commit.author, reply.commit.subject, reply.commit.in_head), (self.first, "Ann Example", "add one", True))
        self.assertEqual(reply.diff.splitlines()[:2], [f"--- a/prisma/migrations/1/migration.sql\t{self.first[:10]}", "+++ b/prisma/migrations/1/migration.sql"])
        self.assertEqual(reply.diff.splitlines()[-1], "+-- a third thought")
        self.assertEqual((reply.added, reply.removed, reply.content), (1, 0, ONE))
        self.assertEqual([one.id for one in reply.later], [second])
        self.assertTrue(reply.uncommitted)
        subprocess.run(["sh", "-c", reply.restore], cwd=self.files.path, check=True, env={**os.environ, **AUTHOR})
        self.assertEqual(self.basis(self.diff()), "same")

    def test_the_patch_that_is_shown_takes_the_file_back(self):
        self.applied()
        self.files.add("1", "-- head\n" + ONE.replace("int", "bigint") + "-- tail")
        with open(os.path.join(self.files.path, "patch"), "w", encoding="utf-8") as file:
            file.write(self.diff().diff)
        subprocess.run(["git", "apply", "-R", "patch"], cwd=self.files.path, check=True)
        self.assertEqual(self.basis(self.diff()), "same")

    def test_renames_of_file_and_folder_are_followed(self):
        self.files = self.project(folder="db/drizzle")
        git(self.files.path, "init", "-q")
        os.makedirs(os.path.join(self.files.path, "old/meta"))
        self.files.write("old/0000_a.sql", ONE * 1)
        self.files.write("old/meta/_journal.json", '{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1700000000000,"tag":"0000_a","breakpoints":true}]}')
        first = self.commit("add")
        git(self.files.path, "mv", "old", "db/drizzle/new")
        shutil.move(os.path.join(self.files.path, "db/drizzle/new"), os.path.join(self.files.path, "drizzle"))
        self.commit("move")
        self.client = self.rpc(self.worker(self.files))
        self.assertTrue(self.client.call("MigrationService", "Run").ok)
        self.files.write("drizzle/0000_a.sql", ONE + "-- more\n")
        reply = self.diff("0000_a")
        self.assertEqual((self.basis(reply), reply.commit.id, reply.path), ("checksum", first, "old/0000_a.sql"))

    def test_a_version_of_another_branch_is_found_and_said_to_be_one(self):
        self.applied()
        git(self.files.path, "checkout", "-q", "--orphan", "other")
        self.files.add("1", "-- rewritten\n" + ONE)
        self.commit("all over again")
        reply = self.diff()
        self.assertEqual((self.basis(reply), reply.commit.id, reply.commit.in_head), ("checksum", self.first, False))
        self.assertIn("not in the history of HEAD", " ".join(reply.notes))

    def test_a_version_with_other_line_endings_fits(self):
        git(self.files.path, "init", "-q")
        self.files.write("migrations/0001_a.up.sql", ONE.replace("\n", "\r\n"))
        self.files.write("migrations/0001_a.down.sql", "DROP TABLE one;\n")
        self.files.write("Cargo.toml", '[dependencies]\nsqlx = "0.8"\n')
        git(self.files.path, "config", "core.autocrlf", "input")
        self.commit("add")
        self.client = self.rpc(self.worker(self.files, "--framework", "sqlx"))
        self.assertTrue(self.client.call("MigrationService", "Run").ok)
        self.files.write("migrations/0001_a.up.sql", ONE)
        reply = self.diff("0001_a")
        self.assertEqual((self.basis(reply), reply.diff), ("checksum", ""))
        self.assertIn("line endings alone", reply.summary)

    def test_what_was_never_committed_is_not_found(self):
        self.applied()
        self.files.add("2", "SELECT 2;\n")
        self.assertTrue(self.client.call("MigrationService", "Run").ok)
        self.files.add("2", "SELECT 3;\n")
        self.assertIn("never committed", self.diff("2").summary)
        self.commit("too late")
        reply = self.diff("2")
        self.assertEqual((self.basis(reply), reply.versions), ("unknown", 1))
        self.assertIn("None of the 1 versions that git has fits", reply.summary)

    # ---- what is gone ----

    def test_a_deleted_file_is_shown_with_the_commit_that_took_it(self):
        self.files.add("0", "CREATE TABLE zero (id int);\n")
        self.applied()
        shutil.rmtree(os.path.join(self.files.path, "prisma/migrations/1"))
        reply = self.diff()
        self.assertEqual(self.basis(reply), "checksum")
        self.assertIn("not committed", " ".join(reply.notes))
        gone = self.commit("clean up")
        self.files.add("0", "CREATE TABLE zero (id int);\n-- later\n")
        self.commit("later")
        reply = self.diff()
        self.assertEqual((self.basis(reply), reply.commit.id, reply.deleted_in.id), ("checksum", self.first, gone))
        self.assertEqual((reply.content, reply.removed, reply.added), (ONE, 1, 0))
        self.assertIn("+++ /dev/null", reply.diff)
        subprocess.run(["sh", "-c", reply.restore], cwd=self.files.path, check=True, env={**os.environ, **AUTHOR})
        self.assertEqual(self.basis(self.diff()), "same")

    def test_a_renamed_migration_is_found_under_its_old_name(self):
        self.applied()
        git(self.files.path, "mv", "prisma/migrations/1", "prisma/migrations/2")
        moved = self.commit("rename")
        reply = self.diff()
        self.assertEqual((self.basis(reply), reply.deleted_in.id, reply.moved_to), ("checksum", moved, "prisma/migrations/2/migration.sql"))

    def test_a_whole_folder_that_is_gone_is_found(self):
        self.applied()
        shutil.rmtree(os.path.join(self.files.path, "prisma"))
        self.files.write("prisma/schema.prisma", 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n')
        gone = self.commit("away")
        os.makedirs(os.path.join(self.files.path, "prisma/migrations"))
        reply = self.diff()
        self.assertEqual((self.basis(reply), reply.deleted_in.id), ("checksum", gone))

    # ---- by time ----

    def goose(self, *ats):
        git(self.files.path, "init", "-q")
        for number, at in enumerate(ats):
            self.files.write("migrations/00001_a.sql", f"-- +goose Up\nSELECT {number};\n")
            self.commit(f"version {number}", at=at)
        self.client = self.rpc(self.worker(self.files, "--framework", "goose"))
        self.assertTrue(self.client.call("MigrationService", "Run").ok)

    def test_without_a_checksum_the_time_says_it_and_is_said_to_prove_nothing(self):
        self.goose("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2090-01-01T00:00:00Z")
        reply = self.diff("00001_a")
        self.assertEqual((self.basis(reply), reply.commit.subject), ("time", "version 1"))
        self.assertIn("goose keeps no checksum of it, so what was applied cannot be known. By time, not proven", reply.summary)
        self.assertEqual([line for line in reply.diff.splitlines() if line.startswith(("-S", "+S"))], ["-SELECT 1;", "+SELECT 2;"])

    def test_nothing_was_committed_before_it_was_applied(self):
        self.goose("2090-01-01T00:00:00Z")
        reply = self.diff("00001_a")
        self.assertEqual(self.basis(reply), "unknown")
        self.assertIn("cannot be known. Git has no version that was committed before it was applied", reply.summary)

    # ---- on the command line and over HTTP ----

    def test_the_command_gives_a_person_words_and_a_pipe_the_patch(self):
        self.applied()
        same = self.truss("diff", "1", "--exit-code", worker=self.process)
        self.assertEqual((same.returncode, same.stderr), (0, ""))
        self.assertIn("The file is what was applied", same.stdout)
        self.files.add("1", ONE + "-- ``` edited\n")
        self.commit("edit \x1b[2J it")
        self.assertIn("What was applied: truss diff", self.truss("status", worker=self.process).stdout)
        edited = self.truss("diff", "1", worker=self.process)
        self.assertEqual((edited.returncode, edited.stdout.splitlines()[-1]), (0, "+-- ``` edited"))
        for word in (self.first[:10], "changed since:", "edit \\x1b[2J it", "Bring it back: git checkout"):
            self.assertIn(word, edited.stderr)
        self.assertEqual(self.truss("diff", "1", "--exit-code", worker=self.process).returncode, 3)
        fenced = self.truss("diff", "1", "--output", "markdown", worker=self.process).stdout
        self.assertTrue(fenced.startswith("<!-- truss diff -->"), fenced)
        self.assertIn("\n````diff\n", fenced)
        self.files.add("1", ONE + f"-- {'x' * 44000}\n")
        more = 44900 - len(self.truss("diff", "1", worker=self.process).stdout)  # than would fit without what is said before it
        self.files.add("1", ONE + f"-- {'x' * (44000 + more)}\n")
        long = self.truss("diff", "1", "--output", "markdown", worker=self.process).stdout
        self.assertEqual(long.splitlines().count("```"), 1, long[-300:])
        self.assertIn("It is longer than there is room for here.", long)
        self.assertEqual(self.truss("diff", "1", "--output", "junit", worker=self.process).returncode, 1)
        shutil.rmtree(os.path.join(self.files.path, ".git"))
        self.assertEqual(self.truss("diff", "1", worker=self.process).returncode, 1)

    def test_the_route_answers_as_the_command_does(self):
        self.applied()
        self.files.add("1", ONE + "-- edited\n")
        answer = self.bridge(self.process).get("/api/migrations/diff/1").json
        self.assertEqual((answer["basis"], answer["state"], answer["commit"]["id"], answer["uncommitted"]), ("checksum", "modified", self.first, True))
        self.assertEqual(answer, json.loads(self.truss("diff", "1", "--json", worker=self.process).stdout))

    # ---- what is asked amiss ----

    def test_what_is_pending_or_unknown_is_refused(self):
        self.applied()
        self.files.add("2", "SELECT 2;\n")
        for name, code, words in (("2", FAILED_PRECONDITION, "is pending"), ("3", NOT_FOUND, "3"), ("", 3, "required")):
            with self.subTest(name=name), self.assertRaises(RpcError) as refused:
                self.diff(name)
            self.assertEqual(refused.exception.code, code)
            self.assertIn(words, refused.exception.status.message)

    # ---- other kinds of repositories ----

    def unknown(self, *words):
        reply = self.diff()
        self.assertEqual((self.basis(reply), reply.diff, reply.HasField("content")), ("unknown", "", False), reply.summary)
        for word in words:
            self.assertIn(word, reply.summary)

    def edited(self):
        self.applied()
        self.files.add("1", ONE + "-- edited\n")
        self.commit("edit")

    def test_without_git_it_is_said(self):
        self.edited()
        shutil.rmtree(os.path.join(self.files.path, ".git"))
        self.unknown("There is no git history to search")

    def test_a_project_in_a_folder_of_a_repository_is_read(self):
        whole = self.temporary()
        self.files.remove()
        self.files.path = os.path.join(whole, "services", "api")
        os.makedirs(os.path.join(self.files.path, "prisma/migrations"))
        git(whole, "init", "-q")
        self.files.add("1", ONE)
        first = self.commit("add", whole)
        self.client = self.rpc(self.worker(self.files))
        self.assertTrue(self.client.call("MigrationService", "Run").ok)
        self.files.add("1", ONE + "-- edited\n")
        reply = self.diff()
        self.assertEqual((reply.commit.id, reply.path), (first, "services/api/prisma/migrations/1/migration.sql"))

    def test_a_shallow_clone_says_what_brings_the_rest(self):
        self.edited()
        shallow = os.path.join(self.temporary(), "clone")
        git("/", "clone", "-q", "--depth", "1", f"file://{self.files.path}", shallow)
        shutil.rmtree(os.path.join(self.files.path, ".git"))
        shutil.move(os.path.join(shallow, ".git"), os.path.join(self.files.path, ".git"))
        self.unknown("git fetch --unshallow")

    def test_a_sha256_repository_is_said_to_be_one(self):
        self.edited()
        shutil.rmtree(os.path.join(self.files.path, ".git"))
        git(self.files.path, "init", "-q", "--object-format=sha256")
        self.commit("add")
        self.unknown("format is not known (SHA-256, reftable)")

    @unittest.skipUnless(os.getuid() == 0, "only root gives files away")
    def test_a_repository_of_another_user_is_not_read(self):
        self.edited()
        for folder, folders, names in os.walk(self.files.path):
            for name in [folder, *(os.path.join(folder, one) for one in folders + names)]:
                os.chown(name, 12345, 12345)
        self.unknown("belongs to another user", "safe.directory")

    def linked(self, add):
        """The project is moved to where `add` makes a worktree or submodule of its repository."""
        self.edited()
        place = os.path.join(self.temporary(), "linked")
        add(place)
        moved = self.project()
        shutil.rmtree(moved.path)
        moved.path = place
        self.client = self.rpc(self.worker(moved))
        return place

    def test_a_worktree_is_read_though_its_repository_is_elsewhere(self):
        self.linked(lambda place: git(self.files.path, "worktree", "add", "-q", place))
        self.assertEqual(self.diff().commit.id, self.first)

    def test_a_submodule_is_read_though_its_repository_is_elsewhere(self):
        def add(place):
            whole = os.path.dirname(place)
            git(whole, "init", "-q")
            git(whole, "submodule", "-q", "add", self.files.path, "linked")
        self.linked(add)
        self.assertEqual(self.diff().commit.id, self.first)

    # ---- hostile ones: each would show what is outside of the project ----

    def secret(self):
        """A repository outside that has what would fit, and a project without one."""
        self.edited()
        outside = os.path.join(self.temporary(), "outside.git")
        shutil.move(os.path.join(self.files.path, ".git"), outside)
        return outside

    def own(self):
        git(self.files.path, "init", "-q")
        return os.path.join(self.files.path, ".git")

    def test_a_pointer_out_of_the_project_is_not_followed(self):
        outside = self.secret()
        self.files.write(".git", f"gitdir: {outside}\n")
        self.unknown("leads out of the project", outside)

    def test_a_link_out_of_the_project_is_not_followed(self):
        os.symlink(self.secret(), os.path.join(self.files.path, ".git"))
        self.unknown("leads out of the project")

    def test_alternates_out_of_the_project_are_not_followed(self):
        outside = self.secret()
        own = self.own()
        with open(os.path.join(own, "objects/info/alternates"), "w", encoding="utf-8") as file:
            file.write(f"{outside}/objects\n")
        with open(os.path.join(own, "refs/heads/main"), "w", encoding="utf-8") as file:
            file.write(git(outside, "rev-parse", "HEAD") + "\n")
        self.unknown("leads out of the project", "takes objects from")

    def test_links_in_the_repository_are_not_followed(self):
        for name in ("objects", "refs/heads"):
            with self.subTest(name=name):
                self.setUp()
                outside = self.secret()
                own = self.own()
                shutil.rmtree(os.path.join(own, name))
                os.symlink(os.path.join(outside, name), os.path.join(own, name))
                self.unknown("leads out of the project")

    def test_an_included_configuration_is_not_read(self):
        self.edited()
        git(self.files.path, "config", "include.path", "/etc/passwd")
        self.unknown("includes another file")

    def test_a_pipe_in_the_repository_hangs_nobody(self):
        self.edited()
        own = os.path.join(self.files.path, ".git")
        os.unlink(os.path.join(own, "HEAD"))
        os.mkfifo(os.path.join(own, "HEAD"))
        self.assertEqual(self.basis(self.diff()), "unknown")

    def test_nothing_of_the_repository_is_started(self):
        self.edited()
        mark = os.path.join(self.temporary(), "started")
        program = os.path.join(self.files.path, "evil.sh")
        self.files.write("evil.sh", f"#!/bin/sh\ntouch {mark}\ncat\n")
        os.chmod(program, 0o755)
        self.files.write(".gitattributes", "*.sql filter=evil diff=evil\n")
        for key in ("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.command", "diff.evil.textconv", "core.fsmonitor", "core.pager", "core.sshCommand"):
            git(self.files.path, "config", key, program)
        self.assertEqual(self.diff().commit.id, self.first)
        self.assertFalse(os.path.exists(mark))

    def test_names_that_lead_out_of_a_folder_are_not_laid_out(self):
        self.applied()
        shutil.rmtree(os.path.join(self.files.path, "prisma/migrations/1"))
        blob = subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=self.files.path, input="x", text=True, capture_output=True, check=True).stdout.strip()

        def tree(*entries):
            data = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(one) for mode, name, one in entries)
            return subprocess.run(["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"], cwd=self.files.path, input=data, capture_output=True, check=True).stdout.decode().strip()
        up = tree(("100644", "truss-was-here", blob))
        for _ in range(6):
            up = tree(("40000", "..", up))
        top = tree(("40000", "prisma", tree(("40000", "migrations", tree(("40000", "2", up))))))
        evil = git(self.files.path, "commit-tree", top, "-p", "HEAD", "-m", "evil")
        git(self.files.path, "update-ref", "HEAD", evil)
        self.assertEqual(self.basis(self.diff()), "checksum")
        for folder in ("/", "/tmp"):
            self.assertFalse(os.path.exists(os.path.join(folder, "truss-was-here")))


if __name__ == "__main__":
    harness.main()
