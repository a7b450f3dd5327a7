"""Migrations that are programs, left to the project's own tool: here a script of ours in its place, which behaves or does not. The real
ones are in tests/peers."""
import os
import re
import subprocess
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import Fixtures
from harness import PASSWORD, PASSWORD_ENCODED, RpcError, messages, wait_for

CANCELLED, FAILED_PRECONDITION, ABORTED = 1, 9, 10
KNEX = "node_modules/.bin/knex"
SEED, INDEX, LAST = "20240104000000_seed.js", "20240105000000_slug_index.js", "20240106000000_last.js"
# What all of our scripts begin with: `record NAME…` writes rows as knex does.
PRELUDE = """#!/bin/sh
record() {
    for name; do
        psql "$DATABASE_URL" -Xq -v ON_ERROR_STOP=1 -c "INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('$name', 9, now())"
    done
}
here=$(dirname "$0")
echo "$*" >>"$here/started"
"""


class Delegate(Fixtures):
    def setUp(self):
        super().setUp()
        self.database = self.fixture("knex", "before.sql")

    # ---- a project with a tool ----

    def knex(self, script, at=KNEX):
        """The knex project with a third pending migration, and this script as its tool."""
        self.files = self.copy("knex")
        with open(os.path.join(self.files.path, "migrations", LAST), "w", encoding="ascii") as file:
            file.write("exports.up = async () => {};\n")
        self.tool(script, at)
        return self.files

    def tool(self, script, at=KNEX):
        self.tool_path = os.path.join(self.files.path, at)
        os.makedirs(os.path.dirname(self.tool_path), exist_ok=True)
        with open(self.tool_path, "w", encoding="utf-8") as file:
            file.write(PRELUDE + script)
        os.chmod(self.tool_path, 0o755)

    def beside(self, name):
        """A file that the tool has written."""
        try:
            with open(os.path.join(os.path.dirname(self.tool_path), name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def begin(self, script=None, *arguments, environment=None, allow=("--allow-delegate",)):
        """A worker on it, and a connection."""
        if script is not None:
            self.knex(script)
        self.process = self.worker(self.files, *allow, *arguments, environment=environment)
        return self.rpc(self.process)

    def run_it(self, rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    def refused(self, rpc, code=FAILED_PRECONDITION, method="Run", **request):
        before = self.beside("started")
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", method, request)
        self.assertEqual(refused.exception.code, code, refused.exception)
        self.assertEqual(self.beside("started"), before)
        return refused.exception.status.message

    # ---- runs that are watched ----

    @staticmethod
    def kind(event):
        return messages().migration.EventKind.Name(event.kind).removeprefix("EVENT_KIND_").lower()

    def events(self, rpc, operation):
        """All events of one that has ended."""
        events = []
        while True:
            reply = rpc.call("MigrationService", "WaitOperation", {"id": operation, "after_event": len(events), "wait_ms": 30000})
            events += reply.events
            if reply.operation.done and len(events) == reply.operation.last_event:
                return reply.operation, events

    def output(self, rpc, operation):
        return [event.message for event in self.events(rpc, operation)[1] if self.kind(event) == "output"]

    def assert_gone(self, pid):
        def gone():
            try:
                with open(f"/proc/{int(pid)}/stat", encoding="ascii") as file:
                    return ") Z " in file.read()
            except FileNotFoundError:
                return True
        wait_for(gone)

    # ---- tools that run all in one transaction ----

    def kysely(self, script):
        """Two pending migrations of Kysely, and this script as its tool."""
        self.database = self.fixture("kysely", "before.sql")
        self.files = self.copy("kysely")
        self.tool(script, "node_modules/.bin/kysely")
        rpc = self.begin()
        return rpc, [one.name for one in rpc.call("MigrationService", "GetStatus").migrations if one.state == messages().migration.STATE_PENDING]

    def test_the_one_that_failed_is_the_one_that_the_output_names_last(self):
        """kysely-ctl 0.20.0 prints this line; the row of the first one went with the transaction, and that was said to have failed"""
        rpc, pending = self.kysely("""echo '◐ Starting migration to latest'
            echo '✖ Migration failed with error: relation "x" does not exist @ "1704412800000_slug_index"'; exit 1""")
        self.assertEqual(pending, ["1704326400000_seed", "1704412800000_slug_index"])
        reply = self.run_it(rpc)
        self.assertEqual((reply.ok, reply.failed.name), (False, pending[1]))
        self.assertIn("has none of the 2 migrations, which it runs in one transaction.", reply.failed.error)
        self.assertEqual(reply.summary, 'Migration "1704412800000_slug_index" failed; none of the 2 migrations was recorded.')
        attempts = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations if one.HasField("last_failure")]
        self.assertEqual(attempts, [pending[1]])

    def test_where_the_output_names_none_it_is_not_known_which_one_failed(self):
        rpc, pending = self.kysely("echo 'Cannot find package x, not 21704412800000_slug_index_y'; exit 1")
        reply = self.run_it(rpc)
        self.assertIn("whether one of them failed, and which, is only in its output", reply.failed.error)
        self.assertEqual(reply.summary, "Its own tool failed; none of the 2 migrations was recorded.")
        self.assertEqual([one.name for one in rpc.call("MigrationService", "GetStatus").migrations if one.HasField("last_failure")], [])

    # ---- what came of it ----

    def test_how_long_it_took_is_said_only_where_the_tracking_table_has_it(self):
        self.begin(f"record {SEED} {INDEX} {LAST}")
        result = self.truss("run", "--yes", worker=self.process)
        self.assertIn(f"applied  {SEED} (by its own tool)\n", result.stdout)
        self.assertNotRegex(result.stdout, r"\b0 ms")

    def test_what_the_tool_records_is_applied_and_its_output_is_told(self):
        rpc = self.begin(f"echo one; echo two >&2; record {SEED} {INDEX} {LAST}; printf '\\033[32mgreen\\033[0m\\n\\nlast'")
        reply = self.run_it(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual([one.name for one in reply.applied], [SEED, INDEX, LAST])
        self.assertEqual(list(reply.warnings), [])
        self.assertEqual(self.beside("started"), "migrate:latest\n")
        self.assertEqual(set(self.states(rpc)), {"applied"})
        operation, events = self.events(rpc, reply.operation)
        self.assertEqual([event.message for event in events if self.kind(event) == "output"], ["one", "two", "green", "last"])
        self.assertEqual([event.migration for event in events if self.kind(event) == "migration_done"], [SEED, INDEX, LAST])
        self.assertIn(f"Running {KNEX} migrate:latest.", [event.message for event in events if self.kind(event) == "note"])
        self.assertTrue(operation.done)

    def test_its_output_is_shown_as_it_comes(self):
        worker = self.worker(self.knex(f"echo HELLO; record {SEED} {INDEX} {LAST}"), "--allow-delegate")
        shown = self.truss("run", "--yes", "--progress", worker=worker)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"(?m)^output   HELLO$")

    def test_one_that_ends_well_and_records_nothing_has_failed(self):
        reply = self.run_it(self.begin("echo Already up to date; exit 0"))
        self.assertFalse(reply.ok)
        self.assertEqual(reply.failed.name, SEED)
        self.assertIn("ended as if all were well, and the tracking table does not have this migration", reply.failed.error)
        self.assertIn("DATABASE_URL", reply.failed.hint)
        self.assertEqual(reply.failed.detail, "Already up to date\n")
        self.assertEqual(len(reply.applied), 0)

    def test_one_that_stops_halfway_has_applied_what_the_ledger_has(self):
        rpc = self.begin(f"record {SEED}; echo 'error: relation does not exist' >&2; exit 1")
        reply = self.run_it(rpc)
        self.assertFalse(reply.ok)
        self.assertEqual([one.name for one in reply.applied], [SEED])
        self.assertEqual(reply.failed.name, INDEX)
        self.assertIn("exit status 1", reply.failed.error)
        self.assertEqual(reply.failed.detail, "error: relation does not exist\n")
        self.assertIn("1 migration that was run stays applied", reply.summary)

    def test_one_that_fails_although_all_is_recorded_has_done_its_work(self):
        reply = self.run_it(self.begin(f"record {SEED} {INDEX} {LAST}; exit 1"))
        self.assertTrue(reply.ok)
        self.assertEqual(len(reply.applied), 3)
        self.assertIn("exit status 1, but the tracking table has all migrations", reply.warnings[0])

    def test_what_is_run_without_being_asked_for_is_told(self):
        reply = self.run_it(self.begin(f"record {SEED} {INDEX}"), migrations=[SEED])
        self.assertTrue(reply.ok)
        self.assertEqual([one.name for one in reply.applied], [SEED, INDEX])
        self.assertEqual(list(reply.warnings), [f'"{INDEX}" was run, too, without being asked for.'])

    def test_one_that_dies_by_a_signal_is_told_of(self):
        reply = self.run_it(self.begin("echo before; kill -SEGV $$"))
        self.assertFalse(reply.ok)
        self.assertIn("was ended by signal 11", reply.failed.error)
        self.assertEqual(reply.failed.detail, "before\n")
        self.assertIn("knex migrate:unlock", reply.failed.hint)

    def test_a_connection_that_is_lost_meanwhile_is_made_again_to_judge(self):
        rpc = self.begin(f"""psql "$DATABASE_URL" -Xqc "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database()" >"$here/ended"; record {SEED} {INDEX} {LAST}""")
        reply = self.run_it(rpc)
        self.assertIn("t", self.beside("ended"))
        self.assertTrue(reply.ok, reply)
        self.assertEqual(len(reply.applied), 3)

    def test_where_the_ledger_cannot_be_read_afterwards_that_is_said(self):
        rpc = self.begin(f'record {SEED}; psql "$DATABASE_URL" -Xqc "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()" '
                         f'-c "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() '
                         f'AND datname = current_database()"')
        reply = self.run_it(rpc)
        self.assertFalse(reply.ok)
        self.assertIn("could not be found out", reply.failed.error)

    # ---- its end ----

    def test_one_that_hangs_is_ended_with_what_it_started_when_its_time_is_over(self):
        rpc = self.begin(f'record {SEED}; sleep 100 & echo $! >"$here/pid"; echo waiting; wait', "--delegate-timeout", "1")
        reply = self.run_it(rpc)
        self.assertFalse(reply.ok)
        self.assertEqual([one.name for one in reply.applied], [SEED])
        self.assertIn("had not ended when its time was over", reply.failed.error)
        self.assertIn("knex migrate:unlock", reply.failed.hint)
        self.assert_gone(self.beside("pid"))

    def test_the_deadline_of_the_run_ends_it_and_the_ledger_is_read_all_the_same(self):
        reply = self.run_it(self.begin(f"record {SEED}; sleep 100"), timeout_ms=5000)
        self.assertFalse(reply.ok)
        self.assertEqual([one.name for one in reply.applied], [SEED])
        self.assertIn("had not ended when its time was over", reply.failed.error)

    def test_a_cancelled_run_ends_it_with_what_it_started(self):
        rpc = self.begin(f'record {SEED}; sleep 100 & echo $! >"$here/pid"; wait')
        operation = rpc.call("MigrationService", "StartRun", {}).id
        wait_for(lambda: self.beside("pid").strip())
        rpc.call("MigrationService", "CancelOperation", {"id": operation})
        ended, _ = self.events(rpc, operation)
        self.assertEqual(messages().migration.OperationState.Name(ended.state), "OPERATION_STATE_CANCELLED")
        self.assert_gone(self.beside("pid"))
        self.assertEqual(self.states(rpc)[3], "applied")

    def test_another_worker_can_cancel_it(self):
        rpc = self.begin('echo $$ >"$here/pid"; exec sleep 100')
        operation = rpc.call("MigrationService", "StartRun", {}).id
        wait_for(lambda: self.beside("pid").strip())
        other = self.rpc(self.worker(self.files))
        other.call("MigrationService", "CancelOperation", {"id": operation})
        ended, _ = self.events(rpc, operation)
        self.assertEqual(messages().migration.OperationState.Name(ended.state), "OPERATION_STATE_CANCELLED")
        self.assert_gone(self.beside("pid"))

    def test_a_worker_that_is_stopped_ends_it(self):
        rpc = self.begin('echo $$ >"$here/pid"; exec sleep 100')
        rpc.call("MigrationService", "StartRun", {})
        wait_for(lambda: self.beside("pid").strip())
        self.process.stop()
        self.assert_gone(self.beside("pid"))

    @staticmethod
    def mark_all(rpc):
        """Says of each that a person has looked at it behind a tool that was lost. The mark waits for the run's lock, which its socket
        keeps."""
        for name in (SEED, INDEX, LAST):
            rpc.call("MigrationService", "MarkRolledBack", {"migration": name})

    def run_marked(self, rpc):
        self.mark_all(rpc)
        return self.run_it(rpc)

    def killed_while_it_works(self, tool, works=lambda: True):
        """A worker that was killed while its tool was at work; another one, not used yet."""
        rpc = self.begin(tool)
        rpc.call("MigrationService", "StartRun", {})
        wait_for(lambda: self.beside("pid").strip() and works())
        self.process.kill()
        return self.rpc(self.worker(self.files, "--allow-delegate"))

    def test_a_worker_that_is_killed_takes_it_along_whatever_it_started_and_wherever_that_went(self):
        self.killed_while_it_works('trap "" TERM HUP; setsid sleep 100 & echo $$ $! >"$here/pid"; while :; do sleep 0.1; done')
        for pid in self.beside("pid").split():
            self.assert_gone(pid)

    def test_what_a_tool_did_that_nobody_saw_end_is_not_done_twice(self):
        rpc = self.killed_while_it_works(f"""psql "$DATABASE_URL" -Xqc "CREATE TABLE IF NOT EXISTS charged (i int); INSERT INTO charged VALUES (1)"
            if mkdir "$here/first" 2>/dev/null; then record {SEED}; echo $$ >"$here/pid"; exec sleep 100; fi; record {INDEX} {LAST}""")
        message = self.refused(rpc)
        self.assertIn(f'was started for "{INDEX}", and nobody saw how it ended', message)
        self.assertIn("nothing runs until that is resolved", message)
        self.assertEqual(self.refused(rpc, migrations=[LAST], allow_out_of_order=True), message)
        self.assertEqual(self.refused(rpc, method="Plan"), message)
        self.assertEqual(self.sql("SELECT count(*) FROM charged"), [("1",)])
        marked = rpc.call("MigrationService", "MarkRolledBack", {"migration": INDEX})
        self.assertEqual(marked.message, f'Migration "{INDEX}" may run again.')
        self.assertIn(f'was started for "{LAST}"', self.refused(rpc))
        rpc.call("MigrationService", "MarkRolledBack", {"migration": LAST})
        self.assertTrue(self.run_it(rpc).ok)
        self.assertEqual(self.sql("SELECT count(*) FROM charged"), [("2",)])

    def test_each_migration_that_a_lost_tool_had_begun_needs_its_own_mark(self):
        rpc = self.killed_while_it_works(f"""if mkdir "$here/first" 2>/dev/null; then echo $$ >"$here/pid"; exec sleep 100; fi; record {INDEX} {LAST}""")
        self.assertIn(f'was started for "{SEED}"', self.refused(rpc))
        rpc.call("MigrationService", "MarkApplied", {"migration": SEED})
        for name in (INDEX, LAST):
            message = self.refused(rpc)
            self.assertIn(f'was started for "{name}"', message)
            self.assertIn("needs its own mark", message)
            rpc.call("MigrationService", "MarkRolledBack", {"migration": name})
        self.assertTrue(self.run_it(rpc).ok)
        self.assertEqual(self.sql("SELECT count(*) FROM truss.migration_steps"), [("0",)])

    def test_what_a_lost_tool_has_recorded_all_of_is_no_question(self):
        rpc = self.killed_while_it_works(f"""record {SEED} {INDEX} {LAST}; echo $$ >"$here/pid"; exec sleep 100""")
        self.assertTrue(self.run_it(rpc).ok)

    def test_a_role_that_may_have_no_tables_of_ours_is_told_what_is_not_known_then(self):
        self.sql(f"REVOKE CREATE ON DATABASE {self.database} FROM PUBLIC; CREATE ROLE poor LOGIN PASSWORD 'poor'; ALTER TABLE knex_migrations OWNER TO poor; "
                 "ALTER TABLE knex_migrations_lock OWNER TO poor; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO poor")
        url = f"postgresql://poor:poor@127.0.0.1:{self.cluster.port}/{self.database}"
        worker = self.worker(self.knex(f"record {SEED} {INDEX} {LAST}"), "--allow-delegate", url=url)
        reply = self.run_it(self.rpc(worker))
        self.assertTrue(reply.ok, reply)
        self.assertIn("It could not be recorded that the tool was started", reply.warnings[0])

    def test_one_whose_worker_was_killed_is_not_started_again_while_it_lives(self):
        # It takes a second to give up, and says so when it begins and when it ends.
        reply = self.run_marked(self.killed_while_it_works(f"""
            say() {{ psql "$DATABASE_URL" -Xqc "SELECT pg_sleep($1); INSERT INTO seen (what) VALUES ('$2')"; }}
            if mkdir "$here/first" 2>/dev/null; then
                psql "$DATABASE_URL" -Xqc "CREATE TABLE seen (at timestamptz DEFAULT clock_timestamp(), what text)"
                say 0 'first began'
                trap "say 1 'first ended'; exit 1" TERM
                echo $$ >"$here/pid"
                while :; do sleep 0.05; done
            fi
            say 0 'second began'; record {SEED} {INDEX} {LAST}"""))
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT what FROM seen ORDER BY at"), [("first began",), ("first ended",), ("second began",)])

    def test_a_statement_that_goes_on_in_the_server_without_its_tool_is_waited_for(self):
        rpc = self.killed_while_it_works(f"""
            if mkdir "$here/first" 2>/dev/null; then
                echo $$ >"$here/pid"
                exec psql "$DATABASE_URL" -Xqc "SELECT pg_sleep(600)"
            fi
            record {SEED} {INDEX} {LAST}""", works=self.sleepers)
        self.assert_gone(self.beside("pid"))
        self.mark_all(rpc)
        operation = rpc.call("MigrationService", "StartRun", {}).id

        def waits():
            told = rpc.call("MigrationService", "WaitOperation", {"id": operation}).events
            return any("tool of an earlier run still has a session" in event.message for event in told)
        wait_for(waits)
        self.wake_up()
        ended, events = self.events(rpc, operation)
        self.assertTrue(ended.result.ok, events)

    def test_a_session_with_the_tool_s_name_that_stays_is_named(self):
        self.begin('echo "$PGAPPNAME" >"$here/name"; exit 1')
        self.run_it(self.rpc(self.process))
        name = self.beside("name").strip()
        self.assertEqual(name, "truss tool public.knex_migrations")
        os.remove(os.path.join(os.path.dirname(self.tool_path), "started"))
        self.hold(f"SET application_name = '{name}'")
        refused = self.refused(self.rpc(self.worker(self.files, "--allow-delegate", "--lock-wait", "0")), ABORTED)
        self.assertRegex(refused, rf'still has a session: pid \d+ \(application "{name}", user app, ')

    # ---- its output ----

    def test_its_password_is_shown_nowhere(self):
        rpc = self.begin(f"""echo "raw {PASSWORD} end"; echo "url $DATABASE_URL end"; echo "lower pass%3aw%2frd%401 end"
            echo 'json {{"password":"pass:w\\/rd@1"}} end'; printf 'colour pass\\033[1m:w/rd@1 end\\n'
            echo "words $(tr '\\0' ' ' </proc/$$/cmdline) end"; printf 'a\\tb \\377 end\\n'; exit 1""")
        reply = self.run_it(rpc)
        shown = self.output(rpc, reply.operation)
        self.assertEqual([line.split()[0] for line in shown], ["raw", "url", "lower", "json", "colour", "words", "a"])
        everywhere = "\n".join([*shown, str(reply), self.process.text()])
        for spelling in (PASSWORD, PASSWORD_ENCODED, PASSWORD_ENCODED.lower(), "w/rd", "w%2Frd"):
            self.assertNotIn(spelling, everywhere)
        self.assertEqual(shown[0], "raw *** end")
        self.assertRegex(shown[1], r"^url postgresql://app:\*\*\*@127\.0\.0\.1:\d+/\w+ end$")
        self.assertEqual(shown[3], 'json {"password":"***"} end')
        self.assertEqual(shown[4], "colour *** end")
        self.assertEqual(shown[6], "a\tb \N{REPLACEMENT CHARACTER} end")
        self.assertEqual(self.sql("SELECT count(*) FROM truss.operation_events WHERE message LIKE '%w/rd%'", check=False) or [("0",)], [("0",)])

    def test_a_hundred_megabytes_of_output_do_no_harm(self):
        rpc = self.begin(f"head -c 50000000 /dev/zero | tr '\\0' x; echo; yes 'line after line' | head -c 50000000; echo the end; record {SEED} {INDEX}; exit 1")
        reply = self.run_it(rpc)
        self.assertEqual(reply.failed.name, LAST)
        self.assertTrue(reply.failed.detail.endswith("line after line\nthe end\n") or reply.failed.detail.endswith("the end\n"), reply.failed.detail[-100:])
        self.assertLessEqual(len(reply.failed.detail), 4096)
        shown = self.output(rpc, reply.operation)
        self.assertLess(len(shown), 20000)
        self.assertLess(sum(map(len, shown)), 2000000)
        self.assertEqual(set(self.states(rpc)), {"applied", "pending"})
        with open(f"/proc/{self.process.process.pid}/status", encoding="ascii") as file:
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1))
        if not harness.SANITIZED:
            self.assertLess(peak, 100000)

    # ---- what it is given ----

    def test_its_environment_is_small_and_its_own(self):
        rpc = self.begin('env | sort >"$here/env"; pwd >"$here/pwd"; cat >"$here/input"; ls -l /proc/self/fd | wc -l >"$here/files"',
                         environment={"SECRET_OF_OURS": "x", "NODE_OPTIONS": "--require evil", "NODE_ENV": "production",
                                      "TRUSS_DELEGATE_ENV_APP_KEY": "base64:k=="})
        self.run_it(rpc)
        given = dict(line.split("=", 1) for line in self.beside("env").splitlines())
        for shell in ("_", "PWD", "OLDPWD", "SHLVL"):
            given.pop(shell, None)
        allowed = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "JAVA_HOME", "GEM_HOME", "SSL_CERT_FILE"}
        self.assertEqual({name: given[name] for name in sorted(given.keys() - allowed)}, {
            "APP_KEY": "base64:k==", "COLUMNS": "1000", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "DATABASE_URL": self.url(), "NODE_ENV": "production", "PGAPPNAME": "truss tool public.knex_migrations", "PGDATABASE": self.database,
            "PGHOST": "127.0.0.1", "PGPASSWORD": PASSWORD, "PGPORT": str(self.cluster.port), "PGUSER": "app"})
        self.assertEqual(self.beside("pwd").strip(), os.path.realpath(self.files.path))
        self.assertEqual(self.beside("input"), "")
        self.assertEqual(self.beside("files").strip(), "6")  # a total, three streams, the session that has the lock, and the folder that ls reads

    def test_parameters_of_the_connection_reach_it(self):
        self.knex('printf %s "$DATABASE_URL" >"$here/url"')
        self.process = self.worker(self.files, "--allow-delegate", url=self.url(sslmode="disable", schema="public", connection_limit="3"))
        self.run_it(self.rpc(self.process))
        self.assertEqual(self.beside("url"), self.url(sslmode="disable"))

    def test_in_a_monorepo_it_is_the_root_s_started_in_the_package(self):
        self.knex('pwd >"$here/pwd"; ' + f"record {SEED} {INDEX} {LAST}")
        package = os.path.join(self.files.path, "packages", "db")
        os.makedirs(package)
        for name in ("knexfile.js", "package.json", "migrations"):
            os.rename(os.path.join(self.files.path, name), os.path.join(package, name))
        rpc = self.begin()
        self.assertTrue(self.run_it(rpc).ok)
        self.assertEqual(self.beside("pwd").strip(), os.path.realpath(package))

    # ---- what it is asked for ----

    def test_one_alone_and_all_up_to_a_target_are_asked_for_by_name(self):
        rpc = self.begin('record "$2"')
        self.assertEqual([one.name for one in self.run_it(rpc, migrations=[SEED]).applied], [SEED])
        self.assertEqual(self.beside("started"), f"migrate:up {SEED}\n")
        self.tool(f'record {INDEX} "$2"')
        with open(os.path.join(self.files.path, "migrations", "20240107000000_after.js"), "w", encoding="ascii") as file:
            file.write("exports.up = async () => {};\n")
        self.assertEqual([one.name for one in self.run_it(rpc, target=LAST).applied], [INDEX, LAST])
        self.assertEqual(self.beside("started"), f"migrate:up {SEED}\nmigrate:to {LAST}\n")

    def test_a_selection_that_it_cannot_run_is_refused_before_anything_runs(self):
        rpc = self.begin("exit 0")
        message = self.refused(rpc, migrations=[SEED, LAST], allow_out_of_order=True)
        self.assertIn("run all that is pending, or all up to a target, or one alone", message)
        plan = rpc.call("MigrationService", "Plan", {"migrations": [SEED, LAST], "allow_out_of_order": True})
        self.assertEqual(plan.refusal + " Nothing was run.", message)

    def test_a_try_and_one_transaction_for_all_are_refused(self):
        rpc = self.begin("exit 0")
        self.assertIn("it cannot be tried", self.refused(rpc, dry_run=True))
        self.assertIn("part of one transaction", self.refused(rpc, transaction=messages().migration.TransactionMode.Value("TRANSACTION_MODE_ALL")))

    def test_without_allow_delegate_nothing_is_started_and_the_command_is_told(self):
        rpc = self.begin("exit 0", allow=())
        self.assertIn(f"{KNEX} migrate:latest. Truss starts it if that is allowed: truss run --allow-delegate, or truss-worker --allow-delegate if a worker is asked. Nothing was run.", self.refused(rpc))
        plan = rpc.call("MigrationService", "Plan", {})
        self.assertIn("is a program, which only Knex.js itself can run", plan.refusal)
        self.assertEqual(plan.summary, "3 migrations, run by Knex.js itself: what they lock is not known before.")
        self.assertEqual({one.delegate for one in plan.migrations}, {f"{KNEX} migrate:latest"})
        self.assertEqual(self.beside("started"), "")
        alone = rpc.call("MigrationService", "Plan", {"migrations": [SEED]})
        self.assertEqual(alone.summary, "1 migration, run by Knex.js itself: what it locks is not known before.")

    def test_a_plan_lists_programs_and_says_their_command_once(self):
        self.begin("exit 0")
        text = self.truss("plan", worker=self.process).stdout
        self.assertEqual((text.count(f"a program, run by its own tool: {KNEX} migrate:latest\n"), text.count(": a program, run by the same command\n")), (1, 2))
        self.assertNotIn("\n\n", text[text.index("a program"):text.rindex("the same command")])

    # ---- what is in the way ----

    def test_a_tool_that_is_not_there_or_no_program_is_told_with_what_installs_it(self):
        rpc = self.begin("exit 0")
        os.chmod(self.tool_path, 0o644)
        self.assertIn(f"looked for as {KNEX} in the project; \"npm ci\" installs it", self.refused(rpc))
        self.assertIn(f"looked for as {KNEX} in the project", rpc.call("MigrationService", "Plan", {}).refusal)
        os.remove(self.tool_path)
        os.mkdir(self.tool_path)
        self.assertIn("npm ci", self.refused(rpc))

    def test_a_tool_whose_interpreter_is_missing_is_told(self):
        rpc = self.begin("exit 0")
        with open(self.tool_path, "w", encoding="ascii") as file:
            file.write("#!/no/such/interpreter\n")
        self.assertIn("cannot be started", self.refused(rpc))

    def test_two_runs_exclude_each_other_while_it_works(self):
        rpc = self.begin(f'touch "$here/began"; while [ ! -e "$here/go" ]; do sleep 0.05; done; record {SEED} {INDEX} {LAST}', "--lock-wait", "0")
        operation = rpc.call("MigrationService", "StartRun", {}).id
        wait_for(lambda: os.path.exists(os.path.join(os.path.dirname(self.tool_path), "began")))
        with self.assertRaises(RpcError) as refused:
            self.run_it(rpc)
        self.assertEqual((refused.exception.code, refused.exception.status.detail.reason), (ABORTED, "LOCKED"))
        with open(os.path.join(os.path.dirname(self.tool_path), "go"), "w", encoding="ascii"):
            pass
        self.assertTrue(self.events(rpc, operation)[0].done)
        self.assertEqual(self.beside("started"), "migrate:latest\n")
        self.assertEqual(set(self.states(rpc)), {"applied"})

    def test_a_lock_that_was_lost_while_it_works_is_taken_again(self):
        rpc = self.begin(f"""psql "$DATABASE_URL" -Xqc "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
            AND datname = current_database()" >"$here/ended"; until psql "$DATABASE_URL" -Xqtc "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND
            database = (SELECT oid FROM pg_database WHERE datname = current_database())" | grep -q 1; do sleep 0.05; done; record {SEED} {INDEX} {LAST}""")
        reply = self.run_it(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(len(reply.applied), 3)

    def test_a_password_does_not_end_the_connection_string_of_dotnet(self):
        self.database = self.fixture("efcore", "before.sql")
        self.files = self.copy("efcore")
        self.tool('env | grep ^ConnectionStrings >"$here/connection"; exit 1', "bin-of-the-machine/dotnet")
        password = 'a;Host="evil'
        self.sql(f"CREATE ROLE efu LOGIN SUPERUSER PASSWORD '{password}'")
        url = f"postgresql://efu:{quote(password, safe='')}@127.0.0.1:{self.cluster.port}/{self.database}"
        worker = self.worker(self.files, "--allow-delegate", "--allow-other-database", url=url,
                             environment={"PATH": f"{os.path.dirname(self.tool_path)}:{os.environ['PATH']}"})
        try:
            self.run_it(self.rpc(worker))
        except RpcError:
            pass
        self.assertEqual(self.beside("connection").strip().split("=", 1)[1],
                         f'Host=127.0.0.1;Port={self.cluster.port};Database={self.database};Username=efu;Password="a;Host=""evil"')

    # ---- previews ----

    def laravel(self, script, allow=("--allow-delegate",)):
        """The Laravel project, whose tool is the PATH's php."""
        self.database = self.fixture("laravel", "before.sql")
        self.files = self.copy("laravel")
        self.tool(script, "bin-of-the-machine/php")
        return self.begin(allow=allow, environment={"PATH": f"{os.path.dirname(self.tool_path)}:{os.environ['PATH']}"})

    def preview(self, rpc):
        return rpc.call("MigrationService", "Preview", {"name": "2026_01_08_100000_seed_users"})

    def test_a_preview_is_what_the_tool_prints(self):
        rpc = self.laravel("echo 'insert into users;'; echo; echo 'select 1;'")
        reply = self.preview(rpc)
        self.assertEqual(reply.sql, "insert into users;\n\nselect 1;\n")
        self.assertIn("--pretend", self.beside("started"))
        self.assertIn("--path=database/migrations/2026_01_08_100000_seed_users.php", self.beside("started"))

    def test_a_preview_without_allow_delegate_starts_nothing(self):
        reply = self.preview(self.laravel("echo no", allow=()))
        self.assertEqual(reply.sql, "")
        self.assertIn("only Laravel can say", reply.note)
        self.assertEqual(self.beside("started"), "")

    def test_a_preview_that_fails_or_never_ends_printing_says_so(self):
        rpc = self.laravel("echo 'no such class'; exit 3")
        reply = self.preview(rpc)
        self.assertEqual(reply.sql, "")
        self.assertIn("exit status 3", reply.note)
        self.assertIn("no such class", reply.note)
        self.tool("yes 'select 1;' | head -c 6000000", "bin-of-the-machine/php")
        self.assertIn("prints more than can be shown", self.preview(rpc).note)


if __name__ == "__main__":
    harness.main()
