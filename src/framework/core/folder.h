/*
 * A project, its folders of migrations, and the files in them.
 */
#ifndef FRAMEWORK_CORE_FOLDER_H
#define FRAMEWORK_CORE_FOLDER_H

#include "base/digest.h"
#include "base/files.h"
#include "base/limits.h"
#include "framework/core/entries.h"

#include <stdatomic.h>

/* The largest migration file that is read whole while a folder is examined: for its head, and for checksums that cannot
 * be computed piece by piece. */
#define MIGRATION_FILE_LIMIT LIMIT_OPTION_SIZE

struct framework;
struct surveys;
struct habits;
struct delegate;

/* How sure a detection is; values as in the protocol. */
enum confidence {
    CONFIDENCE_LOW = 1, /* it could also be another framework's */
    CONFIDENCE_LIKELY,  /* nothing else looks like this */
    CONFIDENCE_CERTAIN, /* the project says so itself */
};

/* A folder of migrations that was found. Paths are relative to the project's root. */
struct folder {
    const struct framework *framework;
    const char *root;          /* the project, as the worker opened it */
    const char *base;          /* its package, "" for the project itself: where its own tool is started */
    const char *path;          /* "prisma/migrations" */
    const char *const *others; /* further folders whose files are this folder's migrations as well, in the tool's order,
                                  NULL-terminated; NULL: none */
    const char *given;         /* the value of --migrations, while its configuration is read; NULL: none */
    bool configured;           /* named by --migrations, or the project has a configuration of the framework */
    bool is_named;             /* the configuration names this path */
    bool is_recursive;         /* its configuration says that files in its subdirectories are migrations, too */
    bool is_walked;            /* found by the walk through the project, not in a usual place or a workspace file */
    enum confidence confidence;
    const char *evidence; /* how it was recognised, for people: "drizzle/meta/_journal.json" */
    struct ledger ledger; /* as far as the project's configuration says; else NULL members */
    const char *database; /* the project's, of the connection URL; NULL: not known */
    const char *user;     /* likewise */
    const struct habits
        *habits; /* instead of the framework's (another version, another setting); NULL: the framework's */
    const struct delegate *delegate; /* likewise for its tool, whose arguments may name a file of the project */
    const void *settings;            /* further configuration, of a type of the framework's own */
    const char *unread; /* what the configuration says about the path in a form that we cannot evaluate, a sentence that
                           begins with file and line: then path is a guess; NULL: none */
    const char *unread_ledger; /* the same about the ledger's table or schema */
    const char *baseline;      /* what the tool does instead of refusing a first run beside tables, as configured:
                                  "flyway.conf says baselineOnMigrate: flyway itself records …"; NULL: it refuses */
    const char *script_schema; /* the schema for unqualified names in scripts, if configured apart from the ledger's
                                  (Liquibase); NULL: not configured */
    const char *mentioned; /* where the project names the ledger outside of the configuration: a sentence that begins
                              with file and line (mention.h); NULL: nowhere */
    const char *note;      /* what the user should know about the project besides this folder; NULL: nothing */
    const char *outside;   /* why the folder, or a part of its configuration, was not read: a link that leads out of the
                              project (base/bounds.h), migrations of Prisma for another database; a sentence without
                              its final period; NULL: all was read */
    struct probe *probe;   /* layout.c's, while it searches; else NULL */
};

struct folder_list {
    struct folder *items;
    size_t count;
    size_t capacity;
    const char *unreadable; /* a usual place that exists and may not be read; NULL: none */
    const char *outside;    /* a usual place that leads out of the project, and why it was not read; NULL: none */
    bool is_cut;            /* the project has more names, packages or folders than are searched */
};

