/*
 * Judges a directory by its names and opens no files. The frameworks' evidence decides whose it is.
 */
#include "framework/core/walk.h"

#include "base/file_trace.h"
#include "base/files.h"
#include "base/text.h"
#include "framework/core/pattern.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_ENTRIES  20000
#define MOST_DEPTH    12 /* Java's packages are directories */
#define MOST_PACKAGES 300
#define MOST_FOLDERS  500

/* These contain others' files, or no migrations of the project itself. */
static const char *const never_entered[] = {"node_modules", "vendor",        "target",
                                            "dist",         "build",         "out",
                                            "bin",          "obj",           "bower_components",
                                            "third_party",  "Pods",          "__pycache__",
                                            "venv",         "site-packages", "coverage",
                                            "tmp",          "fixtures",      "testdata",
                                            "test-data",    "test",          "tests",
                                            "__tests__",    "spec",          "e2e",
                                            "testing",      "examples",      "example",
                                            "samples",      "sample",        "demos",
                                            "snapshots",    "stub",          "stubs",
                                            "mocks",        "test-*",        "test_*",
                                            "*-test",       "*-tests",       "*_test",
                                            "*_tests",      "*-fixtures",    NULL};

/* A directory with one of these is a package, or contains a framework's configuration. */
static const char *const manifests[] = {"package.json",
                                        "Cargo.toml",
                                        "go.mod",
                                        "pyproject.toml",
                                        "setup.py",
                                        "requirements.txt",
                                        "composer.json",
                                        "mix.exs",
                                        "Gemfile",
                                        "pom.xml",
                                        "build.gradle",
                                        "build.gradle.kts",
                                        "*.csproj",
                                        "alembic.ini",
                                        "knexfile.*",
                                        "drizzle.config.*",
                                        "prisma.config.*",
                                        "schema.prisma",
                                        "atlas.hcl",
                                        "diesel.toml",
                                        "sqitch.plan",
                                        "sqitch.conf",
                                        "dbconfig.yml",
                                        "manage.py",
                                        ".gmrc",
                                        "ormconfig.*",
                                        ".sequelizerc",
                                        "liquibase.properties",
                                        "flyway.conf",
                                        "flyway.toml",
                                        "refinery.toml",
                                        "kysely.config.*",
                                        "mikro-orm.config.*",
                                        "data-source.ts",
                                        "phinx.*",
                                        "tern.conf",
                                        "config.toml",
                                        "config.yaml",
                                        "yoyo.ini",
                                        "rambler.json",
                                        "migrations.json",
                                        NULL};

/* Names that only migrations have, or hardly anything else. */
static const char *const migrations[] = {"{number}*.sql", "{V|U|R}*__*.sql", "{number}*.fizz", "migration_lock.toml",
                                         "atlas.sum",     "_journal.json",   "env.py",         "*ModelSnapshot.cs",
                                         "migrations.go", "*_migrations.go", CHANGELOGS,       NULL};

/* A directory with one of these is a migration itself; its folder is the parent. */
static const char *const scripts[] = {"up.sql", "migration.sql", NULL};

/* Folders of programs are recognised by their own name: the programs may have any. */
static const char *const usual_names[] = {"migrations", "migration",   "migrate",   "versions",   "_migrations",
                                          "migrator",   "Migrations",  "Migration", "changelogs", "changelog",
                                          "evolutions", "alterations", NULL};
/* Below one of these are the programs of a project that supports several databases. */
static const char *const servers[] = {"postgres", "postgresql", "pg", "psql", NULL};
static const char *const programs[] = {"*.{go|ts|js|mjs|cjs|py|rb|php|cs|exs|rs|sql|java|kt}", NULL};

struct directory {
    const char *path;
    const char *base;
    int depth;
};

struct walking {
    struct arena *arena;
    const char *root;
    struct walk *walk;
    struct directory *queue;
    size_t count;
    size_t capacity;
    size_t entries;
};

/* What the names in a directory tell. */
struct judged {
    bool is_package;
    bool has_migrations;
    bool has_script;
    bool has_program;
};

static bool fits_one(const char *const *patterns, const char *name)
{
    size_t i = 0;
    while (patterns[i] != NULL && !pattern_fits(patterns[i], text_of(name), NULL)) {
        i++;
    }
    return patterns[i] != NULL;
}

/* Below src/main directories are Java packages, which may have any name: org.example. */
bool walk_enters(const char *path, const char *name)
{
    return name[0] != '.' && (strstr(path, "src/main") != NULL || !fits_one(never_entered, name));
}

bool walk_is_aside(struct arena *arena, const char *path)
{
    bool is = false;
    for (const char *part = path; !is && *part != '\0';) {
        const size_t size = strcspn(part, "/");
        const char *const above = arena_strndup(arena, path, (size_t)(part - path));
        is = strstr(above, "src/main") == NULL && fits_one(never_entered, arena_strndup(arena, part, size));
        part += size + (part[size] == '/' ? 1 : 0);
    }
    return is;
}

