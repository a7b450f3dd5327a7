"""A database in which another role has laid traps: whatever she may create that our SQL could take in place of pg_catalog's would run with
our rights. Each trap writes a line to the server's log; none may spring."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "frameworks"))
import fixtures
import harness
from fixtures import MIXED, PROGRAMS, Fixtures, per, spread
from harness import RpcError

NAMES = fixtures.names()
# One of each kind of ledger and lock; with TRUSS_TEST_ALL every framework.
KINDS = {"bun", "diesel", "drizzle", "flyway", "golang-migrate", "knex", "liquibase", "rails", "sqitch", "typeorm"}
TRIED = [name for name in NAMES if name in KINDS or os.environ.get("TRUSS_TEST_ALL")]
# What a run writes beside the ledger.
BESIDE = {"bun": "public.bun_migration_locks", "knex": "public.knex_migrations_lock", "liquibase": "public.databasechangeloglock", "sqitch": "sqitch.events",
          "yoyo": "public.yoyo_lock"}
NATIVE = [name for name in TRIED if name not in PROGRAMS | MIXED]
PERMISSION_DENIED, FAILED_PRECONDITION = 7, 9

# Eve owns what is in two schemas: public, where everybody may create as before PostgreSQL 15, and her own.
SCHEMAS = """
CREATE SCHEMA eve AUTHORIZATION eve; GRANT USAGE ON SCHEMA eve TO PUBLIC;
GRANT CREATE ON SCHEMA public TO PUBLIC;
SET SESSION AUTHORIZATION eve; SET search_path = pg_catalog; SET check_function_bodies = off;
CREATE FUNCTION eve.sprung(pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql AS
  $f$ BEGIN RAISE LOG 'SPRUNG % as %', $1, current_user; RETURN true; END $f$;
"""

# Operators of types that fit better than those of pg_catalog, which are for any, text or others that ours can be cast to.
BETTER = """
DO $do$ DECLARE s text; l text; r text; o text; result text; BEGIN
  FOREACH s IN ARRAY ARRAY['public'] LOOP
    FOREACH l IN ARRAY %(types)s LOOP FOREACH r IN ARRAY %(types)s LOOP
      FOREACH result IN ARRAY ARRAY['pg_catalog.bool', 'pg_catalog.text', l] LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION %%s.%%I(pg_catalog.%%s, pg_catalog.%%s) RETURNS %%s LANGUAGE plpgsql AS '
                       '$f$ BEGIN PERFORM eve.sprung(''operator of %%s, %%s''); RETURN NULL; END $f$',
                       s, 'trap_' || result, l, r, result, replace(l, '"', ''), replace(r, '"', ''));
      END LOOP;
      FOREACH o IN ARRAY ARRAY['=','<>','<','>','<=','>=','~~','!~~','~','~*','!~','@>','&&','||','->>','->','+','-','*','/','|','&','<<'] LOOP
        result := CASE WHEN o IN ('||', '->>', '->') THEN 'pg_catalog.text' WHEN o IN ('+','-','*','/','|','&','<<') THEN l ELSE 'pg_catalog.bool' END;
        CONTINUE WHEN EXISTS (SELECT FROM pg_operator p WHERE p.oprname = o AND p.oprleft = l::regtype AND p.oprright = r::regtype);
        EXECUTE format('CREATE OPERATOR %%s.%%s (LEFTARG = pg_catalog.%%s, RIGHTARG = pg_catalog.%%s, FUNCTION = %%s.%%I)', s, o, l, r, s, 'trap_' || result);
      END LOOP;
    END LOOP; END LOOP;
  END LOOP;
