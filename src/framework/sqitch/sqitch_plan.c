/*
 * "name [requires !conflicts] TIME Planner <mail> # note", tags "@name TIME Planner <mail> # note", pragmas
 * "%project=…". An id is the SHA-1 of an object in git's form: "change LENGTH\0" and its lines (checked with every row
 * that Sqitch 1.3.1 wrote).
 */
#include "framework/sqitch/sqitch_plan.h"

#include "base/digest.h"

#include <string.h>

#define MOST_NAMES 64

struct parsing {
    struct arena *arena;
    struct sqitch_plan *plan;
    size_t capacity;
    size_t tag_capacity; /* of the last change's tags */
    size_t line;
    struct status *status;
};

static bool fail(const struct parsing *parsing, const char *what)
{
    return status_fail(parsing->status, STATUS_FAILED_PRECONDITION, "sqitch.plan, line %zu: %s.", parsing->line, what);
}

static const char *copy(struct arena *arena, struct text text)
{
    return arena_strndup(arena, text.data == NULL ? "" : text.data, text.size);
}

/* Cuts the first word off *rest. */
static struct text next_word(struct text *rest)
{
    *rest = text_trim(*rest);
    size_t end = 0;
    while (end < rest->size && rest->data[end] != ' ' && rest->data[end] != '\t') {
        end++;
    }
    const struct text word = text_slice(*rest, 0, end);
    *rest = text_trim(text_slice(*rest, end, rest->size));
    return word;
}

/* "TIME Planner <mail> # note" */
static bool read_planning(struct parsing *parsing, struct text rest, struct sqitch_planning *planning)
{
    const size_t hash = text_find(rest, " # ", 0);
    const struct text who = text_trim(text_slice(rest, 0, hash));
    struct text words = who;
    planning->note = hash == SIZE_MAX ? "" : copy(parsing->arena, text_trim(text_slice(rest, hash + 3, rest.size)));
    planning->at = copy(parsing->arena, next_word(&words));
    const size_t open = text_find(words, " <", 0);
    const size_t close = text_find(words, ">", 0);
    if (open == SIZE_MAX || close == SIZE_MAX || close < open ||
        strlen(planning->at) != strlen("2026-11-23T08:58:55Z")) {
        return fail(parsing, "after the name, a time, a planner and a mail address in angle brackets are expected");
    }
    planning->name = copy(parsing->arena, text_slice(words, 0, open));
    planning->email = copy(parsing->arena, text_slice(words, open + 2, close));
    return true;
}

/* ---- ids ---- */

static const char *id_of(struct arena *arena, const char *kind, struct text content)
{
    struct buffer object = {.arena = arena};
    buffer_printf(&object, "%s %zu", kind, content.size);
    buffer_add(&object, (struct text){"", 1});
    buffer_add(&object, content);
    return digest_hex_of(arena, "SHA1", buffer_text(&object));
}

static void put_head(struct buffer *out, const struct sqitch_plan *plan, const char *kind, const char *name)
{
    buffer_printf(out, "project %s\n", plan->project);
    if (plan->uri != NULL) {
        buffer_printf(out, "uri %s\n", plan->uri);
    }
    buffer_printf(out, "%s %s", kind, name);
}

static void put_planning(struct buffer *out, const struct sqitch_planning *planning)
{
    buffer_printf(out, "\nplanner %s <%s>\ndate %s", planning->name, planning->email, planning->at);
}

static void put_list(struct buffer *out, const char *title, const char *sign, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        buffer_printf(out, "%s%s%s\n  %s %s", i == 0 ? "\n" : "", i == 0 ? title : "", "", sign, names[i]);
    }
}

static const char *change_id(struct arena *arena, const struct sqitch_change *change, const char *parent)
{
    struct buffer out = {.arena = arena};
    put_head(&out, change->plan, "change", change->name);
    if (parent != NULL) {
        buffer_printf(&out, "\nparent %s", parent);
    }
    put_planning(&out, &change->planning);
    put_list(&out, "requires", "+", change->requires);
    put_list(&out, "conflicts", "-", change->conflicts);
    if (change->planning.note[0] != '\0') {
        buffer_printf(&out, "\n\n%s", change->planning.note);
    }
    return id_of(arena, "change", buffer_text(&out));
}

static const char *tag_id(struct arena *arena, const struct sqitch_change *change, const struct sqitch_tag *tag)
{
    struct buffer out = {.arena = arena};
    put_head(&out, change->plan, "tag", tag->name);
    buffer_printf(&out, "\nchange %s", change->id);
    put_planning(&out, &tag->planning);
    if (tag->planning.note[0] != '\0') {
        buffer_printf(&out, "\n\n%s", tag->planning.note);
    }
    return id_of(arena, "tag", buffer_text(&out));
}

/* ---- lines ---- */

