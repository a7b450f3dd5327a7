"""What the real tools made: projects, the database before and after them, and what is volatile in a ledger. Made by them, copied here."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import catalogue
import harness
import libpq
from harness import Case, Rpc, messages

FIXTURES = os.path.join(harness.ROOT, "tests", "fixtures", "frameworks")
HERE = os.path.dirname(os.path.abspath(__file__))

# Fixtures whose name is not the framework's id.
IDS = {"drizzle1": "drizzle"}
# Migrations are programs: only the framework's own tool can run them.
PROGRAMS = {"knex", "typeorm", "sequelize", "mikro-orm", "kysely", "rails", "laravel", "doctrine", "phinx", "ecto", "efcore", "alembic",
            "django", "sea-orm", "gormigrate", "lucid", "fluent-migrator", "sequel", "sequel-integers", "yii"}
# Some of them are: a run of all is refused without --allow-delegate.
MIXED = {"node-pg-migrate", "yoyo"}
# No real tool made these: the project and the dumps come from reading sources.
BY_READING = {"bun", "evolve", "fluent-migrator", "gormigrate", "hasura", "lucid", "efcore", "morph", "phinx", "pop", "popx", "rambler", "sea-orm", "yii"}
# Row texts that no two runs share, beside times: durations, who ran it, ids of attempts, epochs.
VOLATILE = {
    "bun": r", \d+, '<T>'\);$|_locks_id_seq', \d+",
    "evolve": r", '(postgres|app)', '<T>', true", "sqlx": r", -?\d+\);$", "atlas": r", \d+, '', '', |'Atlas CLI v[\d.]+'|'Truss [\d.]+'", "flyway": r", '(postgres|app)', '<T>', \d+, true",
    "yoyo": r"VALUES \('[0-9a-f-]{36}'|'(apply|mark)', '\w+', '\w+'", "sea-orm": r", \d{10}\);$", "yii": r", \d{10}\);$", "doctrine": r", ('<T>'|NULL), (\d+|NULL)\);$",
    "knex": r", \d+, '<T>'\);$", "lucid": r", \d+, '<T>'\);$", "laravel": r", \d+\);$", "liquibase": r"'(\d{10})'|'4\.28\.0'|'Truss [\d.]+'", "phinx": r"<T>",
    "sqitch": r"'(Fix Ture|fix@example\.test|Truss|truss@localhost)'",
}
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:\d\d)?)?")


def names():
    return sorted(name for name in os.listdir(FIXTURES) if os.path.isdir(os.path.join(FIXTURES, name)))


def expected(name):
    with open(os.path.join(FIXTURES, name, "expected.json"), encoding="utf-8") as file:
        return json.load(file)


def behaviour():
    """What each real CLI did with a changed history."""
    with open(os.path.join(FIXTURES, "behaviour.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def per(items):
    """A test for each of these (a name, or a name and more): the class decorator `spread` makes them."""
    def mark(function):
        function.items = list(items)
        return function
    return mark


def spread(cls):
    for name, function in list(vars(cls).items()):
        for item in getattr(function, "items", ()):
            words = item if isinstance(item, tuple) else (item,)
            setattr(cls, f"{name}__{words[0].replace('-', '_')}", (lambda f, w: lambda self: f(self, *w))(function, words))
        if hasattr(function, "items"):
            delattr(cls, name)
    return cls


class Project:
    """A copy of a fixture's project, perhaps changed."""

    def __init__(self, name, variant=None):
        self.path = os.path.join(harness.tempfile.mkdtemp(prefix="truss-project-"), "project")
        if variant is None:
            shutil.copytree(os.path.join(FIXTURES, name, "project"), self.path)
        else:
            subprocess.run(["bash", os.path.join(HERE, "variant.sh"), name, variant, self.path], check=True, capture_output=True,
                           env=dict(os.environ, FIXTURES=FIXTURES))

    def remove(self):
        shutil.rmtree(os.path.dirname(self.path), ignore_errors=True)


# What was loaded once in this process: a database to copy for each dump, and the lines of a fixture's dump.
_templates = {}
_dumps = {}


class Fixtures(Case):
    def copy(self, name, variant=None):
        project = Project(name, variant)
        self.addCleanup(project.remove)
        return project

    def load(self, path, database=None):
        """A database with what a dump has."""
        if path and database is None:
            database = self.cluster.create_database(self.template(path))
        elif path:
            self.load_into(database, path)
        database = database or self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, database)
        return database

    def template(self, path):
        if path not in _templates:
            _templates[path] = self.cluster.create_database()
            self.load_into(_templates[path], path)
        return _templates[path]

    def load_into(self, database, path):
        result = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.cluster.url(database), "-f", path], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def fixture(self, name, which):
        return self.load(which and os.path.join(FIXTURES, name, which))

    def pg_dump(self, database, *options):
        result = subprocess.run(["pg_dump", "--no-owner", "--no-privileges", "--inserts", *options, self.cluster.url(database)], capture_output=True, text=True, check=False)
        if "server version mismatch" in result.stderr:
            self.skipTest("no pg_dump of this server's version is installed")
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def dump(self, name, database):
        """Schema and rows, without what is volatile, as a sorted list of lines."""
        session = libpq.Session(self.cluster.by_socket(database))
        try:
            lines = [TIME.sub("<T>", line) for line in catalogue.lines(session)]
        finally:
            session.close()
        return sorted(re.sub(VOLATILE[name], "<V>", line) if name in VOLATILE else line for line in lines if line)

    def dump_of(self, name, which):
        """The same of a fixture, which nobody changes."""
        path = os.path.join(FIXTURES, name, which)
        if path not in _dumps:
            _dumps[path] = self.dump(name, self.template(path))
        return _dumps[path]

    def serve(self, name, database, variant=None, arguments=()):
        """Some of the projects name the database that they were made with."""
        self.served = self.copy(name, variant)
        return harness.Rpc(self.worker(self.served, "--allow-other-database", *arguments, url=self.cluster.url(database)).address)

    @staticmethod
    def state(one):
        return messages().migration.State.Name(one.state).removeprefix("STATE_").lower()

    @staticmethod
    def detail(one):
        return messages().migration.DetailState.Name(one.detail_state).removeprefix("DETAIL_STATE_").lower()

    def status(self, rpc, **request):
        return rpc.call("MigrationService", "GetStatus", request)

    def states(self, rpc):
        return [self.state(one) for one in self.status(rpc).migrations]

    def find(self, status, wanted):
        """Ours for one of expected.json: the file that it names, or the name."""
        file = wanted["file"]
        stem = os.path.splitext(os.path.basename(file))[0]
        return [one for one in status.migrations
                if one.name in (file, stem, str(wanted["id"])) or one.name.endswith(f".{wanted['id']}")
                or (one.filename and (file == one.filename or file.endswith(f"/{one.filename}")))]


class Written(Fixtures):
    """A project that each test writes file by file."""

    def setUp(self):
        super().setUp()
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def write(self, path, text=""):
        whole = os.path.join(self.directory.name, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8", newline="") as file:
            file.write(text)

    def start(self, *arguments, **options):
        return Rpc(self.worker(type("Here", (), {"path": self.directory.name}), *arguments, **options).address)

    def run_all(self, rpc):
        """The names of what was run."""
        reply = rpc.call("MigrationService", "Run")
        self.assertTrue(reply.ok, reply)
        return [one.name for one in reply.applied]

    def by_name(self, rpc):
        return {one.name: self.state(one) for one in self.status(rpc).migrations}
