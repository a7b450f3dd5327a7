/*
 * truss completion: writes a script for a shell, from the same tables as --help. The text that describes an argument
 * says what can be completed there: "each|all" is one of these words, NAME a migration, ID a run, DIR a directory, FILE
 * a file.
 */
#include "base/text.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/table.h"
#include "rpc/json.h"

#include <stdio.h>
#include <string.h>

enum value { VALUE_UNKNOWN, VALUE_WORDS, VALUE_NAMES, VALUE_IDS, VALUE_DIRECTORIES, VALUE_FILES, VALUE_COMMANDS };

/* The script asks the worker for names and ids, if it answers at once; each comes with its state after a tab. */
#define ASK_NAMES "truss __complete names --timeout 2 2>/dev/null"
#define ASK_IDS   "truss __complete ids --timeout 2 2>/dev/null"
#define CUT       " | cut -f 1"
/* The form that zsh wants for descriptions: "NAME:STATE", with the colons of the name escaped. */
#define ZSH_PAIRS(ask) "found=(${${(f)\"$(" ask ")\"}//:/\\\\:}); found=(${found/$'\\t'/:})"

static enum value value_of(const char *argument)
{
    static const struct {
        const char *word;
        enum value value;
    } values[] = {{"|", VALUE_WORDS},         {"NAME", VALUE_NAMES}, {"ID", VALUE_IDS},
                  {"DIR", VALUE_DIRECTORIES}, {"FILE", VALUE_FILES}, {"COMMAND", VALUE_COMMANDS}};
    for (size_t i = 0; argument != NULL && i < sizeof values / sizeof values[0]; i++) {
        if (strstr(argument, values[i].word) != NULL) {
            return values[i].value;
        }
    }
    return VALUE_UNKNOWN;
}

/* The kind of value that an option has. A NAME is that of a migration only here; others name an environment, a
 * database, a role or a token. */
static enum value value_of_option(enum option_id id)
{
    const enum value value = value_of(option_of(id)->argument);
    return value == VALUE_NAMES && id != OPTION_target && id != OPTION_through ? VALUE_UNKNOWN : value;
}

/* The kind of value that a command's own arguments have. The name of a new migration cannot be completed. */
static enum value value_of_command(const struct cli_command *command)
{
    return command->verbs != NULL                 ? VALUE_WORDS
           : strcmp(command->name, "create") == 0 ? VALUE_UNKNOWN
                                                  : value_of(command->arguments);
}

static void put_commands(void)
{
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        printf("%s%s", command == cli_commands ? "" : " ", command->name);
    }
}

static void put_options(const struct cli_command *command)
{
    for (size_t i = 0; command->options[i] != OPTION_NONE; i++) {
        printf("%s--%s", i == 0 ? "" : " ", option_of(command->options[i])->name);
    }
}

/* The text that value_of_command looks at; for verbs, "create|list". Valid until the next call. */
static const char *arguments_of(const struct cli_command *command)
{
    static char verbs[256];
    size_t used = 0;
    for (const struct cli_verb *verb = command->verbs; verb != NULL && verb->name != NULL; verb++) {
        used += (size_t)snprintf(verbs + used, sizeof verbs - used, "%s%s", used == 0 ? "" : "|", verb->name);
    }
    return command->verbs == NULL ? command->arguments : verbs;
}

/* Prints "each|all" as "each all". */
static void put_words(const char *argument)
{
    for (const char *c = argument; *c != '\0'; c++) {
        putchar(*c == '|' ? ' ' : *c);
    }
}

/* ---- bash ---- */

/* Prints code that says what may be entered there, inside the script's function: `words`, with blanks between, or
 * `lines`, which come from a project or a database and are never expanded; or `files`, how compgen finds them. */
static void put_bash_value(enum value value, const char *argument)
{
    switch (value) {
    case VALUE_WORDS:
        printf("words='");
        put_words(argument);
        putchar('\'');
        break;
    case VALUE_COMMANDS:
        printf("words='");
        put_commands();
        putchar('\'');
        break;
    case VALUE_NAMES:
        printf("lines=$(" ASK_NAMES CUT ")");
        break;
    case VALUE_IDS:
        printf("lines=$(" ASK_IDS CUT ")");
        break;
    case VALUE_DIRECTORIES:
        printf("files=-d");
        break;
    case VALUE_FILES:
        printf("files=-f");
        break;
    case VALUE_UNKNOWN:
        printf("words=''");
        break;
    }
}