END $do$;
""" % {"types": "ARRAY['name','text','\"char\"','oid','int4','int8','regclass','varchar']"}

# Exact twins of what pg_catalog has, for a search path that puts her schema first: functions, operators, types, relations.
TWINS = """
DO $do$ DECLARE p record; BEGIN
  FOR p IN SELECT f.proname, oidvectortypes(f.proargtypes) AS arguments, format_type(f.prorettype, NULL) AS result, f.proretset
      FROM pg_proc f JOIN pg_type t ON t.oid = f.prorettype
      WHERE f.pronamespace = 'pg_catalog'::regnamespace AND f.prokind IN ('f', 'a') AND t.typtype = 'b' AND f.proallargtypes IS NULL AND f.provariadic = 0
      AND NOT EXISTS (SELECT FROM unnest(f.proargtypes) a(id) JOIN pg_type x ON x.oid = a.id WHERE x.typtype <> 'b') LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION eve.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS $f$ BEGIN PERFORM eve.sprung(%L); RETURN %s; END $f$',
                   p.proname, p.arguments, CASE WHEN p.proretset THEN 'SETOF' ELSE '' END, p.result, 'function ' || p.proname,
                   CASE WHEN p.proretset THEN '' ELSE 'NULL' END);
  END LOOP;
  FOR p IN SELECT o.oprname, format_type(o.oprleft, NULL) AS l, format_type(o.oprright, NULL) AS r, format_type(o.oprresult, NULL) AS result, o.oid
      FROM pg_operator o JOIN pg_type a ON a.oid = o.oprleft AND a.typtype = 'b' JOIN pg_type b ON b.oid = o.oprright AND b.typtype = 'b'
      JOIN pg_type c ON c.oid = o.oprresult AND c.typtype = 'b' WHERE o.oprnamespace = 'pg_catalog'::regnamespace LOOP
    EXECUTE format('CREATE FUNCTION eve.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN PERFORM eve.sprung(%L); RETURN NULL; END $f$',
                   'twin_' || p.oid, p.l, p.r, p.result, 'operator ' || p.oprname || ' of ' || p.l || ', ' || p.r);
    EXECUTE format('CREATE OPERATOR eve.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = eve.%I)', p.oprname, p.l, p.r, 'twin_' || p.oid);
  END LOOP;
  FOR p IN SELECT t.typname FROM pg_type t WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A'
      AND t.typname !~ '^(_|pg_)' LOOP
    EXECUTE format('CREATE DOMAIN eve.%I AS pg_catalog.%I CHECK (eve.sprung(%L))', p.typname, p.typname, 'type ' || p.typname);
  END LOOP;
  FOR p IN SELECT c.relname, (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND t.typtype <> 'p') AS columns FROM pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
      AND has_table_privilege('eve', c.oid, 'SELECT') LOOP
    EXECUTE format('CREATE VIEW eve.%I AS SELECT %s FROM pg_catalog.%I WHERE eve.sprung(%L)', p.relname, p.columns, p.relname, 'view ' || p.relname);
    EXECUTE format('GRANT SELECT ON eve.%I TO PUBLIC', p.relname);
  END LOOP;
