/*
 * A file is a list of tables; each key in one is a row of the table in this file.
 */
#include "trust/oidc_rules.h"

#include "base/principal.h"
#include "base/private_file.h"
#include "base/tokens.h"
#include "base/toml.h"

#include <string.h>

#define MOST_RULES  100
#define NAME_LIMIT  64
#define MOST_SCOPES 64

/* Issuers from whom everybody can get a token: one of these claims must say whose it is. (GitHub: "About security
 * hardening with OpenID Connect"; GitLab: "ID tokens".) */
static const struct {
    const char *issuer;
    const char *claims[8];
} shared[] = {
    {"https://token.actions.githubusercontent.com",
     {"sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref"}},
    {"https://gitlab.com", {"sub", "project_path", "project_id", "namespace_path", "namespace_id"}},
};

struct reader {
    struct arena *arena;
    const struct toml *toml;
    const struct toml_entry *entry; /* the entry that is read */
    const char *folder;
    struct oidc_rule *rule;
    size_t claim_capacity;
    struct status *status;
};

static bool fail(const struct reader *reader, const char *what)
{
    return status_fail(reader->status, STATUS_INVALID_ARGUMENT, "%s: %s",
                       toml_place(reader->arena, reader->toml, reader->entry), what);
}

/* ---- keys ---- */

/* A text, or a list of texts that is not empty. */
static bool read_texts(const struct reader *reader, const char *const **values, size_t *count)
{
    const struct toml_entry *const entry = reader->entry;
    if (entry->kind == TOML_LIST) {
        *values = entry->items;
        *count = entry->item_count;
    } else {
        const char **const one = arena_alloc(reader->arena, sizeof *one);
        *one = entry->value;
        *values = one;
        *count = 1;
    }
    bool is_said = *count > 0;
    for (size_t i = 0; i < *count; i++) {
        is_said = is_said && (*values)[i][0] != '\0';
    }
    return is_said ||
           fail(reader, arena_printf(reader->arena, "%s is a text or a list of texts, and not empty.", entry->key));
}

static bool read_text(const struct reader *reader, const char **value)
{
    *value = reader->entry->value;
    return (reader->entry->kind == TOML_STRING && (*value)[0] != '\0') ||
           fail(reader,
                arena_printf(reader->arena, "%s is a text: %s = \"…\".", reader->entry->key, reader->entry->key));
}

static bool read_issuer(const struct reader *reader)
{
    return read_text(reader, &reader->rule->issuer);
}

static bool read_audience(const struct reader *reader)
{
    return read_texts(reader, &reader->rule->audiences, &reader->rule->audience_count);
}

static bool read_jwks(const struct reader *reader)
{
    const char *from;
    if (!read_text(reader, &from)) {
        return false;
    }
    reader->rule->jwks.from =
        strstr(from, "://") == NULL && from[0] != '/' ? path_join(reader->arena, reader->folder, from) : from;
    return key_place_is(reader->rule->jwks.from) ||
           fail(reader,
                "jwks is where the issuer's keys are: a file, or a URL that begins with https:// (http:// only of "
                "this machine, as in http://127.0.0.1:8080/keys).");
}

static bool read_ca(const struct reader *reader)
{
    const char *path;
    if (!read_text(reader, &path)) {
        return false;
    }
    reader->rule->jwks.ca = path_join(reader->arena, reader->folder, path);
    return file_look(reader->rule->jwks.ca, NULL) == FILE_REGULAR ||
           fail(reader, arena_printf(reader->arena, "there is no file %s.", reader->rule->jwks.ca));
}

static bool read_scopes(const struct reader *reader)
{
    struct oidc_rule *const rule = reader->rule;
    if (!read_texts(reader, &rule->scopes, &rule->scope_count) || rule->scope_count > MOST_SCOPES) {
        return rule->scope_count <= MOST_SCOPES ? false : fail(reader, "there are too many scopes.");
    }
    for (size_t i = 0; i < rule->scope_count; i++) {
        if (!scope_word_is(text_of(rule->scopes[i]))) {
            return fail(reader,
                        arena_printf(reader->arena,
                                     "\"%.100s\" is not a scope. Scopes are read, plan, run, approve, mark, branch, "
                                     "sql and admin; \"run:production\" is one of an environment.",
                                     rule->scopes[i]));
        }
    }
    return true;
}

