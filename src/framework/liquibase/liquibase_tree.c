/*
 * Limits what both libraries can build: number of nodes and depth; no DOCTYPE; aliases count like what they stand for.
 */
#include "framework/liquibase/liquibase_tree.h"

#include <expat.h>
#include <limits.h>
#include <string.h>
#include <yaml.h>

#define MOST_NODES 500000
#define MOST_DEPTH 64

/* Expat 2.9 has a replacement for it, and calls this one deprecated. */
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
#define LINE_OF XML_GetCurrentLineNumber64
#else
#define LINE_OF XML_GetCurrentLineNumber
#endif

/* ---- the tree ---- */

struct tree_node *tree_add(struct arena *arena, struct tree_node *parent, const char *name, struct text text,
                           size_t line)
{
    struct tree_node *const node = arena_alloc(arena, sizeof *node);
    node->name = name;
    node->text = text;
    node->line = line;
    *(parent->last == NULL ? &parent->first : &parent->last->next) = node;
    parent->last = node;
    return node;
}

const struct tree_node *tree_child(const struct tree_node *node, const char *name)
{
    const struct tree_node *child = node->first;
    while (child != NULL && strcmp(child->name, name) != 0) {
        child = child->next;
    }
    return child;
}

const struct tree_node *tree_next(const struct tree_node *node)
{
    const char *const name = node->name;
    do {
        node = node->next;
    } while (node != NULL && strcmp(node->name, name) != 0);
    return node;
}

struct text tree_text(const struct tree_node *node, const char *name)
{
    const struct tree_node *const child = tree_child(node, name);
    return child == NULL ? (struct text){NULL, 0} : child->text;
}

bool tree_bool(const struct tree_node *node, const char *name, bool otherwise)
{
    const struct text text = text_trim(tree_text(node, name));
    return text.size == 0 ? otherwise : text_is_nocase(text, "true");
}

/* ---- YAML ---- */

struct yaml_walk {
    struct arena *arena;
    yaml_document_t *document;
    size_t nodes;
};

static bool walk_yaml(struct yaml_walk *walk, int index, struct tree_node *node, int depth);

/* A scalar becomes the node's text. The text of a block begins on the line after its sign. */
static void take_scalar(const struct yaml_walk *walk, const yaml_node_t *from, struct tree_node *node)
{
    const bool is_block =
        from->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || from->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
    const size_t size = from->data.scalar.length;
    node->text = (struct text){arena_strndup(walk->arena, (const char *)from->data.scalar.value, size), size};
    node->line = from->start_mark.line + (is_block ? 2 : 1);
}

