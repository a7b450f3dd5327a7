/*
 * Each right is kept once, however many statements need it.
 */
#include "migration/plan/permits.h"

#include "sql/lexer.h"

#include <string.h>

/* ---- the role ---- */

void permits_begin_transaction(struct permits *permits)
{
    permits->role = permits->is_local ? permits->role_of_former : permits->role;
    permits->is_local = false;
}

void permits_begin(struct permits *permits)
{
    permits->is_local = false;
    permits->role = NULL;
}

static void become(struct permits *permits, const char *role, bool is_local)
{
    if (is_local && !permits->is_local) {
        permits->role_of_former = permits->role;
        permits->is_local = true;
    }
    permits->role = role;
}

/* RESET ROLE, SET ROLE NONE, SET SESSION AUTHORIZATION DEFAULT, DISCARD ALL. */
static bool becomes_itself(struct sql_reader words)
{
    static const char *const kinds[] = {"role", "session", "all", NULL};
    struct sql_reader set = words;
    if (sql_take(&words, "reset") || sql_take(&words, "discard")) {
        return sql_is_any_word(&words.token, kinds) &&
               !(sql_is_word(&set.token, "reset") && sql_is_word(&words.token, "all"));
    }
    if (!sql_take(&set, "set")) {
        return false;
    }
    while (sql_is_word(&set.token, "local") || sql_is_word(&set.token, "session")) {
        sql_advance(&set);
    }
    return sql_take(&set, "role") ? sql_is_word(&set.token, "none")
                                  : sql_take(&set, "authorization") && sql_is_word(&set.token, "default");
}

static void note_role(struct permits *permits, struct text statement, const struct sql_effects *effects)
{
    static const char *const ends[] = {"commit", "end", "rollback", "abort", NULL};
    struct sql_reader words = sql_read(statement);
    const bool is_local = sql_take_words(&words, "set local");
    words = sql_read(statement);
    if (becomes_itself(words)) {
        become(permits, NULL, is_local);
    } else if (sql_is_any_word(&words.token, ends)) {
        const bool rolls_back = sql_is_word(&words.token, "rollback") || sql_is_word(&words.token, "abort");
        permits_begin_transaction(permits);
        permits->role = rolls_back && permits->role != NULL ? PERMITS_ANY : permits->role;
    }
    for (size_t i = 0; i < effects->right_count; i++) {
        const char *const needed = effects->rights[i].needed;
        if (strcmp(needed, RIGHT_SET_ROLE) == 0 || strcmp(needed, RIGHT_LOGIN) == 0) {
            const char *const until = effects->rights[i].to;
            become(permits, arena_strdup(permits->arena, effects->rights[i].on.name),
                   is_local || (until != NULL && strcmp(until, RIGHT_LOCAL) == 0));
        }
    }
}

/* ---- what is in question ---- */

static const char *granted_key(const struct permits *permits, const struct sql_need *need)
{
    return arena_printf(permits->reading, "%d %s", (int)need->kind, need->name == NULL ? "" : need->name);
}

static bool is_in_question(const struct permits *permits, const struct sql_right *right)
{
    const struct sql_need *const on = &right->on;
    if (on->kind == SQL_NEED_ROLE || on->kind == SQL_NEED_SETTING || on->name == NULL || on->name[0] == '\0') {
        return true;
    }
    return !word_set_has(&permits->gone, on->name) && !word_set_has(&permits->gone, on->schema) &&
           (permits->granted.count == 0 || !word_set_has(&permits->granted, granted_key(permits, on)));
}

/* The path up to a schema that the plan may have made, which may be missing; NULL: not known. */
static const char *path_of(struct permits *permits)
{
    const char *const *const path = world_path(permits->world);
    struct buffer text = {.arena = permits->reading};
    bool is_made = false;
    for (size_t i = 0; path != NULL && path[i] != NULL && !is_made; i++) {
        is_made = word_set_has(&permits->schemas, path[i]);
        buffer_printf(&text, "%s%s", i == 0 ? "" : "\x1F", world_schema_before(permits->world, path[i]));
    }
    return path == NULL ? NULL : buffer_string(&text);
}

