/*
 * A framework as data, and the few things that only it knows. Adding one is a file beside this with a `struct
 * framework`, a line in registry.c and a fixture made by the real tool; README.md walks through it.
 *
 * A framework does not execute anything and does not decide what is pending: it lists files, reads its ledger, compares
 * checksums, and writes the SQL of its ledger's rows; src/migration does the rest, the same for all.
 */
#ifndef FRAMEWORK_CORE_FRAMEWORK_H
#define FRAMEWORK_CORE_FRAMEWORK_H

#include "framework/core/facts.h"

/* A piece of a script that is put together of several files. */
struct script_part {
    size_t start; /* [start, end) of the script */
    size_t end;
    const char *name; /* of the other file; NULL: it is the migration's own */
};

/* None: all of it is the migration's own file. */
struct script_parts {
    const struct script_part *items;
    size_t count;
};

/* What of a file is sent to the server. */
struct migration_script {
    struct text sql; /* keeps the file's lines, so that errors point into it: see script.h */
    struct script_parts parts;
    bool no_transaction; /* its marker says so: it is sent as the framework's sent_unwrapped says */
};

/* What is sent of this file? */
struct script_request {
    struct arena *arena;
    const struct project *project;
    const struct folder *folder;
    const struct migration_file *file;
    struct text content;             /* the file's, or its part [start, end) with the rest blanked */
    struct migration_script *script; /* set */
    struct status *status;
};

/* How its own tool sends a script; what that means is what a run of ours must come to. */
enum script_sending {
    SENT_IN_TRANSACTION,      /* the tool's BEGIN, the script as one query, the tool's COMMIT */
    SENT_IN_TRANSACTION_EACH, /* the same, statement by statement */
    SENT_IN_PIECES,           /* the same, in pieces: a query each of what "--> statement-breakpoint" ends */
    SENT_BY_JDBC,             /* the same, and where the script has ended its transaction the driver begins another */
    SENT_WHOLE,               /* the script as one query, which PostgreSQL makes one transaction of its own */
    SENT_IN_BATCHES,          /* the same in pipelines of a message for each statement; what cannot share one is sent by
                                 itself between them */
    SENT_EACH,                /* statement by statement, and each commits by itself */
};

/* What only code can say. Each may be NULL. */
struct hooks {
    /* Reads the configuration in folder->root/folder->base. True where one of this framework is there: then evidence is
     * set (the file's name), and what it says: path (relative to root: path_join(base, …)), ledger, settings. NULL: it
     * has none that we read. A value that is computed is not found, which is the truth. */
    bool (*configure)(struct arena *arena, struct folder *folder);

    /* Looks into folder->root/folder->path, a directory that exists. False: not one of ours. Else sets confidence (that
     * of configure is CERTAIN unless it says other, and the surer one counts), and evidence where configure did not. */
    bool (*recognise)(struct arena *arena, struct folder *folder);

    /* Instead of places, configure and recognise, for one package: appends what it finds (layout_add). */
    bool (*find)(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                 struct status *status);

    /* Lists a folder in the framework's order, instead of folder.files. */
    bool (*list)(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);

    /* Is this file, which fits a pattern, a migration? Changes what the pattern says of it. */
    bool (*accept)(struct arena *arena, const struct folder *folder, struct migration_file *file, const char **warning);

    /* Of a folder with a baseline (folder.h): does its tool pass over this migration then? NULL: none has one. */
    bool (*is_below_baseline)(const struct folder *folder, const struct migration_file *file);

    /* The order, instead of folder.order. */
    int (*compare)(const struct migration_file *a, const struct migration_file *b);

    /* What makes the folder unfit for a run, although it can be shown. True where nothing does. NULL: nothing can. */
    bool (*check_folder)(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status);

    /* What of a file's content is sent, behind what the facts say: request->script is what they make of it. Must not
     * depend on the server. */
    bool (*script)(const struct script_request *request);

    /* The checksum of a migration (content as for script) as the framework computes it. NULL: it keeps none, and a
     * changed file cannot be told. */
    const char *(*checksum)(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                            struct text content);

    /* The same of the whole file as it is on disk, in constant memory. NULL: the content is read whole for it. */
    bool (*file_checksum)(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          const char **checksum, struct status *status);

    /* Is this content the one that the ledger's checksum was made from? Asked where the two texts differ. NULL: no. */
    bool (*checksum_matches)(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char *stored, struct text content);

    /* Reads the ledger, instead of ledger.read or with more than that (ledger_read_facts). */
    bool (*read_ledger)(struct ledger_reading *reading);

    /* The facts of this ledger, where there are several sorts of them. */
    const struct ledger_facts *(*variant)(const struct ledger *ledger);

    /* Session-level advisory locks that its own CLI takes (transaction-level ones of the same key exclude them as
     * well); taken by us by polling. Gives how many, at most MOST_ADVISORY_KEYS. NULL: it has none. */
    size_t (*advisory_locks)(const struct ledger *ledger, const char *database, int64_t *keys);
};