static bool walk_pairs(struct yaml_walk *walk, const yaml_node_t *mapping, struct tree_node *node, int depth)
{
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *const key = yaml_document_get_node(walk->document, pair->key);
        if (key->type != YAML_SCALAR_NODE) {
            continue;
        }
        const char *const name =
            arena_strndup(walk->arena, (const char *)key->data.scalar.value, key->data.scalar.length);
        struct tree_node *const child =
            tree_add(walk->arena, node, name, (struct text){NULL, 0}, key->start_mark.line + 1);
        if (!walk_yaml(walk, pair->value, child, depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool walk_yaml(struct yaml_walk *walk, int index, struct tree_node *node, int depth)
{
    const yaml_node_t *const from = yaml_document_get_node(walk->document, index);
    bool ok = ++walk->nodes < MOST_NODES && depth < MOST_DEPTH;
    if (ok && from->type == YAML_SCALAR_NODE) {
        take_scalar(walk, from, node);
    } else if (ok && from->type == YAML_MAPPING_NODE) {
        ok = walk_pairs(walk, from, node, depth);
    } else if (ok && from->type == YAML_SEQUENCE_NODE) {
        for (const yaml_node_item_t *item = from->data.sequence.items.start; ok && item < from->data.sequence.items.top;
             item++) {
            ok = walk_yaml(walk, *item, node, depth + 1);
        }
    }
    return ok;
}

static bool opens(yaml_token_type_t type)
{
    return type == YAML_FLOW_SEQUENCE_START_TOKEN || type == YAML_FLOW_MAPPING_START_TOKEN ||
           type == YAML_BLOCK_SEQUENCE_START_TOKEN || type == YAML_BLOCK_MAPPING_START_TOKEN;
}

static bool closes(yaml_token_type_t type)
{
    return type == YAML_FLOW_SEQUENCE_END_TOKEN || type == YAML_FLOW_MAPPING_END_TOKEN || type == YAML_BLOCK_END_TOKEN;
}

/* For each token, the library looks at every open level: text that is too deep is found here before that takes long.
 * Whether it is valid YAML at all is left to the parser. */
static bool is_too_deep(struct text content)
{
    yaml_parser_t parser;
    size_t depth = 0;
    if (yaml_parser_initialize(&parser) == 0) {
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)content.data, content.size);
    yaml_token_t token;
    bool goes_on = true;
    while (goes_on && depth <= MOST_DEPTH && yaml_parser_scan(&parser, &token) != 0) {
        goes_on = token.type != YAML_STREAM_END_TOKEN;
        depth += opens(token.type) ? 1 : 0;
        depth -= closes(token.type) && depth > 0 ? 1 : 0;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return depth > MOST_DEPTH;
}

bool tree_read_yaml(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                    struct status *status)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (is_too_deep(content)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s has too many values, or too deep ones.", name);
    }
    if (yaml_parser_initialize(&parser) == 0) {
        return status_fail(status, STATUS_RESOURCE_EXHAUSTED, "%s cannot be read: there is no memory.", name);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)content.data, content.size);
    bool ok = yaml_parser_load(&parser, &document) != 0;
    if (!ok) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s is not well-formed: line %zu, %s.", name,
                    parser.problem_mark.line + 1, parser.problem == NULL ? "it cannot be read" : parser.problem);
    } else {
        struct yaml_walk walk = {.arena = arena, .document = &document};
        const bool is_empty = yaml_document_get_root_node(&document) == NULL;
        if (!is_empty && !walk_yaml(&walk, 1, root, 0)) { /* 1: the root */
            ok = status_fail(status, STATUS_FAILED_PRECONDITION, "%s has too many values, or too deep ones.", name);
        }
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* ---- XML ---- */

struct xml_walk {
    struct arena *arena;
    XML_Parser parser;
    struct tree_node *open[MOST_DEPTH]; /* from the root to the current element */
    struct buffer texts[MOST_DEPTH];
    size_t depth;
    size_t nodes;
    const char *problem;
};

static void stop(struct xml_walk *walk, const char *problem)
{
    walk->problem = problem;
    XML_StopParser(walk->parser, XML_FALSE);
}

static void start_element(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_walk *const walk = data;
    const size_t line = LINE_OF(walk->parser);
    if (++walk->nodes > MOST_NODES || walk->depth + 1 >= MOST_DEPTH) {
        stop(walk, "it has too many elements, or too deep ones");
        return;
    }
    struct tree_node *const node =
        tree_add(walk->arena, walk->open[walk->depth], arena_strdup(walk->arena, name), (struct text){NULL, 0}, line);
    for (; *attributes != NULL; attributes += 2) {
        const char *const value = arena_strdup(walk->arena, attributes[1]);
        tree_add(walk->arena, node, arena_strdup(walk->arena, attributes[0]), text_of(value), line);
    }
    walk->open[++walk->depth] = node;
    walk->texts[walk->depth] = (struct buffer){.arena = walk->arena};
}

static void end_element(void *data, const XML_Char *name)
{
    struct xml_walk *const walk = data;
    (void)name;
    walk->open[walk->depth]->text = buffer_text(&walk->texts[walk->depth]);
    walk->depth--;
}

static void add_characters(void *data, const XML_Char *characters, int size)
{
    struct xml_walk *const walk = data;
    if (walk->texts[walk->depth].size == 0) {
        walk->open[walk->depth]->line = LINE_OF(walk->parser);
    }
    buffer_add(&walk->texts[walk->depth], (struct text){characters, (size_t)size});
}

static void refuse_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public, int inner)
{
    (void)name;
    (void)system;
    (void)public;
    (void)inner;
    stop(data, "it has a DOCTYPE, which Truss does not read");
}

bool tree_read_xml(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                   struct status *status)
{
    struct xml_walk walk = {.arena = arena, .parser = XML_ParserCreate(NULL), .open = {root}};
    bool ok = walk.parser != NULL && content.size <= INT_MAX;
    if (ok) {
        walk.texts[0].arena = arena;
        XML_SetUserData(walk.parser, &walk);
        XML_SetElementHandler(walk.parser, start_element, end_element);
        XML_SetCharacterDataHandler(walk.parser, add_characters);
        XML_SetStartDoctypeDeclHandler(walk.parser, refuse_doctype);
        ok = XML_Parse(walk.parser, content.data, (int)content.size, XML_TRUE) == XML_STATUS_OK;
    }
    if (!ok) {
        const char *const problem =
            walk.parser == NULL ? "there is no memory" : XML_ErrorString(XML_GetErrorCode(walk.parser));
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s is not well-formed: line %lu, %s.", name,
                    walk.parser == NULL ? 0UL : (unsigned long)LINE_OF(walk.parser),
                    walk.problem != NULL ? walk.problem : problem);
    }
    XML_ParserFree(walk.parser);
    return ok;
}
