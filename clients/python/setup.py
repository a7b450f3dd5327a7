"""Makes the message modules from ../../proto with protoc (PROTOC names another one), then packs them with the client.

An archive made by `setup.py sdist` has them inside and needs no protoc.
"""
import os
import pathlib
import subprocess

from setuptools import setup

# pip runs this file as "setup.py", without a folder: parents are those of the whole path.
HERE = pathlib.Path(__file__).resolve().parent
PROTO = pathlib.Path(os.environ.get("TRUSS_PROTO", HERE.parent.parent / "proto"))

if PROTO.is_dir():
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("truss/*/v1/*.proto") if "bridge" not in path.parts)
    subprocess.run([os.environ.get("PROTOC", "protoc"), f"-I{PROTO}", "-I/usr/include", f"--python_out={HERE}", f"--pyi_out={HERE}", *files], check=True)
    for file in files:
        for folder in list((HERE / file).parents)[:3]:
            if folder != HERE and folder != HERE / "truss":
                (folder / "__init__.py").touch()
elif not (HERE / "truss" / "rpc").is_dir():
    raise SystemExit(f"The message modules are made from the .proto files, which are not in {PROTO}: build from the whole repository, "
                     "or name their folder in TRUSS_PROTO.")

setup()
