/*
 * The statements that pass over something are put together and compared as detect-schema does it.
 */
#include "migration/plan/flaws.h"

#include "migration/look/objects_query.h"
#include "migration/look/schema.h"
#include "migration/plan/foresee/passed_over.h"
#include "pg/search.h"
#include "sql/classify.h"
#include "sql/lasting.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

#define MOST_ONE_BY_ONE 32 /* names of relations, before all are asked for at once */

/* ---- reading the script ---- */

/* CREATE of what can be there with another definition, and ALTER TABLE … ADD COLUMN, with these words. What is
 * temporary is made elsewhere. */
static bool says_if_not_exists(struct text statement)
{
    static const char *const others[] = {"temp", "temporary", "local", "global", "schema", "extension", "or", NULL};
    struct sql_reader words = sql_read(statement);
    const bool creates = sql_take(&words, "create");
    if (!creates && !(sql_take(&words, "alter") && sql_is_word(&words.token, "table"))) {
        return false;
    }
    bool says = false;
    for (const bool may = !creates || !sql_is_any_word(&words.token, others);
         may && !says && words.token.kind != SQL_END && words.token.kind != SQL_BROKEN;) {
        const bool is_if = sql_take(&words, "if");
        says = is_if && sql_take(&words, "not") && sql_is_word(&words.token, "exists");
        if (!is_if) {
            sql_advance(&words);
        }
    }
    return says;
}

/* Every ALTER TABLE … ADD CONSTRAINT, and every CREATE, inside of a DO block. */
static void take_block(struct arena *arena, struct text statement, struct buffer *passing)
{
    struct sql_lexer outside = {.text = statement};
    struct sql_token token = sql_next(&outside);
    if (!sql_is_word(&token, "do")) {
        return;
    }
    const char *body = NULL;
    while (token.kind != SQL_END && body == NULL) {
        token = sql_next(&outside);
        body = sql_string(arena, &token);
    }
    struct sql_lexer inside = {.text = text_of(body == NULL ? "" : body)};
    size_t start = SIZE_MAX;
    for (token = sql_next(&inside); token.kind != SQL_END; token = sql_next(&inside)) {
        if (sql_is_word(&token, "alter") || sql_is_word(&token, "create")) {
            start = token.offset;
        } else if (start != SIZE_MAX && sql_is_symbol(&token, ';')) {
            buffer_add(passing, text_slice(inside.text, start, token.offset));
            buffer_puts(passing, ";\n");
            start = SIZE_MAX;
        }
    }
}

static void take_names(struct arena *arena, struct text statement, struct flaws *flaws)
{
    static const char *const verbs[] = {"drop", "alter", "reindex", "refresh", NULL};
    struct sql_lexer lexer = {.text = statement};
    struct sql_token token = sql_next(&lexer);
    const bool handles = sql_is_any_word(&token, verbs);
    for (; handles && token.kind != SQL_END && token.kind != SQL_BROKEN; token = sql_next(&lexer)) {
        const char *const name = sql_identifier(arena, &token);
        if (name != NULL) {
            words_add(arena, &flaws->handled, name);
        }
    }
}

/* ---- another kind of relation ---- */

/* What CREATE … IF NOT EXISTS is content with: any relation of that name. */
static const struct {
    const char *first;
    const char *second; /* NULL: one word */
    const char *kinds;  /* pg_class.relkind of what it makes */
} makers[] = {
    {"table", NULL, "rp"},     {"materialized", "view", "m"}, {"sequence", NULL, "S"},
    {"foreign", "table", "f"}, {"index", NULL, "iI"},
};

/* The kinds that CREATE … IF NOT EXISTS makes; NULL for another statement. What is temporary is made elsewhere. */
static const char *kinds_passed_over(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const char *kinds = NULL;
    if (!sql_take(&words, "create")) {
        return NULL;
    }
    if (!sql_take(&words, "unlogged")) {
        sql_take(&words, "unique");
    }
    for (size_t i = 0; kinds == NULL && i < sizeof makers / sizeof makers[0]; i++) {
        const bool is = sql_take(&words, makers[i].first);
        kinds = is && (makers[i].second == NULL || sql_take(&words, makers[i].second)) ? makers[i].kinds : NULL;
    }
    sql_take(&words, "concurrently");
    return kinds != NULL && sql_take(&words, "if") && sql_take(&words, "not") ? kinds : NULL;
}

