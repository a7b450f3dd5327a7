/*
 * Words are recorded as they are, whatever they mean in the statement.
 */
#include "migration/plan/foresee/needs.h"

#include "pg/values.h"
#include "sql/lasting.h"
#include "sql/lexer.h"

#include <string.h>

#define MOST_ASKED 2000 /* queries for one plan, besides those that are sent together */

/* ---- words ---- */

bool needs_mentioned(const struct needs *needs, const char *name)
{
    return word_set_has(&needs->mentioned, name);
}

static bool authorizes_schema(struct sql_reader words)
{
    return sql_take(&words, "create") && sql_take(&words, "schema") && sql_is_word(&words.token, "authorization");
}

/* May the statement drop, rename or move something? */
static bool takes_away(struct text statement)
{
    static const char *const words[] = {"drop", "rename", "schema", NULL};
    struct sql_reader reader = sql_read(statement);
    bool takes = sql_is_word(&reader.token, "drop");
    if (!takes && !sql_is_word(&reader.token, "alter")) {
        return false;
    }
    for (; !takes && !sql_is_end(&reader.token); sql_advance(&reader)) {
        takes = sql_is_any_word(&reader.token, words);
    }
    return takes;
}

/* Records what it may drop. */
static void note_taken(struct needs *needs, struct text statement)
{
    static const char *const others[] = {"cascade", "owned", "extension", NULL};
    struct sql_reader words = sql_read(statement);
    struct arena *const reading = arena_new(0);
    for (const bool takes = takes_away(statement); takes && !sql_is_end(&words.token); sql_advance(&words)) {
        const char *const name = sql_identifier(reading, &words.token);
        needs->has_cascaded = needs->has_cascaded || sql_is_any_word(&words.token, others);
        if (name != NULL) {
            word_set_add(needs->arena, &needs->taken, name);
        }
    }
    arena_free(reading);
}

bool needs_took(const struct needs *needs, const char *name)
{
    return word_set_has(&needs->taken, name);
}

struct sql_need needs_kept(struct arena *arena, const struct sql_need *need)
{
    struct sql_need kept = *need;
    kept.schema = arena_strdup(arena, need->schema);
    kept.name = arena_strdup(arena, need->name);
    kept.part = arena_strdup(arena, need->part);
    kept.types = arena_strdup(arena, need->types);
    kept.was_schema = arena_strdup(arena, need->was_schema);
    kept.was = arena_strdup(arena, need->was);
    kept.promised = arena_strdup(arena, need->promised);
    return kept;
}

const char *needs_say_there(struct needs *needs, const char *called, const char *name)
{
    const bool is_first = !needs->has_advised;
    needs->has_advised = true;
    return arena_printf(needs->arena, "%s%s%s\"%s\" is there already.%s", called == NULL ? "" : "The ",
                        called == NULL ? "" : called, called == NULL ? "" : " ", name,
                        is_first ? " If this migration was applied before, by hand or by another tool, say so (truss "
                                   "mark-applied, or truss baseline for many); otherwise drop or rename what is there."
                                 : "");
}

/* SELECT INTO, and EXPLAIN ANALYZE of a statement that creates a table. */
static bool makes_of_rows(struct sql_reader words)
{
    struct sql_reader explained = words;
    while (sql_is_symbol(&words.token, '(')) {
        sql_advance(&words);
    }
    return (sql_is_word(&words.token, "select") && sql_skip_to(&words, "into")) ||
           (sql_take(&explained, "explain") && (sql_skip_to(&words, "create") || sql_skip_to(&explained, "into")));
}

/* ALTER ROLE … SET TimeZone, for the next session. */
static bool sets_later(struct sql_reader words)
{
    static const char *const owners[] = {"role", "user", "database", "system", NULL};
    static const char *const zone[] = {"timezone", "zone", NULL};
    bool sets = sql_take(&words, "alter") && sql_is_any_word(&words.token, owners);
    while (sets && words.token.kind != SQL_END && !sql_is_any_word(&words.token, zone)) {
        sql_advance(&words);
    }
    return sets && words.token.kind != SQL_END;
}

