// Importing this makes the modules under test speak the English of the text files.

import { readdirSync, readFileSync } from "node:fs";
import { setTexts } from "../../ui/latent_canvas/frontend/texts.js";

const folder = new URL("../../ui/texts/en/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
setTexts("en", Object.assign({}, ...files.map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")))));
