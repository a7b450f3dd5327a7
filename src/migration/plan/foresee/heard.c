/*
 * The statement's first words are compared with the command tags of an event trigger, without what may stand between
 * them (OR REPLACE, UNIQUE). A table AS is taken for any table, a body is judged by its words (steady.h).
 */
#include "migration/plan/foresee/heard.h"

#include "pg/listeners.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

struct heard_one {
    const char *name;
    const char *function;
    const char *event; /* ddl_command_start, … */
    const char *tags;  /* those that it is for, in lower case, with the character 31 between them; "": all */
    bool raises;
    bool is_off;
};

/* RAISE of anything but a message, in the language of most of them. */
static const char triggers_sql[] =
    "SELECT e.evtname, p.proname, e.evtevent, pg_catalog.lower(coalesce(pg_catalog.array_to_string(e.evttags, "
    "pg_catalog.chr(31)), '')), p.prosrc ~* '\\mraise\\M(?!\\s+(debug|log|info|notice|warning)\\M)', NOT " PG_LISTENS
    " FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid WHERE e.evtevent <> 'login' "
    "ORDER BY e.evtname";

static void add(struct heard *heard, struct heard_one one)
{
    heard->items = arena_grow(heard->arena, heard->items, heard->count, &heard->capacity, sizeof *heard->items);
    heard->items[heard->count++] = one;
}

/* Queried once. */
static void know(struct heard *heard)
{
    PG_RESULT(found) = heard->was_asked ? NULL : questions_ask(heard->fires->questions, triggers_sql, 0, NULL);
    heard->was_asked = heard->was_asked || !questions_are_noted(heard->fires->questions);
    for (int i = 0; found != NULL && i < PQntuples(found); i++) {
        add(heard, (struct heard_one){.name = arena_strdup(heard->arena, pg_field(found, i, 0)),
                                      .function = arena_strdup(heard->arena, pg_field(found, i, 1)),
                                      .event = arena_strdup(heard->arena, pg_field(found, i, 2)),
                                      .tags = arena_strdup(heard->arena, pg_field(found, i, 3)),
                                      .raises = pg_field_bool(found, i, 4),
                                      .is_off = pg_field_bool(found, i, 5)});
    }
}

/* ---- commands ---- */

/* Is it a command at which event triggers run? Not one about what all databases share, nor about event triggers. */
static bool is_heard(struct sql_reader words)
{
    static const char *const verbs[] = {"create", "alter",    "drop",   "comment", "grant",
                                        "revoke", "security", "import", "refresh", NULL};
    static const char *const shared[] = {"database", "role",  "user",      "group", "tablespace",
                                         "system",   "event", "parameter", NULL};
    const bool grants = sql_is_word(&words.token, "grant") || sql_is_word(&words.token, "revoke");
    const bool comments = sql_is_word(&words.token, "comment");
    if (!sql_is_any_word(&words.token, verbs)) {
        return sql_is_word(&words.token, "select") && sql_skip_to_outside(&words, "into");
    }
    sql_advance(&words);
    if ((grants && !sql_skip_to(&words, "on")) || (comments && !sql_take(&words, "on"))) {
        return false;
    }
    return !sql_is_any_word(&words.token, shared) || sql_take_words(&words, "user mapping");
}

/* Is this the tag of the statement? */
static bool has_tag(struct sql_reader words, struct text tag)
{
    static const char *const between[] = {"or",      "replace",    "global", "local",     "temporary",
                                          "temp",    "unlogged",   "unique", "recursive", "constraint",
                                          "trusted", "procedural", NULL};
    static const char *const last[] = {"as", "into", NULL};
    struct arena *const reading = arena_new(0);
    struct sql_reader said = sql_read(tag);
    bool has = true;
    for (; has && said.token.kind == SQL_WORD; sql_advance(&said)) {
        while (sql_is_any_word(&words.token, between)) {
            sql_advance(&words);
        }
        has = sql_is_any_word(&said.token, last) || sql_is_word(&words.token, sql_identifier(reading, &said.token));
        sql_advance(&words);
    }
    arena_free(reading);
    return has;
}

/* The statement is one at which event triggers run: does this one? */
static bool hears(const struct heard_one *one, struct text statement, const struct sql_effects *effects)
{
    const struct sql_reader words = sql_read(statement);
    struct text tags = text_of(one->tags);
    bool is = one->tags[0] == '\0';
    if (one->is_off) {
        return false;
    }
    for (struct text tag; !is && text_next_unit(&tags, &tag);) {
        is = has_tag(words, tag);
    }
    return is && (strcmp(one->event, "sql_drop") != 0 || sql_has_word(statement, "drop")) &&
           (strcmp(one->event, "table_rewrite") != 0 || effects->work == SQL_WORK_REWRITE);
}

/* ---- what they do ---- */

static const char *said_of(struct heard *heard, const struct heard_one *one, bool locks)
{
    return arena_printf(heard->arena, "The event trigger \"%s\" runs %s() at this statement (%s)%s%s%s.", one->name,
                        one->function, one->event, one->raises ? ", and may refuse it" : "",
                        !locks        ? ""
                        : one->raises ? "; "
                                      : ": ",
                        locks ? "what else it does, and locks, is not known" : "");
}

static void hear(struct heard *heard, struct text statement, struct sql_effects *effects)
{
    know(heard);
    const bool is_for_some = heard->count > 0 && is_heard(sql_read(statement));
    for (size_t i = 0; is_for_some && i < heard->count; i++) {
        const struct heard_one *const one = &heard->items[i];
        const bool runs = hears(one, statement, effects);
        const bool locks = runs && !steady_is(&heard->fires->steady, one->function);
        if (!locks && (!runs || !one->raises)) {
            continue;
        }
        const char *const said = said_of(heard, one, locks);
        effects->unknown = effects->unknown || locks;
        effects->advice = effects->advice == NULL ? said : arena_printf(heard->arena, "%s %s", effects->advice, said);
    }
}

/* ---- those of the plan ---- */

static void made(struct heard *heard, struct sql_reader words)
{
    struct heard_one one = {.name = sql_take_name(heard->arena, &words, NULL), .tags = ""};
    if (one.name == NULL || !sql_take(&words, "on")) {
        return;
    }
    one.event = sql_take_name(heard->arena, &words, NULL);
    if (sql_skip_to(&words, "execute")) {
        sql_advance(&words); /* FUNCTION or PROCEDURE */
        one.function = sql_take_name(heard->arena, &words, NULL);
    }
    one.is_off = one.event == NULL || one.function == NULL || strcmp(one.event, "login") == 0;
    if (!one.is_off) {
        add(heard, one);
    }
}

/* One that is changed in another way than by DISABLE may run. */
static void changed(struct heard *heard, struct sql_reader words, bool drops)
{
    sql_take_if(&words);
    const char *const name = sql_take_name(heard->arena, &words, NULL);
    for (size_t i = 0; name != NULL && i < heard->count; i++) {
        struct heard_one *const one = &heard->items[i];
        one->is_off = strcmp(one->name, name) == 0 ? drops || sql_is_word(&words.token, "disable") : one->is_off;
    }
}

void heard_statement(struct heard *heard, struct text statement, bool is_undone, struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    hear(heard, statement, effects);
    if (is_undone) {
        return;
    }
    if (sql_take_words(&words, "create event trigger")) {
        made(heard, words);
    } else if (sql_take_words(&words, "drop event trigger")) {
        changed(heard, words, true);
    } else if (sql_take_words(&words, "alter event trigger")) {
        changed(heard, words, false);
    }
}
