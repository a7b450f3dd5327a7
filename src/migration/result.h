/*
 * The result of a run.
 */
#ifndef MIGRATION_RESULT_H
#define MIGRATION_RESULT_H

#include "migration/failure.h"

struct run_applied {
    const char *name;
    const char *checksum;
    uint32_t duration_ms;   /* result_took; 0: not known, as of what a tool ran */
    uint32_t resumed_steps; /* steps that an earlier run had finished */
};

struct run_untried {
    const char *migration;
    uint32_t step; /* 1-based */
    const char *reason;
};

struct target;

struct run_result {
    bool ok;
    const struct target *target; /* the database; NULL: no connection */
    const char *summary;
    struct run_applied *applied; /* by this call, and committed; in a dry run: what would be */
    size_t applied_count;
    size_t applied_capacity;
    const char *failed_name; /* NULL: none failed */
    bool failed_unknown;     /* the named one is only the first of those of which one failed */
    bool failed_around;      /* a callback failed (run/around.h), not a migration */
    struct failure failure;
    bool has_begun; /* something may have been sent */
    bool dry_run;
    struct run_untried *untried; /* of a dry run */
    size_t untried_count;
    size_t untried_capacity;
    const char **warnings;
    size_t warning_count;
    size_t warning_capacity;
};

/* Milliseconds since `began` (clock_ms); at least 1, because 0 is "not known". */
uint32_t result_took(int64_t began);

/* Adds a migration, whose strings must outlive the result. */
void result_add_applied(struct arena *arena, struct run_result *result, const struct run_applied *applied);
/* Removes the last one with this name: it was rolled back after all, or nobody knows. */
void result_remove_applied(struct run_result *result, const char *name);
void result_add_untried(struct arena *arena, struct run_result *result, const struct run_untried *untried);
/* "Applied 3 migration(s) successfully.", in the words that the REST contract fixes: who reads it compares them. */
const char *result_applied(struct arena *arena, size_t count);
/* "the 3 migrations before it stay", "the migration before it stays"; count > 0 */
const char *result_before(struct arena *arena, size_t count);
void result_add_warning(struct arena *arena, struct run_result *result, const char *warning);

#endif
