import { configJsonSchema } from "../config/json-schema.ts";
import { type Configure, examples } from "./command.ts";
import { EXIT } from "./exit-code.ts";

/** `smartsync schema`: the JSON Schema of the configuration, for editors. It is JSON with or without --json. */
export const configureSchema: Configure = (command, run) => {
  command
    .addHelpText(
      "after",
      `${examples([["smartsync schema > smartsync.schema.json", "for completion and checks in an editor"]])}

Then, as the first line of smartsync.yaml:
  # yaml-language-server: $schema=smartsync.schema.json`,
    )
    .action(() =>
      run(({ shell }) => {
        shell.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
        return EXIT.done;
      }),
    );
};
