/*
 * What was applied, compared with what the file is today, for a migration that was edited or deleted since. What is not
 * proven is reported as unproven.
 */
#ifndef MIGRATION_PAST_PAST_H
#define MIGRATION_PAST_PAST_H

#include "migration/look/catalog.h"
#include "migration/past/git.h"

/* Why a version is taken for the applied one. Values as in the protocol; worker/messages checks that. */
enum past_basis {
    PAST_SAME = 1, /* the file itself has the tracking table's checksum: no version is searched */
    PAST_CHECKSUM, /* the version has the tracking table's checksum */
    PAST_TIME,     /* the newest version committed before the migration was applied; unproven */
    PAST_LAST,     /* the last version before the file was deleted; unproven */
    PAST_UNKNOWN,  /* no version found */
};

/* Strings are NULL if there is nothing to say. */
struct past {
    const struct catalog_item *item;
    enum past_basis basis;
    const char *summary; /* a sentence or more */
    struct text diff;    /* unified, from the version to today's file; empty: equal */
    size_t added;        /* lines of the diff */
    size_t removed;
    struct text content;             /* of the version; data NULL: there is none */
    bool is_cut;                     /* content or diff are truncated */
    struct past_commit commit;       /* that made the version; id NULL: none */
    const char *place;               /* the version's file, relative to the repository */
    const struct past_commit *later; /* commits that changed it afterwards, newest first */
    size_t later_count;
    bool is_uncommitted; /* today's file differs from the newest version in git */
    struct past_commit deleted;
    const char *moved_to;
    const char *restore; /* a shell command that restores the version */
    const char *notes[6];
    size_t note_count;
    size_t versions; /* that were searched */
    size_t commits;
};

/* Finds the applied version of a migration by its name. NOT_FOUND with the nearest names; FAILED_PRECONDITION if the
 * migration is not recorded. */
bool past_of(const struct request *request, const char *name, struct past *past);

/* "1a2b3c4d5e": an abbreviated commit id. */
const char *past_short_id(struct arena *arena, const struct past_commit *commit);

#endif
