/**
 * A plain Worker without `enable_request_signal`: workerd cancels the requests of clients that have left, and tells
 * nobody.
 * @module
 */
import { assertEquals } from "@std/assert";
import { io } from "socket.io-client";
import { Road } from "../../support/road.ts";
import { startWorkerd } from "../../support/targets/workerd_process.ts";
import { pause, within } from "../../support/within.ts";
import { bundle } from "./bundle.ts";

Deno.test({
  name: "Heartbeat of a plain Worker goes on for others when polls are cut off without a word",
  sanitizeOps: false, // sockets of Deno that are closed leave an op for a while
  sanitizeResources: false, // and themselves
  async fn() {
    const script = await bundle(new URL("./plain_worker.ts", import.meta.url));
    const workerd = await startWorkerd({ script, settings: {}, flags: [], onLine: () => {} });
    try {
      await using road = await Road.to(workerd.port);
      const path = "/socket.io/?EIO=4&transport=polling";
      for (let n = 0; n < 2; n++) {
        const url = `http://127.0.0.1:${road.port}${path}`;
        const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
        using connection = await Deno.connect({ hostname: "127.0.0.1", port: road.port });
        const request = `GET ${path}&sid=${sid} HTTP/1.1\r\nHost: h\r\n\r\n`;
        await connection.write(new TextEncoder().encode(request));
        await pause(50);
        road.reset();
      }
      const client = io(`http://127.0.0.1:${workerd.port}`, {
        transports: ["websocket"],
        reconnection: false,
      });
      let pings = 0;
      const reasons: string[] = [];
      client.on("disconnect", (reason) => reasons.push(reason));
      await within(
        new Promise<void>((resolve) => client.io.on("ping", () => ++pings === 5 ? resolve() : undefined)),
        "five pings",
      );
      assertEquals(reasons, []);
      client.disconnect();
      await pause(50);
    } finally {
      await workerd.stop();
    }
  },
});
