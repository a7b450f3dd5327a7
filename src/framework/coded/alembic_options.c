#include "framework/coded/alembic_options.h"

#include "framework/core/package.h"
#include "framework/formats/config.h"

#include <string.h>

#define TOML "tool.alembic"

bool alembic_options_read(struct arena *arena, const struct folder *folder, struct alembic_options *options)
{
    *options = (struct alembic_options){{.name = "alembic.ini"}, {.name = "pyproject.toml"}, "alembic"};
    const bool has_ini = folder_read(arena, folder, options->ini.name, &options->ini.content);
    const bool has_toml = folder_read(arena, folder, options->toml.name, &options->toml.content) &&
                          text_find(options->toml.content, "[" TOML "]", 0) != SIZE_MAX;
    options->ini.content = has_ini ? options->ini.content : (struct text){0};
    options->toml.content = has_toml ? options->toml.content : (struct text){0};
    return has_ini || has_toml;
}

const char *alembic_option(struct arena *arena, const struct alembic_options *options, const char *key,
                           struct source_file *file)
{
    const char *const ini = config_value(arena, options->ini.content, options->section, key);
    if (file != NULL) {
        *file = ini != NULL || options->toml.content.size == 0 ? options->ini : options->toml;
    }
    return ini != NULL ? ini : config_value(arena, options->toml.content, TOML, key);
}

struct words alembic_option_list(struct arena *arena, const struct alembic_options *options, const char *key)
{
    const char *const path = alembic_option(arena, options, "path_separator", NULL);
    const char *const said = path != NULL ? path : alembic_option(arena, options, "version_path_separator", NULL);
    const bool is_of_system = said != NULL && (strcmp(said, "os") == 0 || strcmp(said, ":") == 0);
    const char *const separators = is_of_system ? ":\n" : " ,;\n\t";
    const struct words ini = config_list(arena, options->ini.content, options->section, key, separators);
    return ini.count > 0 ? ini : config_list(arena, options->toml.content, TOML, key, separators);
}
