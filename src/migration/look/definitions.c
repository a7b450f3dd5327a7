/*
 * Works on words instead of parse trees: it must read what the parser does not know, and what the server prints.
 */
#include "migration/look/definitions.h"

#include "migration/look/definition_kinds.h"
#include "migration/look/definition_meaning.h"

#include "base/words.h"
#include "sql/lexer.h"

#include <string.h>

/* Removes every occurrence of these words, which are separated by blanks. */
static void drop(struct words *words, const char *run)
{
    struct text rest = text_of(run);
    struct text parts[6];
    size_t count = 0;
    for (size_t blank; rest.size > 0 && count < 6; count++) {
        blank = text_find(rest, " ", 0);
        parts[count] = text_slice(rest, 0, blank);
        rest = blank == SIZE_MAX ? (struct text){0} : text_slice(rest, blank + 1, rest.size);
    }
    size_t kept = 0;
    for (size_t i = 0; i < words->count;) {
        size_t equal = 0;
        while (equal < count && i + equal < words->count && text_is(parts[equal], words->items[i + equal])) {
            equal++;
        }
        if (equal == count) {
            i += count;
        } else {
            words->items[kept++] = words->items[i++];
        }
    }
    words->count = kept;
}

/* An operator class, which the server leaves out if it is the default. */
static bool is_class(const char *word)
{
    const size_t size = strlen(word);
    return size > 4 && strcmp(word + size - 4, "_ops") == 0;
}

/* Only names and commas? Then two that differ have different meanings. */
static bool is_plain(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        const unsigned char first = (unsigned char)words->items[i][0];
        const bool is_name = first >= 0x80 || (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                             first == '_' || first == ',';
        if (!is_name || is_class(words->items[i])) {
            return false;
        }
    }
    return !words_have(words, "where") && !words_have(words, "with") && !words_have(words, "nulls");
}

static enum definition_match judge(const struct words *script, const struct words *existing)
{
    return definition_words_equal(script, existing) ? DEFINITION_SAME
           : is_plain(script) && is_plain(existing) ? DEFINITION_DIFFERENT
                                                    : DEFINITION_UNKNOWN;
}

/* ---- kinds ---- */

static void drop_all(struct words *words, const char *const *runs)
{
    for (; *runs != NULL; runs++) {
        drop(words, *runs);
    }
}

/* A function call in the columns looks like a name followed by a name without a comma. */
static enum definition_match compare_index(struct arena *arena, struct text statement, const char *existing)
{
    static const char *const runs[] = {"not exists", "using btree", "nulls distinct", NULL};
    struct words script = definition_words(arena, statement, false);
    struct words found = definition_words(arena, text_of(existing), false);
    drop_all(&script, runs);
    drop_all(&found, runs);
    const bool partial = words_have(&script, "where") != words_have(&found, "where");
    const bool unique = words_have(&script, "unique") != words_have(&found, "unique");
    if (partial || unique) {
        return DEFINITION_DIFFERENT;
    }
    return judge(&script, &found);
}

/* ON UPDATE may precede or follow ON DELETE: moves it to the end. */
static void sort_actions(struct words *words)
{
    for (size_t i = 0; i + 2 < words->count; i++) {
        if (strcmp(words->items[i], "on") != 0 || strcmp(words->items[i + 1], "update") != 0) {
            continue;
        }
        /* SET NULL and SET DEFAULT are two words; NO ACTION, the default, was already removed. */
        const size_t size = strcmp(words->items[i + 2], "set") == 0 ? 4 : 3;
        const char *action[4] = {NULL};
        if (i + size > words->count) {
            return;
        }
        const size_t behind = words->count - i - size;
        memcpy(action, words->items + i, size * sizeof *action);
        memmove(words->items + i, words->items + i + size, behind * sizeof *action);
        memcpy(words->items + i + behind, action, size * sizeof *action);
        return;
    }
}

static enum definition_match compare_constraint(struct arena *arena, struct text clause, const char *existing)
{
    static const char *const runs[] = {"on update no action", "on delete no action", "match simple", "not deferrable",
                                       "initially immediate", "nulls distinct",      "not valid",    NULL};
    struct words script = definition_words(arena, clause, true);
    struct words found = definition_words(arena, text_of(existing), true);
    if (script.count == 0 || found.count == 0) {
        return DEFINITION_UNKNOWN;
    }
    drop_all(&script, runs);
    drop_all(&found, runs);
    sort_actions(&script);
    sort_actions(&found);
    if (strcmp(script.items[0], found.items[0]) != 0) {
        return DEFINITION_DIFFERENT; /* another kind of constraint */
    }
    if (strcmp(found.items[0], "check") == 0 || strcmp(found.items[0], "exclude") == 0 ||
        words_have(&script, "index")) {
        return definition_words_equal(&script, &found) ? DEFINITION_SAME : DEFINITION_UNKNOWN;
    }
    /* REFERENCES t without columns means its primary key, which the server prints. */
    const bool is_short = strcmp(found.items[0], "foreign") == 0 && script.count < found.count;
    const enum definition_match match = judge(&script, &found);
    return is_short && match == DEFINITION_DIFFERENT ? DEFINITION_UNKNOWN : match;
}

static enum definition_match compare_trigger(struct arena *arena, struct text statement, const char *existing)
{
    static const char *const runs[] = {"or replace", "for each statement", "for each row", "for row", NULL};
    struct words script = definition_words(arena, statement, false);
    struct words found = definition_words(arena, text_of(existing), false);
    const bool row = words_have(&script, "row") != words_have(&found, "row");
    drop_all(&script, runs);
    drop_all(&found, runs);
    drop(&script, "each");
    for (size_t i = 0; i < script.count; i++) {
        script.items[i] = strcmp(script.items[i], "procedure") == 0 ? "function" : script.items[i];
    }
    return row ? DEFINITION_DIFFERENT : judge(&script, &found);
}

