/*
 * A read-only transaction refuses what PostgreSQL's ClassifyUtilityCommandAsReadOnly() does not allow, and changes of
 * rows in tables that are not temporary.
 */
#include "migration/plan/foresee/read_only.h"

#include "sql/lasting.h"
#include "sql/lexer.h"

#define NOW   "transaction_read_only"
#define LATER "default_transaction_read_only"

/* ---- settings ---- */

enum said { SAYS_NOTHING, SAYS_ONLY, SAYS_WRITE };

/* READ ONLY or READ WRITE anywhere in a BEGIN or SET TRANSACTION. */
static enum said said_in(struct text modes)
{
    struct sql_reader words = sql_read(modes);
    while (words.token.kind != SQL_END) {
        if (sql_take(&words, "read")) {
            if (sql_is_word(&words.token, "only") || sql_is_word(&words.token, "write")) {
                return sql_is_word(&words.token, "only") ? SAYS_ONLY : SAYS_WRITE;
            }
            continue;
        }
        sql_advance(&words);
    }
    return SAYS_NOTHING;
}

static enum said said_by_value(const struct sql_token *token)
{
    static const char *const on[] = {"on", "true", "yes", "1", "t", "y", NULL};
    const struct text value =
        token->kind == SQL_STRING ? text_slice(token->text, 1, token->text.size - 1) : token->text;
    return word_is_one_of_nocase(value, on) ? SAYS_ONLY : SAYS_WRITE;
}

/* A setting: its value, and whether it is for later transactions. */
struct setting {
    enum said said;
    bool is_later;
};

/* After SET. SET LOCAL default_transaction_read_only has no effect: it ends with the transaction. */
static struct setting of_set(struct sql_reader words)
{
    const bool local = sql_take(&words, "local");
    if (!local && sql_take(&words, "session") && sql_take(&words, "characteristics")) {
        return (struct setting){said_in(text_slice(words.lexer.text, words.token.offset, words.lexer.text.size)), true};
    }
    const bool is_later = sql_take(&words, LATER);
    if (!is_later && !sql_take(&words, NOW)) {
        return (struct setting){SAYS_NOTHING, false};
    }
    sql_advance(&words); /* = or TO */
    return (struct setting){local && is_later ? SAYS_NOTHING : said_by_value(&words.token), is_later};
}

/* SELECT set_config('default_transaction_read_only', 'on', false); with true it is SET LOCAL. */
static struct setting of_set_config(struct sql_reader words)
{
    while (words.token.kind != SQL_END && !sql_take(&words, "set_config")) {
        sql_advance(&words);
    }
    sql_advance(&words); /* ( */
    const struct text name = words.token.text;
    const bool is_later = text_is_nocase(name, "'" LATER "'");
    if (!is_later && !text_is_nocase(name, "'" NOW "'")) {
        return (struct setting){SAYS_NOTHING, false};
    }
    sql_advance(&words);
    sql_advance(&words); /* , */
    const enum said said = said_by_value(&words.token);
    sql_advance(&words);
    sql_advance(&words); /* , */
    const bool local = sql_is_word(&words.token, "true");
    return (struct setting){local && is_later ? SAYS_NOTHING : said, is_later};
}

static struct setting setting_of(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (sql_take(&words, "set")) {
        return of_set(words);
    }
    if (sql_take(&words, "select")) {
        return of_set_config(words);
    }
    const bool resets =
        (sql_take(&words, "reset") && (sql_is_word(&words.token, LATER) || sql_is_word(&words.token, "all"))) ||
        (sql_take(&words, "discard") && sql_is_word(&words.token, "all"));
    return (struct setting){resets ? SAYS_WRITE : SAYS_NOTHING, true};
}

/* ---- statements that only read ---- */

static bool is_refused(struct world *world, struct text statement, const struct sql_effects *effects)
{
    static const char *const defining[] = {"create",   "alter",    "drop",   "comment", "grant",    "revoke",
                                           "truncate", "security", "import", "refresh", "reassign", NULL};
    static const char *const changing[] = {"insert", "update", "delete", "merge", NULL};
    struct sql_reader words = sql_read(statement);
    if (sql_is_any_word(&words.token, defining)) {
        const bool alters = sql_take(&words, "alter");
        return !(alters && sql_is_word(&words.token, "system"));
    }
    for (size_t i = 0; sql_is_any_word(&words.token, changing) && i < effects->count; i++) {
        const struct sql_relation_lock *const lock = &effects->locks[i];
        const struct relation *const relation =
            world != NULL && lock->lock == SQL_LOCK_ROW_EXCLUSIVE && lock->name != NULL
                ? world_find(world, lock->schema, lock->name)
                : NULL;
        if (relation != NULL && relation->oid != 0) {
            return true;
        }
    }
    return false;
}

/* ---- following ---- */

void read_only_step(struct read_only *state, const struct step *step)
{
    const enum said said = step->modes == NULL ? SAYS_NOTHING : said_in(text_of(step->modes));
    state->now = said == SAYS_NOTHING ? state->later : said == SAYS_ONLY;
    state->is_recording = step->kind == STEP_TRANSACTION;
    state->is_in_block = step->kind == STEP_TRANSACTION;
    state->is_told = false;
}

static bool ends(struct text statement)
{
    static const char *const words[] = {"commit", "end", "rollback", "abort", "prepare", NULL};
    struct sql_reader reader = sql_read(statement);
    const bool prepares = sql_is_word(&reader.token, "prepare");
    if (!sql_is_any_word(&reader.token, words)) {
        return false;
    }
    sql_advance(&reader);
    if (sql_take(&reader, "work")) {
        /* and what is behind it */
    } else if (!prepares) {
        sql_take(&reader, "transaction");
    }
    return prepares ? sql_is_word(&reader.token, "transaction") : !sql_is_word(&reader.token, "to");
}

/* Follows what the statement does to the transaction. */
static void follow(struct read_only *state, struct text statement)
{
    const enum said modes = said_in(sql_transaction_modes(statement));
    const struct setting setting = setting_of(statement);
    struct sql_reader words = sql_read(statement);
    const bool begins = sql_is_word(&words.token, "begin") || sql_is_word(&words.token, "start");
    if (begins && !state->is_in_block) {
        state->now = state->later;
        state->is_in_block = true;
    }
    if (modes != SAYS_NOTHING && state->is_in_block) {
        state->now = modes == SAYS_ONLY;
    }
    if (setting.said != SAYS_NOTHING && setting.is_later) {
        state->later = setting.said == SAYS_ONLY;
    } else if (setting.said != SAYS_NOTHING && state->is_in_block) {
        state->now = setting.said == SAYS_ONLY;
    }
    if (ends(statement)) {
        state->is_in_block = false;
        state->now = state->later;
    }
}

const char *read_only_takes(struct read_only *state, struct world *world, struct text statement,
                            const struct sql_effects *effects)
{
    const bool was_only = state->now;
    if (was_only && is_refused(world, statement, effects)) {
        return "It writes, but a statement before it has made the transaction READ ONLY: the server refuses it "
               "(25006).";
    }
    follow(state, statement);
    if (!state->is_in_block && !was_only) {
        state->now = state->later;
    }
    if (!state->now || !state->is_in_block || !state->is_recording || state->is_told) {
        return NULL;
    }
    state->is_told = true;
    return was_only
               ? "A statement before it has made the transaction READ ONLY, so the row of the migration cannot be "
                 "written in it: the run stops there and undoes it."
               : "It makes its transaction READ ONLY, in which the row of the migration cannot be written: the run "
                 "stops there and undoes it.";
}
