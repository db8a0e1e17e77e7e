/* Plain scalars: the tables of YAML 1.2.2, 10.3.2, and what looks like them. */
#include <math.h>

#include "config/reader/yaml_core.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	enum yaml_core is;
	double number;
} cases[] = {
	{"", YAML_CORE_NULL, 0},
	{"~", YAML_CORE_NULL, 0},
	{"null", YAML_CORE_NULL, 0},
	{"Null", YAML_CORE_NULL, 0},
	{"NULL", YAML_CORE_NULL, 0},
	{"nULL", YAML_CORE_TEXT, 0},
	{"true", YAML_CORE_TRUE, 0},
	{"True", YAML_CORE_TRUE, 0},
	{"TRUE", YAML_CORE_TRUE, 0},
	{"false", YAML_CORE_FALSE, 0},
	{"False", YAML_CORE_FALSE, 0},
	{"FALSE", YAML_CORE_FALSE, 0},
	{"tRUE", YAML_CORE_TEXT, 0},
	{"yes", YAML_CORE_TEXT, 0},
	{"off", YAML_CORE_TEXT, 0},
	{"0", YAML_CORE_NUMBER, 0},
	{"-0", YAML_CORE_NUMBER, 0},
	{"+12", YAML_CORE_NUMBER, 12},
	{"-19", YAML_CORE_NUMBER, -19},
	{"0123", YAML_CORE_NUMBER, 123},
	{"0o7", YAML_CORE_NUMBER, 7},
	{"0o17", YAML_CORE_NUMBER, 15},
	{"0o8", YAML_CORE_TEXT, 0},
	{"0o", YAML_CORE_TEXT, 0},
	{"-0o7", YAML_CORE_TEXT, 0},
	{"0x3A", YAML_CORE_NUMBER, 58},
	{"0xfF", YAML_CORE_NUMBER, 255},
	{"0xg", YAML_CORE_TEXT, 0},
	{"0x", YAML_CORE_TEXT, 0},
	{"+0x1", YAML_CORE_TEXT, 0},
	{"0X1", YAML_CORE_TEXT, 0},
	{"0b1", YAML_CORE_TEXT, 0},
	{"1_000", YAML_CORE_TEXT, 0},
	{"1:30", YAML_CORE_TEXT, 0},
	{"0.", YAML_CORE_NUMBER, 0},
	{"-0.5", YAML_CORE_NUMBER, -0.5},
	{".5", YAML_CORE_NUMBER, 0.5},
	{"+12e03", YAML_CORE_NUMBER, 12000},
	{"-2E-2", YAML_CORE_NUMBER, -0.02},
	{"1e", YAML_CORE_TEXT, 0},
	{"1e+", YAML_CORE_TEXT, 0},
	{"e1", YAML_CORE_TEXT, 0},
	{".", YAML_CORE_TEXT, 0},
	{".e1", YAML_CORE_TEXT, 0},
	{"+", YAML_CORE_TEXT, 0},
	{"-", YAML_CORE_TEXT, 0},
	{"1.2.3", YAML_CORE_TEXT, 0},
	{"30s", YAML_CORE_TEXT, 0},
	{"inf", YAML_CORE_TEXT, 0},
	{"nan", YAML_CORE_TEXT, 0},
	{".inf", YAML_CORE_NOT_FINITE, 0},
	{"-.Inf", YAML_CORE_NOT_FINITE, 0},
	{"+.INF", YAML_CORE_NOT_FINITE, 0},
	{".nan", YAML_CORE_NOT_FINITE, 0},
	{".NaN", YAML_CORE_NOT_FINITE, 0},
	{"-.nan", YAML_CORE_TEXT, 0},
	{"1e999", YAML_CORE_NUMBER, INFINITY},
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double number = 0;

		is_int(yaml_core_resolve(&number, cases[i].text), cases[i].is,
		       cases[i].text);
		ok(number == cases[i].number, "\"%s\" is %g", cases[i].text, number);
	}
	return tap_done();
}
