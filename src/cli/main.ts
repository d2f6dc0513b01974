#!/usr/bin/env node
// Entry point of the program `cutout`.
import { endQuietlyOnClosedPipe } from "./console.ts";
import { main } from "./program.ts";

endQuietlyOnClosedPipe();
await main(process.argv.slice(2));
