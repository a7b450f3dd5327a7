/*
 * Each entry is kind, oid, name ("": all) and state, with the character 31 between them; the last one about a trigger
 * counts. A partitioned table's entry is not about its partitions: only newer servers pass it on. A rollback may bring
 * back what was turned off.
 */
#include "migration/plan/foresee/switched.h"

#include "sql/lexer.h"

#include <string.h>

#define SETTING   "session_replication_role"
#define ANY_STATE "OAR" /* if the role is not known */

static void say(struct switched *switched, char kind, const struct relation *relation, const char *name, char state)
{
    if (relation != NULL && relation->oid != 0) {
        pg_put_element(&switched->said, arena_printf(switched->arena, "%c\x1F%u\x1F%s\x1F%c", kind, relation->oid,
                                                     name == NULL ? "" : name, state));
        switched->number++;
    }
}

const char *switched_said(const struct switched *switched)
{
    return switched->said.size == 0
               ? "{}"
               : arena_printf(switched->arena, "%.*s}", (int)switched->said.size, switched->said.data);
}

static bool is_of_now(const struct switched *switched)
{
    return switched->migration == world_migration(switched->world);
}

const char *switched_firing(const struct switched *switched)
{
    return is_of_now(switched) ? switched->firing : NULL;
}

/* ---- ALTER TABLE, DROP ---- */

static struct relation *take_relation(struct switched *switched, struct sql_reader *words)
{
    const char *schema;
    sql_take_if(words);
    sql_take(words, "only");
    const char *const name = sql_take_name(switched->arena, words, &schema);
    return name == NULL ? NULL : world_find_surely(switched->world, schema, name);
}

/* [REPLICA | ALWAYS] TRIGGER name, after ENABLE or DISABLE. Not a name in quotes, which may be "all". */
static void take_command(struct switched *switched, const struct relation *relation, struct sql_reader *words,
                         bool enables)
{
    static const char *const every[] = {"all", "user", NULL};
    const bool is_replica = enables && sql_take(words, "replica");
    const bool is_always = enables && !is_replica && sql_take(words, "always");
    const char state = is_replica ? 'R' : is_always ? 'A' : enables ? 'O' : 'D';
    const bool is_trigger = sql_take(words, "trigger");
    if (!is_trigger && !sql_take(words, "rule")) {
        return;
    }
    const bool is_every = is_trigger && sql_is_any_word(&words->token, every);
    say(switched, is_trigger ? 't' : 'r', relation, is_every ? NULL : sql_identifier(switched->arena, &words->token),
        state);
}

/* After ALTER TABLE. A command begins behind the table's name, and behind each comma. */
static void note_alter(struct switched *switched, struct sql_reader words)
{
    const struct relation *const relation = take_relation(switched, &words);
    bool begins = true;
    while (!sql_is_end(&words.token)) {
        const bool enables = begins && sql_is_word(&words.token, "enable");
        if (enables || (begins && sql_is_word(&words.token, "disable"))) {
            sql_advance(&words);
            take_command(switched, relation, &words, enables);
        }
        begins = sql_is_symbol(&words.token, ',');
        sql_advance(&words);
    }
}

/* After DROP TRIGGER or DROP RULE: [IF EXISTS] name ON table. */
static void note_drop(struct switched *switched, char kind, struct sql_reader words)
{
    sql_take_if(&words);
    const char *const name = sql_take_name(switched->arena, &words, NULL);
    if (name != NULL && sql_take(&words, "on")) {
        say(switched, kind, take_relation(switched, &words), name, 'D');
    }
}

/* ---- the session ---- */

static void set_firing(struct switched *switched, const char *firing, bool is_transaction)
{
    switched->firing = firing;
    switched->migration = world_migration(switched->world);
    switched->is_transaction = is_transaction;
    switched->number++;
}

/* After SET: [SESSION | LOCAL] session_replication_role { TO | = } value. */
static void note_set(struct switched *switched, struct sql_reader words)
{
    static const char *const origins[] = {"origin", "local", NULL};
    const bool is_local = sql_take(&words, "local");
    if (!is_local) {
        sql_take(&words, "session");
    }
    if (!sql_take(&words, SETTING)) {
        return;
    }
    if (!sql_take(&words, "to")) {
        sql_advance(&words);
    }
    const char *const string = sql_string(switched->arena, &words.token);
    const char *const value = string != NULL ? string : sql_identifier(switched->arena, &words.token);
    const struct text role = text_of(value == NULL ? "" : value);
    set_firing(switched,
               text_is(role, "replica")               ? "RA"
               : word_is_one_of(role, origins)        ? "OA"
               : sql_is_word(&words.token, "default") ? NULL
                                                      : ANY_STATE,
               is_local);
}

static void note_session(struct switched *switched, struct sql_reader words, struct text statement)
{
    static const char *const undo[] = {"rollback", "abort", NULL};
    static const char *const ends[] = {"commit", "end", NULL};
    static const char *const resets[] = {"reset", "discard", NULL};
    const bool is_said = is_of_now(switched) && switched->firing != NULL;
    if (sql_is_any_word(&words.token, undo)) {
        if (switched->said.size > 0) {
            switched->said = (struct buffer){.arena = switched->arena};
            switched->number++;
        }
        if (is_said) {
            set_firing(switched, ANY_STATE, false);
        }
    } else if (is_said && (sql_is_any_word(&words.token, resets) ||
                           (switched->is_transaction && sql_is_any_word(&words.token, ends)))) {
        set_firing(switched, NULL, false);
    } else if (sql_take(&words, "set")) {
        note_set(switched, words);
    } else if (text_find(statement, SETTING, 0) != SIZE_MAX) {
        set_firing(switched, ANY_STATE, false);
    }
}

void switched_note(struct switched *switched, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    struct sql_reader kind = words;
    if (sql_take_words(&words, "alter table")) {
        note_alter(switched, words);
    } else if (sql_take_words(&kind, "drop trigger")) {
        note_drop(switched, 't', kind);
    } else if (sql_take_words(&kind, "drop rule")) {
        note_drop(switched, 'r', kind);
    } else {
        note_session(switched, words, statement);
    }
}
