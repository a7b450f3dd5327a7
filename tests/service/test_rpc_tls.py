"""RPC by TLS: whom the worker lets in, whom the command line and the bridge trust, and what those do who stop half-way."""
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import certificates
import harness
from harness import Case, Rpc, wait_for


class TlsRpc(Rpc):
    """A foreign client's connection by TLS."""

    def __init__(self, address, context, session=None):
        self.context, self.session = context, session
        super().__init__(address.removeprefix("tls+"), timeout=30)

    def greet(self):
        self.socket = self.context.wrap_socket(self.socket, server_hostname="127.0.0.1", session=self.session)
        super().greet()


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = tempfile.mkdtemp(prefix="truss-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, True)
        certificates.make(cls.directory)

    def at(self, name):
        return os.path.join(self.directory, name)

    def files(self, name="server"):
        return ("--tls-cert", self.at(f"{name}.pem"), "--tls-key", self.at(f"{name}.key"))

    def serve(self, *arguments, cert="server", listen="tls+tcp://127.0.0.1:0"):
        return self.worker(self.project("prisma-blog"), *self.files(cert), *arguments, listen=listen)

    def context(self, client=None, ca="one"):
        context = ssl.create_default_context(cafile=self.at(f"{ca}.pem"))
        if client is not None:
            context.load_cert_chain(self.at(f"{client}.pem"), self.at(f"{client}.key"))
        return context

    def ask(self, worker, *arguments):
        return self.truss("status", "--worker", worker.address, *arguments)

    def test_a_command_asks_a_worker_whose_certificate_it_knows(self):
        worker = self.serve()
        self.assertRegex(worker.address, r"^tls\+tcp://127\.0\.0\.1:\d+$")
        told = self.ask(worker, "--tls-ca", self.at("one.pem"))
        self.assertEqual((told.returncode, "pending" in told.stdout), (0, True), told.stderr)
        context = self.context()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version = context.maximum_version = version
            with TlsRpc(worker.address, context) as rpc:
                self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)

    def test_a_command_says_why_it_does_not_trust_a_worker(self):
        for cert, arguments, said in (("stranger", ("--tls-ca", self.at("one.pem")), "unable to get local issuer certificate"),
                                      ("elsewhere", ("--tls-ca", self.at("one.pem")), "not accepted for 127.0.0.1: IP address mismatch"),
                                      ("server", (), "unable to get local issuer certificate"),
                                      ("server", ("--tls-ca", self.at("none.pem")), "none.pem cannot be used"),
                                      ("server", ("--tls-ca", self.at("one.pem"), "--tls-cert", self.at("client.pem")), "needs its key")):
            worker = self.serve(cert=cert)
            # A second is all that it gives a connection, and a busy machine may need that to read what it trusts.
            told = wait_for(lambda: told if "is truss-worker running?" not in (told := self.ask(worker, *arguments)).stderr else None)
            self.assertEqual(told.returncode, 1)
            self.assertIn(said, told.stderr)

    def test_a_name_in_the_url_is_the_name_in_the_certificate(self):
        worker = self.serve()
        named = worker.address.replace("127.0.0.1", "localhost")
        told = self.truss("status", "--worker", named, "--tls-ca", self.at("one.pem"))
        self.assertEqual(told.returncode, 0, told.stderr)
        told = self.truss("status", "--worker", self.serve(cert="elsewhere").address.replace("127.0.0.1", "localhost"), "--tls-ca", self.at("one.pem"))
        self.assertIn("hostname mismatch", told.stderr)

    def test_certificates_are_not_named_for_nothing(self):
        told = self.truss("status", "--worker", "tcp://127.0.0.1:1", "--tls-ca", self.at("one.pem"))
        self.assertIn("is met without TLS: say tls+tcp://127.0.0.1:1", told.stderr)

    def test_a_worker_lets_in_whom_its_authority_knows(self):
        worker = self.serve("--tls-client-ca", self.at("one.pem"))
        trust = ("--tls-ca", self.at("one.pem"))
        known = self.ask(worker, *trust, *self.files("client"))
        self.assertEqual(known.returncode, 0, known.stderr)
        for arguments, said in ((trust, "certificate required"), ((*trust, *self.files("stranger")), "unknown ca")):
            told = self.ask(worker, *arguments)
            self.assertEqual((told.returncode, said in told.stderr), (1, True), told.stderr)
        for client in (None, "stranger"):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                TlsRpc(worker.address, self.context(client)).close()

    def test_each_connection_shows_its_certificate_anew(self):
        worker = self.serve("--tls-client-ca", self.at("one.pem"))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context("client")
            context.minimum_version = context.maximum_version = version
            with TlsRpc(worker.address, context) as rpc:
                rpc.call("MigrationService", "GetStatus")  # a ticket would come with its answer
                session = rpc.socket.session
            with TlsRpc(worker.address, context, session) as rpc:
                self.assertFalse(rpc.socket.session_reused, version)

    def test_a_bridge_asks_its_worker_by_tls(self):
        worker = self.serve("--tls-client-ca", self.at("one.pem"))
        trust = ("--worker-ca", self.at("one.pem"), "--worker-cert", self.at("client.pem"), "--worker-key", self.at("client.key"))
        bridge = self.bridge(worker, arguments=trust)
        self.assertEqual(bridge.get("/api/migrations/idempotent/status").json["summary"]["pending"], 4)
        stranger = self.bridge(worker, arguments=("--worker-ca", self.at("two.pem")))
        answer = stranger.get("/api/migrations/idempotent/status")
        self.assertEqual((answer.status, "certificate is not accepted" in answer.json["error"]), (503, True), answer.json)

    def test_large_messages_and_many_callers_come_through(self):
        files = self.project()
        text = "-- " + "x" * 3_000_000 + "\nSELECT 1;"
        files.add("001_step", text)
        worker = self.worker(files, *self.files(), listen="tls+tcp://127.0.0.1:0")
        told = self.truss("preview", "001_step", "--json", "--worker", worker.address, "--tls-ca", self.at("one.pem"))
        self.assertEqual(harness.json.loads(told.stdout)["content"], text)
        bridge = self.bridge(worker, arguments=("--worker-ca", self.at("one.pem")))
        answers = []
        ask = lambda: answers.append(bridge.post("/api/migrations/idempotent/detect-schema", {"sql": "SELECT 1; " * 20000}).status)
        callers = [threading.Thread(target=ask) for _ in range(16)]
        for one in callers:
            one.start()
        for one in callers:
            one.join()
        self.assertEqual(set(answers), {200})

    def test_one_worker_speaks_with_and_without(self):
        both = self.worker(self.project("prisma-blog"), *self.files(), listen=f"tls+tcp://127.0.0.1:0,{self.socket_url()}")
        wait_for(lambda: both.text().count('event="listening"') == 2)
        plain = next(word for word in both.text().split() if word.startswith("address=ipc://")).removeprefix("address=")
        with Rpc(plain) as rpc:
            self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)
        self.assertEqual(self.ask(both, "--tls-ca", self.at("one.pem")).returncode, 0)

    def test_who_speaks_without_tls_is_not_answered(self):
        worker = self.serve()
        with self.assertRaises((ConnectionError, AssertionError, TimeoutError)):
            Rpc(worker.address.removeprefix("tls+"), timeout=20)
        told = self.truss("status", "--worker", worker.address.removeprefix("tls+"))
        self.assertEqual(told.returncode, 1)
        plain = self.worker(self.project("prisma-blog"))
        told = self.truss("status", "--worker", "tls+" + plain.address, "--tls-ca", self.at("one.pem"))
        self.assertEqual((told.returncode, "Cannot reach the worker at tls+" in told.stderr), (1, True), told.stderr)

    def test_who_stops_half_way_is_sent_away_and_keeps_nobody_out(self):
        worker = self.serve()
        host, port = worker.address.rsplit("/", 1)[1].rsplit(":", 1)
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        silent = [socket.create_connection((host, int(port)), timeout=30) for _ in range(600)]
        for number, one in enumerate(silent):
            self.addCleanup(one.close)
            try:
                one.sendall(hello if number % 2 else b"")
            except OSError:
                pass
        self.assertEqual(self.ask(worker, "--tls-ca", self.at("one.pem")).returncode, 0)
        try:
            self.assertEqual(silent[-1].recv(100), b"")  # sent away within its time, without a word
        except ConnectionResetError:
            pass

    def test_a_certificate_that_changes_is_used_for_the_next(self):
        for part in ("pem", "key"):
            shutil.copy(self.at(f"server.{part}"), self.at(f"used.{part}"))
        worker = self.serve(cert="used")
        with TlsRpc(worker.address, self.context()) as before:
            for part in ("pem", "key"):
                shutil.copy(self.at(f"later.{part}"), self.at(f"used.{part}"))

            def name():
                with TlsRpc(worker.address, self.context()) as rpc:
                    return dict(one[0] for one in rpc.socket.getpeercert()["subject"])["commonName"]
            wait_for(lambda: name() == "later", every=0.2)
            self.assertEqual(before.call("MigrationService", "GetStatus").summary.pending, 4)

    def test_a_run_whose_worker_dies_is_unknown_and_not_sent_again(self):
        files = self.project()
        files.add("001_step", "CREATE TABLE once (i INT); SELECT pg_sleep(60);")
        worker = self.worker(files, *self.files(), listen="tls+tcp://127.0.0.1:0")
        bridge = self.bridge(worker, arguments=("--worker-ca", self.at("one.pem")))
        answers = []
        caller = threading.Thread(target=lambda: answers.append(bridge.post("/api/migrations/idempotent/run")))
        caller.start()
        wait_for(self.sleepers)
        worker.kill()
        caller.join()
        self.assertEqual((answers[0].status, "whether it took effect is not known" in answers[0].json["error"]), (503, True), answers[0].json)
        self.worker(files, *self.files(), listen=worker.address)
        wait_for(lambda: bridge.get("/api/migrations/idempotent/status").status == 200)

    def test_workers_that_were_away_are_dialled_again(self):
        away = [socket.socket() for _ in range(16)]
        for one in away:
            self.addCleanup(one.close)
            one.bind(("127.0.0.1", 0))  # and does not listen yet
            one.settimeout(30)
        self.bridge(*(f"tls+tcp://127.0.0.1:{one.getsockname()[1]}" for one in away), arguments=("--worker-ca", self.at("one.pem")))
        time.sleep(4)  # some tries of each: now and then one was nng's last
        for one in away:
            one.listen()
        for one in away:
            one.accept()[0].close()

    def test_an_address_with_tls_needs_a_certificate(self):
        for arguments, said in (((), "needs a certificate and its key"), (self.files()[:2], "TLS needs --tls-cert and --tls-key, both")):
            told = subprocess.run([os.path.join(harness.BIN, "truss-worker"), "--listen", "tls+tcp://127.0.0.1:0", *arguments], capture_output=True, text=True,
                                  timeout=30, check=False, env=harness.clean_environment())
            self.assertEqual((told.returncode, said in told.stderr), (1, True), told.stderr)


if __name__ == "__main__":
    harness.main()
