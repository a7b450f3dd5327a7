/*
 * Reads our own configuration files, written in TOML 1.0: tables, dotted and quoted keys, strings of all four kinds,
 * integers, booleans, and lists of these. What our files have no use for (dates, fractions, inline tables, lists of
 * tables) is refused by name. Knows nothing of what the keys mean.
 */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOLEAN, TOML_LIST };

struct toml_entry {
    const char *table; /* "framework.ours": all of the key but its last part, by dots; "" at the top */
    const char *key;   /* the last part */
    enum toml_kind kind;
    const char *value;        /* of a string its characters, without NUL; else "true", "-12"; NULL of a list */
    const char *const *items; /* of a list: its values, in the same way */
    size_t item_count;
    uint32_t line; /* 1-based */
};

/* A document: its entries in the order of the file. */
struct toml {
    const char *name; /* of the file, for messages */
    struct toml_entry *entries;
    size_t count;
    size_t capacity;
    struct toml_entry *headers; /* the lines [table], in order: table and line are set */
    size_t header_count;
    size_t header_capacity;
};

/* Reads a document into the arena; name is borrowed. False and INVALID_ARGUMENT, with the file's name and line, where
 * it is none, is not UTF-8, says a key twice, or has more than 10,000 entries. Time is linear in the size of the
 * content, but for the search for keys that are there twice, which is n log n in the entries. */
bool toml_read(struct arena *arena, const char *name, struct text content, struct toml *toml, struct status *status);

/* NULL where it is not said. */
const struct toml_entry *toml_find(const struct toml *toml, const char *table, const char *key);

/* "truss.toml, line 3", in the arena. */
const char *toml_place(struct arena *arena, const struct toml *toml, const struct toml_entry *entry);

#endif
