/*
 * Opens and closes the workbench.
 */
#ifndef WORKBENCH_OPENING_H
#define WORKBENCH_OPENING_H

#include "workbench/workbench.h"

/* Opens it with these settings, which are borrowed. */
void workbench_open(struct workbench *workbench);
/* Cancels what is running, soon. */
void workbench_stop(struct workbench *workbench);
void workbench_close(struct workbench *workbench);

#endif
