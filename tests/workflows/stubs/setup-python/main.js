// A virtual environment in the workspace that sees the packages of the tests' own, and an `uv` that installs nothing:
// so the Makefile's target for the packages runs as it is, without a network and without touching anything.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { fail, input, only } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("python-version");
if (input("python-version") !== "3.11") fail(`Python ${input("python-version")} is not what the packages are locked for`);
const base = process.env.EVERGREEN_STUBS_PYTHON;
const tools = process.env.EVERGREEN_STUBS_TOOLS;
const made = path.join(process.env.GITHUB_WORKSPACE, ".venv");
const packages = path.join(made, "lib/python3.11/site-packages");
fs.mkdirSync(path.join(made, "bin"), { recursive: true });
fs.mkdirSync(packages, { recursive: true });
fs.writeFileSync(path.join(made, "pyvenv.cfg"), `home = ${path.dirname(base)}\ninclude-system-site-packages = false\n`);
fs.writeFileSync(path.join(packages, "stub.pth"), `${process.env.EVERGREEN_STUBS_PACKAGES}\n`);
for (const name of ["python", "python3", "python3.11"]) fs.symlinkSync(base, path.join(made, "bin", name));
for (const name of fs.readdirSync(tools)) {
  const link = path.join(made, "bin", name);
  if (!/^(python|pip|uv|activate|Activate)/.test(name)) fs.symlinkSync(path.join(tools, name), link);
}
const uv = `#!/bin/sh\necho "uv $*" >> "$EVERGREEN_STUBS_STATE/uv.log"\n`;
fs.writeFileSync(path.join(made, "bin/uv"), uv, { mode: 0o755 });
