/*
 * How a folder is recognised, as a framework's facts write it. A line of evidence is a list of conditions with " & "
 * between them, all of which must hold:
 *
 *     *.up.sql                 the folder has such a file (a pattern: pattern.h); with a slash at its end, a directory,
 *                              with its script if migrations are directories
 *     ./atlas.sum              the folder has this file
 *     *.sql: -- migrate:up     … whose first 4 kB contain this; "--" begins a comment line, with any text after it
 *     *.js: up(|up: : knex     … one of these words, and also the one after the next colon
 *     go.mod                   the package has this file; with a slash at its end, this directory
 *     ~*.csproj: Evolve        the package has a file whose name fits the pattern and that contains this
 *     go.mod: uptrace/bun      … that contains this, in go.mod not as "indirect"; "package.json: knex" is a dependency
 *     in supabase/migrations   the folder has this path
 *     below extensions         it is in such a directory
 *     configured               the package has its configuration
 *     !package.json: directus  not
 */
#ifndef FRAMEWORK_CORE_EVIDENCE_H
#define FRAMEWORK_CORE_EVIDENCE_H

#include "framework/core/framework.h"

/* Looks into folder->root/folder->path, a directory that exists, for its framework's evidence. Returns false if there
 * is none; otherwise sets confidence, and evidence if that is not set yet. */
bool evidence_find(struct arena *arena, struct folder *folder);

/* Does one such line hold? The folder need not exist if no condition is about its content. */
bool evidence_holds(struct arena *arena, const struct folder *folder, const char *line);

#endif
