"""A folder in a file system of FUSE, which can fall silent: whoever looks into it then waits until it speaks again.

The mount is in a mount namespace of its own, so that nothing else on the machine can be caught in it: a program sees it if it is
started with `inside` in front. The file system shows another folder, read-only, and lets the kernel remember nothing, so that each
look asks it. Needs root and /dev/fuse; speaks the kernel's protocol (linux/fuse.h), version 7.31, itself.
"""
import contextlib
import ctypes
import errno
import os
import signal
import stat
import struct
import subprocess
import sys

LOOKUP, FORGET, GETATTR, READLINK, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 5, 14, 15, 17, 18
INIT, OPENDIR, READDIR, RELEASEDIR, BATCH_FORGET = 26, 27, 28, 29, 42
LONGEST = 1 << 17


class Server:
    """Answers the kernel's requests from a folder."""

    def __init__(self, device, source):
        self.device = device
        self.paths, self.nodes = {1: source}, {source: 1}

    def node(self, path):
        if path not in self.nodes:
            self.nodes[path] = len(self.nodes) + 1
            self.paths[self.nodes[path]] = path
        return self.nodes[path]

    @staticmethod
    def attributes(path, node):
        one = os.lstat(path)
        times = [ns // 1000000000 for ns in (one.st_atime_ns, one.st_mtime_ns, one.st_ctime_ns)]
        rests = [ns % 1000000000 for ns in (one.st_atime_ns, one.st_mtime_ns, one.st_ctime_ns)]
        return struct.pack("=QQQQQQIIIIIIIIII", node, one.st_size, one.st_blocks, *times, *rests, one.st_mode, one.st_nlink, one.st_uid, one.st_gid, 0, 4096, 0)

    def lookup(self, path, body):
        inner = os.path.join(path, os.fsdecode(body.rstrip(b"\0")))
        os.lstat(inner)
        node = self.node(inner)
        return struct.pack("=QQQQII", node, 0, 0, 0, 0, 0) + self.attributes(inner, node)

    def readdir(self, path, body):
        _, offset, size = struct.unpack_from("=QQI", body)
        answer = b""
        for number, name in enumerate([".", "..", *sorted(os.listdir(path))]):
            encoded = os.fsencode(name)
            kind = stat.S_IFMT(os.lstat(os.path.join(path, name)).st_mode) >> 12
            entry = struct.pack("=QQII", number + 1, number + 1, len(encoded), kind) + encoded
            entry += bytes(-len(entry) % 8)
            if number >= offset and len(answer) + len(entry) <= size:
                answer += entry
        return answer

    @staticmethod
    def read(path, body):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + ".trap")
            os.kill(os.getpid(), signal.SIGSTOP)
        _, offset, size = struct.unpack_from("=QQI", body)
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)

    def answer(self, kind, node, body):
        if kind == INIT:
            return struct.pack("=IIIIHHIIHHI", 7, 31, 65536, 0, 12, 10, 4096, 1, 0, 0, 0) + bytes(24)
        path = self.paths[node]
        if kind == LOOKUP:
            return self.lookup(path, body)
        if kind == GETATTR:
            return struct.pack("=QII", 0, 0, 0) + self.attributes(path, node)
        if kind == READLINK:
            return os.fsencode(os.readlink(path))
        if kind in (OPEN, OPENDIR):
            return struct.pack("=QII", 0, 1, 0)
        if kind == READ:
            return self.read(path, body)
        if kind == READDIR:
            return self.readdir(path, body)
        if kind == STATFS:
            return struct.pack("=QQQQQIIII", 1000, 500, 500, 1000, 500, 4096, 255, 4096, 0) + bytes(24)
        if kind in (RELEASE, RELEASEDIR):
            return b""
        raise OSError(errno.ENOSYS, "")

    def serve(self):
        while True:
            request = os.read(self.device, LONGEST + 4096)
            _, kind, number, node = struct.unpack_from("=IIQQ", request)
            if kind in (FORGET, BATCH_FORGET):
                continue
            try:
                error, body = 0, self.answer(kind, node, request[40:])
            except OSError as failure:
                error, body = -(failure.errno or errno.EIO), b""
            with contextlib.suppress(FileNotFoundError):  # who has asked was killed
                os.write(self.device, struct.pack("=IiQ", 16 + len(body), error, number) + body)


def main(source, place):
    """In a mount namespace that is new: mounts, says so, and serves."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"hanging", os.fsencode(place), b"fuse.hanging", 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    print("mounted", flush=True)
    with contextlib.suppress(OSError):
        Server(device, source).serve()


class FuseMount:
    """Shows the folder `source` at `place`, to those who are started with `inside`."""

    def __init__(self, source, place):
        self.place = place
        self.server = subprocess.Popen(["unshare", "-m", sys.executable, "-B", os.path.abspath(__file__), source, place], stdout=subprocess.PIPE)
        if self.server.stdout.readline() != b"mounted\n":
            self.close()
            raise AssertionError("no file system can be mounted here")
        self.inside = ("nsenter", f"--mount=/proc/{self.server.pid}/ns/mnt", f"--wd={os.getcwd()}")

    @staticmethod
    def is_possible():
        return os.geteuid() == 0 and os.path.exists("/dev/fuse") and subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0

    def fall_silent(self):
        self.server.send_signal(signal.SIGSTOP)

    @staticmethod
    def fall_silent_at(path):
        """As soon as somebody reads this file, a path in the source."""
        with open(path + ".trap", "xb"):
            pass

    def is_silent(self):
        with open(f"/proc/{self.server.pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "T"

    def speak(self):
        self.server.send_signal(signal.SIGCONT)

    def close(self):
        """The end of the server is an error for those who wait."""
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
