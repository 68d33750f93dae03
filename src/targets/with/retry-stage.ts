import type { RelPath } from "../../core/rel-path.ts";
import type { OutgoingFile, SendReport, Stage } from "../target.ts";
import type { Retry } from "./retry.ts";

/** The same stage with every call tried again after a transient failure; what was sent or published stays so. */
export function retryStage(stage: Stage, retry: Retry): Stage {
  const { putMany } = stage;
  return {
    ...stage,
    put: (file, body, ctx) => retry(`stage ${file.path}`, ctx, () => stage.put(file, body, ctx)),
    ...(putMany && {
      async putMany(files, ctx, report) {
        const left = new Map(files.map((file): [RelPath, OutgoingFile] => [file.file.path, file]));
        const crossingOff: SendReport = {
          ...report,
          done(file, result) {
            left.delete(file.path);
            report.done(file, result);
          },
          failed(file, error) {
            left.delete(file.path);
            report.failed(file, error);
          },
        };
        await retry("stage files", ctx, () => putMany([...left.values()], ctx, crossingOff));
      },
    }),
    prepare: (publication, ctx) => retry("prepare to publish", ctx, () => stage.prepare(publication, ctx)),
    publish: (ctx, done) => retry("publish", ctx, () => stage.publish(ctx, done)),
    revert: (ctx) => retry("put back what was published", ctx, () => stage.revert(ctx)),
  };
}
