/*
 * Runs what test_page.py says in the system's Chromium. A line of input is a JSON string:
 * the body of an async function of `page` and `browser`. A line of output is its result,
 * {"value": …} or {"error": …}. Messages on the console, failed and foreign requests of
 * every page are collected; `faults()` hands them over.
 */
"use strict";

const readline = require("node:readline");
const { chromium } = require("playwright-core");

const AsyncFunction = (async () => {}).constructor;
const ARGS = [
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
];

async function main() {
	const [base, executablePath] = process.argv.slice(2);
	const browser = await chromium.launch({ executablePath, args: ARGS });
	let faults = [];

	function watch(page) {
		page.on("console", (m) => {
			if (m.type() === "error" || m.type() === "warning")
				faults.push(m.type() + ": " + m.text());
		});
		page.on("pageerror", (e) => faults.push("exception: " + e));
		page.on("dialog", (d) => {
			faults.push("dialog: " + d.message());
			d.dismiss();
		});
		page.on("request", (r) => {
			if (!r.url().startsWith(base + "/"))
				faults.push("foreign request: " + r.url());
		});
		page.on("response", (r) => {
			if (r.status() >= 400)
				faults.push(r.status() + ": " + r.url());
		});
	}

	async function open(path, options) {
		const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });

		watch(page);
		await page.goto(base + path, { timeout: 60000 });
		return page;
	}

	const tools = {
		open,
		faults() {
			const found = faults;

			faults = [];
			return found;
		},
	};
	let page = null;

	process.stdout.write(JSON.stringify({ value: "ready" }) + "\n");
	for await (const line of readline.createInterface({ input: process.stdin })) {
		let reply;

		try {
			const { code, args } = JSON.parse(line);
			const run = new AsyncFunction("page", "tools", "args", code);
			const value = await run(page, tools, args);

			/* A page that was opened is the one that the next lines work on. */
			if (value && value.goto) {
				if (page)
					await page.close();
				page = value;
				reply = { value: null };
			} else {
				reply = { value: value === undefined ? null : value };
			}
		} catch (e) {
			reply = { error: String(e.stack || e) };
		}
		process.stdout.write(JSON.stringify(reply) + "\n");
	}
	await browser.close();
}

main();
