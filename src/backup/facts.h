/*
 * What a dump does not contain, as JSON: the database's owner, limit, grants, settings and locale, and the roles
 * without passwords; and what a restored database is compared with: the number of objects, a digest of their
 * definitions, and the row count of each table.
 */
#ifndef BACKUP_FACTS_H
#define BACKUP_FACTS_H

#include "backup/rows.h"

/* A snapshot of the database, which others can use as long as `holder` lives. */
struct backup_moment {
    struct pg_session *holder; /* NULL behind a pooler */
    const char *snapshot;      /* "" then */
};

bool backup_moment_begin(const struct backup_call *call, int64_t id, struct backup_moment *moment);
void backup_moment_end(struct backup_moment *moment);

struct backup_facts {
    const char *json;
    uint32_t tables;
};

/* Reads the facts on a session of its own, in the snapshot. Counts rows for a limited time; tables that were not
 * counted are not compared. `goes_on` is called meanwhile; if it returns false the rest is left out. */
struct backup_facts_reading {
    int64_t id; /* of the backup */
    const struct backup_moment *moment;
    bool (*goes_on)(void *data);
    void *data;
};
bool backup_facts_read(const struct backup_call *call, const struct backup_facts_reading *reading,
                       struct backup_facts *facts);

/* Compares a restored database (the session `restored`) with the facts of a row, read on `home`. *report says what was
 * compared. Returns false if something is missing. */
struct backup_comparison {
    struct pg_session *home;
    struct pg_session *restored;
    int64_t id;
};
bool backup_facts_compare(const struct backup_call *call, const struct backup_comparison *with, const char **report);

#endif
