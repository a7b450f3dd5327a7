"""An issuer of OpenID Connect: keys made by openssl, tokens signed with them, and a server on a loopback port for the public ones."""
import base64
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return encoded(value if isinstance(value, bytes) else json.dumps(value).encode())


class Key:
    """"RS256" or "ES256", with a kid."""

    def __init__(self, folder, kid="one", algorithm="RS256", bits=2048):
        self.kid, self.algorithm = kid, algorithm
        self.path = os.path.join(folder, f"{kid}-{algorithm}-{bits}.key")
        if algorithm == "RS256":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", self.path)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path)

    def public(self, **more):
        if self.algorithm == "RS256":
            text = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode()
            numbers = {"kty": "RSA", "n": encoded(bytes.fromhex(text.split("=")[1].strip())), "e": "AQAB"}
        else:
            point = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-64:]
            numbers = {"kty": "EC", "crv": "P-256", "x": encoded(point[:32]), "y": encoded(point[32:])}
        return {**numbers, "kid": self.kid, "use": "sig", "alg": self.algorithm, **more}

    def signature(self, message):
        der = openssl("dgst", "-sha256", "-sign", self.path, data=message)
        if self.algorithm == "RS256":
            return der
        text = openssl("asn1parse", "-inform", "DER", data=der).decode()
        return b"".join(bytes.fromhex(number.zfill(64)) for number in re.findall(r"INTEGER\s*:([0-9A-F]+)", text))

    def sign(self, claims, header=None):
        signed = part({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} if header is None else header) + "." + part(claims)
        return signed + "." + encoded(self.signature(signed.encode()))


def claims(**more):
    """As GitHub Actions writes them; None takes one away."""
    now = int(time.time())
    usual = {"iss": "https://issuer.example", "aud": "https://truss.example", "sub": "repo:acme/shop:ref:refs/heads/main", "iat": now, "nbf": now,
             "exp": now + 300, "repository": "acme/shop", "ref": "refs/heads/main", "run_attempt": "1"}
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


class Server:
    """Serves what `body` is, and counts; where `hangs` is set it never answers."""

    def __init__(self, body, certificate=None):
        self.body, self.asked, self.status, self.hangs = body, 0, 200, threading.Event()
        self.ended = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                if outer.hangs.is_set():
                    outer.ended.wait(60)
                    return
                body = outer.body if isinstance(outer.body, bytes) else json.dumps(outer.body).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + ".pem", certificate + ".key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}/keys"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
