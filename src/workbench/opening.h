/*
 * Opening and closing the workbench.
 */
#ifndef WORKBENCH_OPENING_H
#define WORKBENCH_OPENING_H

#include "workbench/workbench.h"

/* Opens what the settings say; they are borrowed. */
void workbench_open(struct workbench *workbench);
/* Ends what is under way, soon. */
void workbench_stop(struct workbench *workbench);
void workbench_close(struct workbench *workbench);

#endif
