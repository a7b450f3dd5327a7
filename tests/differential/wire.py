"""A client of PostgreSQL by hand: the judge sends what a framework sends, message by message, and no library stands between.

Only what the judge needs: a Unix socket with trust authentication, the simple query, and a pipeline of the extended protocol.
"""
import socket
import struct


class ServerError(Exception):
    """An ErrorResponse. sqlstate "" means that the connection was lost."""

    def __init__(self, fields):
        super().__init__(f"{fields.get('C', '')} {fields.get('M', '')}")
        self.sqlstate = fields.get("C", "")
        self.message = fields.get("M", "")


class Wire:
    """One session. `status` is the server's word after each query: I (idle), T (in a transaction), E (in a failed one)."""

    def __init__(self, directory, port, database, user):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(f"{directory}/.s.PGSQL.{port}")
        self.buffer = b""
        self.status = "I"
        self.pid = 0
        self.tag = ""
        self.data = None  # for a COPY FROM STDIN; None: its tool carries none
        self.done = 0  # statements of the last message that were done
        self.notifications = []
        words = {"user": user, "database": database, "client_encoding": "UTF8", "application_name": "judge"}
        body = struct.pack(">I", 196608) + b"".join(f"{key}\0{value}\0".encode() for key, value in words.items()) + b"\0"
        self.socket.sendall(struct.pack(">I", len(body) + 4) + body)
        self._until_ready()

    def close(self):
        """Says goodbye and waits for the backend to be gone: what it held or left open is then undone."""
        try:
            self.socket.sendall(b"X\0\0\0\4")
            while self.socket.recv(65536):
                pass
        except OSError:
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _message(kind, body):
        return kind + struct.pack(">I", len(body) + 4) + body

    def _receive(self):
        while True:
            if len(self.buffer) >= 5:
                size = struct.unpack(">I", self.buffer[1:5])[0] + 1
                if len(self.buffer) >= size:
                    message, self.buffer = self.buffer[:size], self.buffer[size:]
                    return message[:1], message[5:]
            piece = self.socket.recv(262144)
            if not piece:
                raise ServerError({"M": "the server closed the connection"})
            self.buffer += piece

    @staticmethod
    def _fields(body):
        return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}

    @staticmethod
    def _row(body):
        count, at, row = struct.unpack(">H", body[:2])[0], 2, []
        for _ in range(count):
            size = struct.unpack(">i", body[at:at + 4])[0]
            at += 4
            row.append(None if size < 0 else body[at:at + size].decode("utf-8", "replace"))
            at += max(size, 0)
        return tuple(row)

    def _until_ready(self):
        """Reads to ReadyForQuery; answers the rows of each statement, or raises its first error."""
        results, rows, error = [], [], None
        self.done = 0
        while True:
            kind, body = self._receive()
            if kind == b"D":
                rows.append(self._row(body))
            elif kind in b"CI":
                self.tag = body.split(b"\0")[0].decode().split(" ")[0]
                results.append(rows)
                self.done = len(results)
                rows = []
            elif kind == b"E":
                error = error or ServerError(self._fields(body))
                if self._fields(body).get("S") == "FATAL":
                    raise error
            elif kind == b"G":
                self.socket.sendall(self._message(b"f", b"its tool carries no data\0") if self.data is None
                                    else self._message(b"d", self.data) + self._message(b"c", b""))
            elif kind == b"K":
                self.pid = struct.unpack(">I", body[:4])[0]
            elif kind == b"A":
                self.notifications.append(tuple(part.decode() for part in body[4:].split(b"\0")[:2]))
            elif kind == b"Z":
                self.status = body.decode()
                if error:
                    raise error
                return results

    def simple(self, sql):
        """One Query message: however many statements it holds, they are one implicit transaction."""
        data = sql if isinstance(sql, bytes) else sql.encode()
        self.socket.sendall(self._message(b"Q", data + b"\0"))
        return self._until_ready()

    def copy(self, sql, data):
        """A COPY FROM STDIN, with what it asks for."""
        self.data = data.encode()
        try:
            return self.simple(sql)
        finally:
            self.data = None

    def rows(self, sql):
        return self.simple(sql)[-1]

    def pipeline(self, *statements):
        """(sql, parameter…) each, sent by the extended protocol with one Sync behind all of them."""
        sent = b""
        for sql, *parameters in statements:
            data = sql if isinstance(sql, bytes) else sql.encode()
            sent += self._message(b"P", b"\0" + data + b"\0" + struct.pack(">H", 0))
            bound = b"".join(struct.pack(">i", -1) if value is None else struct.pack(">i", len(value.encode())) + value.encode()
                             for value in parameters)
            sent += self._message(b"B", b"\0\0" + struct.pack(">HH", 0, len(parameters)) + bound + struct.pack(">H", 0))
            sent += self._message(b"D", b"P\0") + self._message(b"E", b"\0" + struct.pack(">I", 0))
        self.socket.sendall(sent + self._message(b"S", b""))
        return self._until_ready()
