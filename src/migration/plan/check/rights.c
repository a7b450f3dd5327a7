#include "migration/plan/check/rights.h"

#include "base/arena.h"
#include "sql/lexer.h"

#include <string.h>

/* Not privileges: what is needed depends on how the relation is locked. */
#define FOREIGN  "foreign"  /* REFERENCES for a foreign key, nothing for what is only read */
#define READ     "read"     /* SELECT for what is only read, REFERENCES for a foreign key */
#define BY_LOCK  "by lock"  /* SELECT for what is read, one of the others for what is written */
#define REPLACED "replaced" /* its owner, for what is there and is replaced */
#define LOCKED   "locked"   /* what LOCK needs */

/* What a statement needs on its target, and on the other relations that it names. CREATE VIEW, and what is made WITH
 * NO DATA, needs no right on what its query reads: PostgreSQL looks when it runs the query. */
static const struct {
    const char *words;
    const char *target; /* NULL: nothing is checked */
    const char *others;
} rights[] = {
    {"alter ", "OWNER", FOREIGN},
    {"drop ", "DROP", "DROP"},
    {"drop trigger ", "OWNER", NULL},
    {"drop policy ", "OWNER", NULL},
    {"drop rule ", "OWNER", NULL},
    {"comment ", "OWNER", NULL},
    {"create index ", "OWNER", NULL},
    {"create unique index ", "OWNER", NULL},
    {"create policy ", "OWNER", NULL},
    {"create publication ", "OWNER", "OWNER"},
    {"create statistics ", "OWNER", NULL},
    {"create rule ", "OWNER", NULL},
    {"create trigger ", "TRIGGER", NULL},
    {"create constraint trigger ", "TRIGGER", NULL},
    {"cluster ", "MAINTAIN", NULL},
    {"vacuum ", "MAINTAIN", NULL},
    {"reindex ", "MAINTAIN", NULL},
    {"refresh ", "MAINTAIN", NULL},
    {"truncate ", "TRUNCATE", "TRUNCATE"},
    {"insert ", "INSERT", "SELECT"},
    {"update ", "UPDATE", "SELECT"},
    {"delete ", "DELETE", "SELECT"},
    {"select ", "SELECT", "SELECT"},
    {"create table ", READ, READ},
    {"table ", "SELECT", NULL},
    {"create materialized view ", READ, READ},
    {"with ", BY_LOCK, BY_LOCK},
    {"merge ", BY_LOCK, BY_LOCK},
    {"values ", BY_LOCK, BY_LOCK},
    {"explain ", BY_LOCK, BY_LOCK},
    {"declare ", BY_LOCK, BY_LOCK},
    {"lock ", LOCKED, LOCKED},
    {"create view ", REPLACED, REPLACED},
};

static void put_word(struct buffer *words, struct text word)
{
    for (size_t i = 0; i < word.size; i++) {
        const char c = word.data[i];
        buffer_putc(words, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    buffer_putc(words, ' ');
}

/* Are the last words NO DATA? */
static bool has_no_data(struct text statement)
{
    bool before = false;
    bool is = false;
    struct sql_lexer lexer = {.text = statement};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        is = before && sql_is_word(&token, "data");
        before = sql_is_word(&token, "no");
    }
    return is;
}

const char *rights_words(struct arena *arena, struct text statement)
{
    static const char *const passed[] = {"or",     "replace",  "temp",      "temporary", "local",
                                         "global", "unlogged", "recursive", NULL};
    struct buffer words = {.arena = arena};
    struct sql_lexer lexer = {.text = statement};
    for (struct sql_token token = sql_next(&lexer); token.kind == SQL_WORD && words.size < 64;
         token = sql_next(&lexer)) {
        if (strcmp(buffer_string(&words), "create ") != 0 || !sql_is_any_word(&token, passed)) {
            put_word(&words, token.text);
        }
    }
    const char *const said = buffer_string(&words);
    const bool stores = text_starts_with(text_of(said), "create table ") ||
                        text_starts_with(text_of(said), "create materialized view ");
    return stores && has_no_data(statement) ? arena_printf(arena, "%sno data ", said) : said;
}

bool rights_may_be_needed(size_t index)
{
    return index < sizeof rights / sizeof rights[0];
}

/* What LOCK needs: a stronger lock needs one of fewer privileges. As PostgreSQL 16 and newer; older ones want SELECT
 * for ACCESS SHARE, which is not told: nothing that works is called missing. */
static const char *right_to_lock(enum sql_lock lock)
{
    return lock == SQL_LOCK_ACCESS_SHARE    ? "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
           : lock <= SQL_LOCK_ROW_EXCLUSIVE ? "INSERT, UPDATE, DELETE, TRUNCATE"
                                            : "UPDATE, DELETE, TRUNCATE";
}

static const char *right_by_lock(const struct sql_relation_lock *lock)
{
    return lock->lock == SQL_LOCK_ACCESS_SHARE    ? "SELECT"
           : lock->lock == SQL_LOCK_ROW_EXCLUSIVE ? "INSERT, UPDATE, DELETE"
                                                  : NULL;
}

const char *rights_needed(size_t index, const char *words, const struct sql_relation_lock *lock)
{
    const char *const needed = lock->is_target ? rights[index].target : rights[index].others;
    if (!text_starts_with(text_of(words), rights[index].words) || needed == NULL) {
        return NULL;
    }
    if (strcmp(needed, LOCKED) == 0) {
        return right_to_lock(lock->lock);
    }
    if (strcmp(needed, REPLACED) == 0) {
        return lock->lock == SQL_LOCK_ACCESS_EXCLUSIVE ? "OWNER" : NULL;
    }
    if (strcmp(needed, BY_LOCK) == 0) {
        return right_by_lock(lock);
    }
    if (strcmp(needed, FOREIGN) != 0 && strcmp(needed, READ) != 0) {
        return needed;
    }
    if (lock->lock == SQL_LOCK_ACCESS_SHARE || (lock->lock == SQL_LOCK_ROW_SHARE && strcmp(needed, READ) == 0)) {
        return strcmp(needed, READ) == 0 && !text_ends_with(text_of(words), "no data ") ? "SELECT" : NULL;
    }
    return lock->lock == SQL_LOCK_SHARE_ROW_EXCLUSIVE ? "REFERENCES" : "OWNER";
}

bool rights_change(struct text statement)
{
    static const char *const verbs[] = {"grant", "revoke", "reassign", NULL};
    static const char *const what[] = {"owner", "role", "user", "group", "default", NULL};
    struct sql_reader reader = sql_read(statement);
    if (sql_is_any_word(&reader.token, verbs)) {
        return true;
    }
    if (!sql_is_word(&reader.token, "alter") && !sql_is_word(&reader.token, "create")) {
        return false;
    }
    while (reader.token.kind != SQL_END) {
        if (sql_is_any_word(&reader.token, what)) {
            return true;
        }
        sql_advance(&reader);
    }
    return false;
}
