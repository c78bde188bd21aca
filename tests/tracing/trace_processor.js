// Perfetto's trace processor, as Perfetto's page carries it, behind a Unix socket.
//
// node trace_processor.js FOLDER TRACE SOCKET
//
// FOLDER holds `engine_bundle.js`, which is made for a worker of a browser, and `trace_processor.wasm`. What
// comes and goes on the socket is what a native one says there: a stream of messages TraceProcessorRpc.
// Prints `loaded` when it has read the trace, and ends when its input does.
"use strict";
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const process = require("node:process");
const vm = require("node:vm");

const [folder, trace, socket] = process.argv.slice(2);
const [APPEND, FINALIZE] = [1, 2]; // of TraceProcessorMethod
const [REQUEST, APPENDED] = [2, 101]; // fields of TraceProcessorRpc
const [NUMBER, BYTES] = [0, 2]; // types of fields on the wire
const CHUNK = 1 << 20;

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

function message(method, data) {
  const parts = [varint(REQUEST * 8 + NUMBER), varint(method)];
  if (data) parts.push(varint(APPENDED * 8 + BYTES), varint(data.length), data);
  const rpc = Buffer.concat(parts);
  return Buffer.concat([varint(8 + BYTES), varint(rpc.length), rpc]);
}

// What the bundle finds in a browser's worker; it refuses to run where it finds Node.
globalThis.process = undefined;
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = class {};
globalThis.location = { href: path.join(folder, "engine_bundle.js") };
globalThis.XMLHttpRequest = class {
  open(_method, name) {
    this.name = path.basename(name);
  }
  send() {
    this.response = fs.readFileSync(path.join(folder, this.name));
  }
};
vm.runInThisContext(fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8"));

let client = null;
const port = { postMessage: (reply) => client?.write(Buffer.from(reply)) };
globalThis.onmessage({ data: port });

function serve() {
  const send = (bytes) => port.onmessage({ data: new Uint8Array(bytes) });
  const data = fs.readFileSync(trace);
  for (let begin = 0; begin < data.length; begin += CHUNK) send(message(APPEND, data.subarray(begin, begin + CHUNK)));
  send(message(FINALIZE));
  const server = net.createServer((connection) => {
    client = connection;
    connection.on("data", send);
  });
  server.listen(socket, () => console.log("loaded"));
}

process.stdin.on("end", () => process.exit(0)).resume();
setImmediate(serve); // by then it has made itself ready
