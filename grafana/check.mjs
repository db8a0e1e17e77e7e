// What the tests of the dashboards ask of Grafana's types and of Prometheus' grammar.
//
//   node check.mjs schema FILE...   validates dashboards against every Grafana named below
//   node check.mjs promql           reads a JSON list of expressions from standard input
//
// Both print JSON; an empty list of errors is a pass.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { parser } from "@prometheus-io/lezer-promql";
import Ajv from "ajv";
import { createGenerator } from "ts-json-schema-generator";

const HERE = dirname(fileURLToPath(import.meta.url));
const GRAFANAS = ["grafana-11", "grafana-current"];
const PANELS = ["bargauge", "heatmap", "stat", "statetimeline", "table", "text", "timeseries"];

// Grafana 11 reads these of an annotation, though only later types tell of them.
const ANNOTATION = ["step", "tagKeys", "textFormat", "titleFormat", "useValueForTime"];

// Panel types as dashboards write them, where the folder in the package is named otherwise.
const WRITTEN = { statetimeline: "state-timeline" };

// Grafana publishes its types as TypeScript; this makes a strict JSON Schema of one.
function schemaOf(grafana, folder, type) {
  const path = join(HERE, "node_modules", grafana, "dist", folder, "types.gen.d.ts");
  return createGenerator({
    path, type, additionalProperties: false, skipTypeCheck: true, functions: "hide",
    topRef: true, expose: "all", jsDoc: "none", encodeRefs: false,
  }).createSchema(type);
}

function hasType(grafana, folder, type) {
  const path = join(HERE, "node_modules", grafana, "dist", folder, "types.gen.d.ts");
  return new RegExp(`export (interface|type) ${type}\\b`).test(readFileSync(path, "utf8"));
}

function queryType(grafana) {
  return hasType(grafana, "prometheus", "Dataquery") ? "Dataquery" : "dataquery";
}

class Grafana {
  constructor(name) {
    this.name = name;
    this.ajv = new Ajv({ strict: false, allErrors: true });
    const dashboard = schemaOf(name, "dashboard", "Dashboard");
    // Of a query the dashboard's type says only that a data source knows it.
    dashboard.definitions.Dataquery = {};
    for (const field of ANNOTATION)
      dashboard.definitions.AnnotationQuery.properties[field] ??= {};
    this.dashboard = this.ajv.compile(dashboard);
    this.query = this.ajv.compile(schemaOf(name, "prometheus", queryType(name)));
    this.options = {};
    this.custom = {};
    for (const folder of PANELS) {
      const type = WRITTEN[folder] ?? folder;
      this.options[type] = this.ajv.compile(schemaOf(name, folder, "Options"));
      if (hasType(name, folder, "FieldConfig"))
        this.custom[type] = this.ajv.compile(schemaOf(name, folder, "FieldConfig"));
    }
  }

  errors(dashboard) {
    const found = [];
    const must = (validate, data, where) => {
      if (!validate) found.push(`${this.name}: ${where}: no type known for it`);
      else if (!validate(data))
        for (const e of validate.errors)
          found.push(`${this.name}: ${where}${e.instancePath}: ${e.message} ` +
                     JSON.stringify(e.params));
    };
    must(this.dashboard, dashboard, "");
    const all = (dashboard.panels ?? []).flatMap((p) => [p, ...(p.panels ?? [])]);
    for (const panel of all.filter((p) => p.type !== "row")) {
      const at = `panel "${panel.title}"`;
      must(this.options[panel.type], panel.options, `${at} options`);
      const custom = panel.fieldConfig?.defaults?.custom;
      if (custom) must(this.custom[panel.type], custom, `${at} custom`);
      for (const t of panel.targets ?? []) must(this.query, t, `${at} target ${t.refId}`);
    }
    return found;
  }
}

function checkSchema(files) {
  const grafanas = GRAFANAS.map((name) => new Grafana(name));
  return Object.fromEntries(files.map((file) => {
    const dashboard = JSON.parse(readFileSync(file, "utf8"));
    return [file, grafanas.flatMap((g) => g.errors(dashboard))];
  }));
}

// Errors of one expression, and the metrics it names.
function checkExpression(text) {
  const errors = [], metrics = new Set();
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) errors.push(`${text.slice(0, node.from)}<<here>>`);
      if (node.name === "Identifier" && node.node.parent?.name === "VectorSelector")
        metrics.add(text.slice(node.from, node.to));
    },
  });
  return { errors, metrics: [...metrics] };
}

const [mode, ...files] = process.argv.slice(2);
let answer;
if (mode === "schema") answer = checkSchema(files);
else if (mode === "promql")
  answer = JSON.parse(readFileSync(0, "utf8")).map(checkExpression);
else {
  console.error("usage: check.mjs schema FILE... | promql");
  process.exit(2);
}
console.log(JSON.stringify(answer, null, 1));
