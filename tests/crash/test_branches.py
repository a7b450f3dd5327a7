"""A worker that is killed at any instant while it makes, resets and drops branches: what is left is finished or undone by the next one.
No database without its row, no row without its database, no branch that was answered for is lost, and no other database is dropped.

TRUSS_BRANCH_KILLS sets how many times (10)."""
import contextlib
import http.client
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

KILLS = int(os.environ.get("TRUSS_BRANCH_KILLS", "10"))
SEED = int(os.environ.get("TRUSS_BRANCH_SEED", "0")) or random.randrange(1 << 30)


class Kills(Case):
    limit = 15 * KILLS
    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i")
        self.files = self.project()
        self.others = ("truss_branch_of_somebody", "truss_branch_new_0123456789abcdef0123456789abcdef", "ours")
        for name in self.others:
            self.admin(f"CREATE DATABASE {name}")
        self.admin("COMMENT ON DATABASE truss_branch_of_somebody IS 'truss-branch'")
        self.addCleanup(self.drop_all)

    def admin(self, sql):
        return self.cluster.psql("postgres", sql)

    def branches(self):
        return {name for name, in self.admin("SELECT datname FROM pg_database WHERE datname LIKE 'truss\\_branch\\_%'")} - set(self.others)

    def drop_all(self):
        for name in (*self.branches(), *self.others):
            self.admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def start(self):
        process = self.worker(self.files, "--branch-interval", "0.1", "--max-branches", "0")
        return process, self.bridge(process)

    def goldens(self):
        return {name for name, in self.sql("SELECT branch_db FROM truss.branches WHERE status = 'active' AND kind = 'golden'")}

    def rows(self):
        """{name: (id, status)} of what is not over."""
        if self.sql("SELECT to_regclass('truss.branches')") == [(None,)]:
            return {}
        return {name: (int(number), status) for number, name, status in
                self.sql("SELECT id, branch_db, status FROM truss.branches WHERE status NOT IN ('deleted', 'failed')")}

    def settle(self):
        """Another worker has looked until nothing is under way any more."""
        process, bridge = self.start()
        wait_for(lambda: all(status == "active" for _, status in self.rows().values()) and (not self.rows() or len(self.goldens()) < 2))
        bridge.program.stop()
        process.stop()

    @staticmethod
    def behind(dice):
        """For some requests the header by which they are answered with 202 and go on beside what is asked next."""
        return {"Prefer": "respond-async"} if dice.random() < 0.3 else {}

    def work(self, bridge, dice, answered):
        """Makes, resets, drops, one after the other, until the worker is gone."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number in range(100):
                known = sorted(answered)
                if known and dice.random() < 0.4:
                    name = dice.choice(known)
                    del answered[name][:-1]  # what it may become is open from here on
                    answered[name].append("open")
                    answer = bridge.request("DELETE", f"/api/branches/{answered[name][0]}")
                    if answer.status == 200:
                        del answered[name]
                elif dice.random() < 0.15:
                    bridge.post("/api/branches/golden", {"source": "schema"}, headers=self.behind(dice))
                elif known and dice.random() < 0.4:
                    name = dice.choice(known)
                    bridge.post(f"/api/branches/{answered[name][0]}/reset", {}, headers=self.behind(dice))
                else:
                    behind = self.behind(dice)
                    answer = bridge.post("/api/branches", {"label": f"n{number}", "source": dice.choice(["", "", "schema"])}, headers=behind)
                    if answer.status == 201:
                        answered[answer.json["branch_db"]] = [answer.json["id"]]
                    elif answer.status >= 500:
                        return

    def test_a_worker_killed_at_any_instant_leaves_nothing_behind(self):
        dice = random.Random(SEED)
        answered = {}
        for kill in range(KILLS):
            process, bridge = self.start()
            thread = threading.Thread(target=self.work, args=(bridge, dice, answered))
            thread.start()
            time.sleep(dice.uniform(0.05, 1.5))
            process.kill()
            thread.join()
            bridge.program.stop()
            self.settle()
            with self.subTest(kill=kill, seed=SEED):
                self.check(answered)
        self.assertEqual({name for name, in self.admin("SELECT datname FROM pg_database")} & set(self.others), set(self.others))

    def check(self, answered):
        rows = self.rows()
        self.assertEqual(self.branches(), set(rows), "databases and rows")
        for name, state in list(answered.items()):
            if "open" in state and name not in rows:
                del answered[name]
                continue
            self.assertIn(name, rows, "a branch that was answered for is lost")
            answered[name] = [rows[name][0]]
        for name in sorted(rows):
            comment, = self.admin(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'")[0]
            self.assertTrue(comment.startswith("truss-branch {"), (name, comment))
            if name in self.goldens():
                continue  # nobody may connect to it
            self.assertEqual(self.cluster.psql(name, "SELECT count(*) FROM t")[0][0] in ("0", "100"), True, name)
            answered.setdefault(name, [rows[name][0]])


if __name__ == "__main__":
    harness.main()
