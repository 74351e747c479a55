// Runs the program, so that the page's own thread stays free. The loader before this defines Go.
onmessage = async ({data}) => {
  try {
    const packed = Uint8Array.from(atob(data.wasm), c => c.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const go = new Go();
    go.argv = ["bitstep", data.task];
    go.exit = status => {
      if (status !== 0) postMessage({kind: "failed", text: "the program ended with status " + status});
    };
    const {instance} = await WebAssembly.instantiate(await new Response(unpacked).arrayBuffer(), go.importObject);
    await go.run(instance);
  } catch (e) {
    postMessage({kind: "failed", text: String(e)});
  }
};
