"""What was promised to clients stays: proto/contract.lock has a line for every field, enum value and method of proto/.

    contract.py           says what has changed; ends with 1 where anything has
    contract.py --renew   writes what was added into the lock; refuses where anything was removed, renamed or changed

A number, a name, a type or a label that is in the lock is never changed: clients that were built with it are in use, and
JSON is made of the names. What is not wanted any more stays, and its comment says so.
"""
import os
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
Field = descriptor_pb2.FieldDescriptorProto
HEAD = "# Made by tests/contract.py --renew. Lines are only added.\n"


def descriptors(proto):
    """The descriptor set of all files below a folder."""
    files = sorted(os.path.relpath(os.path.join(folder, name), proto) for folder, _, names in os.walk(proto) for name in names if name.endswith(".proto"))
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", f"-I{proto}", "-I/usr/include", f"--descriptor_set_out={out.name}", *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read())


def type_of(field):
    if field.type_name:
        return field.type_name.removeprefix(".")
    return Field.Type.Name(field.type).removeprefix("TYPE_").lower()


def lines_of_enum(prefix, enum):
    return [f"value {prefix}.{enum.name}.{value.name} = {value.number}" for value in enum.value]


def lines_of_message(prefix, message):
    name = f"{prefix}.{message.name}"
    lines = [f"message {name}"]
    for field in message.field:
        label = Field.Label.Name(field.label).removeprefix("LABEL_").lower()
        oneof = f" oneof {message.oneof_decl[field.oneof_index].name}" if field.HasField("oneof_index") else ""
        lines.append(f"field {name}.{field.name} = {field.number} {type_of(field)} {label}{oneof}")
    for enum in message.enum_type:
        lines += lines_of_enum(name, enum)
    for nested in message.nested_type:
        lines += lines_of_message(name, nested)
    return lines


def lines_of_service(prefix, service):
    return [f"method {prefix}.{service.name}/{method.name} {method.input_type.removeprefix('.')} -> {method.output_type.removeprefix('.')}"
            + (" client-streaming" if method.client_streaming else "") + (" server-streaming" if method.server_streaming else "")
            for method in service.method]


def contract_of(proto):
    """The sorted lines of a folder of .proto files."""
    lines = []
    for file in descriptors(proto).file:
        for enum in file.enum_type:
            lines += lines_of_enum(file.package, enum)
        for message in file.message_type:
            lines += lines_of_message(file.package, message)
        for service in file.service:
            lines += lines_of_service(file.package, service)
    return sorted(lines)


def read_lock(path):
    with open(path, encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if line and not line.startswith("#")]


def main(*arguments):
    root = next((one for one in arguments if not one.startswith("--")), ROOT)
    path = os.path.join(root, "proto/contract.lock")
    now = contract_of(os.path.join(root, "proto"))
    locked = read_lock(path) if os.path.exists(path) else []
    broken = sorted(set(locked) - set(now))
    added = sorted(set(now) - set(locked))
    for line in broken:
        print(f"broken: {line}")
    if broken:
        print("Clients that are in use rely on these: bring them back as they were, and add what is new beside them.")
        return 1
    if added and "--renew" in arguments:
        with open(path, "w", encoding="utf-8") as file:
            file.write(HEAD + "".join(f"{line}\n" for line in now))
        print(f"{len(added)} line(s) added to proto/contract.lock")
        return 0
    for line in added:
        print(f"new: {line}")
    if added:
        print("Add them to the lock, if they are as they shall stay: /usr/bin/python3 tests/contract.py --renew")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