/* Not where the catalog is too large for it: more than about 70,000 relations. */
static void load_names(struct pg_session *session, struct arena *arena, struct word_set *names)
{
    static const char sql[] = "SELECT DISTINCT c.relname FROM pg_catalog.pg_class c WHERE "
                              "pg_catalog.pg_relation_size('pg_catalog.pg_class'::pg_catalog.regclass) <= 16777216";
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, &unanswered);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        word_set_add(arena, names, pg_field(result, i, 0));
    }
}

/* Does the statement make a relation, of which no other has the name, in any schema? Then it passes over nothing. False
 * where that is not known. */
static bool makes_new(const struct request *request, struct pg_session *session, struct text statement,
                      struct flaws *flaws)
{
    struct sql_objects made = {0};
    if (kinds_passed_over(statement) == NULL) {
        return false;
    }
    sql_created_objects(request->arena, statement, &made);
    if (flaws->asked++ == MOST_ONE_BY_ONE) {
        load_names(session, request->arena, &flaws->names);
    }
    return made.count > 0 && flaws->names.count > 0 && !word_set_has(&flaws->names, made.items[0].name);
}

/* $1 the schema where it would be made or NULL, $2 the name, $3 the schema of the URL or NULL, $4 the kinds: what is
 * there of another kind. */
static const char other_kind_sql[] =
    "SELECT CASE c.relkind WHEN 'r' THEN 'a table' WHEN 'p' THEN 'a table' WHEN 'v' THEN 'a view' WHEN 'm' THEN "
    "'a materialized view' WHEN 'S' THEN 'a sequence' WHEN 'f' THEN 'a foreign table' WHEN 'c' THEN "
    "'a composite type' ELSE pg_catalog.concat('an index of ', (SELECT t.relname FROM pg_catalog.pg_index i JOIN "
    "pg_catalog.pg_class t ON t.oid = i.indrelid WHERE i.indexrelid = c.oid)) END "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $2::name "
    "AND n.nspname = coalesce($1::name, $3::name, (" PG_SCRIPT_SCHEMAS ")[1]) AND pg_catalog.strpos($4, "
    "c.relkind::text) = 0";

/* An index is made in the schema of its table, which is not looked for where it is not said. True where there is one.
 */
static bool note_other_kind(const struct request *request, struct pg_session *session, const char *migration,
                            struct text statement, struct flaws *flaws)
{
    struct arena *const arena = request->arena;
    const char *const kinds = kinds_passed_over(statement);
    struct sql_objects made = {0};
    if (kinds == NULL) {
        return false;
    }
    sql_created_objects(arena, statement, &made);
    if (made.count == 0 || words_have(&flaws->handled, made.items[0].name)) {
        return false;
    }
    const char *const values[] = {made.items[0].schema, made.items[0].name, request->site->project.schema, kinds};
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(session, other_kind_sql, 4, values, &unanswered);
    if (result != NULL && PQntuples(result) > 0) {
        words_add(arena, &flaws->others,
                  arena_printf(arena,
                               "Migration \"%s\" would pass over the %s \"%s\" and make nothing: what is there of that "
                               "name is %s.",
                               migration, made.items[0].type, made.items[0].name, pg_field(result, 0, 0)));
    }
    return result != NULL && PQntuples(result) > 0;
}

/* ---- what is no relation ---- */

/* $1 the name, $2 what is wanted: a row where it is there otherwise. */
static const struct {
    const char *first; /* behind CREATE */
    const char *word;  /* in front of what is wanted */
    const char *sql;
} others[] = {
    {"extension", "schema",
     "SELECT pg_catalog.format('The extension %I is in the schema %I', e.extname, n.nspname) FROM "
     "pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1::name "
     "AND "
     "n.nspname <> $2::name"},
    {"extension", "version",
     "SELECT pg_catalog.format('The extension %I is there in version %s', e.extname, e.extversion) FROM "
     "pg_catalog.pg_extension e WHERE e.extname = $1::name AND e.extversion <> $2"},
    {"schema", "authorization",
     "SELECT pg_catalog.format('The schema %I belongs to %I', n.nspname, r.rolname) FROM pg_catalog.pg_namespace n "
     "JOIN "
     "pg_catalog.pg_roles r ON r.oid = n.nspowner WHERE n.nspname = $1::name AND r.rolname <> $2::name AND $2 NOT IN "
     "('current_user', 'session_user', 'current_role')"},
};

