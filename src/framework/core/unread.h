/*
 * Notes what a configuration computes, so that it cannot be read without running it: folder and ledger are then
 * guesses, and the user is asked.
 */
#ifndef FRAMEWORK_CORE_UNREAD_H
#define FRAMEWORK_CORE_UNREAD_H

#include "framework/core/framework.h"

struct source_file {
    const char *name; /* relative to the package */
    struct text content;
};

/* "config/a.yml, line 3,": where in the project this offset of the file is. */
const char *unread_place(struct arena *arena, const struct folder *folder, struct source_file file, size_t at);

/* Notes that the file computes the folder, at this offset of its content (SIZE_MAX: no particular place). key: what the
 * file calls it. */
void unread_folder(struct arena *arena, struct folder *folder, struct source_file file, size_t at, const char *key);

/* The same about the ledger's table or schema. */
void unread_ledger(struct arena *arena, struct folder *folder, struct source_file file, size_t at, const char *key);

/* The same with a text of one's own after file and line: "names several folders (a, b)". */
void unread_folder_because(struct arena *arena, struct folder *folder, struct source_file file, size_t at,
                           const char *why);

void unread_ledger_because(struct arena *arena, struct folder *folder, struct source_file file, size_t at,
                           const char *why);

#endif