/* A migration as the folder has it. */
struct migration_file {
    const char *name;     /* shown to people; unique in its folder, except for duplicates */
    const char *key;      /* how the ledger identifies it; NULL: by the name */
    const char *version;  /* its number as the framework writes it; NULL: none */
    const char *title;    /* {title} of its pattern: "create_users"; NULL: the pattern has none */
    const char *filename; /* its script, relative to the folder: "20240101_init/migration.sql" */
    const char *path;     /* for opening it */
    const char *checksum; /* if another file states it; else NULL: use checksum() */
    bool missing;         /* it is listed, but its script does not exist */
    bool is_code;         /* a program: only the framework's own tool can run it */
    bool no_transaction;  /* its name says "no transaction": every statement commits by itself */
    bool is_down;         /* its version has only the file that undoes it: nothing runs, and a row is written */
    bool repeatable;      /* runs again whenever its content changes */
    bool may_be_late;     /* its tool runs it after later ones, whatever its habit with the others */
    size_t start;         /* the part of the file that is this migration, [start, end); end 0: the whole file */
    size_t end;
    struct file_stamp stamp;
    int64_t time;    /* what its tool compares with the newest row, if it goes by that (ledger_entries.newest) */
    const void *own; /* data for the framework's other functions, of its own type */
};

/* When a callback runs. */
enum around_when {
    AROUND_BEFORE_RUN,
    AROUND_BEFORE_EACH, /* before each migration, in its session and transaction */
    AROUND_AFTER_EACH,
    AROUND_AFTER_VERSIONED,
    AROUND_BEFORE_REPEATABLES,
    AROUND_AFTER_APPLIED, /* after a run that applied something */
    AROUND_AFTER_RUN,     /* after a run that did not fail */
    AROUND_AFTER_ERROR,
};

/* A script that the framework's tool runs around the migrations: a callback of Flyway's. */
struct around_script {
    enum around_when when;
    struct migration_file file;
};

struct migration_files {
    struct migration_file *items; /* in the framework's order */
    struct around_script *around; /* those of the same moment in the order in which they run */
    size_t around_count;
    size_t around_capacity;
    size_t count;
    size_t capacity;
    const char **warnings; /* for the user */
    size_t warning_count;
    const char *needs_tool;       /* what in the folder only the framework's own tool can do ("it has the callback
                                     beforeMigrate.sql"): then only that can run its migrations; NULL: nothing */
    const char *first_needs_tool; /* the same as long as nothing is applied */
    const char *runs_each_time; /* a migration that its tool runs in each run, whatever its row says, and only its tool
                                   can run; NULL: none */
    const char *stops_tool;     /* why the framework's own tool refuses to run anything, a sentence that is told as a
                                   warning,     too; NULL: nothing is known */
    const char *unrecordable; /* two files that the ledger cannot tell apart, or one that it cannot store: no states are
                                 known; NULL: none */
};

/* The project, as configured for the worker. */
struct project {
    const char *root;             /* a directory */
    const char *migrations;       /* --migrations, relative to root or absolute; NULL: search the usual places */
    bool migrations_are_projects; /* only the project's own truss.toml names them: they must be in it */
    bool allows_outside;          /* the operator allows links and paths that lead out of the project */
    const char *schema;           /* ?schema= of the connection URL; NULL: not given */
    bool names_path;      /* the connection URL sets a search path: another URL's in the project does not count */
    const char *database; /* of the connection URL; NULL: not known */
    const char *user;
    const char *framework;   /* the requested one, whose recognise() then has no veto; NULL: none */
    size_t migration_limit;  /* bytes: the largest file that is read to be run; 0: LIMIT_MIGRATION */
    struct surveys *surveys; /* remembers files without relevant content (survey.h); NULL: nothing is remembered */
    const struct framework *const *frameworks; /* the candidates, NULL-terminated; NULL: the compiled-in ones */
    int64_t search_until;                      /* clock_ms: when a search through it is given up; 0: never */
    const atomic_bool *stopping;               /* set: it is given up at once; NULL: never */
};

/* The key that joins it with the ledger. */
const char *migration_file_key(const struct migration_file *file);

#endif
