// What the stubs of actions share. Like the real ones they read inputs from the environment and answer through files.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const folder = (name) => path.join(process.env.EVERGREEN_STUBS_STATE, name);

exports.folder = folder;
exports.input = (name) => (process.env[`INPUT_${name.replace(/ /g, "_").toUpperCase()}`] || "").trim();
exports.output = (name, value) => fs.appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`);
exports.keep = (name, value) => fs.appendFileSync(process.env.GITHUB_STATE, `${name}=${value}\n`);
exports.kept = (name) => process.env[`STATE_${name}`] || "";
exports.set = (name, value) => fs.appendFileSync(process.env.GITHUB_ENV, `${name}=${value}\n`);
exports.mask = (value) => console.log(`::add-mask::${value}`);

// An input that the real action does not know is a slip of the pen: GitHub only warns, here it fails.
exports.only = (...names) => {
  const known = new Set(names.map((name) => `INPUT_${name.toUpperCase()}`));
  const unknown = Object.keys(process.env).filter((name) => name.startsWith("INPUT_") && !known.has(name));
  if (unknown.length) exports.fail(`unknown inputs: ${unknown.join(", ")}`);
};

exports.fail = (message) => {
  console.log(`::error::${message}`);
  process.exit(1);
};

// The token of the job, as its `permissions` make it: act has one for the whole run.
exports.token = (given) => {
  const own = path.join(folder("tokens"), process.env.GITHUB_JOB);
  return given === process.env.EVERGREEN_STUBS_TOKEN && fs.existsSync(own) ? fs.readFileSync(own, "utf8") : given;
};

// Uploads leave out hidden files, as the real one does unless it is told otherwise.
exports.copy = (from, to, hidden) =>
  fs.cpSync(from, to, {
    recursive: true,
    filter: (source) => hidden || source === from || !path.basename(source).startsWith("."),
  });

exports.note = (action, values) =>
  fs.appendFileSync(folder("notes.jsonl"), `${JSON.stringify({ action, job: process.env.GITHUB_JOB, ...values })}\n`);
