"""A way to PostgreSQL on which one message of a conversation can be made to fail: the N-th that the client sends, whatever connection it
is on. What fails, fails for real: an error is raised by the server in the message's place, a lost connection is closed on both sides.
"""
import contextlib
import re
import socket
import struct
import threading

from proxy import Proxy

SSL, GSS, CANCEL = 80877103, 80877104, 80877102
# Ends a message that commits; an error can be put in front of it, as a deferred constraint does.
COMMITS = re.compile(rb"(COMMIT;?\s*)$", re.I)


def raised(code):
    return f"DO $every_place$ BEGIN RAISE EXCEPTION 'made to fail here' USING ERRCODE = '{code}'; END $every_place$;".encode()


def simple(sql):
    return b"Q" + struct.pack("!i", len(sql) + 5) + sql + b"\0"


class Connection:
    def __init__(self, places, client):
        self.places, self.client = places, client
        self.server = places.connect()
        self.swallows = self.ends_with_answer = False
        self.pid = 0
        self.prepared = {}  # the text of each name

    def take(self, end, size):
        data = b""
        while len(data) < size:
            piece = end.recv(size - len(data))
            if not piece:
                raise OSError("closed")
            data += piece
        return data

    def run(self):
        with contextlib.suppress(OSError, struct.error):
            if self.greet():
                threading.Thread(target=self.answers, daemon=True).start()
                while True:
                    self.unit()
        self.close()

    def greet(self):
        while True:
            size, code = struct.unpack("!ii", self.take(self.client, 8))
            rest = self.take(self.client, size - 8)
            if code not in (SSL, GSS):
                break
            self.client.sendall(b"N")
        self.server.sendall(struct.pack("!ii", size, code) + rest)
        if code == CANCEL:
            self.take(self.server, 1)
        return code != CANCEL

    def unit(self):
        """What the server answers as one: a simple query, or an extended one up to its Sync."""
        unit = b""
        kind, body = b"", b""
        while kind not in (b"Q", b"S", b"X", b"p"):
            kind = self.take(self.client, 1)
            size = self.take(self.client, 4)
            body = self.take(self.client, struct.unpack("!i", size)[0] - 4)
            unit += kind + size + body
            if kind == b"Q":
                text = body.rstrip(b"\0")
            elif kind == b"P":
                name, text = body.split(b"\0")[:2]
                self.prepared[name] = text
            elif kind == b"B":
                text = self.prepared[body.split(b"\0")[1]]
        if kind in (b"X", b"p") or not self.places.is_at(text):
            return self.server.sendall(unit)
        return self.fail(self.places.action, unit, text)

    def fail(self, action, unit, text):
        name, _, code = action.partition(" ")
        if name == "error":
            self.server.sendall(simple(raised(code)))
        elif name == "error-at-commit":
            self.server.sendall(simple(COMMITS.sub(lambda end: raised(code) + end[1], text)))
        elif name == "kill":
            self.places.terminate(self.pid)
            self.server.sendall(unit)
        elif name == "cut-before":
            raise OSError("cut")
        elif name == "cut-for-good":
            self.places.listener.shutdown(socket.SHUT_RDWR)
            raise OSError("cut")
        elif name == "cut-after":
            self.swallows = self.ends_with_answer = True
            self.server.sendall(unit)
        elif name == "silence-before":
            self.client.recv(1)
            raise OSError("the client has gone")
        elif name == "silence-after":
            self.swallows = True
            self.server.sendall(unit)

    def answers(self):
        with contextlib.suppress(OSError, struct.error):
            while True:
                head = self.take(self.server, 5)
                body = self.take(self.server, struct.unpack("!i", head[1:])[0] - 4)
                if head[:1] == b"K":
                    self.pid = struct.unpack("!i", body[:4])[0]
                if not self.swallows:
                    self.client.sendall(head + body)
                elif self.ends_with_answer and head[:1] == b"Z":
                    break
        if not self.swallows or self.ends_with_answer:
            self.close()

    def close(self):
        self.places.end(self.client, self.server)
        self.client.close()
        self.server.close()


class Places(Proxy):
    def __init__(self, port, terminate):
        self.terminate = terminate
        self.lock = threading.Lock()
        self.arm(None, None)
        super().__init__(port)

    def arm(self, place, action):
        """From now on messages are counted from 0, and the one with this number fails, or the first one with these bytes. None: none does."""
        with self.lock:
            self.place, self.action, self.texts, self.hit = place, action, [], None

    def is_at(self, text):
        with self.lock:
            self.texts.append(text)
            by_text = isinstance(self.place, bytes)
            if self.hit is not None or not (self.place in text if by_text else len(self.texts) - 1 == self.place):
                return False
            self.hit = text
            return True

    def serve(self, client):
        Connection(self, client).run()
