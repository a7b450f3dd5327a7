#include "migration/plan/bodies.h"

#include "base/sqlstate.h"
#include "pg/briefly.h"
#include "pg/own_query.h"
#include "pg/query.h"
#include "pg/values.h"

#define MOST_ROUNDS 8 /* chains of functions calling functions: each round finds one more level */

/* `truss` is ours. */
#define THEIRS                                                                                                         \
    "pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_namespace n ON n.oid " \
    "= p.pronamespace WHERE p.prokind <> 'a' AND l.lanname NOT IN ('internal', 'c') AND n.nspname NOT IN "             \
    "('pg_catalog', 'information_schema', '{truss}')"
#define NAME                                                                                                           \
    "p.proname, l.lanname, coalesce((SELECT pg_catalog.string_agg(pg_catalog.split_part(s, '=', 1), ' ') FROM "        \
    "pg_catalog.unnest(p.proconfig) s), '')"

static const char functions_sql[] = "SELECT " NAME ", p.prosrc FROM " THEIRS " ORDER BY p.oid";

/* A BEGIN ATOMIC body has no source text in the catalogs. Printing it needs its tables' locks. */
static const char atomic_sql[] =
    "SELECT " NAME
    ", pg_catalog.split_part(pg_catalog.pg_get_functiondef(p.oid), 'BEGIN ATOMIC', 2) FROM (SELECT " PG_BRIEFLY(
        "true") " OFFSET 0) briefly CROSS JOIN " THEIRS " AND p.prosrc = '' ORDER BY p.oid";

/* The relations that reach functions of these names, each with the function. */
static const char tables_sql[] =
    "WITH RECURSIVE functions AS (SELECT p.oid, p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
    "ON n.oid = p.pronamespace WHERE p.proname = ANY ($1::pg_catalog.name[]) AND n.nspname NOT IN ('pg_catalog', "
    "'information_schema', '{truss}')), reached AS ("
    "SELECT t.tgrelid AS relation, f.proname, true AS on_write FROM pg_catalog.pg_trigger t JOIN functions f ON f.oid "
    "= "
    "t.tgfoid WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' "
    "UNION SELECT coalesce(r.ev_class, a.adrelid, q.polrelid, k.conrelid), f.proname, coalesce(r.ev_class, q.polrelid) "
    "IS NULL FROM pg_catalog.pg_depend d "
    "JOIN functions f ON f.oid = d.refobjid "
    "LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid "
    "LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid "
    "LEFT JOIN pg_catalog.pg_policy q ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND q.oid = d.objid "
    "LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = "
    "d.objid WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass), "
    /* Views pass both on; a change is passed on to partitions, children and referencing rows. */
    "through AS (SELECT relation, proname, on_write FROM reached UNION SELECT x.relation, t.proname, t.on_write FROM "
    "through t JOIN (SELECT d.refobjid AS source, r.ev_class AS relation, false AS of_writes FROM pg_catalog.pg_depend "
    "d "
    "JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass "
    "UNION SELECT i.inhrelid, i.inhparent, true FROM pg_catalog.pg_inherits i "
    "UNION SELECT k.conrelid, k.confrelid, true FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND "
    "(k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))) x ON x.source = t.relation AND "
    "(t.on_write "
    "OR NOT x.of_writes)) "
    "SELECT DISTINCT c.relname, t.proname, t.on_write FROM through t JOIN pg_catalog.pg_class c ON c.oid = t.relation "
    "ORDER BY 1, "
    "2";

/* A partition or child and its parent; a table and those that its foreign keys reference, which pass changes on. */
static const char links_sql[] =
    "SELECT DISTINCT f.relname, t.relname FROM (SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i UNION "
    "SELECT k.conrelid, k.confrelid FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND (k.confdeltype IN ('c', "
    "'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))) x (source, target) JOIN pg_catalog.pg_class f ON f.oid = x.source "
    "JOIN pg_catalog.pg_class t ON t.oid = x.target WHERE f.relkind IN ('r', 'p', 'f')";

