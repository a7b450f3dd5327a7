/*
 * Each file that is read after the start, or that a libpq parameter names, needs a line here; otherwise it is not
 * accessible.
 */
#include "worker/walls.h"

#include "base/bounds.h"
#include "base/files.h"
#include "base/process.h"
#include "base/sandbox.h"
#include "trust/oidc_rules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POINTER_LIMIT ((size_t)8 * 1024)

/* The connection parameters that are files. */
static void allow_connection(struct sandbox_paths *paths, const struct conninfo *conninfo)
{
    static const char *const files[] = {"sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "passfile"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *const file = conninfo_value(conninfo, files[i]);
        sandbox_allow_beside(paths, file);
        sandbox_allow(paths, file, SANDBOX_READ);
    }
}

/* The parent folder; NULL: none, or the root. */
static const char *above(struct arena *arena, const char *path)
{
    const char *const folder = path == NULL ? "" : path_above(arena, path);
    return folder[0] == '\0' || strcmp(folder, "/") == 0 ? NULL : folder;
}

/* The folder of a socket, which we create and remove; for a private one we also own that folder. */
static void allow_sockets(struct sandbox_paths *paths, const struct config *config)
{
    static const char scheme[] = "ipc://";
    for (size_t i = 0; config->urls[i] != NULL; i++) {
        if (strncmp(config->urls[i], scheme, strlen(scheme)) == 0) {
            const char *const folder = above(paths->arena, config->urls[i] + strlen(scheme));
            sandbox_allow(paths, folder, SANDBOX_WRITE);
            sandbox_allow(paths, config->serves_parent ? above(paths->arena, folder) : NULL, SANDBOX_WRITE);
        }
    }
}

/* Created now if missing, because nothing can be created in a folder that is not accessible. */
static void allow_backups(struct sandbox_paths *paths, const struct config *config)
{
    if (config->backups != NULL && config->backups_s3 == NULL) {
        mkdir(config->backups, S_IRWXU);
        sandbox_allow(paths, config->backups, SANDBOX_READ | SANDBOX_WRITE);
    }
}

/* pg_dump and pg_restore, wherever they may be (pg/programs.c), and the loader, which the kernel starts first. In a
 * folder of many programs only those two: no shell. */
static void allow_programs(struct sandbox_paths *paths, const struct config *config)
{
    static const char *const folders[] = {"/lib",     "/lib32",     "/lib64",
                                          "/usr/lib", "/usr/lib64", "/usr/libexec/postgresql"};
    static const char *const names[] = {"pg_dump", "pg_restore"};
    const char *const named = getenv("PG_DUMP");
    const char *rest = getenv("PATH");
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        sandbox_allow(paths, folders[i], SANDBOX_READ | SANDBOX_RUN);
    }
    sandbox_allow(paths, config->pg_bin, SANDBOX_READ | SANDBOX_RUN);
    sandbox_allow(paths, named, SANDBOX_READ | SANDBOX_RUN);
    while (rest != NULL && *rest != '\0') {
        const size_t size = strcspn(rest, ":");
        const char *const folder = arena_strndup(paths->arena, rest, size);
        for (size_t i = 0; size > 0 && i < sizeof names / sizeof names[0]; i++) {
            sandbox_allow(paths, path_join(paths->arena, folder, names[i]), SANDBOX_READ | SANDBOX_RUN);
        }
        rest += size + (rest[size] == ':' ? 1 : 0);
    }
}

/* Dumps and restores without a folder of backups use unnamed files. */
static void allow_temporary(struct sandbox_paths *paths)
{
    sandbox_allow(paths, temporary_folder(), SANDBOX_READ | SANDBOX_WRITE);
}

/* The folder in "gitdir: …" of a worktree or submodule, and the one that it shares with others. */
static void allow_pointer(struct sandbox_paths *paths, const char *folder, const char *file)
{
    static const char word[] = "gitdir: ";
    struct status ignored = {.arena = paths->arena};
    struct text content;
    if (!file_read(paths->arena, file, POINTER_LIMIT, &content, &ignored) || !text_starts_with(content, word)) {
        return;
    }
    const struct text named = text_trim(text_slice(content, strlen(word), content.size));
    const char *const path = arena_strndup(paths->arena, named.data, named.size);
    const char *const there = path[0] == '/' ? path : path_join(paths->arena, folder, path);
    sandbox_allow(paths, there, SANDBOX_READ);
    if (file_read(paths->arena, path_join(paths->arena, there, "commondir"), POINTER_LIMIT, &content, &ignored)) {
        const struct text common = text_trim(content);
        const char *const shared = arena_strndup(paths->arena, common.data, common.size);
        sandbox_allow(paths, shared[0] == '/' ? shared : path_join(paths->arena, there, shared), SANDBOX_READ);
    }
}

