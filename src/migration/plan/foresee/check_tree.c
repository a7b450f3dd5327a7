/*
 * One pass over the text. A brace that belongs to no node is escaped by a backslash (outToken in outfuncs.c).
 */
#include "migration/plan/foresee/check_tree.h"

#include <string.h>

#define AND      "{BOOLEXPR :boolop and "
#define NOT_NULL "{NULLTEST :arg {VAR :varno 1 :varattno "
#define OF_VALUE " :nulltesttype 1 :argisrow false "

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Does the node that begins here say that the column is not NULL? A VAR contains no nodes. */
static bool is_not_null(const char *node, const char *column)
{
    const size_t size = strlen(column);
    const char *const number = node + strlen(NOT_NULL);
    const char *const end = begins(node, NOT_NULL) ? strchr(number, '}') : NULL;
    return end != NULL && strncmp(number, column, size) == 0 && number[size] == ' ' && begins(end + 1, OF_VALUE);
}

/* ands: the depth up to which all enclosing nodes are ANDs. */
bool check_tree_proves(const char *tree, const char *column)
{
    size_t depth = 0;
    size_t ands = 0;
    bool proves = false;
    for (const char *at = tree; !proves && *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == '{') {
            proves = depth == ands && is_not_null(at, column);
            ands += depth == ands && begins(at, AND) ? 1 : 0;
            depth++;
        } else if (*at == '}' && depth > 0) {
            depth--;
            ands = ands > depth ? depth : ands;
        }
    }
    return proves;
}
