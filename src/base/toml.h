/*
 * Parses our own configuration files in TOML 1.0: tables, dotted and quoted keys, the four kinds of strings, integers,
 * booleans, and lists of these. What our files do not need (dates, floats, inline tables, arrays of tables) is refused
 * by name. Does not know the meaning of keys.
 */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOLEAN, TOML_LIST };

struct toml_entry {
    const char *table; /* "framework.ours": the key without its last part; "" at the top */
    const char *key;   /* the last part */
    enum toml_kind kind;
    const char *value;        /* of a string its characters, without NUL; else "true", "-12"; NULL for a list */
    const char *const *items; /* of a list: its values, likewise */
    size_t item_count;
    uint32_t line; /* 1-based */
};

/* A document: its entries in the order of the file. */
struct toml {
    const char *name; /* the file's name, for messages */
    struct toml_entry *entries;
    size_t count;
    size_t capacity;
    struct toml_entry *headers; /* the lines [table], in order; only table and line are set */
    size_t header_count;
    size_t header_capacity;
};

/* Parses a document into the arena; name is borrowed. Fails with INVALID_ARGUMENT, with the file's name and line, if it
 * is invalid or not UTF-8, defines a key or a table twice, or has more than 10,000 entries. Takes linear time, except
 * for the search for what is defined twice: n log n. */
bool toml_read(struct arena *arena, const char *name, struct text content, struct toml *toml, struct status *status);

/* NULL: not set. */
const struct toml_entry *toml_find(const struct toml *toml, const char *table, const char *key);

/* "truss.toml, line 3", in the arena. */
const char *toml_place(struct arena *arena, const struct toml *toml, const struct toml_entry *entry);

#endif
