/*
 * Encryption and certificate checks, in the parameters of libpq, Prisma, JDBC, sqlx and .NET.
 */
#include "base/files.h"

#include "base/words.h"
#include "pg/conninfo_reading.h"

#include <libpq-fe.h>
#include <string.h>

/* Prisma's sslcert is the server's authority, libpq's the client's own certificate: other parameters decide
 * (conninfo_finish_parameters). */
bool conninfo_take_sslcert(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    reading->sslcert = value;
    return true;
}

bool conninfo_take_sslaccept(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    reading->strict_tls = strcmp(value, "strict") == 0;
    return reading->strict_tls || strcmp(value, "accept_invalid_certs") == 0 ||
           status_fail(
               reading->status, STATUS_INVALID_ARGUMENT,
               "The connection URL's sslaccept is not a value that Prisma has: write sslaccept=strict to have the "
               "server's certificate checked, sslaccept=accept_invalid_certs to take any, or leave it out.");
}

/* libpq's values, and those of other drivers for the same. */
bool conninfo_take_sslmode(struct reading *reading, const struct parameter *row, const char *value)
{
    static const char *const modes[][2] = {
        {"disable", "disable"},        {"allow", "allow"},
        {"prefer", "prefer"},          {"require", "require"},
        {"verify-ca", "verify-ca"},    {"verify-full", "verify-full"},
        {"no-verify", "require"},      {"verify_ca", "verify-ca"},
        {"verifyca", "verify-ca"},     {"verify_full", "verify-full"},
        {"verifyfull", "verify-full"}, {"verify_identity", "verify-full"},
        {"required", "require"},       {"preferred", "prefer"},
        {"disabled", "disable"},
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (text_is_nocase(text_of(value), modes[i][0])) {
            return conninfo_set(reading, "sslmode", modes[i][1]);
        }
    }
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The connection URL's %s is disable, allow, prefer, require, verify-ca or verify-full.",
                       row->name);
}

/* "ssl=true", or a value of sslmode. JDBC then checks the certificate, others only encrypt. */
bool conninfo_take_ssl(struct reading *reading, const struct parameter *row, const char *value)
{
    static const char *const no[] = {"0", "false", "off", "no", NULL};
    if (word_is_one_of_nocase(text_of(value), no)) {
        return conninfo_set(reading, "sslmode", reading->is_jdbc ? "prefer" : "disable");
    }
    if (conninfo_is_yes(value)) {
        return conninfo_value(reading->conninfo, "sslmode") != NULL ||
               conninfo_set(reading, "sslmode", reading->is_jdbc ? "verify-full" : "require");
    }
    return conninfo_take_sslmode(reading, row, value);
}

bool conninfo_take_sslfactory(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    reading->unverified_tls = strstr(value, "NonValidating") != NULL;
    return reading->unverified_tls || strstr(value, "LibPQFactory") != NULL ||
           status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The connection URL's sslfactory is a Java class, which only Java can load: say sslmode, "
                       "sslrootcert, sslcert and sslkey instead.");
}

bool conninfo_take_sslkey(struct reading *reading, const struct parameter *row, const char *value)
{
    return text_ends_with(text_of(value), ".pk8") || text_ends_with(text_of(value), ".p12")
               ? status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                             "The connection URL's %s is a file that only Java reads: convert it to PEM.", row->name)
               : conninfo_set(reading, "sslkey", value);
}

bool conninfo_take_trust_certificate(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    reading->unverified_tls = conninfo_is_yes(value);
    return true;
}

/* The system's authorities; libpq 16 and newer have a keyword for them. */
static const char *system_authorities(void)
{
    static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                          "/etc/ssl/cert.pem", NULL};
    for (size_t i = 0; bundles[i] != NULL; i++) {
        if (file_look(bundles[i], NULL) == FILE_REGULAR) {
            return bundles[i];
        }
    }
    return NULL;
}

/* "strict" in Prisma means checking the server's certificate and name. */
static bool finish_strict(struct reading *reading)
{
    const char *const mode = conninfo_value(reading->conninfo, "sslmode");
    if (mode != NULL && (strcmp(mode, "disable") == 0 || strncmp(mode, "verify-", 7) == 0)) {
        return true;
    }
    if (conninfo_value(reading->conninfo, "sslrootcert") == NULL) {
        const char *const authorities = PQlibVersion() >= 160000 ? "system" : system_authorities();
        if (authorities == NULL) {
            return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                               "The connection URL's sslaccept=strict cannot be honoured: this machine has no list of "
                               "authorities to check with. Give one as sslcert or sslrootcert.");
        }
        if (!conninfo_set(reading, "sslrootcert", authorities)) {
            return false;
        }
    }
    return conninfo_set(reading, "sslmode", "verify-full");
}

bool conninfo_finish_tls(struct reading *reading)
{
    const struct conninfo *const conninfo = reading->conninfo;
    const bool has_own = conninfo_value(conninfo, "sslcert") != NULL;
    const bool is_own =
        !has_own && (conninfo_value(conninfo, "sslkey") != NULL || conninfo_value(conninfo, "sslrootcert") != NULL);
    if (reading->sslcert != NULL && !conninfo_set(reading, is_own ? "sslcert" : "sslrootcert", reading->sslcert)) {
        return false;
    }
    if (reading->unverified_tls) {
        const char *const mode = conninfo_value(conninfo, "sslmode");
        return mode == NULL || strncmp(mode, "verify-", 7) != 0 || conninfo_set(reading, "sslmode", "require");
    }
    return !reading->strict_tls || finish_strict(reading);
}
