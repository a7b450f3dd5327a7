"""What a plan says of changes of types, held against what the server does with the rows: every type to every other, by assignment and
by a cast. A change that cannot be turned back has lost something; the plan must say so. One that fails on the rows must be told, by
the rows where the plan can read them, and as a possibility where it cannot.

TRUSS_TEST_ALL  changes every type to every other; without it a fifth of them, another fifth each day"""
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Staying, todays

harness.Cluster.keeps = True

# A type, and values of it that other types have no room for.
VALUES = {
    "smallint": ["1", "-32768"],
    "int": ["7", "16777217", "-2147483648"],
    "bigint": ["5", "9007199254740993"],
    "numeric": ["1.23456789", "123456789012345678901234567890"],
    "numeric(10,4)": ["1.2345", "999999.9999"],
    "numeric(10,2)": ["1.25", "99999999.99"],
    "numeric(4,0)": ["12", "9999"],
    "numeric(3,2)": ["9.99"],
    "real": ["0.1", "3e38"],
    "double precision": ["0.1234567890123456", "1e300", "Infinity"],
    "bool": ["true", "false"],
    "money": ["1.25"],
    "text": ["abc", "  padded  ", "a much longer text than that", ""],
    "varchar(20)": ["abc", "twelve chars", "ab  "],
    "varchar(3)": ["abc", "a"],
    "char(5)": ["abc", "abcde"],
    "char(2)": ["a", "ab"],
    "name": ["abc", "x" * 63],
    "date": ["2026-02-03"],
    "timestamp": ["2026-02-03 04:05:06.123456", "2026-03-29 02:30:00", "2026-10-25 02:30:00"],
    "timestamp(0)": ["2026-02-03 04:05:06"],
    "timestamptz": ["2026-02-03 04:05:06.123456+00", "2026-10-25 00:30:00+00", "2026-10-25 01:30:00+00"],
    "timestamptz(0)": ["2026-02-03 04:05:06+00"],
    "time": ["04:05:06.5"],
    "time(0)": ["04:05:06"],
    "timetz": ["04:05:06.5+03"],
    "interval": ["1 day 04:05:06.5", "2 months"],
    "interval(0)": ["1 day 04:05:06"],
    "interval day to hour": ["1 day 04:00:00"],
    "json": ['{"a": 1, "b": 2}', '{"a": 1, "a": 2}', '{"b": 1, "a": 2}', '"\\u0000"'],
    "jsonb": ['{"a": 1}', "[1, 2]"],
    "uuid": ["6ecd8c99-4036-403d-bf84-cf8400f67836"],
    "bit(4)": ["1010"],
    "bit(8)": ["10100000"],
    "varbit": ["101", "1"],
    "varbit(2)": ["10", "1"],
    "inet": ["10.0.0.1/8", "10.0.0.0/8"],
    "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "bytea": ["\\x6162"],
    "xml": ["<a/>"],
    "point": ["(1,2)"],
    "box": ["(1,1),(0,0)"],
    "int4range": ["[1,3)"],
    "tsvector": ["a b"],
    "oid": ["1", "4294967295"],
    "mood": ["ok", "bad"],
    "amount": ["1.2345"],
    "small": ["1.2345"],
    "numeric(10,4)[]": ["{1.2345}"],
    "numeric(10,2)[]": ["{1.25}"],
    "text[]": ["{a,a much longer text}"],
    "varchar(3)[]": ["{abc}"],
    "int[]": ["{1,2}"],
}
SETUP = """CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE DOMAIN amount AS numeric(10,4); CREATE DOMAIN small AS numeric CHECK (VALUE < 10);
    CREATE TABLE other (id int);"""
# What the server does with a change of a type, which is undone: kept, lost, or the SQLSTATE of its error. A value is kept if a cast,
# or its text, turns it back into the old one. Made for the question only: a plan fears what a function with EXECUTE may do.
BECOMES = """CREATE FUNCTION becomes(changed text, statement text, old text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE kept bool; way text; back text[] := ARRAY['n.c::%1$s', 'n.c::text::%1$s'];
    BEGIN
        EXECUTE statement;
        FOREACH way IN ARRAY back LOOP
            BEGIN
                EXECUTE format('SELECT bool_and((' || way || ')::text IS NOT DISTINCT FROM o.c::text) FROM %2$I n JOIN %2$s_old o USING (id)', old, changed) INTO kept;
            EXCEPTION WHEN OTHERS THEN
                kept := false;
            END;
            EXIT WHEN kept;
        END LOOP;
        RAISE EXCEPTION '%', CASE WHEN kept THEN 'kept' ELSE 'lost' END USING ERRCODE = 'TR001';
    EXCEPTION WHEN SQLSTATE 'TR001' THEN
        RETURN SQLERRM;
    WHEN OTHERS THEN
        RETURN SQLSTATE;
    END $$;"""
