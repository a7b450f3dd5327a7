/*
 * The values in the columns of databasechangelog, made as in MarkChangeSetRanGenerator.java and ChangeSet.java
 * (Liquibase 4.28).
 */
#include "framework/liquibase/liquibase_changeset.h"

#include "base/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_COLUMN 250 /* of descriptions and comments: longer ones are cut */
#define MOST_NAMES     16  /* in the description of a change */

const char *liquibase_join_contexts(struct arena *arena, const char *contexts, struct text more)
{
    more = text_trim(more);
    if (more.size == 0) {
        return contexts;
    }
    const bool is_complex = text_find(more, ",", 0) != SIZE_MAX || text_find(more, " ", 0) != SIZE_MAX;
    return arena_printf(arena, is_complex ? "%s%s(%.*s)" : "%s%s%.*s", contexts == NULL ? "" : contexts,
                        contexts == NULL ? "" : " AND ", (int)more.size, more.data);
}

/* In lower case, without blanks around the commas. */
const char *liquibase_join_labels(struct arena *arena, const char *labels, struct text more)
{
    struct buffer joined = {.arena = arena};
    buffer_puts(&joined, labels == NULL ? "" : labels);
    while (more.size > 0) {
        const size_t comma = text_find(more, ",", 0);
        const struct text one = text_trim(text_slice(more, 0, comma));
        more = text_slice(more, comma == SIZE_MAX ? more.size : comma + 1, more.size);
        buffer_puts(&joined, joined.size == 0 || one.size == 0 ? "" : ",");
        for (size_t i = 0; i < one.size; i++) {
            buffer_putc(&joined, (char)tolower((unsigned char)one.data[i]));
        }
    }
    return joined.size == 0 ? NULL : buffer_string(&joined);
}

static const char *cut(struct arena *arena, struct text text)
{
    const bool is_long = text_is_utf8(text, NULL) && text_characters(text) > LONGEST_COLUMN;
    /* StringUtil.limitSize puts dots at the end. */
    const size_t end = is_long ? text_byte_of_character(text, LONGEST_COLUMN - 2) : text.size;
    return arena_printf(arena, is_long ? "%.*s..." : "%.*s", (int)end, text.data == NULL ? "" : text.data);
}

bool liquibase_preconditions_hold(struct arena *arena, const struct tree_node *preconditions,
                                  const struct liquibase_around *around)
{
    static const char *const attributes[] = {"onFail",        "onError",        "onUpdateSQL", "onSqlOutput",
                                             "onFailMessage", "onErrorMessage", NULL};
    for (const struct tree_node *node = preconditions->first; node != NULL; node = node->next) {
        const bool is_attribute = word_is_one_of(text_of(node->name), attributes);
        const bool holds = strcmp(node->name, "dbms") == 0 && liquibase_is_for_us(arena, node, "type", around);
        if (!is_attribute && !holds) {
            return false;
        }
    }
    return true;
}

/* ---- descriptions ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "createIndex indexName=i, tableName=t": attributes that end with "name" and are neither schema nor catalog, and
 * "path". */
static void describe(struct arena *arena, const struct tree_node *change, struct buffer *description)
{
    const char *words[MOST_NAMES] = {NULL};
    size_t count = 0;
    for (const struct tree_node *node = change->first; node != NULL && count < MOST_NAMES; node = node->next) {
        const char *const name = node->name;
        const bool is_name = text_ends_with_nocase(text_of(name), "name") && strcasestr(name, "schema") == NULL &&
                             strcasestr(name, "catalog") == NULL;
        if ((is_name || strcmp(name, "path") == 0) && node->text.size > 0) {
            words[count++] = arena_printf(arena, "%s=%.*s", name, (int)node->text.size, node->text.data);
        }
    }
    qsort(words, count, sizeof *words, compare_texts);
    buffer_printf(description, "%s%s", description->size == 0 ? "" : "; ", change->name);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(description, "%s%s", i == 0 ? " " : ", ", words[i]);
    }
}

/* ---- changes ---- */

/* True for changes; other elements can be next to them in a changeSet. */
static bool is_change(const struct tree_node *node)
{
    static const char *const others[] = {
        "id",        "author",          "context",          "contextFilter", "labels",        "dbms",
        "runAlways", "runOnChange",     "alwaysRun",        "failOnError",   "comment",       "runInTransaction",
        "ignore",    "logicalFilePath", "preConditions",    "rollback",      "created",       "objectQuotingStrategy",
        "runOrder",  "runWith",         "runWithSpoolFile", "modifySql",     "validCheckSum", "onValidationFail",
        NULL,
    };
    return !word_is_one_of(text_of(node->name), others);
}

