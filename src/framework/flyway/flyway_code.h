/*
 * Settings of Flyway outside of its configuration: calls in Java or Kotlin, flags of a command, variables of a
 * container.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_CODE_H
#define FRAMEWORK_FLYWAY_FLYWAY_CODE_H

#include "framework/core/mention.h"

/* The calls whose argument can be read, of FluentConfiguration and ClassicConfiguration (flyway-core 13.0), and those
 * that hand over code. */
#define FLYWAY_CALLS                                                                                                   \
    "mixed(|setMixed(|group(|setGroup(|outOfOrder(|setOutOfOrder(|baselineOnMigrate(|setBaselineOnMigrate(|"           \
    "baselineVersion(|setBaselineVersion(|setBaselineVersionAsString(|validateOnMigrate(|setValidateOnMigrate(|"       \
    "executeInTransaction(|setExecuteInTransaction(|placeholderReplacement(|setPlaceholderReplacement(|"               \
    "placeholderPrefix(|setPlaceholderPrefix(|placeholderSuffix(|setPlaceholderSuffix(|"                               \
    "skipDefaultCallbacks(|setSkipDefaultCallbacks(|ignoreMigrationPatterns(|setIgnoreMigrationPatterns(|"             \
    "ignoreMissingMigrations(|setIgnoreMissingMigrations(|ignoreIgnoredMigrations(|setIgnoreIgnoredMigrations(|"       \
    "ignoreFutureMigrations(|setIgnoreFutureMigrations(|failOnMissingLocations(|setFailOnMissingLocations(|"           \
    "validateMigrationNaming(|setValidateMigrationNaming(|sqlMigrationPrefix(|setSqlMigrationPrefix(|"                 \
    "repeatableSqlMigrationPrefix(|setRepeatableSqlMigrationPrefix(|sqlMigrationSeparator(|"                           \
    "setSqlMigrationSeparator(|sqlMigrationSuffixes(|setSqlMigrationSuffixes(|installedBy(|setInstalledBy(|"           \
    "placeholders(|setPlaceholders(|encoding(|setEncoding(|setEncodingAsString(|target(|setTarget(|"                   \
    "setTargetAsString(|cherryPick(|setCherryPick(|callbacks(|setCallbacks(|callbackLocations(|"                       \
    "setCallbackLocations(|resolvers(|setResolvers(|javaMigrations(|setJavaMigrations(|"                               \
    "javaMigrationClassProvider(|setJavaMigrationClassProvider(|resourceProvider(|setResourceProvider(|"               \
    "initSql(|setInitSql(|skipDefaultResolvers(|setSkipDefaultResolvers(|skipExecutingMigrations(|"                    \
    "setSkipExecutingMigrations(|errorOverrides(|setErrorOverrides(|configuration(|loadConfigurationFile("

/* What is in the names of the classes that have these calls: FluentConfiguration, FlywayConfigurationCustomizer. Other
 * libraries have some of them, too: Client.target() of JAX-RS, DSL.table() of jOOQ. */
#define FLYWAY_CLASSES "Flyway|FluentConfiguration|ClassicConfiguration|Config"

/* Classes that Spring hands to Flyway (FlywayAutoConfiguration.java). */
#define FLYWAY_BEANS                                                                                                   \
    "org.flywaydb.core.api.callback.Callback|org.flywaydb.core.api.callback.BaseCallback|"                             \
    "org.flywaydb.core.api.migration.JavaMigration|org.flywaydb.core.api.migration.BaseJavaMigration"

/* What Spring calls in place of migrate() (FlywayMigrationInitializer.java). */
#define FLYWAY_STRATEGIES "FlywayMigrationStrategy"

/* Flags and variables of the same settings. */
#define FLYWAY_FLAGS                                                                                                   \
    "-mixed|FLYWAY_MIXED|SPRING_FLYWAY_MIXED|-group|FLYWAY_GROUP|SPRING_FLYWAY_GROUP|-outOfOrder|"                     \
    "FLYWAY_OUT_OF_ORDER|SPRING_FLYWAY_OUT_OF_ORDER|-baselineOnMigrate|FLYWAY_BASELINE_ON_MIGRATE|"                    \
    "SPRING_FLYWAY_BASELINE_ON_MIGRATE|-baselineVersion|FLYWAY_BASELINE_VERSION|SPRING_FLYWAY_BASELINE_VERSION|"       \
    "-validateOnMigrate|FLYWAY_VALIDATE_ON_MIGRATE|SPRING_FLYWAY_VALIDATE_ON_MIGRATE|-target|FLYWAY_TARGET|"           \
    "SPRING_FLYWAY_TARGET|-cherryPick|FLYWAY_CHERRY_PICK|-initSql|FLYWAY_INIT_SQL|SPRING_FLYWAY_INIT_SQLS|"            \
    "-ignoreMigrationPatterns|FLYWAY_IGNORE_MIGRATION_PATTERNS|SPRING_FLYWAY_IGNORE_MIGRATION_PATTERNS|-callbacks|"    \
    "FLYWAY_CALLBACKS|-encoding|FLYWAY_ENCODING|SPRING_FLYWAY_ENCODING|-sqlMigrationPrefix|"                           \
    "FLYWAY_SQL_MIGRATION_PREFIX|SPRING_FLYWAY_SQL_MIGRATION_PREFIX|-sqlMigrationSuffixes|"                            \
    "FLYWAY_SQL_MIGRATION_SUFFIXES|SPRING_FLYWAY_SQL_MIGRATION_SUFFIXES|-placeholderReplacement|"                      \
    "FLYWAY_PLACEHOLDER_REPLACEMENT|SPRING_FLYWAY_PLACEHOLDER_REPLACEMENT"

/* Takes a call: a literal as if the configuration said it, since code has the last word. What is computed or code is a
 * question, if it decides what runs. */
void flyway_take_call(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mentioned *mentioned);

/* Takes a class that Spring gives to Flyway. */
void flyway_take_bean(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mentioned *mentioned);

/* Notes a strategy, which may do more or less than migrate. */
void flyway_take_strategy(struct arena *arena, struct folder *folder, const struct source_file *file,
                          const struct mentioned *mentioned);

/* Notes a flag or variable: it counts for that command or container, which ours is not. */
void flyway_take_flag(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mentioned *mentioned);

#endif
