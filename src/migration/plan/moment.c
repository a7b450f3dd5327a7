/*
 * Each question is one query whose rows are sentences: what is read there is what is said.
 */
#include "migration/plan/moment.h"

#include "sql/classify.h"

#include <string.h>

struct moment {
    const struct request *request;
    struct pg_session *session;
    const struct detection *detection;
    struct warnings *warnings;
};

void warnings_add(struct warnings *warnings, const char *warning)
{
    for (size_t i = 0; warning != NULL && i < warnings->count; i++) {
        if (strcmp(warnings->items[i], warning) == 0) {
            return;
        }
    }
    if (warning != NULL && warnings->count < MOST_WARNINGS) {
        warnings->items[warnings->count++] = warning;
    }
}

/* Every row's first column is a warning. */
static void ask(const struct moment *moment, const char *what, const char *sql, int count, const char *const *values)
{
    struct arena *const arena = moment->request->arena;
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(moment->session, sql, count, values, &unanswered);
    if (result == NULL) {
        warnings_add(moment->warnings, arena_printf(arena, "%s cannot be known: %s", what, unanswered.message));
    }
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        warnings_add(moment->warnings, arena_strdup(arena, pg_field(result, row, 0)));
    }
}

/* ---- the server ---- */

static const char server_sql[] =
    "SELECT 'The server is a standby (in recovery): nothing can be written to it.' "
    "WHERE pg_catalog.pg_is_in_recovery() "
    "UNION ALL SELECT 'Sessions are read-only (default_transaction_read_only): a run would fail at its first write.' "
    "WHERE pg_catalog.current_setting('default_transaction_read_only') = 'on' AND NOT pg_catalog.pg_is_in_recovery() "
    "UNION ALL SELECT pg_catalog.format('Only %s connection(s) are left (max_connections); a run needs 4.', f.free) "
    "FROM (SELECT pg_catalog.current_setting('max_connections')::int - pg_catalog.current_setting("
    "'superuser_reserved_connections')::int - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity "
    "WHERE backend_type = 'client backend') AS free) f WHERE f.free < 4 "
    "UNION ALL SELECT pg_catalog.format('The role \"%s\" may have %s connection(s) in all; a run needs 4.', rolname, "
    "rolconnlimit) FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolconnlimit BETWEEN 0 AND 3 "
    "UNION ALL SELECT pg_catalog.format('The database may have %s connection(s) in all; a run needs 4.', datconnlimit) "
    "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database() AND datconnlimit BETWEEN 0 AND 3";

/* A pooler that gives each transaction another session cannot keep a run's locks. */
static void check_pooler(const struct moment *moment)
{
    struct status unanswered = {.arena = moment->request->arena};
    const struct conninfo *const conninfo = moment->request->site->conninfo;
    PG_RESULT(result) = pg_query(moment->session, "SELECT pg_catalog.pg_backend_pid()", 0, NULL, &unanswered);
    const bool is_other = result != NULL && pg_field_int(result, 0, 0, 0) != pg_session_backend_pid(moment->session);
    if (is_other || (conninfo != NULL && conninfo->pgbouncer)) {
        warnings_add(moment->warnings,
                     is_other ? "The connection goes through a pooler (PgBouncer or alike), which cannot keep a "
                                "run's locks: give the worker a direct connection URL."
                              : "The connection URL says pgbouncer=true: a run through a pooler is refused, give "
                                "the worker a direct connection URL.");
    }
}

/* ---- the ledger ---- */

/* $1 the ledger's schema, $2 its table. */
static const char make_sql[] =
    "SELECT pg_catalog.format('The schema \"%s\" is not there, and the role \"%s\" may not create it: GRANT CREATE ON "
    "DATABASE \"%s\" TO \"%s\".', $1::text, current_user, pg_catalog.current_database(), current_user) "
    "WHERE pg_catalog.to_regnamespace(pg_catalog.quote_ident($1)) IS NULL "
    "AND NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') "
    "UNION ALL SELECT pg_catalog.format('The ledger is to be made, and the role \"%s\" may not create in schema "
    "\"%s\": "
    "GRANT CREATE, USAGE ON SCHEMA \"%s\" TO \"%s\".', current_user, $1, $1, current_user) "
    "FROM pg_catalog.pg_namespace n WHERE n.nspname = $1 AND $2::text IS NOT NULL "
    "AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')";

