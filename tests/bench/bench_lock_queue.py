"""The lock queue: how long readers stand still while an ALTER TABLE waits for somebody who has forgotten his transaction.

Eight readers fetch rows by their primary key, in a loop. A ninth holds ACCESS SHARE on the table for four seconds, idle. An
ALTER TABLE cannot have its lock until then, and whoever comes behind it in the queue waits with it: through psql for the four
seconds, through Truss for one rung of its ladder. Prints the longest time that any reader waited; "quiet" is without an ALTER.

Needs the programs in TRUSS_TEST_BIN; tests/bench/run.sh sees to it.
"""
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import PASSWORD, PG_BIN, Program, Project, Rpc

ROUNDS = 3
READERS = 8
HELD = 4
ALTER = "ALTER TABLE accounts ADD COLUMN note TEXT"
TABLE = "CREATE TABLE accounts (id INT PRIMARY KEY, name TEXT);\nINSERT INTO accounts SELECT n, 'account ' || n FROM generate_series(1, 10000) n;"
READ = "\\set id random(1, 10000)\nSELECT name FROM accounts WHERE id = :id;\n"


class Readers:
    """pgbench with a line for each query in its log: client, number, microseconds, …"""

    def __init__(self, cluster, database):
        self.place = tempfile.TemporaryDirectory(prefix="truss-bench-")
        script = os.path.join(self.place.name, "read.sql")
        with open(script, "w", encoding="ascii") as file:
            file.write(READ)
        self.process = subprocess.Popen(
            [os.path.join(PG_BIN, "pgbench"), "-n", "-c", str(READERS), "-T", str(HELD + 3), "-f", script, "--log", "-h", "127.0.0.1",
             "-p", str(cluster.port), "-U", "app", database], cwd=self.place.name, env=dict(os.environ, PGPASSWORD=PASSWORD),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def longest(self):
        """In milliseconds, once they have ended."""
        assert self.process.wait(60) == 0
        longest = 0
        for name in os.listdir(self.place.name):
            if name.startswith("pgbench_log"):
                with open(os.path.join(self.place.name, name), encoding="ascii") as file:
                    longest = max(longest, *(int(line.split()[2]) for line in file))
        self.place.cleanup()
        return longest / 1000


def psql(cluster, database):
    return subprocess.Popen(["psql", "-Xq", cluster.url(database)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def by_psql(cluster, database, _project):
    session = psql(cluster, database)
    session.communicate(ALTER + ";\n")
    assert session.returncode == 0


def by_truss(cluster, database, project):
    worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path,
                     environment={"DATABASE_URL": cluster.url(database)}).wait_listening()
    with Rpc(worker.address) as rpc:
        reply = rpc.call("MigrationService", "Run")
        assert reply.ok, reply
    worker.stop()


def by_nobody(_cluster, _database, _project):
    time.sleep(HELD)


def stall(cluster, project, alter):
    """Lets readers read, holds the table, and alters it meanwhile; answers the longest wait of a reader."""
    database = cluster.create_database()
    cluster.psql(database, TABLE)
    worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path,
                     environment={"DATABASE_URL": cluster.url(database)}).wait_listening()
    with Rpc(worker.address) as rpc:
        assert rpc.call("MigrationService", "MarkApplied", {"migration": "1_table"}).ok
    worker.stop()
    readers = Readers(cluster, database)
    holder = psql(cluster, database)
    time.sleep(1)
    holder.stdin.write("BEGIN;\nSELECT FROM accounts LIMIT 1;\n")
    holder.stdin.flush()
    harness.wait_for(lambda: cluster.psql(database, "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'"))
    holder.stdin.write(f"\\! sleep {HELD}\nCOMMIT;\n")
    holder.stdin.close()
    alter(cluster, database, project)
    altered = cluster.psql(database, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attname = 'note'")
    assert altered == [("0" if alter is by_nobody else "1",)]
    holder.wait()
    longest = readers.longest()
    cluster.drop_database(database)
    return longest


def main():
    cluster = harness.Cluster()
    project = Project().add("1_table", TABLE).add("2_note", ALTER + ";\n")
    quiet, plain, ours = (max(stall(cluster, project, alter) for _ in range(ROUNDS)) for alter in (by_nobody, by_psql, by_truss))
    print(f"reader behind a blocked ALTER  psql {plain:7.1f} ms   truss {ours:9.1f} ms   ratio {ours / plain:.3f}  (aim 100 ms; quiet {quiet:.1f} ms)")
    project.remove()
    cluster.remove()


if __name__ == "__main__":
    main()
