/*
 * A list is read up to its closing bracket; anything in it but pairs of quoted words, brackets, commas and comments is
 * computed.
 */
#include "framework/coded/django_replaces.h"

#include "framework/core/entry_index.h"
#include "framework/core/file_index.h"
#include "framework/core/ledger.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* ---- reading programs ---- */

static struct text value_on(struct text source, struct text line, const char *word)
{
    const struct text said = text_trim(line);
    const struct text rest = text_trim(text_slice(said, strlen(word), said.size));
    const size_t equals = text_starts_with(said, word) ? text_find(rest, "=", 0) : SIZE_MAX;
    if (equals == SIZE_MAX || (equals > 0 && rest.data[0] != ':')) {
        return (struct text){0};
    }
    const size_t start = (size_t)(rest.data - source.data) + equals + 1;
    return text_slice(source, start, source.size);
}

struct text django_value(struct text source, const char *name)
{
    const bool may_have_one = text_find(source, name, 0) != SIZE_MAX;
    struct text rest = source;
    struct text value = {0};
    for (struct text line; may_have_one && value.size == 0 && text_next_line(&rest, &line);) {
        value = value_on(source, line, name);
    }
    return value;
}

/* Is nothing but a comment left on the line? */
static bool is_end(struct text list, size_t at)
{
    const struct text rest = text_trim(text_slice(list, at, text_find(list, "\n", at)));
    return rest.size == 0 || strchr("#;", rest.data[0]) != NULL;
}

/* A pair of words in brackets, while it is read. */
struct pair {
    const char *words[2];
    size_t count;
    bool has_more; /* anything else than two words */
};

static void end_pair(struct arena *arena, const struct pair *pair, struct words *keys, bool *is_unclear)
{
    if (pair->count != 2 || pair->has_more || text_starts_with(text_of(pair->words[1]), "__")) {
        *is_unclear = true; /* swappable_dependency(…), a constant, __first__ */
    } else {
        words_add(arena, keys, arena_printf(arena, "%s.%s", pair->words[0], pair->words[1]));
    }
}

static void take_word(struct arena *arena, struct text word, struct pair *pair)
{
    if (pair->count < 2) {
        pair->words[pair->count] = arena_strndup(arena, word.data, word.size);
    }
    pair->count++;
}

bool django_pairs(struct arena *arena, struct text list, struct words *keys, bool *is_unclear)
{
    struct pair pair = {0};
    int depth = 0;
    for (size_t at = 0; at < list.size; at++) {
        const char c = list.data[at];
        if (c == '#') {
            at = text_find(list, "\n", at);
        } else if (c == '\'' || c == '"') {
            const size_t end = text_find(list, (const char[]){c, '\0'}, at + 1);
            take_word(arena, text_slice(list, at + 1, end), &pair);
            at = end;
        } else if (c == '[' || c == '(') {
            pair = depth++ == 1 ? (struct pair){.has_more = pair.has_more} : pair;
        } else if (c == ']' || c == ')') {
            if (--depth == 1) {
                end_pair(arena, &pair, keys, is_unclear);
                pair = (struct pair){0};
            }
        } else if (isspace((unsigned char)c) == 0 && c != ',') {
            pair.has_more = true;
        }
        if (depth == 0 && (pair.has_more || pair.count > 0)) {
            *is_unclear = true; /* a word or a constant beside the pairs */
        }
        if (at == SIZE_MAX || (depth <= 0 && isspace((unsigned char)c) == 0)) {
            return at != SIZE_MAX && depth == 0 && (c == ']' || c == ')') && is_end(list, at + 1);
        }
    }
    return false;
}

const char *const *django_replaces(struct arena *arena, struct text source, bool *is_computed)
{
    const struct text list = django_value(source, "replaces");
    *is_computed = false;
    struct words keys = {0};
    if (list.size == 0) {
        return NULL;
    }
    if (!django_pairs(arena, list, &keys, is_computed) || *is_computed) {
        *is_computed = true;
        return NULL;
    }
    return keys.count == 0 ? NULL : words_list(arena, &keys);
}

