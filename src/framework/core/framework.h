/*
 * A framework as data, and the few things that only it knows. Adding one is a file beside this with a `struct
 * framework`, a line in registry.c and a fixture made by the real tool; README.md walks through it.
 *
 * A framework does not execute anything and does not decide what is pending: it lists files, reads its ledger, compares
 * checksums, and writes the SQL of its ledger's rows; src/migration does the rest, the same for all.
 */
#ifndef FRAMEWORK_CORE_FRAMEWORK_H
#define FRAMEWORK_CORE_FRAMEWORK_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "pg/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest migration file that is read whole while a folder is looked at: for what stands in its head, and for
 * checksums that cannot be made piece by piece. */
#define MIGRATION_FILE_LIMIT LIMIT_OPTION_SIZE

struct framework;
struct folder;
struct delegate;

/* How sure a find is; numbers as in the contract. */
enum confidence {
    CONFIDENCE_LOW = 1, /* it could as well be another framework's */
    CONFIDENCE_LIKELY,  /* it looks like nothing else */
    CONFIDENCE_CERTAIN, /* it says so itself */
};

/* ---- what a framework's ledger looks like ---- */

/* A ledger's table and its columns, "name:type name:type …" with types as pg_catalog's typname ("varchar",
 * "timestamptz", "int4", "_text" for text[]). Every column must be there with its type. */
struct ledger_shape {
    const char *table; /* the default name */
    const char *columns;
    bool only_columns;   /* there are no others: what a short list of columns would otherwise share with other tables */
    const char *with;    /* a table that must be beside it in its schema; NULL: none */
    const char *without; /* a table that must not be; NULL: none */
    bool by_shape;       /* so particular that a table of another name is one as well */
    const char *optional; /* names of those columns that some versions of the tool do not make; NULL: none */
};

/* A ledger that was found, or is configured: a table of that shape. */
struct ledger {
    const char *schema;
    const char *table;
    const struct folder *folder; /* whose ledger it is; NULL where that is not known */
    const char *as_read;         /* while it is read: a query that gives the columns that the framework's tool makes,
                                    where the table has others; NULL: the table itself */
    bool takes_rows;             /* known to have no trigger, rule or policy that could take a row away */
};

enum entry_state {
    ENTRY_APPLIED,     /* finished */
    ENTRY_FAILED,      /* began, and neither finished nor was rolled back; dirty */
    ENTRY_ROLLED_BACK, /* was given up */
};

/* A row of the ledger. Times are microseconds since 1970 UTC, or NO_TIME; strings are NULL where the ledger has none.
 */
struct ledger_entry {
    const char *name; /* for a person, where no file has its key */
    const char *key;  /* what joins it with a file: equal to the file's key. NULL: its name */
    const char *id;
    const char *checksum; /* the framework's own text */
    const char *logs;
    int64_t started_at;
    int64_t finished_at;
    int64_t rolled_back_at;
    int64_t duration_ms; /* where the ledger says it itself; -1: it does not */
    uint32_t steps;
    enum entry_state state;
    bool baseline; /* recorded without having been executed, where the ledger tells */
};

struct ledger_entries {
    struct ledger_entry *items; /* in the order in which they were written */
    size_t count;
    const char **warnings; /* what a person should know of the ledger */
    size_t warning_count;
};

/* ---- what a framework's folder looks like ---- */

/* A folder of migrations that was found. Paths are relative to the project's root. */
struct folder {
    const struct framework *framework;
    const char *root; /* the project, as the worker opened it */
    const char *base; /* the package that it belongs to, "" for the project itself: where its own tool is started */
    const char *path; /* "prisma/migrations" */
    bool configured;  /* named by --migrations, or the project has a configuration of the framework */
    bool is_named;    /* that configuration names this path */
    enum confidence confidence;
    const char *evidence;            /* what it was recognised by, for a person: "drizzle/meta/_journal.json" */
    struct ledger ledger;            /* what the project's configuration says of it; NULL members: nothing */
    const struct habits *habits;     /* instead of the framework's (another version, another setting); NULL: those */
    const struct delegate *delegate; /* the same for its tool: its arguments may name a file of the project */
    const void *settings;            /* what else the framework has read of the configuration, its own type */
    const char *unread; /* what the configuration says of the path and cannot be read, a sentence that begins with file
                           and line: then path is a guess; NULL: nothing of the kind */
    const char *unread_ledger; /* the same of the ledger's table or schema */
    struct probe *probe;       /* layout.c's, while it searches; else NULL */
};

