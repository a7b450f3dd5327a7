"""Prints every migration with its state: example.py tcp://127.0.0.1:8788"""
import sys

import truss
from truss.migration.v1.migration_pb2 import State

try:
    with truss.Client(*sys.argv[1:]) as client:
        for migration in client.migration.GetStatus().migrations:
            print(State.Name(migration.state), migration.name)
except truss.TrussError as error:
    sys.exit(f"{error.code}: {error}")
except ValueError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
