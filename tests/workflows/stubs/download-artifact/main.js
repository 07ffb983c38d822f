"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { copy, fail, folder, input, only } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("name", "path");
const from = path.join(folder("artifacts"), process.env.GITHUB_RUN_ID, input("name"));
if (!fs.existsSync(from)) fail(`no artifact named ${input("name")}`);
copy(from, path.resolve(process.env.GITHUB_WORKSPACE, input("path")), true);
