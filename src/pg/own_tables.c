/*
 * Examines the catalogs first, so that a role with few rights needs no more than necessary.
 */
#include "pg/own_tables.h"

#include "base/sqlstate.h"
#include "pg/code.h"
#include "pg/listeners.h"
#include "pg/locks.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/query.h"
#include "pg/synchronous.h"
#include "pg/trust.h"
#include "pg/values.h"

#define MOST_TRIES 3

/* Obstacles, worst first; the numbers are those in look_sql. */
enum obstacle { OBSTACLE_SCHEMA, OBSTACLE_OBJECT, OBSTACLE_TRIGGER, OBSTACLE_NOT_OURS };

/* What may run beside what we have created: only the TRIGGER privilege can belong to another role. */
#define TRIGGERS                                                                                                       \
    "SELECT c.oid AS rel, c.relowner AS excused, g.tableoid AS class, g.oid AS object, g.tableoid AS via_class, "      \
    "g.oid AS via FROM pg_catalog.pg_namespace n JOIN "                                                                \
    "pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid JOIN pg_catalog.pg_trigger g ON g.tgrelid "  \
    "OPERATOR(pg_catalog.=) c.oid WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND NOT g.tgisinternal"
#define CASCADES                                                                                                       \
    "SELECT 2, pg_catalog.concat('the foreign key ', k.conname, ' that cascades to ', "                                \
    "k.conrelid::pg_catalog.regclass), o.relowner FROM "                                                               \
    "pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid JOIN "        \
    "pg_catalog.pg_trigger g ON g.tgrelid OPERATOR(pg_catalog.=) c.oid JOIN pg_catalog.pg_constraint k ON k.oid "      \
    "OPERATOR(pg_catalog.=) g.tgconstraint JOIN pg_catalog.pg_class o ON o.oid OPERATOR(pg_catalog.=) k.conrelid "     \
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND " PG_CASCADES("k") " UNION ALL "
#define CODE_OF_TRIGGERS "SELECT 2, " PG_CODE_WORDS ", f.owner FROM " PG_CODE_OF(TRIGGERS) " f UNION ALL "

/* One row: what exists, followed by what belongs to an untrusted role, or is not ours. Trust is computed only once,
 * since the server takes longest to plan that. In the default schema a role of that name may have its own objects. */
static const char look_sql[] =
    "SELECT pg_catalog.to_regclass($1::pg_catalog.text) IS NOT NULL, pg_catalog.to_regnamespace("
    "pg_catalog.quote_ident('{truss}')) IS NOT NULL, "
    "s.obstacle, s.what, $2::pg_catalog.text IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid "
    "OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1::pg_catalog.text) AND a.attname OPERATOR(pg_catalog.=) "
    "$2::pg_catalog.text) FROM (SELECT) AS one LEFT JOIN (SELECT t.obstacle, pg_catalog.concat_ws(' of ', t.what, "
    "r.rolname) AS what FROM ("
    "SELECT 0 AS obstacle, NULL AS what, n.nspowner AS owner FROM pg_catalog.pg_namespace n "
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' UNION ALL "
    "SELECT 1, c.relname::pg_catalog.text, c.relowner FROM pg_catalog.pg_namespace n "
    "JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid "
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND c.relkind OPERATOR(pg_catalog.<>) 'i' AND c.relkind "
    "OPERATOR(pg_catalog.<>) 'I' UNION ALL " CASCADES CODE_OF_TRIGGERS
    "SELECT 3, c.relname::pg_catalog.text, c.relowner FROM pg_catalog.pg_namespace n "
    "JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid "
    "WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND n.nspname OPERATOR(pg_catalog.<>) '" OWN_SCHEMA_USUAL "' AND "
    "c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f,S}'::pg_catalog.\"char\"[]) AND c.relname "
    "OPERATOR(pg_catalog.<>) ALL (" OWN_TABLES ")) t "
    "JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) t.owner "
    "WHERE t.obstacle OPERATOR(pg_catalog.=) 3 OR NOT " PG_IS_TRUSTED("r") ") s ON true ORDER BY s.obstacle LIMIT 1";

/* A row of pg_depend, `d`, for each table, view, sequence and type of the schema `n` that stands for itself; pg_class
 * has no index by schema, and a database may have thousands of relations. */
#define IS_IN_SCHEMA                                                                                                   \
    "d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.refobjid "               \
    "OPERATOR(pg_catalog.=) n.oid"
#define IS_RELATION "d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass"
#define IS_TYPE     "d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass"