struct folder_list {
    struct folder *items;
    size_t count;
    size_t capacity;
    const char
        *unreadable; /* a usual place that is there and may not be read, so that nobody knows whose it is; NULL */
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

struct migration_files {
    struct migration_file *items; /* in the framework's order */
    size_t count;
    size_t capacity;
    const char **warnings; /* what a person should know of the folder */
    size_t warning_count;
    const char *needs_tool; /* what of the folder only the framework's own tool does ("it has the callback
                               beforeMigrate.sql"): then only that runs a migration of it; NULL: nothing */
    const char *twins;      /* two that the ledger cannot tell apart: no state of them is known; NULL: there are none */
};

/* What a worker was told about the project. */
struct project {
    const char *root;       /* a directory */
    const char *migrations; /* --migrations, relative to root or absolute; NULL: look in the usual places */
    const char *schema;     /* the connection URL's ?schema=; NULL: not given */
    const char *database;   /* of the connection URL; NULL: not known */
    const char *user;
    const char *framework;  /* the one that is asked for: its recognise() has no veto then; NULL: none */
    size_t migration_limit; /* bytes: the largest file that is read to be run; 0: LIMIT_MIGRATION */
    const struct framework *const *frameworks; /* all that may be meant, NULL-terminated; NULL: the compiled ones */
};

/* ---- scripts ---- */

/* What of a file is sent to the server. */
struct migration_script {
    struct text sql;     /* keeps the file's lines, so that errors point into it: see script.h */
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
    SENT_BY_JDBC,             /* the same, and where the script has ended its transaction the driver begins another */
    SENT_WHOLE,               /* the script as one query, which PostgreSQL makes one transaction of its own */
    SENT_IN_BATCHES,          /* the same in pipelines of a message for each statement; what cannot share one is sent by
                                 itself between them */
    SENT_EACH,                /* statement by statement, and each commits by itself */
};

/* ---- what its own tool does with history that is not straight, as measured ---- */

enum late_rule {
    LATE_RUNS,    /* runs a migration behind which others are applied */
    LATE_REFUSED, /* stops */
    LATE_SKIPPED, /* never runs it, and says nothing */
};

/* Sentences for a person begin with the tool's name: "drizzle-kit never runs it, because …". NULL: nothing to say. */
struct habits {
    enum late_rule late;
    const char *late_note;
    bool edited_blocks; /* it refuses to run anything while an applied file is edited */
    const char *edited_note;
    bool missing_blocks; /* … is missing */
    const char *missing_note;
};

/* ---- its own tool, for what only it can do ---- */

/* Arguments are complete words, never given to a shell. In them and in the environment {name}, {version} and {file} (as
 * seen from where the tool is started) are the migration's, {host}, {port}, {user}, {database}, {schema} and {jdbc_url}
 * the connection's. {url} and {password} are filled in in the environment alone: everybody on the machine can read
 * arguments. Lists end with NULL. */
struct delegate {
    const char *const
        *programs;             /* in order: relative to the package ("node_modules/.bin/knex"), or one word, for PATH */
    const char *const *run;    /* everything that is pending */
    const char *const *run_to; /* up to and including {name}; NULL: it cannot */
    const char *const *run_one;     /* only {name}; NULL: it cannot */
    const char *const *preview;     /* prints the SQL of {name} and executes nothing; NULL: it cannot */
    const char *const *environment; /* "NAME=value", besides DATABASE_URL and libpq's; may be NULL */
    const char
        *left_lock; /* what takes its lock away where it was ended while it had it; NULL: the lock goes by itself */
};

/* ---- rows of a ledger ---- */

/* What is written to the ledger about one migration. */
struct ledger_record {
    const char *id; /* a UUID, for those that have one */
    const char *name;
    const char *key;
    const char *checksum; /* as checksum() gave it; NULL where the framework keeps none */
    const char *logs;     /* for fail */
    const struct folder *folder;
    const struct migration_file *file;   /* NULL only for mark_rolled_back */
    const struct migration_file *before; /* the one before it in the folder; NULL: it is the first */
    struct text script;                  /* what is sent; empty for mark_rolled_back */
};

/* A ledger to be read, and what was read. */
struct ledger_reading {
    struct arena *arena;
    struct pg_session *session;
    struct status *status;
    const struct ledger *ledger;
    const struct folder *folder;         /* NULL: none was found */
    const struct migration_files *files; /* of that folder; never NULL, perhaps empty */
    struct ledger_entries entries;       /* the result */
};

/* ---- the framework ---- */

/* What its ledger is, and what it means. */
struct ledger_facts {
    const struct ledger_shape *shapes; /* ends with a NULL table; the first has the default name */
    const char *schema;                /* where the ledger is made; NULL: the URL's schema, else "public" */

