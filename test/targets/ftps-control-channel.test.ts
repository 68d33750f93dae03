import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ControlChannel, createControlChannel } from "../../src/targets/ftps/control-channel.ts";
import { createNameCodec } from "../../src/targets/ftps/name-codec.ts";

/** A channel to a server that says what the test has it say. */
async function stage(timeoutMs = 2_000) {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const socket = connect(address.port, "127.0.0.1");
  const [server]: Socket[] = await once(listener, "connection");
  if (server === undefined) throw new Error("nobody came");
  const heard: string[] = [];
  server.on("data", (data) => heard.push(...data.toString().split("\r\n").filter(Boolean)));
  server.on("error", () => undefined);
  const channel = createControlChannel(socket, "ftp.example.jp", createNameCodec("utf8"), timeoutMs);
  return {
    channel,
    server,
    heard,
    [Symbol.dispose]() {
      server.destroy();
      listener.close();
    },
  };
}

const codes = async (replies: Promise<{ code: number }>[]) => (await Promise.all(replies)).map(({ code }) => code);

test("replies that arrive in pieces, cut anywhere, are credited in order", async () => {
  using wire = await stage();
  const replies = ["A", "B", "C", "D"].map((command) => wire.channel.send(command));
  const text =
    "250 一つ目\r\n211-Features:\r\n UTF8\r\n250 not yet the end\r\n211 End\r\n550 だめ\r\n229 (|||4096|)\r\n";
  for (const byte of Buffer.from(text)) {
    wire.server.write(Buffer.from([byte]));
    await delay(0);
  }
  expect(await codes(replies)).toEqual([250, 211, 550, 229]);
  expect((await replies[0])?.message).toBe("250 一つ目");
  expect(wire.heard).toEqual(["A", "B", "C", "D"]);
});

test("a preliminary reply is told, and does not count as the answer", async () => {
  using wire = await stage();
  let marked = 0;
  const stored = wire.channel.send("STOR x", () => marked++);
  wire.server.write("150 go on\r\n");
  await delay(20);
  expect(marked).toBe(1);
  wire.server.write("226 done\r\n");
  expect((await stored).code).toBe(226);
});

test("no more than 64 commands of a long list are unanswered at a time", async () => {
  using wire = await stage();
  const all = wire.channel.sendAll(Array.from({ length: 100 }, (_, i) => `MKD /${i}`));
  await delay(50);
  expect(wire.heard).toHaveLength(64);
  wire.server.write("257 ok\r\n".repeat(40));
  await delay(50);
  expect(wire.heard).toHaveLength(100);
  wire.server.write("257 ok\r\n".repeat(60));
  expect(await all).toHaveLength(100);
  expect(wire.heard.at(-1)).toBe("MKD /99");
});

const endings: [string, (wire: { server: Socket; channel: ControlChannel }) => void, string][] = [
  ["hangs up", ({ server }) => void server.end(), "connection-lost"],
  ["is gone", ({ server }) => void server.resetAndDestroy(), "connection-lost"],
  [
    "says goodbye unasked",
    ({ server }) => void server.write("250 ok\r\n250 ok\r\n421 Timeout.\r\n"),
    "connection-lost",
  ],
  ["sends a line without end", ({ server }) => void server.write("2".repeat(70_000)), "connection-lost"],
  ["says nothing any more", () => undefined, "timeout"],
];
test.each(endings)("a server that %s: waiting and later commands fail as transient", async (_what, happen, code) => {
  using wire = await stage(300);
  const lost: string[] = [];
  wire.channel.onLost((error) => lost.push(error.code));
  const waiting = Promise.allSettled([wire.channel.send("NOOP"), wire.channel.send("NOOP")]);
  await delay(20);
  happen(wire);
  await waiting;
  while (!wire.channel.lost) await delay(10);
  expect(lost).toEqual([code]);
  await expect(wire.channel.send("NOOP")).rejects.toMatchObject({ kind: "transient", code });
  wire.channel.onLost((error) => lost.push(error.code));
  expect(lost).toEqual([code, code]);
});

test("silence while nothing is asked is no failure", async () => {
  using wire = await stage(100);
  await delay(300);
  const asked = wire.channel.send("NOOP");
  wire.server.write("200 still here\r\n");
  expect((await asked).code).toBe(200);
});

test("a line break in a command is refused, and a password with one is not shown", async () => {
  using wire = await stage();
  await expect(wire.channel.send("DELE a\r\nDELE b")).rejects.toMatchObject({ kind: "config", code: "bad-name" });
  const error = await wire.channel.send("PASS ひみつ\n").catch((thrown: Error) => thrown);
  expect(String(error)).not.toContain("ひみつ");
  expect(wire.heard).toEqual([]);
});
