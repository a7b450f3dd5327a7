"""1, 8, 64 and 512 clients that ask again as soon as they have their answer: bridge and worker beside nginx, which serves the same
bytes from a file, and the worker by RPC beside pgbench, whose answer is the SELECT that a status is made of. Requests a second, p50 and
p99, the processor's time of the serving side for a request, and its memory. Prints; asserts nothing.

The clients take the same two processors as what they ask: wrk (HTTP), pgbench, and bench_load.c (RPC, which also unpacks each answer).

Usage: bench_load.py [SECONDS]   (of each row; default 2; the programs are in TRUSS_TEST_BIN)
TRUSS_PEERS_DIR  where setup-peers.sh has put nginx and wrk (default: the user's cache directory); without them theirs are left out
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import cluster as clusters
import harness
from harness import Http, Program, Project, Rpc
from peers import PEERS, tree

CLIENTS = (1, 8, 64, 512)
RPC_CLIENTS = (1, 8, 64, 384)  # more connections of one address a worker does not keep
MIGRATIONS = 1000
NGINX = os.path.join(PEERS, "web", "usr", "sbin", "nginx")
WRK = os.path.join(PEERS, "web", "usr", "bin", "wrk")
LEDGER = "SELECT * FROM _prisma_migrations ORDER BY started_at"
UNITS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}


class Serving:
    """What some processes and all below them use while others ask them."""

    def __init__(self, *pids):
        self.pids = pids

    def cpu(self):
        ticks = 0
        for pid in self.all():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15]))  # its own, and those of children that have ended
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """What is resident and not a file's: libraries are shared with others, and a server's buffers are counted once for all."""
        total = 0
        for pid in self.all():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
                total += sum(int(value) for value in re.findall(r"RssAnon:\s+(\d+)", file.read()))
        return total / 1024

    def all(self):
        return {one for pid in self.pids for one in tree(pid)}


def row(name, clients, serving, ask):
    """ask() answers (requests, requests a second, p50, p99, how many were told to come later), the times in microseconds."""
    before = serving.cpu()
    count, rate, p50, p99, put_off = ask()
    used = serving.cpu() - before
    print(f"{clients:4} clients  {name:33} {rate:8.0f}/s  p50 {p50 / 1000:8.2f} ms  p99 {p99 / 1000:8.2f} ms  "
          f"cpu {used / max(count, 1) * 1e6:7.0f} us  {serving.memory():5.0f} MB" + (f"  ({put_off} told to come later)" if put_off else ""), flush=True)


def by_wrk(url, clients, seconds):
    text = subprocess.run([WRK, "--latency", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", url], capture_output=True, text=True, check=True).stdout
    p50, p99 = (float(number) * UNITS[unit] for number, unit in re.findall(r"^\s+(?:50|99)%\s+([\d.]+)(\w+)", text, re.M))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if broken := re.search(r"Socket errors: .*", text):
        print(f"{'':14}{broken[0]}")
    put_off = int(refused[1]) if refused else 0
    return (int(re.search(r"(\d+) requests in", text)[1]) - put_off, float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), p50, p99, put_off)


def by_rpc(address, clients, seconds):
    binary = os.path.join(os.path.dirname(harness.BIN), "tests", "bench", "bench_load")
    done = subprocess.run([binary, address, str(clients), str(seconds * 1000)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    text = done.stdout
    rate, p50, p99, put_off, _ = map(float, text.split())
    return rate * seconds, rate, p50, p99, int(put_off)


def by_pgbench(url, clients, script):
    """So many for each client, as its seconds would count the logins; it tells no percentiles: they come from its log, a line each."""
    with tempfile.TemporaryDirectory() as place:
        text = subprocess.run([os.path.join(clusters.PG_BIN, "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-t", str(max(4000 // clients, 20)), "-f", script, "-l",
                               "--log-prefix=log", url], capture_output=True, text=True, check=True, cwd=place).stdout
        took = []
        for name in os.listdir(place):
            with open(os.path.join(place, name), encoding="ascii") as file:
                took += [float(line.split()[2]) for line in file]
    took.sort()
    return len(took), float(re.search(r"tps = ([\d.]+)", text)[1]), took[len(took) // 2], took[len(took) * 99 // 100], 0


def postmaster(server):
    with open(os.path.join(server.data, "postmaster.pid"), encoding="ascii") as file:
        return int(file.readline())


class Nginx:
    """Serves a folder, with its usual settings but for the number of connections."""

    def __init__(self, files):
        self.directory = tempfile.mkdtemp(prefix="truss-nginx-")
        self.port = clusters.free_port()
        for name, body in files.items():
            with open(os.path.join(self.directory, name), "wb") as file:
                file.write(body)
        with open(os.path.join(self.directory, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(f"""daemon off; worker_processes auto; error_log stderr crit; pid {self.directory}/pid;
{'user root;' if os.geteuid() == 0 else ''} events {{ worker_connections 2048; }}
http {{ access_log off; keepalive_requests 1000000; default_type application/json; sendfile on;
  {' '.join(f'{kind}_temp_path {self.directory}/{kind};' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))}
  server {{ listen 127.0.0.1:{self.port}; root {self.directory}; }} }}
