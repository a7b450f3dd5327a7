/*
 * A tool gets a small, complete environment: the variables in `kept`; the connection as DATABASE_URL and as libpq's
 * variables; for each TRUSS_DELEGATE_ENV_NAME of the worker's, NAME; and what the framework needs. Nothing else of the
 * worker's: neither NODE_OPTIONS nor its secrets.
 */
#include "migration/tool/start.h"

#include "base/words.h"
#include "pg/conninfo.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIVEN_PREFIX       "TRUSS_DELEGATE_ENV_"
#define SESSION_NAME_LIMIT 63

/* ---- the connection ---- */

/* The names of libpq's variables. The worker's own apply if its URL says nothing, as with libpq. */
static const struct {
    const char *keyword;
    const char *variable;
} connection[] = {
    {"host", "PGHOST"},       {"port", "PGPORT"},         {"user", "PGUSER"},       {"password", "PGPASSWORD"},
    {"dbname", "PGDATABASE"}, {"passfile", "PGPASSFILE"}, {"sslmode", "PGSSLMODE"}, {"sslrootcert", "PGSSLROOTCERT"},
    {"sslcert", "PGSSLCERT"}, {"sslkey", "PGSSLKEY"},
};

static const char *connection_value(const struct site *site, const char *keyword)
{
    const char *const value = site->conninfo == NULL ? NULL : conninfo_value(site->conninfo, keyword);
    for (size_t i = 0; value == NULL && i < sizeof connection / sizeof connection[0]; i++) {
        if (strcmp(connection[i].keyword, keyword) == 0) {
            return getenv(connection[i].variable);
        }
    }
    return value;
}

static const char *value_or(const char *value, const char *otherwise)
{
    return value == NULL || value[0] == '\0' ? otherwise : value;
}

/* "host:port", or several; a Unix socket becomes a parameter, with the host "localhost" for tools that need one. */
static void put_hosts(struct buffer *url, const struct site *site)
{
    const char *const hosts = value_or(connection_value(site, "host"), "localhost");
    const char *const ports = value_or(connection_value(site, "port"), "5432");
    for (size_t i = 0; i < conninfo_item_count(hosts); i++) {
        const struct text host = conninfo_item(hosts, i);
        const struct text port = conninfo_item(ports, i);
        const bool is_ipv6 = text_find(host, ":", 0) != SIZE_MAX;
        buffer_puts(url, i == 0 ? "" : ",");
        if (text_starts_with(host, "/")) {
            buffer_puts(url, "localhost");
        } else {
            buffer_printf(url, is_ipv6 ? "[%.*s]" : "%.*s", (int)host.size, host.data);
        }
        buffer_printf(url, ":%.*s", (int)port.size, port.data);
    }
}

/* "host:port/database?sslmode=…", the common part of all kinds of URLs. */
static void put_address(struct buffer *url, const struct site *site)
{
    static const char *const parameters[] = {"host", "sslmode", "sslrootcert", "sslcert", "sslkey"};
    char separator = '?';
    put_hosts(url, site);
    buffer_putc(url, '/');
    buffer_put_encoded(url, text_of(value_or(connection_value(site, "dbname"), "")), "");
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const char *const value = value_or(connection_value(site, parameters[i]), "");
        if (value[0] != '\0' && (i > 0 || value[0] == '/')) {
            buffer_printf(url, "%c%s=", separator, parameters[i]);
            buffer_put_encoded(url, text_of(value), "");
            separator = '&';
        }
    }
}

static const char *url_of(struct arena *arena, const struct site *site)
{
    struct buffer url = {.arena = arena};
    const char *const user = value_or(connection_value(site, "user"), "");
    const char *const password = tool_secret(site);
    buffer_puts(&url, "postgresql://");
    buffer_put_encoded(&url, text_of(user), "");
    if (password != NULL) {
        buffer_putc(&url, ':');
        buffer_put_encoded(&url, text_of(password), "");
    }
    buffer_puts(&url, user[0] == '\0' && password == NULL ? "" : "@");
    put_address(&url, site);
    return buffer_string(&url);
}