    /* The ledger is where the configuration or the default says and nowhere else: another one of its shape is reported
     * and never used instead. */
    bool is_fixed;

    /* One failed entry stops every run until it is resolved. */
    bool failed_entry_blocks;
    const char *failed_note; /* what its own tool says then: "Prisma's P3009"; NULL: nothing that helps */

    /* A first run refuses a schema that has tables but no ledger: what is there must be marked as applied first. */
    bool needs_baseline;

    /* It cannot say that a migration is applied while one before it is not (one row with a version, a chain). */
    bool records_in_order;

    /* It has one row: the last version, and every file up to that one is applied. */
    bool knows_only_last;

    /* SQL, in the words of template.h, schema-qualified throughout because a migration may have changed the search
     * path. read is one query whose columns are those of ledger_read_rows; the others are the parts of enum
     * ledger_part, each statement ending in a semicolon. NULL: it has none. */
    const char *read;
    const char *create;
    const char *session;
    const char *lock;
    const char *unlock;
    const char *record;
    const char *start;
    const char *forget;
    const char *finish;
    const char *fail;
    const char *mark_applied;
    const char *mark_rolled_back;

    /* Words of its own in these. Ends with a NULL name. */
    const struct ledger_word *words;

    /* Session-level advisory locks that its own CLI takes: keys, ending with 0, and the CRC-32 of the database's name
     * times a number. */
    const int64_t *advisory_locks;
    int64_t database_lock;
};

/* Keeps its own tool from writing where that has no lock: started meanwhile, the tool waits at its first write to the
 * ledger (or at its own LOCK TABLE or ALTER TABLE of it), and the ledger's key refuses what we have recorded. Readers
 * never wait, and never make us wait: a backup holds ACCESS SHARE on every table for hours. */
#define LOCK_LEDGER "LOCK TABLE {ledger} IN SHARE ROW EXCLUSIVE MODE;"

/* A word that the templates of one framework have: {word}. Either text is a literal (NULL: NULL), or sql appends SQL.
 */
struct ledger_word {
    const char *name;
    const char *(*text)(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record);
    void (*sql)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
};

/* What it reads of a project's configuration. Keys are "key" or "section.key", of FORMAT_YAML and FORMAT_OBJECT paths
 * of any length; NULL: it has none for that. */
enum configuration_format {
    FORMAT_KEYS,   /* INI, TOML, properties, .env: config.h */
    FORMAT_YAML,   /* … */
    FORMAT_OBJECT, /* JSON, or an object of JavaScript: properties.h */
};

struct configuration {
    const char *const *files; /* of the package; the first that is there counts */
    enum configuration_format format;
    const char *directory; /* relative to the package */
    const char *table;
    const char *schema;
    bool table_has_schema; /* "schema.table" */
    bool is_of_others;     /* a file that others have, too (.env): it counts where it says something */
};

/* Which names are migrations. The first rule counts whose pattern (pattern.h) a name fits; a name that fits none is
 * none. */
struct file_rule {
    const char *pattern;
    bool is_code;        /* a program: only the framework's own tool can run it */
    bool no_transaction; /* every statement commits by itself */
    bool passed_over;    /* this is no migration */
    const char *warning; /* what a person is told of such a file, behind its name; NULL: nothing */
};

/* What the ledger has of a file. */
enum key_rule {
    KEY_NAME,              /* its name */
    KEY_NUMBER,            /* {number} of its pattern as a number: "7" of "007" */
    KEY_NUMBER_AS_WRITTEN, /* … as it stands */
    KEY_OF_HOOK,           /* what hooks.accept makes of it */
};

/* In which order migrations run. */
enum file_order {
    ORDER_OF_NAMES,   /* by the bytes of the files' names */
    ORDER_OF_NUMBERS, /* by {number}; those without one come last, by name */
    ORDER_OF_KEYS,    /* by the bytes of what the ledger has of them */
};

/* The lines of comment that part a file into up and down. */
struct marks {
    const char *up; /* the words behind the dashes: "migrate:up"; NULL: files have no parts */
    const char *down;
    bool nocase;
    bool needs_down;
    bool drops_comments; /* the tool takes out lines that begin with "-- ", wherever they are: also in a string */
};

/* What in a file says that each of its statements commits by itself. */
enum alone_place {
    ALONE_NEVER,
    ALONE_UP_LINE,    /* behind the words of the up line */
    ALONE_LINE,       /* a line of comment with these words */
    ALONE_FIRST_LINE, /* the first line is this */
    ALONE_START,      /* it begins with this */
    ALONE_ANYWHERE,
};

struct alone_mark {
    enum alone_place place;
    const char *words;
};

/* A new migration: its file, with {utc:%Y%m%d%H%M%S} (strftime), {unix:ms} or {unix:s}, and {slug} or {slug:-} (what
 * stands between its words), and its content. file NULL: its own tool must make it (it keeps a journal, …). */
struct new_file {
    const char *file;
    const char *content;
};

/* What its folders are. */
struct folder_facts {
    /* Relative to the project or package, in order; "." is the package itself. The first is where a project without any
     * gets its first one. NULL-terminated. */
    const char *const *places;

