/*
 * The table of trunks, live: all rows are kept here, by name, and a page of them is in the
 * document, so that ten thousand cost no more to show than a hundred. After the first
 * load only what changed is asked for. Text from peers only ever becomes text nodes.
 */
"use strict";

(function () {
	const PERIOD_MS = 5000;
	const PAGE_ROWS = 100;
	const RECENT = 20;
	const LIMIT = 5000;
	const SVG = "http://www.w3.org/2000/svg";
	const URGENCY = { down: 0, degraded: 1, unknown: 2, up: 4 };
	const WELL = 4;
	const PAUSED = 5;
	const STATES = ["down", "degraded", "unknown", "up", "paused"];
	const GROUP = "siptrunk-group"; /* how the reader last had them grouped */
	const LABELS_MAX = 12; /* to choose from */
	/* These and the next as in page_notes.c. */
	const OUTAGES = ["down", "flapping", "partially_down", "degraded", "state_unknown"];
	const NOTES = [
		["registration_lost", "bad", "not registered"],
		["calls_failing", "bad", "calls fail"],
		["calls_without_audio", "bad", "calls without audio"],
		["calls_not_ended", "bad", "calls not ended"],
		["flapping", "bad", "flapping"],
		["registration_lapsing", "warn", "registration lapsing"],
		["call_quality_low", "warn", "calls sound bad"],
		["latency_high", "warn", "slow"],
		["dns_failing", "warn", "DNS fails"],
		["own_certificate_expiring", "warn", "our certificate ends"],
		["own_certificate_unfit", "warn", "our certificate unfit"],
	];
	const OUTCOMES = {
		response: "answered",
		timeout: "no answer in time",
		dns: "name does not resolve",
		refused: "refused",
		unreachable: "unreachable",
		connect: "no connection",
		tls: "TLS failed",
		protocol: "unreadable answer",
		auth: "credentials refused",
		internal: "our own failure",
		elsewhere: "answered from elsewhere",
		websocket: "WebSocket failed",
	};
	const $ = (id) => document.getElementById(id);
	const table = $("trunks");
	const body = table.tBodies[0];
	const counted = new Intl.NumberFormat("en");
	const order = new Intl.Collator("en", { numeric: true });

	const trunks = new Map(); /* by name */
	const ranks = new Map(); /* of the names, in their order */
	const shown = new Map(); /* rows in the document, by name */
	let cursor = null;
	let now_s = Date.now() / 1000;
	let states = {};
	let reloaded = null; /* what the last reload changed */
	let asleep = 0; /* trunks that are paused, counted as unknown in states */
	let chosen = []; /* trunks that are wished for, in order */
	let view = []; /* the same, among the heads of their groups */
	let labels = []; /* by which they can be grouped */
	let page = 0;
	let paused = false;
	let timer = 0;
	let typing = 0;
	let said = "";
	const wish = { words: "", state: "", sort: "", down: false, group: "" };
	const unfolded = new Map(); /* groups that the reader opened or closed, by value */

	/* ---- what is to be seen, and in which order ---- */

	/* By ranks that are made once for a set of names: a collator is slow. */
	const compare_names = (a, b) => a.rank - b.rank;
	const latency_of = (t) => (t.last && t.last.latency_s !== null ? t.last.latency_s : Infinity);
	const cert_of = (t) => t.certificate_not_after_unix_s || Infinity;
	const last_of = (t) =>
		!t.last ? "~" : t.last.outcome === "response" ? String(t.last.code) + t.last.text : t.last.outcome;

	const state_of = (t) => (t.paused ? "paused" : t.state);

	function urgency(t) {
		if (t.paused)
			return PAUSED;
		return t.state === "up" && t.problems.length ? WELL - 1 : URGENCY[t.state];
	}

	/* Trunks that do not work first, then those that are up and not well; and of those what
	 * changed last. */
	function compare_urgency(a, b) {
		const diff = urgency(a) - urgency(b);

		if (diff || urgency(a) >= WELL)
			return diff;
		return b.since_unix_s - a.since_unix_s;
	}

	/* Infinities are equal to themselves: their difference is not a number. */
	const by = (of) => (a, b) => {
		const x = of(a);
		const y = of(b);

		return x < y ? -1 : x > y ? 1 : 0;
	};
	const SORTS = {
		state: compare_urgency,
		name: compare_names,
		since: (a, b) => b.since_unix_s - a.since_unix_s,
		last: by(last_of),
		latency: by(latency_of),
		cert: by(cert_of),
	};

	function haystack(t) {
		if (!t.text) {
			const last = t.last || {};

			t.text = [t.name, t.uri, last.address, last.text, last.code, last.outcome, ...Object.values(t.labels)]
				.join("\n").toLowerCase();
		}
		return t.text;
	}

	function choose() {
		const words = wish.words.toLowerCase().split(/\s+/).filter(Boolean);
		const sort = SORTS[wish.sort] || compare_urgency;
		const sign = wish.down ? -1 : 1;

		chosen = [];
		for (const t of trunks.values()) {
			if (wish.state && state_of(t) !== wish.state)
				continue;
			if (words.length && !words.every((w) => haystack(t).includes(w)))
				continue;
			chosen.push(t);
		}
		chosen.sort((a, b) => sign * sort(a, b) || compare_names(a, b));
		view = wish.group && labels.includes(wish.group) ? grouped() : chosen;
		page = Math.max(0, Math.min(page, Math.ceil(view.length / PAGE_ROWS) - 1));
	}

	/* ---- groups ---- */

	/* Those whose worst trunk is worst come first, then those with more of them. */
	function compare_groups(a, b) {
		return a.worst - b.worst || b.at_worst - a.at_worst || !a.value - !b.value ||
			order.compare(a.value, b.value);
	}

	function group_of(value) {
		return { group: value, value, trunks: [], counts: {}, worst: PAUSED + 1, at_worst: 0 };
	}

	function add_to(group, t) {
		const level = urgency(t);
		const state = level === WELL - 1 ? "not well" : state_of(t);

		group.trunks.push(t);
		group.counts[state] = (group.counts[state] || 0) + 1;
		if (level < group.worst) {
			group.worst = level;
			group.at_worst = 0;
		}
		if (level === group.worst)
			group.at_worst++;
	}

	/* What is wrong lies open, the rest is folded; what was searched for is to be seen. */
	function is_open(group) {
		if (unfolded.has(group.value))
			return unfolded.get(group.value);
		return group.worst < WELL || Boolean(wish.words || wish.state);
	}

	function grouped() {
		const groups = new Map();

		for (const t of chosen) {
			const value = t.labels[wish.group] || "";

			if (!groups.has(value))
				groups.set(value, group_of(value));
			add_to(groups.get(value), t);
		}
		return Array.from(groups.values()).sort(compare_groups)
			.flatMap((g) => (is_open(g) ? [g, ...g.trunks] : [g]));
	}

	/* Names of labels, the usual ones first. */
	function find_labels() {
		const usual = ["carrier", "site"];
		const found = new Set();

		for (const t of trunks.values())
			for (const name of Object.keys(t.labels))
				found.add(name);
		labels = [...usual.filter((n) => found.has(n)),
			...Array.from(found).filter((n) => !usual.includes(n)).sort(order.compare)].slice(0, LABELS_MAX);
	}

	/* ---- rows, as pages.c writes them too: test_page.Rows compares the two ---- */

	function element(tag, cls, text) {
		const e = document.createElement(tag);

		if (cls)
			e.className = cls;
		if (text !== undefined)
			e.textContent = text;
		return e;
	}

	function span_text(s) {
		s = Math.max(0, Math.floor(s));
		if (s >= 86400)
			return Math.floor(s / 86400) + " d";
		if (s >= 3600)
			return Math.floor(s / 3600) + " h";
		if (s >= 60)
			return Math.floor(s / 60) + " min";
		return s + " s";
	}

	function duration_text(s) {
		const ms = s * 1000;

		if (ms < 1)
			return ms.toFixed(2) + " ms";
		if (ms < 1000)
			return ms.toFixed(ms < 100 ? 1 : 0) + " ms";
		return s.toFixed(2) + " s";
	}

	function spark(values, verdicts) {
		const width = 96;
		const height = 24;
		const svg = document.createElementNS(SVG, "svg");
		const good = values.filter((v) => v !== null);
		const max = Math.max(...good, 0) || 1;
		const x = (i) => (values.length < 2 ? width / 2 : 2 + ((width - 4) * i) / (values.length - 1)).toFixed(1);
		let line = "";
		let fail = "";
		let pen = false;

		values.forEach((v, i) => {
			if (verdicts[i] !== "+")
				fail += "M" + x(i) + " " + (height - 1) + "v-" + height / 3;
			if (v === null) {
				pen = false;
				return;
			}
			line += (pen ? "L" : "M") + x(i) + " " + (height - 2 - ((height - 4) * v) / max).toFixed(1);
			if (!pen && (i + 1 === values.length || values[i + 1] === null))
				line += "h.1";
			pen = true;
		});
		svg.setAttribute("class", "spark");
		svg.setAttribute("viewBox", "0 0 " + width + " " + height);
		svg.setAttribute("width", width);
		svg.setAttribute("height", height);
		svg.setAttribute("preserveAspectRatio", "none");
		svg.setAttribute("role", "img");
		svg.setAttribute("aria-label", values.length + (values.length === 1 ? " probe, " : " probes, ") +
			good.length + " answered" + (good.length ? ", slowest " + duration_text(max) : ""));
		for (const [cls, d] of [["fail", fail], ["line", line]]) {
			if (!d)
				continue;
			const path = document.createElementNS(SVG, "path");

			path.setAttribute("class", cls);
			path.setAttribute("d", d);
			svg.append(path);
		}
		return svg;
	}

	/* A segment of a path; a step such as ".." is none. */
	function encoded(name) {
		const percent = (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase();

		return encodeURIComponent(name).replace(/[!'()*]/g, percent)
			.replace(/^\.{1,2}$/, (steps) => steps.replace(/\./g, percent));
	}

	function fill_state(cell, t) {
		cell.replaceChildren(element("span", "badge " + state_of(t), state_of(t)));
	}

	function fill_last(cell, t) {
		fill_outcome(cell, t);
		if (t.state_reason)
			cell.append(" ", element("span", "said", t.state_reason));
		for (const [cls, words] of notes_of(t))
			cell.append(" ", element("span", "note" + (cls ? " " + cls : ""), words));
	}

	function loss_note(t) {
		const { udp_requests: requests, udp_lost: lost } = t.last_30m;
		const wrong = t.problems.includes("packet_loss");
		const percent = requests ? (100 * lost) / requests : 0;

		if (!wrong && (percent < 1 || t.problems.some((p) => OUTAGES.includes(p))))
			return [];
		return [[wrong ? "warn" : "", "loss " + percent.toFixed(percent < 9.95 ? 1 : 0) + " %"]];
	}

	function notes_of(t) {
		if (t.paused)
			return [];
		const some = t.addresses > 1 && t.addresses_up < t.addresses
			? [[t.problems.includes("partially_down") ? "warn" : "",
				t.addresses_up + " of " + t.addresses + " addresses"]]
			: [];

		return [...some, ...loss_note(t),
			...NOTES.filter(([problem]) => t.problems.includes(problem)).map(([, cls, words]) => [cls, words])];
	}

	function unprobed_text(t) {
		if (!t.paused)
			return "not probed yet";
		return "not probed" + (t.paused_until_unix_s
			? " until " + new Date(t.paused_until_unix_s * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC"
			: "");
	}

	function fill_outcome(cell, t) {
		if (!t.last) {
			cell.replaceChildren(element("span", "none", unprobed_text(t)));
			return;
		}
		const answered = t.last.outcome === "response" && t.last.code;

		cell.replaceChildren(element("b", answered ? "code" : "",
			answered ? String(t.last.code) : OUTCOMES[t.last.outcome] || t.last.outcome));
		/* Of a refusal it is the same in other words. */
		if (t.last.text && t.last.outcome !== "refused")
			cell.append(" ", element("bdi", "said", t.last.text));
	}

	function fill_latency(cell, t) {
		const latency = t.last && t.last.latency_s !== null ? duration_text(t.last.latency_s) : "–";

		cell.replaceChildren();
		if (t.recent_latency_s.length)
			cell.append(spark(t.recent_latency_s, t.recent_verdicts), " ");
		cell.append(element("span", "ms", latency));
	}

	function fill_cert(cell, t) {
		const left_s = t.certificate_not_after_unix_s - now_s;
		const cls = left_s < 7 * 86400 ? "bad" : left_s < 30 * 86400 ? "warn" : "";

		if (!t.certificate_not_after_unix_s)
			cell.replaceChildren(element("span", "none", "–"));
		else
			cell.replaceChildren(element("span", cls,
				left_s < 0 ? "expired" : Math.floor(left_s / 86400) + " days"));
	}

	function make_row(t) {
		const tr = element("tr");
		const cell = (tag, cls, role) => {
			const e = element(tag, cls);

			e.setAttribute("role", role);
			tr.append(e);
			return e;
		};
		const row = { tr, trunk: null };

		tr.setAttribute("role", "row");
		row.state = cell("td", "c-state", "cell");
		const name = cell("th", "c-name", "rowheader");

		name.scope = "row";
		row.link = element("a", "", t.name);
		row.link.href = "trunks/" + encoded(t.name);
		name.append(row.link);
		for (const [key, value] of Object.entries(t.labels)) {
			const label = element("span", "label", value);

			label.title = key;
			name.append(" ", label);
		}
		row.since = cell("td", "c-since", "cell");
		row.time = element("time");
		row.since.append(row.time);
		row.last = cell("td", "c-last", "cell");
		row.latency = cell("td", "c-latency", "cell");
		row.cert = cell("td", "c-cert", "cell");
		return row;
	}

	function fill_row(row, t) {
		const age = span_text(now_s - t.since_unix_s);

		if (row.time.textContent !== age)
			row.time.textContent = age;
		if (row.trunk === t)
			return;
		row.trunk = t;
		const since = new Date(t.since_unix_s * 1000).toISOString().replace(/\..*/, "");

		row.time.dateTime = since + "Z";
		row.time.title = since.replace("T", " ") + " UTC";
		fill_state(row.state, t);
		fill_last(row.last, t);
		fill_latency(row.latency, t);
		fill_cert(row.cert, t);
	}

	function make_group(g) {
		const tr = element("tr", "group");
		const th = element("th");
		const button = element("button");
		const row = { tr, button, text: "" };

		tr.setAttribute("role", "row");
		th.setAttribute("role", "rowheader");
		th.scope = "rowgroup";
		th.colSpan = table.tHead.rows[0].cells.length;
		th.setAttribute("aria-colspan", th.colSpan);
		button.type = "button";
		button.addEventListener("click", () => {
			unfolded.set(g.value, button.getAttribute("aria-expanded") !== "true");
			draw();
		});
		th.append(button);
		tr.append(th);
		return row;
	}

	const COUNTS = ["down", "degraded", "unknown", "not well", "up", "paused"];

	function fill_group(row, g) {
		const counts = COUNTS.filter((s) => g.counts[s]).map((s) => [s, counted.format(g.counts[s]) + " " + s]);
		const text = JSON.stringify(counts);

		row.button.setAttribute("aria-expanded", String(is_open(g)));
		if (row.text === text)
			return;
		row.text = text;
		row.button.replaceChildren(element("b", g.value ? "" : "none", g.value || "no " + wish.group));
		for (const [state, words] of counts)
			row.button.append(" ", element("span", "count-of " + state.replace(" ", "-"), words));
	}

	const key_of = (item) => (item.trunks ? "group " + wish.group + " " + item.value : "trunk " + item.name);

	/* Rows that stay are moved, not made anew; the focus goes with them. */
	function draw_rows() {
		const wanted = view.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
		const names = new Set(wanted.map(key_of));
		const held = document.activeElement;

		for (const [name, row] of shown) {
			if (names.has(name))
				continue;
			row.tr.remove();
			shown.delete(name);
		}
		let at = body.firstElementChild;

		for (const t of wanted) {
			let row = shown.get(key_of(t));

			if (!row) {
				row = t.trunks ? make_group(t) : make_row(t);
				shown.set(key_of(t), row);
			}
			if (t.trunks)
				fill_group(row, t);
			else
				fill_row(row, t);
			if (row.tr === at)
				at = at.nextElementSibling;
			else
				body.insertBefore(row.tr, at);
		}
		if (held && held !== document.activeElement && held.isConnected)
			held.focus({ preventScroll: true });
	}

	/* ---- what stands around them ---- */

	function draw_states() {
		const all = Object.values(states).reduce((sum, n) => sum + n, 0);
		const count_of = (s) => (s === "paused" ? asleep : s === "unknown" ? states[s] - asleep : states[s]) || 0;

		for (const chip of document.querySelectorAll("#states .chip")) {
			const state = chip.dataset.state;
			const count = chip.querySelector(".count");
			const text = counted.format(state ? count_of(state) : all);

			if (count.textContent !== text)
				count.textContent = text;
			if (state === wish.state)
				chip.setAttribute("aria-current", "true");
			else
				chip.removeAttribute("aria-current");
		}
		document.title = (states.down ? counted.format(states.down) + " down – " : "") + "SIP trunks";
	}

	/* Read aloud when it changes, and only then. */
	function draw_summary() {
		const parts = ["down", "degraded"].filter((s) => states[s]).map((s) => counted.format(states[s]) + " " + s);
		const all = trunks.size;
		let text = counted.format(chosen.length) + (chosen.length === all ? "" : " of " + counted.format(all));
		const unwell = not_well();

		if (unwell)
			parts.push(counted.format(unwell) + " up, but not well");
		text += all === 1 ? " trunk" : " trunks";
		if (all)
			text += parts.length ? "; " + parts.join(", ") : states.up === all ? "; all are up" : "";
		if (text === said)
			return;
		said = text;
		$("summary").textContent = text;
	}

	function not_well() {
		let count = 0;

		for (const t of trunks.values())
			count += urgency(t) === WELL - 1;
		return count;
	}

	function draw_groups() {
		const select = $("group");

		if (select.dataset.labels === labels.join("\n"))
			return;
		select.dataset.labels = labels.join("\n");
		select.replaceChildren(...["", ...labels].map((n) => new Option(n || "nothing", n)));
		select.value = labels.includes(wish.group) ? wish.group : "";
		$("grouping").hidden = !labels.length;
	}

	/* As pages.c writes it. */
	function draw_reload() {
		if (!reloaded)
			return;
		const turns = ["added", "removed", "changed", "paused", "resumed"]
			.filter((turn) => reloaded[turn] && reloaded[turn].count)
			.map((turn) => {
				const { count, names } = reloaded[turn];

				return turn + " " + names.join(", ") + (count > names.length ? " and " + (count - names.length) + " more" : "");
			});
		const at = new Date(reloaded.at_unix_s * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC";

		$("reloaded").textContent = "Last reload " + at + (turns.length ? ": " + turns.join("; ") : "");
	}

	function draw_pager() {
		const pages = Math.ceil(view.length / PAGE_ROWS);
		const first = page * PAGE_ROWS + 1;
		const last = Math.min(view.length, (page + 1) * PAGE_ROWS);

		$("pager").hidden = pages < 2;
		$("where").textContent = counted.format(first) + "–" + counted.format(last) + " of " + counted.format(view.length);
		$("back").disabled = page === 0;
		$("forth").disabled = page >= pages - 1;
	}

	function draw_sort() {
		for (const th of table.tHead.querySelectorAll("th")) {
			if (th.dataset.sort === (wish.sort || "state"))
				th.setAttribute("aria-sort", wish.down ? "descending" : "ascending");
			else
				th.removeAttribute("aria-sort");
		}
	}

	function draw() {
		choose();
		draw_chosen();
	}

	function draw_chosen() {
		draw_rows();
		draw_states();
		draw_groups();
		draw_reload();
		draw_summary();
		draw_pager();
		draw_sort();
	}

	/* ---- asking ---- */

	async function ask(since, after) {
		const q = new URLSearchParams({ limit: LIMIT, recent: RECENT });

		if (since)
			q.set("since", since);
		if (after)
			q.set("after", after);
		const answer = await fetch("api/v1/trunks?" + q, { cache: "no-store" });

		if (!answer.ok)
			throw new Error("it answered " + answer.status);
		return answer.json();
	}

	function rank() {
		if (ranks.size !== trunks.size || !Array.from(trunks.keys()).every((n) => ranks.has(n))) {
			ranks.clear();
			Array.from(trunks.keys()).sort(order.compare).forEach((n, i) => ranks.set(n, i));
		}
		for (const t of trunks.values())
			t.rank = ranks.get(t.name);
	}

	/* All of it in parts; what changes meanwhile comes with the next question. */
	async function load() {
		let since = cursor;
		let after = null;
		let first = null;

		do {
			const part = await ask(since, after);

			if (since && part.complete) {
				/* Another run, or another set of trunks: from the start. */
				since = after = first = cursor = null;
				continue;
			}
			if (!first) {
				first = part;
				if (!since)
					trunks.clear();
			}
			for (const t of part.trunks)
				trunks.set(t.name, t);
			after = part.next;
			now_s = part.now_unix_s;
			if (!after)
				break;
		} while (true);
		cursor = first.cursor;
		states = first.states;
		asleep = first.paused;
		reloaded = first.last_reload;
		rank();
		find_labels();
	}

	async function refresh() {
		clearTimeout(timer);
		try {
			await load();
			draw();
			$("trouble").hidden = true;
			$("pulse").textContent = "live, " + new Date().toLocaleTimeString();
		} catch (e) {
			$("trouble").textContent = "The exporter cannot be reached; this is what was known last.";
			$("trouble").hidden = false;
		}
		schedule();
	}

	function schedule() {
		clearTimeout(timer);
		if (!paused && !document.hidden)
			timer = setTimeout(refresh, PERIOD_MS);
	}

	/* ---- wishes ---- */

	function keep_wish() {
		const q = new URLSearchParams();

		if (wish.words)
			q.set("q", wish.words);
		if (wish.state)
			q.set("state", wish.state);
		if (wish.sort)
			q.set("sort", (wish.down ? "-" : "") + wish.sort);
		if (wish.group)
			q.set("group", wish.group);
		history.replaceState(null, "", q.size ? "?" + q : location.pathname);
	}

	function wish_again() {
		page = 0;
		keep_wish();
		draw();
	}

	function read_wish() {
		const q = new URLSearchParams(location.search);
		const sort = q.get("sort") || "";

		wish.words = q.get("q") || "";
		wish.group = q.has("group") ? q.get("group") : remembered();
		wish.state = STATES.includes(q.get("state")) ? q.get("state") : "";
		wish.down = sort.startsWith("-");
		wish.sort = SORTS[sort.replace("-", "")] ? sort.replace("-", "") : "";
	}

	/* A browser may refuse to keep anything. */
	function remembered() {
		try {
			return localStorage.getItem(GROUP) || "";
		} catch (e) {
			return "";
		}
	}

	function remember() {
		try {
			localStorage.setItem(GROUP, wish.group);
		} catch (e) {
			/* Then not. */
		}
	}

	function make_sortable(th) {
		const button = element("button", "", th.textContent);

		button.type = "button";
		button.addEventListener("click", () => {
			const same = (wish.sort || "state") === th.dataset.sort;

			wish.down = same && !wish.down;
			wish.sort = th.dataset.sort;
			wish_again();
		});
		th.replaceChildren(button);
	}

	function turn(step) {
		page += step;
		draw_chosen();
		table.scrollIntoView({ block: "start" });
	}

	/* Up and down go from trunk to trunk. */
	function step_row(e) {
		const row = e.target.closest && e.target.closest("tbody tr");
		const next = row && (e.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling);

		if (!next)
			return;
		e.preventDefault();
		next.querySelector("a, button").focus();
	}

	document.addEventListener("keydown", (e) => {
		const field = e.target.matches && e.target.matches("input, textarea, select");

		if (e.ctrlKey || e.metaKey || e.altKey)
			return;
		if (e.key === "/" && !field) {
			e.preventDefault();
			$("words").focus();
			$("words").select();
		} else if (e.key === "Escape" && e.target === $("words")) {
			$("words").value = wish.words = "";
			wish_again();
		} else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			step_row(e);
		}
	});
	$("words").addEventListener("input", () => {
		clearTimeout(typing);
		typing = setTimeout(() => {
			wish.words = $("words").value;
			wish_again();
		}, 80);
	});
	$("search").addEventListener("submit", (e) => e.preventDefault());
	$("states").addEventListener("click", (e) => {
		const chip = e.target.closest(".chip");

		if (!chip || e.ctrlKey || e.metaKey || e.shiftKey)
			return;
		e.preventDefault();
		wish.state = chip.dataset.state;
		wish_again();
	});
	$("group").addEventListener("change", () => {
		wish.group = $("group").value;
		unfolded.clear();
		remember();
		wish_again();
	});
	$("back").addEventListener("click", () => turn(-1));
	$("forth").addEventListener("click", () => turn(1));
	$("pause").addEventListener("click", () => {
		paused = !paused;
		$("pause").setAttribute("aria-pressed", String(paused));
		$("pulse").textContent = paused ? "paused" : "live";
		if (paused)
			clearTimeout(timer);
		else
			refresh();
	});
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden && !paused)
			refresh();
	});

	read_wish();
	for (const th of table.tHead.querySelectorAll("th"))
		make_sortable(th);
	draw_sort();
	$("pause").hidden = false;
	/* The rows that came with the page stay until the first answer is here. */
	load().then(() => {
		body.replaceChildren();
		draw();
		$("pulse").textContent = "live";
		schedule();
	}, refresh);
})();
