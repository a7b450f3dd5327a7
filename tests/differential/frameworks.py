"""How each framework lays out a project, and what it sends for one file: the statements, in messages, as its own tool does.

Sources: what the real tools were seen to send (their statements in the server's log), and the sources of dbmate 2, goose 3, golang-migrate 4,
sql-migrate 1, tern 2, lib/pq, refinery 0.9, the Supabase CLI. Each file is sent in a session of its own, as an invocation of
the tool with this one pending file sends it.
"""
import hashlib
import json
import re
import zlib

from wire import ServerError


class LedgerError(Exception):
    """The framework's own statement failed, because of what the script had set or left."""

    def __init__(self, error):
        super().__init__(str(error))
        self.sqlstate = error.sqlstate


class ClientError(Exception):
    """The framework gives up without a word of the server. before: nothing was sent."""

    def __init__(self, message, before=False):
        super().__init__(message)
        self.before = before


class Session:
    """The framework's connection for one file. clean: its own statements run in another session, behind the script's
    transaction, so that what the script has set does not reach them: what the framework means, not what happens to it."""

    def __init__(self, connect, clean):
        self.connect = connect
        self.wire = connect()
        self.clean = clean
        self.later = []
        self.wrap = False  # the ideal way, for a framework that cuts a file itself: BEGIN and COMMIT around each part

    def ledger(self, *statements):
        if self.clean:
            self.later += statements
            return
        try:
            for sql in statements:
                self.wire.simple(sql)
        except ServerError as error:
            raise LedgerError(error) from None

    def elsewhere(self, sql):
        """A statement in a session of its own."""
        with self.connect() as other:
            other.simple(sql)

    def commit(self, driver):
        """COMMIT as this driver does it: some look whether there is something to commit."""
        if driver == "lib/pq" and self.wire.status != "T":
            state = self.wire.status
            if state == "E":
                self.wire.simple("ROLLBACK")
            raise ClientError(f"pq: unexpected transaction status {state}")
        if driver == "jdbc" and self.wire.status == "I":
            return
        self.wire.simple("COMMIT")
        if driver == "pgx" and self.wire.tag == "ROLLBACK":
            raise ClientError("commit unexpectedly resulted in rollback")

    def finish(self):
        """The tool is done with this file, however it went."""
        self.wire.close()

    def write_later(self):
        for sql in self.later:
            self.elsewhere("SET search_path = public; SET transaction_read_only = off; " + sql)


def quote(text):
    return "'" + text.replace("'", "''") + "'" if "\\" not in text else "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def name_of(number):
    return f"step_{number}"


def body_of(file):
    return "".join(one.lead + one.text + one.tail for one in file.statements)


def is_alone(text):
    """What Flyway and the Supabase CLI send outside of a transaction."""
    return re.match(r"(?is)\s*(--[^\n]*\n\s*|/\*.*?\*/\s*)*((create|drop)\s+(unique\s+)?index\s+concurrently\b|vacuum\b|discard\s+all|"
                    r"reindex\s+(schema|database|system)|alter\s+system|(create|drop)\s+database)", text) is not None


class Framework:
    id = ""
    ledger = ("public", "schema_migrations")
    create = ()
    rows = ""  # the columns that are compared
    applied = "true"  # which rows say "applied", and not "begun" or "failed"
    no_transaction = False  # has a marker for it
    crlf = True
    folder = "migrations"
    session = ""  # what its connection sets before the file
    cuts = False  # sends what cannot share a transaction by itself
    by_statement = False  # a file without a transaction is sent statement by statement, and not as one query
    wraps = True  # sends the file inside a BEGIN … COMMIT of its own
    reads_itself = False  # the server reads where its statements end, and not the tool

    def path(self, number):
        return f"{self.folder}/{20260101000000 + number}_{name_of(number)}.sql"

    def text(self, file):
        return body_of(file)

    def config(self, files):
        """Further files of the project: {path: text}."""
        return {}

    def key(self, number):
        return str(20260101000000 + number)

    def setup(self):
        return "".join(sql + ";" for sql in self.create)

    @staticmethod
    def is_alone(text):
        return is_alone(text)

    def pieces(self, file):
        """What is sent, a simple query each."""
        return [content(self, file)]

    def run(self, session, file):
        wire = session.wire
        if self.session:
            wire.simple(self.session)
        driver = getattr(self, "driver", "")
        if file.no_transaction:
            for piece in self.pieces(file):
                wire.simple(piece)
            session.ledger(*self.record(file))
            return
        wire.simple("BEGIN")
        for piece in self.pieces(file):
            wire.simple(piece)
        session.ledger(*self.record(file))
        session.commit(driver)

    def record(self, file):
        raise NotImplementedError

    def table(self):
        return ".".join(f'"{part}"' for part in self.ledger)


