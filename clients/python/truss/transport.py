"""One connection to a worker: the scalability protocols' request/reply over TCP, TLS or a Unix socket.

The greeting is eight bytes each way; a message is its size, a request number with its highest bit set, and the envelope. No
decisions here: what is sent again, and when, is the client's.
"""
import os
import socket
import ssl
import struct
import time

GREETING = b"\0SP\0\0\x30\0\0"  # we are a REQ
ANSWER = b"\0SP\0\0\x31\0\0"  # and talk to a REP
LARGEST = 64 * 1024 * 1024
LATE = (TimeoutError, socket.timeout)  # one and the same since Python 3.10
LONGEST = 1e6  # seconds: a socket takes no time-out that is infinite


class NotSent(ConnectionError):
    """The request never reached the worker: sending it again is safe."""


def tls_context():
    """What the variables say of TLS: whom to trust (else whom the system trusts), and who we are. Read for each connection."""
    context = ssl.create_default_context(cafile=os.environ.get("TRUSS_WORKER_CA") or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if os.environ.get("TRUSS_WORKER_CERT"):
        context.load_cert_chain(os.environ["TRUSS_WORKER_CERT"], os.environ.get("TRUSS_WORKER_KEY") or None)
    return context


class Connection:
    def __init__(self, url, deadline, tls=None):
        """tls: an SSLContext for tls+tcp://; None: tls_context()."""
        self._number = 0
        self._prefix = b""
        try:
            if url.startswith("ipc://"):
                self._prefix = b"\1"
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.settimeout(_left(deadline))
                self._socket.connect(url[6:])
            else:
                host, _, port = url.partition("://")[2].rpartition(":")
                host = host.strip("[]")
                self._socket = socket.create_connection((host, int(port)), timeout=_left(deadline))
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if url.startswith("tls+"):
                    self._socket = (tls or tls_context()).wrap_socket(self._socket, server_hostname=host)
        except OSError as error:
            raise NotSent(f"cannot connect to {url}: {error}") from error
        try:
            self._socket.sendall(GREETING)
            if self._read(8, deadline) != ANSWER:
                raise NotSent(f"{url} is no truss-worker")
        except OSError as error:
            self.close()
            raise NotSent(f"{url} does not answer: {error}") from error

    def close(self):
        self._socket.close()

    def is_lost(self):
        """Has the worker closed it while nothing was asked?"""
        self._socket.setblocking(False)
        try:
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.recv(1)  # it has nothing to say: else it is of no use any more
                return True
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True

    def exchange(self, envelope, deadline):
        """Sends a request and waits for its reply."""
        self._number = self._number % 0x7FFFFFFF + 1
        header = struct.pack(">I", 0x80000000 | self._number)
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(self._prefix + struct.pack(">Q", len(header) + len(envelope)) + header + envelope)
        while True:
            if self._prefix and self._read(1, deadline) != b"\1":
                raise ConnectionError("the worker sent what is no message")
            size = struct.unpack(">Q", self._read(8, deadline))[0]
            if not 4 <= size <= LARGEST:
                raise ConnectionError(f"the worker sent a message of {size} bytes")
            frame = self._read(size, deadline)
            if frame[:4] == header:  # else it is the late reply to one that was given up
                return frame[4:]

    def _read(self, size, deadline):
        data = bytearray()
        while len(data) < size:
            self._socket.settimeout(_left(deadline))
            piece = self._socket.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise ConnectionError("the worker closed the connection")
            data += piece
        return bytes(data)


def _left(deadline):
    """Seconds until the deadline (of time.monotonic; None: none), as a socket's time-out."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this call is over")
    return min(left, LONGEST)
