"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { fail, input, note, only } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("subject-path");
if (!input("subject-path").endsWith("/*")) fail("subject-path: this stub knows whole folders only");
const folder = path.resolve(process.env.GITHUB_WORKSPACE, input("subject-path").slice(0, -2));
if (!fs.existsSync(folder) || !fs.readdirSync(folder).length) fail(`no file matches ${input("subject-path")}`);
note("attest", { files: fs.readdirSync(folder).sort() });
