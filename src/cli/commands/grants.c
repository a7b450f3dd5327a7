/*
 * truss doctor --print-grants: prints SQL that makes a role with exactly the rights that migrations need, and a
 * read-only role for the workbench. Both fit what is in this database now: the owners of its objects, and its schemas.
 * Nothing is changed: a person reads the SQL, and somebody who may create roles runs it.
 */
#include "cli/commands/grants.h"

#include "base/words.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "truss/connection/v1/connection.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define SQL_SERVICE        &truss__sql__v1__sql_service__descriptor
#define CONNECTION_SERVICE &truss__connection__v1__connection_service__descriptor
#define READER_SUFFIX      "_reader"

typedef Truss__Migration__V1__GetStatusResponse StatusReply;

/* $1: the role, $2: the read-only role, $3: the schema of the tracking table or "", $4: the schema of Truss's own
 * tables. Left out: objects of extensions (they belong to the extension), sequences that a column owns (they follow
 * their table), SECURITY DEFINER routines (another owner would change what they may do). */
static const char objects_sql[] =
    "WITH spaces AS (SELECT n.oid, n.nspname, n.nspowner FROM pg_catalog.pg_namespace n "
    "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (n.nspname IN ('public', $4::pg_catalog.text, "
    "$3::pg_catalog.text) OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND NOT EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')))), "
    "objects AS ("
    "SELECT c.oid, c.relowner AS owner, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' "
    "WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS kind, "
    "pg_catalog.format('%I.%I', s.nspname, c.relname) AS name FROM pg_catalog.pg_class c "
    "JOIN spaces s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND NOT EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i')) "
    "UNION ALL SELECT t.oid, t.typowner, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, "
    "pg_catalog.format('%I.%I', s.nspname, t.typname) FROM pg_catalog.pg_type t JOIN spaces s ON s.oid = "
    "t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') "
    "UNION ALL "
    "SELECT p.oid, p.proowner, 'ROUTINE', pg_catalog.format('%I.%I(%s)', s.nspname, p.proname, "
    "pg_catalog.pg_get_function_identity_arguments(p.oid)) FROM pg_catalog.pg_proc p JOIN spaces s ON s.oid = "
    "p.pronamespace AND NOT p.prosecdef "
    "UNION ALL "
    "SELECT s.oid, s.nspowner, 'SCHEMA', pg_catalog.format('%I', s.nspname) FROM spaces s WHERE s.nspname <> 'public'"
    "), ours AS (SELECT o.*, r.rolname, r.rolsuper FROM objects o JOIN pg_catalog.pg_roles r ON r.oid = o.owner "
    "WHERE r.rolname NOT IN ($1::pg_catalog.text, 'pg_database_owner') AND NOT EXISTS (SELECT 1 FROM "
    "pg_catalog.pg_depend d WHERE "
    "d.objid = o.oid AND d.deptype = 'e')) "
    "SELECT pg_catalog.format('%I', $1::pg_catalog.text), pg_catalog.format('%I', $2::pg_catalog.text), "
    "pg_catalog.format('%I', pg_catalog.current_database()), "
    "(SELECT pg_catalog.string_agg(pg_catalog.format(E'GRANT %1$I TO %2$I;\\n"
    "ALTER DEFAULT PRIVILEGES FOR ROLE %2$I GRANT ALL ON TABLES TO %1$I;\\n"
    "ALTER DEFAULT PRIVILEGES FOR ROLE %2$I GRANT ALL ON SEQUENCES TO %1$I;\\n"
    "ALTER DEFAULT PRIVILEGES FOR ROLE %2$I GRANT ALL ON ROUTINES TO %1$I;', m.rolname, $1::pg_catalog.text), "
    "E'\\n' ORDER BY m.rolname) "
    "FROM (SELECT DISTINCT rolname FROM ours WHERE NOT rolsuper) m), "
    "(SELECT pg_catalog.string_agg(pg_catalog.format('ALTER %s %s OWNER TO %I;', u.kind, u.name, $1::pg_catalog.text), "
    "E'\\n' ORDER BY u.kind, u.name) FROM ours u WHERE u.rolsuper), "
    "(SELECT pg_catalog.string_agg(pg_catalog.format('GRANT USAGE, CREATE ON SCHEMA %I TO %I;', s.nspname, "
    "$1::pg_catalog.text), E'\\n' ORDER BY s.nspname) FROM spaces s), "
    "(SELECT pg_catalog.string_agg(pg_catalog.format(E'GRANT USAGE ON SCHEMA %1$I TO %2$I;\\n"
    "GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO %2$I;\\n"
    "ALTER DEFAULT PRIVILEGES FOR ROLE %3$I IN SCHEMA %1$I GRANT SELECT ON TABLES TO %2$I;', s.nspname, "
    "$2::pg_catalog.text, $1::pg_catalog.text), "
    "E'\\n' ORDER BY s.nspname) FROM spaces s WHERE s.nspname <> $4::pg_catalog.text), "
    "EXISTS (SELECT 1 FROM spaces s WHERE s.nspname = $4::pg_catalog.text), "
    "EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = $1::pg_catalog.text), "
    "EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = $2::pg_catalog.text), "
    "$3::pg_catalog.text = '' OR EXISTS (SELECT 1 FROM spaces s WHERE s.nspname = $3::pg_catalog.text), "
    "pg_catalog.format('%I', $3::pg_catalog.text), pg_catalog.format('%I', $4::pg_catalog.text)";

