/*
 * Every part of a key and of a table's name defines something at its place. The places are sorted, so that what is
 * defined at one place stands together, in the order of the lines. What may meet there was asked of Python's tomllib.
 */
#include "base/toml_tables.h"

#include <stdlib.h>
#include <string.h>

/* PLACE_PASSED: named by a header on the way to its own table. PLACE_DOTTED: made by a key with dots; it belongs to the
 * header above, and no other may add to it. */
enum place_kind { PLACE_VALUE, PLACE_HEADER, PLACE_DOTTED, PLACE_PASSED, PLACE_KINDS };

struct place {
    struct text path;
    enum place_kind kind;
    uint32_t line;
};

struct places {
    struct arena *arena;
    struct place *items;
    size_t count;
    size_t capacity;
};

static void add(struct places *places, struct text path, enum place_kind kind, uint32_t line)
{
    places->items = arena_grow(places->arena, places->items, places->count, &places->capacity, sizeof *places->items);
    places->items[places->count++] = (struct place){path, kind, line};
}

/* The tables on the way to this path, beyond its first bytes. */
static void add_passed(struct places *places, struct text path, size_t from, enum place_kind kind, uint32_t line)
{
    for (size_t i = from; i < path.size; i++) {
        if (path.data[i] == '.') {
            add(places, text_slice(path, 0, i), kind, line);
        }
    }
}

/* header: the table that its line is in; "" at the top. */
static void add_entry(struct places *places, const struct toml_entry *entry, const char *header)
{
    const size_t size = strlen(header);
    const struct text path =
        text_of(entry->table[0] == '\0' ? entry->key : arena_printf(places->arena, "%s.%s", entry->table, entry->key));
    add_passed(places, path, size == 0 ? 0 : size + 1, PLACE_DOTTED, entry->line);
    add(places, path, PLACE_VALUE, entry->line);
}

static void add_all(struct places *places, const struct toml *toml)
{
    size_t header = 0; /* the number of those above the line */
    for (size_t i = 0; i < toml->header_count; i++) {
        const struct text path = text_of(toml->headers[i].table);
        add_passed(places, path, 0, PLACE_PASSED, toml->headers[i].line);
        add(places, path, PLACE_HEADER, toml->headers[i].line);
    }
    for (size_t i = 0; i < toml->count; i++) {
        while (header < toml->header_count && toml->headers[header].line < toml->entries[i].line) {
            header++;
        }
        add_entry(places, &toml->entries[i], header == 0 ? "" : toml->headers[header - 1].table);
    }
}

static int compare_places(const void *a, const void *b)
{
    const struct place *const one = a;
    const struct place *const other = b;
    const size_t size = one->path.size < other->path.size ? one->path.size : other->path.size;
    const int paths = memcmp(one->path.data, other->path.data, size);
    return paths != 0                           ? paths
           : one->path.size != other->path.size ? (one->path.size > other->path.size ? 1 : -1)
                                                : (one->line > other->line) - (one->line < other->line);
}

/* Which kinds may not be defined at a place before this one is. */
static bool excludes(enum place_kind kind, enum place_kind before)
{
    static const bool table[PLACE_KINDS][PLACE_KINDS] = {
        [PLACE_VALUE] = {true, true, true, true},
        [PLACE_HEADER] = {true, true, true, false},
        [PLACE_DOTTED] = {true, true, false, false},
        [PLACE_PASSED] = {true, false, false, false},
    };
    return table[kind][before];
}

static bool fail(const struct toml *toml, const struct place *place, enum place_kind before, uint32_t line,
                 struct status *status)
{
    const char *const path = arena_strndup(status->arena, place->path.data, place->path.size);
    const char *const dot = strrchr(path, '.');
    return before != PLACE_VALUE
               ? status_fail(status, STATUS_INVALID_ARGUMENT, "%s, line %u: %s \"%s\" is a table since line %u%s",
                             toml->name, place->line, place->kind == PLACE_VALUE ? "the key" : "the table", path, line,
                             place->kind == PLACE_VALUE ? "; it cannot be a value, too."
                                                        : ": write each table once, with all of its keys below it.")
           : place->kind == PLACE_VALUE
               ? status_fail(status, STATUS_INVALID_ARGUMENT, "%s, line %u: the key \"%s\" was set on line %u already.",
                             toml->name, place->line, dot == NULL ? path : dot + 1, line)
               : status_fail(status, STATUS_INVALID_ARGUMENT,
                             "%s, line %u: the table \"%s\" was set to a value on line %u already.", toml->name,
                             place->line, path, line);
}

bool toml_check_tables(struct arena *arena, const struct toml *toml, struct status *status)
{
    struct places places = {.arena = arena};
    uint32_t lines[PLACE_KINDS] = {0}; /* where each kind was first defined at this place; 0: nowhere */
    const struct place *worst = NULL;
    enum place_kind before = PLACE_VALUE;
    uint32_t line = 0;
    add_all(&places, toml);
    if (places.count > 1) {
        qsort(places.items, places.count, sizeof *places.items, compare_places);
    }
    for (size_t i = 0; i < places.count; i++) {
        const struct place *const place = &places.items[i];
        if (i > 0 && !text_equal(place->path, places.items[i - 1].path)) {
            memset(lines, 0, sizeof lines);
        }
        for (int kind = 0; kind < PLACE_KINDS; kind++) {
            if (lines[kind] != 0 && excludes(place->kind, (enum place_kind)kind) &&
                (worst == NULL || place->line < worst->line)) {
                worst = place;
                before = (enum place_kind)kind;
                line = lines[kind];
            }
        }
        lines[place->kind] = lines[place->kind] == 0 ? place->line : lines[place->kind];
    }
    return worst == NULL || fail(toml, worst, before, line, status);
}
