/*
 * The words of a definition that count in a comparison: without what PostgreSQL omits or adds when it prints a
 * definition.
 */
#ifndef MIGRATION_LOOK_DEFINITION_WORDS_H
#define MIGRATION_LOOK_DEFINITION_WORDS_H

#include "base/text.h"
#include "base/words.h"
#include "sql/lexer.h"

enum definition_match {
    DEFINITION_SAME,
    DEFINITION_DIFFERENT,
    DEFINITION_UNKNOWN, /* written differently, but they may mean the same */
};

/* A token as it is compared: a name as PostgreSQL stores it; a string as its content with a quote in front. */
const char *definition_word(struct arena *arena, const struct sql_token *token);

/* The words of a definition that count. is_one_of_several: stop at the first comma outside of parentheses. */
struct words definition_words(struct arena *arena, struct text text, bool is_one_of_several);

/* Compares word by word. Returns false also if there are too many words to compare. */
bool definition_words_equal(const struct words *a, const struct words *b);

#endif
