/*
 * The project of truss demo: a shop, whose migrations are Prisma's.
 */
#ifndef CLI_LOCAL_DEMO_PROJECT_H
#define CLI_LOCAL_DEMO_PROJECT_H

/* When a file is there. */
enum demo_time {
    DEMO_FIRST, /* from the beginning; applied */
    DEMO_GONE,  /* the same, and deleted then: orphaned */
    DEMO_LATER, /* once those are applied */
};

struct demo_file {
    enum demo_time time;
    const char *name; /* the migration's; NULL ends the table */
    const char *sql;
};

extern const struct demo_file demo_files[];

/* One of DEMO_FIRST, and what stands in it later: modified. */
extern const char demo_changed_name[];
extern const char demo_changed_sql[];

/* One of DEMO_LATER that fails, and one that needs a lock which somebody else holds. */
extern const char demo_failing[];
extern const char demo_blocked[];

#endif
