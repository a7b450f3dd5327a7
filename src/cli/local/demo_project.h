/*
 * The project of truss demo: a shop with Prisma migrations.
 */
#ifndef CLI_LOCAL_DEMO_PROJECT_H
#define CLI_LOCAL_DEMO_PROJECT_H

/* When a file exists. */
enum demo_time {
    DEMO_FIRST, /* from the beginning; applied */
    DEMO_GONE,  /* the same, and deleted afterwards: orphaned */
    DEMO_LATER, /* added after those are applied */
};

struct demo_file {
    enum demo_time time;
    const char *name; /* the migration's; NULL ends the table */
    const char *sql;
};

extern const struct demo_file demo_files[];

/* One of DEMO_FIRST, and its later content: modified. */
extern const char demo_changed_name[];
extern const char demo_changed_sql[];

/* One of DEMO_LATER that fails; one that needs a lock that another session holds. */
extern const char demo_failing[];
extern const char demo_blocked[];

#endif
