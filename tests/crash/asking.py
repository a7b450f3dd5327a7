"""The ways in which somebody asks for a run, each in a thread: by HTTP, with an idempotency key, by RPC, in one transaction, in the
background.
"""
import collections
import http.client
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from harness import Http, Rpc, RpcError, messages

# code: empty for a run that began, whatever became of it.
Answer = collections.namedtuple("Answer", "ok applied code text")


def of_reply(reply):
    return Answer(reply.ok, [one.name for one in reply.applied], "", f"{reply.summary} {reply.failed}")


def of_error(code, text):
    return Answer(False, [], code, text)


def of_status(status):
    return of_error({10: "ABORTED", 14: "UNAVAILABLE"}.get(status.code, f"code {status.code}"), status.message)


def ask_http(bridge, _worker, headers=None):
    body = Http(bridge).post("/api/migrations/idempotent/run", headers=headers).json
    if "ok" not in body:
        return of_error(body["code"], body["error"])
    return Answer(body["ok"], [one["name"] for one in body["applied"]], "", f"{body['summary']} {body['failed'] or ''}")


def ask_keyed(bridge, worker):
    return ask_http(bridge, worker, {"Idempotency-Key": "crash"})


def ask_rpc(_bridge, worker, request=None):
    with Rpc(worker) as rpc:
        return of_reply(rpc.call("MigrationService", "Run", request))


def ask_batch(bridge, worker):
    return ask_rpc(bridge, worker, {"transaction": messages().migration.TRANSACTION_MODE_ALL})


def ask_background(_bridge, worker):
    with Rpc(worker) as rpc:
        operation = rpc.call("MigrationService", "StartRun")
        while not operation.done:
            wish = {"id": operation.id, "after_event": operation.last_event, "wait_ms": 5000}
            operation = rpc.call("MigrationService", "WaitOperation", wish).operation
    return of_status(operation.error) if operation.HasField("error") else of_reply(operation.result)


MODES = {"http": ask_http, "keyed": ask_keyed, "rpc": ask_rpc, "batch": ask_batch, "background": ask_background}


class Asking(threading.Thread):
    """A run that somebody asks for; .answer once there is one."""

    def __init__(self, mode, bridge, worker):
        super().__init__(daemon=True)
        self.mode = mode
        self.addresses = bridge, worker
        self.answer = None
        self.seconds = 0
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            answer = MODES[self.mode](*self.addresses)
        except RpcError as error:
            answer = of_status(error.status)
        except (OSError, http.client.HTTPException, ValueError) as error:
            answer = of_error("LOST", repr(error))
        self.seconds = time.monotonic() - began
        self.answer = answer

    def wait(self, seconds=60):
        self.join(seconds)
        if self.answer is None:
            raise AssertionError(f"no answer within {seconds} s")
        return self.answer

    def __str__(self):
        if self.answer is None:
            return f"asked by {self.mode}: no answer"
        ok, applied, code, text = self.answer
        names = f"{applied[0]} … {applied[-1]} ({len(applied)})" if applied else "none"
        return f"asked by {self.mode}: {code or ('ok' if ok else 'failed')}, applied {names}: {text[:300]!r}"
