"""Client of truss-worker.

    import truss

    with truss.Client("tcp://127.0.0.1:8788") as client:
        for migration in client.migration.GetStatus().migrations:
            print(migration.name)

Every method of the .proto's services is there under its own name; its arguments are the fields of its request. See README.md.
"""
from truss.client import CODES, Client, TrussError

__all__ = ["CODES", "Client", "TrussError"]
