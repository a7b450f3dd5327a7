/*
 * The bodies of trigger functions are read by their words: what begins with LOCK, ALTER, EXECUTE and the like is not
 * known to be harmless, nor is a call of a function that may do so, nor a change of another table that has triggers.
 */
#include "migration/plan/fires.h"

#include "pg/session.h"
#include "sql/changes.h"
#include "sql/plpgsql.h"

/* Keys that hand a change on to the rows that refer to a row. */
#define HANDS_ON "k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))"

/* $1 the relation; what it fires is in its partitions and children, and in tables that its keys hand on to. */
static const char functions_sql[] =
    "WITH RECURSIVE reached(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM reached r JOIN (SELECT i.inhparent AS "
    "source, i.inhrelid AS oid FROM pg_catalog.pg_inherits i UNION ALL SELECT k.confrelid, k.conrelid FROM "
    "pg_catalog.pg_constraint k WHERE " HANDS_ON ") x ON x.source = r.oid) "
    "SELECT DISTINCT p.prosrc, l.lanname FROM pg_catalog.pg_trigger t JOIN reached r ON r.oid = t.tgrelid JOIN "
    "pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE NOT "
    "t.tgisinternal AND t.tgenabled <> 'D' AND l.lanname <> 'internal'";

/* Tables of which a change fires something. */
static const char firing_sql[] =
    "SELECT DISTINCT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid IN (SELECT t.tgrelid FROM "
    "pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' UNION SELECT k.confrelid FROM "
    "pg_catalog.pg_constraint k WHERE " HANDS_ON ")";

/* $1 names; those of functions that may do anything. */
static const char calls_sql[] =
    "SELECT 1 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = ANY "
    "($1::text[]) AND p.provolatile = 'v' AND (n.nspname <> 'pg_catalog' OR p.proname ~ '_to_xml|^ts_(stat|rewrite)') "
    "LIMIT 1";

/* What a body mentions. */
struct body {
    struct arena *arena;
    struct buffer names; /* of what may be functions, as an array */
    const struct words *firing;
    bool reads_only_rows;
};

/* An element of an array, in quotes. */
static void put_element(struct buffer *array, const char *name)
{
    buffer_puts(array, array->size == 1 ? "\"" : ",\"");
    for (; *name != '\0'; name++) {
        buffer_puts(array, *name == '"' || *name == '\\' ? "\\" : "");
        buffer_putc(array, *name);
    }
    buffer_putc(array, '"');
}

static void add_names(struct body *body, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    while (words.token.kind != SQL_END) {
        const char *const name = sql_identifier(body->arena, &words.token);
        sql_advance(&words);
        if (name != NULL && sql_is_symbol(&words.token, '(')) {
            put_element(&body->names, name);
        }
    }
}

static void look_at(struct body *body, struct text statement)
{
    static const char *const strong[] = {"lock",    "alter",   "create",   "drop", "truncate", "execute",
                                         "refresh", "reindex", "vacuum",   "call", "do",       "grant",
                                         "revoke",  "set",     "reassign", NULL};
    const struct sql_reader words = sql_read(statement);
    body->reads_only_rows = body->reads_only_rows && !sql_is_any_word(&words.token, strong) &&
                            sql_changed_table(body->arena, statement, body->firing) == NULL;
    add_names(body, statement);
}

static bool calls_unknown(struct pg_session *session, struct body *body)
{
    struct status unanswered = {.arena = body->arena};
    buffer_puts(&body->names, "}");
    const char *const names = buffer_string(&body->names);
    PG_RESULT(result) = pg_query(session, calls_sql, 1, &names, &unanswered);
    return result == NULL || PQntuples(result) > 0;
}

/* Do all of these functions lock no more than rows? */
static bool read_functions(struct arena *arena, struct pg_session *session, const PGresult *functions,
                           const struct words *firing)
{
    struct body body = {.arena = arena, .names = {.arena = arena}, .firing = firing, .reads_only_rows = true};
    buffer_puts(&body.names, "{");
    for (int i = 0; i < PQntuples(functions) && body.reads_only_rows; i++) {
        struct sql_lexer lexer = {.text = text_of(pg_field(functions, i, 0))};
        struct sql_statement one;
        body.reads_only_rows = text_is(text_of(pg_field(functions, i, 1)), "plpgsql");
        while (plpgsql_next(&lexer, &one)) {
            look_at(&body, text_slice(lexer.text, one.start, one.end));
        }
    }
    return body.reads_only_rows && !calls_unknown(session, &body);
}

static bool ask(struct arena *arena, struct pg_session *session, uint32_t oid)
{
    const char *const values[] = {arena_printf(arena, "%u", oid)};
    struct status unanswered = {.arena = arena};
    struct words firing = {0};
    PG_RESULT(functions) = pg_query(session, functions_sql, 1, values, &unanswered);
    if (functions == NULL || PQntuples(functions) == 0) {
        return functions != NULL;
    }
    PG_RESULT(tables) = pg_query(session, firing_sql, 0, NULL, &unanswered);
    for (int i = 0; tables != NULL && i < PQntuples(tables); i++) {
        words_add(arena, &firing, arena_strdup(arena, pg_field(tables, i, 0)));
    }
    return tables != NULL && read_functions(arena, session, functions, &firing);
}

bool fires_no_more_than_rows(struct arena *arena, struct pg_session *session, struct relation *relation)
{
    if (relation->fires == FIRES_NOT_ASKED) {
        const bool harmless = relation->oid == 0 || ask(arena, session, relation->oid);
        relation->fires = harmless ? FIRES_ROWS : FIRES_UNKNOWN;
    }
    return relation->fires == FIRES_ROWS;
}

void fires_note_trigger(struct world *world, struct text statement, const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "create")) {
        return;
    }
    if (sql_take(&words, "or")) {
        sql_take(&words, "replace");
    }
    sql_take(&words, "constraint");
    for (size_t i = 0; sql_is_word(&words.token, "trigger") && i < effects->count; i++) {
        struct relation *const relation = world_find(world, effects->locks[i].schema, effects->locks[i].name);
        if (relation != NULL) {
            relation->fires = FIRES_UNKNOWN;
        }
    }
}
