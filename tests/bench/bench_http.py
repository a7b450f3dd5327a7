"""A read by HTTP through bridge and worker, beside 100 bytes there and back over a bare socket, from the same client. Prints p50 and
p99, and requests a second with 1, 8 and 32 connections; asserts nothing. Needs no database: what is read is a migration's script.
Usage: bench_http.py [REQUESTS]  (default: 5000; the programs are in TRUSS_TEST_BIN)
"""
import contextlib
import multiprocessing
import os
import selectors
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from harness import Http, Program, Project

NAME = "00001_m"
ASK = f"GET /api/migrations/preview/{NAME} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def echo(listener):
    """Answers 100 bytes to whatever comes; a process of its own, because the client's would share its one lock."""
    def serve(client):
        with contextlib.suppress(OSError), client:
            while client.recv(4096):
                client.sendall(b"x" * 100)
    with contextlib.suppress(KeyboardInterrupt):  # what the harness makes of SIGTERM
        while True:
            threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()


def measure(port, request, connections, count):
    """So many requests over so many connections, one under way on each: microseconds of each, and a second's number."""
    selector = selectors.DefaultSelector()
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    began = {}
    took = []
    start = time.perf_counter()
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client, selectors.EVENT_READ)
        began[client] = time.perf_counter()
        client.sendall(request)
    while len(took) < count:
        for key, _ in selector.select():
            answer = key.fileobj.recv(4096)
            if not answer.startswith((b"HTTP/1.1 200 ", b"x" * 100)):
                raise SystemExit(f"unexpected: {answer[:200]}")
            took.append((time.perf_counter() - began[key.fileobj]) * 1e6)
            began[key.fileobj] = time.perf_counter()
            key.fileobj.sendall(request)
    elapsed = time.perf_counter() - start
    for client in clients:
        client.close()
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100], len(took) / elapsed


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    listener = socket.create_server(("127.0.0.1", 0))
    multiprocessing.Process(target=echo, args=(listener,), daemon=True).start()
    project = Project().add(NAME, "SELECT 1;\n")
    worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path).wait_listening()
    bridge = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", worker.address).wait_listening()
    for connections in (1, 8, 32):
        bare = measure(listener.getsockname()[1], b"x" * 100, connections, count)
        ours = measure(Http(bridge.address).port, ASK, connections, count)
        print(f"{connections:2} connections   bare socket p50 {bare[0]:6.0f} us p99 {bare[1]:6.0f} us {bare[2]:7.0f}/s   "
              f"HTTP to worker p50 {ours[0]:6.0f} us p99 {ours[1]:6.0f} us {ours[2]:7.0f}/s   ratio {ours[0] / bare[0]:.1f}")
    bridge.stop()
    worker.stop()
    project.remove()


if __name__ == "__main__":
    main()
