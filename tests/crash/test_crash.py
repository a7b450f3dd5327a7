"""The short form of the crash suite, for every change; crash.py has the long one."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash
import harness

ROUNDS = 20
SEED = os.environ.get("TRUSS_CRASH_SEED", "ci")


class Killed(unittest.TestCase):
    limit = 400  # twenty rounds in one test; 20 s on an idle machine

    def test_whatever_is_killed_in_a_run_nothing_is_lost_and_nothing_runs_twice(self):
        suite = crash.Crash(SEED)
        self.addCleanup(suite.close)
        outcomes = list(crash.rounds(suite, range(ROUNDS)))
        print(crash.summary(outcomes))
        self.assertEqual(sum(bool(outcome.problems) for outcome in outcomes), 0, "see above which")
        # Else these kills would prove nothing.
        self.assertGreaterEqual(sum(outcome.hit for outcome in outcomes), ROUNDS / 3)


if __name__ == "__main__":
    harness.main()
