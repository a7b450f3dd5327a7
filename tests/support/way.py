"""A way to a database that cuts a session where it commits, or is slow."""
import contextlib
import socket
import threading
import time

from proxy import Proxy

READY = b"Z\x00\x00\x00\x05"  # and the state of the transaction

PIECE = 4096


class Way(Proxy):
    """A way to a port, which counts the messages of the run's session that end in a COMMIT, and cuts the session at one of them: the
    message goes through and the answer does not (is_there), or neither."""

    def __init__(self, port, cut=None, is_there=True, bytes_a_second=None):
        super().__init__(port)
        self.cut, self.is_there, self.bytes_a_second = cut, is_there, bytes_a_second
        self.commits = 0
        if bytes_a_second is not None:  # what is not taken waits with who sends it
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)

    def serve(self, client):
        server = self.connect()
        silent = threading.Event()
        answered = threading.Event()
        threading.Thread(target=self.answer, args=(client, server, silent, answered), daemon=True).start()
        self.ask(client, server, silent, answered)

    def ask(self, client, server, silent, answered):
        is_run = False
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 20 if self.bytes_a_second is None else PIECE):
                is_run = is_run or b"pg_try_advisory_lock" in data
                if is_run and data.endswith(b"COMMIT;\x00"):
                    self.commits += 1
                    if self.commits == self.cut:
                        silent.set()
                        if self.is_there:
                            server.sendall(data)
                            answered.wait(30)
                        break
                server.sendall(data)
                if self.bytes_a_second is not None:
                    time.sleep(len(data) / self.bytes_a_second)
        self.end(client, server)

    def answer(self, client, server, silent, answered):
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                if not silent.is_set():
                    client.sendall(data)
                elif READY in data:
                    answered.set()
        answered.set()
        self.end(client, server)
