"""Authorities and certificates for tests of TLS: of the authority "one" a server's, a later one's, a client's, one of another host and one
that has expired; of "two" a stranger's. Each NAME is NAME.pem and NAME.key in a folder."""
import os
import subprocess

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
HERE = "IP:127.0.0.1,DNS:localhost"
CERTIFICATES = (("server", "one", HERE), ("later", "one", HERE), ("client", "one", HERE), ("elsewhere", "one", "DNS:elsewhere.example,IP:192.0.2.1"),
                ("stranger", "two", HERE))


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def make(folder):
    def at(name):
        return os.path.join(folder, name)
    for authority in ("one", "two"):
        openssl("req", "-x509", *KEY, "-subj", f"/CN={authority}", "-days", "2", "-keyout", at(f"{authority}.key"), "-out", at(f"{authority}.pem"))
    for name, authority, hosts in CERTIFICATES:
        openssl("req", *KEY, "-subj", f"/CN={name}", "-keyout", at(f"{name}.key"), "-out", at("request"))
        with open(at("extensions"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName={hosts}\n")
        openssl("x509", "-req", "-in", at("request"), "-CA", at(f"{authority}.pem"), "-CAkey", at(f"{authority}.key"), "-CAcreateserial", "-days", "2",
                "-extfile", at("extensions"), "-out", at(f"{name}.pem"))
