/*
 * truss.backup.v1.BackupService. Making, verifying and restoring use disk and CPU but reveal no data: scope branch.
 * Whoever deletes backups or sets the retention can leave a database without any, and a download contains all data:
 * scope admin.
 */
#include "worker/service/service_backup.h"

#include "pg/query.h"
#include "pg/values.h"
#include "worker/idempotency.h"
#include "worker/messages/backup_messages.h"
#include "worker/messages/messages.h"
#include "worker/service/service_request.h"

#include <stdlib.h>
#include <string.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Backup__V1__##Type, truss__backup__v1__##type)

#define LABEL_MOST 60

static struct backup_call call_of(const struct backup_context *context, const struct rpc_call *call)
{
    return (struct backup_call){context->backups, call->arena, call->status, call->deadline};
}

/* An id in a path; NOT_FOUND if it is not a number. */
static bool read_id(const char *text, int64_t *id, struct status *status)
{
    return service_read_id(text, id) || status_fail(status, STATUS_NOT_FOUND, "Backup not found.");
}

static bool check_label(const char *label, struct status *status)
{
    return text_characters(text_of(label)) <= LABEL_MOST ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "\"label\" has at most %d characters.", LABEL_MOST);
}

static ProtobufCMessage *list(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const struct backup_call means = call_of(context, call);
    struct backup_list found;
    (void)input;
    if (!site_is_connected(context->site, call->status) || !backup_list(&means, &found)) {
        return NULL;
    }
    Truss__Backup__V1__ListBackupsResponse *const reply =
        backup_list_message(call->arena, &found, context->backups->folder);
    const struct target target = target_of(call->arena, context->site, NULL);
    reply->target = message_target(call->arena, &target);
    return &reply->base;
}

