#include "config/reader/yaml_core.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	enum yaml_core is;
} words[] = {
	{"", YAML_CORE_NULL},
	{"~", YAML_CORE_NULL},
	{"null", YAML_CORE_NULL},
	{"Null", YAML_CORE_NULL},
	{"NULL", YAML_CORE_NULL},
	{"true", YAML_CORE_TRUE},
	{"True", YAML_CORE_TRUE},
	{"TRUE", YAML_CORE_TRUE},
	{"false", YAML_CORE_FALSE},
	{"False", YAML_CORE_FALSE},
	{"FALSE", YAML_CORE_FALSE},
	{".nan", YAML_CORE_NOT_FINITE},
	{".NaN", YAML_CORE_NOT_FINITE},
	{".NAN", YAML_CORE_NOT_FINITE},
	{".inf", YAML_CORE_NOT_FINITE},
	{".Inf", YAML_CORE_NOT_FINITE},
	{".INF", YAML_CORE_NOT_FINITE},
	{"+.inf", YAML_CORE_NOT_FINITE},
	{"+.Inf", YAML_CORE_NOT_FINITE},
	{"+.INF", YAML_CORE_NOT_FINITE},
	{"-.inf", YAML_CORE_NOT_FINITE},
	{"-.Inf", YAML_CORE_NOT_FINITE},
	{"-.INF", YAML_CORE_NOT_FINITE},
};

static const char digits[] = "0123456789";

/* Octal after 0o, hexadecimal after 0x; without a sign. */
static bool core_is_based(double *number, const char *text)
{
	const char *set = text[0] != '0'   ? ""
			  : text[1] == 'o' ? "01234567"
			  : text[1] == 'x' ? "0123456789abcdefABCDEF"
					   : "";
	int base = text[0] && text[1] == 'o' ? 8 : 16;
	double v = 0;

	if (!*set || !text[2] || text[2 + strspn(text + 2, set)])
		return false;
	for (const char *p = text + 2; *p; p++) {
		long digit = strchr(set, *p) - set;

		v = v * base + (double)(digit < 16 ? digit : digit - 6);
	}
	*number = v;
	return true;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool core_is_decimal(double *number, const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');
	size_t whole = strspn(p, digits), part = 0;

	p += whole;
	if (*p == '.') {
		part = strspn(++p, digits);
		p += part;
	}
	if (!whole && !part)
		return false;
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		if (!strspn(p, digits))
			return false;
		p += strspn(p, digits);
	}
	if (*p)
		return false;
	*number = strtod(text, NULL);
	return true;
}

enum yaml_core yaml_core_resolve(double *number, const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].text, text))
			return words[i].is;
	return core_is_based(number, text) || core_is_decimal(number, text)
		       ? YAML_CORE_NUMBER
		       : YAML_CORE_TEXT;
}
