"""Environments: what changes something there needs scopes of its own, and the name of the database."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

INVALID_ARGUMENT, FAILED_PRECONDITION, PERMISSION_DENIED = 3, 9, 7

class Environment(Case):
    def start(self, *arguments, environment="production"):
        self.files = self.project("prisma-blog")
        said = ("--environment", environment) if environment else ()
        self.process = self.worker(self.files, *said, *arguments)
        return self.rpc(self.process)

    def told(self, rpc, method, request=None, token=None):
        """(code, reason), or the reply."""
        try:
            return rpc.call("MigrationService", method, request, metadata={"authorization": f"Bearer {token}"} if token else None)
        except RpcError as error:
            return error.code, error.status.detail.reason

    def pending(self, rpc):
        return rpc.call("MigrationService", "GetStatus").summary.pending

    def test_what_changes_something_needs_the_name_of_the_database(self):
        rpc = self.start()
        changes = (("Run", {}), ("StartRun", {}), ("MarkApplied", {"migration": self.files.names()[0]}), ("MarkRolledBack", {"migration": self.files.names()[0]}), ("Baseline", {"all": True}))
        for method, request in changes:
            for confirm in ("", self.database.upper(), self.database + " ", "postgres"):
                with self.subTest(method=method, confirm=confirm):
                    self.assertEqual(self.told(rpc, method, {**request, "confirm": confirm}), (FAILED_PRECONDITION, "CONFIRM"))
        name = self.database
        for confirm in (f" {name}", f"{name}\n", f"\t{name}", f'"{name}"', f"'{name}'", name[:-1], name * 2, name.replace("t", "\u0442"), f"{name}\u200b", f"\ufeff{name}",
                        "".join(chr(ord(c) + 0xfee0) for c in name), "production", "*", "%", ".*", f"postgresql://x/{name}", f"{name};", f"{name}/"):
            with self.subTest(confirm=confirm):
                self.assertEqual(self.told(rpc, "Run", {"confirm": confirm}), (FAILED_PRECONDITION, "CONFIRM"))
        self.assertEqual(self.told(rpc, "Run", {"confirm": f"{name}\0"})[0], INVALID_ARGUMENT)
        self.assertEqual(self.pending(rpc), 4)
        self.assertTrue(self.told(rpc, "MarkApplied", {"migration": self.files.names()[0], "confirm": self.database}).ok)
        self.assertTrue(self.told(rpc, "Baseline", {"all": True, "confirm": self.database}).ok)
        self.assertEqual(self.pending(rpc), 0)

    def test_a_run_that_is_confirmed_runs(self):
        rpc = self.start()
        self.assertEqual(len(self.told(rpc, "Run", {"confirm": self.database}).applied), 4)

    def test_what_changes_nothing_needs_none(self):
        rpc = self.start()
        self.assertTrue(self.told(rpc, "Run", {"dry_run": True}).dry_run)
        self.assertTrue(self.told(rpc, "Baseline", {"all": True, "dry_run": True}).ok)
        self.assertEqual(self.told(rpc, "Plan").target.environment, "production")
        self.assertEqual(self.pending(rpc), 4)

    def test_another_name_is_refused_without_an_environment_too(self):
        rpc = self.start(environment=None)
        self.assertEqual(self.told(rpc, "Run", {"confirm": "another"}), (FAILED_PRECONDITION, "CONFIRM"))
        self.assertTrue(self.told(rpc, "Run").ok)
        self.assertFalse(rpc.call("MigrationService", "GetStatus").target.HasField("environment"))

    def test_scopes_are_of_the_environment(self):
        tokens = {scopes: self.token(scopes, name=f"t{number}") for number, scopes in enumerate(
            ("run,mark,read,plan", "run:staging,mark:staging,read", "run:production,read", "run:*,mark:*,read"))}
        rpc = self.start("--tokens", self.tokens)
        confirmed = {"confirm": self.database, "migration": self.files.names()[0]}
        for scopes, run, mark in (("run,mark,read,plan", False, False), ("run:staging,mark:staging,read", False, False), ("run:production,read", True, False), ("run:*,mark:*,read", True, True)):
            self.assertEqual(self.told(rpc, "GetStatus", token=tokens[scopes]).target.environment, "production")
            for method, request, may in (("Run", {"dry_run": True}, run), ("MarkApplied", confirmed, mark)):
                answer = self.told(rpc, method, request, tokens[scopes])
                self.assertEqual(answer if isinstance(answer, tuple) else answer.ok, True if may else (PERMISSION_DENIED, ""), (scopes, method))
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run", metadata={"authorization": f"Bearer {tokens['run,mark,read,plan']}"})
        self.assertIn("needs the scope run:production", caught.exception.status.message)

    def test_the_operators_word_wins_over_the_projects(self):
        for said, expected in ((None, "staging"), ("production", "production")):
            self.files = self.project("prisma-blog")
            self.files.write("truss.toml", '[project]\nenvironment = "staging"\n')
            worker = self.worker(self.files, *(("--environment", said) if said else ()))
            self.assertEqual(self.rpc(worker).call("MigrationService", "GetStatus").target.environment, expected)

    def test_a_project_asks_for_more_than_the_operator_and_gives_nothing(self):
        tokens = {scopes: self.token(scopes, name=f"t{number}") for number, scopes in enumerate(("run,read", "run:staging,read", "run,run:staging,read", "run:*,read"))}
        self.files = self.project("prisma-blog")
        self.files.write("truss.toml", '[project]\nenvironment = "staging"\n')
        rpc = self.rpc(self.worker(self.files, "--tokens", self.tokens))
        for scopes, may in (("run,read", False), ("run:staging,read", False), ("run,run:staging,read", True), ("run:*,read", True)):
            answer = self.told(rpc, "Run", {"dry_run": True}, tokens[scopes])
            self.assertEqual(answer if isinstance(answer, tuple) else answer.ok, True if may else (PERMISSION_DENIED, ""), scopes)
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run", metadata={"authorization": f"Bearer {tokens['run:staging,read']}"})
        self.assertIn("It needs the scope run, too: only the project's truss.toml names the environment staging", caught.exception.status.detail.hint)

    def test_an_empty_variable_says_that_there_is_none(self):
        self.files = self.project("prisma-blog")
        self.files.write("truss.toml", '[project]\nenvironment = "staging"\n')
        rpc = self.rpc(self.worker(self.files, environment={"TRUSS_ENVIRONMENT": ""}))
        self.assertFalse(rpc.call("MigrationService", "GetStatus").target.HasField("environment"))

    def test_the_workbench_says_where_it_is(self):
        rpc = self.start()
        self.assertEqual(rpc.call("SqlService", "Query", {"sql": "SELECT 1"}).target.environment, "production")
        self.assertEqual(rpc.call("SqlService", "ListTables").target.environment, "production")

    def test_a_command_names_the_database_and_says_where_it_is(self):
        files = self.project("prisma-blog")
        words = ("--project", files.path, "--database-url", self.url(), "--environment", "production")
        self.assertIn(", environment production", self.truss("status", *words).stdout)
        refused = self.truss("run", "--yes", *words)
        self.assertEqual((refused.returncode, "This is production" in refused.stderr, "--confirm" in refused.stderr), (1, True, True), refused.stderr)
        self.assertEqual(self.truss("baseline", "--all", *words).returncode, 1)
        done = self.truss("run", "--yes", "--confirm", self.database, *words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_name_that_is_none_is_no_environment(self):
        for wrong in ("pro duction", "a:b", "*", "x" * 100):
            program = harness.Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--environment", wrong)
            self.assertEqual(program.process.wait(60), 1)
            program._reader.join()
            self.assertIn("--environment is a name", program.text())
            program.process.stderr.close()


if __name__ == "__main__":
    harness.main()
