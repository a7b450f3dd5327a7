/*
 * Reads a backup back. The checksum is always checked first, because it finds what pg_restore does not: a flipped bit
 * in data that is not compressed.
 */
#include "backup/child.h"
#include "backup/facts.h"
#include "backup/store.h"
#include "backup/tar.h"
#include "base/files.h"
#include "base/log.h"
#include "pg/exec.h"
#include "pg/loading.h"
#include "pg/own_query.h"
#include "pg/search.h"
#include "pg/trust.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_MS 120000

/* An opened file: what was checked is what is restored, whatever happens to its name. */
struct opened {
    int file;
    const char *path;    /* for a child process */
    const char *scratch; /* for an archive: where it was unpacked; NULL: it was not */
};

static void close_file(struct opened *opened)
{
    if (opened->scratch != NULL) {
        backup_scratch_delete(opened->scratch);
    }
    if (opened->file >= 0) {
        close(opened->file);
    }
}

static bool open_and_check(const struct backup_call *call, const struct backup_row *row, struct backup_watch *watch,
                           struct opened *opened)
{
    char sha256[SHA256_HEX_SIZE];
    const struct backup_opening opening = {row->filename, backup_watch_look, watch};
    opened->file = backup_file_open(call, &opening);
    opened->path = arena_printf(call->arena, "/proc/%ld/fd/%d", (long)getpid(), opened->file);
    if (opened->file < 0 || !backup_file_hash(call, &opening, opened->file, sha256)) {
        return watch->end == WATCH_GOES_ON ? false : backup_watch_fail(watch, call->status);
    }
    return strcmp(sha256, row->sha256) == 0 || status_fail(call->status, STATUS_DATA_LOSS,
                                                           "The file %s is damaged: it does not have the SHA-256 of "
                                                           "what was written. It is not restored; take another backup.",
                                                           row->filename);
}

/* pg_restore reads a directory, not its archive. */
static bool unpack(const struct backup_call *call, const struct backup_row *row, struct backup_watch *watch,
                   struct opened *opened)
{
    if (!backup_is_archive(row->filename)) {
        return true;
    }
    opened->scratch = temporary_directory(call->arena, "restore", call->status);
    if (opened->scratch == NULL) {
        return false;
    }
    opened->path = opened->scratch;
    return tar_read(opened->file, opened->scratch, backup_watch_look, watch, call->status) ||
           (watch->end != WATCH_GOES_ON && backup_watch_fail(watch, call->status));
}

static bool read_whole(const struct backup_call *call, struct backup_watch *watch, const struct opened *opened)
{
    const char *const words[] = {"--file=/dev/null", opened->path, NULL};
    const struct backup_child child = {.call = call, .watch = watch, .name = "pg_restore", .words = words};
    return backup_child_run(&child, call->status);
}

bool backup_read(const struct backup_call *call, const struct backup_row *row)
{
    struct backup_watch watch;
    struct opened opened = {.file = -1};
    backup_watch_begin(&watch, call, row->id, "verifying");
    const bool ok = open_and_check(call, row, &watch, &opened) && unpack(call, row, &watch, &opened) &&
                    read_whole(call, &watch, &opened);
    close_file(&opened);
    backup_watch_end(&watch);
    return ok;
}

/* ---- restoring ---- */

struct owners {
    bool are_kept;
    const char *missing; /* "": none is */
};

/* The roles that the backup recorded as needed; if it recorded none, all of its roles. */
#define NEEDED_ROLES                                                                                                   \
    "SELECT n AS name FROM pg_catalog.jsonb_array_elements_text(b.facts -> 'database' -> 'needed_roles') n UNION ALL " \
    "SELECT f ->> 'name' FROM pg_catalog.jsonb_array_elements(b.facts -> 'database' -> 'roles') f WHERE NOT b.facts "  \
    "-> 'database' ? 'needed_roles'"

/* May this role give the objects back to all of their owners? If not, they will belong to this role, and nobody else
 * gets rights. owners->missing: the roles that do not exist, as text for people. */
