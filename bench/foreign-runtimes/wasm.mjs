// What ONNX Runtime in WebAssembly answers to the networks of a folder, beside each: node wasm.mjs FOLDER
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ort from "onnxruntime-web";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("say which: wasm.mjs FOLDER");
ort.env.wasm.numThreads = 1;

for (const file of readdirSync(folder).filter((name) => name.endsWith(".onnx"))) {
  const base = join(folder, file.slice(0, -".onnx".length));
  const { shape } = JSON.parse(readFileSync(`${base}.json`, "utf8"));
  const bytes = readFileSync(`${base}.images`);
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const session = await ort.InferenceSession.create(readFileSync(`${base}.onnx`), {
    executionProviders: ["wasm"],
  });
  const { probabilities } = await session.run({ images: new ort.Tensor("float32", pixels, shape) });
  await session.release();
  const { node } = process.versions;
  const runtime = `onnxruntime-web ${ort.env.versions.web}, wasm, Node ${node}`;
  writeFileSync(`${base}.wasm.json`, JSON.stringify({ runtime, probabilities: [...probabilities.data] }));
}
