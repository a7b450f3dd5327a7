"""README.md and the pages that it leads to are true: their marked blocks are run against `truss dev` on a copy of the sample, in
order, their tables name what the programs have, and what they link to is there.

A block that follows `<!-- run -->` is a session: lines with `$ ` are commands, the lines below are their output. In what is
expected, `…` stands for anything on the line, and runs of spaces for one.
"""
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

# The pages whose sessions go on from one to the next.
SERVED = ("src/bridge/README.md", "src/cli/README.md", "src/migration/locks.md", "docker/operate.md")


def page(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


README = page("README.md")


def pages():
    """Every page that the repository has, but what tests keep for themselves."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.md"], capture_output=True, text=True, check=True).stdout
    return [path for path in listed.splitlines() if not path.startswith("tests/") and os.path.exists(os.path.join(ROOT, path))]


def sessions(path):
    """[(command, expected output)] of a page's marked blocks."""
    found = []
    for block in re.findall(r"<!-- run -->\n```console\n(.*?)```", page(path), re.S):
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

    def check(self, path):
        found = sessions(path)
        self.assertGreater(len(found), 0, path)
        for command, expected in found:
            output = self.run_command(command)
            lines, wanted = output.splitlines(), expected.splitlines()
            matches = len(lines) == len(wanted) and all(pattern(want).match(line) for want, line in zip(wanted, lines))
            self.assertTrue(matches, f"$ {command}\n--- {path} says\n{expected}--- it prints\n{output}")

    def test_the_first_five_minutes_print_what_the_readme_says(self):
        self.serve()
        del self.environment["TRUSS_WORKER"]
        self.environment["DATABASE_URL"] = self.environment["URL"]
        self.check("README.md")

    def test_every_example_of_the_pages_prints_what_it_says(self):
        self.serve()
        for path in SERVED:
            self.check(path)

    def test_no_page_has_examples_that_nobody_runs(self):
        self.assertEqual({path for path in pages() if sessions(path)}, {"README.md", *SERVED})

    def test_the_readme_is_short(self):
        self.assertLessEqual(README.count("\n"), 150)

    def test_the_table_of_routes_is_the_list_that_the_bridge_gives(self):
        self.serve()
        with urllib.request.urlopen(self.bridge + "/", timeout=30) as answer:
            routes = json.load(answer)["routes"]
        self.assertEqual(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \|", page("src/bridge/README.md"), re.M), routes)

    def test_the_table_of_configuration_is_that_of_the_programs(self):
        written = page(options_table.DOCUMENT).split(options_table.BEGIN)[1].split(options_table.END)[0]
        self.assertEqual(written, options_table.table(BIN), "tests/docs/options_table.py build/bin --write renews it")
        self.assertGreater(written.count("TRUSS_"), 15)

    def test_the_table_of_what_a_project_may_declare_is_that_of_the_reader(self):
        with open(declared_table.DOCUMENT, encoding="utf-8") as file:
            written = file.read().split(declared_table.BEGIN)[1].split(declared_table.END)[0]
        self.assertEqual(written, declared_table.table(), "tests/docs/declared_table.py --write renews it")
        self.assertGreater(len(declared_table.keys()), 20)

    def test_the_declared_runner_is_the_one_that_is_tested(self):
        with open(os.path.join(ROOT, "tests/fixtures/declared/truss.toml"), encoding="utf-8") as file:
            self.assertIn("```toml\n" + file.read() + "```", page("src/framework/frameworks.md"))

    def test_the_commands_are_those_that_truss_has(self):
        text = subprocess.run(["truss", "--help"], env=self.environment, capture_output=True, text=True, timeout=30,
                              check=True).stdout
        for command in re.findall(r"^  ([a-z-]+) ", text, re.M):
            self.assertRegex(page("src/cli/README.md"), rf"`{command}[ `]")

    def test_the_table_of_frameworks_has_each_and_says_whether_its_ledger_has_a_checksum(self):
        table = page("src/framework/frameworks.md").split("## ")[0]
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

    def test_every_file_and_heading_that_a_page_names_exists(self):
        for path in pages():
            text = page(path)
            for name in re.findall(r"sh ((?:docker|tests)/[\w./-]+)", text):
                self.assertTrue(os.path.exists(os.path.join(ROOT, name)), f"{path}: {name}")
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", text)):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, heading = target.partition("#")
                found = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                self.assertTrue(os.path.exists(os.path.join(ROOT, found)), f"{path}: {target}")
                if heading:
                    anchors = [re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"(?m)^#+ (.+)$", page(found))]
                    self.assertIn(heading, anchors, f"{path}: {target}")


if __name__ == "__main__":
    harness.main()
