/*
 * A typed name is checked even if none is required: whoever typed another one meant another database.
 */
#include "worker/confirm.h"

#include <string.h>

bool confirm_check(const struct site *site, const char *name, struct status *status)
{
    const char *const database = site->conninfo == NULL ? NULL : site->conninfo->place.database;
    if (database == NULL || (site->environment == NULL && name[0] == '\0') || strcmp(name, database) == 0) {
        return true; /* without a database nothing can be changed, which is reported elsewhere */
    }
    if (name[0] == '\0') {
        status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_CONFIRM,
                            "This is %s: say the name of the database (%s) to change something there.",
                            site->environment, database);
        status->hint = "Say it by --confirm (in a request: confirm).";
        return false;
    }
    return status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_CONFIRM,
                               "The database here is \"%s\", and not \"%s\": nothing was done.", database, name);
}
