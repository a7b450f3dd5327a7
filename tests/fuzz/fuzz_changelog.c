/*
 * Changelogs of Liquibase in each of their three languages: whatever comes, it is refused with its name, or it is a
 * tree whose changesets can be read, sent and summed up.
 */
#include "framework/liquibase/liquibase_changeset.h"
#include "framework/liquibase/liquibase_sql.h"

#include <stdlib.h>
#include <string.h>

#define MOST_CHANGESETS 50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef bool reader(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                    struct status *status);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static bool no_file(void *data, const struct tree_node *change, struct text *content)
{
    (void)data;
    (void)change;
    (void)content;
    return false;
}

static void read_changeset(struct arena *arena, const struct tree_node *node)
{
    static const struct liquibase_property properties[] = {{.name = "a", .value = "1"}, {.name = "b", .value = "${a}"}};
    const struct liquibase_around around = {
        .path = "f", .contexts = "c", .properties = properties, .property_count = 2, .read = no_file};
    struct liquibase_changeset changeset;
    liquibase_changeset_read(arena, node, &around, &changeset);
    must(changeset.path != NULL && changeset.id != NULL && changeset.author != NULL);
    if (!changeset.has_others) {
        must(strncmp(liquibase_sum(arena, &changeset, 9), "9:", 2) == 0);
        must(strncmp(liquibase_sum(arena, &changeset, 8), "8:", 2) == 0);
    }
    for (size_t i = 0; i < changeset.change_count; i++) {
        liquibase_refuses(arena, &changeset, &changeset.changes[i]);
    }
    if (changeset.reason == NULL) {
        size_t lines;
        const char *torn;
        liquibase_sql_of(arena, &changeset, &lines, &torn);
    }
}

/* Every node that is called one: those that nobody would look at, too. The depth is the readers' to bound. */
static void look(struct arena *arena, const struct tree_node *node, size_t *left)
{
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        must(child->name != NULL && (child->text.size == 0 || child->text.data != NULL));
        if (strcmp(child->name, "changeSet") == 0 && *left > 0) {
            (*left)--;
            read_changeset(arena, child);
        }
        look(arena, child, left);
    }
}

static void read_as(reader *read, struct text content)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct tree_node root = {.name = ""};
    size_t left = MOST_CHANGESETS;
    if (read(arena, "f", content, &root, &status)) {
        look(arena, &root, &left);
    } else {
        must(status.code != STATUS_OK && text_is_utf8(text_of(status.message), NULL));
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    const struct text content = {arena_strndup(arena, (const char *)data, size), size};
    /* A file that is no text is refused before a reader sees it. */
    if (text_is_utf8(content, NULL) && memchr(content.data, '\0', size) == NULL) {
        read_as(tree_read_yaml, content);
        read_as(tree_read_xml, content);
        read_as(liquibase_sql_read, content);
        liquibase_sql_clean(arena, content);
    }
    arena_free(arena);
    return 0;
}
