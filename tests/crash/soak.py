"""Mixed load over four workers and a bridge while parts of it are killed, for as long as is wanted; then it is looked at what is left.

Migrations are added all the time, and several clients run what is pending, over the bridge and by RPC, with a key and in the
background. Others read: status, plans, previews, queries, exports, streams of events. Meanwhile workers, the bridge, backends and
the postmaster are killed, a worker stands still for some seconds, and the network between the workers and the server loses all
that is sent, for less and for more time than a connection is given (support/network.py). At the end all that was
ever added has been applied once; who was told that it applied something is alone with that; the worker that nobody kills has as
much memory and as many descriptors as in the beginning; and no session, lock or operation is left behind.

Usage: soak.py [--minutes N] [--seed S]
"""
import argparse
import collections
import contextlib
import http.client
import json
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Http, Program, Project, Rpc, RpcError, free_port, wait_for
from network import FAR, NEAR, Network, begin_alone

WORKERS = 4  # the last is never killed
PAUSE = (1.5, 5)  # seconds between two strikes
STANDSTILL = 4
SILENCES = (2, 8, 30)  # seconds without a network: a connection outlives the first
STATUS = "/api/migrations/status"
RUN = "/api/migrations/idempotent/run"
# What may be told while things are killed; anything else that is no success is a failure.
TROUBLE = {409, 429, 500, 502, 503, 504}


