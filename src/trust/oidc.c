/*
 * Checks first the signature, with the keys of an issuer that a rule names; then the times; then the rules. Each rule
 * that fits adds its scopes.
 */
#include "trust/oidc.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tokens.h"
#include "trust/grants_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SKEW_S        60 /* how much clocks may differ */
#define SUBJECT_LIMIT 255
#define SHOWN         200 /* bytes of what a token says */

struct oidc {
    struct oidc_options options;
    struct grants_file file; /* its lock protects all that follows */
    struct oidc_rules rules; /* in the file's arena */
    struct issuer_keys *keys;
    bool has_begun;
};

/* ---- its life ---- */

static bool read_rules(struct grants_file *file, struct arena *arena, struct status *status)
{
    struct oidc *const oidc = file->data;
    struct oidc_rules rules = {0};
    bool ok = oidc_rules_read(arena, file->path, &rules, &file->stamp, status);
    struct issuer_keys *const keys = ok ? issuer_keys_new(rules.places, rules.place_count, status) : NULL;
    ok = ok && status->code == STATUS_OK;
    if (keys != NULL && oidc->has_begun) {
        issuer_keys_begin(keys);
    }
    issuer_keys_leave(oidc->keys);
    oidc->rules = rules;
    oidc->keys = keys;
    file->count = rules.count;
    return ok;
}

struct oidc *oidc_new(const struct oidc_options *options, struct status *status)
{
    struct oidc *const oidc = memory_alloc(sizeof *oidc);
    oidc->options = *options;
    oidc->file = (struct grants_file){.path = options->rules,
                                      .entries = "rules",
                                      .again = "oidc rules read again",
                                      .unreadable = "oidc rules cannot be read, no pipeline is let in",
                                      .silent = "oidc rules or keys do not answer, no pipeline is let in",
                                      .read = read_rules,
                                      .data = oidc};
    grants_file_begin(&oidc->file);
    if (!grants_file_read(&oidc->file, status)) {
        oidc_free(oidc);
        return NULL;
    }
    return oidc;
}

void oidc_begin(struct oidc *oidc)
{
    oidc->has_begun = true;
    if (oidc->keys != NULL) {
        issuer_keys_begin(oidc->keys);
    }
}

void oidc_free(struct oidc *oidc)
{
    if (oidc != NULL) {
        issuer_keys_free(oidc->keys);
        grants_file_end(&oidc->file);
        free(oidc);
    }
}

/* ---- what it says ---- */

/* A token that is being checked. */
struct looking {
    struct oidc *oidc;
    const struct oidc_try *said;
    struct jwt jwt;
    struct status *status;
};

static enum oidc_answer refuse(const struct looking *looking, const char *why)
{
    status_fail(looking->status, STATUS_UNAUTHENTICATED, "%s", why);
    return OIDC_IS_REFUSED;
}

static const char *text_of_claim(const struct looking *looking, const char *name)
{
    const struct jwt_claim *const claim = jwt_claim(&looking->jwt, name);
    return claim == NULL || claim->kind != JWT_TEXT ? "" : claim->text;
}

/* A claim of the token, for a message. */
static const char *shown(struct arena *arena, const struct jwt_claim *claim)
{
    if (claim == NULL) {
        return "missing";
    }
    if (claim->kind == JWT_LIST) {
        return arena_printf(arena, "a list of %zu", claim->item_count);
    }
    return claim->text == NULL ? "no text" : arena_printf(arena, "\"%s\"", text_clean(arena, claim->text, SHOWN));
}

/* "3 minutes" */
static const char *span(struct arena *arena, int64_t seconds)
{
    const int64_t minutes = seconds / 60;
    const int64_t hours = minutes / 60;
    return hours >= 48    ? arena_printf(arena, "%" PRId64 " days", hours / 24)
           : hours >= 2   ? arena_printf(arena, "%" PRId64 " hours", hours)
           : minutes >= 2 ? arena_printf(arena, "%" PRId64 " minutes", minutes)
                          : arena_printf(arena, "%" PRId64 " seconds", seconds);
}

/* ---- the signature ---- */

/* The first rule for this issuer; NULL if no rule names it. */
static const struct oidc_rule *rule_of_issuer(const struct looking *looking, const char *issuer)
{
    for (size_t i = 0; i < looking->oidc->rules.count; i++) {
        if (strcmp(looking->oidc->rules.items[i].issuer, issuer) == 0) {
            return &looking->oidc->rules.items[i];
        }
    }
    return NULL;
}

static enum oidc_answer answer_of(const struct looking *looking, enum jwks_answer told)
{
    struct arena *const arena = looking->status->arena;
    const char *const key = text_clean(arena, looking->jwt.key, SHOWN);
    switch (told) {
    case JWKS_IS_GOOD:
        return OIDC_IS_KNOWN;
    case JWKS_IS_BAD:
        return refuse(looking, "The signature of this token is not one of its issuer.");
    case JWKS_OTHER_KIND:
        return refuse(looking,
                      arena_printf(arena,
                                   "The header of this token claims the algorithm \"%s\", and the issuer's key "
                                   "\"%s\" is of another one.",
                                   text_clean(arena, looking->jwt.algorithm, SHOWN), key));
    case JWKS_NO_KEY:
        break;
    }
    return refuse(looking, key[0] == '\0'
                               ? "This token does not say which of its issuer's keys has signed it (kid)."
                               : arena_printf(arena, "The issuer of this token has no key \"%s\" (kid).", key));
}

