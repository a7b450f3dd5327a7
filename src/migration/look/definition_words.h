/*
 * The words of a definition that count when it is compared: without what PostgreSQL leaves out or adds when it prints
 * its own.
 */
#ifndef MIGRATION_LOOK_DEFINITION_WORDS_H
#define MIGRATION_LOOK_DEFINITION_WORDS_H

#include "base/text.h"
#include "base/words.h"
#include "sql/lexer.h"

enum definition_match {
    DEFINITION_SAME,
    DEFINITION_DIFFERENT,
    DEFINITION_UNKNOWN, /* they are written differently, and may mean the same */
};

/* A word as it is compared: names as PostgreSQL keeps them, strings by what they hold behind a quote. */
const char *definition_word(struct arena *arena, const struct sql_token *token);

/* The words of a definition that count, up to a comma at the level `depth` 0 where it is one of several. */
struct words definition_words(struct arena *arena, struct text text, bool is_one_of_several);

/* False where there are too many to be compared. */
bool definition_words_equal(const struct words *a, const struct words *b);

#endif
