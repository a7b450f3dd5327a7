/*
 * The catalogs are looked at first, so that a role with few rights is asked for no more than is needed.
 */
#include "pg/own_tables.h"

#include "base/sqlstate.h"
#include "pg/code.h"
#include "pg/own_sql.h"
#include "pg/trust.h"

#define MOST_TRIES 3

/* What stands in the way, the worst first: the number of it in look_sql. */
enum obstacle { OBSTACLE_SCHEMA, OBSTACLE_OBJECT, OBSTACLE_TRIGGER, OBSTACLE_NOT_OURS };

/* What may run beside what we have made ourselves: the right to give a table a trigger is the only one of those that
 * another role can have. */
#define TRIGGERS                                                                                                       \
    "SELECT c.oid AS rel, c.relowner AS excused, g.tableoid AS class, g.oid AS object, g.tableoid AS via_class, "      \
    "g.oid AS via FROM pg_catalog.pg_namespace n JOIN "                                                                \
    "pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid JOIN pg_catalog.pg_trigger g ON g.tgrelid "  \
    "OPERATOR(pg_catalog.=) c.oid WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND NOT g.tgisinternal"
#define CODE_OF_TRIGGERS "SELECT 2, " PG_CODE_WORDS ", f.owner FROM " PG_CODE_OF(TRIGGERS) " f UNION ALL "

/* One row: what is there, and behind it what is a role's that is not trusted, or none of ours. Who is trusted is asked
 * once for all: that is what the server plans longest. In the usual schema a role of that name may have its own. */
static const char look_sql[] =
    "SELECT pg_catalog.to_regclass($1::pg_catalog.text) IS NOT NULL, pg_catalog.to_regnamespace("
    "pg_catalog.quote_ident('{truss}')) IS NOT NULL, "
    "s.obstacle, s.what, $2::pg_catalog.text IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid "
    "OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1::pg_catalog.text) AND a.attname OPERATOR(pg_catalog.=) "
    "$2::pg_catalog.text) "
    "FROM (SELECT) AS one LEFT JOIN (SELECT t.obstacle, pg_catalog.concat_ws(' of ', t.what, r.rolname) AS what FROM ("
    "SELECT 0 AS obstacle, NULL AS what, n.nspowner AS owner FROM pg_catalog.pg_namespace n "
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' UNION ALL "
    "SELECT 1, c.relname::pg_catalog.text, c.relowner FROM pg_catalog.pg_namespace n "
    "JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid "
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND c.relkind OPERATOR(pg_catalog.<>) 'i' AND c.relkind "
    "OPERATOR(pg_catalog.<>) 'I' UNION ALL " CODE_OF_TRIGGERS
    "SELECT 3, c.relname::pg_catalog.text, c.relowner FROM pg_catalog.pg_namespace n "
    "JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid "
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND n.nspname OPERATOR(pg_catalog.<>) '" OWN_SCHEMA_USUAL "' AND "
    "c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f,S}'::pg_catalog.\"char\"[]) AND c.relname "
    "OPERATOR(pg_catalog.<>) ALL (" OWN_TABLES ")) t "
    "JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) t.owner "
    "WHERE t.obstacle OPERATOR(pg_catalog.=) 3 OR NOT " PG_IS_TRUSTED("r") ") s ON true ORDER BY s.obstacle LIMIT 1";

/* CREATE TABLE IF NOT EXISTS of two at once fails in one of them (23505 in pg_type): one after the other. */
static const char lock_sql[] = "SELECT pg_catalog.pg_advisory_xact_lock(1414681939, 0);";

/* Event triggers are for the DDL of applications: one that does not expect ours fails, or notes it as somebody's. Who
 * may makes them wait for this transaction: a superuser, by a setting that is for that (17), or as replication does it,
 * but for those that are ENABLE ALWAYS or REPLICA. */
static const char *quiet_sql(const struct pg_session *session)
{
    return pg_session_server_version(session) >= 170000 ? "SET LOCAL event_triggers = off;"
                                                        : "SET LOCAL session_replication_role = replica;";
}

struct found {
    bool tables;
    bool column; /* none is lacking */
    bool schema;
    bool heard;    /* making them would be, by event triggers; asked where they are to be made, as is the next */
    bool may_hush; /* this session may have it otherwise */
};

