"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { copy, folder, input, keep, kept, only, output } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("path", "key");
const mine = input("path").replace(/^~/, os.homedir());
const stored = path.join(folder("cache"), input("key"));
if (kept("done")) {
  if (!fs.existsSync(stored) && fs.existsSync(mine)) copy(mine, stored, true);
} else {
  if (fs.existsSync(stored)) copy(stored, mine, true);
  output("cache-hit", fs.existsSync(stored));
  keep("done", "yes");
}