static bool asks_owners(const struct backup_call *call, struct pg_session *session, const struct backup_row *row,
                        struct owners *owners)
{
    const char *const id = backup_id(call->arena, row->id);
    PG_RESULT(result) =
        own_query(session,
                  "SELECT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user), (SELECT "
                  "pg_catalog.string_agg(pg_catalog.quote_ident(w.name), ', ' ORDER BY w.name) FROM (" NEEDED_ROLES
                  ") w WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = w.name)) FROM "
                  "{truss}.backups b WHERE b.id = $1::bigint",
                  1, &id, call->status);
    *owners = (struct owners){.missing = ""};
    if (result != NULL && PQntuples(result) == 1) {
        const char *const missing = pg_field(result, 0, 1);
        owners->missing = missing == NULL ? "" : arena_strdup(call->arena, missing);
        owners->are_kept = pg_field_bool(result, 0, 0) && missing == NULL;
    }
    return result != NULL;
}

static const char not_restored[] = "The backup was not restored";

static bool fail_unknown(struct status *status)
{
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_FOREIGN_CODE,
                        "%s: it is not known whose code a restore of it runs. That was not written down when it was "
                        "made, by an older version. None of it has run.",
                        not_restored);
    status->hint = "Make a new backup. One whose objects are all of roles that you trust is restored by a worker that "
                   "is started with --load-foreign-code, or by pg_restore.";
    return false;
}

/* Changing the database now does not change what is in the file. */
static bool fail_foreign(const char *examples, struct status *status)
{
    pg_loading_fail(examples, not_restored, status);
    status->hint = "The code is in the backup: have a role that may do no more than its owner run pg_restore, or a "
                   "worker that is started with --load-foreign-code where you trust that code. For later backups give "
                   "the functions to a role that is trusted (ALTER FUNCTION … OWNER TO), or drop what calls them.";
    return false;
}

/* Would a restore run only code of owners that are trusted, or of the owner of the database? The dump recorded that, in
 * its own snapshot. If owners are not restored, all of the code runs as our role. */
static bool has_trusted_code(const struct backup_call *call, struct pg_session *session, const struct backup_row *row,
                             const struct owners *owners)
{
    static const char sql[] =
        "SELECT b.facts ? 'called', (SELECT pg_catalog.string_agg(pg_catalog.concat(l.example, ' of ', l.owner), '; ' "
        "ORDER BY l.example) FROM (SELECT c.owner, c.example, CASE WHEN $2 THEN c.runs_as END AS runs_as FROM "
        "pg_catalog.jsonb_to_recordset(b.facts -> 'called') c (owner text, runs_as text, example text)) l LEFT JOIN "
        "pg_catalog.pg_roles r ON r.rolname = l.owner LEFT JOIN pg_catalog.pg_roles a ON a.rolname = l.runs_as "
        "WHERE " PG_IS_FOREIGN_CODE(
            "(b.facts -> 'database' ->> 'owner')") ") FROM {truss}.backups b WHERE b.id = $1::bigint";
    const char *const values[] = {backup_id(call->arena, row->id), owners->are_kept ? "t" : "f"};
    if (call->backups->loads_foreign_code) {
        return true;
    }
    PG_RESULT(result) = own_query(session, sql, 2, values, call->status);
    if (result == NULL || PQntuples(result) != 1) {
        return result != NULL && status_fail(call->status, STATUS_NOT_FOUND, "Backup not found.");
    }
    const char *const examples = pg_field(result, 0, 1);
    if (!pg_field_bool(result, 0, 0)) {
        return fail_unknown(call->status);
    }
    return examples == NULL || fail_foreign(examples, call->status);
}

struct restoring {
    const struct backup_call *call;
    const struct backup_row *row;
    const struct conninfo *into;
    struct backup_watch watch;
    struct opened opened;
    struct pg_session *home;
    struct owners owners;
};

static bool run_restore(struct restoring *restoring)
{
    const struct backup_call *const call = restoring->call;
    struct words words = {0};
    words_add(call->arena, &words, "--no-subscriptions");
    words_add(call->arena, &words, "--verbose");
    words_add(call->arena, &words,
              arena_printf(call->arena, "--jobs=%u", call->backups->jobs > 2 ? call->backups->jobs : 2));
    if (!restoring->owners.are_kept) {
        words_add(call->arena, &words, "--no-owner");
        words_add(call->arena, &words, "--no-privileges");
    }
    words_add(call->arena, &words, restoring->opened.path);
    const struct backup_child child = {
        .call = call,
        .watch = &restoring->watch,
        .name = "pg_restore",
        .restores = true,
        .words = words_list(call->arena, &words),
        .conninfo = restoring->into,
        .application = "truss restore",
    };
    return backup_child_run(&child, call->status);
}