static void judge(const char *name, struct judged *judged)
{
    judged->is_package = judged->is_package || fits_one(manifests, name);
    judged->has_migrations = judged->has_migrations || fits_one(migrations, name);
    judged->has_script = judged->has_script || fits_one(scripts, name);
    judged->has_program = judged->has_program || fits_one(programs, name);
}

static void enqueue(struct walking *walking, const struct directory *above, const char *name)
{
    walking->queue =
        arena_grow(walking->arena, walking->queue, walking->count, &walking->capacity, sizeof *walking->queue);
    walking->queue[walking->count++] =
        (struct directory){path_join(walking->arena, above->path, name), above->base, above->depth + 1};
}

static bool is_directory(const struct walking *walking, const char *path, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type == DT_UNKNOWN) {
        file_trace_doubt();
    }
    return entry->d_type == DT_DIR ||
           (entry->d_type == DT_UNKNOWN && /* a link is none there either */
            lstat(path_join(walking->arena, path, entry->d_name), &status) == 0 && S_ISDIR(status.st_mode));
}

/* Reads the names in a directory; subdirectories are queued. */
static struct judged read_directory(struct walking *walking, const struct directory *directory)
{
    struct judged judged = {0};
    const char *const path = path_join(walking->arena, walking->root, directory->path);
    DIR *const stream = opendir(path);
    if (stream == NULL) {
        file_trace_missed(path, errno);
        return judged;
    }
    file_trace_listed(dirfd(stream), path);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (walking->entries++ >= MOST_ENTRIES) {
            walking->walk->is_cut = true;
            break;
        }
        if (!text_is_utf8(text_of(entry->d_name), NULL)) {
            continue;
        }
        if (!is_directory(walking, path, entry)) {
            judge(entry->d_name, &judged);
        } else if (walk_enters(directory->path, entry->d_name) && directory->depth < MOST_DEPTH) {
            enqueue(walking, directory, entry->d_name);
        }
    }
    closedir(stream);
    return judged;
}

static void add_folder(const struct walking *walking, const char *base, const char *path)
{
    struct walk *const walk = walking->walk;
    for (size_t i = 0; i < walk->folder_count; i++) {
        if (strcmp(walk->folders[i].path, path) == 0) {
            return;
        }
    }
    if (walk->folder_count == MOST_FOLDERS) {
        walk->is_cut = true;
        return;
    }
    walk->folders =
        arena_grow(walking->arena, walk->folders, walk->folder_count, &walk->folder_capacity, sizeof *walk->folders);
    walk->folders[walk->folder_count++] = (struct walked_folder){base, path};
}

static void add_package(const struct walking *walking, const char *path)
{
    struct walk *const walk = walking->walk;
    if (walk->package_count == MOST_PACKAGES) {
        walk->is_cut = true;
        return;
    }
    walk->packages = arena_grow(walking->arena, walk->packages, walk->package_count, &walk->package_capacity,
                                sizeof *walk->packages);
    walk->packages[walk->package_count++] = path;
}

/* "drizzle" for "drizzle/meta", "alembic/versions" for the directory of env.py. */
static const char *folder_of(const struct walking *walking, const char *path)
{
    const char *const versions = path_join(walking->arena, path, "versions");
    const bool has_versions = file_look(path_join(walking->arena, walking->root, versions), NULL) == FILE_DIRECTORY;
    return has_versions ? versions : strcmp(path_name(path), "meta") == 0 ? path_above(walking->arena, path) : path;
}

static void visit(struct walking *walking, size_t at)
{
    const size_t before = walking->count;
    const struct directory directory = walking->queue[at];
    const struct judged judged = read_directory(walking, &directory);
    const bool is_package = judged.is_package && directory.path[0] != '\0';
    if (is_package) {
        add_package(walking, directory.path);
    }
    for (size_t i = before; is_package && i < walking->count; i++) {
        walking->queue[i].base = directory.path;
    }
    const char *const base = is_package ? directory.path : directory.base;
    if (directory.path[0] == '\0') {
        return; /* the project itself was already examined */
    }
    if (judged.has_script) {
        add_folder(walking, base, path_above(walking->arena, directory.path));
    } else if (judged.has_migrations) {
        add_folder(walking, base, folder_of(walking, directory.path));
    } else if (judged.has_program && (fits_one(usual_names, path_name(directory.path)) ||
                                      (fits_one(servers, path_name(directory.path)) &&
                                       fits_one(usual_names, path_name(path_above(walking->arena, directory.path)))))) {
        add_folder(walking, base, directory.path);
    }
}

void walk_project(struct arena *arena, const char *root, struct walk *walk)
{
    struct walking walking = {.arena = arena, .root = root, .walk = walk};
    *walk = (struct walk){0};
    enqueue(&walking, &(const struct directory){"", "", -1}, "");
    for (size_t i = 0; i < walking.count && walking.entries <= MOST_ENTRIES; i++) {
        visit(&walking, i);
    }
}
