/**
 * Connections to a worker: the scalability protocols' request/reply over TCP, TLS or a Unix socket. The greeting is eight bytes each
 * way; a message is its size, a request number with its highest bit set, and the envelope. Replies may come in any order.
 */
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

const GREETING = Buffer.from([0, 0x53, 0x50, 0, 0, 0x30, 0, 0]); // we are a REQ
const ANSWER = Buffer.from([0, 0x53, 0x50, 0, 0, 0x31, 0, 0]); // and talk to a REP
const LARGEST = 64 * 1024 * 1024;

/** The connection could not be made, or was lost. `sent`: the worker may have begun the request. */
export class ConnectionLost extends Error {
  constructor(message: string, readonly sent: boolean) {
    super(message);
  }
}

/** Of a tls+tcp:// address, in PEM: whom to trust (else whom Node trusts), and who we are. */
export interface TlsOptions {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
}

/** What the variables say of it. Read for each connection. */
function tlsOfEnvironment(): TlsOptions {
  const read = (name: string) => (process.env[name] ? readFileSync(process.env[name]) : undefined);
  return { ca: read("TRUSS_WORKER_CA"), cert: read("TRUSS_WORKER_CERT"), key: read("TRUSS_WORKER_KEY") };
}

function connect(url: string, options: TlsOptions | undefined): net.Socket {
  if (url.startsWith("ipc://")) {
    return net.connect(url.slice(6));
  }
  const at = url.lastIndexOf(":");
  const host = url.slice(url.indexOf("://") + 3, at).replace(/^\[|\]$/g, "");
  const port = Number(url.slice(at + 1));
  if (!url.startsWith("tls+")) {
    return net.connect(port, host);
  }
  const servername = net.isIP(host) === 0 ? host : undefined; // TLS sends names only; what is checked is the host
  return tls.connect({ ...(options ?? tlsOfEnvironment()), host, port, servername, minVersion: "TLSv1.2", rejectUnauthorized: true });
}

interface Waiting {
  resolve(envelope: Uint8Array): void;
  reject(error: ConnectionLost): void;
}

export class Connection {
  private readonly socket: net.Socket;
  private readonly prefix: Buffer;
  private readonly waiting = new Map<number, Waiting>();
  private readonly greeted: Promise<void>;
  private received: Buffer = Buffer.alloc(0);
  private pieces: Buffer[] = []; // behind it: joined when they are enough, so that a large answer is copied once
  private size = 0; // of all that
  private wanted = 8;
  private asking = 0; // calls that wait for the greeting or a reply
  private isGreeted = false;
  private number = 0;
  lost = false;

  constructor(private readonly url: string, tlsOptions?: TlsOptions) {
    this.prefix = Buffer.from(url.startsWith("ipc://") ? [1] : []);
    this.socket = connect(url, tlsOptions);
    this.socket.setNoDelay(true);
    this.greeted = new Promise((resolve, reject) => {
      this.waiting.set(0, { resolve: () => resolve(), reject });
    });
    this.greeted.catch(() => undefined); // told to who calls
    this.socket.on("data", (data) => this.take(data));
    this.socket.on("error", (error) => this.lose(error.message));
    this.socket.on("close", () => this.lose("the worker closed the connection"));
    this.socket.write(GREETING);
    this.socket.unref();
  }

  /** Sends an envelope; its reply, or ConnectionLost. The signal gives the wait up, not the request. */
  async exchange(envelope: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    this.asking++;
    this.socket.ref(); // also while it is greeted: with a call that has no time limit, nothing else keeps the program from its end
    try {
      return await this.ask(envelope, signal);
    } finally {
      if (--this.asking === 0) {
        this.socket.unref();
      }
    }
  }

  private async ask(envelope: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    await abortable(this.greeted, signal);
    if (this.lost) {
      throw new ConnectionLost("the worker closed the connection", false);
    }
    this.number = (this.number % 0x7fffffff) + 1;
    const number = this.number;
    const header = Buffer.alloc(12);
    header.writeBigUInt64BE(BigInt(4 + envelope.length));
    header.writeUInt32BE((0x80000000 | number) >>> 0, 8);
    const reply = new Promise<Uint8Array>((resolve, reject) => this.waiting.set(number, { resolve, reject }));
    reply.catch(() => undefined);
    this.socket.write(Buffer.concat([this.prefix, header, envelope]));
    try {
      return await abortable(reply, signal);
    } finally {
      this.waiting.delete(number);
    }
  }

  close(): void {
    this.lose("it was closed here");
    this.socket.destroy();
  }

  private lose(why: string): void {
    this.lost = true;
    for (const [number, waiting] of this.waiting) {
      waiting.reject(new ConnectionLost(number === 0 ? `cannot connect to ${this.url}: ${why}` : why, number !== 0));
    }
    this.waiting.clear();
  }

  private take(data: Buffer): void {
    this.pieces.push(data);
    this.size += data.length;
    if (this.size < this.wanted) {
      return;
    }
    this.received = Buffer.concat([this.received, ...this.pieces]);
    this.pieces = [];
    while (this.received.length >= this.wanted && !this.lost) {
      if (!this.isGreeted) {
        this.greet();
      } else if (!this.message()) {
        return;
      }
    }
  }

  private drop(bytes: number): void {
    this.received = this.received.subarray(bytes);
    this.size -= bytes;
  }

  private greet(): void {
    if (!this.received.subarray(0, 8).equals(ANSWER)) {
      this.lose("it is no truss-worker");
      this.socket.destroy();
      return;
    }
    this.isGreeted = true;
    this.drop(8);
    this.wanted = this.prefix.length + 8;
    this.waiting.get(0)?.resolve(this.received);
    this.waiting.delete(0);
  }

  /** Hands out one message; false where it is not there whole. */
  private message(): boolean {
    const head = this.prefix.length + 8;
    const size = Number(this.received.readBigUInt64BE(this.prefix.length));
    if (size < 4 || size > LARGEST || !this.received.subarray(0, this.prefix.length).equals(this.prefix)) {
      this.lose(`the worker sent a message of ${size} bytes`);
      this.socket.destroy();
      return false;
    }
    this.wanted = head + size;
    if (this.received.length < this.wanted) {
      return false;
    }
    const number = this.received.readUInt32BE(head) & 0x7fffffff;
    const envelope = Uint8Array.from(this.received.subarray(head + 4, this.wanted));
    this.drop(this.wanted);
    this.wanted = head;
    this.waiting.get(number)?.resolve(envelope); // else it is late, and nobody waits any more
    return true;
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
