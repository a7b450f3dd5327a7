"""Calls by the names of the .proto, with deadlines, typed errors, and the events of a run as an iterator."""
from __future__ import annotations

import os
import re
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, Optional, Union

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import DecodeError

from truss.backup.v1 import backup_pb2
from truss.branch.v1 import branch_pb2
from truss.connection.v1 import connection_pb2
from truss.health.v1 import health_pb2
from truss.migration.v1 import migration_pb2
from truss.rpc.v1 import rpc_pb2
from truss.sql.v1 import sql_pb2
from truss.trust.v1 import trust_pb2
from truss.transport import LATE, Connection, NotSent

CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
         "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
         "DATA_LOSS", "UNAUTHENTICATED")

LONGEST_WAIT = 30.0  # seconds of one long poll
BRANCH_PATIENCE = 30.0  # nobody gets a connection while a database is copied: the worker may have to wait, too
LONGEST_MS = 0xFFFFFFFF  # that the worker is told
CANCEL_WAIT = 30.0  # how long the end of a run is waited for that was cancelled

# (Python name, module, name in the .proto)
SERVICES = (("migration", migration_pb2, "MigrationService"), ("health", health_pb2, "Health"), ("sql", sql_pb2, "SqlService"),
            ("connection", connection_pb2, "ConnectionService"), ("branch", branch_pb2, "BranchService"),
            ("backup", backup_pb2, "BackupService"), ("trust", trust_pb2, "Trust"))

# Sent with each call: pairs, or a function that gives them ({"traceparent": …}).
Metadata = Union[Mapping[str, str], Callable[[], Mapping[str, str]]]


class TrussError(Exception):
    """Why a call failed: `code` is a name of google.rpc.Code, `str()` one sentence that a person can act on."""

    def __init__(self, code: int, message: str, detail: Optional[rpc_pb2.ErrorDetail] = None):
        super().__init__(message)
        self.code = CODES[code] if 0 <= code < len(CODES) else str(code)
        self.message = message
        detail = detail or rpc_pb2.ErrorDetail()
        self.reason = detail.reason  # "LOCKED", "PLAN_CHANGED", … where the code is too wide
        self.sqlstate = detail.sqlstate
        self.detail = detail.detail
        self.hint = detail.hint
        self.position = detail.position
        self.migration = detail.migration
        self.suggestions = list(detail.suggestions)


class RunFailed(TrussError):
    """A run that has not applied what it was asked for: it failed, was cancelled, or its worker is gone. `operation` says how
    far it came: .result.applied, .result.failed, .error."""

    def __init__(self, operation: migration_pb2.Operation):
        super().__init__(operation.error.code or 2, operation.summary or operation.error.message or "The run did not succeed.",
                         operation.error.detail)
        self.operation = operation


def check_run(operation: migration_pb2.Operation) -> migration_pb2.Operation:
    if operation.state != migration_pb2.OPERATION_STATE_SUCCEEDED:
        raise RunFailed(operation)
    return operation


def check_branch(reply: branch_pb2.WaitBranchResponse) -> branch_pb2.Branch:
    if reply.error.code != 0:
        raise TrussError(reply.error.code, reply.error.message, reply.error.detail)
    if reply.branch.status == "failed":
        raise TrussError(9, reply.branch.last_error)
    return reply.branch


def may_be_sent_again(method: MethodDescriptor) -> bool:
    """Although the worker may have begun it: what reads, and what asked twice is one."""
    return method.GetOptions().idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN


