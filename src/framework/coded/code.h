/*
 * What frameworks whose migrations are programs have in common: what their settings say, as far as it is written out in
 * them, what the files of a folder are called, and how they begin. Nothing is executed.
 */
#ifndef FRAMEWORK_CODED_CODE_H
#define FRAMEWORK_CODED_CODE_H

#include "framework/core/layout.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"

/* ---- settings: JavaScript, TypeScript, PHP, Elixir ---- */

/* The first of these files of the package that is there, read, and its path as the folder's evidence; NULL: none. */
const char *code_config(struct arena *arena, struct folder *folder, const char *const *names, struct text *source);

/* The text of a setting `key: "x"`, `'key' => 'x'` or `key = "x"`; of a list its first item. NULL where it is not
 * written out there. */
const char *code_string(struct arena *arena, struct text source, const char *key);

/* The directory that a setting of the package's file says, relative to the project: also one put together by path.join,
 * __dirname + …, and in front of a wildcard. NULL where the setting is not there; folder->unread says why where it is
 * and cannot be read. One that is not there is given as well: that must be said of it. */
const char *code_directory(struct arena *arena, struct folder *folder, const char *file, struct text source,
                           const char *key);

/* The same of the setting at a path of properties (properties.h), for a tool that takes it from the directory of the
 * file (is_beside) or the package. */
const char *code_directory_of(struct arena *arena, struct folder *folder, const struct source_file *file,
                              const char *const path[], bool is_beside);

/* The text of the path there, also one put together by path.join; NULL where there is none that can be read. */
const char *code_path(struct arena *arena, struct text source, const char *const path[]);

/* The same for a value that was found otherwise. */
const char *code_directory_at(struct arena *arena, const struct folder *folder, const char *file, const char *value);

/* The directory of the setting whose key is at this offset: written there, put together there, or in a constant of the
 * file. NULL: it is computed. */
const char *code_directory_behind(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                  size_t at, const char *key);

/* The plain string at a path of properties, which says something of the ledger; folder->unread_ledger says it where it
 * is computed. */
const char *code_ledger_name(struct arena *arena, struct folder *folder, const char *file, struct text source,
                             const char *const path[]);

/* The source from the first occurrence of a word on; empty where it has none. */
struct text code_behind(struct text source, const char *word);

/* ---- files ---- */

/* Files of JavaScript and TypeScript, as rules of FILES(); hidden files and declarations are none. */
#define SCRIPTS                                                                                                        \
    {.pattern = ".*", .passed_over = true}, {.pattern = "*.d.{ts|mts|cts}", .passed_over = true},                      \
    {                                                                                                                  \
        .pattern = "*.{ts|js|mjs|cjs|mts|cts}", .is_code = true                                                        \
    }

/* True where the text has one of these words, NULL-terminated. */
bool code_has(struct text text, const char *const *words);

/* ---- words of a source ---- */

/* The offset of the first byte at or after this one that is not white space. */
size_t code_skip_blanks(struct text source, size_t at);

/* A word of letters, digits and _ at this offset; empty where there is none. */
struct text code_word(struct text source, size_t at);

/* The offset behind the next `word` that stands by itself, at or after `from`; SIZE_MAX where there is none. */
size_t code_find_word(struct text source, const char *word, size_t from);

/* Notes in folder->unread that a configuration takes what it says from another file: it spreads an object that is not
 * its own ({ ...base }) within so many braces, or has none of these keys and imports something. */
void code_note_elsewhere(struct arena *arena, struct folder *folder, const struct source_file *file,
                         const char *const *keys, int most_braces);

#endif