static const char write_sql[] =
    "SELECT pg_catalog.format('The role \"%s\" may not write the ledger %I.%I: GRANT INSERT, UPDATE, DELETE ON it.', "
    "current_user, $1::text, $2::text) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 "
    "AND NOT pg_catalog.has_table_privilege(c.oid, 'INSERT')";

/* Steps of a migration that needs several transactions are kept in a schema of ours. */
static bool needs_store(const struct preparation *preparation)
{
    for (size_t i = 0; i < preparation->count; i++) {
        if (preparation->items[i].plan.count > 0 && !preparation->items[i].plan.one_transaction) {
            return true;
        }
    }
    return false;
}

static void check_ledger(const struct moment *moment, const struct preparation *preparation)
{
    const struct ledger *const ledger = &moment->detection->ledger;
    const char *const values[] = {ledger->schema, ledger->table};
    ask(moment, "Whether the ledger can be written", moment->detection->has_ledger ? write_sql : make_sql, 2, values);
    if (needs_store(preparation)) {
        ask(moment, "Whether the schema \"truss\" can be made", make_sql, 2, (const char *const[]){"truss", NULL});
    }
}

/* ---- what the statements need ---- */

/* An array literal under construction. */
static void put_element(struct buffer *array, const char *value)
{
    buffer_puts(array, array->size == 0 ? "{\"" : ",\"");
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buffer_putc(array, '\\');
        }
        buffer_putc(array, *c);
    }
    buffer_putc(array, '"');
}

static const char *array_of(struct buffer *array)
{
    buffer_puts(array, array->size == 0 ? "{}" : "}");
    return buffer_string(array);
}

/* $1 relations, $2 the numbers of their locks. Which locks conflict is PostgreSQL's table; autovacuum gives way by
 * itself. */
static const char holders_sql[] =
    "WITH wanted AS (SELECT pg_catalog.to_regclass(w.name)::oid AS relation, pg_catalog.max(w.mode) AS mode "
    "FROM unnest($1::text[], $2::int[]) AS w(name, mode) GROUP BY 1), "
    "modes(name, mode, conflicts) AS (VALUES ('AccessShareLock', 1, '{8}'::int[]), ('RowShareLock', 2, '{7,8}'), "
    "('RowExclusiveLock', 3, '{5,6,7,8}'), ('ShareUpdateExclusiveLock', 4, '{4,5,6,7,8}'), "
    "('ShareLock', 5, '{3,4,6,7,8}'), ('ShareRowExclusiveLock', 6, '{3,4,5,6,7,8}'), "
    "('ExclusiveLock', 7, '{2,3,4,5,6,7,8}'), ('AccessExclusiveLock', 8, '{1,2,3,4,5,6,7,8}')) "
    "SELECT pg_catalog.format('This run would wait for pid %s (\"%s\", user %s, %s%s), which has a lock on %s (%s).', "
    "a.pid, a.application_name, a.usename, coalesce(a.state, a.backend_type), "
    "coalesce(pg_catalog.format(', for %s s in its transaction', pg_catalog.floor(pg_catalog.date_part('epoch', "
    "pg_catalog.clock_timestamp() - a.xact_start))), ''), w.relation::pg_catalog.regclass, l.mode) "
    "FROM wanted w JOIN pg_catalog.pg_locks l ON l.relation = w.relation AND l.locktype = 'relation' "
    "AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) "
    "JOIN modes m ON m.name = l.mode AND w.mode = ANY (m.conflicts) "
    "JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE a.pid <> pg_catalog.pg_backend_pid() "
    "AND a.backend_type <> 'autovacuum worker' ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 8";

/* $1 relations that are altered or dropped. */
static const char owners_sql[] =
    "SELECT DISTINCT pg_catalog.format('The role \"%s\" is not the owner of %s (\"%s\" is), which a pending migration "
    "changes.', current_user, c.oid::pg_catalog.regclass, r.rolname) FROM unnest($1::text[]) AS w(name) "
    "JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name) "
    "JOIN pg_catalog.pg_roles r ON r.oid = c.relowner "
    "WHERE NOT pg_catalog.pg_has_role(current_user, c.relowner, 'USAGE') LIMIT 8";

