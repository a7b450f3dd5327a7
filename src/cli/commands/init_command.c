/*
 * truss init: writes into the project's truss.toml which migrations are used, so that nobody has to say it again.
 */
#include "base/files.h"
#include "base/json_text.h"
#include "base/words.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME  "truss.toml"
#define FILE_LIMIT ((size_t)1024 * 1024)

typedef Truss__Migration__V1__GetStatusResponse Reply;
typedef Truss__Migration__V1__Source Source;

static bool has_folder(const Source *source)
{
    return source->_folder_case != 0;
}

/* The chosen source, if it has a folder; NULL: none is chosen. */
static const Source *chosen(const Reply *reply)
{
    for (size_t i = 0; i < reply->n_sources; i++) {
        if (reply->sources[i]->chosen && has_folder(reply->sources[i])) {
            return reply->sources[i];
        }
    }
    return NULL;
}

/* Does the project have other folders of the same framework? Then the framework's name alone does not say which one is
 * meant. */
static bool is_one_of_several(const Reply *reply, const Source *source)
{
    size_t count = 0;
    for (size_t i = 0; i < reply->n_sources; i++) {
        count += has_folder(reply->sources[i]) && strcmp(reply->sources[i]->framework, source->framework) == 0 ? 1 : 0;
    }
    return count > 1;
}

static bool asked_by_folder(const struct cli *cli)
{
    return strchr(framework_of(cli), '/') != NULL;
}

/* Lists the choices, each with the command that selects it. */
static int ask(struct cli *cli, const Reply *reply)
{
    size_t count = 0;
    for (size_t i = 0; i < reply->n_sources; i++) {
        const Source *const source = reply->sources[i];
        if (has_folder(source)) {
            count++;
            printf("%s in %s (%s)\n  truss init --framework %s\n", output_safe(cli->arena, source->display_name, false),
                   output_safe(cli->arena, source->folder, false),
                   output_safe(cli->arena, source->n_evidence == 0 ? "" : source->evidence[0], false),
                   output_safe(cli->arena, words_quoted(cli->arena, source->folder), false));
        }
    }
    fflush(stdout);
    status_fail(cli->status, STATUS_FAILED_PRECONDITION, "%s",
                count > 1                   ? "Nothing is written: choose one by the command below it."
                : reply->_problem_case != 0 ? reply->problem
                                            : "No folder of migrations was found, so there is nothing to write.");
    return EXIT_ERROR;
}

/* The lines that are added to the file: the framework's name, or the folder if the name is not enough. Strings of JSON
 * are valid strings of TOML. */
static const char *lines_of(struct cli *cli, const Reply *reply, const Source *source)
{
    struct buffer lines = {.arena = cli->arena};
    const char *const given = cli->given.migrations;
    const bool is_by_folder = given == NULL && (is_one_of_several(reply, source) || asked_by_folder(cli));
    buffer_puts(&lines, "# Which migrations Truss means here. An option or a variable wins over it.\n[project]\n"
                        "framework = ");
    json_write_string(&lines, text_of(is_by_folder ? source->folder : source->framework));
    if (given != NULL) {
        buffer_puts(&lines, "\nmigrations = ");
        json_write_string(&lines, text_of(given));
    }
    buffer_puts(&lines, "\n");
    return buffer_string(&lines);
}

/* Appends to the file, which may exist and have other tables. If it has a [project] table already, its owner must edit
 * it. */
static bool write_lines(struct cli *cli, const char *path, const char *lines)
{
    struct text content = {0};
    if (file_look(path, NULL) != FILE_NONE && !file_read(cli->arena, path, FILE_LIMIT, &content, cli->status)) {
        return false;
    }
    if (text_find(content, "[project]", 0) != SIZE_MAX) {
        return status_fail(cli->status, STATUS_ALREADY_EXISTS,
                           "%s has a [project] table already, and was not changed: edit it if it means something else.",
                           path);
    }
    FILE *const file = fopen(path, "a");
    const bool is_put = file != NULL && (content.size == 0 || fputs("\n", file) >= 0) && fputs(lines, file) >= 0;
    const bool is_closed = file != NULL && fclose(file) == 0;
    return (is_put && is_closed) ||
           status_fail(cli->status, STATUS_FAILED_PRECONDITION, "%s cannot be written: %s.", path, strerror(errno));
}

int command_init(struct cli *cli)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    request.framework = framework_of(cli);
    const Reply *const reply = call(cli, MIGRATION, "GetStatus", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!worker_is_private(cli)) {
        status_fail(cli->status, STATUS_FAILED_PRECONDITION,
                    "The worker at %s has its own project, and it is not known where that is on this machine: give the "
                    "project and its database with --project and --database-url.",
                    worker_address(cli));
        return EXIT_ERROR;
    }
    head_print(cli, reply->target);
    const Source *const source = chosen(reply);
    if (source == NULL) {
        return ask(cli, reply);
    }
    const char *const project = cli->given.project == NULL ? "." : cli->given.project;
    const char *const path = path_join(cli->arena, project, FILE_NAME);
    if (!write_lines(cli, path, lines_of(cli, reply, source))) {
        return EXIT_ERROR;
    }
    printf("%s says now: %s in %s, %s.\n", output_safe(cli->arena, path, false),
           output_safe(cli->arena, source->display_name, false), output_safe(cli->arena, source->folder, false),
           words_counted(cli->arena, reply->n_migrations, "migration", "migrations"));
    return EXIT_FINE;
}
