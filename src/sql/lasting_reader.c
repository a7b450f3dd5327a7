/*
 * What the readers of lasting effects use to write their results.
 */
#include "sql/lasting_reader.h"

void lasting_add(const struct looking *looking, struct sql_lasting lasting)
{
    struct sql_lastings *const out = looking->out;
    if (looking->in_body && lasting.kind == SQL_LOCAL_SETTING) {
        lasting = (struct sql_lasting){
            .kind = SQL_ENDS, .name = lasting.name, .what = "SET LOCAL or set_config(…, true) inside DO or a function"};
    } else if (looking->in_body && (lasting.kind == SQL_SETTING || lasting.kind == SQL_RESET_ALL)) {
        lasting = (struct sql_lasting){
            .kind = SQL_OF_SESSION, .name = lasting.name, .what = "a setting made inside DO or a function"};
    }
    out->items = arena_grow(looking->arena, out->items, out->count, &out->capacity, sizeof *out->items);
    out->items[out->count++] = lasting;
}

void lasting_add_what(const struct looking *looking, enum sql_lasting_kind kind, const char *what)
{
    lasting_add(looking, (struct sql_lasting){.kind = kind, .what = what});
}

/* The text as written, from one token up to another. */
const char *lasting_written(const struct looking *looking, size_t start, size_t end)
{
    return arena_strndup(looking->arena, looking->written.data + start, end - start);
}
