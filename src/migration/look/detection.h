/*
 * What was found: every source with its folder and its ledger, and the one that was chosen.
 */
#ifndef MIGRATION_LOOK_DETECTION_H
#define MIGRATION_LOOK_DETECTION_H

#include "migration/look/shapes.h"

#define MOST_EVIDENCE 3

/* A framework that was found: its folder, its ledger, or both. */
struct source {
    const struct framework *framework;
    bool has_ledger;      /* it exists */
    struct ledger ledger; /* where it is, or will be made */
    const char *as_read;  /* how its columns are got where they are not this version's; see struct shape_fit */
    bool has_folder;
    struct folder folder;
    enum confidence confidence;
    const char *evidence[MOST_EVIDENCE];
    size_t evidence_count;
    const char *reason; /* why it was chosen or not */
    const char
        *problem; /* why nothing can be said of its migrations: what stands where its ledger belongs; else NULL */
    const char *unwritable; /* why nothing can be recorded in its ledger; else NULL */
    bool is_policed;        /* row-level security hides rows of its ledger from this role */
};

struct detection {
    /* The chosen one's; framework NULL: neither the database nor the files say which. */
    const struct framework *framework;
    bool has_ledger;
    struct ledger ledger;
    bool has_folder;
    struct folder folder;

    const char *as_read;    /* as the source's */
    const char *unwritable; /* why nothing can be recorded in the ledger, which can be read; else NULL */
    bool is_policed;        /* row-level security hides rows of the ledger from this role */
    struct session_facts facts;

    bool is_cut;            /* the project is larger than what is looked through for folders */
    const char *unreadable; /* a place for migrations that may not be read, where no folder was chosen; NULL: none */
    const char *problem;    /* why nothing can be said of any migration: several were found, or what is in
                               the ledger's place is none; else NULL */
    const struct framework *const *frameworks; /* all that may be meant */
    struct source *sources;                    /* the chosen one first */
    size_t source_count;
    struct found_ledgers ledgers; /* every table of a ledger's shape, in any schema */
    const char *warnings[8];
    size_t warning_count;
};

#endif