def content(framework, file):
    """The file's text as it is on disk."""
    text = framework.text(file)
    if file.crlf and framework.crlf:
        text = text.replace("\n", "\r\n")
    return ("\ufeff" if file.bom else "") + text


class Dbmate(Framework):
    reads_itself = True
    id = "dbmate"
    folder = "db/migrations"
    create = ('CREATE TABLE IF NOT EXISTS public.schema_migrations (version varchar PRIMARY KEY)',)
    rows = "version"
    driver = "lib/pq"
    no_transaction = True

    def text(self, file):
        return f"-- migrate:up{' transaction:false' if file.no_transaction else ''}\n{body_of(file)}\n-- migrate:down\n"

    def pieces(self, file):
        return [content(self, file).split("-- migrate:down")[0]]

    def record(self, file):
        return (f"insert into public.schema_migrations (version) values ('{self.key(file.number)}')",)


class Goose(Framework):
    id = "goose"
    by_statement = True
    ledger = ("public", "goose_db_version")
    create = ("CREATE TABLE public.goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, "
              "is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now())",
              "INSERT INTO public.goose_db_version (version_id, is_applied) VALUES (0, true)")
    rows = "version_id, is_applied"
    driver = "pgx"
    no_transaction = True
    marker = "-- +goose "

    def text(self, file):
        return self.header(file) + self.marked(file) + f"\n{self.marker}Down\n"

    def header(self, file):
        return ("-- +goose NO TRANSACTION\n" if file.no_transaction else "") + "-- +goose Up\n"

    def marked(self, file):
        """A statement with a line that ends in a semicolon is put between StatementBegin and StatementEnd."""
        text = ""
        for one in file.statements:
            whole = one.lead + one.text + one.tail
            inside = any(ends_with_semicolon(line) for line in whole.rstrip("\n").split("\n")[:-1])
            if inside or (not ends_with_semicolon(whole.rstrip("\n").split("\n")[-1]) and one is file.statements[-1]):
                text += ("" if text.endswith("\n") or not text else "\n") + f"{self.marker}StatementBegin\n{whole.rstrip()}\n{self.marker}StatementEnd\n"
            else:
                text += whole
        return text

    def pieces(self, file):
        return split_by_lines(content(self, file), self.marker, self.comments_go)

    @staticmethod
    def comments_go(line, is_empty):
        return is_empty and (line.strip().startswith("--") or line == "")

    def record(self, file):
        return (f"INSERT INTO goose_db_version (version_id, is_applied) VALUES ({self.key(file.number)}, true)",)


def ends_with_semicolon(line):
    last = ""
    for word in line.split():
        if word.startswith("--"):
            break
        last = word
    return last.endswith(";")


