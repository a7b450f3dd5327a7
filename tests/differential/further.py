"""Still further themes, for seeds from 400000 on: settings in every way of writing, what a savepoint takes back, blocks inside of blocks, prepared
transactions, what is of the whole server, words that only a lexer tells apart, and changes of definitions one after the other, of which a plan
must not say that one fails where it does not. Each is a function of the generator."""
from generator import Statement

IS_SUPER = "DO $$ BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RAISE insufficient_privilege; END IF; END $$"


def settings_more(g):
    """A setting as few write it, in front of what may cut the file."""
    local = g.pick("", "LOCAL ", "SESSION ", "LOCAL ")
    words = g.pick(f"SET {local}TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE", f"SET {local}TIME ZONE 5", f"SET {local}TIME ZONE LOCAL", f"SET {local}timezone TO DEFAULT",
                   f"SET {local}search_path TO \"$user\", shop, public", f"SET {local}search_path = 'other', \"public\"", f"SET {local}Search_Path to shop , public -- ; \n",
                   f"set {local}\"search_path\" = other", f"SET {local}datestyle TO SQL, DMY", f"SET {local}work_mem TO 8192", f"SET {local}work_mem = '9MB'",
                   f"SET {local}shop.tenant TO 'it''s; b'", f"SET {local}shop . tenant = E'b\\'c'", f"SET {local}shop.tenant = b", f"SET {local}shop.tenant TO $$b$$" if g.chance(0.1) else f"SET {local}\"shop\".tenant TO -5",
                   f"SET {local}transform_null_equals TO true", f"SET {local}statement_timeout = '32s'", f"SET {local}client_min_messages TO warning", f"SET {local}NAMES 'UTF8'",
                   f"SET {local}SEED TO 0.5", f"SET {local}XML OPTION DOCUMENT", f"SET {local}default_transaction_read_only = on" if g.chance(0.1) else f"SET {local}extra_float_digits = 0",
                   f"SET {local}shop.tenant = 'b'", "SELECT set_config('shop.tenant', 'x' || 'y', true)", "SELECT set_config(E'shop.tenant', 'b''c', is_local => true)",
                   "SELECT set_config(setting_name => 'shop.tenant', new_value => 'b', is_local => true)", "SELECT shop.note(-7, set_config('shop.tenant', 'q', true))",
                   "SELECT pg_catalog.set_config('timezone', 'Asia/Tokyo', true) AS \"a;b\", set_config('work_mem', '7MB', false)")
    done = [Statement(words, "set more")]
    if g.chance(0.35):
        done.append(Statement(g.pick("SET shop.tenant = 'c'", "SET LOCAL shop.tenant = 'd'", "RESET shop.tenant", "RESET ALL", "RESET search_path", "SET LOCAL search_path = shop", "RESET TIME ZONE", "SET LOCAL timezone TO DEFAULT",
                                     "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"), "set more"))
    done += g.some(0, 1, g.touch_items) + g.maybe_cut(0.45)
    return done + [g.session(), *g.some(0, 1, g.touch_items)] + g.maybe_cut(0.2) + g.some(0, 1, g.session)


def taken_back(g):
    """What is set behind a savepoint, or in a block that fails, ends there."""
    name = g.new("sp")
    inner = g.pick("SET LOCAL shop.tenant = 'b'", "SET shop.tenant = 'b'", "SELECT set_config('shop.tenant', 'b', true)", "SET LOCAL search_path = other", "SET ROLE tenant", "SET LOCAL ROLE tenant", "SET CONSTRAINTS ALL DEFERRED",
                   "CREATE TEMP TABLE back (id int) ON COMMIT DROP", "LOCK TABLE shop.lockable", "SELECT pg_advisory_xact_lock(42)", f"PREPARE {name} AS SELECT 1", "DECLARE back CURSOR FOR SELECT 1")
    if g.chance(0.3):
        call = f"PERFORM set_config('shop.tenant', 'b', {g.pick('true', 'false')})"
        return [Statement(f"DO $$ BEGIN {call}; RAISE EXCEPTION 'back'; EXCEPTION WHEN others THEN NULL; END $$", "do"), *g.maybe_cut(0.3), g.session()]
    back = g.pick(f"ROLLBACK TO {name}", f"ROLLBACK TO SAVEPOINT {name}", f"RELEASE {name}")
    return [*g.some(0, 1, lambda: Statement("SET LOCAL shop.tenant = 'before'", "set more")), Statement(f"SAVEPOINT {name}", "savepoint"), Statement(inner, "taken back"), *g.some(0, 1, g.session, g.touch_items),
            Statement(back, "savepoint end"), *g.maybe_cut(0.4), g.session(), *g.some(0, 1, g.touch_items)]