# No cast turns money into a whole number, nor an oid into a smallint.
KEPT = [("smallint", "money"), ("int", "money"), ("bigint", "money"), ("smallint", "oid")]
# Types that are not PostgreSQL's own, whose casts may run anybody's code, and what is written with blanks: rows are not asked.
OPAQUE = {"mood", "amount", "small", "interval day to hour", "varchar(3)[]"}
BLANKS = [("xml", "char(5)"), ("varbit", "char(5)")]

WIDER = [("smallint", "int"), ("int", "bigint"), ("bigint", "numeric"), ("int", "double precision"), ("numeric(10,2)", "numeric(10,2)"), ("numeric(10,2)", "numeric"),
         ("numeric(3,2)", "numeric(10,4)"), ("numeric(3,2)", "double precision"), ("numeric(4,0)", "int"), ("real", "double precision"), ("varchar(3)", "varchar(20)"),
         ("varchar(20)", "text"), ("char(2)", "char(5)"), ("char(5)", "text"), ("name", "text"), ("date", "timestamp"), ("timestamp(0)", "timestamp"), ("time(0)", "time"),
         ("interval(0)", "interval"), ("time", "interval"), ("jsonb", "json"), ("json", "text"), ("jsonb", "text"), ("uuid", "text"), ("bool", "text"), ("mood", "text"),
         ("bit(4)", "varbit"), ("varbit(2)", "varbit"), ("cidr", "inet"), ("macaddr", "macaddr8"), ("numeric(10,2)[]", "numeric(12,2)[]"), ("varchar(3)[]", "text[]"), ("amount", "numeric(10,4)")]


def samples():
    """(the old type, the new type, USING)"""
    return [(one, other, using) for one in VALUES for other in VALUES if one != other for using in ("", f" USING c::{other}")]


def table_of(old):
    return "t" + str(list(VALUES).index(old))


