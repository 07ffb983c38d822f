"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { fail, input, note, only } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("subject-checksums");
const file = path.resolve(process.env.GITHUB_WORKSPACE, input("subject-checksums"));
if (!fs.existsSync(file)) fail(`no file ${input("subject-checksums")}`);
const lines = fs.readFileSync(file, "utf8").trim().split("\n");
if (!lines.every((line) => /^[0-9a-f]{64} [ *]\S+$/.test(line))) fail("these are no digests");
note("attest", { files: lines.map((line) => line.slice(66)).sort() });
