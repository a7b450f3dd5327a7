"""Speed and memory beside psql, a bare SELECT and a bare socket, as ratios, each with its aim and its least: what is measured of a program
that does only what cannot be spared. Prints a table; asserts nothing: a machine's mood is no fault.

Usage: bench.py [COUNT…]  (default: 1 100 1000 migrations)
Needs the programs in TRUSS_TEST_BIN, and bench_* and bare_* beside them in ../tests/bench; tests/bench/run.sh sees to both.
"""
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from cluster import PG_BIN
from harness import PASSWORD, Program, Project, Rpc

ROUNDS = 5
ONCE = 1000  # of so many the least is measured once: it takes as long as a run
AIMS = {(True, 1): 0.50, (True, 100): 0.85, (True, 1000): 0.60, (False, 1000): 0.97}


def project_of(count):
    project = Project()
    for number in range(count):
        project.add(f"{number:05}_m", f"CREATE TABLE t{number} (id INT PRIMARY KEY, name TEXT);\nCREATE INDEX t{number}_name ON t{number} (name);\n")
    return project


def psql_script(count):
    """The same transactions as a script: what a careful person would write by hand."""
    ledger = ('CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, '
              'migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), '
              'applied_steps_count INTEGER NOT NULL DEFAULT 0);\n')
    return ledger + "".join(
        f"BEGIN;\nCREATE TABLE t{n} (id INT PRIMARY KEY, name TEXT);\nCREATE INDEX t{n}_name ON t{n} (name);\n"
        f"INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES "
        f"(gen_random_uuid(), repeat('0', 64), '{n:05}_m', now(), clock_timestamp(), 1);\nCOMMIT;\n" for n in range(count))


def beside(name):
    """A program of the bench."""
    return os.path.join(os.path.dirname(harness.BIN), "tests", "bench", name)


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def run_psql(cluster, database, script):
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "app", "-d", database, "-f", "-"],
                   input=script, text=True, check=True, env=dict(os.environ, PGPASSWORD=PASSWORD))


def memory(pid):
    """What is resident of it, and of that what is its own: the rest are the files of libraries, which other programs share."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file if line.startswith(("Rss", "Private_Dirty")))
    resident, own = (int(fields[name].split()[0]) / 1024 for name in ("Rss", "Private_Dirty"))
    return f"{resident:5.1f} MB ({own:4.1f} its own)"


def run_quietly(words):
    subprocess.run(words, capture_output=True, check=False)


def pairs(*actions, rounds=9):
    """The medians of each, in seconds, taken in turn."""
    took = [[timed(action) for action in actions] for _ in range(rounds)]
    return (statistics.median(one) for one in zip(*took))


def started(command, word, environment=None):
    """The process, when it has said this."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, **(environment or {})))
    while word not in process.stdout.readline():
        assert process.poll() is None
    return process


def ended(process):
    process.kill()
    process.wait()
    process.stdout.close()


def burst(http, count=64):
    """So many clients at once that ask for the whole status."""
    threads = [threading.Thread(target=lambda: http.get("/api/migrations/status")) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def flush_counts(cluster):
    return os.path.join(cluster.directory, "data", "flushes")


def flushes(path):
    """Those that slow_flush.c has counted so far: of all files, and of the log."""
    with open(path, encoding="ascii") as file:
        letters = file.read()
    return len(letters), letters.count("w")


def flushes_since(path, before):
    return "{} flushes, {} of the log".format(*(now - was for now, was in zip(flushes(path), before)))


def least_run(cluster, count):
    """Seconds of what cannot be spared: bench_run.c."""
    database = cluster.create_database()
    took = float(subprocess.run([beside("bench_run"), cluster.url(database), str(count)], check=True, capture_output=True, text=True).stdout)
    cluster.drop_database(database)
    return took / 1000


def bench_run(cluster, count, is_slow):
    """psql, the least, and ours on the same server, one after the other."""
    project = project_of(count)
    script = psql_script(count)
    psql, least, ours, ratios, told = [], [], [], [], []
    counts = flush_counts(cluster) if is_slow else os.devnull
    for number in range(ROUNDS):
        database = cluster.create_database()
        before = flushes(counts)
        psql.append(timed(lambda: run_psql(cluster, database, script)))
        told = [flushes_since(counts, before)]
        cluster.drop_database(database)
        if number == 0 or count < ONCE:
            least.append(least_run(cluster, count))
        database = cluster.create_database()
        worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path,
                         environment={"DATABASE_URL": cluster.url(database)}).wait_listening()
        with Rpc(worker.address, timeout=600) as rpc:
            reply = []
            before = flushes(counts)
            ours.append(timed(lambda: reply.append(rpc.call("MigrationService", "Run"))))
            assert reply[0].ok and len(reply[0].applied) == count
            told.append(flushes_since(counts, before))
        worker.stop()
        cluster.drop_database(database)
        ratios.append(ours[-1] / psql[-1])
    project.remove()
    a, b = statistics.median(psql), statistics.median(ours)
    aim = AIMS.get((is_slow, count))
    print(f"run of {count:5} migrations, flush {'+3 ms' if is_slow else 'as is'}  psql {a * 1000:9.1f} ms   truss {b * 1000:9.1f} ms   "
          f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})  (least {statistics.median(least) / a:.2f}"
          f"{'' if aim is None else f', aim {aim:.2f}'})", flush=True)
    if is_slow:
        print(f"{'':33}psql {told[0]}; truss {told[1]}", flush=True)


