/*
 * Destinations as kamcmd dispatcher.list prints them, a `KEY: VALUE` a line within
 * braces; older opensipsctl has two colons, and puts the state behind the URI.
 */
#include <string.h>
#include <strings.h>

#include "exporter/import/destination.h"
#include "exporter/import/kamailio.h"
#include "exporter/import/lines.h"

struct kamcmd {
	struct destination d; /* being read; without a URI there is none */
	const char *set;
};

static void kamcmd_flush(struct import *im, struct kamcmd *k)
{
	if (k->d.uri)
		destination_add(im, &k->d);
	k->d = (struct destination){.label = "dispatcher_set"};
}

static void kamcmd_take_set(struct import *im, struct kamcmd *k, char *value)
{
	kamcmd_flush(im, k);
	k->set = value;
}

/* "sip:192.0.2.1 state=Active first_hit_counter=0", or the URI alone. */
static void kamcmd_take_uri(struct import *im, struct kamcmd *k, char *value)
{
	size_t len = strcspn(value, " \t");
	const char *letters;

	kamcmd_flush(im, k);
	k->d.at = im->at;
	k->d.set = k->set;
	letters = value[len] ? strstr(value + len, "flag=") : NULL;
	if (letters)
		k->d.flags = destination_flags_of(letters + 5);
	if (value[len] && strstr(value + len, "state=Inactive"))
		k->d.off = "inactive";
	value[len] = '\0';
	k->d.uri = value;
}

/* Two letters: A, I, D or T for the state; P pinged, X not, N never to be. */
static void kamcmd_take_flags(struct import *im, struct kamcmd *k, char *value)
{
	(void)im;
	k->d.flags = destination_flags_of(value);
}

static void kamcmd_take_body(struct import *im, struct kamcmd *k, char *value)
{
	(void)im;
	k->d.attributes = value;
}

static const struct {
	const char *key;
	void (*take)(struct import *im, struct kamcmd *k, char *value);
} keys[] = {
	{"ID", kamcmd_take_set},
	{"SET", kamcmd_take_set}, /* without a value where braces follow */
	{"URI", kamcmd_take_uri},
	{"FLAGS", kamcmd_take_flags},
	{"BODY", kamcmd_take_body},
};

static void kamcmd_line_h(struct import *im, char *line, void *arg)
{
	char *key = lines_trim(line), *value = strchr(key, ':');

	if (!value)
		return;
	*value++ = '\0';
	value = lines_trim(value + (*value == ':'));
	if (!*value || *value == '{' || *value == '<')
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!strcmp(keys[i].key, key))
			keys[i].take(im, arg, value);
	}
}

void kamcmd_read(struct import *im, const char *text, size_t len)
{
	struct kamcmd k = {.d.label = "dispatcher_set"};

	lines_each(im, text, len, kamcmd_line_h, &k);
	kamcmd_flush(im, &k);
}
