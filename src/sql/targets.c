/*
 * Works on words: a name is looked up as written, then by its last part. The names of indexes that constraints make are
 * chosen by the server, so nothing is known about those that the script itself makes.
 */
#include "sql/targets.h"

#include "sql/lexer.h"

#include <string.h>

void targets_add(struct arena *arena, struct targets *targets, const char *name, enum target_kind kind)
{
    word_set_put(arena, &targets->kinds, name, (int)kind);
}

/* A dropped object is noted as unknown, so that an older entry no longer counts. */
static enum target_kind kind_of(const struct targets *targets, const char *name)
{
    while (targets != NULL && !word_set_has(&targets->kinds, name)) {
        targets = targets->outer;
    }
    return targets == NULL ? TARGET_UNKNOWN : (enum target_kind)word_set_number(&targets->kinds, name);
}

/* ---- names ---- */

/* The name at the reader, such as "app.events", with the reader moved behind it; NULL if there is none. */
static const char *take_name(struct arena *arena, struct sql_reader *words)
{
    const char *schema;
    const char *const name = sql_take_name(arena, words, &schema);
    return name == NULL || schema == NULL ? name : arena_printf(arena, "%s.%s", schema, name);
}

/* The same after IF [NOT] EXISTS and ONLY. */
static const char *take_object(struct arena *arena, struct sql_reader *words)
{
    sql_take_if(words);
    sql_take(words, "only");
    return take_name(arena, words);
}

static const char *of_subscription(struct arena *arena, const char *name)
{
    return name == NULL ? NULL : arena_printf(arena, "subscription %s", name);
}

/* Gives "app.new" for "app.old" and "new", and "new" for "old" and "new". */
static const char *beside(struct arena *arena, const char *name, const char *other)
{
    const char *const dot = strrchr(name, '.');
    return dot == NULL ? other : arena_printf(arena, "%.*s.%s", (int)(dot - name), name, other);
}

static void skip_options(struct sql_reader *words)
{
    if (sql_is_symbol(&words->token, '(')) {
        while (words->token.kind != SQL_END && !sql_is_symbol(&words->token, ')')) {
            sql_advance(words);
        }
        sql_advance(words);
    }
}

/* ---- what a script makes ---- */

/* Do these two words follow each other outside of parentheses? Then the reader is moved behind them. */
static bool find_pair(struct sql_reader *words, const char *first, const char *second)
{
    while (sql_skip_to_outside(words, first)) {
        if (sql_take(words, second)) {
            return true;
        }
    }
    return false;
}

static void note_table(struct arena *arena, struct targets *targets, struct sql_reader words)
{
    const bool may_be_there = sql_is_word(&words.token, "if");
    const char *const name = take_object(arena, &words);
    if (name != NULL && !(may_be_there && kind_of(targets, name) != TARGET_UNKNOWN)) {
        targets_add(arena, targets, name, find_pair(&words, "partition", "by") ? TARGET_PARTITIONED : TARGET_OTHER);
    }
}

/* An index is of the same kind as its table; if that is not known, neither is the index. */
static void note_index(struct arena *arena, struct targets *targets, struct sql_reader words)
{
    sql_take(&words, "concurrently");
    const char *const name = sql_is_word(&words.token, "on") ? NULL : take_object(arena, &words);
    if (name != NULL && sql_take(&words, "on")) {
        const char *const table = take_object(arena, &words);
        const enum target_kind kind = kind_of(targets, table);
        targets_add(arena, targets, name, kind);
        if (table != NULL) {
            targets_add(arena, targets, beside(arena, table, name), kind);
        }
    }
}

static bool says_no_slot(struct sql_reader words)
{
    while (words.token.kind != SQL_END) {
        if (sql_take(&words, "slot_name")) {
            if (sql_is_symbol(&words.token, '=')) {
                sql_advance(&words);
            }
            return sql_is_word(&words.token, "none");
        }
        sql_advance(&words);
    }
    return false;
}

static void note_create(struct arena *arena, struct targets *targets, struct sql_reader words)
{
    static const char *const adjectives[] = {"unique", "unlogged", "temp", "temporary", "local", "global", NULL};
    while (sql_is_any_word(&words.token, adjectives)) {
        sql_advance(&words);
    }
    if (sql_take(&words, "table")) {
        note_table(arena, targets, words);
    } else if (sql_take(&words, "index")) {
        note_index(arena, targets, words);
    } else if (sql_take(&words, "subscription")) {
        const char *const name = of_subscription(arena, take_name(arena, &words));
        if (name != NULL) {
            targets_add(arena, targets, name, says_no_slot(words) ? TARGET_WITHOUT_SLOT : TARGET_OTHER);
        }
    }
}