/* The columns of that query. */
enum answer {
    ROLE,
    READER,
    DATABASE,
    MEMBERSHIPS,
    OWNERS,
    SCHEMAS,
    READING,
    HAS_OWN_SCHEMA,
    HAS_ROLE,
    HAS_READER,
    HAS_LEDGER_SCHEMA,
    LEDGER_SCHEMA,
    OWN_SCHEMA,
    ANSWERS
};

static const char *text_at(const json_t *row, enum answer index)
{
    const char *const text = json_string_value(json_array_get(row, index));
    return text == NULL ? "" : text;
}

/* The same for a comment, which ends with its line: the name of a database may have a line break, and what stands
 * behind it would be run. */
static const char *said_at(struct arena *arena, const json_t *row, enum answer index)
{
    return output_safe(arena, text_at(row, index), false);
}

static bool is_at(const json_t *row, enum answer index)
{
    return json_is_true(json_array_get(row, index));
}

static void print_role(const char *name, bool is_there)
{
    if (is_there) {
        printf("-- It is there, and may do no more than this from now on: a superuser is none any more.\n");
    }
    printf("%s ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;\n",
           is_there ? "ALTER" : "CREATE", name);
}

static void print_section(const char *about, const char *statements)
{
    if (statements[0] != '\0') {
        printf("\n-- %s\n%s\n", about, statements);
    }
}

static void print_migrator(struct arena *arena, const json_t *row)
{
    const char *const role = text_at(row, ROLE);
    const char *const said_role = said_at(arena, row, ROLE);
    printf("\n-- Who runs migrations. Give it a password: \\password %s\n", said_role);
    print_role(role, is_at(row, HAS_ROLE));
    printf("GRANT CONNECT ON DATABASE %s TO %s;\n", text_at(row, DATABASE), role);
    if (!is_at(row, HAS_OWN_SCHEMA)) {
        printf("\n-- Truss's own tables: steps that were done, the audit, branches, backups.\n"
               "CREATE SCHEMA %s;\nALTER SCHEMA %s OWNER TO %s;\n",
               text_at(row, OWN_SCHEMA), text_at(row, OWN_SCHEMA), role);
    }
    if (!is_at(row, HAS_LEDGER_SCHEMA)) {
        printf("\n-- The schema of the tracking table.\nCREATE SCHEMA %s;\nALTER SCHEMA %s OWNER TO %s;\n",
               text_at(row, LEDGER_SCHEMA), text_at(row, LEDGER_SCHEMA), role);
    }
    print_section("Where migrations make things.", text_at(row, SCHEMAS));
    print_section(
        "What is there belongs to these roles: only a member of them may change it. They may use what it makes.",
        text_at(row, MEMBERSHIPS));
    print_section("This belongs to a superuser. A member of such a role could do everything, so it changes hands.",
                  text_at(row, OWNERS));
    if (text_at(row, OWNERS)[0] != '\0') {
        printf("-- From now on every worker logs in as %s: one that goes on as a superuser uses no tracking table and\n"
               "-- no schema %s that belong to another role.\n",
               said_role, said_at(arena, row, OWN_SCHEMA));
    }
    printf("\n-- Only where it is needed:\n"
           "-- GRANT CREATE ON DATABASE %s TO %s;    -- migrations that make schemas or trusted extensions\n"
           "-- ALTER ROLE %s CREATEDB;               -- branches, and restoring backups\n"
           "-- GRANT pg_read_all_stats TO %s;        -- to be told which statement of another role keeps a lock\n",
           said_at(arena, row, DATABASE), said_role, said_role, said_role);
}

static void print_reader(struct arena *arena, const json_t *row)
{
    const char *const reader = text_at(row, READER);
    printf(
        "\n-- Who reads in the SQL workbench: truss-worker --sql-role %s, or a connection of its own by --sql-url.\n",
        said_at(arena, row, READER));
    print_role(reader, is_at(row, HAS_READER));
    printf("ALTER ROLE %s SET default_transaction_read_only = on;\n"
           "GRANT CONNECT ON DATABASE %s TO %s;\n%s\nGRANT %s TO %s;\n",
           reader, text_at(row, DATABASE), reader, text_at(row, READING), reader, text_at(row, ROLE));
}

