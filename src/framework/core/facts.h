/*
 * What describes a framework without code: its ledger, its folders, its habits, and how its own tool is started.
 */
#ifndef FRAMEWORK_CORE_FACTS_H
#define FRAMEWORK_CORE_FACTS_H

#include "framework/core/folder.h"

/* ---- its ledger ---- */

/* The columns of a ledger, "name:type name:type …", with types as in pg_catalog ("varchar", "timestamptz", "int4",
 * "_text" for text[]). Every column must exist with its type. */
struct ledger_shape {
    const char *table; /* the default name */
    const char *columns;
    bool only_columns;    /* there must be no other columns: for short lists that other tables could share */
    const char *with;     /* a table that must exist in the same schema; NULL: none */
    const char *without;  /* a table that must not exist there; NULL: none */
    bool by_shape;        /* so distinctive that a table of any name counts */
    const char *optional; /* those columns that some versions of the tool do not have; NULL: none */
};

/* How the framework's own connection changes the search path of the URL, role and database. */
enum path_place {
    PATH_STAYS,
    PATH_IN_FRONT, /* the schema is put first */
    PATH_ALONE,    /* the schema replaces it */
    PATH_BY_SQL,   /* ledger_facts.session sets it */
};

struct session_path {
    enum path_place place;
    const char *schema; /* for PATH_IN_FRONT and PATH_ALONE; borrowed from the ledger or its folder */
};

/* A framework's ledger. */
struct ledger_facts {
    const struct ledger_shape *shapes; /* ended by a NULL table; the first has the default name */
    const char *schema;                /* where the ledger is created; NULL: the URL's schema, else "public" */

    /* The ledger is only where the configuration or the default says: another table of its shape is reported, but never
     * used instead. */
    bool is_fixed;

    /* It is in the first schema of the URL's search path, which its tool makes if it is missing. */
    bool makes_first_of_path;

    /* A name given by a command or code is folded to lower case, unless it has both cases. */
    bool folds_names;

    /* One failed entry blocks every run until it is resolved. */
    bool failed_entry_blocks;
    const char *failed_note; /* what its own tool reports then: "Prisma's P3009"; NULL: nothing helpful */

    /* A first run refuses a schema with tables but no ledger: existing migrations must be marked as applied first. */
    bool needs_baseline;
    const char *baseline_note; /* what its own tool reports then: "Prisma's P3005" */

    /* It cannot record a migration before the earlier ones are recorded (a single row with a version, a chain). */
    bool records_in_order;

    /* Its tool compares the rows, in their order, with the files, and stops at a row behind one whose file comes later
     * and at one that is there twice, unless the folder has habits of its own: "kysely stops at that"; NULL: it does
     * not. Rows without a file, and files without a row, are seen otherwise. */
    const char *order_note;

    /* The table's default name in an older version, whose rows this version does not read; NULL: none. */
    const char *older_table;
    const char
        *older_note; /* what its tool does with that table, and what to do: "Sequel takes over …"; NULL: nothing */

    /* It has one row, the last version; every file up to that one is applied. */
    bool knows_only_last;

    /* SQL with the words of template.h, schema-qualified throughout, because a migration may have changed the search
     * path. `read` is one query with the columns of ledger_read_rows; the others are the parts of enum ledger_part,
     * each statement with its semicolon. NULL: none. */
    const char *read;

    /* A query that gives a row if the ledger has the migration as applied, as `record` has written it. NULL: a row of
     * `read` with its key, with its checksum if there is one, and applied. */
    const char *kept;
    const char *create;
    const char *session; /* settings other than the search path */
    const char *lock;
    const char *unlock;
    const char *held; /* a sentence, if its lock is a row that stays: of a tool that works, or was killed */
    const char *record;
    const char *start;
    const char *forget;
    const char *finish;
    const char *fail;
    const char *mark_applied;
    const char *mark_rolled_back;

