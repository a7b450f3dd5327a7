/*
 * What src/branch gives, as messages of truss.branch.v1.
 */
#ifndef WORKER_MESSAGES_BRANCH_MESSAGES_H
#define WORKER_MESSAGES_BRANCH_MESSAGES_H

#include "branch/branch.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "worker/branch_jobs.h"

Truss__Branch__V1__Branch *branch_message(struct arena *arena, const struct branch_row *row);

Truss__Branch__V1__ListBranchesResponse *branches_message(struct arena *arena, const struct branch_list *list);

Truss__Branch__V1__DiffBranchResponse *branch_diff_message(struct arena *arena, const struct branch_row *row,
                                                           const struct branch_differences *differences);

/* Its events, numbered behind `after`, and why it failed where it did; the branch is left to the caller. */
Truss__Branch__V1__WaitBranchResponse *branch_news_message(struct arena *arena, const struct branch_news *news,
                                                           uint32_t after);

#endif
