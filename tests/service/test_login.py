"""Who may call the worker: tokens and their scopes on every RPC, and who may listen without them."""
import os
import re
import stat
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, RpcError, messages

UNAUTHENTICATED, PERMISSION_DENIED = 16, 7
OPEN = {("Health", "Check"), ("Health", "CheckMigrations")}
ANY = {("Trust", "WhoAmI")}
SCOPES = {
    "read": {("MigrationService", name) for name in ("GetStatus", "Preview", "Diff", "Check", "DetectSchema", "GetOperation", "WaitOperation", "ListOperations", "ListApprovals")}
    | {("Health", "GetInfo"), ("Health", "GetMetrics"), ("Health", "GetDescriptors"), ("ConnectionService", "GetConnection")}
    | {("BranchService", name) for name in ("ListBranches", "GetBranch", "WaitBranch", "DiffBranch", "GetBranchConnection")}
    | {("BackupService", name) for name in ("ListBackups", "GetBackup", "GetSchedule", "GetWalConfig")},
    "branch": {("BranchService", name) for name in ("CreateBranch", "DeleteBranch", "UpdateBranch", "ResetBranch", "ProtectBranch", "RefreshGolden", "StartBranch", "StartReset", "StartGolden", "RehearseBranch", "CancelBranch")}
    | {("BackupService", name) for name in ("CreateBackup", "VerifyBackup", "RestoreBackup", "CancelBackup")},
    "plan": {("MigrationService", "Plan")},
    "approve": {("MigrationService", name) for name in ("Approve", "RevokeApproval")},
    "run": {("MigrationService", name) for name in ("Run", "StartRun", "Create", "CancelOperation")},
    "sql": {("SqlService", name) for name in ("Query", "Explain", "Export", "ReadExport", "Cancel", "ListTables", "Describe")},
    "mark": {("MigrationService", name) for name in ("MarkApplied", "MarkRolledBack", "Baseline")},
    "admin": {("ConnectionService", "RevealConnection"), ("BranchService", "RevealBranchConnection"), ("Trust", "ListAudit"), ("Trust", "VerifyAudit"), ("Trust", "ListTokens")}
    | {("BackupService", name) for name in ("DeleteBackup", "UpdateSchedule", "UpdateWalConfig", "RestoreToPoint", "DownloadBackup", "ReadDownload", "CloseDownload")},
}


def every_method():
    modules = [getattr(messages(), name) for name in ("migration", "health", "sql", "trust", "connection", "branch", "backup")]
    return [(service.name, method.name) for module in modules
            for service in module.DESCRIPTOR.services_by_name.values() for method in service.methods]


def bearer(token):
    return {"authorization": f"Bearer {token}"}


