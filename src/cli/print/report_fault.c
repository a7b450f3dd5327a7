#include "cli/print/report_formats.h"

#include "cli/print/output.h"

const char *report_fault(const Truss__Migration__V1__Migration *migration)
{
    if (migration->detail_state == TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED) {
        return "An attempt at it failed and is not resolved.";
    }
    switch (migration->state) {
    case TRUSS__MIGRATION__V1__STATE__STATE_MODIFIED:
        return "It is applied, and its file was edited since.";
    case TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED:
        return "It is applied, and its file is missing.";
    case TRUSS__MIGRATION__V1__STATE__STATE_APPLIED:
    case TRUSS__MIGRATION__V1__STATE__STATE_PENDING:
        return NULL;
    default:
        return "What became of it is not known.";
    }
}

const char *report_pending(struct arena *arena, const Truss__Migration__V1__Migration *migration)
{
    const Truss__Migration__V1__FailedAttempt *const failure = migration->last_failure;
    if (failure == NULL) {
        return "It is pending.";
    }
    return arena_printf(arena, "It is pending; the last attempt failed (%s)%s: %s",
                        failure->at == NULL ? "?" : output_moment(arena, failure->at),
                        failure->_file_changed_case != 0 && failure->file_changed ? ", and the file was changed since"
                                                                                  : "",
                        failure->message);
}