/* $1 schemas in which something is made; NULL elements: the first of the search path; $2 the schema of the URL. */
static const char schemas_sql[] =
    "SELECT DISTINCT pg_catalog.format('The role \"%s\" may not create in schema \"%s\", where a pending migration "
    "does.', current_user, n.nspname) FROM unnest($1::text[]) AS w(name) JOIN pg_catalog.pg_namespace n "
    "ON n.nspname = coalesce(nullif(w.name, ''), $2, pg_catalog.current_schema()) "
    "WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE') LIMIT 8";

struct needs {
    struct arena *arena;
    const char *schema; /* of the connection URL; NULL: none */
    struct buffer relations;
    struct buffer modes;
    struct buffer owned;
    struct buffer schemas;
};

/* As the session of a run would find it, whose search path is the URL's schema where that has one. */
static const char *relation_of(const struct needs *needs, const char *relation)
{
    struct buffer name = {.arena = needs->arena};
    bool quoted = false;
    bool has_schema = needs->schema == NULL;
    for (const char *c = relation; *c != '\0'; c++) {
        quoted = *c == '"' ? !quoted : quoted;
        has_schema = has_schema || (!quoted && *c == '.');
    }
    if (has_schema) {
        return relation;
    }
    pg_quote_identifier(&name, needs->schema);
    buffer_printf(&name, ".%s", relation);
    return buffer_string(&name);
}

static bool changes_by_owner(const char *sql)
{
    return strncasecmp(sql, "alter", 5) == 0 || strncasecmp(sql, "drop", 4) == 0 ||
           strncasecmp(sql, "comment", 7) == 0 || strncasecmp(sql, "create index", 12) == 0 ||
           strncasecmp(sql, "create unique", 13) == 0;
}

/* Where a statement makes something that lives in a schema of its own choice. */
static void add_created(struct needs *needs, const char *sql)
{
    static const char *const kinds = " table view sequence type function procedure domain ";
    struct sql_objects objects = {0};
    sql_created_objects(needs->arena, text_of(sql), &objects);
    for (size_t i = 0; i < objects.count; i++) {
        const struct sql_object *const object = &objects.items[i];
        if (strstr(kinds, arena_printf(needs->arena, " %s ", object->type)) != NULL) {
            put_element(&needs->schemas, object->schema == NULL ? "" : object->schema);
        }
    }
}

static void add_statement(struct needs *needs, const struct explained_statement *statement)
{
    for (size_t i = 0; i < statement->effects.count; i++) {
        const struct sql_relation_lock *const lock = &statement->effects.locks[i];
        put_element(&needs->relations, relation_of(needs, lock->relation));
        put_element(&needs->modes, arena_printf(needs->arena, "%d", (int)lock->lock));
        if (i == 0 && changes_by_owner(statement->sql)) {
            put_element(&needs->owned, relation_of(needs, lock->relation));
        }
    }
    add_created(needs, statement->sql);
}

static void add_migration(struct needs *needs, const struct explained_migration *migration)
{
    for (size_t i = 0; migration->steps != NULL && i < migration->prepared->plan.count; i++) {
        for (size_t j = 0; !migration->steps[i].finished && j < migration->steps[i].listed; j++) {
            add_statement(needs, &migration->steps[i].statements[j]);
        }
    }
}

static void check_statements(const struct moment *moment, const struct explanation *explanation)
{
    struct arena *const arena = moment->request->arena;
    const char *const schema = moment->request->site->project.schema;
    struct needs needs = {.arena = arena,
                          .schema = schema,
                          .relations = {.arena = arena},
                          .modes = {.arena = arena},
                          .owned = {.arena = arena},
                          .schemas = {.arena = arena}};
    for (size_t i = 0; i < explanation->count; i++) {
        add_migration(&needs, &explanation->migrations[i]);
    }
    const char *const holders[] = {array_of(&needs.relations), array_of(&needs.modes)};
    const char *const owners[] = {array_of(&needs.owned)};
    const char *const schemas[] = {array_of(&needs.schemas), schema};
    ask(moment, "Whom a run would wait for", holders_sql, 2, holders);
    ask(moment, "Whose the relations are", owners_sql, 1, owners);
    ask(moment, "Where may be created", schemas_sql, 2, schemas);
}

void moment_check(const struct request *request, struct pg_session *session, const struct preparation *preparation,
                  const struct explanation *explanation, struct warnings *warnings)
{
    const struct moment moment = {request, session, &preparation->catalog.detection, warnings};
    ask(&moment, "Whether the server takes writes", server_sql, 0, NULL);
    check_pooler(&moment);
    check_ledger(&moment, preparation);
    check_statements(&moment, explanation);
}
