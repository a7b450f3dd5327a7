/*
 * Contradictions of GRANT, CREATE SEQUENCE and CREATE PUBLICATION, after PostgreSQL's aclchk.c, sequence.c and
 * publicationcmds.c.
 */
#include "sql/effects_reader.h"
#include "sql/never.h"

#include <stdlib.h>
#include <string.h>

/* ---- privileges ---- */

/* A table may be a sequence, for which the catalogs are asked. */
static const struct {
    const char *object;
    const char *rights;
} grantable[] = {
    {"OBJECT_TABLE", "select insert update delete truncate references trigger maintain usage"},
    {"OBJECT_SEQUENCE", "usage select update"},
    {"OBJECT_DATABASE", "create temporary temp connect"},
    {"OBJECT_DOMAIN", "usage"},
    {"OBJECT_FDW", "usage"},
    {"OBJECT_FOREIGN_SERVER", "usage"},
    {"OBJECT_FUNCTION", "execute"},
    {"OBJECT_PROCEDURE", "execute"},
    {"OBJECT_ROUTINE", "execute"},
    {"OBJECT_LANGUAGE", "usage"},
    {"OBJECT_LARGEOBJECT", "select update"},
    {"OBJECT_SCHEMA", "create usage"},
    {"OBJECT_TABLESPACE", "create"},
    {"OBJECT_TYPE", "usage"},
};

static const char *rights_of(const char *object)
{
    size_t i = 0;
    while (i < sizeof grantable / sizeof grantable[0] && strcmp(grantable[i].object, object) != 0) {
        i++;
    }
    return i < sizeof grantable / sizeof grantable[0] ? grantable[i].rights : NULL;
}

static void of_right(const struct never *never, const json_t *grant, const json_t *right)
{
    static const char of_columns[] = "select insert update references";
    const char *const name = tree_string(right, "priv_name");
    const char *const object = tree_string(grant, "objtype");
    const bool is_default = tree_is(grant, "targtype", "ACL_TARGET_DEFAULTS");
    const char *const rights = rights_of(object);
    if (name[0] == '\0' || rights == NULL) {
        return;
    }
    if (!word_is_among(rights, name) ||
        (is_default && strcmp(object, "OBJECT_TABLE") == 0 && strcmp(name, "usage") == 0)) {
        never_say(never, "It grants or revokes a privilege that such an object does not have (0LP01).");
    } else if (json_object_get(right, "cols") != NULL && !word_is_among(of_columns, name)) {
        never_say(never, "A column has SELECT, INSERT, UPDATE and REFERENCES only (0LP01).");
    } else if (strcmp(name, "maintain") == 0 && never->is_before_17) {
        never_say(never, "MAINTAIN is a privilege since PostgreSQL 17 (42601).");
    }
}

void never_grant(const struct never *never, const json_t *body)
{
    const json_t *const rights = json_object_get(body, "privileges");
    const json_t *const roles = json_object_get(body, "grantees");
    for (size_t i = 0; i < json_array_size(rights); i++) {
        of_right(never, body, tree_body(json_array_get(rights, i), "AccessPriv"));
    }
    for (size_t i = 0; tree_flag(body, "grant_option") && tree_flag(body, "is_grant") && i < json_array_size(roles);
         i++) {
        if (tree_is(tree_body(json_array_get(roles, i), "RoleSpec"), "roletype", "ROLESPEC_PUBLIC")) {
            never_say(never, "WITH GRANT OPTION is for roles, not for PUBLIC (0LP01).");
        }
    }
}

void never_default_privileges(const struct never *never, const json_t *body)
{
    never_grant(never, json_object_get(body, "action"));
}

/* ---- sequences ---- */

struct sequence {
    double least;
    double most;
    double start;
};

/* The number of an option; `otherwise` if it is not given, or is no number (NO MAXVALUE). */
static double number_of(const json_t *options, const char *name, double otherwise)
{
    const json_t *const value = json_object_get(tree_option(options, name), "arg");
    const json_t *const integer = tree_body(value, "Integer");
    const json_t *const large = tree_body(value, "Float");
    return integer != NULL ? (double)tree_integer(integer, "ival")
           : large != NULL ? strtod(tree_string(large, "fval"), NULL)
                           : otherwise;
}

