"""Where a worker listens: Unix sockets that heal, addresses that are taken."""
import fcntl
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, wait_for


class Listen(Case):
    def test_it_serves_unix_sockets_and_heals_after_a_rude_client(self):
        path = self.socket_url().removeprefix("ipc://")
        worker = self.worker(self.project("prisma-blog"), listen=f"ipc://{path}")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with Rpc(worker.address) as rpc:
            self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)
        for _ in range(3):
            rude = harness.socket.socket(harness.socket.AF_UNIX)
            rude.connect(path)
            rude.close()

        def answers():
            try:
                with Rpc(worker.address, timeout=1) as rpc:
                    return rpc.call("MigrationService", "GetStatus").summary.pending == 4
            except OSError:
                return False
        wait_for(answers)

    def test_a_second_worker_on_the_same_address_says_so_and_does_no_harm(self):
        for listen in ("tcp://127.0.0.1:0", self.socket_url()):
            first = self.worker(self.project("prisma-blog"), listen=listen)
            second = harness.Program("truss-worker", "--listen", first.address)
            self.assertEqual(second.process.wait(60), 1)
            second._reader.join()
            self.assertIn("in use", second.text())
            second.process.stderr.close()
            with Rpc(first.address) as rpc:
                self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)

    def test_it_serves_although_nobody_reads_its_log_and_says_later_what_is_missing(self):
        """A pipe that was full stopped each thread that had something to say."""
        for form in ("logfmt", "json"):
            with self.subTest(form):
                out, into = os.pipe()
                fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 8192)
                listen = self.socket_url()
                process = subprocess.Popen([os.path.join(harness.BIN, "truss-worker"), "--listen", listen, "--project", self.project("prisma-blog").path,
                                            "--database-url", self.url(), "--log-format", form, "--log-level", "debug"], stderr=into)
                os.close(into)
                self.addCleanup(process.kill)
                wait_for(lambda: os.path.exists(listen.removeprefix("ipc://")))
                with Rpc(listen) as rpc:
                    for _ in range(100):
                        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)
                    os.read(out, 1 << 16)
                    rpc.call("MigrationService", "GetStatus")
                    text = os.read(out, 1 << 16).decode()
                process.terminate()
                self.assertEqual(process.wait(60), 0)
                os.close(out)
                first, _, second = text.partition("\n")
                self.assertRegex(first, r'nobody has read it, and lines were dropped"[ ,]"?lines"?[=:]\d\d')
                self.assertIn("GetStatus", second)
                if form == "json":
                    self.assertGreater(json.loads(first)["lines"], 10)


if __name__ == "__main__":
    harness.main()
