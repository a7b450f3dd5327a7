"""What comes over the wire: envelopes, deadlines, and guests without manners. The worker always answers the next caller."""
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from google.protobuf import descriptor_pb2, descriptor_pool
from harness import Case, Rpc, RpcError, messages, wait_for

INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE = 3, 4, 8, 12, 14
GREETING = b"\x00SP\x00\x00\x30\x00\x00"
LIMIT = 16 * 1024 * 1024
STATUS = "/truss.migration.v1.MigrationService/GetStatus"


def field(number, wire, content):
    """One field of a protobuf message, by hand; numbers below 16."""
    tag = bytes([number << 3 | wire])
    if wire != 2:
        return tag + content
    size, length = len(content), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return tag + length + bytes([size]) + content


class Wire(Case):
    listen = "tcp://127.0.0.1:0"
    environment = None

    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.process = self.worker(self.files, "--lock-wait", "5", listen=self.listen, environment=self.environment)
        self.connection = self.rpc(self.process)

    def tearDown(self):
        """Whatever a test did, the worker serves on, on the old connection or on a new one."""
        self.assertEqual(self.rpc(self.process).call("MigrationService", "GetStatus").summary.pending, 4)

    def code(self, payload):
        response = self.connection.exchange(payload)
        if response.status.code:
            self.assertGreater(len(response.status.message), 10)
        return response.status.code

    def envelope(self, method=STATUS, payload=b"", **fields):
        return messages().rpc.Request(method=method, payload=payload, **fields).SerializeToString()

    # ---- envelopes ----

    def test_bytes_that_are_no_envelope_are_invalid_argument(self):
        good = self.envelope(payload=b"x" * 50)
        for name, payload in (("empty", b""), ("garbage", os.urandom(3) + b"\xff" * 40), ("text", b"GET / HTTP/1.1\r\n\r\n"),
                              ("truncated", good[:-10]), ("a length beyond the end", b"\x0a\xff\xff\xff\xff\x0f"), ("wire type 7", b"\x0f"),
                              ("a group", field(1, 3, b"")), ("an overlong varint", b"\x18" + b"\xff" * 11),
                              ("a method that is not UTF-8", field(1, 2, b"/\xff\xfe")), ("a method with NUL", field(1, 2, b"/a\x00b"))):
            with self.subTest(name):
                self.assertEqual(self.code(payload), UNIMPLEMENTED if name == "empty" else INVALID_ARGUMENT)

    def test_every_truncation_of_a_good_envelope_is_answered(self):
        good = self.envelope("/truss.migration.v1.MigrationService/Preview", field(1, 2, b"20240103000000_slugs"), timeout_ms=1000,
                             metadata=[{"key": "request-id", "value": "r1"}])
        self.assertEqual(self.code(good), 0)
        for size in range(len(good)):
            self.connection.exchange(good[:size])

    def test_unknown_methods_and_services_are_unimplemented(self):
        for method in ("/truss.migration.v1.MigrationService/Drop", "/truss.migration.v2.MigrationService/Run", "/", "//", "Run",
                       "/truss.migration.v1.MigrationService/", "/truss.migration.v1.MigrationService/run", STATUS + "/x", "/" + "a" * 100000):
            with self.subTest(method=method[:80]):
                self.assertIn(self.code(self.envelope(method)), (UNIMPLEMENTED, INVALID_ARGUMENT))

    def test_unknown_fields_are_passed_over(self):
        payload = self.envelope() + field(15, 2, b"later") + field(14, 0, b"\x01")
        self.assertEqual(self.code(payload), 0)

    def test_a_payload_that_is_no_such_message_is_invalid_argument(self):
        run = "/truss.migration.v1.MigrationService/Run"
        for payload in (b"\x0a", field(1, 2, b"\xff\xfe"), field(1, 2, b"a\x00b"), b"\xff" * 30, field(1, 0, b"\xff" * 12)):
            with self.subTest(payload=payload):
                self.assertEqual(self.code(self.envelope(run, payload)), INVALID_ARGUMENT)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_a_message_that_unpacks_to_more_than_its_budget_is_refused(self):
        names = field(1, 2, b"") * 4000000
        self.assertIn(self.code(self.envelope("/truss.migration.v1.MigrationService/Run", names)), (RESOURCE_EXHAUSTED, INVALID_ARGUMENT))

    def test_deep_nesting_is_no_danger(self):
        nested = b""
        for _ in range(5000):
            nested = field(9, 2, nested)
        self.connection.exchange(self.envelope(payload=nested))
        self.connection.exchange(nested)

    def test_metadata_beyond_reason_is_invalid_argument(self):
        for metadata in ([{"key": f"k{n}", "value": ""} for n in range(1000)], [{"key": "request-id", "value": "a\nevent=forged"}],
                         [{"key": "a\x1b[31m", "value": ""}]):
            self.assertEqual(self.code(self.envelope(metadata=metadata)), INVALID_ARGUMENT)
        self.assertNotIn("\nevent=forged", self.process.text())

    # ---- sizes ----

    def test_a_large_request_is_taken_up_to_the_limit(self):
        script = "-- " + "x" * (LIMIT - 1000)
        reply = self.connection.call("MigrationService", "DetectSchema", {"sql": script})
        self.assertEqual(list(reply.findings), [])

    def test_a_message_over_the_limit_costs_its_sender_the_connection_and_nobody_else(self):
        with Rpc(self.process.address, timeout=60) as rude:
            with self.assertRaises(OSError):
                rude.exchange(b"x" * (LIMIT + 4096))
        self.connection.call("Health", "Check")

    def test_a_frame_that_announces_exabytes_is_dropped(self):
        for size in (2**63, 2**64 - 1, 2**40):
            with Rpc(self.process.address, timeout=60) as rude:
                rude.socket.sendall(rude.prefix + struct.pack(">Q", size) + b"x" * 100)
                with self.assertRaises(ConnectionError):
                    rude.read(1)

    # ---- deadlines and queues ----

    def test_an_expired_request_is_dropped_and_does_nothing(self):
        self.hold("SELECT pg_advisory_lock(72707369)")
        codes = []

        def run(timeout_ms):
            with Rpc(self.process.address) as rpc:
                try:
                    rpc.call("MigrationService", "Run", timeout_ms=timeout_ms)
                    codes.append(0)
                except RpcError as error:
                    codes.append(error.code)
        threads = [threading.Thread(target=run, args=(4000,)) for _ in range(8)] + [threading.Thread(target=run, args=(200,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        self.connection.call("MigrationService", "GetStatus")
        self.assertTrue(any(thread.is_alive() for thread in threads), "a status waits for no run")
        for thread in threads:
            thread.join()
        self.assertEqual(len(codes), 16)
        self.assertGreaterEqual(codes.count(DEADLINE_EXCEEDED), 8)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_a_run_whose_time_is_over_at_any_moment_leaves_nothing(self):
        """What it has not given back when the worker stops is a leak."""
        self.hold("SELECT pg_advisory_lock(72707369)")
        for timeout_ms in range(1, 61):
            with self.assertRaises(RpcError):
                self.connection.call("MigrationService", "Run", timeout_ms=timeout_ms)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_more_requests_than_can_be_served_are_refused_at_once_not_kept_waiting(self):
        answers = []

        def run():
            with Rpc(self.process.address) as rpc:
                try:
                    rpc.call("MigrationService", "Run", {"migrations": ["no_such"]})
                except RpcError as error:
                    answers.append(error.code)
        threads = [threading.Thread(target=run) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 100)
        self.assertTrue(set(answers) <= {5, UNAVAILABLE}, set(answers))

    def test_many_clients_at_once_are_all_answered(self):
        answers = []

        def ask():
            with Rpc(self.process.address) as rpc:
                for _ in range(20):
                    answers.append(rpc.call("MigrationService", "GetStatus").summary.pending)
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [4] * 320)

    # ---- connections ----

    def raw(self):
        return socket.create_connection(("127.0.0.1", int(self.process.address.rsplit(":", 1)[1])), timeout=60)

    def test_guests_without_manners_do_no_harm(self):
        for greeting in (b"", b"\x00", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00SP\x00\x00\x10\x00\x00", b"\xff" * 8, GREETING,
                         GREETING + struct.pack(">Q", 4) + b"\x00\x00\x00\x01", GREETING + struct.pack(">Q", 0),
                         GREETING + struct.pack(">Q", 100) + b"\x80\x00", GREETING + struct.pack(">Q", 2) + b"\x80\x00"):
            with self.subTest(greeting=greeting):
                for _ in range(5):
                    with self.raw() as guest:
                        guest.sendall(greeting)
                self.rpc(self.process).call("Health", "Check")

    def test_a_connection_that_is_reset_at_once_does_not_stop_the_listener(self):
        for _ in range(20):
            guest = self.raw()
            guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            guest.close()
        wait_for(lambda: self.rpc(self.process).call("Health", "Check"))

    def test_silent_connections_leave_room_for_others(self):
        guests = [self.raw() for _ in range(100)]
        self.rpc(self.process).call("Health", "Check")
        for guest in guests:
            guest.close()

    def test_a_client_that_goes_away_during_its_call_does_no_harm(self):
        for _ in range(20):
            with Rpc(self.process.address) as guest:
                guest.send_bytes(self.envelope())
        self.rpc(self.process).call("Health", "Check")

    def test_one_connection_carries_many_calls_one_after_the_other(self):
        for _ in range(200):
            self.connection.call("Health", "Check")


class Ipc(Wire):
    """All of it once more over a socket file."""


    @property
    def listen(self):
        return self.socket_url()

    def rpc(self, worker):
        """A connection, also where a rude guest has just ended the listener: it is back within seconds."""
        return wait_for(lambda: self.connect(worker))

    def connect(self, worker):
        try:
            connection = Rpc(worker.address, timeout=1)
            self.addCleanup(connection.close)
            connection.call("Health", "Check")
        except OSError:
            return None
        connection.socket.settimeout(60)
        return connection

    def raw(self):
        def connect():
            try:
                connection.connect(self.process.address[6:])
                return True
            except OSError:
                return False
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        wait_for(connect)
        return connection

    def test_the_socket_file_is_for_its_owner_only(self):
        self.assertEqual(os.stat(self.process.address[6:]).st_mode & 0o077, 0)


class Listening(Case):
    def test_a_worker_may_listen_on_several_addresses(self):
        unix = self.socket_url()
        worker = self.worker(self.project("prisma-blog"), listen=f"tcp://127.0.0.1:0,{unix}")
        self.rpc(worker).call("Health", "Check")
        with Rpc(unix) as rpc:
            rpc.call("Health", "Check")

    def test_an_address_that_cannot_be_is_refused_with_words(self):
        taken = self.worker(self.project("prisma-blog"))
        for listen in (taken.address, "http://127.0.0.1:1", "tcp://", "nonsense", "ipc:///no/such/directory/x"):
            with self.subTest(listen=listen):
                worker = harness.Program("truss-worker", "--listen", listen, "--project", "/")
                self.assertEqual(worker.process.wait(60), 1)
                worker.kill()
                self.assertIn("truss-worker: ", worker.text())
                self.assertGreater(len(worker.text()), 30)

    def test_the_protocol_is_described_by_itself(self):
        """What a tool makes of the answer, which knows nothing of it beforehand, is what the worker does."""
        reply = self.rpc(self.worker(self.project())).call("Health", "GetDescriptors")
        files = descriptor_pb2.FileDescriptorSet.FromString(reply.file_descriptor_set)
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:  # each behind those that it imports
            pool.Add(file)
        services = [f"{file.package}.{service.name}" for file in files.file for service in file.service]
        self.assertIn("truss.migration.v1.MigrationService", services)
        self.assertGreaterEqual(len(services), 7)
        self.assertEqual([one.name for one in pool.FindServiceByName("truss.health.v1.Health").methods],
                         [one.name for one in messages().health.DESCRIPTOR.services_by_name["Health"].methods])
        run = next(file for file in files.file if file.package == "truss.migration.v1")
        self.assertTrue(any("pending" in one.leading_comments for one in run.source_code_info.location))
        self.assertRegex(reply.version, r"^\d+\.\d+\.\d+$")

    def test_wrong_options_are_refused_with_words(self):
        for arguments in (("--no-such",), ("--lock-wait", "soon"), ("--lock-wait", "-1"), ("--project", "/no/such"), ("--log-level", "loud"), ("word",)):
            with self.subTest(arguments=arguments):
                worker = harness.Program("truss-worker", *arguments)
                self.assertEqual(worker.process.wait(60), 1)
                worker.kill()
                self.assertIn(arguments[0].lstrip("-"), worker.text())


if __name__ == "__main__":
    harness.main()