class Caller:
    """What a client of either kind is made with, and what is the same in both: the envelope."""

    def __init__(self, url: str = "tcp://127.0.0.1:8788", timeout: Optional[float] = 30.0, token: Optional[str] = None,
                 metadata: Optional[Metadata] = None, tls: Optional[ssl.SSLContext] = None):
        """timeout: seconds that a call may take where it does not say itself; None: as long as it takes.
        token: sent with each call; None: that of the variable TRUSS_TOKEN.
        metadata: pairs that are sent with each call, or a function that gives them (a traceparent).
        tls: for tls+tcp://; None: by the files that the variables TRUSS_WORKER_CA, TRUSS_WORKER_CERT and TRUSS_WORKER_KEY name.
        The worker's certificate is checked."""
        if not re.fullmatch(r"(tls\+)?tcp://.+:[0-9]{1,5}|ipc://.+", url) or (tls is not None and not url.startswith("tls+tcp://")):
            raise ValueError(f"{url!r} is not an address of a worker: tcp://HOST:PORT, tls+tcp://HOST:PORT (the only one with tls) or ipc://PATH")
        self._tls = tls
        self.url = url
        self.timeout = timeout
        self._token = token or os.environ.get("TRUSS_TOKEN") or None
        self._metadata = metadata

    def _envelope(self, method: MethodDescriptor, request: Any, timeout: Optional[float], key: Optional[str]) -> bytes:
        envelope = rpc_pb2.Request(method=f"/{method.containing_service.full_name}/{method.name}", payload=request.SerializeToString(),
                                   timeout_ms=0 if timeout is None else max(1, int(min(timeout * 1000, LONGEST_MS))))
        pairs = {"request-id": str(uuid.uuid4())}
        if self._metadata is not None:
            pairs.update(self._metadata() if callable(self._metadata) else self._metadata)
        if key is not None:
            pairs["idempotency-key"] = key
        if self._token is not None:
            pairs["authorization"] = f"Bearer {self._token}"
        for name, value in pairs.items():
            envelope.metadata.add(key=name, value=value)
        return envelope.SerializeToString()

    @staticmethod
    def _reply(answer: bytes, reply: Any) -> Any:
        response = rpc_pb2.Response()
        try:
            response.ParseFromString(answer)
            if response.status.code == 0:
                reply.ParseFromString(response.payload)
        except DecodeError as error:
            raise TrussError(13, f"The worker's answer cannot be read: {error}.") from error
        if response.status.code != 0:
            raise TrussError(response.status.code, response.status.message, response.status.detail)
        return reply

    def _lost(self, method: MethodDescriptor, timeout: Optional[float], error: Exception) -> TrussError:
        """The network's own time-out (ETIMEDOUT) is a TimeoutError, too; it has an errno, and comes when it likes."""
        if isinstance(error, LATE) and error.errno is None and timeout is not None:
            return TrussError(4, f"{method.name} was not answered within {timeout:g} s.")
        return TrussError(14, f"The worker at {self.url} was lost: {error}.")


