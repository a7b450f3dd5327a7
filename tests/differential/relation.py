"""The relation that must hold between what a framework makes of a scenario and what Truss makes of it. README.md has it in words."""
import ast
from dataclasses import dataclass

from frameworks import FRAMEWORKS
from outcome import TRANSACTION_KINDS, Bench, Outcome
from world import differences

# Where a framework fails with these, it is for how it sends, and not for what the script means: Truss may do better.
LIMITS = {
    "25001": "cannot run inside a transaction block",
    "25P01": "can only be used in transaction blocks",
    "55P04": "unsafe use of a new enum value",
    "2D000": "invalid transaction termination",
}


# What a session has and another has not.
IN_THE_SESSION = ("temp", "cursor", "prepare", "advisory", "notify", "nextval", "setval", "settings to come")


@dataclass
class Difference:
    category: str
    lines: list
    judge: Outcome
    truss: Outcome

    def __str__(self):
        return "\n".join([self.category, f"  framework: {self.judge}", f"  truss:     {self.truss}", *self.lines[:40]])


class Relation:
    def __init__(self, bench: Bench, scenario):
        self.bench = bench
        self.scenario = scenario
        self.framework = FRAMEWORKS[scenario.framework]

    def check(self):
        """None, or the difference."""
        try:
            judge = self.bench.judge(self.scenario)
        except TimeoutError:  # a script that waits for what it has prepared itself, for ever: nothing to compare with
            self.judged = self.truss = Outcome("waits for itself")
            return None
        self.judged = judge
        truss = self.bench.truss(self.scenario)
        self.truss = truss
        if truss.result == "stopped" and self.scenario.disturbance and self.may_be_given_up():
            return None
        if truss.result == "ok" and truss.foreseen:
            return self.difference("a plan said that the run would fail, and it did not", truss.foreseen, judge)
        if truss.result in ("refused", "stopped") and not truss.partial:
            return self.refused(judge)
        if truss.result not in ("ok", "failed", "stopped"):
            return self.difference(f"Truss: {truss.result}", [], judge)
        found, ways = self.unlike(judge), {}
        while found and self.other_way(judge, ways):
            judge = self.bench.judge(self.scenario, ways)
            found = self.unlike(judge)
        if found and ways.get(truss.file) == "ideal" and self.is_checked_too_early():
            return None
        if found and ways:
            found.category += " (" + ", ".join(sorted(set(ways.values()))) + ")"
            found.lines.insert(0, f"  sent otherwise: {ways}")
        return found

    def unlike(self, judge):
        """The difference from this outcome; None where there is none, or an allowed one."""
        found = self.against(judge)
        allowed = found is None or self.is_no_better(judge) or self.is_sooner(judge) or "finish prepared transaction" in self.truss.message
        return None if allowed else found  # only who has prepared a transaction may finish it: in the ideal nobody does

    def is_no_better(self, judge):
        """The framework fails for how it sends, and Truss, which might do better, fails as well: nothing of the file stays."""
        return (judge.result == "failed" and judge.sqlstate in LIMITS and self.truss.result == "failed" and judge.file == self.truss.file
                and self.truss.ledger in (judge.ledger, judge.before) and not self.states(judge, True))

    def is_sooner(self, judge):
        """A syntax error is found before anything of the file ran, where the framework gets as far as to it or fails before."""
        if judge.result != "failed" or self.truss.sqlstate != "42601" or judge.file != self.truss.file or self.truss.partial:
            return False
        before = self.before(self.truss.file)
        return self.is_like(before) and self.truss.ledger == before.ledger

    def other_way(self, judge, ways):
        """What else the file may mean that the framework did not bring to its end: true where there is something to try."""
        if judge.result not in ("failed", "ledger", "client before") or ways.get(judge.file) == "ideal":
            return False
        if judge.file not in ways and self.scenario.files[judge.file - 1].bom:
            ways[judge.file] = "no mark"
            return True
        if judge.result == "ledger" and ways.get(judge.file) != "clean":
            ways[judge.file] = "clean"
            return True
        ways[judge.file] = "ideal"
        return judge.result != "failed" or judge.sqlstate in LIMITS

    def difference(self, category, lines, judge):
        return Difference(category, lines, judge, self.truss)

    def states(self, judge, failed):
        leave_out = {"sequence positions"} if failed or self.scenario.disturbance else set()
        one, other = judge.state, self.truss.state
        if failed:
            one, other = without_invalid(one), without_invalid(other)
        return self.lines(one, other, leave_out)

    def is_ours(self, line):
        return line.startswith("  sequence positions") and f"'{self.framework.ledger[0]}', '{self.framework.ledger[1]}" in line

    def against(self, judge):
        if self.truss.result == "ok":
            return self.both_done(judge)
        return self.both_failed(judge)

    def both_done(self, judge):
        if judge.result in ("failed", "ledger", "client", "client before", "open"):
            return self.difference(f"Truss ok, framework {judge.result} {judge.sqlstate}".strip(), self.states(judge, True), judge)
        lines = self.states(judge, False)
        if lines:
            return self.difference("state differs: " + kinds_of(lines), lines, judge)
        if judge.ledger != self.truss.ledger:
            return self.difference("ledger differs", [f"  ledger: {judge.ledger} != {self.truss.ledger}"], judge)
        if judge.notifications != self.truss.notifications and not self.scenario.disturbance:
            return self.difference("notifications differ", [f"  {judge.notifications} != {self.truss.notifications}"], judge)
        return self.same_dump(judge) if self.scenario.seed % 10 == 0 and not self.scenario.disturbance else None

    def same_dump(self, judge):
        """What the snapshot finds equal is so for pg_dump: asked for every tenth seed."""
        one, other = (self.bench.world.dump(outcome.database, self.framework.ledger) for outcome in (judge, self.truss))
        if one == other:
            return None
        return self.difference("pg_dump differs", [f"  - {line}" for line in one if line not in other] + [f"  + {line}" for line in other if line not in one], judge)

    def both_failed(self, judge):
        if judge.result == "ok":
            return self.difference(f"Truss {self.truss.result} {self.truss.sqlstate}, framework {judge.result}", self.states(judge, True), judge)
        both_limits = judge.sqlstate in LIMITS and self.truss.sqlstate in LIMITS
        if judge.sqlstate != self.truss.sqlstate and judge.result not in ("open", "client") and not both_limits:
            return self.difference(f"Truss fails with {self.truss.sqlstate}, framework with {judge.sqlstate}", [], judge)
        if judge.file != self.truss.file:
            return self.difference("another file fails", [], judge)
        if self.truss.ledger not in (judge.ledger, judge.before) and not self.is_marked_dirty():
            return self.difference("ledger differs after a failure", [f"  ledger: {judge.ledger} != {self.truss.ledger}"], judge)
        lines = self.states(judge, True)
        if not lines:
            return None
        if self.truss.partial and self.may_be_partial() and self.is_prefix(judge):
            return None
        if any(one.before for one in self.scenario.files[self.truss.file - 1].statements) and self.is_like(self.before(self.truss.file)):
            return None  # what the ideal commits before the file, and then leaves there, was not reached
        return self.difference("state differs after a failure: " + kinds_of(lines), lines, judge)

    def is_marked_dirty(self):
        """golang-migrate has one row: where it says that a version is half done it says nothing of those before it."""
        return self.truss.partial and self.framework.id == "golang-migrate" and not self.truss.ledger

    def may_be_partial(self):
        file = self.scenario.files[self.truss.file - 1]
        return file.no_transaction or any(one.ideal is not None or one.before or one.kind.startswith(TRANSACTION_KINDS) for one in file.statements)

    def may_be_given_up(self):
        """Interrupted where nobody can see what was done, or where what the session had is gone: then a person is asked, and nothing is guessed."""
        file = self.scenario.files[self.truss.file - 1]
        own = any(one.kind.startswith((*TRANSACTION_KINDS, "do commit", "call")) for one in file.statements)
        kept = any(one.kind.startswith(IN_THE_SESSION) or sets_unseen(one.text) for one in file.statements)
        return "cannot be known" in self.truss.message and own or "went with its session" in self.truss.message and kept

    def is_checked_too_early(self):
        """A deferred constraint is checked where a file must be cut, and fails although what comes would satisfy it: nothing of it stays."""
        truss = self.truss
        if truss.result != "failed" or not truss.sqlstate.startswith("23") or truss.partial:
            return False
        return not self.lines(self.before(truss.file).state, truss.state, {"sequence positions"})

    def is_prefix(self, judge):
        """Is what Truss left what some of the statements make, from the first, one by one?"""
        count = len(self.scenario.files[self.truss.file - 1].statements)
        return any(self.is_like(self.before(self.truss.file, upto)) for upto in range(count, -1, -1))

    def before(self, file, count=0):
        """What the files before this one make, and so many of its statements."""
        ways = {one.number: "clean" for one in self.scenario.files}
        while True:
            state = self.bench.judge(self.scenario, ways, (file, count))
            if state.file in (0, file) or ways[state.file] == "ideal":
                return state
            ways[state.file] = "ideal"

    def is_like(self, state):
        return not self.lines(without_invalid(state.state), without_invalid(self.truss.state), {"sequence positions"})

    def lines(self, one, other, leave_out=()):
        return [line for line in differences(one, other, leave_out) if not self.is_ours(line)]

    def refused(self, judge):
        """Nothing ran, or nothing of the file and of those before it what they make."""
        if not self.truss.message:
            return self.difference("refused without a word", [], judge)
        start = self.before(1)
        lines = self.lines(start.state, self.truss.state)
        if not lines and self.truss.ledger == start.ledger:
            return None
        if self.truss.file > 1:
            start = self.before(self.truss.file)
            lines = self.lines(start.state, self.truss.state, {"sequence positions"})
            if not lines and self.truss.ledger == start.ledger:
                return None
        return self.difference("refused, but something ran: " + kinds_of(lines), lines + [f"  ledger: {start.ledger}, {self.truss.ledger}"], judge)


def sets_unseen(text):
    """Does it set something for the session inside of a DO, or by a value or call that is computed?"""
    return "set_config" in text or text.lstrip().upper().startswith("DO") and "SET " in text.upper()


def kinds_of(lines):
    return ", ".join(sorted({line.split(":")[0].strip() for line in lines}))


def without_invalid(state):
    """Without INVALID indexes: PostgreSQL leaves them where CREATE INDEX CONCURRENTLY fails, and Truss takes them away."""
    rows = [ast.literal_eval(row) for row in state["indexes"]]
    invalid = {row[1].split(" INDEX ")[1].split(" ON ")[0] for row in rows if row[2] == "f"}
    kept = dict(state)
    kept["indexes"] = sorted(repr(row) for row in rows if row[2] == "t")
    kept["relations"] = [row for row in state["relations"] if ast.literal_eval(row)[1] not in invalid]
    kept["columns"] = [row for row in state["columns"] if ast.literal_eval(row)[1] not in invalid]
    return kept
