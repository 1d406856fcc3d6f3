/**
 * A client of a server, by HTTP long-polling and without a network: requests go straight to the handler.
 * @module
 */
import type { Server } from "../../mod.ts";

/** Speaks HTTP long-polling with a server, without a network. */
export class HandlerClient {
  #sid = "";
  constructor(readonly io: Server) {}

  async request(body?: string): Promise<Response> {
    const url = `http://localhost/socket.io/?EIO=4&transport=polling${this.#sid && `&sid=${this.#sid}`}`;
    return await this.io.handler(new Request(url, body === undefined ? {} : { method: "POST", body }));
  }

  async open(): Promise<this> {
    const text = await (await this.request()).text();
    this.#sid = JSON.parse(text.slice(1)).sid;
    return this;
  }

  /** Sends packets; resolves to the status. */
  async say(...packets: string[]): Promise<number> {
    const response = await this.request(packets.map((packet) => `4${packet}`).join("\x1e"));
    await response.body?.cancel();
    return response.status;
  }

  /** What waits, without Engine.IO's digit (other packets than messages as they are). */
  async hear(): Promise<string[]> {
    const response = await this.request();
    const packets = (await response.text()).split("\x1e");
    return packets.map((packet) => packet.startsWith("4") ? packet.slice(1) : packet);
  }
}
