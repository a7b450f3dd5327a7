/*
 * "name [requires !conflicts] TIME Planner <mail> # note", tags "@name TIME Planner <mail> # note", pragmas
 * "%project=…". An id is the SHA-1 of an object in git's form: "change LENGTH\0" and its lines (checked with every row
 * that Sqitch 1.3.1 wrote). Lines are read as in Plan.pm, Line.pm and Change.pm of 1.6.
 */
#include "framework/sqitch/sqitch_plan.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/word_set.h"
#include "base/words.h"

#include <ctype.h>
#include <string.h>

#define MOST_TAGS 64 /* after which the script of a reworked change may be called */

#define TIME "2026-11-23T08:58:55Z"

const struct sqitch_place sqitch_usual = {
    .plan = "sqitch.plan", .deploy = "deploy", .reworked = "deploy", .extension = "sql"};

struct parsing {
    struct arena *arena;
    const struct sqitch_place *place;
    struct sqitch_plan *plan;
    size_t capacity;
    size_t tag_capacity;   /* of the last change's tags */
    struct word_set names; /* of the changes so far, with the number of the last one of that name, from 1 */
    struct word_set tags;  /* "@v1", with the number of its change */
    struct word_set past;  /* as names, of the changes up to the last tag: past_count */
    size_t past_count;
    size_t *tagged; /* the changes that have tags */
    size_t tagged_count;
    size_t tagged_capacity;
    size_t line;
    struct status *status;
};

