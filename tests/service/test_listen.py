"""Where a worker listens: Unix sockets that heal, addresses that are taken."""
import os
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


if __name__ == "__main__":
    harness.main()
