/*
 * SET, RESET, DISCARD and set_config().
 */
#include "sql/lasting_reader.h"
#include "sql/take.h"

#include "base/words.h"

#include <string.h>

/* Settings that SET and RESET call by another name. */
static const struct {
    const char *first;
    const char *second;
    const char *name;
} spellings[] = {
    {"session", "authorization", "session_authorization"},
    {"session", "characteristics", "default_transaction_isolation"},
    {"role", NULL, "role"},
    {"time", "zone", "timezone"},
    {"names", NULL, "client_encoding"},
    {"schema", NULL, "search_path"},
    {"seed", NULL, "seed"},
    {"xml", "option", "xmloption"},
};

/* The setting named here, folded; the reader moves behind it. NULL if there is none. */
static const char *take_setting(struct arena *arena, struct sql_reader *reader)
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        struct sql_reader ahead = *reader;
        if (sql_take(&ahead, spellings[i].first) &&
            (spellings[i].second == NULL || sql_take(&ahead, spellings[i].second)) &&
            !sql_is_symbol(&ahead.token, '=') && !sql_is_symbol(&ahead.token, '.')) {
            *reader = ahead;
            return spellings[i].name;
        }
    }
    return sql_take_dotted(arena, reader);
}

/* Settings that must not change between the pieces of a file, and the values that are allowed all the same: those that
 * pg_dump sets, and those that the connection has anyway. */
static const struct {
    const char *prefix;
    const char *const *harmless;
    enum sql_lasting_kind kind;
    const char *what;
} fixed[] = {
    {"standard_conforming_strings", (const char *const[]){"on", "true", "yes", "1", NULL}, SQL_READING,
     "a setting that changes how the rest of the file is read (standard_conforming_strings)"},
    {"backslash_quote", (const char *const[]){NULL}, SQL_READING,
     "a setting that changes how the rest of the file is read (backslash_quote)"},
    {"client_encoding", (const char *const[]){"utf8", "utf-8", "unicode", NULL}, SQL_READING,
     "a setting that changes how the rest of the file is read (client_encoding)"},
    {"default_transaction_", (const char *const[]){NULL}, SQL_ENDS,
     "a setting of later transactions (default_transaction_…)"},
    {"transaction_isolation", (const char *const[]){NULL}, SQL_ENDS, "the isolation level of the transaction"},
    {"transaction_read_only", (const char *const[]){NULL}, SQL_ENDS, "the mode of the transaction (READ ONLY)"},
    {"seed", (const char *const[]){NULL}, SQL_ENDS, "a seed for random()"},
};

const char *sql_reading_setting(const struct sql_token *token)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (fixed[i].kind == SQL_READING &&
            (sql_is_word(token, fixed[i].prefix) ||
             (token->kind == SQL_STRING && text_find(token->text, fixed[i].prefix, 0) != SIZE_MAX))) {
            return fixed[i].prefix;
        }
    }
    return NULL;
}

bool sql_is_ambiguous(struct text text)
{
    size_t i = 0;
    while (i < text.size && text.data[i] != '\\' && (unsigned char)text.data[i] < 0x80) {
        i++;
    }
    return i < text.size;
}

/* Adds what this setting changes besides itself, unless its new value (NULL: not known) is harmless. */
static void add_fixed(const struct looking *looking, const char *name, const char *value)
{
    for (size_t i = 0; name != NULL && i < sizeof fixed / sizeof fixed[0]; i++) {
        if (strncmp(name, fixed[i].prefix, strlen(fixed[i].prefix)) == 0 &&
            (value == NULL || !word_is_one_of_nocase(text_of(value), fixed[i].harmless))) {
            lasting_add_what(looking, fixed[i].kind, fixed[i].what);
        }
    }
}

/* Adds the setting, and the statement that would set it again; `value` is NULL unless it is one constant. */
static void add_setting(const struct looking *looking, struct sql_lasting lasting, const char *value)
{
    add_fixed(looking, lasting.name, value);
    lasting_add(looking, lasting);
}

