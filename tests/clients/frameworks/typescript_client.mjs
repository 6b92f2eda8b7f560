// The TypeScript SDK: start, poll until the end, verify; one line of JSON. Run with the SDK's folder as the current one.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [command, workspace] = process.argv.slice(1);
const args = ["--workspace", workspace, "serve", "--role", "trainer"];
const client = new Client({ name: "typescript", version: "1" });
await client.connect(new StdioClientTransport({ command, args }));
const tools = (await client.listTools()).tools.length;
const call = async (name, given) => (await client.callTool({ name, arguments: given })).structuredContent;
const { run, cursor } = await call("start_training", { model: "1", phase: "quick" });
let polled = { state: "starting", cursor };
for (let polls = 0; ["starting", "running"].includes(polled.state) && polls < 200; polls++)
  polled = await call("poll_training", { run, cursor: polled.cursor, wait_s: 5 });
const { verdict } = await call("verify_compute", { run });
console.log(JSON.stringify({ tools, state: polled.state, verdict }));
await client.close();
