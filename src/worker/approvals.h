/*
 * Four eyes at a call: who asks, whether another one has approved it, and what he is told where nobody has.
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

/* One who asks; as long as his request. */
struct approval_asker {
    const char *who;
    const char *approved_by; /* set when he was allowed; "" before */
    struct permission permission;
};

/* The permission that a request of this principal needs, in asker, which outlives the request; NULL where the worker
 * asks for none. `who` is borrowed. */
const struct permission *approval_needed(const struct approval_rule *rule, const char *who,
                                         struct approval_asker *asker);

#endif
