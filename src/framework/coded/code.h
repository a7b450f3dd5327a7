/*
 * What frameworks have in common whose migrations are programs: reading literal settings, the names of files, and their
 * beginnings. Nothing is executed.
 */
#ifndef FRAMEWORK_CODED_CODE_H
#define FRAMEWORK_CODED_CODE_H

#include "framework/core/layout.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"

/* ---- settings: JavaScript, TypeScript, PHP, Elixir ---- */

/* Reads the first of these files of the package that exists; its path becomes the folder's evidence. NULL: none
 * exists. */
const char *code_config(struct arena *arena, struct folder *folder, const char *const *names, struct text *source);

/* The literal value of a setting `key: "x"`, `'key' => 'x'` or `key = "x"`; of a list its first item. NULL: there is no
 * literal value. */
const char *code_string(struct arena *arena, struct text source, const char *key);

/* The directory in a setting of the package's file, relative to the project; also if it is put together by path.join or
 * __dirname + …, and the part before a wildcard. It need not exist. NULL if the setting is missing, or cannot be read;
 * then folder->unread says why. */
const char *code_directory(struct arena *arena, struct folder *folder, const char *file, struct text source,
                           const char *key);

/* The texts of the first such setting that can be read, one or those of a list, ended by NULL; *at: its offset. NULL:
 * there is none. */
const char *const *code_texts(struct arena *arena, struct text source, const char *key, size_t *at);

/* The directory for a setting at a path of properties (properties.h), relative to the file's directory (is_beside) or
 * the package. */
const char *code_directory_of(struct arena *arena, struct folder *folder, const struct source_file *file,
                              const char *const path[], bool is_beside);

/* The value of a flag in the commands of package.json (scripts), if each of these commands (separated by "|") has it,
 * and all say the same literally. NULL: none does, or they differ. */
const char *code_flag(struct arena *arena, const struct folder *folder, const struct mention *flag,
                      const char *commands);

/* The text of such a path, also if put together by path.join; NULL if it cannot be read. */
const char *code_path(struct arena *arena, struct text source, const char *const path[]);

/* The same for a value that is already known. */
const char *code_directory_at(struct arena *arena, const struct folder *folder, const char *file, const char *value);

/* The directory in the setting whose key is at this offset: a literal, put together, or in a constant of the file.
 * NULL: computed. */
const char *code_directory_behind(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                  size_t at, const char *key);

/* The plain string at a path of properties that names the ledger; if it is computed, folder->unread_ledger says so. */
const char *code_ledger_name(struct arena *arena, struct folder *folder, const char *file, struct text source,
                             const char *const path[]);

/* The source from the first occurrence of a word on; empty if there is none. */
struct text code_behind(struct text source, const char *word);

/* ---- files ---- */

/* Rules for FILES(): JavaScript and TypeScript, without hidden files and declarations. */
#define SCRIPTS                                                                                                        \
    {.pattern = ".*", .passed_over = true}, {.pattern = "*.d.{ts|mts|cts}", .passed_over = true},                      \
    {                                                                                                                  \
        .pattern = "*.{ts|js|mjs|cjs|mts|cts}", .is_code = true                                                        \
    }

/* Does the text contain one of these words (NULL-terminated)? */
bool code_has(struct text text, const char *const *words);

/* ---- words of a source ---- */

/* The offset of the first byte at or after this one that is not white space. */
size_t code_skip_blanks(struct text source, size_t at);

/* The word of letters, digits and _ at this offset; may be empty. */
struct text code_word(struct text source, size_t at);

/* The offset after the next whole word `word` at or after `from`; SIZE_MAX: none. */
size_t code_find_word(struct text source, const char *word, size_t from);

/* Notes in folder->unread that a configuration gets its content from another file: within the first most_braces braces
 * it spreads an object of another file ({ ...base }), or it has none of these keys and imports something. */
void code_note_elsewhere(struct arena *arena, struct folder *folder, const struct source_file *file,
                         const char *const *keys, int most_braces);

#endif
