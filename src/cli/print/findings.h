/*
 * What a plan has that fails, or stops readers or writers, with its place in a file.
 */
#ifndef CLI_PRINT_FINDINGS_H
#define CLI_PRINT_FINDINGS_H

#include "base/arena.h"
#include "truss/migration/v1/migration.pb-c.h"

enum rule { RULE_STOPS_WRITERS, RULE_MAY_BLOCK, RULE_STOPS_READERS, RULE_FAILS };

/* A statement that stops somebody, or may, or that cannot succeed. */
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

/* All of them, in the arena. The status tells where the files are. */
struct findings findings_of(struct arena *arena, const Truss__Migration__V1__PlanResponse *reply,
                            const Truss__Migration__V1__GetStatusResponse *status);

/* Does a failure that the plan tells of belong to no statement of its own? Those that do are findings already. */
bool findings_is_general(const Truss__Migration__V1__PlanResponse *reply, const char *failure);

/* The file's path in the project; the filename alone where the folder is "". */
const char *findings_path(struct arena *arena, const char *folder, const char *filename);

/* The filename of a migration as the status has it; its name where that does not know it. */
const char *findings_filename(const Truss__Migration__V1__GetStatusResponse *status, const char *name);

#endif
