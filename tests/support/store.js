// A real S3 server (npm's s3rver) on loopback, with signatures checked, which it does not do itself, and bad moments on demand:
//   GET /_fail/STATUS/CODE/COUNT[/METHOD]   the next COUNT requests (of that method) answer so
//   GET /_cut/BYTES                         the next answer to a GET of an object ends after so many bytes
//   GET /_lose                              the next POST is done, and its answer lost
//   GET /_page/COUNT                        a list has so many names at most
//   GET /_hang/METHOD                       requests of that method are not answered any more
//   GET /_seen                              how often each was asked: {"PUT": 3, …}
// Usage: node store.js MODULES DIRECTORY; prints its port.
const fs = require("fs");
const http = require("http");
const { createHash, createHmac } = require("crypto");
const [modules, directory] = process.argv.slice(2);
const S3rver = require(modules + "/s3rver");
const store = new S3rver({ silent: true, directory, configureBuckets: [{ name: "backups" }] });
const answer = store.callback();
let fail = null, cut = 0, lose = false, hang = "", seen = {}, page = 1000;
const list = store.store.listObjects.bind(store.store);
store.store.listObjects = (bucket, options) => list(bucket, { ...options, maxKeys: Math.min(options.maxKeys, page) });

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());

// Signature version 4, of what came.
function isSigned(request) {
  const found = /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)/.exec(request.headers.authorization);
  if (!found || !found[4].split(";").includes("host")) return false;
  const [, , day, region, names, signature] = found;
  const url = new URL(request.url, "http://x");
  const query = [...url.searchParams].map(([name, value]) => encode(name) + "=" + encode(value)).sort().join("&");
  const headers = names.split(";").map((name) => `${name}:${request.headers[name]}\n`).join("");
  const canonical = [request.method, request.url.split("?")[0], query, headers, names, request.headers["x-amz-content-sha256"]].join("\n");
  const date = request.headers["x-amz-date"];
  const wanted = ["AWS4-HMAC-SHA256", date, `${day}/${region}/s3/aws4_request`, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = [region, "s3", "aws4_request"].reduce(hmac, hmac("AWS4S3RVER", day));
  return hmac(key, wanted).toString("hex") === signature;
}

function command(request, response) {
  const [, word, ...rest] = request.url.split("/");
  if (word === "_fail") fail = { status: Number(rest[0]), code: rest[1], count: Number(rest[2]), method: rest[3] };
  if (word === "_cut") cut = Number(rest[0]);
  if (word === "_lose") lose = true;
  if (word === "_hang") hang = rest[0];
  if (word === "_page") page = Number(rest[0]);
  response.end(JSON.stringify(seen));
  if (word === "_seen") seen = {};
}

// Uploads that nobody completed, which s3rver neither lists nor ends.
const uploads = directory + "/backups/._S3rver_uploads";
const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#x${c.charCodeAt(0).toString(16)};`);
function answerUploads(request, response) {
  const { searchParams } = new URL(request.url, "http://x");
  request.resume();
  if (request.method === "DELETE") {
    fs.rmSync(`${uploads}/${encodeURIComponent(searchParams.get("uploadId"))}`, { recursive: true, force: true });
    response.statusCode = 204;
    return response.end();
  }
  const ids = fs.existsSync(uploads) ? fs.readdirSync(uploads) : [];
  const known = ids.map((id) => [fs.readFileSync(`${uploads}/${id}/key`, "utf8"), id]).filter(([key]) => key.startsWith(searchParams.get("prefix")));
  const marker = [searchParams.get("key-marker") || "", searchParams.get("upload-id-marker") || ""];
  const behind = known.sort().filter((one) => one > marker);  // arrays compare as their texts do
  const shown = behind.slice(0, page);
  const next = behind.length > page ? `<NextKeyMarker>${escape(shown[page - 1][0])}</NextKeyMarker><NextUploadIdMarker>${escape(shown[page - 1][1])}</NextUploadIdMarker>` : "";
  response.end(next + shown.map(([key, id]) => `<Upload><Key>${escape(key)}</Key><UploadId>${escape(id)}</UploadId></Upload>`).join(""));
}

const server = http.createServer((request, response) => {
  if (request.url.startsWith("/_")) return command(request, response);
  seen[request.method] = (seen[request.method] || 0) + 1;
  if (hang === request.method) return request.resume();
  if (fail && fail.count > 0 && (!fail.method || fail.method === request.method)) {
    fail.count--;
    request.resume();
    response.statusCode = fail.status;
    return request.on("end", () => response.end(`<Error><Code>${fail.code}</Code><Message>a bad moment.</Message></Error>`));
  }
  if (request.headers.authorization && request.headers.authorization.includes("=S3RVER/") && !isSigned(request)) {
    request.resume();
    response.statusCode = 403;
    return request.on("end", () => response.end("<Error><Code>SignatureDoesNotMatch</Code><Message>It does not.</Message></Error>"));
  }
  if (/[?&]uploads=/.test(request.url) && request.method === "GET") return answerUploads(request, response);
  if (request.url.includes("uploadId=") && request.method === "DELETE") return answerUploads(request, response);
  if (lose && request.method === "POST" && request.url.includes("uploadId=")) {
    lose = false;
    response.end = () => response.destroy();
    response.write = () => true;
  }
  if (cut > 0 && request.method === "GET" && !request.url.includes("?")) {
    const write = response.write.bind(response);
    let left = cut;
    cut = 0;
    response.write = (piece, ...more) => {
      write(piece.slice(0, left));
      left -= Math.min(left, piece.length);
      if (left === 0) setTimeout(() => response.destroy(), 50);
      return true;
    };
  }
  answer(request, response);
});
store.configureBuckets().then(() => server.listen(0, "127.0.0.1", () => console.log(server.address().port)));
