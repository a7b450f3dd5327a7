#include "migration/plan/cut/hold.h"

#include "framework/core/script.h"
#include "pg/values.h"
#include "sql/changes.h"

#include <string.h>

#define MOST_HELD 500 /* by a transaction that is cut; the search is quadratic */

struct position hold_position(const struct hold *hold, size_t at)
{
    return script_position(hold->script, &hold->parts, at, NULL);
}

static uint32_t line_of(const struct hold *hold, size_t at)
{
    return hold_position(hold, at).line;
}

bool hold_fail(const struct hold *hold, size_t at, struct status *status, const char *what)
{
    const char *name;
    const struct position position = script_position(hold->script, &hold->parts, at, &name);
    status_fail(status, STATUS_FAILED_PRECONDITION, "%s%s %u: %s", name == NULL ? "" : name,
                name == NULL ? "Line" : ", line", position.line, what);
    status->position = name == NULL ? position.character : 0;
    return false;
}

static void add(struct hold *hold, const struct sql_lasting *lasting, size_t at, size_t step)
{
    size_t *const found = lasting->kind == SQL_OF_SESSION    ? &hold->of_session
                          : lasting->kind == SQL_READS_CLOCK ? &hold->reads_clock
                                                             : NULL;
    if (found != NULL && *found == step + 1) {
        return;
    }
    if (found != NULL) {
        *found = step + 1;
    }
    if (lasting->kind == SQL_READING && hold->reading == NULL) {
        hold->reading = lasting->what;
        hold->reading_at = at;
        hold->reading_step = step;
    }
    hold->items = arena_grow(hold->arena, hold->items, hold->count, &hold->capacity, sizeof *hold->items);
    hold->items[hold->count++] = (struct held){*lasting, at, step};
}

/* ---- savepoints ---- */

/* The latest savepoint of this name; NULL: none. */
static const struct held *find_savepoint(const struct hold *hold, const char *name)
{
    for (size_t i = hold->count; i-- > 0;) {
        const struct sql_lasting *const lasting = &hold->items[i].lasting;
        if (lasting->kind == SQL_SAVEPOINT && strcmp(lasting->name, name) == 0) {
            return &hold->items[i];
        }
    }
    return NULL;
}

/* ROLLBACK TO undoes what follows the savepoint, which stays. */
static bool use_savepoint(struct hold *hold, const struct sql_lasting *lasting, size_t at, size_t step,
                          struct status *status)
{
    const struct held *const savepoint = find_savepoint(hold, lasting->name);
    if (savepoint == NULL) {
        return true; /* the server will report it */
    }
    if (savepoint->step != step) {
        return hold_fail(
            hold, at, status,
            arena_printf(hold->arena,
                         "the savepoint \"%s\" (line %u) is of a transaction that must end before: what comes "
                         "between cannot be one transaction. Split the file between them.",
                         lasting->name, line_of(hold, savepoint->at)));
    }
    if (lasting->kind == SQL_ROLLBACK_TO) {
        hold->count = (size_t)(savepoint - hold->items) + 1;
        hold->of_session = hold->reads_clock = 0;
    }
    return true;
}

/* ---- the time ---- */

static bool check_clock(const struct hold *hold, size_t at, size_t step, struct status *status)
{
    for (size_t i = 0; i < hold->count; i++) {
        const struct held *const held = &hold->items[i];
        if (held->lasting.kind == SQL_READS_CLOCK && held->step != step) {
            return hold_fail(
                hold, at, status,
                arena_printf(hold->arena,
                             "rows are chosen by the transaction's time (now()), which line %u has used too, "
                             "in a transaction that must end before: the two times would differ. Split the "
                             "file between them.",
                             line_of(hold, held->at)));
        }
    }
    return true;
}

/* ---- what is checked at COMMIT ---- */

/* Does it make the server check at once what it would check at COMMIT? */
static bool checks_now(const struct sql_lasting *lasting)
{
    struct sql_reader words = sql_read(text_of(lasting->sql == NULL ? "" : lasting->sql));
    return sql_take(&words, "set") && sql_take(&words, "constraints") && sql_take(&words, "all") &&
           sql_is_word(&words.token, "immediate");
}

/* The first change of this kind in this step that is still to be checked; NULL: none. Changes in earlier steps of the
 * same transaction were checked at their ends. */
static const struct held *find_late(const struct hold *hold, enum sql_lasting_kind kind, size_t step)
{
    const struct held *found = NULL;
    for (size_t i = 0; i < hold->count; i++) {
        const struct held *const held = &hold->items[i];
        if (checks_now(&held->lasting)) {
            return NULL;
        }
        found = found == NULL && held->lasting.kind == kind && held->step == step ? held : found;
    }
    return found;
}