class Soak:
    def __init__(self, seed, network):
        self.random = random.Random(seed)
        self.network = network  # between workers and server; None: there is none that could fall silent
        self.cluster = harness.Cluster()
        if network:
            self.let_in(FAR)
        self.database = self.cluster.create_database()
        self.files, self.new = Project(), Project()
        self.added = 0
        self.over = threading.Event()
        self.lock = threading.Lock()  # of what follows
        self.told = collections.Counter()
        self.applied = collections.Counter()  # how often a migration was told to be applied by who asked
        self.problems = []
        self.addresses = [f"ipc://{self.files.path}.{number}" if network else f"tcp://127.0.0.1:{free_port()}" for number in range(WORKERS)]
        self.at = f"127.0.0.1:{free_port()}"
        self.files.add("000000", "CREATE TABLE done (migration int);")
        self.workers = [self.begin_worker(number) for number in range(WORKERS)]
        self.bridge = self.begin_bridge()

    def sql(self, text):
        return self.cluster.psql(self.database, text)

    def let_in(self, address):
        with open(os.path.join(self.cluster.data, "postgresql.conf"), "a", encoding="ascii") as file:
            file.write("listen_addresses='*'\n")
        with open(os.path.join(self.cluster.data, "pg_hba.conf"), "a", encoding="ascii") as file:
            file.write(f"host all all {address}/32 scram-sha-256\n")
        self.cluster.stop()
        self.cluster.start()

    def begin_worker(self, number):
        url = self.cluster.url(self.database)
        return Program("truss-worker", "--listen", self.addresses[number], "--project", self.files.path, "--audit",
                       environment={"DATABASE_URL": url.replace("@127.0.0.1:", f"@{NEAR}:") if self.network else url},
                       inside=self.network.inside if self.network else ()).wait_listening()

    def begin_bridge(self):
        return Program("truss-bridge", "--listen", self.at, "--worker", ",".join(self.addresses), "--timeout", "10").wait_listening()

    # ---- the load ----

    def count(self, what, answer):
        with self.lock:
            self.told[what, answer] += 1

    def repeat(self, what, act, pause=0.05):
        """A thread that does it until it is over. Whoever has nothing to say for itself is a failure of ours."""
        def work():
            while not self.over.is_set():
                try:
                    self.count(what, act())
                except (OSError, http.client.HTTPException, RpcError, AssertionError) as error:
                    self.count(what, getattr(error, "code", None) or type(error).__name__)
                except Exception as error:  # noqa: BLE001
                    with self.lock:
                        self.problems.append(f"{what}: {error!r}")
                time.sleep(pause)
        return threading.Thread(target=work, daemon=True)

    def ask(self, method, path, body=None, **headers):
        answer = Http(f"http://{self.at}").request(method, path, body, headers={key.replace("_", "-"): value for key, value in headers.items()}, timeout=30)
        if answer.status >= 400 and answer.status not in TROUBLE | {400, 404}:
            with self.lock:
                self.problems.append(f"{method} {path}: {answer.status} {answer.body[:200]}")
        return answer

    def add(self):
        if len(self.files.names()) - int(self.sql("SELECT count(*) FROM done")[0][0]) < 20:
            self.added += 1
            self.new.add(f"{self.added:06}", f"CREATE TABLE t{self.added} (id int);\nINSERT INTO done VALUES ({self.added});\n"
                         + ("SELECT pg_sleep(0.5);\n" if self.added % 5 == 0 else ""))
            for name in self.new.names():  # whole, or not there
                os.rename(os.path.dirname(self.new.script(name)), os.path.dirname(self.files.script(name)))
        return "added"

    def note(self, names):
        with self.lock:
            self.applied.update(names)

    def run_by_http(self):
        answer = self.ask("POST", RUN, {})
        if answer.status in (200, 400):
            self.note(one["name"] for one in answer.json.get("applied", []))
        return answer.status

    def run_with_key(self):
        """Asked twice, it is told the same; where the first answer was lost, that one."""
        key = f"{self.random.random()}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.ask("POST", RUN, {}, Idempotency_Key=key)
        answer = self.ask("POST", RUN, {}, Idempotency_Key=key)
        if answer.status in (200, 400):
            self.note(one["name"] for one in answer.json.get("applied", []))
        return answer.status

    def run_in_background(self):
        begun = self.ask("POST", RUN, {}, Prefer="respond-async")
        if begun.status != 202:
            return begun.status
        path = f"/api/operations/{begun.json['id']}"
        ended = wait_for(lambda: self.over.is_set() or self.ask("GET", path).json.get("state") not in (None, "running"), 60, 0.5)
        return "ended" if ended else "runs"

    def run_by_rpc(self):
        with Rpc(self.random.choice(self.addresses), timeout=30) as rpc:
            reply = rpc.call("MigrationService", "Run")
            self.note(one.name for one in reply.applied)
            return "ok" if reply.ok else "failed"

    def read(self):
        path = self.random.choice([STATUS, "/api/migrations/plan", "/api/operations", "/api/health", "/metrics", "/api/audit?limit=20",
                                   f"/api/migrations/preview/{max(1, self.added - 3):06}"])
        return self.ask("GET", path).status

    def query(self):
        kind = self.random.choice(["query", "explain", "export"])
        body = {"sql": f"SELECT i, repeat('x', 100) FROM generate_series(1, {self.random.choice([10, 5000])}) i"}
        return self.ask("POST", f"/api/sql/{kind}", {**body, "format": "csv"} if kind == "export" else body).status

    def listen(self):
        """The events of the newest run, which are left in the middle."""
        runs = self.ask("GET", "/api/operations").json.get("operations", [])
        if not runs:
            return "none"
        connection = http.client.HTTPConnection(self.at, timeout=3)
        try:
            connection.request("GET", f"/api/operations/{runs[0]['id']}/events")
            connection.getresponse().read(200)
        finally:
            connection.close()
        return "heard"

    # ---- strikes ----

    def kill_worker(self):
        number = self.random.randrange(WORKERS - 1)
        self.workers[number].kill()
        self.workers[number] = self.begin_worker(number)

    def kill_bridge(self):
        self.bridge.kill()
        self.bridge = self.begin_bridge()

    def kill_backends(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.6")

    def kill_postmaster(self):
        self.cluster.stop("immediate")
        self.cluster.start()

    def stand_still(self):
        one = self.random.choice(self.workers[:-1]).process
        one.send_signal(signal.SIGSTOP)
        self.over.wait(STANDSTILL)
        one.send_signal(signal.SIGCONT)

    def lose_packets(self):
        self.network.fall_silent()
        self.over.wait(self.random.choice(SILENCES))
        self.network.speak()

    def strike(self, until):
        strikes = [self.kill_worker] * 4 + [self.kill_bridge] * 2 + [self.kill_backends] * 3 + [self.stand_still] * 2 + [self.kill_postmaster]
        strikes += [self.lose_packets] * 2 if self.network else []
        while time.monotonic() < until:
            one = self.random.choice(strikes)
            with contextlib.suppress(AssertionError):  # of SQL that finds no server
                one()
            self.count("strike", one.__name__)
            time.sleep(self.random.uniform(*PAUSE))

    # ---- what is looked at ----

    def means(self):
        pid = self.workers[-1].process.pid
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            values = dict(line.split(":", 1) for line in file)
        return {"MB": int(values["VmRSS"].split()[0]) // 1024, "files": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(values["Threads"])}

    def finish(self):
        """Everything that is pending is applied by who asks now; what is wrong with what is left."""
        problems = list(self.problems)
        for _ in range(60):
            answer = self.ask("POST", RUN, {})
            if answer.status == 200:
                break
            time.sleep(1)
        else:
            problems.append(f"the last run: {answer.status} {answer.body[:500]}")
        names = [row[0] for row in self.sql("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL")]
        twice = [row[0] for row in self.sql("SELECT migration FROM done GROUP BY 1 HAVING count(*) <> 1")]
        problems += [f"done more than once: {twice}"] if twice else []
        problems += [f"in the ledger twice: {len(names) - len(set(names))}"] if len(names) != len(set(names)) else []
        problems += [f"lost: {sorted(set(self.files.names()) ^ set(names))[:9]}"] if set(self.files.names()) != set(names) else []
        claimed = [name for name, count in self.applied.items() if count > 1]
        problems += [f"applied by two, as they say: {claimed[:9]}"] if claimed else []
        problems += [f"told and not there: {sorted(set(self.applied) - set(names))[:9]}"] if set(self.applied) - set(names) else []
        problems += [f"the worker that nobody kills has ended: {self.workers[-1].text()[-300:]}"] if self.workers[-1].process.poll() is not None else []
        return problems

    def left(self):
        """Locks, and operations that go on, a while after the last request."""
        locks = self.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")[0][0]
        running = self.sql("SELECT count(*) FROM truss.operations WHERE outcome IS NULL AND heartbeat_at > now() - interval '10 seconds'")[0][0]
        return [f"{locks} locks and {running} operations are left"] if (locks, running) != ("0", "0") else []

    def end(self):
        for program in [self.bridge, *self.workers]:
            program.stop()
        self.files.remove()
        self.new.remove()
        self.cluster.remove()
        if self.network:
            self.network.close()

    def soak(self, minutes):
        load = [self.repeat("add", self.add, 0.2), self.repeat("run", self.run_by_http, 0.3), self.repeat("keyed run", self.run_with_key, 1),
                self.repeat("background run", self.run_in_background, 1), self.repeat("run by RPC", self.run_by_rpc, 0.5),
                *[self.repeat("read", self.read) for _ in range(3)], self.repeat("query", self.query, 0.1), self.repeat("listen", self.listen, 0.5)]
        for one in load:
            one.start()
        began = time.monotonic()
        self.strike(began + minutes * 60 / 4)
        first = self.means()
        self.strike(began + minutes * 60)
        last = self.means()
        self.over.set()
        for one in load:
            one.join(90)
        return first, last


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", default=str(time.time()))
    options = parser.parse_args()
    network = Network() if begin_alone() else None
    if network is None:
        print("The network is never silent: that needs root, unshare and veth.", file=sys.stderr)
    soak = Soak(options.seed, network)
    first, last = soak.soak(options.minutes)
    problems = soak.finish()
    with contextlib.suppress(AssertionError):
        wait_for(lambda: not soak.left(), 20)
    problems += soak.left()
    problems += [f"it grew from {first} to {last}"] if last["MB"] > first["MB"] + 16 or last["files"] > first["files"] + 40 else []
    for (what, answer), count in sorted(soak.told.items(), key=str):
        print(f"{what:16} {answer!s:24} {count}")
    print(f"seed {options.seed}: {soak.added} migrations; the worker that nobody kills: {first} after a quarter, {last} at the end")
    print(json.dumps(problems, indent=1))
    soak.end()
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