struct framework {
    const char *id;           /* "prisma" */
    const char *display_name; /* "Prisma" */
    const char *tool;         /* the command that a person would run: "prisma migrate deploy" */
    const char *declared_at;  /* "truss.toml, line 3, declares it"; NULL: it is compiled in */
    struct ledger_facts ledger;
    struct folder_facts folder;
    const struct mention *mentions;     /* ends with NULL words; NULL: it has none */
    enum script_sending sent;           /* how its tool sends a script … */
    enum script_sending sent_unwrapped; /* … and one whose marker says "no transaction" */
    struct habits habits;
    const struct delegate *delegate; /* NULL: nothing is left to its own tool */
    struct hooks hooks;
};

/* ---- asking a framework ---- */

/* Lists a folder in the framework's order. */
bool framework_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                    struct status *status);

/* False where the folder is unfit for a run, although it can be shown; status says why. */
bool framework_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                            struct status *status);

/* What of a file's content is sent. */
bool framework_script(const struct script_request *request);

/* Does it keep checksums that are made of a file's content? */
bool framework_has_checksum(const struct framework *framework);

/* The checksum of a migration (content as for script) as the framework computes it; NULL where it keeps none. */
const char *framework_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                               struct text content);

/* Is that checksum made of the file as it is on disk, so that framework_file_checksum knows it? */
bool framework_has_file_checksum(const struct framework *framework);

/* The same of a file of any size, read piece by piece. False: it cannot be read. */
bool framework_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char **checksum, struct status *status);

/* The facts of this ledger. */
const struct ledger_facts *framework_ledger_facts(const struct framework *framework, const struct ledger *ledger);

/* Fills reading->entries. */
bool framework_read_ledger(const struct framework *framework, struct ledger_reading *reading);

/* The session-level advisory locks that its own CLI takes; gives how many, at most MOST_ADVISORY_KEYS. */
size_t framework_advisory_locks(const struct framework *framework, const struct ledger *ledger, const char *database,
                                int64_t *keys);

bool framework_has_advisory_locks(const struct framework *framework);

/* Can a new migration of it be made by us? Its own tool must where it keeps a journal or the like. */
bool framework_can_create(const struct framework *framework);

/* A new migration. */
struct new_migration {
    const char *title; /* what a person calls it: "Add users" */
    int64_t wall_us;
    /* Set: */
    const char *name;    /* "20260101120000_add_users" */
    const char *file;    /* to be made, relative to the folder */
    const char *content; /* of that */
};

/* Fills the names in. INVALID_ARGUMENT for a title that has nothing for a name. */
bool framework_create_migration(struct arena *arena, const struct folder *folder, struct new_migration *made,
                                struct status *status);

/* ---- writing a ledger ---- */

/* What is written into a ledger, and around that. */
enum ledger_part {
    LEDGER_CREATE,       /* makes the ledger as the framework does; its schema is there already */
    LEDGER_SESSION,      /* settings that the framework's own connection has, the search path first */
    LEDGER_LOCK,         /* at the beginning of each transaction of ours: what keeps its own tool out where advisory
                            locks do not (LOCK TABLE, a row of a lock table); raises 55P03 where it is taken, and is
                            then tried again */
    LEDGER_UNLOCK,       /* at the end of such a transaction */
    LEDGER_RECORD,       /* one complete row, for a migration that shares its transaction */
    LEDGER_START,        /* the row before the first step of a migration that needs several transactions; without it
                            the ledger has no unfinished rows, and the last step's RECORD is all */
    LEDGER_FORGET,       /* takes START back */
    LEDGER_FINISH,       /* the last step is done; where it has none: RECORD */
    LEDGER_FAIL,         /* what went wrong */
    LEDGER_MARK_APPLIED, /* as the framework's own resolve command; where it has none: RECORD */
    LEDGER_MARK_ROLLED_BACK,
};

/* The template of a part; NULL: the facts have none. */
const char *ledger_template(const struct ledger_facts *facts, enum ledger_part part);

/* The search path that the framework's own connection has. */
struct session_path framework_session_path(const struct framework *framework, const struct ledger *ledger);

/* Has the framework anything of its own to write for this part? Not for SESSION. */
bool ledger_has(const struct framework *framework, enum ledger_part part);

/* Appends the SQL of this part, each statement ending in a semicolon and schema-qualified throughout, because a
 * migration may have changed the search path; nothing where the framework has none. record is NULL for CREATE to
 * UNLOCK. */
void ledger_put(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                const struct ledger *ledger, const struct ledger_record *record);

/* Appends the tables beside the ledger that its parts write to, as literals of SQL with ", " between them; some may not
 * be there. is_to_be_made: those that are written where the ledger is made, too. */
void ledger_put_beside(struct buffer *list, const struct framework *framework, const struct ledger *ledger,
                       bool is_to_be_made);

/* Every framework that is compiled in, in the order in which they are asked; NULL-terminated. */
extern const struct framework *const frameworks[];

/* The framework with this id or display name, without regard to case; NULL where there is none. */
const struct framework *framework_find(struct text name);

/* The same among those that a project may have. */
const struct framework *framework_find_among(const struct framework *const *all, struct text name);

#endif