static void add_late(struct hold *hold, enum sql_lasting_kind kind, const char *table, size_t at, size_t step)
{
    if (table != NULL && find_late(hold, kind, step) == NULL) {
        add(hold, &(struct sql_lasting){.kind = kind, .name = table}, at, step);
    }
}

/* Adds the content of a table that a COMMIT empties; once for each table. */
static void add_emptied(struct hold *hold, const char *table, size_t at, size_t step)
{
    for (size_t i = 0; table != NULL && i < hold->count; i++) {
        const struct sql_lasting *const held = &hold->items[i].lasting;
        if (held->kind == SQL_ENDS && held->name != NULL && strcmp(held->name, table) == 0) {
            return;
        }
    }
    if (table != NULL) {
        const char *const what =
            arena_printf(hold->arena, "what is in the temporary table \"%s\" (ON COMMIT DELETE ROWS)", table);
        add(hold, &(struct sql_lasting){.kind = SQL_ENDS, .name = table, .what = what}, at, step);
    }
}

static void add_deferred(struct hold *hold, struct text statement, size_t at, size_t step)
{
    add_emptied(hold, sql_changed_table(hold->arena, statement, &hold->deferred.emptied), at, step);
    add_late(hold, SQL_CHECKED_LATER, sql_changed_table(hold->arena, statement, &hold->deferred.checked), at, step);
    add_late(hold, SQL_FIRES_LATER, sql_changed_table(hold->arena, statement, &hold->deferred.fires), at, step);
    sql_deferred_tables(hold->arena, statement, &hold->deferred);
    sql_deferred_renamed(hold->arena, statement, &hold->deferred);
}

bool hold_acts_late(const struct hold *hold, struct text statement)
{
    struct deferred made = {0};
    struct deferred known = {0};
    deferred_join(hold->arena, &known, &hold->deferred);
    sql_deferred_tables(hold->arena, statement, &made);
    return sql_deferred_renamed(hold->arena, statement, &known) || made.checked.count > 0 || made.fires.count > 0 ||
           sql_changed_table(hold->arena, statement, &hold->deferred.checked) != NULL ||
           sql_changed_table(hold->arena, statement, &hold->deferred.fires) != NULL ||
           sql_changed_table(hold->arena, statement, &hold->deferred.emptied) != NULL;
}

/* Does it affect only sessions of another role or database, and so none of ours? */
static bool is_of_others(const struct hold *hold, const struct sql_lasting *lasting)
{
    return (lasting->role != NULL && hold->user != NULL && strcmp(lasting->role, hold->user) != 0) ||
           (lasting->database != NULL && hold->database != NULL && strcmp(lasting->database, hold->database) != 0);
}

/* What the statement [start, end) leaves, by itself and by what it calls. */
static struct sql_lastings lastings_of(const struct hold *hold, size_t start, size_t end)
{
    struct sql_lastings lastings = {0};
    const struct text statement = text_slice(hold->script, start, end);
    sql_lasting(hold->arena, statement, text_slice(hold->written, start, end), &lastings);
    hidden_find(hold->arena, hold->hidden, statement, &lastings);
    return lastings;
}

/* A later step is another message. */
static bool check_reading(const struct hold *hold, size_t step, struct status *status)
{
    return !hold->is_one_text || hold->reading == NULL || hold->reading_step == step ||
           hold_fail(hold, hold->reading_at, status,
                     arena_printf(hold->arena,
                                  "%s: the tool of this migration sends the file as one text, and what comes after the "
                                  "next COMMIT would be read differently. Split the file there, or do without it.",
                                  hold->reading));
}

bool hold_statement(struct hold *hold, size_t start, size_t end, size_t step, struct status *status)
{
    const struct sql_lastings lastings = lastings_of(hold, start, end);
    if (!check_reading(hold, step, status)) {
        return false;
    }
    for (size_t i = 0; i < lastings.count; i++) {
        const struct sql_lasting *const lasting = &lastings.items[i];
        if (is_of_others(hold, lasting)) {
            continue;
        }
        if (lasting->kind == SQL_ROLLBACK_TO || lasting->kind == SQL_RELEASE) {
            if (!use_savepoint(hold, lasting, start, step, status)) {
                return false;
            }
        } else if (lasting->kind == SQL_CHOOSES_BY_CLOCK) {
            if (!check_clock(hold, start, step, status)) {
                return false;
            }
        } else if (lasting->kind == SQL_CHECKED_LATER || lasting->kind == SQL_FIRES_LATER) {
            add_late(hold, lasting->kind, lasting->name, start, step);
        } else {
            add(hold, lasting, start, step);
        }
    }
    add_deferred(hold, text_slice(hold->script, start, end), start, step);
    return true;
}

