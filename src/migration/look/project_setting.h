/*
 * Settings in a project's configuration files. All texts are slices of the given ones; strings are in the arena.
 */
#ifndef MIGRATION_LOOK_PROJECT_SETTING_H
#define MIGRATION_LOOK_PROJECT_SETTING_H

#include "base/arena.h"
#include "base/text.h"

/* The name of the variable after a reference at the start of the text (process.env.NAME, getenv("NAME"), …); empty:
 * none. */
struct text setting_referenced(struct text text);

/* The plain value after a setting's sign; NULL if it is computed, empty or a block. In code an unquoted word is
 * computed. */
const char *setting_plain(struct arena *arena, struct text value, bool is_code);

/* Does the setting take its value from a variable? Then its name, and the default that is written beside it or NULL.
 * False for any other computation. */
bool setting_of_variable(struct arena *arena, struct text value, const char **variable, const char **missing);

/* Splits "key: value", "key = value" or "key => value"; of "a.key" the last part is the key. Returns false for anything
 * else. */
bool setting_split(struct text piece, struct text *name, struct text *value);

/* The setting at the beginning of the line, with its brackets: up to the comma, semicolon or brace behind it. Reads a
 * thousand bytes at most. */
struct text setting_whole(struct text line);

#endif
