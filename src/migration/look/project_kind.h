/*
 * Words and URLs of a project's configuration that name another kind of database than PostgreSQL.
 */
#ifndef MIGRATION_LOOK_PROJECT_KIND_H
#define MIGRATION_LOOK_PROJECT_KIND_H

#include "base/text.h"

/* "MySQL" for "mysql2", "SQLite" for "better-sqlite3"; NULL: PostgreSQL, or not known. value: of a setting like client,
 * dialect or adapter. */
const char *project_kind_of_word(const char *value);

/* "MySQL" for a text that begins with mysql://, mysql+pymysql:// or jdbc:mysql:; NULL: it begins with none of these. */
const char *project_kind_of_url(struct text text);

#endif