void hold_session(struct hold *hold, size_t start, size_t end, size_t step)
{
    const struct sql_lastings lastings = lastings_of(hold, start, end);
    for (size_t i = 0; i < lastings.count; i++) {
        const enum sql_lasting_kind kind = lastings.items[i].kind;
        if ((kind == SQL_SETTING || kind == SQL_RESET_ALL || kind == SQL_OF_SESSION) &&
            !is_of_others(hold, &lastings.items[i])) {
            add(hold, &lastings.items[i], start, step);
        }
    }
}

bool hold_is_read_alike(const struct hold *hold, size_t at, struct status *status)
{
    size_t i = 0;
    while (i < hold->count && hold->items[i].lasting.kind != SQL_READING) {
        i++;
    }
    const bool is_alike = i == hold->count &&
                          (hold->reading == NULL || !sql_is_ambiguous(text_slice(hold->script, at, hold->script.size)));
    return is_alike ||
           hold_fail(hold, hold->reading_at, status,
                     arena_printf(hold->arena,
                                  "%s: the tool of this migration sends each statement by itself, and the statements "
                                  "after this one are read differently. Split the file after it, or do without it.",
                                  hold->reading));
}

/* If a check at the cut fails after earlier transactions of the file, half of it is left. A trigger that runs at the
 * cut may see and do something different than at the end. */
static bool check_late(const struct hold *hold, const struct cut_place *place, struct status *status)
{
    const struct held *const fires = find_late(hold, SQL_FIRES_LATER, place->step);
    const struct held *const held =
        fires != NULL || place->step == 0 ? fires : find_late(hold, SQL_CHECKED_LATER, place->step);
    return held == NULL ||
           hold_fail(hold, held->at, status,
                     arena_printf(hold->arena,
                                  "the server %s \"%s\" at COMMIT (INITIALLY DEFERRED), but %s (line %u): it would %s "
                                  "there. Put SET CONSTRAINTS ALL IMMEDIATE before that line, or split the file there.",
                                  fires != NULL ? "runs a trigger for this change of" : "checks this change of",
                                  held->lasting.name, place->why, line_of(hold, place->at),
                                  fires != NULL ? "run" : "be checked after steps that stay"));
}

bool hold_can_cut(const struct hold *hold, const struct cut_place *place, struct status *status)
{
    if (hold->count > MOST_HELD) {
        return hold_fail(
            hold, place->at, status,
            "the transaction before this has more settings than can be restored after a cut. Split the file here.");
    }
    for (size_t i = 0; i < hold->count; i++) {
        const struct held *const held = &hold->items[i];
        if (held->lasting.kind == SQL_ENDS || held->lasting.kind == SQL_READING) {
            return hold_fail(hold, held->at, status,
                             arena_printf(hold->arena,
                                          "%s lasts to the end of its transaction, but %s (line %u): after that it "
                                          "would be lost. Split the file there, or do without it.",
                                          held->lasting.what, place->why, line_of(hold, place->at)));
        }
    }
    return check_late(hold, place, status);
}

/* ---- what is restored ---- */

/* Does the later one replace the earlier? A setting replaces that of the same name, RESET ALL all but the role, another
 * session user the role as well. */
static bool replaces(const struct sql_lasting *later, const struct sql_lasting *earlier)
{
    const bool is_who = strcmp(earlier->name, "role") == 0 || strcmp(earlier->name, "session_authorization") == 0;
    if (later->kind == SQL_RESET_ALL) {
        return !is_who && strcmp(earlier->name, "constraints") != 0;
    }
    if (later->kind != SQL_SETTING && later->kind != SQL_LOCAL_SETTING) {
        return false;
    }
    return (strcmp(later->name, earlier->name) == 0 && strcmp(later->name, "constraints") != 0) ||
           (is_who && strcmp(later->name, "session_authorization") == 0);
}

/* Is it still in force? */
static bool is_in_force(const struct hold *hold, size_t i)
{
    for (size_t j = i + 1; j < hold->count; j++) {
        if (replaces(&hold->items[j].lasting, &hold->items[i].lasting)) {
            return false;
        }
    }
    return true;
}