def nested_blocks(g):
    """A block in a block, which ends transactions or only seems to."""
    n = 5000 + g.number() * 10
    first, second = f"INSERT INTO shop.owned VALUES ({n}, 1)", f"INSERT INTO shop.owned VALUES ({n + 1}, 2)"
    return g.one([
        lambda: [Statement(f"DO $a$ BEGIN {first}; DO $b$ BEGIN COMMIT; END $b$; {second}; END $a$", "do commit", ideal=f"DO $a$ BEGIN {first}; {second}; END $a$")],
        lambda: [Statement(f"DO $a$ BEGIN {first}; DO 'BEGIN COMMIT; END'; {second}; END $a$", "do commit", ideal=f"DO $a$ BEGIN {first}; {second}; END $a$")],
        lambda: [Statement(f"DO $a$ BEGIN {first}; DO $b$ BEGIN ROLLBACK; END $b$; {second}; END $a$", "do commit", ideal=f"DO $a$ BEGIN {second}; END $a$")],
        lambda: [Statement(f"DO $a$ BEGIN {first}; EXECUTE 'DO $b$ BEGIN {second}; END $b$'; END $a$", "do")],
        lambda: [Statement(f"DO $a$ BEGIN {first}; EXECUTE $x$DO $b$ BEGIN COMMIT; END $b$$x$; END $a$", "do commit", ideal=f"DO $a$ BEGIN {first}; EXECUTE $x$DO $b$ BEGIN COMMIT; END $b$$x$; END $a$")],
        lambda: [Statement(f"DO $a$ DECLARE commit text := 'COMMIT'; BEGIN {first}; RAISE DEBUG '%', commit; commit := 'x;COMMIT;'; {second}; END $a$", "do")],
        lambda: [Statement(f"DO $a$ BEGIN {first}; CASE WHEN false THEN COMMIT; ELSE NULL; END CASE; {second}; END $a$", "do commit", ideal=f"DO $a$ BEGIN {first}; {second}; END $a$")],
        lambda: [Statement(f"DO $a$ BEGIN FOR i IN 1 .. 2 LOOP {first.replace(f'({n},', f'({n} + i,')}; IF i = 1 THEN COMMIT; ELSE ROLLBACK; END IF; END LOOP; END $a$", "do commit",
                           ideal=f"INSERT INTO shop.owned VALUES ({n} + 1, 1)")],
        lambda: [Statement(f"DO $a$ << b >> BEGIN {first}; LOOP COMMIT; EXIT b; END LOOP; END $a$", "do commit", ideal=first)],
        lambda: [Statement(f"DO $a$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY no_index ON shop.owned (n)'; END $a$", "do cic", ideal="DO $a$ BEGIN EXECUTE 'VACUUM'; END $a$")],
        lambda: [Statement(f"DO $a$ BEGIN {first}; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; END $a$", "do")] if g.chance(0.3)
        else [Statement(f"DO $a$ BEGIN COMMIT; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; {first}; END $a$", "do commit", ideal=first)],
    ]) + g.some(0, 2, g.session, g.touch_items)


