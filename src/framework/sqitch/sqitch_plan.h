/*
 * sqitch.plan: changes and tags in order, with the ids that Sqitch computes for them.
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

#define SQITCH_ID_SIZE 40 /* of an id: a SHA-1 in hexadecimal */

struct sqitch_tag {
    const char *id;
    const char *name; /* "@v1.0.0" */
    struct sqitch_planning planning;
};

struct sqitch_change {
    const struct sqitch_plan *plan;
    const char *id;
    const char *name;
    const char *script; /* "deploy/posts.sql"; "deploy/posts@v1.sql" for one that was reworked later */
    struct sqitch_planning planning;
    const char *const *requires; /* as written; NULL-terminated */
    const char *const *conflicts;
    struct sqitch_tag *tags; /* those after it */
    size_t tag_count;
};

struct sqitch_plan {
    const char *project;
    const char *uri; /* NULL: none */
    struct sqitch_change *changes;
    size_t count;
};

/* Where a plan and its scripts are. */
struct sqitch_place {
    const char *root;      /* what the other paths are relative to; NULL: no file is looked for */
    const char *plan;      /* "sqitch.plan" */
    const char *deploy;    /* the directory of the scripts: "deploy" */
    const char *reworked;  /* … of those of changes that were reworked later: "deploy", too */
    const char *extension; /* of the scripts: "sql" */
    bool verifies;         /* sqitch runs verify scripts in each deploy */
};

extern const struct sqitch_place sqitch_usual;

/* Parses a plan; FAILED_PRECONDITION with the line if it is invalid. */
const struct sqitch_plan *sqitch_plan_parse(struct arena *arena, struct text content, const struct sqitch_place *place,
                                            struct status *status);

/* The first change with this name, or that of name@tag, or of @tag alone, before `end`; NULL: none. */
const struct sqitch_change *sqitch_plan_find(const struct sqitch_plan *plan, const char *name, size_t end);

#endif
