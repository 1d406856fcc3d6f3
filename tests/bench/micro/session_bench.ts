import { MemoryServer } from "../memory_server.ts";

const server = new MemoryServer();
server.io.on("connection", (socket) => {
  socket.on("echo", (data, ack) => ack(data));
  socket.on("msg", (data) => void socket.emit("msg", data));
});
const [client] = await server.connectMany(1);
const text = "x".repeat(32);
const binary = new Uint8Array(1024);

Deno.bench("JSON of such an event, both ways", { group: "frame in, frame out", baseline: true }, () => {
  const [, data] = JSON.parse(`["echo","${text}"]`) as string[];
  JSON.stringify([data]);
});

Deno.bench("event, answered by an ack", { group: "frame in, frame out" }, () => {
  client!.receive(`420["echo","${text}"]`);
});

Deno.bench("event, answered by an event", { group: "frame in, frame out" }, () => {
  client!.receive(`42["msg","${text}"]`);
});

Deno.bench("binary event, answered by an ack", { group: "frame in, frame out" }, () => {
  client!.receive(`451-0["echo",{"_placeholder":true,"num":0}]`);
  client!.receive(binary);
});

Deno.bench("pong nobody asked for", { group: "frame in, frame out" }, () => {
  client!.receive("3");
});
