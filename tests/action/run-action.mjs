// A small runner of composite actions, on GitHub's own expression evaluator:
//   node run-action.mjs REQUEST.json  ->  one JSON object on standard output
// REQUEST: {action, workspace, temp, inputs, env, event, stands: {"actions/cache": FOLDER}}, the cache of all jobs
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const request = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const need = createRequire(path.join(request.modules, "x.js"));
const yaml = need("yaml");
const { Lexer, Parser, Evaluator, data } = await import(request.expressions);

const action = yaml.parse(fs.readFileSync(path.join(request.action, "action.yml"), "utf8"));
const lower = (text) => text.toLowerCase();
const github = { workspace: request.workspace, token: request.token ?? "", event: request.event ?? {}, action_path: request.action };
const known = Object.keys(action.inputs ?? {});
const unexpected = Object.keys(request.inputs).filter((name) => !known.map(lower).includes(lower(name)));
const steps = {};
let failed = false;

function dictionary(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(dictionary));
  return new data.Dictionary(...Object.entries(value).map(([key, each]) => ({ key, value: dictionary(each) })));
}

function evaluated(expression) {
  const contexts = { inputs, steps, github, runner: { os: "Linux" }, env: {} };
  const lexed = new Lexer(expression).lex();
  const functions = [
    { name: "success", minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(!failed) },
    { name: "failure", minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(failed) },
    { name: "always", minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(true) },
  ];
  const tree = new Parser(lexed.tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, dictionary(contexts), new Map(functions.map((each) => [each.name, each]))).evaluate();
}

const filled = (text) => String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, inner) => evaluated(inner.trim()).coerceString());

const inputs = {};
for (const [name, input] of Object.entries(action.inputs ?? {})) {
  const given = Object.entries(request.inputs).find(([key]) => lower(key) === lower(name));
  inputs[name] = given ? String(given[1]) : filled(input.default ?? "");
}

function pairs(file) {
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const found = {};
  while (lines.length) {
    const line = lines.shift();
    const here = /^([^=<]+)<<(.+)$/.exec(line);
    if (here) {
      const value = [];
      while (lines.length && lines[0] !== here[2]) value.push(lines.shift());
      if (!lines.length) throw new Error(`no end of ${here[2]}`);
      lines.shift();
      found[here[1]] = value.join("\n");
    } else if (line.includes("=")) {
      found[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
  }
  return found;
}

const log = [];
const summary = path.join(request.temp, `summary-${randomUUID()}`);
fs.writeFileSync(summary, "");

function run(step) {
  const file = (kind) => {
    const name = path.join(request.temp, `${kind}-${randomUUID()}`);
    fs.writeFileSync(name, "");
    return name;
  };
  const files = { GITHUB_OUTPUT: file("output"), GITHUB_ENV: file("env"), GITHUB_PATH: file("path"), GITHUB_STATE: file("state") };
  const script = file("script");
  fs.writeFileSync(script, filled(step.run));
  const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, filled(value)]));
  const done = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
    cwd: request.workspace,
    env: { ...request.env, ...own, ...files, GITHUB_STEP_SUMMARY: summary, GITHUB_ACTION_PATH: request.action, GITHUB_WORKSPACE: request.workspace, GITHUB_ACTIONS: "true", CI: "true", RUNNER_TEMP: request.temp },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  log.push({ step: step.name, code: done.status, stdout: done.stdout, stderr: done.stderr, touched: ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"].filter((name) => fs.statSync(files[name]).size) });
  return { outputs: pairs(files.GITHUB_OUTPUT), outcome: done.status === 0 ? "success" : "failure", code: done.status };
}

const place = (step) => [path.join(request.stands["actions/cache"], filled(step.with.key)), filled(step.with.path)];

function restore(step) {
  const [store, folder] = place(step);
  const hit = fs.existsSync(store);
  if (hit) execFileSync("cp", ["-a", store, (fs.mkdirSync(path.dirname(folder), { recursive: true }), folder)]);
  return { outputs: { "cache-hit": String(hit) }, outcome: "success", code: 0 };
}

function save(step) {
  const [store, folder] = place(step);
  const whole = `${store}.${randomUUID()}`;
  execFileSync("cp", ["-a", folder, whole]);
  try { fs.renameSync(whole, store); } catch { fs.rmSync(whole, { recursive: true }); } // another run was faster
  return { outputs: {}, outcome: "success", code: 0 };
}

const stands = { "actions/cache/restore": restore, "actions/cache/save": save };
function used(step) {
  const stand = stands[step.uses.split("@")[0]];
  if (!stand) throw new Error(`no stand-in for ${step.uses}`);
  return stand(step);
}

let code = 0;
for (const step of action.runs.steps) {
  const asked = step.if === undefined ? "success()" : String(step.if).replace(/^\$\{\{|\}\}$/g, "");
  const implied = /\b(success|failure|always|cancelled)\(/.test(asked) || !failed; // as on GitHub
  const wanted = implied && evaluated(asked).coerceString() === "true";
  if (!wanted) continue;
  const kept = step.uses ? used(step) : run(step);
  if (step.id) steps[step.id] = { outputs: kept.outputs, outcome: kept.outcome };
  if (kept.outcome !== "success") { failed = true; code = kept.code; }
}
const outputs = Object.fromEntries(Object.entries(action.outputs ?? {}).map(([name, each]) => [name, filled(each.value)]));
console.log(JSON.stringify({ code, outputs, log, unexpected, summary: fs.readFileSync(summary, "utf8") }));
