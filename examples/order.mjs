// Orders pictures from a program that is not Python's: one message, written into Redis by hand.
//
//     node examples/order.mjs REDIS_URL MANIFEST ORDER
//     node examples/order.mjs redis://localhost:6379/0 s3://shop/export.csv \
//         '{"model": "wanx-v1", "batch": "autumn", "budget": "50CNY"}'
//
// ORDER is a batch file as JSON, without its manifest. A client library's LPUSH does as well as the
// lines below; nothing of them is imagemill's own.

import { randomUUID } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

const [redisUrl, manifest, order = "{}"] = process.argv.slice(2);
if (manifest === undefined) {
  console.error("usage: node examples/order.mjs REDIS_URL MANIFEST [ORDER]");
  process.exit(2);
}

// What Celery calls a message of its protocol 2, and kombu wraps for Redis.
const body = JSON.stringify([[manifest, JSON.stringify(JSON.parse(order))], {}, {}]);
const message = JSON.stringify({
  "content-type": "application/json",
  "content-encoding": "utf-8",
  headers: { task: "imagemill.ingest", id: randomUUID() },
  properties: {
    delivery_tag: randomUUID(),
    delivery_info: { exchange: "", routing_key: "ingest" },
    body_encoding: "base64",
  },
  body: Buffer.from(body).toString("base64"),
});

const { protocol, hostname, port, username, password, pathname } = new URL(redisUrl);
const secret = decodeURIComponent(password);
const commands = [["LPUSH", "mill:broker:ingest", message]];
if (pathname.length > 1) commands.unshift(["SELECT", pathname.slice(1)]);
if (secret) commands.unshift(["AUTH", ...(username ? [decodeURIComponent(username)] : []), secret]);

const packed = (words) =>
  `*${words.length}\r\n` + words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join("");
const host = hostname.replace(/^\[|\]$/g, ""); // of an IPv6 address
const place = { host, port: Number(port || 6379), servername: host };
const server = protocol === "rediss:" ? tls.connect(place) : net.connect(place);
server.setTimeout(10_000, () => server.destroy(new Error("the server does not answer")));
server.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 8;
});
server.write(commands.map(packed).join(""));

let answers = [];
server.on("data", (data) => {
  answers = (answers.join("\r\n") + data).split("\r\n"); // one a command, and what came of the next
  const refused = answers.find((line) => line.startsWith("-"));
  if (refused !== undefined) server.destroy(new Error(refused.slice(1)));
  else if (answers.length > commands.length) server.end();
});
server.on("end", () => {
  if (answers.length <= commands.length) server.destroy(new Error("the server hung up"));
});