static const char *jdbc_url_of(struct arena *arena, const struct tool *tool)
{
    struct buffer url = {.arena = arena};
    buffer_puts(&url, "jdbc:postgresql://");
    put_address(&url, tool->site);
    if (tool->session_name != NULL) {
        buffer_puts(&url, memchr(url.data, '?', url.size) == NULL ? "?ApplicationName=" : "&ApplicationName=");
        buffer_put_encoded(&url, text_of(tool->session_name), "");
    }
    return buffer_string(&url);
}

/* Cut like the server does: 63 bytes of ASCII. */
const char *tool_session_name(struct arena *arena, const struct ledger *ledger)
{
    char *const name = arena_printf(arena, "truss tool %s.%s", ledger->schema, ledger->table);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    return arena_strndup(arena, name, strnlen(name, SESSION_NAME_LIMIT));
}

const char *tool_secret(const struct site *site)
{
    return value_or(connection_value(site, "password"), NULL);
}

/* ---- arguments ---- */

/* The package's path in the project; "" if it is the project. */
static const char *base_of(const struct detection *detection)
{
    return detection->has_folder && detection->folder.base != NULL ? detection->folder.base : "";
}

static const char *file_of(struct arena *arena, const struct tool *tool)
{
    const char *const path = path_join(arena, tool->detection->folder.path, tool->file->filename);
    return path_below(base_of(tool->detection), path);
}

/* A value of an ADO.NET connection string, quoted if it contains special characters. */
static const char *ado_value(struct arena *arena, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/";
    struct buffer out = {.arena = arena};
    if (value == NULL || value[strspn(value, plain)] == '\0') {
        return value;
    }
    pg_quote_identifier(&out, value); /* the same rule: "…", with a quote inside doubled */
    return buffer_string(&out);
}

static const char *plain_value_of(struct arena *arena, const struct tool *tool, struct text name, bool is_public)
{
    const struct site *const site = tool->site;
    const struct migration_file *const file = tool->file;
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"name", file == NULL ? NULL : file->name},
        {"version", file == NULL ? NULL : value_or(file->version, file->name)},
        {"file", file == NULL ? NULL : file_of(arena, tool)},
        {"host", value_or(connection_value(site, "host"), "localhost")},
        {"port", value_or(connection_value(site, "port"), "5432")},
        {"user", value_or(connection_value(site, "user"), "")},
        {"database", value_or(connection_value(site, "dbname"), "")},
        {"schema", tool->detection->ledger.schema},
        {"jdbc_url", jdbc_url_of(arena, tool)},
        {"url", is_public ? NULL : url_of(arena, site)},
        {"password", is_public ? NULL : value_or(tool_secret(site), "")},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (text_is(name, values[i].name)) {
            return values[i].value;
        }
    }
    return NULL;
}

/* The value of {name}, or of {ado:name} for a .NET connection string; NULL: unknown. */
static const char *value_of(struct arena *arena, const struct tool *tool, struct text name, bool is_public)
{
    static const char ado[] = "ado:";
    return text_starts_with(name, ado)
               ? ado_value(arena, plain_value_of(arena, tool, text_slice(name, strlen(ado), name.size), is_public))
               : plain_value_of(arena, tool, name, is_public);
}

/* The word with its {names} filled in; unknown ones stay. */
static const char *expand(struct arena *arena, const struct tool *tool, const char *word, bool is_public)
{
    struct buffer out = {.arena = arena};
    const struct text text = text_of(word);
    size_t done = 0;
    for (size_t open; (open = text_find(text, "{", done)) != SIZE_MAX;) {
        const size_t close = text_find(text, "}", open);
        const char *const value =
            close == SIZE_MAX ? NULL : value_of(arena, tool, text_slice(text, open + 1, close), is_public);
        buffer_add(&out, text_slice(text, done, value == NULL ? open + 1 : open));
        buffer_puts(&out, value_or(value, ""));
        done = value == NULL ? open + 1 : close + 1;
    }
    buffer_add(&out, text_slice(text, done, text.size));
    return buffer_string(&out);
}

