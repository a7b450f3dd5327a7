"""Which migrations a project of Django has, in the many ways in which its settings can say so. What is expected is what `showmigrations`
of Django 3.2.25 lists for the same project; tests/peers/frameworks/test_django_judge.py asks it."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from fixtures import Written, per, spread  # also makes harness known
import harness
from harness import RpcError

MIGRATION = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = []\n    operations = []\n"
# The database is of the judge: {DATABASES} becomes it, and nothing for us.
SETTINGS = "{DATABASES}SECRET_KEY = 'x'\n"
MANAGE = """import os, sys
{path}
if __name__ == '__main__':
    os.environ.setdefault('DJANGO_SETTINGS_MODULE', '{settings}')
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
PROGRAM = """import sys
from django.conf import settings
{DATABASES}settings.configure({MORE}INSTALLED_APPS=['blog'], SECRET_KEY='x'{CONFIGURE})
if __name__ == '__main__':
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
MOVED = {"proj/migs/__init__.py": "", "proj/migs/blog/__init__.py": "", "proj/migs/blog/0001_a.py": MIGRATION}
CONFIG = "from django.apps import AppConfig\n"


def app(path):
    return {f"{path}/__init__.py": "", f"{path}/migrations/__init__.py": "", f"{path}/migrations/0001_a.py": MIGRATION}


def manage(settings="proj.settings", path="", at="manage.py"):
    return {at: MANAGE.replace("{path}", path).replace("{settings}", settings)}


def usual(installed, more="", *parts):
    """manage.py, and proj/settings.py with these apps."""
    files = {**manage(), "proj/__init__.py": "", "proj/settings.py": f"{SETTINGS}INSTALLED_APPS = {installed}\n{more}"}
    for part in parts:
        files.update(part)
    return files


def moved(modules):
    return usual("['blog']", modules, {"blog/__init__.py": ""}, MOVED)


BLOG = ["blog.0001_a"]
# name: (files, what starts Django, what it lists)
PROJECTS = {
    "src_manage": ({**manage("config.settings", at="src/manage.py"), "src/config/__init__.py": "", "src/apps/__init__.py": "",
                    "src/config/settings.py": f"{SETTINGS}INSTALLED_APPS = ['apps.blog']\n", **app("src/apps/blog")}, "src/manage.py", BLOG),
    "apps_in_src": ({**manage(path="sys.path.insert(0, 'src')"), "src/proj/__init__.py": "", "src/proj/settings.py": f"{SETTINGS}INSTALLED_APPS = ['blog']\n",
                     **app("src/blog")}, "manage.py", BLOG),
    "modules_plain": (moved("MIGRATION_MODULES = {'blog': 'proj.migs.blog'}\n"), "manage.py", BLOG),
    "modules_annotated": (moved("MIGRATION_MODULES: dict = {\n    # here\n    'blog': 'proj.migs.blog',  # there\n}\n"), "manage.py", BLOG),
    "modules_called": (moved("MIGRATION_MODULES = dict(blog='proj.migs.blog')\n"), "manage.py", BLOG),
    "modules_item": (moved("MIGRATION_MODULES = {}\nMIGRATION_MODULES['blog'] = 'proj.migs.blog'\n"), "manage.py", BLOG),
    "modules_update": (moved("MIGRATION_MODULES = {}\nMIGRATION_MODULES.update({'blog': 'proj.migs.blog'})\n"), "manage.py", BLOG),
    "modules_constant": (moved("PLACE = 'proj.migs.blog'\nMIGRATION_MODULES = {'blog': PLACE}\n"), "manage.py", BLOG),
    "modules_comment": (moved("MIGRATION_MODULES = {\n    # 'blog': 'nowhere.blog',\n    'blog': 'proj.migs.blog',\n}\n"), "manage.py", BLOG),
    "modules_none": (usual("['blog', 'shop']", "MIGRATION_MODULES = {'blog': None}\n", app("blog"), app("shop")), "manage.py", ["shop.0001_a"]),
    "one_program": ({"app.py": PROGRAM.replace("{MORE}", ""), **app("blog")}, "app.py", BLOG),
    "one_program_moved": ({"app.py": PROGRAM.replace("{MORE}", "MIGRATION_MODULES={'blog': 'migs'}, "), "blog/__init__.py": "", "migs/__init__.py": "",
                           "migs/0001_a.py": MIGRATION}, "app.py", BLOG),
    "without_manage": ({"pyproject.toml": "[project]\nname = 'x'\ndependencies = ['django']\n", "proj/__init__.py": "",
                        "proj/settings.py": f"{SETTINGS}INSTALLED_APPS = ['blog']\n", **app("blog")}, "-m django --settings proj.settings", BLOG),
    "label_of_a_class": (usual("['blog.config.BlogConfig']", "", app("blog"), {"blog/config.py": f"{CONFIG}class BlogConfig(AppConfig):\n    name = 'blog'\n    label = 'weblog'\n"}),
                         "manage.py", ["weblog.0001_a"]),
    "label_of_a_constant": (usual("['shop']", "", app("shop"), {"shop/apps.py": f"{CONFIG}L = 'boutique'\n\n\nclass ShopConfig(AppConfig):\n    name = 'shop'\n    label = L\n"}),
                            "manage.py", ["boutique.0001_a"]),
    "label_of_the_default": (usual("['shop']", "", app("shop"), {
        "shop/apps.py": f"{CONFIG}class A(AppConfig):\n    name = 'shop'\n    label = 'one'\n\n\nclass BConfig(AppConfig):\n    default = True\n    name = 'shop'\n    label = 'two'\n"}),
        "manage.py", ["two.0001_a"]),
    "label_of_a_base": (usual("['shop.apps.Mine']", "", app("shop"), {
        "shop/apps.py": f"{CONFIG}class ShopConfig(AppConfig):\n    name = 'shop'\n    label = 'boutique'\n\n\nclass Mine(ShopConfig):\n    verbose_name = 'x'\n"}),
        "manage.py", ["boutique.0001_a"]),
    "settings_deep": ({**manage("proj.conf.settings.prod"), "proj/__init__.py": "", "proj/conf/__init__.py": "", "proj/conf/settings/__init__.py": "",
                       "proj/conf/settings/base.py": f"{SETTINGS}INSTALLED_APPS = ['blog']\nMIGRATION_MODULES = {{'blog': 'nowhere'}}\n",
                       "proj/conf/settings/prod.py": "from .base import *\nMIGRATION_MODULES = {'blog': 'proj.migs.blog'}\n", "blog/__init__.py": "", **MOVED}, "manage.py", BLOG),
    "appended": (usual("[]", "LOCAL = ['blog']\nif True:\n    LOCAL.append('shop')\nINSTALLED_APPS = LOCAL\n", app("blog"), app("shop"), app("old")), "manage.py",
                 ["blog.0001_a", "shop.0001_a"]),
    "settings_of_another_name": ({**manage("proj.config"), "proj/__init__.py": "", "proj/config.py": f"{SETTINGS}INSTALLED_APPS = ['blog']\n", **app("blog"), **app("old")},
                                 "manage.py", BLOG),
    "not_installed": (usual("['blog']", "", app("blog"), app("old")), "manage.py", BLOG),
    "lists_of_lists": (usual("LOCAL + ['django.contrib.contenttypes']", "", app("blog"), app("shop"), app("old"), {
        "proj/settings.py": f"{SETTINGS}LOCAL = [\n    'blog',  # 'old'\n]\nINSTALLED_APPS = LOCAL + ['shop.apps.ShopConfig']\nif True:\n    INSTALLED_APPS += []\n",
        "shop/apps.py": f"{CONFIG}class ShopConfig(AppConfig):\n    name = 'shop'\n"}), "manage.py", ["blog.0001_a", "shop.0001_a"]),
    "manage_calls_another": ({"manage.py": "from proj.cli import main\nif __name__ == '__main__':\n    main()\n", "proj/__init__.py": "",
                              "proj/cli.py": manage()["manage.py"].replace("if __name__ == '__main__':", "def main():"),
                              "proj/settings.py": f"{SETTINGS}INSTALLED_APPS = ['blog']\n", **app("blog")}, "manage.py", BLOG),
    "one_label_in_two_places": (usual("['shop.orders']", "", {"shop/__init__.py": "", "legacy/__init__.py": ""}, app("shop/orders"), app("legacy/orders")),
                                "manage.py", ["orders.0001_a"]),
    "an_app_of_tests": (usual("['a.b.tests']", "", {"a/__init__.py": "", "a/b/__init__.py": ""}, app("a/b/tests"), app("a/c/tests")), "manage.py", ["tests.0001_a"]),
    "a_virtual_environment": (usual("['blog'] + other()", "", app("blog"), app("env/lib/python3.11/dist/other"), {
        "env/pyvenv.cfg": "home = /usr\n", "proj/settings.py": f"def other():\n    return []\n\n\n{SETTINGS}INSTALLED_APPS = ['blog'] + other()\n"}), "manage.py", BLOG),
    "apps_with_names_of_others": (usual("['core.templates', 'static']", "", {"core/__init__.py": ""}, app("core/templates"), app("static")), "manage.py",
                                  ["static.0001_a", "templates.0001_a"]),
}


def files_of(name, databases=""):
    """The project's files, for a database as Python writes it ("": none)."""
    said = f"DATABASES = {databases}\n" if databases else ""
    return {path: text.replace("{DATABASES}", said).replace("{CONFIGURE}", ", DATABASES=DATABASES" if databases else "")
            for path, text in PROJECTS[name][0].items()}


