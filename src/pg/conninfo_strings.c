/*
 * Keyword strings: libpq's "host=… dbname=…", and Npgsql's "Host=…;Database=…".
 */
#include "pg/conninfo_reading.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <string.h>

/* Uses libpq's own parser; its error messages are not repeated, because they may contain the password. */
bool conninfo_take_keywords(struct reading *reading, const char *string)
{
    char *error = NULL;
    PQconninfoOption *const options = PQconninfoParse(string, &error);
    bool ok = options != NULL;
    PQfreemem(error);
    if (!ok) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "DATABASE_URL is neither a postgresql:// URL nor a libpq keyword string that can be read.");
    }
    for (const PQconninfoOption *option = options; ok && option->keyword != NULL; option++) {
        if (option->val == NULL) {
            continue;
        }
        const char *const value = arena_strdup(reading->arena, option->val);
        ok = strcmp(option->keyword, "options") == 0
                 ? conninfo_take_parameter(reading, "options", value)
                 : conninfo_set(reading, arena_strdup(reading->arena, option->keyword), value);
    }
    PQconninfoFree(options);
    return ok;
}

/* Npgsql's names, in lower case and without spaces. */
static const struct parameter npgsql_names[] = {
    {"host", conninfo_take_keyword, "host"},
    {"server", conninfo_take_keyword, "host"},
    {"port", conninfo_take_keyword, "port"},
    {"database", conninfo_take_keyword, "dbname"},
    {"db", conninfo_take_keyword, "dbname"},
    {"username", conninfo_take_keyword, "user"},
    {"userid", conninfo_take_keyword, "user"},
    {"user", conninfo_take_keyword, "user"},
    {"uid", conninfo_take_keyword, "user"},
    {"password", conninfo_take_keyword, "password"},
    {"pwd", conninfo_take_keyword, "password"},
    {"passfile", conninfo_take_keyword, "passfile"},
    {"applicationname", conninfo_take_keyword, "application_name"},
    {"rootcertificate", conninfo_take_keyword, "sslrootcert"},
    {"sslcertificate", conninfo_take_keyword, "sslcert"},
    {"sslkey", conninfo_take_sslkey, NULL},
    {"sslpassword", conninfo_take_keyword, "sslpassword"},
    {"timeout", conninfo_take_connect_timeout, NULL},
    {"trustservercertificate", conninfo_take_trust_certificate, NULL},
    {"targetsessionattributes", conninfo_take_target, NULL},
    {"maximumpoolsize", conninfo_take_connection_limit, NULL},
    {"maxpoolsize", conninfo_take_connection_limit, NULL},
    {"keepalive", conninfo_take_nothing, NULL},
    {"pooling", conninfo_take_nothing, NULL},
    {"minimumpoolsize", conninfo_take_nothing, NULL},
    {"minpoolsize", conninfo_take_nothing, NULL},
    {"connectionidlelifetime", conninfo_take_nothing, NULL},
    {"connectionlifetime", conninfo_take_nothing, NULL},
    {"connectionpruninginterval", conninfo_take_nothing, NULL},
    {"commandtimeout", conninfo_take_nothing, NULL}, /* not used for EF Core's migrations */
    {"internalcommandtimeout", conninfo_take_nothing, NULL},
    {"cancellationtimeout", conninfo_take_nothing, NULL},
    {"includeerrordetail", conninfo_take_nothing, NULL},
    {"logparameters", conninfo_take_nothing, NULL},
    {"persistsecurityinfo", conninfo_take_nothing, NULL},
    {"enlist", conninfo_take_nothing, NULL},
    {"noresetonclose", conninfo_take_nothing, NULL},
    {"maxautoprepare", conninfo_take_nothing, NULL},
    {"autoprepareminusages", conninfo_take_nothing, NULL},
    {"multiplexing", conninfo_take_nothing, NULL},
};

static bool take_pair(struct reading *reading, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof npgsql_names / sizeof npgsql_names[0]; i++) {
        if (strcmp(name, npgsql_names[i].name) == 0) {
            return npgsql_names[i].take(reading, &npgsql_names[i], value);
        }
    }
    return conninfo_take_parameter(reading, name, value);
}

/* A value of "Name=value;…": quoted it may contain a semicolon, and doubled quotes. */
static const char *next_npgsql_value(struct arena *arena, struct text *rest)
{
    struct buffer value = {.arena = arena};
    const char quote = rest->size > 0 && (rest->data[0] == '"' || rest->data[0] == '\'') ? rest->data[0] : '\0';
    size_t i = quote == '\0' ? 0 : 1;
    for (; i < rest->size; i++) {
        if (quote == '\0' ? rest->data[i] == ';' : rest->data[i] == quote) {
            const bool doubled = quote != '\0' && i + 1 < rest->size && rest->data[i + 1] == quote;
            if (!doubled) {
                break;
            }
            i++;
        }
        buffer_putc(&value, rest->data[i]);
    }
    const size_t end = text_find(*rest, ";", i);
    *rest = end == SIZE_MAX ? (struct text){0} : text_slice(*rest, end + 1, rest->size);
    return quote == '\0'
               ? arena_strndup(arena, text_trim(buffer_text(&value)).data, text_trim(buffer_text(&value)).size)
               : buffer_string(&value);
}

/* Names are compared ignoring case and spaces. */
bool conninfo_take_npgsql(struct reading *reading, struct text rest)
{
    while (text_trim(rest).size > 0) {
        struct buffer name = {.arena = reading->arena};
        const size_t equals = text_find(rest, "=", 0);
        if (equals == SIZE_MAX) {
            return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                               "The connection string has something that is not \"Name=value;\".");
        }
        for (size_t i = 0; i < equals; i++) {
            if (isspace((unsigned char)rest.data[i]) == 0) {
                buffer_putc(&name, (char)tolower((unsigned char)rest.data[i]));
            }
        }
        rest = text_slice(rest, equals + 1, rest.size);
        while (rest.size > 0 && rest.data[0] == ' ') {
            rest = text_slice(rest, 1, rest.size);
        }
        const char *const value = next_npgsql_value(reading->arena, &rest);
        if (!text_is_utf8(text_of(value), NULL)) {
            return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection string is not UTF-8.");
        }
        if (!take_pair(reading, buffer_string(&name), value)) {
            return false;
        }
    }
    return true;
}
