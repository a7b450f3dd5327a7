/*
 * A project, its folders of migrations, and the files in them.
 */
#ifndef FRAMEWORK_CORE_FOLDER_H
#define FRAMEWORK_CORE_FOLDER_H

#include "base/digest.h"
#include "base/files.h"
#include "base/limits.h"
#include "framework/core/entries.h"

/* The largest migration file that is read whole while a folder is looked at: for what stands in its head, and for
 * checksums that cannot be made piece by piece. */
#define MIGRATION_FILE_LIMIT LIMIT_OPTION_SIZE

struct framework;
struct surveys;
struct habits;
struct delegate;

/* How sure a find is; numbers as in the contract. */
enum confidence {
    CONFIDENCE_LOW = 1, /* it could as well be another framework's */
    CONFIDENCE_LIKELY,  /* it looks like nothing else */
    CONFIDENCE_CERTAIN, /* it says so itself */
};

/* A folder of migrations that was found. Paths are relative to the project's root. */
struct folder {
    const struct framework *framework;
    const char *root; /* the project, as the worker opened it */
    const char *base; /* the package that it belongs to, "" for the project itself: where its own tool is started */
    const char *path; /* "prisma/migrations" */
    const char *const *others; /* further ones whose files are migrations of this folder as well, in their tool's order;
                                  ends with NULL; NULL: none */
    const char *given;         /* what --migrations names, while its configuration is read; NULL: nothing */
    bool configured;           /* named by --migrations, or the project has a configuration of the framework */
    bool is_named;             /* that configuration names this path */
    bool is_walked; /* neither a usual place nor a workspace file led to it, but a walk through the project */
    enum confidence confidence;
    const char *evidence;            /* what it was recognised by, for a person: "drizzle/meta/_journal.json" */
    struct ledger ledger;            /* what the project's configuration says of it; NULL members: nothing */
    const struct habits *habits;     /* instead of the framework's (another version, another setting); NULL: those */
    const struct delegate *delegate; /* the same for its tool: its arguments may name a file of the project */
    const void *settings;            /* what else the framework has read of the configuration, its own type */
    const char *unread; /* what the configuration says of the path and cannot be read, a sentence that begins with file
                           and line: then path is a guess; NULL: nothing of the kind */
    const char *unread_ledger; /* the same of the ledger's table or schema */
    const char *baseline; /* what its tool does in place of refusing a first run beside tables, as the configuration
                             says: "flyway.conf says baselineOnMigrate: flyway itself records …"; NULL: it refuses */
    const char *script_schema; /* where the scripts' unqualified names go, where that is said apart from the ledger's
                                  (Liquibase); NULL: nothing is said */
    const char *mentioned;     /* where the project says what ledger has, which no configuration says: a sentence that
                                  begins with file and line (mention.h); NULL: nothing of the kind */
    const char *note;          /* what a person should know of the project beside this folder; NULL: nothing */
    const char *outside;       /* why the folder, or a part of its configuration, was not read: a link that leads out of
                                  the project (base/bounds.h), a sentence without its full stop; NULL: all was */
    struct probe *probe;       /* layout.c's, while it searches; else NULL */
};

struct folder_list {
    struct folder *items;
    size_t count;
    size_t capacity;
    const char
        *unreadable;     /* a usual place that is there and may not be read, so that nobody knows whose it is; NULL */
    const char *outside; /* the same of a usual place, so that nobody knows whose it is; NULL: none leads out */
    bool is_cut;         /* the project is larger than what was looked through */
};

/* A migration as the folder has it. */
struct migration_file {
    const char *name;     /* what a person calls it; unique in its folder, save for duplicates */
    const char *key;      /* what the ledger knows it by; NULL: its name */
    const char *version;  /* its number as the framework writes it, where it has one */
    const char *title;    /* what {title} of its pattern stands for: "create_users"; NULL: the pattern has none */
    const char *filename; /* its script, relative to the folder: "20240101_init/migration.sql" */
    const char *path;     /* to open it */
    const char *checksum; /* where listing knows it already (another file says it); else NULL: checksum() is asked */
    bool missing;         /* it is named but its script is not there */
    bool is_code;         /* a program: only the framework's own tool can run it */
    bool no_transaction;  /* its name says "no transaction": every statement commits by itself */
    bool repeatable;      /* runs again whenever its content has changed */
    size_t start;         /* the part of the file that is this migration, [start, end); end 0: all of it */
    size_t end;
    struct file_stamp stamp;
    const void *own; /* what the framework's other functions need to know of it, its own type */
};

/* When a script that is no migration runs. */
enum around_when {
    AROUND_BEFORE_RUN,
    AROUND_BEFORE_EACH, /* in front of each migration, in its session and transaction */
    AROUND_AFTER_EACH,
    AROUND_AFTER_VERSIONED,
    AROUND_BEFORE_REPEATABLES,
    AROUND_AFTER_APPLIED, /* behind a run that applied something */
    AROUND_AFTER_RUN,     /* behind a run that did not fail */
    AROUND_AFTER_ERROR,
};

/* A script that the framework's tool runs around the migrations (a callback of Flyway's). */
struct around_script {
    enum around_when when;
    struct migration_file file;
};

struct migration_files {
    struct migration_file *items; /* in the framework's order */
    struct around_script *around; /* in the order in which those of one time run */
    size_t around_count;
    size_t around_capacity;
    size_t count;
    size_t capacity;
    const char **warnings; /* what a person should know of the folder */
    size_t warning_count;
    const char *needs_tool;   /* what of the folder only the framework's own tool does ("it has the callback
                                 beforeMigrate.sql"): then only that runs a migration of it; NULL: nothing */
    const char *unrecordable; /* two that the ledger cannot tell apart, or one that it cannot hold: no state of them is
                          known; NULL: there are none */
};

/* What a worker was told about the project. */
struct project {
    const char *root;       /* a directory */
    const char *migrations; /* --migrations, relative to root or absolute; NULL: look in the usual places */
    bool allows_outside;    /* links and paths of the project may lead out of it: the operator says so */
    const char *schema;     /* the connection URL's ?schema=; NULL: not given */
    bool names_path;        /* that URL names a search path itself: what another URL in the project says is not meant */
    const char *database;   /* of the connection URL; NULL: not known */
    const char *user;
    const char *framework;   /* the one that is asked for: its recognise() has no veto then; NULL: none */
    size_t migration_limit;  /* bytes: the largest file that is read to be run; 0: LIMIT_MIGRATION */
    struct surveys *surveys; /* which of its files say nothing (survey.h); NULL: that is not remembered */
    const struct framework *const *frameworks; /* all that may be meant, NULL-terminated; NULL: the compiled ones */
};

/* What joins it with the ledger. */
const char *migration_file_key(const struct migration_file *file);

#endif
