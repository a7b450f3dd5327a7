/*
 * Which framework this is: by the ledgers that the database has and the folders that the project has. A table's name
 * alone decides nothing; its columns and their types do.
 */
#ifndef MIGRATION_DETECT_H
#define MIGRATION_DETECT_H

#include "migration/site.h"

struct detected_ledger {
    const struct framework *framework;
    struct ledger ledger;
};

struct detection {
    const struct framework *framework; /* NULL: neither the database nor the files say */
    bool has_ledger;                   /* it exists */
    struct ledger ledger;              /* where it is, or will be made */
    bool has_folder;
    struct folder folder;
    const char *folder_problem;      /* why none was chosen although several were found; else NULL */
    struct detected_ledger *ledgers; /* every table of a ledger's shape, in any schema */
    size_t ledger_count;
    const char *warnings[4];
    size_t warning_count;
};

/* Looks at both. Fails where the database or the project cannot be read. */
bool detect(struct work *work, struct detection *detection);

#endif