def server_wide(g):
    """What cannot share a transaction because it is of the whole server."""
    name = g.new("made_db")
    return g.some(0, 1, g.touch_items, g.session) + g.one([
        lambda: [Statement(g.pick("ALTER SYSTEM SET deadlock_timeout = '2s'", "ALTER SYSTEM RESET deadlock_timeout", "alter system set deadlock_timeout to default"), "alter system", ideal=IS_SUPER)],
        lambda: [Statement(f"DROP DATABASE IF EXISTS {name}", "drop database", ideal=""), *([Statement(f"CREATE DATABASE {name} STRATEGY file_copy", "create database", ideal="DO $$ BEGIN IF NOT (SELECT rolsuper OR rolcreatedb FROM "
            "pg_roles WHERE rolname = current_user) THEN RAISE insufficient_privilege; END IF; END $$"), Statement(f"DROP DATABASE {name}", "drop database", ideal="")] if g.chance(0.2) else [])],
        lambda: [Statement("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''6MB''', current_database()); END $$", "settings to come")],
        lambda: [Statement("DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = other', current_user, current_database()); END $$", "settings to come"), *g.maybe_cut(0.6), g.session()],
        lambda: [Statement("CREATE TABLESPACE no_space LOCATION '/nowhere/at/all'", "tablespace", ideal="DO $$ BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RAISE insufficient_privilege; "
                           "ELSE RAISE undefined_file; END IF; END $$")],
    ]) + g.some(0, 1, g.touch_items, g.session)


def prepared_transactions(g):
    name = g.new("gid") + f"_{g.seed}"
    end, ideal = g.pick((f"COMMIT PREPARED '{name}'", "COMMIT"), (f"COMMIT PREPARED '{name}'", "COMMIT"), (f"ROLLBACK PREPARED '{name}'", "ROLLBACK"))
    return [Statement("BEGIN", "begin"), *g.some(1, 2, g.touch_items, g.make_table), Statement(f"PREPARE TRANSACTION '{name}'", "end prepare", ideal=ideal),
            *g.some(0, 1, g.session), Statement(end, "end prepared", ideal=""), *g.some(0, 1, g.touch_items)]


