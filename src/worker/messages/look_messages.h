/*
 * What was inspected, marked or created, as messages in the arena; they borrow the strings.
 */
#ifndef WORKER_MESSAGES_LOOK_MESSAGES_H
#define WORKER_MESSAGES_LOOK_MESSAGES_H

#include "migration/look/schema.h"
#include "migration/past/past.h"
#include "migration/plan/check/check.h"
#include "migration/plan/preview.h"
#include "migration/run/baseline.h"
#include "migration/run/mark.h"
#include "truss/migration/v1/migration.pb-c.h"

Truss__Migration__V1__PreviewResponse *preview_message(struct arena *arena, const struct preview *found);
Truss__Migration__V1__DiffResponse *diff_message(struct arena *arena, const struct past *past);
Truss__Migration__V1__CheckResponse *check_message(struct arena *arena, const struct check *found);
Truss__Migration__V1__DetectSchemaResponse *findings_message(struct arena *arena, const struct schema_findings *found);
Truss__Migration__V1__CreateResponse *created_message(struct arena *arena, const struct created *created);

/* told, message: what was done, in a sentence. */
Truss__Migration__V1__MarkAppliedResponse *mark_applied_message(struct arena *arena, const struct mark_told *told);
Truss__Migration__V1__MarkRolledBackResponse *mark_rolled_back_message(struct arena *arena, const char *message);

Truss__Migration__V1__BaselineResponse *baseline_message(struct arena *arena, const struct baseline_result *result,
                                                         bool dry_run);

#endif
