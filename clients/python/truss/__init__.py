"""Client of truss-worker.

    import truss

    with truss.Client("tcp://127.0.0.1:8788") as client:
        for migration in client.migration.GetStatus().migrations:
            print(migration.name)

    operation = client.run(target="0007_posts", on_event=print)     # raises RunFailed; Ctrl-C cancels the run

In asyncio the same is truss.AsyncClient: `async with`, `await client.migration.GetStatus()`, `async for event in client.events(id)`.

Every method of the .proto's services is there under its own name; its arguments are the fields of its request. See README.md.
"""
from truss.aio import AsyncClient
from truss.client import CODES, Client, RunFailed, TrussError

__all__ = ["CODES", "AsyncClient", "Client", "RunFailed", "TrussError"]
