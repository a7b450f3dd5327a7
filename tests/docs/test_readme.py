"""README.md is true: its marked blocks are run against `truss dev` on a copy of the sample, in order, and its tables name
what the programs have.

A block that follows `<!-- run -->` is a session: lines with `$ ` are commands, the lines below are their output. In what is
expected, `…` stands for anything on the line, and runs of spaces for one.
"""
import glob
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import declared_table
import options_table
from harness import BIN, ROOT, wait_for

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
    README = readme.read()


def sessions():
    """[(command, expected output)] of all marked blocks."""
    found = []
    for block in re.findall(r"<!-- run -->\n```console\n(.*?)```", README, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def pattern(expected):
    """What matches an expected line: `…` is anything, spaces are any number of spaces."""
    pieces = [re.sub(r"(?:\\ )+", " +", re.escape(piece)) for piece in expected.split("…")]
    return re.compile(".*".join(pieces) + r"\Z")


class Readme(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="truss-readme-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory, True)
        shutil.copytree(os.path.join(ROOT, "docker", "sample"), os.path.join(self.directory, "blog"))
        self.environment = harness.clean_environment({"XDG_STATE_HOME": os.path.join(self.directory, "state"),
                                                      "PATH": BIN + os.pathsep + os.environ["PATH"]})

    def serve(self):
        path = os.path.join(self.directory, "log")
        with open(path, "wb") as log:
            dev = subprocess.Popen(["truss", "dev", "blog", "--listen", "127.0.0.1:0", "--worker-listen",
                                    "tcp://127.0.0.1:0"], cwd=self.directory, env=self.environment, stdout=log, stderr=log)
        self.addCleanup(dev.wait, 60)
        self.addCleanup(dev.terminate)

        def addresses():
            self.assertIsNone(dev.poll(), "truss dev has ended")
            with open(path, encoding="utf-8") as log:
                return dict(re.findall(r"^(worker|bridge) +(\S+)$", log.read(), re.M))

        found = wait_for(lambda: len(addresses()) == 2 and addresses(), 60)
        self.bridge = found["bridge"]
        self.environment["TRUSS_WORKER"] = found["worker"]
        with open(path, encoding="utf-8") as log:
            file = re.search(r"the whole URL is in (\S+)\)", log.read()).group(1)
        with open(file, encoding="utf-8") as url:
            self.environment["URL"] = url.read().strip()

    def run_command(self, command):
        command = command.replace("localhost:8787", self.bridge.removeprefix("http://"))
        result = subprocess.run(["sh", "-c", command], cwd=self.directory, env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        return result.stdout

    def test_every_example_prints_what_it_says(self):
        self.serve()
        self.assertGreater(len(sessions()), 15)
        for command, expected in sessions():
            output = self.run_command(command)
            lines, wanted = output.splitlines(), expected.splitlines()
            matches = len(lines) == len(wanted) and all(pattern(want).match(line) for want, line in zip(wanted, lines))
            self.assertTrue(matches, f"$ {command}\n--- README.md says\n{expected}--- it prints\n{output}")

    def test_the_table_of_routes_is_the_list_that_the_bridge_gives(self):
        self.serve()
        with urllib.request.urlopen(self.bridge + "/", timeout=30) as answer:
            routes = json.load(answer)["routes"]
        self.assertEqual(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \|", README, re.M), routes)

    def test_the_table_of_configuration_is_that_of_the_programs(self):
        written = README.split(options_table.BEGIN)[1].split(options_table.END)[0]
        self.assertEqual(written, options_table.table(BIN), "tests/docs/options_table.py build/bin --write renews it")
        self.assertGreater(written.count("TRUSS_"), 15)

    def test_the_table_of_what_a_project_may_declare_is_that_of_the_reader(self):
        with open(declared_table.DOCUMENT, encoding="utf-8") as file:
            written = file.read().split(declared_table.BEGIN)[1].split(declared_table.END)[0]
        self.assertEqual(written, declared_table.table(), "tests/docs/declared_table.py --write renews it")
        self.assertGreater(len(declared_table.keys()), 20)

    def test_the_declared_runner_is_the_one_that_is_tested(self):
        with open(os.path.join(ROOT, "tests/fixtures/declared/truss.toml"), encoding="utf-8") as file:
            self.assertIn("```toml\n" + file.read() + "```", README)

    def test_the_commands_are_those_that_truss_has(self):
        text = subprocess.run(["truss", "--help"], env=self.environment, capture_output=True, text=True, timeout=30,
                              check=True).stdout
        for command in re.findall(r"^  ([a-z-]+) ", text, re.M):
            self.assertRegex(README, rf"`{command}[ `]")

    def test_the_table_of_frameworks_has_each_and_says_whether_its_ledger_has_a_checksum(self):
        table = README.split("## Frameworks")[1].split("## ")[0]
        rows = {row[1]: row for row in (line.split(" | ") for line in re.sub(r"(?m)^\| ", "| | ", table).splitlines()) if len(row) > 8}
        sources = {}
        for path in glob.glob(os.path.join(ROOT, "src/framework/**/*.c"), recursive=True):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for display in re.findall(r'^    \.display_name = "([^"]+)"', text, re.M):
                sources[display] = text
        self.assertEqual(set(sources), set(rows) - {"Framework"} - {name for name in rows if name.startswith("-")})
        for name, text in sources.items():
            has_checksum = re.search(r"\.checksum(_matches)? = |file->checksum = ", text)
            self.assertEqual(rows[name][4] == "●", has_checksum is not None, name)

    def test_every_file_that_it_names_exists(self):
        for path in re.findall(r"(?:sh |\]\()((?:docker|tests)/[\w./-]+)", README):
            self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)


if __name__ == "__main__":
    harness.main()