/* SET TIME ZONE, standard_conforming_strings, and other ways to set them. */
static void note_settings(struct needs *needs, struct arena *arena, struct sql_reader words, struct text statement)
{
    static const char *const verbs[] = {"set", "reset", "discard", "select", "do", NULL};
    struct sql_lastings lastings = {0};
    if (!sql_is_any_word(&words.token, verbs)) {
        needs->may_set_zone = needs->may_set_zone || sql_has_word(statement, "set_config") || sets_later(words);
        return;
    }
    sql_lasting(arena, statement, statement, &lastings);
    for (size_t i = 0; i < lastings.count; i++) {
        const struct sql_lasting *const one = &lastings.items[i];
        const bool sets_zone = one->name != NULL && strcmp(one->name, "timezone") == 0;
        needs->may_set_zone = needs->may_set_zone || one->kind == SQL_RESET_ALL || sets_zone;
        needs->may_read_otherwise = needs->may_read_otherwise || one->kind == SQL_RESET_ALL || one->kind == SQL_READING;
    }
}

/* ---- schemas ---- */

bool needs_lost_schema(const struct needs *needs, const char *name)
{
    return !needs->may_undo && word_set_number(&needs->schemas, name) == NEEDS_GONE;
}

static void note_schema(struct needs *needs, const char *name, int number)
{
    if (name != NULL) {
        word_set_put(needs->arena, &needs->schemas, name, number);
    }
}

void needs_note_schemas(struct needs *needs, struct text statement)
{
    /* What undoes earlier statements, and an extension, which may create its own schema. */
    static const char *const unsure[] = {"savepoint", "rollback", "abort", "extension", NULL};
    struct arena *const arena = needs->arena;
    struct sql_reader words = sql_read(statement);
    struct sql_reader made = words;
    sql_take(&made, "create");
    needs->may_undo = needs->may_undo || sql_is_any_word(&made.token, unsure);
    if (sql_take_words(&words, "alter schema")) {
        const char *const name = sql_take_name(arena, &words, NULL);
        if (sql_take_words(&words, "rename to")) {
            note_schema(needs, name, NEEDS_GONE);
            note_schema(needs, sql_take_name(arena, &words, NULL), 0);
        }
    } else if (sql_take_words(&words, "create schema")) {
        sql_take_if(&words);
        note_schema(needs, sql_take_name(arena, &words, NULL), 0);
    } else if (sql_take_words(&words, "drop schema")) {
        sql_take_if(&words);
        note_schema(needs, sql_take_name(arena, &words, NULL), NEEDS_GONE);
        while (sql_is_symbol(&words.token, ',')) {
            sql_advance(&words);
            note_schema(needs, sql_take_name(arena, &words, NULL), NEEDS_GONE);
        }
    }
}

/* Does it set something that may change what other statements mean? */
static bool sets(struct sql_reader words)
{
    static const char *const verbs[] = {"set", "reset", "discard", NULL};
    static const char *const limits[] = {"lock_timeout",
                                         "statement_timeout",
                                         "client_min_messages",
                                         "idle_in_transaction_session_timeout",
                                         "synchronous_commit",
                                         "maintenance_work_mem",
                                         "work_mem",
                                         NULL};
    if (sql_is_word(&words.token, "grant") || sql_is_word(&words.token, "revoke")) {
        struct sql_reader on = words; /* of a schema or a role: may make more names visible */
        return sql_skip_to(&words, "schema") || !sql_skip_to(&on, "on");
    }
    if (!sql_is_any_word(&words.token, verbs)) {
        return sql_skip_to(&words, "set_config");
    }
    sql_advance(&words);
    if (!sql_take(&words, "local")) {
        sql_take(&words, "session");
    }
    return !sql_is_any_word(&words.token, limits);
}

/* Operators, casts, labels and the types of columns are used without being named, and an extension brings any names. */
static bool redefines(struct sql_reader words)
{
    static const char *const verbs[] = {"create", "alter", "drop", NULL};
    static const char *const kinds[] = {"operator", "cast", "extension", "conversion", NULL};
    static const char *const parts[] = {"value", "attribute", NULL};
    if (!sql_is_any_word(&words.token, verbs)) {
        return false;
    }
    const bool alters = sql_take(&words, "alter");
    if (!alters) {
        sql_advance(&words);
        sql_take(&words, "default");
    }
    bool is = sql_is_any_word(&words.token, kinds);
    for (const bool is_type = alters && sql_take(&words, "type"); is_type && !is && !sql_is_end(&words.token);
         sql_advance(&words)) {
        is = sql_is_any_word(&words.token, parts);
    }
    return is;
}

/* A table, its indexes, views, triggers and policies: what functions and types these name, they use. */
static bool uses_only(struct sql_reader words)
{
    static const char *const verbs[] = {"create", "alter", NULL};
    static const char *const adjectives[] = {"or",       "replace", "global",    "local",        "temporary",  "temp",
                                             "unlogged", "unique",  "recursive", "materialized", "constraint", NULL};
    static const char *const kinds[] = {"table", "index", "view", "trigger", "policy", "sequence", NULL};
    if (!sql_is_any_word(&words.token, verbs)) {
        return false;
    }
    for (sql_advance(&words); sql_is_any_word(&words.token, adjectives);) {
        sql_advance(&words);
    }
    return sql_is_any_word(&words.token, kinds);
}

