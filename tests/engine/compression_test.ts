import { assertEquals } from "@std/assert";
import { chooseEncoding, compressText } from "../../src/engine/compression.ts";

const CASES: readonly [acceptEncoding: string | null, encoding: "gzip" | "deflate" | undefined][] = [
  [null, undefined],
  ["", undefined],
  ["identity", undefined],
  ["br", undefined],
  ["gzip", "gzip"],
  ["deflate", "deflate"],
  ["gzip, deflate, br", "gzip"],
  ["deflate, gzip", "gzip"],
  ["GZip", "gzip"],
  [" gzip ;q=1 , br", "gzip"],
  // RFC 9110, 12.4.2: a weight of 0 means "not acceptable".
  ["gzip;q=0", undefined],
  ["gzip;q=0.000", undefined],
  ["gzip; Q=0", undefined],
  ["gzip;q=0.001", "gzip"],
  ["gzip;q=0, deflate", "deflate"],
  ["gzip;q=0, deflate;q=0", undefined],
  ["*", "gzip"],
  ["*;q=0", undefined],
  ["gzip;q=0, *", "deflate"],
  ["gzip, *;q=0", "gzip"],
  ["deflate;q=0, *;q=0", undefined],
  ["xgzip, gzipx", undefined],
  ["__proto__, constructor", undefined],
  [",,;,", undefined],
];

for (const [acceptEncoding, encoding] of CASES) {
  Deno.test(`chooseEncoding answers "${acceptEncoding}" with ${encoding}`, () => {
    assertEquals(chooseEncoding(acceptEncoding), encoding);
  });
}

for (const encoding of ["gzip", "deflate"] as const) {
  Deno.test(`compressText in ${encoding} comes back as the same text, and smaller`, async () => {
    const text = "é\x1e€😀".repeat(1000);
    const bytes = await new Response(compressText(text, encoding)).bytes();
    assertEquals(bytes.length < 1000, true);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(encoding));
    assertEquals(await new Response(stream).text(), text);
  });
}
