/*
 * What a dump does not hold, as JSON: the database's owner, limit, grants, settings and locale, the roles without their
 * passwords; and what a restore is compared with: how many objects there are, a digest of their definitions, and the
 * rows of each table.
 */
#ifndef BACKUP_FACTS_H
#define BACKUP_FACTS_H

#include "backup/rows.h"

/* One moment of the database: as long as `holder` lives, others see it by the snapshot's name. */
struct backup_moment {
    struct pg_session *holder; /* NULL: there is none, behind a pooler */
    const char *snapshot;      /* "" then */
};

bool backup_moment_begin(const struct backup_call *call, int64_t id, struct backup_moment *moment);
void backup_moment_end(struct backup_moment *moment);

struct backup_facts {
    const char *json;
    uint32_t tables;
};

/* Reads them over a session of its own that sees the moment. Rows are counted for a while, and what was not counted by
 * then is not compared. `goes_on` is asked meanwhile: where it says no, what is missing is left out. */
struct backup_facts_reading {
    int64_t id; /* of the backup */
    const struct backup_moment *moment;
    bool (*goes_on)(void *data);
    void *data;
};
bool backup_facts_read(const struct backup_call *call, const struct backup_facts_reading *reading,
                       struct backup_facts *facts);

/* Compares a restored database, which the session is on, with the facts of a row, which `home` reads. *report says what
 * was compared. False where something is missing. */
struct backup_comparison {
    struct pg_session *home;
    struct pg_session *restored;
    int64_t id;
};
bool backup_facts_compare(const struct backup_call *call, const struct backup_comparison *with, const char **report);

#endif
