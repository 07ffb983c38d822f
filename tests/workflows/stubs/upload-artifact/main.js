"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { copy, fail, folder, input, only } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("name", "path", "if-no-files-found", "retention-days");
const from = path.resolve(process.env.GITHUB_WORKSPACE, input("path"));
const to = path.join(folder("artifacts"), process.env.GITHUB_RUN_ID, input("name"));
if (fs.existsSync(to)) fail(`an artifact named ${input("name")} is there already`);
const there = fs.existsSync(from) && fs.readdirSync(from, { recursive: true }).length > 0;
if (!there && input("if-no-files-found") === "error") fail(`no files were found at ${input("path")}`);
if (there) copy(from, to, false);
