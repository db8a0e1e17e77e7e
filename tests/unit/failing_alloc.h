/*
 * Allocations that fail when a test says so: for programs that link with alloc_wrap and
 * yaml_wrap (meson.build), which send them, and calls to libyaml, here.
 */
#ifndef TESTS_UNIT_FAILING_ALLOC_H
#define TESTS_UNIT_FAILING_ALLOC_H

#include <stdbool.h>
#include <stdlib.h>
#include <yaml.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
int __real_yaml_parser_initialize(yaml_parser_t *p);
int __real_yaml_parser_parse(yaml_parser_t *p, yaml_event_t *e);
int __wrap_yaml_parser_initialize(yaml_parser_t *p);
int __wrap_yaml_parser_parse(yaml_parser_t *p, yaml_event_t *e);

static long countdown = -1; /* of allocations until one fails; below 0: none does */

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

int __wrap_yaml_parser_initialize(yaml_parser_t *p)
{
	return fails() ? 0 : __real_yaml_parser_initialize(p);
}

int __wrap_yaml_parser_parse(yaml_parser_t *p, yaml_event_t *e)
{
	if (!fails())
		return __real_yaml_parser_parse(p, e);
	p->error = YAML_MEMORY_ERROR;
	return 0;
}

#endif
