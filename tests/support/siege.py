"""A crowd without manners: siege.py KIND ADDRESS COUNT SOURCES SECONDS. Holds so many connections, from so many addresses of the
loopback network, and comes again wherever one is closed. KINDs: what each connection does (see KINDS below). ADDRESS: HOST:PORT,
or the path of a Unix socket. Says at the end, as JSON, how many it opened, how many were closed, and the bytes that came back."""
import json
import resource
import select
import socket
import struct
import sys
import time

HEAD = b"GET /api/migrations/status HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/migrations/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GREETING = b"\x00SP\x00\x00\x30\x00\x00"
STATUS = b"\x0a\x2e/truss.migration.v1.MigrationService/GetStatus"


PREFIX = b"" if ":" in (sys.argv[2:3] or [""])[0] else b"\x01"  # in front of a frame on a Unix socket


def frame(body, announced=None):
    body = b"\x80\x00\x00\x01" + body
    return PREFIX + struct.pack(">Q", announced or len(body)) + body


# first bytes, the bytes that trickle behind them, whether the answer is read, whether the connection is half closed
KINDS = {
    "silent": (b"", b"", True, False),
    "headers": (HEAD, b"X-A: b\r\n", True, False),
    "body": (POST + b"Content-Length: 100000\r\n\r\n", b" ", True, False),
    "announced": (POST + b"Content-Length: 8388608\r\n\r\n{", b" ", True, False),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", True, False),
    "heads": (HEAD + b"X-A: " + b"b" * 15000, b"", True, False),
    "half": (HEAD + b"\r\n", b"", True, True),
    "unread": ((HEAD + b"\r\n") * 200, b"", False, False),
    "rpc-greeting": (GREETING[:3], GREETING[3:4], True, False),
    "rpc-idle": (GREETING, b"", True, False),
    "rpc-announced": (GREETING + frame(b"x" * 16, 16 << 20), b"x", True, False),
    "rpc-large": (GREETING + frame(b"x" * 400000, 16 << 20), b"x" * 4000, True, False),
    "rpc-trickle": (GREETING + frame(b"x" * 16, 5000), b"x", True, False),
    "rpc-unread": (GREETING + frame(STATUS) * 200, b"", False, False),
    "rpc-half": (GREETING + frame(STATUS), b"", True, True),
}


class Siege:
    def __init__(self, kind, address, sources):
        self.first, self.drop, self.reads, self.half = KINDS[kind]
        self.address, self.sources = address, sources
        self.poll = select.epoll()
        self.held = {}
        self.tried = self.opened = self.closed = self.bytes = 0

    def connect(self):
        if ":" in self.address:
            host, port = self.address.rsplit(":", 1)
            one = socket.socket()
            one.setblocking(False)
            if not self.reads:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            if self.sources > 1:
                number = self.tried % self.sources
                one.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
            one.connect_ex((host, int(port)))
        else:
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            if one.connect_ex(self.address) != 0:
                one.close()
                return False
        self.tried += 1
        self.held[one.fileno()] = [one, False]
        self.poll.register(one.fileno(), select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET)
        return True

    def begin(self, one):
        if self.first:
            one.send(self.first)
        if self.half:
            one.shutdown(socket.SHUT_WR)

    def look(self, fd, events):
        one, began = self.held[fd]
        try:
            if events & select.EPOLLOUT and not began:
                self.held[fd][1] = True
                self.opened += 1
                self.begin(one)
            if events & (select.EPOLLHUP | select.EPOLLERR) or (events & select.EPOLLIN and self.reads):
                while data := one.recv(65536):  # the end of an answer may come with the rest of it, and is told of once
                    self.bytes += len(data)
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            self.closed += 1
            self.poll.unregister(fd)
            del self.held[fd]
            one.close()

    def trickle(self):
        for one, began in list(self.held.values()):
            try:
                if began and self.drop:
                    one.send(self.drop)
            except OSError:
                pass

    def run(self, count, seconds):
        end = time.monotonic() + seconds
        next_drop = time.monotonic() + 1
        while time.monotonic() < end:
            for _ in range(200):
                if len(self.held) >= count or not self.connect():
                    break
            for fd, events in self.poll.poll(0.02):
                if fd in self.held:
                    self.look(fd, events)
            if time.monotonic() > next_drop:
                next_drop = time.monotonic() + 1
                self.trickle()


if __name__ == "__main__":
    kind, address, count, sources, seconds = sys.argv[1:]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 30000), most))
    siege = Siege(kind, address, int(sources))
    siege.run(int(count), float(seconds))
    print(json.dumps({"opened": siege.opened, "closed": siege.closed, "held": len(siege.held), "bytes": siege.bytes}))
