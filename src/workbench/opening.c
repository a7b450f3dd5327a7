/*
 * A worker's workbench: how it is made, ended and released.
 */
#include "workbench/opening.h"

#include "workbench/export.h"

void workbench_open(struct workbench *workbench)
{
    workbench->pool = workbench->conninfo == NULL ? NULL : pg_pool_new(workbench->conninfo, WORKBENCH_CONNECTIONS);
    workbench->running = running_new();
    workbench->exports = exports_new();
}

void workbench_stop(struct workbench *workbench)
{
    running_cancel_all(workbench->running);
}

void workbench_close(struct workbench *workbench)
{
    exports_free(workbench->exports);
    pg_pool_free(workbench->pool);
    running_free(workbench->running);
}
