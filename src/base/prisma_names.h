/*
 * The files in which Prisma looks for what it is told, relative to the package and without their ending, in the order
 * in which they are tried (CLI of 6.19.3 and 7.10.1). Those of 7.10 are before those of all versions, so that Prisma 8
 * may have its own beside them.
 */
#ifndef BASE_PRISMA_NAMES_H
#define BASE_PRISMA_NAMES_H

#define PRISMA_CONFIG_NAMES                                                                                            \
    "prisma7.config", ".config/prisma7", "prisma.config", "prisma.config/index", ".config/prisma",                     \
        ".config/prisma/index", ".config/prisma.config"
#define PRISMA_CONFIG_ENDINGS "js", "ts", "mjs", "cjs", "mts", "cts"

/* Where a schema is, if nothing says it. */
#define PRISMA_SCHEMAS "schema.prisma", "prisma/schema.prisma"

#endif