    /* The framework's own words in these templates; ended by a NULL name. */
    const struct ledger_word *words;

    /* The search path of its connection. NULL: unchanged. */
    struct session_path (*path)(const struct ledger *ledger);

    /* Session-level advisory locks that its own CLI takes: their keys, ended by 0; and the factor that is multiplied by
     * the CRC-32 of the database's name. */
    const int64_t *advisory_locks;
    int64_t database_lock;
};

/* Keeps the framework's tool from writing if the tool has no lock of its own: a tool that is started meanwhile waits at
 * its first write to the ledger (or at its LOCK TABLE or ALTER TABLE), and then the ledger's key refuses what we have
 * recorded. Readers neither wait nor make us wait: a backup holds ACCESS SHARE on every table for hours. */
#define LOCK_LEDGER "LOCK TABLE {ledger} IN SHARE ROW EXCLUSIVE MODE;"

/* A word {word} of one framework's templates. Exactly one is set: text gives a literal (NULL: NULL), sql appends SQL,
 * or table names a table beside the ledger, for {ledger:word}. */
struct ledger_word {
    const char *name;
    const char *(*text)(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record);
    void (*sql)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    const char *(*table)(const struct ledger *ledger);
};

/* ---- its folders ---- */

/* What it reads of a project's configuration. Keys are "key" or "section.key"; with FORMAT_YAML and FORMAT_OBJECT,
 * paths of any length. NULL: there is no such key. */
enum configuration_format {
    FORMAT_KEYS,   /* INI, TOML, properties, .env: config.h */
    FORMAT_YAML,   /* YAML */
    FORMAT_OBJECT, /* JSON, or a JavaScript object: properties.h */
};

struct configuration {
    const char *const *files; /* of the package; the first that exists is used */
    enum configuration_format format;
    const char *directory; /* relative to the package */
    bool has_directories;  /* a list separated by commas; new migrations go into the first */
    const char *table;
    const char *schema;
    bool table_has_schema; /* "schema.table" */
    bool is_of_others;     /* a file that others use, too (.env): it counts only if it says something */
    bool is_environment;   /* keys are variables: our own environment takes precedence over the file, as with
                              godotenv.Load in goose and dbmate. Only for the project's own directory, not for packages */
};

/* Which file names are migrations. The first rule whose pattern (pattern.h) fits decides; a name that fits none is no
 * migration. */
struct file_rule {
    const char *pattern;
    bool is_code;        /* a program: only the framework's own tool can run it */
    bool no_transaction; /* every statement commits by itself */
    bool passed_over;    /* not a migration */
    bool is_down;        /* what undoes a version: no migration, unless the version has no other file. Then the tool
                            records the version, and runs nothing for it */
    const char *warning; /* a warning about such a file, added to its name; NULL: none */
};

/* How the ledger identifies a file. */
enum key_rule {
    KEY_NAME,              /* its name */
    KEY_NUMBER,            /* {number} of its pattern, as a number: "7" for "007" */
    KEY_NUMBER_AS_WRITTEN, /* the same as written */
    KEY_OF_HOOK,           /* set by hooks.accept */
};

/* The order in which migrations run. */
enum file_order {
    ORDER_OF_NAMES,   /* by the bytes of the files' names */
    ORDER_OF_NUMBERS, /* by {number}; those without one come last, by name */
    ORDER_OF_KEYS,    /* by the bytes of their keys in the ledger */
};

/* The comment lines that divide a file into up and down. */
struct marks {
    const char *up; /* the words after the dashes: "migrate:up"; NULL: files are not divided */
    const char *down;
    bool nocase;
    bool needs_down;
    bool one_up;       /* the tool fails at a second up line */
    const char *start; /* how the tool needs these lines to begin; others that look so are refused. NULL: as they may */
    bool nothing_before; /* the tool stops at anything but comments above the up line */
    bool drops_returns;  /* the tool reads lines, so "\r\n" in the file is sent as "\n" */
    bool drops_comments; /* the tool drops lines that begin with "-- ", even inside a string */
};

