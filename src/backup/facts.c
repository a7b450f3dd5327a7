/*
 * The server both makes and reads the JSON.
 */
#include "backup/facts.h"

#include "base/json_text.h"
#include "base/words.h"
#include "pg/loading.h"
#include "pg/objects.h"
#include "pg/own_query.h"
#include "pg/query.h"
#include "pg/snapshot.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MS 30000 /* for all tables together */
#define FACTS_MS 30000

/* Tables whose rows are in a dump; not Truss's own, which are emptied in a copy. */
#define IS_DUMPED                                                                                                      \
    "c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '{truss}') AND NOT EXISTS "   \
    "(SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = "  \
    "c.oid AND e.deptype = 'e')"

/* The name, and whether the rows may be counted: not if that would run code of somebody who is not trusted. */
static const char tables_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.oid NOT IN (" PG_UNREADABLE_TABLES
    ") FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
    "ON n.oid = c.relnamespace WHERE " IS_DUMPED " AND c.relpersistence <> 't' ORDER BY c.relpages, 1";

/* Objects by kind, without those of extensions, the system and Truss. Invalid indexes are not in a dump. */
static const char objects_sql[] =
    "SELECT pg_catalog.json_object_agg(kind, number ORDER BY kind)::text FROM (SELECT o.kind, pg_catalog.count(*) AS "
    "number FROM (SELECT 'relation ' || c.relkind::text AS kind, c.relnamespace AS schema, 'pg_catalog.pg_class'::"
    "pg_catalog.regclass AS class, c.oid AS oid FROM pg_catalog.pg_class c WHERE c.relpersistence <> 't' "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid AND NOT (i.indisready AND "
    "(i.indisvalid OR c.relkind = 'I'))) "
    "UNION ALL SELECT 'function', p.pronamespace, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid "
    "FROM pg_catalog.pg_proc p UNION ALL SELECT 'constraint ' || k.contype::text, k.connamespace, "
    "'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint k "
    "UNION ALL SELECT 'type ' || t.typtype::text, t.typnamespace, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid "
    "FROM pg_catalog.pg_type t) o JOIN pg_catalog.pg_namespace n ON n.oid = o.schema WHERE n.nspname !~ '^pg_' AND "
    "n.nspname NOT IN ('information_schema', '{truss}') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE "
    "e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e') GROUP BY o.kind) k";

/* The roles that are needed: those that own something, have rights, or are in a policy. The role that made the server
 * (oid 10) is left out; it owns most things. */
static const char database_sql[] =
    "SELECT pg_catalog.json_build_object('name', d.datname, 'owner', pg_catalog.pg_get_userbyid(d.datdba), 'encoding', "
    "pg_catalog.pg_encoding_to_char(d.encoding), 'collate', d.datcollate, 'ctype', d.datctype, 'connection_limit', "
    "d.datconnlimit, 'comment', pg_catalog.shobj_description(d.oid, 'pg_database'), 'tablespace', (SELECT s.spcname "
    "FROM pg_catalog.pg_tablespace s WHERE s.oid = d.dattablespace), 'details', pg_catalog.to_json(d), 'grants', "
    "(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('to', CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE "
    "pg_catalog.pg_get_userbyid(a.grantee) END, 'privilege', a.privilege_type, 'grantable', a.is_grantable)) FROM "
    "pg_catalog.aclexplode(d.datacl) a), 'settings', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('role', "
    "CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END, 'settings', s.setconfig)) FROM "
    "pg_catalog.pg_db_role_setting s WHERE s.setdatabase = d.oid), 'roles', (SELECT pg_catalog.json_agg("
    "pg_catalog.json_build_object('name', r.rolname, 'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', "
    "r.rolcreaterole, 'createdb', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication, "
    "'connection_limit', r.rolconnlimit, 'valid_until', r.rolvaliduntil, 'member_of', (SELECT pg_catalog.json_agg("
    "pg_catalog.pg_get_userbyid(m.roleid)) FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid))) FROM "
    "pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_'), 'needed_roles', (SELECT pg_catalog.json_agg(DISTINCT "
    "pg_catalog.pg_get_userbyid(u.oid)) FROM (SELECT s.refobjid AS oid FROM pg_catalog.pg_shdepend s WHERE s.dbid = "
    "d.oid AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass UNION SELECT 10) u))::text FROM "
    "pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

/* ---- one snapshot ---- */

bool backup_moment_begin(const struct backup_call *call, int64_t id, struct backup_moment *moment)
{
    *moment = (struct backup_moment){.snapshot = ""};
    struct pg_session *const session = backup_session(call, id);
    if (session == NULL) {
        return false;
    }
    moment->holder = session;
    const bool ok = pg_snapshot_share(session, &moment->snapshot, call->status);
    if (!ok) {
        backup_moment_end(moment);
    }
    return ok;
}

void backup_moment_end(struct backup_moment *moment)
{
    pg_session_free(moment->holder);
    moment->holder = NULL;
}

/* ---- reading ---- */

static const char *ask(const struct backup_call *call, struct pg_session *session, const char *sql)
{
    PG_RESULT(result) = own_query(session, sql, 0, NULL, call->status);
    const char *const value = result == NULL ? NULL : pg_field(result, 0, 0);
    return result == NULL ? NULL : value == NULL ? "null" : arena_strdup(call->arena, value);
}

/* {"public.users":3,…}: the tables that could be counted. */
static void count_rows(const struct backup_call *call, struct pg_session *session, const PGresult *tables,
                       struct buffer *json)
{
    struct status ignored = {.arena = call->arena};
    bool first = true;
    pg_session_set_deadline(session, deadline_in(COUNT_MS));
    /* Counting stops at a table that is locked, or whose policies would hide rows from us and run their functions. */
    pg_exec(session, "SET lock_timeout = '1s'; SET row_security = off", &ignored);
    buffer_putc(json, '{');
    for (int row = 0; row < PQntuples(tables); row++) {
        const char *const table = pg_field(tables, row, 0);
        if (!pg_field_bool(tables, row, 1)) {
            continue;
        }
        const char *const sql = arena_printf(call->arena, "SELECT pg_catalog.count(*) FROM ONLY %s", table);
        PG_RESULT(result) = pg_query(session, sql, 0, NULL, &ignored);
        if (result == NULL) {
            break;
        }
        buffer_puts(json, first ? "" : ",");
        json_write_string(json, text_of(table));
        buffer_printf(json, ":%s", pg_field(result, 0, 0));
        first = false;
    }
    buffer_putc(json, '}');
}

/* {"table":"1f0c…",…}: a digest of all definitions of a kind, with owners, rights and comments, in the encoding of the
 * database: with SQL_ASCII they may not be valid UTF-8. Of the database itself it is not: what a dump does not contain
 * is restored later. */
static const char *read_digests(const struct backup_call *call, struct pg_session *session)
{
    static const char sql[] =
        "SELECT coalesce(pg_catalog.json_object_agg(k.kind, k.digest ORDER BY k.kind), '{}')::text FROM (SELECT "
        "o.kind, "
        "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(pg_catalog.concat_ws(E'\\t', "
        "o.name, o.def, o.rest), E'\\n' ORDER BY o.name COLLATE \"C\", o.def COLLATE \"C\"), "
        "pg_catalog.getdatabaseencoding())), 'hex') AS digest "
        "FROM (%s) o WHERE o.kind NOT IN ('database', 'setting') GROUP BY o.kind) k";
    return pg_exec(session, "SET search_path = ''", call->status) && pg_exec(session, pg_objects_settings, call->status)
               ? ask(call, session, arena_printf(call->arena, sql, pg_objects_query(call->arena, session)))
               : NULL;
}

/* [{"owner":"eve","runs_as":null,"example":"…"},…]: whose code a restore would run. */
static const char *read_code(const struct backup_call *call, struct pg_session *session)
{
    return ask(call, session,
               arena_printf(call->arena,
                            "SELECT coalesce(pg_catalog.json_agg(pg_catalog.to_json(l) ORDER BY l.owner, "
                            "l.runs_as), '[]')::text FROM (%s) l",
                            pg_loading_query(call->arena, session)));
}

static bool read_facts(const struct backup_call *call, struct pg_session *session, const struct backup_moment *moment,
                       struct backup_facts *facts)
{
    struct buffer json = {.arena = call->arena};
    if (!pg_snapshot_see(session, moment->snapshot, call->status)) {
        return false;
    }
    const char *const database = ask(call, session, database_sql);
    const char *const code = database == NULL ? NULL : read_code(call, session);
    const char *const objects = code == NULL ? NULL : ask(call, session, objects_sql);
    const char *const digests = objects == NULL ? NULL : read_digests(call, session);
    PG_RESULT(tables) = digests == NULL ? NULL : own_query(session, tables_sql, 0, NULL, call->status);
    if (tables == NULL) {
        return false;
    }
    facts->tables = (uint32_t)PQntuples(tables);
    buffer_printf(&json, "{\"database\":%s,\"called\":%s,\"objects\":%s,\"schema\":%s,\"rows\":", database, code,
                  objects, digests);
    count_rows(call, session, tables, &json);
    buffer_putc(&json, '}');
    facts->json = buffer_string(&json);
    return true;
}

bool backup_facts_read(const struct backup_call *call, const struct backup_facts_reading *reading,
                       struct backup_facts *facts)
{
    struct pg_session *const session = backup_session(call, reading->id);
    if (session == NULL) {
        return false;
    }
    pg_session_set_deadline(session, deadline_in(FACTS_MS));
    pg_session_on_tick(session, reading->goes_on, reading->data);
    const bool ok = read_facts(call, session, reading->moment, facts);
    pg_session_free(session);
    return ok;
}

/* ---- comparing ---- */

/* Kinds and tables that differ: their values then and now. */
static const char difference_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('%s: %s instead of %s', d.key, coalesce(d.now, 'none'), "
    "coalesce(d.was, 'none')), '; ') FROM (SELECT coalesce(w.key, n.key) AS key, w.value AS was, n.value AS now FROM "
    "pg_catalog.json_each_text($1::json) w FULL JOIN pg_catalog.json_each_text($2::json) n ON n.key = w.key WHERE "
    "w.value IS DISTINCT FROM n.value AND ($3 = 'all' OR (w.key IS NOT NULL AND n.key IS NOT NULL)) LIMIT 20) d";

static const char *difference(const struct backup_call *call, struct pg_session *session, const char *was,
                              const char *now, const char *which)
{
    const char *const values[] = {was, now, which};
    PG_RESULT(result) = pg_query(session, difference_sql, 3, values, call->status);
    const char *const value = result == NULL ? NULL : pg_field(result, 0, 0);
    return result == NULL ? NULL : value == NULL ? "" : arena_strdup(call->arena, value);
}

/* What was recorded when the backup was made. */
struct past {
    const char *objects;
    const char *rows;
    const char *digests; /* NULL: they are from an earlier Truss, which compared less, or from another major version,
                            which writes definitions differently */
};

static bool read_past(const struct backup_call *call, const struct backup_comparison *with, struct past *past)
{
    const char *const values[] = {backup_id(call->arena, with->id),
                                  arena_printf(call->arena, "%d", pg_session_server_version(with->home) / 10000)};
    PG_RESULT(result) = own_query(
        with->home,
        "SELECT facts -> 'objects', facts -> 'rows', CASE WHEN pg_catalog.split_part(server_version, '.', 1) = $2 "
        "THEN facts -> 'schema' END FROM {truss}.backups WHERE id = $1::bigint AND facts IS NOT NULL",
        2, values, call->status);
    if (result == NULL || PQntuples(result) != 1) {
        return result != NULL && status_fail(call->status, STATUS_NOT_FOUND, "Backup not found.");
    }
    const char *const digests = pg_field(result, 0, 2);
    *past = (struct past){
        .objects = arena_strdup(call->arena, pg_field(result, 0, 0)),
        .rows = arena_strdup(call->arena, pg_field(result, 0, 1)),
        .digests = digests == NULL ? NULL : arena_strdup(call->arena, digests),
    };
    return true;
}

/* PostgreSQL itself writes some expressions differently after a restore, such as `varchar IN (…)` in a check: so
 * definitions that differ are reported, but do not count as a loss. */
static const char *compare_digests(const struct backup_call *call, const struct backup_comparison *with,
                                   const char *digests)
{
    static const char sql[] =
        "SELECT pg_catalog.string_agg(coalesce(w.key, n.key), ', ' ORDER BY coalesce(w.key, n.key)) FROM "
        "pg_catalog.json_each_text($1::json) w FULL JOIN pg_catalog.json_each_text($2::json) n ON n.key = w.key "
        "WHERE w.value IS DISTINCT FROM n.value";
    if (digests == NULL) {
        return " Definitions were not compared: the backup was made by an earlier Truss, or on another major version.";
    }
    const char *const now = read_digests(call, with->restored);
    if (now == NULL) {
        return NULL;
    }
    PG_RESULT(result) = pg_query(with->home, sql, 2, (const char *const[]){digests, now}, call->status);
    const char *const kinds = result == NULL ? NULL : pg_field(result, 0, 0);
    return result == NULL  ? NULL
           : kinds == NULL ? " All definitions are the same."
                           : arena_printf(call->arena,
                                          " Some definitions are written differently (%s); "
                                          "`truss branch diff` shows which.",
                                          kinds);
}

/* For how many tables the rows were counted both times, and for how many not, because of somebody's code or a lock.
 * NULL: the query failed. */
static const char *compared_words(const struct backup_call *call, struct pg_session *session, const char *was,
                                  const char *now, int tables)
{
    const char *const values[] = {was, now, arena_printf(call->arena, "%d", tables)};
    PG_RESULT(result) = pg_query(session,
                                 "SELECT b.number, $3::int - b.number FROM (SELECT pg_catalog.count(*)::int AS number "
                                 "FROM pg_catalog.json_object_keys($1::json) w JOIN "
                                 "pg_catalog.json_object_keys($2::json) n ON n = w) b",
                                 3, values, call->status);
    if (result == NULL) {
        return NULL;
    }
    const char *const left = pg_field(result, 0, 1);
    return arena_printf(
        call->arena,
        "The relations, functions, constraints and types, and the rows of %s are as many as at the time of the "
        "backup.%s",
        words_counted(call->arena, strtoull(pg_field(result, 0, 0), NULL, 10), "table", "tables"),
        strcmp(left, "0") == 0 ? ""
                               : arena_printf(call->arena, " The rows of %s were not compared.",
                                              words_counted(call->arena, strtoull(left, NULL, 10), "table", "tables")));
}

bool backup_facts_compare(const struct backup_call *call, const struct backup_comparison *with, const char **report)
{
    struct past past = {0};
    struct buffer counted = {.arena = call->arena};
    if (!read_past(call, with, &past)) {
        return false;
    }
    const char *const now = ask(call, with->restored, objects_sql);
    PG_RESULT(tables) = now == NULL ? NULL : own_query(with->restored, tables_sql, 0, NULL, call->status);
    const char *const digests = tables == NULL ? NULL : compare_digests(call, with, past.digests);
    if (digests == NULL) {
        return false;
    }
    count_rows(call, with->restored, tables, &counted);
    const char *const other_objects = difference(call, with->home, past.objects, now, "all");
    const char *const other_rows = difference(call, with->home, past.rows, buffer_string(&counted), "both");
    if (other_objects == NULL || other_rows == NULL) {
        return false;
    }
    const char *const words = compared_words(call, with->home, past.rows, buffer_string(&counted), PQntuples(tables));
    if (words == NULL) {
        return false;
    }
    *report = arena_printf(call->arena, "%s%s", words, digests);
    return (other_objects[0] == '\0' && other_rows[0] == '\0') ||
           status_fail(call->status, STATUS_DATA_LOSS, "What was restored is not what was there: %s%s%s.",
                       other_objects, other_objects[0] != '\0' && other_rows[0] != '\0' ? "; " : "", other_rows);
}