@spread
class Django(Written):
    @per(PROJECTS)
    def test_what_django_lists_is_listed(self, name):
        for path, text in files_of(name).items():
            self.write(path, text)
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertEqual((status.framework_id, sorted(one.name for one in status.migrations)), ("django", PROJECTS[name][2]))
            self.assertEqual(status.problem, "")

    def test_an_app_is_left_out_only_if_all_installed_apps_are_known(self):
        for said, left in (("['blog']", True), ("['blog', *others()]", False), ("['blog'] + env.list('APPS')", False),
                           ("['blog']\nINSTALLED_APPS.append(NAME)", False), ("['blog']\nfrom .secret import *", False),
                           ("['blog']\ntry: from .secret import *\nexcept ImportError: pass", False), ("['blog']\nfrom .secret \\\n    import *", False),
                           ("['blog']\nfrom company import (\n    INSTALLED_APPS,\n)", False), ("['blog']\nfrom company import (\n    OTHERS,\n)", True),
                           ("['blog']\ninclude('secret.py')", False), ("['blog']\nglobals()['INSTALLED_APPS'] += OTHERS", False),
                           ("['blog']\nINSTALLED_APPS[1:] = OTHERS", False), ("['blog']\nMINE = INSTALLED_APPS\nMINE.append(NAME)", False),
                           ("[]\nLOCAL = ['blog']\nLOCAL.append(NAME)\nINSTALLED_APPS = LOCAL", False), ("['blog', 'ol' + 'd']", False)):
            with self.subTest(said=said):
                for path, text in {**usual(said), **app("blog"), **app("old")}.items():
                    self.write(path, text.replace("{DATABASES}", ""))
                with self.start() as rpc:
                    status = self.status(rpc)
                    self.assertEqual(sorted(one.name for one in status.migrations), ["blog.0001_a"] if left else ["blog.0001_a", "old.0001_a"])
                    self.assertRegex(" ".join(status.warnings), "migrations of old are left out" if left else "do not name old: if it is not in INSTALLED_APPS")

    def test_a_label_that_is_computed_is_a_question(self):
        for path, text in {**usual("['shop']"), **app("shop"), "shop/apps.py": f"{CONFIG}class A(AppConfig):\n    name = 'shop'\n    label = make()\n"}.items():
            self.write(path, text.replace("{DATABASES}", ""))
        with self.start() as rpc:
            self.assertIn("shop/apps.py computes the label of its app", self.status(rpc).problem)
            with self.assertRaises(RpcError):
                rpc.call("MigrationService", "MarkApplied", {"migration": "shop.0001_a"})


if __name__ == "__main__":
    harness.main()
