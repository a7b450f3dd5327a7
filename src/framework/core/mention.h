/*
 * What a project says about its tracking table or folder outside of the configuration that its framework's facts read:
 * in code (goose.SetTableName("x")), in the flags of a command (--migrations-table x), in a variable (GOOSE_TABLE=x). A
 * literal name is used; a computed one, or several different ones, is a question to the user, because the default table
 * may be an old one.
 */
#ifndef FRAMEWORK_CORE_MENTION_H
#define FRAMEWORK_CORE_MENTION_H

#include "framework/core/unread.h"

enum mention_kind {
    MENTION_NOTHING,  /* not mentioned, or set to null, an empty text, or the default */
    MENTION_LITERAL,  /* a literal name, there or in a constant of the same file */
    MENTION_COMPUTED, /* anything else */
};

/* One place that mentions it. */
struct mentioned {
    enum mention_kind kind;
    size_t at;         /* the word's offset in the file */
    const char *word;  /* which of the fact's words it is */
    const char *value; /* of a literal; the arena's */
};

/* Finds the next place at or after *at and advances *at. The file's name tells its language. Returns false if there is
 * none. */
bool mention_next(struct arena *arena, const struct mention *mention, const struct source_file *file, size_t *at,
                  struct mentioned *mentioned);

/* Takes a mention that the tool certainly reads (Alembic's env.py): a literal name becomes the folder's; a computed
 * one, or a second one that differs, is noted (unread.h). */
void mention_take_one(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mention *mention, const struct mentioned *mentioned);

/* Searches the packages of these folders for their frameworks' mentions, as far as the configuration does not decide. A
 * result is stored in the folder, with its place in folder->mentioned. Does nothing if the user has named the folder or
 * the schema. */
void mentions_note(struct arena *arena, const struct project *project, struct folder_list *folders);

#endif