static bool fail_triggered(const struct pg_session *session, const char *trigger, struct status *status)
{
    return status_fail(status, STATUS_PERMISSION_DENIED,
                       "The schema \"%s\", where Truss keeps its steps and operations, has %s: that role's code "
                       "would run with the rights of \"%s\". Nothing there was used. Drop the trigger, "
                       "and revoke the right TRIGGER on that table from the role, when you have looked at it.",
                       pg_session_own_schema(session), trigger, pg_session_user(session));
}

/* `what` is the owner of the schema, or "NAME of ROLE" for something in it. */
static bool fail_strange(const struct pg_session *session, bool is_schema, const char *what, struct status *status)
{
    return status_fail(status, STATUS_PERMISSION_DENIED,
                       "The schema \"%s\", where Truss keeps its steps and operations, %s%s\": what is in it "
                       "could run that role's code with the rights of \"%s\". Nothing of it was used. Drop it, or "
                       "give it to \"%s\" when you have looked at it.",
                       pg_session_own_schema(session), is_schema ? "belongs to \"" : "has \"", what,
                       pg_session_user(session), pg_session_user(session));
}

static bool fail_not_ours(const struct pg_session *session, const char *what, struct status *status)
{
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       "The schema \"%s\", which --state-schema names, has \"%s\", which is not Truss's. Nothing was "
                       "changed. Give --state-schema a name that nothing else uses.",
                       pg_session_own_schema(session), what);
}

static bool look_into(struct pg_session *session, const struct own_tables *tables, struct found *found,
                      struct status *status)
{
    const char *const values[] = {own_sql(status->arena, session, tables->last), tables->column};
    PG_RESULT(result) = pg_query_kept(session, look_sql, 2, values, status);
    if (result == NULL) {
        return false;
    }
    found->tables = pg_field_bool(result, 0, 0);
    found->schema = pg_field_bool(result, 0, 1);
    found->column = pg_field_bool(result, 0, 4);
    const char *const what = pg_field(result, 0, 3);
    if (what == NULL) {
        return true;
    }
    const int64_t obstacle = pg_field_int(result, 0, 2, OBSTACLE_SCHEMA);
    return obstacle == OBSTACLE_TRIGGER    ? fail_triggered(session, what, status)
           : obstacle == OBSTACLE_NOT_OURS ? fail_not_ours(session, what, status)
                                           : fail_strange(session, obstacle == OBSTACLE_SCHEMA, what, status);
}

static const char schema_sql[] = "SELECT pg_catalog.to_regnamespace(pg_catalog.quote_ident('{truss}')) IS NOT NULL";

bool own_schema_exists(struct pg_session *session, bool *exists, struct status *status)
{
    PG_RESULT(result) = pg_query_kept(session, schema_sql, 0, NULL, status);
    *exists = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

bool own_schema_exists_behind(struct pg_session *session, bool *exists, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    buffer_puts(&sql, "ROLLBACK;");
    own_put(&sql, pg_session_own_schema(session), schema_sql);
    PG_RESULT(result) = pg_query_simple(session, buffer_string(&sql), status);
    *exists = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

/* Most databases have no schema of ours, where nothing can be in the way: the server plans that other question for
 * longer than it answers all of this. */
static bool look(struct pg_session *session, const struct own_tables *tables, struct found *found,
                 struct status *status)
{
    bool exists;
    *found = (struct found){0};
    return own_schema_exists(session, &exists, status) && (!exists || look_into(session, tables, found, status));
}

bool own_tables_exist(struct pg_session *session, const struct own_tables *tables, bool *exists, struct status *status)
{
    struct found found;
    const bool ok = look(session, tables, &found, status);
    *exists = ok && found.tables;
    return ok;
}

bool own_table_may_be_read(struct pg_session *session, const char *table, const struct own_tables *tables,
                           struct arena *arena)
{
    static const char sql[] = "SELECT pg_catalog.to_regclass($1::pg_catalog.text) IS NOT NULL";
    struct status ignored = {.arena = arena};
    struct found found = {0};
    const char *const name = own_sql(arena, session, table);
    PG_RESULT(result) = pg_query_kept(session, sql, 1, &name, &ignored);
    return result != NULL && pg_field_bool(result, 0, 0) && look_into(session, tables, &found, &ignored) &&
           found.tables;
}

/* Another one has made it meanwhile. It happens although the two wait for each other: who was told once that there is
 * no such schema believes so until its next transaction (PostgreSQL's cache of what does not exist). */
static bool was_made_by_another(const struct status *status)
{
    return sqlstate_is(status->sqlstate, SQLSTATE_UNIQUE_VIOLATION) ||
           sqlstate_is(status->sqlstate, SQLSTATE_DUPLICATE_SCHEMA) ||
           sqlstate_is(status->sqlstate, SQLSTATE_DUPLICATE_TABLE);
}

/* Would event triggers hear of what is made, and may this session have it otherwise? */
static bool ask_listeners(struct pg_session *session, struct found *found, struct status *status)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled OPERATOR(pg_catalog.<>) 'D'), "
        "r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) current_user";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, status);
    const bool is_told = result != NULL && PQntuples(result) == 1;
    found->heard = is_told && pg_field_bool(result, 0, 0);
    found->may_hush = is_told && pg_field_bool(result, 0, 1);
    return result != NULL;
}