/* ---- the program ---- */

static bool is_program(const char *path)
{
    return file_look(path, NULL) == FILE_REGULAR && access(path, X_OK) == 0;
}

static const char *find_on_path(struct arena *arena, const char *word)
{
    struct text rest = text_of(value_or(getenv("PATH"), "/usr/bin:/bin"));
    while (rest.size > 0) {
        const size_t colon = text_find(rest, ":", 0);
        const struct text directory = text_slice(rest, 0, colon);
        const char *const path = arena_printf(arena, "%.*s/%s", (int)directory.size, directory.data, word);
        if (text_starts_with(directory, "/") && is_program(path)) {
            return path;
        }
        rest = colon == SIZE_MAX ? (struct text){0} : text_slice(rest, colon + 1, rest.size);
    }
    return NULL;
}

static const char *root_of(struct arena *arena, const struct site *site)
{
    char *const real = realpath(site->project.root, NULL);
    const char *const copy = real == NULL ? site->project.root : arena_strdup(arena, real);
    free(real);
    return copy;
}

/* Its path, and *name as the framework names it; NULL: none of them exists. Links are not resolved, since tools look at
 * their own name. */
static const char *find_program(struct arena *arena, const struct tool *tool, const char **name)
{
    const char *const root = root_of(arena, tool->site);
    const char *const package = path_join(arena, root, base_of(tool->detection));
    for (const char *const *program = tool->delegate->programs; *program != NULL; program++) {
        const char *const places[] = {path_join(arena, package, *program), path_join(arena, root, *program)};
        const bool is_word = strchr(*program, '/') == NULL;
        const char *const found = is_word                 ? find_on_path(arena, *program)
                                  : is_program(places[0]) ? places[0]
                                  : is_program(places[1]) ? places[1]
                                                          : NULL;
        if (found != NULL) {
            *name = *program;
            return found;
        }
    }
    return NULL;
}

static bool fail_for_program(struct arena *arena, const struct tool *tool, struct status *status)
{
    static const struct {
        const char *prefix;
        const char *remedy;
    } remedies[] = {
        {"node_modules/", "\"npm ci\" installs it"},
        {"vendor/", "\"composer install\" installs it"},
        {".venv/", "install the project's requirements into .venv"},
        {"", "install it where the worker runs"},
    };
    const char *const base = base_of(tool->detection);
    struct buffer names = {.arena = arena};
    size_t remedy = 0;
    for (const char *const *program = tool->delegate->programs; *program != NULL; program++) {
        buffer_printf(&names, "%s%s%s", names.size == 0 ? "" : ", ", *program,
                      strchr(*program, '/') == NULL ? " on the PATH" : "");
    }
    while (!text_starts_with(text_of(tool->delegate->programs[0]), remedies[remedy].prefix)) {
        remedy++;
    }
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       "%s's own tool is not there: it was looked for as %s in %s%sthe project; %s.",
                       tool->detection->framework->display_name, buffer_string(&names), base,
                       base[0] == '\0' ? "" : " and in ", remedies[remedy].remedy);
}

/* ---- everything together ---- */

/* What a tool gets of the worker's environment. */
static const char *const kept[] = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "NODE_ENV",
    "APP_ENV",
    "MIX_ENV",
    "RAILS_ENV",
    "RACK_ENV",
    "DJANGO_SETTINGS_MODULE",
    "JAVA_HOME",
    "GEM_HOME",
    "DOTNET_ROOT",
    "DOTNET_ENVIRONMENT",
    "ASPNETCORE_ENVIRONMENT",
    "SSL_CERT_FILE",
};

/* For its output, which we read: no colours, no wrapped lines (a wrapped password could not be masked), no
 * buffering. */
static const char *const fixed[] = {"NO_COLOR=1", "COLUMNS=1000", "PYTHONUNBUFFERED=1"};

