/*
 * What a folder is recognised by, as a framework's facts write it. A line of evidence is conditions joined by " & ",
 * all of which must hold:
 *
 *   *.up.sql                 the folder has such a file (a pattern: pattern.h); with a slash at its end, a directory,
 *                            with its script where migrations are directories
 *   ./atlas.sum              the folder has this file
 *   *.sql: -- migrate:up     … whose first 4 kB have this; what begins with "--" is a line of comment, whatever follows
 *   *.js: up(|up: : knex     … one of these words, and the one behind the next colon as well
 *   go.mod                   the package has this file; with a slash at its end, this directory
 *   ~*.csproj: Evolve        a file of the package whose name fits the pattern, and which names this
 *   go.mod: uptrace/bun      … which names this, in go.mod not as "indirect"; "package.json: knex" is a dependency
 *   in supabase/migrations   the folder is called so
 *   below extensions         it is in such a directory
 *   configured               the package has its configuration
 *   !package.json: directus  not
 */
#ifndef FRAMEWORK_CORE_EVIDENCE_H
#define FRAMEWORK_CORE_EVIDENCE_H

#include "framework/core/framework.h"

/* Looks into folder->root/folder->path, a directory that exists, for what its framework's facts say. False: not one of
 * these. Else sets confidence, and evidence where there is none yet. */
bool evidence_find(struct arena *arena, struct folder *folder);

/* Does one such line hold? Where no condition of it is about what is in the folder, that need not be there. */
bool evidence_holds(struct arena *arena, const struct folder *folder, const char *line);

#endif
