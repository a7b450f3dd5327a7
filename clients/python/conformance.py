"""Speaks for this client in tests/clients/test_conformance.py: see there for the lines."""
import sys
from functools import partial

import truss
from truss.backup.v1 import backup_pb2
from truss.branch.v1 import branch_pb2
from truss.connection.v1 import connection_pb2
from truss.migration.v1 import migration_pb2
from truss.sql.v1 import sql_pb2

SERVICES = {"migration": (migration_pb2, "MigrationService"), "sql": (sql_pb2, "SqlService"),
            "connection": (connection_pb2, "ConnectionService"), "branch": (branch_pb2, "BranchService"),
            "backup": (backup_pb2, "BackupService")}


def say(*words):
    print(*words, flush=True)


def call(client, name, timeout_ms, key, payload=""):
    service, _, name = name.rpartition(".")
    module, full = SERVICES[service or "migration"]
    request = getattr(module, module.DESCRIPTOR.services_by_name[full].methods_by_name[name].input_type.name).FromString(bytes.fromhex(payload))
    options = {} if timeout_ms == "-" else {"timeout": int(timeout_ms) / 1000}
    reply = getattr(getattr(client, service or "migration"), name)(request, key=None if key == "-" else key, **options)
    say("reply", reply.SerializeToString().hex())


def watch(client, operation):
    for event in client.events(operation):
        say("event", event.SerializeToString().hex())
    say("end")


def make(message, function, client, payload=""):
    fields = {field.name: value for field, value in message.FromString(bytes.fromhex(payload)).ListFields()}
    if "id" in fields:
        fields["branch"] = int(fields.pop("id"))
    branch = function(client, on_event=lambda event: say("event", event.SerializeToString().hex()), **fields)
    say("reply", branch.SerializeToString().hex())


VERBS = {"call": call, "watch": watch, "make": partial(make, branch_pb2.CreateBranchRequest, truss.Client.make_branch),
         "reset": partial(make, branch_pb2.ResetBranchRequest, truss.Client.reset_branch),
         "golden": partial(make, branch_pb2.RefreshGoldenRequest, truss.Client.refresh_golden)}

with truss.Client(sys.argv[1]) as one:
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split(" ")
        try:
            VERBS[verb](one, *words)
        except truss.TrussError as error:
            say("error", error.code, error.reason or "-", error.sqlstate or "-", error.message)
