/*
 * A framework as data, and the few things that only it knows. Adding one is a file beside this with a `struct
 * framework`, a line in registry.c and a fixture made by the real tool.
 *
 * A framework does not execute anything and does not decide what is pending: it lists files, reads its ledger, compares
 * checksums, and writes the SQL of its ledger's rows; src/migration does the rest, the same for all.
 */
#ifndef FRAMEWORK_FRAMEWORK_H
#define FRAMEWORK_FRAMEWORK_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "pg/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest migration file that is read. */
#define MIGRATION_FILE_LIMIT ((size_t)8 * 1024 * 1024)

/* ---- what a framework's ledger looks like ---- */

/* A ledger's table and its columns, "name:type name:type …" with types as pg_catalog's typname ("varchar",
 * "timestamptz", "int4"). Every column must be there with its type; others may be there too. */
struct ledger_shape {
    const char *table;
    const char *columns;
};

/* A ledger that was found: a table of that shape. */
struct ledger {
    const char *schema;
    const char *table;
};

enum entry_state {
    ENTRY_APPLIED,     /* finished */
    ENTRY_FAILED,      /* began, and neither finished nor was rolled back */
    ENTRY_ROLLED_BACK, /* was given up */
};

/* A row of the ledger. Times are microseconds since 1970 UTC, or NO_TIME; strings are NULL where the ledger has none.
 */
struct ledger_entry {
    const char *name; /* as the catalog names the migration */
    const char *id;
    const char *checksum; /* the framework's own text */
    const char *logs;
    int64_t started_at;
    int64_t finished_at;
    int64_t rolled_back_at;
    uint32_t steps;
    enum entry_state state;
    bool baseline; /* recorded without having been executed, where the ledger tells */
};

struct ledger_entries {
    struct ledger_entry *items; /* in the order in which they were written */
    size_t count;
};

/* ---- what a framework's folder looks like ---- */

/* A folder of migrations that was found. Paths are relative to the project's root. */
struct folder {
    const struct framework *framework;
    const char *root; /* the project, as the worker opened it */
    const char *path; /* "prisma/migrations" */
    bool configured;  /* named by --migrations or the project's own configuration */
};

struct folder_list {
    struct folder *items;
    size_t count;
    size_t capacity;
};

/* A migration as the folder has it. */
struct migration_file {
    const char *name;     /* what the framework calls it */
    const char *filename; /* its script, relative to the folder: "20240101_init/migration.sql" */
    const char *path;     /* to open it */
    bool missing;         /* it is named but its script is not there */
    struct file_stamp stamp;
};

struct migration_files {
    struct migration_file *items; /* in the framework's order */
    size_t count;
    size_t capacity;
    const char **warnings; /* what a person should know of the folder */
    size_t warning_count;
};

/* What a worker was told about the project. */
struct project {
    const char *root;       /* a directory */
    const char *migrations; /* --migrations, relative to root or absolute; NULL: look in the usual places */
    const char *schema;     /* the connection URL's ?schema=; NULL: not given */
};

/* ---- the framework ---- */

/* What is written to the ledger about one migration. */
struct ledger_record {
    const char *id; /* a UUID, for those that have one */
    const char *name;
    const char *checksum; /* as checksum() gave it */
    const char *logs;     /* for fail */
};

struct framework {
    const char *id;                     /* "prisma" */
    const char *display_name;           /* "Prisma" */
    const struct ledger_shape *ledgers; /* ends with a NULL table */

    /* Session-level advisory lock that its own CLI takes; 0: it has none. Taken by us as well, by polling. */
    int64_t advisory_lock;

    /* One failed entry stops every run until it is resolved. */
    bool failed_entry_blocks;

    /* A first run refuses a schema that has tables but no ledger: what is there must be marked as applied first. */
    bool needs_baseline;

    /* Appends the folders of this framework's layout to the list. */
    bool (*find_folders)(struct arena *arena, const struct project *project, struct folder_list *folders,
                         struct status *status);

    /* Lists a folder in the framework's order. */
    bool (*list)(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);

    /* What makes the folder unfit for a run, although it can be shown (a lock file of another provider, a directory
     * without a script). True where nothing does. */
    bool (*check_folder)(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status);

    /* The checksum of a file's content as the framework computes it. */
    const char *(*checksum)(struct arena *arena, struct text content);

    /* Is this content the one that the ledger's checksum was made from? */
    bool (*checksum_matches)(const char *stored, struct text content);

    /* Schema and table where the ledger is made when there is none. */
    struct ledger (*default_ledger)(const struct project *project);

    bool (*read_ledger)(struct arena *arena, struct pg_session *session, const struct ledger *ledger,
                        struct ledger_entries *entries, struct status *status);

    /* SQL, each ending in a semicolon, schema-qualified throughout because a migration may have changed the search
     * path: create  makes the ledger, byte for byte as the framework does, schema included session settings that the
     * framework's own connection has (search_path), may be empty record  one complete row, for a migration that shares
     * its transaction start   the row before the first step of a migration that needs several transactions step    one
     * more step is finished finish  the last one is fail    what went wrong mark_applied, mark_rolled_back  what the
     * framework's own resolve command does */
    void (*create)(struct buffer *sql, const struct ledger *ledger);
    void (*session)(struct buffer *sql, const struct ledger *ledger);
    void (*record)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    void (*start)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    void (*forget)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    void (*finish)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    void (*fail)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    void (*mark_applied)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    void (*mark_rolled_back)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);

    /* How the framework names a migration that a person wrote in another way ("X/migration.sql"); borrowed from name.
     */
    struct text (*canonical_name)(struct text name);

    /* Names of a new migration called `name` by a person at this moment: *migration ("20260101120000_add_users") and
     * files to make, relative to the folder. */
    bool (*create_migration)(struct arena *arena, const char *name, int64_t wall_us, const char **migration,
                             const char **file, struct status *status);

    /* Where a project without any folder gets its first one. */
    const char *default_folder;
};

/* Every framework, in the order in which they are asked; NULL-terminated. */
extern const struct framework *const frameworks[];

/* The framework with this id; NULL where there is none. */
const struct framework *framework_find(const char *id);

#endif
