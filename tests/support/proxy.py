"""A proxy in front of a port of this machine, for tests of networks that fail. What it does to a connection is said by serve()."""
import contextlib
import socket
import threading


class Proxy:
    def __init__(self, target):
        self.target = target
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.sockets.append(client)
                threading.Thread(target=self.run, args=(client,), daemon=True).start()

    def run(self, client):
        try:
            self.serve(client)
        except OSError:
            self.end(client)

    def serve(self, client):
        """The life of a connection, in a thread of its own; an OSError ends it."""
        raise NotImplementedError

    def connect(self):
        """A connection to the target."""
        server = socket.create_connection(("127.0.0.1", self.target))
        self.sockets.append(server)
        return server

    @staticmethod
    def end(*sockets):
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        for one in self.sockets:
            one.close()
