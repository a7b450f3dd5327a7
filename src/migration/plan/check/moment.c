/*
 * Each check is one query whose rows are complete sentences.
 */
#include "migration/plan/check/moment.h"

#include "base/sqlstate.h"
#include "migration/plan/check/moment_needs.h"
#include "migration/plan/check/moment_permitted.h"
#include "pg/activity.h"
#include "pg/code.h"
#include "pg/listeners.h"
#include "pg/own_sql.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>

void warnings_add(struct warnings *warnings, enum reason reason, const char *warning)
{
    for (size_t i = 0; warning != NULL && i < warnings->count; i++) {
        if (strcmp(warnings->items[i], warning) == 0) {
            return;
        }
    }
    if (warning != NULL && warnings->count < MOST_WARNINGS) {
        warnings->reasons[warnings->count] = reason;
        warnings->items[warnings->count++] = warning;
    }
}

struct moment moment_because(const struct moment *moment, enum reason reason)
{
    struct moment other = *moment;
    other.reason = reason;
    return other;
}

/* The first column of every row is a warning. */
static void add_rows(const struct moment *moment, const char *what, const PGresult *result,
                     const struct status *unanswered)
{
    struct arena *const arena = moment->request->arena;
    if (result == NULL && !moment->only_known) {
        warnings_add(moment->warnings, moment->reason,
                     arena_printf(arena, "%s cannot be known: %s", what, unanswered->message));
    }
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        warnings_add(
            moment->warnings, moment->reason,
            arena_printf(arena, "%s%s", moment->before == NULL ? "" : moment->before, pg_field(result, row, 0)));
    }
}

void moment_ask(const struct moment *moment, const char *what, const char *sql, int count, const char *const *values)
{
    struct status unanswered = {.arena = moment->request->arena};
    PG_RESULT(result) = pg_query_kept(moment->session, sql, count, values, &unanswered);
    add_rows(moment, what, result, &unanswered);
}

/* ---- the server ---- */

/* Settings of a role are those of the one that has logged in. */
static const char writes_sql[] =
    "SELECT 'The server is a standby (in recovery): nothing can be written to it. Connect to the primary.' "
    "WHERE pg_catalog.pg_is_in_recovery() "
    "UNION ALL SELECT pg_catalog.format('Sessions are read-only (default_transaction_read_only), so that a run fails "
    "at its first write: %s, or run it where that is not set.', CASE s.source WHEN 'client' THEN 'take it out of the "
    "connection''s URL (options), or of PGOPTIONS' ELSE pg_catalog.format('ALTER %s SET default_transaction_read_only "
    "= off', CASE s.source WHEN 'database user' THEN pg_catalog.format('ROLE %I IN DATABASE %I', session_user, "
    "pg_catalog.current_database()) WHEN 'user' THEN pg_catalog.format('ROLE %I', session_user) ELSE "
    "pg_catalog.format('DATABASE %I', pg_catalog.current_database()) END) END) FROM pg_catalog.pg_settings s "
    "WHERE s.name = 'default_transaction_read_only' AND pg_catalog.current_setting('default_transaction_read_only') = "
    "'on' AND NOT pg_catalog.pg_is_in_recovery()";

/* What keeps a connection from the role that logs in: the server's places, of which some are reserved for superusers
 * and, in PostgreSQL 16 and newer, some for members of pg_use_reserved_connections; its own limit; the database's. */
