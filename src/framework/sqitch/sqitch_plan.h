/*
 * sqitch.plan: changes and tags in their order, with the ids that Sqitch makes of them.
 */
#ifndef FRAMEWORK_SQITCH_SQITCH_PLAN_H
#define FRAMEWORK_SQITCH_SQITCH_PLAN_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Who planned it, when and why. */
struct sqitch_planning {
    const char *at; /* "2026-11-23T08:58:55Z" */
    const char *name;
    const char *email;
    const char *note;
};

struct sqitch_tag {
    const char *id;
    const char *name; /* "@v1.0.0" */
    struct sqitch_planning planning;
};

struct sqitch_change {
    const struct sqitch_plan *plan;
    const char *id;
    const char *name;
    const char *script; /* "deploy/posts.sql"; of one that was reworked later "deploy/posts@v1.sql" */
    struct sqitch_planning planning;
    const char **requires; /* as written; NULL-terminated */
    const char **conflicts;
    struct sqitch_tag *tags; /* those that stand behind it */
    size_t tag_count;
};

struct sqitch_plan {
    const char *project;
    const char *uri; /* NULL: none */
    struct sqitch_change *changes;
    size_t count;
};

/* Reads a plan; FAILED_PRECONDITION with the line where it is none. */
const struct sqitch_plan *sqitch_plan_parse(struct arena *arena, struct text content, struct status *status);

/* The change of this name (or name@tag) before `end`; NULL where there is none. */
const struct sqitch_change *sqitch_plan_find(const struct sqitch_plan *plan, const char *name, size_t end);

#endif
