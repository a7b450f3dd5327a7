/*
 * What git knows about a project's file or folder: starts truss-history and passes on what it reports, piece by piece.
 * A separate process reads the repository, since anybody may have made it; its output is checked here as well.
 */
#ifndef MIGRATION_PAST_GIT_H
#define MIGRATION_PAST_GIT_H

#include "migration/look/place.h"

/* A commit; the strings are valid UTF-8. */
struct past_commit {
    const char *id; /* 40 hexadecimal digits; NULL: none */
    int64_t at;     /* microseconds since 1970 UTC */
    const char *author;
    const char *subject;
    bool is_of_head; /* is an ancestor of HEAD, or HEAD itself */
    bool is_edge;    /* its parents are not in this clone (shallow) */
};

/* How much was searched, and why the search ended. */
struct past_search {
    const char *head; /* the id of HEAD; NULL: there is none */
    bool is_shallow;
    size_t versions;
    size_t commits;
    const char *end;     /* "all", "commits", "bytes", "time", "missing"; NULL: a listener ended it */
    const char *refusal; /* a sentence why git cannot be asked; NULL: it was */
};

/* Receives the search's results. Each function may be NULL; returning false ends the search. Texts are valid during the
 * call. */
struct past_listener {
    void *data;
    /* This commit removed the file; to: its new name, "" if it is gone. */
    bool (*deleted)(void *data, const struct past_commit *commit, const char *path, const char *to);
    /* A file of the current version; path is relative to the file or folder asked for, place to the repository. */
    bool (*file)(void *data, const char *path, const char *place, struct text content);
    /* The current version no longer has this file, which the previous one had. */
    bool (*gone)(void *data, const char *path);
    /* The version that this commit made is complete. */
    bool (*version)(void *data, const struct past_commit *commit);
};

/* What to search for. */
struct past_question {
    const struct request *request;
    const char *root;    /* absolute; nothing outside of it is read, even if a file inside points there */
    const char *path;    /* absolute */
    bool is_folder;      /* path is a folder: all files in it */
    struct arena *arena; /* for the commits' strings and the search's */
};

/* Reports the versions, newest first. Returns false if something failed on our side; if git has no answer or may not be
 * read, search->refusal says so. */
bool past_git(const struct past_question *question, const struct past_listener *listener, struct past_search *search);

/* Two texts to compare: as a unified diff from "---" on; empty if they are equal. */
struct past_pair {
    struct text old;
    struct text new;
    const char *old_name;
    const char *new_name;
};
bool past_diff(const struct request *request, const struct past_pair *pair, struct text *diff);

/* Writes a file in a temporary directory, creates its folders, and replaces an existing one. */
bool past_file_write(struct arena *arena, const char *path, struct text content, struct status *status);

#endif
