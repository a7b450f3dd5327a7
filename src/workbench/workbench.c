/*
 * The description of the workbench.
 */
#include "workbench/workbench.h"

const char *workbench_warning(const struct workbench *workbench, struct arena *arena)
{
    if (workbench->conninfo == NULL || workbench->role != NULL || workbench->has_own_url) {
        return NULL;
    }
    const char *const user = conninfo_value(workbench->conninfo, "user");
    return arena_printf(arena,
                        "The SQL workbench reads with the rights of %s, who may write. Give it a role that only reads: "
                        "--sql-role, or --sql-url.",
                        user == NULL ? "the connection's user" : user);
}
