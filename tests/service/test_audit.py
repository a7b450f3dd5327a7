"""truss.audit: who did what, from where, and what came of it; what is refused, too; and whether somebody has changed it."""
import hashlib
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import PASSWORD, Case, RpcError, messages, wait_for

INVALID_ARGUMENT, PERMISSION_DENIED, UNAUTHENTICATED = 3, 7, 16


def bearer(token):
    return {"authorization": f"Bearer {token}"}


class Audit(Case):
    def setUp(self):
        super().setUp()
        self.admin = bearer(self.token("read,plan,run,mark,admin", name="anna"))
        self.reader = bearer(self.token("read,plan", name="reader"))
        self.files = self.project("prisma-blog")

    def begin(self, *arguments):
        self.process = self.worker(self.files, "--tokens", self.tokens, *arguments)
        return self.rpc(self.process)

    def has_table(self):
        return self.sql("SELECT to_regclass('truss.audit') IS NOT NULL") == [("t",)]

    def rows(self, columns="actor, split_part(action, '/', 2), outcome"):
        return self.sql(f"SELECT {columns} FROM truss.audit ORDER BY number")

    def verify(self, rpc):
        return rpc.call("Trust", "VerifyAudit", metadata=self.admin)

    def refused(self, rpc, method, metadata, request=None, code=PERMISSION_DENIED):
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", method, request, metadata=metadata)
        self.assertEqual(refused.exception.code, code, refused.exception)
        return refused.exception.status.message

    # ---- what is written ----

    def test_a_run_has_a_row_in_front_of_it_and_one_behind_it(self):
        rpc = self.begin()
        plan = rpc.call("MigrationService", "Plan", metadata=self.admin)
        reply = rpc.call("MigrationService", "Run", {"plan_hash": plan.plan_hash}, metadata={**self.admin, "request-id": "r-17"})
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.rows("actor, actor_kind, split_part(action, '/', 2), outcome, request, plan_hash, number"),
                         [("anna", "token", "Run", "BEGUN", "r-17", plan.plan_hash, "1"), ("anna", "token", "Run", "OK", "r-17", plan.plan_hash, "2")])
        origin, target, subject, detail = self.rows("origin, target, subject, detail")[1]
        self.assertRegex(origin, r"^127\.0\.0\.1:\d+$")
        self.assertIn(self.database, target)
        self.assertIn(reply.operation, subject)
        self.assertEqual(detail, reply.summary)
        self.assertNotIn(PASSWORD, str(self.rows("*")))
        self.assertIn(self.rows("hash")[1][0], self.process.text())

    def test_what_fails_says_why_and_a_mark_says_what(self):
        rpc = self.begin()
        rpc.call("MigrationService", "MarkApplied", {"migration": self.files.names()[0]}, metadata=self.admin)
        self.refused(rpc, "MarkApplied", self.admin, {"migration": "none"}, code=5)
        self.assertEqual([row[0] for row in self.rows("outcome")], ["BEGUN", "OK", "BEGUN", "NOT_FOUND"])
        self.assertEqual(self.rows("subject")[0][0], f"migration={self.files.names()[0]}")
        self.assertIn("none", self.rows("detail")[3][0])

    def test_what_failed_has_its_row_in_a_database_whose_encoding_lacks_a_character_of_it(self):
        self.encoded("LATIN1")
        self.files = self.project().add("1", "SELECT 1 / 0;")
        rpc = self.begin()
        reply = rpc.call("MigrationService", "Run", {}, metadata={**self.admin, "request-id": "r\u2192"})
        self.assertFalse(reply.ok)
        self.assertEqual(self.rows("outcome, request, detail"), [("BEGUN", "r?", ""), ("FAILED", "r?", reply.summary.replace("\u2014", "-"))])
        self.assertTrue(self.verify(rpc).ok)

    def test_what_is_too_long_is_cut_at_a_character(self):
        rpc = self.begin()
        for before in ("", "x"):
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "MarkApplied", {"migration": before + "\u00e9" * 1500}, metadata=self.admin)
            self.assertEqual(caught.exception.code, 5)
        self.assertEqual([outcome for _, _, outcome in self.rows()], ["BEGUN", "NOT_FOUND"] * 2)
        self.assertTrue(all(int(size) <= 2010 for size, in self.sql("SELECT octet_length(detail) FROM truss.audit")))

    def test_what_a_terminal_would_not_show_is_written_down_as_a_sign(self):
        rpc = self.begin()
        self.refused(rpc, "MarkApplied", {**self.admin, "request-id": "r\u202e1"}, {"migration": "a\n\x1b[2Jb\u202ec\x85d"}, code=5)
        self.assertEqual(self.rows("outcome, subject, request")[0], ("BEGUN", "migration=a\ufffd\ufffd[2Jb\ufffdc\ufffdd", "r\ufffd1"))
        self.assertTrue(self.verify(rpc).ok)

    def test_who_reads_it_does_not_wait_for_who_keeps_it_locked(self):
        rpc = self.begin()
        rpc.call("MigrationService", "MarkApplied", {"migration": self.files.names()[0]}, metadata=self.admin)
        self.hold("BEGIN", "LOCK TABLE truss.audit IN ACCESS EXCLUSIVE MODE")
        for method in ("ListAudit", "VerifyAudit"):
            with self.assertRaises(RpcError) as caught:
                rpc.call("Trust", method, metadata=self.admin)
            self.assertEqual(caught.exception.code, 14)
            self.assertIn(harness.with_own_schema("Another session keeps the audit (truss.audit) locked"), caught.exception.status.message)
        self.wake_up()
        wait_for(lambda: not self.sleepers())
        self.assertTrue(self.verify(rpc).ok)

    def test_one_that_was_not_read_to_its_end_is_not_called_right(self):
        rpc = self.begin()
        rpc.call("MigrationService", "MarkApplied", {"migration": self.files.names()[0]}, metadata=self.admin)
        self.sql("INSERT INTO truss.audit SELECT i, at, request, actor, actor_kind, origin, action, target, subject, plan_hash, digest, outcome, repeat('x', 1500), i::text FROM truss.audit, generate_series(3, 200000) i WHERE number = 2")
        verdicts = []

        def ask():
            try:
                verdicts.append(rpc.call("Trust", "VerifyAudit", metadata=self.admin))
            except RpcError as error:
                verdicts.append(error.code)
        thread = threading.Thread(target=ask)
        thread.start()
        wait_for(lambda: self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query ~ 'FROM truss.audit *ORDER BY number$'"), every=0)
        thread.join()
        self.assertIn(verdicts[0], (14, 13, 10))

    def test_a_run_that_there_was_no_room_for_has_not_started(self):
        self.files.add("1", "SELECT pg_sleep(60);")
        rpc, codes = self.begin(), []
        for _ in range(40):
            try:
                rpc.call("MigrationService", "StartRun", metadata=self.admin)
            except RpcError as error:
                codes.append(error.code)
        self.assertEqual(set(codes), {8})
        outcomes = [outcome for outcome, in self.rows("outcome")]
        self.assertEqual((outcomes.count("STARTED"), outcomes.count("RESOURCE_EXHAUSTED")), (40 - len(codes), len(codes)))
        self.process.kill()

    def test_a_run_in_the_background_has_a_row_when_it_ends(self):
        rpc = self.begin()
        operation = rpc.call("MigrationService", "StartRun", metadata=self.admin).id
        wait_for(lambda: ("anna", "StartRun", "OK") in self.rows() and ("anna", "StartRun", "STARTED") in self.rows())
        self.assertEqual(self.rows()[0], ("anna", "StartRun", "BEGUN"))
        self.assertEqual({row[0] for row in self.rows("subject")[1:]}, {f"operation={operation}"})
        self.assertTrue(self.verify(rpc).ok)

    def test_what_only_reads_writes_nothing_nor_does_a_try(self):
        rpc = self.begin()
        for method in ("GetStatus", "Plan", "Check", "ListOperations"):
            rpc.call("MigrationService", method, metadata=self.admin)
        rpc.call("MigrationService", "Run", {"dry_run": True}, metadata=self.admin)
        rpc.call("Trust", "ListAudit", metadata=self.admin)
        self.assertTrue(self.verify(rpc).ok)
        self.refused(rpc, "GetStatus", bearer("truss_wrong"), code=UNAUTHENTICATED)
        self.assertFalse(self.has_table())

    def test_who_is_refused_is_written_down_and_a_flood_of_it_is_counted(self):
        rpc = self.begin()
        self.refused(rpc, "Run", self.reader)
        wait_for(self.has_table)
        wait_for(self.rows)
        self.assertEqual(self.rows(), [("reader", "Run", "PERMISSION_DENIED")])
        self.refused(rpc, "Run", {}, code=UNAUTHENTICATED)
        wait_for(lambda: len(self.rows()) == 2)
        self.assertEqual(self.rows()[1], ("", "Run", "UNAUTHENTICATED"))
        for _ in range(40):
            self.refused(rpc, "Run", self.reader)
        wait_for(lambda: len(self.rows()) == 20)
        rpc.call("MigrationService", "Run", metadata=self.admin)
        self.assertEqual(len(self.rows()), 22)
        self.assertTrue(self.verify(rpc).ok)

    def test_a_password_that_was_shown_is_written_down(self):
        rpc = self.begin()
        rpc.call("ConnectionService", "RevealConnection", metadata=self.admin)
        self.assertEqual(self.rows(), [("anna", "RevealConnection", "BEGUN"), ("anna", "RevealConnection", "OK")])

    # ---- what cannot be written is not done ----

    def test_what_cannot_be_written_is_not_done_and_a_cancel_is(self):
        rpc = self.begin()
        rpc.call("MigrationService", "MarkApplied", {"migration": self.files.names()[0]}, metadata=self.admin)
        self.sql("ALTER TABLE truss.audit ADD CHECK (outcome = 'never') NOT VALID")
        said = self.refused(rpc, "Run", self.admin, code=9)
        self.assertIn(harness.with_own_schema("cannot be written into the audit (truss.audit), and so nothing was done"), said)
        self.assertEqual(len(self.ledger()), 1)
        self.assertIn("There is no operation", self.refused(rpc, "CancelOperation", self.admin, {"id": "0" * 8 + "-0000-0000-0000-" + "0" * 12}, code=5))
        self.assertIn("audit cannot be written", self.process.text())

    # ---- without a login ----

    def test_without_a_login_a_database_without_an_audit_gets_none_and_one_with_an_audit_gets_a_row(self):
        process = self.worker(self.files)
        rpc = self.rpc(process)
        rpc.call("MigrationService", "Run")
        self.assertFalse(self.has_table())
        self.begin().call("ConnectionService", "RevealConnection", metadata=self.admin)
        rpc.call("MigrationService", "Run")
        self.assertEqual(self.rows("actor_kind, split_part(action, '/', 2), outcome")[2:], [("anonymous", "Run", "BEGUN"), ("anonymous", "Run", "OK")])

    def test_by_a_unix_socket_the_user_of_this_machine_is_named(self):
        result = self.truss("run", "--project", self.files.path, environment={"DATABASE_URL": self.url(), "TRUSS_AUDIT": "1"})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(self.rows()[0][0], rf"^uid {os.getuid()} \(\w+\)$")

    # ---- the chain ----

    def test_several_workers_at_once_make_one_chain(self):
        workers = [self.rpc(self.worker(self.files, "--tokens", self.tokens)) for _ in range(3)]
        name = self.files.names()[0]

        def mark(rpc):
            for _ in range(6):
                try:
                    rpc.call("MigrationService", "MarkApplied", {"migration": name}, metadata=self.admin)
                except RpcError:
                    pass
        threads = [threading.Thread(target=mark, args=(rpc,)) for rpc in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        verdict = self.verify(workers[0])
        self.assertTrue(verdict.ok, verdict)
        self.assertEqual(verdict.rows, 2 * 3 * 6)
        self.assertEqual(verdict.hash, self.rows("hash")[-1][0])

    def test_what_was_changed_taken_out_or_put_in_is_found(self):
        rpc = self.begin()
        for name in self.files.names():
            rpc.call("MigrationService", "MarkApplied", {"migration": name}, metadata=self.admin)
        self.sql("CREATE TABLE kept AS TABLE truss.audit")
        for change, broken, why in (
                ("UPDATE truss.audit SET actor = 'nobody' WHERE number = 3", 3, "Row 3 is not as it was written"),
                ("UPDATE truss.audit SET at = at + interval '1 microsecond' WHERE number = 1", 1, "Row 1 is not as it was written"),
                ("UPDATE truss.audit SET subject = '', detail = subject || detail WHERE number = 2", 2, "Row 2 is not as it was written"),
                ("ALTER TABLE truss.audit ALTER detail DROP NOT NULL; UPDATE truss.audit SET detail = NULL WHERE number = 2", 2, "Row 2 is not as it was written"),
                ("ALTER TABLE truss.audit ALTER hash DROP NOT NULL; UPDATE truss.audit SET hash = NULL WHERE number = 2", 2, "Row 2 is not as it was written"),
                ("UPDATE truss.audit SET at = 'infinity' WHERE number = 2", 2, "Row 2 is not"),
                ("UPDATE truss.audit SET actor = 'Anna' WHERE number = 4", 4, "Row 4 is not as it was written"),
                ("UPDATE truss.audit SET actor = actor || ' ' WHERE number = 4", 4, "Row 4 is not as it was written"),
                ("UPDATE truss.audit SET request = actor, actor = request WHERE number = 2", 2, "Row 2 is not as it was written"),
                ("UPDATE truss.audit SET hash = upper(hash) WHERE number = 2", 2, "Row 2 is not as it was written"),
                ("UPDATE truss.audit SET number = 0 WHERE number = 1", 1, "Row 1 is missing"),
                ("DELETE FROM truss.audit WHERE number = 1", 1, "Row 1 is missing"),
                ("INSERT INTO truss.audit SELECT 0, at, request, 'evil', actor_kind, origin, action, target, subject, plan_hash, digest, outcome, detail, 'x' FROM truss.audit WHERE number = 1",
                 1, "Row 1 is missing"),
                ("INSERT INTO truss.audit SELECT 99, at, request, 'evil', actor_kind, origin, action, target, subject, plan_hash, digest, outcome, detail, 'x' FROM truss.audit WHERE number = 1",
                 9, "Row 9 is missing"),
                ("UPDATE truss.audit SET number = 9223372036854775807 WHERE number = 2", 2, "Row 2 is missing"),
                ("DELETE FROM truss.audit WHERE number = 2", 2, "Row 2 is missing"),
                ("UPDATE truss.audit SET number = -number WHERE number IN (2, 3); UPDATE truss.audit SET number = 5 + number WHERE number < 0", 2, "Row 2 is not")):
            self.sql(change)
            verdict = self.verify(rpc)
            self.assertEqual((verdict.ok, verdict.broken), (False, broken), change)
            self.assertIn(why, verdict.summary)
            self.sql("TRUNCATE truss.audit; INSERT INTO truss.audit TABLE kept")
            self.assertTrue(self.verify(rpc).ok)

    def forge(self):
        """As somebody does it who may write the table and knows how the hashes are made: row 3, and all behind it."""
        before = self.rows("hash")[1][0]
        for number, at, *texts in self.rows("number, (extract(epoch FROM at) * 1000000)::bigint, request, CASE number WHEN 3 THEN 'evil' ELSE actor END, actor_kind, origin, action, "
                                            "target, subject, plan_hash, digest, outcome, detail")[2:]:
            parts = [before, f"{number} {at}", *texts]
            before = hashlib.sha256("".join(f"{len(part.encode())}:{part}" for part in parts).encode()).hexdigest()
            self.sql(f"UPDATE truss.audit SET actor = '{texts[1]}', hash = '{before}' WHERE number = {number}")

    def test_what_was_cut_off_or_written_anew_is_found_by_a_hash_that_was_kept(self):
        rpc = self.begin()
        for name in self.files.names():
            rpc.call("MigrationService", "MarkApplied", {"migration": name}, metadata=self.admin)
        hashes = [row[0] for row in self.rows("hash")]
        self.sql("CREATE TABLE kept AS TABLE truss.audit")

        def verify(kept):
            return rpc.call("Trust", "VerifyAudit", {"hash": kept}, metadata=self.admin)
        self.assertEqual([verify(kept).ok for kept in ("", *hashes)], [True] * (1 + len(hashes)))
        for change in ("DELETE FROM truss.audit WHERE number > 6", "TRUNCATE truss.audit", "DROP TABLE truss.audit", self.forge):
            with self.subTest(change=change):
                if change == self.forge:
                    change()
                else:
                    self.sql(change)
                self.assertTrue(self.verify(rpc).ok)  # nothing of the chain shows it
                verdict = verify(hashes[-1])
                self.assertFalse(verdict.ok)
                self.assertIn(f"No row has the hash {hashes[-1]}", verdict.summary)
                self.sql("DROP TABLE IF EXISTS truss.audit; CREATE TABLE truss.audit AS TABLE kept; ALTER TABLE truss.audit OWNER TO app")
                self.assertTrue(verify(hashes[-1]).ok)
        for wrong in ("x", hashes[0][:-1], hashes[0].upper() if hashes[0].upper() != hashes[0] else "A" * 64, hashes[0] + "0", "' OR '1'='1"):
            with self.assertRaises(RpcError) as refused:
                verify(wrong)
            self.assertEqual(refused.exception.code, INVALID_ARGUMENT)
        token = {"TRUSS_TOKEN": self.admin["authorization"].split()[1]}
        for kept, code in ((hashes[0], 0), ("0" * 64, 1)):
            self.assertEqual(self.truss("audit", "--verify", "--hash", kept, worker=self.process, environment=token).returncode, code)
        answer = self.bridge(self.process).get(f"/api/audit/verify?hash={'0' * 64}", headers={"Authorization": self.admin["authorization"]})
        self.assertEqual((answer.status, answer.json["ok"]), (400, False))

    # ---- reading it ----

    def test_the_command_shows_exports_and_verifies_it(self):
        rpc = self.begin()
        rpc.call("MigrationService", "MarkApplied", {"migration": self.files.names()[0]}, metadata=self.admin)
        token = {"TRUSS_TOKEN": self.admin["authorization"].split()[1]}
        shown = self.truss("audit", worker=self.process, environment=token)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"^ROW +AT \(UTC\) +OUTCOME +WHO +FROM +ACTION +WHAT\n")
        self.assertRegex(shown.stdout, r"(?m)^2 +\S+ \S+Z +OK +anna +127\.0\.0\.1:\d+ +MarkApplied +migration=")
        lines = self.truss("audit", "--export", "ndjson", "--after", "1", worker=self.process, environment=token).stdout.splitlines()
        self.assertEqual([(row["number"], row["actor"], row["actorKind"], row["outcome"]) for row in map(json.loads, lines)], [(2, "anna", "token", "OK")])
        verified = self.truss("audit", "--verify", worker=self.process, environment=token)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("All 2 rows are as they were written", verified.stdout)
        self.sql("UPDATE truss.audit SET actor = 'x'")
        broken = self.truss("audit", "--verify", worker=self.process, environment=token)
        self.assertEqual((broken.returncode, "Row 1 is not as it was written" in broken.stdout), (1, True))
        reader = self.truss("audit", worker=self.process, environment={"TRUSS_TOKEN": self.reader["authorization"].split()[1]})
        self.assertEqual(reader.returncode, 1)
        self.assertIn("admin", reader.stderr)

    def test_no_row_says_why(self):
        for words, said in (((), "To write one, start the worker with --audit or --tokens."), (("--audit",), "nothing was changed since it began")):
            with self.subTest(words=words):
                process = self.worker(self.files, *words)
                page = self.bridge(process).get("/api/audit").json
                self.assertEqual((page["rows"], page["next"]), ([], None))
                self.assertIn(said, page["note"])
                self.assertIn(said, self.truss("audit", worker=process).stdout)

    def test_the_bridge_gives_pages_of_it(self):
        rpc = self.begin()
        rpc.call("MigrationService", "MarkApplied", {"migration": self.files.names()[0]}, metadata=self.admin)
        http = self.bridge(self.process)
        headers = {"Authorization": self.admin["authorization"]}
        page = http.get("/api/audit?limit=1", headers=headers).json
        self.assertEqual(([row["number"] for row in page["rows"]], page["next"]), ([1], 1))
        page = http.get("/api/audit?after=1", headers=headers).json
        self.assertEqual(([row["outcome"] for row in page["rows"]], page["next"]), (["OK"], None))
        page = http.get("/api/audit?newest_first=true&limit=1", headers=headers).json
        self.assertEqual(([row["number"] for row in page["rows"]], page["next"]), ([2], 2))
        page = http.get("/api/audit?newest_first=true&before=2", headers=headers).json
        self.assertEqual(([row["number"] for row in page["rows"]], page["next"]), ([1], None))
        self.assertEqual(http.get("/api/audit/verify", headers=headers).json["ok"], True)
        self.assertEqual(http.get("/api/audit", headers={"Authorization": self.reader["authorization"]}).status, 403)


if __name__ == "__main__":
    harness.main()
