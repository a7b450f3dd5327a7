"""Migration scripts by seed: the same seed is the same project for ever, whatever the machine.

A script is a list of statements, so that it can be shrunk. Each statement knows what stands in its place in the *ideal* script: the one
that means the same and may be one transaction (CREATE INDEX for CREATE INDEX CONCURRENTLY, a DO block without its COMMIT). README.md says
where that is asked.
"""
import random
from dataclasses import dataclass, field

from frameworks import FRAMEWORKS

# Seeds from here on draw from more themes (wider.py); what a seed below makes does not change.
WIDER = 30000
FURTHER = 400000  # these from further.py as well


@dataclass
class Statement:
    text: str  # without the semicolon at its end
    kind: str
    ideal: str | tuple | None = None  # None: the statement itself; "": nothing; several: one by one
    before: str = ""  # in the ideal, committed before the file
    lead: str = ""
    tail: str = ";\n"
    breaks: bool = True  # a drizzle breakpoint stands behind it, where the file has any


@dataclass
class File:
    number: int
    statements: list[Statement]
    no_transaction: bool = False
    bom: bool = False
    crlf: bool = False
    breaks: bool = True
    before: "File | None" = None
    written: "File | None" = None  # of an idealised file: what is on disk, and has the checksum

    def on_disk(self):
        return self.written or self


@dataclass
class Scenario:
    seed: int
    framework: str
    user: str
    files: list[File]
    ledger_exists: bool
    disturbance: str = ""  # "", "fail", "kill and go on", "kill both", "terminate", "cancel"
    settings: list[str] = field(default_factory=list)  # what the database is set to before anything runs