static void put_bash_command(const struct cli_command *command)
{
    printf("        %s)\n            case $before in\n", command->name);
    for (size_t i = 0; command->options[i] != OPTION_NONE; i++) {
        const struct option *const option = option_of(command->options[i]);
        if (option->argument != NULL) {
            printf("            --%s) ", option->name);
            put_bash_value(value_of_option(command->options[i]), option->argument);
            printf(" ;;\n");
        }
    }
    printf("            *)\n                case $word in\n                -*) words='");
    put_options(command);
    printf("' ;;\n                *) ");
    put_bash_value(value_of_command(command), arguments_of(command));
    printf(" ;;\n                esac ;;\n            esac ;;\n");
}

static void put_bash(void)
{
    printf("_truss() {\n    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words= lines= "
           "files= one quoted\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='");
    put_commands();
    printf("'\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        put_bash_command(command);
    }
    printf("        esac\n    fi\n    COMPREPLY=()\n    if [ -n \"$files\" ]; then\n"
           "        compopt -o filenames 2>/dev/null\n"
           "        mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$word\")\n        return\n    fi\n"
           "    while IFS= read -r one; do\n        printf -v quoted %%q \"$one\"\n"
           "        if [[ -n $one && ($one == \"$word\"* || $quoted == \"$word\"*) ]]; then\n"
           "            COMPREPLY+=(\"$quoted\")\n        fi\n"
           "    done <<< \"${words// /$'\\n'}$lines\"\n}\n"
           "complete -F _truss truss\n");
}

/* ---- zsh ---- */

static void put_zsh_text(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            printf("'\\''");
        } else {
            printf("%s%c", strchr(":[]", *c) != NULL ? "\\" : "", *c);
        }
    }
}

static void put_zsh_value(enum value value, const char *argument)
{
    switch (value) {
    case VALUE_WORDS:
        putchar('(');
        put_words(argument);
        putchar(')');
        break;
    case VALUE_COMMANDS:
        putchar('(');
        put_commands();
        putchar(')');
        break;
    case VALUE_NAMES:
        printf("_truss_names");
        break;
    case VALUE_IDS:
        printf("_truss_ids");
        break;
    case VALUE_DIRECTORIES:
        printf("_files -/");
        break;
    case VALUE_FILES:
        printf("_files");
        break;
    case VALUE_UNKNOWN:
        putchar(' ');
        break;
    }
}

static void put_zsh_command(const struct cli_command *command)
{
    printf("    %s) _arguments -s", command->name);
    for (size_t i = 0; command->options[i] != OPTION_NONE; i++) {
        const struct option *const option = option_of(command->options[i]);
        printf(" \\\n        '--%s[", option->name);
        put_zsh_text(option->help);
        putchar(']');
        if (option->argument != NULL) {
            printf(":%s:", option->name);
            put_zsh_value(value_of_option(command->options[i]), option->argument);
        }
        putchar('\'');
    }
    if (command->arguments != NULL) {
        printf(" \\\n        '*:argument:");
        put_zsh_value(value_of_command(command), arguments_of(command));
        putchar('\'');
    }
    printf(" ;;\n");
}

static void put_zsh(void)
{
    printf("#compdef truss\n_truss_names() { local -a found; " ZSH_PAIRS(
        ASK_NAMES) "; _describe migration found }\n"
                   "_truss_ids() { local -a found; " ZSH_PAIRS(
                       ASK_IDS) "; _describe run found }\n"
                                "_truss() {\n    local -a commands\n    commands=(\n");
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        printf("        '%s:", command->name);
        put_zsh_text(command->help);
        printf("'\n");
    }
    printf("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
           "    local chosen=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $chosen in\n");
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        put_zsh_command(command);
    }
    printf("    esac\n}\ncompdef _truss truss\n");
}

/* ---- fish ---- */

