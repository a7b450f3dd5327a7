/*
 * Four eyes during a call: whether the caller needs another person's approval, whether there is one, and the message if
 * there is none.
 */
#ifndef WORKER_APPROVALS_H
#define WORKER_APPROVALS_H

#include "base/principal.h"
#include "migration/look/permission.h"
#include "trust/approvals.h"

/* A worker's rule. */
struct approval_rule {
    bool is_required;
    uint32_t for_ms; /* how long an approval is good */
};

/* The caller of one request; lives as long as that. */
struct approval_asker {
    const char *who;
    const char *approved_by; /* set when the call was allowed; "" before */
    struct permission permission;
};

/* Returns the permission that a request of this caller needs; it is stored in `asker`, which must outlive the request.
 * NULL if the worker requires no approvals. `who` is borrowed. */
const struct permission *approval_needed(const struct approval_rule *rule, const char *who,
                                         struct approval_asker *asker);

#endif
