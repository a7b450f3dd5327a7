/*
 * In a guarded environment ("production") whoever changes something must type the database's name.
 */
#ifndef WORKER_CONFIRM_H
#define WORKER_CONFIRM_H

#include "migration/look/place.h"

/* Checks the typed name ("": none). Fails with FAILED_PRECONDITION (reason CONFIRM) if a name is required and missing
 * or of another database. */
bool confirm_check(const struct site *site, const char *name, struct status *status);

#endif