static void put_fish_text(const char *text)
{
    putchar('\'');
    for (const char *c = text; *c != '\0'; c++) {
        printf("%s%c", *c == '\'' || *c == '\\' ? "\\" : "", *c);
    }
    putchar('\'');
}

static void put_fish_value(enum value value, const char *argument)
{
    switch (value) {
    case VALUE_WORDS:
        printf(" -a '");
        put_words(argument);
        putchar('\'');
        break;
    case VALUE_COMMANDS:
        printf(" -a '");
        put_commands();
        putchar('\'');
        break;
    case VALUE_NAMES:
        printf(" -a '(_truss_names)'");
        break;
    case VALUE_IDS:
        printf(" -a '(_truss_ids)'");
        break;
    case VALUE_DIRECTORIES:
        printf(" -a '(__fish_complete_directories)'");
        break;
    case VALUE_FILES:
        printf(" -F");
        break;
    case VALUE_UNKNOWN:
        break;
    }
}

static void put_fish_command(const struct cli_command *command)
{
    printf("complete -c truss -n __fish_use_subcommand -a %s -d ", command->name);
    put_fish_text(command->help);
    putchar('\n');
    for (size_t i = 0; command->options[i] != OPTION_NONE; i++) {
        const struct option *const option = option_of(command->options[i]);
        printf("complete -c truss -n '__fish_seen_subcommand_from %s' -l %s%s -d ", command->name, option->name,
               option->argument == NULL ? "" : " -r");
        put_fish_text(option->help);
        put_fish_value(value_of_option(command->options[i]), option->argument);
        putchar('\n');
    }
    if (value_of_command(command) != VALUE_UNKNOWN) {
        printf("complete -c truss -n '__fish_seen_subcommand_from %s'", command->name);
        put_fish_value(value_of_command(command), arguments_of(command));
        putchar('\n');
    }
}

static void put_fish(void)
{
    printf("function _truss_names\n    " ASK_NAMES "\nend\nfunction _truss_ids\n    " ASK_IDS "\nend\n"
           "complete -c truss -f\n");
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        put_fish_command(command);
    }
}

/* ---- what the scripts ask for ---- */

static bool complete_names(struct cli *cli)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    request.framework = framework_of(cli);
    const Truss__Migration__V1__GetStatusResponse *const reply =
        call(cli, MIGRATION, "GetStatus", &request.base, READ_SECONDS);
    for (size_t i = 0; reply != NULL && i < reply->n_migrations; i++) {
        const Truss__Migration__V1__Migration *const one = reply->migrations[i];
        const ProtobufCEnumValue *const state =
            protobuf_c_enum_descriptor_get_value(&truss__migration__v1__state__descriptor, (int)one->state);
        const char *const word =
            state == NULL ? NULL : json_enum_word(cli->arena, &truss__migration__v1__state__descriptor, state);
        printf("%s\t%s\n", output_safe(cli->arena, one->name, false), word == NULL ? "not known" : word);
    }
    return reply != NULL;
}

static bool complete_ids(struct cli *cli)
{
    Truss__Migration__V1__ListOperationsRequest request = TRUSS__MIGRATION__V1__LIST_OPERATIONS_REQUEST__INIT;
    const Truss__Migration__V1__ListOperationsResponse *const reply =
        call(cli, MIGRATION, "ListOperations", &request.base, READ_SECONDS);
    for (size_t i = 0; reply != NULL && i < reply->n_operations; i++) {
        printf("%s\t%s\n", output_safe(cli->arena, reply->operations[i]->id, false),
               output_safe(cli->arena, reply->operations[i]->summary, false));
    }
    return reply != NULL;
}

int command_complete(struct cli *cli)
{
    const bool names = strcmp(cli->words[0], "names") == 0;
    return (names ? complete_names(cli) : complete_ids(cli)) ? EXIT_FINE : EXIT_ERROR;
}

int command_completion(struct cli *cli)
{
    static const struct {
        const char *shell;
        void (*put)(void);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(cli->words[0], shells[i].shell) == 0) {
            shells[i].put();
            return EXIT_FINE;
        }
    }
    status_fail(cli->status, STATUS_INVALID_ARGUMENT, "There is completion for bash, zsh and fish, not for \"%s\".",
                cli->words[0]);
    return EXIT_ERROR;
}