class Login(Case):
    def start(self, *arguments, **options):
        self.files = self.project("prisma-blog")
        self.process = self.worker(self.files, "--tokens", self.tokens, *arguments, **options)
        return self.rpc(self.process)

    def code(self, rpc, service, method, token=None):
        """0, or the code that it is refused with."""
        try:
            rpc.call(service, method, metadata=bearer(token) if token else None, timeout_ms=20000)
        except RpcError as error:
            return error.code
        return 0

    def test_who_is_not_known_may_use_what_is_open_and_nothing_else(self):
        self.token("read")
        rpc = self.start()
        for service, method in every_method():
            with self.subTest(method=method):
                self.assertEqual(self.code(rpc, service, method), 0 if (service, method) in OPEN else UNAUTHENTICATED)

    def test_each_scope_opens_its_methods_and_no_other(self):
        tokens = {scope: self.token(scope, name=scope) for scope in SCOPES}
        rpc = self.start()
        for service, method in every_method():
            for scope, token in tokens.items():
                if (service, method) in SCOPES[scope] and scope in ("run", "mark"):
                    continue  # what it does is told by the next test
                with self.subTest(method=method, scope=scope):
                    may = (service, method) in SCOPES[scope] | OPEN | ANY
                    self.assertEqual(self.code(rpc, service, method, token) == PERMISSION_DENIED, not may)
        self.assertEqual(self.ledger_is_there(), False)

    def ledger_is_there(self):
        return self.sql("SELECT to_regclass('public._prisma_migrations') IS NOT NULL")[0][0] == "t"

    def test_what_a_token_may_it_does_and_what_not_it_is_told(self):
        runner, reader = self.token("run", name="runner"), self.token("read,plan", name="reader")
        rpc = self.start()
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "Run", metadata=bearer(reader))
        self.assertEqual(refused.exception.code, PERMISSION_DENIED)
        for word in ('"reader"', "needs the scope run", "has read, plan"):
            self.assertIn(word, str(refused.exception))
        self.assertFalse(self.ledger_is_there())
        reply = rpc.call("MigrationService", "Run", metadata=bearer(runner))
        self.assertEqual(len(reply.applied), 4)
        self.assertEqual(rpc.call("MigrationService", "GetStatus", metadata=bearer(reader)).summary.pending, 0)

    def test_a_worker_stops_while_refusals_wait(self):
        self.token("read")
        self.start()
        wrong = messages().rpc.Request(method="/truss.migration.v1.MigrationService/GetStatus",
                                       metadata=[messages().rpc.Metadata(key="authorization", value="Bearer wrong")]).SerializeToString()
        guests = [self.rpc(self.process) for _ in range(20)]
        for guest in guests:
            guest.send_bytes(wrong)
        guests[0].receive_bytes()  # the first one waits shortest
        self.process.stop()

    def test_the_tokens_are_listed_without_their_secrets(self):
        token = self.token("admin", name="anna")
        self.token("read,run:production", name="ci", expires="90d")
        rpc = self.start()
        reply = rpc.call("Trust", "ListTokens", metadata=bearer(token))
        self.assertEqual((reply.login, [(one.name, list(one.scopes), one.expired) for one in reply.tokens]),
                         (True, [("anna", ["admin"], False), ("ci", ["read", "run:production"], False)]))
        self.assertFalse(reply.tokens[0].HasField("expires_at"))
        self.assertAlmostEqual(reply.tokens[1].expires_at.seconds - reply.tokens[1].created_at.seconds, 90 * 86400, delta=5)
        with open(self.tokens, encoding="utf-8") as file:
            hashes = re.findall(r'sha256 = "(\w+)"', file.read())
        self.assertEqual(len(hashes), 2)
        text = self.bridge(self.process).get("/api/tokens", headers={"Authorization": f"Bearer {token}"}).body.decode()
        self.assertFalse([one for one in hashes if one in text])
        self.token("read", name="later")
        self.assertEqual(len(rpc.call("Trust", "ListTokens", metadata=bearer(token)).tokens), 3)

    def test_who_am_i_tells_the_name_and_the_scopes(self):
        token = self.token("read,plan", name="me")
        rpc = self.start()
        reply = rpc.call("Trust", "WhoAmI", metadata=bearer(token))
        self.assertEqual((reply.name, reply.kind, list(reply.scopes), reply.login), ("me", "token", ["read", "plan"], True))
        self.assertRegex(getattr(reply, "from"), r"^127\.0\.0\.1:\d+$")

    def test_only_an_address_is_believed_of_who_forwards(self):
        token = self.token("read")
        rpc = self.start()
        for said in ("10.1.2.3", "fe80::1", "10.1.2.3 by 10.0.0.1:80", "a" + "é" * 40, "x" * 1000, ""):
            with self.subTest(said=said):
                reply = rpc.call("Trust", "WhoAmI", metadata={**bearer(token), "forwarded-for": said})
                by = f"{re.escape(said)} by " if said in ("10.1.2.3", "fe80::1") else ""
                self.assertRegex(getattr(reply, "from"), rf"^{by}127\.0\.0\.1:\d+$")

    def test_a_probe_learns_nothing_of_the_database(self):
        token = self.token("read")
        rpc = self.start()
        self.assertFalse(rpc.call("Health", "Check").HasField("target"))
        self.assertEqual(rpc.call("Health", "Check", metadata=bearer(token)).target.database, self.database)
        broken = self.worker(self.files, "--tokens", self.tokens, url="postgres://nobody:hunter2@127.0.0.1:1/secretdb")
        reply = self.rpc(broken).call("Health", "Check")
        self.assertNotIn("127.0.0.1", reply.reason)
        self.assertNotIn("secretdb", str(reply))

    def test_what_is_revoked_is_out_at_once_and_what_is_new_in(self):
        one = self.token("read", name="one")
        rpc = self.start()
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", one), 0)
        two = self.token("read", name="two")
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", two), 0)
        self.assertEqual(self.truss("token", "revoke", "one", "--file", self.tokens).returncode, 0)
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", one), UNAUTHENTICATED)
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", two), 0)

    def test_wrong_tokens_are_told_late_and_logged_without_their_text(self):
        token = self.token("read")
        rpc = self.start()
        begun = time.monotonic()
        for wrong in ("truss_wrong", token[:-1], token + "x", token.upper()):
            self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", wrong), UNAUTHENTICATED)
        self.assertGreater(time.monotonic() - begun, 1.4)  # 100 + 200 + 400 + 800 ms
        begun = time.monotonic()
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", token), 0)
        self.assertLess(time.monotonic() - begun, harness.allowed(1.4))
        self.process.stop()
        self.assertIn('event="login failed" host=127.0.0.1 attempts=4', self.process.text())
        self.assertNotIn(token[:-1], self.process.text())
        self.assertNotIn("truss_wrong", self.process.text())

    def test_other_kinds_of_login_are_refused(self):
        token = self.token("read")
        rpc = self.start()
        for said in ("", "Bearer", "Bearer ", "Basic dTpw", token, f"Token {token}", f"Bearer  {'x' * 600}"):
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", "GetStatus", metadata={"authorization": said})
            self.assertEqual(refused.exception.code, UNAUTHENTICATED)

    def test_a_run_of_one_token_is_not_answered_to_another(self):
        """Equal requests share an answer only where they come by the same token."""
        reader, planner = self.token("read", name="reader"), self.token("plan", name="planner")
        self.start()
        codes = {}

        def ask(name, token):
            with Rpc(self.process.address) as rpc:
                codes[name] = [self.code(rpc, "MigrationService", "GetStatus", token) for _ in range(20)]
        threads = [threading.Thread(target=ask, args=one) for one in (("reader", reader), ("planner", planner), ("nobody", None))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({name: set(found) for name, found in codes.items()},
                         {"reader": {0}, "planner": {PERMISSION_DENIED}, "nobody": {UNAUTHENTICATED}})

    # ---- files ----

    def test_a_file_that_others_may_read_stops_the_start(self):
        self.token("read")
        self.assertEqual(stat.S_IMODE(os.stat(self.tokens).st_mode), 0o600)
        os.chmod(self.tokens, 0o644)
        program = harness.Program("truss-worker", "--tokens", self.tokens, "--listen", "tcp://127.0.0.1:0")
        self.assertEqual(program.process.wait(60), 1)
        program._reader.join()
        self.assertIn("chmod 600", program.text())

    def test_many_who_change_the_file_at_once_lose_nothing(self):
        self.token("read", name="first")
        threads = [threading.Thread(target=self.token, args=("read", f"t{i}")) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = self.truss("token", "list", "--file", self.tokens)
        self.assertEqual(sorted(line.split()[0] for line in listed.stdout.splitlines()[1:]), sorted(["first", *(f"t{i}" for i in range(12))]))
        self.assertEqual(sorted(os.listdir(os.path.dirname(self.tokens))), ["tokens", "tokens.lock"])

    def test_a_file_of_the_command_line_wins_over_the_variable(self):
        token = self.token("read")
        self.start()
        file = os.path.join(os.path.dirname(self.tokens), "mine")
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as mine:
            mine.write(token)
        wrong = {"TRUSS_TOKEN": "wrong"}
        self.assertEqual(self.truss("status", "--token-file", file, worker=self.process, environment=wrong).returncode, 0)
        self.assertIn("is not known", self.truss("status", worker=self.process, environment={**wrong, "TRUSS_TOKEN_FILE": file}).stderr)
        self.assertIn("is not known", self.truss("status", "--token", "wrong", "--token-file", file, worker=self.process).stderr)

    def test_a_refusal_says_what_a_token_may_do_in_this_environment(self):
        token = self.token("read,admin,run:production")
        rpc = self.start("--environment", "production")
        with self.assertRaises(RpcError) as refused:
            rpc.call("Trust", "ListAudit", metadata=bearer(token))
        self.assertIn("needs the scope admin:production, and in production it has read, run.", str(refused.exception))

    # ---- without tokens ----

    def refused(self, *arguments, environment=None):
        program = harness.Program("truss-worker", *arguments, environment=environment)
        self.assertEqual(program.process.wait(60), 1)
        program._reader.join()
        return program.text()

    def test_without_tokens_it_does_not_listen_to_other_machines(self):
        for address in ("tcp://0.0.0.0:0", "tcp://*:0", "tcp://[::]:0"):
            self.assertIn("--tokens", self.refused("--listen", address))
            self.assertIn("--tokens", self.refused("--listen", f"tcp://127.0.0.1:0,{address}"))
        self.assertIn("--tokens", self.refused(environment={"TRUSS_LISTEN": "tcp://0.0.0.0:0"}))

    def test_with_tokens_or_the_word_of_its_operator_it_does(self):
        self.token("read")
        self.start(listen="tcp://0.0.0.0:0")
        self.worker(self.files, "--insecure-no-login", listen="tcp://0.0.0.0:0")
        self.worker(self.files, environment={"TRUSS_TOKENS": self.tokens}, listen="tcp://0.0.0.0:0")

    def test_a_user_of_this_machine_is_named_by_the_kernel(self):
        process = self.worker(self.project("prisma-blog"), listen=self.socket_url())
        reply = self.rpc(process).call("Trust", "WhoAmI")
        self.assertEqual((reply.kind, reply.name, reply.login), ("user", f"uid {os.getuid()}", False))
        self.assertRegex(getattr(reply, "from"), rf"^unix:uid={os.getuid()},pid=\d+$")

    def test_a_unix_socket_wants_the_token_too(self):
        token = self.token("read")
        rpc = self.start(listen=self.socket_url())
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus"), UNAUTHENTICATED)
        self.assertEqual(self.code(rpc, "MigrationService", "GetStatus", token), 0)


if __name__ == "__main__":
    harness.main()