/* One row if all there is belongs to this role, nobody's code runs beside it and no other table refers to it: the other
 * query would find nothing then, and the server takes ten times as long to plan it. Not for another name of the schema,
 * in which something may not be ours. */
static const char clear_sql[] =
    "SELECT pg_catalog.to_regclass($1::pg_catalog.text) IS NOT NULL, $2::pg_catalog.text IS NULL OR EXISTS ("
    "SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) "
    "pg_catalog.to_regclass($1::pg_catalog.text) AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text) "
    "FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' AND n.nspname "
    "OPERATOR(pg_catalog.=) '" OWN_SCHEMA_USUAL "' AND pg_catalog.pg_get_userbyid(n.nspowner) "
    "OPERATOR(pg_catalog.=) current_user AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d "
    "LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.objid AND " IS_RELATION " "
    "LEFT JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) d.objid AND " IS_TYPE " WHERE " IS_IN_SCHEMA
    " AND (c.relowner OPERATOR(pg_catalog.<>) n.nspowner OR t.typowner OPERATOR(pg_catalog.<>) n.nspowner)) "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_trigger g ON g.tgrelid "
    "OPERATOR(pg_catalog.=) d.objid LEFT JOIN pg_catalog.pg_constraint k ON k.oid OPERATOR(pg_catalog.=) "
    "g.tgconstraint WHERE " IS_IN_SCHEMA " AND " IS_RELATION " AND (NOT g.tgisinternal OR k.oid IS NULL OR "
    "k.connamespace OPERATOR(pg_catalog.<>) n.oid))";

/* Two concurrent CREATE TABLE IF NOT EXISTS may fail (23505 in pg_type), so they are serialised. */
static const char lock_sql[] = "SELECT pg_catalog.pg_advisory_xact_lock(" LOCKS_CLASS ", " LOCKS_TABLES ");";

/* Event triggers are meant for applications' DDL: one that does not expect ours may fail, or log it as somebody's. If
 * permitted they are disabled for this transaction: for a superuser by the setting for that (17), or like replication
 * does, which does not affect ENABLE ALWAYS or REPLICA triggers. */
static const char *quiet_sql(const struct pg_session *session)
{
    return pg_session_server_version(session) >= 170000 ? "SET LOCAL event_triggers = off;"
                                                        : "SET LOCAL session_replication_role = replica;";
}

struct found {
    bool tables;
    bool column; /* no column is missing */
    bool schema;
    bool heard;          /* event triggers would fire; queried when tables must be created, like the next */
    bool may_hush;       /* this session may prevent that */
    bool names_standbys; /* synchronous_standby_names is set: a commit may wait for one */
};