def split_by_lines(text, marker, comments_go):
    """goose's and sql-migrate's parser: a statement ends with a line that ends in a semicolon, unless it is marked."""
    pieces, buffer, state = [], "", "start"
    for line in text.split("\n"):
        line = line.removesuffix("\r")
        if state == "start" and not line.strip():
            continue
        command = None
        if line.startswith(marker):
            command = line.removeprefix(marker).strip()
            if command == "NO TRANSACTION":
                continue
            if command.startswith(("Up", "Down")):
                if buffer.strip():
                    raise ClientError(f"unfinished statement: {buffer[:60]!r}", before=True)
                if command.startswith("Down"):
                    break
                state = "up"
                continue
            if command == "StatementBegin":
                state = "begun"
                continue
        if state == "start":
            raise ClientError(f"must start with an Up annotation: {line[:40]!r}", before=True)
        if command != "StatementEnd":
            if comments_go(line, not buffer):
                continue
            buffer += line + "\n"
        if command == "StatementEnd" or (state == "up" and ends_with_semicolon(line)):
            pieces.append(buffer)
            buffer, state = "", "up"
    if buffer.strip() or state == "begun":
        raise ClientError(f"unfinished statement: {buffer[:60]!r}", before=True)
    return pieces


class SqlMigrate(Goose):
    id = "sql-migrate"
    ledger = ("public", "gorp_migrations")
    create = ("CREATE TABLE IF NOT EXISTS public.gorp_migrations (id text NOT NULL PRIMARY KEY, applied_at timestamp with time zone)",)
    rows = "id"
    driver = "lib/pq"
    marker = "-- +migrate "

    def header(self, file):
        return "-- +migrate Up" + (" notransaction" if file.no_transaction else "") + "\n"

    @staticmethod
    def comments_go(line, is_empty):
        return line.startswith("-- ")

    def pieces(self, file):
        pieces = super().pieces(file)
        return [piece.removesuffix("\n").removesuffix(" ").removesuffix(";") for piece in pieces]

    def config(self, files):
        return {"dbconfig.yml": "development:\n  dialect: postgres\n  datasource: ${DATABASE_URL}\n  dir: migrations\n  table: gorp_migrations\n"}

    def path(self, number):
        return f"migrations/{20260101000000 + number}-{name_of(number)}.sql"

    def record(self, file):
        return (f"insert into \"gorp_migrations\" (\"id\",\"applied_at\") values ({quote(self.path(file.number).split('/')[1])}, clock_timestamp())",)


class GolangMigrate(Framework):
    reads_itself = True
    id = "golang-migrate"
    create = ("CREATE TABLE IF NOT EXISTS public.schema_migrations (version bigint not null primary key, dirty boolean not null)",)
    rows = "version"
    applied = "NOT dirty"
    wraps = False

    def path(self, number):
        return f"migrations/{number:06}_{name_of(number)}.up.sql"

    def _set(self, session, number, dirty):
        if session.wire.status != "I":
            raise ClientError("pq: unexpected transaction status")  # lib/pq's Begin looks
        session.ledger("BEGIN", 'TRUNCATE "public"."schema_migrations"',
                       f'INSERT INTO "public"."schema_migrations" (version, dirty) VALUES ({number}, {dirty})', "COMMIT")

    def run(self, session, file):
        if session.clean:
            session.wire.simple(content(self, file))
            session.later = ["TRUNCATE public.schema_migrations",
                             f"INSERT INTO public.schema_migrations (version, dirty) VALUES ({file.number}, false)"]
            return
        self._set(session, file.number, "true")
        session.wire.simple(content(self, file))
        self._set(session, file.number, "false")


class Tern(Framework):
    id = "tern"
    by_statement = True
    ledger = ("public", "schema_version")
    create = ("CREATE TABLE public.schema_version (version int4 not null primary key)", "INSERT INTO public.schema_version VALUES (0)")
    rows = "version"
    driver = "pgx"
    no_transaction = True

    def path(self, number):
        return f"migrations/{number:03}_{name_of(number)}.sql"

    def text(self, file):
        return body_of(file) + ("\n---- tern: disable-tx ----\n" if file.no_transaction else "")

    def pieces(self, file):
        text = content(self, file)
        if not file.no_transaction:
            return [text]
        bom = "\ufeff" if file.bom else ""
        return [bom * (i == 0) + (one.lead + one.text + one.tail).replace("\n", "\r\n" if file.crlf else "\n")
                for i, one in enumerate(file.statements)]

    def config(self, files):
        return {"migrations/tern.conf": "[database]\nhost = 127.0.0.1\nversion_table = public.schema_version\n"}

    def record(self, file):
        return ("reset all", f"update public.schema_version set version={file.number}")


