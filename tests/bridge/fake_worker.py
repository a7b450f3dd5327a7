"""A worker that says what a test wants it to say: the server's side of the frames by hand, messages by Google's protobuf."""
import contextlib
import os
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from harness import Http, Program, messages, wait_for

DIE = object()


class Failure:
    """An answer that is an error."""

    def __init__(self, code, message, reason=""):
        self.status = messages().rpc.Status(code=code, message=message)
        if reason:
            self.status.detail.reason = reason


class Call:
    """What was asked: the method's name, its message, the caller's patience and metadata."""

    def __init__(self, envelope):
        request = messages().rpc.Request()
        request.ParseFromString(envelope)
        package, self.method = request.method.rsplit("/", 1)
        module = messages().health if "health" in package else messages().migration
        service = module.DESCRIPTOR.services_by_name[package.rsplit(".", 1)[1]]
        self.input = getattr(module, service.methods_by_name[self.method].input_type.name)()
        self.input.ParseFromString(request.payload)
        self.timeout_ms = request.timeout_ms
        self.metadata = {one.key: one.value for one in request.metadata}


class Worker:
    """Answers each call with what answer(call) gives: a message, a Failure, or DIE to end the connections and never listen again."""

    def __init__(self, answer):
        self.answer = answer
        self.calls = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connected = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def methods(self):
        return [call.method for call in self.calls]

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=self.listener.accept()[:1], daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as file:
            connection.sendall(b"\x00SP\x00\x00\x31\x00\x00")
            file.read(8)
            self.connected.set()
            lock = threading.Lock()
            while size := file.read(8):
                frame = file.read(struct.unpack(">Q", size)[0])
                self.calls.append(Call(frame[4:]))
                threading.Thread(target=self.reply, args=(connection, lock, frame[:4], self.calls[-1]), daemon=True).start()

    def reply(self, connection, lock, number, call):
        answer = self.answer(call)
        if answer is DIE:
            self.listener.close()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            return
        if isinstance(answer, Failure):
            response = messages().rpc.Response(status=answer.status)
        else:
            response = messages().rpc.Response(payload=answer.SerializeToString())
        data = response.SerializeToString()
        with contextlib.suppress(OSError), lock:
            connection.sendall(struct.pack(">Q", 4 + len(data)) + number + data)


class Bridged(unittest.TestCase):
    """A test with a bridge over such workers, and no database."""

    def unread(self):
        """How many bytes of these workers' greetings the bridge has not taken yet."""
        ports = tuple(f":{worker.listener.getsockname()[1]:04X}" for worker in self.workers)
        with open("/proc/net/tcp", encoding="ascii") as file:
            return sum(int(words[4].partition(":")[2], 16) for words in map(str.split, file) if words[2].endswith(ports) and words[3] == "01")

    def bridge(self, *answers, arguments=()):
        """Over a worker for each of these answers."""
        self.workers = [Worker(answer) for answer in answers]
        addresses = ",".join(worker.address for worker in self.workers)
        self.program = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", addresses, *arguments).wait_listening()
        self.addCleanup(lambda: self.program.process.poll() is None and self.program.stop())
        for worker in self.workers:
            self.addCleanup(worker.listener.close)
            self.assertTrue(worker.connected.wait(60))
        wait_for(lambda: self.unread() == 0)
        time.sleep(0.1)  # the bridge, too, must know that it is connected
        return Http(self.program.address, self.program.process)
