"""HTTPS: who is let in, with which versions, how certificates are changed, and that all that is said without it is said with it."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import certificates
import harness
from harness import Case, wait_for

STATUS = "/api/migrations/idempotent/status"


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = tempfile.mkdtemp(prefix="truss-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, True)
        certificates.make(cls.directory)

    @classmethod
    def at(cls, name):
        return os.path.join(cls.directory, name)

    def serve(self, *arguments, cert="server", key=None):
        self.process = self.worker(self.project("prisma-blog"))
        self.bridge_process = self.program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", self.process.address,
                                           "--tls-cert", self.at(f"{cert}.pem"), "--tls-key", self.at(f"{key or cert}.key"), *arguments)
        self.bridge_process.wait_listening()
        self.port = int(self.bridge_process.address.rsplit(":", 1)[1])

    def context(self, client=None, ca="one"):
        context = ssl.create_default_context(cafile=self.at(f"{ca}.pem"))
        if client is not None:
            context.load_cert_chain(self.at(f"{client}.pem"), self.at(f"{client}.key"))
        return context

    def connect(self, context=None):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.addCleanup(plain.close)
        wrapped = (context or self.context()).wrap_socket(plain, server_hostname="127.0.0.1")
        self.addCleanup(wrapped.close)
        return wrapped

    def read(self, connection):
        """One whole answer: its status, its headers, its body."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            self.assertTrue(more, data)
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < size:
            body += connection.recv(65536)
        return int(head.split()[1]), head.decode(), body

    def get(self, path=STATUS, context=None, connection=None):
        connection = connection or self.connect(context)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        return self.read(connection)

    def test_what_is_asked_by_https_is_answered_and_its_address_says_so(self):
        self.serve()
        self.assertRegex(self.bridge_process.text(), r"address=https://127\.0\.0\.1:\d+ ")
        connection = self.connect()
        self.assertEqual(connection.version(), "TLSv1.3")
        for _ in range(3):
            status, _, body = self.get(connection=connection)
            self.assertEqual((status, json.loads(body)["summary"]["pending"] > 0), (200, True))
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.connect(context).version(), "TLSv1.2")
        self.assertEqual(self.get(context=context)[0], 200)

    def test_the_number_of_a_session_is_sent_to_this_host_only(self):
        self.serve()
        connection = self.connect()
        connection.sendall(f"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\napikey: x\r\nContent-Length: 0\r\n\r\n".encode())
        head = self.read(connection)[1]
        self.assertRegex(head, r"(?m)^Set-Cookie: __Host-truss-session=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Secure\r?$")

    def test_an_answer_of_many_records_and_a_request_of_many_come_whole(self):
        self.serve()
        status, _, page = self.get("/openapi.json")
        self.assertEqual((status, len(page) > 40000), (200, True))
        json.loads(page)
        script = json.dumps({"sql": "SELECT 1; " * 100000}).encode()
        connection = self.connect()
        connection.sendall(f"POST /api/migrations/detect-schema HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(script)}\r\n\r\n".encode() + script)
        self.assertNotEqual(self.read(connection)[0], 408)
        self.assertEqual(self.get()[0], 200)

    def test_who_speaks_without_tls_or_with_an_old_version_is_not_answered(self):
        self.serve()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain:
            plain.sendall(f"GET {STATUS} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
            try:
                self.assertNotIn(b"HTTP/", plain.recv(1000))
            except ConnectionResetError:
                pass
        old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input="", capture_output=True, text=True, timeout=30, check=False)
        self.assertIn("Cipher is (NONE)", old.stdout)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect(self.context(ca="two"))
        self.assertEqual(self.get()[0], 200)

    def test_only_clients_of_the_authority_are_let_in_where_one_is_named(self):
        self.serve("--tls-client-ca", self.at("one.pem"))
        self.assertEqual(self.get(context=self.context("client"))[0], 200)
        for client in (None, "stranger"):
            with self.assertRaises((ssl.SSLError, ConnectionError, AssertionError)):
                self.get(context=self.context(client))

    def test_a_certificate_that_changes_is_used_and_one_that_is_wrong_is_not(self):
        for name in ("pem", "key"):
            shutil.copy(self.at(f"server.{name}"), self.at(f"used.{name}"))
        self.serve(cert="used")
        first = self.connect()
        name = lambda connection: dict(one[0] for one in connection.getpeercert()["subject"])["commonName"]
        self.assertEqual(name(first), "server")
        with open(self.at("used.pem"), "w", encoding="ascii") as file:
            file.write("half a certificate")
        wait_for(lambda: self.get()[0] == 200 and "the previous one stays in use" in self.bridge_process.text(), every=0.2)
        self.assertEqual(name(self.connect()), "server")
        for part in ("pem", "key"):
            shutil.copy(self.at(f"later.{part}"), self.at(f"used.{part}"))
        wait_for(lambda: name(self.connect()) == "later", every=0.2)
        self.assertEqual(self.get(connection=first)[0], 200)

    def test_who_stops_in_the_greeting_keeps_nobody_out_and_costs_no_processor(self):
        self.serve()
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(100)]
        for one in silent:
            self.addCleanup(one.close)
            one.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        self.assertEqual(self.get()[0], 200)
        before = self.ticks()
        time.sleep(1)
        self.assertLess(self.ticks() - before, 30)

    def ticks(self):
        with open(f"/proc/{self.bridge_process.process.pid}/stat", encoding="ascii") as file:
            return sum(map(int, file.read().rsplit(") ", 1)[1].split()[11:13]))

    def test_files_that_do_not_fit_are_refused_at_the_start(self):
        for arguments, said in ((("--tls-cert", self.at("server.pem")), "HTTPS needs --tls-cert and --tls-key, both"),
                                (("--tls-cert", self.at("server.pem"), "--tls-key", self.at("later.key")), "later.key cannot be used"),
                                (("--tls-cert", self.at("none"), "--tls-key", self.at("later.key")), "none cannot be used")):
            result = subprocess.run([os.path.join(harness.BIN, "truss-bridge"), "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(said, result.stderr)


if __name__ == "__main__":
    harness.main()
