// Reads messages with postal-mime: what is read of each .eml of a folder as JSON, by the file's name.
//
// node read.mjs MODULES LETTERS
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, letters] = process.argv.slice(2);
const loaded = createRequire(join(modules, "node_modules") + "/")("postal-mime");
const PostalMime = loaded.default ?? loaded;

const address = (one) => (one.name ? `${one.name} <${one.address}>` : one.address);
const addresses = (list) => (list ?? []).map(address);
const lf = (text) => text.replaceAll("\r\n", "\n");

const readings = {};
for (const name of readdirSync(letters).filter((name) => name.endsWith(".eml"))) {
  const mail = await PostalMime.parse(readFileSync(join(letters, name)), { attachmentEncoding: "arraybuffer" });
  readings[name] = {
    subject: mail.subject ?? "",
    from: addresses(mail.from ? [mail.from] : []),
    reply_to: addresses(mail.replyTo),
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    text: lf(mail.text ?? ""),
    html: mail.html === undefined ? null : lf(mail.html),
    files: mail.attachments.map((file) => ({
      name: file.filename ?? "",
      type: file.mimeType,
      sha256: createHash("sha256").update(Buffer.from(file.content)).digest("hex"),
    })),
  };
}
console.log(JSON.stringify(readings));
