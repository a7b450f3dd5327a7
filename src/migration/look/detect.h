/*
 * Which framework this is: by the ledgers that the database has and the folders that the project has. All that is found
 * is told, with what it was recognised by; the one that files and database agree on is chosen.
 */
#ifndef MIGRATION_LOOK_DETECT_H
#define MIGRATION_LOOK_DETECT_H

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

/* Looks at both. request->framework says which one is meant where there are several: an id, a display name, or a
 * folder. Fails where the database or the project cannot be read, and with NOT_FOUND or INVALID_ARGUMENT where the one
 * that is meant is not there. */
bool detect(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same inside of a reading transaction, into a detection that has its facts. */
bool detect_reading(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same by the files alone, without a connection. *certain is false where only the database can tell which of
 * several is meant. */
bool detect_offline(const struct request *request, struct detection *detection, bool *certain);

/* Another run may have made the ledger since: has_ledger is set where it is there now. */
bool detect_ledger(const struct request *request, struct pg_session *session, struct detection *detection);

/* What its own tool does. */
const struct habits *detection_habits(const struct detection *detection);

#endif
