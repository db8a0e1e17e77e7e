/* The JSON Schema: the shipped one is what the tables that validate print. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/reader/schema.h"
#include "tests/unit/tap.h"

static char *printed(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	config_schema_print(out);
	fclose(out);
	return text;
}

static char *shipped(const char *data)
{
	char path[1024], *text = calloc(1, 1 << 20);
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/../../docs/siptrunk_exporter.schema.json", data);
	f = fopen(path, "re");
	len = f ? fread(text, 1, (1 << 20) - 1, f) : 0;
	ok(len > 0, "%s was read", path);
	if (f)
		fclose(f);
	return text;
}

static void test_shipped(const char *data)
{
	char *now = printed(), *file = shipped(data);
	cJSON *tree = cJSON_Parse(now);

	ok(!strcmp(now, file), "docs/siptrunk_exporter.schema.json is current");
	is_str(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "type")), "object",
	       "it is JSON, of an object");
	cJSON_Delete(tree);
	free(now);
	free(file);
}

/* The writer alone: brackets, commas and indents of every shape. */
static void test_writer(void)
{
	char *text = NULL;
	size_t size = 0;
	struct schema s = {.out = open_memstream(&text, &size)};

	schema_open(&s, NULL, '{');
	schema_string(&s, "a\"b", "c\\d");
	schema_open(&s, "list", '[');
	schema_number(&s, NULL, 0.25);
	schema_number(&s, NULL, 65535);
	schema_close(&s, ']');
	schema_open(&s, "empty", '{');
	schema_close(&s, '}');
	schema_flag(&s, "yes", true);
	schema_flag(&s, "no", false);
	schema_raw(&s, "raw", "[1]");
	schema_close(&s, '}');
	fclose(s.out);
	is_str(text,
	       "{\n  \"a\\\"b\": \"c\\\\d\",\n  \"list\": [\n    0.25,\n    65535\n  ],\n"
	       "  \"empty\": {},\n  \"yes\": true,\n  \"no\": false,\n  \"raw\": [1]}",
	       "an object of all there is");
	free(text);
}

int main(int argc, char *argv[])
{
	test_shipped(argc > 1 ? argv[1] : "tests/data");
	test_writer();
	return tap_done();
}
