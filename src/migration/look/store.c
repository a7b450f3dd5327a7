/*
 * The last table of the list stands for all: they are created in one transaction.
 */
#include "migration/look/store.h"

#include "pg/own_tables.h"

bool store_exists(struct pg_session *session, bool *exists, struct status *status)
{
    static const struct own_tables tables = {.last = STORE_LAST};
    return own_tables_exist(session, &tables, exists, status);
}