def lexing(g):
    """Where a statement ends is told by its characters only."""
    n = g.number()
    return [Statement(g.pick(
        f"INSERT INTO shop.quotes VALUES ({n}, E'a'\n  '\\'; COMMIT; --')", f"INSERT INTO shop.quotes VALUES ({n}, 'a' -- it's\n  ';b')", f"INSERT INTO shop.quotes VALUES ({n}, U&'a'\n '\\0062;')",
        f"INSERT INTO shop.quotes VALUES ({n}, 'a'\n -- b\n -- 'c\n 'd;')", f"INSERT INTO shop.quotes VALUES ({n}, '\\'); -- ', 2);\n", f"INSERT INTO shop.quotes VALUES ({n}, E'\\\\'); -- ', 2);\n",
        f"INSERT INTO shop.quotes VALUES ({n} /*/ ; */ , 'x')", f"INSERT INTO shop.quotes VALUES ({n} /***/, /* * /* ; */ ** / */ 'y')", f"INSERT INTO shop.quotes VALUES ({n} */* ; */ 1, 'z')",
        f"INSERT INTO shop.quotes VALUES ({n} +-- ;\n 0, 'z')", f"INSERT INTO shop.quotes VALUES ({n}, 'a' ||/* ' */ 'b;')", f"INSERT INTO shop.quotes VALUES ({n}, $A1$ $A2$ ; $a1$ $A1$)",
        f"INSERT INTO shop.quotes VALUES ({n}, $é$ ; $é$)", f"SELECT {n} AS a$b, 2 AS \"$a$;\", 3 AS c$$", f"INSERT INTO shop.quotes SELECT {n}, a$$ FROM (SELECT 'x;' AS a$$) AS t$",
        f"INSERT INTO\fshop.quotes\fVALUES\t({n},\f';')", f"-- a comment with \r INSERT INTO shop.quotes VALUES ({n + 1}, 'r')", f"INSERT INTO shop.quotes -- r;\r VALUES ({n}, 'r')",
        f"INSERT INTO shop.quotes VALUES ({n}, '{'long; ' * 20000}')", f"INSERT INTO shop.quotes SELECT {n}, '{'x' * 70000}' /* {'; ' * 40000} */", f"SELECT shop.note({n}, 'a') {'/* ' * 300}{' */' * 300}",
        f"CREATE FUNCTION shop.{g.new('lex')}(int) RETURNS int LANGUAGE sql AS $_$ SELECT $1; -- $$ $_$", f"CREATE FUNCTION shop.{g.new('lex')}() RETURNS int LANGUAGE sql BEGIN ATOMIC; SELECT CASE 1 WHEN 1 THEN 2 END; END",
        f"CREATE FUNCTION shop.{g.new('lex')}() RETURNS int LANGUAGE sql RETURN CASE WHEN true THEN 1 END", f"CREATE FUNCTION shop.{g.new('lex')}(begin int) RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2;'",
        f"CREATE RULE {g.new('lex')} AS ON UPDATE TO shop.quotes DO ALSO (SELECT 1; SELECT ';'; )", f"CREATE TABLE shop.{g.new('lex')} (begin int, atomic int, \"end\" int)",
        f"INSERT INTO shop.quotes VALUES ({n}, 1::text || B'1'::text || x'a'::text || n'q;')", f"INSERT INTO shop.quotes VALUES ({n}, '' '')" if g.chance(0.1) else f"INSERT INTO shop.quotes VALUES ({n}, '''')",
        f"INSERT INTO shop.quotes VALUES ({n}, '\u00a0;\u2028')", f"CREATE TABLE shop.tä\u00a0{n} (id int)", f"INSERT INTO shop.quotes VALUES ({n}, U&'!0061;!!' UESCAPE '!')",
        f"INSERT INTO shop.quotes (id, U&\"d!0061t\" UESCAPE '!') VALUES ({n}, 1)" if g.chance(0.1) else f"INSERT INTO shop.quotes (id, U&\"!0063ommit\" UESCAPE '!') VALUES ({n}, ';')",
        f"SELECT {n}-1 AS \";\" , 1-(-1), 2 - -1, @-1, !! 'a' && 'b'::tsquery" if g.chance(0.1) else f"SELECT {n}-1 AS \";\", 1-(-1), 2 - -1, @-1, '1'::int<>-1",
    ), "lexing"), *g.some(0, 1, g.touch_items)]


def ledger_locked(g):
    """The script locks the tracking table of its own tool, or asks it."""
    table = g.framework.table()
    return [Statement(g.pick(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", f"LOCK TABLE {table} IN SHARE MODE", f"SELECT shop.note({g.number()}, (SELECT count(*) >= 0 FROM {table})::text)",
                             f"SELECT count(*) FROM {table} WHERE true FOR UPDATE" if g.chance(0.1) else f"SELECT * FROM {table} FOR UPDATE", f"COMMENT ON TABLE {table} IS 'mine; yes'", f"GRANT SELECT ON {table} TO tenant",
                             f"ALTER TABLE {table} SET (fillfactor = 90)", f"CREATE INDEX {g.new('li')} ON {table} ((1))"), "lock table"), *g.maybe_cut(0.15), g.session()]


def whose(g):
    """Owners and rights change while the file runs."""
    return [Statement(g.pick("REASSIGN OWNED BY mig TO app_owner", "ALTER TABLE shop.items OWNER TO app_owner", "ALTER SCHEMA shop OWNER TO app_owner", "REVOKE ALL ON SCHEMA shop FROM tenant", "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                             "GRANT CREATE ON SCHEMA public TO tenant", "ALTER DEFAULT PRIVILEGES FOR ROLE mig REVOKE ALL ON TABLES FROM mig", "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
                             "ALTER TABLE shop.doc FORCE ROW LEVEL SECURITY", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC", "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO tenant",
                             "GRANT tenant TO app_owner" if g.chance(0.1) else "GRANT ALL ON shop.owned TO PUBLIC", "ALTER TABLE shop.owned ENABLE ROW LEVEL SECURITY"), "whose"),
            *g.some(1, 2, g.make_table, g.touch_items, g.session, g.documents), *g.maybe_cut(0.35), *g.some(1, 2, g.make_table, g.touch_items, g.session)]