static bool is_placed(const struct sql_right *right)
{
    static const enum sql_need_kind placed[] = {
        SQL_NEED_TYPE,           SQL_NEED_FUNCTION,        SQL_NEED_ROUTINE,    SQL_NEED_COLLATION, SQL_NEED_OPERATOR,
        SQL_NEED_OPERATOR_CLASS, SQL_NEED_OPERATOR_FAMILY, SQL_NEED_CONVERSION, SQL_NEED_PARSER,    SQL_NEED_DICTIONARY,
        SQL_NEED_TEMPLATE,       SQL_NEED_CONFIGURATION,   SQL_NEED_STATISTICS, SQL_NEED_RELATION};
    bool is = right->on.name == NULL;
    for (size_t i = 0; i < sizeof placed / sizeof placed[0]; i++) {
        is = is || placed[i] == right->on.kind;
    }
    return is;
}

static void add(struct permits *permits, const struct sql_right *right)
{
    struct arena *const arena = permits->arena;
    const char *const path = is_placed(right) && right->on.schema == NULL ? path_of(permits) : "";
    const struct sql_need *const on = &right->on;
    const char *const fields[] = {right->needed, on->schema, on->name,      on->part,
                                  on->types,     right->to,  permits->role, path};
    struct buffer key = {.arena = permits->reading};
    if (path == NULL) {
        return;
    }
    buffer_printf(&key, "%d", (int)on->kind + (permits->is_unsure ? 1000 : 0) + (permits->is_possible ? 2000 : 0));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        buffer_printf(&key, "\x1D%s%s", fields[i] == NULL ? "" : "=", fields[i] == NULL ? "" : fields[i]);
    }
    if (word_set_has(&permits->seen, buffer_string(&key))) {
        return;
    }
    word_set_add(arena, &permits->seen, buffer_string(&key));
    permits->items = arena_grow(arena, permits->items, permits->count, &permits->capacity, sizeof *permits->items);
    struct permit *const permit = &permits->items[permits->count++];
    *permit = (struct permit){.right = *right,
                              .role = permits->role,
                              .path = arena_strdup(arena, path),
                              .is_unsure = permits->is_unsure,
                              .is_possible = permits->is_possible};
    const bool is_schema = on->kind == SQL_NEED_SCHEMA && on->name != NULL;
    permit->right.on.schema =
        on->schema == NULL ? NULL : arena_strdup(arena, world_schema_before(permits->world, on->schema));
    permit->right.on.name = arena_strdup(arena, is_schema ? world_schema_before(permits->world, on->name) : on->name);
    permit->right.on.part = arena_strdup(arena, on->part);
    permit->right.on.types = arena_strdup(arena, on->types);
    permit->right.to = arena_strdup(arena, right->to);
}

/* ---- what the plan does ---- */

static bool is_part(enum sql_need_kind kind)
{
    return kind == SQL_NEED_COLUMN || kind == SQL_NEED_CONSTRAINT || kind == SQL_NEED_TRIGGER ||
           kind == SQL_NEED_POLICY || kind == SQL_NEED_RULE || kind == SQL_NEED_ENUM_VALUE ||
           kind == SQL_NEED_DOMAIN_CONSTRAINT || kind == SQL_NEED_ROLE;
}

static void note_made(struct permits *permits, struct text statement, const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    const bool passes = effects->change_count > 0 && sql_has_words(statement, "if", "not");
    for (size_t i = 0; i < effects->make_count; i++) {
        if (!is_part(effects->makes[i].kind)) {
            word_set_add(permits->arena, &permits->gone, effects->makes[i].name);
        }
    }
    for (size_t i = 0; !passes && i < effects->change_count; i++) {
        if (effects->changes[i].kind == SQL_CHANGE_CREATES ||
            effects->changes[i].kind == SQL_CHANGE_CREATES_TEMPORARY) {
            word_set_add(permits->arena, &permits->gone, effects->changes[i].name);
        }
    }
    if (sql_take_words(&words, "create schema")) {
        sql_take_if(&words);
        sql_take(&words, "authorization");
        const char *const name = sql_take_name(permits->reading, &words, NULL);
        if (name != NULL) {
            word_set_add(permits->arena, &permits->schemas, name);
        }
    }
}

