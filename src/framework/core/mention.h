/*
 * What a project says of its tracking table or folder outside of the configuration that its framework's facts read: in
 * code (goose.SetTableName("x")), in the flags of a command (--migrations-table x), in a variable (GOOSE_TABLE=x). A
 * name that is written out is taken; one that is computed, and several names, are a question to the user: the default
 * table may be a stale one.
 */
#ifndef FRAMEWORK_CORE_MENTION_H
#define FRAMEWORK_CORE_MENTION_H

#include "framework/core/unread.h"

enum mention_kind {
    MENTION_NOTHING,  /* there is none, or it says null, an empty text, the default */
    MENTION_LITERAL,  /* a name that is written out there, or in a constant of the same file */
    MENTION_COMPUTED, /* anything else */
};

/* One place that says it. */
struct mentioned {
    enum mention_kind kind;
    size_t at;         /* the offset of the word in the file */
    const char *word;  /* the one of the fact's words that stands there */
    const char *value; /* of a literal; the arena's */
};

/* Finds the next place in a file at or behind *at, which moves on. name: the file's, whose ending tells how it is
 * written. False where there is none. */
bool mention_next(struct arena *arena, const struct mention *mention, const struct source_file *file, size_t *at,
                  struct mentioned *mentioned);

/* Takes what one place of a file says that its tool reads in any case (Alembic's env.py): a name becomes the folder's,
 * one that is computed, and a second one that differs, are noted (unread.h). */
void mention_take_one(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mention *mention, const struct mentioned *mentioned);

/* Looks through the packages of these folders for what their frameworks' facts mention, where their configuration has
 * not said it. What is found is the folder's, with where it was found in folder->mentioned. Where the user has said the
 * folder or the schema, that is nobody's question. */
void mentions_note(struct arena *arena, const struct project *project, struct folder_list *folders);

#endif
