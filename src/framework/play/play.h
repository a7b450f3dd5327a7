/*
 * Play's Evolutions: what its parts share.
 */
#ifndef FRAMEWORK_PLAY_PLAY_H
#define FRAMEWORK_PLAY_PLAY_H

#include "framework/core/framework.h"

#define PLAY_PREFIX "$evolutions{{{" /* of a variable in a script */

struct play_settings {
    const char *prefix;
};

/* Finds the folder of each database: conf/evolutions/default. */
bool play_find(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
               struct status *status);

#endif
