"""What runs do, told to receivers: their form, their signature, and that each is told at least once."""
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for
from receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
HOOK = '[webhook.ops]\nurl = "{url}/hook"\nsecret_file = "{secret}"\n'


class Webhooks(Case):
    def receiver(self, *answers):
        receiver = Receiver(answers)
        self.addCleanup(receiver.stop)
        return receiver

    def config(self, receiver, text=HOOK, more=""):
        """A file of webhooks, in a folder of its own."""
        place = self.project()
        secret, path = os.path.join(place.path, "secret"), os.path.join(place.path, "hooks.toml")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(SECRET + "\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.format(url=receiver.url, secret=secret) + more)
        return path

    def begin(self, config, *scripts, worker=()):
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files, "--webhooks", config, *worker)
        return self.rpc(self.process)

    def events(self, receiver, count):
        """The bodies of so many requests."""
        wait_for(lambda: len(receiver.requests) >= count)
        return [json.loads(body) for _, _, body in receiver.requests]

    def rows(self, what="count(*)"):
        return [list(row) for row in self.sql(f"SELECT {what} FROM truss.webhook_events")]

    def check_signature(self, headers, body):
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        self.assertEqual(headers["webhook-signature"], "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode())

    def test_a_run_that_goes_well_is_told_as_signed_cloud_events(self):
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver), "CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);", worker=("--environment", "staging"))
        reply = rpc.call("MigrationService", "Run", {"confirm": self.database})
        started, done = self.events(receiver, 2)
        self.assertEqual([event["type"] for event in (started, done)], ["truss.run.started", "truss.run.done"])
        for (path, headers, body), event in zip(receiver.requests, (started, done), strict=True):
            self.assertEqual((path, headers["Content-Type"], headers["webhook-id"]),
                             ("/hook", "application/cloudevents+json; charset=utf-8", event["id"]))
            self.assertEqual((event["specversion"], event["datacontenttype"], event["subject"]), ("1.0", "application/json", reply.operation))
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
            self.assertEqual((event["source"], event["data"]["target"]["environment"]), (f"/truss/databases/{self.database}", "staging"))
            self.check_signature(headers, body)
        self.assertEqual((started["data"]["migrations"], done["data"]["applied"]), (2, ["1", "2"]))
        wait_for(lambda: self.rows() == [["0"]])  # what would tell of a lost run went with its end

    def test_a_failure_tells_no_value_no_statement_and_no_secret(self):
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver), "CREATE TABLE a (id INT);", "SELECT 'a-secret-value'::int;")
        rpc.call("MigrationService", "Run")
        failed = self.events(receiver, 2)[1]
        self.assertEqual((failed["type"], failed["data"]["migration"], failed["data"]["sqlstate"], failed["data"]["applied"]),
                         ("truss.run.failed", "2", "22P02", ["1"]))
        self.assertEqual(failed["data"]["error"], "invalid input syntax for type integer")
        sent = b"".join(body for _, _, body in receiver.requests).decode()
        for word in ("a-secret-value", "SELECT", harness.PASSWORD, SECRET):
            self.assertNotIn(word, sent)

    def test_what_changes_nothing_is_not_told(self):
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver), "CREATE TABLE a (id INT);")
        rpc.call("MigrationService", "Run", {"dry_run": True})
        rpc.call("MigrationService", "Run")
        rpc.call("MigrationService", "Run")  # nothing is pending
        self.assertEqual([event["type"] for event in self.events(receiver, 2)], ["truss.run.started", "truss.run.done"])
        wait_for(lambda: self.rows() == [["0"]])
        self.assertEqual(len(receiver.requests), 2)

    def test_a_receiver_that_fails_is_told_again_with_the_same_id(self):
        receiver = self.receiver(500)
        rpc = self.begin(self.config(receiver, more='events = ["run.done"]\n'), "CREATE TABLE a (id INT);")
        rpc.call("MigrationService", "Run")
        first, second = self.events(receiver, 2)
        self.assertEqual(first, second)
        self.assertEqual(receiver.requests[0][1]["webhook-id"], receiver.requests[1][1]["webhook-id"])
        wait_for(lambda: self.rows() == [["0"]])
        self.assertIn('error="HTTP status 500"', self.process.text())

    def test_a_redirect_is_no_delivery(self):
        receiver = self.receiver(302)
        rpc = self.begin(self.config(receiver, more='events = ["run.done"]\n'), "CREATE TABLE a (id INT);")
        rpc.call("MigrationService", "Run")
        self.events(receiver, 2)
        self.assertEqual([path for path, _, _ in receiver.requests], ["/hook", "/hook"])

    def test_what_a_killed_worker_has_not_delivered_another_one_does(self):
        receiver = self.receiver(*[500] * 9)
        config = self.config(receiver, more='events = ["run.done"]\n')
        rpc = self.begin(config, "CREATE TABLE a (id INT);")
        rpc.call("MigrationService", "Run")
        self.events(receiver, 1)
        self.process.kill()
        self.assertEqual(self.rows("kind"), [["run.done"]])
        receiver.answers.clear()
        told = len(receiver.requests)
        self.sql("UPDATE truss.webhook_events SET next_at = now()")
        self.worker(self.files, "--webhooks", config)
        events = self.events(receiver, told + 1)
        self.assertEqual({event["id"] for event in events}, {events[0]["id"]})
        wait_for(lambda: self.rows() == [["0"]])

    def test_what_is_dropped_after_a_week_is_counted_and_what_tells_of_a_long_run_is_kept(self):
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver), "CREATE TABLE a (id int);")
        rpc.call("MigrationService", "Run", {})
        self.events(receiver, 2)
        self.process.stop()
        self.sql("INSERT INTO truss.webhook_events SELECT md5(random()::text), hook, '0', kind, '{}', now() - interval '8 days', now() + due::interval, 0, ''"
                 " FROM (VALUES ('gone', 'run.done', '-8 days'), ('ops', 'run.done', '1 day'), ('ops', 'run.lost', '45 s'), ('gone', 'run.lost', '-8 days')) v (hook, kind, due)")
        self.process = self.worker(self.files, "--webhooks", self.config(receiver))
        wait_for(lambda: self.rows("hook, kind") == [["ops", "run.lost"]])
        wait_for(lambda: "webhook events dropped after a week" in self.process.text())
        families = self.rpc(self.process).call("Health", "GetMetrics").families
        self.assertEqual([one.samples[0].value for one in families if one.name == "truss_webhooks_given_up_total"], [3])

    def test_of_a_run_whose_worker_was_killed_it_is_told_that_it_is_lost(self):
        receiver = self.receiver()
        config = self.config(receiver)
        rpc = self.begin(config, "SELECT pg_sleep(60);")
        operation = rpc.call("MigrationService", "StartRun").id
        self.events(receiver, 1)
        wait_for(lambda: self.rows("kind, operation") == [["run.lost", operation]])  # the beginning is told, and known to be
        self.process.kill()
        self.wake_up()
        self.assertEqual(self.rows("kind, operation"), [["run.lost", operation]])
        self.sql("UPDATE truss.webhook_events SET next_at = now()")  # 45 seconds later
        self.worker(self.files, "--webhooks", config)
        lost = self.events(receiver, 2)[1]
        self.assertEqual((lost["type"], lost["subject"]), ("truss.run.lost", operation))

    def change(self, number, text=None):
        """The file of a migration has other content, or none any more."""
        directory = os.path.join(self.files.path, "prisma", "migrations", str(number))
        if text is None:
            shutil.rmtree(directory)
        else:
            with open(os.path.join(directory, "migration.sql"), "w", encoding="ascii") as file:
                file.write(text)

    def test_what_drifts_is_told_once_whoever_looks(self):
        receiver = self.receiver(500)
        config = self.config(receiver, more='events = ["drift"]\n')
        rpc = self.begin(config, *[f"CREATE TABLE t{i} (id INT);" for i in range(4)])
        rpc.call("MigrationService", "Run")
        self.change(1, "CREATE TABLE other (id INT);")
        self.change(2)
        self.worker(self.files, "--webhooks", config)
        first, second = self.events(receiver, 2)  # the first try failed
        self.assertEqual(first, second)
        self.assertEqual((first["type"], first["subject"]), ("truss.drift", "public._prisma_migrations"))
        self.assertEqual(first["data"]["migrations"], [{"name": "1", "state": "modified"}, {"name": "2", "state": "orphaned"}])
        self.assertEqual((first["data"]["count"], first["data"]["tracking_table"]), (2, "public._prisma_migrations"))
        self.change(3)
        self.worker(self.project().add("1", "CREATE TABLE t0 (id INT);"), "--webhooks", config)  # an older release: what it lacks is no news
        self.worker(self.files, "--webhooks", config)
        self.assertEqual(self.events(receiver, 3)[2]["data"]["migrations"], [{"name": "3", "state": "orphaned"}])
        wait_for(lambda: self.rows() == [["0"]])
        self.sql("UPDATE truss.drift SET seen_at = now() - interval '1 hour' WHERE migration = '1'")
        self.worker(self.files, "--webhooks", config)
        self.assertEqual(self.events(receiver, 4)[3]["data"]["migrations"], [{"name": "1", "state": "modified"}])
        self.sql("INSERT INTO _prisma_migrations SELECT md5(i::text), m.checksum, '2000-01-01', '1_' || i, NULL, NULL, '2000-01-01', 1 FROM generate_series(1000, 3499) i, "
                 "(SELECT * FROM _prisma_migrations LIMIT 1) m")
        self.worker(self.files, "--webhooks", config)
        self.assertEqual(self.events(receiver, 5)[4]["data"]["count"], 2500)
        self.assertEqual(self.sql("SELECT count(*) FROM truss.drift"), [("2503",)])

    def test_two_of_one_name_that_drift_are_told_once(self):
        receiver = self.receiver()
        config = self.config(receiver, more='events = ["drift"]\n')
        files = self.project(folder="sql")
        for number in range(1, 4):
            files.write(f"sql/V{number}__m.sql", f"CREATE TABLE t{number} (id INT);")
        self.rpc(self.worker(files)).call("MigrationService", "Run")
        self.sql("UPDATE flyway_schema_history SET script = 'V1__m.sql' WHERE version = '2'")
        for number in (1, 2):
            os.remove(os.path.join(files.path, "sql", f"V{number}__m.sql"))
        self.worker(files, "--webhooks", config)
        self.assertEqual(self.events(receiver, 1)[0]["data"]["migrations"], [{"name": "V1__m.sql", "state": "orphaned"}])
        self.assertEqual(self.sql("SELECT migration, state FROM truss.drift"), [("V1__m.sql", "orphaned")])

    def test_drift_is_looked_for_in_the_framework_that_the_worker_is_told(self):
        receiver = self.receiver()
        config = self.config(receiver, more='events = ["drift"]\n')
        files = self.project().add("1", "CREATE TABLE t0 (id INT);").add("2", "CREATE TABLE t1 (id INT);")
        files.write("db/migrations/20240101000000_m.sql", "-- migrate:up\nCREATE TABLE m (id INT);\n-- migrate:down\nDROP TABLE m;\n")
        for framework in ("prisma", "dbmate"):
            self.rpc(self.worker(files, "--framework", framework)).call("MigrationService", "Run")
        shutil.rmtree(os.path.dirname(files.script("1")))
        self.worker(files, "--webhooks", config, "--framework", "prisma")
        self.assertEqual(self.events(receiver, 1)[0]["data"]["migrations"], [{"name": "1", "state": "orphaned"}])

    def test_what_a_database_has_no_characters_for_is_told_all_the_same(self):
        self.encoded("LATIN1")
        receiver = self.receiver()
        config = self.config(receiver, more='events = ["drift", "run.failed"]\n')
        files = self.project(folder="sql")
        files.write("sql/V1__a.sql", "CREATE TABLE a (id INT);")
        files.write("sql/V2__\u00e9.sql", "CREATE TABLE b (id INT);")
        rpc = self.rpc(self.worker(files, "--webhooks", config))
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        names = ["V1__\u017bubr_\U0001f9ac.sql", "V2__\u2014.sql"]
        for old, new in zip(("V1__a.sql", "V2__\u00e9.sql"), names, strict=True):
            os.remove(os.path.join(files.path, "sql", old))
            files.write(f"sql/{new}", "CREATE TABLE other (id INT);")
        self.worker(files, "--webhooks", config)
        told = self.events(receiver, 1)[0]
        self.assertEqual({one["name"] + ".sql" for one in told["data"]["migrations"]}, set(names))
        files.write("sql/V3__c.sql", "SELECT '\u017b';")
        for path in names:
            os.remove(os.path.join(files.path, "sql", path))
        files.write("sql/V1__a.sql", "CREATE TABLE a (id INT);")
        files.write("sql/V2__\u00e9.sql", "CREATE TABLE b (id INT);")
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.events(receiver, 2)[1]["type"], "truss.run.failed")
        wait_for(lambda: self.rows() == [["0"]])

    def test_drift_in_the_chat_is_a_sentence(self):
        receiver = self.receiver()
        config = self.config(receiver, '[webhook.chat]\nurl = "{url}/chat"\nformat = "slack"\nevents = ["drift"]\n')
        rpc = self.begin(config, "CREATE TABLE a (id INT);")
        rpc.call("MigrationService", "Run")
        self.change(1, "CREATE TABLE other (id INT);")
        self.worker(self.files, "--webhooks", config)
        self.assertEqual(self.events(receiver, 1)[0]["text"], f"{self.database}: 1 applied migration was edited or deleted since, "
                         "the first is 1 (modified). (tracking table public._prisma_migrations)")

    def test_two_workers_deliver_each_event_once(self):
        receiver = self.receiver()
        config = self.config(receiver)
        rpc = self.begin(config, *[f"CREATE TABLE t{i} (id INT);" for i in range(3)])
        self.worker(self.files, "--webhooks", config)
        for i in range(3):
            rpc.call("MigrationService", "Run", {"migrations": [str(i + 1)]})
        self.events(receiver, 6)
        wait_for(lambda: self.rows() == [["0"]])
        ids = [headers["webhook-id"] for _, headers, _ in receiver.requests]
        self.assertEqual((len(ids), len(set(ids))), (6, 6))

    def test_a_receiver_that_never_answers_holds_up_no_run(self):
        receiver = self.receiver()
        receiver.stop()
        rpc = self.begin(self.config(receiver), "CREATE TABLE a (id INT);")
        self.assertTrue(rpc.call("MigrationService", "Run", timeout_ms=20000).ok)
        wait_for(lambda: "webhook not delivered" in self.process.text())
        self.assertNotIn(receiver.url, self.process.text())

    def test_a_receiver_that_is_silent_holds_up_no_other_and_goes_with_the_file_that_named_it(self):
        good, late = self.receiver(), self.receiver()
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        config = self.config(good, HOOK.replace("{url}", f"http://127.0.0.1:{silent.getsockname()[1]}").replace("ops", "silent") + HOOK)
        rpc = self.begin(config, "CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);")
        began = time.monotonic()
        rpc.call("MigrationService", "Run", {"migrations": ["1"]})
        self.events(good, 2)
        self.assertLess(time.monotonic() - began, 9)  # a try takes 10 s
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text[text.index("[webhook.ops]"):].replace(good.url, late.url))
        self.process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "webhooks read again" in self.process.text())
        rpc.call("MigrationService", "Run")
        self.assertEqual([event["type"] for event in self.events(late, 2)], ["truss.run.started", "truss.run.done"])
        self.assertEqual(len(good.requests), 2)
        with open(config, "w", encoding="utf-8") as file:
            file.write("[webhook.ops]\n")
        self.process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "webhooks stay as they were" in self.process.text())

    def test_a_long_wait_for_a_lock_is_told_once_and_without_others_statements(self):
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver, more='lock_wait_seconds = 0\nevents = ["run.lock_wait"]\n'), "CREATE TABLE busy (id INT);")
        rpc.call("MigrationService", "Run")
        self.files.add("2", "ALTER TABLE busy ADD COLUMN more INT;")
        self.hold("BEGIN", "LOCK TABLE busy IN ACCESS SHARE MODE", "SELECT 'their statement'")
        rpc.call("MigrationService", "Run", {"lock_retry_ms": 2500})
        event = self.events(receiver, 1)[0]
        self.assertEqual((event["type"], event["data"]["migration"], event["data"]["for_another_run"]), ("truss.run.lock_wait", "2", False))
        self.assertNotIn("their statement", json.dumps(event))
        wait_for(lambda: self.rows() == [["0"]])
        self.assertEqual(len(receiver.requests), 1)

    def test_slack_gets_a_line_of_text(self):
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver, '[webhook.chat]\nurl = "{url}"\nformat = "slack"\nevents = ["run.failed"]\n'),
                         'SELECT 1 FROM "<none>&";')
        rpc.call("MigrationService", "Run")
        body = self.events(receiver, 1)[0]
        self.assertEqual(list(body), ["text"])
        self.assertRegex(body["text"], rf'^{self.database}: the run failed at 1: relation "&lt;none&gt;&amp;" does not exist \(operation [-0-9a-f]+\)$')
        self.assertNotIn("webhook-signature", receiver.requests[0][1])
        for name, script in (("0_a", "SELECT 1;"), ("1", "CREATE TABLE w (i int);\nVACUUM w;\nSELECT 1/0;")):
            self.files.add(name, script)
        rpc.call("MigrationService", "Run", {"allow_out_of_order": True})
        self.assertIn("division by zero; 1 migration stays applied; what the failed one committed stays, too (operation", self.events(receiver, 2)[1]["text"])

    def test_a_file_that_is_wrong_stops_the_start_and_says_where(self):
        receiver = self.receiver()
        for text, word in (("", "has no webhook"), ('[webhook.a]\nurl = "ftp://x"\n', "line 2: this is not an http"),
                           *((f'[webhook.a]\nurl = "{url}"\n', "line 2: this is not an http") for url in (
                               "file:///etc/passwd", "gopher://127.0.0.1:25/x", "//127.0.0.1/x", "127.0.0.1/x", "http://a:99999/", "http://[::1", "http://a\\r\\nX-A: b/", "http://exa mple/")), ("[hook.a]\n", "line 1: a table"),
                           ('[webhook.a]\nurl = "{url}"\n', "line 1: this webhook has no secret_file, which signs what is sent: openssl rand -hex 32 >FILE"), (HOOK + 'events = ["run.drift"]\n', "line 4: there are run.started"),
                           (HOOK + "colour = 1\n", "line 4: a webhook has")):
            process = self.program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", self.project().path,
                                   "--webhooks", self.config(receiver, text))
            self.assertEqual(process.process.wait(60), 1)
            wait_for(lambda: re.search(re.escape(word), process.text()))
            process.kill()

    def test_the_least_role_without_a_schema_of_its_own_runs_all_the_same(self):
        receiver = self.receiver()
        self.sql("CREATE ROLE nobody_%s LOGIN PASSWORD 'x'" % self.database)
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE nobody_%s" % self.database)
        self.addCleanup(self.sql, "DROP OWNED BY nobody_%s CASCADE" % self.database)
        self.sql("GRANT USAGE, CREATE ON SCHEMA public TO nobody_%s" % self.database)
        self.files = self.project().add("1", "CREATE TABLE a (id INT);")
        url = re.sub("//[^@]+@", f"//nobody_{self.database}:x@", self.url())
        process = self.worker(self.files, "--webhooks", self.config(receiver), url=url)
        try:
            self.assertTrue(self.rpc(process).call("MigrationService", "Run").ok)
        except RpcError as error:
            self.fail(str(error))
        wait_for(lambda: "webhook event not written" in process.text())

    def test_a_row_that_somebody_wrote_adds_no_header(self):
        """Who may write into the table writes what is told; not what else the receiver is asked."""
        receiver = self.receiver()
        rpc = self.begin(self.config(receiver), "SELECT 1;", "SELECT 2;")
        rpc.call("MigrationService", "Run", {"migrations": ["1"]})
        self.events(receiver, 2)
        self.sql("INSERT INTO truss.webhook_events SELECT E'x\\r\\nAuthorization: Bearer stolen', 'ops', '', 'run.done', '{}', now(), now(), 0, ''")
        rpc.call("MigrationService", "Run")
        self.events(receiver, 4)
        self.assertEqual([headers.get("authorization") for _, headers, _ in receiver.requests], [None] * 4)
        self.assertEqual(self.sql("SELECT tries FROM truss.webhook_events WHERE event ~ 'stolen'"), [("0",)])  # though it was due before others

    def test_ends_that_the_database_does_not_take_have_one_time_together(self):
        """Whatever number of runs has ended: others wait for the thread that tries again."""
        rpc = self.begin(self.config(self.receiver()), *(f"SELECT {number};" for number in range(3)))
        rpc.call("MigrationService", "Run", {"migrations": ["1"]})
        self.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';"
                 "CREATE TRIGGER slow BEFORE INSERT ON truss.webhook_events FOR EACH ROW WHEN (NEW.kind = 'run.done') EXECUTE FUNCTION slow()")
        for name in ("2", "3"):
            rpc.call("MigrationService", "Run", {"migrations": [name]})

        def tried():
            return re.findall(r'webhook event not written" operation=(\S+)', self.process.text())
        before = len(tried())
        wait_for(lambda: len(tried()) >= before + 4)  # one that was begun before, and the last run's own may not have been seen yet
        self.assertEqual(len(set(tried()[before + 2:before + 4])), 1)  # a round each


if __name__ == "__main__":
    harness.main()