static const struct {
    const char *key;
    bool (*read)(const struct reader *reader);
} keys[] = {{"issuer", read_issuer},
            {"audience", read_audience},
            {"jwks", read_jwks},
            {"jwks-ca", read_ca},
            {"scopes", read_scopes}};

static bool read_key(const struct reader *reader)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(reader->entry->key, keys[i].key) == 0) {
            return keys[i].read(reader);
        }
    }
    return fail(reader,
                arena_printf(reader->arena,
                             "there is no key %s here: issuer, audience, jwks, jwks-ca and scopes; claims are in "
                             "a table [oidc.%s.claims].",
                             reader->entry->key, reader->rule->name));
}

static bool read_claim(struct reader *reader)
{
    struct oidc_rule *const rule = reader->rule;
    struct oidc_claim claim = {.name = reader->entry->key};
    if (!read_texts(reader, &claim.values, &claim.value_count)) {
        return false;
    }
    rule->claims =
        arena_grow(reader->arena, rule->claims, rule->claim_count, &reader->claim_capacity, sizeof *rule->claims);
    rule->claims[rule->claim_count++] = claim;
    return true;
}

/* ---- tables ---- */

/* Takes "release" from "oidc.release" and from "oidc.release.claims". Returns false for another table. */
static bool split_table(struct arena *arena, const char *table, const char **name, bool *is_claims)
{
    static const char begins[] = "oidc.";
    static const char ends[] = ".claims";
    const struct text whole = text_of(table);
    if (!text_starts_with(whole, begins)) {
        return false;
    }
    *is_claims = text_ends_with(whole, ends) && whole.size > strlen(begins) + strlen(ends);
    const struct text part = text_slice(whole, strlen(begins), whole.size - (*is_claims ? strlen(ends) : 0));
    *name = arena_strndup(arena, part.data, part.size);
    return scope_environment_is(part); /* the same letters are allowed */
}

static struct oidc_rule *rule_of(struct oidc_rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->items[i].name, name) == 0) {
            return &rules->items[i];
        }
    }
    return NULL;
}

static bool read_entry(struct reader *reader, struct oidc_rules *rules)
{
    const char *name;
    bool is_claims;
    if (!split_table(reader->arena, reader->entry->table, &name, &is_claims)) {
        return fail(reader,
                    "each rule is a table [oidc.NAME], and what its tokens must say [oidc.NAME.claims]; NAME has "
                    "letters, digits, - and _.");
    }
    struct oidc_rule *rule = rule_of(rules, name);
    if (rule == NULL) {
        if (rules->count == MOST_RULES) {
            return fail(reader, "there are more than 100 rules.");
        }
        rule = &rules->items[rules->count++];
        *rule = (struct oidc_rule){.name = name, .place = toml_place(reader->arena, reader->toml, reader->entry)};
        reader->claim_capacity = 0;
    }
    if (is_claims && rule != &rules->items[rules->count - 1]) {
        return fail(reader, "the claims of a rule must follow it directly.");
    }
    reader->rule = rule;
    return is_claims ? read_claim(reader) : read_key(reader);
}

/* ---- the whole file ---- */

