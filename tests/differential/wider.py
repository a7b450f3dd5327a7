"""Further themes of the generator, for seeds from 30000 on: checks that come late, blocks and procedures that end transactions in more ways, statements
that stand alone, values of enums in every quoting, words that look like others, and what a cut has to carry. Each is a function of the generator."""
from generator import Statement


def note_owned(g):
    return g.note("(SELECT string_agg(concat(id, ':', n), ',' ORDER BY id) FROM shop.owned)", "note owned")


def late_checks(g):
    """Changes that are checked at COMMIT, by what the catalogue has and by what the script itself makes."""
    n = 4000 + g.number() * 10
    name = g.new("late")
    make = g.pick(
        [Statement(f"CREATE TABLE shop.{name} (id int PRIMARY KEY, parent int REFERENCES shop.parent DEFERRABLE INITIALLY DEFERRED)", "late table")],
        [Statement(f"CREATE TABLE shop.{name} (id int, parent int)", "late table"),
         Statement(f"ALTER TABLE shop.{name} ADD FOREIGN KEY (parent) REFERENCES shop.parent DEFERRABLE INITIALLY DEFERRED", "late constraint")])
    table = g.pick("shop.child", "shop.child", "child", f"shop.{name}")
    done = make if name in table else [Statement("SET search_path = shop, public", "set search_path")] if table == "child" else []
    change = g.pick(f"INSERT INTO {table} VALUES ({n}, {n})", f"WITH v AS (SELECT {n} AS n) INSERT INTO {table} SELECT n, n FROM v",
                    f"DO $$ BEGIN INSERT INTO {table} VALUES ({n}, {n}); END $$", f"INSERT INTO {table} VALUES ({n}, 1); UPDATE {table} SET parent = {n} WHERE id = {n}",
                    f"MERGE INTO {table} USING (VALUES ({n})) AS v(n) ON id = v.n WHEN NOT MATCHED THEN INSERT VALUES (v.n, v.n)")
    done += [Statement(one, "child first") for one in (change.split("; ") if not change.startswith("DO") else [change])]
    done += g.some(0, 1, g.session, g.touch_items)
    if g.chance(0.2):
        done.append(Statement("SET CONSTRAINTS ALL IMMEDIATE", "set constraints"))
    return done + g.maybe_cut(0.5) + ([Statement(f"INSERT INTO shop.parent VALUES ({n})", "parent then")] if g.chance(0.9) else [])


def late_unique(g):
    name = g.new("u")
    return [Statement(f"CREATE TABLE shop.{name} (id int UNIQUE DEFERRABLE INITIALLY {g.pick('DEFERRED', 'IMMEDIATE')}, n int)", "late table"),
            Statement(f"INSERT INTO shop.{name} VALUES (1, 1), (2, 2)", "late fill"), *g.maybe_cut(0.2),
            Statement(f"UPDATE shop.{name} SET id = id + 1", "late update"), *g.maybe_cut(0.2), Statement(f"INSERT INTO shop.{name} VALUES ({g.pick(1, 2)}, 3)", "late fill"),
            *g.maybe_cut(0.2), Statement(f"DELETE FROM shop.{name} WHERE n = 2", "late delete")]


