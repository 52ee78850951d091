// The real server, with an empty database, on a free port.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const PASSWORD = "tulip-tango-92";

export class Server {
  #process;
  #directory;
  url;

  static async start(binary) {
    const server = new Server();
    server.#directory = await mkdtemp(join(tmpdir(), "profiles-browser-"));
    // Nothing of the caller's environment: the server of a first start.
    server.#process = spawn(binary, ["serve", "--bind", "127.0.0.1:0"], {
      cwd: server.#directory,
      env: {},
      stdio: ["ignore", "ignore", "pipe"],
    });
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

  async get(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
