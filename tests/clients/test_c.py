"""The C client as a user gets it: installed, found by pkg-config, its example compiled and run against a worker."""
import glob
import os
import shutil
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

    def test_cmake_finds_it_and_a_run_is_one_call(self):
        """The sources in tests/clients/run: a project that asks for the package, and a program that runs all, some, and not to the end."""
        prefix = os.path.dirname(os.path.dirname(self.library))
        build = os.path.join(self.directory.name, "run")
        source = os.path.join(harness.ROOT, "tests", "clients", "run")
        for command in (["cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}"], ["cmake", "--build", build]):
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        self.serve("CREATE TABLE a (id int)", "SELECT 1/0", "SELECT pg_sleep(60)")
        said = subprocess.run([os.path.join(build, "run"), self.process.address], capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, LD_LIBRARY_PATH=os.path.join(prefix, "lib")))
        self.assertEqual(said.stdout.splitlines(), ["all 0 1 1", "failed -2 division by zero", "cancelled 7 4", "wrong -2 5", "nobody -1 1"], said.stderr)
        self.assertEqual(self.sleepers(), [])

    def test_the_library_exports_the_functions_of_its_header_and_nothing_else(self):
        """What was exported once stays, or the SONAME is another: libtruss.symbols is only added to."""
        said = subprocess.run(["nm", "-D", "--defined-only", self.library], check=True, capture_output=True, text=True).stdout
        names = sorted(line.split()[-1].partition("@")[0] for line in said.splitlines() if line.split()[1] == "T")
        with open(os.path.join(harness.ROOT, "clients/c/libtruss.symbols"), encoding="ascii") as file:
            self.assertEqual(names, file.read().split())
        others = [line for line in said.splitlines() if line.split()[1] not in "TA"]
        self.assertEqual(others, [])

    def compiled_by_contract(self, proto, *more):
        """The example, with the messages of other .proto files linked in, against today's library."""
        folder = tempfile.mkdtemp(dir=self.directory.name)
        files = [os.path.relpath(path, proto) for path in glob.glob(os.path.join(proto, "truss/*/v1/*.proto"))]
        subprocess.run(["protoc-c", f"-I{proto}", "-I/usr/include", f"--c_out={folder}", *files, "google/protobuf/timestamp.proto"], check=True)
        generated = glob.glob(os.path.join(folder, "**/*.pb-c.c"), recursive=True)
        program = os.path.join(folder, "example")
        subprocess.run(["cc", "-Wall", EXAMPLE, *generated, "-o", program, f"-I{folder}", f"-I{harness.ROOT}/include", self.library, "-lprotobuf-c",
                        f"-Wl,-rpath,{os.path.dirname(self.library)}", *more], check=True)
        return program

    def test_a_program_that_was_built_with_the_first_contract_works_with_this_library_and_worker(self):
        files = self.project("prisma-blog")
        program = self.compiled_by_contract(os.path.join(harness.ROOT, "tests/fixtures/contract/first"))
        result = subprocess.run([program, self.worker(files).address], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines(), [f"STATE_PENDING {name}" for name in files.names()])

    def test_a_program_whose_messages_have_more_or_fewer_fields_than_the_library_works(self):
        """Fields behind and between the others: the layout in memory is the program's own."""
        files = self.project("prisma-blog")
        address = self.worker(files).address
        for change in (lambda text: text.replace("message GetStatusRequest {", "message GetStatusRequest {\n  string another = 900;\n  repeated string others = 901;")
                       .replace("message Migration {", "message Migration {\n  string another = 900;"),
                       lambda text: text.replace("repeated Source sources = 9;", "").replace("bool verified = 11;", "").replace("bool is_code = 12;", "")):
            proto = tempfile.mkdtemp(dir=self.directory.name)
            shutil.copytree(os.path.join(harness.ROOT, "proto"), proto, dirs_exist_ok=True)
            path = os.path.join(proto, "truss/migration/v1/migration.proto")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertNotEqual(change(text), text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(change(text))
            result = subprocess.run([self.compiled_by_contract(proto), address], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(result.stdout.splitlines(), [f"STATE_PENDING {name}" for name in files.names()])


if __name__ == "__main__":
    harness.main()
