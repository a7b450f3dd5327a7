"""What a run leaves in a database, as lines to compare: schema, rows, ledger. Times and ids are left out, and what is ours, of
which the rows of unfinished steps must be gone.
"""
import difflib
import json

OURS = "n.nspname !~ '^pg_|^information_schema$' AND n.nspname <> 'truss'"


def asked(query):
    """SQL: the values that a query gives whose text is only made there."""
    return f"regexp_replace(query_to_xml({query}, false, false, '')::text, '(<[^>]*>|\\s)+', ' ', 'g')"


SECTIONS = {
    "columns": f"""SELECT c.oid::regclass, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {OURS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum ORDER BY c.oid::regclass::text, a.attnum""",
    "constraints": f"""SELECT conrelid::regclass, conname, pg_get_constraintdef(o.oid) FROM pg_constraint o JOIN pg_namespace n ON n.oid = connamespace
        WHERE {OURS} AND contype <> 'n' ORDER BY 1, 2""",
    "indexes": f"""SELECT pg_get_indexdef(i.indexrelid), indisvalid, indisready, indislive FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} ORDER BY 1""",
    "partitions": """SELECT inhrelid::regclass, inhparent::regclass, to_jsonb(i) -> 'inhdetachpending' FROM pg_inherits i ORDER BY 1""",
    "enums": "SELECT enumtypid::regtype, array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum GROUP BY 1 ORDER BY 1",
    "functions": f"SELECT p.oid::regprocedure, prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE {OURS} ORDER BY 1",
    "rows": f"""SELECT c.oid::regclass, {asked("format('SELECT count(*), md5(string_agg(t::text, '','' ORDER BY t::text)) FROM %s t', c.oid::regclass)")}
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND relkind = 'r' AND relname <> '_prisma_migrations' ORDER BY 1""",
    "ledger": """SELECT migration_name, finished_at IS NOT NULL, rolled_back_at, applied_steps_count, checksum, logs
        FROM _prisma_migrations ORDER BY 1, 2""",
    "twice": "SELECT step, count(*) FROM witness GROUP BY 1 HAVING count(*) > 1 ORDER BY 1",
    "steps left": f"""SELECT {asked("'SELECT migration, step FROM truss.migration_steps'")} WHERE to_regclass('truss.migration_steps') IS NOT NULL""",
}


def fingerprint(cluster, database):
    """{section: rows} of all that a run may leave."""
    parts = ", ".join(f"'{name}', (SELECT json_agg(to_json(s)) FROM ({sql}) s)" for name, sql in SECTIONS.items())
    answer = json.loads(cluster.psql(database, f"SELECT json_build_object({parts})")[0][0])
    lines = {name: [" ".join(str(field) for field in row.values()) for row in rows or []] for name, rows in answer.items()}
    return {name: [line for line in rows if line.strip()] for name, rows in lines.items()}


def differences(expected, found):
    lines = [f"{section}: {line}" for section in SECTIONS for line in difflib.ndiff(expected[section], found[section]) if line[0] in "-+"]
    return lines[:12]
