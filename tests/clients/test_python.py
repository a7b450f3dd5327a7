"""The Python client, plain and in asyncio: what a run tells and raises, what Ctrl-C and a cancelled task do. (That pip installs it
whole is asked by test_conformance.py.)"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

BEGIN = """
import asyncio, os, signal, sys
import truss
url = sys.argv[1]
"""


class Python(Case):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="truss-python-")
        cls.site = cls.directory.name
        shutil.copytree(os.path.join(harness.ROOT, "clients", "python", "truss"), os.path.join(cls.site, "truss"))
        proto = os.path.join(harness.ROOT, "proto")
        files = glob.glob(os.path.join(proto, "truss/*/v1/*.proto"))
        subprocess.run(["protoc", f"-I{proto}", "-I/usr/include", f"--python_out={cls.site}", *files], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def start(self, script):
        return subprocess.Popen(["/usr/bin/python3", "-W", "error::ResourceWarning", "-B", "-c", BEGIN + script, self.process.address],
                                env=harness.clean_environment({"PYTHONPATH": self.site}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_script(self, script):
        process = self.start(script)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, out + err)
        return out.splitlines()

    def test_a_run_tells_its_events_and_one_that_fails_raises(self):
        self.serve("CREATE TABLE a (id int)", "SELECT 1/0")
        self.assertEqual(self.run_script("""
with truss.Client(url, metadata={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) as client:
    told = []
    print([one.name for one in client.run(target="1", on_event=told.append).result.applied], len(told) > 1)
    try:
        client.run()
    except truss.RunFailed as error:
        print(error.operation.result.failed.sqlstate, "rolled back" in str(error), isinstance(error, truss.TrussError))
    try:
        client.run(target="nothing")
    except truss.TrussError as error:
        print(error.code, isinstance(error, truss.RunFailed))
"""), ["['1'] True", "22012 True True", "NOT_FOUND True"])

    def test_ctrl_c_cancels_the_run_and_waits_for_its_end(self):
        self.serve("SELECT pg_sleep(60)")
        process = self.start("""
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
client = truss.Client(url)
try:
    client.run()
except KeyboardInterrupt:
    print(client.migration.ListOperations().operations[0].state)
""")
        wait_for(self.sleepers)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (0, "4\n"), err)
        self.assertEqual(self.sleepers(), [])

    def test_in_asyncio_it_is_the_same_and_calls_go_side_by_side(self):
        self.serve("CREATE TABLE a (id int)", "SELECT 1/0")
        self.assertEqual(self.run_script("""
async def main():
    async with truss.AsyncClient(url) as client:
        both = await asyncio.gather(*(client.migration.GetStatus() for _ in range(10)))
        print({len(one.migrations) for one in both})
        operation = await client.run(target="1")
        print([event.id for event in [event async for event in client.events(operation.id)]][0], operation.done)
        try:
            await client.run()
        except truss.RunFailed as error:
            print(error.operation.result.failed.sqlstate)
        try:
            await client.migration.Preview(name="nothing")
        except truss.TrussError as error:
            print(error.code)
asyncio.run(main())
"""), ["{2}", "1 True", "22012", "NOT_FOUND"])

    def test_a_task_that_is_cancelled_cancels_its_run(self):
        self.serve("SELECT pg_sleep(60)")
        self.assertEqual(self.run_script("""
async def main():
    async with truss.AsyncClient(url) as client:
        begun = asyncio.Event()
        task = asyncio.create_task(client.run(on_event=lambda event: begun.set()))
        await begun.wait()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print((await client.migration.ListOperations()).operations[0].state)
asyncio.run(main())
"""), ["4"])
        self.assertEqual(self.sleepers(), [])

    def test_a_branch_that_nobody_waits_for_any_more_is_undone(self):
        self.serve()
        self.sql("CREATE TABLE t (a int)")
        self.hold("BEGIN", "LOCK TABLE t")
        self.assertEqual(self.run_script("""
def no_more(event):
    raise RuntimeError(event.phase)

client = truss.Client(url)
try:
    client.make_branch(source="dump", on_event=no_more)
except RuntimeError as error:
    print(error, [one.last_error for one in client.branch.ListBranches(all=True).branches])

async def main():
    async with truss.AsyncClient(url) as client:
        begun = asyncio.Event()
        task = asyncio.create_task(client.make_branch(source="dump", on_event=lambda event: begun.set()))
        await begun.wait()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print([one.status for one in (await client.branch.ListBranches(all=True)).branches])
asyncio.run(main())
"""), ["dumping ['It was cancelled.']", "['failed', 'failed']"])

    def test_a_worker_that_is_not_there_is_unavailable_in_both(self):
        self.serve("SELECT 1")
        self.assertEqual(self.run_script("""
try:
    truss.Client("tcp://127.0.0.1:1").migration.GetStatus()
except truss.TrussError as error:
    print(error.code)
async def main():
    try:
        await truss.AsyncClient("tcp://127.0.0.1:1").migration.GetStatus(timeout=1)
    except truss.TrussError as error:
        print(error.code)
asyncio.run(main())
"""), ["UNAVAILABLE", "DEADLINE_EXCEEDED"])

    def test_a_time_limit_may_be_none_or_infinite_and_the_networks_own_is_no_deadline(self):
        self.serve("SELECT 1")
        self.assertEqual(self.run_script("""
import errno, math, truss.client, truss.aio
for limit in (None, math.inf, 1e9):
    print(len(truss.Client(url, timeout=limit).migration.GetStatus().migrations))

def late(*_):
    raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

async def late_stream(*_):
    late()

async def ask(limit):
    await truss.AsyncClient(url, timeout=limit).migration.GetStatus()
truss.client.Connection.exchange = late
truss.aio._Stream.exchange = late_stream
for limit in (None, 9):
    for function in (lambda: truss.Client(url, timeout=limit).migration.GetStatus(), lambda: asyncio.run(ask(limit))):
        try:
            function()
        except truss.TrussError as error:
            print(error.code, "timed out" in str(error))
try:
    truss.Client("tcp://127.0.0.1")
except ValueError as error:
    print("no port" if "HOST:PORT" in str(error) else error)
"""), ["1", "1", "1"] + ["UNAVAILABLE True"] * 4 + ["no port"])


if __name__ == "__main__":
    harness.main()