def staying_trigger(g):
    """A trigger of the database that stays and sees all that is made there."""
    if not g.is_super:
        return whose(g)
    name = g.new("sees")
    return [Statement(f"CREATE FUNCTION shop.{name}() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM shop.note(-3, concat(command_tag, ' ', object_identity)) "
                      "FROM pg_event_trigger_ddl_commands() WHERE object_identity !~ '^truss' AND command_tag <> 'ALTER TYPE'; END $$", "function"),
            Statement(f"CREATE EVENT TRIGGER {name} ON ddl_command_end EXECUTE FUNCTION shop.{name}()", "event trigger"), g.make_table(), *g.maybe_cut(0.3), *g.some(0, 1, g.make_table)]


def clocks(g):
    """The time of the transaction, and what is random only in its seed."""
    name = g.new("ck")
    return [Statement(f"CREATE TABLE shop.{name} (id int, at timestamptz)", "clock table"), Statement(f"INSERT INTO shop.{name} VALUES (1, now()), (2, current_timestamp)", "clock fill"),
            *g.maybe_cut(0.3), Statement(g.pick(f"DELETE FROM shop.{name} WHERE at < now()", f"UPDATE shop.{name} SET id = 9 WHERE at = now()", f"DELETE FROM shop.{name} WHERE at <= clock_timestamp()",
                                                f"DELETE FROM shop.{name} WHERE id = 1"), "clock use"),
            g.note(f"(SELECT string_agg(id::text, ',' ORDER BY id) FROM shop.{name})", "note clock"), Statement(f"ALTER TABLE shop.{name} DROP COLUMN at", "clock end")]


def definitions(g):
    """Changes of definitions one after the other, most of which go through: no plan may say that they fail."""
    done = []
    for _ in range(g.random.randint(2, 7)):
        done.append(Statement(g.random.choice(_DEFINITIONS).replace("{n}", str(g.random.randrange(1, 4))).replace("{t}", g.pick("shop.items", "shop.owned", "shop.quotes", "shop.parent", "shop.child", "shop.parts", "items"))
                              .replace("{new}", g.new("d")), "definition"))
    return done + g.maybe_cut(0.1) + g.some(0, 1, g.touch_items)