static enum oidc_answer check_signature(const struct looking *looking, const struct oidc_rule *rule)
{
    enum jwks_answer told = JWKS_NO_KEY;
    const char *const algorithm = looking->jwt.algorithm;
    if (strcmp(algorithm, "RS256") != 0 && strcmp(algorithm, "ES256") != 0) {
        return refuse(looking, arena_printf(looking->status->arena,
                                            "This token is signed by \"%s\"; only RS256 and ES256 are accepted.",
                                            text_clean(looking->status->arena, algorithm, SHOWN)));
    }
    const enum keys_answer answer =
        issuer_keys_check(looking->oidc->keys, rule->source, &looking->jwt, looking->said->since, &told);
    if (answer == KEYS_CANNOT_SAY) {
        status_fail(looking->status, STATUS_UNAVAILABLE,
                    "The worker cannot read the keys of this token's issuer, and so cannot say who calls; its log says "
                    "why.");
        return OIDC_CANNOT_TELL;
    }
    return answer == KEYS_ASK_AGAIN ? OIDC_ASK_AGAIN : answer_of(looking, told);
}

/* ---- the times ---- */

/* Returns false if the claim exists but is not a time; *is_there says whether it exists, and *seconds is 0 if not. */
static bool time_of(const struct looking *looking, const char *name, int64_t *seconds, bool *is_there)
{
    const struct jwt_claim *const claim = jwt_claim(&looking->jwt, name);
    *is_there = claim != NULL;
    *seconds = claim == NULL ? 0 : claim->number;
    return claim == NULL || (claim->kind == JWT_NUMBER && claim->number >= 0 && claim->number < INT64_MAX / 2);
}

static enum oidc_answer check_times(const struct looking *looking)
{
    struct arena *const arena = looking->status->arena;
    const int64_t now = looking->said->now_s;
    int64_t ends;
    int64_t begins;
    int64_t issued;
    bool has_end;
    bool has_begin;
    bool has_issue;
    if (!time_of(looking, "exp", &ends, &has_end) || !time_of(looking, "nbf", &begins, &has_begin) ||
        !time_of(looking, "iat", &issued, &has_issue) || !has_end) {
        return refuse(looking, has_end ? "A time in this token (exp, nbf, iat) is not a time."
                                       : "This token has no end (exp), and none without is accepted.");
    }
    if (now >= ends + SKEW_S) {
        return refuse(looking, arena_printf(arena, "This token has expired %s ago; ask its issuer for a new one.",
                                            span(arena, now - ends)));
    }
    const int64_t first = begins > issued ? begins : issued;
    if (now + SKEW_S < first) {
        return refuse(looking,
                      arena_printf(arena,
                                   "This token is good only in %s: the clock of this machine, or of its issuer, "
                                   "is wrong.",
                                   span(arena, first - now)));
    }
    return OIDC_IS_KNOWN;
}

/* ---- the rules ---- */

static bool is_one_of(const char *text, const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, values[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A claim with several values fits if one of them does. */
static bool fits(const struct jwt_claim *claim, const char *const *values, size_t count)
{
    if (claim == NULL || claim->kind == JWT_OTHER) {
        return false;
    }
    if (claim->kind != JWT_LIST) {
        return is_one_of(claim->text, values, count);
    }
    for (size_t i = 0; i < claim->item_count; i++) {
        if (is_one_of(claim->items[i], values, count)) {
            return true;
        }
    }
    return false;
}

static const char *join(struct arena *arena, const char *const *values, size_t count)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&out, "%s\"%s\"", i == 0 ? "" : " or ", values[i]);
    }
    return buffer_string(&out);
}

/* Returns NULL if the rule fits, else what does not. *wanted: what the rule wants instead, for the log only; "": the
 * log has that already. */
static const char *misfit(const struct looking *looking, const struct oidc_rule *rule, const char **wanted)
{
    struct arena *const arena = looking->status->arena;
    const struct jwt_claim *const audience = jwt_claim(&looking->jwt, "aud");
    *wanted = "";
    if (!fits(audience, rule->audiences, rule->audience_count)) {
        return arena_printf(arena, "[oidc.%s] requires the audience %s, and this token's is %s", rule->name,
                            join(arena, rule->audiences, rule->audience_count), shown(arena, audience));
    }
    for (size_t i = 0; i < rule->claim_count; i++) {
        const struct oidc_claim *const one = &rule->claims[i];
        const struct jwt_claim *const claim = jwt_claim(&looking->jwt, one->name);
        if (!fits(claim, one->values, one->value_count)) {
            *wanted = arena_printf(arena, "[oidc.%s] requires the %s %s; ", rule->name, one->name,
                                   join(arena, one->values, one->value_count));
            return arena_printf(arena, "[oidc.%s] requires another %s than %s", rule->name, one->name,
                                shown(arena, claim));
        }
    }
    return NULL;
}