/* Only modes that matter are noted: those that need a single snapshot, or keep Truss from writing its own rows. */
void lasting_of_modes(const struct looking *looking)
{
    static const char *const words[] = {"serializable", "repeatable", "snapshot", "only"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (sql_has_word(looking->statement, words[i])) {
            lasting_add_what(looking, SQL_ENDS, "the mode of the transaction (isolation level, READ ONLY, snapshot)");
            return;
        }
    }
}

static void look_at_constraints(const struct looking *looking)
{
    if (sql_has_word(looking->statement, "deferred")) {
        lasting_add_what(looking, SQL_ENDS, "SET CONSTRAINTS … DEFERRED");
    } else {
        lasting_add(looking, (struct sql_lasting){.kind = SQL_LOCAL_SETTING,
                                                  .name = "constraints",
                                                  .sql = lasting_written(looking, 0, looking->written.size)});
    }
}

void lasting_of_set(const struct looking *looking, struct sql_reader *reader)
{
    const bool local = sql_take(reader, "local");
    struct sql_reader ahead = *reader;
    if (!local && sql_take(reader, "transaction")) {
        lasting_of_modes(looking);
        return;
    }
    if (!local && sql_take(reader, "constraints")) {
        look_at_constraints(looking);
        return;
    }
    /* SET SESSION x; but SET SESSION AUTHORIZATION and SET SESSION CHARACTERISTICS are different statements. */
    if (!local && sql_take(&ahead, "session") && !sql_is_word(&ahead.token, "authorization") &&
        !sql_is_word(&ahead.token, "characteristics")) {
        *reader = ahead;
    }
    const size_t start = reader->token.offset;
    const char *const name = take_setting(looking->arena, reader);
    if (name == NULL) { /* EXECUTE 'SET LOCAL ' || …, format('SET %I = %L', …) */
        const bool is_cut_off = reader->token.kind == SQL_END || sql_is_symbol(&reader->token, '%');
        if (looking->in_body && is_cut_off) {
            lasting_add_what(looking, local ? SQL_ENDS : SQL_OF_SESSION,
                             local ? "a SET LOCAL that is put together at run time"
                                   : "a SET that is put together at run time");
        }
        return;
    }
    if (sql_is_symbol(&reader->token, '=') || sql_is_word(&reader->token, "to")) {
        sql_advance(reader);
    }
    const char *const string = sql_string(looking->arena, &reader->token);
    const char *const value = string != NULL ? string : sql_identifier(looking->arena, &reader->token);
    const char *const session_sql =
        arena_printf(looking->arena, "SET %s", lasting_written(looking, start, looking->written.size));
    add_setting(looking,
                (struct sql_lasting){.kind = local ? SQL_LOCAL_SETTING : SQL_SETTING,
                                     .name = name,
                                     .sql = lasting_written(looking, 0, looking->written.size),
                                     .session_sql = session_sql},
                value);
}

void lasting_of_reset(const struct looking *looking, struct sql_reader *reader)
{
    const char *const sql = lasting_written(looking, 0, looking->written.size);
    if (sql_is_word(&reader->token, "all")) {
        lasting_add(looking, (struct sql_lasting){.kind = SQL_RESET_ALL, .sql = sql});
        return;
    }
    const char *const name = take_setting(looking->arena, reader);
    if (name != NULL) {
        add_setting(looking, (struct sql_lasting){.kind = SQL_SETTING, .name = name, .sql = sql}, NULL);
    }
}

void lasting_of_discard(const struct looking *looking, struct sql_reader *reader)
{
    if (sql_is_word(&reader->token, "all")) {
        /* It cannot share a query with others; these are its effects on settings. */
        static const struct sql_lasting parts[] = {
            {.kind = SQL_SETTING, .name = "session_authorization", .sql = "SET SESSION AUTHORIZATION DEFAULT"},
            {.kind = SQL_SETTING, .name = "role", .sql = "RESET ROLE"},
            {.kind = SQL_RESET_ALL, .sql = "RESET ALL"}};
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            lasting_add(looking, parts[i]);
        }
    }
}

