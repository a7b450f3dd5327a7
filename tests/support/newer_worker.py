"""A worker of a later version, as far as its protocol goes: a real one, in front of which one method and one field more are served, and told
in the description that the worker gives of itself. Frames of the scalability protocols in between are handed on as they are."""
import contextlib
import socket
import struct
import threading

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from harness import messages

COUNT = "/truss.migration.v1.MigrationService/Count"
PREVIEW = "/truss.migration.v1.MigrationService/Preview"
DESCRIPTORS = "/truss.health.v1.Health/GetDescriptors"
FILE = "truss/migration/v1/migration.proto"


def add_field(message, name, number, kind):
    message.field.add(name=name, number=number, type=kind, label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL, json_name=name)


def extend(described):
    """The set of a worker that has `Count`, `PreviewRequest.tone` and `PreviewResponse.echo`, too."""
    files = descriptor_pb2.FileDescriptorSet.FromString(described)
    file = next(one for one in files.file if one.name == FILE)
    field = descriptor_pb2.FieldDescriptorProto
    for name, member in (("CountRequest", "number"), ("CountResponse", "double")):
        add_field(file.message_type.add(name=name), member, 1, field.TYPE_UINT32)
    preview = {one.name: one for one in file.message_type}
    add_field(preview["PreviewRequest"], "tone", 99, field.TYPE_STRING)
    method = next(one for one in file.service[0].method if one.name == "Preview")
    add_field(preview[method.output_type.rpartition(".")[2]], "echo", 199, field.TYPE_STRING)
    file.service[0].method.add(name="Count", input_type=".truss.migration.v1.CountRequest", output_type=".truss.migration.v1.CountResponse")
    return files


class NewerWorker:
    """address: where it listens."""

    def __init__(self, address):
        host, port = address[6:].rsplit(":", 1)
        self.behind = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.known = None
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.talk, args=(self.listener.accept()[0],), daemon=True).start()

    @staticmethod
    def read(side, size):
        data = b""
        while len(data) < size:
            piece = side.recv(size - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def frame(self, side):
        return self.read(side, struct.unpack(">Q", self.read(side, 8))[0])

    def talk(self, guest):
        with contextlib.suppress(OSError), guest, socket.create_connection(self.behind) as worker:
            worker.sendall(self.read(guest, 8))
            guest.sendall(self.read(worker, 8))
            while True:
                asked = self.frame(guest)
                answer = asked[:4] + self.answer(asked[4:], lambda frame=asked: self.exchange(worker, frame))
                guest.sendall(struct.pack(">Q", len(answer)) + answer)

    def exchange(self, worker, frame):
        worker.sendall(struct.pack(">Q", len(frame)) + frame)
        return messages().rpc.Response.FromString(self.frame(worker)[4:])

    def message(self, name):
        return message_factory.MessageFactory(self.known).GetPrototype(self.known.FindMessageTypeByName(f"truss.migration.v1.{name}"))

    def answer(self, envelope, ask):
        request = messages().rpc.Request.FromString(envelope)
        if request.method == COUNT:
            response = messages().rpc.Response()
            number = self.message("CountRequest").FromString(request.payload).number
            response.payload = self.message("CountResponse")(double=2 * number).SerializeToString()
            return response.SerializeToString()
        response = ask()
        if request.method == DESCRIPTORS:
            reply = messages().health.GetDescriptorsResponse.FromString(response.payload)
            files = extend(reply.file_descriptor_set)
            self.known = descriptor_pool.DescriptorPool()
            for file in files.file:
                self.known.Add(file)
            reply.file_descriptor_set = files.SerializeToString()
            response.payload = reply.SerializeToString()
        elif request.method == PREVIEW and self.known is not None:
            tone = self.message("PreviewRequest").FromString(request.payload).tone
            if tone:
                response.payload += b"\xba\x0c" + bytes([len(tone)]) + tone.encode()  # field 199, length-delimited
        return response.SerializeToString()
