"""The network between worker and database falls silent: nothing is refused and nothing closed, nobody answers any more."""
import contextlib
import os
import select
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, RpcError, wait_for
from proxy import Proxy


class Silent(Proxy):
    """freeze(): what is connected falls silent for ever; while `hangs`, who comes is accepted and not answered."""

    def __init__(self, port):
        self.hangs = False
        self.frozen = set()
        super().__init__(port)

    def serve(self, client):
        if not self.hangs:
            server = self.connect()
            threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
            self.pump(client, server)

    def pump(self, one, other):
        with contextlib.suppress(OSError):
            while one not in self.frozen:
                if select.select([one], [], [], 0.05)[0]:
                    data = one.recv(65536)
                    if not data or one in self.frozen:
                        break
                    other.sendall(data)
        if one not in self.frozen:
            self.end(one, other)

    def freeze(self, hangs=True):
        self.hangs = hangs
        self.frozen = set(self.sockets)


class Silence(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.proxy = Silent(self.cluster.port)
        self.addCleanup(self.proxy.close)
        self.process = self.worker(self.files, url=self.url().replace(f":{self.cluster.port}/", f":{self.proxy.port}/"))

    def ask_at_once(self, count, timeout_ms=2000):
        """The error codes of so many who ask for the status; 0: it was answered."""
        codes = []

        def ask():
            with Rpc(self.process.address) as rpc:
                try:
                    rpc.call("MigrationService", "GetStatus", timeout_ms=timeout_ms)
                    codes.append(0)
                except RpcError as error:
                    codes.append(error.code)
        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return codes

    def test_readers_are_free_again_when_the_database_is(self):
        """A cancel that nobody answers must not keep its thread for ever."""
        self.assertEqual(self.ask_at_once(12, 20000), [0] * 12)
        self.proxy.freeze()
        for _ in range(2):
            self.assertTrue(set(self.ask_at_once(12)) <= {4, 14})
        self.proxy.hangs = False
        wait_for(lambda: self.ask_at_once(4, 5000) == [0] * 4)

    def test_a_reader_does_not_wait_for_a_connection_that_the_network_has_forgotten(self):
        self.assertEqual(self.ask_at_once(4, 20000), [0] * 4)
        time.sleep(0.7)  # they are idle
        self.proxy.freeze(hangs=False)
        began = time.monotonic()
        self.assertEqual(self.ask_at_once(4, 20000), [0] * 4)
        self.assertLess(time.monotonic() - began, harness.allowed(8))

    def test_a_probe_says_so_within_its_time(self):
        with Rpc(self.process.address) as rpc:
            self.assertEqual(rpc.call("Health", "Check").status, 1)
            self.proxy.freeze()
            began = time.monotonic()
            reply = rpc.call("Health", "Check")
            self.assertEqual(reply.status, 2)
            self.assertLess(time.monotonic() - began, 20)
            self.proxy.hangs = False
            self.assertEqual(rpc.call("Health", "Check").status, 1)


DEFERRED = """CREATE TABLE t (i int);
CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit();
INSERT INTO t VALUES (1);"""
SLOW = """CREATE TABLE t AS SELECT 1 AS i;
CREATE FUNCTION slow(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN i; END $$;"""
SLEEPY = "CREATE TABLE t (i int); SELECT pg_sleep(2);"
STEPS = {  # the kinds of step during which the network forgets the run's connection: scripts, and how they are run
    "in its transaction": ((SLEEPY, "CREATE TABLE u (i int);"), {}),
    "at its commit": ((DEFERRED, "CREATE TABLE u (i int);"), {}),
    "a statement that stands alone": ((SLOW, "CREATE INDEX CONCURRENTLY ix ON t (slow(i));"), {}),
    "between statements that stand alone": ((SLOW, "CREATE INDEX CONCURRENTLY a ON t (i); SELECT pg_sleep(2); CREATE INDEX CONCURRENTLY b ON t (i);"), {}),
    "all in one": (("CREATE TABLE u (i int);", SLEEPY), {"transaction": 2}),
    "a dry run": ((SLEEPY,), {"dry_run": True}),
}


class Way:
    """A run through a proxy that forgets its connection while the server is at work."""

    def __init__(self, case, kind):
        self.case, self.kind = case, kind
        scripts, self.options = STEPS[kind]
        self.database = case.cluster.create_database()
        case.addCleanup(case.cluster.drop_database, self.database)
        self.files = case.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.proxy = Silent(case.cluster.port)
        case.addCleanup(self.proxy.close)
        url = case.cluster.url(self.database).replace(f":{case.cluster.port}/", f":{self.proxy.port}/")
        self.process = case.worker(self.files, url=url)
        self.thread = threading.Thread(target=self.run)
        self.reply = self.error = self.took = None

    def ask(self, method, request=None):
        with Rpc(self.process.address) as rpc:
            return rpc.call("MigrationService", method, request or {}, timeout_ms=120000)

    def run(self):
        try:
            self.reply = self.ask("Run", self.options)
        except RpcError as error:
            self.error = error

    def sleeps(self):
        return self.case.cluster.psql(self.database, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")

    def locks(self):
        return self.case.cluster.psql(self.database, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
                                                     "(SELECT oid FROM pg_database WHERE datname = current_database())")


class Forgotten(Case):
    limit = 180

    def test_a_run_ends_or_goes_on_when_the_network_forgets_it(self):
        ways = [Way(self, kind) for kind in STEPS]
        for way in ways:
            way.thread.start()
        for way in ways:
            wait_for(way.sleeps, 30)
            way.proxy.freeze(hangs=False)
        frozen = time.monotonic()
        for way in ways:
            way.thread.join(60)
            way.took = time.monotonic() - frozen
        for way in ways:
            with self.subTest(kind=way.kind):
                self.assertFalse(way.thread.is_alive())
                self.assertLess(way.took, 35 if harness.SANITIZED else 30)
                wait_for(lambda way=way: not way.locks(), 5)
                self.look_at(way)

    def look_at(self, way):
        """What was said is what is; what is left runs."""
        states = self.states(way.ask("GetStatus"))
        if way.options.get("dry_run"):
            self.assertEqual(set(states.values()), {"pending"})
            self.assertFalse(way.reply.ok)
            self.assertIn("is not known", way.reply.summary)
            return
        if way.reply is not None and way.reply.ok:
            self.assertEqual(set(states.values()), {"applied"}, way.kind)
        elif way.options.get("transaction"):
            self.assertEqual(len(set(states.values())), 1)
        if set(states.values()) != {"applied"}:
            self.assertTrue(way.ask("Run").ok, way.kind)
        self.assertEqual(set(self.states(way.ask("GetStatus")).values()), {"applied"})


if __name__ == "__main__":
    harness.main()
