"""Every message of a run fails once, in every way: what is answered is true, no lock stays, and a rerun completes it.

A real conversation is counted, then one message of it is made to fail (tests/support/places.py). In the gate a sample of the places
is tried, those that commit first; with TRUSS_EVERY_PLACE=all every one, in every way.
"""
import os
import random
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, RpcError, messages, wait_for
from places import COMMITS, Places

harness.Cluster.keeps = True

ALL = os.environ.get("TRUSS_EVERY_PLACE") == "all"
WANTED = os.environ.get("TRUSS_EVERY_WAY", "")  # a pattern: only these ways
SAMPLE = 2  # places of each kind of run in the gate
ERRORS = ("40001", "40P01", "55P03", "57014", "57P01", "08006", "XX000")
# One that ends with its own time limit takes seconds: there are few of these in the gate.
WAYS = ("cut-before", "cut-after", "kill", *(f"error {code}" for code in ERRORS))
AT_COMMIT = ("cut-after", "cut-before", "kill", *(f"error-at-commit {code}" for code in ERRORS))
SILENT = ("silence-before", "silence-after")
LIMIT_MS = 3000
# The words of an answer that does not know what became of a commit.
UNKNOWN = re.compile(r"not known whether|cannot be known|could not be found out|cannot be found out|whether", re.I)

RESET = """DROP SCHEMA IF EXISTS public CASCADE; DROP SCHEMA IF EXISTS truss CASCADE; DROP SCHEMA IF EXISTS seen CASCADE;
    CREATE SCHEMA public; CREATE SCHEMA seen; CREATE TABLE seen.step (name text);"""

TOOL = """#!/bin/sh
set -e
psql "$DATABASE_URL" -Xq -v ON_ERROR_STOP=1 -c "CREATE TABLE IF NOT EXISTS knex_migrations (id serial PRIMARY KEY, name varchar(255),
    batch integer, migration_time timestamptz); CREATE TABLE IF NOT EXISTS knex_migrations_lock (index serial PRIMARY KEY, is_locked integer)"
for name in 20240101000000_a.js 20240102000000_b.js; do
    psql "$DATABASE_URL" -Xq -v ON_ERROR_STOP=1 -c "INSERT INTO seen.step SELECT '$name' WHERE NOT EXISTS (SELECT FROM knex_migrations
        WHERE name = '$name'); INSERT INTO knex_migrations (name, batch, migration_time) SELECT '$name', 1, now()
        WHERE NOT EXISTS (SELECT FROM knex_migrations WHERE name = '$name')"
done
"""


def step(name):
    return f"INSERT INTO seen.step VALUES ('{name}');"


