/*
 * What a configuration says and nobody can read without running it: the folder and the ledger are guesses then, and a
 * guess is a question to the user.
 */
#ifndef FRAMEWORK_CORE_UNREAD_H
#define FRAMEWORK_CORE_UNREAD_H

#include "framework/core/framework.h"

struct source_file {
    const char *name; /* relative to the package */
    struct text content;
};

/* Notes that the file computes where the migrations are, at this offset of its content (SIZE_MAX: it does not). key: as
 * the file calls it. */
void unread_folder(struct arena *arena, struct folder *folder, struct source_file file, size_t at, const char *key);

/* The same of the ledger's table or schema. */
void unread_ledger(struct arena *arena, struct folder *folder, struct source_file file, size_t at, const char *key);

/* The same with words of one's own behind file and line: "names several folders (a, b)". */
void unread_folder_because(struct arena *arena, struct folder *folder, struct source_file file, size_t at,
                           const char *why);

void unread_ledger_because(struct arena *arena, struct folder *folder, struct source_file file, size_t at,
                           const char *why);

/* Does a value refer to what only its tool knows ("${DIR}/sql", "%(here)s", "<%= … %>")? */
bool unread_is_computed(const char *value);

#endif
