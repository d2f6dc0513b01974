// How this program is started once more, by another machine that sees the same files.

/** Node, its options, and the program's first file. */
export const thisProgram = (): readonly string[] => [process.execPath, ...process.execArgv, process.argv[1]!];