static ProtobufCMessage *get(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__GetBackupRequest *const message = (const Truss__Backup__V1__GetBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    struct backup_row row;
    int64_t id;
    return site_is_connected(context->site, call->status) && read_id(message->id, &id, call->status) &&
                   backup_get(&means, id, &row)
               ? &backup_message(call->arena, &row)->base
               : NULL;
}

/* ---- background work ---- */

static ProtobufCMessage *answer(const struct backup_context *context, struct rpc_call *call,
                                const struct backup_row *row, const struct backup_job *job)
{
    static const char *const sentences[] = {
        [BACKUP_MAKE] = "The backup has begun.",
        [BACKUP_READ] = "The backup is being read.",
        [BACKUP_TRY] = "The backup is being restored into a branch that is dropped again.",
        [BACKUP_RESTORE] = "The backup is being restored into a new branch; the database itself is not touched.",
    };
    const struct backup_call means = call_of(context, call);
    return backup_jobs_add(context->jobs, &means, job) ? &backup_answer(call->arena, row, sentences[job->task])->base
                                                       : NULL;
}

static ProtobufCMessage *create(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__CreateBackupRequest *const message = (const Truss__Backup__V1__CreateBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    struct backup_new what = {
        .label = message->label,
        .kind = "manual",
        .created_by = call->principal->name,
        .is_protected = message->protected_,
    };
    struct backup_row row;
    bool is_again = false;
    if (!site_is_connected(context->site, call->status) || !check_label(message->label, call->status) ||
        !idempotency_read(call, &what.key, &what.request) || !backup_begin(&means, &what, &row, &is_again)) {
        return NULL;
    }
    if (is_again) {
        return &backup_answer(call->arena, &row, "The backup was begun before, with the same idempotency key.")->base;
    }
    return answer(context, call, &row, &(struct backup_job){.task = BACKUP_MAKE, .id = row.id});
}

static ProtobufCMessage *verify(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__VerifyBackupRequest *const message = (const Truss__Backup__V1__VerifyBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    struct backup_row row;
    int64_t id;
    if (!site_is_connected(context->site, call->status) || !read_id(message->id, &id, call->status) ||
        !backup_verify_begin(&means, id, &row)) {
        return NULL;
    }
    const struct backup_job job = {
        .task = message->restore ? BACKUP_TRY : BACKUP_READ,
        .id = id,
        .created_by = call->principal->name,
    };
    return answer(context, call, &row, &job);
}

static ProtobufCMessage *restore(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__RestoreBackupRequest *const message =
        (const Truss__Backup__V1__RestoreBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    struct backup_row row;
    int64_t id;
    if (!site_is_connected(context->site, call->status) || !read_id(message->id, &id, call->status) ||
        !check_label(message->label, call->status) || !backup_restore_begin(&means, id, &row)) {
        return NULL;
    }
    const struct backup_job job = {
        .task = BACKUP_RESTORE,
        .id = id,
        .label = message->label,
        .created_by = call->principal->name,
        .ttl_hours = message->ttl_hours,
    };
    return answer(context, call, &row, &job);
}

/* ---- cancelling and deleting ---- */

static ProtobufCMessage *cancel(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__CancelBackupRequest *const message = (const Truss__Backup__V1__CancelBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    bool told = false;
    int64_t id;
    if (!site_is_connected(context->site, call->status) || !read_id(message->id, &id, call->status) ||
        !backup_cancel(&means, id, &told)) {
        return NULL;
    }
    Truss__Backup__V1__CancelBackupResponse *const reply =
        NEW(call->arena, CancelBackupResponse, cancel_backup_response);
    reply->cancelled = told;
    return &reply->base;
}

static ProtobufCMessage *delete_one(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__DeleteBackupRequest *const message = (const Truss__Backup__V1__DeleteBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    int64_t id;
    if (!site_is_connected(context->site, call->status) || !read_id(message->id, &id, call->status) ||
        !backup_delete(&means, id, message->force)) {
        return NULL;
    }
    Truss__Backup__V1__DeleteBackupResponse *const reply =
        NEW(call->arena, DeleteBackupResponse, delete_backup_response);
    reply->ok = true;
    return &reply->base;
}

/* ---- the schedule ---- */

static ProtobufCMessage *get_schedule(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const struct backup_call means = call_of(context, call);
    struct backup_schedule schedule;
    (void)input;
    return site_is_connected(context->site, call->status) && backup_schedule_get(&means, &schedule)
               ? &backup_schedule_message(call->arena, &schedule)->base
               : NULL;
}

static void change(struct backup_schedule *schedule, const Truss__Backup__V1__UpdateScheduleRequest *message)
{
    schedule->enabled = message->_enabled_case != 0 ? message->enabled : schedule->enabled;
    schedule->frequency = message->_frequency_case != 0 ? message->frequency : schedule->frequency;
    schedule->hour = message->_hour_case != 0 ? message->hour : schedule->hour;
    schedule->retention_days = message->_retention_days_case != 0 ? message->retention_days : schedule->retention_days;
    schedule->keep_last = message->_keep_last_case != 0 ? message->keep_last : schedule->keep_last;
    schedule->keep_daily = message->_keep_daily_case != 0 ? message->keep_daily : schedule->keep_daily;
    schedule->keep_weekly = message->_keep_weekly_case != 0 ? message->keep_weekly : schedule->keep_weekly;
    schedule->verify = message->_verify_case != 0 ? message->verify : schedule->verify;
}

static ProtobufCMessage *update_schedule(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const struct backup_call means = call_of(context, call);
    struct backup_schedule schedule;
    if (!site_is_connected(context->site, call->status) || !backup_schedule_get(&means, &schedule)) {
        return NULL;
    }
    change(&schedule, (const Truss__Backup__V1__UpdateScheduleRequest *)input);
    return backup_schedule_set(&means, &schedule) && backup_schedule_get(&means, &schedule)
               ? &backup_schedule_message(call->arena, &schedule)->base
               : NULL;
}

/* ---- points in time ---- */

#define NO_POINTS                                                                                                      \
    "Restoring to a point in time needs a copy of the whole server (pg_basebackup) and an archive of its write-ahead " \
    "log; it is not something of one database. Use pgBackRest, WAL-G or your provider's, beside these backups."

static ProtobufCMessage *get_wal_config(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    (void)input;
    if (!site_is_connected(context->site, call->status)) {
        return NULL;
    }
    struct pg_session *const session = pg_pool_take_pinned(context->site->pool, call->deadline, call->status);
    PG_RESULT(result) =
        session == NULL
            ? NULL
            : pg_query(session,
                       "SELECT pg_catalog.current_setting('wal_level'), pg_catalog.current_setting('archive_mode'), "
                       "a.archived_count, a.failed_count FROM pg_catalog.pg_stat_archiver a",
                       0, NULL, call->status);
    pg_pool_give(context->site->pool, session);
    if (result == NULL) {
        return NULL;
    }
    Truss__Backup__V1__WalConfig *const reply = NEW(call->arena, WalConfig, wal_config);
    reply->wal_level = arena_strdup(call->arena, pg_field(result, 0, 0));
    reply->archive_mode = arena_strdup(call->arena, pg_field(result, 0, 1));
    reply->_archived_count_case = TRUSS__BACKUP__V1__WAL_CONFIG___ARCHIVED_COUNT_ARCHIVED_COUNT;
    reply->archived_count = (double)pg_field_int(result, 0, 2, 0);
    reply->_failed_count_case = TRUSS__BACKUP__V1__WAL_CONFIG___FAILED_COUNT_FAILED_COUNT;
    reply->failed_count = (double)pg_field_int(result, 0, 3, 0);
    reply->message = message_string(NO_POINTS);
    return &reply->base;
}

static ProtobufCMessage *update_wal_config(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    (void)data;
    (void)input;
    status_fail(call->status, STATUS_UNIMPLEMENTED,
                "Archiving is a setting of the server (archive_mode, archive_command in postgresql.conf), which Truss "
                "does not change. " NO_POINTS);
    return NULL;
}

static ProtobufCMessage *restore_to_point(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    (void)data;
    (void)input;
    status_fail(call->status, STATUS_UNIMPLEMENTED, NO_POINTS);
    return NULL;
}

/* ---- files ---- */

static ProtobufCMessage *download(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const Truss__Backup__V1__DownloadBackupRequest *const message =
        (const Truss__Backup__V1__DownloadBackupRequest *)input;
    const struct backup_call means = call_of(context, call);
    const int64_t from = message->offset > INT64_MAX ? INT64_MAX : (int64_t)message->offset;
    struct download_piece piece;
    int64_t id;
    return site_is_connected(context->site, call->status) && read_id(message->id, &id, call->status) &&
                   download_begin(&means, context->downloads, id, from, &piece)
               ? &backup_piece_message(call->arena, &piece)->base
               : NULL;
}

static ProtobufCMessage *read_download(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    const struct backup_call means = call_of(context, call);
    struct download_piece piece;
    return download_next(&means, context->downloads,
                         ((const Truss__Backup__V1__ReadDownloadRequest *)input)->download_id, &piece)
               ? &backup_piece_message(call->arena, &piece)->base
               : NULL;
}

static ProtobufCMessage *close_download(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct backup_context *const context = data;
    Truss__Backup__V1__CloseDownloadResponse *const reply =
        MESSAGE_NEW(call->arena, Truss__Backup__V1__CloseDownloadResponse, truss__backup__v1__close_download_response);
    reply->closed =
        download_close(context->downloads, ((const Truss__Backup__V1__CloseDownloadRequest *)input)->download_id);
    return &reply->base;
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {list, RPC_LANE_READ, true, SCOPE_READ},
    {get, RPC_LANE_READ, true, SCOPE_READ},
    {create, RPC_LANE_READ, false, SCOPE_BRANCH},
    {delete_one, RPC_LANE_READ, false, SCOPE_ADMIN},
    {verify, RPC_LANE_READ, false, SCOPE_BRANCH},
    {restore, RPC_LANE_READ, false, SCOPE_BRANCH},
    {cancel, RPC_LANE_CANCEL, false, SCOPE_BRANCH},
    {get_schedule, RPC_LANE_READ, true, SCOPE_READ},
    {update_schedule, RPC_LANE_READ, false, SCOPE_ADMIN},
    {get_wal_config, RPC_LANE_READ, true, SCOPE_READ},
    {update_wal_config, RPC_LANE_READ, false, SCOPE_ADMIN},
    {restore_to_point, RPC_LANE_READ, false, SCOPE_ADMIN},
    {download, RPC_LANE_READ, false, SCOPE_ADMIN},
    {read_download, RPC_LANE_READ, false, SCOPE_ADMIN},
    {close_download, RPC_LANE_READ, false, SCOPE_ADMIN},
};

struct rpc_service backup_service(struct backup_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__backup__v1__backup_service__descriptor,
        .methods = methods,
        .context = context,
    };
}
