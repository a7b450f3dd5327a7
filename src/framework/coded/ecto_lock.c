/*
 * The key is :erlang.phash2({:ecto, prefix, repository}) (do_lock_for_migrations of ecto_sql's
 * lib/ecto/adapters/postgres.ex), which is the same in all versions of Erlang: Jenkins' hash of 1996 over the parts of
 * the term, of which an atom counts as its hashpjw. Values were measured with Erlang/OTP 25.
 */
#include "framework/coded/ecto_lock.h"

#include "framework/coded/code.h"
#include "framework/core/package.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* ---- the hash ---- */

#define GOLDEN UINT32_C(0x9e3779b9) /* kinds of terms differ by a multiple of it */

enum kind {
    KIND_ATOM = 3,
    KIND_TUPLE = 9,
    KIND_BINARY = 13,
};

struct state {
    uint32_t a;
    uint32_t b;
    uint32_t c;
};

static void mix(struct state *state)
{
    static const struct {
        unsigned first;  /* to the right */
        unsigned second; /* to the left */
        unsigned third;
    } shifts[] = {{13, 8, 13}, {12, 16, 5}, {3, 10, 15}};
    uint32_t a = state->a;
    uint32_t b = state->b;
    uint32_t c = state->c;
    for (size_t i = 0; i < 3; i++) {
        a = (a - b - c) ^ (c >> shifts[i].first);
        b = (b - c - a) ^ (a << shifts[i].second);
        c = (c - a - b) ^ (b >> shifts[i].third);
    }
    *state = (struct state){a, b, c};
}

static uint32_t with_number(uint32_t hash, uint32_t number, enum kind kind)
{
    struct state state = {(uint32_t)kind * GOLDEN + number, (uint32_t)kind * GOLDEN, hash};
    mix(&state);
    return state.c;
}

/* The own hash of an atom, continuing from `own`; start with 0. Modules have names in ASCII. */
static uint32_t atom_add(uint32_t own, const char *text)
{
    const struct text name = text_of(text);
    for (size_t i = 0; i < name.size; i++) {
        own = (own << 4) + (unsigned char)name.data[i];
        const uint32_t high = own & UINT32_C(0xf0000000);
        own ^= high | high >> 24;
    }
    return own;
}

/* Four bytes, of which those behind the end are 0, with the first in the lowest place. */
static uint32_t word_at(struct text bytes, size_t at)
{
    uint32_t word = 0;
    for (size_t i = 0; i < 4; i++) {
        word |= at + i < bytes.size ? (uint32_t)(unsigned char)bytes.data[at + i] << (8 * i) : 0;
    }
    return word;
}

static uint32_t with_binary(uint32_t hash, struct text bytes)
{
    const uint32_t begun = hash + KIND_BINARY * GOLDEN;
    struct state state = {GOLDEN, GOLDEN, begun};
    size_t at = 0;
    if (bytes.size == 0) {
        return begun;
    }
    for (; at + 12 <= bytes.size; at += 12) {
        state.a += word_at(bytes, at);
        state.b += word_at(bytes, at + 4);
        state.c += word_at(bytes, at + 8);
        mix(&state);
    }
    state.a += word_at(bytes, at);
    state.b += word_at(bytes, at + 4);
    state.c += (word_at(bytes, at + 8) << 8) + (uint32_t)bytes.size; /* its lowest byte has the size */
    mix(&state);
    return state.c;
}

int64_t ecto_lock_key(const char *prefix, const char *repository)
{
    uint32_t hash = with_number(0, 3, KIND_TUPLE);
    hash = with_number(hash, atom_add(0, "ecto"), KIND_ATOM);
    hash = prefix == NULL ? with_number(hash, atom_add(0, "nil"), KIND_ATOM) : with_binary(hash, text_of(prefix));
    hash = with_number(hash, atom_add(atom_add(0, "Elixir."), repository), KIND_ATOM);
    return hash & ((UINT32_C(1) << 27) - 1);
}

