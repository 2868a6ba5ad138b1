// Opens pages in Chromium without a screen, and measures what it draws.
//
// node look.mjs PROFILE < VIEWS: of each view {file, width, scheme, picture} what was measured as JSON, in the same order.
// It talks to the browser through a pipe (the DevTools protocol), so that no port is open.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const views = JSON.parse(readFileSync(0, "utf8"));
const browser = spawn(
  "chromium",
  [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--hide-scrollbars",
    // No name is found: whatever asks for something elsewhere gets nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    `--user-data-dir=${process.argv[2]}`,
    "--remote-debugging-pipe",
    "about:blank",
  ],
  { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] },
);
let complaints = "";
browser.stderr.on("data", (text) => (complaints += text));
const failed = (why) => {
  console.error(`${why}\n${complaints.slice(-3000)}`);
  browser.kill("SIGKILL");
  process.exit(1);
};
const limit = setTimeout(() => failed("the browser did not answer in time"), 300_000);

let number = 0;
const waiting = new Map();
const listeners = new Set();
let rest = "";
browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (text) => {
  const messages = (rest + text).split("\0");
  rest = messages.pop();
  for (const message of messages.map((message) => JSON.parse(message))) {
    const answer = waiting.get(message.id);
    if (answer) {
      waiting.delete(message.id);
      if (message.error) failed(JSON.stringify(message.error));
      answer(message.result);
    } else {
      for (const listener of listeners) listener(message);
    }
  }
});
const ask = (method, params = {}, sessionId = undefined) =>
  new Promise((answer) => {
    waiting.set(++number, answer);
    browser.stdio[3].write(JSON.stringify({ id: number, method, params, sessionId }) + "\0");
  });

// Runs in the page.
function measure() {
  const block = document.querySelector("div[lang]");
  const box = block.getBoundingClientRect();
  const probe = document.createElement("span");
  probe.style.cssText = "position:absolute;color:CanvasText;background:Canvas";
  const parsed = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  document.body.append(probe);
  const canvas = parsed(getComputedStyle(probe).backgroundColor);
  probe.remove();
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parsed(getComputedStyle(at).backgroundColor);
      if (color.a > 0) return color;
    }
    return canvas;
  };
  const light = ({ r, g, b }) => {
    const [R, G, B] = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const contrast = (element) => {
    const [one, other] = [light(parsed(getComputedStyle(element).color)), light(behind(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  // The lines of a text as they are drawn, each with its characters and its edges.
  const lines = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = new Map();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (let at = 0; at < node.length; at++) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const rect = range.getClientRects()[0];
        if (!rect || !rect.width) continue;
        const key = Math.round((rect.top + rect.bottom) / 2 / 8);
        const line = found.get(key) ?? { characters: 0, left: Infinity, right: -Infinity };
        line.characters += 1;
        line.left = Math.min(line.left, rect.left);
        line.right = Math.max(line.right, rect.right);
        found.set(key, line);
      }
    }
    return [...found.values()];
  };
  const paragraphs = [...block.querySelectorAll("p")];
  const length = (element) => element.textContent.length;
  const longest = paragraphs.reduce((one, other) => (length(other) > length(one) ? other : one), paragraphs[0] ?? block);
  const style = getComputedStyle(block);
  const wide = [...block.querySelectorAll("*")].filter((element) => {
    const rect = element.getBoundingClientRect();
    return rect.width && (rect.right > innerWidth + 1 || rect.left < -1);
  });
  return {
    page_width: document.documentElement.scrollWidth,
    direction: style.direction,
    block_left: box.left,
    block_right: box.right,
    first: lines(paragraphs[0] ?? block)[0],
    most_characters: Math.max(...lines(longest).map((line) => line.characters)),
    too_wide: wide.map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`),
    contrast: Math.min(...[block, ...block.querySelectorAll("*")].filter((it) => it.textContent).map(contrast)),
    background: Object.values(behind(block)).slice(0, 3),
    resources: performance.getEntriesByType("resource").map((entry) => entry.name),
    images: document.images.length,
    font_size: Number.parseFloat(style.fontSize),
    // Of a list, on the side where its lines begin.
    list: [...block.querySelectorAll("li")].map((item) => lines(item)[0]),
    spans: [...block.querySelectorAll("span[dir]")].map((span) => getComputedStyle(span).direction),
  };
}

const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
const tab = (method, params) => ask(method, params, sessionId);
await tab("Page.enable");
await tab("Network.enable");
const requests = [];
listeners.add((message) => {
  if (message.method === "Network.requestWillBeSent") requests.push(message.params.request.url);
});
const loaded = () =>
  new Promise((done) => {
    const listener = (message) => {
      if (message.method !== "Page.loadEventFired") return;
      listeners.delete(listener);
      done();
    };
    listeners.add(listener);
  });

const measured = [];
for (const { file, width, scheme, picture } of views) {
  await tab("Emulation.setDeviceMetricsOverride", { width, height: 1000, deviceScaleFactor: 1, mobile: false });
  await tab("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  requests.length = 0;
  const load = loaded();
  await tab("Page.navigate", { url: `file://${file}` });
  await load;
  const { result, exceptionDetails } = await tab("Runtime.evaluate", {
    expression: `(${measure})()`,
    returnByValue: true,
  });
  if (exceptionDetails) failed(JSON.stringify(exceptionDetails));
  const elsewhere = requests.filter((url) => url !== `file://${file}`);
  measured.push({ ...result.value, requests: elsewhere });
  if (picture) {
    const { data } = await tab("Page.captureScreenshot", { format: "png" });
    writeFileSync(picture, Buffer.from(data, "base64"));
  }
}
clearTimeout(limit);
const ended = new Promise((done) => browser.on("exit", done));
ask("Browser.close");
await ended;
console.log(JSON.stringify(measured));
process.exit(0);
