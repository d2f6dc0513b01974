// Tests ask servers of their own, and names that do not exist: past whatever proxy the machine has, and nobody else.
import "../../src/runtime/no-telemetry.ts";

process.env.no_proxy = "*";
process.env.NO_PROXY = "*";
