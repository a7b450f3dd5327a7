"""What is written down twice, because two readers need it, is the same in both places."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import ROOT


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()

PORTS = {("src/connection/pooler.c", '"25061"')}  # look like SQLSTATEs


class Contract(unittest.TestCase):
    maxDiff = None

    def test_the_protocol_documents_every_reason_that_is_sent(self):
        sent = re.findall(r'^REASON\((\w+), \d+, "(.+)"\)$', text_of("src/base/reasons.def"), re.M)
        documented = re.findall(r"^  //   ([A-Z_]+): (.+)$", text_of("proto/truss/rpc/v1/rpc.proto"), re.M)
        self.assertGreaterEqual(len(sent), 8)
        self.assertEqual(documented, sent)

    def test_a_plan_selects_migrations_with_the_fields_of_a_run(self):
        def fields(message):
            found = re.findall(rf"^field truss\.migration\.v1\.{message}\.(\w+) = \d+ (.+)$", text_of("proto/contract.lock"), re.M)
            return set(found)
        self.assertGreaterEqual(len(fields("PlanRequest")), 6)
        self.assertLessEqual(fields("PlanRequest"), fields("RunRequest"))
        for message in ("GetStatusRequest", "PreviewRequest", "MarkAppliedRequest", "MarkRolledBackRequest", "CheckRequest", "CreateRequest"):
            self.assertIn(("framework", "string optional"), fields(message), message)

    def test_the_protocol_states_the_limits_that_are_kept(self):
        limits = dict(re.findall(r"^#define LIMIT_(\w+) +(\d+)\b", text_of("src/base/limits.h"), re.M))
        stated = text_of("proto/truss/migration/v1/migration.proto").replace(",", "")
        for pattern, names in ((r"lock_timeout for statements that \S+ \S+ \S+ 1 to (\d+); 0", ["LOCK_TIMEOUT_MS"]), (r"at most (\d+); 0: not at all", ["WAIT_MS"]),
                               (r"// At most (\d+); ask again", ["EVENTS"]), (r"// At most (\d+); 0: (\d+)\.", ["LISTED", "LISTED_USUALLY"])):
            found = re.search(pattern, stated)
            self.assertIsNotNone(found, pattern)
            self.assertEqual(list(found.groups()), [limits[name] for name in names])

    def test_an_sqlstate_is_spelt_in_one_header_only(self):
        for folder, _, names in os.walk(os.path.join(ROOT, "src")):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if name.endswith((".c", ".h")) and path != "src/base/sqlstate.h":
                    found = re.findall(r'"(?=[0-9A-Z]*[A-Z])[0-9][0-9A-Z]{4}"|"(?:08|2[0-9]|4[0-9]|5[0-9])\d{3}"', text_of(path))
                    self.assertEqual([one for one in found if (path, one) not in PORTS], [], path)

    def test_the_documents_name_what_is_there(self):
        """Links, paths in backticks, and files that are named without their folder."""
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        names = {os.path.basename(path) for path in listed}
        documents = [path for path in listed if path.endswith(".md") and not path.startswith("tests/fixtures/")]
        self.assertGreater(len(documents), 15)
        for document in documents:
            text = text_of(document)
            for path in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", text):
                self.assertTrue(os.path.exists(os.path.join(ROOT, os.path.dirname(document), path)), f"{document}: {path}")
            for path in re.findall(r"`((?:src|tests|proto|docker|clients|include)/[\w./-]+)`", text):
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)), f"{document}: {path}")
            if document != ".github/CHANGELOG.md":  # which also says what there was
                for name in re.findall(r"`([\w-]+\.(?:[ch]|py|def|proto))`", text):
                    self.assertIn(name, names, document)

    def test_every_table_of_ours_is_documented(self):
        declared = "".join(re.findall(r'"(.*?)"', re.search(r"#define OWN_TABLES(.*?)\n\n", text_of("src/pg/own_tables.h"), re.S)[1]))
        tables = {name for name in re.search(r"'\{(.*)\}'", declared)[1].split(",") if not name.endswith("_seq")}
        self.assertGreater(len(tables), 10)
        self.assertEqual(set(re.findall(r"`truss\.(\w+)`", text_of("src/migration/README.md"))), tables)

    def layers(self, files):
        """What tests/layers.py says of a tree with these files."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, "src", os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, "src", path), "w", encoding="ascii") as file:
                    file.write(text)
            told = subprocess.run([sys.executable, os.path.join(ROOT, "tests/layers.py"), root], capture_output=True, text=True, check=False)
            return told.returncode, [line for line in told.stdout.splitlines() if "no longer so" not in line]

    def test_the_walk_of_a_run_is_of_25_files_at_most_and_all_are_there(self):
        with open(os.path.join(ROOT, ".github", "CONTRIBUTING.md"), encoding="utf-8") as file:
            walk = re.findall(r"^\| (\d+) \| `(src/[^`]+)` \|", file.read(), re.MULTILINE)
        self.assertEqual([int(number) for number, _ in walk], list(range(1, len(walk) + 1)))
        self.assertTrue(20 <= len(walk) <= 25, len(walk))
        for _, path in walk:
            self.assertTrue(os.path.isfile(os.path.join(ROOT, path)), path)

    def test_an_include_that_points_upwards_is_found(self):
        self.assertEqual(self.layers({"base/a.h": "", "pg/b.c": '#include "base/a.h"\n'}), (0, []))
        self.assertEqual(self.layers({"base/a.c": '#include "pg/b.h"\n', "pg/b.h": ""}), (1, ["src/base/a.c includes pg/b.h: base may not know pg"]))
        self.assertEqual(self.layers({"cli/a.c": '#include "pg/b.h"\n', "pg/b.h": ""})[0], 1)
        self.assertEqual(self.layers({"migration/look/a.c": '#include "migration/run/b.h"\n', "migration/run/b.h": ""})[0], 1)
        self.assertEqual(self.layers({"migration/run/a.c": '#include "migration/look/b.h"\n', "migration/look/b.h": ""})[0], 0)
        self.assertEqual(self.layers({"worker/a.c": '#include "framework/core/b.h"\n', "framework/core/b.h": ""})[0], 0)
        self.assertIn("has no line", self.layers({"elsewhere/a.c": ""})[1][0])

    def test_a_circle_of_headers_is_found(self):
        circle = {"base/a.h": '#include "base/b.h"\n', "base/b.h": '#include "base/c.h"\n', "base/c.h": '#include "base/a.h"\n'}
        status, said = self.layers(circle)
        self.assertEqual((status, said[0]), (1, "headers that include each other: base/a.h, base/b.h, base/c.h"))

    def test_two_modules_that_know_each_other_are_found(self):
        self.assertEqual(self.layers({"base/a.c": '#include "base/b.h"\n', "base/a.h": "", "base/b.c": '#include "base/a.h"\n', "base/b.h": ""}),
                         (1, ["modules that know each other: base/a, base/b"]))
        self.assertEqual(self.layers({"base/a.c": '#include "base/a_part.h"\n', "base/a.h": "", "base/a_part.c": '#include "base/a.h"\n', "base/a_part.h": ""})[0], 0)

    def contract(self, change, *arguments, path="truss/migration/v1/migration.proto"):
        """What tests/contract.py says of today's .proto files after a change, and the lock behind it."""
        with tempfile.TemporaryDirectory() as root:
            shutil.copytree(os.path.join(ROOT, "proto"), os.path.join(root, "proto"))
            before = text_of(f"proto/{path}")
            self.assertNotEqual(change(before), before)
            with open(os.path.join(root, "proto", path), "w", encoding="utf-8") as file:
                file.write(change(before))
            told = subprocess.run([sys.executable, os.path.join(ROOT, "tests/contract.py"), root, *arguments], capture_output=True, text=True, check=False)
            with open(os.path.join(root, "proto/contract.lock"), encoding="utf-8") as file:
                return told.returncode, told.stdout + told.stderr, file.read()

    def test_what_clients_rely_on_is_not_removed_or_changed(self):
        lock = text_of("proto/contract.lock")
        for name, old, new, said in (
                ("removed", "  uint32 lock_timeout_ms = 5;\n", "", "broken: field truss.migration.v1.RunRequest.lock_timeout_ms = 5 uint32 optional"),
                ("renumbered", "uint32 lock_timeout_ms = 5;", "uint32 lock_timeout_ms = 95;", "broken: field truss.migration.v1.RunRequest.lock_timeout_ms = 5"),
                ("renamed", "uint32 lock_timeout_ms = 5;", "uint32 lock_timeout = 5;", "broken: field truss.migration.v1.RunRequest.lock_timeout_ms = 5"),
                ("of another type", "uint32 lock_timeout_ms = 5;", "uint64 lock_timeout_ms = 5;", "broken: field truss.migration.v1.RunRequest.lock_timeout_ms = 5 uint32"),
                ("repeated", "uint32 lock_timeout_ms = 5;", "repeated uint32 lock_timeout_ms = 5;", "broken: field truss.migration.v1.RunRequest.lock_timeout_ms = 5 uint32 optional"),
                ("another value", "STATE_ORPHANED = 4;", "STATE_ORPHANED = 9;", "broken: value truss.migration.v1.State.STATE_ORPHANED = 4"),
                ("another method", "rpc Check(CheckRequest)", "rpc Look(CheckRequest)", "broken: method truss.migration.v1.MigrationService/Check"),
                ("another input", "rpc Check(CheckRequest)", "rpc Check(PlanRequest)", "broken: method truss.migration.v1.MigrationService/Check")):
            for arguments in ([], ["--renew"]):
                with self.subTest(change=name, arguments=arguments):
                    status, told, after = self.contract(lambda text: text.replace(old, new), *arguments)
                    self.assertEqual((status, after), (1, lock))
                    self.assertIn(said, told)

    def test_what_is_new_is_named_until_it_is_in_the_lock(self):
        def more(text):
            return text.replace("  uint32 lock_timeout_ms = 5;\n", "  uint32 lock_timeout_ms = 5;\n  bool another = 900;\n")
        line = "field truss.migration.v1.RunRequest.another = 900 bool optional"
        status, told, after = self.contract(more)
        self.assertEqual((status, after), (1, text_of("proto/contract.lock")))
        self.assertIn(f"new: {line}", told)
        status, told, after = self.contract(more, "--renew")
        self.assertEqual((status, set(after.splitlines()) - set(text_of("proto/contract.lock").splitlines())), (0, {line}), told)


if __name__ == "__main__":
    harness.main()
