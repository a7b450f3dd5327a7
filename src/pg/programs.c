/*
 * A program's version comes from --version, which is called for each one found, because folders may have any name.
 */
#include "pg/programs.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/process.h"
#include "base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_MS 5000

/* Where packages install them: a folder of versions, and what follows the version. */
static const char *const installed[][2] = {
    {"/usr/lib/postgresql", "bin"},  /* Debian */
    {"/usr/libexec/postgresql", ""}, /* Alpine */
    {"/usr", "bin"},                 /* Red Hat: /usr/pgsql-16/bin */
};

/* ---- possible places ---- */

static void add_below(struct arena *arena, struct words *folders, const char *above, const char *behind)
{
    struct file_list list;
    struct status ignored = {.arena = arena};
    const bool is_usr = strcmp(above, "/usr") == 0;
    if (!directory_list(arena, above, &list, &ignored)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.entries[i].is_directory && (!is_usr || strncmp(list.entries[i].name, "pgsql-", 6) == 0)) {
            words_add(arena, folders, path_join(arena, path_join(arena, above, list.entries[i].name), behind));
        }
    }
}

static void add_path(struct arena *arena, struct words *folders)
{
    const char *rest = getenv("PATH");
    while (rest != NULL && *rest != '\0') {
        const size_t size = strcspn(rest, ":");
        if (size > 0 && rest[0] == '/') {
            words_add(arena, folders, arena_strndup(arena, rest, size));
        }
        rest += size + (rest[size] == ':' ? 1 : 0);
    }
}

static struct words folders_of(struct arena *arena, const char *folder)
{
    struct words folders = {0};
    const char *const named = getenv("PG_DUMP");
    if (folder != NULL) {
        words_add(arena, &folders, folder);
        return folders;
    }
    if (named != NULL && strchr(named, '/') != NULL) {
        words_add(arena, &folders, path_above(arena, named));
    }
    for (size_t i = 0; i < sizeof installed / sizeof installed[0]; i++) {
        add_below(arena, &folders, installed[i][0], installed[i][1]);
    }
    add_path(arena, &folders);
    return folders;
}

/* ---- which version ---- */

/* "pg_dump (PostgreSQL) 15.18 (Debian …)" */
static void take_version(void *data, struct text line)
{
    int *const major = data;
    const size_t at = text_find(line, "(PostgreSQL) ", 0);
    for (size_t i = at == SIZE_MAX ? line.size : at + 13; i < line.size && line.data[i] >= '0' && line.data[i] <= '9';
         i++) {
        *major = *major > 1000 ? *major : *major * 10 + (line.data[i] - '0');
    }
}

/* 0: it is no such program. */
static int version_of(struct arena *arena, const char *path)
{
    struct status ignored = {.arena = arena};
    struct process_end end;
    int major = 0;
    const struct process process = {
        .argv = (const char *const[]){path, "--version", NULL},
        .environment = (const char *const[]){"LC_ALL=C", "PATH=/usr/bin:/bin", NULL},
        .directory = "/",
        .deadline = deadline_in(VERSION_MS),
        .line = take_version,
        .data = &major,
    };
    return access(path, X_OK) == 0 && process_run(&process, &end, &ignored) && end.code == 0 ? major : 0;
}

bool pg_program_find(const struct pg_program_wanted *wanted, struct pg_program *program, struct status *status)
{
    struct arena *const arena = status->arena;
    const char *const name = wanted->name;
    const struct words folders = folders_of(arena, wanted->folder);
    const int server = wanted->server_version / 10000;
    int newest = 0;
    *program = (struct pg_program){0};
    /* Nothing is better than the server's own version. Debian's wrappers in /usr/bin, which come last, are Perl scripts
     * that take 50 ms to ask. */
    for (size_t i = 0; i < folders.count && program->major != server; i++) {
        const char *const path = path_join(arena, folders.items[i], name);
        const int major = version_of(arena, path);
        newest = major > newest ? major : newest;
        if (major >= server && (program->path == NULL || major < program->major)) {
            *program = (struct pg_program){path, major};
        }
    }
    if (program->path != NULL) {
        return true;
    }
    return newest == 0
               ? status_fail(status, STATUS_FAILED_PRECONDITION,
                             "There is no %s on the worker's machine: install the package "
                             "postgresql-client-%d, or say where it is with --pg-bin.",
                             name, server)
               : status_fail(status, STATUS_FAILED_PRECONDITION,
                             "The newest %s on the worker's machine has version %d, and the server has %d, which it "
                             "refuses: install the package postgresql-client-%d, or say where it is with --pg-bin.",
                             name, newest, server, server);
}

/* ---- connecting ---- */

static void put_value(struct buffer *out, const char *keyword, const char *value)
{
    buffer_printf(out, "%s%s='", out->size == 0 ? "" : " ", keyword);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            buffer_putc(out, '\\');
        }
        buffer_putc(out, *value);
    }
    buffer_putc(out, '\'');
}

