"""The way to the database: URLs as people write them, databases that are down, and passwords that are told nobody."""
import os
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import certificates
import harness
from harness import PASSWORD, PASSWORD_ENCODED, Case, Cluster, RpcError, wait_for

INTERNAL, UNAVAILABLE, UNAUTHENTICATED, PERMISSION_DENIED, FAILED_PRECONDITION, INVALID_ARGUMENT = 13, 14, 16, 7, 9, 3


class Connection(Case):
    def status(self, worker):
        return self.rpc(worker).call("MigrationService", "GetStatus")

    def refused(self, worker, method="GetStatus"):
        with self.assertRaises(RpcError) as caught:
            self.rpc(worker).call("MigrationService", method)
        return caught.exception

    def assert_is_secret(self, worker, *words):
        """The password stands in none of these, nor in the log or in what ps shows."""
        with open(f"/proc/{worker.process.pid}/cmdline", "rb") as file:
            command = file.read().decode()
        for word in (*words, worker.text(), command):
            self.assertNotIn(PASSWORD, word)
            self.assertNotIn(PASSWORD_ENCODED, word)
            self.assertNotIn("s3cret", word)

    # ---- where the URL comes from ----

    def test_the_role_s_limits_for_idle_sessions_end_no_look(self):
        """Files are read between two queries; a limit of a second ends what a slow folder makes wait."""
        for setting, limit in (("idle_in_transaction_session_timeout", "1ms"), ("idle_session_timeout", "50ms")):
            if setting == "idle_session_timeout" and self.cluster.version < 14:
                continue
            self._database = None
            self.sql(f"ALTER ROLE app IN DATABASE \"{self.database}\" SET {setting} = '{limit}'")
            rpc = self.rpc(self.worker(self.project("prisma-blog")))
            for _ in range(3):
                self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4, setting)
            self.assertEqual(rpc.call("MigrationService", "Plan").refusal, "")
            self.assertTrue(rpc.call("MigrationService", "Check").safe)
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_no_url_is_said_in_the_documented_words(self):
        worker = self.worker(self.project("prisma-blog"), url=None)
        for method in ("GetStatus", "Run", "Check"):
            error = self.refused(worker, method)
            self.assertEqual((error.code, error.status.message), (INTERNAL, "DATABASE_URL is not set."))
        health = self.rpc(worker).call("Health", "Check")
        self.assertEqual(health.reason, "DATABASE_URL is not set.")

    def test_a_url_that_cannot_be_honoured_says_what_to_write(self):
        error = self.refused(self.worker(self.project("prisma-blog"), url=self.url(sslaccept="sure")))
        self.assertEqual(error.code, INVALID_ARGUMENT)
        self.assertIn("write sslaccept=strict to have the server's certificate checked", error.status.message)

    def test_kerberos_without_a_ticket_is_a_login_that_lacks_one(self):
        error = self.refused(self.worker(self.project("prisma-blog"), url=self.url(gssencmode="require"), environment={"KRB5CCNAME": "/nonexistent"}))
        self.assertEqual(error.code, UNAUTHENTICATED)
        self.assertIn("GSSAPI encryption required", error.status.message)
        self.assertIn("give the worker's user a ticket (kinit", error.status.detail.hint)

    def test_a_timeout_of_the_role_is_named(self):
        self.sql(f"ALTER ROLE app IN DATABASE {self.database} SET statement_timeout = '1ms'")
        worker = self.worker(self.project("prisma-blog"))

        def refusal():
            try:
                self.rpc(worker).call("MigrationService", "GetStatus")
            except RpcError as error:
                return error
        error = wait_for(refusal)
        self.assertEqual((error.code, error.status.detail.sqlstate), (FAILED_PRECONDITION, "57014"))
        self.assertIn("ALTER ROLE or ALTER DATABASE … SET statement_timeout gives it more", error.status.detail.hint)

    def test_an_empty_url_is_no_url(self):
        self.assertEqual(self.refused(self.worker(self.project("prisma-blog"), url="")).status.message, "DATABASE_URL is not set.")

    def test_the_url_comes_from_dotenv_when_the_environment_has_none(self):
        files = self.project("prisma-blog")
        for line in (f'DATABASE_URL="{self.url()}"', f"export DATABASE_URL='{self.url()}' # ours", f"A=1\r\nDATABASE_URL={self.url()}\r\n"):
            with self.subTest(line=line.replace(PASSWORD_ENCODED, "***")):
                files.write(".env", line)
                self.assertEqual(self.status(self.worker(files, url=None)).database, self.database)

    def test_a_service_file_says_where_everything_goes(self):
        files = self.project("prisma-blog")
        files.write("services", f"[ours]\nhost=127.0.0.1\nport={self.cluster.port}\nuser=app\npassword={PASSWORD}\ndbname={self.database}\n")
        variables = {"PGSERVICEFILE": files.path + "/services"}
        for url, more in (("postgresql:///?service=ours", {}), ("postgresql:///", {"PGSERVICE": "ours"})):
            with self.subTest(url=url), tempfile.TemporaryDirectory() as backups:
                worker = self.worker(files, "--backups", backups, url=url, environment={**variables, **more})
                self.assertEqual(self.status(worker).database, self.database)
                told = self.rpc(worker).call("ConnectionService", "GetConnection")
                self.assertEqual((told.host, told.port, told.database, told.user), ("127.0.0.1", str(self.cluster.port), self.database, "app"))
                self.rpc(worker).call("BackupService", "CreateBackup")
                wait_for(lambda: self.sql("SELECT state FROM truss.backups ORDER BY id DESC LIMIT 1") in ([("completed",)], [("failed",)]))
                self.assertEqual(self.sql("SELECT state FROM truss.backups ORDER BY id DESC LIMIT 1"), [("completed",)])

    def test_a_dotenv_whose_url_has_a_variable_that_is_set_nowhere_is_no_url(self):
        files = self.project("prisma-blog")
        for name in ("${TRUSS_NO_SUCH}", "$TRUSS_NO_SUCH"):
            files.write(".env", f"DATABASE_URL={self.url().rsplit('/', 1)[0]}/{name}\n")
            self.assertIn("the value of DATABASE_URL has the variable TRUSS_NO_SUCH, which is set neither there nor in the environment",
                          self.refused(self.worker(files, url=None)).status.message)
        files.write(".env", f"DATABASE_URL={self.url().rsplit('/', 1)[0]}/${{TRUSS_NO_SUCH:-{self.database}}}\n")
        self.assertEqual(self.status(self.worker(files, url=None)).database, self.database)

    def test_a_dotenv_with_a_byte_order_mark_is_read(self):
        files = self.project("prisma-blog")
        files.write(".env", f"\ufeffDATABASE_URL={self.url()}\r\n")
        self.assertEqual(self.status(self.worker(files, url=None)).database, self.database)

    def test_the_dotenv_beside_prismas_schema_is_read(self):
        files = self.project("prisma-blog")
        files.write("prisma/.env", f'DATABASE_URL="{self.url()}"\n')
        self.assertEqual(self.status(self.worker(files, url=None)).database, self.database)

    def test_frameworks_write_the_scheme_in_many_ways(self):
        rest = self.url().split("://", 1)[1]
        user, host = rest.split("@", 1)
        name, password = user.split(":", 1)
        for url in (*(f"{scheme}://{rest}" for scheme in ("ecto", "postgis", "postgresql+psycopg2", "postgresql+asyncpg", "pgx5", "pgsql")),
                    f"jdbc:postgresql://{host}?user={name}&password={password}", f"{self.url()}?sslmode=no-verify&ssl=false"):
            with self.subTest(url=url.replace(PASSWORD_ENCODED, "***")):
                self.assertEqual(self.status(self.worker(self.project("prisma-blog"), url=url)).database, self.database)

    def test_a_parameter_that_is_not_understood_is_refused_by_its_name(self):
        for parameter in ("serch_path=a", "x-multi-statement=true", "sslmode=odd", "charset=latin1"):
            with self.subTest(parameter=parameter):
                error = self.refused(self.worker(self.project("prisma-blog"), url=f"{self.url()}?{parameter}"))
                self.assertIn(parameter.split("=")[0], error.status.message)

    def certify(self, name):
        """The server shows this certificate from now on, until the test ends."""
        for ending in (".pem", ".key"):
            path = os.path.join(self.cluster.data, "server" + ending)
            shutil.copy(os.path.join(self.certificates, name + ending), path)
            os.chmod(path, 0o600)
            if os.geteuid() == 0:
                shutil.chown(path, "postgres", "postgres")
        self.cluster.psql("postgres", "SELECT pg_reload_conf()")

    def test_strict_checks_the_certificate_of_the_server(self):
        """As Prisma's sslaccept says; libpq's require alone checks nothing."""
        self.certificates = tempfile.mkdtemp(prefix="truss-tls-")
        self.addCleanup(shutil.rmtree, self.certificates)
        certificates.make(self.certificates)
        self.certify("server")
        off = ("ALTER SYSTEM RESET ssl", "ALTER SYSTEM RESET ssl_cert_file", "ALTER SYSTEM RESET ssl_key_file", "SELECT pg_reload_conf()")
        self.addCleanup(lambda: [self.cluster.psql("postgres", sql) for sql in off])
        for sql in ("ALTER SYSTEM SET ssl_cert_file = 'server.pem'", "ALTER SYSTEM SET ssl_key_file = 'server.key'", "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"):
            self.cluster.psql("postgres", sql, check=False)
        wait_for(lambda: self.sql("SHOW ssl") == [("on",)])
        one, two = (os.path.join(self.certificates, f"{name}.pem") for name in ("one", "two"))
        strict = {"sslmode": "require", "sslaccept": "strict"}
        unknown = "certificate verify failed"
        for certificate, parameters, refusal in (
                ("server", {"sslmode": "require"}, "connected"), ("server", {"sslmode": "require", "sslaccept": "accept_invalid_certs"}, "connected"),
                ("server", strict, unknown), ("server", {"sslaccept": "strict"}, unknown), ("server", {**strict, "sslrootcert": two}, unknown),
                ("server", {**strict, "sslrootcert": one}, "connected"), ("server", {**strict, "sslcert": one}, "connected"), ("stranger", {**strict, "sslrootcert": one}, unknown),
                ("elsewhere", {**strict, "sslrootcert": one}, 'does not match host name "127.0.0.1"')):
            with self.subTest(certificate, **parameters):
                self.certify(certificate)
                wait_for(lambda: refusal in self.answer(**parameters))

    def answer(self, **parameters):
        """Why a new worker is refused."""
        try:
            self.status(self.worker(self.project("prisma-blog"), url=self.url(**parameters)))
            return "connected"
        except RpcError as error:
            return error.status.message

    def test_the_urls_limit_on_connections_holds_for_readers(self):
        worker = self.worker(self.project("prisma-blog"), url=self.url(connection_limit=1, pool_timeout=30, application_name="limited"))
        most = 0
        def ask():
            with self.rpc(worker) as rpc:
                for _ in range(20):
                    rpc.call("MigrationService", "GetStatus")
        threads = [harness.threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'limited'")[0][0]))
        self.assertEqual(most, 1)
        reply = self.rpc(worker).call("MigrationService", "Run", metadata={"idempotency-key": "a"})
        self.assertTrue(reply.ok)

    def test_socket_timeout_ends_what_reads_for_longer(self):
        files = self.project("prisma-blog")
        self.assertTrue(self.rpc(self.worker(files)).call("MigrationService", "Run").ok)
        self.hold("BEGIN", "LOCK TABLE _prisma_migrations")
        began = time.monotonic()
        error = self.refused(self.worker(files, url=self.url(socket_timeout=1)), "GetStatus")
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("time for this request", error.status.message)

    def test_the_rows_that_a_script_selects_are_not_kept(self):
        files = self.project().add("1", "SELECT i, repeat('x', 200) FROM generate_series(1, 500000) i; CREATE TABLE a (id INT);")
        # Else AddressSanitizer alone keeps 256 MB of what was freed.
        worker = self.worker(files, environment={"ASAN_OPTIONS": "quarantine_size_mb=8"})
        self.assertTrue(self.rpc(worker).call("MigrationService", "Run").ok)
        with open(f"/proc/{worker.process.pid}/status", encoding="ascii") as file:
            peak = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
        # The sanitizer keeps for a while what was freed.
        self.assertLess(peak, 40 * 1024 * (16 if harness.SANITIZED else 1))

    def test_a_socket_directory_may_be_the_host(self):
        socket = self.cluster.directory.replace("/", "%2F")
        base = f"app:{PASSWORD_ENCODED}@"
        for url in (f"postgresql://{base}localhost:{self.cluster.port}/{self.database}?host={self.cluster.directory}",
                    f"postgresql://{base}{socket}:{self.cluster.port}/{self.database}",
                    f"postgres://{base}127.0.0.1:{self.cluster.port}/{self.database}"):
            with self.subTest(url=url.replace(PASSWORD_ENCODED, "***")):
                self.assertEqual(self.status(self.worker(self.project("prisma-blog"), url=url)).database, self.database)

    def test_a_pooler_url_still_runs(self):
        worker = self.worker(self.project("prisma-blog"), url=self.url(pgbouncer="true"))
        self.assertTrue(self.rpc(worker).call("MigrationService", "Run").ok)

    def test_urls_that_are_no_direct_connection_say_so(self):
        for url in ("prisma://accelerate.prisma-data.net/?api_key=s3cret", "prisma+postgres://accelerate.prisma-data.net/?api_key=s3cret",
                    "mysql://u:s3cret@h/d", "postgresql://u:s3cret@h:99999/d", "postgresql://u:s3%zzcret@h/d", "s3cret"):
            with self.subTest(url=url):
                worker = self.worker(self.project("prisma-blog"), url=url)
                error = self.refused(worker)
                self.assertGreater(len(error.status.message), 20)
                self.assert_is_secret(worker, error.status.message, self.rpc(worker).call("Health", "Check").reason)

    # ---- refusals ----

    def test_a_wrong_password_is_told_nobody(self):
        worker = self.worker(self.project("prisma-blog"), url=self.url().replace(PASSWORD_ENCODED, "s3cret%20x"))
        error = self.refused(worker)
        self.assertIn("password authentication failed", error.status.message)
        self.assertIn("rolvaliduntil in pg_roles", error.status.detail.hint)
        self.assert_is_secret(worker, str(error.status), self.rpc(worker).call("Health", "Check").reason)

    def test_a_login_that_the_server_refuses_says_what_lets_it_in(self):
        role = f"kept_out_{os.getpid()}"
        self.sql(f"CREATE ROLE {role} PASSWORD 's3cret'")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE {role}")
        rpc = self.rpc(self.worker(self.project("prisma-blog"), url=self.url().replace(f"app:{PASSWORD_ENCODED}", f"{role}:s3cret")))
        for change, hint in (("NOLOGIN", "ALTER ROLE … LOGIN"), ("LOGIN CONNECTION LIMIT 0", "ALTER ROLE … CONNECTION LIMIT"),
                             ("CONNECTION LIMIT -1 VALID UNTIL '2001-01-01'", "rolvaliduntil in pg_roles says when it ends"),
                             ("VALID UNTIL 'infinity' SET session_preload_libraries = nowhere", "RESET session_preload_libraries")):
            attributes, _, setting = change.partition(" SET ")
            self.sql(f"ALTER ROLE {role} {attributes}" + (f"; ALTER ROLE {role} SET {setting}" if setting else ""))
            with self.subTest(change), self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "GetStatus")
            self.assertIn(hint, caught.exception.status.detail.hint, change)
        self.sql(f"ALTER ROLE {role} RESET session_preload_libraries; REVOKE CONNECT ON DATABASE {self.database} FROM PUBLIC")
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "GetStatus")
        self.assertIn("GRANT CONNECT ON DATABASE", caught.exception.status.detail.hint)

    def test_a_database_that_is_not_there_is_named(self):
        error = self.refused(self.worker(self.project("prisma-blog"), url=self.cluster.url("not_there")))
        self.assertIn('"not_there"', error.status.message)

    def test_a_role_without_rights_gets_the_servers_words_and_leaves_nothing(self):
        role = f"reader_{os.getpid()}"
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE IF EXISTS {role}", False)
        worker = self.worker(self.project("prisma-blog"), url=self.url().replace(f"app:{PASSWORD_ENCODED}", f"{role}:s3cret"))
        self.assertEqual(set(self.states(self.status(worker)).values()), {"pending"})
        error = self.refused(worker, "Run")
        self.assertIn(f'GRANT CREATE, USAGE ON SCHEMA "public" TO "{role}"', error.status.message)
        self.assertIn("permission denied", error.status.detail.detail)
        self.assertEqual(error.status.detail.sqlstate, "42501")
        self.assert_is_secret(worker, str(error.status))


