/*
 * The sources of a ledger's place, and their precedence.
 */
#include "migration/look/ledger_place.h"

#include "framework/core/kept_name.h"

#include <string.h>

bool ledger_is_named(const struct looking *looking, const struct folder *folder)
{
    const struct site *const site = looking->request->site;
    return site->ledger.table != NULL || site->project.schema != NULL || looking->detection->facts.names_schema ||
           (folder != NULL && (folder->ledger.table != NULL || folder->ledger.schema != NULL));
}

/* The first name of a search path, unquoted; NULL if that is "$user" or missing. */
static const char *first_of_path(struct arena *arena, const char *path)
{
    struct text name = text_trim(text_slice(text_of(path), 0, text_find(text_of(path), ",", 0)));
    if (name.size > 1 && name.data[0] == '"') {
        name = text_slice(name, 1, name.size - 1);
    }
    return name.size == 0 || text_is(name, "$user") ? NULL : arena_strndup(arena, name.data, name.size);
}

const char *session_schema(const struct looking *looking)
{
    const struct session_facts *const facts = &looking->detection->facts;
    const struct conninfo *const conninfo = looking->request->site->conninfo;
    const char *const path = looking->session != NULL                            ? facts->search_path
                             : conninfo != NULL && conninfo->search_path != NULL ? conninfo->search_path
                                                                                 : "public";
    if (facts->schema_count > 0) {
        return facts->schemas[0];
    }
    const char *const first = first_of_path(looking->request->arena, path);
    return first == NULL ? "public" : first;
}

const char *ledger_made_schema(const struct request *request, const struct framework *framework)
{
    const struct conninfo *const conninfo = request->site->conninfo;
    return !framework->ledger.makes_first_of_path || conninfo == NULL || conninfo->search_path == NULL
               ? NULL
               : first_of_path(request->arena, conninfo->search_path);
}

/* Cuts "name" or name off the front of *rest, with the following dot. */
static const char *cut_name(struct arena *arena, struct text *rest)
{
    struct buffer name = {.arena = arena};
    const bool quoted = text_starts_with(*rest, "\"");
    size_t i = quoted ? 1 : 0;
    for (; i < rest->size && rest->data[i] != (quoted ? '"' : '.'); i++) {
        buffer_putc(&name, rest->data[i]);
    }
    i += quoted ? 1 : 0;
    *rest = text_slice(*rest, i + 1, rest->size);
    return buffer_string(&name);
}

bool ledger_is_of_url(const struct framework *framework)
{
    return strcmp(framework->id, "golang-migrate") == 0 || strcmp(framework->id, "morph") == 0;
}

struct ledger ledger_place_of_url(const struct looking *looking, const struct framework *framework)
{
    const struct conninfo *const conninfo = looking->request->site->conninfo;
    struct ledger place = {0};
    if (conninfo == NULL || conninfo->migrations_table == NULL || !ledger_is_of_url(framework)) {
        return place;
    }
    struct text rest = text_of(conninfo->migrations_table);
    place.table = conninfo->migrations_table;
    if (conninfo->migrations_table_quoted) {
        place.table = cut_name(looking->request->arena, &rest);
        place.schema = rest.size > 0 ? place.table : NULL;
        place.table = rest.size > 0 ? cut_name(looking->request->arena, &rest) : place.table;
    }
    ledger_keep_names(looking->request->arena, &place);
    return place;
}

struct ledger ledger_place_of(const struct looking *looking, const struct framework *framework,
                              const struct folder *folder)
{
    const struct site *const site = looking->request->site;
    const struct ledger *const said = folder == NULL ? &(const struct ledger){0} : &folder->ledger;
    const struct ledger url = ledger_place_of_url(looking, framework);
    const char *const made = ledger_made_schema(looking->request, framework);
    if (site->ledger.table != NULL) {
        return (struct ledger){.schema = site->ledger.schema, .table = site->ledger.table};
    }
    return (struct ledger){
        .schema = said->schema != NULL               ? said->schema
                  : url.schema != NULL               ? url.schema
                  : framework->ledger.schema != NULL ? framework->ledger.schema
                  : site->project.schema != NULL     ? site->project.schema
                  : framework->ledger.is_fixed       ? "public"
                  : made != NULL                     ? made
                                                     : session_schema(looking),
        .table = said->table != NULL ? said->table
                 : url.table != NULL ? url.table
                                     : framework->ledger.shapes[0].table,
    };
}

bool ledger_same_place(const struct ledger *a, const struct ledger *b)
{
    return strcmp(a->schema, b->schema) == 0 && strcmp(a->table, b->table) == 0;
}