/* CREATE EXTENSION or SCHEMA IF NOT EXISTS, where it is there in another schema or version, or is another role's. */
static void note_other_place(const struct request *request, struct pg_session *session, const char *migration,
                             struct text statement, struct flaws *flaws)
{
    struct arena *const arena = request->arena;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct sql_reader words = sql_read(statement);
        if (!sql_take(&words, "create") || !sql_take(&words, others[i].first) || !sql_take(&words, "if") ||
            !sql_take(&words, "not") || !sql_take(&words, "exists")) {
            continue;
        }
        const char *const name = sql_identifier(arena, &words.token);
        while (words.token.kind != SQL_END && !sql_is_word(&words.token, others[i].word)) {
            sql_advance(&words);
        }
        sql_advance(&words);
        const char *const string = sql_string(arena, &words.token);
        const char *const wanted = string != NULL ? string : sql_identifier(arena, &words.token);
        struct status unanswered = {.arena = arena};
        PG_RESULT(result) = name == NULL || wanted == NULL || words_have(&flaws->handled, name)
                                ? NULL
                                : pg_query(session, others[i].sql, 2, (const char *const[]){name, wanted}, &unanswered);
        if (result != NULL && PQntuples(result) > 0) {
            words_add(arena, &flaws->others,
                      arena_printf(arena, "%s: migration \"%s\" would pass over it, and wants %s.",
                                   pg_field(result, 0, 0), migration, wanted));
        }
    }
}

/* ---- what is there ---- */

