/** `npm run hub`: a hub on this machine to try loading by name with, and how the page is told of it. */
import { addModels } from "../tests/helpers/hub_models";
import { HubServer } from "../tests/helpers/hub_server";
import { HUB_PATH, HUB_PORT } from "./local_hub";

const hub = await HubServer.start({
  port: Number(process.env["DECOSCOPE_HUB"] ?? HUB_PORT),
  prefix: HUB_PATH,
});
addModels(hub);
console.log(`\n  A hub is at ${hub.url}; it has ${[...hub.models.keys()].join(", ")}.\n`);
console.log(`  npm start, then open http://localhost:4173/?hub=${HUB_PATH}#models\n`);
