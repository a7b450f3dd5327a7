"""Real Django lists the migrations of each project of tests/frameworks/test_django.py as that expects. Not in the gate: python3-django is of
setup-other.sh."""
import os
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "frameworks"), os.path.join(HERE, "..", "..", "support")]
import harness
import test_django
from fixtures import Written, per, spread

PYTHON = "/usr/bin/python3"


@spread
class Judge(Written):
    @per(test_django.PROJECTS)
    def test_django_itself_lists_the_same(self, name):
        if subprocess.run([PYTHON, "-c", "import django, psycopg2"], capture_output=True, check=False).returncode != 0:
            self.skipTest("python3-django is not installed")
        cluster = harness.cluster()
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": self.cluster.create_database(), "HOST": "127.0.0.1", "PORT": str(cluster.port),
                    "USER": "app", "PASSWORD": urllib.parse.unquote(urllib.parse.urlsplit(self.cluster.url("x")).password)}
        self.addCleanup(self.cluster.drop_database, database["NAME"])
        for path, text in test_django.files_of(name, repr({"default": database})).items():
            self.write(path, text)
        program, *more = test_django.PROJECTS[name][1].split()
        root = self.directory.name if program == "-m" else os.path.dirname(os.path.join(self.directory.name, program))
        words = ["-m", more[0], "showmigrations", *more[1:]] if program == "-m" else [os.path.basename(program), "showmigrations"]
        result = subprocess.run([PYTHON, "-B", *words], cwd=root, env=dict(os.environ, PYTHONPATH="." if program == "-m" else ""), capture_output=True,
                                text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        listed, label = [], ""
        for line in result.stdout.splitlines():
            label = line if not line.startswith(" ") else label
            if line.startswith(" ["):
                listed.append(f"{label}.{line[5:]}")
        self.assertEqual([one for one in sorted(listed) if not one.startswith("contenttypes")], test_django.PROJECTS[name][2])


if __name__ == "__main__":
    harness.main()
