"""Calls by the names of the .proto, with deadlines, typed errors, and the events of a run as an iterator."""
import os
import threading
import time
import uuid

from truss.backup.v1 import backup_pb2
from truss.branch.v1 import branch_pb2
from truss.connection.v1 import connection_pb2
from truss.health.v1 import health_pb2
from truss.migration.v1 import migration_pb2
from truss.rpc.v1 import rpc_pb2
from truss.sql.v1 import sql_pb2
from truss.trust.v1 import trust_pb2
from truss.transport import Connection, NotSent

CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
         "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
         "DATA_LOSS", "UNAUTHENTICATED")

# What may be sent again although the worker may have begun it: these read only.
SAFE = {"GetStatus", "Preview", "Check", "DetectSchema", "Plan", "GetOperation", "WaitOperation", "ListOperations", "GetInfo", "WhoAmI",
        "Query", "Explain", "ListTables", "Describe", "Cancel", "GetConnection", "RevealConnection",
        "ListBranches", "GetBranch", "DiffBranch", "GetBranchConnection", "RevealBranchConnection",
        "ListBackups", "GetBackup", "CancelBackup", "GetSchedule", "UpdateSchedule", "GetWalConfig"}

LONGEST_WAIT = 30.0  # seconds of one long poll


class TrussError(Exception):
    """Why a call failed: `code` is a name of google.rpc.Code, `str()` one sentence that a person can act on."""

    def __init__(self, code, message, detail=None):
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


class Client:
    """A worker at tcp://HOST:PORT or ipc://PATH. Threads may share it: each call has a connection to itself meanwhile."""

    def __init__(self, url="tcp://127.0.0.1:8788", timeout=30.0, token=None):
        """timeout: seconds that a call may take where it does not say itself; None: as long as it takes.
        token: sent with each call; None: that of the variable TRUSS_TOKEN."""
        if not url.startswith(("tcp://", "ipc://")):
            raise ValueError(f"{url!r} is no address of a worker: tcp://HOST:PORT or ipc://PATH")
        self.url = url
        self.timeout = timeout
        self._token = token or os.environ.get("TRUSS_TOKEN") or None
        self._idle = []
        self._mutex = threading.Lock()
        self.migration = _Service(self, migration_pb2, "MigrationService")
        self.health = _Service(self, health_pb2, "Health")
        self.sql = _Service(self, sql_pb2, "SqlService")
        self.connection = _Service(self, connection_pb2, "ConnectionService")
        self.branch = _Service(self, branch_pb2, "BranchService")
        self.backup = _Service(self, backup_pb2, "BackupService")
        self.trust = _Service(self, trust_pb2, "Trust")

    def close(self):
        with self._mutex:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, timeout=None, **request):
        """Runs in the background, waits for its end, and answers the operation: .result has what was applied or failed."""
        operation = self.migration.StartRun(**request)
        for _ in self.events(operation.id, timeout=timeout):
            pass
        return self.migration.GetOperation(id=operation.id)

    def events(self, operation, after=0, timeout=None):
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

    # ---- one call ----

    def _call(self, method, request, reply, timeout, key):
        envelope = rpc_pb2.Request(method=method, payload=request.SerializeToString(),
                                   timeout_ms=0 if timeout is None else max(1, int(timeout * 1000)))
        envelope.metadata.add(key="request-id", value=str(uuid.uuid4()))
        if key is not None:
            envelope.metadata.add(key="idempotency-key", value=key)
        if self._token is not None:
            envelope.metadata.add(key="authorization", value=f"Bearer {self._token}")
        deadline = None if timeout is None else time.monotonic() + timeout
        response = rpc_pb2.Response()
        try:
            response.ParseFromString(self._exchange(envelope.SerializeToString(), deadline, method.rpartition("/")[2] in SAFE))
        except TimeoutError as error:
            raise TrussError(4, f"{method} was not answered within {timeout:g} s.") from error
        except OSError as error:
            raise TrussError(14, f"The worker at {self.url} was lost: {error}.") from error
        if response.status.code != 0:
            raise TrussError(response.status.code, response.status.message, response.status.detail)
        reply.ParseFromString(response.payload)
        return reply

    def _exchange(self, envelope, deadline, is_safe):
        """Once; again where the request cannot have been begun, or does no harm twice."""
        again = True
        while True:
            connection = self._take(deadline)
            try:
                answer = connection.exchange(envelope, deadline)
            except TimeoutError:
                connection.close()
                raise
            except OSError:
                connection.close()
                if not (again and is_safe):
                    raise
                again = False
                continue
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
                return Connection(self.url, deadline)
            except NotSent as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise error.__cause__
                if time.monotonic() > patience or (deadline is not None and time.monotonic() + 0.1 > deadline):
                    raise
                time.sleep(0.1)


class _Service:
    """The methods of a service: service.Method(field=…, timeout=seconds, key=idempotency key) or service.Method(message)."""

    def __init__(self, client, module, name):
        self._client = client
        self._module = module
        self._descriptor = module.DESCRIPTOR.services_by_name[name]

    def __dir__(self):
        return sorted(self._descriptor.methods_by_name)

    def __getattr__(self, name):
        method = self._descriptor.methods_by_name.get(name)
        if method is None:
            raise AttributeError(f"{self._descriptor.full_name} has no method {name}")

        def call(message=None, timeout=self._client.timeout, key=None, **fields):
            request = message or getattr(self._module, method.input_type.name)(**fields)
            reply = getattr(self._module, method.output_type.name)()
            return self._client._call(f"/{self._descriptor.full_name}/{name}", request, reply, timeout, key)
        return call