static void add_variable(struct arena *arena, struct words *words, const char *name, const char *value)
{
    if (value != NULL) {
        words_add(arena, words, arena_printf(arena, "%s=%s", name, value));
    }
}

/* Passes the worker's TRUSS_DELEGATE_ENV_NAME as NAME. */
static void add_given(struct arena *arena, struct words *words)
{
    const size_t prefix = strlen(GIVEN_PREFIX);
    for (char **variable = environ; *variable != NULL; variable++) {
        if (strncmp(*variable, GIVEN_PREFIX, prefix) == 0) {
            words_add(arena, words, arena_strdup(arena, *variable + prefix));
        }
    }
}

static const char *const *environment_of(struct arena *arena, const struct tool *tool)
{
    struct words words = {0};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        words_add(arena, &words, fixed[i]);
    }
    add_variable(arena, &words, "DATABASE_URL", url_of(arena, tool->site));
    for (size_t i = 0; i < sizeof connection / sizeof connection[0]; i++) {
        add_variable(arena, &words, connection[i].variable, connection_value(tool->site, connection[i].keyword));
    }
    add_variable(arena, &words, "PGAPPNAME", tool->session_name);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        add_variable(arena, &words, kept[i], getenv(kept[i]));
    }
    add_given(arena, &words);
    for (const char *const *own = tool->delegate->environment; own != NULL && *own != NULL; own++) {
        words_add(arena, &words, expand(arena, tool, *own, false));
    }
    return words_list(arena, &words);
}

struct tool tool_of(const struct site *site, const struct detection *detection)
{
    const struct delegate *const special = detection->has_folder ? detection->folder.delegate : NULL;
    return (struct tool){
        .site = site,
        .detection = detection,
        .delegate = special != NULL ? special : detection->framework->delegate,
    };
}

bool tool_is_there(struct arena *arena, const struct tool *tool, struct status *status)
{
    const char *name;
    return find_program(arena, tool, &name) != NULL || fail_for_program(arena, tool, status);
}

bool tool_prepare(struct arena *arena, struct tool *tool, const char *const *arguments, struct status *status)
{
    struct words argv = {0};
    const char *const program = find_program(arena, tool, &tool->name);
    if (program == NULL) {
        return fail_for_program(arena, tool, status);
    }
    words_add(arena, &argv, program);
    for (; *arguments != NULL; arguments++) {
        words_add(arena, &argv, expand(arena, tool, *arguments, true));
    }
    tool->argv = words_list(arena, &argv);
    tool->environment = environment_of(arena, tool);
    tool->directory = path_join(arena, root_of(arena, tool->site), base_of(tool->detection));
    return true;
}

static void put_shell_word(struct buffer *line, const char *word)
{
    const bool is_plain =
        word[0] != '\0' && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                        "@%+=:,./_{}-") == strlen(word);
    buffer_puts(line, is_plain ? "" : "'");
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'') {
            buffer_puts(line, "'\\''");
        } else {
            buffer_putc(line, *c);
        }
    }
    buffer_puts(line, is_plain ? "" : "'");
}

const char *tool_command(struct arena *arena, const struct tool *tool, const char *const *arguments)
{
    struct buffer line = {.arena = arena};
    const char *const base = base_of(tool->detection);
    const char *program = tool->delegate->programs[0];
    find_program(arena, tool, &program);
    if (base[0] != '\0') {
        buffer_puts(&line, "cd ");
        put_shell_word(&line, base);
        buffer_puts(&line, " && ");
    }
    put_shell_word(&line, program);
    for (; *arguments != NULL; arguments++) {
        buffer_putc(&line, ' ');
        put_shell_word(&line, expand(arena, tool, *arguments, true));
    }
    return buffer_string(&line);
}

const char *tool_run_command(struct arena *arena, const struct site *site, const struct detection *detection)
{
    const struct tool tool = tool_of(site, detection);
    return tool.delegate == NULL || tool.delegate->run == NULL ? detection->framework->tool
                                                               : tool_command(arena, &tool, tool.delegate->run);
}
