// A process that trains the small run in the folder it is given, slowly, and kills itself after a step.
import { train } from "../../src/train/trainer.ts";
import { smallRun } from "./small-run.ts";

const [runDir, checkpointSeconds, lastStep] = process.argv.slice(2);
await train(
  smallRun(runDir!, {
    delay: 10,
    checkpointSeconds: Number(checkpointSeconds),
    onEvent(event) {
      // From outside it would be killed some steps later, as many as the machine likes.
      if (event.type === "step" && `${event.epoch}.${event.stepInEpoch}` === lastStep)
        process.kill(process.pid, "SIGKILL");
    },
  }),
);
