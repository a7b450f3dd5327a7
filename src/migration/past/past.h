/*
 * What was applied, beside what the file is today: for a migration that was edited or deleted since. What is not proven
 * is said to be so.
 */
#ifndef MIGRATION_PAST_PAST_H
#define MIGRATION_PAST_PAST_H

#include "migration/look/catalog.h"
#include "migration/past/git.h"

/* Why the version is taken for the one that was applied. Numbers as in the contract: worker/messages checks it. */
enum past_basis {
    PAST_SAME = 1, /* no version is looked for: the file's own checksum is the tracking table's */
    PAST_CHECKSUM, /* its checksum is the tracking table's */
    PAST_TIME,     /* it is the newest that was committed before it was applied; nothing proves it */
    PAST_LAST,     /* it is the last one before the file was deleted; nothing proves it */
    PAST_UNKNOWN,  /* none is shown */
};

/* Strings are NULL where there is nothing to say. */
struct past {
    const struct catalog_item *item;
    enum past_basis basis;
    const char *summary; /* a sentence or more */
    struct text diff;    /* from the version to the file of today, unified; empty: they do not differ */
    size_t added;        /* lines */
    size_t removed;
    struct text content;             /* the version; data NULL: none is shown */
    bool is_cut;                     /* not all of the two is here */
    struct past_commit commit;       /* of the version; id NULL: there is none */
    const char *place;               /* the version's file, relative to the repository */
    const struct past_commit *later; /* that changed it since, the newest first */
    size_t later_count;
    bool is_uncommitted; /* the file of today is not the newest one that git has */
    struct past_commit deleted;
    const char *moved_to;
    const char *restore; /* a command for a shell that brings the version back */
    const char *notes[6];
    size_t note_count;
    size_t versions; /* looked at */
    size_t commits;
};

/* Finds it by name. NOT_FOUND with the nearest names; FAILED_PRECONDITION where nothing is recorded of it. */
bool past_of(const struct request *request, const char *name, struct past *past);

/* "1a2b3c4d5e": as much of a commit's id as a person types. */
const char *past_short_id(struct arena *arena, const struct past_commit *commit);

#endif
