#include "migration/look/permission.h"

#define MOST_NAMES 8

bool request_may(const struct request *request, struct pg_session *session, const struct act *act)
{
    const struct permission *const permission = request->permission;
    return permission == NULL || permission->may(permission->data, session, act, request->status);
}

const char *act_words(struct arena *arena, const char *verb, size_t count, const char *(*name)(const void *, size_t),
                      const void *of)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, verb);
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? " " : ", ", name(of, i));
    }
    if (count > MOST_NAMES) {
        buffer_printf(&out, " and %zu more", count - MOST_NAMES);
    }
    return buffer_string(&out);
}

void hash_add_word(struct sha256 *hash, const char *word)
{
    sha256_add(hash, text_of(word == NULL ? "" : word));
    sha256_add(hash, (struct text){"", 1}); /* its NUL separates words */
}

/* What the project itself says is sent to the tracking table. A compiled-in framework does not change. */
static void add_declaration(struct sha256 *hash, const struct framework *framework)
{
    const struct ledger_facts *const ledger = &framework->ledger;
    const char *const templates[] = {ledger->create, ledger->read, ledger->record, ledger->lock};
    for (size_t i = 0; framework->declared_at != NULL && i < sizeof templates / sizeof templates[0]; i++) {
        hash_add_word(hash, templates[i]);
    }
}

void hash_add_place(struct sha256 *hash, const struct catalog *catalog)
{
    hash_add_word(hash, catalog->detection.framework->id);
    hash_add_word(hash, catalog->detection.ledger.schema);
    hash_add_word(hash, catalog->detection.ledger.table);
    add_declaration(hash, catalog->detection.framework);
}

void hash_add_rows(struct arena *arena, struct sha256 *hash, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->entries.count; i++) {
        const struct ledger_entry *const entry = &catalog->entries.items[i];
        hash_add_word(hash, ledger_entry_key(entry));
        hash_add_word(hash, entry->id);
        hash_add_word(hash, entry->checksum);
        hash_add_word(hash, arena_printf(arena, "%d", (int)entry->state));
    }
}

void act_hash_start(struct sha256 *hash, const char *verb, const struct catalog *catalog)
{
    struct arena *const arena = arena_new(0);
    sha256_start(hash);
    hash_add_word(hash, verb);
    hash_add_place(hash, catalog);
    hash_add_rows(arena, hash, catalog);
    arena_free(arena);
}

const char *act_hash_finish(struct arena *arena, struct sha256 *hash)
{
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    sha256_finish(hash, digest);
    sha256_hex(digest, hex);
    return hex;
}
