"""A plan in a file (truss plan --save, truss run --plan), and what standard input has to say about a run."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

FINE, ERROR = 0, 1
USERS, POSTS = "20240101000000_create_users", "20240102000000_create_posts"


class PlansAndAnswers(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.process = self.worker(self.files, "--lock-wait", "0.3")
        self.plan = os.path.join(self.files.path, "plan.json")

    def run_truss(self, *arguments, status=FINE, **options):
        result = self.truss(*arguments, worker=self.process, **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def save(self, *arguments):
        return self.run_truss("plan", "--save", self.plan, *arguments)

    def run_plan(self, *arguments, status=FINE, **options):
        return self.run_truss("run", "--plan", self.plan, *arguments, status=status, **options)

    def applied(self):
        return [row[0] for row in self.ledger("migration_name")] if self.sql("SELECT to_regclass('public._prisma_migrations')")[0][0] else []

    # ---- the file ----

    def test_what_is_there_already_is_advised_once(self):
        """A plan over a database that has it all: what to do is said with the first statement, and the end names a few of them."""
        files = self.project()
        for number in range(1, 6):
            script = f"CREATE TABLE old{number} (id int); CREATE INDEX old{number}_id ON old{number} (id);"
            files.add(str(number), script)
            self.sql(script)
        said = self.truss("plan", worker=self.worker(files)).stdout
        self.assertEqual(said.count("If this migration was applied before"), 2)  # at the statement, and at the end
        self.assertEqual(said.count("is there already."), 10 + 3)
        self.assertIn("7 other statements fail, above.\n", said)

    def test_the_plan_that_was_saved_is_what_runs(self):
        self.assertIn(f"truss run --plan {self.plan}\n", self.save("--target", POSTS))
        self.assertIn("Applied 2 migration(s)", self.run_plan("--lock-retry", "5"))
        self.assertEqual(self.applied(), [USERS, POSTS])

    def test_the_file_is_what_was_asked_for_and_the_plan_and_has_no_password(self):
        self.save(POSTS, USERS, "--transaction", "all")
        with open(self.plan, encoding="utf-8") as file:
            text = file.read()
        saved = json.loads(text)
        self.assertEqual((saved["format"], saved["request"]["migrations"], saved["request"]["transaction"]), (1, [POSTS, USERS], "all"))
        self.assertEqual(saved["plan"], json.loads(self.run_truss("plan", "--json", POSTS, USERS, "--transaction", "all")))
        self.assertNotIn(harness.PASSWORD, text)
        self.assertEqual(os.listdir(self.files.path).count("plan.json"), 1)
        self.assertEqual([name for name in os.listdir(self.files.path) if name.endswith(".new")], [])

    def test_an_edited_file_a_new_one_and_one_that_is_applied_are_each_named(self):
        self.save()
        with open(self.files.script(POSTS), encoding="utf-8") as file:
            before = file.read()
        self.files.add(POSTS, before + "\n-- more\n")
        said = self.run_plan(status=ERROR)
        self.assertIn(f"Nothing was run. The plan is not as it was when {self.plan} was made.", said)
        self.assertIn(f"edited since: {POSTS}", said)
        self.files.add(POSTS, before)
        self.files.add("2_new", "SELECT 1;")
        self.assertIn("not in the plan, and pending now: 2_new", self.run_plan(status=ERROR))
        shutil.rmtree(os.path.join(self.files.path, "prisma/migrations/2_new"))
        self.run_truss("run", "--yes", USERS)
        said = self.run_plan(status=ERROR)
        self.assertIn(f"in the plan, and no longer pending: {USERS}", said)
        self.assertIn(f"truss plan --save {self.plan}", said)
        self.assertEqual(json.loads(self.truss("run", "--plan", self.plan, "--json", worker=self.process).stdout)["reason"], "PLAN_CHANGED")
        self.assertEqual(self.applied(), [USERS])

    def test_a_plan_that_was_carried_out_has_nothing_to_run(self):
        self.save()
        self.run_plan()
        self.assertIn(f"Nothing to run: all of {self.plan} is applied.\n", self.run_plan())
        answer = json.loads(self.truss("run", "--plan", self.plan, "--json", worker=self.process).stdout)
        self.assertEqual((answer["ok"], answer["applied"], answer["summary"]), (True, [], f"Nothing to run: all of {self.plan} is applied."))
        self.files.add("2_new", "SELECT 1;")
        self.assertIn(f"all of {self.plan} is applied. 1 migration that is not in it is pending.\n", self.run_plan())
        self.assertIn(f"truss: Nothing to run: all of {self.plan} is applied.", self.run_plan("--detach"))
        self.sql("DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)")
        self.assertIn("The plan is not as it was", self.run_plan(status=ERROR))

    def test_a_plan_whose_files_were_edited_behind_it_was_not_carried_out(self):
        self.save()
        self.run_plan()
        with open(self.files.script(POSTS), "a", encoding="utf-8") as file:
            file.write("-- more\n")
        self.assertIn("no longer pending", self.run_plan(status=ERROR))

    def test_what_else_has_changed_is_named(self):
        self.save()
        with open(self.plan, encoding="utf-8") as file:
            saved = json.load(file)

        def refused(**changes):
            told = json.loads(json.dumps(saved))
            told["plan"]["plan_hash"] = "0" * 64
            for path, value in changes.items():
                at = told["plan"] if path != "version" else told
                *steps, last = path.split("__")
                for step in steps:
                    at = at[int(step) if step.isdigit() else step]
                at[last] = value
            with open(self.plan, "w", encoding="utf-8") as file:
                json.dump(told, file)
            return self.run_plan(status=ERROR)
        self.assertRegex(refused(target__server_version="14.1"), r"PostgreSQL \d+[\d.]*, then 14\.1")
        self.assertIn("framework Prisma, then Knex", refused(target__framework="Knex"))
        self.assertRegex(refused(target__user="boss"), r"connected as \w+, then boss")
        self.assertRegex(refused(version="0.0.1"), r"truss [\d.]+, then 0\.0\.1")
        self.assertIn(f"done in other steps now: {saved['plan']['migrations'][0]['name']}", refused(migrations__0__steps=[]))
        self.assertIn(f"interrupted, and not as far as then: {saved['plan']['migrations'][0]['name']}", refused(migrations__0__finished_steps=1))
        self.assertIn("the migrations are in another order", refused(migrations=saved["plan"]["migrations"][::-1]))
        self.assertIn("the rows of the tracking table, which table it is, or a callback are not what they were", refused())

    def test_the_same_statements_are_refused_where_they_do_worse_than_was_seen(self):
        self.files.add("9_drop", "DROP TABLE IF EXISTS kept;")
        self.save()
        self.sql("CREATE TABLE kept (i int)")
        said = self.run_plan(status=ERROR)
        self.assertIn(f"The schema is not as it was when {self.plan} was made: the same statements do other things.", said)
        self.assertIn("it loses data now; it stops readers now; it stops writers now", said)
        self.assertEqual((self.applied(), self.sql("SELECT count(*) FROM kept")), ([], [("0",)]))
        self.sql("DROP TABLE kept")
        self.run_plan()
        self.assertIn("9_drop", self.applied())

    def test_a_plan_of_another_database_is_refused_although_it_is_as_empty(self):
        self.save()
        first, self.database = self.database, self.cluster.create_database()
        result = self.truss("run", "--plan", self.plan, worker=self.worker(self.files))
        self.assertEqual(result.returncode, ERROR, result.stdout)
        self.assertIn(f"{self.plan} is a plan of {first} at ", result.stderr)
        self.assertIn(f"; this is {self.database} at ", result.stderr)

    def test_what_the_file_says_is_not_said_beside_it(self):
        self.save()
        self.assertIn(f'leave "{USERS}" out', self.run_plan(USERS, status=ERROR))
        self.assertIn("--plan and --target exclude each other", self.run_plan("--target", USERS, status=ERROR))
        self.assertIn("--plan and --plan-hash exclude each other", self.run_plan("--plan-hash", "a", status=ERROR))
        self.assertEqual(self.applied(), [])

    def test_what_is_no_plan_and_what_is_not_there_are_said(self):
        for content in ("", "{}", "[", '{"format":2}', '{"format":1,"plan":{"plan_hash":"a"},"request":{},"more":1}', "\x00"):
            self.files.write("plan.json", content)
            self.assertIn("is not a plan of `truss plan --save`", self.run_plan(status=ERROR), content)
        os.unlink(self.plan)
        self.assertIn("plan.json", self.run_plan(status=ERROR))
        self.assertEqual(self.applied(), [])

    def test_a_plan_that_would_be_refused_is_not_saved(self):
        self.run_truss("run", "--yes")
        self.files.add("3_x", "CREATE INDEX CONCURRENTLY i ON users (id);")
        said = self.run_truss("plan", "--save", self.plan, "--transaction", "all", status=ERROR)
        self.assertIn("is not written: this plan would be refused", said)
        self.assertFalse(os.path.exists(self.plan))

    def test_a_plan_that_is_known_to_fail_is_not_saved(self):
        self.run_truss("run", "--yes")
        self.files.add("3_x", "INSERT INTO nowhere VALUES (1);")
        self.assertIn("is not written: this plan would fail", self.run_truss("plan", "--save", self.plan, status=ERROR))
        self.assertFalse(os.path.exists(self.plan))

    def test_a_folder_that_is_not_there_is_said(self):
        self.assertIn("nowhere", self.run_truss("plan", "--save", os.path.join(self.files.path, "nowhere/plan.json"), status=ERROR))

    # ---- standard input ----

    def test_a_pipe_that_says_no_is_a_no_and_one_that_says_yes_a_yes(self):
        for answer in ("n", "n\n", "\n", "no\n", "later\n"):
            self.assertIn("Nothing was run. The plan was not confirmed.", self.run_truss("run", stdin=answer, status=ERROR), answer)
        self.assertEqual(self.applied(), [])
        said = self.run_truss("run", stdin="y\n")
        self.assertIn(f"Run this on {self.database} at", said)
        self.assertEqual(len(self.applied()), 4)

    def test_a_pipe_must_say_the_databases_name_where_data_is_lost(self):
        self.run_truss("run", "--yes")
        self.files.add("2_drop", "DROP TABLE posts CASCADE;")
        self.run_truss("run", stdin="y\n", status=ERROR)
        self.assertNotIn("2_drop", self.applied())
        self.run_truss("run", stdin=self.database + "\n")
        self.assertIn("2_drop", self.applied())

    def test_a_file_at_standard_input_is_asked_too(self):
        self.files.write("answers", "no\n")
        with open(os.path.join(self.files.path, "answers"), encoding="ascii") as answers:
            result = subprocess.run([os.path.join(harness.BIN, "truss"), "run"], stdin=answers, env=harness.clean_environment(worker=self.process),
                                    capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, ERROR)
        self.assertEqual(self.applied(), [])

    def test_yes_does_not_look_at_standard_input(self):
        self.run_truss("run", "--yes", stdin="n\n")
        self.assertEqual(len(self.applied()), 4)

    def test_where_nobody_can_answer_it_runs(self):
        result = subprocess.run([os.path.join(harness.BIN, "truss"), "run", USERS], stdin=subprocess.DEVNULL,
                                env=harness.clean_environment(worker=self.process), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, FINE, result.stderr)
        self.run_truss("run", POSTS, stdin="")
        self.assertEqual(self.applied(), [USERS, POSTS])

    # ---- what to type next ----

    def test_what_comes_next_has_the_place_that_was_said(self):
        self.files.add("9_bad", "SELECT 1;\nSELECT nothing;")
        environment = {"DATABASE_URL": self.url()}
        result = self.truss("run", "--yes", "--project", self.files.path, "--lock-retry", "2", environment=environment)
        self.assertIn(f"Next: Correct the script, and then: truss run --project {self.files.path} --lock-retry 2s\n", result.stdout)
        self.files.add("9_bad", "CREATE TABLE users (id int);")
        result = self.truss("run", "--yes", "--project", self.files.path, environment=environment)
        self.assertIn(f"truss preview --project {self.files.path} 9_bad | truss detect-schema - --project {self.files.path}\n", result.stdout)
        self.assertIn(f"truss mark-applied --project {self.files.path} 9_bad\n", result.stdout)
        saved = os.path.join(self.files.path, "plan.json")
        self.files.add("9_bad", "CREATE TABLE good (id int);")
        result = self.truss("plan", "--save", saved, "--project", self.files.path, "--environment", "production", environment=environment)
        self.assertIn(f"truss run --project {self.files.path} --environment production --plan {saved}\n", result.stdout)
        self.files.add("9_worse one", "CREATE TABLE users (id int);")
        result = self.truss("run", "--yes", "--project", self.files.path, environment=environment)
        self.assertIn(f"truss mark-applied --project {self.files.path} '9_worse one'\n", result.stdout)


if __name__ == "__main__":
    harness.main()
