/*
 * Makes a backup: opens a snapshot, reads in it what a dump does not contain, and runs pg_dump in the same snapshot. If
 * the dump gives way to a run, everything starts again after that run.
 */
#include "backup/child.h"
#include "backup/facts.h"
#include "backup/store.h"
#include "backup/tar.h"
#include "base/log.h"
#include "pg/own_query.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>
#include <time.h>

#define MOST_TRIES 5
#define END_MS     30000 /* to write into the row how it ended */

struct making {
    const struct backup_call *call;
    struct backup_row *row;
    struct backup_watch watch;
    struct backup_writing writing;
};

/* ---- beginning ---- */

static bool choose_name(const struct backup_call *call, struct pg_session *session, struct backup_row *row,
                        int64_t *database_size)
{
    PG_RESULT(result) = pg_query(
        session,
        "SELECT " BACKUP_HOME ", pg_catalog.current_database(), pg_catalog.to_char(pg_catalog.now() AT TIME ZONE "
        "'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"'), pg_catalog.pg_database_size(pg_catalog.current_database()), "
        "pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1)",
        0, NULL, call->status);
    if (result == NULL) {
        return false;
    }
    row->filename = arena_printf(
        call->arena, "%s%s",
        backup_file_name(call->arena, pg_field(result, 0, 1), pg_field(result, 0, 0), pg_field(result, 0, 2)),
        call->backups->jobs > 1 ? BACKUP_ARCHIVE : BACKUP_CUSTOM);
    row->server_version = arena_strdup(call->arena, pg_field(result, 0, 4));
    *database_size = pg_field_int(result, 0, 3, 0);
    return true;
}

/* If a key has an answer already, neither the program nor free space is needed. */
static bool begin(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                  struct backup_row *row, bool *is_again)
{
    const struct pg_program_wanted wanted = {"pg_dump", call->backups->pg_bin, pg_session_server_version(session)};
    struct pg_program program;
    int64_t size = 0;
    if (!backup_rows_ensure(session, call->status) || !backup_rows_reuse(call, session, what, row, is_again)) {
        return false;
    }
    return *is_again || (pg_program_find(&wanted, &program, call->status) && choose_name(call, session, row, &size) &&
                         backup_store_has_room(call, size) && backup_rows_add(call, session, what, row, is_again));
}

bool backup_begin(const struct backup_call *call, const struct backup_new *what, struct backup_row *row, bool *is_again)
{
    *row = (struct backup_row){0};
    *is_again = false;
    struct pg_session *const session = backup_store_ready(call) ? backup_take(call) : NULL;
    if (session == NULL) {
        return false;
    }
    const bool ok = begin(call, session, what, row, is_again);
    backup_give(call, session);
    return ok;
}

/* ---- the dump ---- */

static bool take(void *data, struct text piece)
{
    struct making *const making = data;
    const bool ok = backup_writing_add(making->call, &making->writing, piece);
    making->watch.progress.size = making->writing.size;
    return ok;
}

/* Arguments for the format; for an archive, a directory that pg_dump makes. */
static void put_format(const struct making *making, const char *directory, struct words *words)
{
    struct arena *const arena = making->call->arena;
    words_add(arena, words, directory == NULL ? "--format=custom" : "--format=directory");
    if (directory != NULL) {
        words_add(arena, words, arena_printf(arena, "--jobs=%u", making->call->backups->jobs));
        words_add(arena, words, arena_printf(arena, "--file=%s", directory));
    }
    words_add(arena, words, "--compress=1");
    words_add(arena, words, "--verbose");
    words_add(arena, words, "--lock-wait-timeout=60s");
}