/* The first string after AS is the source. */
static enum definition_match compare_source(struct arena *arena, struct text statement, const char *existing)
{
    struct sql_reader reader = sql_read(statement);
    for (; !sql_is_end(&reader.token); sql_advance(&reader)) {
        if (!sql_is_word(&reader.token, "as")) {
            continue;
        }
        struct sql_reader ahead = reader;
        sql_advance(&ahead);
        if (ahead.token.kind == SQL_STRING) {
            const char *const source = sql_string(arena, &ahead.token);
            return source == NULL                  ? DEFINITION_UNKNOWN
                   : strcmp(source, existing) == 0 ? DEFINITION_SAME
                                                   : DEFINITION_DIFFERENT;
        }
    }
    return DEFINITION_UNKNOWN;
}

/* The query follows AS. */
static enum definition_match compare_query(struct arena *arena, struct text statement, const char *existing)
{
    struct sql_reader reader = sql_read(statement);
    sql_skip_to(&reader, "as");
    struct words script = definition_words(arena, text_slice(statement, reader.token.offset, statement.size), false);
    struct words found = definition_words(arena, text_of(existing), false);
    drop(&script, "with no data");
    drop(&script, "with data");
    drop(&script, ";");
    drop(&found, ";");
    drop(&found, "as ?column?"); /* the server's name for an unnamed column */
    return definition_words_equal(&script, &found) ? DEFINITION_SAME : DEFINITION_UNKNOWN;
}

/* Every label of the script must exist, in order; others may have been added later. */
static enum definition_match compare_labels(struct arena *arena, struct text statement, const char *existing)
{
    const struct words found = definition_words(arena, text_of(existing), false);
    struct sql_reader reader = sql_read(statement);
    if (!sql_skip_to(&reader, "enum")) {
        return definition_compare_parts(arena, statement, existing);
    }
    size_t at = 0;
    bool has_labels = false;
    for (; !sql_is_end(&reader.token); sql_advance(&reader)) {
        if (reader.token.kind != SQL_STRING) {
            continue;
        }
        has_labels = true;
        const char *const label = definition_word(arena, &reader.token);
        while (at < found.count && strcmp(found.items[at], label) != 0) {
            at++;
        }
        if (at == found.count) {
            return DEFINITION_DIFFERENT;
        }
    }
    return has_labels ? DEFINITION_SAME : DEFINITION_UNKNOWN;
}

static enum definition_match compare_words(struct arena *arena, const struct sql_object *object, struct text statement,
                                           const char *existing)
{
    static const struct {
        const char *type;
        enum definition_match (*compare)(struct arena *arena, struct text statement, const char *existing);
    } kinds[] = {
        {"index", compare_index},
        {"trigger", compare_trigger},
        {"function", compare_source},
        {"procedure", compare_source},
        {"view", compare_query},
        {"materialized view", compare_query},
        {"type", compare_labels},
        {"sequence", definition_compare_sequence},
        {"domain", definition_compare_domain},
        {"policy", definition_compare_policy},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].type, object->type) == 0) {
            return kinds[i].compare(arena, statement, existing);
        }
    }
    return DEFINITION_UNKNOWN;
}

enum definition_match definition_compare_clause(struct arena *arena, struct text clause, const char *existing)
{
    const enum definition_match match = compare_constraint(arena, clause, existing);
    const bool is_same = match == DEFINITION_SAME && definition_clause_same(arena, clause, existing);
    return is_same || match == DEFINITION_DIFFERENT             ? match
           : definition_clause_differs(arena, clause, existing) ? DEFINITION_DIFFERENT
                                                                : DEFINITION_UNKNOWN;
}

enum definition_match definition_compare(struct arena *arena, const struct sql_object *object, struct text statement,
                                         const char *existing)
{
    if (strcmp(object->type, "constraint") == 0) {
        return definition_compare_clause(arena, definition_constraint(arena, object, statement), existing);
    }
    const enum definition_match match = compare_words(arena, object, statement, existing);
    if (match == DEFINITION_UNKNOWN && strcmp(object->type, "index") == 0) {
        return definition_index_differs(arena, statement, existing) ? DEFINITION_DIFFERENT : DEFINITION_UNKNOWN;
    }
    const bool may_be_reordered = strcmp(object->type, "trigger") == 0; /* INSERT OR UPDATE */
    if (match == DEFINITION_UNKNOWN || (match == DEFINITION_DIFFERENT && !may_be_reordered)) {
        return match;
    }
    return definition_means_the_same(arena, object, statement, existing) ? DEFINITION_SAME
           : match == DEFINITION_SAME                                    ? DEFINITION_UNKNOWN
                                                                         : match;
}

bool definition_is_unfinished(const struct sql_object *object, struct text statement)
{
    const bool is_constraint = strcmp(object->type, "constraint") == 0;
    struct sql_reader reader = sql_read(statement);
    for (; !sql_is_end(&reader.token); sql_advance(&reader)) {
        struct sql_reader ahead = reader;
        if (is_constraint ? sql_take(&ahead, "not") && sql_take(&ahead, "valid")
                          : sql_take(&ahead, "with") && sql_take(&ahead, "no") && sql_take(&ahead, "data")) {
            return true;
        }
    }
    return false;
}
