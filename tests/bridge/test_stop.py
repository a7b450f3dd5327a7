"""A stop while streams are open: the bridge answers each of them and ends in time, however often it is tried.

TRUSS_STOPS  how often (default: 6; the long suite: 200)
"""
import contextlib
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from events import Stream
from fake_worker import Bridged, Worker
from harness import Http, Program, messages

TIMES = int(os.environ.get("TRUSS_STOPS", "6"))
MOST_SECONDS = 20  # what hangs does so for ever


def told(last_event, ids=(), text="x"):
    notes = [messages().migration.Event(id=number, kind=11, message=text) for number in ids]
    return messages().migration.WaitOperationResponse(operation=messages().migration.Operation(id="1", kind="run", state=1, last_event=last_event), events=notes)


class Stop(Bridged):
    limit = 20 * TIMES  # a stop takes a second, on a busy machine several

    def answer(self, call):
        """1: nothing happens; 2: much does; 3: something every now and then."""
        first = call.input.after_event + 1
        if call.input.wait_ms and call.input.id == "1":
            self.over.wait(20)
            return told(0)
        if call.input.wait_ms and call.input.id == "3":
            time.sleep(random.random() / 20)
        return told(first + 500, range(first, first + 50) if call.input.wait_ms else [], "x" * 500)

    def read_on(self, stream):
        def read():
            with contextlib.suppress(Exception):
                for _ in stream.events():
                    pass
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def stop_once(self, workers):
        program = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", ",".join(worker.address for worker in workers)).wait_listening()
        http = Http(program.address, program.process)
        streams = [Stream(http, f"/api/operations/{1 + i % 3}/events") for i in range(12)]
        readers = [self.read_on(stream) for stream in streams[:9]]
        time.sleep(random.random() / 10)
        if random.random() < 0.3:
            streams.pop().reset()
        began = time.monotonic()
        program.process.send_signal(signal.SIGTERM)
        program.stop()
        took = time.monotonic() - began
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.socket.shutdown(2)
        for reader in readers:
            reader.join(60)
            self.assertFalse(reader.is_alive())
        for stream in streams:
            stream.close()
        return took

    def test_a_stop_with_open_streams_ends_in_time(self):
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        workers = [Worker(self.answer) for _ in range(2)]
        took = []
        for i in range(TIMES):
            took.append(self.stop_once(workers[:1 + i % 2]))
            self.assertLess(took[-1], MOST_SECONDS, f"stop {i + 1} of {TIMES}")


if __name__ == "__main__":
    harness.main()
