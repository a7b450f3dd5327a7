"""What the other files compare databases with (tests/support/catalogue.py) sees how each thing is defined, and not only that it is there."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import catalogue
import harness
import libpq
from harness import Case

harness.Cluster.keeps = True

SERVER = "CREATE FOREIGN DATA WRAPPER fw; CREATE SERVER srv FOREIGN DATA WRAPPER fw; CREATE TABLE t (a int, b int);"
FIRES = "CREATE FUNCTION fa() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE FUNCTION fb() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
# Its catalog: what is made first, and the same thing with two definitions.
PAIRS = {
    "operator": ("", "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)", "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne)"),
    "opclass": ("CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR FAMILY other USING btree;",
                "CREATE OPERATOR CLASS oc FOR TYPE int USING btree FAMILY fam AS STORAGE int", "CREATE OPERATOR CLASS oc FOR TYPE int USING btree FAMILY other AS STORAGE int"),
    "opfamily": ("", "CREATE OPERATOR FAMILY fam USING btree", "CREATE OPERATOR FAMILY fam USING btree; ALTER OPERATOR FAMILY fam USING btree OWNER TO {role}"),
    "amop": ("CREATE OPERATOR FAMILY fam USING btree;", "ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int, int)", "ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 2 < (int, int)"),
    "amproc": ("CREATE OPERATOR FAMILY fam USING btree;", "ALTER OPERATOR FAMILY fam USING btree ADD FUNCTION 1 (int, int) btint4cmp(int, int)",
               "ALTER OPERATOR FAMILY fam USING btree ADD FUNCTION 1 (int, bigint) btint48cmp(int, bigint)"),
    "cast": ("", "CREATE CAST (text AS int) WITH INOUT", "CREATE CAST (text AS int) WITH INOUT AS ASSIGNMENT"),
    "collation": ("", "CREATE COLLATION coll (provider = libc, locale = 'C')", "CREATE COLLATION coll (provider = libc, locale = 'POSIX')"),
    "conversion": ("", "CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", "CREATE DEFAULT CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"),
    "ts_config": ("", "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple); ALTER TEXT SEARCH CONFIGURATION c OWNER TO {role}"),
    "ts_config_map": ("CREATE TEXT SEARCH CONFIGURATION c (PARSER = 'default');", "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple",
                      "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH english_stem"),
    "ts_dict": ("", "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)", "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, accept = false)"),
    "ts_parser": ("", "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
                  "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline)"),
    "ts_template": ("", "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)", "CREATE TEXT SEARCH TEMPLATE t (INIT = dsimple_init, LEXIZE = dsimple_lexize)"),
    "foreign_data_wrapper": ("", "CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'b')"),
    "foreign_server": (SERVER, "CREATE SERVER s FOREIGN DATA WRAPPER fw OPTIONS (host 'one')", "CREATE SERVER s FOREIGN DATA WRAPPER fw OPTIONS (host 'two')"),
    "foreign_table": (SERVER, "CREATE FOREIGN TABLE ft (a int) SERVER srv", "CREATE FOREIGN TABLE ft (a int) SERVER srv OPTIONS (x '1')"),
    "user_mapping": (SERVER, "CREATE USER MAPPING FOR CURRENT_USER SERVER srv OPTIONS (u 'one')", "CREATE USER MAPPING FOR CURRENT_USER SERVER srv OPTIONS (u 'two')"),
    "statistic_ext": (SERVER, "CREATE STATISTICS st (ndistinct) ON a, b FROM t", "CREATE STATISTICS st (dependencies) ON a, b FROM t"),
    "transform": ("", "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
                  "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))"),
    "language": ("", "CREATE LANGUAGE l HANDLER plpgsql_call_handler", "CREATE TRUSTED LANGUAGE l HANDLER plpgsql_call_handler"),
    "am": ("", "CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler", "CREATE ACCESS METHOD am TYPE INDEX HANDLER hashhandler"),
    "subscription": ("", "CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)",
                     "CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION q WITH (connect = false, slot_name = NONE)"),
    "aggregate": ("", "CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int)", "CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int, INITCOND = '7')"),
    "range": ("", "CREATE TYPE r AS RANGE (SUBTYPE = int)", "CREATE TYPE r AS RANGE (SUBTYPE = bigint)"),
    "publication": (SERVER, "CREATE PUBLICATION pub FOR TABLE t", "CREATE PUBLICATION pub FOR TABLE t WITH (publish = 'insert')"),
    "publication_rel": (SERVER + "CREATE TABLE u (a int);", "CREATE PUBLICATION pub FOR TABLE t", "CREATE PUBLICATION pub FOR TABLE u"),
    "event_trigger": (FIRES, "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION fa()", "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION fb()"),
}


class Catalogue(Case):
    def setUp(self):
        super().setUp()
        self.role = f"r{os.getpid()}"
        self.sql(f"CREATE ROLE {self.role}")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE {self.role}")

    def made(self, *scripts):
        """What the catalogue has of a database in which these ran."""
        session = libpq.Session(self.cluster.by_socket(self.database))
        try:
            session.execute("BEGIN")
            for script in scripts:
                session.execute(script.replace("", "").replace("{role}", self.role))
            return sorted(catalogue.lines(session))
        finally:
            session.execute("ROLLBACK")
            session.close()

    def test_each_kind_has_its_pair(self):
        self.assertEqual(set(PAIRS), set(catalogue.DEFINITIONS))

    def test_another_definition_is_another_line_of_that_kind(self):
        for kind, (before, one, other) in PAIRS.items():
            with self.subTest(kind):
                first, second = self.made(before, one), self.made(before, other)
                self.assertEqual(first, self.made("CREATE TABLE gap (); DROP TABLE gap", before, one))
                differing = [line for line in set(first) ^ set(second) if line.startswith(f"CREATE {kind} ")]
                self.assertTrue(differing)


if __name__ == "__main__":
    harness.main()
