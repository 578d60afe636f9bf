/** The guard that reads a packet's length before its content is collected. */
import { expect, test } from "@jest/globals";
import { PacketLimit } from "../../services/mqtt/packet-limit.ts";

const MOST = 1_000;
const limit = () => new PacketLimit(() => MOST);
const PING = Buffer.from([0xc0, 0]);
/** A PUBLISH whose rest is this long: bytes that would all be headers, were they read as such. */
function packet(bytes: number): Buffer {
  const length: number[] = [];
  for (let left = bytes; length.length === 0 || left > 0; left = Math.floor(left / 128)) {
    length.push((left % 128) + (left >= 128 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bytes, 0xff)]);
}

test("packets up to the limit pass, however the network cuts them", () => {
  const stream = Buffer.concat([...[packet(3), packet(127), packet(128), packet(MOST), PING, packet(1)]]);
  for (const size of [1, 2, 3, 7, 128, stream.length]) {
    const one = limit();
    for (let at = 0; at < stream.length; at += size) {
      expect({ size, at, isAllowed: one.allows(stream.subarray(at, at + size)) }).toMatchObject({ isAllowed: true });
    }
  }
});

test("a packet one byte larger is refused by its header alone, after whatever came before", () => {
  const one = limit();
  const large = packet(MOST + 1);
  expect(one.allows(Buffer.concat([packet(500), PING]))).toBe(true);
  expect(one.allows(large.subarray(0, 2))).toBe(true);
  expect(one.allows(large.subarray(2, 3))).toBe(false);
});

test.each([
  ["promises 256 MB", [0x10, 0xff, 0xff, 0xff, 0x7f]],
  ["has a length without an end", [0x10, 0x80, 0x80, 0x80, 0x80]],
])("a packet that %s is refused", (_what, bytes) => {
  expect(limit().allows(Buffer.from(bytes))).toBe(false);
});

test("the limit is asked for with each packet", () => {
  let most = 10;
  const one = new PacketLimit(() => most);
  expect(one.allows(packet(5))).toBe(true);
  most = 100;
  expect(one.allows(packet(50))).toBe(true);
});