class Refinery(Framework):
    reads_itself = True
    id = "refinery"
    ledger = ("public", "refinery_schema_history")
    create = ("CREATE TABLE IF NOT EXISTS public.refinery_schema_history(version INT4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), "
              "checksum VARCHAR(255))",)
    rows = "version, name"

    def path(self, number):
        return f"migrations/V{number}__{name_of(number)}.sql"

    def config(self, files):
        return {"Cargo.toml": '[package]\nname = "blog"\nversion = "0.1.0"\n\n[dependencies]\nrefinery = { version = "0.9", features = ["postgres"] }\n'}

    def run(self, session, file):
        session.wire.simple("BEGIN")
        session.wire.simple(content(self, file))
        session.wire.simple("COMMIT")
        session.ledger("BEGIN", "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES "
                       f"({file.number}, '{name_of(file.number)}', '2026-01-01T00:00:00Z', '0')", "COMMIT")


class Sqlx(Framework):
    reads_itself = True
    id = "sqlx"
    ledger = ("public", "_sqlx_migrations")
    create = ("CREATE TABLE IF NOT EXISTS public._sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on "
              "TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)",)
    rows = "version, description, encode(checksum, 'hex')"
    applied = "success"
    no_transaction = True

    def text(self, file):
        return ("-- no-transaction\n" if file.no_transaction else "") + body_of(file)

    def config(self, files):
        return {"Cargo.toml": '[package]\nname = "blog"\nversion = "0.1.0"\n\n[dependencies]\nsqlx = { version = "0.8", features = ["postgres", "migrate"] }\n'}

    def record(self, file):
        digest = hashlib.sha384(content(self, file.on_disk()).encode()).hexdigest()
        return ("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES "
                f"({self.key(file.number)}, '{name_of(file.number).replace('_', ' ')}', TRUE, decode('{digest}', 'hex'), -1)",)


class Diesel(Framework):
    reads_itself = True
    id = "diesel"
    ledger = ("public", "__diesel_schema_migrations")
    create = ("CREATE TABLE IF NOT EXISTS public.__diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT "
              "NULL DEFAULT CURRENT_TIMESTAMP)",)
    rows = "version"
    session = "SET TIME ZONE 'UTC'"
    no_transaction = True

    def path(self, number):
        return f"migrations/2026-01-{number:02}-000000_{name_of(number)}/up.sql"

    def key(self, number):
        return f"202601{number:02}000000"

    def config(self, files):
        more = {"diesel.toml": '[print_schema]\nfile = "src/schema.rs"\n'}
        for file in files:
            if file.no_transaction:
                more[self.path(file.number).replace("up.sql", "metadata.toml")] = "run_in_transaction = false\n"
        return more

    def record(self, file):
        return (f"INSERT INTO __diesel_schema_migrations (version) VALUES ('{self.key(file.number)}')",)