def late_trigger(g):
    """A trigger that runs at COMMIT, and says what there is then."""
    name = g.new("ct")
    number = g.number() + 6000
    return [Statement(f"CREATE FUNCTION shop.{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM shop.note({number}, (SELECT count(*) FROM shop.owned)::text); RETURN NULL; END $$", "function"),
            Statement(f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON shop.parent {g.pick('INITIALLY DEFERRED', 'DEFERRABLE INITIALLY DEFERRED', '')} FOR EACH ROW EXECUTE FUNCTION shop.{name}()", "late trigger"),
            Statement(f"INSERT INTO shop.parent VALUES ({number})", "parent"), Statement(f"INSERT INTO shop.owned VALUES ({number}, 1)", "owned")]


def ending_block(g):
    """DO and procedures that end transactions, in further ways."""
    n = 5000 + g.number() * 10
    insert = f"INSERT INTO shop.owned VALUES ({n}, 1)"
    name = g.new("ender")
    procedure = f"CREATE {g.pick('', 'OR REPLACE ')}PROCEDURE shop.{name}(a int DEFAULT 0) LANGUAGE plpgsql AS"
    return g.one([
        lambda: [Statement(f"DO $$ BEGIN ROLLBACK; {insert}; END $$", "do commit", ideal=f"DO $$ BEGIN {insert}; END $$")],
        lambda: [Statement(f"DO $$ BEGIN {insert}; rollback and chain; END $$", "do commit", ideal="SELECT 1")],
        lambda: [Statement(f"DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM shop.parent ORDER BY id LIMIT 3 LOOP INSERT INTO shop.owned VALUES ({n} + r.id, r.id); COMMIT; END LOOP; END $$",
                           "do commit", ideal=f"INSERT INTO shop.owned SELECT {n} + id, id FROM (SELECT id FROM shop.parent ORDER BY id LIMIT 3) AS p")],
        lambda: [Statement(f"DO $$ BEGIN IF EXISTS (SELECT FROM shop.owned WHERE id = -1) THEN COMMIT; END IF; {insert}; END $$", "do commit", ideal=f"DO $$ BEGIN {insert}; END $$")],
        lambda: [Statement(f"DO $$ BEGIN {insert}; COMMIT; SET LOCAL shop.tenant = 'b'; PERFORM shop.note({n}, current_setting('shop.tenant')); END $$", "do commit",
                           ideal=f"DO $$ BEGIN {insert}; PERFORM shop.note({n}, 'b'); END $$")],
        lambda: [Statement(f"{procedure} $p$ BEGIN {insert}; COMMIT; END $p$", "procedure"),
                 Statement(g.pick(f"CALL shop.{name}()", f"call shop . {name} (1)", f"CALL shop.{name}(a => 2)", f"DO $$ BEGIN CALL shop.{name}(); END $$"), "call commit", ideal=insert)],
        lambda: [Statement(f"{procedure} $p$ BEGIN {insert}; ROLLBACK; END $p$", "procedure"), Statement(f"CALL shop.{name}()", "call commit", ideal="SELECT 1")],
        lambda: [Statement(f"{procedure} 'BEGIN {insert}; END'", "procedure"), Statement(f"CALL shop.{name}()", "call")],
        lambda: [Statement(f"CREATE PROCEDURE shop.{name}() BEGIN ATOMIC {insert}; SELECT 1; END", "atomic"), Statement(f"CALL shop.{name}()", "call")],
        lambda: [Statement(f"CREATE FUNCTION shop.{name}() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 3; END", "atomic")],
        lambda: [Statement(f"CREATE FUNCTION shop.{name}() RETURNS void LANGUAGE plpgsql SET shop.tenant = 'b' AS $$ BEGIN {insert}; PERFORM set_config('shop.tenant', 'c', true); END $$", "function"),
                 Statement(f"SELECT shop.{name}()", "call function"), g.session()],
    ]) + g.some(0, 1, g.session, lambda: note_owned(g))


# What REINDEX SCHEMA asks of its role, and nothing else of it.
OWNS_SHOP = ("DO $$ BEGIN IF NOT pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'shop'), 'USAGE') THEN "
             "RAISE insufficient_privilege; END IF; END $$")


def alone_more(g):
    table = g.pick("shop.items", "shop.owned", "shop.quotes")
    index = g.new("i")
    return g.pick(
        Statement("CLUSTER", "cluster", ideal=""), Statement(f"REINDEX SCHEMA {g.pick('shop', 'CONCURRENTLY shop')}", "reindex", ideal=OWNS_SHOP),
        Statement("DROP DATABASE IF EXISTS no_such_database", "drop database", ideal=""), Statement(f"vacuum(freeze)\n{table}", "vacuum", ideal=""),
        Statement(f"VACUUM ANALYZE {table} (id)", "vacuum", ideal=""), Statement(f"ANALYZE {table}(id)", "analyze"),
        Statement(f"CREATE INDEX/**/CONCURRENTLY/* ; */{index} ON {table}(id)", "cic", ideal=f"CREATE INDEX {index} ON {table} (id)"),
        Statement(f"CREATE INDEX concurrently_{index} ON {table} (id)", "index"), Statement("REINDEX INDEX shop.items_pkey", "index"),
        Statement("CREATE UNIQUE INDEX CONCURRENTLY ON shop.parent (id)", "cic unnamed", ideal="CREATE UNIQUE INDEX ON shop.parent (id)"))


def alone_some(g):
    done = []
    for _ in range(g.random.randint(1, 2)):
        done += g.some(0, 1, g.touch_items, g.session) + [alone_more(g)]
    return done


def enum_some(g):
    """A new value, written and used in every quoting."""
    value = g.new("val")
    written, used = g.pick((f"'{value}'", f"'{value}'"), (f"E'{value}'", f"E'{value}'"), (f"$${value}$$", f"'{value}'"), (f"U&'{value}'", f"$q${value}$q$"),
                           (f"'{value} ''x'''", f"'{value} ''x'''"))
    add = f"ALTER TYPE shop.mood ADD VALUE {g.pick('', 'IF NOT EXISTS ')}{written}" + g.pick("", "\nAFTER 'sad'")
    use = g.pick(f"INSERT INTO shop.person VALUES ({g.number()}, {used})", f"UPDATE shop.person SET mood = {used}", f"ALTER TABLE shop.person ADD CHECK (mood <> {used})",
                 f"CREATE DOMAIN shop.{g.new('dom')} AS shop.mood DEFAULT {used}", f"SELECT {used}::shop.mood", f"CREATE TABLE shop.{g.new('et')} (m shop.mood DEFAULT {used})",
                 f"DO $b$ BEGIN EXECUTE format('INSERT INTO shop.person VALUES ({g.number()}, %L)', {used}); END $b$")
    return [Statement(add, "add value", ideal=add if "IF NOT" in add else add.replace("VALUE ", "VALUE IF NOT EXISTS "), before=add), *g.some(0, 1, g.session), Statement(use, "use value")]


def chains(g):
    """Transactions that go on by AND CHAIN, with their modes."""
    begin = g.pick("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE", "BEGIN DEFERRABLE")
    end = g.pick("COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "COMMIT WORK AND CHAIN", "ABORT TRANSACTION AND CHAIN", "END AND CHAIN")
    def kind(text):
        return "end rollback chain" if text.startswith(("ROLLBACK", "ABORT")) else "end commit chain"
    done = [Statement(begin, "begin")] if g.chance(0.7) else []
    for _ in range(g.random.randint(1, 2)):
        done += g.some(1, 2, g.touch_items, g.session, g.make_table)
        done.append(Statement(end, kind(end)))
        if g.chance(0.3):
            done.append(Statement(g.pick("SET TRANSACTION READ WRITE", "SET LOCAL shop.tenant = 'b'", "SET CONSTRAINTS ALL DEFERRED"), "chain setting"))
    done += g.some(1, 2, g.session, g.touch_items)
    return done + ([Statement(g.pick("COMMIT", "END", "ROLLBACK"), "end commit")] if g.chance(0.8) else [])


def late_modes(g):
    """Modes of a transaction in front of what stands alone, and behind it."""
    mode = g.pick("SET TRANSACTION DEFERRABLE", "SET TRANSACTION NOT DEFERRABLE", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET TRANSACTION READ WRITE, DEFERRABLE",
                  "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET LOCAL default_transaction_isolation = 'serializable'")
    before = g.chance(0.5)
    cut = g.alone() if g.chance(0.5) else alone_some(g)
    return ([Statement(mode, "isolation")] + cut if before else cut + [Statement(mode, "isolation")]) + [g.session()]


def locks_more(g):
    take = g.pick("SELECT pg_advisory_xact_lock_shared(42)", "SELECT pg_try_advisory_xact_lock(41)", "DO $$ BEGIN PERFORM pg_advisory_xact_lock(43); END $$", "DO $$ BEGIN LOCK TABLE shop.lockable; END $$",
                  "SELECT id FROM shop.items FOR NO KEY UPDATE", "WITH x AS (SELECT id FROM shop.items FOR SHARE) SELECT count(*) FROM x", "LOCK shop.lockable IN SHARE MODE NOWAIT",
                  "SELECT pg_advisory_lock(41), pg_advisory_xact_lock(42)", "SELECT pg_advisory_lock_shared(43)")
    held = ("(SELECT string_agg(concat(locktype, relation::regclass, objid, mode), ',' ORDER BY locktype, objid) FROM pg_locks WHERE pid = pg_backend_pid() AND (objid IN (41, 42, 43) "
            "OR relation = 'shop.lockable'::regclass))")
    return [Statement(take, "advisory" if "advisory" in take else "lock table"), *g.maybe_cut(0.3), g.note(held, "note locks")]


def words(g):
    """Names and strings that look like something else."""
    n = g.number()
    return [Statement(g.pick(
        'CREATE TABLE IF NOT EXISTS shop."begin" ("commit" int, "rollback" int)', f'COMMENT ON COLUMN shop.quotes."commit" IS $c$BEGIN; COMMIT; {n}$c$', f"INSERT INTO shop.quotes VALUES ({n}, $_$;$_$)",
        f'INSERT INTO shop.quotes (id, "commit") SELECT {n}, q."commit" FROM shop.quotes AS q LIMIT 1', f"INSERT INTO shop.quotes (id, U&\"\\0063ommit\") VALUES ({n}, U&'\\0041;')",
        f"INSERT INTO shop.quotes VALUES ({n}, E'\\x27; COMMIT; --')", f"SELECT shop.note({n + 7000}, $$ /* $$ || ' */ ; -- ')",
        f"INSERT INTO shop.quotes VALUES ({n}, 'a'\n-- it's\n'b')", f"UPDATE shop.quotes SET \"commit\" = 'x' WHERE id < 1 -- ; COMMIT\n",
        f"PREPARE commit AS SELECT {n}", f"CREATE VIEW shop.{g.new('vacuum')} AS SELECT 1 AS vacuum, 2 AS \"concurrently\"", f"INSERT INTO shop.quotes VALUES ({n}, $a$x$$y$a b$a$)",
        f"SELECT 1 AS \"--\", '/*' AS \"*/\"", f"INSERT INTO shop.quotes VALUES ({n}, 'é' || U&'\\00e9' || E'\\u00e9')", f"INSERT INTO shop.quotes VALUES ({n}, '$$') RETURNING id, '$$;'"), "words")]


def event_trigger(g):
    """What it sees in the script's schema is what the script makes there."""
    if not g.is_super:
        return words(g)
    name, index, table = g.new("et"), g.new("i"), g.new("t")
    return [Statement(f"CREATE FUNCTION shop.{name}() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM shop.note(-2, concat(command_tag, ' ', object_identity)) "
                      "FROM pg_event_trigger_ddl_commands() WHERE schema_name = 'shop'; END $$", "function"),
            Statement(f"CREATE EVENT TRIGGER {name} ON ddl_command_end EXECUTE FUNCTION shop.{name}()", "event trigger"), Statement(f"CREATE TABLE shop.{table} (id int, n int)", "table"),
            Statement(f"CREATE INDEX CONCURRENTLY {index} ON shop.{table} (n)", "cic", ideal=f"CREATE INDEX {index} ON shop.{table} (n)") if g.chance(0.4) else g.touch_items(),
            Statement(f"DROP EVENT TRIGGER {name}", "event trigger")]


def in_a_function(g):
    """What a cut would lose, done where it is not seen."""
    name = g.new("hidden")
    body = g.pick("SET LOCAL shop.tenant = 'b'", "PERFORM set_config('shop.tenant', 'b', false)", "CREATE TEMP TABLE hidden_t (id int)", "PERFORM pg_advisory_xact_lock(42)",
                  "INSERT INTO shop.child VALUES (8901, 8901)", "SET CONSTRAINTS ALL DEFERRED", "EXECUTE 'SET ROLE tenant'")
    return [Statement(f"CREATE FUNCTION shop.{name}() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body}; END $$", "temp function"), Statement(f"SELECT shop.{name}()", "call advisory function"), g.session(),
            *([Statement("INSERT INTO shop.parent VALUES (8901)", "parent then")] if "8901" in body else [])]


THEMES = [late_checks, late_checks, late_unique, late_trigger, ending_block, ending_block, alone_some, alone_some, enum_some, chains, late_modes, locks_more, words, event_trigger, in_a_function]