static bool fail_triggered(const struct pg_session *session, const char *trigger, struct status *status)
{
    return status_fail(
        status, STATUS_PERMISSION_DENIED,
        "The schema \"%s\", where Truss keeps its steps and operations, has %s: that role's code "
        "would run with the rights of \"%s\". Nothing there was used. Drop it, and revoke the right TRIGGER "
        "(of a foreign key: REFERENCES) on that table from the role, when you have looked at it.",
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

/* *is_clear: nothing can be in the way, and *found says what there is. */
static bool look_quickly(struct pg_session *session, const char *const *values, struct found *found, bool *is_clear,
                         struct status *status)
{
    PG_RESULT(result) = pg_query_kept(session, clear_sql, 2, values, status);
    *is_clear = result != NULL && PQntuples(result) == 1;
    if (*is_clear) {
        found->tables = pg_field_bool(result, 0, 0);
        found->column = pg_field_bool(result, 0, 1);
        found->schema = true;
    }
    return result != NULL;
}

static bool look_into(struct pg_session *session, const struct own_tables *tables, struct found *found,
                      struct status *status)
{
    const char *const values[] = {own_sql(status->arena, session, tables->last), tables->column};
    bool is_clear;
    if (!look_quickly(session, values, found, &is_clear, status) || is_clear) {
        return is_clear;
    }
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

static const char schema_sql[] = "SELECT pg_catalog.to_regnamespace(pg_catalog.quote_ident('{truss}')) IS NOT NULL, "
                                 "pg_catalog.current_setting('synchronous_standby_names') OPERATOR(pg_catalog.<>) ''";

static bool schema_exists(struct pg_session *session, bool *exists, bool *names_standbys, struct status *status)
{
    PG_RESULT(result) = pg_query_kept(session, schema_sql, 0, NULL, status);
    *exists = result != NULL && pg_field_bool(result, 0, 0);
    *names_standbys = result != NULL && pg_field_bool(result, 0, 1);
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

/* Most databases have no schema of ours, and then nothing can be in the way: planning the other query takes the server
 * longer than answering all of this. */
static bool look(struct pg_session *session, const struct own_tables *tables, struct found *found,
                 struct status *status)
{
    bool exists;
    *found = (struct found){0};
    return schema_exists(session, &exists, &found->names_standbys, status) &&
           (!exists || look_into(session, tables, found, status));
}

bool own_tables_exist(struct pg_session *session, const struct own_tables *tables, bool *exists, struct status *status)
{
    struct found found;
    const bool ok = look(session, tables, &found, status);
    *exists = ok && found.tables;
    if (!ok) {
        own_explain_unreadable(session, status);
    }
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

/* Another session has created it meanwhile. That happens despite the lock, because a session that was told that a
 * schema does not exist believes so until its next transaction (PostgreSQL's negative cache entries). */
static bool was_made_by_another(const struct status *status)
{
    return sqlstate_is(status->sqlstate, SQLSTATE_UNIQUE_VIOLATION) ||
           sqlstate_is(status->sqlstate, SQLSTATE_DUPLICATE_SCHEMA) ||
           sqlstate_is(status->sqlstate, SQLSTATE_DUPLICATE_TABLE);
}

/* Would event triggers fire for what is created, and may this session prevent that? */
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

/* Runs statements that begin a transaction and end it; of one that fails nothing is left. */
static bool transact(struct pg_session *session, const struct buffer *sql, struct status *status)
{
    const bool ok = own_exec_words(session, buffer_string(sql), status);
    pg_session_roll_back(session);
    return ok;
}

static bool make(struct pg_session *session, const struct own_tables *tables, const struct found *found,
                 struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const char *const schema = pg_session_own_schema(session);
    buffer_puts(&sql, "BEGIN;");
    buffer_puts(&sql, lock_sql);
    buffer_puts(&sql, found->heard && found->may_hush ? quiet_sql(session) : "");
    /* CREATE SCHEMA IF NOT EXISTS requires the right to create schemas even if it exists. */
    own_put(&sql, schema, found->schema ? "" : "CREATE SCHEMA IF NOT EXISTS {truss};");
    own_put(&sql, schema, tables->sql);
    buffer_puts(&sql, "COMMIT;");
    return transact(session, &sql, status);
}

/* Names the event triggers that may be why our tables could not be created. */
static void explain_event_triggers(struct pg_session *session, struct status *status)
{
    const char *const names = listeners_named(status->arena, session, NULL);
    if (names != NULL && status->hint == NULL) {
        status->hint = arena_printf(status->arena,
                                    "Event triggers run when Truss makes its own tables (schema \"%s\"): %s. Let them "
                                    "pass that schema, or have a superuser start the first run.",
                                    pg_session_own_schema(session), names);
    }
}

/* Advice for the server's refusal. */
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

/* only_beside: not where there is no schema of ours. */
static bool ensure(struct pg_session *session, const struct own_tables *tables, bool only_beside, struct found *found,
                   struct status *status)
{
    for (int i = 0; i < MOST_TRIES; i++) {
        if (!look(session, tables, found, status) ||
            (i == 0 && found->names_standbys && !synchronous_check(session, status))) {
            return false;
        }
        if ((found->tables && found->column) || (only_beside && !found->schema)) {
            return true;
        }
        if (!ask_listeners(session, found, status)) {
            return false;
        }
        if (make(session, tables, found, status)) {
            return true;
        }
        if (!was_made_by_another(status)) {
            break;
        }
        *status = (struct status){.arena = status->arena};
    }
    if (found->heard) {
        explain_event_triggers(session, status);
    }
    explain_refusal(session, found, status);
    return false;
}

bool own_tables_ensure(struct pg_session *session, const struct own_tables *tables, struct status *status)
{
    struct found found;
    return ensure(session, tables, false, &found, status);
}

bool own_tables_ensure_beside(struct pg_session *session, const struct own_tables *tables, bool *keeps,
                              struct status *status)
{
    struct found found;
    const bool ok = ensure(session, tables, true, &found, status);
    *keeps = ok && found.schema;
    return ok;
}

void own_tables_explain(struct pg_session *session, const char *table, struct status *status)
{
    const struct own_tables tables = {.last = table};
    struct found found;
    if (look_into(session, &tables, &found, status)) {
        status_fail(status, STATUS_ABORTED,
                    "Somebody changed the table %s while Truss wrote to it. Nothing was written: try again.",
                    own_sql(status->arena, session, table));
    }
}