static const char server_sql[] =
    "WITH login AS (SELECT r.rolname, r.rolconnlimit FROM pg_catalog.pg_roles r WHERE r.rolname = session_user AND NOT "
    "r.rolsuper), sessions AS MATERIALIZED (SELECT a.usename, a.datname FROM pg_catalog.pg_stat_activity a "
    "WHERE " ACTIVITY_IS_CLIENT
    ") SELECT pg_catalog.format('Connections that are left on the server: %s (max_connections%s); a run "
    "needs 4.', GREATEST(f.free, 0), f.less) FROM (SELECT pg_catalog.current_setting('max_connections')::int - CASE "
    "WHEN EXISTS (SELECT FROM login) THEN pg_catalog.current_setting('superuser_reserved_connections')::int + "
    "o.others ELSE 0 END - (SELECT pg_catalog.count(*) FROM sessions) AS free, CASE WHEN o.others > 0 THEN ', less "
    "reserved_connections' ELSE '' END AS less FROM (SELECT CASE WHEN EXISTS (SELECT FROM login) AND NOT EXISTS "
    "(SELECT FROM pg_catalog.pg_roles p WHERE p.rolname = 'pg_use_reserved_connections' AND "
    "pg_catalog.pg_has_role(session_user, p.oid, 'USAGE')) THEN coalesce(pg_catalog.current_setting("
    "'reserved_connections', true), '0')::int ELSE 0 END AS others) o) f WHERE f.free < 4 "
    "UNION ALL SELECT pg_catalog.format('The role \"%s\" uses %s of its %s connections: a run needs 3 more (ALTER "
    "ROLE \"%s\" CONNECTION LIMIT ...).', l.rolname, u.used, l.rolconnlimit, l.rolname) FROM login l CROSS JOIN "
    "LATERAL (SELECT pg_catalog.count(*) AS used FROM sessions s WHERE s.usename = l.rolname) u WHERE l.rolconnlimit "
    ">= 0 AND l.rolconnlimit - u.used < 3 "
    "UNION ALL SELECT pg_catalog.format('%s of the database''s %s connections are used: a run needs 3 more (ALTER "
    "DATABASE \"%s\" CONNECTION LIMIT ...).', u.used, d.datconnlimit, d.datname) FROM login CROSS JOIN "
    "pg_catalog.pg_database d CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS used FROM sessions s WHERE s.datname = "
    "d.datname) u WHERE d.datname = pg_catalog.current_database() AND d.datconnlimit >= 0 AND d.datconnlimit - u.used "
    "< 3";

