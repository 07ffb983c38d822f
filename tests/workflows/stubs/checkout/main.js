"use strict";
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { input, keep, kept, only, token } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

const workspace = process.env.GITHUB_WORKSPACE;
const server = process.env.GITHUB_SERVER_URL;
const header = `http.${server}/.extraheader`;

function git(...words) {
  const secret = Buffer.from(`x-access-token:${token(input("token"))}`).toString("base64");
  const access = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: header, GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${secret}` };
  execFileSync("git", words, { cwd: workspace, env: { ...process.env, ...access }, stdio: ["ignore", "inherit", "inherit"] });
}

function checkOut() {
  only("repository", "ref", "token", "fetch-depth", "persist-credentials");
  for (const name of fs.readdirSync(workspace)) fs.rmSync(path.join(workspace, name), { recursive: true, force: true });
  const asked = input("ref");
  const ref = asked || process.env.GITHUB_REF;
  const commit = asked ? (/^[0-9a-f]{40}$/.test(asked) ? asked : "") : process.env.GITHUB_SHA;
  const branch = commit && asked ? "" : ref.replace(/^refs\/heads\//, "");
  const depth = input("fetch-depth") || "1";
  git("init", "--quiet", "--initial-branch=main");
  git("remote", "add", "origin", `${server}/${input("repository")}`);
  const source = commit || `refs/heads/${branch}`;
  if (depth === "0") git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", ...(commit ? [commit] : []));
  else git("fetch", "--quiet", "--no-tags", `--depth=${depth}`, "origin", source);
  const target = commit || (depth === "0" ? `refs/remotes/origin/${branch}` : "FETCH_HEAD");
  if (!branch || branch.startsWith("refs/pull/")) git("checkout", "--quiet", "--force", "--detach", target);
  else git("checkout", "--quiet", "--force", "-B", branch, target);
  if (input("persist-credentials") === "true") {
    const secret = Buffer.from(`x-access-token:${token(input("token"))}`).toString("base64");
    git("config", header, `AUTHORIZATION: basic ${secret}`);
  }
}

if (kept("done")) {
  if (fs.existsSync(path.join(workspace, ".git"))) {
    try {
      git("config", "--unset-all", header);
    } catch {
      // it was never set
    }
  }
} else {
  checkOut();
  keep("done", "yes");
}
