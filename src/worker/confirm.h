/*
 * In an environment ("production") who changes something types the name of the database.
 */
#ifndef WORKER_CONFIRM_H
#define WORKER_CONFIRM_H

#include "migration/look/place.h"

/* name: what was typed; "": nothing. False and FAILED_PRECONDITION (reason CONFIRM) where a name is wanted, or another
 * database's was typed. */
bool confirm_check(const struct site *site, const char *name, struct status *status);

#endif
