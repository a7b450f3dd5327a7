/*
 * Branches as messages of truss.branch.v1, in the arena; they borrow the strings.
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

/* The events, numbered from after + 1, and the failure if there is one. The caller adds the branch. */
Truss__Branch__V1__WaitBranchResponse *branch_news_message(struct arena *arena, const struct branch_news *news,
                                                           uint32_t after);

#endif
