"""Kills what takes part in a run at random instants, runs it to its end, and compares with what an undisturbed run leaves.

A round: a fresh database, a worker and a bridge, and a run that is asked for in one of five ways; at its instant the victim dies
(SIGKILL; the postmaster: an immediate stop) and is started again; somebody asks for the run until there is nothing left to do,
and in every third round is disturbed in that as well. Then schema, rows and ledger must be those of an undisturbed run, no step
may have run twice, and every answer on the way must have been true. A round is given by its seed and number.

The server runs with fsync=off: what is killed here is processes, and what they have written stays with the system.

Usage: crash.py [--rounds N] [--seed S] [--project NAME] [--victim NAME] [--round N]
"""
import argparse
import collections
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from asking import MODES
from fingerprint import differences, fingerprint
from harness import Rpc
from projects import PROJECTS
from scene import Scene

VICTIMS = ("worker", "backend", "postmaster", "bridge")
# Those whose files can all share one transaction.
BATCHES = {"many"}
# The instants are drawn from a little more than a run takes, so that its very end is among them.
BEYOND = 1.1
PATIENCE = 60
OVERTAKEN = "The script released the lock that keeps two runs apart, and another run has"
# What a rerun may be told while things come back; anything else is a failure.
AGAIN = {"LOST", "UNAVAILABLE", "ABORTED"}

Outcome = collections.namedtuple("Outcome", "project victim hit problems")


class Crash:
    def __init__(self, seed):
        self.seed = seed
        self.cluster = harness.Cluster()
        # The longest that a commit may stay in memory: what a crash takes of late commits it takes here.
        self.cluster.psql("postgres", "ALTER SYSTEM SET wal_writer_delay = '10s'")
        self.cluster.psql("postgres", "SELECT pg_reload_conf()")
        self.files = {}
        self.expected = {}
        self.in_steps = {}
        self.seconds = {}

    def close(self):
        for files in self.files.values():
            files.remove()
        self.cluster.remove()

    def measure(self, project):
        """Undisturbed runs: what they leave, and how long they take; in the background there is more to write."""
        self.files[project] = PROJECTS[project]()
        for mode in ("http", "background"):
            scene = Scene(self.cluster, self.files[project])
            with Rpc(scene.address) as rpc:
                plan = rpc.call("MigrationService", "Plan").migrations
            self.in_steps[project] = {one.name for one in plan if not one.one_transaction}
            asking = scene.ask(mode)
            answer = asking.wait()
            found = fingerprint(self.cluster, scene.database)
            scene.end()
            assert answer.ok and answer.applied == self.files[project].names(), answer
            assert not found["steps left"] and not found["twice"] and not any("False" in line for line in found["indexes"]), found
            assert not differences(self.expected.setdefault(project, found), found)
            self.seconds[project, mode == "background"] = asking.seconds

    def round(self, number, project, victim):
        """The round of this number: the same again whenever it is asked for, as far as an instant is the same."""
        if project not in self.files:
            self.measure(project)
        generator = random.Random(f"{self.seed}/{number}")
        strikes = [victim] + ([generator.choice(VICTIMS)] if generator.random() < 1 / 3 else [])
        modes = [mode for mode in MODES if mode != "batch" or project in BATCHES]
        scene = Scene(self.cluster, self.files[project])
        problems, askings, hit = [], [], False
        try:
            for strike in strikes:
                mode = generator.choice(["http", "keyed"] if strike == "bridge" else modes)
                askings.append(scene.ask(mode))
                time.sleep(generator.uniform(0, BEYOND) * self.seconds[project, mode == "background"])
                hit = hit or askings[-1].answer is None and bool(scene.backends())
                scene.strike(strike, generator)
                scene.restore(strike)
            self.finish(scene, generator, [mode for mode in modes if mode != "keyed"], askings)
            problems += judge(askings, self.in_steps[project])
            problems += differences(self.expected[project], fingerprint(self.cluster, scene.database))
        except (AssertionError, OSError) as error:
            problems.append(f"{type(error).__name__}: {error}")
        try:
            scene.end()
        except AssertionError as error:
            problems.append(str(error))
        if problems:
            problems = [f"struck {', '.join(strikes)}", *map(str, askings), *problems]
        return Outcome(project, victim, hit, problems)

    @staticmethod
    def finish(scene, generator, modes, askings):
        """Asks for the run until there is nothing to do."""
        disturbed = list(askings)
        if any(asking.mode == "keyed" for asking in askings):
            kept = [Crash.ask_until_answered(scene, "keyed", askings) for _ in range(2)]
            assert kept[0] == kept[1], "two answers to one key"
        answer = None
        while answer is None or answer.applied:
            answer = Crash.ask_until_answered(scene, generator.choice(modes), askings)
            # The disturbed one may still be at it, and a script that lets the lock go lets the other in: then one of the two stops.
            if not answer.ok and OVERTAKEN in answer.text:
                answer = None
                continue
            assert answer.ok, "a rerun that nobody disturbed fails"
        for asking in disturbed:
            asking.wait()

    @staticmethod
    def ask_until_answered(scene, mode, askings):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            askings.append(scene.ask(mode))
            answer = askings[-1].wait()
            if answer.code not in AGAIN:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"nobody answers within {PATIENCE} s")


def judge(askings, in_steps):
    """Nobody may say that he applied what somebody else did; in several steps it may have been both. An answer to a key may be
    given again."""
    answers = [asking.answer for asking in askings if asking.mode != "keyed"]
    for asking in askings:
        if asking.mode == "keyed" and asking.answer not in answers:
            answers.append(asking.answer)
    told = collections.Counter(name for answer in answers for name in answer.applied if name not in in_steps)
    return [f"{name} was applied by two, as they say" for name, count in told.items() if count > 1][:3]


def rounds(crash, numbers, project=None, victim=None):
    """The outcomes of these rounds; each number has its own pair of project and victim."""
    cells = [(one, two) for two in VICTIMS for one in PROJECTS]
    for number in numbers:
        cell = cells[number % len(cells)]
        outcome = crash.round(number, project or cell[0], victim or cell[1])
        if outcome.problems:
            print(f"FAILED: crash.py --seed {crash.seed} --round {number} --project {outcome.project} --victim {outcome.victim}",
                  *outcome.problems, sep="\n    ", flush=True)
        yield outcome


def summary(outcomes):
    lines = [f"{'project':14} {'victim':11} rounds  mid-run  failed"]
    cells = collections.defaultdict(list)
    for outcome in outcomes:
        cells[outcome.project, outcome.victim].append(outcome)
    for (project, victim), those in [*sorted(cells.items()), (("all", ""), outcomes)]:
        lines.append(f"{project:14} {victim:11} {len(those):6}  {sum(one.hit for one in those):7}  {sum(bool(one.problems) for one in those):6}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--project", choices=PROJECTS)
    parser.add_argument("--victim", choices=VICTIMS)
    parser.add_argument("--round", type=int, help="only this one")
    options = parser.parse_args()
    crash = Crash(options.seed)
    numbers = range(options.rounds) if options.round is None else [options.round]
    began = time.monotonic()
    outcomes = list(rounds(crash, numbers, options.project, options.victim))
    crash.close()
    print(summary(outcomes))
    print(f"{time.monotonic() - began:.0f} s; an undisturbed run takes "
          + ", ".join(f"{name} {statistics.mean(t for (project, _), t in crash.seconds.items() if project == name) * 1000:.0f} ms" for name in crash.files))
    sys.exit(any(outcome.problems for outcome in outcomes))


if __name__ == "__main__":
    main()
