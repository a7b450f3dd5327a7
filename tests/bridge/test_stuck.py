"""A bridge whose way to its worker is stuck: the connection is made anew, and nobody has to start it again."""
import contextlib
import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

STATUS = "/api/migrations/idempotent/status"


class Stuck(Case):
    def test_a_unix_socket_that_ends_in_its_greeting_is_dialled_again(self):
        address = self.socket_url()
        path = address.partition("://")[2]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(64)
        met = []

        def hang_up():
            with contextlib.suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    connection.sendall(b"\x00SP\x00\x00\x31\x00\x00"[:len(met) % 8])
                    connection.close()
                    met.append(1)
        threading.Thread(target=hang_up, daemon=True).start()
        http = self.bridge(address)
        wait_for(lambda: len(met) >= 9)
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        os.unlink(path)
        self.worker(self.project("prisma-blog"), listen=address)
        wait_for(lambda: http.get(STATUS).status == 200, seconds=20)

    @staticmethod
    def stands_still(pid):
        """A signal reaches one thread after the other: until the last is stopped, one may answer."""
        states = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8", errors="replace") as file:
                states.append(file.read().rpartition(")")[2].split()[0])
        return set(states) == {"T"}

    def test_a_worker_that_says_nothing_any_more_is_met_anew(self):
        worker = self.worker(self.project("prisma-blog"))
        http = self.bridge(worker, arguments=("--timeout", "1"))
        self.assertEqual(http.get(STATUS).status, 200)
        worker.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: self.stands_still(worker.process.pid))
        try:
            self.assertEqual(http.get(STATUS).status, 504)
            wait_for(lambda: "a worker answers nothing: it is connected again" in http.program.text())
        finally:
            worker.process.send_signal(signal.SIGCONT)
        wait_for(lambda: http.get(STATUS).status == 200)


if __name__ == "__main__":
    harness.main()
