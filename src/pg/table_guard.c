/*
 * Checking a table's triggers is only meaningful as long as nobody can add one: under a lock, in the transaction that
 * writes.
 */
#include "pg/table_guard.h"

#include "base/sqlstate.h"
#include "pg/code.h"
#include "pg/exec.h"
#include "pg/own_sql.h"
#include "pg/own_write.h"
#include "pg/session.h"
#include "pg/trust.h"
#include "pg/values.h"

#include <string.h>

/* The text that the query casts to a number. */
#define NOT_PLAIN "truss: no plain table any more:"

#define NOT_QUIET "truss: scripts fire something:"

/* SQL: may something run at a quiet script (sql/quiet.h)? */
#define IS_UNQUIET                                                                                                     \
    "pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid OR pg_catalog.strpos("                   \
    "pg_catalog.lower(pg_catalog.current_setting('search_path')), 'pg_') OPERATOR(pg_catalog.>) 0 OR EXISTS (SELECT "  \
    "FROM pg_catalog.pg_event_trigger)"

/* SQL, for a row of pg_class: it may have something that discards rows. Partitions may, too, which does not show
 * here. */
#define HAS_WAYS  "relhastriggers OR relhasrules OR relrowsecurity"
#define IS_PARTED "relkind OPERATOR(pg_catalog.=) 'p'"

#define IS_OF_OTHERS                                                                                                   \
    " OR relowner OPERATOR(pg_catalog.<>) (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname "                   \
    "OPERATOR(pg_catalog.=) current_user)"

static const char has_got[] =
    " has got a trigger, a rule, row security or partitions since this run has looked at it, "
    "from another session or by what the script calls. Nothing was kept: run again, or do that by hand before.";