def statement_of(sample):
    old, new, using = sample
    return f"ALTER TABLE {table_of(old)} ALTER c TYPE {new}{using}"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class Types(Staying):
    def fill(self):
        tables = []
        for old, values in VALUES.items():
            rows = ", ".join(f"({number}, {quoted(value)})" for number, value in enumerate(values))
            tables.append(f"CREATE TABLE {table_of(old)} (id int, c {old}); INSERT INTO {table_of(old)} VALUES {rows}, (99, NULL);"
                          f"CREATE TABLE {table_of(old)}_old AS SELECT * FROM {table_of(old)};")
        self.sql(f"ALTER DATABASE {self.database} SET timezone = 'Europe/Berlin'")
        self.end_sessions()
        self.sql(SETUP + "".join(tables))

    def really(self, changes):
        """What the server does with each: kept, lost, or the SQLSTATE of its error."""
        rows = ", ".join(f"({number}, {quoted(table_of(one[0]))}, {quoted(statement_of(one))}, {quoted(one[0])})" for number, one in enumerate(changes))
        answers = self.sql(f"SET timezone = 'Europe/Berlin'; {BECOMES} SELECT becomes(t, s, o) FROM (VALUES {rows}) AS v (n, t, s, o) ORDER BY n; DROP FUNCTION becomes")
        return ["kept" if one[:2] in KEPT and row[0] == "lost" else row[0] for one, row in zip(changes, answers)]

    def planned(self, changes, before=""):
        """The statement that a plan lists for each; a plan changes each table once."""
        rpc = self.stay()
        plans = {}
        seen = collections.Counter()
        for number, one in enumerate(changes):
            self.files.add(f"{number:05}", f"{before}{statement_of(one)};\n")
            plans.setdefault(seen[one[0]], []).append(f"{number:05}")
            seen[one[0]] += 1
        found = {}
        for names in plans.values():
            plan = rpc.call("MigrationService", "Plan", {"migrations": names, "allow_out_of_order": True})
            self.assertEqual(len(plan.migrations), len(names))
            found |= {name: migration.steps[0].statements[-1] for name, migration in zip(names, plan.migrations)}
        return [found[name] for name in sorted(found)]

    def differences(self, changes, before, judge):
        """judge(what the server does, what the plan lists) returns what is wrong."""
        wrong = []
        for one, really, planned in zip(changes, self.really(changes), self.planned(changes, before)):
            says = judge(one, really, planned)
            if says:
                wrong.append(f"{one[0]} to {one[1]}{one[2]}: {really}, but {says}: {planned.fails or planned.advice}")
        return wrong

    def possible(self):
        """Today's changes that the server knows at all; the others need a USING, or an extension."""
        changes = todays(samples(), 5)
        return [one for one, really in zip(changes, self.really(changes)) if really[:2] not in ("42", "0A")]

    def test_what_the_rows_do_is_told(self):
        self.fill()
        def judge(one, really, planned):
            fails = really not in ("kept", "lost")
            is_opaque = bool(OPAQUE & {one[0], one[1]}) or one[:2] in BLANKS
            return ("it is not told to fail" if fails and not planned.fails and not (is_opaque and f"({really[:2]}" in planned.advice) else
                    "it is told to fail" if planned.fails and not fails else
                    "it is not told to lose" if really == "lost" and not planned.loses_data else
                    "it is told to lose" if really == "kept" and planned.loses_data and not is_opaque else None)
        self.assertEqual(self.differences(self.possible(), "", judge), [])

    def test_what_rows_may_do_is_told_where_they_cannot_be_read(self):
        self.fill()
        def judge(one, really, planned):
            fails = really not in ("kept", "lost")
            return ("it is told to fail" if planned.fails else
                    "it is not told that it may fail" if fails and f"({really[:2]}" not in planned.advice else
                    "it is not told to lose" if really == "lost" and not planned.loses_data else None)
        self.assertEqual(self.differences(self.possible(), "DELETE FROM other;\n", judge), [])

    def test_of_a_type_that_is_wider_nothing_is_said(self):
        self.fill()
        def judge(one, really, planned):
            return "it is told to lose" if planned.loses_data else "it may fail" if "makes it fail" in planned.advice else None
        self.assertEqual(self.differences([(*one, "") for one in WIDER], "DELETE FROM other;\n", judge), [])

    def listed(self, script, setup):
        self.database = None
        self.sql(setup)
        plan = self.serve(script).call("MigrationService", "Plan")
        return [one for step in plan.migrations[0].steps for one in step.statements], plan

    def test_what_the_plan_itself_has_changed_is_the_old_type(self):
        """Each script ends with a change that is narrower, or not, than what the script has made of the column before."""
        setup = "CREATE TABLE p (id int, c numeric(10,2), v varchar(3)); INSERT INTO p VALUES (1, 1.25, 'abc')"
        for script, loses in (("ALTER TABLE p ALTER c TYPE numeric(12,4);\nALTER TABLE p ALTER c TYPE numeric(10,2);", True),
                              ("ALTER TABLE p ALTER c TYPE numeric(12,2);\nALTER TABLE p ALTER c TYPE numeric(12,4);", False),
                              ("ALTER TABLE p RENAME c TO d;\nALTER TABLE p ALTER d TYPE numeric(8,0);", True),
                              ("ALTER TABLE p RENAME c TO d;\nALTER TABLE p ALTER d TYPE numeric(12,2);", False),
                              ("ALTER TABLE p RENAME TO q;\nALTER TABLE q ALTER v TYPE text;\nALTER TABLE q ALTER v TYPE varchar(9);", True),
                              ("ALTER TABLE p RENAME TO q;\nALTER TABLE q ALTER v TYPE varchar(9);", False),
                              ("ALTER TABLE p ADD e timestamp DEFAULT now();\nALTER TABLE p ALTER e TYPE date;", True),
                              ("ALTER TABLE p ADD e bigserial;\nALTER TABLE p ALTER e TYPE numeric;", False),
                              ("CREATE TYPE kind AS ENUM ('abc');\nALTER TABLE p ALTER v TYPE kind USING v::kind;", False),
                              ("CREATE TABLE made (c numeric(10,4));\nALTER TABLE made ALTER c TYPE int;", False),
                              ("ALTER TABLE p ADD e int;\nALTER TABLE p DROP e;", False), ("ALTER TABLE p DROP COLUMN IF EXISTS nope;", False),
                              ("ALTER TABLE p DROP COLUMN IF EXISTS nope, DROP v;", True), ("ALTER TABLE p RENAME c TO d;\nALTER TABLE p DROP d;", True),
                              ("ALTER TABLE p ADD COLUMN IF NOT EXISTS c int;\nALTER TABLE p DROP c;", True)):
            with self.subTest(script):
                statements, plan = self.listed(script, setup)
                self.assertEqual((statements[-1].loses_data, plan.loses_data), (loses, loses), statements[-1].advice)

    def test_rows_are_read_where_they_can_be_and_it_is_said(self):
        for rows, loses, says in (("VALUES (1.5)", False, "are rounded to 2 decimals; no row has one now that changes"),
                                  ("VALUES (1.2345)", True, "are rounded to 2 decimals; there are rows with such values"),
                                  ("SELECT WHERE false", False, "no row has one now")):
            statements, plan = self.listed("ALTER TABLE p ALTER c TYPE numeric(10,2);", f"CREATE TABLE p (c numeric(10,4)); INSERT INTO p {rows}")
            self.assertEqual((plan.loses_data, "This plan loses data." in plan.summary), (loses, loses))
            self.assertIn(says, statements[0].advice)

    def test_what_means_the_same_is_kept(self):
        """Blanks outside of the strings of a JSON, capital letters of a UUID; the order of keys is not kept, nor are zeros in front."""
        for value, change, loses in (("6ECD8C99-4036-403D-BF84-CF8400F67836", "uuid USING c::uuid", False), ('{"a":   1}', "jsonb USING c::jsonb", False),
                                     ('{"b": 1, "a": 2}', "jsonb USING c::jsonb", True), ("7", "int USING c::int", False), ("007", "int USING c::int", True)):
            with self.subTest(value):
                plan = self.listed(f"ALTER TABLE p ALTER c TYPE {change};", f"CREATE TABLE p (c text); INSERT INTO p VALUES ('{value}')")[1]
                self.assertEqual(plan.loses_data, loses)

    def test_rows_that_nobody_may_read_count_as_if_they_changed(self):
        """Rows that a lock or a policy keeps from us, and more than can be read in a tenth of a second."""
        setup = "CREATE TABLE p (c timestamptz); INSERT INTO p VALUES ('2026-01-01 00:00:00');"
        self.assertFalse(self.listed("ALTER TABLE p ALTER c TYPE date;", setup)[1].loses_data)
        many = "INSERT INTO p SELECT '2026-01-01' FROM generate_series(1, 3000000);"
        self.assertTrue(self.listed("ALTER TABLE p ALTER c TYPE date;", setup + many)[1].loses_data)
        self.assertTrue(self.listed("SET TIME ZONE 'UTC';\nALTER TABLE p ALTER c TYPE date;", setup)[1].loses_data)

    def test_no_code_of_anybody_runs_when_rows_are_read(self):
        """A cast, a function and an operator that an owner of the table has made would run with our rights."""
        evil = "CREATE TABLE caught (); CREATE FUNCTION evil({0}) RETURNS {1} LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''caught'' USING ERRCODE = ''22001''; END';"
        for setup, change in ((evil.format("kind", "text") + "CREATE CAST (kind AS text) WITH FUNCTION evil(kind) AS IMPLICIT", "text USING c::text"),
                              (evil.format("kind", "int") + "CREATE CAST (kind AS int) WITH FUNCTION evil(kind) AS ASSIGNMENT", "int"),
                              (evil.format("kind", "text"), "text USING evil(c)")):
            with self.subTest(change):
                statements = self.listed(f"ALTER TABLE p ALTER c TYPE {change};", f"CREATE TYPE kind AS ENUM ('a'); CREATE TABLE p (c kind); INSERT INTO p VALUES ('a'); {setup}")[0]
                self.assertEqual(statements[0].fails, "")


if __name__ == "__main__":
    harness.main()
