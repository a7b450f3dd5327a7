/*
 * With --verbose, the tools write a line for each table. A line that is neither that nor other progress is an error, a
 * warning, or part of one; the last of these are kept.
 */
#include "backup/child.h"

#include "base/clock.h"
#include "base/masking.h"
#include "base/process.h"
#include "pg/restoring.h"
#include "pg/search.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define KEPT    ((size_t)64 * 1024)
#define SHOWN   ((size_t)4 * 1024)
#define FIND_MS 10000
#define KILL_MS 10000

struct running {
    const struct backup_child *child;
    const char *secret;
    char *said; /* the last KEPT bytes */
    size_t size;
    struct restore_errors errors;
};

static void keep(struct running *running, struct text line)
{
    struct arena *const arena = arena_new(0);
    const struct text text = text_of(masked(arena, line, running->secret));
    const size_t size = text.size < KEPT - 1 ? text.size : KEPT - 1;
    if (running->size + size + 1 > KEPT) {
        const size_t over = running->size + size + 1 - KEPT;
        memmove(running->said, running->said + over, running->size - over);
        running->size -= over;
    }
    memcpy(running->said + running->size, text.data, size);
    running->size += size;
    running->said[running->size++] = '\n';
    arena_free(arena);
}

/* "pg_dump: reading schemas" is progress; "pg_dump: error: …", and lines that do not begin with the name, are not. */
static bool is_progress(const struct backup_child *child, struct text line)
{
    static const char *const words[] = {"error", "warning", "detail", "hint", "fatal", "[archiver", "last"};
    const size_t size = strlen(child->name);
    if (!text_starts_with(line, child->name) || line.size < size + 2 || line.data[size] != ':') {
        return false;
    }
    const struct text rest = text_slice(line, size + 2, line.size);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_starts_with(rest, words[i])) {
            return false;
        }
    }
    return true;
}

static void take_line(void *data, struct text line)
{
    struct running *const running = data;
    const struct backup_child *const child = running->child;
    if (!is_progress(child, line)) {
        restore_errors_see(&running->errors, line);
        keep(running, line);
    } else if (child->counted != NULL && text_find(line, child->counted, 0) != SIZE_MAX) {
        child->watch->progress.tables_done++;
    }
}

static bool take_bytes(void *data, struct text piece)
{
    const struct running *const running = data;
    return running->child->bytes == NULL || running->child->bytes(running->child->data, piece);
}

static bool goes_on(void *data)
{
    return backup_watch_look(((const struct running *)data)->child->watch);
}

static const char *const *words_of(const struct running *running, const char *path,
                                   const struct pg_child_access *access, struct arena *arena)
{
    const struct backup_child *const child = running->child;
    struct words words = {0};
    words_add(arena, &words, path);
    if (access->connection != NULL) {
        words_add(arena, &words, arena_printf(arena, "--dbname=%s", access->connection));
        words_add(arena, &words, "--no-password");
    }
    if (child->restores) {
        words_add(arena, &words, restore_errors_argument(&running->errors));
    }
    for (size_t i = 0; child->words[i] != NULL; i++) {
        words_add(arena, &words, child->words[i]);
    }
    if (child->restores && running->errors.is_lenient) {
        /* With several connections, the same error is reported several times in lines that overlap: it could not be
         * counted. */
        words_add(arena, &words, "--jobs=1");
    }
    return words_list(arena, &words);
}

static bool run(struct running *running, const char *path, const struct pg_child_access *access, struct status *status)
{
    const struct backup_child *const child = running->child;
    struct process_end end;
    const struct process process = {
        .argv = words_of(running, path, access, status->arena),
        .environment = access->environment,
        .directory = "/",
        .deadline = NO_DEADLINE,
        .line = take_line,
        .bytes = take_bytes,
        .go_on = goes_on,
        .data = running,
        .end_signal = SIGINT,
        .grace_ms = KILL_MS,
    };
    if (!process_run(&process, &end, status)) {
        return false;
    }
    if (!backup_watch_fail(child->watch, status)) {
        return false;
    }
    const size_t shown = running->size < SHOWN ? running->size : SHOWN;
    const struct text said = {running->said + running->size - shown, shown};
    const char *const words_said =
        text_clean(status->arena, arena_strndup(status->arena, said.data, said.size), SHOWN + 16);
    return (restore_errors_are_none(&running->errors, end.code) && !end.stopped) ||
           status_fail(status, STATUS_FAILED_PRECONDITION, "%s ended with %d: %s", child->name, end.code,
                       shown == 0 ? "it said nothing" : words_said);
}

bool backup_child_run(const struct backup_child *child, struct status *status)
{
    static const char *const plain[] = {"LC_ALL=C", NULL};
    struct pg_child_access access = {.environment = plain, .secret = -1};
    struct pg_program program;
    struct running running = {.child = child};
    struct pg_session *const session =
        pg_session_open_pinned(child->call->backups->conninfo, deadline_in(FIND_MS), status);
    if (session == NULL) {
        return false;
    }
    const struct pg_program_wanted wanted = {child->name, child->call->backups->pg_bin,
                                             pg_session_server_version(session)};
    pg_session_free(session);
    if (!pg_program_find(&wanted, &program, status) ||
        (child->conninfo != NULL &&
         !pg_child_access_make(status->arena, child->conninfo, child->application, &access, status))) {
        return false;
    }
    if (child->restores) {
        running.errors = restore_errors_of(program.major, wanted.server_version);
    }
    running.secret = child->conninfo == NULL ? NULL : pg_child_secret(child->conninfo);
    running.said = memory_alloc(KEPT);
    const bool ok = run(&running, program.path, &access, status);
    free(running.said);
    pg_child_access_release(&access);
    return ok;
}
