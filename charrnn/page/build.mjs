// Make built/: our modules and abcjs' engraver as one script, with the licence of what is not ours.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url).pathname;
await build({
  entryPoints: [here("js/main.js")],
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: ["es2022"],
  legalComments: "none",
  drop: ["console"], // abcjs talks of every note that it has no sign for
  outfile: here("built/page.js"),
});
// What it was made of, so that a test without node sees when it has to be made again.
const made = createHash("sha256");
for (const name of readdirSync(here("js")).sort()) made.update(readFileSync(here(`js/${name}`)));
made.update(readFileSync(here("../../package-lock.json")));
writeFileSync(here("built/made_of.txt"), `${made.digest("hex")}\n`);
writeFileSync(here("built/LICENSE-abcjs.txt"), readFileSync(here("../../node_modules/abcjs/LICENSE.md")));
