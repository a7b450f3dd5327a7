"""A network of two hosts that can fall silent: what is sent is lost, nothing is refused and nothing closed.

The hosts are network namespaces with a cable between them. Each end has the other's hardware address by heart; with a wrong one
the other host takes no packet, as when a switch has lost its table or a firewall drops. Needs root, and a kernel that has
namespaces and veth; netem and nftables, which do this more often, are not everywhere.
"""
import os
import subprocess
import sys

NEAR, FAR = "10.99.0.1", "10.99.0.2"
NOBODY = "02:00:00:00:00:99"
HERE = "TRUSS_TEST_NETWORK"  # in the environment of who has a network of its own


def ip(*arguments, inside=()):
    return subprocess.run([*inside, "ip", *arguments], check=True, capture_output=True, text=True).stdout


def begin_alone():
    """Begins this program anew in a network namespace of its own. Gives False where that is not possible, True where it is there."""
    if os.environ.get(HERE):
        return True
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"], capture_output=True, check=False).returncode != 0:
        return False
    os.environ[HERE] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, "-B", *sys.argv])


class Network:
    """This host (NEAR) and another one (FAR), in which programs are started with `inside` in front."""

    def __init__(self):
        ip("link", "set", "lo", "up")
        self.keeper = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE)  # the namespace lasts as long as it, and it as we
        self.inside = ("nsenter", f"--net=/proc/{self.keeper.pid}/ns/net")
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.keeper.pid}/ns/net") == own:
            pass
        ip("link", "add", "near", "type", "veth", "peer", "name", "far")
        ip("link", "set", "far", "netns", str(self.keeper.pid))
        for name, address, inside in (("near", NEAR, ()), ("far", FAR, self.inside)):
            ip("address", "add", f"{address}/24", "dev", name, inside=inside)
            ip("link", "set", "lo", "up", inside=inside)
            ip("link", "set", name, "up", inside=inside)
        self.ends = [("near", FAR, (), self.hardware("far", self.inside)), ("far", NEAR, self.inside, self.hardware("near", ()))]
        self.speak()

    @staticmethod
    def hardware(name, inside):
        words = ip("-o", "link", "show", name, inside=inside).split()
        return words[words.index("link/ether") + 1]

    def know(self, hardware):
        for name, address, inside, real in self.ends:
            ip("neighbour", "replace", address, "lladdr", hardware or real, "dev", name, "nud", "permanent", inside=inside)

    def fall_silent(self):
        self.know(NOBODY)

    def speak(self):
        self.know(None)

    def close(self):
        self.keeper.stdin.close()
        self.keeper.wait()