_DEFINITIONS = [
    "CREATE TABLE IF NOT EXISTS shop.x{n} (id int PRIMARY KEY, a int, b text)", "CREATE TABLE shop.x{n} (id int PRIMARY KEY, a int NOT NULL DEFAULT 1, b text)", "DROP TABLE IF EXISTS shop.x{n}", "DROP TABLE IF EXISTS shop.x{n} CASCADE",
    "DROP TABLE shop.x{n}", "ALTER TABLE IF EXISTS shop.x{n} RENAME TO y{n}", "ALTER TABLE IF EXISTS shop.y{n} RENAME TO x{n}", "ALTER TABLE IF EXISTS shop.x{n} SET SCHEMA other", "ALTER TABLE IF EXISTS other.x{n} SET SCHEMA shop",
    "INSERT INTO shop.x{n} (id, a) VALUES (1, 1) ON CONFLICT DO NOTHING", "INSERT INTO shop.x{n} (id) SELECT n FROM generate_series(2, 5) AS n ON CONFLICT (id) DO UPDATE SET a = excluded.a", "CREATE TABLE shop.{new} (LIKE {t} INCLUDING ALL)",
    "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS c{n} int", "ALTER TABLE {t} ADD COLUMN c{n} int NOT NULL DEFAULT 0", "ALTER TABLE {t} ADD COLUMN c{n} int NOT NULL", "ALTER TABLE {t} DROP COLUMN IF EXISTS c{n}", "ALTER TABLE {t} DROP COLUMN c{n}",
    "UPDATE {t} SET c{n} = 0 WHERE c{n} IS NULL", "ALTER TABLE {t} ALTER COLUMN c{n} SET NOT NULL", "ALTER TABLE {t} ALTER c{n} DROP NOT NULL", "ALTER TABLE {t} ALTER COLUMN c{n} TYPE bigint", "ALTER TABLE {t} ALTER COLUMN c{n} TYPE text USING c{n}::text",
    "ALTER TABLE {t} ALTER COLUMN c{n} SET DATA TYPE int USING c{n}::int", "ALTER TABLE {t} RENAME COLUMN c{n} TO r{n}", "ALTER TABLE {t} RENAME r{n} TO c{n}", "ALTER TABLE {t} ADD CONSTRAINT k{n} CHECK (id > 0)", "ALTER TABLE {t} ADD CONSTRAINT k{n} CHECK (id > 3) NOT VALID",
    "ALTER TABLE {t} VALIDATE CONSTRAINT k{n}", "ALTER TABLE {t} DROP CONSTRAINT IF EXISTS k{n}", "ALTER TABLE {t} DROP CONSTRAINT k{n}", "ALTER TABLE {t} ADD CONSTRAINT k{n} UNIQUE (id)", "ALTER TABLE {t} ADD CONSTRAINT k{n} FOREIGN KEY (id) REFERENCES shop.parent",
    "ALTER TABLE {t} ADD CONSTRAINT k{n} FOREIGN KEY (c{n}) REFERENCES shop.parent NOT VALID", "ALTER TABLE {t} RENAME CONSTRAINT k{n} TO kr{n}", "CREATE INDEX IF NOT EXISTS di{n} ON {t} (id)", "CREATE INDEX di{n} ON {t} (id) WHERE id > 1", "DROP INDEX IF EXISTS shop.di{n}",
    "ALTER INDEX IF EXISTS shop.di{n} RENAME TO dj{n}", "CREATE UNIQUE INDEX di{n} ON {t} (id)", "ALTER TABLE {t} ADD CONSTRAINT k{n} UNIQUE USING INDEX di{n}", "CREATE OR REPLACE VIEW shop.v{n} AS SELECT id FROM {t}", "CREATE VIEW shop.v{n} AS SELECT id FROM {t}",
    "DROP VIEW IF EXISTS shop.v{n}", "CREATE MATERIALIZED VIEW IF NOT EXISTS shop.m{n} AS SELECT id FROM {t}", "REFRESH MATERIALIZED VIEW shop.m{n}", "DROP MATERIALIZED VIEW IF EXISTS shop.m{n}", "CREATE SEQUENCE IF NOT EXISTS shop.s{n}", "CREATE SEQUENCE shop.s{n} OWNED BY {t}.id",
    "DROP SEQUENCE IF EXISTS shop.s{n} CASCADE", "ALTER TABLE {t} ALTER id SET DEFAULT nextval('shop.s{n}')", "ALTER SEQUENCE IF EXISTS shop.s{n} RESTART WITH 40", "CREATE TYPE shop.e{n} AS ENUM ('a', 'b')", "DROP TYPE IF EXISTS shop.e{n} CASCADE", "ALTER TABLE {t} ADD COLUMN c{n} shop.e{n}",
    "ALTER TABLE {t} ADD COLUMN c{n} shop.e{n} DEFAULT 'a' NOT NULL", "CREATE DOMAIN shop.p{n} AS int CHECK (VALUE > 0)", "DROP DOMAIN IF EXISTS shop.p{n}", "ALTER TABLE {t} ADD COLUMN c{n} shop.p{n}", "ALTER DOMAIN shop.p{n} ADD CONSTRAINT small CHECK (VALUE < 100)",
    "CREATE OR REPLACE FUNCTION shop.g{n}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$", "DROP FUNCTION IF EXISTS shop.g{n}() CASCADE", "CREATE TRIGGER tr{n} BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION shop.g{n}()", "DROP TRIGGER IF EXISTS tr{n} ON {t}",
    "CREATE OR REPLACE TRIGGER tr{n} AFTER UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION shop.g{n}()", "CREATE SCHEMA IF NOT EXISTS sc{n}", "CREATE SCHEMA sc{n}", "DROP SCHEMA IF EXISTS sc{n} CASCADE", "CREATE TABLE sc{n}.inner_{n} (id int)", "ALTER SCHEMA sc{n} RENAME TO scr{n}",
    "CREATE TABLE shop.parts_x{n} PARTITION OF shop.parts FOR VALUES FROM ({n}000) TO ({n}999)", "CREATE TABLE shop.parts_d PARTITION OF shop.parts DEFAULT", "DROP TABLE IF EXISTS shop.parts_x{n}", "ALTER TABLE shop.parts DETACH PARTITION shop.parts_2", "INSERT INTO shop.parts VALUES ({n}500, 1)",
    "ALTER TABLE shop.parts ATTACH PARTITION shop.parts_2 FOR VALUES FROM (100) TO (200)", "CREATE TABLE shop.kid{n} () INHERITS (shop.owned)", "ALTER TABLE shop.owned ADD COLUMN IF NOT EXISTS gen{n} int GENERATED ALWAYS AS (n * 2) STORED", "ALTER TABLE shop.x{n} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY",
    "DELETE FROM shop.items WHERE id > 8", "TRUNCATE shop.quotes RESTART IDENTITY", "TRUNCATE shop.parent CASCADE", "DELETE FROM shop.child", "COMMENT ON TABLE {t} IS 'x'", "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY", "CREATE POLICY po{n} ON {t} USING (true)", "DROP POLICY IF EXISTS po{n} ON {t}",
    "ALTER TABLE {t} ALTER COLUMN id SET STATISTICS 50", "CREATE STATISTICS shop.st{n} ON id, n FROM shop.items", "DROP STATISTICS IF EXISTS shop.st{n}", "ALTER TABLE {t} SET (autovacuum_enabled = false)", "ALTER TABLE {t} REPLICA IDENTITY FULL", "ALTER TABLE {t} CLUSTER ON items_pkey",
    "CREATE AGGREGATE shop.ag{n}(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')", "CREATE OPERATOR shop.@+ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)", "CREATE COLLATION IF NOT EXISTS shop.co{n} FROM \"C\"", "CREATE TYPE shop.ty{n} AS (a int, b text)", "ALTER TYPE shop.ty{n} ADD ATTRIBUTE c int",
    "ALTER TABLE {t} ADD COLUMN c{n} shop.ty{n}", "CREATE CAST (shop.ty{n} AS text) WITH INOUT" , "CREATE TEXT SEARCH CONFIGURATION shop.ts{n} (COPY = simple)", "ALTER TABLE {t} ADD CONSTRAINT k{n} EXCLUDE USING btree (id WITH =)", "ALTER TABLE {t} ADD PRIMARY KEY (id)", "ALTER TABLE {t} DROP CONSTRAINT IF EXISTS items_pkey CASCADE",
    "CREATE TABLE shop.{new} AS SELECT * FROM {t} WITH NO DATA", "SELECT id INTO shop.{new} FROM {t}", "CREATE TABLE shop.{new} (id int REFERENCES shop.x{n} ON DELETE CASCADE)", "CREATE PUBLICATION pub{n} FOR TABLE {t}", "DROP PUBLICATION IF EXISTS pub{n}", "ALTER TABLE {t} ALTER COLUMN id DROP DEFAULT",
]

THEMES = [settings_more, settings_more, taken_back, taken_back, nested_blocks, nested_blocks, server_wide, prepared_transactions, lexing, lexing, ledger_locked, whose, staying_trigger, clocks, definitions, definitions, definitions]