static bool make(struct pg_session *session, const struct own_tables *tables, const struct found *found,
                 struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const char *const schema = pg_session_own_schema(session);
    buffer_puts(&sql, "BEGIN;");
    buffer_puts(&sql, lock_sql);
    buffer_puts(&sql, found->heard && found->may_hush ? quiet_sql(session) : "");
    /* CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where it exists. */
    own_put(&sql, schema, found->schema ? "" : "CREATE SCHEMA IF NOT EXISTS {truss};");
    own_put(&sql, schema, tables->sql);
    buffer_puts(&sql, "COMMIT;");
    if (pg_exec(session, buffer_string(&sql), status)) {
        return true;
    }
    if (pg_session_in_transaction(session)) {
        struct status ignored = {.arena = status->arena};
        pg_exec(session, "ROLLBACK", &ignored);
    }
    return false;
}

/* Which event triggers may be why our own tables could not be made. */
static void explain_event_triggers(struct pg_session *session, struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(evtname), ', ' ORDER BY evtname) FROM "
        "pg_catalog.pg_event_trigger WHERE evtenabled OPERATOR(pg_catalog.<>) 'D'";
    struct status unanswered = {.arena = status->arena};
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, &unanswered);
    const char *const names = result == NULL ? NULL : pg_field(result, 0, 0);
    if (names != NULL && status->hint == NULL) {
        status->hint = arena_printf(status->arena,
                                    "Event triggers run when Truss makes its own tables (schema \"%s\"): %s. Let them "
                                    "pass that schema, or have a superuser start the first run.",
                                    pg_session_own_schema(session), names);
    }
}

/* What to do where the server would not have it. */
static void explain_refusal(const struct pg_session *session, const struct found *found, struct status *status)
{
    const char *const schema = pg_session_own_schema(session);
    if (sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) && found->schema) {
        status->reason = reason_word(REASON_NO_STATE_SCHEMA);
        status->hint = arena_printf(status->arena,
                                    "Truss keeps the steps of this in the schema \"%s\", which another role made: "
                                    "connect as the role that owns the schema and its tables, or make this role a "
                                    "member of that one (GRANT … TO …).",
                                    schema);
    } else if (sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        struct buffer hint = {.arena = status->arena};
        buffer_printf(&hint, "Truss keeps the steps of this in the schema \"%s\": ", schema);
        own_put(&hint, schema, "CREATE SCHEMA {truss} AUTHORIZATION ");
        pg_quote_identifier(&hint, pg_session_user(session));
        buffer_puts(&hint, ", or grant the role CREATE on the database.");
        status->reason = reason_word(REASON_NO_STATE_SCHEMA);
        status->hint = buffer_string(&hint);
    } else if (sqlstate_is(status->sqlstate, SQLSTATE_READ_ONLY)) {
        status->hint = arena_printf(status->arena,
                                    "Truss keeps the steps of this in the schema \"%s\", and the session takes no "
                                    "writes: the server is a standby, or default_transaction_read_only is on. truss "
                                    "check tells which.",
                                    schema);
    }
}

bool own_tables_ensure(struct pg_session *session, const struct own_tables *tables, struct status *status)
{
    struct found found;
    for (int i = 0; i < MOST_TRIES; i++) {
        if (!look(session, tables, &found, status)) {
            return false;
        }
        if (found.tables && found.column) {
            return true;
        }
        if (!ask_listeners(session, &found, status)) {
            return false;
        }
        if (make(session, tables, &found, status)) {
            return true;
        }
        if (!was_made_by_another(status)) {
            break;
        }
        *status = (struct status){.arena = status->arena};
    }
    if (found.heard) {
        explain_event_triggers(session, status);
    }
    explain_refusal(session, &found, status);
    return false;
}