/* May it change rows though it is a query: by a function that may write, or by what a view calls? */
static bool may_write(struct needs *needs, struct sql_reader words, const struct sql_effects *effects)
{
    static const char *const runs[] = {"call", "do", "execute", "fetch", "move", "refresh", NULL};
    const bool computes = effects->computes || effects->work != SQL_WORK_NONE;
    bool may = sql_is_any_word(&words.token, runs);
    for (size_t i = 0; computes && !may && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        bool is_users;
        may = need->kind == SQL_NEED_FUNCTION && !world_is_harmless(needs->world, need->schema, need->name, &is_users);
    }
    for (size_t i = 0; computes && !may && i < effects->touch_count; i++) {
        const struct relation *const read =
            world_find(needs->world, effects->touches[i].schema, effects->touches[i].name);
        may = read != NULL && read->kind == 'v';
    }
    return may;
}

/* DISABLE TRIGGER, or session_replication_role, also by set_config(). */
static bool stops_triggers(struct text statement, struct sql_reader words)
{
    static const char *const settings[] = {"session_replication_role", "set_config", NULL};
    return sql_has_any_word(statement, settings) ||
           (sql_is_word(&words.token, "alter") && sql_has_words(statement, "disable", "trigger"));
}

void needs_note(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    static const char *const verbs[] = {"create", "alter",   "drop",  "truncate", "delete",
                                        "with",   "refresh", "merge", "cluster",  NULL};
    /* INSERT, UPDATE and COPY may, through a trigger. */
    static const char *const emptying[] = {"drop",   "truncate", "delete", "with",    "merge",
                                           "insert", "update",   "copy",   "explain", NULL};
    static const char *const counting[] = {"nextval", "setval", "restart", NULL};
    struct sql_reader words = sql_read(statement);
    struct arena *const reading = arena_new(0);
    const bool is_of_tables = uses_only(words);
    note_taken(needs, statement);
    needs->has_set = needs->has_set || sets(words);
    needs->has_redefined = needs->has_redefined || redefines(words);
    needs->has_unknown = needs->has_unknown || effects->unknown;
    note_settings(needs, reading, words, statement);
    needs->may_have_emptied =
        needs->may_have_emptied || may_write(needs, words, effects) ||
        (sql_is_any_word(&words.token, emptying) && !(sql_is_word(&words.token, "insert") && needs->only_adds));
    needs->only_adds = false;
    needs->may_have_counted =
        needs->may_have_counted || needs->may_have_emptied || effects->unknown || sql_has_any_word(statement, counting);
    needs->may_pass_keys = needs->may_pass_keys || stops_triggers(statement, words);
    needs->has_unnamed_schema = needs->has_unnamed_schema || authorizes_schema(words);
    for (bool notes = sql_is_any_word(&words.token, verbs) || makes_of_rows(words); notes && !sql_is_end(&words.token);
         sql_advance(&words)) {
        const char *const word = sql_identifier(reading, &words.token);
        if (word != NULL) {
            word_set_count(needs->arena, &needs->mentioned, word);
        }
        if (word != NULL && !is_of_tables) {
            word_set_add(needs->arena, &needs->others, word);
        }
        if (word != NULL && effects->keeps_rows) {
            word_set_count(needs->arena, &needs->kept, word);
        }
    }
    arena_free(reading);
}

bool needs_changed(const struct needs *needs, const char *name)
{
    return word_set_has(&needs->others, name) ||
           (needs_mentioned(needs, name) && world_find(needs->world, NULL, name) != NULL);
}

size_t needs_count_in(struct text statement, const char *name)
{
    struct sql_reader words = sql_read(statement);
    struct arena *const reading = arena_new(0);
    size_t count = 0;
    for (; !sql_is_end(&words.token); sql_advance(&words)) {
        const char *const word = sql_identifier(reading, &words.token);
        count += word != NULL && strcmp(word, name) == 0 ? 1 : 0;
    }
    arena_free(reading);
    return count;
}

typedef bool test(const struct needs *needs, const char *name);

static bool is_any(const struct needs *needs, const char *names, test *is)
{
    struct text rest = text_of(names);
    bool has = false;
    for (struct text name; !has && text_next_unit(&rest, &name);) {
        has = is(needs, arena_strndup(needs->arena, name.data, name.size));
    }
    return has;
}