class Generator:
    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(seed * 7919 + 17)
        self.counter = 0
        self.label = 0
        self.framework = FRAMEWORKS[self.random.choice(sorted(FRAMEWORKS))]
        self.is_super = self.random.random() < 0.4
        self.tables = []  # names that a script has made, as it wrote them
        self.temporary = []
        self.no_transaction = False

    # ---- small words ----

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *things):
        return self.random.choice(things)

    def new(self, prefix):
        self.counter += 1
        return f"{prefix}{self.counter}"

    def note(self, what, kind="note"):
        self.label += 1
        return Statement(f"SELECT shop.note({self.label}, {what})", kind)

    def session(self):
        return self.note("shop.session()", "note session")

    def role(self):
        return self.pick("tenant", "app_owner")

    def case(self, text):
        """Key words in the ways in which people write them."""
        way = self.random.random()
        if way < 0.8:
            return text
        return text.lower() if way < 0.9 or "'" in text or '"' in text else "".join(self.pick(c.upper(), c.lower()) for c in text)

    # ---- what a script does ----

    def roles(self):
        role = self.role()
        words = [f"SET ROLE {role}", f"SET LOCAL ROLE {role}", f"SET ROLE '{role}'", f"SET role TO {role}", f"SET SESSION ROLE {role}",
                 f"SELECT set_config('role', '{role}', false)", f"SELECT pg_catalog.set_config('role', '{role}', true)",
                 f"DO $$ BEGIN EXECUTE 'SET ROLE {role}'; END $$", f"DO $$ BEGIN PERFORM set_config('role', '{role}', false); END $$",
                 f'SET "role" = \'{role}\'']
        if self.is_super:
            words += [f"SET SESSION AUTHORIZATION {role}", f"SET LOCAL SESSION AUTHORIZATION {role}",
                      f"SELECT set_config('session_authorization', '{role}', false)", f"SET SESSION SESSION AUTHORIZATION '{role}'"]
        done = [Statement(self.pick(*words), "role")]
        done += self.some(1, 3, self.make_table, self.touch_items, self.session, self.documents)
        if self.chance(0.35):
            done.append(Statement(self.pick("RESET ROLE", "SET ROLE NONE", "RESET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION DEFAULT",
                                            "RESET ALL", "SET ROLE TO DEFAULT"), "role back"))
        return done

    def documents(self):
        return self.one([
            lambda: Statement(self.pick("DELETE FROM shop.doc", "DELETE FROM shop.doc WHERE id > 3", "UPDATE shop.doc SET body = body || '!'",
                                        f"INSERT INTO shop.doc VALUES ({100 + self.number()}, 'a', 'new')"), "rls data"),
            lambda: self.note("(SELECT count(*) FROM shop.doc)::text", "note rls"),
            lambda: Statement(self.pick("SET shop.tenant = 'b'", "SET LOCAL shop.tenant = 'b'", "SELECT set_config('shop.tenant', 'b', true)",
                                        "SELECT set_config('shop.tenant', 'b', false)", "RESET shop.tenant"), "rls setting"),
            lambda: Statement(self.pick("SET row_security = off", "SET LOCAL row_security = off", "ALTER TABLE shop.doc FORCE ROW LEVEL SECURITY",
                                        "ALTER TABLE shop.doc DISABLE ROW LEVEL SECURITY",
                                        f"CREATE POLICY p{self.number()} ON shop.doc FOR SELECT USING (id < 5)"), "rls switch"),
        ])

    def number(self):
        self.counter += 1
        return self.counter

    def settings(self):
        name, value = self.pick(
            ("search_path", "shop"), ("search_path", "other, public"), ("search_path", "''"), ("search_path", "shop, pg_temp"),
            ("lock_timeout", "'7s'"), ("statement_timeout", "'31s'"), ("lock_timeout", "0"), ("timezone", "'Asia/Tokyo'"), ("datestyle", "'SQL, DMY'"),
            ("work_mem", "'8MB'"), ("transform_null_equals", "on"), ("client_min_messages", "'error'"), ("check_function_bodies", "off"),
            ("default_transaction_isolation", "'repeatable read'"), ("shop.tenant", "'b'"), ("standard_conforming_strings", "off"))
        bare = value.strip("'")
        words = [f"SET {name} = {value}", f"SET {name} TO {value}", f"SET LOCAL {name} = {value}", f"SET SESSION {name} TO {value}",
                 f"SELECT set_config('{name}', '{bare}', true)", f"SELECT pg_catalog.set_config('{name}', '{bare}', false)",
                 f"DO $$ BEGIN PERFORM set_config('{name}', '{bare}', {self.pick('true', 'false')}); END $$",
                 f"SELECT set_config('{name}', '{bare}', {self.pick('true', 'false')}) FROM generate_series(1, 1)"]
        if name == "timezone":
            words.append(f"SET {self.pick('', 'LOCAL ')}TIME ZONE {value}")
        if name == "search_path" and bare == "shop":
            words.append(f"SET {self.pick('', 'LOCAL ')}SCHEMA 'shop'")
        if name == "shop.tenant":
            words += [f"WITH x AS (SELECT set_config('shop.tenant', 'b', {self.pick('true', 'false')})) SELECT * FROM x",
                      f"INSERT INTO shop.quotes SELECT {self.number()}, set_config('shop.tenant', 'b', {self.pick('true', 'false')})"]
        done = [Statement(self.pick(*words), f"set {name}")]
        if name == "standard_conforming_strings":
            done += self.backslashes()
        if name == "check_function_bodies":
            done.append(Statement(f"CREATE FUNCTION shop.{self.new('f')}() RETURNS int LANGUAGE sql AS 'SELECT n FROM shop.not_yet'", "unchecked function"))
        done += self.some(1, 3, self.session, self.touch_items, self.make_table, self.literal_date, self.null_equals)
        if self.chance(0.3):
            done.append(Statement(self.pick(f"RESET {name}", f"SET {name} TO DEFAULT", "RESET ALL"), "reset"))
        return done

    def backslashes(self):
        """Read so only while the setting is off; else these strings end elsewhere."""
        number = self.number()
        return [Statement(self.pick(f"INSERT INTO shop.quotes VALUES ({number}, 'it\\'s; COMMIT; --')",
                                    f"INSERT INTO shop.quotes VALUES ({number}, 'a\\\\b')",
                                    f"INSERT INTO shop.quotes VALUES ({number}, '\\'; DROP TABLE shop.items; --')",
                                    f"INSERT INTO shop.quotes VALUES ({number}, '\\'; CREATE INDEX CONCURRENTLY i ON shop.items (n); SELECT \\'')"), "backslash")]

    def literal_date(self):
        return Statement(f"INSERT INTO shop.quotes VALUES ({self.number()}, ('02/03/2024'::date - '2024-01-01'::date)::text)", "date")

    def null_equals(self):
        return Statement("DELETE FROM shop.owned WHERE n = NULL", "null equals")

    def touch_items(self):
        where = self.pick("items", "items", "shop.items")
        return Statement(self.pick(f"DELETE FROM {where} WHERE id = {self.random.randrange(1, 13)}", f"UPDATE {where} SET n = n + 1 WHERE id < 4",
                                   f"INSERT INTO {where} VALUES ({100 + self.number()}, 'new', 5)"), "items")

    def make_table(self):
        name = self.new("t")
        where = self.pick("", "", "shop.", "public.")
        self.tables.append(where + name)
        return Statement(self.case(self.pick(
            f"CREATE TABLE {where}{name} (id int PRIMARY KEY, n int)", f"CREATE TABLE {where}{name} (id serial PRIMARY KEY, at timestamptz DEFAULT now())",
            f"CREATE TABLE IF NOT EXISTS {where}{name} AS SELECT 1 AS id, 2 AS n", f"SELECT id, n INTO {where}{name} FROM shop.owned",
            f"CREATE UNLOGGED TABLE {where}{name} (id int, n int REFERENCES shop.items)")), "table")

    def temporary_table(self):
        name = self.new("tt")
        on_commit = self.pick("", " ON COMMIT DROP", " ON COMMIT DELETE ROWS", " ON COMMIT PRESERVE ROWS")
        done = [Statement(self.case(self.pick(
            f"CREATE TEMP TABLE {name} (id int){on_commit}", f"CREATE TEMPORARY TABLE {name}{on_commit} AS SELECT id FROM shop.items WHERE id < 6",
            f"CREATE LOCAL TEMP TABLE IF NOT EXISTS {name} (id int){on_commit}", f"CREATE TABLE pg_temp.{name} (id int){on_commit}",
            f"CREATE TEMP TABLE {name} (id int, \"on commit drop\" text){on_commit}")), "temp" + on_commit.lower())]
        if on_commit == "" and self.chance(0.3):
            done = [Statement(f"SELECT id INTO TEMP {name} FROM shop.items WHERE id < 6", "temp")]
        done.append(Statement(f"INSERT INTO {name} (id) SELECT generate_series(1, 9)", "temp fill"))
        done += self.some(0, 2, self.touch_items, self.session)
        done += self.maybe_cut(0.35)
        done.append(self.pick(Statement(f"DELETE FROM shop.items WHERE id NOT IN (SELECT id FROM {name})", "temp use"),
                              self.note(f"(SELECT count(*) FROM {name})::text", "temp count"),
                              self.note(f"(to_regclass('pg_temp.{name}') IS NULL)::text", "temp there"),
                              Statement(f"INSERT INTO shop.owned SELECT id + {1000 + self.counter * 100}, 3 FROM {name}", "temp use")))
        if self.chance(0.2):
            done.append(Statement(f"DROP TABLE {name}", "temp drop"))
        return done

    def temporary_others(self):
        name = self.new("tv")
        return [Statement(self.pick(f"CREATE TEMP VIEW {name} AS SELECT id FROM shop.items", f"CREATE TEMP SEQUENCE {name}",
                                    f"CREATE FUNCTION pg_temp.{name}() RETURNS int LANGUAGE sql AS 'SELECT 1'"), "temp other"),
                *self.maybe_cut(0.4),
                self.note(f"(num_nonnulls(to_regclass('pg_temp.{name}'), to_regproc('pg_temp.{name}')))::text", "temp there")]

    def block(self):
        """DO with no transaction of its own, although there is something that looks so."""
        number = 2000 + self.number() * 10
        temp = self.new("dt")
        bodies = [
            f"BEGIN INSERT INTO shop.owned VALUES ({number}, 1); END",
            f"BEGIN CREATE TEMP TABLE {temp} (id int) ON COMMIT DROP; INSERT INTO {temp} VALUES (1); DELETE FROM shop.owned WHERE id IN (SELECT id FROM {temp}); END",
            f"BEGIN CREATE TEMP TABLE {temp} (id int) ON\n  COMMIT /* ; */ DELETE ROWS; INSERT INTO {temp} SELECT generate_series(1, 4); INSERT INTO shop.owned SELECT id + {number}, 1 FROM {temp}; END",
            f"BEGIN INSERT INTO shop.owned VALUES ({number}, 1); -- COMMIT;\n /* COMMIT; /* ROLLBACK; */ */ END",
            f"BEGIN INSERT INTO shop.quotes VALUES ({number}, 'COMMIT;'); END",
            f"DECLARE commit int := {number}; BEGIN INSERT INTO shop.owned VALUES (commit, 1); END",
            f"BEGIN INSERT INTO shop.quotes (id, commit) SELECT {number}, q.commit FROM shop.quotes AS q LIMIT 1; UPDATE shop.quotes SET\n commit = 'x' WHERE id = {number}; END",
            f"BEGIN BEGIN INSERT INTO shop.owned VALUES ({number}, 1), ({number}, 2); EXCEPTION WHEN unique_violation THEN INSERT INTO shop.owned VALUES ({number + 1}, 1); END; END",
            f"BEGIN EXECUTE format('INSERT INTO shop.owned VALUES (%s, 1)', {number}); EXECUTE 'COMMENT ON TABLE shop.owned IS ''COMMIT;'''; END",
            f"BEGIN RAISE NOTICE 'ROLLBACK TO %; COMMIT', {number}; PERFORM 1; END",
            f"BEGIN\n  IF true THEN\n    INSERT INTO shop.owned VALUES ({number}, 1);\n  END IF;\nEND;",
            f"<<commit>> BEGIN INSERT INTO shop.owned VALUES ({number}, 1); EXIT commit; END",
            f"DECLARE r record; BEGIN FOR r IN SELECT 1 AS commit LOOP INSERT INTO shop.owned VALUES ({number}, r.commit); END LOOP; END",
        ]
        return [Statement(self.do(self.pick(*bodies)), "do")]

    def do(self, body):
        quoted = [f"$${body}$$", f"$body${body}$body$", f"$DO${body}\n$DO$", "'" + body.replace("'", "''") + "'", "E'" + body.replace("\\", "\\\\").replace("'", "\\'") + "'"]
        word = self.pick(*quoted) if not self.chance(0.4) else quoted[0]
        return self.pick(f"DO {word}", f"DO {word}", f"do {word}", f"DO LANGUAGE plpgsql {word}", f"DO {word} LANGUAGE plpgsql", f"DO /* ; */ {word}")

    def committing_block(self):
        number = 2000 + self.number() * 10
        first, second = f"INSERT INTO shop.owned VALUES ({number}, 1)", f"INSERT INTO shop.owned VALUES ({number + 1}, 2)"
        with_, without = self.pick(
            (f"BEGIN {first}; COMMIT; {second}; END", f"BEGIN {first}; {second}; END"),
            (f"BEGIN {first}; COMMIT; {second}; COMMIT; END", f"BEGIN {first}; {second}; END"),
            (f"BEGIN\n  FOR i IN 1..3 LOOP\n    INSERT INTO shop.owned VALUES ({number} + i, i);\n    COMMIT;\n  END LOOP;\nEND",
             f"BEGIN FOR i IN 1..3 LOOP INSERT INTO shop.owned VALUES ({number} + i, i); END LOOP; END"),
            (f"BEGIN IF false THEN COMMIT; END IF; {first}; END", f"BEGIN {first}; END"),
            (f"BEGIN {first}; ROLLBACK; {second}; END", f"BEGIN {second}; END"),
            (f"BEGIN {first}; commit and chain; {second}; END", f"BEGIN {first}; {second}; END"),
            (f"BEGIN {first}; COMMIT; {second}; RETURN; END", f"BEGIN {first}; {second}; END"),
            (f"<<outer>>\nBEGIN {first}; <<inner>> BEGIN COMMIT; END; {second}; END outer", f"BEGIN {first}; {second}; END"),
            (f"BEGIN {first}; EXECUTE 'COMMIT'; END", "BEGIN EXECUTE 'COMMIT'; END"),
            (f"BEGIN BEGIN {first}; COMMIT; EXCEPTION WHEN others THEN {second}; END; END", f"BEGIN {second}; END"),
            (f"BEGIN CALL shop.commits({number}); END", f"BEGIN CALL shop.plain({number}); END"))
        done = [Statement(self.do(with_), "do commit", ideal=f"DO $${without}$$")]
        return done + self.some(0, 1, self.session)

    def procedures(self):
        number = 2000 + self.number() * 10
        name = self.new("proc")
        return self.one([
            lambda: [Statement(f"CALL shop.commits({number})", "call commit", ideal=f"CALL shop.plain({number})")],
            lambda: [Statement(f"CALL shop.plain({number})", "call")],
            lambda: [Statement(f"CREATE PROCEDURE shop.{name}() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.owned VALUES ({number}, 1); COMMIT; END $$",
                               "procedure", ideal=f"CREATE PROCEDURE shop.{name}() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.owned VALUES ({number}, 1); COMMIT; END $$"),
                     Statement(f"CALL shop.{name}()", "call commit", ideal=f"INSERT INTO shop.owned VALUES ({number}, 1)")],
            lambda: [Statement(f"CREATE FUNCTION shop.{name}(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 1; SELECT a + 2; END", "atomic")],
            lambda: [Statement(f"CREATE OR REPLACE FUNCTION shop.{name}() RETURNS void LANGUAGE plpgsql AS $f$\nBEGIN\n  -- COMMIT;\n  PERFORM $$a;b$$;\nEND;\n$f$", "function"),
                     Statement(f"SELECT shop.{name}()", "call function")],
        ])

    def alone(self):
        index = self.new("i")
        table = self.pick("shop.items", "shop.items", "shop.owned", "items", *self.tables[-1:])
        return self.one([
            lambda: [Statement(self.case(f"CREATE INDEX CONCURRENTLY {index} ON {table} (n)"), "cic", ideal=f"CREATE INDEX {index} ON {table} (n)")],
            lambda: [Statement(f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {table} (id)", "cic", ideal=f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table} (id)")],
            lambda: [Statement(f"CREATE INDEX\n  CONCURRENTLY -- why; not\n ON {table} (id)", "cic unnamed", ideal=f"CREATE INDEX ON {table} (id)")],
            lambda: [Statement(f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON shop.items (tenant)", "cic fails", ideal=f"CREATE UNIQUE INDEX {index} ON shop.items (tenant)")]
            if self.chance(0.3) else [Statement("VACUUM", "vacuum", ideal="")],
            lambda: [Statement("DROP INDEX CONCURRENTLY IF EXISTS shop.items_old", "dic", ideal="DROP INDEX IF EXISTS shop.items_old")],
            lambda: [Statement(self.pick("REINDEX TABLE CONCURRENTLY shop.items", "REINDEX INDEX CONCURRENTLY shop.items_pkey", "REINDEX (CONCURRENTLY) TABLE shop.items"), "ric", ideal="REINDEX TABLE shop.items")],
            lambda: [Statement(self.pick("VACUUM shop.items", "VACUUM (ANALYZE) shop.items", "VACUUM", "vacuum full shop.owned"), "vacuum", ideal="")],
            lambda: [Statement("ALTER TABLE shop.parts DETACH PARTITION shop.parts_2 CONCURRENTLY", "detach", ideal=("ALTER TABLE shop.parts DETACH PARTITION shop.parts_2",
                               "ALTER TABLE shop.parts_2 ADD CONSTRAINT parts_2_id_check CHECK ((id IS NOT NULL) AND (id >= 100) AND (id < 200))"))],
            lambda: [Statement("REFRESH MATERIALIZED VIEW CONCURRENTLY shop.sums", "refresh")],
            lambda: [Statement(self.pick("ANALYZE shop.items", "CLUSTER shop.items USING items_pkey", "REINDEX TABLE shop.items", f"CREATE INDEX {index} ON {table} (n)"), "index")],
        ])

    def maybe_cut(self, p):
        return self.alone() if self.chance(p) else []

    def enums(self):
        value = self.new("mood")
        own = self.new("enum")
        return self.one([
            lambda: [Statement(f"ALTER TYPE shop.mood ADD VALUE '{value}'", "add value", ideal=f"ALTER TYPE shop.mood ADD VALUE IF NOT EXISTS '{value}'",
                               before=f"ALTER TYPE shop.mood ADD VALUE '{value}'"),
                     *self.some(0, 2, self.session, self.touch_items),
                     self.pick(Statement(f"INSERT INTO shop.person VALUES ({self.number()}, '{value}')", "use value"),
                               Statement(f"ALTER TABLE shop.person ALTER mood SET DEFAULT '{value}'", "use value"),
                               Statement(f"CREATE VIEW shop.{self.new('v')} AS SELECT id FROM shop.person WHERE mood = '{value}'::shop.mood", "use value"),
                               Statement(f"DO $$ BEGIN INSERT INTO shop.person VALUES ({self.number()}, '{value}'); END $$", "use value"),
                               Statement(f"SELECT shop.note({self.number() + 5000}, (enum_range(NULL::shop.mood))::text)", "use value unnamed"))],
            lambda: [Statement(f"ALTER TYPE shop.mood ADD VALUE IF NOT EXISTS '{value}' BEFORE 'ok'", "add value", before=f"ALTER TYPE shop.mood ADD VALUE '{value}' BEFORE 'ok'")],
            lambda: [Statement(f"CREATE TYPE shop.{own} AS ENUM ('x')", "enum", ideal=f"CREATE TYPE shop.{own} AS ENUM ('x', 'y')"),
                     Statement(f"ALTER TYPE shop.{own} ADD VALUE 'y'", "add value to new", ideal=f"ALTER TYPE shop.{own} ADD VALUE IF NOT EXISTS 'y'"),
                     Statement(f"CREATE TABLE shop.{own}_t (e shop.{own} DEFAULT 'y')", "use value of new")],
            lambda: [Statement(f"ALTER TYPE shop.mood RENAME VALUE 'sad' TO '{value}'", "rename value"), Statement(f"INSERT INTO shop.person VALUES ({self.number()}, '{value}')", "use renamed")],
        ])

    def transactions(self):
        inner = self.some(1, 3, self.touch_items, self.make_table, self.session, self.documents)
        begin = self.pick("BEGIN", "BEGIN TRANSACTION", "START TRANSACTION", "BEGIN WORK", "BEGIN ISOLATION LEVEL SERIALIZABLE", "begin read only" if self.chance(0.1) else "BEGIN")
        end = self.pick("COMMIT", "END", "COMMIT WORK", "ROLLBACK", "ABORT", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "COMMIT AND NO CHAIN", "PREPARE TRANSACTION 'x'" if self.chance(0.1) else "COMMIT", "COMMIT")
        way = self.random.random()
        if way < 0.6:
            done = [Statement(begin, "begin"), *inner, Statement(end, "end " + end.split()[0].lower() + (" chain" if "AND CHAIN" in end else ""))]
            if "AND CHAIN" in end:
                done += [*self.some(1, 1, self.touch_items, self.session), Statement("COMMIT", "end commit")]
            return done
        if way < 0.75:
            return [Statement(begin, "lone begin"), *inner]
        return [*inner, Statement(end, "lone " + end.lower())]

    def savepoints(self):
        name = self.new("s")
        return [Statement(f"SAVEPOINT {name}", "savepoint"), *self.some(1, 2, self.touch_items, self.make_table, self.session), *self.maybe_cut(0.1),
                Statement(self.pick(f"ROLLBACK TO {name}", f"ROLLBACK TO SAVEPOINT {name}", f"ROLLBACK TRANSACTION TO SAVEPOINT {name}", f"RELEASE {name}", f"RELEASE SAVEPOINT {name}"), "savepoint end"),
                *self.some(0, 1, self.touch_items)]

    def locks(self):
        key = self.random.randrange(41, 44)
        take = self.pick(("LOCK TABLE shop.lockable", "lock table"), ("LOCK TABLE shop.lockable IN SHARE ROW EXCLUSIVE MODE", "lock table"), (f"SELECT pg_advisory_xact_lock({key})", "advisory xact"),
                         (f"SELECT pg_advisory_lock({key})", "advisory"), (f"SELECT pg_try_advisory_lock({key})", "advisory"), ("SELECT * FROM shop.items WHERE id = 1 FOR UPDATE", "lock row"),
                         ("SELECT pg_advisory_unlock_all()", "unlock all"), ("DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$", "unlock all"))
        held = ("(SELECT string_agg(concat(locktype, relation::regclass, objid, mode), ',' ORDER BY locktype, objid) FROM pg_locks WHERE pid = pg_backend_pid() AND (objid IN (41, 42, 43) "
                "OR relation = 'shop.lockable'::regclass))")
        return [Statement(*take), *self.some(0, 1, self.touch_items), *self.maybe_cut(0.3), self.note(held, "note locks")]

    def discard(self):
        return [self.pick(discard_all(), discard_all(), *(Statement(one, "discard") for one in
                                                      ("DISCARD TEMP", "DISCARD PLANS", "DISCARD SEQUENCES", "RESET ALL", "DEALLOCATE ALL", "UNLISTEN *", "CLOSE ALL"))),
                *self.some(0, 2, self.session, self.touch_items)]

    def cursors(self):
        name = self.new("c")
        hold = self.pick("", "", " WITH HOLD")
        return [Statement(f"DECLARE {name} CURSOR{hold} FOR SELECT * FROM shop.parent ORDER BY id" + ("" if hold else " FOR UPDATE"), "cursor" + hold.lower()),
                Statement(f"FETCH {self.random.randrange(1, 5)} FROM {name}", "fetch"), *self.maybe_cut(0.25),
                self.pick(self.note("(SELECT count(*) FROM pg_cursors WHERE name ~ '^c[0-9]')::text", "note cursors"),
                          Statement(f"UPDATE shop.parent SET id = id + 1000 WHERE CURRENT OF {name}" if not hold else f"FETCH NEXT FROM {name}", "cursor use"), Statement(f"CLOSE {name}", "close"))]

    def constraints(self):
        child = 10 + self.number()
        table = self.pick("shop.child", "shop.child", "shop.child2")
        done = [Statement(self.pick("SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS shop.child2_fk DEFERRED"), "set constraints")] if table == "shop.child2" or self.chance(0.3) else []
        done += [Statement(f"INSERT INTO {table} VALUES ({child}, {child})", "child first"), *self.some(0, 1, self.session, self.touch_items), *self.maybe_cut(0.2)]
        if self.chance(0.85):
            done.append(Statement(f"INSERT INTO shop.parent VALUES ({child})", "parent then"))
        if self.chance(0.3):
            done.append(Statement("SET CONSTRAINTS ALL IMMEDIATE", "set constraints"))
        return done

    def isolation(self):
        return [Statement(self.pick("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                                    "SET LOCAL transaction_isolation = 'serializable'", "SET TRANSACTION READ WRITE", "SET default_transaction_isolation TO 'serializable'",
                                    "SET TRANSACTION READ ONLY" if self.chance(0.2) else "SET TRANSACTION DEFERRABLE", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY" if self.chance(0.1) else "SET TRANSACTION NOT DEFERRABLE"), "isolation"),
                self.session()]

    def replication(self):
        if not self.is_super:
            return self.block()
        return [Statement(self.pick("SET session_replication_role = replica", "SET LOCAL session_replication_role = 'replica'", "SELECT set_config('session_replication_role', 'replica', false)"), "replication role"),
                *self.some(1, 2, self.touch_items, self.session), *self.maybe_cut(0.2), Statement(f"INSERT INTO shop.items VALUES ({500 + self.number()}, 'r', 1)", "items"),
                *([Statement(self.pick("SET session_replication_role = DEFAULT", "RESET session_replication_role"), "reset")] if self.chance(0.4) else [])]

    def prepared(self):
        name = self.new("p")
        return [Statement(f"PREPARE {name} AS UPDATE shop.items SET n = n + 1 WHERE id = $1", "prepare"), *self.maybe_cut(0.2), Statement(f"EXECUTE {name}(2)", "execute"),
                self.note("(SELECT count(*) FROM pg_prepared_statements WHERE name ~ '^p[0-9]')::text", "note prepared")]

    def notify(self):
        return [Statement(self.pick(f"NOTIFY ch, 'a;b {self.number()}'", f"SELECT pg_notify('ch', 'x{self.number()}')", "LISTEN ch2"), "notify"), *self.some(0, 1, self.session)]

    def quotes(self):
        number = self.number()
        return [Statement(self.pick(
            f"INSERT INTO shop.quotes VALUES ({number}, 'a;b''c --d')", f"INSERT INTO shop.quotes VALUES ({number}, E'a\\';b\\\\')", f"INSERT INTO shop.quotes VALUES ({number}, U&'d\\0061t;\\+000061')",
            f"INSERT INTO shop.quotes VALUES ({number}, U&'d!0061;' UESCAPE '!')", f"INSERT INTO shop.quotes VALUES ({number}, $$;'\"--$$)", f"INSERT INTO shop.quotes VALUES ({number}, $a$ $$ ; $b$ COMMIT; $b$ $a$)",
            f'INSERT INTO shop.quotes ("semi;colon", id) VALUES (\'x\', {number})', f"INSERT INTO shop.quotes VALUES ({number}, 'one'\n  'two;')", f"INSERT INTO shop.quotes VALUES ({number}, 'line\none;\n-- no comment\n/* nor this')",
            f"INSERT INTO shop.quotes /* a /* nested ; */ ' */ VALUES ({number}, '/* no comment */')", f"INSERT INTO shop.quotes VALUES ({number}, 'x') -- it's; a comment $$\n", f"INSERT INTO shop.quotes VALUES ({number} -- ;\n, N'n' || B'101'::text || X'1F'::text)",
            f'CREATE TABLE shop."odd;name {number}" ("a""b" int, "$$" int, a$b$c int)', f"INSERT INTO shop.quotes VALUES ({number}, 'ünï;cödé €')", f"INSERT INTO shop.quotes SELECT {number}, e'\\x41;\\n' || 'tab\t'",
            f"INSERT INTO shop.quotes VALUES ({number}, $ü$;$ü$)", f"INSERT INTO shop.quotes VALUES ({number}, 5 /* ; */ - -1)", f"INSERT INTO shop.quotes VALUES ({number}, 'C:\\temp\\')"), "quotes")]

    def others(self):
        name = self.new("o")
        table = self.pick("shop.items", "shop.owned", "shop.quotes")
        return self.one([
            lambda: [Statement(f"CREATE VIEW {self.pick('', 'shop.')}{name} AS SELECT id FROM shop.items", "view")],
            lambda: [Statement(f"ALTER TABLE {table} ADD COLUMN {name} {self.pick('int DEFAULT 3', 'text NOT NULL DEFAULT current_user', 'timestamptz')}", "add column")],
            lambda: [Statement(f"GRANT SELECT ON {table} TO tenant WITH GRANT OPTION", "grant"), Statement(f"REVOKE INSERT ON {table} FROM tenant", "grant")],
            lambda: [Statement(f"ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO {self.role()}", "default privileges"), self.make_table()],
            lambda: [Statement(f"COMMENT ON TABLE {table} IS 'it''s; {name}'", "comment")],
            lambda: [Statement(f"CREATE SCHEMA {name} CREATE TABLE inside (id int) CREATE VIEW seen AS SELECT id FROM inside", "schema")],
            lambda: [Statement(f"SELECT nextval('shop.counter')", "nextval"), *self.maybe_cut(0.2), self.note("currval('shop.counter')::text", "note currval")],
            lambda: [Statement(f"SELECT setval('shop.counter', {self.random.randrange(5, 50)})", "setval")],
            lambda: [Statement(f"ALTER TABLE shop.items ADD CONSTRAINT {name} CHECK (n > -5) NOT VALID", "constraint"), Statement(f"ALTER TABLE shop.items VALIDATE CONSTRAINT {name}", "validate")],
            lambda: [Statement(f"ALTER TABLE shop.items DISABLE TRIGGER seen", "trigger off"), self.touch_items(), Statement("ALTER TABLE shop.items ENABLE TRIGGER seen", "trigger on")],
            lambda: [Statement(f"CREATE RULE {name} AS ON DELETE TO shop.quotes DO ALSO (SELECT 1; SELECT 2)", "rule")],
            lambda: [Statement(f"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET temp_buffers = %L', current_database(), '9MB'); END $$", "database setting")],
            lambda: [Statement(f"CREATE DOMAIN shop.{name} AS text CHECK (VALUE <> ';')", "domain")],
            lambda: [Statement(f"SELECT lo_create({7000 + self.number()})", "large object")],
            lambda: [Statement(f"MERGE INTO shop.owned USING (VALUES ({3000 + self.number()})) AS v(id) ON owned.id = v.id WHEN NOT MATCHED THEN INSERT VALUES (v.id, 7)", "merge")],
            lambda: [Statement("TRUNCATE shop.quotes", "truncate")],
            lambda: [Statement("EXPLAIN SELECT 1", "explain")], lambda: [Statement("VALUES (1), (2)", "values")], lambda: [Statement("SHOW search_path", "show")],
        ])

    def fails(self):
        return [Statement(self.pick("SELECT 1 / 0", "SELECT * FROM nowhere", "CREATE TABEL x ()", "INSERT INTO shop.items VALUES (1, 'twice', 1)", "INSERT INTO shop.child2 VALUES (77, 77)",
                                    "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'P4242'; END $$", "UPDATE shop.items SET n = 5000", "SELECT 'open", "SELECT (1", "CREATE TABLE shop.items (id int)",
                                    "INSERT INTO shop.child VALUES (88, 88)", "SET no_such_setting = 1", "ROLLBACK TO nowhere", "SELECT pg_sleep('x')", "DROP TABLE shop.parent", "SET ROLE nobody_at_all",
                                    "DO $$ BEGIN PERFORM 1 END $$"), "fails")]

    def outside(self):
        """What needs psql or a client that carries data."""
        return self.one([
            lambda: [Statement("COPY shop.owned FROM STDIN;\n9001\t1\n\\.\n", "copy stdin", )], lambda: [Statement("COPY shop.owned TO STDOUT", "copy stdout")],
            lambda: [Statement("\\set x 1\nSELECT 1", "psql")], lambda: [Statement("\\restrict abc\nSELECT 1", "psql")],
            lambda: [Statement("SELECT 1 \\gset", "psql")],
        ])

    def one(self, makers):
        return self.random.choice(makers)()

    def some(self, least, most, *makers):
        done = []
        for _ in range(self.random.randint(least, most)):
            made = self.random.choice(makers)()
            done += made if isinstance(made, list) else [made]
        return done

    THEMES = ["roles", "documents_", "settings", "temporary_table", "temporary_others", "block", "committing_block", "procedures", "alone", "enums", "transactions", "savepoints", "locks", "discard",
              "cursors", "constraints", "replication", "prepared", "notify", "quotes", "others"]

    def documents_(self):
        return self.some(1, 3, self.documents)

    def decorate(self, statements):
        for one in statements:
            way = self.random.random()
            if way < 0.06:
                one.lead = self.pick("-- COMMIT;\n", "/* a; /* nested; */ b */ ", "--it's $$ a comment\n", "\n\n  ", "/* ' */\n", "-- \\.\n", "--\n", "/**/")
            elif way < 0.11:
                one.tail = self.pick("; -- behind; it\n", ";;\n", " ; ", ";\t\n", "\n;\n", "; /* x */\n", ";", ";\n\n\n", " -- before; the semicolon\n;\n")
            one.breaks = self.chance(0.7)

    def file(self, number):
        way = self.random.random()
        if way < 0.02:
            return File(number, [])
        if way < 0.04:
            return File(number, [Statement(self.pick("-- only a comment; COMMIT", "/* nothing */", " "), "comment", tail="\n")])
        file = File(number, [])
        known = self.THEMES if self.seed < WIDER else self.THEMES + WIDER_THEMES * 2 + (FURTHER_THEMES * 3 if self.seed >= FURTHER else [])
        themes = self.random.sample(known, self.random.randint(1, 4))
        for _ in range(self.random.randint(1, 5)):
            theme = self.random.choice(themes) if self.chance(0.85) else self.random.choice(known)
            file.statements += theme(self) if callable(theme) else getattr(self, theme)()
        if self.chance(0.3):
            file.statements.insert(0, self.session())
        if self.chance(0.5):
            file.statements.append(self.session())
        if self.chance(0.06):
            at = 0 if self.chance(0.85) else self.random.randrange(len(file.statements) + 1)
            file.statements[at:at] = self.isolation()
        if self.chance(0.12):
            at = self.random.randrange(len(file.statements) + 1)
            file.statements[at:at] = self.fails()
        if self.chance(0.02 if self.seed < WIDER else 0.04):
            at = self.random.randrange(len(file.statements) + 1)
            file.statements[at:at] = self.outside()
        self.decorate(file.statements)
        if file.statements and self.chance(0.1):
            file.statements[-1].tail = self.pick("", "\n", " -- the end", ";", "; -- the end")
        file.bom = self.chance(0.02)
        file.crlf = self.chance(0.05)
        file.breaks = self.chance(0.8)
        file.no_transaction = self.framework.no_transaction and self.chance(0.2)
        return file

    def scenario(self):
        files = [self.file(number) for number in range(1, self.pick(1, 1, 1, 2, 2, 3, 4) + 1)]
        for before, file in zip(files, files[1:]):
            file.before = before
        ledger_exists = self.chance(0.8) or self.framework.id in ("prisma", "flyway")  # these refuse a schema that has tables and no ledger
        scenario = Scenario(self.seed, self.framework.id, "app" if self.is_super else "mig", files, ledger_exists)
        if self.chance(0.2):
            scenario.disturbance = self.pick("fail", "fail", "kill and go on", "kill both", *(["terminate", "cancel"] if self.seed >= FURTHER else []))
            file = self.random.choice(files)
            if file.statements:
                file.statements[-1].tail = ";\n"  # the hook may come behind it
            file.statements.insert(self.random.randint(0, len(file.statements)), Statement("SELECT shop.hook()", "hook"))
        if self.seed >= FURTHER:
            self.surround(scenario)
        return scenario

    def surround(self, scenario):
        """What the database is set to; and a file that sets it for sessions to come is the last one, as it is open which of them see that."""
        for at, file in enumerate(scenario.files):
            if any(one.kind == "settings to come" for one in file.statements):
                del scenario.files[at + 1:]
                break
        if self.chance(0.25):
            scenario.settings.append(self.pick(*DATABASE_SETTINGS, *(["standard_conforming_strings = off"] * 3 if self.framework.reads_itself else [])))
            if scenario.user == "mig" and self.chance(0.2):
                scenario.settings = ["role = 'app_owner'"]


DATABASE_SETTINGS = ["default_transaction_isolation = 'serializable'", "default_transaction_isolation = 'repeatable read'", "session_replication_role = replica", "row_security = off", "search_path = public, shop",
                     "default_transaction_deferrable = on", "work_mem = '6MB'", "statement_timeout = '31s'", "datestyle = 'SQL, DMY'", "default_transaction_read_only = on", "bytea_output = 'escape'",
                     "check_function_bodies = off", "transform_null_equals = on", "client_min_messages = error", "intervalstyle = 'iso_8601'", "escape_string_warning = off", "timezone = 'Asia/Tokyo'"]

from further import THEMES as FURTHER_THEMES  # noqa: E402: it needs Statement
from wider import THEMES as WIDER_THEMES  # noqa: E402: as above


def discard_all():
    parts = ("SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "DEALLOCATE ALL", "CLOSE ALL", "UNLISTEN *", "SELECT pg_advisory_unlock_all()", "DISCARD PLANS",
             "DISCARD TEMP", "DISCARD SEQUENCES")
    return Statement("DISCARD ALL", "discard all", ideal=parts)


def scenario(seed):
    return Generator(seed).scenario()
