"""What tools whose migrations are programs do by their source code: their states and ours come to the same."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Written

DJANGO = "CREATE TABLE django_migrations (id bigserial PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL);"


class Programs(Written):
    def squashed(self, *names):
        self.write("manage.py", "import django\n")
        self.write("blog/migrations/__init__.py")
        for name in names:
            self.write(f"blog/migrations/{name}.py", "class Migration(migrations.Migration):\n    dependencies = []\n")
        self.write("blog/migrations/0001_squashed_0002.py",
                   "class Migration(migrations.Migration):\n    replaces = [\n        ('blog', '0001_initial'),  # first\n"
                   "        (\"blog\", \"0002_second\"),\n    ]\n")

    def recorded(self):
        return self.sql("SELECT name FROM django_migrations WHERE app = 'blog' ORDER BY name")

    def test_a_squashed_migration_of_django_is_applied_if_what_it_replaces_is(self):
        """build_graph of django/db/migrations/loader.py"""
        self.squashed("0003_third")
        self.sql(DJANGO + "INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_initial', now()), ('blog', '0002_second', now())")
        with self.start() as rpc:
            self.assertEqual(self.by_name(rpc), {"blog.0001_squashed_0002": "applied", "blog.0003_third": "pending"})
            self.sql("DELETE FROM django_migrations WHERE name = '0002_second'; INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_squashed_0002', now())")
            self.assertEqual(self.by_name(rpc)["blog.0001_squashed_0002"], "pending")

    def test_a_note_may_name_a_directory_that_is_not_utf_8(self):
        """An answer with such a string in it could not be read."""
        self.write("artisan", "<?php // Laravel\n")
        self.write("database/migrations/2024_01_01_000000_a.php", "<?php use Illuminate\\Database\\Migrations\\Migration;\n")
        self.write("vendor/\udcff/pkg/database/migrations/1.php")
        self.write("vendor/\udcff/pkg/src/PkgServiceProvider.php", "<?php $this->loadMigrationsFrom(__DIR__);\n")
        with self.start() as rpc:
            self.assertIn("vendor/\ufffd/pkg", "".join(self.status(rpc).warnings))

    def test_thousands_of_squashed_migrations_of_django_are_read(self):
        """Each has its rows changed: their index, made anew for each, filled the memory."""
        self.squashed()
        for number in range(4000):
            self.write(f"blog/migrations/{number:04}_s.py", f"class Migration(migrations.Migration):\n    replaces = [('blog', 'x{number}')]\n")
        self.sql(DJANGO + "INSERT INTO django_migrations (app, name, applied) SELECT 'blog', 'x' || i, now() FROM generate_series(0, 3999) AS i")
        with self.start() as rpc:
            self.assertEqual(self.states(rpc).count("applied"), 4000)

    def test_what_a_squashed_migration_of_django_replaces_is_marked_with_it(self):
        """record_migration of django/db/migrations/executor.py"""
        self.squashed()
        self.sql(DJANGO + "INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_initial', now())")
        with self.start() as rpc:
            rpc.call("MigrationService", "MarkApplied", {"migration": "blog.0001_squashed_0002"})
            self.assertEqual(self.recorded(), [("0001_initial",), ("0001_squashed_0002",), ("0002_second",)])
            self.assertEqual(self.by_name(rpc)["blog.0001_squashed_0002"], "applied")

    def test_revisions_that_a_label_depends_on_are_applied_with_what_depends(self):
        """_map_branch_labels and _add_depends_on of alembic/script/revision.py"""
        self.write("alembic.ini", "[alembic]\nscript_location = m\n")
        self.write("m/env.py")
        self.write("m/versions/a.py", "revision = 'aaa'\ndown_revision = None\nbranch_labels = ('core',)\n")
        self.write("m/versions/b.py", "revision = 'bbb'\ndown_revision = None\ndepends_on = 'core'\n")
        self.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('bbb')")
        with self.start() as rpc:
            self.assertEqual(self.states(rpc), ["applied", "applied"])

    def test_versions_of_evolve_are_numbers_however_they_are_written(self):
        """MigrationVersion.CompareTo of src/Evolve/Migration/MigrationVersion.cs"""
        self.write("app.csproj", '<PackageReference Include="Evolve" />')
        self.write("db/migrations/V1__a.sql", "SELECT 1;")
        self.write("db/migrations/V1_10__b.sql", "SELECT 1;")
        self.write("db/migrations/R__c.sql", "SELECT 1;")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.sql("UPDATE changelog SET version = '001' WHERE version = '1'; UPDATE changelog SET version = '1.010' WHERE version = '1.10'")
            self.assertEqual(self.states(rpc), ["applied", "applied", "applied"])

    def test_the_case_of_an_id_of_ef_core_does_not_count(self):
        """PopulateMigrations of src/EFCore.Relational/Migrations/Internal/Migrator.cs"""
        self.write("app.csproj")
        self.write("Migrations/AppModelSnapshot.cs", "class AppModelSnapshot : ModelSnapshot {}")
        for name in ("20240101000000_AddUsers", "20240102000000_Next"):
            self.write(f"Migrations/{name}.cs", "class A : Migration {}")
            self.write(f"Migrations/{name}.Designer.cs", f'[DbContext(typeof(Shop))]\n[Migration("{name}")]')
        self.sql('CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150) PRIMARY KEY, "ProductVersion" varchar(32) NOT NULL);'
                 "INSERT INTO \"__EFMigrationsHistory\" VALUES ('20240101000000_ADDusers', '9.0.0')")
        with self.start() as rpc:
            self.assertEqual(self.by_name(rpc), {"20240101000000_AddUsers": "applied", "20240102000000_Next": "pending"})


if __name__ == "__main__":
    fixtures.harness.main()