static bool compare(struct restoring *restoring, const char **report)
{
    const struct backup_call *const call = restoring->call;
    struct pg_session *const restored = pg_session_open_pinned(restoring->into, deadline_in(STEP_MS), call->status);
    if (restored == NULL) {
        return false;
    }
    pg_session_on_tick(restored, backup_watch_look, &restoring->watch);
    pg_session_set_deadline(restoring->home, deadline_in(STEP_MS));
    const struct backup_comparison with = {restoring->home, restored, restoring->row->id};
    const bool ok = backup_facts_compare(call, &with, report);
    if (ok) {
        struct status ignored = {.arena = call->arena};
        pg_session_set_deadline(restored, deadline_in(STEP_MS));
        pg_exec(restored, "ANALYZE", &ignored); /* without statistics queries are slow, but not wrong */
    }
    pg_session_free(restored);
    return ok && backup_watch_fail(&restoring->watch, call->status);
}

static const char *missing_words(struct arena *arena, const struct owners *owners)
{
    return owners->missing == NULL || owners->missing[0] == '\0'
               ? ""
               : arena_printf(arena,
                              " Roles that the backup needs are not on this server: %s. Make them (CREATE ROLE … "
                              "NOLOGIN is enough) and restore again to have their rights and policies too.",
                              owners->missing);
}

bool backup_restore(const struct backup_call *call, const struct backup_row *row, const struct conninfo *into,
                    const char **report)
{
    struct restoring restoring = {.call = call, .row = row, .into = into, .opened = {.file = -1}};
    backup_watch_begin(&restoring.watch, call, row->id, row->state);
    restoring.home = backup_session(call, 0);
    if (restoring.home != NULL) {
        pg_session_set_deadline(restoring.home, deadline_in(STEP_MS));
    }
    bool ok = restoring.home != NULL && open_and_check(call, row, &restoring.watch, &restoring.opened) &&
              unpack(call, row, &restoring.watch, &restoring.opened) &&
              asks_owners(call, restoring.home, row, &restoring.owners) &&
              has_trusted_code(call, restoring.home, row, &restoring.owners) && run_restore(&restoring) &&
              compare(&restoring, report);
    if (ok && !restoring.owners.are_kept) {
        *report =
            arena_printf(call->arena, "%s Owners and grants are not restored: all belongs to the worker's role.%s",
                         *report, missing_words(call->arena, &restoring.owners));
    } else if (!ok && call->status->message != NULL && strstr(call->status->message, "role ") != NULL) {
        call->status->message =
            arena_printf(call->arena, "%s%s", call->status->message, missing_words(call->arena, &restoring.owners));
    }
    close_file(&restoring.opened);
    pg_session_free(restoring.home);
    backup_watch_end(&restoring.watch);
    return ok;
}

bool backup_locale_of(const struct backup_call *call, const struct backup_row *row, struct backup_locale *locale)
{
    const char *const id = backup_id(call->arena, row->id);
    struct pg_session *const session = backup_take(call);
    *locale = (struct backup_locale){0};
    if (session == NULL) {
        return false;
    }
    PG_RESULT(result) = own_query(
        session,
        "SELECT d ->> 'encoding', d ->> 'collate', d ->> 'ctype', CASE d -> 'details' ->> 'datlocprovider' WHEN 'i' "
        "THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' END, coalesce(d -> 'details' ->> 'datlocale', d -> "
        "'details' ->> 'daticulocale'), d -> 'details' ->> 'daticurules' FROM (SELECT b.facts -> 'database' AS d FROM "
        "{truss}.backups b WHERE b.id = "
        "$1::bigint AND b.facts IS NOT NULL) f",
        1, &id, call->status);
    const bool ok = result != NULL && PQntuples(result) == 1;
    if (ok) {
        const char **const fields[] = {&locale->encoding, &locale->collate, &locale->ctype,
                                       &locale->provider, &locale->locale,  &locale->rules};
        for (int i = 0; i < 6; i++) {
            *fields[i] = arena_strdup(call->arena, pg_field(result, 0, i));
        }
    }
    backup_give(call, session);
    return ok || (result != NULL && status_fail(call->status, STATUS_NOT_FOUND, "Backup not found."));
}