/* The largest number of a sequence of this type (the body of its TypeName); 0: sequences have no such type. */
static double largest_of(const json_t *type)
{
    const char *const name = tree_name(json_object_get(type, "names"), 0);
    return type == NULL || name == NULL || strcmp(name, "int8") == 0 ? 9223372036854775807.0
           : strcmp(name, "int4") == 0                               ? 2147483647.0
           : strcmp(name, "int2") == 0                               ? 32767.0
                                                                     : 0;
}

static void of_bounds(const struct never *never, const struct sequence *sequence, double largest)
{
    if (sequence->most > largest || sequence->least < -largest - 1) {
        never_say(never, "MINVALUE or MAXVALUE is out of the range of the sequence's type (22023).");
    } else if (sequence->least >= sequence->most) {
        never_say(never, "MINVALUE must be less than MAXVALUE (22023).");
    } else if (sequence->start < sequence->least || sequence->start > sequence->most) {
        never_say(never, "START is not between MINVALUE and MAXVALUE (22023).");
    }
}

/* What needs no more than the statement: of one that exists, too. */
static void of_any(const struct never *never, const json_t *options)
{
    if (number_of(options, "increment", 1) == 0) {
        never_say(never, "INCREMENT must not be 0 (22023).");
    } else if (number_of(options, "cache", 1) < 1) {
        never_say(never, "CACHE must be greater than 0 (22023).");
    }
}

void never_sequence(const struct never *never, const json_t *body)
{
    of_any(never, json_object_get(body, "options"));
}

void never_made_sequence(const struct never *never, const json_t *options, const json_t *column_type)
{
    const bool falls = number_of(options, "increment", 1) < 0;
    const json_t *const type = tree_body(json_object_get(tree_option(options, "as"), "arg"), "TypeName");
    const double bound = largest_of(type == NULL ? column_type : type);
    struct sequence sequence = {.least = number_of(options, "minvalue", falls ? -bound - 1 : 1),
                                .most = number_of(options, "maxvalue", falls ? -1 : bound)};
    sequence.start = number_of(options, "start", falls ? sequence.most : sequence.least);
    of_any(never, options);
    if (bound == 0) {
        never_say(never, "A sequence is of smallint, integer or bigint (22023).");
    } else {
        of_bounds(never, &sequence, bound);
    }
}

void never_new_sequence(const struct never *never, const json_t *body)
{
    const json_t *const options = json_object_get(body, "options");
    const json_t *const owner =
        json_object_get(tree_body(json_object_get(tree_option(options, "owned_by"), "arg"), "List"), "items");
    never_made_sequence(never, options, NULL);
    if (json_array_size(owner) == 1 && strcmp(tree_name(owner, 0), "none") != 0) {
        never_say(never, "OWNED BY names a column, with its table, or NONE (42601).");
    }
}

/* ---- publications ---- */

/* Is each word between commas an operation? */
static bool publishes_known(const char *list)
{
    static const char *const operations[] = {"insert", "update", "delete", "truncate", NULL};
    bool are = true;
    for (const char *word = list + strspn(list, " ,"); are && *word != '\0'; word += strspn(word, " ,")) {
        const size_t size = strcspn(word, " ,");
        are = word_is_one_of((struct text){word, size}, operations);
        word += size;
    }
    return are;
}

void never_publication(const struct never *never, const json_t *body)
{
    static const char options_known[] = "publish publish_via_partition_root publish_generated_columns";
    const json_t *const options = json_object_get(body, "options");
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *const option = tree_body(json_array_get(options, i), "DefElem");
        const char *const name = tree_string(option, "defname");
        if (!word_is_among(options_known, name)) {
            never_say(never, "A publication has no such option (42601).");
        }
        if (strcmp(name, "publish") == 0 &&
            !publishes_known(tree_string(tree_body(json_object_get(option, "arg"), "String"), "sval"))) {
            never_say(never, "A publication publishes insert, update, delete and truncate (42601).");
        }
    }
}
