/*
 * What git remembers of a project's file or folder: truss-history is started, and what it tells is handed on piece by
 * piece. A process of its own reads the repository, as anybody may have made that; what it says is checked here, too.
 */
#ifndef MIGRATION_PAST_GIT_H
#define MIGRATION_PAST_GIT_H

#include "migration/look/place.h"

/* A commit; its strings are clean UTF-8. */
struct past_commit {
    const char *id; /* 40 hexadecimal digits; NULL: none */
    int64_t at;     /* microseconds since 1970 UTC */
    const char *author;
    const char *subject;
    bool is_of_head; /* HEAD comes from it */
    bool is_edge;    /* what it comes from is not in this clone */
};

/* How much was looked through, and why it ended. */
struct past_search {
    const char *head; /* commit of HEAD; NULL: there is none */
    bool is_shallow;
    size_t versions;
    size_t commits;
    const char *end;     /* "all", "commits", "bytes", "time", "missing"; NULL: it was ended by who listens */
    const char *refusal; /* why git cannot be asked, a sentence; NULL: it could */
};

/* Who listens. Each may be NULL; what is false ends it. Texts live as long as the call. */
struct past_listener {
    void *data;
    /* This commit took the file away; to: its new name, "" where it is gone. */
    bool (*deleted)(void *data, const struct past_commit *commit, const char *path, const char *to);
    /* A file of the version; path is relative to what was asked for, place to the repository. */
    bool (*file)(void *data, const char *path, const char *place, struct text content);
    /* The version has not this file of the one before. */
    bool (*gone)(void *data, const char *path);
    /* The version that this commit made is complete. */
    bool (*version)(void *data, const struct past_commit *commit);
};

/* What is asked for. */
struct past_question {
    const struct request *request;
    const char *root;    /* absolute: nothing outside is read because a file in there says so */
    const char *path;    /* absolute */
    bool is_folder;      /* all that is in it */
    struct arena *arena; /* of the commits' strings and the search's */
};

/* Tells the versions, the newest first. False where something failed on our side; that git knows nothing, or may not be
 * read, is search->refusal. */
bool past_git(const struct past_question *question, const struct past_listener *listener, struct past_search *search);

/* How two texts differ, as a unified diff without a head in front of "---"; empty where they do not. */
struct past_pair {
    struct text old;
    struct text new;
    const char *old_name;
    const char *new_name;
};
bool past_diff(const struct request *request, const struct past_pair *pair, struct text *diff);

/* Writes a file in a temporary directory, with the folders above it, anew where it is there. */
bool past_file_write(struct arena *arena, const char *path, struct text content, struct status *status);

#endif