static void print_all(struct cli *cli, const StatusReply *status, const json_t *row)
{
    const Truss__Rpc__V1__Target *const target = status->target;
    const char *const framework = status->_framework_case == 0 ? "no framework yet" : status->framework;
    const char *const version = target == NULL || target->server_version == NULL ? "?" : target->server_version;
    printf("-- The least role for migrations (%s) of the database %s, PostgreSQL %s. Read it, then run it as a\n"
           "-- superuser: truss doctor --print-grants --role %s | psql --set ON_ERROR_STOP=1 URL\n"
           "BEGIN;\n",
           output_safe(cli->arena, framework, false), said_at(cli->arena, row, DATABASE),
           output_safe(cli->arena, version, false),
           output_safe(cli->arena, words_quoted(cli->arena, cli->given.grants_role), false));
    print_migrator(cli->arena, row);
    print_reader(cli->arena, row);
    printf("\nCOMMIT;\n");
}

/* From the name in the status, "app.migrations" or "\"app\".\"migrations\"", takes "app"; "" if it has no schema. */
static char *schema_of(struct arena *arena, const StatusReply *status)
{
    const struct text name = text_of(status->_tracking_table_case == 0 ? "" : status->tracking_table);
    const size_t dot = text_find(name, ".", 0);
    const bool quoted = text_starts_with(name, "\"");
    const size_t end = quoted ? text_find(name, "\"", 1) : dot;
    return dot == SIZE_MAX || end == SIZE_MAX
               ? arena_strdup(arena, "")
               : arena_strndup(arena, name.data + (quoted ? 1 : 0), end - (quoted ? 1 : 0));
}

/* The schema of Truss's own tables; for an older worker, which does not report it, the usual one. NULL: the worker
 * cannot be asked. */
static const char *own_schema_of(struct cli *cli)
{
    const Truss__Connection__V1__GetConnectionRequest request = TRUSS__CONNECTION__V1__GET_CONNECTION_REQUEST__INIT;
    const Truss__Connection__V1__Connection *const reply =
        call(cli, CONNECTION_SERVICE, "GetConnection", &request.base, READ_SECONDS);
    return reply == NULL ? NULL : reply->state_schema[0] == '\0' ? "truss" : reply->state_schema;
}

static bool name_is_right(struct cli *cli, const char *name)
{
    static const size_t longest = 63 - (sizeof READER_SUFFIX - 1); /* of the 63 bytes that PostgreSQL keeps */
    return (name[0] != '\0' && strlen(name) <= longest && strncmp(name, "pg_", 3) != 0) ||
           status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                       "--role is the name of the role that is to be made: 1 to %zu bytes, not beginning with pg_.",
                       longest);
}

int grants_print(struct cli *cli)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    Truss__Sql__V1__QueryRequest query = TRUSS__SQL__V1__QUERY_REQUEST__INIT;
    const char *const role = cli->given.grants_role;
    request.framework = framework_of(cli);
    const StatusReply *const status =
        name_is_right(cli, role) ? call(cli, MIGRATION, "GetStatus", &request.base, READ_SECONDS) : NULL;
    const char *const own_schema = status == NULL ? NULL : own_schema_of(cli);
    if (own_schema == NULL) {
        return EXIT_ERROR;
    }
    char *parameters[] = {arena_strdup(cli->arena, role), arena_printf(cli->arena, "%s" READER_SUFFIX, role),
                          schema_of(cli->arena, status), arena_strdup(cli->arena, own_schema)};
    query.sql = arena_strdup(cli->arena, objects_sql);
    query.params = parameters;
    query.n_params = 4;
    query.row_mode = arena_strdup(cli->arena, "array");
    const Truss__Sql__V1__QueryResponse *const reply = call(cli, SQL_SERVICE, "Query", &query.base, READ_SECONDS);
    json_t *const row =
        reply == NULL || reply->n_values != 1 ? NULL : json_loads(reply->values[0]->text, JSON_ALLOW_NUL, NULL);
    const bool is_whole = row != NULL && !reply->truncated && json_array_size(row) == ANSWERS;
    if (is_whole) {
        print_all(cli, status, row);
    } else if (reply != NULL) {
        status_fail(cli->status, STATUS_RESOURCE_EXHAUSTED,
                    "This database has more objects than can be listed at once: no grants were made for it.");
    }
    json_decref(row);
    return is_whole ? EXIT_FINE : EXIT_ERROR;
}
