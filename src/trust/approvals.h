/*
 * truss.approvals: what was asked for and refused for want of another person's word, and who gave it. A row is of one
 * hash in one database: of a plan, or of a mark. The server's clock decides, so that all workers agree.
 *
 * An approval is good until its time is over, and not for one run only: a run that could not have its lock is run again
 * without a second word, and one that changed something is another plan behind it, which nobody has approved.
 */
#ifndef TRUST_APPROVALS_H
#define TRUST_APPROVALS_H

#include "pg/session.h"

#include <stdbool.h>
#include <stdint.h>

#define APPROVALS_MOST         1000 /* rows that are listed */
#define APPROVAL_COMMENT_LIMIT 1000 /* bytes */

enum approval_state {
    APPROVAL_WAITING = 1, /* nobody has approved it */
    APPROVAL_GIVEN,
    APPROVAL_EXPIRED,
    APPROVAL_REVOKED,
};

/* Texts are "" and times NO_TIME (else microseconds since 1970) where there is nothing to say. */
struct approval {
    const char *hash;
    const char *what; /* "run 20250110093012_init" */
    enum approval_state state;
    const char *requested_by; /* who was refused first; he may not approve it */
    int64_t requested_at;
    const char *approved_by;
    int64_t approved_at;
    int64_t expires_at;
    const char *comment;
    const char *revoked_by;
    int64_t revoked_at;
};

/* All of the following take a session outside of a transaction, and what they find is in the status's arena. */

/* Writes down who was refused for what, where nobody was before; makes the table where it is missing. Rows go 30 days
 * after they were asked for, over or taken back. */
bool approvals_request(struct pg_session *session, const struct approval *asked, struct status *status);

/* *found: is there one? No table is none. */
bool approvals_find(struct pg_session *session, const char *hash, struct approval *approval, bool *found,
                    struct status *status);

/* Gives one, for so long; what was given, taken back or over before is replaced. The row is made where nobody has asked
 * yet. *given is false, and nothing was changed, where he who approves is who asked for it. */
bool approvals_give(struct pg_session *session, const struct approval *wish, uint32_t for_ms, bool *given,
                    struct status *status);

/* Takes it back. *found false: there is none that could be. */
bool approvals_revoke(struct pg_session *session, const char *hash, const char *who, bool *found,
                      struct status *status);

/* The newest first. */
bool approvals_list(struct pg_session *session, uint32_t most, struct approval **rows, size_t *count,
                    struct status *status);

#endif
