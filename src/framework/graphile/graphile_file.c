/*
 * As strict as graphile-migrate 1.4.1 (dist/migration.js, hash.js, header.js): what it would refuse must not run here.
 */
#include "framework/graphile/graphile_file.h"

#include "framework/formats/properties.h"

#include <ctype.h>
#include <string.h>

/* ---- the head ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

/* Where the word characters from `at` on end. */
static size_t word_end(struct text text, size_t at)
{
    while (at < text.size && is_word(text.data[at])) {
        at++;
    }
    return at;
}

/* The next line without its "\n"; a "\r" before that is part of the line, as in JavaScript. */
static struct text line_at(struct text content, size_t at)
{
    return text_slice(content, at, text_find(content, "\n", at));
}

/* ^--! ([A-Z][a-zA-Z0-9_]*)(?::(.*))?$ */
static bool read_line(struct text line, struct text *name, struct text *value)
{
    const size_t start = strlen("--! ");
    const size_t end = word_end(line, start);
    *name = text_slice(line, start, end);
    *value = text_trim(text_slice(line, end + 1, line.size));
    return text_starts_with(line, "--! ") && name->size > 0 && isupper((unsigned char)name->data[0]) != 0 &&
           (end == line.size || line.data[end] == ':') && !text_ends_with(line, "\r");
}

struct graphile_header graphile_header_of(struct arena *arena, struct text content)
{
    struct graphile_header header = {0};
    struct text name;
    struct text value;
    bool has_previous = false;
    for (; header.body < content.size && read_line(line_at(content, header.body), &name, &value);
         header.body += line_at(content, header.body).size + 1) {
        const char *const copy = value.size == 0 ? NULL : arena_strndup(arena, value.data, value.size);
        if (text_is(name, "Previous")) {
            has_previous = copy != NULL;
            header.previous = text_is(value, "-") ? NULL : copy;
        } else if (text_is(name, "Hash")) {
            header.hash = copy;
        } else if (text_is(name, "AllowInvalidHash")) {
            header.may_be_invalid = true;
        }
    }
    /* A last line may have no end. */
    header.body = header.body < content.size ? header.body : content.size;
    header.problem = !has_previous ? "does not begin with a line \"--! Previous: …\" that ends in a plain line feed"
                     : header.hash == NULL                    ? "has no line \"--! Hash: …\" at its beginning"
                     : line_at(content, header.body).size > 0 ? "has no empty line after its lines \"--! …\""
                                                              : NULL;
    return header;
}

static struct text body_of(const struct graphile_header *header, struct text content)
{
    return text_trim(text_slice(content, header->body, content.size));
}

/* "sha1:" and SHA-1 of trim(previous + newline + trim(body)) + newline. */
const char *graphile_hash_of(struct arena *arena, const struct graphile_header *header, struct text content)
{
    struct buffer both = {.arena = arena};
    struct buffer ended = {.arena = arena};
    buffer_puts(&both, header->previous == NULL ? "" : header->previous);
    buffer_putc(&both, '\n');
    buffer_add(&both, body_of(header, content));
    buffer_add(&ended, text_trim(buffer_text(&both)));
    buffer_putc(&ended, '\n');
    return arena_printf(arena, "sha1:%s", digest_hex_of(arena, "SHA1", buffer_text(&ended)));
}

/* ---- the script ---- */

/* /^--!\s*no-transaction\b/ */
bool graphile_has_no_transaction(const struct graphile_header *header, struct text content)
{
    static const char words[] = "no-transaction";
    const struct text line = line_at(body_of(header, content), 0);
    const struct text rest = text_trim(text_slice(line, strlen("--!"), line.size));
    return text_starts_with(line, "--!") && text_starts_with(rest, words) &&
           word_end(rest, strlen(words)) == strlen(words);
}

/* What is inserted, and whether a name is a placeholder at all. */
struct placeholders {
    const struct config_pair *pairs; /* from the configuration; a computed value is NULL */
    size_t count;
    struct config_pair own[2];
};

static const struct config_pair *find_placeholder(const struct placeholders *known, struct text name)
{
    for (size_t i = 0; i < sizeof known->own / sizeof known->own[0]; i++) {
        if (text_is(name, known->own[i].key)) {
            return &known->own[i];
        }
    }
    for (size_t i = 0; i < known->count; i++) {
        if (text_is(name, known->pairs[i].key)) {
            return &known->pairs[i];
        }
    }
    return NULL;
}

/* If no owner is configured, it is the user of the connection. */
static struct placeholders placeholders_of(struct arena *arena, const struct project *project, struct text config)
{
    const char *const owner = property_string(arena, config, (const char *const[]){"databaseOwner", NULL});
    struct placeholders known = {
        .own = {{":DATABASE_NAME", project->database},
                {":DATABASE_OWNER", owner != NULL           ? owner
                                    : project->user != NULL ? project->user
                                                            : project->database}},
    };
    known.pairs = property_pairs(arena, config, (const char *const[]){"placeholders", NULL}, &known.count);
    return known;
}

bool graphile_fill(const struct script_request *request, struct text config)
{
    const struct placeholders known = placeholders_of(request->arena, request->project, config);
    const struct text content = request->content;
    struct buffer out = {.arena = request->arena};
    size_t done = 0;
    size_t end;
    for (size_t at = 0; (at = text_find(content, ":", at)) != SIZE_MAX; at = end) {
        end = word_end(content, at + 1);
        const struct text name = text_slice(content, at, end);
        const struct config_pair *const found = find_placeholder(&known, name);
        if (found == NULL) {
            continue;
        }
        if (found->value == NULL || strcmp(found->value, "!ENV") == 0) {
            return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                               "Line %u has the placeholder %s, whose value is not written in the configuration, but "
                               "taken from somewhere else: write it there.",
                               text_position(content, at).line, found->key);
        }
        buffer_add(&out, text_slice(content, done, at));
        buffer_puts(&out, found->value);
        done = end;
    }
    buffer_add(&out, text_slice(content, done, content.size));
    request->script->sql = buffer_text(&out);
    return true;
}
