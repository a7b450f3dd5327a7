/*
 * The tokens of a program in Python, as far as settings need them: strings, names and signs. Nothing is executed.
 */
#ifndef FRAMEWORK_CODED_PYTHON_H
#define FRAMEWORK_CODED_PYTHON_H

#include "base/text.h"

enum python_kind {
    PYTHON_STRING,   /* a literal without escapes; text is what is between the quotes */
    PYTHON_COMPUTED, /* a string with escapes or of another kind (f"…", b"…") */
    PYTHON_NAME,     /* a name or a number */
    PYTHON_SIGN,     /* one character */
};

struct python_token {
    enum python_kind kind;
    struct text text;
    bool begins_line; /* nothing but blanks is in front of it on its line */
};

/* Reads the next token at or after *at and moves *at behind it; comments and continued lines are blanks. Returns false
 * at the end. */
bool python_next(struct text source, size_t *at, struct python_token *token);

/* The same, for the sign or name that must be there; returns false, and leaves *at, if it is another one. */
bool python_takes(struct text source, size_t *at, const char *sign);

/* Behind a name at *at: moves *at behind the "=" that sets it ("=", "+=", ": list[str] ="). Returns false, and leaves
 * *at, if it is not set here. */
bool python_is_set(struct text source, size_t *at);

/* The offset behind the next "=" or "+=" that sets this name at the start of a line, at or after `from`; SIZE_MAX:
 * none. */
size_t python_find_set(struct text source, struct text name, size_t from);

/* The offset behind this name where it stands by itself (not in a longer one, not behind a point), at or after `from`;
 * SIZE_MAX: nowhere. Strings and comments are searched, too. */
size_t python_find_name(struct text source, struct text name, size_t from);

/* The string that this name is set to, if it is set once in the source, to a literal; empty otherwise. */
struct text python_constant(struct text source, struct text name);

#endif
