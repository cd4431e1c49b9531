// Reads the SFDX project as Salesforce's own tools do: its settings, its components, and their conversion to metadata format.
// Usage: node convert.mjs MODULES PROJECT OUTPUT. Prints the components as JSON; a finding is a line on stderr and exit code 1.
import { createRequire } from "node:module";
import path from "node:path";

const [modules, project, output] = process.argv.slice(2).map((argument) => path.resolve(argument));
const require = createRequire(path.join(modules, "package.json"));
const { SfProjectJson } = require("@salesforce/core");
const { ComponentSet, MetadataConverter } = require("@salesforce/source-deploy-retrieve");

try {
  const settings = await SfProjectJson.create({ rootFolder: project });
  await settings.schemaValidate();
  const source = path.join(project, settings.getContents().packageDirectories[0].path);
  const components = ComponentSet.fromSource(source);
  await new MetadataConverter().convert(components, "metadata", {
    type: "directory",
    outputDirectory: output,
    genUniqueDir: false,
  });
  const parents = components.getSourceComponents().toArray();
  const all = parents.flatMap((component) => [component, ...component.getChildren()]);
  const described = all.map(({ type, fullName, xml }) => ({ type: type.name, fullName, file: path.relative(project, xml) }));
  console.log(JSON.stringify(described));
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
}