/* ALTER SUBSCRIPTION s SET (slot_name = …). */
static void note_slot(struct arena *arena, struct targets *targets, struct sql_reader words)
{
    const char *const name = of_subscription(arena, take_name(arena, &words));
    struct sql_reader rest = words;
    while (rest.token.kind != SQL_END && !sql_is_word(&rest.token, "slot_name")) {
        sql_advance(&rest);
    }
    if (name != NULL && rest.token.kind != SQL_END) {
        targets_add(arena, targets, name, says_no_slot(words) ? TARGET_WITHOUT_SLOT : TARGET_OTHER);
    }
}

/* ALTER … RENAME TO and SET SCHEMA: under its new name it is the same as before. */
static void note_name(struct arena *arena, struct targets *targets, struct sql_reader words)
{
    sql_advance(&words); /* TABLE, INDEX */
    const char *const name = take_object(arena, &words);
    const enum target_kind kind = kind_of(targets, name);
    if (kind == TARGET_UNKNOWN) {
        return;
    }
    const char *const dot = strrchr(name, '.');
    const bool renames = sql_take(&words, "rename") && sql_take(&words, "to");
    const bool moves = !renames && sql_take(&words, "set") && sql_take(&words, "schema");
    const char *const word = renames || moves ? take_name(arena, &words) : NULL;
    if (word != NULL) {
        targets_add(arena, targets, name, TARGET_UNKNOWN);
        targets_add(arena, targets,
                    renames ? beside(arena, name, word)
                            : arena_printf(arena, "%s.%s", word, dot == NULL ? name : dot + 1),
                    kind);
    }
}

static void note_drop(struct arena *arena, struct targets *targets, struct sql_reader words)
{
    if (!sql_take(&words, "table") && !sql_take(&words, "index")) {
        return;
    }
    do {
        const char *const name = take_object(arena, &words);
        if (name != NULL) {
            targets_add(arena, targets, name, TARGET_UNKNOWN);
        }
    } while (sql_is_symbol(&words.token, ',') && (sql_advance(&words), true));
}

void targets_note(struct arena *arena, struct targets *targets, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const struct sql_reader verb = words;
    if (sql_take(&words, "create")) {
        note_create(arena, targets, words);
    } else if (sql_take(&words, "alter") && sql_take(&words, "subscription")) {
        note_slot(arena, targets, words);
    } else if (sql_is_word(&verb.token, "alter")) {
        note_name(arena, targets, words);
    } else if (sql_take(&words, "drop")) {
        note_drop(arena, targets, words);
    }
}

/* ---- lookups ---- */

bool targets_matter(struct text script)
{
    static const char *const verbs[] = {"reindex", "cluster", "subscription", "concurrently", NULL};
    return sql_has_any_word(script, verbs);
}

const char *targets_alone(struct arena *arena, const struct targets *targets, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const bool clusters = sql_take(&words, "cluster");
    if (!clusters && !sql_take(&words, "reindex")) {
        return NULL;
    }
    if (clusters) {
        sql_take(&words, "verbose");
    }
    skip_options(&words);
    const bool is_table = !clusters && sql_take(&words, "table");
    const bool is_index = !clusters && !is_table && sql_take(&words, "index");
    const char *const name = clusters || is_table || is_index ? take_name(arena, &words) : NULL;
    /* CLUSTER index ON table, the form used before PostgreSQL 8.3. */
    const char *const table = clusters && sql_take(&words, "on") ? take_name(arena, &words) : name;
    return kind_of(targets, table) != TARGET_PARTITIONED ? NULL
           : clusters                                    ? "CLUSTER of a partitioned table"
           : is_table                                    ? "REINDEX of a partitioned table"
                                                         : "REINDEX of a partitioned index";
}

bool targets_share(struct arena *arena, const struct targets *targets, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "drop") || !sql_take(&words, "subscription")) {
        return false;
    }
    return kind_of(targets, of_subscription(arena, take_object(arena, &words))) == TARGET_WITHOUT_SLOT;
}

const char *targets_refused(struct arena *arena, const struct targets *targets, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const bool creates = sql_take(&words, "create");
    if (!creates && !sql_take(&words, "drop")) {
        return NULL;
    }
    sql_take(&words, "unique");
    if (!sql_take(&words, "index") || !sql_take(&words, "concurrently")) {
        return NULL;
    }
    const char *name = creates && sql_is_word(&words.token, "on") ? NULL : take_object(arena, &words);
    name = creates && sql_take(&words, "on") ? take_object(arena, &words) : name;
    if (kind_of(targets, name) != TARGET_PARTITIONED) {
        return NULL;
    }
    return creates ? "PostgreSQL builds no index of a partitioned table CONCURRENTLY. Create it ON ONLY the table, "
                     "CONCURRENTLY on each partition, and attach those (ALTER INDEX … ATTACH PARTITION)."
                   : "PostgreSQL drops no index of a partitioned table CONCURRENTLY. Without CONCURRENTLY it locks the "
                     "table and its partitions while it is dropped, which is short.";
}