class Client(Caller):
    """A worker at tcp://HOST:PORT or ipc://PATH. Threads may share it: each call has a connection to itself meanwhile."""

    migration: Service
    health: Service
    sql: Service
    connection: Service
    branch: Service
    backup: Service
    trust: Service

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._idle: list[Connection] = []
        self._mutex = threading.Lock()
        for name, module, full in SERVICES:
            setattr(self, name, Service(self, module, full))

    def close(self) -> None:
        with self._mutex:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def run(self, timeout: Optional[float] = None, on_event: Optional[Callable[[migration_pb2.Event], Any]] = None,
            key: Optional[str] = None, **request: Any) -> migration_pb2.Operation:
        """Runs, waits for its end, and answers the operation: .result has what was applied. Raises RunFailed where it did not
        succeed. Ctrl-C, and whatever else is raised meanwhile, cancels the run and waits for its end. timeout: seconds after
        which the run is cancelled; None: none."""
        operation = self.migration.StartRun(key=key, **request)
        try:
            for event in self.events(operation.id, timeout=timeout):
                if on_event is not None:
                    on_event(event)
        except BaseException:
            self._end(operation.id)
            raise
        return check_run(self.migration.GetOperation(id=operation.id))

    def _end(self, operation: str) -> None:
        """What is raised already is what the caller is told."""
        try:
            self.migration.CancelOperation(id=operation, timeout=CANCEL_WAIT)
        except TrussError:
            pass

    def events(self, operation: str, after: int = 0, timeout: Optional[float] = None) -> Iterator[migration_pb2.Event]:
        """The events of a run behind the one with the id `after`, as they come, until it has ended."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_WAIT if deadline is None else min(LONGEST_WAIT, deadline - time.monotonic())
            if left <= 0:
                raise TrussError(4, "The run goes on, but the time to watch it is over.")
            reply = self.migration.WaitOperation(id=operation, after_event=after, wait_ms=int(left * 1000), timeout=left + 10)
            for event in reply.events:
                after = event.id
                yield event
            if reply.operation.done and after >= reply.operation.last_event:
                return

    def make_branch(self, timeout: Optional[float] = None, on_event: Optional[Callable[[branch_pb2.BranchEvent], Any]] = None,
                    key: Optional[str] = None, **request: Any) -> branch_pb2.Branch:
        """Makes a branch, and returns when it is ready; the fields are CreateBranchRequest's. If it is interrupted (Ctrl-C, any
        exception), the branch is undone, and the call waits for that. timeout: seconds after which it is undone; None: no limit."""
        return self._follow(self.branch.StartBranch(key=key, **request), timeout, on_event)

    def reset_branch(self, branch: int, timeout: Optional[float] = None, on_event: Optional[Callable[[branch_pb2.BranchEvent], Any]] = None,
                     key: Optional[str] = None, **request: Any) -> branch_pb2.Branch:
        """Makes the branch with this id again from its source, as make_branch makes one; the fields are ResetBranchRequest's.
        If that fails or is interrupted, the branch stays as it was."""
        return self._follow(self.branch.StartReset(key=key, id=str(branch), **request), timeout, on_event)

    def refresh_golden(self, timeout: Optional[float] = None, on_event: Optional[Callable[[branch_pb2.BranchEvent], Any]] = None,
                       key: Optional[str] = None, **request: Any) -> branch_pb2.Branch:
        """Makes the golden copy again, as make_branch makes a branch; the fields are RefreshGoldenRequest's. If that fails or is
        interrupted, the old copy stays."""
        return self._follow(self.branch.StartGolden(key=key, **request), timeout, on_event)

    def _follow(self, begun, timeout, on_event):
        try:
            for reply in self._branch_news(begun.id, 0, timeout):
                for event in reply.events:
                    if on_event is not None:
                        on_event(event)
        except BaseException:
            self._end_branch(begun.id)
            raise
        return check_branch(reply)

    def branch_events(self, branch: int, after: int = 0, timeout: Optional[float] = None) -> Iterator[branch_pb2.BranchEvent]:
        """What happens while a branch is made, behind the event with the id `after`, as it comes, until that has ended."""
        for reply in self._branch_news(branch, after, timeout):
            yield from reply.events

    def _branch_news(self, branch, after, timeout):
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_WAIT if deadline is None else min(LONGEST_WAIT, deadline - time.monotonic())
            if left <= 0:
                raise TrussError(4, "The making of the branch goes on, but the time to wait for it is over.")
            reply = self.branch.WaitBranch(id=str(branch), after_event=after, wait_ms=int(left * 1000), timeout=left + BRANCH_PATIENCE)
            if reply.events:
                after = reply.events[-1].id
            yield reply
            if reply.done:
                return

    def _end_branch(self, branch):
        """What is raised already is what the caller is told."""
        try:
            self.branch.CancelBranch(id=str(branch))
            for _ in self._branch_news(branch, 0, CANCEL_WAIT):
                pass
        except TrussError:
            pass

    # ---- one call ----

    def _call(self, method: MethodDescriptor, request: Any, reply: Any, timeout: Optional[float], key: Optional[str]) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            answer = self._exchange(self._envelope(method, request, timeout, key), deadline, may_be_sent_again(method))
        except OSError as error:
            raise self._lost(method, timeout, error) from error
        return self._reply(answer, reply)

    def _exchange(self, envelope, deadline, is_safe):
        """Once; again where the request cannot have been begun, or does no harm twice."""
        again = True
        while True:
            connection = self._take(deadline)
            try:
                answer = connection.exchange(envelope, deadline)
            except OSError as error:
                connection.close()
                if isinstance(error, LATE) or not (again and is_safe):
                    raise
                again = False
                continue
            except BaseException:  # Ctrl-C: the reply would be taken for that of the next request
                connection.close()
                raise
            with self._mutex:
                self._idle.append(connection)
            return answer

    def _take(self, deadline):
        while True:
            with self._mutex:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect(deadline)
            if not connection.is_lost():
                return connection
            connection.close()

    def _connect(self, deadline):
        """A worker that is being restarted is back in a moment."""
        patience = time.monotonic() + 2
        while True:
            try:
                return Connection(self.url, deadline, self._tls)
            except NotSent as error:
                if isinstance(error.__cause__, LATE):
                    raise error.__cause__
                if time.monotonic() > patience or (deadline is not None and time.monotonic() + 0.1 > deadline):
                    raise
                time.sleep(0.1)


class Service:
    """The methods of a service: service.Method(field=…, timeout=seconds, key=idempotency key) or service.Method(message)."""

    def __init__(self, client: Any, module: ModuleType, name: str):
        self._client = client
        self._module = module
        self._descriptor = module.DESCRIPTOR.services_by_name[name]

    def __dir__(self) -> list[str]:
        return sorted(self._descriptor.methods_by_name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = self._descriptor.methods_by_name.get(name)
        if method is None:
            raise AttributeError(f"{self._descriptor.full_name} has no method {name}")

        def call(message=None, timeout=self._client.timeout, key=None, **fields):
            request = message or getattr(self._module, method.input_type.name)(**fields)
            reply = getattr(self._module, method.output_type.name)()
            return self._client._call(method, request, reply, timeout, key)
        return call
