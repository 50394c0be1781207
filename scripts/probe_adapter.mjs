/** Prints what adapter Node's WebGPU gets with the present environment, as one line of JSON; exits 1 without one. */
import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
const adapter = await create([]).requestAdapter({ powerPreference: "high-performance" });
if (!adapter) process.exit(1);
const device = await adapter.requestDevice();
device.destroy();
const { vendor, architecture, description } = adapter.info;
const named = [vendor, architecture, description].filter(Boolean).join(" ");
console.log(JSON.stringify({ adapter: named, hasF16: adapter.features.has("shader-f16") }));