/* The names as the text of a name[]. */
static const char *names_of(struct arena *arena, const struct hidden *hidden)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < hidden->count; i++) {
        pg_put_element(&names, hidden->items[i].name);
    }
    return pg_array_text(&names);
}

/* Functions that call others are found in a later round, when those are known. */
static void note_functions(struct arena *arena, const PGresult *result, struct hidden *hidden,
                           const struct deferred *deferred)
{
    bool is_new = result != NULL;
    for (int round = 0; is_new && round < MOST_ROUNDS; round++) {
        is_new = false;
        for (int i = 0; i < PQntuples(result); i++) {
            const struct hidden_function function = {
                .name = arena_strdup(arena, pg_field(result, i, 0)),
                .language = pg_field(result, i, 1),
                .settings = pg_field(result, i, 2),
                .body = text_of(pg_field(result, i, 3)),
            };
            is_new = hidden_note_function(arena, hidden, &function, deferred) || is_new;
        }
    }
}

static bool note_links(struct pg_session *session, struct arena *arena, struct hidden *hidden, struct status *status)
{
    PG_RESULT(links) = pg_query(session, links_sql, 0, NULL, status);
    for (int i = 0; links != NULL && i < PQntuples(links); i++) {
        const struct hidden_link link = {.from = arena_strdup(arena, pg_field(links, i, 0)),
                                         .to = arena_strdup(arena, pg_field(links, i, 1))};
        hidden_note_link(arena, hidden, &link);
    }
    return links != NULL;
}

static bool is_atomic(const PGresult *functions, int row)
{
    return pg_field(functions, row, 3)[0] == '\0';
}

/* Reads the bodies without source text. If they cannot be read now, a call of each may leave anything; *atomic is NULL
 * then, and if there are none. Fails if the server did not answer. */
static bool read_atomic(struct pg_session *session, const PGresult *functions, struct hidden *hidden, PGresult **atomic,
                        struct status *status)
{
    struct status unread = {.arena = status->arena};
    int row = 0;
    while (row < PQntuples(functions) && !is_atomic(functions, row)) {
        row++;
    }
    *atomic = row == PQntuples(functions) ? NULL : own_query(session, atomic_sql, 0, NULL, &unread);
    const bool is_unread = unread.code != STATUS_OK;
    if (is_unread && !sqlstate_is(unread.sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
        *status = unread;
        return false;
    }
    for (; is_unread && row < PQntuples(functions); row++) {
        if (is_atomic(functions, row)) {
            hidden_note_unknown(status->arena, hidden, pg_field(functions, row, 0));
        }
    }
    return true;
}

/* A function may change a table whose triggers are only known once the tables are read: then there is another round. */
bool bodies_read(struct pg_session *session, struct arena *arena, struct hidden *hidden,
                 const struct deferred *deferred, struct status *status)
{
    PG_RESULT(functions) = own_query(session, functions_sql, 0, NULL, status);
    PG_RESULT(atomic) = NULL;
    if (functions == NULL || !read_atomic(session, functions, hidden, &atomic, status) ||
        !note_links(session, arena, hidden, status)) {
        return false;
    }
    note_functions(arena, functions, hidden, deferred);
    note_functions(arena, atomic, hidden, deferred);
    for (size_t before = 0; hidden->count > before;) {
        before = hidden->count;
        const char *const names = names_of(arena, hidden);
        PG_RESULT(tables) = own_query(session, tables_sql, 1, &names, status);
        if (tables == NULL) {
            return false;
        }
        for (int i = 0; i < PQntuples(tables); i++) {
            const struct hidden_table table = {.name = arena_strdup(arena, pg_field(tables, i, 0)),
                                               .function = pg_field(tables, i, 1),
                                               .on_write = pg_field_bool(tables, i, 2)};
            hidden_note_table(arena, hidden, &table);
        }
        note_functions(arena, functions, hidden, deferred);
        note_functions(arena, atomic, hidden, deferred);
    }
    return true;
}
