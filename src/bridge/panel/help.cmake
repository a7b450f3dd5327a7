# The pages of help: a name, and the file of the repository. The console shows them at /help/NAME, and they are manual pages truss-NAME(7).
set(HELP
  adopt src/migration/adopt.md
  recover src/migration/recover.md
  locks src/migration/locks.md
  ci docker/ci/README.md
  commands src/cli/README.md
  frameworks src/framework/frameworks.md
  configuration src/base/configuration.md
  operate docker/operate.md
  login src/trust/README.md
  backups src/backup/README.md
  http src/bridge/README.md
  words src/GLOSSARY.md)
