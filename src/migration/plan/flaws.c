/*
 * Statements that may pass over something are collected, as long as the search path stays the same, and compared as in
 * detect-schema.
 */
#include "migration/plan/flaws.h"

#include "migration/look/objects_query.h"
#include "migration/look/schema.h"
#include "migration/plan/foresee/passed_over.h"
#include "migration/plan/passing.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"
#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

#define MOST_ONE_BY_ONE 32 /* relation names that are queried one by one, before all are loaded */

/* ---- reading the script ---- */

static void take_names(struct arena *arena, struct text statement, struct flaws *flaws)
{
    static const char *const verbs[] = {"drop", "alter", "reindex", "refresh", NULL};
    struct sql_lexer lexer = {.text = statement};
    struct sql_token token = sql_next(&lexer);
    const bool handles = sql_is_any_word(&token, verbs);
    for (; handles && !sql_is_end(&token); token = sql_next(&lexer)) {
        const char *const name = sql_identifier(arena, &token);
        if (name != NULL) {
            words_add(arena, &flaws->handled, name);
        }
    }
}

/* ---- another kind of relation ---- */

/* Not if the catalog is too large: more than about 70,000 relations. */
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

/* Does the statement create a relation whose name no other has in any schema? Then it passes over nothing. False if
 * that is not known. */
static bool makes_new(struct arena *arena, struct pg_session *session, struct text statement, struct flaws *flaws)
{
    struct sql_objects made = {0};
    if (passing_kinds(statement) == NULL) {
        return false;
    }
    sql_created_objects(arena, statement, &made);
    if (flaws->asked++ == MOST_ONE_BY_ONE) {
        load_names(session, arena, &flaws->names);
    }
    return made.count > 0 && flaws->names.count > 0 && !word_set_has(&flaws->names, made.items[0].name);
}

/* $1 the schema for it or NULL, $2 the name, $3 the schema for unqualified names or NULL, $4 the kinds: finds a
 * relation of another kind. */
static const char other_kind_sql[] =
    "SELECT CASE c.relkind WHEN 'r' THEN 'a table' WHEN 'p' THEN 'a table' WHEN 'v' THEN 'a view' WHEN 'm' THEN "
    "'a materialized view' WHEN 'S' THEN 'a sequence' WHEN 'f' THEN 'a foreign table' WHEN 'c' THEN "
    "'a composite type' ELSE pg_catalog.concat('an index of ', (SELECT t.relname FROM pg_catalog.pg_index i JOIN "
    "pg_catalog.pg_class t ON t.oid = i.indrelid WHERE i.indexrelid = c.oid)) END "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $2::name "
    "AND n.nspname = coalesce($1::name, $3::name, (" PG_SCRIPT_SCHEMAS ")[1]) AND pg_catalog.strpos($4, "
    "c.relkind::text) = 0";

/* An index is created in its table's schema, which is not known if unqualified. Returns true if another kind exists. */
static bool note_other_kind(struct arena *arena, struct pg_session *session, const char *migration,
                            struct text statement, struct flaws *flaws)
{
    const char *const kinds = passing_kinds(statement);
    struct sql_objects made = {0};
    if (kinds == NULL) {
        return false;
    }
    sql_created_objects(arena, statement, &made);
    if (made.count == 0 || words_have(&flaws->handled, made.items[0].name)) {
        return false;
    }
    const char *const values[] = {made.items[0].schema, made.items[0].name, flaws->path.schema, kinds};
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(session, other_kind_sql, 4, values, &unanswered);
    if (result != NULL && PQntuples(result) > 0) {
        words_add(arena, &flaws->others,
                  arena_printf(arena,
                               "Migration \"%s\" would skip the %s \"%s\" and make nothing: what is there of that "
                               "name is %s.",
                               migration, made.items[0].type, made.items[0].name, pg_field(result, 0, 0)));
    }
    return result != NULL && PQntuples(result) > 0;
}

/* ---- things that are no relations ---- */

/* $1 the name, $2 the wanted property: returns a row if it exists with another one. */
static const struct {
    const char *first; /* after CREATE */
    const char *word;  /* before the wanted property */
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

/* CREATE EXTENSION or SCHEMA IF NOT EXISTS that exists in another schema or version, or belongs to another role. */
static void note_other_place(struct arena *arena, struct pg_session *session, const char *migration,
                             struct text statement, struct flaws *flaws)
{
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
                      arena_printf(arena, "%s: migration \"%s\" would skip it, and needs %s.", pg_field(result, 0, 0),
                                   migration, wanted));
        }
    }
}

