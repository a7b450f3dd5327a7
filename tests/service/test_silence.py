"""The network between worker and database falls silent: nothing is refused and nothing closed, nobody answers any more."""
import contextlib
import os
import select
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc, RpcError, wait_for


class Proxy:
    """A way to a port. freeze(): what is connected falls silent for ever; while `hangs`, who comes is accepted and not answered."""

    def __init__(self, port):
        self.target = port
        self.hangs = False
        self.frozen = set()
        self.pairs = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = None if self.hangs else socket.create_connection(("127.0.0.1", self.target))
                self.pairs.append((client, server))
                for one, other in ((client, server), (server, client)) if server else ():
                    threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def pump(self, one, other):
        with contextlib.suppress(OSError):
            while one not in self.frozen:
                if select.select([one], [], [], 0.05)[0]:
                    data = one.recv(65536)
                    if not data or one in self.frozen:
                        break
                    other.sendall(data)
        if one not in self.frozen:
            for end in (one, other):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def freeze(self):
        self.hangs = True
        self.frozen = {end for pair in self.pairs for end in pair}

    def close(self):
        self.listener.close()
        for pair in self.pairs:
            for end in pair:
                if end is not None:
                    end.close()


class Silence(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.proxy = Proxy(self.cluster.port)
        self.addCleanup(self.proxy.close)
        self.process = self.worker(self.files, url=self.url().replace(f":{self.cluster.port}/", f":{self.proxy.port}/"))

    def ask_at_once(self, count, timeout_ms=2000):
        """The error codes of so many who ask for the status; 0: it was answered."""
        codes = []

        def ask():
            with Rpc(self.process.address) as rpc:
                try:
                    rpc.call("MigrationService", "GetStatus", timeout_ms=timeout_ms)
                    codes.append(0)
                except RpcError as error:
                    codes.append(error.code)
        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return codes

    def test_readers_are_free_again_when_the_database_is(self):
        """A cancel that nobody answers must not keep its thread for ever."""
        self.assertEqual(self.ask_at_once(12, 20000), [0] * 12)
        self.proxy.freeze()
        for _ in range(2):
            self.assertTrue(set(self.ask_at_once(12)) <= {4, 14})
        self.proxy.hangs = False
        wait_for(lambda: self.ask_at_once(4, 5000) == [0] * 4)

    def test_a_probe_says_so_within_its_time(self):
        with Rpc(self.process.address) as rpc:
            self.assertEqual(rpc.call("Health", "Check").status, 1)
            self.proxy.freeze()
            began = time.monotonic()
            reply = rpc.call("Health", "Check")
            self.assertEqual(reply.status, 2)
            self.assertLess(time.monotonic() - began, 20)
            self.proxy.hangs = False
            self.assertEqual(rpc.call("Health", "Check").status, 1)


if __name__ == "__main__":
    harness.main()