bool needs_mentioned_any(const struct needs *needs, const char *names)
{
    return is_any(needs, names, needs_mentioned);
}

int needs_times_altered(const struct needs *needs, const char *name)
{
    return word_set_number(&needs->mentioned, name) - word_set_number(&needs->kept, name);
}

bool needs_altered(const struct needs *needs, const char *name)
{
    return needs_times_altered(needs, name) > 0;
}

bool needs_altered_any(const struct needs *needs, const char *names)
{
    return is_any(needs, names, needs_altered);
}

/* Is it so of the name of a type in the list, or did an earlier statement drop or rename its schema? */
static bool is_any_type(const struct needs *needs, const char *list, test *is)
{
    struct text rest = text_of(list);
    bool has = false;
    for (struct text type; !has && text_next_unit(&rest, &type);) {
        const size_t name = text_find(type, "\x1E", 0);
        const size_t end = name == SIZE_MAX ? SIZE_MAX : text_find(type, "\x1E", name + 1);
        if (end != SIZE_MAX) {
            const struct text schema = text_slice(type, 0, name);
            const struct text word = text_slice(type, name + 1, end);
            has = is(needs, arena_strndup(needs->arena, word.data, word.size)) ||
                  word_set_has(&needs->taken, arena_strndup(needs->arena, schema.data, schema.size));
        }
    }
    return has;
}

bool needs_mentioned_type(const struct needs *needs, const char *list)
{
    return is_any_type(needs, list, needs_mentioned);
}

bool needs_changed_type(const struct needs *needs, const char *list)
{
    return is_any_type(needs, list, needs_changed);
}

/* Zones that never had another offset (PostgreSQL's own zones, and the system's of Debian 12). */
bool needs_zone_is_utc(const struct needs *needs)
{
    static const char *const zones[] = {"utc",  "etc/utc",  "uct",       "etc/uct",       "gmt",       "etc/gmt",
                                        "zulu", "etc/zulu", "universal", "etc/universal", "greenwich", NULL};
    const char *const zone = pg_session_parameter(questions_session(needs->questions), "TimeZone");
    return zone != NULL && word_is_one_of_nocase(text_of(zone), zones) && !needs->may_set_zone && !needs->has_unknown;
}

const struct relation *needs_untouched(const struct needs *needs, const char *schema, const char *name)
{
    const struct relation *const relation =
        name == NULL || needs_mentioned(needs, name) ? NULL : world_find_surely(needs->world, schema, name);
    return relation == NULL || relation->oid == 0 || relation->renamed ? NULL : relation;
}

/* ---- asking ---- */

PGresult *needs_ask(struct needs *needs, const char *sql, int count, const char *const *values)
{
    const bool is_sent_now = !questions_know(needs->questions, sql, count, values);
    if (is_sent_now && needs->asked == MOST_ASKED) {
        needs->gave_up = true;
        return NULL;
    }
    needs->asked += is_sent_now ? 1 : 0;
    return questions_ask(needs->questions, sql, count, values);
}

const char *needs_value(struct needs *needs, const char *sql, int count, const char *const *values)
{
    PG_RESULT(found) = needs_ask(needs, sql, count, values);
    return found == NULL || PQntuples(found) == 0 ? NULL : arena_strdup(needs->arena, pg_field(found, 0, 0));
}

bool needs_mentioned_above(struct needs *needs, uint32_t oid)
{
    static const char sql[] =
        "WITH RECURSIVE above(oid) AS (SELECT u.inhparent FROM pg_catalog.pg_inherits u WHERE u.inhrelid = $1::oid "
        "UNION SELECT u.inhparent FROM above b JOIN pg_catalog.pg_inherits u ON u.inhrelid = b.oid) "
        "SELECT c.relname FROM above b JOIN pg_catalog.pg_class c ON c.oid = b.oid";
    const char *const relation = arena_printf(needs->arena, "%u", oid);
    PG_RESULT(above) = oid == 0 ? NULL : needs_ask(needs, sql, 1, &relation);
    bool has = false;
    for (int i = 0; !has && above != NULL && i < PQntuples(above); i++) {
        has = word_set_has(&needs->mentioned, pg_field(above, i, 0));
    }
    return has;
}

const char *needs_summary(const struct needs *needs, const char *summary)
{
    return needs->gave_up ? arena_printf(needs->arena,
                                         "%s It needs more things than a plan looks for: not all that its last "
                                         "statements need was looked for.",
                                         summary)
                          : summary;
}
