/* Keeps a trunk's page current: asks for it again and takes over what changed. */
"use strict";

(function () {
	const PERIOD_MS = 5000;
	const pulse = document.getElementById("pulse");
	const pause = document.getElementById("pause");
	const trouble = document.getElementById("trouble");
	let paused = false;
	let timer = 0;
	let state = "";

	function clock() {
		return new Date().toLocaleTimeString();
	}

	/* Parts that a reader unfolded stay so, and the focus where it was. */
	function replace(section, fresh) {
		const open = Array.from(section.querySelectorAll("details[open]"), (d) => d.id);
		const held = document.activeElement;
		const inside = section.contains(held) && held.closest("details");
		const kind = inside ? held.tagName : "";

		section.replaceChildren(...fresh.childNodes);
		name_links(section);
		for (const id of open) {
			const details = document.getElementById(id);

			if (details)
				details.open = true;
		}
		if (inside) {
			const again = document.getElementById(inside.id);
			const target = again && again.querySelector(kind.toLowerCase());

			if (target)
				target.focus({ preventScroll: true });
		}
	}

	function reading(section) {
		const selection = document.getSelection();

		return selection && !selection.isCollapsed && section.contains(selection.anchorNode);
	}

	function take(text) {
		const page = new DOMParser().parseFromString(text, "text/html");

		for (const section of document.querySelectorAll("[data-live]")) {
			const fresh = page.getElementById(section.id);

			if (!fresh || section.source === fresh.innerHTML || reading(section))
				continue;
			section.source = fresh.innerHTML;
			replace(section, fresh);
		}
	}

	/* Read aloud when it changes, not each time that seconds pass. */
	function tell() {
		const badge = document.querySelector("#state .badge");
		const text = badge ? badge.textContent : "";

		if (text === state)
			return;
		state = text;
		document.getElementById("said").textContent = "now " + text;
	}

	async function refresh() {
		try {
			const answer = await fetch(location.href, { cache: "no-store" });

			if (!answer.ok && answer.status !== 404)
				throw new Error("it answered " + answer.status);
			take(await answer.text());
			tell();
			trouble.hidden = true;
			pulse.textContent = "live, " + clock();
		} catch (e) {
			trouble.textContent = "The exporter cannot be reached; this is what was known last.";
			trouble.hidden = false;
		}
		schedule();
	}

	function schedule() {
		clearTimeout(timer);
		if (!paused && !document.hidden)
			timer = setTimeout(refresh, PERIOD_MS);
	}

	/* ---- a probe by hand ---- */

	const form = document.getElementById("probe");

	async function probe_now(button) {
		// Without the attribute formAction is the page itself.
		const url = button.hasAttribute("formaction") ? button.formAction : form.action;
		const probing = document.getElementById("probing");

		button.disabled = true;
		probing.textContent = url.endsWith("/trace") ? "Tracing, some seconds …" : "Probing …";
		try {
			const answer = await fetch(url, { method: "POST", cache: "no-store" });
			const text = await answer.text();

			if (!answer.ok)
				throw new Error(text.slice(0, 200));
			const found = new DOMParser().parseFromString(text, "text/html").getElementById("probed");

			name_links(found);
			document.getElementById("by-hand").replaceChildren(found);
			probing.textContent = "Done: " + found.querySelector(".badge").textContent;
		} catch (e) {
			probing.textContent = "Not probed: " + e.message;
		}
		button.disabled = false;
		button.focus({ preventScroll: true });
	}

	if (form)
		form.addEventListener("submit", (e) => {
			e.preventDefault();
			probe_now(e.submitter || form.querySelector("button"));
		});

	/* ---- a ladder as text ---- */

	async function text_of(link) {
		const data = link.href.match(/^data:[^,]*;base64,(.*)$/);

		if (data)
			return atob(data[1]);
		const answer = await fetch(link.href, { cache: "no-store" });

		return answer.ok ? answer.text() : null;
	}

	/* Without https the newer way is not there. */
	async function copy(text) {
		if (navigator.clipboard)
			return navigator.clipboard.writeText(text);
		const area = document.createElement("textarea");

		area.value = text;
		area.className = "sr";
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");

		area.remove();
		if (!done)
			throw new Error("it was not allowed");
	}

	document.addEventListener("click", async (e) => {
		const link = e.target.closest && e.target.closest("a.copy");

		if (!link || e.ctrlKey || e.metaKey || e.shiftKey)
			return;
		e.preventDefault();
		try {
			const text = await text_of(link);
			/* A target's last three failures are kept; this page may be older. */
			const word = text === null ? "No longer kept" : "Copied";

			if (text !== null)
				await copy(text);
			link.textContent = word;
			document.getElementById("said").textContent = word;
			setTimeout(() => (link.textContent = "Copy as text"), 3000);
		} catch (err) {
			/* As without scripts: the text itself. */
			link.classList.remove("copy");
			link.click();
		}
	});

	/* What a link does is what it says. */
	function name_links(root) {
		for (const link of root.querySelectorAll("a.copy"))
			link.textContent = "Copy as text";
	}

	pause.hidden = false;
	pause.addEventListener("click", () => {
		paused = !paused;
		pause.setAttribute("aria-pressed", String(paused));
		pulse.textContent = paused ? "paused" : "live";
		if (paused)
			clearTimeout(timer);
		else
			refresh();
	});
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden && !paused)
			refresh();
	});
	pulse.textContent = "live";
	name_links(document);
	tell();
	schedule();
})();