static const char *connection_of(struct arena *arena, const struct conninfo *conninfo, const char *application)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < conninfo->count; i++) {
        const char *const keyword = conninfo->keywords[i];
        if (conninfo->values[i] != NULL && strcmp(keyword, "password") != 0 && strcmp(keyword, "sslpassword") != 0 &&
            strcmp(keyword, "application_name") != 0 && strcmp(keyword, "fallback_application_name") != 0 &&
            strcmp(keyword, "client_encoding") != 0) {
            put_value(&out, keyword, conninfo->values[i]);
        }
    }
    put_value(&out, "application_name", application);
    return buffer_string(&out);
}

const char *pg_child_secret(const struct conninfo *conninfo)
{
    const char *const given = conninfo_value(conninfo, "password");
    return given != NULL ? given : getenv("PGPASSWORD");
}

/* A line of a password file for any server: "*:*:*:*:…". */
static bool write_secret(struct arena *arena, int file, const char *password)
{
    struct buffer line = {.arena = arena};
    buffer_puts(&line, "*:*:*:*:");
    for (; *password != '\0'; password++) {
        if (*password == ':' || *password == '\\') {
            buffer_putc(&line, '\\');
        }
        buffer_putc(&line, *password);
    }
    buffer_putc(&line, '\n');
    return fchmod(file, 0600) == 0 && write(file, line.data, line.size) == (ssize_t)line.size;
}

/* The environment for a PostgreSQL child: everything that libpq reads, or the child would connect elsewhere. Not the
 * password, which has its own file, nor our sessions' settings. */
static const char *const passed_on[] = {"PATH",
                                        "HOME",
                                        "TMPDIR",
                                        "TZ",
                                        "SSL_CERT_FILE",
                                        "SSL_CERT_DIR",
                                        "KRB5CCNAME",
                                        "KRB5_CONFIG",
                                        "PGPASSFILE",
                                        "PGHOST",
                                        "PGHOSTADDR",
                                        "PGPORT",
                                        "PGUSER",
                                        "PGDATABASE",
                                        "PGSERVICE",
                                        "PGSERVICEFILE",
                                        "PGSYSCONFDIR",
                                        "PGCHANNELBINDING",
                                        "PGREQUIREAUTH",
                                        "PGREQUIREPEER",
                                        "PGTARGETSESSIONATTRS",
                                        "PGLOADBALANCEHOSTS",
                                        "PGCONNECT_TIMEOUT",
                                        "PGGSSENCMODE",
                                        "PGGSSLIB",
                                        "PGGSSDELEGATION",
                                        "PGKRBSRVNAME",
                                        "PGSSLMODE",
                                        "PGSSLNEGOTIATION",
                                        "PGSSLCOMPRESSION",
                                        "PGSSLCERT",
                                        "PGSSLKEY",
                                        "PGSSLCERTMODE",
                                        "PGSSLROOTCERT",
                                        "PGSSLCRL",
                                        "PGSSLCRLDIR",
                                        "PGSSLSNI",
                                        "PGSSLMINPROTOCOLVERSION",
                                        "PGSSLMAXPROTOCOLVERSION"};

bool pg_child_access_make(struct arena *arena, const struct conninfo *conninfo, const char *application,
                          struct pg_child_access *access, struct status *status)
{
    struct words environment = {0};
    const char *const password = pg_child_secret(conninfo);
    *access = (struct pg_child_access){.connection = connection_of(arena, conninfo, application), .secret = -1};
    if (conninfo_value(conninfo, "sslpassword") != NULL) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "The connection has a TLS key with a password, which a child cannot be given in secret: use "
                           "a key without one for this.");
    }
    if (password != NULL) {
        access->secret = memfd_create("truss", MFD_CLOEXEC);
        if (access->secret < 0 || !write_secret(arena, access->secret, password)) {
            pg_child_access_release(access);
            return status_fail(status, STATUS_INTERNAL, "The password cannot be handed to a child: %s.",
                               strerror(errno));
        }
        words_add(arena, &environment,
                  arena_printf(arena, "PGPASSFILE=/proc/%ld/fd/%d", (long)getpid(), access->secret));
    }
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        const char *const value = getenv(passed_on[i]);
        if (value != NULL && (password == NULL || strcmp(passed_on[i], "PGPASSFILE") != 0)) {
            words_add(arena, &environment, arena_printf(arena, "%s=%s", passed_on[i], value));
        }
    }
    words_add(arena, &environment, "LC_ALL=C");
    access->environment = words_list(arena, &environment);
    return true;
}

void pg_child_access_release(struct pg_child_access *access)
{
    if (access->secret >= 0) {
        close(access->secret);
        access->secret = -1;
    }
}