static void add_sql(struct arena *arena, const struct tree_node *node, const struct liquibase_around *around,
                    struct liquibase_changeset *changeset)
{
    const bool is_file = strcmp(node->name, "sqlFile") == 0;
    const struct tree_node *const inner = tree_child(node, "sql");
    const struct tree_node *const source = inner == NULL ? node : inner;
    const struct tree_node *const delimiter = tree_child(node, "endDelimiter");
    struct liquibase_change *const change = &changeset->changes[changeset->change_count++];
    *change = (struct liquibase_change){
        .sql = source->text,
        .line = source->line,
        .cut = {.delimiter = delimiter == NULL || delimiter->text.size == 0 ? NULL : delimiter->text.data,
                .splits = liquibase_bool(arena, node, "splitStatements", true, around),
                .strips = liquibase_bool(arena, node, "stripComments", false, around)},
        .is_formatted = tree_child(node, "formatted") != NULL,
        .is_skipped = !liquibase_is_for_us(arena, node, "dbms", around),
        .is_literal = tree_child(node, "raw") != NULL,
    };
    change->sum_is_literal = change->is_literal || is_file;
    if (is_file) {
        change->line = 1;
        if (!around->read(around->data, node, &change->sql)) {
            changeset->reason = arena_printf(arena, "its sqlFile %.*s cannot be read",
                                             (int)tree_text(node, "path").size, tree_text(node, "path").data);
        }
    }
    const char *const computed = liquibase_computed(changeset, change);
    if (changeset->reason == NULL && computed != NULL) {
        changeset->reason = arena_printf(arena, "the value of its property %s is computed", computed);
    }
    changeset->has_others = changeset->has_others || computed != NULL;
    if (changeset->reason == NULL) {
        changeset->reason = liquibase_refuses(arena, changeset, change);
    }
}

static size_t count_children(const struct tree_node *node)
{
    size_t count = 0;
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        count++;
    }
    return count;
}

static void add_changes(struct arena *arena, const struct tree_node *from, const struct liquibase_around *around,
                        struct liquibase_changeset *changeset)
{
    struct buffer description = {.arena = arena};
    const struct tree_node *const list = tree_child(from, "changes");
    const struct tree_node *const above = list == NULL ? from : list;
    changeset->changes = arena_array(arena, count_children(above) + 1, sizeof *changeset->changes);
    for (const struct tree_node *node = above->first; node != NULL; node = node->next) {
        if (list == NULL && !is_change(node)) {
            continue;
        }
        describe(arena, node, &description);
        if (strcmp(node->name, "sql") == 0 || strcmp(node->name, "sqlFile") == 0) {
            add_sql(arena, node, around, changeset);
        } else {
            changeset->has_others = true;
            changeset->reason = arena_printf(arena, "its change %s is not SQL", node->name);
        }
    }
    changeset->description = cut(arena, description.size == 0 ? text_of("empty") : buffer_text(&description));
    if (changeset->change_count == 0 && !changeset->has_others) {
        changeset->reason = "it has no changes";
    }
    changeset->has_others = changeset->has_others || tree_child(from, "modifySql") != NULL;
}

/* ---- changesets ---- */

/* The last comment, which is the one that counts in formatted SQL; in other formats there is only one. */
static const char *comments_of(struct arena *arena, const struct tree_node *node, const struct liquibase_around *around)
{
    const struct tree_node *last = tree_child(node, "comment");
    while (last != NULL && tree_next(last) != NULL) {
        last = tree_next(last);
    }
    return last == NULL
               ? ""
               : cut(arena, text_trim(liquibase_expand(arena, last->text, around->properties, around->property_count)));
}

/* A reason why only Liquibase can run the changeset; NULL: none. */
static const char *reason_of(struct arena *arena, const struct tree_node *node, const struct liquibase_around *around)
{
    const struct tree_node *const preconditions = tree_child(node, "preConditions");
    return preconditions != NULL && !liquibase_preconditions_hold(arena, preconditions, around) ? "it has preconditions"
           : tree_child(node, "modifySql") != NULL                                              ? "it has modifySql"
           : tree_child(node, "runWith") != NULL                                                ? "it has runWith"
           : tree_child(node, "runOrder") != NULL                                               ? "it has runOrder"
           : !liquibase_bool(arena, node, "failOnError", true, around) ? "it has failOnError:false"
                                                                       : NULL;
}

static void read_valid_sums(struct arena *arena, const struct tree_node *node, struct liquibase_changeset *changeset)
{
    size_t capacity = 0;
    for (const struct tree_node *one = tree_child(node, "validCheckSum"); one != NULL; one = tree_next(one)) {
        changeset->valid_sums = arena_grow(arena, changeset->valid_sums, changeset->valid_sum_count, &capacity,
                                           sizeof *changeset->valid_sums);
        const struct text sum = text_trim(one->text);
        changeset->valid_sums[changeset->valid_sum_count++] =
            arena_strndup(arena, sum.data == NULL ? "" : sum.data, sum.size);
    }
}

void liquibase_changeset_read(struct arena *arena, const struct tree_node *node, const struct liquibase_around *around,
                              struct liquibase_changeset *changeset)
{
    const char *const contexts = liquibase_value(arena, node, "contextFilter", around);
    const char *const older = liquibase_value(arena, node, "context", around);
    const char *const labels = liquibase_value(arena, node, "labels", around);
    const char *const id = liquibase_value(arena, node, "id", around);
    const char *const author = liquibase_value(arena, node, "author", around);
    *changeset = (struct liquibase_changeset){
        .id = id == NULL ? "" : id,
        .author = author == NULL ? "" : author,
        .path = around->path,
        .comments = comments_of(arena, node, around),
        .contexts = liquibase_join_contexts(arena, around->contexts, text_of(contexts == NULL ? older : contexts)),
        .labels = liquibase_join_labels(arena, around->labels, text_of(labels)),
        .properties = around->properties,
        .property_count = around->property_count,
        .alone = !liquibase_bool(arena, node, "runInTransaction", true, around),
    };
    read_valid_sums(arena, node, changeset);
    add_changes(arena, node, around, changeset);
    const char *const reason = around->reason == NULL ? reason_of(arena, node, around) : around->reason;
    changeset->reason = changeset->reason == NULL ? reason : changeset->reason;
}
