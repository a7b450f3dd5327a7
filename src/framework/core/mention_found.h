/*
 * What the files of a package mention of one folder: put together, and made the folder's at the end.
 */
#ifndef FRAMEWORK_CORE_MENTION_FOUND_H
#define FRAMEWORK_CORE_MENTION_FOUND_H

#include "framework/core/mention.h"
#include "framework/core/mention_path.h"

/* What is known of one part of a folder's ledger. */
struct finding {
    const char *value; /* NULL: nothing was found */
    const char *place; /* "main.go, line 12, has goose.SetTableName(" */
};

/* A folder, and what is looked for. */
struct wanted {
    struct folder *folder;
    bool is_said[MENTION_ELSEWHERE + 1]; /* its configuration says that part */
    struct finding found[MENTION_ELSEWHERE + 1];
    bool is_script_schema_unread; /* several are said, or one that is computed, and the ledger's is known */
    bool is_path_named;           /* a command names this folder, or one that cannot be read */
    bool is_only;                 /* a walk through the whole project has found no other folder of its framework */
    size_t computed_count;        /* paths that code computes */
    const char *computed_path;    /* what is to be said of code that computes it; NULL: there is none */
    const char *named_in;         /* the file of the last path that was named, the offset behind that, and what it is */
    const char *named_by;         /* the option */
    size_t named_at;
    enum named_path was;
    const char *several;    /* what is to be said of one command that names this folder and another; NULL: none does */
    const char *other_path; /* what is to be said of a command that names another one; NULL: there is none */
};

/* What is not known yet of a folder, and is to be looked for. */
struct wanted mention_wanted(struct folder *folder, const struct project *project);

/* Keeps what a file of the folder's package says of it. */
void mention_scan(struct arena *arena, struct wanted *wanted, const struct mention *mention,
                  const struct source_file *file);

/* What was found becomes the folder's, unless it is what counts in any case. */
void mention_take(struct arena *arena, const struct wanted *wanted);

#endif
