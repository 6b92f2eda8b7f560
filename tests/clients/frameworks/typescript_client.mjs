// The TypeScript SDK, 1.x or 2.x: start, poll until the end, verify, or wait; one line of JSON. Run in the SDK's folder.
const [command, workspace, package_, asked] = process.argv.slice(1);
const [{ Client }, { StdioClientTransport }] = await Promise.all(
  (package_ === "sdk" ? ["sdk/client/index.js", "sdk/client/stdio.js"] : ["client", "client/stdio"]).map(
    (path) => import(`@modelcontextprotocol/${path}`),
  ),
);
const args = ["--workspace", workspace, "serve", "--role", "trainer"];
const client = new Client({ name: "typescript", version: "1" });
await client.connect(new StdioClientTransport({ command, args }));
const tools = (await client.listTools()).tools.length;
const call = async (name, given) => (await client.callTool({ name, arguments: given })).structuredContent;
const { run, cursor, next } = await call("start_training", { model: "1", phase: "quick" });
const toldToWait = (next) => Number(/wait_s=([\d.]+)/.exec(next)?.[1] ?? 0);
if (asked === "wait") {
  let waited_s = 0;
  for (let polls = 0; waited_s < 45 && polls < 4; polls++) {
    const begun = performance.now();
    await call("poll_training", { run, wait_s: 45 });
    waited_s = Math.max(waited_s, (performance.now() - begun) / 1000);
  }
  console.log(JSON.stringify({ waited_s }));
} else {
  let polled = { state: "starting", cursor, next };
  for (let polls = 0; ["starting", "running"].includes(polled.state) && polls < 200; polls++)
    polled = await call("poll_training", { run, cursor: polled.cursor, wait_s: toldToWait(polled.next) });
  const { verdict } = await call("verify_compute", { run });
  console.log(JSON.stringify({ tools, state: polled.state, verdict }));
}
await client.close();
