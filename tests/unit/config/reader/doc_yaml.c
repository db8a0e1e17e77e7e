/* Documents in YAML: places, texts that stay, bounds. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "config/reader/doc.h"
#include "tests/unit/tap.h"

static int parse(struct doc *d, struct config_errors *errs, const char *text)
{
	struct report r = {.errs = errs};

	*d = (struct doc){.path = "x", .yaml = true, .text = text, .len = strlen(text)};
	return doc_parse(d, &r);
}

/* The places of values and keys, in bytes, whatever stands before them. */
static void check_places(void)
{
	static const struct {
		const char *what, *text, *value, *key; /* where they begin */
		unsigned line, col;
	} cases[] = {
		{"a block", "a: 1\nbb:  two\n", "two", "bb", 2, 6},
		{"line ends of Windows", "a: 1\r\nbb:  two\r\n", "two", "bb", 2, 6},
		{"characters of many bytes", "å: ß\n✓: '🎺' \nbb: two\n", "two", "bb", 3,
		 5},
		{"… on the same line", "{å: ß, ✓: '🎺', bb: two}\n", "two", "bb", 1, 27},
		{"a line separator", "å: ß\xe2\x80\xa8\nbb: two\n", "two", "bb", 2, 5},
		{"a literal", "a: |\n  ß\n\n  ß\nbb: two\n", "two", "bb", 5, 5},
		{"a comment", "# ß\nbb: two # ß\n", "two", "bb", 2, 5},
		{"an explicit key", "? bb\n: two\n", "two", "bb", 2, 3},
		{"a byte order mark",
		 "\xef\xbb\xbf"
		 "bb: two\n",
		 "two", "bb", 1, 5},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_errors errs = {0};
		unsigned line = 0, col = 0;
		const struct doc_node *n;
		struct doc d;

		if (!is_int(parse(&d, &errs, cases[i].text), 0, cases[i].what))
			continue;
		n = &d.nodes[cJSON_GetObjectItem(d.tree, "bb")->valueint];
		doc_locate(&d, n->value, &line, &col);
		ok(line == cases[i].line && col == cases[i].col, "%s: at %u:%u",
		   cases[i].what, line, col);
		ok(!strncmp(d.text + n->value, cases[i].value, 3), "the value");
		ok(!strncmp(d.text + n->key, cases[i].key, 2), "the key");
		doc_free(&d);
	}
}

static void check_texts(void)
{
	struct config_errors errs = {0};
	const cJSON *v;
	struct doc d;

	is_int(parse(&d, &errs, "[0123, True, ~, 'no', {}, \"0123\", 1e3]"), 0, "values");
	v = d.tree->child;
	ok(cJSON_IsNumber(v) && v->valuedouble == 123, "a number");
	is_str(doc_text(v), "0123", "has its text");
	v = v->next;
	ok(cJSON_IsTrue(v), "a flag");
	is_str(doc_text(v), "True", "too");
	v = v->next;
	ok(cJSON_IsNull(v) && !doc_text(v), "null has none");
	v = v->next;
	ok(cJSON_IsString(v) && !strcmp(doc_text(v), "no"), "a string has");
	v = v->next;
	ok(cJSON_IsObject(v) && !doc_text(v), "an object has none");
	v = v->next;
	ok(cJSON_IsString(v), "quotes make a string");
	ok(cJSON_IsNumber(v->next) && v->next->valuedouble == 1000, "a number");
	is_int((long long)d.count, 8, "all are noted");
	for (size_t i = 0; i < d.count; i++)
		ok(d.nodes[i].key == DOC_NO_KEY, "value %zu has no key", i);
	doc_free(&d);
}

static void check_depth(unsigned depth, bool good)
{
	struct config_errors errs = {0};
	char text[128] = "";
	struct doc d;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	is_int(parse(&d, &errs, text), good ? 0 : EINVAL, good ? "deep enough" : "deep");
	config_errors_clear(&errs);
	doc_free(&d);
}

static void check_names(void)
{
	static const struct {
		const char *path;
		bool yaml;
	} cases[] = {
		{"a.yaml", true},      {"x/a.yml", true}, {"a.json", false},
		{"a", false},	       {"yaml", false},	  {"a.yaml/b", false},
		{"a.yaml.bak", false}, {".yml", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(doc_is_yaml(cases[i].path), cases[i].yaml, cases[i].path);
}

/* Time that is linear in the size: these took minutes where it was not. */
static void check_long(void)
{
	enum { SIZE = 1 << 20 };
	static const char *const parts[] = {
		"? ", "[a,", "- ", "{a: ", "&a ", "'", "\n \n", "a: b\n"};
	char *text = malloc(SIZE + 1);

	for (size_t i = 0; text && i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct config_errors errs = {0};
		size_t len = strlen(parts[i]);
		struct doc d;
		int err;

		for (size_t at = 0; at < SIZE; at++)
			text[at] = parts[i][at % len];
		text[SIZE] = '\0';
		err = parse(&d, &errs, text);
		ok(err == 0 || err == EINVAL, "a mebibyte of part %zu: %s", i,
		   errs.count ? errs.list[0].message : "taken");
		config_errors_clear(&errs);
		doc_free(&d);
	}
	free(text);
}

enum { ROUNDS = 200 };

/* Reads one format again and again; returns how often that went wrong. */
static void *parse_h(void *arg)
{
	const char *text = arg;
	uintptr_t wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct config_errors errs = {0};
		struct report r = {.errs = &errs};
		struct doc d = {.path = "x", .text = text, .len = strlen(text)};

		d.yaml = text[0] != '[';
		wrong += doc_parse(&d, &r) != 0 || cJSON_GetArraySize(d.tree) != 3;
		doc_free(&d);
	}
	return (void *)wrong;
}

/* A reload reads the configuration while a request reads the web configuration. */
static void check_threads(void)
{
	static char json[] = "[\"a\", {\"b\": 1}, null]", yaml[] = "- a\n- b: 1\n-\n";
	char *const texts[] = {json, yaml, json, yaml};
	pthread_t threads[4];
	void *wrong = NULL;

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, parse_h, texts[i]);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		ok(!wrong, "thread %d: a tree each time", i);
	}
}

int main(void)
{
	check_places();
	check_texts();
	check_depth(DOC_DEPTH_MAX, true);
	check_depth(DOC_DEPTH_MAX + 1, false);
	check_names();
	check_long();
	check_threads();
	return tap_done();
}
