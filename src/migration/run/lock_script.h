/*
 * What a script may do to the locks of its run, judged by its words.
 */
#ifndef MIGRATION_RUN_LOCK_SCRIPT_H
#define MIGRATION_RUN_LOCK_SCRIPT_H

#include "base/text.h"

/* May this script release locks? A script whose statements only define things calls no functions, except through event
 * triggers, which a superuser has created. */
bool lock_may_be_let_go(struct text script);

#endif
