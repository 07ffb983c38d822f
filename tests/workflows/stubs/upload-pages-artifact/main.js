"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { copy, fail, folder, input, only } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("name", "path", "retention-days");
const from = path.resolve(process.env.GITHUB_WORKSPACE, input("path"));
const to = path.join(folder("artifacts"), process.env.GITHUB_RUN_ID, input("name"));
if (!fs.existsSync(from)) fail(`no folder at ${input("path")}`);
if (fs.existsSync(to)) fail(`an artifact named ${input("name")} is there already`);
copy(from, to, false);
