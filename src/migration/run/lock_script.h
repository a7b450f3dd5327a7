/*
 * What a script may do to the locks of its run, by its words.
 */
#ifndef MIGRATION_RUN_LOCK_SCRIPT_H
#define MIGRATION_RUN_LOCK_SCRIPT_H

#include "base/text.h"

/* May running this script let locks go? It calls no function where all its statements only define something, but for
 * event triggers, which a superuser has made. */
bool lock_may_be_let_go(struct text script);

#endif
