config.exs
config :app, Repo, migration_source: "m", migration_default_prefix: System.get_env("P")