static bool has_claim(const struct oidc_rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->claim_count; i++) {
        if (strcmp(rule->claims[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A rule without a claim that says whose pipeline it is would let everybody in. */
static bool check_claims(const struct oidc_rule *rule, struct status *status)
{
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (strcmp(rule->issuer, shared[i].issuer) != 0) {
            continue;
        }
        bool is_somebodys = false;
        for (size_t k = 0; shared[i].claims[k] != NULL; k++) {
            is_somebodys = is_somebodys || has_claim(rule, shared[i].claims[k]);
        }
        return is_somebodys ||
               status_fail(status, STATUS_INVALID_ARGUMENT,
                           "%s: everybody can have a token of %s. Say in [oidc.%s.claims] whose may call: %s = \"…\".",
                           rule->place, rule->issuer, rule->name, shared[i].claims[1]);
    }
    return rule->claim_count > 0 ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "%s: [oidc.%s.claims] is missing: which claims a token must have, as in sub = \"…\". Without it "
                       "whoever has a token of this issuer could call.",
                       rule->place, rule->name);
}

static bool check_rule(const struct oidc_rule *rule, struct status *status)
{
    const char *const missing = rule->issuer == NULL        ? "issuer"
                                : rule->audience_count == 0 ? "audience"
                                : rule->jwks.from == NULL   ? "jwks"
                                : rule->scope_count == 0    ? "scopes"
                                                            : NULL;
    if (missing != NULL) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "%s: [oidc.%s] has no %s.", rule->place, rule->name,
                           missing);
    }
    return check_claims(rule, status);
}

static bool is_same_place(const struct key_place *a, const struct key_place *b)
{
    return strcmp(a->from, b->from) == 0 && (a->ca == NULL) == (b->ca == NULL) &&
           (a->ca == NULL || strcmp(a->ca, b->ca) == 0);
}

/* Rules for the same issuer share its keys: a token signed with the key of one issuer must not match the rule of
 * another. */
static bool find_source(struct oidc_rules *rules, struct oidc_rule *rule, struct status *status)
{
    for (const struct oidc_rule *other = rules->items; other < rule; other++) {
        if (strcmp(other->issuer, rule->issuer) == 0 && !is_same_place(&other->jwks, &rule->jwks)) {
            return status_fail(status, STATUS_INVALID_ARGUMENT,
                               "%s: [oidc.%s] and [oidc.%s] have the same issuer, and need the same jwks and jwks-ca.",
                               rule->place, other->name, rule->name);
        }
    }
    while (rule->source < rules->place_count && !is_same_place(&rules->places[rule->source], &rule->jwks)) {
        rule->source++;
    }
    if (rule->source == ISSUER_KEYS_MOST) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "%s: there are more than %d places of keys.", rule->place,
                           ISSUER_KEYS_MOST);
    }
    if (rule->source == rules->place_count) {
        rules->places[rules->place_count++] = rule->jwks;
    }
    return true;
}

bool oidc_rules_parse(struct arena *arena, const char *name, struct text content, struct oidc_rules *rules,
                      struct status *status)
{
    struct toml toml;
    struct reader reader = {.arena = arena, .toml = &toml, .status = status};
    reader.folder = path_above(arena, name);
    *rules = (struct oidc_rules){.items = arena_array(arena, MOST_RULES, sizeof *rules->items)};
    if (!toml_read(arena, name, content, &toml, status)) {
        return false;
    }
    for (size_t i = 0; i < toml.count; i++) {
        reader.entry = &toml.entries[i];
        if (!read_entry(&reader, rules)) {
            return false;
        }
    }
    for (size_t i = 0; i < rules->count; i++) {
        if (!check_rule(&rules->items[i], status) || !find_source(rules, &rules->items[i], status)) {
            return false;
        }
    }
    return rules->count > 0 || status_fail(status, STATUS_INVALID_ARGUMENT,
                                           "%s has no rule: a table [oidc.NAME] says whose tokens may call.", name);
}

bool oidc_rules_read(struct arena *arena, const char *path, struct oidc_rules *rules, struct file_stamp *stamp,
                     struct status *status)
{
    struct private_file file;
    if (!trusted_file_read(arena, path, OIDC_FILE_LIMIT, &file, status)) {
        return false;
    }
    if (stamp != NULL) {
        *stamp = file.stamp;
    }
    return oidc_rules_parse(arena, path, file.content, rules, status);
}