static bool read_tag(struct parsing *parsing, struct text rest)
{
    struct arena *const arena = parsing->arena;
    if (parsing->plan->count == 0) {
        return fail(parsing, "a tag must come after a change");
    }
    struct sqitch_change *const change = &parsing->plan->changes[parsing->plan->count - 1];
    struct sqitch_tag tag = {.name = copy(arena, next_word(&rest))};
    if (!read_planning(parsing, rest, &tag.planning)) {
        return false;
    }
    tag.id = tag_id(arena, change, &tag);
    change->tags = arena_grow(arena, change->tags, change->tag_count, &parsing->tag_capacity, sizeof *change->tags);
    change->tags[change->tag_count++] = tag;
    return true;
}

/* "[a !b]" */
static bool read_dependencies(struct parsing *parsing, struct text *rest, struct sqitch_change *change)
{
    size_t requires = 0;
    size_t conflicts = 0;
    change->requires = arena_array(parsing->arena, MOST_NAMES + 1, sizeof *change->requires);
    change->conflicts = arena_array(parsing->arena, MOST_NAMES + 1, sizeof *change->conflicts);
    if (!text_starts_with(*rest, "[")) {
        return true;
    }
    const size_t close = text_find(*rest, "]", 0);
    if (close == SIZE_MAX) {
        return fail(parsing, "the list of dependencies has no end");
    }
    struct text list = text_slice(*rest, 1, close);
    *rest = text_trim(text_slice(*rest, close + 1, rest->size));
    for (struct text word; (word = next_word(&list)).size > 0 && requires < MOST_NAMES && conflicts < MOST_NAMES;) {
        const bool conflict = word.data[0] == '!';
        const char *const name = copy(parsing->arena, text_slice(word, conflict ? 1 : 0, word.size));
        if (conflict) {
            change->conflicts[conflicts++] = name;
        } else {
            change->requires[requires ++] = name;
        }
    }
    return true;
}

/* A change that occurs again was reworked: the script of the first one has the name of the tag between them. */
static void rename_reworked(struct parsing *parsing, const struct sqitch_change *change)
{
    const size_t size = strlen(change->name);
    for (size_t i = 0; change->requires[i] != NULL; i++) {
        const char *const required = change->requires[i];
        if (strncmp(required, change->name, size) == 0 && required[size] == '@') {
            for (size_t j = parsing->plan->count; j-- > 0;) {
                struct sqitch_change *const earlier = &parsing->plan->changes[j];
                if (strcmp(earlier->name, change->name) == 0) {
                    earlier->script = arena_printf(parsing->arena, "deploy/%s.sql", required);
                    return;
                }
            }
        }
    }
}

static bool read_change(struct parsing *parsing, struct text rest)
{
    struct sqitch_plan *const plan = parsing->plan;
    struct text name = next_word(&rest);
    if (text_starts_with(name, "+")) {
        name = name.size > 1 ? text_slice(name, 1, name.size) : next_word(&rest);
    }
    struct sqitch_change change = {.plan = plan, .name = copy(parsing->arena, name)};
    /* "@" is where a tag begins (sqitchplan, "Naming"). */
    if (strchr(change.name, '@') != NULL) {
        return fail(parsing, "the name of a change has no \"@\"");
    }
    if (!read_dependencies(parsing, &rest, &change) || !read_planning(parsing, rest, &change.planning)) {
        return false;
    }
    change.script = arena_printf(parsing->arena, "deploy/%s.sql", change.name);
    change.id = change_id(parsing->arena, &change, plan->count == 0 ? NULL : plan->changes[plan->count - 1].id);
    rename_reworked(parsing, &change);
    plan->changes = arena_grow(parsing->arena, plan->changes, plan->count, &parsing->capacity, sizeof *plan->changes);
    plan->changes[plan->count++] = change;
    parsing->tag_capacity = 0;
    return true;
}

static bool read_line(struct parsing *parsing, struct text line)
{
    static const char project[] = "%project=";
    static const char uri[] = "%uri=";
    line = text_trim(line);
    if (line.size == 0 || line.data[0] == '#') {
        return true;
    }
    if (line.data[0] == '%') {
        if (text_starts_with(line, project)) {
            parsing->plan->project = copy(parsing->arena, text_slice(line, strlen(project), line.size));
        } else if (text_starts_with(line, uri)) {
            parsing->plan->uri = copy(parsing->arena, text_slice(line, strlen(uri), line.size));
        }
        return true;
    }
    if (parsing->plan->project == NULL) {
        return fail(parsing, "%project comes first");
    }
    return line.data[0] == '@' ? read_tag(parsing, line) : read_change(parsing, line);
}

const struct sqitch_plan *sqitch_plan_parse(struct arena *arena, struct text content, struct status *status)
{
    struct sqitch_plan *const plan = arena_alloc(arena, sizeof *plan);
    struct parsing parsing = {.arena = arena, .plan = plan, .status = status};
    for (struct text line; text_next_line(&content, &line);) {
        parsing.line++;
        if (!read_line(&parsing, line)) {
            return NULL;
        }
    }
    return plan;
}

const struct sqitch_change *sqitch_plan_find(const struct sqitch_plan *plan, const char *name, size_t end)
{
    const size_t size = strcspn(name, "@");
    for (size_t i = end; i-- > 0;) {
        if (strlen(plan->changes[i].name) == size && strncmp(plan->changes[i].name, name, size) == 0) {
            return &plan->changes[i];
        }
    }
    return NULL;
}
