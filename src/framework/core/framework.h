/*
 * A framework as data, with hooks for what only code can decide. To add one, write a file with a `struct framework`, a
 * line in registry.c and a fixture made by the real tool; README.md explains how.
 *
 * A framework executes nothing and does not decide what is pending: it lists files, reads its ledger, compares
 * checksums, and writes the SQL of its ledger's rows. src/migration does the rest, in the same way for all.
 */
#ifndef FRAMEWORK_CORE_FRAMEWORK_H
#define FRAMEWORK_CORE_FRAMEWORK_H

#include "framework/core/facts.h"

/* A piece of a script that consists of several files. */
struct script_part {
    size_t start; /* [start, end) of the script */
    size_t end;
    const char *name; /* the other file's; NULL: the piece is of the migration's own file */
};

/* The data of a COPY … FROM STDIN that the file carries (script_data.h). */
struct script_data {
    size_t statement; /* where its COPY begins in the script */
    size_t start;     /* [start, end) of the script stand for the data, with the line breaks of it */
    size_t end;
    struct text data;  /* borrowed from the file's content; empty in a copy of the parts */
    size_t bytes;      /* of the file, for which [start, end) stand */
    size_t characters; /* the same in characters */
    /* By how much the file is longer than the script up to here, which may be less than nothing (script_data_count). */
    size_t more_bytes;
    size_t more_characters;
};

/* No items: everything is of the migration's own file. */
struct script_parts {
    const struct script_part *items;
    size_t count;
    const struct script_data *data; /* in the order of the script */
    size_t data_count;
    size_t lines; /* of the migration's own file, in front of the script */
};

/* What is sent to the server for a file. */
struct migration_script {
    /* With the file's lines, but for parts.lines, so that errors point into it: see script.h; without the data of
     * COPY. */
    struct text sql;
    struct script_parts parts;
    bool no_transaction; /* the script's marker says so: it is sent as sent_unwrapped says */
};

/* A request for what is sent of a file. */
struct script_request {
    struct arena *arena;
    const struct project *project;
    const struct folder *folder;
    const struct migration_file *file;
    struct text content;             /* the file's, or its part [start, end) with the rest blanked */
    struct migration_script *script; /* the result */
    struct status *status;
};

/* How the framework's own tool sends a script. Our run must have the same effect. */
enum script_sending {
    SENT_IN_TRANSACTION,      /* the tool's BEGIN, the script as one query, the tool's COMMIT */
    SENT_IN_TRANSACTION_EACH, /* the same, one statement at a time */
    SENT_IN_PIECES,           /* the same, in pieces that "--> statement-breakpoint" separates, each a query */
    SENT_BY_JDBC,             /* the same, but when the script ends its transaction the driver begins another */
    SENT_WHOLE,               /* the script as one query, which PostgreSQL runs as one implicit transaction */
    SENT_IN_BATCHES, /* the same, in pipelines of one message per statement; statements that cannot share a transaction
                        are sent separately between them */
    SENT_EACH,       /* one statement at a time, each commits by itself */
};

/* What only code can decide. Each may be NULL. */
struct hooks {
    /* Reads the configuration in folder->root/folder->base. Returns true if there is one of this framework; then
     * evidence is set (the file's name), and what it says: path (relative to root: path_join(base, …)), ledger,
     * settings. A computed value counts as not given. NULL: there is no configuration that we read. */
    bool (*configure)(struct arena *arena, struct folder *folder);

    /* Looks into folder->root/folder->path, a directory that exists. Returns false if it is not of this framework.
     * Otherwise sets confidence (the more certain of this and configure's counts, which is CERTAIN by default), and
     * evidence if configure did not. */
    bool (*recognise)(struct arena *arena, struct folder *folder);

    /* Replaces places, configure and recognise, for one package: appends what it finds (layout_add). */
    bool (*find)(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                 struct status *status);

    /* Lists a folder in the framework's order; replaces folder.files. */
    bool (*list)(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);

    /* Is this file, which fits a pattern, a migration? May change what the pattern set in `file`. */
    bool (*accept)(struct arena *arena, const struct folder *folder, struct migration_file *file, const char **warning);

    /* Does the tool skip this migration because of its folder's baseline (folder.h)? NULL: no baselines. */
    bool (*is_below_baseline)(const struct folder *folder, const struct migration_file *file);

    /* Replaces folder.order. */
    int (*compare)(const struct migration_file *a, const struct migration_file *b);

    /* Fails if the folder is unfit for a run, although it can be shown. NULL: it never is. */
    bool (*check_folder)(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status);

    /* Refines what is sent of a file: request->script holds the result of the facts. Must not depend on the server. */
    bool (*script)(const struct script_request *request);

    /* script takes it from the listing, and does not look at the content: then a file of thousands of migrations need
     * not be read for each of them. */
    bool script_is_listed;

    /* The checksum of a migration as the framework computes it; content as for script. NULL: there are no checksums,
     * and a changed file cannot be detected. */
    const char *(*checksum)(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                            struct text content);

    /* The same for the whole file on disk, in constant memory. NULL: the content must be read whole. */
    bool (*file_checksum)(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          const char **checksum, struct status *status);

    /* Is the stored checksum one of this content? Asked if it differs from checksum()'s result. NULL: no. */
    bool (*checksum_matches)(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char *stored, struct text content);

    /* Reads the ledger; replaces ledger.read, or extends it by calling ledger_read_facts. */
    bool (*read_ledger)(struct ledger_reading *reading);

    /* The facts of this ledger, if the framework has several kinds of ledgers. */
    const struct ledger_facts *(*variant)(const struct ledger *ledger);