/* ---- set_config ---- */

struct argument {
    size_t start, end;    /* in the statement */
    struct sql_token one; /* its token, if it is only one */
    size_t tokens;
};

/* The arguments of a call. The reader is after the opening parenthesis, and afterwards after the closing one. */
static size_t take_arguments(struct sql_reader *reader, struct argument *arguments, size_t most)
{
    size_t depth = 0;
    size_t count = 0;
    struct argument argument = {.start = reader->token.offset};
    for (; reader->token.kind != SQL_END; sql_advance(reader)) {
        const bool closes = depth == 0 && sql_is_symbol(&reader->token, ')');
        if (closes || (depth == 0 && sql_is_symbol(&reader->token, ','))) {
            if (count < most) {
                arguments[count++] = argument;
            }
            if (closes) {
                sql_advance(reader);
                return count;
            }
            argument = (struct argument){0};
            continue;
        }
        depth += sql_is_symbol(&reader->token, '(') ? 1 : 0;
        depth -= sql_is_symbol(&reader->token, ')') && depth > 0 ? 1 : 0;
        argument.start = argument.tokens == 0 ? reader->token.offset : argument.start;
        argument.end = reader->token.offset + reader->token.text.size;
        argument.one = reader->token;
        argument.tokens++;
    }
    return 0;
}

/* A constant string; NULL if it is none. */
static const char *string_of(struct arena *arena, const struct argument *argument)
{
    return argument->tokens == 1 ? sql_string(arena, &argument->one) : NULL;
}

static bool is_argument(const struct argument *argument, const char *word)
{
    return argument->tokens == 1 && sql_is_word(&argument->one, word);
}

/* Does this token end a whole item of a SELECT? */
static bool ends_item(const struct sql_token *token)
{
    return token->kind == SQL_END || sql_is_symbol(token, ',') || sql_is_word(token, "as") || sql_is_symbol(token, ';');
}

/* set_config(name, value, is_local), with the reader after its opening parenthesis. `alone`: so far, the statement is a
 * SELECT of nothing else. */
void lasting_of_set_config(const struct looking *looking, struct sql_reader *reader, bool alone)
{
    struct argument arguments[3] = {0};
    take_arguments(reader, arguments, 3);
    const char *const name = string_of(looking->arena, &arguments[0]);
    const char *const value = string_of(looking->arena, &arguments[1]);
    const bool session = is_argument(&arguments[2], "false");
    const bool local = is_argument(&arguments[2], "true");
    const char *const lower =
        name == NULL ? NULL
                     : sql_identifier(looking->arena, &(struct sql_token){.kind = SQL_WORD, .text = text_of(name)});
    if (!alone || !ends_item(&reader->token) || name == NULL || value == NULL || (!session && !local)) {
        lasting_add_what(looking, session ? SQL_OF_SESSION : SQL_ENDS,
                         session ? "a set_config() of something that is computed"
                                 : "a set_config(…, true) of something that is computed");
        add_fixed(looking, lower, value);
        return;
    }
    const char *const given = lasting_written(looking, arguments[0].start, arguments[1].end);
    const char *const in_session = arena_printf(looking->arena, "SELECT pg_catalog.set_config(%s, false)", given);
    const char *const in_transaction = arena_printf(looking->arena, "SELECT pg_catalog.set_config(%s, true)", given);
    add_setting(looking,
                (struct sql_lasting){.kind = session ? SQL_SETTING : SQL_LOCAL_SETTING,
                                     .name = lower,
                                     .sql = session ? in_session : in_transaction,
                                     .session_sql = in_session},
                value);
}
