env.py
def run():
    context.configure(url=u, version_table="v", version_table_schema=config.get_main_option("s"))