    /* Session-level advisory locks that its own CLI takes (transaction-level ones with the same key conflict with
     * them); we take them by polling. Returns their number, at most MOST_ADVISORY_KEYS. NULL: none. */
    size_t (*advisory_locks)(const struct ledger *ledger, const char *database, int64_t *keys);
};

struct framework {
    const char *id;           /* "prisma" */
    const char *display_name; /* "Prisma" */
    const char *tool;         /* the command that a person would type: "prisma migrate deploy" */
    const char *declared_at;  /* "truss.toml, line 3, declares it"; NULL: it is compiled in */
    struct ledger_facts ledger;
    struct folder_facts folder;
    const struct mention *mentions;     /* ended by NULL words; NULL: none */
    enum script_sending sent;           /* how its tool sends a script */
    enum script_sending sent_unwrapped; /* the same for a script that says "no transaction" */
    bool drops_mark; /* it leaves out a byte order mark at the start of a script; others send it, and PostgreSQL refuses
                        that */
    struct habits habits;
    const struct delegate *delegate; /* NULL: its own tool is never started */
    struct hooks hooks;
};

/* ---- asking a framework ---- */

/* Lists a folder in the framework's order. */
bool framework_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                    struct status *status);

/* Fails if the folder is unfit for a run, although it can be shown. */
bool framework_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                            struct status *status);

/* Makes what is sent of a file's content. */
bool framework_script(const struct script_request *request);

/* Does it have checksums that are computed of a file's content? */
bool framework_has_checksum(const struct framework *framework);

/* The checksum of a migration as the framework computes it; content as for script. NULL: it has none. */
const char *framework_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                               struct text content);

/* Is that checksum computed of the whole file on disk, so that framework_file_checksum works? */
bool framework_has_file_checksum(const struct framework *framework);

/* The same for a file of any size, read piece by piece. Fails if it cannot be read. */
bool framework_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char **checksum, struct status *status);

/* The facts of this ledger. */
const struct ledger_facts *framework_ledger_facts(const struct framework *framework, const struct ledger *ledger);

/* Fills reading->entries. */
bool framework_read_ledger(const struct framework *framework, struct ledger_reading *reading);

/* The session-level advisory locks that its own CLI takes; returns their number, at most MOST_ADVISORY_KEYS. */
size_t framework_advisory_locks(const struct framework *framework, const struct ledger *ledger, const char *database,
                                int64_t *keys);

bool framework_has_advisory_locks(const struct framework *framework);

/* Can we create a new migration? If the framework keeps a journal or the like, only its own tool can. */
bool framework_can_create(const struct framework *framework);

/* A new migration. */
struct new_migration {
    const char *title; /* as a person writes it: "Add users" */
    int64_t wall_us;
    /* Results: */
    const char *name;    /* "20260101120000_add_users" */
    const char *file;    /* to be created, relative to the folder */
    const char *content; /* of the file */
};

/* Fills in the results. INVALID_ARGUMENT for a title without anything usable in a name. */
bool framework_create_migration(struct arena *arena, const struct folder *folder, struct new_migration *made,
                                struct status *status);

/* ---- writing a ledger ---- */

/* What can be written to a ledger, and around that. */
enum ledger_part {
    LEDGER_CREATE,  /* creates the ledger as the framework does, in an existing schema */
    LEDGER_SESSION, /* the settings of the framework's own connection, first the search path */
    LEDGER_LOCK,   /* at the beginning of each of our transactions: keeps the framework's tool out if it has no advisory
                      locks (LOCK TABLE, a row of a lock table); raises 55P03 if it is taken, and is then tried again */
    LEDGER_UNLOCK, /* at the end of such a transaction */
    LEDGER_HELD,   /* a query, for check: a row that says who has its lock, where a run would wait for that */
    LEDGER_RECORD, /* one complete row, for a migration that shares its transaction */
    LEDGER_START, /* the row before the first step of a migration that takes several transactions. Without it the ledger
                     has no unfinished rows, and RECORD comes with the last step */
    LEDGER_FORGET,       /* removes the row of START */
    LEDGER_FINISH,       /* the last step is done; if there is none: RECORD */
    LEDGER_FAIL,         /* stores the error */
    LEDGER_MARK_APPLIED, /* as the framework's own resolve command; if there is none: RECORD */
    LEDGER_MARK_ROLLED_BACK,
};

/* The template of a part; NULL: the facts have none. */
const char *ledger_template(const struct ledger_facts *facts, enum ledger_part part);

/* The search path of the framework's own connection. */
struct session_path framework_session_path(const struct framework *framework, const struct ledger *ledger);

/* Does the framework write anything for this part? Not for LEDGER_SESSION. */
bool ledger_has(const struct framework *framework, enum ledger_part part);

/* Appends the SQL of this part, each statement with its semicolon and schema-qualified throughout, because a migration
 * may have changed the search path; nothing if the framework has none. record is NULL for CREATE to HELD. */
void ledger_put(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                const struct ledger *ledger, const struct ledger_record *record);

/* Appends a query that gives a row if the ledger says of the migration what this part writes: that it is applied, for
 * START that it is there, for MARK_ROLLED_BACK that it has not failed. */
void ledger_put_kept(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                     const struct ledger *ledger, const struct ledger_record *record);

/* Appends the other tables that its parts write to, as SQL literals separated by ", "; some may not exist.
 * is_to_be_made: include those that are only written when the ledger is created. */
void ledger_put_beside(struct buffer *list, const struct framework *framework, const struct ledger *ledger,
                       bool is_to_be_made);

/* All compiled-in frameworks, in the order in which they are tried; NULL-terminated. */
extern const struct framework *const frameworks[];

/* The framework with this id or display name, ignoring case; NULL: none. */
const struct framework *framework_find(struct text name);

/* The same among the frameworks of a project. */
const struct framework *framework_find_among(const struct framework *const *all, struct text name);

#endif
