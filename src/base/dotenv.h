/*
 * The .env file beside a project, where DATABASE_URL usually is. Read as the dotenv package of Node.js does: KEY=value,
 * "export " in front, '…' and "…" and `…` quotes, # comments, "\n" escapes in double quotes; and ${OTHER} or $OTHER
 * replaced as dotenv-expand does, from the file or the environment.
 */
#ifndef BASE_DOTENV_H
#define BASE_DOTENV_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* The value of a key in the text of a .env file; NULL where it is not set there. The last one counts. */
const char *dotenv_value(struct arena *arena, struct text content, const char *key);

/* The value of a key in the file DIR/.env. True with *value NULL where there is no such file or no such key; false
 * where the file is there and cannot be read. */
bool dotenv_read(struct arena *arena, const char *dir, const char *key, const char **value, struct status *status);

/* The same of another file of that kind, by its path: "app/.env.local". */
bool dotenv_read_file(struct arena *arena, const char *path, const char *key, const char **value,
                      struct status *status);

/* Where a project says which database is its own: DATABASE_URL in its .env, else in the .env beside Prisma's schema.
 * *url is NULL where neither has it. False where one is there and cannot be read, and nothing else says it. */
bool dotenv_database_url(struct arena *arena, const char *project, const char **url, struct status *status);

#endif
