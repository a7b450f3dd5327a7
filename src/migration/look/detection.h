/*
 * What detection found: every source with its folder and its ledger, and which one was chosen.
 */
#ifndef MIGRATION_LOOK_DETECTION_H
#define MIGRATION_LOOK_DETECTION_H

#include "migration/look/shapes.h"

#define MOST_EVIDENCE 3

/* A framework that was found by its folder, its ledger, or both. */
struct source {
    const struct framework *framework;
    bool has_ledger;      /* the ledger exists */
    struct ledger ledger; /* where the ledger is, or will be made */
    const char *as_read;  /* a query for its columns if they differ from this version's; see struct shape_fit */
    bool has_folder;
    struct folder folder;
    enum confidence confidence;
    const char *evidence[MOST_EVIDENCE];
    size_t evidence_count;
    const char *reason; /* why it was chosen, or not */
    const char
        *problem; /* why its migrations cannot be judged: something else stands in the ledger's place; else NULL */
    const char *unwritable; /* why nothing can be recorded in its ledger; else NULL */
    bool is_policed;        /* row-level security hides rows of its ledger from this role */
};

struct detection {
    /* Of the chosen source. framework NULL: neither the database nor the files decide. */
    const struct framework *framework;
    bool has_ledger;
    struct ledger ledger;
    bool has_folder;
    struct folder folder;

    const char *as_read;    /* as in struct source */
    const char *unwritable; /* as in struct source */
    bool is_policed;        /* as in struct source */
    struct session_facts facts;

    bool is_cut;            /* the project has more than is searched for folders */
    const char *unreadable; /* if no folder was chosen: a place for migrations that may not be read; NULL: none */
    const char *problem; /* why no migration can be judged: several were found, or what is in the ledger's place is no
                            ledger; else NULL */
    const struct framework *const *frameworks; /* the candidates; NULL-terminated */
    struct source *sources;                    /* the chosen one is first */
    size_t source_count;
    struct found_ledgers ledgers; /* every table of a ledger's shape, in any schema */
    const char *standby;          /* that the server is a standby, and how far behind; NULL: it is none */
    const char *warnings[8];
    size_t warning_count;
};

#endif