void pg_put_guard_lock(struct buffer *sql, const char *name)
{
    buffer_printf(sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE;", name);
}

/* A query in a block that the server reads only where it asks it: to read one takes it longer than all the rest. */
#define ASKED(sql, into) "EXECUTE $truss$" sql "$truss$ INTO " into " USING truss_table, truss_excused;\n"

/* The table $1, and all to whose rows a change of its rows goes on. */
#define CASCADED                                                                                                       \
    "WITH RECURSIVE one AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT k.conrelid FROM one JOIN "                   \
    "pg_catalog.pg_trigger g ON g.tgrelid OPERATOR(pg_catalog.=) one.oid JOIN pg_catalog.pg_constraint k ON k.oid "    \
    "OPERATOR(pg_catalog.=) g.tgconstraint WHERE " PG_CASCADES("k") ") "

/* Have these more triggers than those of their foreign keys and unique constraints, or more than one owner? */
#define HAS_TRIGGERS                                                                                                   \
    CASCADED                                                                                                           \
    "SELECT EXISTS (SELECT FROM one JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) one.oid WHERE "         \
    "c.relhasrules OR c.relrowsecurity OR c.relhassubclass OR c.relowner OPERATOR(pg_catalog.<>) (SELECT t.relowner "  \
    "FROM pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) $1) OR EXISTS (SELECT FROM pg_catalog.pg_trigger "  \
    "g WHERE g.tgrelid OPERATOR(pg_catalog.=) one.oid AND (NOT g.tgisinternal OR g.tgconstraint "                      \
    "OPERATOR(pg_catalog.=) 0::pg_catalog.oid)))"

/* Whose code the table $1 would run, but for the owner $2. */
static const char stranger_sql[] =
    ASKED("SELECT pg_catalog.concat_ws(' of ', " PG_CODE_WORDS ", r.rolname) FROM " PG_CODE_OF(
              PG_CODE_OF_TABLE("$1", "$2")) " f JOIN pg_catalog.pg_roles r ON r.oid "
                                            "OPERATOR(pg_catalog.=) f.owner WHERE NOT " PG_IS_TRUSTED("r") " LIMIT 1",
          "truss_stranger");

/* The kinds that LOCK TABLE accepts. A missing table is reported by the statement that needs it; a missing one beside
 * the ledger by the lock, because it could exist for the next statement. What is checked is what was locked. */
static void put_look(struct buffer *sql, const struct table_guard *guard)
{
    struct buffer name = {.arena = sql->arena};
    struct buffer owner = {.arena = sql->arena};
    pg_quote_literal(&name, text_of(guard->name));
    if (guard->is_own) {
        buffer_puts(&owner, "0::pg_catalog.oid");
    } else if (guard->beside == NULL) {
        buffer_puts(&owner, "relowner");
    } else {
        buffer_puts(&owner, "coalesce((SELECT b.relowner FROM pg_catalog.pg_class b WHERE b.oid OPERATOR(pg_catalog.=) "
                            "pg_catalog.to_regclass(");
        pg_quote_literal(&owner, text_of(guard->beside));
        buffer_puts(&owner, ")::pg_catalog.oid), 0::pg_catalog.oid)");
    }
    const char *const others =
        guard->is_own ? IS_OF_OTHERS
        : guard->beside == NULL
            ? ""
            : arena_printf(sql->arena, " OR relowner OPERATOR(pg_catalog.<>) %s", buffer_string(&owner));
    buffer_printf(sql,
                  "SELECT relkind INTO truss_kind FROM "
                  "pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s)::pg_catalog.oid;\n"
                  "IF %struss_kind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v']::pg_catalog.\"char\"[]) THEN LOCK "
                  "TABLE %s IN ROW EXCLUSIVE MODE; END IF;\n"
                  "SELECT oid, " HAS_WAYS "%s%s, relhasrules OR relrowsecurity%s, %s INTO truss_table, truss_has, "
                  "truss_more, truss_excused FROM pg_catalog.pg_class "
                  "WHERE oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s)::pg_catalog.oid;\n",
                  buffer_string(&name), guard->beside == NULL ? "" : "truss_kind IS NULL OR ", guard->name,
                  guard->is_plain ? " OR " IS_PARTED : "", others, others, buffer_string(&owner), buffer_string(&name));
}

static void put_refusal(struct buffer *sql, const struct table_guard *guard, const char *words)
{
    buffer_puts(sql, stranger_sql);
    buffer_printf(
        sql,
        "IF truss_stranger IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = "
        "pg_catalog.concat(%s, ' has ', truss_stranger, '%s: that role''s code would run with the rights of "
        "', current_user, '. Nothing of it has run, and nothing was kept.'), HINT = 'When you have looked at "
        "it, drop it, or give it to a role that is trusted (ALTER ... OWNER TO); of a trigger, revoke the right "
        "TRIGGER on that table from the role, too.'; END IF;\n",
        words, guard->beside == NULL ? ", which was not there before" : "");
}

static void put_block(struct buffer *sql, const struct table_guard *guard)
{
    struct buffer words = {.arena = sql->arena};
    struct buffer body = {.arena = sql->arena};
    pg_quote_literal(&words, text_of(guard->words));
    buffer_puts(&body, "DECLARE truss_table pg_catalog.oid; truss_kind pg_catalog.\"char\"; "
                       "truss_has pg_catalog.bool; truss_more pg_catalog.bool; truss_excused pg_catalog.oid; "
                       "truss_stranger pg_catalog.text; BEGIN\n");
    put_look(&body, guard);
    if (!guard->is_plain) { /* the thorough look takes the server milliseconds */
        buffer_puts(&body, "IF truss_has AND NOT truss_more THEN " ASKED(HAS_TRIGGERS, "truss_has") "END IF;\n");
    }
    buffer_puts(&body, "IF truss_has THEN\n");
    if (!guard->is_vouched) {
        put_refusal(&body, guard, buffer_string(&words));
    }
    if (guard->is_plain) {
        struct buffer reason = {.arena = sql->arena};
        pg_quote_literal(&reason, text_of(has_got));
        buffer_printf(&body, "RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = pg_catalog.concat(%s, %s);\n",
                      buffer_string(&words), buffer_string(&reason));
    }
    buffer_puts(&body, "END IF; END");
    pg_put_do(sql, buffer_text(&body));
    buffer_putc(sql, ';');
}

/* SQL, of c, a row of pg_class: fails if the table is no plain one, or by the condition `or_when`. A CASE evaluates a
 * cast only if needed. */
#define PLAIN_OR(or_when)                                                                                              \
    "SELECT CASE WHEN " HAS_WAYS " OR " IS_PARTED " THEN pg_catalog.concat('" NOT_PLAIN                                \
    " ', c.relname)::pg_catalog.int4 " or_when "END FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) "

static void put_query(struct buffer *sql, const struct table_guard *guard)
{
    struct buffer name = {.arena = sql->arena};
    pg_quote_literal(&name, text_of(guard->name));
    pg_put_guard_lock(sql, guard->name);
    buffer_printf(sql, PLAIN_OR("") "%s::pg_catalog.regclass;", buffer_string(&name));
}

/* The name is looked up each time: it may have become another table's. */
void pg_put_guard_prepare(struct buffer *sql, const struct table_guard *guard, const char *as)
{
    struct buffer name = {.arena = sql->arena};
    pg_quote_literal(&name, text_of(guard->name));
    buffer_printf(
        sql,
        "PREPARE %s AS " PLAIN_OR("WHEN " IS_UNQUIET " THEN pg_catalog.concat('" NOT_QUIET
                                  " ', c.relname)::pg_catalog.int4 ") "pg_catalog.to_regclass(%s)::pg_catalog.oid;",
        as, buffer_string(&name));
}

void pg_put_guard_execute(struct buffer *sql, const struct table_guard *guard, const char *as)
{
    pg_put_guard_lock(sql, guard->name);
    buffer_printf(sql, "EXECUTE %s;", as);
}

void pg_put_guard(struct buffer *sql, const struct table_guard *guard)
{
    if (guard->is_plain && !guard->in_block) {
        put_query(sql, guard);
    } else if (guard->only_lock) {
        pg_put_guard_lock(sql, guard->name);
    } else {
        put_block(sql, guard);
    }
}

void pg_put_own_guard(struct buffer *sql, const char *schema, const char *table, bool only_lock)
{
    const char *const name = own_text(sql->arena, schema, table);
    const struct table_guard guard = {
        .name = name,
        .words = arena_printf(sql->arena, "The table %s", name),
        .is_own = true,
    };
    if (only_lock) {
        own_put_guard(sql, schema, table, NULL, true);
    } else {
        pg_put_guard(sql, &guard);
    }
}

bool pg_guard_failed(const struct status *status)
{
    return status->message != NULL && strstr(status->message, NOT_PLAIN) != NULL;
}

bool pg_unquiet_failed(const struct status *status)
{
    return status->message != NULL && strstr(status->message, NOT_QUIET) != NULL;
}

void pg_guard_explain(struct pg_session *session, const struct table_guard *guard, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    *status = (struct status){.arena = status->arena};
    buffer_puts(
        &sql,
        "BEGIN ISOLATION LEVEL READ COMMITTED;SET LOCAL SESSION AUTHORIZATION DEFAULT;SET LOCAL role TO DEFAULT;");
    put_block(&sql, guard);
    if (guard->only_lock || pg_exec(session, buffer_string(&sql), status)) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s%s", guard->words, has_got);
        status->sqlstate = SQLSTATE_NOT_IN_PREREQUISITE_STATE;
    }
    pg_session_roll_back(session);
}