/* ---- the configuration ---- */

/* Reads the module in the last `config :app, Module,` in front of this offset; NULL: it is something else. */
static const char *repository_before(struct arena *arena, struct text content, size_t at)
{
    const struct text before = text_slice(content, 0, at);
    size_t begin = SIZE_MAX;
    for (size_t next = 0; (next = text_find(before, "config ", next)) != SIZE_MAX; next++) {
        begin = next == 0 || content.data[next - 1] == '\n' || content.data[next - 1] == ' ' ? next : begin;
    }
    const size_t comma = begin == SIZE_MAX ? SIZE_MAX : text_find(before, ",", begin);
    if (comma == SIZE_MAX) {
        return NULL;
    }
    const size_t start = code_skip_blanks(content, comma + 1);
    size_t end = start;
    while (end < content.size &&
           (isalnum((unsigned char)content.data[end]) != 0 || content.data[end] == '_' || content.data[end] == '.')) {
        end++;
    }
    const bool is_module = end > start && isupper((unsigned char)content.data[start]) != 0;
    return is_module ? arena_strndup(arena, content.data + start, end - start) : NULL;
}

/* Appends the repositories that a file says it of. */
static void read_file(struct arena *arena, struct folder *folder, const struct source_file *file, struct words *all)
{
    static const char key[] = "migration_lock";
    for (size_t at = 0; (at = code_find_word(file->content, key, at)) != SIZE_MAX;) {
        const size_t colon = code_skip_blanks(file->content, at);
        const size_t value = code_skip_blanks(file->content, colon + 1);
        if (!text_starts_with(text_slice(file->content, colon, file->content.size), ":") ||
            !text_starts_with(text_slice(file->content, value, file->content.size), ":pg_advisory_lock")) {
            continue;
        }
        const char *const repository = repository_before(arena, file->content, at);
        if (repository != NULL && !words_have(all, repository)) {
            words_add(arena, all, repository);
        } else if (repository == NULL && folder->note == NULL) {
            folder->note = arena_printf(arena,
                                        "%s has migration_lock: :pg_advisory_lock for a repository whose name cannot "
                                        "be read there: a mark does not wait for a running mix ecto.migrate.",
                                        unread_place(arena, folder, *file, at));
        }
    }
}

void ecto_lock_configure(struct arena *arena, struct folder *folder, struct text config)
{
    static const char *const names[] = {ECTO_CONFIG, "config/runtime.exs", "config/prod.exs", "config/dev.exs", NULL};
    struct words *const all = arena_alloc(arena, sizeof *all);
    struct folder umbrella = *folder;
    *all = (struct words){0};
    umbrella.base = ""; /* an application of an umbrella is configured there */
    for (size_t i = 0; names[i] != NULL; i++) {
        struct source_file file = {.name = names[i], .content = i == 0 ? config : (struct text){0}};
        if (file.content.data != NULL || folder_read(arena, folder, file.name, &file.content)) {
            read_file(arena, folder, &file, all);
        } else if (folder_read(arena, &umbrella, file.name, &file.content)) {
            read_file(arena, &umbrella, &file, all);
        }
    }
    folder->note = folder->note == NULL ? umbrella.note : folder->note;
    folder->settings = all;
}

/* The schema of the tracking table is that of --prefix, if it has one. */
size_t ecto_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    const struct words *const all = ledger->folder == NULL ? NULL : ledger->folder->settings;
    const bool has_prefix = ledger->schema != NULL && strcmp(ledger->schema, "public") != 0;
    size_t count = 0;
    (void)database;
    for (size_t i = 0; all != NULL && i < all->count && count < MOST_ADVISORY_KEYS; i++) {
        keys[count++] = ecto_lock_key(NULL, all->items[i]);
        if (has_prefix && count < MOST_ADVISORY_KEYS) {
            keys[count++] = ecto_lock_key(ledger->schema, all->items[i]);
        }
    }
    return count;
}
