/*
 * Whether what a document defines fits together: TOML 1.0 defines each key and each table once, and nothing is a value
 * and a table.
 */
#ifndef BASE_TOML_TABLES_H
#define BASE_TOML_TABLES_H

#include "base/toml.h"

/* Fails with INVALID_ARGUMENT, with the file's name and the line of the second definition, the first such line of the
 * document. Takes n log n time for n parts of keys. */
bool toml_check_tables(struct arena *arena, const struct toml *toml, struct status *status);

#endif
