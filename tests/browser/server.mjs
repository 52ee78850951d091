// The real server, with an empty database, on a free port.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const PASSWORD = "tulip-tango-92";

/** How the browser is started. */
export const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export class Server {
  #process;
  #directory;
  #mails = [];
  #mailed = () => {};
  url;

  /** Starts one, with these settings beside those that a test needs. */
  static async start(binary, settings = {}) {
    const server = new Server();
    const given = Object.entries(settings).map(([name, value]) => [`PROFILES_${name.toUpperCase()}`, value]);
    server.#directory = await mkdtemp(join(tmpdir(), "profiles-browser-"));
    // Nothing of the caller's environment: the server of a first start.
    server.#process = spawn(binary, ["serve", "--bind", "127.0.0.1:0"], {
      cwd: server.#directory,
      env: Object.fromEntries(given),
      stdio: ["ignore", "pipe", "pipe"],
    });
    server.#readMails();
    server.#process.on("error", (error) => {
      throw error;
    });
    for await (const line of createInterface({ input: server.#process.stderr })) {
      const address = /listening on (\S+);/.exec(line)?.[1];
      if (address === undefined) throw new Error(`the server does not start: ${line}`);
      server.url = `http://${address}`;
      break;
    }
    return server;
  }

  /** Ends it as an operator would, and removes what it kept. */
  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    const [code] = await ended;
    await rm(this.#directory, { recursive: true });
    return code;
  }

  /** Registers an account; answers its key. */
  async register(username) {
    const form = { username, email: `${username}@example.org`, password1: PASSWORD, password2: PASSWORD };
    const answer = await fetch(`${this.url}/api/rest-auth/registration/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(form),
    });
    if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).key;
  }

  /** Mails go to standard output, as in Django's console backend. */
  async #readMails() {
    let to = "";
    for await (const line of createInterface({ input: this.#process.stdout })) {
      to = /^To: (.*)$/.exec(line)?.[1] ?? to;
      const link = /https?:\/\/\S+\/api\/rest-auth\/\S+\/$/.exec(line)?.[0];
      if (link !== undefined) {
        this.#mails.push({ to, link });
        this.#mailed();
      }
    }
  }

  /** The link of the next mail to this address; each mail is read once. */
  async mailedLink(address) {
    for (;;) {
      const place = this.#mails.findIndex(({ to }) => to === address);
      if (place !== -1) return this.#mails.splice(place, 1)[0].link;
      await new Promise((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error(`no mail to ${address}`)), 10_000);
        this.#mailed = () => resolve(clearTimeout(patience));
      });
    }
  }

  async #post(path, form, headers = {}) {
    return fetch(new URL(path, this.url), { method: "POST", headers, body: new URLSearchParams(form) });
  }

  async #done(answer) {
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  }

  async askForNewPassword(email) {
    await this.#done(await this.#post("/api/rest-auth/password/reset/", { email }));
  }

  async changeAddress(key, email) {
    const headers = { Authorization: `Token ${key}` };
    await this.#done(await this.#post("/api/rest-auth/email/change/", { email, password: PASSWORD }, headers));
  }

  /** Presses the button behind a link. */
  async confirm(link) {
    await this.#done(await this.#post(link, {}));
  }

  /** The status that a login is answered with. */
  async logIn(username, password) {
    return (await this.#post("/api/rest-auth/login/", { username, password })).status;
  }

  async get(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