/* $1 schema or NULL, $2 name, $3 the schema of the URL or NULL: its whole name, its kind, and who builds it now. */
static const char relation_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind, (SELECT p.pid "
    "FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid LIMIT 1) FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $2::name AND n.nspname = ANY ("
    "CASE WHEN coalesce($1, $3) IS NULL THEN " PG_SCRIPT_SCHEMAS " ELSE ARRAY[coalesce($1, $3)::name] END) "
    "LIMIT 1";

/* The statement that mends it. */
static const char *repair_of(struct arena *arena, const struct schema_finding *finding, const char *name, char kind)
{
    struct buffer constraint = {.arena = arena};
    if (strcmp(finding->flaw, "NOT VALID") == 0) {
        pg_quote_identifier(&constraint, finding->object->name);
        return arena_printf(arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", name, buffer_string(&constraint));
    }
    return strcmp(finding->flaw, "not populated") == 0 ? arena_printf(arena, "REFRESH MATERIALIZED VIEW %s", name)
           : strcmp(finding->flaw, "INVALID") == 0 && kind == 'i'
               ? arena_printf(arena, "DROP INDEX CONCURRENTLY %s", name)
               : NULL;
}

static const char *advice_of(struct arena *arena, const char *repair, const char *builder)
{
    return builder != NULL ? arena_printf(arena, "pid %s builds it just now: wait for that, then run again.", builder)
           : repair == NULL
               ? "An index of a partitioned table is valid when every partition's is attached to it: attach "
                 "them, or drop it."
               : arena_printf(arena, "Run it yourself (%s), or run with repair (truss run --repair).", repair);
}

static void add_flaw(const struct request *request, struct pg_session *session, const char *migration,
                     const struct schema_finding *finding, struct flaws *flaws)
{
    struct arena *const arena = request->arena;
    const struct sql_object *const object = finding->object;
    const bool is_part = object->parent != NULL;
    const char *const values[] = {is_part ? object->parent_schema : object->schema,
                                  is_part ? object->parent : object->name, request->site->project.schema};
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(session, relation_sql, 3, values, &unanswered);
    if (result == NULL || PQntuples(result) == 0) {
        return;
    }
    const char *const name = arena_strdup(arena, pg_field(result, 0, 0));
    const char *const builder = arena_strdup(arena, pg_field(result, 0, 2));
    const char *const repair = builder == NULL ? repair_of(arena, finding, name, pg_field(result, 0, 1)[0]) : NULL;
    flaws->items = arena_grow(arena, flaws->items, flaws->count, &flaws->capacity, sizeof *flaws->items);
    flaws->items[flaws->count++] = (struct flaw){
        .migration = migration,
        .what = arena_printf(arena, "the %s \"%s\"%s%s is there and %s", finding->type, object->name,
                             is_part ? " of " : "", is_part ? name : "", finding->flaw),
        .repair = repair,
        .advice = advice_of(arena, repair, builder),
    };
}

/* A table or materialized view by another query, a partition with another bound. */
static void note_difference(const struct request *request, struct pg_session *session, const char *migration,
                            struct text statement, struct flaws *flaws)
{
    struct sql_objects made = {0};
    sql_created_objects(request->arena, statement, &made);
    if (made.count == 0 || words_have(&flaws->handled, made.items[0].name)) {
        return;
    }
    const char *const difference = passed_over_difference(request, session, statement);
    if (difference != NULL) {
        words_add(request->arena, &flaws->others,
                  arena_printf(request->arena, "Migration \"%s\" would pass over the %s \"%s\", which is there: %s",
                               migration, made.items[0].type, made.items[0].name, difference));
    }
}

/* Does it, or what it calls or executes, set the search path? */
static bool moves_path(struct arena *arena, struct text statement)
{
    struct sql_lastings lastings = {0};
    sql_lasting(arena, statement, statement, &lastings);
    for (size_t i = 0; i < lastings.count; i++) {
        if (lastings.items[i].name != NULL && strcmp(lastings.items[i].name, "search_path") == 0) {
            return true;
        }
    }
    return false;
}

/* Did what was run before set it? A run that goes on sets it again. */
static bool moves_path_before(struct arena *arena, const struct flaws_script *script)
{
    struct sql_lexer lexer = {.text = text_slice(script->sql, 0, script->from)};
    struct sql_statement statement;
    bool moves = false;
    while (!moves && sql_next_statement(&lexer, &statement)) {
        moves = moves_path(arena, text_slice(lexer.text, statement.start, statement.end));
    }
    return moves;
}

/* Does the statement make something by a name without a schema? */
static bool makes_by_name_alone(struct arena *arena, struct text statement)
{
    struct sql_objects made = {0};
    sql_created_objects(arena, statement, &made);
    return made.count > 0 && made.items[0].schema == NULL;
}

/* What the statement would pass over that is another thing. Behind a SET of the search path a name alone means what is
 * not known here, and nothing is said of it. */
static void note_others(const struct request *request, struct pg_session *session, const struct flaws_script *script,
                        struct text statement, struct flaws *flaws)
{
    const char *const migration = script->migration;
    flaws->is_path_moved = flaws->is_path_moved || moves_path(request->arena, statement);
    if (!flaws->is_path_moved || !makes_by_name_alone(request->arena, statement)) {
        if (!note_other_kind(request, session, migration, statement, flaws) && says_if_not_exists(statement)) {
            note_difference(request, session, migration, statement, flaws);
        }
    }
    note_other_place(request, session, migration, statement, flaws);
}

/* What may be passed over is put together in passing. */
static void read_script(const struct request *request, struct pg_session *session, const struct flaws_script *script,
                        struct flaws *flaws, struct buffer *passing)
{
    struct sql_lexer lexer = {.text = text_slice(script->sql, script->from, script->sql.size)};
    struct sql_statement statement;
    flaws->is_path_moved = moves_path_before(request->arena, script);
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(lexer.text, statement.start, statement.end);
        const bool is_content = says_if_not_exists(text);
        if (is_content && makes_new(request, session, text, flaws)) {
            continue;
        }
        note_others(request, session, script, text, flaws);
        if (is_content) {
            buffer_add(passing, text);
            buffer_puts(passing, ";\n");
        } else {
            take_names(request->arena, text, flaws);
            take_block(request->arena, text, passing);
        }
    }
}

void flaws_find(const struct request *request, struct pg_session *session, const struct flaws_script *script,
                struct flaws *flaws)
{
    struct arena *const arena = request->arena;
    const struct objects_place place = {arena, session, request->site->project.schema};
    struct buffer passing = {.arena = arena};
    struct schema_findings findings = {0};
    struct status unanswered = {.arena = arena};
    read_script(request, session, script, flaws, &passing);
    if (passing.size == 0 || !schema_detect(&place, buffer_text(&passing), &findings, &unanswered)) {
        return;
    }
    for (size_t i = 0; i < findings.count; i++) {
        const struct schema_finding *const one = &findings.items[i];
        if (words_have(&flaws->handled, one->object->name)) {
            continue;
        }
        if (one->flaw == NULL && one->difference != NULL) {
            words_add(arena, &flaws->others,
                      arena_printf(arena, "Migration \"%s\" would pass over the %s \"%s\", which is there: %s",
                                   script->migration, one->type, one->object->name, one->difference));
        }
        if (one->flaw != NULL && strcmp(one->flaw, "disabled") != 0) {
            add_flaw(request, session, script->migration, one, flaws);
        }
    }
}

const char *flaws_refusal(struct arena *arena, const struct flaws *flaws)
{
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < flaws->count; i++) {
        const struct flaw *const one = &flaws->items[i];
        buffer_printf(&text, "%sMigration \"%s\" would pass over what it is to make: %s. %s", i == 0 ? "" : " ",
                      one->migration, one->what, one->advice);
    }
    return text.size == 0 ? NULL : buffer_string(&text);
}
