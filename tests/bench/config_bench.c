/*
 * What a configuration costs: CPU time to load it and bytes kept, for 100,000 trunks with
 * two labels each, beside cJSON alone on the same text.
 *
 *     config_bench [TRUNKS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cjson/cJSON.h>

#include "config/config.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t bytes_in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static char *make_text(size_t *len, unsigned trunks)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	fputs("{\"defaults\": {\"labels\": {\"region\": \"north\"}}, \"trunks\": [", out);
	for (unsigned i = 0; i < trunks; i++)
		fprintf(out,
			"%s\n  {\"name\": \"trunk-%06u\", \"uri\": "
			"\"sip:sbc-%06u.example\", "
			"\"labels\": {\"carrier\": \"isp-%u\", \"site\": \"s%u\"}}",
			i ? "," : "", i, i, i % 40, i % 1000);
	fputs("\n]}\n", out);
	fclose(out);
	return text;
}

int main(int argc, char **argv)
{
	unsigned trunks = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
	struct config_errors errs = {0};
	struct config *c = NULL;
	size_t len, before;
	char *text = make_text(&len, trunks);
	double t0 = now_s(), t1, t2;
	cJSON *tree = cJSON_ParseWithLength(text, len);
	int err;

	cJSON_Delete(tree);
	t1 = now_s();
	before = bytes_in_use();
	err = config_parse(&c, text, len, NULL, &errs);
	t2 = now_s();
	if (err) {
		config_errors_print(&errs, stderr);
		return 1;
	}
	printf("%u trunks, %zu bytes of JSON\n", trunks, len);
	printf("cJSON alone, parsed and freed  %.3f s of CPU\n", t1 - t0);
	printf("config_parse                   %.3f s of CPU\n", t2 - t1);
	printf("kept after load                %.0f bytes a trunk\n",
	       (double)(bytes_in_use() - before) / trunks);
	config_free(c);
	printf("kept after config_free         %zd bytes\n",
	       (ssize_t)(bytes_in_use() - before));
	free(text);
	return 0;
}