static bool run_dump(struct making *making, const struct backup_moment *moment, const char *directory)
{
    const struct backup_call *const call = making->call;
    const char *const id = backup_id(call->arena, making->row->id);
    struct words words = {0};
    put_format(making, directory, &words);
    if (moment->snapshot[0] != '\0') {
        words_add(call->arena, &words, arena_printf(call->arena, "--snapshot=%s", moment->snapshot));
    }
    const struct backup_child child = {
        .call = call,
        .watch = &making->watch,
        .name = "pg_dump",
        .words = words_list(call->arena, &words),
        .conninfo = call->backups->conninfo,
        .application = arena_printf(call->arena, "truss backup %s", id),
        .bytes = directory == NULL ? take : NULL,
        .data = making,
        .counted = "dumping contents of table",
    };
    making->watch.progress.tables_done = 0;
    return backup_child_run(&child, call->status);
}

/* The connections of a parallel dump take their locks without waiting, and the dump fails if somebody waits for a lock
 * that it holds. That counts as giving way. */
static bool gives_way(struct making *making)
{
    const char *const message = making->call->status->message;
    if (message != NULL && strstr(message, "could not obtain lock on relation") != NULL) {
        making->watch.end = making->watch.end == WATCH_GOES_ON ? WATCH_GIVES_WAY : making->watch.end;
    }
    return false;
}

static bool take_watched(void *data, struct text piece)
{
    struct making *const making = data;
    return take(data, piece) && backup_watch_look(&making->watch);
}

static bool dump_directory(struct making *making, const struct backup_moment *moment)
{
    const struct backup_call *const call = making->call;
    const char *const directory = backup_scratch(call, making->row->filename);
    backup_scratch_delete(directory); /* from a try that gave way */
    const bool ok = run_dump(making, moment, directory) ? tar_write(directory, take_watched, making, call->status)
                                                        : gives_way(making);
    backup_scratch_delete(directory);
    return ok;
}

static bool dump(struct making *making, const struct backup_moment *moment)
{
    const struct backup_call *const call = making->call;
    return (backup_is_archive(making->row->filename) ? dump_directory(making, moment)
                                                     : run_dump(making, moment, NULL)) ||
           (backup_watch_fail(&making->watch, call->status) && making->writing.failure != NULL &&
            status_fail(call->status, STATUS_FAILED_PRECONDITION, "%s", making->writing.failure));
}

/* Writes what is known before the dump, for those who watch. */
static void tell_facts(const struct making *making, const struct backup_facts *facts)
{
    const struct backup_call *const call = making->call;
    struct status ignored = {.arena = call->arena};
    const char *const values[] = {backup_id(call->arena, making->row->id), facts->json,
                                  arena_printf(call->arena, "%u", facts->tables), call->backups->worker};
    int count;
    if (making->watch.session != NULL) {
        backup_rows_change(making->watch.session,
                           "UPDATE {truss}.backups SET facts = $2::jsonb, tables = $3::int WHERE id = $1::bigint AND "
                           "claimed_by = $4 AND state IN ('waiting', 'running') RETURNING id",
                           &(struct backup_query){NULL, 4, values}, &count, &ignored);
    }
}

static bool write_file(struct making *making, char sha256[SHA256_HEX_SIZE])
{
    const struct backup_call *const call = making->call;
    struct backup_moment moment;
    struct backup_facts facts = {0};
    if (!backup_moment_begin(call, making->row->id, &moment)) {
        return false;
    }
    const struct backup_facts_reading reading = {making->row->id, &moment, backup_watch_look, &making->watch};
    bool ok = backup_facts_read(call, &reading, &facts) && backup_watch_fail(&making->watch, call->status);
    if (ok) {
        tell_facts(making, &facts);
        ok = backup_writing_begin(call, &making->writing);
    }
    if (ok) {
        ok = dump(making, &moment) && backup_writing_end(call, &making->writing, text_of(facts.json), sha256);
        if (!ok) {
            struct status ignored = {.arena = call->arena};
            const struct backup_call drop = {call->backups, call->arena, &ignored, deadline_in(END_MS)};
            backup_writing_drop(&drop, &making->writing);
        }
    }
    backup_moment_end(&moment);
    return ok;
}