/* Where a file may say that each of its statements commits by itself. */
enum alone_place {
    ALONE_NEVER,
    ALONE_UP_LINE,    /* after the words of the up line */
    ALONE_LINE,       /* a comment line with these words */
    ALONE_FIRST_LINE, /* the first line is exactly this */
    ALONE_START,      /* the file begins with this */
    ALONE_ANYWHERE,
};

struct alone_mark {
    enum alone_place place;
    const char *words;
};

/* How to name and fill a new migration. The name may contain {utc:%Y%m%d%H%M%S} (strftime), {unix:ms} or {unix:s},
 * {next:3} (the next number, as wide as the others, or three digits), and {slug} or {slug:-} (with the separator
 * between words). file NULL: only its own tool can create one (it keeps a journal, …). */
struct new_file {
    const char *file;
    const char *content;
};

/* A framework's folders. */
struct folder_facts {
    /* Usual places relative to the project or package, in order; "." is the package itself. A project without a folder
     * gets its first one at the first place. NULL-terminated. */
    const char *const *places;

    /* A configured folder counts although it does not exist, or is empty. */
    bool counts_before_it_exists;

    /* A list of folders in its configuration is one folder with the files of all of them, in the usual order. */
    bool merges_folders;

    /* Its migrations form a graph: their order is one of several, and none is late. */
    bool is_graph;

    const struct configuration *configuration; /* NULL: there is none that we read, or hooks.configure does it */

    /* Lines of evidence (evidence.h); the first that holds counts, in the order of these three. */
    const char *const *sure_by;    /* proves this framework */
    const char *const *doubted_by; /* could also mean another framework */
    const char *const *likely_by;  /* nothing else looks like this */

    /* A line of evidence that the project depends on this tool, which only runs migrations; NULL: none. */
    const char *named_by;

    /* A pattern of files that occur only in its folders, for frameworks that find folders by themselves; NULL: none. */
    const char *lock;

    const struct file_rule *files; /* ended by a NULL pattern */
    const char *script;            /* migrations are directories, each with this file; NULL: they are files */
    bool recursive;                /* also in subdirectories */
    bool without_hidden;           /* … but not in those whose names begin with a dot */
    const char *without_links;     /* … nor in symbolic links, which this tool passes over; NULL: it follows them */
    bool drops_twins; /* of two files with the same name only one counts: a compiled program beside its source */
    bool whole_names; /* a migration's name includes the file's extension */
    enum file_order order;
    bool numbered_from_one; /* numbered without gaps; otherwise a run is refused */
    enum key_rule key;
    bool has_any_number; /* the ledger keeps numbers as text: they need not fit a bigint */

    /* Its tool stops where two pending files have the same {title}, whatever their numbers are: "ecto stops at that";
     * NULL: it does not. */
    const char *titles_note;

    struct marks marks;
    struct alone_mark alone;
    const char *checksum; /* the digest of a file's bytes, in hexadecimal: "SHA256", "MD5", …; NULL: no checksums */
    struct new_file makes;
};

/* ---- what its own tool does with irregular history, as measured ---- */

enum late_rule {
    LATE_RUNS,    /* runs a migration although later ones are applied */
    LATE_REFUSED, /* stops */
    LATE_SKIPPED, /* never runs it, silently */
};

/* Notes are sentences that begin with the tool's name: "drizzle-kit never runs it, because …". NULL: nothing to say. */
struct habits {
    enum late_rule late;
    const char *late_note;
    bool edited_blocks; /* it refuses to run anything while an applied file is edited */
    const char *edited_note;
    bool missing_blocks; /* … while one is missing */
    const char *missing_note;
    bool missing_counts; /* what is before an applied one without a file is late, too: its table says what is last */
};

/* ---- its own tool, for what only the tool can do ---- */

