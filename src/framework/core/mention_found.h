/*
 * Collects what the files of a package mention about one folder, and finally stores it in the folder.
 */
#ifndef FRAMEWORK_CORE_MENTION_FOUND_H
#define FRAMEWORK_CORE_MENTION_FOUND_H

#include "framework/core/mention.h"
#include "framework/core/mention_path.h"

/* What is known about one part of a folder's ledger. */
struct finding {
    const char *value; /* NULL: nothing found */
    const char *place; /* "main.go, line 12, has goose.SetTableName(" */
};

/* A folder, and what is searched for it. */
struct wanted {
    struct folder *folder;
    bool is_said[MENTION_ELSEWHERE + 1]; /* the configuration decides that part */
    struct finding found[MENTION_ELSEWHERE + 1];
    bool is_script_schema_unread; /* there are several, or a computed one, and the ledger's schema is known */
    bool is_path_named;           /* a command names this folder, or one that cannot be read */
    bool is_only;                 /* the walk through the project found no other folder of its framework */
    size_t computed_count;        /* number of computed paths in code */
    const char *computed_path;    /* a sentence about code that computes the path; NULL: none */
    const char *named_in; /* the file of the last named path, the offset after it (named_at), and what it is (was) */
    const char *named_by; /* the option */
    size_t named_at;
    enum named_path was;
    const char *several;    /* a sentence about one command that names this folder and another; NULL: none */
    const char *other_path; /* a sentence about a command that names another folder; NULL: none */
};

/* Decides what is still unknown about a folder and must be searched for. */
struct wanted mention_wanted(struct folder *folder, const struct project *project);

/* Collects what a file of the folder's package says about it. */
void mention_scan(struct arena *arena, struct wanted *wanted, const struct mention *mention,
                  const struct source_file *file);

/* Stores the findings in the folder, unless they are the defaults. */
void mention_take(struct arena *arena, const struct wanted *wanted);

#endif