    /* A configured folder counts although it does not exist yet, or is empty. */
    bool counts_before_it_exists;

    /* Its migrations are a graph: their order is one of several, and none is late. */
    bool is_graph;

    const struct configuration *configuration; /* NULL: it has none that we read, or hooks.configure does */

    /* Lines of evidence (evidence.h); the first that holds counts, in this order. */
    const char *const *sure_by;    /* it says so itself */
    const char *const *doubted_by; /* it could as well be another framework's */
    const char *const *likely_by;  /* it looks like nothing else */

    const struct file_rule *files; /* ends with a NULL pattern */
    const char *script;            /* migrations are directories, each with this file; NULL: they are files */
    bool recursive;                /* those in directories below count, too */
    bool drops_twins;              /* of two files of one name one counts: a program compiled beside its source */
    bool whole_names;              /* a migration is called as its file, with the ending */
    enum file_order order;
    bool numbered_from_one; /* … without gaps; what is not so is refused */
    enum key_rule key;

    struct marks marks;
    struct alone_mark alone;
    const char *checksum; /* of a file's bytes, in hexadecimal: "SHA256", "MD5", …; NULL: it keeps none */
    struct new_file makes;
};

/* Lists in a framework's facts. */
#define WORDS(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define FILES(...)  ((const struct file_rule[]){__VA_ARGS__, {0}})
#define SHAPES(...) ((const struct ledger_shape[]){__VA_ARGS__, {0}})
#define KEYS(...)   ((const int64_t[]){__VA_ARGS__, 0})

#define MOST_ADVISORY_KEYS 3

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

/* The same of a file of any size, read piece by piece. False with *known false: it must be read whole for that; false
 * with *known: it cannot be read. */
bool framework_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char **checksum, bool *known, struct status *status);

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
    LEDGER_SESSION,      /* settings that the framework's own connection has (search_path) */
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

/* Has the framework anything of its own to write for this part? */
bool ledger_has(const struct framework *framework, enum ledger_part part);

/* Appends the SQL of this part, each statement ending in a semicolon and schema-qualified throughout, because a
 * migration may have changed the search path; nothing where the framework has none. record is NULL for CREATE to
 * UNLOCK. */
void ledger_put(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                const struct ledger *ledger, const struct ledger_record *record);

/* Every framework that is compiled in, in the order in which they are asked; NULL-terminated. */
extern const struct framework *const frameworks[];

/* The framework with this id or display name, without regard to case; NULL where there is none. */
const struct framework *framework_find(struct text name);

/* The same among those that a project may have. */
const struct framework *framework_find_among(const struct framework *const *all, struct text name);

/* What joins it with the ledger. */
const char *migration_file_key(const struct migration_file *file);
const char *ledger_entry_key(const struct ledger_entry *entry);

#endif
