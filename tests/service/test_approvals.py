"""Four eyes: what runs and what is marked was approved by another person, for a time, and is exactly what he saw."""
import os
import shutil
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for

INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, ABORTED = 3, 5, 7, 9, 10
NEEDED = (FAILED_PRECONDITION, "NEEDS_APPROVAL")
WAITING, APPROVED, EXPIRED, REVOKED = 1, 2, 3, 4


class Approvals(Case):
    def start(self, *arguments, said="always", scripts=("CREATE TABLE a (id int);", "CREATE TABLE b (id int);")):
        self.anna = self.token("read,plan,run,mark,approve", name="anna")
        self.bert = self.token("read,plan,run,mark,approve,admin", name="bert")
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files, "--tokens", self.tokens, "--require-approval", said, *arguments)
        return self.rpc(self.process)

    def ask(self, rpc, who, method, **request):
        """The reply, or (code, reason); what was said is kept."""
        self.said = None
        try:
            return rpc.call("MigrationService", method, request, metadata={"authorization": f"Bearer {who}"})
        except RpcError as error:
            self.said = error.status
            return error.code, error.status.detail.reason

    def plan(self, rpc, **request):
        return self.ask(rpc, self.anna, "Plan", **request)

    def approved(self, rpc, who=None, **request):
        reply = self.ask(rpc, who or self.bert, "Approve", plan_hash=self.plan(rpc, **request).plan_hash, plan=request)
        self.assertEqual(reply.state, APPROVED, reply)
        return reply

    def tables(self):
        return [row[0] for row in self.sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^[a-z]$' ORDER BY 1")]

    def test_what_nobody_approved_is_refused_and_what_another_one_did_runs(self):
        rpc = self.start()
        plan = self.plan(rpc)
        self.assertEqual((plan.approval.state, plan.approval.what, plan.approval.requested_by), (WAITING, "run 1, 2", ""))
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.assertIn("nobody has approved this yet: run 1, 2", self.said.message)
        self.assertIn(f"truss approve {plan.plan_hash}", self.said.detail.hint)
        self.assertEqual(self.tables(), [])
        waiting = self.ask(rpc, self.bert, "ListApprovals")
        self.assertEqual([(one.plan_hash, one.state, one.requested_by) for one in waiting.approvals], [(plan.plan_hash, WAITING, "anna")])
        self.assertTrue(waiting.required)
        given = self.ask(rpc, self.bert, "Approve", plan_hash=plan.plan_hash, comment="looked at")
        self.assertEqual((given.state, given.approved_by, given.comment), (APPROVED, "bert", "looked at"))
        self.assertEqual(given.expires_at.seconds - given.approved_at.seconds, 24 * 3600)
        self.assertEqual(self.plan(rpc).approval.approved_by, "bert")
        reply = self.ask(rpc, self.anna, "Run")
        self.assertEqual((len(reply.applied), reply.approved_by), (2, "bert"))
        self.assertEqual(self.ask(rpc, self.anna, "GetOperation", id=reply.operation).result.approved_by, "bert")
        self.assertEqual(self.ask(rpc, self.anna, "Run").summary, "No pending migrations to run.")
        rows = self.sql("SELECT actor, split_part(action, '/', 2), outcome, plan_hash, detail FROM truss.audit ORDER BY number")
        self.assertIn(["bert", "Approve", "OK", plan.plan_hash, ""], [list(row) for row in rows])
        self.assertTrue([row for row in rows if row[:3] == ("anna", "Run", "FAILED_PRECONDITION") or list(row[:3]) == ["anna", "Run", "FAILED_PRECONDITION"]])
        self.assertIn('Approved by "bert".', " ".join(row[4] for row in rows))

    def test_a_check_and_the_doctor_say_that_an_approval_is_missing(self):
        rpc = self.start()
        check = self.ask(rpc, self.anna, "Check")
        self.assertFalse(check.safe)
        said = "Here another person approves what runs and what is marked, and nobody has approved this yet: run 1, 2."
        self.assertIn(said, "\n".join(check.warnings))
        self.assertIn("NEEDS_APPROVAL", list(check.warning_reasons))
        doctor = self.truss("doctor", worker=self.process, environment={"TRUSS_TOKEN": self.anna})
        lines = " ".join(doctor.stdout.split())
        self.assertEqual(doctor.returncode, 1, doctor.stdout)
        self.assertIn(said, lines)
        self.assertRegex(doctor.stdout, r"(?m)^note  run  ")
        self.assertEqual(list(self.ask(rpc, self.bert, "ListApprovals").approvals), [])  # who looks asks for nothing
        self.approved(rpc)
        self.assertTrue(self.ask(rpc, self.anna, "Check").safe)
        self.assertFalse(self.ask(rpc, self.bert, "Check").safe)  # who approved it may not run it

    def test_nobody_approves_what_he_asked_for_nor_runs_what_he_approved(self):
        rpc = self.start()
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        plan = self.plan(rpc).plan_hash
        self.assertEqual(self.ask(rpc, self.anna, "Approve", plan_hash=plan), NEEDED)
        self.assertIn('"anna" has asked for this', self.said.message)
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=plan).state, APPROVED)
        self.assertEqual(self.ask(rpc, self.bert, "Run"), NEEDED)
        self.assertIn("it was you who approved this", self.said.message)
        self.assertEqual(self.ask(rpc, self.anna, "Approve", plan_hash=plan), NEEDED)
        self.assertTrue(self.ask(rpc, self.anna, "Run").ok)

    def test_who_names_migrations_approves_these_and_no_others(self):
        rpc = self.start()
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        plan = self.plan(rpc).plan_hash
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=plan, plan={"migrations": ["tyop"]})[0], NOT_FOUND)
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=plan, plan={"migrations": ["1"]}), (NOT_FOUND, "PLAN_CHANGED"))
        self.assertIn("This hash is not of what is named here", self.said.message)
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=plan, plan={"migrations": ["1", "2"]}).state, APPROVED)

    def test_a_hash_a_name_and_a_comment_are_taken_as_they_are(self):
        """What looks like the plan, or like the person, is another one."""
        rpc = self.start()
        plan_hash = self.plan(rpc).plan_hash
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        for wrong in (plan_hash.upper(), plan_hash[:-1], plan_hash + " ", " " + plan_hash, plan_hash + "\n", plan_hash[:8], "%", "*", "' OR hash <> '", "0" * len(plan_hash), ""):
            with self.subTest(hash=wrong):
                self.assertIn(self.ask(rpc, self.bert, "Approve", plan_hash=wrong)[0], (NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION, ABORTED))
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=plan_hash, plan={"migrations": ["1"]})[0] in (NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION, ABORTED), True)
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        # Her own word does not become another's: not by what is around the token, nor by whom a proxy would name.
        for metadata in ({"authorization": f"Bearer  {self.anna} "}, {"authorization": f"BEARER {self.anna}"}, {"authorization": f"Bearer {self.anna}", "forwarded-for": "bert"},
                         {"authorization": f"Bearer {self.anna}", "actor": "bert"}):
            with self.subTest(metadata=list(metadata)):
                with self.assertRaises(RpcError) as refused:
                    rpc.call("MigrationService", "Approve", {"plan_hash": plan_hash}, metadata=metadata)
                self.assertIn("asked", refused.exception.status.message)
        given = self.ask(rpc, self.bert, "Approve", plan_hash=plan_hash, comment="'); DROP TABLE truss.approvals; --\u202e\x1b[31m")
        self.assertEqual(given.state, APPROVED)
        self.assertTrue(self.ask(rpc, self.anna, "Run", plan_hash=plan_hash).ok)

    def test_what_was_approved_is_not_what_came_in_its_place(self):
        """Another file under the same name, of the same size and time, or behind a link; one more; one less."""
        rpc = self.start()
        first = self.files.script("1")
        with open(first, encoding="utf-8") as file:
            before = file.read()
        times = os.stat(first)
        self.approved(rpc)

        def put(text):
            with open(first, "w", encoding="utf-8") as file:
                file.write(text)
            os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))
        for bent in (before.replace("TABLE a", "TABLE x"), before + " ", before.replace("\n", "\r\n") if "\n" in before else before + "\r\n", before + "-- x", "\ufeff" + before, before.replace("int", "\u0456nt")):
            with self.subTest(text=bent):
                put(bent)
                told = self.ask(rpc, self.anna, "Run")
                self.assertEqual(told, NEEDED)
        put(before)
        self.files.add("3", "CREATE TABLE c (id int);")
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        shutil.rmtree(os.path.dirname(self.files.script("3")))
        os.rename(os.path.dirname(first), os.path.dirname(self.files.script("0")))
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        os.rename(os.path.dirname(self.files.script("0")), os.path.dirname(first))
        self.assertEqual(self.tables(), [])
        self.assertTrue(self.ask(rpc, self.anna, "Run").ok)
        self.assertEqual(self.tables(), ["a", "b"])

    def test_who_has_no_scope_for_it_approves_nothing(self):
        rpc = self.start()
        other = self.token("read,plan,run,mark,sql,branch,admin", name="carl")
        plan = self.plan(rpc).plan_hash
        self.assertEqual(self.ask(rpc, other, "Approve", plan_hash=plan)[0], PERMISSION_DENIED)
        self.assertEqual(self.ask(rpc, other, "RevokeApproval", plan_hash=plan)[0], PERMISSION_DENIED)

    def test_a_file_or_a_row_that_changes_is_another_plan(self):
        rpc = self.start()
        self.approved(rpc)
        self.files.add("2", "CREATE TABLE c (id int);")
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.approved(rpc)
        self.files.add("3", "CREATE TABLE d (id int);")
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.assertEqual(self.ask(rpc, self.anna, "Run", migrations=["1"]), NEEDED)
        self.approved(rpc, migrations=["1"])
        self.assertTrue(self.ask(rpc, self.anna, "Run", migrations=["1"]).ok)
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.assertEqual(self.tables(), ["a"])

    def test_other_ways_of_a_run_are_not_what_was_approved(self):
        rpc = self.start()
        self.approved(rpc)
        for way in ({"transaction": "TRANSACTION_MODE_ALL"}, {"repair": True}, {"target": "1"}):
            with self.subTest(way=way):
                self.assertEqual(self.ask(rpc, self.anna, "Run", **way), NEEDED)
        self.assertTrue(self.ask(rpc, self.anna, "Run", dry_run=True).ok)
        self.approved(rpc, transaction="TRANSACTION_MODE_ALL")
        self.assertTrue(self.ask(rpc, self.anna, "Run", transaction="TRANSACTION_MODE_ALL").ok)

    def test_a_try_needs_it_too_and_leaves_no_trace(self):
        rpc = self.start()
        self.assertEqual(self.ask(rpc, self.anna, "Run", dry_run=True), NEEDED)
        self.assertEqual(self.sql("SELECT to_regclass('truss.approvals') IS NULL")[0][0], "t")

    def test_it_is_over_when_its_time_is_and_when_it_is_taken_back(self):
        rpc = self.start("--approval-time", "1h")
        plan = self.approved(rpc).plan_hash
        self.sql("UPDATE truss.approvals SET expires_at = clock_timestamp() - interval '1 second'")
        self.assertEqual(self.plan(rpc).approval.state, EXPIRED)
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.assertIn('the approval by "bert" was good until', self.said.message)
        self.approved(rpc)
        self.assertEqual(self.ask(rpc, self.bert, "RevokeApproval", plan_hash=plan).state, REVOKED)
        self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)
        self.assertIn('was taken back by "bert"', self.said.message)
        self.assertEqual(self.ask(rpc, self.bert, "RevokeApproval", plan_hash=plan)[0], NOT_FOUND)
        # A month later nobody needs to read of it any more: it goes with the next one that is written.
        self.sql("UPDATE truss.approvals SET requested_at = now() - interval '31 days', expires_at = now() - interval '31 days', revoked_at = now() - interval '29 days'")
        self.approved(rpc, migrations=["1"])
        self.assertEqual(self.sql("SELECT count(*) FROM truss.approvals"), [("2",)])
        self.sql("UPDATE truss.approvals SET revoked_at = now() - interval '31 days' WHERE revoked_at IS NOT NULL")
        self.approved(rpc, migrations=["1"])
        self.assertEqual(self.sql("SELECT count(*) FROM truss.approvals"), [("1",)])

    def test_a_run_that_failed_may_be_tried_again_and_one_that_got_somewhere_may_not(self):
        rpc = self.start(scripts=("CREATE TABLE a (id int);", "SELECT 1/(SELECT count(*) FROM pg_class WHERE relname = 'door');"))
        self.approved(rpc, migrations=["2"])
        self.approved(rpc)
        self.assertFalse(self.ask(rpc, self.anna, "Run").ok)
        self.assertEqual(self.tables(), ["a"])
        self.assertEqual(self.ask(rpc, self.anna, "Run")[0], FAILED_PRECONDITION)

    def test_a_run_that_could_not_have_its_lock_is_run_again_without_a_second_word(self):
        rpc = self.start(scripts=("CREATE TABLE a (id int);", "ALTER TABLE a ADD b int;"))
        self.approved(rpc, target="1")
        self.assertTrue(self.ask(rpc, self.anna, "Run", target="1").ok)
        say = self.talk()
        say("BEGIN; LOCK TABLE a")
        self.approved(rpc)
        self.assertFalse(self.ask(rpc, self.anna, "Run", lock_retry_ms=200).ok)
        say("COMMIT")
        self.assertTrue(self.ask(rpc, self.anna, "Run").ok)

    def test_of_two_runs_at_once_one_runs_and_the_other_finds_nothing(self):
        rpc = self.start(scripts=("SELECT pg_sleep(1); CREATE TABLE a (id int);",))
        self.approved(rpc)
        other, answers = self.rpc(self.process), []
        threads = [threading.Thread(target=lambda link=link: answers.append(self.ask(link, self.anna, "Run"))) for link in (rpc, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(len(one.applied) for one in answers), [0, 1])

    def test_marks_need_it_and_are_listed_by_what_they_are(self):
        rpc = self.start()
        for method, request, what in (("MarkApplied", {"migration": "1"}, "mark as applied 1"), ("Baseline", {"through": "2"}, "mark as applied 2")):
            with self.subTest(method=method):
                self.assertEqual(self.ask(rpc, self.anna, method, **request), NEEDED)
                one = self.ask(rpc, self.bert, "ListApprovals").approvals[0]
                self.assertEqual((one.what, one.requested_by), (what, "anna"))
                self.assertEqual(self.ask(rpc, self.anna, "Approve", plan_hash=one.plan_hash), NEEDED)
                self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=one.plan_hash).state, APPROVED)
                self.assertTrue(self.ask(rpc, self.anna, method, **request).ok)
        self.assertEqual(self.tables(), [])

    def test_a_run_in_the_background_is_asked_as_well(self):
        rpc = self.start()
        started = self.ask(rpc, self.anna, "StartRun")
        ended = wait_for(lambda: (lambda one: one if one.done else None)(self.ask(rpc, self.anna, "GetOperation", id=started.id)))
        self.assertEqual(ended.error.detail.reason, "NEEDS_APPROVAL")
        self.approved(rpc)
        started = self.ask(rpc, self.anna, "StartRun")
        ended = wait_for(lambda: (lambda one: one if one.done else None)(self.ask(rpc, self.anna, "GetOperation", id=started.id)))
        self.assertEqual(ended.result.approved_by, "bert")

    def test_a_hash_that_nobody_has_seen_is_not_approved(self):
        rpc = self.start()
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash="0" * 64), (NOT_FOUND, "PLAN_CHANGED"))
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash="x")[0], INVALID_ARGUMENT)
        self.assertEqual(self.ask(rpc, self.bert, "Approve", plan_hash=self.plan(rpc).plan_hash, comment="x" * 1001)[0], INVALID_ARGUMENT)

    def test_it_is_of_one_database(self):
        rpc = self.start()
        self.approved(rpc)
        for other in ("'another'", "current_database()", "concat(current_database(), ' ', 1)"):  # as in a copy of it, and in one that got its name
            self.sql(f"DELETE FROM truss.approvals WHERE approved_by = ''; UPDATE truss.approvals SET database = {other}")
            self.assertEqual(self.ask(rpc, self.anna, "Run"), NEEDED)

    def test_an_idempotency_key_keeps_no_refusal(self):
        rpc = self.start()
        asked = {"authorization": f"Bearer {self.anna}", "idempotency-key": "k"}
        with self.assertRaises(RpcError):
            rpc.call("MigrationService", "Run", metadata=asked)
        self.approved(rpc)
        self.assertEqual(len(rpc.call("MigrationService", "Run", metadata=asked).applied), 2)

    # ---- by other ways ----

    def say(self, who, *words):
        ended = self.truss(*words, worker=self.process, environment={"TRUSS_TOKEN": who})
        return ended.returncode, ended.stdout + ended.stderr

    def test_on_the_command_line(self):
        rpc = self.start()
        plan = self.plan(rpc).plan_hash
        self.assertIn(f"somebody other than the person who runs it must say: truss approve {plan}", self.say(self.anna, "plan")[1])
        code, told = self.say(self.anna, "run", "--yes")
        self.assertEqual(code, 1, told)
        self.assertIn(f"truss approve {plan}", told)
        self.assertRegex(self.say(self.bert, "approvals")[1], rf"^STATE +HASH +ASKED BY +APPROVED BY +UNTIL \(UTC\) +WHAT\nwaiting +{plan} +anna +- +- +run 1, 2\n$")
        self.assertEqual(self.say(self.anna, "approve", plan)[0], 1)
        self.assertRegex(self.say(self.bert, "approve", plan, "--comment", "fine")[1], "Approved until .*: run 1, 2.")
        self.assertIn('approved: by "bert"', self.say(self.anna, "plan")[1])
        self.assertIn("taken back", self.say(self.bert, "approvals", "revoke", plan)[1])
        self.assertEqual(self.say(self.anna, "run", "--yes")[0], 1)
        one = self.plan(rpc, target="1").plan_hash
        self.assertEqual(self.say(self.bert, "approve", one)[0], 1)
        self.assertEqual(self.say(self.bert, "approve", one, "--target", "1")[0], 0)
        self.assertEqual(self.say(self.anna, "run", "--yes", "--target", "1")[0], 0)

    def test_over_http(self):
        rpc = self.start()
        http = self.bridge(self.process)
        path, plan = "/api/migrations/approvals", self.plan(rpc).plan_hash
        anna, bert = ({"Authorization": f"Bearer {who}"} for who in (self.anna, self.bert))
        told = http.post("/api/migrations/idempotent/run", {}, headers=anna)
        self.assertEqual((told.status, told.json["reason"]), (409, "NEEDS_APPROVAL"))
        self.assertEqual(http.post(path, {"plan_hash": plan}, headers=anna).status, 409)
        given = http.post(path, {"plan_hash": plan, "comment": "fine"}, headers=bert)
        self.assertEqual((given.status, given.json["state"], given.json["approvedBy"]), (200, "approved", "bert"))
        self.assertEqual(http.get("/api/migrations/plan", headers=anna).json["approval"]["state"], "approved")
        self.assertEqual([one["planHash"] for one in http.get(path, headers=anna).json["approvals"]], [plan])
        self.assertEqual(http.request("DELETE", f"{path}/{plan}", headers=bert).json["state"], "revoked")
        self.assertEqual(http.post("/api/migrations/idempotent/run", {}, headers=anna).status, 409)

    # ---- the start ----

    def refusal(self, *arguments, project=None):
        process = self.program("truss-worker", "--project", (project or self.project("prisma-blog")).path, "--listen", "tcp://127.0.0.1:0", *arguments)
        self.assertEqual(process.process.wait(30), 1)
        process.kill()
        return process.text()

    def test_without_a_login_it_is_refused_at_the_start(self):
        self.assertIn("--require-approval needs a login", self.refusal("--require-approval", "always"))
        self.token("read")
        self.assertIn("nobody can approve", self.refusal("--require-approval", "always", "--tokens", self.tokens, "--allow-delegate"))
        self.assertIn("was not told which one", self.refusal("--require-approval", "production", "--tokens", self.tokens))

    def test_a_project_cannot_talk_its_way_out(self):
        self.token("read")
        project = self.project("prisma-blog")
        project.write("truss.toml", '[project]\nenvironment = "toy"\n')
        self.assertIn("only the project's truss.toml", self.refusal("--require-approval", "production", "--tokens", self.tokens, project=project))
        process = self.worker(project, "--require-approval", "production", "--tokens", self.tokens, "--environment", "production")
        token = self.token("read,plan,run:production", name="r")
        self.assertEqual(self.ask(self.rpc(process), token, "Run", confirm=self.database), NEEDED)

    def test_another_environment_needs_none(self):
        rpc = self.start("--environment", "staging", said="production,live")
        token = self.token("run:staging", name="r")
        self.assertEqual(len(self.ask(rpc, token, "Run", confirm=self.database).applied), 2)
        self.assertFalse(self.plan(rpc).HasField("approval"))


if __name__ == "__main__":
    harness.main()