/* ---- rows ---- */

/* The rows of those that are replaced, NULL-terminated; NULL: one of them has none. */
static struct ledger_entry **rows_of(struct arena *arena, struct entry_index *index, const char *const *replaces)
{
    size_t count = 0;
    while (replaces[count] != NULL) {
        count++;
    }
    struct ledger_entry **const rows = arena_array(arena, count + 1, sizeof(struct ledger_entry *));
    for (size_t i = 0; i < count; i++) {
        rows[i] = entry_index_last(index, replaces[i]);
        if (rows[i] == NULL) {
            return NULL;
        }
    }
    return rows;
}

/* Removes the rows that have been given an empty key. */
static void drop_emptied(struct ledger_entries *entries)
{
    size_t kept = 0;
    for (size_t i = 0; i < entries->count; i++) {
        if (ledger_entry_key(&entries->items[i])[0] != '\0') {
            entries->items[kept++] = entries->items[i];
        }
    }
    entries->count = kept;
}

/* What is looked up, and the room for rows. */
struct settling {
    struct arena *scratch; /* of `entries`, which is made anew for each change */
    struct entry_index entries;
    struct file_index files;
    size_t capacity;
};

/* Settles a migration that replaces others. It may replace some that do the same, which come before it in the folder's
 * order. The rows of those that have no file any more are its own. */
static void settle_one(struct ledger_reading *reading, const struct migration_file *file, struct settling *settling)
{
    const struct django_migration *const own = file->own;
    struct ledger_entries *const entries = &reading->entries;
    struct ledger_entry *const row = entry_index_last(&settling->entries, migration_file_key(file));
    struct ledger_entry **const rows = rows_of(reading->arena, &settling->entries, own->replaces);
    struct ledger_entry made = {0};
    for (size_t i = 0; rows != NULL && rows[i] != NULL; i++) {
        made = i == 0 || rows[i]->finished_at > made.finished_at ? *rows[i] : made;
        rows[i]->key = file_index_find(&settling->files, own->replaces[i]) == NULL ? "" : rows[i]->key;
    }
    if (rows == NULL && row != NULL) {
        row->key = "";
    }
    drop_emptied(entries);
    if (rows != NULL && row == NULL) {
        made.key = made.name = migration_file_key(file);
        entries->items = arena_grow(reading->arena, entries->items, entries->count, &settling->capacity, sizeof made);
        entries->items[entries->count++] = made;
    }
    if (rows != NULL || row != NULL) {
        arena_free(settling->scratch);
        settling->scratch = arena_new(0);
        settling->entries = entry_index_of(settling->scratch, entries);
    }
}

void django_settle_replaced(struct ledger_reading *reading)
{
    const struct migration_files *const files = reading->files;
    struct arena *const scratch = arena_new(0);
    struct settling settling = {.scratch = scratch,
                                .entries = entry_index_of(scratch, &reading->entries),
                                .files = file_index_of(reading->arena, files),
                                .capacity = reading->entries.count};
    for (size_t i = 0; i < files->count; i++) {
        if (((const struct django_migration *)files->items[i].own)->replaces != NULL) {
            settle_one(reading, &files->items[i], &settling);
        }
    }
    arena_free(settling.scratch);
}

void django_put_replaced(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct django_migration *const own = record->file->own;
    for (size_t i = 0; own->replaces != NULL && own->replaces[i] != NULL; i++) {
        const char *const key = own->replaces[i];
        const size_t size = strcspn(key, ".");
        const char *const app = arena_strndup(sql->arena, key, size);
        const char *const name = key + size + 1;
        ledger_putf(sql, ledger,
                    "INSERT INTO %t (app, name, applied) SELECT %s, %s, pg_catalog.clock_timestamp() WHERE NOT EXISTS "
                    "(SELECT FROM %t AS old WHERE old.app OPERATOR(pg_catalog.=) %s AND old.name "
                    "OPERATOR(pg_catalog.=) %s);",
                    app, name, app, name);
    }
}
