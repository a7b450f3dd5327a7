/*
 * The findings in a plan: statements that fail or block readers or writers, with their places in a file.
 */
#ifndef CLI_PRINT_FINDINGS_H
#define CLI_PRINT_FINDINGS_H

#include "base/arena.h"
#include "truss/migration/v1/migration.pb-c.h"

enum rule { RULE_STOPS_WRITERS, RULE_EVERY_ROW, RULE_MAY_BLOCK, RULE_STOPS_READERS, RULE_LOSES_DATA, RULE_FAILS };

/* A statement that blocks somebody, or may, or takes every row, or loses data, or that cannot succeed. */
struct finding {
    const Truss__Migration__V1__PlannedMigration *migration;
    const char *path;
    const Truss__Migration__V1__PlannedStatement *statement;
    enum rule rule;
    const char *text;
};

struct findings {
    struct arena *arena;
    struct finding *items;
    size_t count;
    size_t capacity;
};

/* Collects them, in the arena. The status tells where the files are. */
struct findings findings_of(struct arena *arena, const Truss__Migration__V1__PlanResponse *reply,
                            const Truss__Migration__V1__GetStatusResponse *status);

/* Is this failure of the plan about no particular statement? Failures of statements are findings. */
bool findings_is_general(const Truss__Migration__V1__PlanResponse *reply, const char *failure);

/* The file's path in the project; only the filename if the folder is "". */
const char *findings_path(struct arena *arena, const char *folder, const char *filename);

/* The filename of a migration according to the status; its name if that is not known. */
const char *findings_filename(const Truss__Migration__V1__GetStatusResponse *status, const char *name);

#endif
