"""Rows that are in the way of a constraint: the plan says so before a run meets them, with the server's SQLSTATE. Each statement is
planned over the rows, and run over them in a transaction that is rolled back: what fails there is told, of what succeeds nothing is
said to fail.

TRUSS_TEST_ALL  tries every statement; without it every third of them, another third each day"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, todays

harness.Cluster.keeps = True

SETUP = """CREATE TYPE mood AS ENUM ('ok', 'bad');
    CREATE TABLE parents (id int PRIMARY KEY, a int, b text, UNIQUE (a, b)); INSERT INTO parents VALUES (1, 1, 'x'), (2, 2, 'y');
    CREATE TABLE rows (id int PRIMARY KEY, n int, t text, p int, q int, a int, b text, d date, r int4range, room int, m mood, j jsonb, "Odd Name" int);
    INSERT INTO rows VALUES (1, 5, 'abc', 1, NULL, 1, 'x', '2026-01-01', '[1,5)', 1, 'ok', '{"k": 1}', 1), (2, -5, '', 3, NULL, 2, 'x', '2026-02-01', '[3,9)', 1, 'bad', '[]', 2);
    CREATE TABLE parted (id int, n int, p int) PARTITION BY RANGE (id); CREATE TABLE parted1 PARTITION OF parted FOR VALUES FROM (0) TO (9); INSERT INTO parted VALUES (1, 7, 9);
    CREATE TABLE kin (n int); CREATE TABLE kin2 () INHERITS (kin); INSERT INTO kin2 VALUES (3);
    CREATE TABLE tree (id int PRIMARY KEY, up int); INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 9);
    CREATE DOMAIN whole AS int; CREATE TABLE of_domain (w whole); INSERT INTO of_domain VALUES (-1);
    CREATE TABLE hidden (n int); INSERT INTO hidden VALUES (-1); CREATE FUNCTION positive(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';"""
ADD = "ALTER TABLE rows ADD "
STATEMENTS = [
    ADD + "CHECK (n > 0)", ADD + "CONSTRAINT c CHECK (n <> 0)", ADD + "CHECK (n > 0) NOT VALID", ADD + "CHECK (n > 0 AND n < 9)", ADD + "CHECK (n > -9 AND n < 9)",
    ADD + "CHECK (n <> 99 AND current_schema() = 'public')", ADD + "CHECK (q > 0)", ADD + "CHECK (q IS NOT NULL)", ADD + "CHECK (num_nonnulls(q, n) > 0)", ADD + "CHECK (char_length(t) > 0)", ADD + "CHECK (length(t) > 0)", ADD + "CHECK (t <> 'zzz')", ADD + "CHECK (t ~ '^[a-z]+$')", ADD + "CHECK (t IN ('abc', ''))",
    ADD + "CHECK (t IN ('abc', 'd'))", ADD + "CHECK (t = ANY (ARRAY['abc'::text]))", ADD + "CHECK (10 / (n - 5) > 0)", ADD + "CHECK (d > '2026-01-15')", ADD + "CHECK (d > '2025-01-15'::date)",
    ADD + 'CHECK ("Odd Name" > 1)', ADD + "CHECK (CASE WHEN n > 0 THEN t <> '' ELSE t = '' END)", ADD + "CHECK (coalesce(q, n) > 0)", ADD + "CHECK (j ? 'k')", ADD + "CHECK (jsonb_typeof(j) = 'object')",
    ADD + "CONSTRAINT one CHECK (n < 9), ADD CONSTRAINT other CHECK (n > 0)", ADD + "COLUMN fresh int CHECK (fresh > 0), ADD CHECK (n > 0)", ADD + "CHECK (n BETWEEN 1 AND 9), ALTER n SET NOT NULL",
    ADD + "FOREIGN KEY (p) REFERENCES parents", ADD + "FOREIGN KEY (p) REFERENCES parents (id)", ADD + "FOREIGN KEY (n) REFERENCES parents NOT VALID", ADD + "FOREIGN KEY (id) REFERENCES parents",
    ADD + "FOREIGN KEY (q) REFERENCES parents", ADD + "FOREIGN KEY (a, b) REFERENCES parents (a, b)", ADD + "FOREIGN KEY (b, a) REFERENCES parents (b, a)", ADD + "FOREIGN KEY (q, b) REFERENCES parents (a, b)",
    ADD + 'FOREIGN KEY ("Odd Name") REFERENCES public.parents ON DELETE CASCADE', "ALTER TABLE tree ADD FOREIGN KEY (up) REFERENCES tree", "ALTER TABLE parents ADD FOREIGN KEY (a) REFERENCES rows (id)",
    ADD + "EXCLUDE USING gist (r WITH &&)", ADD + "EXCLUDE USING btree (room WITH =)", ADD + "EXCLUDE USING btree (id WITH =)", ADD + "EXCLUDE USING gist (r WITH =)", ADD + "EXCLUDE USING gist (r WITH &&) WHERE (n > 0)",
    "ALTER TABLE parted ADD CHECK (n < 5)", "ALTER TABLE parted ADD CHECK (n < 9)", "ALTER TABLE parted ADD FOREIGN KEY (p) REFERENCES parents", "ALTER TABLE kin ADD CHECK (n > 5)", "ALTER TABLE kin ADD CHECK (n > 1)",
    "ALTER TABLE ONLY kin ADD CHECK (n > 5) NO INHERIT", ADD + "UNIQUE (room)", ADD + "UNIQUE (n), ADD UNIQUE (room)", ADD + "UNIQUE (n), ALTER q SET NOT NULL", "CREATE UNIQUE INDEX ON rows (b)",
    "INSERT INTO kin VALUES (3);\nALTER TABLE kin ADD UNIQUE (n)", "ALTER TABLE kin ADD UNIQUE (n)", "ALTER TABLE kin ADD FOREIGN KEY (n) REFERENCES parents", "CREATE UNIQUE INDEX ON ONLY parted (id)",
    "ALTER TABLE of_domain ADD CHECK (w > 0)", "UPDATE rows SET n = 1;\nALTER TABLE rows ADD CHECK (n > 0)", "DELETE FROM rows WHERE id = 2;\nALTER TABLE rows ADD FOREIGN KEY (p) REFERENCES parents",
    "INSERT INTO parents VALUES (3, 3, 'z');\nALTER TABLE rows ADD FOREIGN KEY (p) REFERENCES parents", "ALTER TABLE rows ADD late int, ADD CHECK (late > 0)", "ALTER TABLE rows ALTER n TYPE bigint USING n + 99, ADD CHECK (n > 0)",
]
# Constraints that are there NOT VALID, those that the plan itself adds so, and rows behind statements that leave them as they are.
LATE = """ALTER TABLE rows ADD CONSTRAINT small CHECK (n < 0) NOT VALID, ADD CONSTRAINT large CHECK (n < 9) NOT VALID, ADD CONSTRAINT words CHECK (t IN ('abc', 'd')) NOT VALID,
    ADD CONSTRAINT long CHECK (char_length(t) < 9 AND "Odd Name" < 9) NOT VALID, ADD CONSTRAINT known FOREIGN KEY (id) REFERENCES parents NOT VALID, ADD CONSTRAINT lost FOREIGN KEY (p) REFERENCES parents (id) NOT VALID,
    ADD CONSTRAINT "Odd" CHECK ("Odd Name" > 1) NOT VALID, ADD CONSTRAINT done CHECK (n < 9), ADD CONSTRAINT calls CHECK (positive(n)) NOT VALID;
    ALTER TABLE kin ADD CONSTRAINT kins CHECK (n > 5) NOT VALID; CREATE SCHEMA far; CREATE TABLE far.rows (n int); INSERT INTO far.rows VALUES (1); ALTER TABLE far.rows ADD CONSTRAINT small CHECK (n > 1) NOT VALID;"""
VALIDATE = "ALTER TABLE rows VALIDATE CONSTRAINT "
FK = "ALTER TABLE rows ADD CONSTRAINT c FOREIGN KEY (p) REFERENCES parents NOT VALID;\n"
VALIDATED = [
    *(VALIDATE + name for name in ("small", "large", "words", "long", "known", "lost", '"Odd"', "done", "small, VALIDATE CONSTRAINT large", "large, VALIDATE CONSTRAINT small")),
    "ALTER TABLE kin VALIDATE CONSTRAINT kins", "ALTER TABLE far.rows VALIDATE CONSTRAINT small",
    ADD + "CONSTRAINT c CHECK (n > 0) NOT VALID;\n" + VALIDATE + "c", ADD + "CONSTRAINT c CHECK (n < 9) NOT VALID;\n" + VALIDATE + "c", FK + VALIDATE + "c",
    ADD + "CONSTRAINT c CHECK (n < 9) NOT VALID;\n" + ADD + "CONSTRAINT d CHECK (n > 0) NOT VALID;\n" + VALIDATE + "c;\n" + VALIDATE + "d",
    "ALTER TABLE rows DROP CONSTRAINT small;\n" + ADD + "CONSTRAINT small CHECK (n < 9) NOT VALID;\n" + VALIDATE + "small",
    "ALTER TABLE rows DROP CONSTRAINT large;\n" + ADD + "CONSTRAINT large CHECK (n > 0) NOT VALID;\n" + VALIDATE + "large",
    ADD + "late int;\nCREATE INDEX ON rows (n);\nALTER TABLE rows ALTER q SET NOT NULL", "ALTER TABLE rows ALTER n DROP NOT NULL;\n" + ADD + "CHECK (n > 0)", "CREATE TABLE more (id int REFERENCES rows);\n" + ADD + "CHECK (n > 0)",
    "COMMENT ON COLUMN rows.n IS 'x';\n" + ADD + "UNIQUE (room)",
]
# Columns that become an enum, a domain, an array of shorter strings.
TYPED = """CREATE DOMAIN above AS int CHECK (VALUE > 0); CREATE DOMAIN never AS text NOT NULL; CREATE DOMAIN mail AS varchar(5) CHECK (VALUE LIKE '%c'); CREATE DOMAIN higher AS above CHECK (VALUE > 1);
    CREATE TABLE typed (id int, t text, u text, m mood, n int, q int, a text[], v varchar(9)[]); INSERT INTO typed VALUES (1, 'ok', 'ok', 'ok', 1, NULL, '{abc}', '{abc}'), (2, 'bad', 'odd', 'bad', -1, 5, '{abcdef,x}', NULL), (3, NULL, NULL, NULL, 2, 2, NULL, NULL);"""
MOOD = "CREATE TYPE other AS ENUM ('ok', 'bad', 'it''s');\n"
RETYPED = [
    *(f"ALTER TABLE typed ALTER {change}" for change in (
        "t TYPE mood USING t::mood", "u TYPE mood USING u::mood", "u TYPE mood USING (u::text::mood)", "u TYPE mood USING u::varchar::public.mood", "n TYPE above", "id TYPE above", "q TYPE above", "q TYPE higher", "id TYPE higher",
        "t TYPE never", "u TYPE mail", "a TYPE varchar(3)[]", "a TYPE varchar(6)[]", "v TYPE varchar(3)[]", "v TYPE varchar(2)[]", "v TYPE char(3)[]")),
    MOOD + "ALTER TABLE typed ALTER t TYPE other USING t::other", MOOD + "ALTER TABLE typed ALTER u TYPE other USING u::other", MOOD + "ALTER TABLE typed ALTER m TYPE other USING m::text::other",
    MOOD.replace("'bad'", "'b'") + "ALTER TABLE typed ALTER m TYPE other USING m::text::other", "ALTER TYPE mood RENAME TO old;\n" + MOOD.replace("other", "mood") + "ALTER TABLE typed ALTER m TYPE mood USING m::text::mood",
    "CREATE TYPE other AS ENUM (U&'\\006f\\006b', 'bad');\nALTER TABLE typed ALTER t TYPE other USING t::other", MOOD + "CREATE SCHEMA far;\nCREATE TYPE far.other AS ENUM ('b');\nALTER TABLE typed ALTER t TYPE other USING t::other",
    "CREATE SCHEMA far;\nCREATE TYPE far.mood AS ENUM ('b');\nALTER TABLE typed ALTER t TYPE mood USING t::mood",
    "CREATE TYPE public.other AS ENUM ('b');\nCREATE SCHEMA far;\nCREATE TYPE far.other AS ENUM ('ok', 'bad');\nALTER TABLE typed ALTER t TYPE public.other USING t::public.other",
    "ALTER TYPE mood RENAME TO old;\n" + MOOD.replace("other", "mood").replace("'bad'", "'b'") + "ALTER TABLE typed ALTER m DROP DEFAULT;\nALTER TABLE typed ALTER m TYPE mood USING m::text::mood",
]
# Partitions: rows of the DEFAULT one that belong to a new one, rows of an attached table that do not belong there.
PLACES = """CREATE TABLE days (d date, n int) PARTITION BY RANGE (d); CREATE TABLE days1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE days_d PARTITION OF days DEFAULT;
    INSERT INTO days VALUES ('2026-01-05', 1), ('2026-03-01', 2), (NULL, 3); CREATE TABLE april (d date, n int); INSERT INTO april VALUES ('2026-04-30', 1); CREATE TABLE kinds (k text, n int) PARTITION BY LIST (k);
    CREATE TABLE kinds_d PARTITION OF kinds DEFAULT; INSERT INTO kinds VALUES ('a', 1), (NULL, 2), ('it''s', 3); CREATE TABLE loose (k text, n int); INSERT INTO loose VALUES ('x', 1), (NULL, 2);
    CREATE TABLE sums (n int, m int) PARTITION BY RANGE (n, m); CREATE TABLE sums_d PARTITION OF sums DEFAULT; INSERT INTO sums VALUES (5, 5);
    CREATE TABLE names (k text COLLATE "en-x-icu") PARTITION BY RANGE (k COLLATE "C"); CREATE TABLE names_d PARTITION OF names DEFAULT; INSERT INTO names VALUES ('B');"""
DAYS, KINDS = "CREATE TABLE fresh PARTITION OF days FOR VALUES ", "CREATE TABLE fresh PARTITION OF kinds FOR VALUES "
PLACED = [
    *(DAYS + bound for bound in ("FROM ('2026-03-01') TO ('2026-04-01')", "FROM ('2026-02-01') TO ('2026-03-01')", "FROM (MINVALUE) TO ('2026-01-01')", "FROM ('2026-02-01') TO (MAXVALUE)")),
    *(KINDS + bound for bound in ("IN ('a')", "IN ('b', 'c')", "IN ('b', NULL)", "IN ('it''s')")), "ALTER TABLE days ATTACH PARTITION april FOR VALUES FROM ('2026-04-01') TO ('2026-05-01')",
    "ALTER TABLE days ATTACH PARTITION april FOR VALUES FROM ('2026-04-01') TO ('2026-04-30')", "ALTER TABLE days ATTACH PARTITION april FOR VALUES FROM ('2026-03-01') TO ('2026-05-01')", "ALTER TABLE kinds ATTACH PARTITION loose FOR VALUES IN ('x')",
    "ALTER TABLE kinds ATTACH PARTITION loose FOR VALUES IN ('x', 'y')", DAYS + "FROM ('2026-02-01') TO ('2026-03-01');\nCREATE TABLE later PARTITION OF days FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')",
    "ALTER TABLE days DETACH PARTITION days_d;\n" + DAYS + "FROM ('2026-03-01') TO ('2026-04-01')", "DELETE FROM days_d;\n" + DAYS + "FROM ('2026-03-01') TO ('2026-04-01')",
    "CREATE TABLE fresh PARTITION OF names FOR VALUES FROM ('a') TO ('z')",
]
# Unique indexes over expressions, or of some rows; and what an INSERT leaves out.
MAIL = """CREATE TABLE mail (id int PRIMARY KEY, address text, gone date, "Odd" text, n int); INSERT INTO mail VALUES (1, 'A@x', NULL, 'a', 0), (2, 'a@x', '2026-01-01', 'b', 1), (3, 'b@x', '2026-01-01', 'b', 2), (4, NULL, NULL, NULL, 4), (5, NULL, NULL, NULL, 5);
    CREATE TABLE full_of (id int PRIMARY KEY, a text NOT NULL, b text NOT NULL DEFAULT 'x', c bigserial NOT NULL, d int GENERATED ALWAYS AS IDENTITY NOT NULL, e int NOT NULL GENERATED ALWAYS AS (1) STORED);
    CREATE TABLE triggered (id int NOT NULL, a text NOT NULL); CREATE FUNCTION fills() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := 1; RETURN NEW; END'; CREATE TRIGGER x BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION fills();
    CREATE TABLE ruled (id int NOT NULL, a text NOT NULL); CREATE RULE x AS ON INSERT TO ruled DO INSTEAD NOTHING; CREATE VIEW over AS SELECT id, a FROM triggered; CREATE DOMAIN filled AS text DEFAULT 'x'; CREATE TABLE with_domain (id int, a filled NOT NULL);"""
UNEQUAL = [
    *(f"CREATE UNIQUE INDEX ON mail {rest}" for rest in (
        "(lower(address))", "(lower(address), n)", "(upper(address), lower(address))", "((n / 3))", "((n % 9))", "(address) WHERE gone IS NULL", "(lower(address)) WHERE gone IS NULL", '("Odd") WHERE gone IS NOT NULL', '("Odd") WHERE gone IS NULL',
        "(gone) WHERE n > 0 AND n < 3", "(gone) WHERE n > 1", "(lower(address)) INCLUDE (n)", "((4 / n))", "((4 / n)) WHERE n > 0", "USING btree (lower(address))", "(n, (address || 'x'))")),
    "CREATE UNIQUE INDEX IF NOT EXISTS mail_i ON mail (n)", "CREATE INDEX ON mail (lower(address))", "UPDATE mail SET address = id::text;\nCREATE UNIQUE INDEX ON mail (lower(address))",
    "INSERT INTO full_of (id) VALUES (1)", "INSERT INTO full_of (id, a) VALUES (1, 'x')", "INSERT INTO full_of (a) VALUES ('x')", "INSERT INTO full_of (id) SELECT 1 WHERE false", "INSERT INTO full_of (id, b) VALUES (1, 'x') ON CONFLICT DO NOTHING",
    "INSERT INTO triggered (id) VALUES (1)", "INSERT INTO ruled (id) VALUES (1)", "INSERT INTO over (id) VALUES (1)", "INSERT INTO with_domain (id) VALUES (1)", "ALTER TABLE full_of ALTER a SET DEFAULT 'x';\nINSERT INTO full_of (id) VALUES (1)",
    "ALTER TABLE full_of ALTER a DROP NOT NULL;\nINSERT INTO full_of (id) VALUES (1)", "CREATE TABLE fresh (a int NOT NULL, b int);\nINSERT INTO fresh (b, a) VALUES (1, 2)",
]
# New columns: what the rows that are there get in them, in the same statement and behind it.
COLUMN = "ALTER TABLE rows ADD COLUMN c "
ADDED = [
    *(COLUMN + rest for rest in (
        "int NOT NULL DEFAULT 0 CHECK (c > 0)", "int NOT NULL DEFAULT 1 CHECK (c > 0)", "int DEFAULT 5 REFERENCES parents", "int NOT NULL DEFAULT 1 REFERENCES parents (id)", "int REFERENCES parents", "text NOT NULL DEFAULT '' UNIQUE", "text UNIQUE",
        "varchar(3) DEFAULT 'abcdef'", "varchar(3) DEFAULT 'abc'", "numeric(3,1) DEFAULT 1000", "date DEFAULT '2026-13-01'", "int NOT NULL DEFAULT NULL", "int DEFAULT NULL CHECK (c > 0)", "int CHECK (c IS NOT NULL)", "int PRIMARY KEY DEFAULT 1", "serial UNIQUE",
        "text DEFAULT 'x' CHECK (c IN ('a', 'b'))", "text NOT NULL DEFAULT 'x', ADD CONSTRAINT k CHECK (c <> t)", "text NOT NULL DEFAULT 'abc', ADD CONSTRAINT k CHECK (c <> t)", "int NOT NULL DEFAULT 0, ADD UNIQUE (c)", "int NOT NULL DEFAULT 0, ADD UNIQUE (c, id)",
        "int NOT NULL DEFAULT 7, ADD CONSTRAINT fk FOREIGN KEY (c) REFERENCES parents (id) NOT VALID", "int GENERATED ALWAYS AS (10 / (n - 5)) STORED", "int GENERATED ALWAYS AS (n * 2) STORED CHECK (c > 0)", "int GENERATED ALWAYS AS (n * 2) STORED CHECK (c > -99)",
        "varchar(2) GENERATED ALWAYS AS (t) STORED", "int NOT NULL GENERATED ALWAYS AS (CASE WHEN n > 0 THEN 1 END) STORED", "int GENERATED ALWAYS AS (n * n) STORED UNIQUE", "smallint GENERATED ALWAYS AS (n * 20000) STORED", "int DEFAULT -5, ADD b2 int DEFAULT (2 + 3), ADD CHECK (c > b2)",
        "uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE", "jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(c) = 'array')", "bool NOT NULL DEFAULT false CHECK (c)", "int DEFAULT 1, ADD EXCLUDE USING btree (c WITH =)", "timestamptz NOT NULL DEFAULT now()")),
    "CREATE TABLE bare (id int);\nALTER TABLE bare ADD COLUMN c text NOT NULL DEFAULT '' UNIQUE", "ALTER TABLE parted ADD COLUMN c int DEFAULT 0 CHECK (c > 0)", "ALTER TABLE ONLY parted1 ADD COLUMN c int", "ALTER TABLE kin ADD COLUMN c int DEFAULT 0 CHECK (c > 0)",
    *(f"{COLUMN}text NOT NULL DEFAULT '';\n{rest}" for rest in (
        "CREATE UNIQUE INDEX ON rows (c)", "CREATE UNIQUE INDEX ON rows (c, id)", "ALTER TABLE rows ADD CONSTRAINT u UNIQUE (c)", "UPDATE rows SET c = id::text;\nCREATE UNIQUE INDEX ON rows (c)", "ALTER TABLE rows ALTER c SET DEFAULT 'x';\nALTER TABLE rows ADD CHECK (c <> '')",
        "ALTER TABLE rows ALTER c DROP NOT NULL;\nALTER TABLE rows ALTER c SET NOT NULL", "ALTER TABLE rows DROP c;\nALTER TABLE rows ADD c int;\nALTER TABLE rows ADD CHECK (c > 0)")),
    COLUMN + "int NOT NULL DEFAULT 7;\nALTER TABLE rows ADD FOREIGN KEY (c) REFERENCES parents", COLUMN + "int NOT NULL DEFAULT 1;\nALTER TABLE rows ADD FOREIGN KEY (c) REFERENCES parents", COLUMN + "int NOT NULL DEFAULT 7;\nINSERT INTO parents VALUES (7);\nALTER TABLE rows ADD FOREIGN KEY (c) REFERENCES parents",
]
# What the plan does before may change what would be asked, or runs somebody's code.
NOT_KNOWN = [
    VALIDATE + "calls", "ALTER TABLE rows RENAME CONSTRAINT small TO other;\n" + VALIDATE + "other", ADD + "CONSTRAINT c CHECK (n > 0) NOT VALID;\nUPDATE rows SET n = 1;\n" + VALIDATE + "c",
    ADD + "CONSTRAINT c CHECK (n > 0) NOT VALID;\nALTER TABLE rows RENAME COLUMN n TO was;\n" + VALIDATE + "c", ADD + "CONSTRAINT c CHECK (n > 0) NOT VALID;\nALTER TABLE rows ALTER n TYPE bigint USING 1;\n" + VALIDATE + "c",
    "ALTER TABLE parents DROP CONSTRAINT parents_pkey, ADD PRIMARY KEY (a);\n" + FK + VALIDATE + "c", "ALTER TABLE rows DROP CONSTRAINT small;\n" + ADD + "CONSTRAINT small CHECK (positive(n)) NOT VALID;\n" + VALIDATE + "small",
]
# Their conditions are not asked over the rows: they call what is a user's, or compare an enum, for which no label may be in the way.
NOT_ASKED = ["ALTER TABLE hidden ADD CHECK (positive(n))", ADD + "CHECK (m = 'ok')", "ALTER TABLE hidden ADD CHECK (public.positive(n))", ADD + "EXCLUDE USING gist (r WITH &&) WHERE (n > -9)"]


class Rows(Case):
    def really(self, statement):
        """The SQLSTATE of its error, or an empty string."""
        text = statement.replace("'", "''")
        return self.sql(f"""DO $$ BEGIN EXECUTE '{text}'; RAISE EXCEPTION 'undone' USING ERRCODE = 'TR001';
            EXCEPTION WHEN OTHERS THEN PERFORM set_config('truss_test.state', replace(SQLSTATE, 'TR001', ''), false); END $$;
            SELECT current_setting('truss_test.state')""")[0][0]

    def planned(self, statements):
        """Why each fails, as planned alone."""
        project = self.project()
        for number, statement in enumerate(statements):
            project.add(f"{number:05}", statement + ";\n")
        rpc = self.rpc(self.worker(project, url=self.url()))
        found = []
        for number in range(len(statements)):
            plan = rpc.call("MigrationService", "Plan", {"migrations": [f"{number:05}"], "allow_out_of_order": True})
            found.append(plan.migrations[0].steps[0].statements[-1].fails)
        return found

    def compare(self, statements):
        statements = todays(statements, 3)
        wrong = []
        for statement, fails in zip(statements, self.planned(statements)):
            state = self.really(statement)
            if (f"({state})" not in fails) if state[:2] == "23" else bool(fails) if not state else not fails:
                wrong.append(f"{statement}: {state or 'succeeds'}, but the plan says: {fails or 'nothing'}")
        self.assertEqual(wrong, [])

    def test_what_rows_are_in_the_way_of_is_told(self):
        self.sql(SETUP)
        self.compare(STATEMENTS)

    def test_a_constraint_that_is_validated_is_held_against_the_rows(self):
        self.sql(SETUP + LATE)
        newer = int(self.sql("SHOW server_version_num")[0][0]) >= 180000
        if newer:
            self.sql("ALTER TABLE rows ADD CONSTRAINT filled NOT NULL q NOT VALID, ADD CONSTRAINT full_t NOT NULL t NOT VALID")
        self.compare(VALIDATED + ([VALIDATE + "filled", VALIDATE + "full_t"] if newer else []))
        self.assertEqual(self.planned(NOT_KNOWN), [""] * len(NOT_KNOWN))

    def test_what_a_new_column_s_value_does_not_fulfil_is_told(self):
        self.sql(SETUP)
        self.compare(ADDED)

    def test_rows_that_are_equal_in_expressions_and_columns_without_a_value_are_told(self):
        self.sql(MAIL)
        self.compare(UNEQUAL)
        unsure = ["CREATE UNIQUE INDEX ON mail (lower(address) text_pattern_ops)", 'CREATE UNIQUE INDEX ON mail (lower(address) COLLATE "C")']  # what is equal there
        self.assertEqual(self.planned(unsure), [""] * len(unsure))

    def test_a_column_that_becomes_a_users_type_is_held_against_the_rows(self):
        self.sql(SETUP + TYPED)
        self.compare(RETYPED)
        unsure = [MOOD.replace("'bad'", "'b'") + "ALTER TYPE other ADD VALUE 'bad';\nALTER TABLE typed ALTER t TYPE other USING t::other", "ALTER TYPE mood RENAME VALUE 'bad' TO 'b';\n" + MOOD + "ALTER TABLE typed ALTER m TYPE other USING m::text::other",
                  "CREATE CAST (mood AS text) WITH FUNCTION spoken(mood);\n" + MOOD + "ALTER TABLE typed ALTER m TYPE other USING m::text::other", MOOD + "ALTER TABLE typed ALTER u TYPE other USING CASE u WHEN 'odd' THEN 'ok'::other ELSE u::other END"]
        self.assertEqual(self.planned(unsure), [""] * len(unsure))
        # As a text it is a label; as it is stored it is none.
        self.sql("CREATE COLLATION either (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE padded (c char(6), t text COLLATE either); INSERT INTO padded VALUES ('ok', 'OK')")
        plan = self.serve("ALTER TABLE padded ALTER c TYPE mood USING c::mood;\nALTER TABLE padded ALTER t TYPE mood USING t::mood;").call("MigrationService", "Plan")
        self.assertEqual(["makes it fail (22P02)" in one.advice for one in plan.migrations[0].steps[0].statements], [True, True])

    def test_rows_that_are_in_the_way_of_a_partition_are_told(self):
        self.sql(SETUP + PLACES)
        self.compare(PLACED)
        unsure = ["CREATE TABLE fresh PARTITION OF sums FOR VALUES FROM (5, 0) TO (6, 0)", DAYS + "FROM (('2026-02-' || '02')::date) TO ('2026-04-01')"]
        self.assertEqual(self.planned(unsure), [""] * len(unsure))

    def test_a_default_partition_is_read_for_a_new_one(self):
        self.sql(SETUP + PLACES + "CREATE TABLE bare (d date) PARTITION BY RANGE (d);")
        for table, work in (("days", 2), ("bare", 1)):
            plan = self.serve(f"CREATE TABLE new_{table} PARTITION OF {table} FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');").call("MigrationService", "Plan")
            self.assertEqual(plan.migrations[0].steps[0].statements[0].work, work)

    def test_no_code_of_anybody_is_run_for_it(self):
        self.sql(SETUP)
        self.assertEqual(self.planned(NOT_ASKED), [""] * len(NOT_ASKED))
        evil = """CREATE TABLE caught (t text); CREATE FUNCTION evil(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''caught'' USING ERRCODE = ''22000''; END';
            CREATE OPERATOR > (FUNCTION = evil, LEFTARG = int, RIGHTARG = int);"""
        self.sql(evil)
        hidden = "ALTER TABLE rows ADD EXCLUDE USING btree (id WITH =), ALTER a TYPE bigint USING public.evil(a, a)::int, ALTER n TYPE bigint USING n + 0"
        self.assertEqual(self.planned(["ALTER TABLE kin ADD CHECK (n OPERATOR(public.>) 0)", hidden]), ["", ""])

    def test_nobody_is_waited_for_and_a_large_table_is_not_read_to_its_end(self):
        self.sql("CREATE TABLE large (n int, t text); INSERT INTO large SELECT i, repeat('x', 50) FROM generate_series(1, 2000000) AS i; CREATE TABLE held (n int); INSERT INTO held VALUES (-1)")
        self.hold("BEGIN", "LOCK TABLE held")
        fails = self.planned(["ALTER TABLE large ADD CHECK (t ~ '^(x+)+$' AND n > 0)", "ALTER TABLE large ADD CHECK (n % 2 = 0)", "ALTER TABLE held ADD CHECK (n > 0)"])
        self.assertEqual([bool(one) for one in fails], [False, True, False])


if __name__ == "__main__":
    harness.main()