/* ---- its end ---- */

/* What is known about a row whose end was to be written. */
enum end_told { END_TOLD, END_OF_OTHERS, END_UNKNOWN };

/* The answer to a successful UPDATE may be lost: then the next one finds what it would write already there. */
static enum end_told tell_end(const struct making *making, const char *state, const char *sha256, const char *message)
{
    const struct backup_call *const call = making->call;
    const int64_t until = deadline_in(END_MS);
    const struct timespec pause = {.tv_sec = 1};
    const char *values[] = {backup_id(call->arena, making->row->id),     call->backups->worker, state, sha256, NULL,
                            backup_id(call->arena, making->writing.size)};
    do {
        struct status status = {.arena = call->arena};
        const struct backup_call again = {call->backups, call->arena, &status, deadline_in(END_MS)};
        struct pg_session *const session = backup_session(&again, 0);
        int count = 0;
        values[4] = session == NULL ? NULL : own_words(call->arena, session, message);
        const bool ok = session != NULL &&
                        backup_rows_change(
                            session,
                            "UPDATE {truss}.backups SET state = $3, sha256 = $4, message = $5, size_bytes = CASE $3 "
                            "WHEN 'completed' THEN $6::bigint ELSE 0 END, tables_done = CASE $3 WHEN 'completed' "
                            "THEN tables ELSE tables_done END, completed_at = pg_catalog.clock_timestamp(), "
                            "claimed_until = NULL WHERE id = $1::bigint AND claimed_by = $2 AND (state IN ('waiting', "
                            "'running') OR (state = $3 AND sha256 = $4)) RETURNING id",
                            &(struct backup_query){NULL, 6, values}, &count, &status);
        pg_session_free(session);
        if (ok) {
            return count == 1 ? END_TOLD : END_OF_OTHERS;
        }
        nanosleep(&pause, NULL);
    } while (!deadline_passed(until));
    return END_UNKNOWN;
}

static bool try_once(struct making *making, char sha256[SHA256_HEX_SIZE])
{
    *making->call->status = (struct status){.arena = making->call->arena};
    if (!backup_watch_wait(&making->watch)) {
        return backup_watch_fail(&making->watch, making->call->status);
    }
    making->watch.progress.has_size = true;
    return write_file(making, sha256);
}

void backup_make(const struct backup_call *call, struct backup_row *row)
{
    struct making making = {
        .call = call,
        .row = row,
        .writing = {.name = row->filename,
                    .expected = row->database_size,
                    .goes_on = backup_watch_look,
                    .data = &making.watch,
                    .file = -1},
    };
    char sha256[SHA256_HEX_SIZE] = "";
    bool ok = false;
    backup_watch_begin(&making.watch, call, row->id, "running");
    for (int i = 0; !ok && i < MOST_TRIES && (i == 0 || making.watch.end == WATCH_GIVES_WAY); i++) {
        ok = try_once(&making, sha256);
    }
    const char *const state = ok ? "completed" : making.watch.end == WATCH_CANCELLED ? "cancelled" : "failed";
    const enum end_told told = tell_end(&making, state, ok ? sha256 : "", ok ? "" : call->status->message);
    const bool was_ours = told == END_TOLD;
    /* If the end is unknown, a complete file is kept: its row may say that it is complete (end_lost). */
    if (!ok || told == END_OF_OTHERS) {
        struct status ignored = {.arena = call->arena};
        const struct backup_call drop = {call->backups, call->arena, &ignored, deadline_in(END_MS)};
        backup_files_delete(&drop, row->filename);
    }
    log_info("backup", "id=%lld state=%s bytes=%lld", (long long)row->id, was_ours ? state : "lost",
             (long long)making.writing.size);
    row->state = was_ours ? state : "failed";
    row->sha256 = ok ? arena_strdup(call->arena, sha256) : "";
    backup_watch_end(&making.watch);
}
