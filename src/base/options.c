/*
 * Each source provides texts; the one with the highest precedence wins, and only that text is checked and stored.
 */
#include "base/options.h"

#include "base/answering.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/near.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the command line ---- */

struct reading {
    struct options_request *request;
    struct option_given line[OPTION_COUNT];
    struct option_given operator_file[OPTION_COUNT];
    struct option_given project_file[OPTION_COUNT];
    struct status *status;
};

static enum option_id find(const enum option_id *taken, struct text name)
{
    size_t i = 0;
    while (taken[i] != OPTION_NONE && !text_is(name, option_of(taken[i])->name)) {
        i++;
    }
    return taken[i];
}

/* The only name of an option that begins so: --dry is --dry-run. NULL: there is none, or there are several. */
static const char *begins_so(const enum option_id *taken, struct text name)
{
    const char *found = NULL;
    for (size_t i = 0; taken[i] != OPTION_NONE && name.size > 0; i++) {
        const char *const option = option_of(taken[i])->name;
        if (strncmp(option, name.data, name.size) == 0) {
            if (found != NULL && strcmp(found, option) != 0) {
                return NULL;
            }
            found = option;
        }
    }
    return found;
}

/* Refuses this word, which is the name with one dash or two before it. */
static bool fail_unknown(const struct reading *reading, const char *dashes, struct text name)
{
    const enum option_id *const taken = reading->request->taken;
    struct near near = {.wanted = name};
    for (size_t i = 0; taken[i] != OPTION_NONE; i++) {
        near_try(&near, option_of(taken[i])->name);
    }
    const char *const longer = begins_so(taken, name);
    const char *const meant = longer != NULL ? longer : near.name;
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "There is no option %s%.*s here; %s%s%s --help.",
                       dashes, (int)name.size, name.data, meant == NULL ? "see" : "did you mean --",
                       meant == NULL ? "" : meant, meant == NULL ? "" : "? See");
}

/* A secret is copied, then overwritten in argv, where `ps` would show it. */
static const char *take_value(struct arena *arena, const struct option *option, char *value)
{
    if (option->kind != OPTION_SECRET) {
        return value;
    }
    const char *const copy = arena_strdup(arena, value);
    memset(value, '*', strlen(value));
    return copy;
}

/* Reads the option at argv[*i], and its value if it takes one. */
static bool read_option(struct reading *reading, int *i)
{
    const struct options_request *const request = reading->request;
    char *const word = request->argv[*i] + 2;
    char *const equals = strchr(word, '=');
    const struct text name = {word, equals == NULL ? strlen(word) : (size_t)(equals - word)};
    const enum option_id id = find(request->taken, name);
    if (id == OPTION_NONE) {
        return fail_unknown(reading, "--", name);
    }
    const struct option *const option = option_of(id);
    struct option_given *const given = &reading->line[id];
    given->from = arena_printf(request->arena, "--%s", option->name);
    if (option->kind == OPTION_FLAG) {
        given->text = "true";
        return equals == NULL ||
               status_fail(reading->status, STATUS_INVALID_ARGUMENT, "--%s takes no value.", option->name);
    }
    if (equals == NULL && *i + 1 >= request->argc) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "--%s needs a value (%s).", option->name,
                           option->argument);
    }
    given->text = take_value(request->arena, option, equals != NULL ? equals + 1 : request->argv[++*i]);
    return true;
}

static bool read_line(struct reading *reading)
{
    struct options_request *const request = reading->request;
    char **const argv = request->argv;
    bool only_words = false;
    for (int i = 1; i < request->argc; i++) {
        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[request->words++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (strcmp(argv[i], "-h") == 0 && find(request->taken, text_of("help")) != OPTION_NONE) {
            reading->line[OPTION_help] = (struct option_given){"true", "-h"};
        } else if (argv[i][1] != '-') {
            return fail_unknown(reading, "-", text_of(argv[i] + 1));
        } else if (!read_option(reading, &i)) {
            return false;
        }
    }
    return true;
}

/* ---- all sources ---- */

/* An empty variable counts as unset, except for the environment, where it means that there is none, even if the project
 * names one. */
static bool says_something(enum option_id id, const char *variable)
{
    return variable != NULL && (variable[0] != '\0' || id == OPTION_environment);
}

/* The value with the highest precedence; its text is NULL if there is none. */
static struct option_given strongest(const struct reading *reading, enum option_id id)
{
    const struct option *const option = option_of(id);
    const char *const variable = option->environment == NULL ? NULL : getenv(option->environment);
    const struct option_given sources[] = {
        reading->line[id],
        {says_something(id, variable) ? variable : NULL, option->environment},
        reading->operator_file[id],
        reading->project_file[id],
        {option->fallback, "its own default"},
    };
    size_t i = 0;
    while (i + 1 < sizeof sources / sizeof sources[0] && sources[i].text == NULL) {
        i++;
    }
    return sources[i];
}

static bool takes(const struct reading *reading, enum option_id id)
{
    return find(reading->request->taken, text_of(option_of(id)->name)) == id;
}

static bool read_files(struct reading *reading)
{
    struct arena *const arena = reading->request->arena;
    const char *const config = takes(reading, OPTION_config) ? strongest(reading, OPTION_config).text : NULL;
    if (config != NULL &&
        !options_read_file(arena, config, OPTION_FILE_OF_OPERATOR, reading->operator_file, reading->status)) {
        return false;
    }
    const bool reads_project = takes(reading, OPTION_project) && !reading->request->ignores_project;
    const char *const project = reads_project ? strongest(reading, OPTION_project).text : NULL;
    return project == NULL || (directory_answers(project, NO_DEADLINE, reading->status) &&
                               options_read_file(arena, path_join(arena, project, "truss.toml"), OPTION_FILE_OF_PROJECT,
                                                 reading->project_file, reading->status));
}

/* A request for help is not answered with other errors. */
static bool asks_about_program(const struct reading *reading)
{
    return reading->line[OPTION_help].text != NULL || reading->line[OPTION_man].text != NULL ||
           reading->line[OPTION_version].text != NULL;
}

bool options_read(struct options_request *request, struct options *options, struct status *status)
{
    struct reading reading = {.request = request, .status = status};
    *options = (struct options){0};
    request->words = 0;
    if (!read_line(&reading) || (!asks_about_program(&reading) && !read_files(&reading))) {
        return false;
    }
    for (size_t i = 0; request->taken[i] != OPTION_NONE; i++) {
        const enum option_id id = request->taken[i];
        const struct option_given given = asks_about_program(&reading) ? reading.line[id] : strongest(&reading, id);
        options->by_project[id] = given.text != NULL && given.text == reading.project_file[id].text;
        request->from[id] = given.text == option_of(id)->fallback ? NULL : given.from;
        if (given.text != NULL && !option_store(option_of(id), &given, options, status)) {
            return false;
        }
    }
    return true;
}