END $do$;
"""

_template = []


class Hostile(Fixtures):
    def setUp(self):
        super().setUp()
        self.log_began = self.cluster.log_size()

    def sprung(self):
        """What the traps have said since the test began, each with the statement that sprang it, once."""
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d .*? (?:LOG|CONTEXT|STATEMENT|ERROR|DETAIL|HINT|FATAL): )", self.cluster.logged(self.log_began), flags=re.M)
        found = set()
        for i, entry in enumerate(entries):
            if "SPRUNG" in entry:
                statement = next((other for other in entries[i + 1:i + 4] if "STATEMENT:" in other), "")
                found.add(entry.split("LOG:")[1].strip() + ": " + statement.split("STATEMENT:")[-1].strip()[:1200])
        return sorted(found)

    def trapped(self, dump=None, path=None):
        """A database with the traps, and what a dump has."""
        if not _template:
            name = self.cluster.create_database()
            self.cluster.psql("postgres", "CREATE ROLE eve LOGIN PASSWORD 'eve'")
            self.cluster.real_psql(name, SCHEMAS + BETTER + TWINS, True)
            _template.append(name)
        database = self.cluster.create_database(_template[0])
        self.load(dump, database)
        if path:
            self.cluster.psql(database, f'ALTER DATABASE "{database}" SET search_path = {path}')
        self.log_began = self.cluster.log_size()
        return database

    def dump_path(self, name, which):
        return which and os.path.join(fixtures.FIXTURES, name, which)

    def ask_all(self, rpc, *, runs):
        """Every method once; what it answers is judged elsewhere, and an error by whether a trap is behind it."""
        def call(method, **request):
            try:
                return rpc.call("MigrationService", method, request)
            except RpcError:
                return None
        status = call("GetStatus")
        call("Check")
        call("Plan")
        names = [one.name for one in status.migrations] if status else []
        for name in names[-1:]:
            call("Preview", name=name)
        call("DetectSchema", sql="CREATE TABLE users (id integer NOT NULL, note text DEFAULT 'x', at timestamptz); CREATE INDEX i ON users (id);"
                                 "CREATE VIEW v AS SELECT 1; ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID; CREATE TYPE t AS ENUM ('a');")
        call("MarkRolledBack", migration=names[0] if names else "x")
        if runs:
            call("Run", dry_run=True)
            call("Run")
            call("GetStatus")
        elif names:
            call("MarkApplied", migration=names[-1])
        try:
            for operation in rpc.call("OperationService", "ListOperations", {}).operations:
                rpc.call("OperationService", "GetOperation", {"id": operation.id})
        except (RpcError, AttributeError, KeyError):
            call("ListOperations")
        try:
            rpc.call("Health", "GetInfo", {})
        except (RpcError, AttributeError, KeyError):
            pass


@spread
class Traps(Hostile):
    def test_the_traps_do_spring_for_who_looks_elsewhere(self):
        database = self.trapped()
        self.cluster.psql(database, "SET search_path = public; SELECT 'a'::pg_catalog.name || 'b'::pg_catalog.name")
        self.cluster.psql(database, "SET search_path = eve, pg_catalog; SELECT pg_catalog.lower('A') || 'b'")
        self.cluster.psql(database, "SET search_path = eve, pg_catalog; SELECT relname FROM pg_class")
        said = "\n".join(self.sprung())
        for word in ("operator of name, name", "operator ||", "view pg_class"):
            self.assertIn(word, said)

    def test_a_plan_reads_no_table_that_runs_her_code_when_a_query_is_planned(self):
        """PostgreSQL computes what is constant in an index as it plans a query over its table: as who asks."""
        database = self.trapped()
        self.cluster.real_psql(database, "SET SESSION AUTHORIZATION eve; SET check_function_bodies = off;"
                               "CREATE FUNCTION eve.fixed(pg_catalog.text) RETURNS pg_catalog.bool IMMUTABLE LANGUAGE plpgsql AS"
                               " $f$ BEGIN RETURN eve.sprung($1); END $f$; CREATE TABLE public.hers (i pg_catalog.int4); INSERT INTO public.hers VALUES (1);"
                               "CREATE INDEX ON public.hers ((eve.fixed('index')))", True)
        self.log_began = self.cluster.log_size()
        files = self.project()
        files.add("1", "ALTER TABLE public.hers ADD COLUMN j int NOT NULL;")
        worker = self.worker(files, url=self.cluster.url(database))
        plan = self.rpc(worker).call("MigrationService", "Plan")
        self.assertEqual(len(plan.migrations), 1)
        self.assertEqual("\n".join(self.sprung()), "")

    def test_code_of_a_role_that_initdb_made_is_a_strangers(self):
        """The server notes nowhere what pg_monitor owns. Whoever is a member of it can let it own a function."""
        self.cluster.psql("postgres", "CREATE ROLE mona LOGIN; GRANT pg_monitor TO mona")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE mona")
        for has_other in (False, True):
            with self.subTest(has_other=has_other):
                database = self.trapped() if has_other else self.cluster.create_database()
                files = self.project()
                files.add("1", "SELECT 1;")
                rpc = self.rpc(self.worker(files, url=self.cluster.url(database)))
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.cluster.real_psql(database, "CREATE SCHEMA mona; GRANT ALL ON SCHEMA mona TO mona, pg_monitor; GRANT USAGE ON SCHEMA mona TO PUBLIC;"
                                       "GRANT TRIGGER ON public._prisma_migrations TO mona; SET SESSION AUTHORIZATION mona; SET ROLE pg_monitor;"
                                       "CREATE FUNCTION mona.spring() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE LOG 'SPRUNG as %', current_user; "
                                       "RETURN COALESCE(NEW, OLD); END $f$; RESET ROLE;"
                                       "CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON public._prisma_migrations FOR EACH ROW EXECUTE FUNCTION mona.spring()", True)
                self.log_began = self.cluster.log_size()
                files.add("2", "SELECT 2;")
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", "Run")
                self.assertIn("of pg_monitor: that role's code would run", caught.exception.status.message)
                self.assertEqual("\n".join(self.sprung()), "")
                self.cluster.real_psql(database, "DROP TRIGGER spring ON public._prisma_migrations; DROP SCHEMA mona CASCADE;"
                                       "REVOKE ALL ON public._prisma_migrations FROM mona", True)

    @per(TRIED)
    def test_looking_at_every_framework_springs_none(self, name):
        """Her schema is the first of the path, pg_catalog the last: nothing of ours may go by it."""
        with self.serve(name, self.trapped(self.dump_path(name, "before.sql"), "eve, public, pg_catalog")) as rpc:
            self.ask_all(rpc, runs=False)
        self.assertEqual("\n".join(self.sprung()), "")

    @per(NATIVE)
    def test_running_every_framework_springs_none(self, name):
        with self.serve(name, self.trapped(self.dump_path(name, "before.sql"))) as rpc:
            self.ask_all(rpc, runs=True)
        self.assertEqual("\n".join(self.sprung()), "")

    @per(NATIVE)
    def test_a_first_run_of_every_framework_springs_none(self, name):
        """The ledger is made, with its defaults."""
        with self.serve(name, self.trapped()) as rpc:
            self.ask_all(rpc, runs=True)
        self.assertEqual("\n".join(self.sprung()), "")

    @per(BESIDE.items())
    def test_a_table_beside_the_ledger_that_is_hers_is_not_written(self, name, table):
        """A lock or a log of the framework's: hers from before the first run, or made hers, or with a trigger of hers."""
        if name == "liquibase":
            self.needs(14, "CREATE OR REPLACE TRIGGER, which its project has")
        trigger = ("SET ROLE eve; CREATE OR REPLACE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM eve.sprung('beside'); "
                   "RETURN COALESCE(NEW, OLD); END $f$; CREATE TRIGGER spring BEFORE INSERT OR UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION public.spring(); RESET ROLE")
        for hers in ("ALTER TABLE {0} OWNER TO eve", "GRANT TRIGGER ON {0} TO eve"):
            with self.subTest(way=hers):
                database = self.trapped(self.dump_path(name, "before.sql"))
                self.cluster.real_psql(database, "GRANT USAGE ON SCHEMA " + table.split(".")[0] + f" TO eve; {hers.format(table)};" + trigger.format(table), True)
                self.log_began = self.cluster.log_size()
                with self.serve(name, database) as rpc:
                    self.assertIn("of eve: that role's code", "".join(rpc.call("MigrationService", "Check").warnings))
                    pending = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations if self.state(one) == "pending"]
                    for method, request in (("Run", {}), ("MarkApplied", {"migration": pending[0]})):
                        try:
                            reply = rpc.call("MigrationService", method, request)
                        except RpcError as error:
                            said = error.status.message
                        else:
                            said = reply.failed.error if method == "Run" else "it was marked"
                        if name not in PROGRAMS | MIXED or method == "MarkApplied":
                            self.assertIn("of eve: that role's code would run", said)
                self.assertEqual("\n".join(self.sprung()), "")

    @per(("knex", "liquibase", "kysely"))
    def test_a_lock_table_that_she_made_before_the_first_run_is_not_filled(self, name):
        database = self.trapped()
        table, columns = {"knex": ("knex_migrations_lock", '"index" serial PRIMARY KEY, is_locked integer'),
                          "liquibase": ("databasechangeloglock", "id integer PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby text"),
                          "kysely": ("kysely_migration_lock", "id text PRIMARY KEY, is_locked integer DEFAULT 0 NOT NULL")}[name]
        self.cluster.real_psql(database, f"SET ROLE eve; CREATE TABLE public.{table} ({columns}); GRANT ALL ON public.{table} TO PUBLIC; "
                               "CREATE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM eve.sprung('lock'); RETURN NEW; END $f$; "
                               f"CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.spring()", True)
        self.log_began = self.cluster.log_size()
        with self.serve(name, database) as rpc:
            names = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations]
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "MarkApplied", {"migration": names[0]})
            self.assertIn(f"the table public.{table} of eve", caught.exception.status.message)
        self.assertEqual("\n".join(self.sprung()), "")
        self.assertEqual(self.cluster.psql(database, f"SELECT count(*) FROM public.{table}"), [("0",)])


if __name__ == "__main__":
    harness.main()
