/*
 * A URL's scheme ends at its colon; a driver may follow the kind (mysql+pymysql), and jdbc: may precede it.
 */
#include "migration/look/project_kind.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *word; /* of a setting: wherever it stands; of a URL: at the beginning of the scheme */
    const char *kind;
} kinds[] = {
    {"sqlite", "SQLite"},    {"mysql", "MySQL"},          {"mariadb", "MariaDB"},
    {"mssql", "SQL Server"}, {"sqlserver", "SQL Server"}, {"clickhouse", "ClickHouse"},
    {"mongodb", "MongoDB"},  {"oracle", "Oracle"},        {"hsqldb", "HSQLDB"},
};

const char *project_kind_of_word(const char *value)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcasestr(value, kinds[i].word) != NULL) {
            return kinds[i].kind;
        }
    }
    return NULL;
}

const char *project_kind_of_url(struct text text)
{
    static const char jdbc[] = "jdbc:";
    const struct text scheme = text_starts_with(text, jdbc) ? text_slice(text, strlen(jdbc), text.size) : text;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t size = strlen(kinds[i].word);
        const size_t colon = text_starts_with(scheme, kinds[i].word) ? text_find(scheme, ":", size) : SIZE_MAX;
        const struct text driver = text_slice(scheme, size, colon);
        if (colon != SIZE_MAX && driver.size < 32 && text_find(driver, " ", 0) == SIZE_MAX &&
            (scheme.data != text.data || text_starts_with(text_slice(scheme, colon, scheme.size), ":/"))) {
            return kinds[i].kind;
        }
    }
    return NULL;
}
