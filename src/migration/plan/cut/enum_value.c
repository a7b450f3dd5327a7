#include "migration/plan/cut/enum_value.h"

#include "sql/classify.h"
#include "sql/lexer.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

const char *enum_value_added(struct arena *arena, struct text statement)
{
    const char *value = sql_added_enum_value(arena, statement);
    struct buffer quoted = {.arena = arena};
    for (; value != NULL && *value != '\0'; value++) {
        buffer_puts(&quoted, *value == '\'' ? "'" : "");
        buffer_putc(&quoted, *value);
    }
    return value == NULL ? NULL : buffer_string(&quoted);
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Does the string contain the value, not as a part of a longer word? */
static bool string_mentions(struct text string, const char *value)
{
    const size_t size = strlen(value);
    const struct text inner = text_slice(string, 0, string.size - 1);
    for (size_t at = text_find(inner, value, 1); at != SIZE_MAX; at = text_find(inner, value, at + 1)) {
        if (!is_letter(string.data[at - 1]) && !is_letter(string.data[at + size])) {
            return true;
        }
    }
    return false;
}

bool enum_value_is_used(struct text statement, const char *value)
{
    static const char *const all[] = {"enum_range", "enum_last", "enum_first", NULL};
    const bool is_there = text_find(statement, value, 0) != SIZE_MAX;
    struct sql_lexer lexer = {.text = statement};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        if ((is_there && token.kind == SQL_STRING && string_mentions(token.text, value)) ||
            sql_is_any_word(&token, all)) {
            return true;
        }
    }
    return false;
}
