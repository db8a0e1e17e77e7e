#include "sipprobe/dns/resolv_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "sipprobe/loop/ip_literal.h"

enum { FILE_MAX = 65536 };

static const char blanks[] = " \t\r";

static void resolv_server(struct resolv_conf *rc, char **words)
{
	const char *word = strtok_r(NULL, blanks, words);
	size_t len = word ? strlen(word) : 0;
	struct sa sa;

	if (!word || rc->server_count == RESOLV_SERVERS_MAX || len > RESOLV_SERVER_LEN ||
	    ip_literal_parse(&sa, word, strcspn(word, "@")))
		return;
	memcpy(rc->servers[rc->server_count++], word, len);
}

static void resolv_search(struct resolv_conf *rc, char **words)
{
	char name[RR_NAME_MAX + 1];
	const char *word;

	memset(rc->search, 0, sizeof(rc->search));
	rc->search_count = 0;
	while ((word = strtok_r(NULL, blanks, words)))
		if (rc->search_count < RESOLV_SEARCH_MAX &&
		    !rr_name_set(name, word, strlen(word)))
			memcpy(rc->search[rc->search_count++], name, strlen(name));
}

static void resolv_options(struct resolv_conf *rc, char **words)
{
	static const char ndots[] = "ndots:";
	const char *word;

	while ((word = strtok_r(NULL, blanks, words))) {
		unsigned long n;

		if (strncmp(word, ndots, sizeof(ndots) - 1))
			continue;
		n = strtoul(word + sizeof(ndots) - 1, NULL, 10);
		rc->ndots = n < RESOLV_NDOTS_MAX ? (unsigned)n : RESOLV_NDOTS_MAX;
	}
}

static const struct {
	const char *word;
	void (*read)(struct resolv_conf *rc, char **words);
} keywords[] = {
	{"nameserver", resolv_server},
	{"search", resolv_search},
	{"domain", resolv_search},
	{"options", resolv_options},
};

static void resolv_line(struct resolv_conf *rc, char *line)
{
	char *words;
	const char *word = strtok_r(line, blanks, &words);

	for (size_t i = 0; word && i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (!strcmp(word, keywords[i].word))
			keywords[i].read(rc, &words);
}

void resolv_conf_parse(struct resolv_conf *rc, char *text)
{
	char *lines, *line;

	memset(rc, 0, sizeof(*rc));
	rc->ndots = 1;
	for (line = strtok_r(text, "\n", &lines); line;
	     line = strtok_r(NULL, "\n", &lines))
		resolv_line(rc, line);
}

int resolv_conf_read(struct resolv_conf *rc, const char *path)
{
	char empty[] = "", *text = NULL;
	size_t len = 0;
	int err = path ? file_read(&text, &len, path, FILE_MAX) : ENOENT;

	resolv_conf_parse(rc, err ? empty : text);
	if (!err)
		file_free(text, len);
	return err;
}
