/*
 * The look is a query that fails where something is found. It needs no PL/pgSQL, which a role may not be allowed to
 * use, and it is part of the message that writes.
 */
#include "pg/own_write.h"

#include "base/sqlstate.h"
#include "pg/code.h"
#include "pg/exec.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/trust.h"
#include "pg/values.h"

#include <string.h>

/* The text that the query casts to a number. */
#define FOUND "truss: code of another role at our table"

/* In place of this the query gets the tables. */
#define PLACE "%1$s"
#define OID   "ANY (ARRAY[" PLACE "]::pg_catalog.regclass[]::pg_catalog.oid[])"

/* Whoever decides what runs when a row is written: the owners of the table, of its schema, of its triggers' functions,
 * of tables whose foreign keys refer to it, since a cascade fires their triggers, and deferred ones with our rights. */
#define OWNERS                                                                                                         \
    "SELECT c.relowner AS owner FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) " OID " UNION ALL "      \
    "SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}' UNION ALL "     \
    "SELECT p.proowner FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) "        \
    "g.tgfoid WHERE g.tgrelid OPERATOR(pg_catalog.=) " OID " UNION ALL "                                               \
    "SELECT k.relowner FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_constraint f ON f.oid "                         \
    "OPERATOR(pg_catalog.=) g.tgconstraint JOIN pg_catalog.pg_class k ON k.oid OPERATOR(pg_catalog.=) f.conrelid "     \
    "WHERE " PG_CASCADES("f") " AND g.tgrelid OPERATOR(pg_catalog.=) " OID " UNION ALL "

/* A condition may use operators and functions of any role. */
#define QUICK                                                                                                          \
    "SELECT 0::pg_catalog.oid FROM pg_catalog.pg_trigger g WHERE g.tgrelid OPERATOR(pg_catalog.=) " OID                \
    " AND g.tgqual IS NOT NULL"
#define THOROUGH                                                                                                       \
    "SELECT f.owner FROM " PG_CODE_OF(                                                                                 \
        "SELECT g.tgrelid AS rel, c.relowner AS excused, g.tableoid AS class, g.oid AS object, g.tableoid AS "         \
        "via_class, g.oid AS via FROM pg_catalog.pg_class c JOIN pg_catalog.pg_trigger g ON g.tgrelid "                \
        "OPERATOR(pg_catalog.=) c.oid WHERE NOT g.tgisinternal AND c.oid OPERATOR(pg_catalog.=) " OID) " f"

/* A CASE evaluates the cast only if needed; the process id keeps the planner from doing it. */
#define LOOK(last)                                                                                                     \
    "SELECT CASE WHEN EXISTS (SELECT FROM (" OWNERS last ") o LEFT JOIN pg_catalog.pg_roles r ON r.oid "               \
    "OPERATOR(pg_catalog.=) o.owner WHERE r.oid IS NULL OR NOT " PG_IS_TRUSTED(                                        \
        "r") ") THEN pg_catalog.concat('" FOUND " ', pg_catalog.pg_backend_pid())::pg_catalog.int4 END;"

static const char quick_sql[] = LOOK(QUICK);
static const char thorough_sql[] = LOOK(THOROUGH);

static void put_lock(struct buffer *sql, struct buffer *tables, const char *name)
{
    if (name != NULL) {
        buffer_printf(sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE;", name);
        buffer_puts(tables, tables->size == 0 ? "" : ", ");
        pg_quote_literal(tables, text_of(name));
    }
}

void own_put_guard(struct buffer *sql, const char *schema, const char *table, const char *beside, bool is_thorough)
{
    struct buffer tables = {.arena = sql->arena};
    put_lock(sql, &tables, own_text(sql->arena, schema, table));
    put_lock(sql, &tables, beside == NULL ? NULL : own_text(sql->arena, schema, beside));
    const char *rest = own_text(sql->arena, schema, is_thorough ? thorough_sql : quick_sql);
    for (const char *at = strstr(rest, PLACE); at != NULL; at = strstr(rest, PLACE)) {
        buffer_add(sql, (struct text){rest, (size_t)(at - rest)});
        buffer_add(sql, buffer_text(&tables));
        rest = at + strlen(PLACE);
    }
    buffer_puts(sql, rest);
}

static bool guard_failed(const struct status *status)
{
    return status->message != NULL && strstr(status->message, FOUND) != NULL;
}

static size_t size_of(const struct own_statement *statement)
{
    size_t size = strlen(statement->sql);
    for (int i = 0; i < statement->count; i++) {
        size += statement->values[i] == NULL ? 0 : strlen(statement->values[i]);
    }
    return size;
}

/* Of a transaction that fails nothing is left. */
static PGresult *transact(struct pg_session *session, const char *sql, struct status *status)
{
    PGresult *const result = pg_query_simple(session, sql, status);
    if (result == NULL) {
        pg_session_roll_back(session);
    }
    return result;
}

static PGresult *send_once(struct pg_session *session, const struct own_statement *statement, bool is_thorough,
                           struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const char *const schema = pg_session_own_schema(session);
    const bool is_open = pg_session_in_transaction(session);
    buffer_reserve(&sql, size_of(statement) + sizeof thorough_sql * 2);
    buffer_puts(&sql, is_open ? "" : OWN_BEGIN);
    own_put_guard(&sql, schema, statement->table, statement->beside, is_thorough);
    if (statement->is_complete) {
        buffer_puts(&sql, statement->sql);
    } else {
        pg_put_filled(&sql, own_sql(sql.arena, session, statement->sql), statement->count, statement->values);
    }
    buffer_puts(&sql, is_open ? "" : ";COMMIT;");
    if (is_open) {
        return statement->is_complete ? own_query_words(session, buffer_string(&sql), status)
                                      : pg_query_simple(session, buffer_string(&sql), status);
    }
    PGresult *const result = transact(session, buffer_string(&sql), status);
    if (result != NULL || !statement->is_complete ||
        !sqlstate_is(status->sqlstate, SQLSTATE_UNTRANSLATABLE_CHARACTER)) {
        return result;
    }
    *status = (struct status){.arena = status->arena};
    return transact(session, text_ascii(status->arena, buffer_string(&sql)), status);
}

PGresult *own_write(struct pg_session *session, const struct own_statement *statement, struct status *status)
{
    const bool is_open = pg_session_in_transaction(session);
    PGresult *result = NULL;
    /* In an open transaction there is one try. */
    for (int i = is_open ? 1 : 0; i < 2; i++) {
        result = send_once(session, statement, i == 1, status);
        if (result != NULL || !guard_failed(status)) {
            return result;
        }
        *status = (struct status){.arena = status->arena};
    }
    pg_session_roll_back(session);
    own_tables_explain(session, statement->table, status);
    return NULL;
}
