"""The C client as a user gets it: installed, found by pkg-config, its example compiled and run against a worker."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

EXAMPLE = os.path.join(harness.ROOT, "clients", "c", "example.c")


class C(Case):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="truss-client-")
        prefix = os.path.join(cls.directory.name, "prefix")
        subprocess.run(["cmake", "--install", os.path.dirname(harness.BIN), "--prefix", prefix], check=True, capture_output=True)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "truss"], check=True, capture_output=True, text=True,
                               env=dict(os.environ, PKG_CONFIG_PATH=os.path.join(prefix, "lib", "pkgconfig")))
        cls.example = os.path.join(cls.directory.name, "example")
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", EXAMPLE, "-o", cls.example, *flags.stdout.split(),
                        f"-Wl,-rpath,{prefix}/lib"], check=True)
        cls.library = os.path.join(prefix, "lib", "libtruss.so")

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def run_example(self, address):
        return subprocess.run([self.example, address], capture_output=True, text=True, timeout=60, check=False)

    def test_the_example_prints_the_states(self):
        files = self.project("prisma-blog")
        result = self.run_example(self.worker(files).address)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines(), [f"STATE_PENDING {name}" for name in files.names()])

    def test_errors_are_told(self):
        result = self.run_example(self.worker(self.project(), url=None).address)
        self.assertEqual((result.returncode, result.stderr), (1, "INTERNAL: DATABASE_URL is not set.\n"))
        result = self.run_example("tcp://127.0.0.1:1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("UNAVAILABLE", result.stderr)
        self.assertEqual(self.run_example("nonsense").returncode, 2)

    def test_the_library_exports_its_own_names_only(self):
        names = subprocess.run(["nm", "-D", "--defined-only", self.library], check=True, capture_output=True, text=True).stdout.split("\n")
        foreign = [line for line in names if line and not line.split()[-1].startswith(("truss_", "google__"))]
        self.assertEqual(foreign, [])


if __name__ == "__main__":
    harness.main()