static enum oidc_answer apply_rules(const struct looking *looking, const char *issuer, struct principal *principal)
{
    struct buffer why = {.arena = looking->status->arena};
    struct buffer wants = {.arena = looking->status->arena};
    char text[LOG_QUOTED_SIZE];
    const struct oidc_rules *const rules = &looking->oidc->rules;
    bool is_known = false;
    size_t told = 0;
    for (size_t i = 0; i < rules->count; i++) {
        const struct oidc_rule *const rule = &rules->items[i];
        if (strcmp(rule->issuer, issuer) != 0) {
            continue;
        }
        const char *wanted;
        const char *const what = misfit(looking, rule, &wanted);
        if (what == NULL) {
            is_known = true;
            principal->scopes |= scopes_in(rule->scopes, rule->scope_count, &looking->oidc->options.environment);
        } else if (told++ < 3) {
            buffer_printf(&why, "%s%s", why.size == 0 ? "" : "; ", what);
            buffer_puts(&wants, wanted);
        }
    }
    if (!is_known && wants.size > 0) {
        log_info("no oidc rule fits", "wanted=%s", log_quoted(buffer_string(&wants), text));
    }
    return is_known ? OIDC_IS_KNOWN
                    : refuse(looking, arena_printf(looking->status->arena, "No rule lets this token in: %s.",
                                                   buffer_string(&why)));
}

static bool has_one_issuer(const struct oidc_rules *rules)
{
    size_t i = 1;
    while (i < rules->count && strcmp(rules->items[i].issuer, rules->items[0].issuer) == 0) {
        i++;
    }
    return i >= rules->count;
}

/* Each issuer chooses its own subjects. If there are several issuers the name includes the issuer: otherwise a subject
 * of one could pass for the same subject of another. */
static const char *name_of(const struct looking *looking, const char *issuer, const char *subject)
{
    struct arena *const arena = looking->status->arena;
    return has_one_issuer(&looking->oidc->rules) ? arena_printf(arena, "oidc:%s", subject)
                                                 : arena_printf(arena, "oidc:%s (%s)", subject, issuer);
}

/* Is it a name that is shown as it is, on one line of a log, of the audit and of who approves? */
static bool is_subject(struct arena *arena, const char *subject)
{
    return subject[0] != '\0' && strlen(subject) <= SUBJECT_LIMIT &&
           strcmp(text_plain(arena, subject, SUBJECT_LIMIT), subject) == 0;
}

/* Call with the file's lock. */
static enum oidc_answer look(const struct looking *looking, struct principal *principal)
{
    struct arena *const arena = looking->status->arena;
    const char *const issuer = text_of_claim(looking, "iss");
    const char *const subject = text_of_claim(looking, "sub");
    const struct oidc_rule *const rule = rule_of_issuer(looking, issuer);
    if (rule == NULL) {
        return refuse(looking, arena_printf(arena, "Nobody with a token of the issuer \"%s\" is let in here.",
                                            text_clean(arena, issuer, SHOWN)));
    }
    enum oidc_answer answer = check_signature(looking, rule);
    if (answer != OIDC_IS_KNOWN) {
        return answer;
    }
    if (!is_subject(arena, subject)) {
        return refuse(looking, "This token has no subject (sub) of at most 255 plain characters.");
    }
    principal->name = name_of(looking, issuer, subject); /* for the audit, also if the token is refused */
    answer = check_times(looking);
    answer = answer == OIDC_IS_KNOWN ? apply_rules(looking, issuer, principal) : answer;
    principal->kind = answer == OIDC_IS_KNOWN ? PRINCIPAL_OIDC : PRINCIPAL_NOBODY;
    return answer;
}

enum oidc_answer oidc_check(struct oidc *oidc, const struct oidc_try *said, struct principal *principal,
                            struct status *status)
{
    struct looking looking = {.oidc = oidc, .said = said, .status = status};
    enum oidc_answer answer = OIDC_IS_REFUSED;
    principal->scopes = 0;
    if (!jwt_read(said->token, &looking.jwt, status)) {
        return OIDC_IS_REFUSED;
    }
    if (!grants_file_lock(&oidc->file)) {
        status_fail(
            status, STATUS_UNAVAILABLE,
            "The worker's file of oidc rules, or a file of keys, does not answer, and so it lets no pipeline in; its "
            "log says more.");
        return OIDC_CANNOT_TELL;
    }
    grants_file_read_again(&oidc->file);
    if (oidc->file.is_readable) {
        answer = look(&looking, principal);
    } else {
        answer = OIDC_CANNOT_TELL;
        status_fail(status, STATUS_UNAVAILABLE,
                    "The worker cannot read whose pipelines may call, and so lets none in; its log says why.");
    }
    grants_file_unlock(&oidc->file);
    return answer;
}
