/*
 * Runs inside a page: what assistive technology and a strict policy need, checked by
 * hand. The value is a list of faults.
 */
(() => {
	const faults = [];
	const all = (selector) => Array.from(document.querySelectorAll(selector));
	const name_of = (e) =>
		(e.getAttribute("aria-label") || e.textContent ||
			(e.labels && e.labels[0] && e.labels[0].textContent) || "").trim();
	const shown = (e) => e.checkVisibility({ visibilityProperty: true });
	const brief = (e) => e.outerHTML.slice(0, 90);

	if (!document.documentElement.lang)
		faults.push("no language");
	if (all("h1").length !== 1)
		faults.push(all("h1").length + " h1");
	if (!document.querySelector("main"))
		faults.push("no main");
	let level = 0;

	for (const h of all("h1, h2, h3, h4")) {
		const n = Number(h.tagName[1]);

		if (n > level + 1)
			faults.push("heading skips a level: " + brief(h));
		level = n;
	}
	const ids = new Set();

	for (const e of all("[id]")) {
		if (ids.has(e.id))
			faults.push("id twice: " + e.id);
		ids.add(e.id);
	}
	for (const e of all("a, button, input, select, summary, [role=img]"))
		if (shown(e) && !name_of(e))
			faults.push("no name: " + brief(e));
	for (const e of all("*")) {
		for (const a of e.attributes)
			if (a.name === "style" || a.name.startsWith("on"))
				faults.push("inline " + a.name + ": " + brief(e));
		if (e.tabIndex > 0)
			faults.push("positive tabindex: " + brief(e));
	}
	for (const e of all("script"))
		if (!e.src || e.textContent)
			faults.push("script: " + brief(e));
	for (const table of all("table")) {
		const columns = table.querySelectorAll("[role=columnheader][scope=col]").length;

		if (table.getAttribute("role") !== "table" || !table.caption)
			faults.push("table without role or caption");
		for (const row of table.tBodies[0].rows)
			if (Array.from(row.cells).reduce((n, c) => n + c.colSpan, 0) !== columns ||
					!row.querySelector("[role=rowheader]:is([scope=row], [scope=rowgroup])"))
				faults.push("row: " + brief(row));
	}

	/* WCAG 2.1: 4.5 to 1 for text. */
	const numbers = (text) => (text.match(/[\d.]+/g) || []).map(Number);
	const luminance = (rgb) => {
		const [r, g, b] = rgb.map((v) => {
			v /= 255;
			return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		});

		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground_of = (e) => {
		for (; e; e = e.parentElement) {
			const c = numbers(getComputedStyle(e).backgroundColor);

			if (c.length === 3 || c[3] > 0)
				return c.slice(0, 3);
		}
		return [255, 255, 255];
	};
	const seen = new Set();

	for (const e of all("body *")) {
		const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim());
		const style = getComputedStyle(e);

		if (!own || !shown(e) || e.closest(".sr, .skip, :disabled"))
			continue;
		const ink = luminance(numbers(style.color).slice(0, 3));
		const ground = luminance(ground_of(e));
		const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
		const key = style.color + ground_of(e);

		if (ratio < 4.5 && !seen.has(key)) {
			seen.add(key);
			faults.push("contrast " + ratio.toFixed(2) + ": " + brief(e));
		}
	}
	if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
		faults.push("wider than the window");
	return faults;
})();
