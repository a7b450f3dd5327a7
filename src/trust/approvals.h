/*
 * truss.approvals: requests that were refused because they need another person's approval, and who gave it. A row is
 * for one hash in one database: of a plan or of a mark. The server's clock decides, so that all workers agree.
 *
 * An approval is valid until it expires, not for a single run: a run that did not get its lock can be repeated, and
 * after a run that changed something the plan is another one, which nobody has approved.
 */
#ifndef TRUST_APPROVALS_H
#define TRUST_APPROVALS_H

#include "pg/session.h"

#include <stdbool.h>
#include <stdint.h>

#define APPROVALS_MOST         1000 /* rows in a list */
#define APPROVAL_COMMENT_LIMIT 1000 /* bytes */

enum approval_state {
    APPROVAL_WAITING = 1, /* not approved yet */
    APPROVAL_GIVEN,
    APPROVAL_EXPIRED,
    APPROVAL_REVOKED,
};

/* Texts are "" and times NO_TIME (else microseconds since 1970) if there is nothing to say. */
struct approval {
    const char *hash;
    const char *what; /* "run 20250110093012_init" */
    enum approval_state state;
    const char *requested_by; /* who was refused first, and therefore may not approve it */
    int64_t requested_at;
    const char *approved_by;
    int64_t approved_at;
    int64_t expires_at;
    const char *comment;
    const char *revoked_by;
    int64_t revoked_at;
};

/* All of these functions need a session outside a transaction; results are in the status's arena. */

/* Stores who was refused for what, if nobody was before; creates the table if necessary. Rows are deleted 30 days after
 * the request, expiry or revocation. */
bool approvals_request(struct pg_session *session, const struct approval *asked, struct status *status);

/* *found: there is one. A missing table counts as none. */
bool approvals_find(struct pg_session *session, const char *hash, struct approval *approval, bool *found,
                    struct status *status);

/* Approves for for_ms; replaces an earlier, revoked or expired approval. Adds the row if nobody has requested it.
 * *given is false, and nothing was changed, if the approver is the requester. */
bool approvals_give(struct pg_session *session, const struct approval *wish, uint32_t for_ms, bool *given,
                    struct status *status);

/* Revokes an approval. *found is false if there is none to revoke. */
bool approvals_revoke(struct pg_session *session, const char *hash, const char *who, bool *found,
                      struct status *status);

/* Newest first. */
bool approvals_list(struct pg_session *session, uint32_t most, struct approval **rows, size_t *count,
                    struct status *status);

#endif
