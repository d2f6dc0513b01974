// A process to be killed: trains the small run in the folder it is given, slowly, and tells its steps.
import { train } from "../../src/train/trainer.ts";
import { smallRun } from "./small-run.ts";

const [runDir, checkpointSeconds] = process.argv.slice(2);
await train(
  smallRun(runDir!, {
    delay: 10,
    checkpointSeconds: Number(checkpointSeconds),
    onEvent(event) {
      if (event.type === "step") process.stdout.write(`${event.epoch}.${event.stepInEpoch}\n`);
    },
  }),
);