/* How the framework's own tool is called. Arguments are complete words and never pass through a shell. In arguments and
 * environment {name}, {version} and {file} (relative to where the tool is started) are the migration's; {host}, {port},
 * {user}, {database}, {schema} and {jdbc_url} the connection's. {url} and {password} are filled in only in the
 * environment, because everybody on the machine can read arguments. Lists end with NULL. */
struct delegate {
    const char *const
        *programs;             /* in order: relative to the package ("node_modules/.bin/knex"), or one word, for PATH */
    const char *const *run;    /* for everything that is pending */
    const char *const *run_to; /* up to and including {name}; NULL: not possible */
    const char *const *run_one;     /* only {name}; NULL: not possible */
    const char *const *preview;     /* prints the SQL of {name} without running it; NULL: not possible */
    const char *const *environment; /* "NAME=value", in addition to DATABASE_URL and libpq's variables; may be NULL */
    bool is_atomic; /* it runs what is pending in one transaction, unless it is told otherwise: one that fails takes the
                       others back */
    const char *left_lock; /* how to remove its lock if it was killed while it held it; NULL: the lock goes by itself */
};

/* ---- where else a project names ledger or folder ---- */

/* What such a place names. */
enum mention_part {
    MENTION_TABLE,
    MENTION_SCHEMA,        /* or a search path, whose first schema counts */
    MENTION_SCRIPT_SCHEMA, /* the schema for unqualified names in scripts, and the table's unless something else names
                              that */
    MENTION_PREFIX,        /* put in front of the table's usual name */
    MENTION_SUFFIX,
    MENTION_FOLDER,    /* another or additional folder, without a readable value */
    MENTION_PATH,      /* a folder or configuration file given to a command (mention_path.h) */
    MENTION_COLUMN,    /* another name for a column of the table, which is not read under that */
    MENTION_SETTING,   /* another setting of the tool: mention.take reads it */
    MENTION_ELSEWHERE, /* the word alone means that migrations are not, or not only, in files */
};

struct source_file; /* unread.h */
struct mentioned;   /* mention.h */

/* Code, a command's flag, or a variable with which a project may name its tracking table (mention.h). The words precede
 * the value: "-table" of a command, "GOOSE_TABLE", "goose.SetTableName(". */
struct mention {
    const char *files;  /* patterns of names or of paths in the package, with blanks; NULL: files with commands */
    const char *words;  /* separated by "|" */
    const char *beside; /* words separated by "|", one of which the file must contain; NULL: none needed */
    enum mention_part part;
    unsigned argument;  /* which argument of a call; 0: the first */
    const char *within; /* calls with their "(", separated by "|", whose parentheses must surround it; NULL: anywhere */
    const char *not_of; /* a word that must not precede it on its line; NULL: none */
    const char *on;     /* for calls: words separated by "|", one of which is in the class on which it is called, if the
                           file names that; NULL: any class */

    /* Does what follows the word, in a file with this content, change nothing? NULL: it is always relevant. */
    bool (*is_usual)(struct text behind, struct text content);

    /* For MENTION_PATH in code: the path in the project that is put together after the word at this offset; returns
     * NULL if it is computed. NULL: a plain value follows the word. */
    const char *(*path_at)(struct arena *arena, const struct folder *folder, const struct source_file *file, size_t at);

    /* For MENTION_SETTING: stores in the folder what is said there. */
    void (*take)(struct arena *arena, struct folder *folder, const struct source_file *file,
                 const struct mentioned *mentioned);
};

/* ---- lists ---- */

/* For writing lists in a framework's facts. */
#define WORDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define FILES(...)    ((const struct file_rule[]){__VA_ARGS__, {0}})
#define SHAPES(...)   ((const struct ledger_shape[]){__VA_ARGS__, {0}})
#define MENTIONS(...) ((const struct mention[]){__VA_ARGS__, {0}})
#define KEYS(...)     ((const int64_t[]){__VA_ARGS__, 0})

#define MOST_ADVISORY_KEYS 3

#endif
