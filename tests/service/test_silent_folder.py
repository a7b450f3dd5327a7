"""A project in a file system whose server is gone: a look into it never returns, and nothing can end it. What needs the project says
so in time, and everything else goes on."""
import contextlib
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import certificates
import harness
from fuse_mount import FuseMount
from harness import Case, RpcError, allowed, wait_for

SECONDS = 5  # that a look is waited for


@unittest.skipUnless(FuseMount.is_possible(), "file systems can be mounted by root only, and where there is /dev/fuse")
class SilentFolder(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project()
        self.files.add("1_a", "CREATE TABLE a (id int);\n").add("2_b", "CREATE TABLE b (id int);\n")
        self.place = tempfile.mkdtemp(prefix="truss-mount-")
        self.addCleanup(os.rmdir, self.place)
        self.mount = FuseMount(self.files.path, self.place)
        self.addCleanup(self.mount.close)

    def begin(self, *arguments, project=None, listen="tcp://127.0.0.1:0"):
        return self.program("truss-worker", "--listen", listen, "--project", project or self.place, *arguments,
                            environment={"DATABASE_URL": self.url()}, inside=self.mount.inside)

    def serve_it(self, *arguments, project=None):
        self.process = self.begin(*arguments, project=project).wait_listening()
        return self.rpc(self.process)

    def local(self, *arguments):
        """The command line, which sees the mount."""
        return harness.subprocess.run([*self.mount.inside, os.path.join(harness.BIN, "truss"), *arguments, "--project", self.place], text=True, capture_output=True,
                                      env=harness.clean_environment({"DATABASE_URL": self.url()}), check=False, timeout=harness.PATIENCE)

    def refusal(self, call):
        with self.assertRaises(RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code, 14, caught.exception)  # UNAVAILABLE
        return caught.exception.status

    def status(self, rpc, **options):
        return rpc.call("MigrationService", "GetStatus", **options)

    def silence(self):
        time.sleep(0.2)  # a look that was answered counts for a moment
        self.addCleanup(self.mount.speak)
        self.mount.fall_silent()

    def size(self):
        """The worker's threads, files and children."""
        of = f"/proc/{self.process.process.pid}"
        threads, children = os.listdir(f"{of}/task"), 0
        for thread in threads:
            with contextlib.suppress(FileNotFoundError), open(f"{of}/task/{thread}/children", encoding="utf-8") as file:
                children += len(file.read().split())
        return len(threads), len(os.listdir(f"{of}/fd")), children

    def test_a_project_that_does_not_answer_is_an_error_that_names_it_and_its_file_system(self):
        rpc = self.serve_it()
        self.assertEqual(self.states(self.status(rpc)), {"1_a": "pending", "2_b": "pending"})
        self.silence()
        began = time.monotonic()
        said = self.refusal(lambda: self.status(rpc))
        self.assertLess(time.monotonic() - began, SECONDS + allowed(1))
        self.assertEqual(said.message, f"The directory {self.place} does not answer (asked {SECONDS} s ago); its file system is fuse.hanging (hanging). "
                                       "Nothing of the project was read.")
        self.mount.speak()
        self.assertEqual(self.states(wait_for(lambda: self.answers(rpc))), {"1_a": "pending", "2_b": "pending"})

    def answers(self, rpc):
        try:
            return self.status(rpc)
        except RpcError:
            return None

    def test_who_asks_later_is_told_at_once_and_leaves_nothing_behind(self):
        rpc = self.serve_it()
        self.status(rpc)
        self.silence()
        self.refusal(lambda: self.status(rpc))
        threads, files, _ = self.size()
        began = time.monotonic()
        for method in ("GetStatus", "Plan", "Check", "Run"):
            self.assertIn("does not answer", self.refusal(lambda one=method: rpc.call("MigrationService", one)).message)
        self.assertLess(time.monotonic() - began, allowed(2))
        for _ in range(20):
            self.refusal(lambda: self.status(rpc))
        now = self.size()
        self.assertLessEqual(now[0], threads + 8)  # those of two lanes, which are begun as they are needed
        self.assertLessEqual(now[1], files + 4)  # and their connections
        self.assertEqual(now[2], 1)
        self.process.stop()
        self.assertEqual(self.sql("SELECT pg_catalog.to_regclass('a')"), [(None,)])

    def test_a_file_of_tokens_that_does_not_answer_holds_up_nobody_without_a_token(self):
        token = self.token("read")
        shutil.copy(self.tokens, self.files.path)
        rpc = self.serve_it("--tokens", os.path.join(self.place, os.path.basename(self.tokens)))
        known = {"authorization": f"Bearer {token}"}
        self.assertEqual(rpc.call("Trust", "WhoAmI", metadata=known).name, "one")
        self.silence()
        names = []
        first = threading.Thread(target=lambda: names.append(self.rpc(self.process).call("Trust", "WhoAmI", metadata=known).name))
        first.start()
        time.sleep(0.3)
        began = time.monotonic()
        for _ in range(20):
            self.rpc(self.process).call("Health", "Check", timeout_ms=20000)
        self.assertLess(time.monotonic() - began, allowed(1))
        self.assertIn("file of tokens does not answer", self.refusal(lambda: rpc.call("Trust", "WhoAmI", metadata=known)).message)
        self.assertIn("the file of tokens does not answer", self.process.text())
        self.mount.speak()
        first.join()
        self.assertEqual([*names, rpc.call("Trust", "WhoAmI", metadata=known).name], ["one", "one"])

    def test_certificates_that_do_not_answer_hold_up_no_connection(self):
        folder = os.path.join(self.files.path, "tls")
        os.mkdir(folder)
        certificates.make(folder)
        shown = [os.path.join(self.place, "tls", f"server.{kind}") for kind in ("pem", "key")]
        worker = self.begin("--tls-cert", shown[0], "--tls-key", shown[1], project=self.files.path, listen="tls+tcp://127.0.0.1:0").wait_listening()

        def shows():
            context = ssl.create_default_context(cafile=os.path.join(folder, "one.pem"))
            with socket.create_connection(("127.0.0.1", int(worker.address.rsplit(":", 1)[1])), timeout=20) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]
        self.assertEqual(shows(), "server")
        self.silence()
        time.sleep(1)  # the files are looked at once in a second
        began = time.monotonic()
        self.assertEqual([shows() for _ in range(3)], ["server"] * 3)
        self.assertLess(time.monotonic() - began, allowed(1))
        for kind in ("pem", "key"):
            os.replace(os.path.join(folder, f"later.{kind}"), os.path.join(folder, f"server.{kind}"))
        self.mount.speak()
        wait_for(lambda: shows() == "later")

    def children(self):
        of = f"/proc/{self.process.process.pid}/task"
        found = []
        for thread in os.listdir(of):
            with open(f"{of}/{thread}/children", encoding="utf-8") as file:
                found += [int(pid) for pid in file.read().split()]
        return found

    def test_a_look_that_is_killed_is_no_answer(self):
        # The kernel kills it, too, when the thread that began it ends, which is half a minute after its last request.
        rpc = self.serve_it()
        self.status(rpc)
        self.silence()
        self.refusal(lambda: self.status(rpc))
        for _ in range(3):
            for pid in self.children():
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)
            began = time.monotonic()
            self.assertIn("does not answer", self.refusal(lambda: self.status(rpc, timeout_ms=20000)).message)
            self.assertLess(time.monotonic() - began, SECONDS + allowed(1))
            self.assertEqual(len(self.children()), 1)
        self.mount.speak()
        self.assertEqual(self.states(wait_for(lambda: self.answers(rpc))), {"1_a": "pending", "2_b": "pending"})

    def test_what_does_not_need_the_project_goes_on(self):
        rpc = self.serve_it()
        self.status(rpc)
        self.silence()
        askers = [threading.Thread(target=lambda: self.refusal(lambda: self.status(self.rpc(self.process)))) for _ in range(12)]
        for asker in askers:
            asker.start()
        began = time.monotonic()
        self.assertTrue(rpc.call("Health", "GetInfo").ok)
        rpc.call("Health", "Check")
        self.assertLess(time.monotonic() - began, allowed(1))
        for asker in askers:
            asker.join()
        self.assertEqual(list(rpc.call("MigrationService", "ListOperations").operations), [])

    def test_a_request_with_little_time_is_answered_before_it_is_over(self):
        rpc = self.serve_it()
        self.status(rpc)
        self.silence()
        began = time.monotonic()
        self.assertIn("does not answer", self.refusal(lambda: self.status(rpc, timeout_ms=2000)).message)
        self.assertLess(time.monotonic() - began, 2)

    def test_a_link_to_such_a_project_does_not_answer_either(self):
        link = tempfile.mkdtemp(prefix="truss-link-") + "/current"
        os.symlink(self.place, link)
        self.addCleanup(os.rmdir, os.path.dirname(link))
        self.addCleanup(os.unlink, link)
        rpc = self.serve_it(project=link)
        self.assertEqual(self.states(self.status(rpc)), {"1_a": "pending", "2_b": "pending"})
        self.silence()
        self.assertIn("does not answer", self.refusal(lambda: self.status(rpc)).message)

    def test_a_project_with_such_a_file_system_in_it_does_not_answer(self):
        outer = self.project()
        inner = os.path.join(outer.path, "prisma")
        os.rmdir(os.path.join(inner, "migrations"))
        self.mount.close()
        self.mount = FuseMount(os.path.join(self.files.path, "prisma"), inner)
        self.addCleanup(self.mount.close)
        rpc = self.serve_it(project=outer.path)
        self.assertEqual(self.states(self.status(rpc)), {"1_a": "pending", "2_b": "pending"})
        self.silence()
        self.assertIn(f"The directory {inner} does not answer", self.refusal(lambda: self.status(rpc)).message)

    def test_a_command_and_a_worker_do_not_begin_without_it(self):
        self.assertEqual(self.local("status").returncode, 0)
        self.silence()
        result = self.local("status")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"truss: The directory {self.place} does not answer", result.stderr)
        worker = self.begin()
        self.assertEqual(worker.process.wait(harness.PATIENCE), 1)
        worker.kill()
        self.assertIn("does not answer", worker.text())

    def test_a_silence_in_the_middle_of_reading_stops_only_who_reads(self):
        rpc = self.serve_it()
        self.mount.fall_silent_at(self.files.script("2_b"))
        stuck = self.rpc(self.process)
        reader = threading.Thread(target=lambda: self.assertRaises(RpcError, stuck.call, "MigrationService", "Plan", timeout_ms=1000))
        reader.start()
        wait_for(self.mount.is_silent)
        time.sleep(0.2)
        self.assertIn("does not answer", self.refusal(lambda: self.status(rpc)).message)
        self.assertEqual(list(rpc.call("MigrationService", "ListOperations").operations), [])
        self.mount.speak()
        reader.join()

    def test_a_file_system_without_a_server_is_no_empty_project(self):
        rpc = self.serve_it()
        self.status(rpc)
        self.mount.close()
        time.sleep(0.2)
        self.assertEqual(self.refusal(lambda: self.status(rpc)).message,
                         f"The directory {self.place} cannot be read: Transport endpoint is not connected; its file system is fuse.hanging (hanging). "
                         "Nothing of the project was read.")


if __name__ == "__main__":
    harness.main()
