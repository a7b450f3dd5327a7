"""Server-Sent Events over a bare socket, read as a browser reads them."""
import json
import socket
import struct


class Stream:
    """An event stream: (id, event, data) one after the other."""

    def __init__(self, http, path, headers=None):
        self.socket = socket.create_connection((http.host, http.port), timeout=30)
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value

    def body(self):
        """The chunks of the body."""
        while size := int(self.file.readline(), 16):
            yield self.file.read(size)
            self.file.readline()

    def events(self):
        text = ""
        for chunk in self.body():
            text += chunk.decode()
            while "\n\n" in text:
                block, _, text = text.partition("\n\n")
                fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
                if fields:
                    yield int(fields.get("id", 0)), fields["event"], json.loads(fields["data"])

    def close(self):
        self.file.close()
        self.socket.close()

    def reset(self):
        """Goes away without a word, as a client that crashes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
