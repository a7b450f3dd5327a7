/*
 * A refused request is recorded with its caller, who therefore cannot be the one who approves it.
 */
#include "worker/approvals.h"

#include "base/clock.h"

#include <string.h>

#define SHOWN_WHAT 300

static const char *moment(struct arena *arena, int64_t us)
{
    char text[RFC3339_SIZE];
    clock_rfc3339(us - us % 1000000, text);
    return arena_strdup(arena, text);
}

/* The reason, for after "…, and ". */
static const char *why_not(struct arena *arena, const struct approval *one, bool found)
{
    if (!found || one->state == APPROVAL_WAITING) {
        return "nobody has approved this yet";
    }
    if (one->state == APPROVAL_EXPIRED) {
        return arena_printf(arena, "the approval by \"%s\" was good until %s", one->approved_by,
                            moment(arena, one->expires_at));
    }
    return one->state == APPROVAL_REVOKED ? arena_printf(arena, "the approval by \"%s\" was taken back by \"%s\"",
                                                         one->approved_by, one->revoked_by)
                                          : "it was you who approved this";
}

static bool refuse(const struct act *act, const char *why, struct status *status)
{
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_NEEDS_APPROVAL,
                        "%sere another person approves what runs and what is marked, and %s: %s.",
                        act->is_trial ? "H" : "Nothing was done: h", why,
                        text_clean(status->arena, act->what, SHOWN_WHAT));
    status->hint = arena_printf(
        status->arena, "Ask somebody else who may approve to look at it, and to say: truss approve %s", act->hash);
    return false;
}

static bool may(void *data, struct pg_session *session, const struct act *act, struct status *status)
{
    struct approval_asker *const asker = data;
    struct approval one = {0};
    bool found;
    if (!approvals_find(session, act->hash, &one, &found, status)) {
        return false;
    }
    if (found && one.state == APPROVAL_GIVEN && strcmp(one.approved_by, asker->who) != 0) {
        asker->approved_by = one.approved_by;
        return true;
    }
    const struct approval asked = {.hash = act->hash, .what = act->what, .requested_by = asker->who};
    const bool is_told = act->is_trial || (found && one.requested_at != NO_TIME);
    return (is_told || approvals_request(session, &asked, status)) &&
           refuse(act, why_not(status->arena, &one, found), status);
}

const struct permission *approval_needed(const struct approval_rule *rule, const char *who,
                                         struct approval_asker *asker)
{
    *asker = (struct approval_asker){.who = who, .approved_by = "", .permission = {.may = may, .data = asker}};
    return rule->is_required ? &asker->permission : NULL;
}