/* The project's repository, often above it, and our program that reads it (migration/past). */
static void allow_history(struct sandbox_paths *paths, const struct config *config)
{
    char real[PATH_MAX];
    const char *const home = sandbox_home(paths->arena);
    sandbox_allow(paths, process_sibling(paths->arena, "truss-history"), SANDBOX_READ | SANDBOX_RUN);
    sandbox_allow(paths, home == NULL ? NULL : path_join(paths->arena, home, ".gitconfig"), SANDBOX_READ);
    sandbox_allow(paths, home == NULL ? NULL : path_join(paths->arena, home, ".config/git"), SANDBOX_READ);
    const char *folder = realpath(config->project.root, real) == NULL ? NULL : real;
    while (folder != NULL) {
        const char *const git = path_join(paths->arena, folder, ".git");
        const enum file_kind kind = file_look(git, NULL);
        if (kind != FILE_NONE) {
            sandbox_allow(paths, git, SANDBOX_READ);
        }
        if (kind == FILE_REGULAR) {
            allow_pointer(paths, folder, git);
        }
        folder = kind == FILE_NONE ? above(paths->arena, folder) : NULL;
    }
}

/* A deployment may switch a link to the project to another release: files beside the link, and beside the present
 * release, must then be accessible. In strict mode the worker must be restarted. */
static void allow_next_release(struct sandbox_paths *paths, const struct config *config)
{
    char ignored[PATH_MAX];
    size_t size = strlen(config->project.root);
    while (size > 1 && config->project.root[size - 1] == '/') {
        size--;
    }
    const char *const root = arena_strndup(paths->arena, config->project.root, size);
    if (config->sandbox == SANDBOX_ON && readlink(root, ignored, sizeof ignored) >= 0) {
        sandbox_allow_beside(paths, root);
    }
}

static void allow_project(struct sandbox_paths *paths, const struct config *config)
{
    sandbox_allow(paths, config->project.root, SANDBOX_READ | SANDBOX_WRITE); /* new migrations are created in it */
    sandbox_allow(paths, config->project.migrations_are_projects ? NULL : config->project.migrations,
                  SANDBOX_READ | SANDBOX_WRITE);
    allow_next_release(paths, config);
    char real[PATH_MAX];
    char *const shared = realpath(config->project.root, real) == NULL ? NULL : bounds_shared(real);
    sandbox_allow(paths, shared == NULL ? NULL : arena_strdup(paths->arena, shared), SANDBOX_READ);
    free(shared);
    /* Where links lead, or will lead, is only known when they are read. */
    sandbox_allow(paths, config->project.allows_outside ? "/" : NULL, SANDBOX_READ);
}

/* The rules of pipelines, and the files that they name now. */
static void allow_oidc(struct sandbox_paths *paths, const struct config *config)
{
    struct oidc_rules rules;
    struct status ignored = {.arena = paths->arena};
    if (config->oidc == NULL || !oidc_rules_read(paths->arena, config->oidc, &rules, NULL, &ignored)) {
        return;
    }
    sandbox_allow_beside(paths, config->oidc);
    for (size_t i = 0; i < rules.place_count; i++) {
        const bool is_file = strstr(rules.places[i].from, "://") == NULL;
        sandbox_allow_beside(paths, is_file ? rules.places[i].from : NULL);
        sandbox_allow_beside(paths, rules.places[i].ca);
    }
}

/* The file of webhooks, and those that it names now. */
static void allow_webhooks(struct sandbox_paths *paths, const struct config *config)
{
    sandbox_allow_beside(paths, config->webhooks_file);
    for (size_t i = 0; config->webhooks != NULL && i < config->webhooks->count; i++) {
        sandbox_allow_beside(paths, config->webhooks->items[i].files[0]);
        sandbox_allow_beside(paths, config->webhooks->items[i].files[1]);
    }
}

bool walls_enter(const struct config *config, struct status *status)
{
    struct sandbox_paths paths = {.arena = status->arena};
    sandbox_allow_usual(&paths, config->sandbox);
    allow_project(&paths, config);
    allow_history(&paths, config);
    allow_sockets(&paths, config);
    allow_programs(&paths, config);
    allow_temporary(&paths);
    sandbox_allow_beside(&paths, config->tokens);
    allow_oidc(&paths, config);
    allow_webhooks(&paths, config);
    sandbox_allow_beside(&paths, config->tls.certificate);
    sandbox_allow_beside(&paths, config->tls.key);
    sandbox_allow_beside(&paths, config->tls.client_ca);
    allow_backups(&paths, config);
    if (config->has_conninfo) {
        allow_connection(&paths, &config->conninfo);
    }
    if (config->sql_conninfo != NULL) {
        allow_connection(&paths, config->sql_conninfo);
    }
    return sandbox_enter(config->sandbox, config->allow_delegate ? SANDBOX_STARTS_TOOLS : SANDBOX_STARTS_PROGRAMS,
                         &paths, status);
}
