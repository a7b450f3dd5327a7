"""The same client in asyncio. A task that is cancelled ends what it waits for: a run is cancelled, and its end waited for."""
from __future__ import annotations

import asyncio
import ssl
import struct
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Optional

from google.protobuf.descriptor import MethodDescriptor

from truss.branch.v1 import branch_pb2
from truss.client import BRANCH_PATIENCE, CANCEL_WAIT, LONGEST_WAIT, SERVICES, Caller, Service, TrussError, check_branch, check_run, may_be_sent_again
from truss.migration.v1 import migration_pb2
from truss.transport import ANSWER, GREETING, LARGEST, tls_context


class _Stream:
    """One connection to a worker, as truss.transport.Connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prefix: bytes):
        self._reader, self._writer, self._prefix = reader, writer, prefix
        self._number = 0

    @classmethod
    async def open(cls, url: str, tls: Optional[ssl.SSLContext] = None) -> _Stream:
        """tls: as of truss.transport.Connection."""
        if url.startswith("ipc://"):
            reader, writer = await asyncio.open_unix_connection(url[6:])
        else:
            host, _, port = url.partition("://")[2].rpartition(":")
            context = (tls or tls_context()) if url.startswith("tls+") else None
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
        stream = cls(reader, writer, b"\1" if url.startswith("ipc://") else b"")
        try:
            writer.write(GREETING)
            if await reader.readexactly(8) != ANSWER:
                raise ConnectionError(f"{url} is no truss-worker")
        except BaseException:
            stream.close()
            raise
        return stream

    def close(self) -> None:
        self._writer.close()

    def is_lost(self) -> bool:
        return self._reader.at_eof() or self._writer.is_closing()

    async def exchange(self, envelope: bytes) -> bytes:
        self._number = self._number % 0x7FFFFFFF + 1
        header = struct.pack(">I", 0x80000000 | self._number)
        self._writer.write(self._prefix + struct.pack(">Q", len(header) + len(envelope)) + header + envelope)
        await self._writer.drain()
        while True:
            if self._prefix and await self._reader.readexactly(1) != b"\1":
                raise ConnectionError("the worker sent what is no message")
            size = struct.unpack(">Q", await self._reader.readexactly(8))[0]
            if not 4 <= size <= LARGEST:
                raise ConnectionError(f"the worker sent a message of {size} bytes")
            frame = await self._reader.readexactly(size)
            if frame[:4] == header:
                return frame[4:]


class AsyncClient(Caller):
    """A worker at tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH, for the tasks of one event loop: each call has a connection to itself."""

    migration: Service
    health: Service
    sql: Service
    connection: Service
    branch: Service
    backup: Service
    trust: Service

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._idle: list[_Stream] = []
        for name, module, full in SERVICES:
            setattr(self, name, Service(self, module, full))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def run(self, timeout: Optional[float] = None, on_event: Optional[Callable[[migration_pb2.Event], Any]] = None,
                  key: Optional[str] = None, **request: Any) -> migration_pb2.Operation:
        """As Client.run."""
        operation = await self.migration.StartRun(key=key, **request)
        try:
            async for event in self.events(operation.id, timeout=timeout):
                if on_event is not None:
                    on_event(event)
        except BaseException:
            await asyncio.shield(self._end(operation.id))
            raise
        return check_run(await self.migration.GetOperation(id=operation.id))

    async def _end(self, operation: str) -> None:
        try:
            await self.migration.CancelOperation(id=operation, timeout=CANCEL_WAIT)
        except TrussError:
            pass

    async def events(self, operation: str, after: int = 0, timeout: Optional[float] = None) -> AsyncIterator[migration_pb2.Event]:
        """As Client.events."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_WAIT if deadline is None else min(LONGEST_WAIT, deadline - time.monotonic())
            if left <= 0:
                raise TrussError(4, "The run goes on, but the time to watch it is over.")
            reply = await self.migration.WaitOperation(id=operation, after_event=after, wait_ms=int(left * 1000), timeout=left + 10)
            for event in reply.events:
                after = event.id
                yield event
            if reply.operation.done and after >= reply.operation.last_event:
                return

    async def make_branch(self, timeout: Optional[float] = None, on_event: Optional[Callable[[branch_pb2.BranchEvent], Any]] = None,
                          key: Optional[str] = None, **request: Any) -> branch_pb2.Branch:
        """As Client.make_branch."""
        return await self._follow(await self.branch.StartBranch(key=key, **request), timeout, on_event)

    async def reset_branch(self, branch: int, timeout: Optional[float] = None,
                           on_event: Optional[Callable[[branch_pb2.BranchEvent], Any]] = None, key: Optional[str] = None,
                           **request: Any) -> branch_pb2.Branch:
        """As Client.reset_branch."""
        return await self._follow(await self.branch.StartReset(key=key, id=str(branch), **request), timeout, on_event)

    async def refresh_golden(self, timeout: Optional[float] = None, on_event: Optional[Callable[[branch_pb2.BranchEvent], Any]] = None,
                             key: Optional[str] = None, **request: Any) -> branch_pb2.Branch:
        """As Client.refresh_golden."""
        return await self._follow(await self.branch.StartGolden(key=key, **request), timeout, on_event)

    async def _follow(self, begun, timeout, on_event):
        try:
            async for reply in self._branch_news(begun.id, 0, timeout):
                for event in reply.events:
                    if on_event is not None:
                        on_event(event)
        except BaseException:
            await asyncio.shield(self._end_branch(begun.id))
            raise
        return check_branch(reply)

    async def branch_events(self, branch: int, after: int = 0, timeout: Optional[float] = None) -> AsyncIterator[branch_pb2.BranchEvent]:
        """As Client.branch_events."""
        async for reply in self._branch_news(branch, after, timeout):
            for event in reply.events:
                yield event

    async def _branch_news(self, branch, after, timeout):
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_WAIT if deadline is None else min(LONGEST_WAIT, deadline - time.monotonic())
            if left <= 0:
                raise TrussError(4, "The making of the branch goes on, but the time to wait for it is over.")
            reply = await self.branch.WaitBranch(id=str(branch), after_event=after, wait_ms=int(left * 1000), timeout=left + BRANCH_PATIENCE)
            if reply.events:
                after = reply.events[-1].id
            yield reply
            if reply.done:
                return

    async def _end_branch(self, branch):
        try:
            await self.branch.CancelBranch(id=str(branch))
            async for _ in self._branch_news(branch, 0, CANCEL_WAIT):
                pass
        except TrussError:
            pass

    # ---- one call ----

    async def _call(self, method: MethodDescriptor, request: Any, reply: Any, timeout: Optional[float], key: Optional[str]) -> Any:
        exchange = self._exchange(self._envelope(method, request, timeout, key), may_be_sent_again(method))
        try:
            answer = await asyncio.wait_for(exchange, timeout)
        except asyncio.TimeoutError as error:  # before Python 3.11 another class than TimeoutError
            raise self._lost(method, timeout, error if isinstance(error, OSError) else TimeoutError()) from error
        except (OSError, EOFError) as error:
            raise self._lost(method, timeout, error) from error
        return self._reply(answer, reply)

    async def _exchange(self, envelope: bytes, is_safe: bool) -> bytes:
        """Once; again where the request cannot have been begun, or does no harm twice."""
        for again in (is_safe, False):
            stream = await self._take()
            try:
                answer = await stream.exchange(envelope)
            except (OSError, EOFError):
                stream.close()
                if not again:
                    raise
                continue
            except BaseException:
                stream.close()
                raise
            self._idle.append(stream)
            return answer
        raise AssertionError("not reached")

    async def _take(self) -> _Stream:
        while self._idle:
            stream = self._idle.pop()
            if not stream.is_lost():
                return stream
            stream.close()
        patience = time.monotonic() + 2  # a worker that is being restarted is back in a moment
        while True:
            try:
                return await _Stream.open(self.url, self._tls)
            except (OSError, EOFError):
                if time.monotonic() > patience:
                    raise
                await asyncio.sleep(0.1)