class Prisma(Framework):
    reads_itself = True
    id = "prisma"
    folder = "prisma/migrations"
    ledger = ("public", "_prisma_migrations")
    create = ('CREATE TABLE public._prisma_migrations ("id" VARCHAR(36) PRIMARY KEY NOT NULL, "checksum" VARCHAR(64) NOT NULL, '
              '"finished_at" TIMESTAMPTZ, "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ, '
              '"started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)',)
    rows = "migration_name, checksum, rolled_back_at IS NULL, applied_steps_count, logs IS NULL"
    applied = "finished_at IS NOT NULL"
    session = 'SET search_path = "public"'
    wraps = False

    def path(self, number):
        return f"prisma/migrations/{20260101000000 + number}_{name_of(number)}/migration.sql"

    def config(self, files):
        return {"prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
                "prisma/schema.prisma": 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'}

    def run(self, session, file):
        name = f"{20260101000000 + file.number}_{name_of(file.number)}"
        identifier = f"00000000-0000-4000-8000-{file.number:012}"
        digest = hashlib.sha256(content(self, file.on_disk()).encode()).hexdigest()
        start = f"INSERT INTO \"_prisma_migrations\" (id, checksum, started_at, migration_name) VALUES ('{identifier}', '{digest}', now(), '{name}')"
        finish = (f"UPDATE \"_prisma_migrations\" SET applied_steps_count = applied_steps_count + 1 WHERE id = '{identifier}'",
                  f"UPDATE \"_prisma_migrations\" SET finished_at = clock_timestamp() WHERE id = '{identifier}'")
        session.wire.simple(self.session)
        session.ledger(start)
        session.wire.simple(content(self, file))
        session.ledger(*finish)


class Drizzle(Framework):
    id = "drizzle"
    folder = "drizzle"
    ledger = ("drizzle", "__drizzle_migrations")
    create = ('CREATE SCHEMA IF NOT EXISTS "drizzle"',
              'CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)')
    rows = "hash, created_at"
    BREAK = "--> statement-breakpoint"

    def path(self, number):
        return f"drizzle/{number - 1:04}_{name_of(number)}.sql"

    def text(self, file):
        """Some statements have a breakpoint behind them, and some not: what is between two is one query."""
        text = ""
        for one in file.statements:
            text += one.lead + one.text + one.tail
            if file.breaks and one.breaks and one.tail.endswith("\n"):
                text += self.BREAK + "\n"
        return text

    def config(self, files):
        entries = [{"idx": file.number - 1, "version": "7", "when": 1795421760000 + file.number, "tag": self.path(file.number)[8:-4],
                    "breakpoints": True} for file in files]
        return {"drizzle/meta/_journal.json": json.dumps({"version": "7", "dialect": "postgresql", "entries": entries}),
                "package.json": '{"dependencies": {"drizzle-orm": "^0.45.4", "pg": "^8"}, "devDependencies": {"drizzle-kit": "^0.31.11"}}',
                "drizzle.config.ts": 'export default defineConfig({ dialect: "postgresql", out: "./drizzle" });\n'}

    def pieces(self, file):
        return content(self, file).split(self.BREAK)

    def record(self, file):
        digest = hashlib.sha256(content(self, file.on_disk()).encode()).hexdigest()
        return (f'insert into "drizzle"."__drizzle_migrations" ("hash", "created_at") values (\'{digest}\', {1795421760000 + file.number})',)


class PostgresMigrations(Framework):
    reads_itself = True
    id = "postgres-migrations"
    ledger = ("public", "migrations")
    create = ("CREATE TABLE IF NOT EXISTS public.migrations (id integer PRIMARY KEY, name varchar(100) UNIQUE NOT NULL, hash varchar(40) NOT "
              "NULL, executed_at timestamp DEFAULT current_timestamp)",
              "INSERT INTO public.migrations (id, name, hash) VALUES (0, 'create-migrations-table', 'e18db593bcde2aca2a408c4d1100f6abba2195df')")
    rows = "id, name, hash"
    no_transaction = True

    def path(self, number):
        return f"migrations/{number:03}_{name_of(number)}.sql"

    def text(self, file):
        return ("-- postgres-migrations disable-transaction\n" if file.no_transaction else "") + body_of(file)

    def config(self, files):
        return {"package.json": '{"dependencies": {"postgres-migrations": "^5.3.0", "pg": "^8"}}'}

    def record(self, file):
        filename = self.path(file.number).split("/")[1]
        digest = hashlib.sha1((filename + content(self, file.on_disk())).encode()).hexdigest()
        return (f'INSERT INTO migrations ("id", "name", "hash") VALUES ({file.number}, \'{name_of(file.number)}\', \'{digest}\')',)


class Graphile(Framework):
    reads_itself = True
    id = "graphile-migrate"
    folder = "migrations/committed"
    ledger = ("graphile_migrate", "migrations")
    create = ("create schema if not exists graphile_migrate",
              "create table if not exists graphile_migrate.migrations (hash text primary key, previous_hash text references "
              "graphile_migrate.migrations, filename text not null, date timestamptz not null default now())",
              "create table if not exists graphile_migrate.current (filename text primary key default 'current.sql', content text not null, "
              "date timestamptz not null default now())")
    rows = "hash, previous_hash, filename"
    no_transaction = True
    crlf = False  # refused by the tool

    def path(self, number):
        return f"migrations/committed/{number:06}.sql"

    def _chain(self, file):
        """(body, previous hash, hash): each hash is over the one before."""
        body = ("--! no-transaction\n" if file.no_transaction else "") + body_of(file)
        previous = self._chain(file.before)[2] if file.before else None
        trimmed = ((previous or "") + "\n" + body.strip(" \t\n\r\v\f\u00a0\ufeff")).strip(" \t\n\r\v\f\u00a0\ufeff") + "\n"
        return body, previous, "sha1:" + hashlib.sha1(trimmed.encode()).hexdigest()

    def text(self, file):
        body, previous, digest = self._chain(file)
        return f"--! Previous: {previous or '-'}\n--! Hash: {digest}\n\n{body}"

    def config(self, files):
        return {".gmrc": "{}\n", "migrations/current.sql": "", "package.json": '{"devDependencies": {"graphile-migrate": "^1.4.1"}}'}

    def pieces(self, file):
        return [self._chain(file)[0]]

    def record(self, file):
        _, previous, digest = self._chain(file.on_disk())
        return ("insert into graphile_migrate.migrations(hash, previous_hash, filename) values "
                f"('{digest}', {quote(previous) if previous else 'NULL'}, '{file.number:06}.sql')",)


class Postgrator(Framework):
    reads_itself = True
    id = "postgrator"
    ledger = ("public", "schemaversion")
    create = ("CREATE TABLE public.schemaversion (version BIGINT PRIMARY KEY)", "INSERT INTO public.schemaversion VALUES (0)",
              "ALTER TABLE public.schemaversion ADD COLUMN name TEXT", "ALTER TABLE public.schemaversion ADD COLUMN md5 TEXT",
              "ALTER TABLE public.schemaversion ADD COLUMN run_at TIMESTAMP WITH TIME ZONE")
    rows = "version, name, md5"
    wraps = False

    def path(self, number):
        return f"migrations/{number:03}.do.{name_of(number)}.sql"

    def config(self, files):
        return {".postgratorrc.json": '{"driver": "pg", "migrationPattern": "migrations/*", "schemaTable": "schemaversion"}',
                "package.json": '{"dependencies": {"postgrator": "^8.0.0", "pg": "^8"}}'}

    def run(self, session, file):
        session.wire.simple(content(self, file))
        digest = hashlib.md5(content(self, file.on_disk()).encode()).hexdigest()
        session.ledger(f"INSERT INTO schemaversion (version, name, md5, run_at) VALUES ({file.number}, '{name_of(file.number)}', '{digest}', now())")


class Supabase(Framework):
    """One pipeline of the extended protocol, which is an implicit transaction; what cannot share one is sent by itself."""
    id = "supabase"
    folder = "supabase/migrations"
    ledger = ("supabase_migrations", "schema_migrations")
    create = ("CREATE SCHEMA IF NOT EXISTS supabase_migrations",
              "CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY)",
              "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[]",
              "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text")
    rows = "version, name"
    wraps = False
    cuts = True

    def config(self, files):
        return {"supabase/config.toml": 'project_id = "x"\n'}

    def statements(self, file):
        ending = "\r\n" if file.crlf else "\n"
        texts = [(one.lead + one.text).replace("\n", ending).strip() for one in file.statements]
        texts = [("\ufeff" if file.bom and i == 0 else "") + text for i, text in enumerate(texts)]
        return [text for text in texts if text]

    @staticmethod
    def is_alone(text):
        # Its CLI 3.1 looks for the word behind CREATE INDEX, DROP INDEX and REINDEX: a name that begins with it is none.
        return is_alone(text) or re.search(r"(?i)\bconcurrently\b", text) is not None and not re.match(r"(?i)\s*refresh", text)

    @staticmethod
    def send(session, batch):
        if batch:
            session.wire.pipeline(*([("BEGIN",), *batch, ("COMMIT",)] if session.wrap else batch))

    def run(self, session, file):
        batch = []
        for text in self.statements(file):
            if self.is_alone(text):
                self.send(session, batch)
                session.wire.pipeline((text,))
                batch = []
            else:
                batch.append((text,))
        insert = ("INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES($1, $2, $3)",
                  self.key(file.number), name_of(file.number), "{}")
        if session.clean:
            self.send(session, batch)
            session.later = [f"INSERT INTO supabase_migrations.schema_migrations VALUES ('{self.key(file.number)}', '{{}}', '{name_of(file.number)}')"]
            return
        try:
            session.wire.pipeline(*batch, insert)
        except ServerError as error:
            raise LedgerError(error) if session.wire.done == len(batch) else error from None


COPY_WITH_DATA = re.compile(r"(?is)(?P<sql>.*?\bcopy\b[^;]*\bfrom stdin);[^\n]*\n(?P<data>.*?)^[ \t]*\\\.\s*\Z", re.M)


class Flyway(Framework):
    """Statement by statement by JDBC, whose driver begins a transaction where there is none; the row comes from another session."""
    id = "flyway"
    folder = "sql"
    ledger = ("public", "flyway_schema_history")
    create = ('CREATE TABLE IF NOT EXISTS public.flyway_schema_history ("installed_rank" INT NOT NULL, "version" VARCHAR(50), "description" '
              'VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER, "installed_by" '
              'VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(), "execution_time" INTEGER NOT NULL, "success" BOOLEAN '
              'NOT NULL, CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank"))',
              'CREATE INDEX "flyway_schema_history_s_idx" ON public.flyway_schema_history ("success")')
    rows = "installed_rank, version, description, type, script, checksum, installed_by"
    applied = "success"
    # DbMigrate.java restores the connection's state in front of each; PostgreSQLConnection.java, changeCurrentSchemaTo
    session = "RESET search_path; SELECT set_config('search_path', concat_ws(', ', '\"public\"', nullif(current_setting('search_path'), '')), false)"

    def path(self, number):
        return f"sql/V{number}__{name_of(number)}.sql"

    def config(self, files):
        return {"flyway.conf": "flyway.locations=filesystem:sql\n"}

    def checksum(self, file):
        value = 0
        for line in re.split("\r\n|\n|\r", content(self, file.on_disk()).removeprefix("\ufeff")):
            value = zlib.crc32(line.encode(), value)
        return value - (1 << 32) if value >= 1 << 31 else value

    def run(self, session, file):
        wire = session.wire
        wire.simple(self.session)
        ending = "\r\n" if file.crlf else "\n"
        texts = [(one.lead + one.text).replace("\n", ending) for one in file.statements]
        texts = [text for text in texts if text.strip()]
        alone = [is_alone(text) for text in texts]
        if any(alone) and not all(alone):
            raise ClientError("Detected both transactional and non-transactional statements within the same migration", before=True)
        for text in texts:
            if not any(alone) and wire.status == "I":
                wire.simple("BEGIN")
            copy = COPY_WITH_DATA.match(text)
            if copy:  # PostgreSQLParser.java takes the lines up to \., and the driver's CopyManager sends them
                wire.copy(copy["sql"], copy["data"])
            else:
                wire.pipeline((text,))
        session.commit("jdbc")
        row = (
            "INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, "
            f"execution_time, success) VALUES ({file.number}, '{file.number}', '{name_of(file.number).replace('_', ' ')}', 'SQL', "
            f"'{self.path(file.number)[4:]}', {self.checksum(file)}, current_user, 0, true)")
        if session.clean:
            session.later.append(row)
        else:
            session.elsewhere(row)


FRAMEWORKS = {one.id: one for one in (Prisma(), Dbmate(), Goose(), SqlMigrate(), GolangMigrate(), Tern(), Refinery(), Sqlx(), Diesel(), Drizzle(),
                                      PostgresMigrations(), Graphile(), Postgrator(), Supabase(), Flyway())}
