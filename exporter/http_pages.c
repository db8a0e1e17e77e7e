#include "exporter/http_pages.h"

#include <string.h>

void http_pages_escape(struct buffer *b, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {
		{'&', "&amp;"},	 {'<', "&lt;"},	  {'>', "&gt;"},
		{'"', "&quot;"}, {'\'', "&#39;"},
	};
	size_t i;

	while (*text) {
		size_t plain = strcspn(text, "&<>\"'");

		buffer_add(b, text, plain);
		text += plain;
		for (i = 0; *text && entities[i].c != *text;)
			i++;
		if (*text)
			buffer_str(b, entities[i].entity);
		text += *text != '\0';
	}
}

static void item(struct buffer *b, const char *link, const char *path, const char *what)
{
	buffer_str(b, "<li><a href=\"");
	http_pages_escape(b, link);
	http_pages_escape(b, path);
	buffer_str(b, "\">");
	http_pages_escape(b, path);
	buffer_str(b, "</a>: ");
	buffer_str(b, what);
	buffer_str(b, "</li>\n");
}

void http_pages_landing(struct buffer *b, const char *link, const char *telemetry_path,
			const char *version)
{
	buffer_str(b, "<!DOCTYPE html>\n"
		      "<html lang=\"en\">\n"
		      "<head>\n"
		      "<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<title>siptrunk_exporter</title>\n"
		      "</head>\n"
		      "<body>\n"
		      "<h1>siptrunk_exporter</h1>\n"
		      "<p>Version ");
	http_pages_escape(b, version);
	buffer_str(b, ". Probes SIP trunks and tells Prometheus.</p>\n<ul>\n");
	item(b, link, telemetry_path, "metrics");
	item(b, link, "/-/healthy", "whether the exporter runs");
	item(b, link, "/-/ready", "whether a configuration is applied");
	buffer_str(b, "</ul>\n</body>\n</html>\n");
}