@contextlib.contextmanager
def written_to(cluster, database):
    """Others commit 200 times a second in the database."""
    cluster.psql(database, "CREATE TABLE others (id int PRIMARY KEY, n int); INSERT INTO others SELECT g, 0 FROM generate_series(1, 1000) g")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write("\\set id random(1, 1000)\nUPDATE others SET n = n + 1 WHERE id = :id;\n")
        script.flush()
        with subprocess.Popen([os.path.join(PG_BIN, "pgbench"), "-n", "-R", "200", "-T", "3600", "-f", script.name, cluster.url(database)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(1)
            assert process.poll() is None
            yield
            process.kill()


def tell_status(name, cluster, database, project, worker):
    result = subprocess.run([beside("bench_status"), cluster.url(database), project.path, worker.address], check=True, capture_output=True, text=True)
    applied, bare, least, here, ours = (float(field) for field in result.stdout.split())
    assert applied == 1000
    print(f"{name} SELECT {bare / 1000:7.2f} ms   by RPC {ours / 1000:6.2f} ms   ratio {ours / bare:.2f}  "
          f"(least {least / bare:.2f}, aim 1.30); looked at anew {here / 1000:.2f} ms", flush=True)


def bench_status(cluster):
    project = project_of(1000)
    database = cluster.create_database()
    worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path,
                     environment={"DATABASE_URL": cluster.url(database)}).wait_listening()
    with Rpc(worker.address, timeout=600) as rpc:
        assert rpc.call("MigrationService", "Run").ok
    os.sync()  # of what waits to be written it is asked seldom whether it will tell
    time.sleep(2.5)  # younger files are not remembered
    tell_status("warm status of 1,000        ", cluster, database, project, worker)
    with written_to(cluster, database):
        tell_status("the same, 200 commits/s     ", cluster, database, project, worker)
    bridge = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", worker.address).wait_listening()
    http = harness.Http(bridge.address)
    before = memory(worker.process.pid), memory(bridge.process.pid)
    burst(http)
    time.sleep(1)
    for name, program, was in (("worker", worker, before[0]), ("bridge", bridge, before[1])):
        print(f"{name} before 64 such at once  {was}, behind them {memory(program.process.pid)}")
    truss = os.path.join(harness.BIN, "truss")
    for name, command, bare_command, aim in (
            ("truss status of 1,000", (truss, "status", "--worker", worker.address), (beside("bare_cli"), "status", worker.address), 15),
            ("truss --version", (truss, "--version"), (beside("bare_cli"),), 3)):
        took, least = pairs(lambda words=command: run_quietly(words), lambda words=bare_command: run_quietly(words))
        print(f"{name:28} {took * 1000:7.1f} ms  (least {least * 1000:.1f}, aim {aim})")
    bridge.stop()
    worker.stop()
    cluster.drop_database(database)
    project.remove()


def bare_memory(name):
    process = started([beside(name), "idle"], b"ready")
    time.sleep(0.2)
    resident = memory(process.pid).split(" MB")[0].strip()
    ended(process)
    return resident


def bench_idle(cluster):
    project = project_of(10)
    database = cluster.create_database()
    command = [os.path.join(harness.BIN, "truss-worker"), "--listen", "tcp://127.0.0.1:0", "--project", project.path]
    ready, least = [], []
    for _ in range(9):
        for words, word, times in ((command, b"listening", ready), ([beside("bare_worker"), "idle"], b"ready", least)):
            began = time.perf_counter()
            process = started(words, word, {"DATABASE_URL": cluster.url(database)})
            times.append(time.perf_counter() - began)
            ended(process)
    worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path,
                     environment={"DATABASE_URL": cluster.url(database)}).wait_listening()
    bridge = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", worker.address).wait_listening()
    fresh = memory(worker.process.pid), memory(bridge.process.pid)
    http = harness.Http(bridge.address)
    for _ in range(50):
        assert http.get("/api/migrations/idempotent/status").status == 200
    used = memory(worker.process.pid), memory(bridge.process.pid)
    print(f"worker ready after exec      {statistics.median(ready) * 1000:7.1f} ms  (least {statistics.median(least) * 1000:.1f}, aim 10)")
    print(f"worker idle                  {fresh[0]}, after 50 calls {used[0]}  (least {bare_memory('bare_worker')}, aim 12)")
    print(f"bridge idle                  {fresh[1]}, after 50 calls {used[1]}  (least {bare_memory('bare_bridge')}, aim 5)")
    sys.stdout.flush()
    subprocess.run([beside("bench_rpc"), str(http.port)], check=True)
    bridge.stop()
    worker.stop()
    cluster.drop_database(database)
    project.remove()


def restart(cluster, is_slow):
    cluster.stop()
    if is_slow:
        os.environ["LD_PRELOAD"] = os.path.join(os.path.dirname(harness.BIN), "tests", "bench", "slow_flush.so")
        os.environ["TRUSS_FLUSH_COUNT"] = flush_counts(cluster)
    try:
        cluster.start()
    finally:
        os.environ.pop("LD_PRELOAD", None)
        os.environ.pop("TRUSS_FLUSH_COUNT", None)


def main():
    cluster = harness.Cluster()
    # What is measured is a server as people run it.
    cluster.psql("postgres", "ALTER SYSTEM SET fsync = on")
    cluster.psql("postgres", "ALTER SYSTEM SET synchronous_commit = on")
    cluster.psql("postgres", "ALTER SYSTEM SET full_page_writes = on")
    counts = [int(word) for word in sys.argv[1:]] or [1, 100, 1000]
    for is_slow in (True, False):
        restart(cluster, is_slow)
        for count in counts:
            bench_run(cluster, count, is_slow)
    bench_status(cluster)
    bench_idle(cluster)
    cluster.remove()
    shutil.rmtree(cluster.directory, ignore_errors=True)


if __name__ == "__main__":
    main()