/* What gets another owner or name, or other rights, is another thing from now on. */
static void note_given(struct permits *permits, struct text statement, const struct sql_effects *effects)
{
    static const char *const going[] = {RIGHT_DROP, RIGHT_RENAME, RIGHT_GIVE, RIGHT_REPLACE, NULL};
    for (size_t i = 0; i < effects->right_count; i++) {
        const struct sql_right *const right = &effects->rights[i];
        if (strcmp(right->needed, RIGHT_GRANT) == 0) {
            word_set_add(permits->arena, &permits->granted, granted_key(permits, &right->on));
        }
        bool goes = strcmp(right->needed, RIGHT_OWNER) == 0 &&
                    (sql_has_words(statement, "set", "schema") || sql_has_words(statement, "rename", "to"));
        for (size_t j = 0; !goes && going[j] != NULL; j++) {
            goes = strcmp(right->needed, going[j]) == 0;
        }
        if (goes && right->on.kind != SQL_NEED_ROLE) {
            word_set_add(permits->arena, &permits->gone, right->on.name);
        }
    }
}

/* GRANT one role TO the role that runs this. */
static bool gives_role(const struct permits *permits, struct text statement, const struct sql_effects *effects)
{
    static const char *const itself[] = {"current_user", "session_user", "current_role", NULL};
    struct sql_reader words = sql_read(statement);
    bool gives = false;
    if (effects->right_count == 0 || strcmp(effects->rights[0].needed, RIGHT_MEMBERS) != 0) {
        return false;
    }
    for (sql_skip_to(&words, "to"); !gives && !sql_is_end(&words.token); sql_advance(&words)) {
        gives = sql_is_any_word(&words.token, itself) || sql_names(&words.token, permits->login) ||
                (permits->role != NULL && sql_names(&words.token, permits->role));
    }
    return gives;
}

/* What the plan has made is the role's own: to give it away is all that may be forbidden. */
static void add_given(struct permits *permits, const struct sql_right *right)
{
    const struct sql_right becomes = {RIGHT_MAKE_FOR, {.kind = SQL_NEED_ROLE, .name = right->to}, NULL};
    const struct sql_right creates = {RIGHT_CREATE_FOR, {.kind = SQL_NEED_SCHEMA, .name = right->on.schema}, right->to};
    if (strcmp(right->needed, RIGHT_GIVE) != 0 || right->to[0] == '\0') {
        return;
    }
    add(permits, &becomes);
    if (is_placed(right) && (right->on.schema == NULL || !word_set_has(&permits->gone, right->on.schema))) {
        add(permits, &creates);
    }
}

void permits_note_possible(struct permits *permits, struct arena *reading, const struct sql_effects *effects)
{
    permits->reading = reading;
    permits->is_possible = true;
    for (size_t i = 0; !permits->has_new_rights && i < effects->right_count; i++) {
        const bool is_known = permits->role == NULL || permits->role[0] != '\0';
        if (is_known && is_in_question(permits, &effects->rights[i])) {
            add(permits, &effects->rights[i]);
        }
    }
    permits->is_possible = false;
}

void permits_note(struct permits *permits, struct arena *reading, struct text statement,
                  const struct sql_effects *effects, bool is_undone)
{
    permits->reading = reading;
    const bool is_known = permits->role == NULL || permits->role[0] != '\0';
    for (size_t i = 0; is_known && !permits->has_new_rights && i < effects->right_count; i++) {
        if (is_in_question(permits, &effects->rights[i])) {
            add(permits, &effects->rights[i]);
        } else {
            add_given(permits, &effects->rights[i]);
        }
    }
    note_role(permits, statement, effects);
    if (!is_undone) {
        note_made(permits, statement, effects);
        note_given(permits, statement, effects);
        permits->has_new_rights = permits->has_new_rights || gives_role(permits, statement, effects);
    }
}
