"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { copy, fail, folder, input, note, only, output } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("artifact_name");
const from = path.join(folder("artifacts"), process.env.GITHUB_RUN_ID, input("artifact_name"));
if (!fs.existsSync(path.join(from, "index.html"))) fail("the run has no page");
fs.rmSync(folder("pages"), { recursive: true, force: true });
copy(from, folder("pages"), true);
note("deploy-pages", { files: fs.readdirSync(from).sort() });
output("page_url", "https://pages.example/");
