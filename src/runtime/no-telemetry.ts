// ONNX Runtime tells its makers of its use and keeps a number for the machine in the user's home, unless the process
// has this variable when the first session is made. A thread's own environment does not count: whoever starts a thread
// with a session imports this too.
process.env.ORT_DISABLE_TELEMETRY ??= "1";