/* A pooler that changes sessions between transactions cannot keep a run's locks. */
static void check_pooler(const struct moment *moment)
{
    struct status unanswered = {.arena = moment->request->arena};
    const struct conninfo *const conninfo = moment->request->site->conninfo;
    PG_RESULT(result) = pg_query(moment->session, "SELECT pg_catalog.pg_backend_pid()", 0, NULL, &unanswered);
    const bool is_other = result != NULL && pg_field_int(result, 0, 0, 0) != pg_session_backend_pid(moment->session);
    if (is_other || (conninfo != NULL && conninfo->pgbouncer)) {
        warnings_add(moment->warnings, moment->reason,
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
    "UNION ALL SELECT pg_catalog.format('The tracking table is to be made, and the role \"%s\" may not create in "
    "schema "
    "\"%s\": "
    "GRANT CREATE, USAGE ON SCHEMA \"%s\" TO \"%s\".', current_user, $1, $1, current_user) "
    "FROM pg_catalog.pg_namespace n WHERE n.nspname = $1 AND $2::text IS NOT NULL "
    "AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')";

#define DISCARDS_ALL "p.prosrc ~* '^\\s*begin\\s+return\\s+null\\s*;\\s*end\\s*;?\\s*$'"

static const char write_sql[] =
    "SELECT pg_catalog.format('The role \"%s\" may not write the tracking table %I.%I: GRANT INSERT, UPDATE, DELETE ON "
    "it.', "
    "current_user, $1::text, $2::text) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 "
    "AND NOT pg_catalog.has_table_privilege(c.oid, 'INSERT') "
    /* nextval() of a default; an identity column asks for no right */
    "UNION ALL SELECT pg_catalog.format('The role \"%s\" may not use the sequence %I.%I, from which the tracking table "
    "has its numbers: GRANT USAGE ON SEQUENCE %I.%I TO \"%s\".', current_user, m.nspname, s.relname, m.nspname, "
    "s.relname, current_user) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN "
    "pg_catalog.pg_attrdef d ON d.adrelid = c.oid JOIN pg_catalog.pg_depend p ON p.classid = "
    "'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid AND p.refclassid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass JOIN pg_catalog.pg_class s ON s.oid = p.refobjid AND s.relkind = 'S' "
    "JOIN pg_catalog.pg_namespace m ON m.oid = s.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND CASE WHEN "
    "s.relkind = 'S' "
    "THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE, UPDATE') END "
    /* a rule that does something else instead may write the row elsewhere */
    "UNION ALL SELECT pg_catalog.format('The tracking table %I.%I has the rule \"%s\", which discards its new rows: a "
    "run would be rolled back. Drop it: DROP RULE %I ON %I.%I.', $1::text, $2::text, w.rulename, w.rulename, $1::text, "
    "$2::text) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN "
    "pg_catalog.pg_rewrite w ON w.ev_class = c.oid WHERE n.nspname = $1 AND c.relname = $2 AND w.is_instead AND "
    "w.ev_type = '3' AND w.ev_enabled IN ('O', 'A') AND w.ev_qual::text = '<>' AND pg_catalog.pg_get_ruledef(w.oid) ~ "
    "'DO INSTEAD NOTHING;?$' "
    /* tgtype: 1 for each row, 2 before, 4 insert; what such a function returns is the row that is kept */
    "UNION ALL SELECT pg_catalog.format('The tracking table %I.%I has the trigger \"%s\", which discards its new rows: "
    "a run would be rolled back. Drop it: DROP TRIGGER %I ON %I.%I.', $1::text, $2::text, t.tgname, t.tgname, "
    "$1::text, $2::text) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN "
    "pg_catalog.pg_trigger t ON t.tgrelid = c.oid JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE n.nspname = $1 "
    "AND c.relname = $2 AND NOT t.tgisinternal AND t.tgtype & 7 = 7 AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL "
    "AND " DISCARDS_ALL;

/* Triggers and rules of which only some rows are discarded, or that leave a row as it was. tgtype: 16 update. */
static const char may_discard_sql[] =
    "SELECT pg_catalog.format('The tracking table %I.%I has the trigger \"%s\", which may discard a row: %s() returns "
    "NULL or OLD in some case, or cannot be read. A migration whose row it discards is rolled back, and the run stops "
    "there.', $1::text, $2::text, t.tgname, p.proname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
    "n.oid = c.relnamespace JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid JOIN pg_catalog.pg_proc p ON p.oid = "
    "t.tgfoid JOIN pg_catalog.pg_language g ON g.oid = p.prolang WHERE n.nspname = $1 AND c.relname = $2 AND NOT "
    "t.tgisinternal AND t.tgtype & 3 = 3 AND t.tgtype & 20 > 0 AND t.tgenabled IN ('O', 'A') AND (g.lanname <> "
    "'plpgsql' OR p.prosrc ~* 'return\\s+(null|old)\\s*;') AND NOT (t.tgtype & 4 = 4 AND t.tgqual IS NULL "
    "AND " DISCARDS_ALL ") UNION ALL SELECT pg_catalog.format('The tracking table "
    "%I.%I has the rule \"%s\", which may discard a row. A migration whose row it discards is rolled back, and the run "
    "stops there.', $1::text, $2::text, w.rulename) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid "
    "= c.relnamespace JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid WHERE n.nspname = $1 AND c.relname = $2 AND "
    "w.is_instead AND w.ev_type IN ('2', '3') AND w.ev_enabled IN ('O', 'A') AND w.ev_qual::text <> '<>'";

/* LOCK TABLE in a mode that stops writers. */
static const char lock_sql[] =
    "SELECT pg_catalog.format('The role \"%s\" may not lock the tracking table %I.%I, as a run does: GRANT UPDATE ON "
    "it.', current_user, $1::text, $2::text) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
    "c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND NOT pg_catalog.has_table_privilege(c.oid, 'UPDATE, "
    "DELETE, TRUNCATE')";

/* Does a run lock it by LOCK TABLE? */
static bool is_locked_whole(const struct detection *detection)
{
    const struct ledger_facts *const facts = framework_ledger_facts(detection->framework, &detection->ledger);
    const char *const lock = ledger_template(facts, LEDGER_LOCK);
    return detection->has_ledger && lock != NULL && text_starts_with(text_of(lock), "LOCK TABLE {ledger}");
}

/* %1$s: the tables that are written beside the ledger, as literals; $1, $2 as above. A table of the ledger's owner is
 * as trustworthy as the ledger. */
#define BESIDE                                                                                                         \
    PG_CODE_OF_TABLE("b.oid", "coalesce(l.relowner, 0::pg_catalog.oid)")                                               \
    " FROM pg_catalog.unnest(ARRAY[%s]) one (name) JOIN pg_catalog.pg_class b ON b.oid = "                             \
    "pg_catalog.to_regclass(one.name)::pg_catalog.oid LEFT JOIN (pg_catalog.pg_namespace n JOIN pg_catalog.pg_class "  \
    "l ON l.relnamespace = n.oid AND l.relname = $2) ON n.nspname = $1"

static const char beside_sql[] =
    "SELECT DISTINCT pg_catalog.concat('Beside its tracking table the schema \"', $1::text, '\" has ', " PG_CODE_WORDS
    ", ' of ', r.rolname, ': that role''s code would run with the rights of this connection, so that a run refuses to "
    "write there. When you have looked at it, drop it, or give it to the role that migrates (ALTER ... OWNER TO).') "
    "FROM " PG_CODE_OF(BESIDE) " f JOIN pg_catalog.pg_roles r ON r.oid = f.owner WHERE NOT " PG_IS_TRUSTED("r");

static void check_beside(const struct moment *moment)
{
    const struct detection *const detection = moment->detection;
    const char *const values[] = {detection->ledger.schema, detection->ledger.table};
    struct buffer tables = {.arena = moment->request->arena};
    struct status unanswered = {.arena = moment->request->arena};
    ledger_put_beside(&tables, detection->framework, &detection->ledger, !detection->has_ledger);
    if (tables.size > 0) {
        PG_RESULT(result) =
            pg_query(moment->session, arena_printf(moment->request->arena, beside_sql, buffer_string(&tables)), 2,
                     values, &unanswered);
        add_rows(moment, "Whose the tables beside the tracking table are", result, &unanswered);
    }
}

/* Steps of a migration with several transactions are stored in our schema. */
static bool needs_store(const struct preparation *preparation)
{
    for (size_t i = 0; i < preparation->count; i++) {
        if (preparation->items[i].plan.count > 0 && !preparation->items[i].plan.one_transaction) {
            return true;
        }
    }
    return false;
}

static void check_ledger(const struct moment *moment)
{
    const struct ledger *const ledger = &moment->detection->ledger;
    const char *const values[] = {ledger->schema, ledger->table};
    moment_ask(moment, "Whether the tracking table can be written",
               moment->detection->has_ledger ? write_sql : make_sql, 2, values);
    if (is_locked_whole(moment->detection)) {
        moment_ask(moment, "Whether the tracking table can be locked", lock_sql, 2, values);
    }
    check_beside(moment);
}

/* What check_ledger() warns of is not noted as well. */
static void note_ledger(const struct moment *noting)
{
    const struct ledger *const ledger = &noting->detection->ledger;
    if (noting->detection->has_ledger) {
        moment_ask(noting, "Whether the tracking table takes every row", may_discard_sql, 2,
                   (const char *const[]){ledger->schema, ledger->table});
    }
}

/* The lock of its tool, if that is a row. Where that table is missing nobody has the lock. */
static void check_held(const struct moment *moment)
{
    struct arena *const arena = moment->request->arena;
    const struct detection *const detection = moment->detection;
    struct status unanswered = {.arena = arena};
    struct buffer sql = {.arena = arena};
    if (!detection->has_ledger || !ledger_has(detection->framework, LEDGER_HELD)) {
        return;
    }
    ledger_put(&sql, detection->framework, LEDGER_HELD, &detection->ledger, NULL);
    PG_RESULT(result) = pg_query(moment->session, buffer_string(&sql), 0, NULL, &unanswered);
    if (result != NULL && PQntuples(result) > 0) {
        warnings_add(moment->warnings, REASON_UNDER_WAY, arena_strdup(arena, pg_field(result, 0, 0)));
    } else if (result == NULL && strcmp(unanswered.sqlstate, SQLSTATE_UNDEFINED_TABLE) != 0) {
        warnings_add(moment->warnings, REASON_UNDER_WAY,
                     arena_printf(arena, "Whether its tool has its lock cannot be known: %s", unanswered.message));
    }
}

static void check_store(const struct moment *moment, const struct preparation *preparation)
{
    if (needs_store(preparation)) {
        const char *const own = pg_session_own_schema(moment->session);
        moment_ask(moment, arena_printf(moment->request->arena, "Whether the schema \"%s\" can be made", own), make_sql,
                   2, (const char *const[]){own, NULL});
    }
}

/* ---- notes ---- */

static const char notes_sql[] =
    "SELECT pg_catalog.format('The event trigger \"%s\" runs %s() at each change of the schema (%s): what it does is "
    "not "
    "known.', e.evtname, (SELECT pg_catalog.concat(CASE WHEN n.nspname <> ALL (" PG_SCRIPT_SCHEMAS
    ") THEN pg_catalog.concat(n.nspname, '.') END, p.proname) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
    "ON n.oid = p.pronamespace WHERE p.oid = e.evtfoid), e.evtevent) FROM pg_catalog.pg_event_trigger e "
    "WHERE e.evtenabled <> 'D' "
    "UNION ALL SELECT pg_catalog.format('%s is %s%s for this session%s: a %s that takes longer fails.', s.name, "
    "s.reset_val, s.unit, CASE WHEN s.source <> 'session' THEN pg_catalog.concat(' (', s.source, ')') END, CASE WHEN "
    "s.name = 'transaction_timeout' THEN 'transaction' ELSE 'statement' END) FROM pg_catalog.pg_settings s WHERE "
    "s.name IN ('statement_timeout', "
    "'transaction_timeout', 'lock_timeout') AND s.reset_val <> '0' AND (s.source <> 'session' OR s.name = "
    "'transaction_timeout')";

/* Event triggers that would see our own tables being created: all of them if we may not disable them. */
static const char listeners_sql[] =
    "SELECT pg_catalog.format('The event trigger \"%s\" also runs when Truss makes its own schema \"%s\": where it "
    "fails, the run does not begin. Let it pass that schema, or have a superuser make it first.', e.evtname, "
    "'{truss}') FROM "
    "pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_roles r ON r.rolname = current_user WHERE "
    "pg_catalog.to_regclass(pg_catalog.format('%I.migration_steps', '{truss}')) IS NULL AND e.evtenabled <> 'D' AND "
    "(NOT r.rolsuper OR "
    "(e.evtenabled IN ('A', 'R') AND pg_catalog.current_setting('server_version_num')::int < 170000))";

/* The same for the tracking table, $1.$2, which is the role's own to make: nothing disables them. */
static const char ledger_listeners_sql[] =
    "SELECT pg_catalog.format('The event trigger \"%s\" also runs when the tracking table \"%s\".\"%s\" is made: where "
    "it fails, the run does not begin.', e.evtname, $1::pg_catalog.text, $2::pg_catalog.text) FROM "
    "pg_catalog.pg_event_trigger e WHERE " PG_LISTENS
    " AND (e.evttags IS NULL OR 'CREATE TABLE' = ANY (e.evttags)) AND "
    "e.evtevent IN ('ddl_command_start', 'ddl_command_end') ORDER BY e.evtname";

static void note_listeners(const struct moment *noting)
{
    const struct ledger *const ledger = &noting->detection->ledger;
    if (!noting->detection->has_ledger && ledger->table != NULL) {
        moment_ask(noting, "What sees the tracking table being made", ledger_listeners_sql, 2,
                   (const char *const[]){ledger->schema, ledger->table});
    }
}

void moment_check_place(const struct moment *moment)
{
    const struct moment server = moment_because(moment, REASON_SERVER);
    const struct moment rights = moment_because(moment, REASON_RIGHTS);
    struct moment noting = server;
    noting.warnings = moment->notes;
    moment_ask(&server, "Whether the server takes writes", writes_sql, 0, NULL);
    moment_ask(&server, "Whether the server has connections left", server_sql, 0, NULL);
    check_pooler(&server);
    check_ledger(&rights);
    check_held(moment);
    note_ledger(&noting);
    moment_ask(&noting, "What else happens", notes_sql, 0, NULL);
    note_listeners(&noting);
}

void moment_check(const struct moment *moment, const struct preparation *preparation,
                  const struct explanation *explanation)
{
    const struct moment rights = moment_because(moment, REASON_RIGHTS);
    struct moment noting = moment_because(moment, REASON_SERVER);
    noting.warnings = moment->notes;
    const struct moment granting = moment_because(&noting, REASON_RIGHTS);
    moment_check_place(moment);
    check_store(&rights, preparation);
    needs_check(moment, explanation);
    permitted_check(&rights, explanation->permits);
    permitted_note(&granting, explanation->permits);
    permitted_note_opaque(&granting, explanation);
    if (needs_store(preparation)) {
        moment_ask(&noting, "What sees our own tables being made",
                   own_sql(moment->request->arena, moment->session, listeners_sql), 0, NULL);
    }
}

void moment_failures(const struct moment *moment, const struct preparation *preparation,
                     const struct explanation *explanation)
{
    struct moment asking = *moment;
    asking.only_known = true;
    if (preparation->count > 0 && !preparation->delegate) {
        moment_ask(&asking, "Whether the server takes writes", writes_sql, 0, NULL);
        check_ledger(&asking);
        check_store(&asking, preparation);
        needs_check_rights(&asking, explanation);
        permitted_check(&asking, explanation->permits);
    }
}

const char *moment_why_not_made(const struct request *request, struct pg_session *session, const struct ledger *ledger)
{
    struct warnings said = {.count = 0};
    const struct moment moment = {.request = request, .session = session, .warnings = &said};
    moment_ask(&moment, "Whether the server takes writes", writes_sql, 0, NULL);
    moment_ask(&moment, "Whether the tracking table can be made", make_sql, 2,
               (const char *const[]){ledger->schema, ledger->table});
    return said.count == 0 ? NULL : said.items[0];
}