static bool fail(const struct parsing *parsing, const char *what)
{
    return status_fail(parsing->status, STATUS_FAILED_PRECONDITION, "%s, line %zu: %s.", parsing->place->plan,
                       parsing->line, what);
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

/* A line's note is all from the first "#" on; in it "\\n", "\\r" and "\\\\" stand for what they name (Plan/Line.pm). */
static const char *cut_note(struct arena *arena, struct text *line)
{
    static const char escapes[] = "n\nr\r\\\\"; /* pairs */
    struct buffer note = {.arena = arena};
    const size_t start = text_find(*line, "#", 0);
    if (start == SIZE_MAX) {
        return "";
    }
    const struct text rest = text_trim(text_slice(*line, start + 1, line->size));
    *line = text_slice(*line, 0, start);
    for (size_t i = 0; i < rest.size; i++) {
        const char *escaped = NULL;
        for (size_t j = 0; rest.data[i] == '\\' && i + 1 < rest.size && j + 1 < sizeof escapes - 1; j += 2) {
            escaped = rest.data[i + 1] == escapes[j] ? &escapes[j + 1] : escaped;
        }
        buffer_putc(&note, escaped == NULL ? rest.data[i] : *escaped);
        i += escaped == NULL ? 0 : 1;
    }
    return buffer_string(&note);
}

/* "TIME Planner <mail>" */
static bool read_planning(struct parsing *parsing, struct text words, struct sqitch_planning *planning)
{
    planning->at = copy(parsing->arena, next_word(&words));
    const size_t open = text_find(words, " <", 0);
    const size_t close = text_find(words, ">", 0);
    if (open == SIZE_MAX || close == SIZE_MAX || close < open || strlen(planning->at) != strlen(TIME)) {
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

/* As URI->canonical writes it: scheme and host in lower case, and no empty path after a host. */
static void put_uri(struct buffer *out, const char *uri)
{
    const char *const host = strstr(uri, "://");
    const size_t end = host == NULL ? strcspn(uri, ":") : (size_t)(host - uri) + 3 + strcspn(host + 3, "/?#");
    const bool is_web = strncasecmp(uri, "http", 4) == 0;
    for (size_t i = 0; i < end; i++) {
        buffer_putc(out, (char)tolower((unsigned char)uri[i]));
    }
    buffer_puts(out, host != NULL && is_web && uri[end] != '/' ? "/" : "");
    buffer_puts(out, uri + end);
}

static void put_head(struct buffer *out, const struct sqitch_plan *plan, const char *kind, const char *name)
{
    buffer_printf(out, "project %s\n", plan->project);
    if (plan->uri != NULL) {
        buffer_puts(out, "uri ");
        put_uri(out, plan->uri);
        buffer_putc(out, '\n');
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

static bool read_tag(struct parsing *parsing, struct text rest, const char *note)
{
    struct arena *const arena = parsing->arena;
    if (parsing->plan->count == 0) {
        return fail(parsing, "a tag must come after a change");
    }
    const size_t last = parsing->plan->count - 1;
    struct sqitch_change *const change = &parsing->plan->changes[last];
    struct sqitch_tag tag = {.name = copy(arena, next_word(&rest)), .planning = {.note = note}};
    if (!read_planning(parsing, rest, &tag.planning)) {
        return false;
    }
    if (word_set_has(&parsing->tags, tag.name)) {
        return fail(parsing, arena_printf(arena, "the tag %s is there twice", tag.name));
    }
    word_set_put(arena, &parsing->tags, tag.name, (int)parsing->plan->count);
    for (; parsing->past_count < parsing->plan->count; parsing->past_count++) {
        word_set_put(arena, &parsing->past, parsing->plan->changes[parsing->past_count].name,
                     (int)parsing->past_count + 1);
    }
    tag.id = tag_id(arena, change, &tag);
    change->tags = arena_grow(arena, change->tags, change->tag_count, &parsing->tag_capacity, sizeof *change->tags);
    change->tags[change->tag_count++] = tag;
    if (change->tag_count == 1) {
        parsing->tagged = arena_grow(arena, parsing->tagged, parsing->tagged_count, &parsing->tagged_capacity,
                                     sizeof *parsing->tagged);
        parsing->tagged[parsing->tagged_count++] = last;
    }
    return true;
}

/* A dependency as it is recorded: without the name of its own project (Plan/Depend.pm, as_string). */
static struct text without_project(const struct parsing *parsing, struct text name)
{
    const size_t size = strlen(parsing->plan->project);
    return text_starts_with(name, parsing->plan->project) && size < name.size && name.data[size] == ':'
               ? text_slice(name, size + 1, name.size)
               : name;
}

/* "[a !b]" */
static bool read_dependencies(struct parsing *parsing, struct text *rest, struct sqitch_change *change)
{
    struct arena *const arena = parsing->arena;
    struct words required = {0};
    struct words conflicts = {0};
    const bool has_list = text_starts_with(*rest, "[");
    const size_t close = has_list ? text_find(*rest, "]", 0) : 0;
    if (close == SIZE_MAX) {
        return fail(parsing, "the list of dependencies has no end");
    }
    struct text list = text_slice(*rest, 1, close);
    *rest = has_list ? text_trim(text_slice(*rest, close + 1, rest->size)) : *rest;
    for (struct text word; (word = next_word(&list)).size > 0;) {
        const bool is_conflict = word.data[0] == '!';
        words_add(arena, is_conflict ? &conflicts : &required,
                  copy(arena, without_project(parsing, text_slice(word, is_conflict ? 1 : 0, word.size))));
    }
    change->requires = words_list(arena, &required);
    change->conflicts = words_list(arena, &conflicts);
    return true;
}

/* The path of a change's script; tag: "" or, if it was reworked later, "@v1". */
static const char *script_of(const struct parsing *parsing, const char *name, const char *tag)
{
    const struct sqitch_place *const place = parsing->place;
    return path_join(parsing->arena, tag[0] == '\0' ? place->deploy : place->reworked,
                     arena_printf(parsing->arena, "%s%s.%s", name, tag, place->extension));
}

static bool is_there(const struct parsing *parsing, const char *script)
{
    const char *const root = parsing->place->root;
    return root != NULL && file_look(path_join(parsing->arena, root, script), NULL) != FILE_NONE;
}

/* A change that occurs again was reworked: the script of the earlier one has the name of a tag between them. It is the
 * first one of which there is a file, from the last tagged change back (Plan.pm, add_rework_tags; Plan/Change.pm). */
static bool rename_reworked(struct parsing *parsing, const char *name)
{
    const size_t number = (size_t)word_set_number(&parsing->names, name);
    const char *script = NULL;
    size_t tries = 0;
    bool exists = false;
    for (size_t i = parsing->tagged_count;
         number > 0 && !exists && tries < MOST_TAGS && i-- > 0 && parsing->tagged[i] + 1 >= number;) {
        const struct sqitch_change *const change = &parsing->plan->changes[parsing->tagged[i]];
        for (size_t j = 0; j < change->tag_count && !exists && tries++ < MOST_TAGS; j++) {
            const char *const one = script_of(parsing, name, change->tags[j].name);
            exists = is_there(parsing, one);
            script = script == NULL || exists ? one : script;
        }
    }
    if (number > 0 && script == NULL) {
        return fail(parsing, "the change is there twice, without a tag in between");
    }
    if (number > 0) {
        parsing->plan->changes[number - 1].script = script;
    }
    return true;
}

/* Why Sqitch does not find what is required; NULL: it does. "a@v1" is found only if no change a that was tagged since
 * comes behind that tag (check_changes of Plan.pm, 1.3.1 and 1.6). */
static const char *why_unknown(const struct parsing *parsing, const char *required)
{
    struct arena *const arena = parsing->arena;
    const size_t size = strcspn(required, "@");
    const char *const name = arena_strndup(arena, required, size);
    const int tag = word_set_number(&parsing->tags, required + size);
    const int last = word_set_number(&parsing->past, name);
    if (required[size] == '\0') {
        return word_set_number(&parsing->names, name) == 0 ? "which the plan does not have before" : NULL;
    }
    if (tag == 0 || (size > 0 && word_set_number(&parsing->names, name) == 0)) {
        return "which the plan does not have before";
    }
    return size > 0 && (last == 0 || last > tag)
               ? "but the last tagged change of that name comes after that tag, and sqitch does not find an earlier one"
               : NULL;
}

/* Sqitch stops where a change of the same project is required that is not in the plan before. */
static bool are_planned(struct parsing *parsing, const struct sqitch_change *change)
{
    for (size_t i = 0; change->requires[i] != NULL; i++) {
        const char *const required = change->requires[i];
        const bool is_other = strchr(required, ':') != NULL || strspn(required, "0123456789abcdef") == SQITCH_ID_SIZE;
        const char *const why = is_other ? NULL : why_unknown(parsing, required);
        if (why != NULL) {
            return fail(parsing, arena_printf(parsing->arena, "it requires %s, %s", required, why));
        }
    }
    return true;
}

static bool read_change(struct parsing *parsing, struct text rest, const char *note)
{
    struct sqitch_plan *const plan = parsing->plan;
    const bool has_sign = text_starts_with(rest, "+") || text_starts_with(rest, "-");
    rest = text_slice(rest, has_sign ? 1 : 0, rest.size);
    struct sqitch_change change = {
        .plan = plan, .name = copy(parsing->arena, next_word(&rest)), .planning = {.note = note}};
    /* "@" is where a tag begins, and no name begins with punctuation (sqitchplan, "Naming"): by "/" its script would be
     * looked for from the root of the file system. */
    if (change.name[0] == '\0' || change.name[0] == '/' || strchr(change.name, '@') != NULL) {
        return fail(parsing, "a change has a name, which has no \"@\" and does not begin with \"/\"");
    }
    if (!read_dependencies(parsing, &rest, &change) || !read_planning(parsing, rest, &change.planning) ||
        !are_planned(parsing, &change) || !rename_reworked(parsing, change.name)) {
        return false;
    }
    change.script = script_of(parsing, change.name, "");
    change.id = change_id(parsing->arena, &change, plan->count == 0 ? NULL : plan->changes[plan->count - 1].id);
    plan->changes = arena_grow(parsing->arena, plan->changes, plan->count, &parsing->capacity, sizeof *plan->changes);
    plan->changes[plan->count++] = change;
    word_set_put(parsing->arena, &parsing->names, change.name, (int)plan->count);
    parsing->tag_capacity = 0;
    return true;
}

/* "%project=p", also with blanks. NULL: it is another pragma. */
static const char *pragma_of(struct arena *arena, struct text line, const char *name)
{
    const struct text rest = text_trim(text_slice(line, 1, line.size));
    const struct text value = text_trim(text_slice(rest, strlen(name), rest.size));
    return text_starts_with(rest, name) && text_starts_with(value, "=")
               ? copy(arena, text_trim(text_slice(value, 1, value.size)))
               : NULL;
}

static bool read_line(struct parsing *parsing, struct text line)
{
    struct arena *const arena = parsing->arena;
    /* Sqitch reads it as strict UTF-8; behind a NUL a name would be another one here. */
    if (!text_is_legible(line)) {
        return fail(parsing, "it is not UTF-8, or has a NUL byte");
    }
    const char *const note = cut_note(arena, &line);
    line = text_trim(line);
    if (line.size == 0) {
        return true;
    }
    if (line.data[0] == '%') {
        const char *const project = pragma_of(arena, line, "project");
        const char *const uri = pragma_of(arena, line, "uri");
        parsing->plan->project = project == NULL ? parsing->plan->project : project;
        parsing->plan->uri = uri == NULL ? parsing->plan->uri : uri;
        return true;
    }
    if (parsing->plan->project == NULL) {
        return fail(parsing, "%project comes first");
    }
    return line.data[0] == '@' ? read_tag(parsing, line, note) : read_change(parsing, line, note);
}

const struct sqitch_plan *sqitch_plan_parse(struct arena *arena, struct text content, const struct sqitch_place *place,
                                            struct status *status)
{
    struct sqitch_plan *const plan = arena_alloc(arena, sizeof *plan);
    struct parsing parsing = {.arena = arena, .place = place, .plan = plan, .status = status};
    for (struct text line; text_next_line(&content, &line);) {
        parsing.line++;
        if (!read_line(&parsing, line)) {
            return NULL;
        }
    }
    return plan;
}

static bool has_tag(const struct sqitch_change *change, const char *tag)
{
    size_t i = 0;
    while (i < change->tag_count && strcmp(change->tags[i].name, tag) != 0) {
        i++;
    }
    return i < change->tag_count;
}

const struct sqitch_change *sqitch_plan_find(const struct sqitch_plan *plan, const char *name, size_t end)
{
    const size_t size = strcspn(name, "@");
    for (size_t i = end; name[size] == '@' && i-- > 0;) {
        if (has_tag(&plan->changes[i], name + size)) {
            if (size == 0) {
                return &plan->changes[i];
            }
            end = i + 1; /* of a change that was reworked later the one that the tag has */
            break;
        }
    }
    /* A name alone is the first change of that name, also where it was reworked (find of ChangeList.pm). */
    const bool is_first = name[size] != '@';
    for (size_t i = 0; i < end; i++) {
        const struct sqitch_change *const change = &plan->changes[is_first ? i : end - 1 - i];
        if (strlen(change->name) == size && strncmp(change->name, name, size) == 0) {
            return change;
        }
    }
    return NULL;
}
