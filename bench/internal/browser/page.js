"use strict";
{
const $ = (selector, from = document) => from.querySelector(selector);
const page = JSON.parse($("#page").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const percent = x => (100 * x).toFixed(1) + "%";
const element = (parent, name, attributes = {}, text = "") => {
  const e = document.createElementNS(parent.namespaceURI, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.textContent = text;
  parent.append(e);
  return e;
};

// A task has a section with a button that starts and stops it, a bar, a status and two digests. Each run has a worker of
// its own: to stop it is to end that.
function task(name, expected, begin, handlers) {
  const section = $("#" + name), button = $("button", section), bar = $("progress", section);
  const status = $(".status", section), digests = $(".digests", section), label = button.textContent;
  let worker = null;
  const end = text => {
    worker?.terminate();
    worker = null;
    button.textContent = label;
    status.textContent = text;
  };
  const run = {
    status: text => { status.textContent = text; },
    done: (part, all) => { bar.value = part / all; },
    finish: (digest, text) => {
      const equal = digest === expected, verdict = $(".verdict", section);
      $(".here", section).textContent = digest;
      $(".there", section).textContent = expected;
      verdict.textContent = equal ? "equal" : "different";
      verdict.className = equal ? "verdict ok" : "verdict bad";
      digests.hidden = false;
      bar.value = 1;
      end(text + " The digests are " + verdict.textContent + ".");
    },
  };
  button.addEventListener("click", () => {
    if (worker) return end("Stopped.");
    digests.hidden = true;
    bar.value = 0;
    button.textContent = button.dataset.stop;
    status.textContent = "Starting.";
    begin();
    const url = URL.createObjectURL(new Blob([$("#worker").textContent], {type: "text/javascript"}));
    try {
      worker = new Worker(url);
    } catch (e) {
      return end("It failed: " + e.message);
    } finally {
      URL.revokeObjectURL(url);
    }
    const own = worker; // messages of one that was stopped may still come
    worker.onerror = e => own === worker && end("It failed: " + (e.message || "the browser runs no worker here."));
    worker.onmessage = ({data}) => {
      if (own !== worker) return;
      if (data.kind === "failed") end("It failed: " + data.text);
      else handlers[data.kind](data, run);
    };
    worker.postMessage({task: name, wasm: $("#wasm").textContent});
  });
}

// The curve, in units of the picture: x from left to right is 0 to all steps, y from bottom to top 0 to the first loss.
const curve = {
  left: 30, right: 390, top: 10, bottom: 230,
  begin() {
    this.svg = $("#curve");
    this.points = [];
    this.epochs = [];
  },
  axes(steps, loss) {
    this.svg.replaceChildren();
    this.steps = steps;
    this.most = Math.ceil(loss);
    for (let y = 0; y <= this.most; y += Math.ceil(this.most / 6)) {
      element(this.svg, "line", {class: "line", x1: this.left, x2: this.right, y1: this.y(y), y2: this.y(y)});
      element(this.svg, "text", {x: this.left - 6, y: this.y(y) + 4, "text-anchor": "end"}, y);
    }
    for (const part of [0, .5, 1])
      element(this.svg, "text", {x: this.x(part * steps), y: this.bottom + 22,
        "text-anchor": part ? part === 1 ? "end" : "middle" : "start"}, (part ? "" : "step ") + part * steps);
    this.line = element(this.svg, "polyline");
  },
  x(step) { return this.left + (this.right - this.left) * step / this.steps; },
  y(loss) { return this.bottom - (this.bottom - this.top) * Math.min(loss / this.most, 1); },
  add(m) {
    if (m.step === 1) this.axes(m.steps, m.loss);
    this.points.push(this.x(m.step).toFixed(1) + "," + this.y(m.loss).toFixed(1));
    if (m.epoch) this.epochs.push([this.x(m.step), this.y(m.epoch.validationLoss)]);
    if (calm.matches && !m.epoch) return;
    this.line.setAttribute("points", this.points.join(" "));
    for (const [cx, cy] of this.epochs.splice(0)) element(this.svg, "circle", {cx, cy, r: 4});
    $("#curve-text").textContent = "At step " + m.step + " of " + m.steps + " the loss is " + m.loss.toFixed(3) + ".";
  },
};

element($("#curve"), "text", {class: "empty", x: 200, y: 130, "text-anchor": "middle"}, $("#curve-text").textContent);

const pictures = page.classes.map(name => {
  const item = element($("#templates"), "li");
  const canvas = element(item, "canvas", {width: 32, height: 32, role: "img", "aria-label": "Weights of " + name});
  element(item, "span", {"aria-hidden": true}, name);
  return canvas.getContext("2d");
});

task("train", page.training, () => {
  curve.begin();
  $("#epochs").replaceChildren();
  for (const p of pictures) p.clearRect(0, 0, 32, 32);
}, {
  images: (_, run) => run.status("Painting the pictures."),
  step(m, run) {
    if (m.step === 1) run.status("Training.");
    run.done(m.step, m.steps);
    curve.add(m);
    if (!m.epoch) return;
    const row = element($("#epochs"), "tr"), e = m.epoch;
    element(row, "th", {scope: "row"}, e.number);
    for (const text of [e.loss.toFixed(4), percent(e.accuracy), e.validationLoss.toFixed(4),
      percent(e.validationAccuracy)]) element(row, "td", {}, text);
  },
  templates(m) {
    if (calm.matches && !m.ended) return;
    m.templates.forEach((pixels, k) => pictures[k].putImageData(new ImageData(pixels, m.side), 0, 0));
  },
  trained: (m, run) => run.finish(m.digest, "Trained in " + m.seconds.toFixed(1) + " s; of " +
    m.examples.toLocaleString("en") + " new pictures " + percent(m.accuracy) + " are recognized."),
});

task("verify", page.verification, () => {}, {
  part(m, run) {
    if (m.done === 1) run.status("Verifying.");
    run.done(m.done, m.total);
  },
  verified: (m, run) => run.finish(m.digest, "Verified " + m.calls.toLocaleString("en") + " calls in " +
    m.seconds.toFixed(1) + " s: all bits are those that they have to be."),
});

const missing = ["WebAssembly", "Worker", "DecompressionStream"].filter(name => !(name in window));
if (missing.length) {
  $("#missing").textContent = "This browser lacks what the page needs: " + missing.join(", ") + ".";
  $("#missing").hidden = false;
} else {
  $("#all").hidden = false;
}
$("#facts").textContent = "The program in this page has " + (page.bytes / 1e6).toFixed(1) + " MB of WebAssembly, built by " +
  page.go + ".";
}
