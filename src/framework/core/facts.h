/*
 * What is said of a framework without code: its ledger, its folders, its habits, and how its own tool is started.
 */
#ifndef FRAMEWORK_CORE_FACTS_H
#define FRAMEWORK_CORE_FACTS_H

#include "framework/core/folder.h"

/* ---- its ledger ---- */

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

/* What its own connection makes of the search path that the URL, the role and the database give it: where names without
 * a schema are looked for and made. */
enum path_place {
    PATH_STAYS,
    PATH_IN_FRONT, /* the schema comes first, what was there behind it */
    PATH_ALONE,    /* the schema is all of it */
    PATH_BY_SQL,   /* ledger_facts.session sets it */
};

struct session_path {
    enum path_place place;
    const char *schema; /* of IN_FRONT and ALONE; borrowed from the ledger or its folder */
};

/* What its ledger is, and what it means. */
struct ledger_facts {
    const struct ledger_shape *shapes; /* ends with a NULL table; the first has the default name */
    const char *schema;                /* where the ledger is made; NULL: the URL's schema, else "public" */

    /* The ledger is where the configuration or the default says and nowhere else: another one of its shape is reported
     * and never used instead. */
    bool is_fixed;

    /* A name that a command or code says is folded to small letters, unless it has both cases. */
    bool folds_names;

    /* One failed entry stops every run until it is resolved. */
    bool failed_entry_blocks;
    const char *failed_note; /* what its own tool says then: "Prisma's P3009"; NULL: nothing that helps */

    /* A first run refuses a schema that has tables but no ledger: what is there must be marked as applied first. */
    bool needs_baseline;
    const char *baseline_note; /* what its own tool says then: "Prisma's P3005" */

    /* It cannot say that a migration is applied while one before it is not (one row with a version, a chain). */
    bool records_in_order;

    /* The default name of its table in an older version, whose rows this one does not read; NULL: there was none. */
    const char *older_table;

    /* It has one row: the last version, and every file up to that one is applied. */
    bool knows_only_last;

    /* SQL, in the words of template.h, schema-qualified throughout because a migration may have changed the search
     * path. read is one query whose columns are those of ledger_read_rows; the others are the parts of enum
     * ledger_part, each statement ending in a semicolon. NULL: it has none. */
    const char *read;
    const char *create;
    const char *session; /* other settings than the search path */
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

    /* The search path of its connection. NULL: it stays. */
    struct session_path (*path)(const struct ledger *ledger);

    /* Session-level advisory locks that its own CLI takes: keys, ending with 0, and the CRC-32 of the database's name
     * times a number. */
    const int64_t *advisory_locks;
    int64_t database_lock;
};

/* Keeps its own tool from writing where that has no lock: started meanwhile, the tool waits at its first write to the
 * ledger (or at its own LOCK TABLE or ALTER TABLE of it), and the ledger's key refuses what we have recorded. Readers
 * never wait, and never make us wait: a backup holds ACCESS SHARE on every table for hours. */
#define LOCK_LEDGER "LOCK TABLE {ledger} IN SHARE ROW EXCLUSIVE MODE;"

/* A word that the templates of one framework have: {word}. Either text is a literal (NULL: NULL), or sql appends SQL;
 * or table names a table beside the ledger: {ledger:word}. */
struct ledger_word {
    const char *name;
    const char *(*text)(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record);
    void (*sql)(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);
    const char *(*table)(const struct ledger *ledger);
};

/* ---- its folders ---- */

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
    bool has_directories;  /* it may be several, with commas between: new migrations go into the first */
    const char *table;
    const char *schema;
    bool table_has_schema; /* "schema.table" */
    bool is_of_others;     /* a file that others have, too (.env): it counts where it says something */
    bool is_environment;   /* keys are variables: those of our own environment count before the file's, as godotenv.Load
                              of goose and dbmate has it. They are about the project's own directory, and no package's */
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
    bool drops_returns;  /* the tool reads line by line, and what it sends has "\n" where the file has "\r\n" */
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

/* A new migration: its file, with {utc:%Y%m%d%H%M%S} (strftime), {unix:ms} or {unix:s}, {next:3} (the next number, as
 * wide as the others, else of three digits), and {slug} or {slug:-} (what stands between its words), and its content.
 * file NULL: its own tool must make it (it keeps a journal, …). */
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

    /* A line of evidence that the project depends on this tool, which does nothing but run migrations; NULL: none. */
    const char *named_by;

    /* A pattern of files that only its folders have, for one that looks for its folders itself; NULL: none. */
    const char *lock;

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

/* ---- where else a project says it ---- */

/* What a place beside the configuration says. */
enum mention_part {
    MENTION_TABLE,
    MENTION_SCHEMA,        /* or a search path, whose first schema counts */
    MENTION_SCRIPT_SCHEMA, /* the same of what the scripts name without one, and the table's where nothing else says it
                            */
    MENTION_PREFIX,        /* what stands in front of the table's usual name */
    MENTION_SUFFIX,
    MENTION_FOLDER,    /* a folder more, or in another place: nothing that is read */
    MENTION_PATH,      /* the folder or the configuration that a command takes (mention_path.h) */
    MENTION_ELSEWHERE, /* the word alone says that migrations are in no file, or in others as well */
};

struct source_file; /* unread.h */

/* Code, a command's flag or a variable by which a project may name its tracking table (mention.h). The words stand in
 * front of the value: "-table" of a command, "GOOSE_TABLE", "goose.SetTableName(". */
struct mention {
    const char *files;  /* patterns of names, or of paths in the package, divided by blanks; NULL: where commands are */
    const char *words;  /* divided by "|" */
    const char *beside; /* words, divided by "|", of which the file has one; NULL: it need not */
    enum mention_part part;
    unsigned argument;  /* which argument of a call it is; 0: the first */
    const char *within; /* calls with their "(", divided by "|", between whose brackets it stands; NULL: anywhere */
    const char *not_of; /* a word that a line must not have in front of it; NULL: none */

    /* What stands behind the word of a file with this content changes nothing. NULL: no such question. */
    bool (*is_usual)(struct text behind, struct text content);

    /* Of MENTION_PATH in code: the path in the project that is put together behind the word at this offset of the file;
     * returns NULL where it is computed. NULL: a plain value stands there. */
    const char *(*path_at)(struct arena *arena, const struct folder *folder, const struct source_file *file, size_t at);
};

/* ---- lists ---- */

/* Lists in a framework's facts. */
#define WORDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define FILES(...)    ((const struct file_rule[]){__VA_ARGS__, {0}})
#define SHAPES(...)   ((const struct ledger_shape[]){__VA_ARGS__, {0}})
#define MENTIONS(...) ((const struct mention[]){__VA_ARGS__, {0}})
#define KEYS(...)     ((const int64_t[]){__VA_ARGS__, 0})

#define MOST_ADVISORY_KEYS 3

#endif