EACH = 2  # each migration is on disk before the next begins


class Outage(Case):
    """A server of its own, so that it can go away."""

    @classmethod
    def setUpClass(cls):
        cls.own = Cluster()
        cls.addClassCleanup(cls.own.remove)

    def setUp(self):
        self.cluster = self.own
        self.database = self.own.create_database()

    def health(self, rpc):
        return rpc.call("Health", "Check")

    def is_serving(self, rpc):
        return self.health(rpc).status == harness.messages().health.CheckResponse.SERVING_STATUS_SERVING

    def test_a_worker_starts_without_its_database_says_so_and_recovers(self):
        self.own.stop()
        rpc = self.rpc(self.worker(self.project("prisma-blog")))
        began = time.monotonic()
        health = self.health(rpc)
        self.assertLess(time.monotonic() - began, 9)  # the limit for a connection is 10 s
        self.assertEqual(health.status, harness.messages().health.CheckResponse.SERVING_STATUS_NOT_SERVING)
        self.assertIn(f"127.0.0.1:{self.own.port}", health.reason.replace('" (127.0.0.1), port ', ":").replace(" port ", ":"))
        for service, method in (("MigrationService", "GetStatus"), ("MigrationService", "Run"), ("Health", "GetInfo")):
            with self.assertRaises(RpcError) as caught:
                rpc.call(service, method)
            self.assertEqual(caught.exception.code, UNAVAILABLE)
        self.own.start()
        wait_for(lambda: self.is_serving(rpc))
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_server_that_restarts_under_an_idle_worker_is_not_noticed(self):
        rpc = self.rpc(self.worker(self.project("prisma-blog")))
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)
        self.own.stop("immediate")
        self.own.start()
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 4)
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_server_that_stops_during_a_run_leaves_what_was_committed(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);").add("2", "CREATE TABLE b (id INT); SELECT pg_sleep(30);")
        rpc = self.rpc(self.worker(files))
        replies = []
        thread = harness.threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run", {"durable": EACH})))
        thread.start()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.own.stop("immediate")
        thread.join(60)
        self.own.start()
        self.assertFalse(replies[0].ok)
        self.assertEqual([one.name for one in replies[0].applied], ["1"])
        self.assertEqual([row[0] for row in self.ledger()], ["1"])
        self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])

    def test_a_server_that_does_not_answer_does_not_hold_health_up(self):
        with harness.socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=1"
            rpc = self.rpc(self.worker(self.project("prisma-blog"), url=url))
            began = time.monotonic()
            self.assertFalse(self.is_serving(rpc))
            self.assertLess(time.monotonic() - began, 9)


if __name__ == "__main__":
    harness.main()