""")
        self.process = subprocess.Popen([NGINX, "-c", os.path.join(self.directory, "nginx.conf"), "-p", self.directory], stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def http_rows(server, worker, bridge, seconds):
    http = Http(bridge.address)
    paths = {"small": "/api/migrations/preview/00001_m", "status": "/api/migrations/status"}
    bodies = {name: http.get(path).body for name, path in paths.items()}
    nginx = Nginx(bodies)
    backends = postmaster(server)
    for name, body in bodies.items():
        for clients in CLIENTS:
            row(f"nginx, a file of {len(body)} bytes", clients, Serving(nginx.process.pid), lambda: by_wrk(nginx.url(name), clients, seconds))
            row(f"bridge, {'its status of 1,000' if name == 'status' else 'a preview'}", clients, Serving(worker.process.pid, bridge.process.pid, backends),
                lambda: by_wrk(f"http://127.0.0.1:{http.port}{paths[name]}", clients, seconds))
    nginx.stop()


def rpc_rows(server, worker, database, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="ascii") as script:
        script.write(LEDGER + ";\n")
        script.flush()
        for clients in RPC_CLIENTS:
            backends = postmaster(server)
            row("pgbench, the tracking table", clients, Serving(backends), lambda: by_pgbench(server.url(database), clients, script.name))
            row("worker by RPC, its status", clients, Serving(worker.process.pid, backends), lambda: by_rpc(worker.address, clients, seconds))


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    server = clusters.Cluster()
    server.psql("postgres", "ALTER SYSTEM SET max_connections = 600")
    server.stop()
    server.start()
    project = Project()
    for number in range(MIGRATIONS):
        project.add(f"{number:05}_m", f"CREATE TABLE t{number} (id INT PRIMARY KEY);\n")
    database = server.create_database()
    worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path,
                     environment={"DATABASE_URL": server.url(database)}).wait_listening()
    with Rpc(worker.address, timeout=600) as rpc:
        assert rpc.call("MigrationService", "Run").ok
    os.sync()  # of what waits to be written it is asked seldom whether it will tell
    time.sleep(2.5)  # younger files are not remembered
    bridge = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", worker.address).wait_listening()
    if os.path.exists(NGINX) and os.path.exists(WRK):
        http_rows(server, worker, bridge, seconds)
    else:
        print("nginx and wrk are not installed (setup-peers.sh): left out")
    rpc_rows(server, worker, database, seconds)
    bridge.stop()
    worker.stop()
    project.remove()
    server.remove()


if __name__ == "__main__":
    main()