class EveryPlace(Case):
    limit = 3600 if ALL else 0
    ledger_rows = "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"
    ledger_table = "_prisma_migrations"
    method = "Run"
    names = None      # of the migrations; None: those of the folder
    in_steps = False  # one of them is several transactions
    marks = False     # they are recorded without being done
    by_tool = False   # what commits is not ours to see

    def begin(self, files, *arguments):
        self.files = files
        self.sql(RESET)
        self.places = Places(self.cluster.port, self.end_session)
        self.addCleanup(self.places.close)
        url = self.url().replace(f":{self.cluster.port}/", f":{self.places.port}/")
        self.process = self.worker(files, "--lock-wait", "20", *arguments, url=url)
        self.expected = None

    def prisma(self, **scripts):
        files = self.project()
        for name, sql in scripts.items():
            files.add(name, sql)
        return files

    def dbmate(self):
        self.names = ["20240101000000_a", "20240102000000_b"]
        self.ledger_table = "schema_migrations"
        self.ledger_rows = "SELECT version || CASE version WHEN '20240101000000' THEN '_a' ELSE '_b' END FROM schema_migrations"
        files = self.project(folder="db/migrations")
        for name in self.names:
            files.write(f"db/migrations/{name}.sql", f"-- migrate:up\nCREATE TABLE {name[-1]} (x int);\n{step(name)}\n-- migrate:down\nSELECT 1;\n")
        return files

    def knex(self):
        """Its tool is a script that does and records both in a transaction each."""
        self.names = ["20240101000000_a.js", "20240102000000_b.js"]
        self.ledger_table, self.ledger_rows = "knex_migrations", "SELECT name FROM knex_migrations"
        files = self.project(folder="migrations")
        files.write_knex(TOOL, *self.names)
        return files

    # ---- what is there ----

    def recorded(self):
        has = self.sql(f"SELECT to_regclass('{self.ledger_table}') IS NOT NULL")[0][0] == "t"
        return {row[0] for row in self.sql(self.ledger_rows)} if has else set()

    def seen(self):
        return {name: int(count) for name, count in self.sql("SELECT name, count(*) FROM seen.step GROUP BY 1")}

    def left(self):
        tables = [row for row in self.cluster.tables(self.database) if row[0] != "truss"]
        has_steps = self.sql("SELECT to_regclass('truss.migration_steps') IS NOT NULL")[0][0] == "t"
        return tables, sorted(self.recorded()), self.seen(), self.sql("SELECT count(*) FROM truss.migration_steps") if has_steps else [("0",)], self.sql(
            "SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid")

    def holds(self):
        return self.sql("SELECT l.locktype, l.mode, a.state FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) "
                        "WHERE l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())")

    # ---- one place ----

    def ask(self, request, timeout_ms=0):
        """(answer, error): one of them is None."""
        with Rpc(self.process.address, timeout=120) as rpc:
            try:
                return rpc.call("MigrationService", self.method, request, timeout_ms=timeout_ms), None
            except RpcError as error:
                return None, error

    def text_of(self, reply, error):
        if error is not None or self.marks:
            return str(error.status if error is not None else reply.message)
        return f"{reply.summary} {reply.failed} {list(reply.warnings)}"

    def judge(self, reply, error, hit):
        """What of the answer is not true."""
        recorded, seen = self.recorded(), self.seen()
        text = self.text_of(reply, error)
        applied = set() if reply is None else set(self.names) if self.marks else {one.name for one in reply.applied}
        says_unknown = UNKNOWN.search(text) is not None
        twice = [name for name, count in seen.items() if count > 1]
        return [problem for problem in (
            twice and f"ran twice: {twice}",
            applied - recorded and f"said to be applied, and not recorded: {applied - recorded}",
            reply is not None and reply.ok and recorded != set(self.names) and f"ok, and recorded are only {recorded}",
            not says_unknown and recorded - applied and f"recorded, and the answer does not say so: {recorded - applied}",
            says_unknown and not self.may_be_unknown(hit) and f"said not to be known, where no commit was lost ({hit[:80]})",
            self.whole_only(recorded, seen),
        ) if problem]

    def may_be_unknown(self, hit):
        return self.by_tool or COMMITS.search(hit) is not None

    def whole_only(self, recorded, seen):
        """A migration that is one transaction is there with its row or not at all."""
        return not self.in_steps and not self.marks and recorded != set(seen) and f"recorded are {sorted(recorded)}, and done {sorted(seen)}"

    def try_place(self, request, place, way):
        self.sql(RESET)
        self.places.arm(place, way)
        reply, error = self.ask(request, LIMIT_MS if way in SILENT else 60000)
        hit, self.places.place = self.places.hit, None
        if hit is None:
            return []
        problems = []
        try:
            wait_for(lambda: not self.holds())
        except AssertionError:
            problems.append(f"locks stay: {self.holds()}")
        problems += self.judge(reply, error, hit)
        again, error_again = self.ask(request)
        if error_again is not None or not again.ok:
            problems.append(f"a rerun does not complete it: {self.text_of(again, error_again)}")
        elif self.left() != self.expected:
            problems.append(f"a rerun leaves something else: {self.left()[1:]} for {self.expected[1:]}")
        return [f"{way} at {place} ({hit[:120]!r}): {one}; answered: {self.text_of(reply, error)[:600]}" for one in problems]

    def places_of(self, texts):
        """[(place, way)]: all, or a sample that has every commit in some way."""
        commits = [number for number, text in enumerate(texts) if COMMITS.search(text)]
        all_of = [(number, way) for number, text in enumerate(texts) for way in (*WAYS, *SILENT) if not text.startswith(b"ROLLBACK")]
        all_of += [(number, way) for number in commits for way in AT_COMMIT if way.startswith("error")]
        if ALL:
            return [one for one in all_of if re.match(WANTED, one[1])]
        chance = random.Random(os.environ.get("TRUSS_SEED", "every place"))
        chosen = [(commits[0], "cut-after"), (commits[-1], chance.choice(AT_COMMIT))] if commits else []
        return chosen + chance.sample([one for one in all_of if one[1] not in SILENT], SAMPLE)

    def try_all(self, request=None):
        self.names = self.names or self.files.names()
        for _ in range(2):  # the first time more is asked, of the server and of the folder
            self.sql(RESET)
            self.places.arm(None, None)
            reply, error = self.ask(request)
            self.assertIsNone(error)
            self.assertTrue(reply.ok, reply)
        self.expected = self.left()
        tried = self.places_of(self.places.texts)
        problems = []
        for place, way in tried:
            found = self.try_place(request, place, way)
            problems += found
            print("\n".join(found), file=sys.stderr, end="\n" if found else "", flush=True)
        self.assertEqual(self.process.process.poll(), None)
        self.assertFalse(problems, f"{len(problems)} of {len(tried)} places:\n" + "\n".join(problems))

    # ---- kinds of runs ----

    def test_one_migration_after_the_other(self):
        self.begin(self.prisma(a1="CREATE TABLE a (x int);" + step("a1"), b2="CREATE TABLE b (x int);" + step("b2")))
        self.try_all()

    def test_all_in_one_transaction(self):
        self.begin(self.prisma(a1="CREATE TABLE a (x int);" + step("a1"), b2="CREATE TABLE b (x int);" + step("b2")))
        self.try_all({"transaction": messages().migration.TRANSACTION_MODE_ALL})

    def test_all_in_one_transaction_whose_connection_is_lost_in_front_of_the_first(self):
        files = self.prisma(a1="CREATE TABLE a (x int);" + step("a1"))
        self.begin(files)
        self.assertTrue(self.ask({})[0].ok)
        files.add("b2", "CREATE TABLE b (x int);" + step("b2"))
        for way in ("cut-before", "cut-after", "kill"):
            self.places.arm(b"pg_try_advisory_xact_lock", way)
            reply, error = self.ask({"transaction": messages().migration.TRANSACTION_MODE_ALL})
            self.assertIsNone(error)
            self.assertIn("nothing was committed", reply.failed.error)
            self.assertEqual((reply.ok, self.recorded()), (False, {"a1"}))

    def test_one_transaction_under_the_lock_of_a_table(self):
        self.begin(self.dbmate())
        self.try_all()

    def test_all_in_one_transaction_under_the_lock_of_a_table(self):
        self.begin(self.dbmate())
        self.try_all({"transaction": messages().migration.TRANSACTION_MODE_ALL})

    def test_a_file_whose_statements_stand_alone(self):
        scripts = "CREATE TABLE a (x int);" + step("a1") + "CREATE INDEX CONCURRENTLY a_x ON a (x);" + step("a1 again")
        self.begin(self.prisma(a1=scripts, b2="CREATE TABLE b (x int);" + step("b2")))
        self.in_steps = True
        self.try_all()

    def test_a_step_that_is_done_and_whose_row_could_not_be_written_is_not_done_again(self):
        made = "CREATE TABLE p (x int) PARTITION BY LIST (x); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX i ON p1 (x);"
        for statement in ("CREATE INDEX CONCURRENTLY j ON p1 (x)", "CREATE INDEX CONCURRENTLY ON p1 (x)", "DROP INDEX CONCURRENTLY i",
                          "REINDEX INDEX CONCURRENTLY i", "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", "VACUUM p1"):
            with self.subTest(statement):
                if "DETACH" in statement:
                    self.needs(14, statement)
                self._database = None
                self.begin(self.prisma(a1=f"{made}{statement};{step('a1')}"))
                self.names, self.in_steps = ["a1"], True
                reply, _ = self.ask(None)
                self.assertTrue(reply.ok, reply)
                self.expected = self.left()
                self.sql(RESET)
                self.places.arm(None, None)
                self.ask(None)
                done = next(number for number, text in enumerate(self.places.texts) if text.strip().startswith(statement[:20].encode()))
                row = next(number for number, text in enumerate(self.places.texts) if number > done and b"migration_steps" in text)
                for way in ("error 55P03", "error 57014", "cut-before"):
                    self.assertEqual(self.try_place(None, row, way), [])

    def test_what_is_committed_is_known_where_the_connection_is_lost_behind_it(self):
        """Also where its commit was not on disk yet: the server has not gone down, and so it has it."""
        self.begin(self.prisma(a1="CREATE TABLE a (x int);" + step("a1"), b2="CREATE TABLE b (x int);" + step("b2")))
        self.names = self.files.names()
        for _ in range(2):
            self.sql(RESET)
            self.places.arm(None, None)
            self.assertTrue(self.ask(None)[0].ok)
        self.expected = self.left()
        first, second = (next(number for number, text in enumerate(self.places.texts) if words in text) for words in (b"CREATE TABLE a ", b"CREATE TABLE b "))
        self.assertGreater(second, first + 1, self.places.texts)
        for place in range(first, second + 2):  # a message more or less stands in front of them
            self.assertEqual(self.try_place(None, place, "cut-before"), [])

    def test_what_may_have_stayed_is_not_said_not_to_have_run(self):
        self.begin(self.prisma(a1="CREATE TABLE a (x int);" + step("a1"), b2="SELECT 1 / 0;"))
        self.places.arm(b"pg_logical_emit_message", "cut-for-good")
        reply, _ = self.ask({})
        self.assertIn("it was rolled back; whether all before it stayed is not known", reply.summary)
        self.assertEqual((list(reply.applied), self.recorded()), ([], {"a1"}))

    def test_a_mark(self):
        self.begin(self.prisma(a1="CREATE TABLE a (x int);" + step("a1")))
        self.method, self.marks = "MarkApplied", True
        self.try_all({"migration": "a1"})

    def test_a_mark_whose_answer_is_lost_with_the_server_is_not_known(self):
        self.begin(self.prisma(a1="CREATE TABLE a (x int);" + step("a1")))
        self.method = "MarkApplied"
        places = self.places

        def is_at(text):
            """The mark's commit is sent, its answer is cut, and then nobody is let in any more."""
            if not (b"INSERT INTO" in text and COMMITS.search(text)):
                return False
            places.listener.shutdown(socket.SHUT_RDWR)
            return True
        places.action, places.is_at = "cut-after", is_at
        reply, error = self.ask({"migration": "a1"}, timeout_ms=10000)
        self.assertIsNone(reply)
        self.assertEqual(error.code, 14)
        self.assertIn('It is not known whether migration "a1" was marked', error.status.message)
        self.assertEqual(self.recorded(), {"a1"})

    def test_a_tool_of_its_own(self):
        self.begin(self.knex(), "--allow-delegate")
        self.by_tool = True
        self.try_all()


if __name__ == "__main__":
    harness.main()
