/*
 * The list is read up to its closing bracket; anything in it but quoted words, brackets, commas and comments is
 * computed.
 */
#include "framework/coded/django_replaces.h"

#include "base/words.h"
#include "framework/core/entry_index.h"
#include "framework/core/ledger.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* ---- reading programs ---- */

/* What follows "replaces =" or "replaces: type =" of a line; empty: the line is another one. */
static struct text value_on(struct text source, struct text line)
{
    static const char word[] = "replaces";
    const struct text said = text_trim(line);
    const struct text rest = text_trim(text_slice(said, strlen(word), said.size));
    const size_t equals = text_starts_with(said, word) ? text_find(rest, "=", 0) : SIZE_MAX;
    if (equals == SIZE_MAX || (equals > 0 && rest.data[0] != ':')) {
        return (struct text){0};
    }
    const size_t start = (size_t)(rest.data - source.data) + equals + 1;
    return text_slice(source, start, source.size);
}

/* The quoted words of the list with which the text begins; returns false if there is anything else in it. */
static bool read_list(struct arena *arena, struct text list, struct words *words)
{
    int depth = 0;
    for (size_t at = 0; at < list.size; at++) {
        const char c = list.data[at];
        if (c == '#') {
            at = text_find(list, "\n", at);
        } else if (c == '\'' || c == '"') {
            const size_t end = text_find(list, (const char[]){c, '\0'}, at + 1);
            words_add(arena, words, arena_strndup(arena, list.data + at + 1, end == SIZE_MAX ? 0 : end - at - 1));
            at = end;
        } else if (c == '[' || c == '(') {
            depth++;
        } else if (c == ']' || c == ')') {
            depth--;
        } else if (isspace((unsigned char)c) == 0 && c != ',') {
            return false;
        }
        if (at == SIZE_MAX || (depth <= 0 && isspace((unsigned char)c) == 0)) {
            return at != SIZE_MAX && depth == 0 && (c == ']' || c == ')');
        }
    }
    return false;
}

const char *const *django_replaces(struct arena *arena, struct text source, bool *is_computed)
{
    struct text rest = source;
    struct text list = {0};
    *is_computed = false;
    for (struct text line; list.size == 0 && text_next_line(&rest, &line);) {
        list = value_on(source, line);
    }
    struct words words = {0};
    if (list.size == 0) {
        return NULL;
    }
    if (!read_list(arena, list, &words) || words.count % 2 != 0) {
        *is_computed = true;
        return NULL;
    }
    struct words keys = {0};
    for (size_t i = 0; i < words.count; i += 2) {
        words_add(arena, &keys, arena_printf(arena, "%s.%s", words.items[i], words.items[i + 1]));
    }
    return keys.count == 0 ? NULL : words_list(arena, &keys);
}

/* ---- rows ---- */

/* The last row of those that are replaced; NULL: one of them has none. */
static const struct ledger_entry *last_replaced(struct entry_index *index, const char *const *replaces)
{
    const struct ledger_entry *last = NULL;
    for (size_t i = 0; replaces[i] != NULL; i++) {
        const struct ledger_entry *const row = entry_index_last(index, replaces[i]);
        if (row == NULL) {
            return NULL;
        }
        last = last == NULL || row > last ? row : last;
    }
    return last;
}

/* One that may replace others that do the same comes behind them in the folder's order. */
static void settle_one(struct ledger_reading *reading, const struct migration_file *file, size_t *capacity)
{
    const struct django_migration *const own = file->own;
    struct ledger_entries *const entries = &reading->entries;
    struct entry_index index = entry_index_of(reading->arena, entries);
    const bool has_row = entry_index_last(&index, migration_file_key(file)) != NULL;
    const struct ledger_entry *const last = last_replaced(&index, own->replaces);
    if (last != NULL && !has_row) {
        struct ledger_entry row = *last;
        row.key = row.name = migration_file_key(file);
        entries->items = arena_grow(reading->arena, entries->items, entries->count, capacity, sizeof row);
        entries->items[entries->count++] = row;
    }
    size_t kept = 0;
    for (size_t i = 0; last == NULL && has_row && i < entries->count; i++) {
        if (strcmp(ledger_entry_key(&entries->items[i]), migration_file_key(file)) != 0) {
            entries->items[kept++] = entries->items[i];
        }
    }
    entries->count = last == NULL && has_row ? kept : entries->count;
}

void django_settle_replaced(struct ledger_reading *reading)
{
    const struct migration_files *const files = reading->files;
    size_t capacity = reading->entries.count;
    for (size_t i = 0; i < files->count; i++) {
        if (((const struct django_migration *)files->items[i].own)->replaces != NULL) {
            settle_one(reading, &files->items[i], &capacity);
        }
    }
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
