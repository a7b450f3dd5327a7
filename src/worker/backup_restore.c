/*
 * The branch is made first, empty, and becomes active only when the whole dump is in it and was compared; otherwise it
 * is dropped. If the worker dies meanwhile, the branch stays "creating", and branch_reap drops it.
 */
#include "worker/backup_restore.h"

#include "base/log.h"

#include <inttypes.h>
#include <string.h>

#define STEP_MS 600000

struct restoring {
    const struct backup_call *call;
    const struct backup_job *job;
    struct backup_row row;
    struct branch_call branch_call;
    struct branch_row branch;
    const char *report;
};

static bool begin_branch(struct restoring *restoring)
{
    const struct backup_call *const call = restoring->call;
    struct backup_locale locale;
    if (!backup_locale_of(call, &restoring->row, &locale)) {
        return false;
    }
    const struct backup_job *const job = restoring->job;
    const bool is_try = job->task == BACKUP_TRY;
    const struct branch_new what = {
        .label = is_try                  ? "verification of a backup"
                 : job->label[0] != '\0' ? job->label
                                         : arena_printf(call->arena, "restore of backup %" PRId64, job->id),
        .parent = "",
        .ttl_hours = is_try ? 1 : job->ttl_hours,
        .created_by = job->created_by,
        .kind = "restore",
        .source = "backup",
        .on_busy = "",
        .data_at = restoring->row.created_at,
        .locale = {locale.encoding, locale.collate, locale.ctype, locale.provider, locale.locale, locale.rules},
    };
    restoring->branch_call.deadline = deadline_in(STEP_MS);
    return branch_begin_empty(&restoring->branch_call, &what, &restoring->branch);
}

/* On failure no branch is left. */
static bool fill_branch(struct restoring *restoring)
{
    const struct backup_call *const call = restoring->call;
    const struct conninfo into = conninfo_beside(call->arena, call->backups->conninfo, restoring->branch.branch);
    const bool ok = backup_restore(call, &restoring->row, &into, &restoring->report);
    restoring->branch_call.deadline = deadline_in(STEP_MS);
    if (ok && restoring->job->task == BACKUP_RESTORE) {
        return branch_complete(&restoring->branch_call, &restoring->branch);
    }
    struct status ignored = {.arena = call->arena};
    struct branch_call drop = restoring->branch_call;
    drop.status = &ignored;
    branch_abandon(&drop, &restoring->branch, ok ? "" : call->status->message);
    return ok;
}

static void tell(const struct restoring *restoring, bool ok, int64_t began)
{
    const struct backup_call *const call = restoring->call;
    const struct status outcome = *call->status;
    const bool is_try = restoring->job->task == BACKUP_TRY;
    struct status status = {.arena = call->arena};
    const struct backup_call end = {call->backups, call->arena, &status, deadline_in(STEP_MS)};
    backup_end(&end, &restoring->row,
               &(struct backup_outcome){
                   .verified = is_try && ok ? "restored" : NULL,
                   .restore_state = is_try                             ? NULL
                                    : ok                               ? "completed"
                                    : outcome.code == STATUS_CANCELLED ? "cancelled"
                                                                       : "failed",
                   .branch = ok && !is_try ? restoring->branch.branch : NULL,
                   .branch_id = ok && !is_try ? restoring->branch.id : 0,
                   .ms = (uint32_t)(clock_ms() - began),
                   .message = ok ? is_try ? "" : restoring->report : outcome.message,
                   .is_damaged = !ok && outcome.code == STATUS_DATA_LOSS,
               });
    log_info("backup restored", "id=%lld ok=%s branch=%s", (long long)restoring->row.id, ok ? "true" : "false",
             restoring->branch.branch == NULL ? "" : restoring->branch.branch);
}

void backup_restore_job(const struct backup_call *call, const struct branches *branches, const struct backup_job *job)
{
    struct restoring restoring = {
        .call = call,
        .job = job,
        .branch_call = {.branches = branches, .arena = call->arena, .status = call->status},
    };
    const int64_t began = clock_ms();
    if (backup_get(call, job->id, &restoring.row)) {
        tell(&restoring, begin_branch(&restoring) && fill_branch(&restoring), began);
    }
}
