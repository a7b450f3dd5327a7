"""docker/ as far as it can be judged without an engine: the files say what they should, what they call works, and the two
scripts for people's own machines do what they promise. docker/build-image.sh, which takes minutes, tests the image itself."""
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import yaml
from harness import BIN, PASSWORD, ROOT, SANITIZED, Case

DOCKER = os.path.join(ROOT, "docker")
INSTALL = os.path.join(DOCKER, "install-deps.sh")
QUICKSTART = os.path.join(DOCKER, "quickstart.sh")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def interpolated(text, **variables):
    """As compose does it: ${NAME:-default}, and $$ for a dollar."""
    text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: variables.get(found[1], found[2]), text)
    assert not re.search(r"(?<!\$)\$\{", text), "a variable without a default"
    return text.replace("$$", "$")


class Compose(Case):
    def setUp(self):
        super().setUp()
        self.services = yaml.safe_load(interpolated(read("docker", "compose.yaml")))["services"]

    def test_only_the_bridge_is_published_and_only_to_this_machine(self):
        published = {name: service["ports"] for name, service in self.services.items() if "ports" in service}
        self.assertEqual(published, {"bridge": ["127.0.0.1:8787:8787"]})

    def test_the_project_is_mounted_read_only(self):
        self.assertEqual(self.services["worker"]["volumes"], ["./sample:/project:ro", "tokens:/tokens"])
        self.assertTrue(os.path.isfile(os.path.join(DOCKER, "sample", "prisma", "schema.prisma")))

    def test_each_waits_until_what_it_needs_is_healthy(self):
        for name, needed in (("worker", "postgres"), ("bridge", "worker")):
            self.assertEqual(self.services[name]["depends_on"], {needed: {"condition": "service_healthy"}})
        dockerfile = read("docker", "Dockerfile")
        for name, service in self.services.items():
            self.assertTrue("healthcheck" in service or (service["image"] == "truss" and "HEALTHCHECK" in dockerfile), name)

    def test_the_bridge_does_not_share_a_network_with_the_database(self):
        self.assertFalse(set(self.services["bridge"]["networks"]) & set(self.services["postgres"]["networks"]))

    def test_one_variable_sets_the_password_everywhere(self):
        services = yaml.safe_load(interpolated(read("docker", "compose.yaml"), TRUSS_DB_PASSWORD="other"))["services"]
        self.assertEqual(services["postgres"]["environment"]["POSTGRES_PASSWORD"], "other")
        self.assertEqual(services["worker"]["environment"]["PGPASSWORD"], "other")
        self.assertNotRegex(services["worker"]["environment"]["DATABASE_URL"], r"//[^@]*:")

    def test_the_programs_accept_the_options_that_they_are_given(self):
        program, *arguments = self.services["bridge"]["command"]
        result = subprocess.run([os.path.join(BIN, program), *arguments, "--version"], capture_output=True, text=True,
                                env=harness.clean_environment(), timeout=30, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def start_worker(self, folder, port):
        """The worker as compose starts it, with its volume of tokens in a folder; None if it does not listen: somebody else got the port."""
        here = lambda text: text.replace("/tokens/", f"{folder}/").replace("0.0.0.0:8788", f"0.0.0.0:{port}").replace("127.0.0.1:8788", f"127.0.0.1:{port}")
        service = self.services["worker"]
        variables = {name: here(value) for name, value in service["environment"].items() if name.startswith("TRUSS_")}
        variables.update(DATABASE_URL=self.url(), TRUSS_PROJECT=self.project("prisma-blog").path)
        variables["PATH"] = BIN + os.pathsep + os.environ["PATH"]
        process = subprocess.Popen([here(word) for word in service["command"]], env=harness.clean_environment(variables),
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.said = []
        for line in process.stderr:
            self.said.append(line)
            if "listening" in line:
                return {name: value for name, value in variables.items() if name in ("TRUSS_TOKEN_FILE", "TRUSS_WORKER")}
        return None

    def test_the_worker_starts_with_a_token_that_it_makes_once_and_wants(self):
        folder = tempfile.mkdtemp(prefix="truss-compose-")
        self.addCleanup(shutil.rmtree, folder)
        found = set()
        for _ in range(2):
            inside = next(filter(None, (self.start_worker(folder, harness.free_port()) for _ in range(3))), None)
            self.assertIsNotNone(inside, self.said)
            status = self.truss("status", environment=inside)
            self.assertEqual(status.returncode, 0, status.stderr)
            outside = self.truss("status", environment={"TRUSS_WORKER": inside["TRUSS_WORKER"]})
            self.assertEqual(outside.returncode, 1)
            self.assertIn("needs a login", outside.stderr)
            with open(os.path.join(folder, "token"), encoding="ascii") as file:
                found.add(file.read())
        self.assertEqual(len(found), 1)

    def test_the_worker_takes_the_password_from_the_environment(self):
        url = f"postgresql://app@127.0.0.1:{self.cluster.port}/{self.database}"
        worker = self.worker(self.project("prisma-blog"), url=url, environment={"PGPASSWORD": PASSWORD})
        self.assertEqual(self.truss("health", worker=worker).returncode, 0)

    def check_bridge(self, port):
        command = [word.replace("8787", port) for word in self.services["bridge"]["healthcheck"]["test"][1:]]
        return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=30, check=False).returncode

    def test_the_health_check_of_the_bridge_tells_ready_from_not_ready(self):
        project = self.project("prisma-blog")
        for url, code in (("own", 0), (None, 1)):
            worker = self.worker(project, url=url)
            bridge = self.program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", worker.address).wait_listening()
            self.assertEqual(self.check_bridge(bridge.address.rsplit(":", 1)[1]), code)
        self.assertEqual(self.check_bridge(str(harness.free_port())), 1)


class Dockerfile(Case):
    def setUp(self):
        super().setUp()
        joined = read("docker", "Dockerfile").replace("\\\n", " ")
        lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
        self.instructions = [tuple(line.split(None, 1)) for line in lines]

    def all_of(self, name):
        return [rest for word, rest in self.instructions if word == name]

    def test_it_runs_as_a_numbered_user_that_is_not_root(self):
        self.assertEqual(self.all_of("USER"), ["10001:10001"])

    def test_the_context_has_every_file_that_the_build_asks_for(self):
        """make only says what it would do, and which file is missing: no image was to be had while the console's Help was not in it."""
        folder = tempfile.mkdtemp(prefix="truss-context-")
        self.addCleanup(shutil.rmtree, folder, True)
        source, build = os.path.join(folder, "src"), os.path.join(folder, "build")
        for name in (line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")):
            kept = os.path.join(source, name)
            os.makedirs(os.path.dirname(kept), exist_ok=True)
            copy = shutil.copytree if os.path.isdir(os.path.join(harness.ROOT, name)) else shutil.copy
            copy(os.path.join(harness.ROOT, name), kept)
        for command in (["cmake", "-S", source, "-B", build, "-DTRUSS_TESTS=OFF"], ["make", "-C", build, "-n", "-k", "all"]):
            said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False).stdout
        self.assertIn("Building C object", said)
        self.assertEqual(re.findall(f"No rule to make target '({re.escape(source)}/[^']*)'", said), [])

    def test_every_stage_begins_with_the_same_base(self):
        self.assertEqual({rest.split()[0] for rest in self.all_of("FROM")}, {"${BASE}"})

    def test_package_lists_do_not_stay_in_the_image(self):
        self.assertIn("rm -rf /tmp/install-deps.sh /var/lib/apt/lists/*", self.all_of("RUN")[-1])

    def test_what_it_builds_from_is_not_ignored(self):
        kept = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
        listfile = read("CMakeLists.txt")
        self.assertLessEqual({"CMakeLists.txt", "docker/install-deps.sh", "src", "proto", "include"}, kept)
        self.assertEqual("add_subdirectory(clients/c)" in listfile, "clients" in kept)

    def test_its_health_check_fails_without_a_worker_and_passes_with_one(self):
        program, *arguments = json.loads(self.all_of("HEALTHCHECK")[0].split("CMD", 1)[1])
        self.assertEqual(program, "truss")
        nobody = f"tcp://127.0.0.1:{harness.free_port()}"
        self.assertEqual(self.truss(*arguments, environment={"TRUSS_WORKER": nobody}).returncode, 1)
        self.assertEqual(self.truss(*arguments, worker=self.worker(self.project("prisma-blog"))).returncode, 0)


class InstallDeps(unittest.TestCase):
    """On a machine of our making: the commands that it calls, written for the test, are all that its PATH has."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="truss-install-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.calls = os.path.join(self.directory, "calls")
        for tool in ("sh", "sort", "tr", "env", "sed"):
            os.symlink(shutil.which(tool), os.path.join(self.directory, tool))
        self.command("id", "echo 0")
        self.command("dpkg-query", "exit 1")
        self.command("sleep", ":")
        self.command("apt-get", f'echo "$@" >>{self.calls}')

    def command(self, name, body):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{body}\n")
        os.chmod(path, 0o755)

    def install(self, *sets):
        return subprocess.run(["/bin/sh", INSTALL, *sets], env={"PATH": self.directory}, capture_output=True, text=True,
                              timeout=60, check=False)

    def apt_calls(self):
        if not os.path.exists(self.calls):
            return []
        with open(self.calls, encoding="utf-8") as file:
            return [next(word for word in line.split() if word in ("update", "install")) for line in file]

    def test_this_machine_has_every_package_of_the_tests(self):
        result = subprocess.run(["/bin/sh", INSTALL, "test"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_it_does_nothing_where_everything_is_installed(self):
        self.command("dpkg-query", "echo 'ii '")
        result = self.install("build")
        self.assertEqual((result.returncode, result.stdout, self.apt_calls()), (0, "", []))

    def test_it_renews_the_lists_and_installs_what_is_missing(self):
        self.command("dpkg-query", 'for last; do :; done; [ "$last" = libpq5 ] || echo "ii "')
        result = self.install("run")
        self.assertEqual((result.returncode, result.stdout), (0, "Installing: libpq5 \n"))
        self.assertEqual(self.apt_calls(), ["update", "install"])

    def test_a_name_with_a_version_in_it_is_the_one_of_this_release(self):
        """As in Debian 13; a machine whose apt does not tell gets the package that depends on it."""
        self.command("dpkg-query", 'for last; do :; done; case $last in libmicrohttpd*) ;; *) echo "ii " ;; esac')
        self.command("apt-cache", 'printf "libmicrohttpd-dev\\n  Depends: libmicrohttpd12t64\\n  Depends: libgnutls28-dev\\n"')
        self.assertEqual(self.install("run").stdout, "Installing: libmicrohttpd12t64 \n")
        with open(self.calls, encoding="utf-8") as file:
            self.assertEqual(file.read().splitlines()[-1].split()[-1], "libmicrohttpd12t64")
        os.remove(os.path.join(self.directory, "apt-cache"))
        self.assertEqual(self.install("run").stdout, "Installing: libmicrohttpd-dev \n")

    def test_it_tries_again_once_and_then_says_what_it_could_not_install(self):
        self.command("apt-get", f'echo "$@" >>{self.calls}; exit 100')
        result = self.install("run")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(self.apt_calls(), ["update", "install"] * 2)
        self.assertIn("could not install: ", result.stderr)

    def test_without_root_or_sudo_it_says_what_root_has_to_do(self):
        self.command("id", "echo 1000")
        result = self.install("run")
        self.assertEqual((result.returncode, self.apt_calls()), (1, []))
        self.assertIn("as root: apt-get install --no-install-recommends ", result.stderr)

    def test_a_user_with_sudo_installs_through_it(self):
        self.command("id", "echo 1000")
        self.command("sudo", f'echo sudo >>{self.directory}/sudo; exec "$@"')
        self.assertEqual(self.install("run").returncode, 0)
        self.assertEqual(self.apt_calls(), ["update", "install"])
        self.assertTrue(os.path.exists(os.path.join(self.directory, "sudo")))

    def test_an_unknown_set_is_refused(self):
        result = self.install("everything")
        self.assertEqual(result.returncode, 1)
        self.assertIn('there is no set "everything"', result.stderr)


def checkout_files():
    """What a quickstart could leave in the checkout: names at its top, and the sample's files with their time of change."""
    sample = glob.glob(os.path.join(DOCKER, "**", "*"), recursive=True)
    return set(os.listdir(ROOT)) - {"build"}, {path: os.stat(path).st_mtime_ns for path in sample}


def processes_with(word):
    """The processes that have a word in their environment."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if word.encode() in file.read():
                    found.append(path)
        except OSError:
            pass
    return found


@unittest.skipIf(SANITIZED, "it runs what it builds itself")
class Quickstart(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="truss-quickstart-test-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory, True)

    def once(self, **variables):
        environment = harness.clean_environment({"TMPDIR": self.directory, "HOME": self.directory, **variables})
        return subprocess.run(["/bin/sh", QUICKSTART, "--once"], env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600, check=False)

    def test_it_shows_the_sample_pending_then_applied_and_leaves_nothing(self):
        before = checkout_files()
        result = self.once()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        first, second = result.stdout.split("== Run")
        self.assertIn("0 applied, 4 pending, 0 modified, 0 orphaned", first)
        self.assertIn("4 applied, 0 pending, 0 modified, 0 orphaned", second)
        self.assertEqual(processes_with(self.directory), [])
        self.assertEqual(os.listdir(self.directory), [])
        self.assertEqual(checkout_files(), before)

    def test_it_does_not_use_the_database_that_the_shell_knows(self):
        result = self.once(DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/production")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertNotIn("secret", result.stdout + result.stderr)

    def test_it_takes_other_ports_where_its_own_are_taken_and_says_so(self):
        holders = []
        for port in (8787, 8788):
            holder = socket.socket()
            self.addCleanup(holder.close)
            try:
                holder.bind(("127.0.0.1", port))
                holder.listen()
                holders.append(holder)
            except OSError:
                pass  # somebody else holds it, which does as well
        result = self.once()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for port in (8787, 8788):
            self.assertIn(f"Port {port} is taken; using one that is free.", result.stderr)
            self.assertNotIn(f"127.0.0.1:{port}\n", result.stdout)


if __name__ == "__main__":
    harness.main()