/* ---- what exists ---- */

/* $1 schema or NULL, $2 name, $3 the schema for unqualified names or NULL: its full name, its kind, and who is building
 * it now. */
static const char relation_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind, (SELECT p.pid "
    "FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid LIMIT 1) FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $2::name AND n.nspname = ANY ("
    "CASE WHEN coalesce($1, $3) IS NULL THEN " PG_SCRIPT_SCHEMAS " ELSE ARRAY[coalesce($1, $3)::name] END) "
    "LIMIT 1";

/* The statement that repairs it. */
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
               : arena_printf(arena, "Run it yourself (%s), or run with --repair (in a request: repair).", repair);
}

static void add_flaw(struct arena *arena, struct pg_session *session, const char *migration,
                     const struct schema_finding *finding, struct flaws *flaws)
{
    const struct sql_object *const object = finding->object;
    const bool is_part = object->parent != NULL;
    const char *const values[] = {is_part ? object->parent_schema : object->schema,
                                  is_part ? object->parent : object->name, flaws->path.schema};
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

/* ---- differences ---- */

static void note_uncompared(struct arena *arena, struct flaws *flaws, const char *migration,
                            const struct schema_finding *finding, const char *why)
{
    words_add(arena, &flaws->uncompared,
              arena_printf(arena,
                           "Migration \"%s\" would skip the %s \"%s\", which is there: whether it is the same cannot "
                           "be compared%s%s.",
                           migration, finding->type, finding->object->name, why == NULL ? "" : ", as ",
                           why == NULL ? "" : why));
}

/* A table or materialized view with another query, a partition with another bound. */
static void note_difference(struct arena *arena, struct pg_session *session, const char *migration,
                            struct text statement, struct flaws *flaws)
{
    struct sql_objects made = {0};
    sql_created_objects(arena, statement, &made);
    if (made.count == 0 || words_have(&flaws->handled, made.items[0].name)) {
        return;
    }
    const struct passed_over over = passed_over_judge(arena, session, flaws->path.schema, statement);
    if (over.is_same) {
        words_add(arena, &flaws->compared, made.items[0].name);
    }
    if (over.difference != NULL) {
        words_add(arena, &flaws->compared, made.items[0].name);
        words_add(arena, &flaws->others,
                  arena_printf(arena, "Migration \"%s\" would skip the %s \"%s\", which is there: %s", migration,
                               made.items[0].type, made.items[0].name, over.difference));
    }
}

/* Does the statement create something under an unqualified name? */
static const char *made_by_name_alone(struct arena *arena, struct text statement)
{
    struct sql_objects made = {0};
    sql_created_objects(arena, statement, &made);
    const bool is_part = made.count > 0 && made.items[0].parent != NULL;
    const bool is_alone =
        made.count > 0 && (is_part ? made.items[0].parent_schema == NULL : made.items[0].schema == NULL);
    return !is_alone ? NULL : is_part ? made.items[0].parent : made.items[0].name;
}

/* After an unknown search path an unqualified name has an unknown meaning: reports it if anything has that name. */
static void note_lost(struct arena *arena, struct pg_session *session, const char *migration, const char *name,
                      struct flaws *flaws)
{
    static const char sql[] = "SELECT FROM pg_catalog.pg_class c WHERE c.relname = $1::name LIMIT 1";
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(session, sql, 1, &name, &unanswered);
    if (result != NULL && PQntuples(result) > 0) {
        words_add(arena, &flaws->uncompared,
                  arena_printf(arena,
                               "Migration \"%s\" would skip \"%s\" if that exists, and after its change of the search "
                               "path it cannot be known in which schema.",
                               migration, name));
    }
}

/* ---- a script ---- */

struct reading {
    struct arena *arena;
    struct pg_session *session;
    const char *migration;
    struct flaws *flaws;
    struct buffer passing; /* collected statements that may pass over something */
};

static void judge(const struct reading *reading, const struct schema_finding *one, const char *undefined)
{
    struct arena *const arena = reading->arena;
    struct flaws *const flaws = reading->flaws;
    const char *const name = one->object->name;
    if (one->flaw == NULL && one->difference != NULL) {
        words_add(arena, &flaws->others,
                  arena_printf(arena, "Migration \"%s\" would skip the %s \"%s\", which is there: %s",
                               reading->migration, one->type, name, one->difference));
    } else if (one->exists && one->comparison == SCHEMA_UNCOMPARED && words_have(&flaws->passed, name) &&
               !words_have(&flaws->compared, name)) {
        note_uncompared(arena, flaws, reading->migration, one, undefined);
    }
    if (one->flaw != NULL && strcmp(one->flaw, "disabled") != 0) {
        add_flaw(arena, reading->session, reading->migration, one, flaws);
    }
}

/* Compares the collected statements and clears them. */
static bool compare(struct reading *reading, struct status *status)
{
    struct flaws *const flaws = reading->flaws;
    const struct objects_place place = {reading->arena, reading->session, flaws->path.schema};
    struct schema_findings findings = {0};
    struct status unanswered = {.arena = reading->arena};
    const bool is_known =
        reading->passing.size > 0 && schema_detect(&place, buffer_text(&reading->passing), &findings, &unanswered);
    for (size_t i = 0; is_known && i < findings.count; i++) {
        if (!words_have(&flaws->handled, findings.items[i].object->name)) {
            judge(reading, &findings.items[i], findings.undefined);
        }
    }
    reading->passing = (struct buffer){.arena = reading->arena};
    flaws->passed = flaws->compared = (struct words){0};
    const bool lacks_memory = unanswered.code == STATUS_UNAVAILABLE && !pg_session_is_lost(reading->session);
    *status = lacks_memory ? unanswered : *status;
    return !lacks_memory;
}

static void put_together(struct reading *reading, struct text statement)
{
    struct sql_objects made = {0};
    sql_created_objects(reading->arena, statement, &made);
    for (size_t i = 0; i < made.count; i++) {
        words_add(reading->arena, &reading->flaws->passed, made.items[i].name);
    }
    buffer_add(&reading->passing, statement);
    buffer_puts(&reading->passing, ";\n");
}

/* Notes objects that the statement would skip although they differ. */
static void read_statement(struct reading *reading, struct text statement)
{
    struct arena *const arena = reading->arena;
    struct flaws *const flaws = reading->flaws;
    const bool is_content = passing_says(statement);
    const char *const alone = flaws->path.is_lost ? made_by_name_alone(arena, statement) : NULL;
    if (is_content && makes_new(arena, reading->session, statement, flaws)) {
        return;
    }
    if (alone == NULL && !note_other_kind(arena, reading->session, reading->migration, statement, flaws) &&
        is_content) {
        note_difference(arena, reading->session, reading->migration, statement, flaws);
    }
    note_other_place(arena, reading->session, reading->migration, statement, flaws);
    if (is_content && alone != NULL) {
        note_lost(arena, reading->session, reading->migration, alone, flaws);
    } else if (is_content) {
        put_together(reading, statement);
    } else {
        take_names(arena, statement, flaws);
        passing_of_block(arena, statement, &reading->passing);
    }
}

/* Statements before `from` are followed only for the search path, which a continued run sets again. */
bool flaws_find(const struct request *request, struct pg_session *session, const struct flaws_script *script,
                struct flaws *flaws, struct status *status)
{
    struct reading reading = {.arena = request->arena,
                              .session = session,
                              .migration = script->migration,
                              .flaws = flaws,
                              .passing = {.arena = request->arena}};
    struct sql_lexer lexer = {.text = script->sql};
    struct sql_statement one;
    flaws->path =
        (struct passing_path){.usual = request->site->project.schema, .schema = request->site->project.schema};
    bool ok = true;
    while (ok && sql_next_statement(&lexer, &one)) {
        const struct text statement = text_slice(script->sql, one.start, one.end);
        struct passing_path path = flaws->path;
        passing_follow(request->arena, statement, &path);
        if (path.schema != flaws->path.schema) {
            ok = compare(&reading, status);
        }
        flaws->path = path;
        if (one.start >= script->from) {
            read_statement(&reading, statement);
        }
    }
    return ok && compare(&reading, status);
}

const char *flaws_refusal(struct arena *arena, const struct flaws *flaws)
{
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < flaws->count; i++) {
        const struct flaw *const one = &flaws->items[i];
        buffer_printf(&text, "%sMigration \"%s\" would skip what it is to make: %s. %s", i == 0 ? "" : " ",
                      one->migration, one->what, one->advice);
    }
    return text.size == 0 ? NULL : buffer_string(&text);
}
