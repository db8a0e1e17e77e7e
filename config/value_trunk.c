/* Short texts that say how a trunk's requests are made and sent. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/uri.h"
#include "config/value.h"

/* The text that stands in for a placeholder when the rest of the URI is checked. */
static const struct {
	const char *word;
	const char *sample;
} placeholders[] = {
	{"{peer}", "192.0.2.1:5060"},
	{"{local}", "192.0.2.1:5060"},
	{"{host}", "192.0.2.1"},
};

const char *value_template(const char *text)
{
	const char *open = strchr(text, '{');
	struct config_uri uri;
	char sample[2048];

	if (!open)
		return config_uri_parse(text, &uri);
	if (open == text || (open[-1] != ':' && open[-1] != '@'))
		return "a placeholder stands for the host only, as in "
		       "\"sip:ping@{local}\"";
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		size_t len = strlen(placeholders[i].word);

		if (strncmp(open, placeholders[i].word, len))
			continue;
		snprintf(sample, sizeof(sample), "%.*s%s%.1024s", (int)(open - text),
			 text, placeholders[i].sample, open + len);
		/* What does not fit is too long in any case. */
		return config_uri_parse(sample, &uri);
	}
	return "the placeholders are {peer}, {local} and {host}";
}

const char *value_address(const char *text)
{
	const char *zone = strchr(text, '%');
	size_t len = zone ? (size_t)(zone - text) : strlen(text);
	unsigned char addr[sizeof(struct in6_addr)];
	char buf[INET6_ADDRSTRLEN];
	const char *why = value_printable(text);

	if (why)
		return why;
	if (len < sizeof(buf)) {
		memcpy(buf, text, len);
		buf[len] = '\0';
		if (inet_pton(AF_INET6, buf, addr) == 1 && (!zone || zone[1]))
			return NULL;
		if (!zone && inet_pton(AF_INET, buf, addr) == 1)
			return NULL;
	}
	return "is neither an IPv4 nor an IPv6 address, as in \"192.0.2.1\"";
}

const char *value_dscp(unsigned *dscp, const char *text)
{
	static const struct {
		const char *name;
		unsigned dscp;
	} names[] = {
		{"DF", 0},    {"LE", 1},    {"EF", 46},	  {"VOICE-ADMIT", 44},
		{"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},
		{"CS4", 32},  {"CS5", 40},  {"CS6", 48},  {"CS7", 56},
		{"AF11", 10}, {"AF12", 12}, {"AF13", 14}, {"AF21", 18},
		{"AF22", 20}, {"AF23", 22}, {"AF31", 26}, {"AF32", 28},
		{"AF33", 30}, {"AF41", 34}, {"AF42", 36}, {"AF43", 38},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, text))
			continue;
		*dscp = names[i].dscp;
		return NULL;
	}
	return "is no DSCP; it is a number from 0 to 63, or CS0 to CS7, AF11 to AF43, EF";
}