static void carry_into_transaction(const struct hold *hold, struct step *step)
{
    struct buffer carry = {.arena = hold->arena};
    for (size_t i = 0; i < hold->count; i++) {
        if (hold->items[i].lasting.kind == SQL_LOCAL_SETTING && is_in_force(hold, i)) {
            buffer_printf(&carry, "%s;", hold->items[i].lasting.sql);
        }
    }
    step->carry = carry.size == 0 ? step->carry : buffer_string(&carry);
}

/* Saves the value of a setting, with a letter in front: if the saved value is empty then, the statement between has
 * removed it (DISCARD ALL), and the setting must not be restored. */
static void put_keep(struct buffer *sql, const char *kept, const char *name)
{
    buffer_puts(sql, "SELECT pg_catalog.set_config(");
    pg_quote_literal(sql, text_of(kept));
    buffer_puts(sql, ", pg_catalog.concat('v', pg_catalog.current_setting(");
    pg_quote_literal(sql, text_of(name));
    buffer_puts(sql, ", true)), false);");
}

static void put_back(struct buffer *sql, const char *name, const char *kept)
{
    struct buffer quoted = {.arena = sql->arena};
    pg_quote_literal(&quoted, text_of(kept));
    buffer_puts(sql, "SELECT pg_catalog.set_config(");
    pg_quote_literal(sql, text_of(name));
    buffer_printf(sql,
                  ", pg_catalog.substr(pg_catalog.current_setting(%s, true), 2), false) WHERE "
                  "pg_catalog.current_setting(%s, true) OPERATOR(pg_catalog.<>) '';",
                  buffer_string(&quoted), buffer_string(&quoted));
}

/* Outside of a transaction nothing is local: saves the session's value in a setting of ours, and restores it. */
static void carry_to_session(const struct hold *hold, struct step *step)
{
    struct buffer keep = {.arena = hold->arena};
    struct buffer carry = {.arena = hold->arena};
    struct buffer restore = {.arena = hold->arena};
    for (size_t i = 0; i < hold->count; i++) {
        const struct sql_lasting *const lasting = &hold->items[i].lasting;
        if (lasting->kind == SQL_LOCAL_SETTING && lasting->session_sql != NULL && is_in_force(hold, i)) {
            const char *const kept = arena_printf(hold->arena, "truss.kept_%zu", i);
            put_keep(&keep, kept, lasting->name);
            buffer_printf(&carry, "%s;", lasting->session_sql);
            put_back(&restore, lasting->name, kept);
        }
    }
    if (carry.size > 0) {
        step->carry = arena_printf(hold->arena, "%s%s", buffer_string(&keep), buffer_string(&carry));
        step->restore = buffer_string(&restore);
    }
}

/* The script's own statements for what is restored. */
static const char *carried(const struct hold *hold)
{
    struct buffer text = {.arena = hold->arena};
    for (size_t i = 0; i < hold->count; i++) {
        if (hold->items[i].lasting.kind == SQL_LOCAL_SETTING && is_in_force(hold, i)) {
            buffer_printf(&text, "%s%s", text.size == 0 ? "" : "; ", hold->items[i].lasting.sql);
        }
    }
    return text.size == 0 ? NULL : buffer_string(&text);
}

void hold_carry(const struct hold *hold, struct step *step)
{
    step->carried = carried(hold);
    if (step->kind == STEP_ALONE) {
        carry_to_session(hold, step);
    } else {
        carry_into_transaction(hold, step);
    }
}

/* ---- what stays in the session ---- */

/* Drops everything that ends with the transaction. */
static void forget(struct hold *hold)
{
    hold->count = 0;
    hold->of_session = hold->reads_clock = 0;
}

void hold_commit(struct hold *hold, struct step *steps)
{
    struct buffer settings = {.arena = hold->arena};
    for (size_t i = 0; i < hold->count; i++) {
        const struct held *const held = &hold->items[i];
        struct step *const step = &steps[held->step];
        if (i > 0 && held->step != hold->items[i - 1].step) {
            settings = (struct buffer){.arena = hold->arena};
        }
        if (held->lasting.kind == SQL_SETTING || held->lasting.kind == SQL_RESET_ALL) {
            buffer_printf(&settings, "%s;", held->lasting.sql);
        } else if (held->lasting.kind == SQL_OF_SESSION) {
            step->session_bound = held->lasting.what;
            step->session_bound_at = held->at;
        }
        const bool is_last = i + 1 == hold->count || hold->items[i + 1].step != held->step;
        step->settings = is_last && settings.size > 0 ? buffer_string(&settings) : step->settings;
    }
    forget(hold);
}
