/*
 * jansson reads the JSON and is told to refuse duplicate names; before that, one pass that allocates nothing limits the
 * depth.
 */
#include "trust/jwt.h"

#include "base/json_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#define MOST_CLAIMS 200
#define MOST_ITEMS  200
#define LATEST      253402300799.0 /* the last second of the year 9999 */

/* ---- base64url ---- */

static int value_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '-'             ? 62
           : c == '_'             ? 63
                                  : -1;
}

struct text base64url_read(struct arena *arena, struct text text)
{
    unsigned char *const out = arena_alloc(arena, text.size / 4 * 3 + 4);
    unsigned bits = 0;
    unsigned held = 0; /* how many of `bits` are not yet written */
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        const int value = value_of(text.data[i]);
        if (value < 0) {
            return (struct text){0};
        }
        bits = (bits << 6 | (unsigned)value) & 0xFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[size++] = (unsigned char)(bits >> held);
        }
    }
    /* Only one spelling of each value is accepted: no extra letter, and unused bits must be 0. */
    const bool is_whole = text.size % 4 != 1 && (bits & ((1U << held) - 1)) == 0;
    return is_whole ? (struct text){(const char *)out, size} : (struct text){0};
}

/* ---- its parts ---- */

bool jwt_is(struct text token)
{
    const size_t first = text_find(token, ".", 0);
    return text_starts_with(token, "ey") && first != SIZE_MAX && text_find(token, ".", first + 1) != SIZE_MAX;
}

static bool fail(struct status *status, const char *what)
{
    return status_fail(status, STATUS_UNAUTHENTICATED, "This is not a JSON Web Token that can be read: %s.", what);
}

/* The object in one part; NULL with a status if there is none. Free it with json_decref. */
static json_t *object_of(struct text part, const char *which, struct status *status)
{
    const struct text json = base64url_read(status->arena, part);
    if (json.data == NULL || !json_is_sound(json)) {
        fail(status, arena_printf(status->arena, "its %s is not JSON in base64url", which));
        return NULL;
    }
    json_error_t error;
    json_t *const root = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        json_decref(root);
        const bool is_twice = root == NULL && json_error_code(&error) == json_error_duplicate_key;
        fail(status,
             arena_printf(status->arena, is_twice ? "its %s says a name twice" : "its %s is not a JSON object", which));
        return NULL;
    }
    return root;
}

static const char *text_of_member(struct arena *arena, const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : arena_strdup(arena, text);
}

static bool read_header(struct text part, struct jwt *jwt, struct status *status)
{
    json_t *const header = object_of(part, "header", status);
    if (header == NULL) {
        return false;
    }
    jwt->algorithm = text_of_member(status->arena, header, "alg");
    jwt->key = text_of_member(status->arena, header, "kid");
    const bool has_critical = json_object_get(header, "crit") != NULL;
    json_decref(header);
    return !has_critical || fail(status, "its header has \"crit\", which asks for what is not known here");
}

static void take_list(struct arena *arena, const json_t *list, struct jwt_claim *claim)
{
    const size_t count = json_array_size(list);
    const char **const items = arena_array(arena, count + 1, sizeof *items);
    bool is_of_texts = count <= MOST_ITEMS;
    for (size_t i = 0; i < count && is_of_texts; i++) {
        items[i] = arena_strdup(arena, json_string_value(json_array_get(list, i)));
        is_of_texts = items[i] != NULL;
    }
    claim->kind = is_of_texts ? JWT_LIST : JWT_OTHER;
    claim->items = items;
    claim->item_count = is_of_texts ? count : 0;
}

static struct jwt_claim claim_of(struct arena *arena, const char *name, const json_t *value)
{
    struct jwt_claim claim = {.name = arena_strdup(arena, name), .kind = JWT_OTHER};
    if (json_is_string(value)) {
        claim.kind = JWT_TEXT;
        claim.text = arena_strdup(arena, json_string_value(value));
    } else if (json_is_boolean(value)) {
        claim.kind = JWT_TEXT;
        claim.text = json_is_true(value) ? "true" : "false";
    } else if (json_is_integer(value)) {
        claim.kind = JWT_NUMBER;
        claim.number = json_integer_value(value);
        claim.text = arena_printf(arena, "%" PRId64, claim.number);
    } else if (json_is_real(value) && fabs(json_real_value(value)) <= LATEST) {
        claim.kind = JWT_NUMBER;
        claim.number = (int64_t)json_real_value(value);
        claim.text = ""; /* a fraction matches nothing that an operator writes */
    } else if (json_is_array(value)) {
        take_list(arena, value, &claim);
    }
    return claim;
}

static bool read_claims(struct text part, struct jwt *jwt, struct status *status)
{
    json_t *const object = object_of(part, "content", status);
    if (object == NULL) {
        return false;
    }
    const size_t count = json_object_size(object);
    const char *name;
    json_t *value;
    if (count <= MOST_CLAIMS) {
        jwt->claims = arena_array(status->arena, count + 1, sizeof *jwt->claims);
        json_object_foreach(object, name, value)
        {
            jwt->claims[jwt->claim_count++] = claim_of(status->arena, name, value);
        }
    }
    json_decref(object);
    return count <= MOST_CLAIMS || fail(status, "it has more than 200 claims");
}

bool jwt_read(struct text token, struct jwt *jwt, struct status *status)
{
    *jwt = (struct jwt){0};
    if (token.size > JWT_LIMIT) {
        return fail(status, arena_printf(status->arena, "it is larger than %zu bytes", JWT_LIMIT));
    }
    const size_t first = text_find(token, ".", 0);
    const size_t second = first == SIZE_MAX ? SIZE_MAX : text_find(token, ".", first + 1);
    if (second == SIZE_MAX || text_find(token, ".", second + 1) != SIZE_MAX) {
        return fail(status, "it has not three parts");
    }
    jwt->is_signed = text_slice(token, 0, second);
    jwt->signature = base64url_read(status->arena, text_slice(token, second + 1, token.size));
    if (jwt->signature.data == NULL) {
        return fail(status, "its signature is not base64url");
    }
    return read_header(text_slice(token, 0, first), jwt, status) &&
           read_claims(text_slice(token, first + 1, second), jwt, status);
}

const struct jwt_claim *jwt_claim(const struct jwt *jwt, const char *name)
{
    for (size_t i = 0; i < jwt->claim_count; i++) {
        if (strcmp(jwt->claims[i].name, name) == 0) {
            return &jwt->claims[i];
        }
    }
    return NULL;
}
