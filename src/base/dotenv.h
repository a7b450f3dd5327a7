/*
 * The .env file of a project, which usually contains DATABASE_URL. Parsed like Node.js's dotenv package (16.4):
 * KEY=value or KEY: value, an optional "export ", the quotes '…', "…" and `…`, # comments, "\n" escapes in double
 * quotes. ${OTHER} and $OTHER are replaced like dotenv-expand does, from the file or the environment;
 * but a project gets none of Truss's own variables (TRUSS_…, AWS_…, OTEL_…).
 */
#ifndef BASE_DOTENV_H
#define BASE_DOTENV_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "base/words.h"

/* The value of a key in the text of a .env file; NULL if it is not set. The last one counts. A variable in it that is
 * set nowhere is empty, as for dotenv-expand. */
const char *dotenv_value(struct arena *arena, struct text content, const char *key);

/* The value of a key in DIR/.env. *value is NULL if the file or the key does not exist. Fails if the file exists and
 * cannot be read, or if the value has a variable that is set nowhere: without it a URL would be one of another
 * database. */
bool dotenv_read(struct arena *arena, const char *dir, const char *key, const char **value, struct status *status);

/* The same for a file given by its path: "app/.env.local". */
bool dotenv_read_file(struct arena *arena, const char *path, const char *key, const char **value,
                      struct status *status);

/* A value that is read, and the names of the environment's variables in it, which are added. */
struct dotenv_taken {
    const char **value;
    struct words *names;
};

/* The same, and says which variables of the environment were put in. */
bool dotenv_read_taking(struct arena *arena, const char *path, const char *key, const struct dotenv_taken *taken,
                        struct status *status);

/* The project's own database for migrations: the variable that Prisma takes for them (direct_url.h), in the environment
 * or in a .env, else DATABASE_URL in a .env. The project's .env counts before the one beside Prisma's schema. *url is
 * NULL if none has it. Fails if one exists and cannot be read, and the other does not have it. */
bool dotenv_database_url(struct arena *arena, const char *project, const char **url, struct status *status);

#endif
